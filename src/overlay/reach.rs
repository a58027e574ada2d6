//! Whether this node can be reached from outside, and looking whether others can: by dialling back, as Gnutella's
//! connect-back messages do.

use std::time::Duration;

use super::io::{Context, LinkId, Output, Peer};
use super::limit::Bucket;
use super::message::{Message, Reach};
use super::node::Node;
use crate::base::Time;
use crate::proto::{Guid, NodeId, PeerAddr};

/// Looks for others that are under way at once.
const MAX_CHECKS: usize = 256;
/// Looks that a node makes for its directory: so many a second, and so many at once.
const CHECKS: (u32, u32) = (100, 500);
/// Looks that it makes for neighbors: so many a second, and so many at once.
const LOOKS: (u32, u32) = (5, 50);
/// A neighbor may ask for one in that time,
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// and for so many at once.
const LOOKS_AT_ONCE: u32 = 3;
/// Between two questions of this node.
const ASK_AGAIN: Duration = Duration::from_secs(60);
/// So many neighbors have to say no before the next one is not asked any more. Any yes ends it.
const MAX_DENIALS: usize = 3;
/// So many of them have to say no before this node takes it for true.
const MAJORITY: usize = MAX_DENIALS / 2 + 1;

/// What a node knows of its own reachability, and the looks that it makes for others.
#[derive(Debug, Default)]
pub(super) struct Reachability {
    /// Whether somebody got through to this node.
    inbound: Option<bool>,
    /// Apart, because few nodes have to ask.
    asked: Option<Box<Asked>>,
    checks_allowed: Bucket,
    looks_allowed: Bucket,
    /// Who asked for which look.
    checks: Vec<(NodeId, LinkId, Guid)>,
}

/// What this node asked last, and what was answered so far.
#[derive(Debug)]
struct Asked {
    guid: Guid,
    at: Time,
    whom: NodeId,
    /// Who looked and did not get through.
    denied_by: Vec<NodeId>,
}

impl Reachability {
    /// A link came up: one that the other end dialled proves that this node can be reached.
    pub(super) fn linked(&mut self, peer: &Peer) {
        if peer.dialled.is_none() {
            self.inbound = Some(true);
        }
    }

    /// Takes an answer; false if that was not asked.
    fn take(&mut self, guid: Guid, reached: bool) -> bool {
        let Some(asked) = self.asked.as_mut().filter(|asked| asked.guid == guid) else { return false };
        if !reached && !asked.denied_by.contains(&asked.whom) {
            asked.denied_by.push(asked.whom);
        }
        if reached {
            self.inbound = Some(true);
        } else if self.inbound.is_none() && asked.denied_by.len() >= MAJORITY {
            self.inbound = Some(false);
        }
        true
    }

    fn denied_by(&self) -> &[NodeId] {
        self.asked.as_ref().map_or(&[], |asked| &asked.denied_by)
    }

    fn is_settled(&self) -> bool {
        self.inbound == Some(true) || self.denied_by().len() >= MAX_DENIALS
    }
}

impl Node {
    /// Whether this node accepts inbound connections, as far as known.
    #[must_use]
    pub fn accepts_inbound(&self) -> Option<bool> {
        self.reach.inbound
    }

    /// Asks a neighbor to dial back, unless that is known or was asked a moment ago; returns when to ask the next.
    pub(super) fn ask_whether_reachable(&mut self, cx: &mut Context<'_>) -> Option<Time> {
        if self.reach.is_settled() {
            return None;
        }
        if let Some(asked) = self.reach.asked.as_ref().filter(|asked| self.now.since(asked.at) < ASK_AGAIN) {
            return Some(asked.at + ASK_AGAIN);
        }
        let index = self.whom_to_ask()?;
        let (guid, whom) = (self.random_guid(), self.links[index].peer.id);
        let denied_by = self.reach.asked.take().map(|asked| asked.denied_by).unwrap_or_default();
        self.reach.asked = Some(Box::new(Asked { guid, at: self.now, whom, denied_by }));
        self.send(index, Message::Reach(Reach { guid, reached: None }), cx);
        Some(self.now + ASK_AGAIN)
    }

    /// Somebody who has not said no, and if possible not the one who was asked last and kept silent.
    fn whom_to_ask(&mut self) -> Option<usize> {
        let silent = self.reach.asked.as_ref().map(|asked| asked.whom);
        let denied_by = self.reach.denied_by();
        let links = self.links.iter().enumerate().filter(|(_, link)| !denied_by.contains(&link.peer.id));
        let (others, again): (Vec<_>, Vec<_>) = links.partition(|(_, link)| Some(link.peer.id) != silent);
        let candidates = if others.is_empty() { again } else { others };
        let place = self.rng.below(candidates.len().max(1));
        candidates.get(place).map(|(index, _)| *index)
    }

    /// A neighbor asks to be dialled back, or answers.
    pub(super) fn on_reach(&mut self, index: usize, reach: Reach, cx: &mut Context<'_>) {
        let Some(reached) = reach.reached else { return self.look_for(index, reach.guid, cx) };
        if !self.reach.take(reach.guid, reached) {
            self.counters.stale += 1;
        }
    }

    /// Has the driver look for a neighbor where it says that it listens. Each has its own rate, and all of them
    /// together have another one than a directory: none can use up what others need.
    fn look_for(&mut self, index: usize, guid: Guid, cx: &mut Context<'_>) {
        let now = self.now;
        let link = &mut self.links[index];
        let (id, node) = (link.id, link.peer.id);
        let addr = link.peer.listen.filter(|addr| addr.is_dialable() && self.reach.checks.len() < MAX_CHECKS);
        let own_rate = link.signs_mut().looks_allowed.take_every(now, LOOK_EVERY, LOOKS_AT_ONCE);
        match addr.filter(|_| own_rate && self.reach.looks_allowed.take(now, LOOKS.0, LOOKS.1)) {
            Some(addr) => {
                self.reach.checks.push((node, id, guid));
                cx.out.push(Output::Check { addr, node });
            }
            None => self.counters.limited += 1,
        }
    }

    /// Has the driver look for a node of the directory at an address, if the rate allows it.
    pub(super) fn check(&mut self, addr: PeerAddr, node: NodeId, cx: &mut Context<'_>) -> bool {
        let allowed = addr.is_dialable() && self.reach.checks_allowed.take(self.now, CHECKS.0, CHECKS.1);
        if allowed {
            cx.out.push(Output::Check { addr, node });
        } else {
            self.counters.limited += 1;
        }
        allowed
    }

    /// The driver looked.
    pub(super) fn on_checked(&mut self, addr: PeerAddr, node: NodeId, reached: bool, cx: &mut Context<'_>) {
        while let Some(place) = self.reach.checks.iter().position(|(other, ..)| *other == node) {
            let (_, link, guid) = self.reach.checks.swap_remove(place);
            if let Some(index) = self.link_index(link) {
                self.send(index, Message::Reach(Reach { guid, reached: Some(reached) }), cx);
            }
        }
        self.client_checked(addr, node, reached, cx);
    }
}
