//! One search under way: what it found and what it cost so far, whose news count, and when it is over.

use std::time::Duration;

use super::accounts::Accounts;
use crate::base::{Map, Seed, Time};
use crate::overlay::io::{Context, DoneWhy, Event, Output, SearchCost, SearchSpec};
use crate::overlay::message::{Action, Delivery, FoundFile, Hop, Role};
use crate::overlay::strategy::{next_round, round_takes};
use crate::overlay::topology::central::Pages;
use crate::proto::limits::{MAX_HITS_A_NODE, MAX_HITS_A_SEARCH, MAX_HOPS_A_SEARCH, MAX_LINKS};
use crate::proto::{FileId, NodeId, PeerAddr, Ttl, Untrusted};

/// Reports of one node on one query that count: a neighbor each and a few more. More is a lie.
const MAX_HOPS_A_NODE: u16 = 512;

/// A flood that is accounted for is watched that long before it counts as over, for what a slow path still brings.
const SETTLE: Duration = Duration::from_millis(250);

/// The same of one round of a ring, before the next begins. Longer than reports on duplicates are collected: what an early
/// end of a round costs is copies, not truth.
const ROUND_SETTLE: Duration = Duration::from_millis(100);

/// Bytes of a query on a link besides its body of up to 255 bytes: length, guid, ttl, hops, kind and the marks between
/// them. A longer body takes one more.
pub(crate) const ENVELOPE_BYTES: u64 = 29;

/// Bytes of a report on a link, with a body of so many bytes. The number of its kind takes one byte more than a query's.
pub(crate) const fn report_bytes(body: u64) -> u64 {
    body + ENVELOPE_BYTES + 1 + (body > 255) as u64
}

/// One search under way.
#[derive(Debug)]
pub(in crate::overlay) struct Search {
    pub(in crate::overlay) spec: SearchSpec,
    /// When it began.
    pub(super) started: Time,
    pub(in crate::overlay) cost: SearchCost,
    /// The round of a ring that is under way.
    round: Option<Round>,
    /// For a search that a directory answers page by page: nothing travels from node to node.
    pub(in crate::overlay) lookup: Option<Box<Pages>>,
    /// Files that counted, each once.
    files: Map<(NodeId, FileId), ()>,
    accounts: Accounts,
    /// Reports that counted; at most [`MAX_HOPS_A_SEARCH`].
    pub(super) hops: usize,
    /// Files with which nodes said that they answered.
    reported_hits: u64,
    /// When a hit or a report came last.
    pub(super) last_news: Time,
}

/// One round of a ring.
#[derive(Clone, Copy, Debug)]
struct Round {
    ttl: Ttl,
    /// When it is over at the latest.
    until: Time,
}

/// Who has files, and how that became known.
pub(in crate::overlay) struct Source<'a> {
    pub(in crate::overlay) node: NodeId,
    pub(in crate::overlay) name: &'a Untrusted,
    pub(in crate::overlay) addr: Option<PeerAddr>,
    pub(in crate::overlay) hops: u8,
    pub(in crate::overlay) via: Delivery,
}

impl Search {
    pub(in crate::overlay) fn new(spec: SearchSpec, started: Time, state: Seed) -> Self {
        Self {
            spec,
            started,
            cost: SearchCost::default(),
            round: None,
            lookup: None,
            files: Map::with_hasher(state.clone()),
            accounts: Accounts::new(state),
            hops: 0,
            reported_hits: 0,
            last_news: started,
        }
    }

    /// Whether hits come on connections of their own, whatever becomes of the links.
    pub(in crate::overlay) fn comes_direct(&self) -> bool {
        self.lookup.is_none() && self.spec.body.delivery == Delivery::Direct && self.spec.body.origin.is_some()
    }

    /// Whether a directory answers it.
    pub(in crate::overlay) fn is_lookup(&self) -> bool {
        self.lookup.is_some()
    }

    /// Files found, each node and file once.
    pub(in crate::overlay) fn found(&self) -> usize {
        self.files.len()
    }

    /// Takes files that are new and that match, each node and file once, and shows them; returns how many do not match.
    pub(in crate::overlay) fn take(
        &mut self,
        source: &Source<'_>,
        found: &[FoundFile],
        now: Time,
        cx: &mut Context<'_>,
    ) -> u64 {
        let Ok(query) = self.spec.body.query() else { return found.len() as u64 };
        let mut files = Vec::with_capacity(found.len());
        let mut strange = 0;
        for file in found {
            if !query.matches(file.name.raw(), file.size, &file.id) {
                strange += 1;
            } else if self.files.len() < MAX_HITS_A_SEARCH && self.files.insert((source.node, file.id), ()).is_none() {
                files.push(file.clone());
            }
        }
        self.cost.hits = self.files.len() as u32;
        self.last_news = now;
        let at = now.since(self.started);
        if !files.is_empty() {
            self.cost.first_hit.get_or_insert(at);
            let Source { node, name, addr, hops, via } = *source;
            let event = Event::Hit { guid: self.spec.guid, node, name: name.clone(), addr, hops, via, files, at };
            cx.out.push(Output::Event(event));
        }
        strange
    }

    /// What the directory did with a look-up, once it answered: the answer itself tells, so that no report need be sent.
    pub(super) fn lookup_hop(&self, own: NodeId) -> Option<Event> {
        let (directory, at) = self.lookup.as_ref()?.answered().filter(|_| self.spec.body.traced)?;
        let hits = u16::try_from(self.files.len()).unwrap_or(u16::MAX);
        let action = if hits > 0 { Action::Answered } else { Action::Expired };
        Some(Event::Hop {
            guid: self.spec.guid,
            node: directory.id,
            name: directory.name.clone(),
            addr: directory.listen,
            role: Some(Role::Directory),
            hop: Hop { from: own, hop: 1, ttl: 0, action, hits, sent: 0, leaves: 0, filtered: 0 },
            at: at.since(self.started),
        })
    }

    /// Something came, whether or not there were files in it.
    pub(in crate::overlay) fn heard(&mut self, now: Time) {
        self.last_news = now;
    }

    /// Counts what a node reports on one copy. False if it cannot be so, or if too much was reported: then it does not count.
    pub(super) fn take_hop(&mut self, node: NodeId, hop: &Hop) -> bool {
        if !self.is_plausible(hop, self.accounts.told(&node)) || self.hops >= MAX_HOPS_A_SEARCH {
            return false;
        }
        self.hops += 1;
        self.accounts.had(node, hop.from, hop.sent);
        self.reported_hits += u64::from(hop.hits);
        self.cost.reached = self.accounts.reached();
        self.cost.duplicates += u64::from(hop.action == Action::Duplicate);
        self.count_messages(hop.sent);
        true
    }

    /// Counts a copy that came back from a neighbor to this node, which sent so many on.
    pub(super) fn take_back(&mut self, from: NodeId, own: NodeId, sent: u16) {
        self.cost.duplicates += 1;
        self.count_own(own, sent);
        // It counts that copy in its own report, which may be still to come: of one that reports nothing, never.
        self.accounts.came(from);
    }

    fn deadline(&self) -> Time {
        self.started + self.spec.timeout
    }

    /// Whether nothing more can come: each copy that a node sent was received by one that reported on it (no loss, so that
    /// `messages = reached + duplicates`), and each file reported has arrived.
    fn is_accounted_for(&self) -> bool {
        self.lookup.is_none() && self.accounts.are_even() && u64::from(self.cost.hits) >= self.reported_hits
    }

    /// Whether a report can be true of this search, from a node that told of `told` copies before.
    fn is_plausible(&self, hop: &Hop, told: u16) -> bool {
        hop.hop >= 1
            // A leaf is one hop further than the last ultra-peer.
            && hop.hop.saturating_add(hop.ttl) <= self.spec.ttl.saturating_add(1)
            && hop.leaves <= hop.sent
            && usize::from(hop.sent) + usize::from(hop.filtered) <= MAX_LINKS
            && usize::from(hop.hits) <= MAX_HITS_A_NODE
            && told < self.most_told()
    }

    /// Reports of one node that can be true: several walkers may come to it again and again.
    fn most_told(&self) -> u16 {
        let steps = self.spec.strategy.walkers().map(|walkers| u16::from(walkers) * u16::from(self.spec.ttl));
        steps.unwrap_or(0).max(MAX_HOPS_A_NODE)
    }

    pub(super) fn copy_bytes(&self) -> u64 {
        let body = self.spec.body.sealed().len() as u64;
        body + ENVELOPE_BYTES + u64::from(body > 255)
    }

    fn count_messages(&mut self, sent: u16) {
        self.cost.messages += u64::from(sent);
        self.cost.bytes += u64::from(sent) * self.copy_bytes();
    }

    /// Counts copies that this node itself sent.
    pub(super) fn count_own(&mut self, own: NodeId, sent: u16) {
        self.count_messages(sent);
        self.accounts.sent(own, sent);
    }

    fn has_enough(&self) -> bool {
        self.files.len() >= self.spec.enough.min(MAX_HITS_A_SEARCH)
    }

    /// From when on the round under way is over, as far as is known now. What has no rounds waits for none.
    pub(super) fn round_over_at(&self) -> Time {
        let accounted_for = if self.is_accounted_for() { self.last_news + ROUND_SETTLE } else { Time::NEVER };
        self.round.map_or(Time::ZERO, |round| round.until.min(accounted_for))
    }

    /// The TTL of the next round, if there is one.
    pub(super) fn next_round(&self) -> Option<Ttl> {
        self.round.and_then(|round| next_round(round.ttl, self.spec.ttl))
    }

    /// The round under way is the last one: the node left the overlay through which the next would go.
    pub(in crate::overlay) fn goes_no_further(&mut self) {
        if let Some(round) = self.round {
            self.spec.ttl = round.ttl;
        }
    }

    pub(super) fn begin_round(&mut self, ttl: Ttl, hop_delay: Duration, now: Time) {
        self.round = Some(Round { ttl, until: now + round_takes(ttl, hop_delay) });
        self.last_news = now;
    }

    pub(super) fn ended(&self, now: Time) -> Option<DoneWhy> {
        if self.has_enough() && now >= self.round_over_at() {
            Some(DoneWhy::Enough)
        } else if now >= self.deadline() {
            Some(DoneWhy::Deadline)
        } else if self.next_round().is_none() && self.is_accounted_for() && now >= self.last_news + SETTLE {
            Some(DoneWhy::Complete)
        } else {
            None
        }
    }

    pub(super) fn next_check(&self) -> Time {
        let again = self.lookup.as_ref().map_or(Time::NEVER, |pages| pages.again_at());
        let deadline = self.deadline().min(again);
        if self.next_round().is_some() || self.round.is_some() && self.has_enough() {
            deadline.min(self.round_over_at())
        } else if self.is_accounted_for() {
            deadline.min(self.last_news + SETTLE)
        } else {
            deadline
        }
    }
}
