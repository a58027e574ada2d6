//! Proposals: one node asks all others to change their topology with it. Who follows proposals does, the others pass
//! them on. A proposal floods once, and nobody can make an overlay flap with them: they are limited by who proposes, by
//! who brings them, and overall.

use std::time::Duration;

use crate::base::Time;
use crate::overlay::io::{Context, Event, LinkId, Output};
use crate::overlay::limit::Bucket;
use crate::overlay::link::Link;
use crate::overlay::message::{Message, Proposal, Role, TopologyKind};
use crate::overlay::node::Node;
use crate::proto::limits::MAX_ADDRS_A_MESSAGE;
use crate::proto::{Guid, NodeId, PeerAddr};

/// Proposals that a node passes on: one in so many seconds, and so many at once. Who proposes can be forged; this holds
/// whoever it is said to be.
const OVERALL: (Duration, u32) = (Duration::from_secs(20), 3);
/// Between two proposals of one node.
const EACH: Duration = Duration::from_secs(10);
/// How long a node that followed a proposal follows no other: at first, and at the most. It doubles with each one that
/// comes soon after, so that proposals without end, whoever they are said to be from, move nobody for long.
const HOLD: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(3_600));
/// A proposal that comes so many times the hold after the last one is no longer soon.
const QUIET: u32 = 6;
/// How long a proposer tells those too who become its neighbors: who comes out of a central topology has none before.
const TELL_NEWCOMERS: Duration = Duration::from_secs(10);
/// Proposals remembered, so that each floods once.
const MAX_REMEMBERED: usize = 64;
/// Proposals over the limit that a link survives: one in so many seconds, which is more than an honest neighbor passes on,
/// and so many at once.
const STORM: (Duration, u32) = (Duration::from_secs(5), 32);

/// What a node remembers of proposals.
#[derive(Debug, Default)]
pub(in crate::overlay) struct Proposals {
    overall: Bucket,
    recent: Vec<(Guid, NodeId, Time)>,
    /// An own one, and until when new neighbors are told of it.
    own: Option<(Proposal, Time)>,
    /// When it followed one last, and until when it follows no other.
    followed: Option<(Time, Time)>,
    /// What is left of each link's patience; only of those that brought proposals over the limit.
    storms: Vec<(LinkId, Bucket)>,
}

impl Proposals {
    /// Whether a proposal is one to take up. `Err` says why not; `Ok(false)` that it was before.
    fn take(&mut self, proposal: &Proposal, now: Time) -> Result<bool, &'static str> {
        if self.recent.iter().any(|(guid, ..)| *guid == proposal.guid) {
            return Ok(false);
        }
        let by_same = self.recent.iter().filter(|(_, node, _)| *node == proposal.node);
        if by_same.map(|(.., at)| *at).max().is_some_and(|last| now.since(last) < EACH) {
            return Err("it proposed something else a moment ago");
        }
        if !self.overall.take_every(now, OVERALL.0, OVERALL.1) {
            return Err("too many proposals in a short time");
        }
        if self.recent.len() >= MAX_REMEMBERED {
            self.recent.remove(0);
        }
        self.recent.push((proposal.guid, proposal.node, now));
        Ok(true)
    }

    /// Whether a link brought more over the limit than any honest neighbor would.
    fn is_storm(&mut self, link: LinkId, links: &[Link], now: Time) -> bool {
        self.storms.retain(|(other, _)| links.iter().any(|link| link.id == *other));
        let place = self.storms.iter().position(|(other, _)| *other == link).unwrap_or_else(|| {
            self.storms.push((link, Bucket::FULL));
            self.storms.len() - 1
        });
        !self.storms[place].1.take_every(now, STORM.0, STORM.1)
    }

    fn follow(&mut self, now: Time) {
        let hold = match self.followed {
            Some((at, until)) if now.since(at) < until.since(at) * QUIET => (until.since(at) * 2).min(HOLD.1),
            _ => HOLD.0,
        };
        self.followed = Some((now, now + hold));
    }
}

impl Node {
    /// Proposes a topology to all others, and changes to it.
    pub(in crate::overlay) fn propose(&mut self, topology: TopologyKind, cx: &mut Context<'_>) {
        let (guid, node) = (self.random_guid(), self.id);
        let mut directories: Vec<_> = self.addr.filter(|_| cx.config.serve_directory).into_iter().collect();
        directories.extend(self.directories_known());
        directories.truncate(MAX_ADDRS_A_MESSAGE);
        let proposal = Proposal { guid, node, topology, directories };
        let nobody = self.links.is_empty() && self.clients().next().is_none() && self.hosts.is_empty();
        let (followed, why) = if nobody {
            (false, "this node has no neighbor and knows no address of any")
        } else if topology == TopologyKind::Central && !self.could_be_central(&[], cx) {
            (false, "this node knows no directory: name one with --directory")
        } else {
            match self.proposals.get_or_insert_default().take(&proposal, self.now) {
                Err(why) => (false, why),
                Ok(_) => (true, "this node proposes it"),
            }
        };
        cx.out.push(Output::Event(Event::Proposed { node, topology, followed, why }));
        if followed {
            self.pass_proposal_on(None, &proposal, cx);
            self.proposals.get_or_insert_default().own = Some((proposal, self.now + TELL_NEWCOMERS));
            self.change_topology(topology, "proposed by this node", cx);
        }
    }

    /// A proposal came in, from a neighbor or from a client of this node's directory.
    pub(in crate::overlay) fn on_proposal(&mut self, link: LinkId, proposal: &Proposal, cx: &mut Context<'_>) {
        let Proposal { node, topology, .. } = *proposal;
        match self.proposals.get_or_insert_default().take(proposal, self.now) {
            Ok(true) => {}
            Ok(false) => return,
            Err(_) => {
                self.counters.limited += 1;
                if self.proposals.get_or_insert_default().is_storm(link, &self.links, self.now)
                    && let Some(index) = self.link_index(link)
                {
                    self.break_off(index, "a storm of proposals", cx);
                }
                return;
            }
        }
        self.pass_proposal_on(Some(link), proposal, cx);
        let why = self.why_not_follow(proposal, cx);
        let followed = why.is_none();
        cx.out.push(Output::Event(Event::Proposed {
            node,
            topology,
            followed,
            why: why.unwrap_or("it follows proposals"),
        }));
        if followed {
            self.proposals.get_or_insert_default().follow(self.now);
            self.learn_directories(&proposal.directories);
            self.change_topology(topology, &format!("proposed by {}", node.short()), cx);
        }
    }

    fn why_not_follow(&self, proposal: &Proposal, cx: &Context<'_>) -> Option<&'static str> {
        if !cx.config.follow {
            Some("this node follows no proposals: start it with --follow, or change it by hand")
        } else if proposal.topology == self.kind {
            Some("it is in that topology already")
        } else if self.proposals.as_ref().and_then(|known| known.followed).is_some_and(|(_, until)| self.now < until) {
            Some("it followed another proposal a short while ago")
        } else if proposal.topology == TopologyKind::Central && !self.could_be_central(&proposal.directories, cx) {
            Some("neither this node nor the proposal knows a directory")
        } else {
            None
        }
    }

    /// Whether there is a directory to register with: its own, one that it knows, or one of those told.
    fn could_be_central(&self, told: &[PeerAddr], cx: &Context<'_>) -> bool {
        let told = told.iter().any(|addr| addr.is_dialable() && Some(*addr) != self.addr);
        told || cx.config.serve_directory || self.directories_known().next().is_some()
    }

    /// Tells a new neighbor of a proposal that this node made a moment ago.
    pub(in crate::overlay) fn tell_newcomer(&mut self, index: usize, cx: &mut Context<'_>) {
        let Some(proposals) = &mut self.proposals else { return };
        proposals.own.take_if(|(_, until)| *until <= self.now);
        if let Some((proposal, _)) = proposals.own.clone() {
            self.send(index, Message::Propose(proposal), cx);
        }
    }

    fn pass_proposal_on(&mut self, from: Option<LinkId>, proposal: &Proposal, cx: &mut Context<'_>) {
        if self.role == Role::Leaf && from.is_some() {
            return;
        }
        for index in 0..self.links.len() {
            if Some(self.links[index].id) != from {
                self.send(index, Message::Propose(proposal.clone()), cx);
            }
        }
        self.tell_clients(from, proposal, cx);
    }
}
