//! Own searches: opened, fed with hits and reports, and always ended with what they cost.

use std::sync::Arc;
use std::time::Duration;

use super::accounts::Accounts;
use super::io::{Context, DoneWhy, Event, Output, SearchCost, SearchSpec};
use super::message::{Action, Delivery, FoundFile, HitMessage, Hop, ReportMessage, Role, TopologyKind};
use super::node::Node;
use super::strategy::{FIRST_ROUND, Strategy, next_round, round_takes};
use super::timers::Timer;
use super::topology::central::Pages;
use crate::base::{Map, Seed, Time, seed};
use crate::proto::limits::{MAX_HITS_A_NODE, MAX_HITS_A_SEARCH, MAX_HOPS_A_SEARCH, MAX_LINKS, MAX_SEARCHES};
use crate::proto::{FileId, Guid, NodeId, PeerAddr, Travel, Ttl, Untrusted};

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
pub(super) struct Search {
    pub(super) spec: SearchSpec,
    started: Time,
    pub(super) cost: SearchCost,
    /// The round of a ring that is under way.
    round: Option<Round>,
    /// For a search that a directory answers page by page: nothing travels from node to node.
    pub(super) lookup: Option<Box<Pages>>,
    files: Map<(NodeId, FileId), ()>,
    accounts: Accounts,
    hops: usize,
    reported_hits: u64,
    last_news: Time,
}

/// One round of a ring.
#[derive(Clone, Copy, Debug)]
struct Round {
    ttl: Ttl,
    /// When it is over at the latest.
    until: Time,
}

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

/// Who has files, and how that became known.
pub(super) struct Source<'a> {
    pub(super) node: NodeId,
    pub(super) name: &'a Untrusted,
    pub(super) addr: Option<PeerAddr>,
    pub(super) hops: u8,
    pub(super) via: Delivery,
}

impl Search {
    pub(super) fn new(spec: SearchSpec, started: Time, state: Seed) -> Self {
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
    pub(super) fn comes_direct(&self) -> bool {
        self.lookup.is_none() && self.spec.body.delivery == Delivery::Direct && self.spec.body.origin.is_some()
    }

    /// Whether a directory answers it.
    pub(super) fn is_lookup(&self) -> bool {
        self.lookup.is_some()
    }

    /// Files found, each node and file once.
    pub(super) fn found(&self) -> usize {
        self.files.len()
    }

    /// Takes files that are new and that match, each node and file once, and shows them; returns how many do not match.
    pub(super) fn take(&mut self, source: &Source<'_>, found: &[FoundFile], now: Time, cx: &mut Context<'_>) -> u64 {
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
    fn lookup_hop(&self, own: NodeId) -> Option<Event> {
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

    fn copy_bytes(&self) -> u64 {
        let body = self.spec.body.sealed().len() as u64;
        body + ENVELOPE_BYTES + u64::from(body > 255)
    }

    fn count_messages(&mut self, sent: u16) {
        self.cost.messages += u64::from(sent);
        self.cost.bytes += u64::from(sent) * self.copy_bytes();
    }

    /// Counts copies that this node itself sent.
    fn count_own(&mut self, own: NodeId, sent: u16) {
        self.count_messages(sent);
        self.accounts.sent(own, sent);
    }

    fn has_enough(&self) -> bool {
        self.files.len() >= self.spec.enough.min(MAX_HITS_A_SEARCH)
    }

    /// From when on the round under way is over, as far as is known now. What has no rounds waits for none.
    fn round_over_at(&self) -> Time {
        let accounted_for = if self.is_accounted_for() { self.last_news + ROUND_SETTLE } else { Time::NEVER };
        self.round.map_or(Time::ZERO, |round| round.until.min(accounted_for))
    }

    /// The TTL of the next round, if there is one.
    fn next_round(&self) -> Option<Ttl> {
        self.round.and_then(|round| next_round(round.ttl, self.spec.ttl))
    }

    /// The round under way is the last one: the node left the overlay through which the next would go.
    pub(super) fn goes_no_further(&mut self) {
        if let Some(round) = self.round {
            self.spec.ttl = round.ttl;
        }
    }

    fn begin_round(&mut self, ttl: Ttl, hop_delay: Duration, now: Time) {
        self.round = Some(Round { ttl, until: now + round_takes(ttl, hop_delay) });
        self.last_news = now;
    }

    fn ended(&self, now: Time) -> Option<DoneWhy> {
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

    fn next_check(&self) -> Time {
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
            if !search.is_plausible(hop, search.accounts.told(&node)) || search.hops >= MAX_HOPS_A_SEARCH {
                dropped += 1;
                continue;
            }
            search.hops += 1;
            search.accounts.had(node, hop.from, hop.sent);
            search.reported_hits += u64::from(hop.hits);
            search.cost.duplicates += u64::from(hop.action == Action::Duplicate);
            search.count_messages(hop.sent);
            let at = now.since(search.started);
            let (name, addr, role) = (report.body.name.clone(), report.body.addr, report.body.role);
            cx.out.push(Output::Event(Event::Hop { guid: report.guid, node, name, addr, role, hop: *hop, at }));
        }
        search.cost.reached = search.accounts.reached();
        search.last_news = now;
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
        search.cost.duplicates += 1;
        search.count_own(node, sent);
        // It counts that copy in its own report, which may be still to come: of one that reports nothing, never.
        search.accounts.came(from);
        search.last_news = now;
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
