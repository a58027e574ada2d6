//! Random walks (Lv and others, 2002): a copy of a query goes to one neighbor drawn at random, and on from there, until it
//! finds a match or its TTL is used up. A node that it visits again counts a duplicate and lets it go on: so here too
//! `messages = reached + duplicates`.

use std::sync::Arc;

use super::{Onward, To, Verdict};
use crate::base::Time;
use crate::overlay::io::{Context, LinkId, Output};
use crate::overlay::link::Link;
use crate::overlay::message::{Action, Message, QueryBody, QueryMessage};
use crate::overlay::node::Node;
use crate::overlay::topology::Class;
use crate::proto::limits::{MAX_WALK_TTL, MAX_WALKERS};
use crate::proto::{Guid, Travel, Ttl};

impl Node {
    /// A walker came: is it the first, does it match, and where does it go on?
    pub(in crate::overlay) fn on_walker(&mut self, index: usize, query: &QueryMessage, cx: &mut Context<'_>) {
        let Some((from, travel)) = self.take_copy(index, query, MAX_WALK_TTL, cx) else { return };
        if self.is_own_search(&query.guid) {
            self.count_duplicate(index);
            // Here it is known whether the walk is over.
            let goes_on = self.searches_for(&query.guid);
            let sent = if goes_on { self.walk_on(from, query, travel, cx) } else { 0 };
            self.own_query_came_back(query.guid, index, travel, sent, cx);
            return;
        }
        let mut verdict = if let Some(passed) = self.seen.get_mut(&query.guid) {
            passed.ttl = passed.ttl.max(travel.ttl());
            self.count_duplicate(index);
            Verdict { action: Action::Duplicate, hits: 0, go_on: true }
        } else {
            self.on_new_query(index, query, travel, cx)
        };
        let mut onward = Onward::default();
        if verdict.hits == 0 {
            onward.neighbors = self.walk_on(from, query, travel, cx);
        }
        if verdict.action != Action::Duplicate && self.role.relays() {
            onward.handed = self.pass_down(from, query, travel, cx);
        }
        verdict.action = match verdict.action {
            Action::Forwarded if onward.sent() == 0 => Action::Expired,
            Action::Expired if onward.sent() > 0 => Action::Forwarded,
            action => action,
        };
        self.tell(from, query, travel, &verdict, onward, cx);
    }

    /// Lets a walker go on, at once or after the slow motion's delay; returns 1, or 0 if its way ends here.
    fn walk_on(&mut self, from: LinkId, query: &QueryMessage, travel: Travel, cx: &mut Context<'_>) -> u16 {
        if !travel.may_go_on() || !self.role.relays() {
            return 0;
        }
        let onward = QueryMessage { guid: query.guid, travel, body: Arc::clone(&query.body) };
        if cx.config.hop_delay.is_zero() {
            return self.step(from, self.now, onward, cx);
        }
        u16::from(self.ways_on(from, self.now).next().is_some() && self.hold(from, onward, To::Anyone, cx.config))
    }

    /// Sends a walker over a link drawn at random among those that were up when it came; 0 if there is none but the one
    /// that it came over.
    pub(super) fn step(&mut self, from: LinkId, arrived: Time, query: QueryMessage, cx: &mut Context<'_>) -> u16 {
        let ways = self.ways_on(from, arrived).count();
        if ways == 0 {
            return 0;
        }
        let drawn = self.rng.below(ways);
        let link = self.ways_on(from, arrived).nth(drawn).map(Link::id);
        let output = link.map(|link| Output::Send { link, message: Message::Query(query) });
        cx.out.extend(output);
        1
    }

    /// The links that a walker may take: never back over the one that it came on, and never down to a leaf.
    fn ways_on(&self, from: LinkId, arrived: Time) -> impl Iterator<Item = &Link> {
        self.links.iter().filter(move |link| link.id != from && link.class != Class::Leaf && link.since <= arrived)
    }

    /// Sends the walkers of an own query, each neighbor as many as the next or one more; returns how many copies that
    /// makes.
    pub(in crate::overlay) fn send_walkers(
        &mut self,
        guid: Guid,
        ttl: Ttl,
        walkers: u8,
        body: &Arc<QueryBody>,
        cx: &mut Context<'_>,
    ) -> u16 {
        let mut ways: Vec<LinkId> = self.ways_on(LinkId::NOBODYS, self.now).map(Link::id).collect();
        self.rng.shuffle(&mut ways);
        let walkers = if ways.is_empty() { 0 } else { walkers.clamp(1, MAX_WALKERS) };
        let query = QueryMessage { guid, travel: Travel::start(ttl, MAX_WALK_TTL), body: Arc::clone(body) };
        let sends = ways.iter().cycle().take(walkers.into());
        cx.out.extend(sends.map(|&link| Output::Send { link, message: Message::Query(query.clone()) }));
        walkers.into()
    }
}
