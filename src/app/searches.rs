//! Own searches as the faces see them, built from what the core tells.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::event::{Done, Event, Hit, Via};
use super::handle::Refusal;
use super::rings::{ring_of, rings};
use super::snapshot::{HopReport, HopRow, QueryRow, QueryState, RoundRow, Search, Spread};
use crate::base::{Map, seed};
use crate::overlay::{self, Action, Delivery, Hop, Role, SearchCost, Strategy, TopologyKind};
use crate::proto::limits::{MAX_HITS_A_SEARCH, MAX_HOPS_A_SEARCH};
use crate::proto::{FileId, Guid, Magnet, MagnetSource, NodeId, Ttl, Untrusted};

/// Searches kept, running and over.
const MAX_KEPT: usize = 64;
/// Reports kept of all of them; those of the oldest that are over give way.
const MAX_REPORTS: usize = 2 * MAX_HOPS_A_SEARCH;

/// The book of own searches, the youngest last.
#[derive(Debug, Default)]
pub(super) struct Searches {
    kept: VecDeque<Record>,
}

/// One search.
#[derive(Debug)]
struct Record {
    guid: Guid,
    text: Untrusted,
    ttl: Ttl,
    strategy: Strategy,
    rounds: Vec<RoundRow>,
    topology: TopologyKind,
    traced: bool,
    started_ms: u64,
    sent_here: u32,
    copy_bytes: u64,
    nodes: Map<NodeId, ()>,
    hits: Vec<Arc<Hit>>,
    hops: Vec<Arc<HopReport>>,
    tally: Vec<HopTally>,
    /// The most hops that a copy had travelled that was reported.
    farthest: u8,
    cost: SearchCost,
    ended: Option<overlay::DoneWhy>,
    lost_reports: u64,
    /// What was published last; `None` after a change.
    published: Option<Arc<Search>>,
}

/// Sums of one hop.
#[derive(Clone, Debug, Default)]
struct HopTally {
    row: HopRow,
    times: Vec<u32>,
}

impl Searches {
    /// Takes a new search in; the oldest that is over gives way to it.
    pub(super) fn open(&mut self, guid: Guid, opened: Opened<'_>, now_ms: u64) {
        let Opened { text, ttl, strategy, topology, traced } = opened;
        if self.kept.len() >= MAX_KEPT {
            let over = self.kept.iter().position(|record| record.ended.is_some()).unwrap_or(0);
            self.kept.remove(over);
        }
        self.forget_reports();
        self.kept.push_back(Record {
            guid,
            text: text.into(),
            ttl,
            strategy,
            rounds: Vec::new(),
            topology,
            traced,
            started_ms: now_ms,
            sent_here: 0,
            copy_bytes: 0,
            nodes: Map::with_hasher(seed(0)),
            hits: Vec::new(),
            hops: Vec::new(),
            tally: rings(strategy, if topology == TopologyKind::Central { 1 } else { ttl })
                .map(|(first, last)| HopTally::of(first, last, ttl))
                .collect(),
            farthest: 0,
            cost: SearchCost::default(),
            ended: None,
            lost_reports: 0,
            published: None,
        });
    }

    fn forget_reports(&mut self) {
        let mut kept: usize = self.kept.iter().map(|record| record.hops.len()).sum();
        for record in self.kept.iter_mut().filter(|record| record.ended.is_some()) {
            if kept <= MAX_REPORTS {
                return;
            }
            kept -= record.hops.len();
            record.lost_reports += record.hops.len() as u64;
            record.published = None;
            record.hops = Vec::new();
        }
    }

    fn record(&mut self, guid: &Guid) -> Option<&mut Record> {
        let record = self.kept.iter_mut().find(|record| record.guid == *guid)?;
        record.published = None;
        Some(record)
    }

    /// What this node itself sent for a search.
    pub(super) fn started(&mut self, guid: &Guid, sent: u16, copy_bytes: u64) {
        if let Some(record) = self.record(guid) {
            record.sent_here = u32::from(sent);
            record.copy_bytes = copy_bytes;
            record.count_sent(sent);
            if record.strategy == Strategy::Ring {
                let ttl = record.strategy.rounds(record.ttl).next().unwrap_or(record.ttl);
                record.rounds.push(RoundRow { ttl, sent, at_ms: 0 });
            }
        }
    }

    /// Counts a report, and what it took to bring it here.
    pub(super) fn reported(&mut self, guid: &Guid, bytes: u64) {
        if let Some(record) = self.record(guid) {
            record.cost.reports += 1;
            record.cost.report_bytes += bytes;
        }
    }

    /// A ring goes on.
    pub(super) fn round(&mut self, guid: Guid, ttl: Ttl, sent: u16, at: Duration) -> Event {
        let at_ms = at.as_millis() as u64;
        if let Some(record) = self.record(&guid) {
            record.sent_here += u32::from(sent);
            record.count_sent(sent);
            record.rounds.push(RoundRow { ttl, sent, at_ms });
        }
        Event::Round { guid, ttl, sent, at_ms }
    }

    /// Takes in what a report tells of one copy.
    pub(super) fn hop(&mut self, own: NodeId, guid: &Guid, report: HopReport) {
        let Some(record) = self.record(guid) else { return };
        record.count((report.node != own).then_some(report.node), &report);
        record.farthest = record.farthest.max(report.hop.min(record.ttl));
        let fits = report.fits(record.strategy, record.ttl);
        if let Some(tally) = record.tally_of(report.hop, fits) {
            tally.add(&report);
        }
        // With no TTL left it is handed to leaves only, which are one hop farther than the query goes.
        let handed = fits && report.leaves > 0 && report.hop <= record.ttl;
        if let Some(tally) = record.tally_of(report.hop.saturating_add(1), handed) {
            tally.row.sent = tally.row.sent.saturating_add(report.sent.into());
        }
        if record.hops.len() < MAX_HOPS_A_SEARCH {
            record.hops.push(Arc::new(report));
        } else {
            record.lost_reports += 1;
        }
    }

    /// Takes the files of one hit in; an event each.
    pub(super) fn hit(&mut self, hit: FoundBy, files: Vec<overlay::FoundFile>) -> Vec<Event> {
        let via = match hit.via {
            Delivery::Direct => Via::Direct,
            Delivery::Reverse => Via::Reverse,
            Delivery::Directory => Via::Directory,
        };
        let hits: Vec<Arc<Hit>> = files
            .into_iter()
            .map(|file| {
                let sources = hit.addr.map(|addr| MagnetSource { addr, node: Some(hit.node) });
                let magnet = Magnet {
                    id: file.id,
                    name: file.name.clone(),
                    size: Some(file.size),
                    sources: sources.into_iter().collect(),
                };
                Arc::new(Hit {
                    guid: hit.guid,
                    name: file.name,
                    size: file.size,
                    hash: file.id,
                    magnet: magnet.to_string(),
                    node: hit.node,
                    node_name: hit.name.clone(),
                    addr: hit.addr,
                    hops: hit.hops,
                    via,
                    at_ms: hit.at.as_millis() as u64,
                })
            })
            .collect();
        let events = hits.iter().map(|hit| Event::Hit(Hit::clone(hit))).collect();
        if let Some(record) = self.record(&hit.guid) {
            let room = MAX_HITS_A_SEARCH.saturating_sub(record.hits.len());
            record.cost.first_hit.get_or_insert(hit.at);
            record.hits.extend(hits.into_iter().take(room));
        }
        events
    }

    /// Takes one file in, as it was found once.
    pub(super) fn found(&mut self, hit: Hit) {
        let Some(record) = self.record(&hit.guid) else { return };
        if record.hits.len() < MAX_HITS_A_SEARCH {
            record.cost.first_hit.get_or_insert(Duration::from_millis(hit.at_ms));
            record.hits.push(Arc::new(hit));
        }
    }

    /// Counts reports that did not come here.
    pub(super) fn lost(&mut self, guid: &Guid, reports: u64) {
        if let Some(record) = self.record(guid) {
            record.lost_reports = record.lost_reports.saturating_add(reports);
        }
    }

    /// Ends a search.
    pub(super) fn done(&mut self, guid: Guid, cost: SearchCost, why: overlay::DoneWhy) -> Event {
        let (mut topology, mut strategy) = (TopologyKind::default(), Spread::default());
        if let Some(record) = self.record(&guid) {
            (topology, strategy) = (record.topology, Spread::of(record.strategy, record.topology));
            record.cost = cost;
            record.ended = Some(why);
            record.nodes.clear();
        }
        Event::Done(Done {
            guid,
            hits: cost.hits,
            reached: cost.reached,
            messages: cost.messages,
            duplicates: cost.duplicates,
            bytes: cost.bytes,
            reports: cost.reports,
            report_bytes: cost.report_bytes,
            first_hit_ms: cost.first_hit.map(|span| span.as_millis() as u64),
            elapsed_ms: cost.elapsed.as_millis() as u64,
            topology,
            strategy,
            why,
        })
    }

    /// Ends all that run: their node is gone.
    pub(super) fn cut(&mut self, now_ms: u64) {
        for record in self.kept.iter_mut().filter(|record| record.ended.is_none()) {
            record.cost.elapsed = Duration::from_millis(now_ms.saturating_sub(record.started_ms));
            record.ended = Some(overlay::DoneWhy::Shutdown);
            record.nodes.clear();
            record.published = None;
        }
    }

    /// Whether any search runs.
    pub(super) fn any_live(&self) -> bool {
        self.kept.iter().any(|record| record.ended.is_none())
    }

    /// # Errors
    /// When no search of that name runs, so that it cannot be ended.
    pub(super) fn must_run(&self, guid: &Guid) -> Result<(), Refusal> {
        let runs = self.kept.iter().any(|record| record.guid == *guid && record.ended.is_none());
        let missing = || Refusal::new("no_such_query", "no search of that name runs", "see the list of queries");
        if runs { Ok(()) } else { Err(missing()) }
    }

    /// Where a file was found, by all searches that are kept.
    pub(super) fn sources_of(&self, id: &FileId) -> Vec<MagnetSource> {
        let mut sources: Vec<MagnetSource> = Vec::new();
        for hit in self.kept.iter().flat_map(|record| &record.hits).filter(|hit| hit.hash == *id) {
            let Some(addr) = hit.addr else { continue };
            if !sources.iter().any(|source| source.addr == addr) {
                sources.push(MagnetSource { addr, node: Some(hit.node) });
            }
        }
        sources
    }

    /// All of them, the youngest last. What they found is shared with the last call unless it changed.
    pub(super) fn publish(&mut self, now_ms: u64) -> Vec<Arc<Search>> {
        self.kept.iter_mut().map(|record| record.publish(now_ms)).collect()
    }
}

/// A report as the faces see it.
pub(super) fn report(node: NodeId, name: Untrusted, role: Option<Role>, hop: &Hop, at: Duration) -> HopReport {
    let Hop { from, hop, ttl, action, hits, sent, leaves, filtered } = *hop;
    let at_ms = at.as_millis() as u64;
    HopReport { node, name, role, from, hop, ttl, action, hits, sent, leaves, filtered, at_ms }
}

/// What is known of a search when it begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opened<'a> {
    pub(super) text: &'a str,
    pub(super) ttl: Ttl,
    pub(super) strategy: Strategy,
    pub(super) topology: TopologyKind,
    pub(super) traced: bool,
}

/// Who found something, and how it came.
#[derive(Debug)]
pub(super) struct FoundBy {
    pub(super) guid: Guid,
    pub(super) node: NodeId,
    pub(super) name: Untrusted,
    pub(super) addr: Option<crate::proto::PeerAddr>,
    pub(super) hops: u8,
    pub(super) via: Delivery,
    pub(super) at: Duration,
}

impl HopTally {
    fn of(first: u8, hop: u8, ttl: Ttl) -> Self {
        Self { row: HopRow { first, hop, ttl: ttl.saturating_sub(hop), ..HopRow::default() }, times: Vec::new() }
    }

    fn add(&mut self, hop: &HopReport) {
        let row = &mut self.row;
        match hop.action {
            Action::Duplicate => row.duplicates += 1,
            Action::Refused => row.dropped += 1,
            Action::Forwarded | Action::Answered | Action::Expired => row.new += 1,
        }
        row.hits += u32::from(hop.hits);
        // Duplicates are reported in collections, some time after they came.
        if hop.action != Action::Duplicate {
            self.times.push(u32::try_from(hop.at_ms).unwrap_or(u32::MAX));
        }
    }

    fn row(&mut self) -> HopRow {
        let middle = self.times.len() / 2;
        let p50_ms = (!self.times.is_empty()).then(|| u64::from(*self.times.select_nth_unstable(middle).1));
        HopRow { p50_ms, ..self.row.clone() }
    }
}

impl Record {
    /// Sums up as the core does; the core's own sums replace these when the search ends.
    fn count(&mut self, node: Option<NodeId>, hop: &HopReport) {
        if let Some(node) = node {
            self.nodes.insert(node, ());
        }
        self.cost.reached = self.nodes.len() as u32;
        self.cost.duplicates += u64::from(hop.action == Action::Duplicate);
        self.count_messages(hop.sent);
    }

    /// The sums of a hop; one hop beyond the last is added if there is to be one.
    fn tally_of(&mut self, hop: u8, grows: bool) -> Option<&mut HopTally> {
        let place = usize::from(ring_of(self.strategy, hop)).checked_sub(1)?;
        if place == self.tally.len() && grows {
            self.tally.push(HopTally::of(hop, hop, self.ttl));
        }
        self.tally.get_mut(place)
    }

    /// Copies that this node sent itself: to nodes at the first hop.
    fn count_sent(&mut self, sent: u16) {
        self.count_messages(sent);
        if let Some(tally) = self.tally_of(1, false) {
            tally.row.sent = tally.row.sent.saturating_add(sent.into());
        }
    }

    fn count_messages(&mut self, sent: u16) {
        self.cost.messages += u64::from(sent);
        self.cost.bytes += u64::from(sent) * self.copy_bytes;
    }

    fn publish(&mut self, now_ms: u64) -> Arc<Search> {
        let age_ms = now_ms.saturating_sub(self.started_ms);
        let elapsed_ms = if self.ended.is_some() { self.cost.elapsed.as_millis() as u64 } else { age_ms };
        let search = match &self.published {
            // Only the clock went on.
            Some(published) => {
                Search { row: QueryRow { age_ms, ..published.row.clone() }, elapsed_ms, ..Search::clone(published) }
            }
            None => self.describe(age_ms, elapsed_ms),
        };
        let search = Arc::new(search);
        self.published = Some(Arc::clone(&search));
        search
    }

    fn describe(&mut self, age_ms: u64, elapsed_ms: u64) -> Search {
        let by_hop: Vec<HopRow> = self.tally.iter_mut().map(HopTally::row).collect();
        let row = QueryRow {
            guid: self.guid,
            text: self.text.clone(),
            own: true,
            ttl: self.ttl,
            ttl_left: self.ttl.saturating_sub(self.farthest),
            nodes: self.cost.reached,
            duplicates: self.cost.duplicates,
            hits: self.hits.len() as u32,
            age_ms,
            state: if self.ended.is_some() { QueryState::Done } else { QueryState::Live },
            strategy: Spread::of(self.strategy, self.topology),
            round: self.rounds.last().map(|round| round.ttl),
        };
        Search {
            row,
            topology: self.topology,
            strategy: self.strategy,
            rounds: self.rounds.clone(),
            hits: self.hits.iter().cloned().collect(),
            by_hop,
            sent_here: self.sent_here,
            messages: self.cost.messages,
            bytes: self.cost.bytes,
            reports: self.cost.reports,
            report_bytes: self.cost.report_bytes,
            first_hit_ms: self.cost.first_hit.map(|span| span.as_millis() as u64),
            elapsed_ms,
            ended: self.ended,
            traced: self.traced,
            lost_reports: self.lost_reports,
            hops: self.hops.iter().cloned().collect(),
        }
    }
}
