//! Flooding (Gnutella 0.4): every query goes to every neighbor but the one it came from, until its TTL is used up. What
//! else spreads over the same links, walkers, is in `walk`.

mod walk;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::base::Time;
use crate::overlay::io::{Config, Context, Dedup, LinkId, Output, Relay, Trace};
use crate::overlay::link::Link;
use crate::overlay::message::{Action, Hop, QueryBody, QueryMessage};
use crate::overlay::node::Node;
use crate::overlay::seen::Passed;
use crate::overlay::timers::Timer;
use crate::overlay::topology::Class;
use crate::overlay::topology::ultra::Handed;
use crate::proto::limits::{MAX_HITS_A_NODE, SEEN_GENERATION};
use crate::proto::{Guid, Travel, Ttl};

/// Queries that the slow motion holds at once.
const MAX_HELD: usize = 4_096;

/// What flooding keeps between two inputs: the queries that the slow motion holds, the first due first.
#[derive(Debug, Default)]
pub(in crate::overlay) struct Flood {
    held: VecDeque<Held>,
}

#[derive(Debug)]
struct Held {
    due: Time,
    arrived: Time,
    from: LinkId,
    query: QueryMessage,
    to: To,
}

/// Whom a held query is for.
#[derive(Clone, Copy, Debug)]
enum To {
    Neighbors,
    Leaves,
    /// One neighbor, drawn when the time has come.
    Anyone,
}

/// What a node decided about one copy.
struct Verdict {
    action: Action,
    hits: u16,
    go_on: bool,
}

/// Copies that a node sends on.
#[derive(Clone, Copy, Default)]
struct Onward {
    neighbors: u16,
    handed: Handed,
}

impl Onward {
    const fn sent(&self) -> u16 {
        self.neighbors + self.handed.leaves
    }
}

impl Node {
    /// A copy of a query came in: is it new, does it match, does it go on?
    pub(in crate::overlay) fn on_query(&mut self, index: usize, query: &QueryMessage, cx: &mut Context<'_>) {
        let Some((from, travel)) = self.take_copy(index, query, cx.config.max_ttl, cx) else { return };
        let runs = self.searches_for(&query.guid);
        let mut verdict = match self.seen.get_mut(&query.guid) {
            passed if runs || passed.as_ref().is_some_and(|passed| passed.is_own()) => {
                self.count_duplicate(index);
                self.own_query_came_back(query.guid, index, travel, 0, cx);
                return;
            }
            Some(passed) => {
                let go_on = travel.ttl() > passed.ttl && cx.config.dedup == Dedup::HighestTtl;
                passed.ttl = passed.ttl.max(travel.ttl());
                self.count_duplicate(index);
                Verdict { action: Action::Duplicate, hits: 0, go_on }
            }
            None => self.on_new_query(index, query, travel, cx),
        };
        let mut onward = Onward::default();
        if verdict.go_on && self.role.relays() {
            if travel.may_go_on() {
                onward.neighbors = self.pass_on(from, query, travel, cx);
            }
            if verdict.action != Action::Duplicate {
                onward.handed = self.pass_down(from, query, travel, cx);
            }
        }
        // Leaves spend no TTL: some may have got a copy at the end of it.
        if verdict.action == Action::Expired && onward.sent() > 0 {
            verdict.action = Action::Forwarded;
        }
        self.tell(from, query, travel, &verdict, onward, cx);
    }

    /// Counts a copy, and looks whether it has a place on its link and may have come so far; where it came from, and its
    /// step onto this node with TTL and hops of `max_ttl` at the most.
    #[inline]
    fn take_copy(
        &mut self,
        index: usize,
        query: &QueryMessage,
        max_ttl: Ttl,
        cx: &mut Context<'_>,
    ) -> Option<(LinkId, Travel)> {
        let link = &mut self.links[index];
        link.queries_in = link.queries_in.saturating_add(1);
        self.copies.queries_in += 1;
        let (from, class) = (link.id, link.class);
        if matches!(class, Class::Directory | Class::Client) || class == Class::Leaf && query.travel.hops() > 0 {
            self.counters.misplaced += 1;
            self.break_off(index, "it passes on queries of others in a role that does not", cx);
            return None;
        }
        // A leaf is one hop further than the last ultra-peer.
        let travel = query.travel.arrive(max_ttl + Ttl::from(class == Class::Ultrapeer));
        self.counters.expired += u64::from(travel.is_none());
        travel.map(|travel| (from, travel))
    }

    fn count_duplicate(&mut self, index: usize) {
        let link = &mut self.links[index];
        link.duplicates = link.duplicates.saturating_add(1);
        self.copies.duplicates += 1;
    }

    /// Remembers a query for as long as its copies may come.
    fn remember_query(&mut self, guid: Guid, passed: Passed, config: &Config) {
        let forgotten = self.seen.insert(guid, passed, config.seen_capacity);
        if forgotten > 0 {
            self.counters.forgotten += forgotten as u64;
        }
        self.timers.at_latest(Timer::Seen, self.now + SEEN_GENERATION);
    }

    fn on_new_query(&mut self, index: usize, query: &QueryMessage, travel: Travel, cx: &mut Context<'_>) -> Verdict {
        let mut found = Vec::new();
        match query.body.query() {
            Ok(search) => cx.library.find(search, MAX_HITS_A_NODE, &mut found),
            // A newer version may know what it means: it goes on, and only its answer is missing.
            Err(_) => self.counters.malformed += 1,
        }
        let hits = found.len() as u16;
        let passed = Passed::new(self.links[index].id, travel, hits as u8, query.body.walk);
        self.remember_query(query.guid, passed, cx.config);
        if !found.is_empty() {
            self.answer(query, travel, found, cx);
        }
        let action = match (hits, travel.may_go_on() && self.role.relays()) {
            (0, true) => Action::Forwarded,
            (0, false) => Action::Expired,
            _ => Action::Answered,
        };
        Verdict { action, hits, go_on: true }
    }

    /// Sends a query on, at once or after the slow motion's delay; returns how many copies that makes.
    fn pass_on(&mut self, from: LinkId, query: &QueryMessage, travel: Travel, cx: &mut Context<'_>) -> u16 {
        let onward = QueryMessage { guid: query.guid, travel, body: Arc::clone(&query.body) };
        if cx.config.hop_delay.is_zero() {
            return self.relay(from, self.now, onward, cx);
        }
        if !self.hold(from, onward, To::Neighbors, cx.config) {
            return 0;
        }
        self.links.iter().filter(|link| link.id != from && link.class != Class::Leaf).count() as u16
    }

    /// Hands a query to the leaves, at once or after the slow motion's delay. It spends no TTL, and a leaf never passes
    /// it on: so it arrives there with its last hop.
    fn pass_down(&mut self, from: LinkId, query: &QueryMessage, travel: Travel, cx: &mut Context<'_>) -> Handed {
        if self.ultra.is_none() {
            return Handed::default();
        }
        let copy = QueryMessage { guid: query.guid, travel: last_hop(travel), body: Arc::clone(&query.body) };
        if cx.config.hop_delay.is_zero() {
            return self.hand_to_leaves(from, self.now, &copy, cx);
        }
        let handed = self.leaves_for(from, &copy);
        if handed.leaves > 0 && !self.hold(from, copy, To::Leaves, cx.config) {
            return Handed { leaves: 0, ..handed };
        }
        handed
    }

    fn hold(&mut self, from: LinkId, query: QueryMessage, to: To, config: &Config) -> bool {
        if self.flood.held.len() >= MAX_HELD {
            self.counters.not_held += 1;
            return false;
        }
        let due = self.now + config.hop_delay;
        self.flood.held.push_back(Held { due, arrived: self.now, from, query, to });
        self.timers.at_latest(Timer::Held, due);
        true
    }

    /// Copies to every link but `from` and those to leaves that was up when the query arrived.
    fn relay(&self, from: LinkId, arrived: Time, query: QueryMessage, cx: &mut Context<'_>) -> u16 {
        let relay = Relay { query, from, arrived };
        let copies = self.relays_to(&relay).count();
        if copies > 0 {
            cx.out.push(Output::Relay(relay));
        }
        copies as u16
    }

    /// The links that copies of a relayed query go over: to be asked before the node takes its next input.
    pub fn relays_to(&self, relay: &Relay) -> impl Iterator<Item = LinkId> + use<'_> {
        let (from, arrived) = (relay.from, relay.arrived);
        let wants = move |link: &&Link| link.id != from && link.class != Class::Leaf && link.since <= arrived;
        self.links.iter().filter(wants).map(|link| link.id)
    }

    pub(in crate::overlay) fn release_held(&mut self, cx: &mut Context<'_>) {
        while let Some(held) = self.flood.held.front() {
            if held.due > self.now {
                self.timers.at_latest(Timer::Held, held.due);
                return;
            }
            if let Some(held) = self.flood.held.pop_front() {
                let Held { from, arrived, query, to, .. } = held;
                match to {
                    To::Neighbors => drop(self.relay(from, arrived, query, cx)),
                    To::Leaves => drop(self.hand_to_leaves(from, arrived, &query, cx)),
                    To::Anyone => {
                        // The only way on may have gone meanwhile.
                        let stays = self.step(from, arrived, query, cx) == 0;
                        self.counters.not_held += u64::from(stays);
                    }
                }
            }
        }
    }

    /// Forgets the queries that the slow motion holds: in its new role the node passes none on.
    pub(in crate::overlay) fn drop_held(&mut self) {
        self.counters.not_held += self.flood.held.len() as u64;
        self.flood.held.clear();
        self.timers.clear(Timer::Held);
    }

    /// Remembers an own query, and hands it to the leaves; returns how many copies that makes.
    pub(in crate::overlay) fn begin_own(&mut self, guid: Guid, body: &Arc<QueryBody>, cx: &mut Context<'_>) -> u16 {
        self.remember_query(guid, Passed::own(body.walk), cx.config);
        let copy = QueryMessage { guid, travel: Travel::start(1, 1), body: Arc::clone(body) };
        self.hand_to_leaves(LinkId::NOBODYS, self.now, &copy, cx).leaves
    }

    /// Sends an own query to every neighbor; returns how many copies that makes.
    pub(in crate::overlay) fn flood_own(
        &mut self,
        guid: Guid,
        ttl: Ttl,
        body: &Arc<QueryBody>,
        cx: &mut Context<'_>,
    ) -> u16 {
        let travel = Travel::start(ttl, cx.config.max_ttl);
        self.relay(LinkId::NOBODYS, self.now, QueryMessage { guid, travel, body: Arc::clone(body) }, cx)
    }

    /// Tells those who watch what was done with a copy: the origin, if it asked, and this node's own faces.
    fn tell(
        &mut self,
        from: LinkId,
        query: &QueryMessage,
        travel: Travel,
        verdict: &Verdict,
        onward: Onward,
        cx: &mut Context<'_>,
    ) {
        let Verdict { action, hits, .. } = *verdict;
        let (sent, Handed { leaves, filtered }) = (onward.sent(), onward.handed);
        let (hop, ttl) = (travel.hops(), travel.ttl());
        if query.body.traced
            && let Some(index) = self.link_index(from)
        {
            let from = self.links[index].peer.id;
            self.report(index, query, Hop { from, hop, ttl, action, hits, sent, leaves, filtered }, cx);
        }
        if cx.config.trace {
            let body = (action != Action::Duplicate).then(|| Arc::clone(&query.body));
            cx.out.push(Output::Trace(Trace { guid: query.guid, link: from, hop, ttl, action, hits, sent, body }));
        }
    }
}

/// From an ultra-peer to its leaf.
fn last_hop(travel: Travel) -> Travel {
    Travel::from_wire(1, travel.hops())
}
