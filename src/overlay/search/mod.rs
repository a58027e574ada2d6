//! Own searches: opened, fed with hits and reports, and always ended with what they cost.

mod accounts;
mod state;

use std::sync::Arc;

pub(crate) use state::{ENVELOPE_BYTES, report_bytes};
pub(super) use state::{Search, Source};

use super::io::{Context, DoneWhy, Event, Output, SearchCost, SearchSpec};
use super::message::{Action, Delivery, HitMessage, Hop, ReportMessage, TopologyKind};
use super::node::Node;
use super::strategy::{FIRST_ROUND, Strategy};
use super::timers::Timer;
use crate::base::{Time, seed};
use crate::proto::limits::MAX_SEARCHES;
use crate::proto::{Guid, Travel, Ttl};

/// An own search that runs, as faces see it.
#[derive(Clone, Copy, Debug)]
pub struct Searching<'a> {
    /// What was asked for.
    pub spec: &'a SearchSpec,
    /// When it began.
    pub began: Time,
    /// Reports that came.
    pub reports: usize,
}

impl Node {
    /// Its own searches that run, the oldest first.
    pub fn searching(&self) -> impl Iterator<Item = Searching<'_>> {
        self.searches.iter().map(|search| Searching { spec: &search.spec, began: search.started, reports: search.hops })
    }

    pub(super) fn start_search(&mut self, spec: SearchSpec, cx: &mut Context<'_>) {
        if self.kind == TopologyKind::Central && self.searches.len() < MAX_SEARCHES {
            return self.start_lookup(spec, cx);
        }
        let refused = if self.searches.len() >= MAX_SEARCHES {
            Some(DoneWhy::TooMany)
        } else if self.links.is_empty() {
            Some(DoneWhy::NoNeighbors)
        } else {
            None
        };
        if let Some(why) = refused {
            let done = Event::Done { guid: spec.guid, cost: SearchCost::default(), why };
            cx.out.push(Output::Event(done));
            return;
        }
        // A round beyond the highest TTL would go no further than the one before it.
        let spec = SearchSpec { ttl: spec.ttl.min(spec.strategy.max_ttl(cx.config.max_ttl)), ..spec };
        let SearchSpec { guid, ref body, ttl, strategy, .. } = spec;
        let sent = match strategy {
            Strategy::Flood => self.flood_own(guid, ttl, body, cx),
            Strategy::Ring => self.flood_own(guid, FIRST_ROUND, body, cx),
            Strategy::Walk { walkers } => self.send_walkers(guid, ttl, walkers, body, cx),
        };
        let sent = sent + self.begin_own(guid, body, cx);
        let mut search = Search::new(spec, self.now, seed(self.rng.next_u64()));
        if strategy == Strategy::Ring {
            search.begin_round(FIRST_ROUND, cx.config.hop_delay, self.now);
        }
        search.count_own(self.id, sent);
        let copy_bytes = search.copy_bytes();
        cx.out.push(Output::Event(Event::Started { guid, sent, copy_bytes }));
        self.timers.at_latest(Timer::Search, search.next_check());
        self.searches.push(search);
    }

    /// Whether a search of that name is this node's own: one that runs, or one that did lately.
    pub fn is_own_search(&self, guid: &Guid) -> bool {
        self.searches_for(guid) || self.seen.get(guid).is_some_and(|passed| passed.is_own())
    }

    /// Whether a search of that name runs.
    pub(in crate::overlay) fn searches_for(&self, guid: &Guid) -> bool {
        self.searches.iter().any(|search| search.spec.guid == *guid)
    }

    /// A search that floods.
    fn search_mut(&mut self, guid: &Guid) -> Option<&mut Search> {
        let search = self.searches.iter_mut().find(|search| search.spec.guid == *guid && !search.is_lookup());
        if search.is_none() {
            self.counters.unroutable += 1;
        }
        search
    }

    /// Takes the files of a hit that are new and that match, each node and file once. `brought_by_itself`: the node that
    /// has them was at the other end of the link or connection.
    pub(super) fn take_hit(&mut self, hit: &HitMessage, brought_by_itself: bool, cx: &mut Context<'_>) {
        let now = self.now;
        let own = self.id;
        let Some(search) = self.search_mut(&hit.guid) else { return };
        let Some(node) = hit.body.node.filter(|node| *node != own) else {
            self.counters.inconsistent += 1;
            return;
        };
        let asked_direct = search.spec.body.delivery == Delivery::Direct;
        let via = if brought_by_itself && asked_direct { Delivery::Direct } else { Delivery::Reverse };
        let source = Source { node, name: &hit.body.name, addr: hit.body.addr, hops: hit.body.hops, via };
        let strange = search.take(&source, &hit.body.files, now, cx);
        self.counters.inconsistent += strange;
        self.look_again(&hit.guid, cx);
    }

    /// Takes a report that came over so many links: sums up what it cost, and shows it.
    pub(super) fn take_report(&mut self, report: &ReportMessage, links: u8, cx: &mut Context<'_>) {
        let now = self.now;
        let own = self.id;
        let Some(search) = self.search_mut(&report.guid) else { return };
        let bytes = report_bytes(report.body.sealed.len() as u64) * u64::from(links);
        search.cost.reports += 1;
        search.cost.report_bytes += bytes;
        cx.out.push(Output::Event(Event::Report { guid: report.guid, bytes }));
        let Some(node) = report.body.node.filter(|node| *node != own) else {
            self.counters.inconsistent += 1;
            return;
        };
        let mut dropped = 0;
        for hop in &report.body.hops {
            if !search.take_hop(node, hop) {
                dropped += 1;
                continue;
            }
            let at = now.since(search.started);
            let (name, addr, role) = (report.body.name.clone(), report.body.addr, report.body.role);
            cx.out.push(Output::Event(Event::Hop { guid: report.guid, node, name, addr, role, hop: *hop, at }));
        }
        search.heard(now);
        self.counters.inconsistent += dropped;
        self.look_again(&report.guid, cx);
    }

    /// A copy of an own query came back, and as a walker may have gone on: a duplicate like any other.
    pub(super) fn own_query_came_back(
        &mut self,
        guid: Guid,
        index: usize,
        travel: Travel,
        sent: u16,
        cx: &mut Context<'_>,
    ) {
        let (node, name, addr, role) = (self.id, self.name.clone(), self.addr, Some(self.role));
        let from = self.links[index].peer.id;
        let now = self.now;
        let Some(search) = self.search_mut(&guid) else { return };
        search.take_back(from, node, sent);
        search.heard(now);
        let (hop, ttl, action) = (travel.hops(), travel.ttl(), Action::Duplicate);
        let hop = Hop { from, hop, ttl, action, hits: 0, sent, leaves: 0, filtered: 0 };
        let at = now.since(search.started);
        if search.spec.body.traced {
            cx.out.push(Output::Event(Event::Hop { guid, node, name, addr, role, hop, at }));
        }
        self.look_again(&guid, cx);
    }

    pub(super) fn look_again(&mut self, guid: &Guid, cx: &mut Context<'_>) {
        if let Some(index) = self.searches.iter().position(|search| search.spec.guid == *guid) {
            self.look_at_search(index, cx);
        }
    }

    /// Ends a search that is over, or begins the next round of a ring; returns whether it ended.
    fn look_at_search(&mut self, index: usize, cx: &mut Context<'_>) -> bool {
        if let Some(why) = self.searches[index].ended(self.now) {
            self.end_search(index, why, cx);
            return true;
        }
        let search = &self.searches[index];
        if let Some(ttl) = search.next_round().filter(|_| self.now >= search.round_over_at()) {
            self.go_round(index, ttl, cx);
        }
        self.timers.at_latest(Timer::Search, self.searches[index].next_check());
        false
    }

    /// The next round of a ring: the same query with a higher TTL. Nodes that had it pass it on and do not answer again.
    fn go_round(&mut self, index: usize, ttl: Ttl, cx: &mut Context<'_>) {
        let (guid, body) = (self.searches[index].spec.guid, Arc::clone(&self.searches[index].spec.body));
        let sent = self.flood_own(guid, ttl, &body, cx);
        let search = &mut self.searches[index];
        search.count_own(self.id, sent);
        search.begin_round(ttl, cx.config.hop_delay, self.now);
        let at = self.now.since(search.started);
        cx.out.push(Output::Event(Event::Round { guid, ttl, sent, at }));
    }

    /// Ends the searches that are over, and says when to look again.
    pub(super) fn check_searches(&mut self, cx: &mut Context<'_>) {
        self.go_on_with_lookups(cx);
        let mut index = 0;
        while index < self.searches.len() {
            index += usize::from(!self.look_at_search(index, cx));
        }
    }

    pub(super) fn cancel_search(&mut self, guid: Guid, cx: &mut Context<'_>) {
        if let Some(index) = self.searches.iter().position(|search| search.spec.guid == guid) {
            self.end_search(index, DoneWhy::Cancelled, cx);
        }
    }

    /// Ends the searches that `over` says yes to.
    pub(super) fn end_searches_where(&mut self, why: DoneWhy, cx: &mut Context<'_>, over: impl Fn(&Search) -> bool) {
        while let Some(index) = self.searches.iter().position(&over) {
            self.end_search(index, why, cx);
        }
    }

    pub(super) fn end_search(&mut self, index: usize, why: DoneWhy, cx: &mut Context<'_>) {
        let search = self.searches.remove(index);
        cx.out.extend(search.lookup_hop(self.id).map(Output::Event));
        // A flood that is accounted for was over with its last report, not when this node was sure of it.
        let end = if why == DoneWhy::Complete { search.last_news } else { self.now };
        let cost = SearchCost { elapsed: end.since(search.started), ..search.cost };
        cx.out.push(Output::Event(Event::Done { guid: search.spec.guid, cost, why }));
    }
}
