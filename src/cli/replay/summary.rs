//! A recorded flood in one object: what it reached, what it cost, and what about it cannot be true.

use serde::Serialize;

use crate::app::{Action, DoneWhy, Guid, HopRow, NodeId, RoundRow, Spread, TopologyKind, Untrusted};
use crate::trace::{Doubts, Recorded, Recording};
use crate::tui::flood::strange::Strange;
use crate::tui::flood::tree::{Span, State, Tree};

/// Everything, as a program reads it. Names are a contract: add, don't rename.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    r#type: &'static str,
    guid: Guid,
    text: Untrusted,
    ttl: u8,
    node: NodeId,
    name: Untrusted,
    topology: TopologyKind,
    /// How it spread; of a walk with how many walkers, of a ring in which rounds.
    strategy: Spread,
    walkers: Option<u8>,
    rounds: Option<Vec<Round>>,
    hop_delay_ms: u64,
    /// Which search of the trace, and of how many.
    query: usize,
    queries: usize,
    reached: u64,
    messages: u64,
    duplicates: u64,
    dropped: u64,
    hits: u64,
    /// The hop of the farthest node.
    max_hop: u8,
    /// Nodes whose nearest copy came at each hop; the first one is the origin.
    per_hop: Vec<u64>,
    /// Copies by hop.
    hops: Vec<HopRow>,
    redundancy: Option<f64>,
    bytes: Option<u64>,
    /// What the reports took, as the end of the search says; `null` where that was not recorded.
    tracing: Option<Tracing>,
    first_hit_ms: Option<u64>,
    elapsed_ms: u64,
    /// Nodes that only others named.
    inferred: u64,
    /// Why the search ended; `null` where its end was not recorded.
    why: Option<DoneWhy>,
    /// Reports with which something is wrong, in all and by what.
    inconsistent: u64,
    inconsistencies: Inconsistencies,
    lost_reports: u64,
    /// What is wrong with the file.
    trace: Doubts,
    trace_inconsistent: bool,
    trace_incomplete: bool,
}

/// One round of a ring: its TTL, the copies that the origin sent for it, and when it began.
#[derive(Debug, Serialize)]
struct Round {
    ttl: u8,
    sent: u16,
    at_ms: u64,
}

/// What it took to know all this: reports, and their bytes on the links that they came over.
#[derive(Debug, Serialize)]
struct Tracing {
    reports: u64,
    bytes: u64,
}

/// Reports by what is wrong with them.
#[derive(Debug, Serialize)]
struct Inconsistencies {
    hop: usize,
    parent: usize,
    time: usize,
    origin: usize,
    twice: usize,
    itself: usize,
}

/// What can be expected of a flood.
pub(super) const FIELDS: [&str; 13] = [
    "reached",
    "messages",
    "duplicates",
    "dropped",
    "hits",
    "max_hop",
    "bytes",
    "first_hit_ms",
    "elapsed_ms",
    "redundancy",
    "ttl",
    "inferred",
    "inconsistent",
];

impl Summary {
    /// Sums a search up; `number` says which one of the recording it is.
    pub(super) fn new(recording: &Recording, recorded: &Recorded, number: usize, tree: &Tree) -> Self {
        let search = &recorded.search;
        let all = Span { until: tree.reports.len(), hop: u8::MAX };
        let per_hop = tree.per_hop(all);
        let row = &search.row;
        let reached = u64::from(row.nodes);
        let inferred = (0..tree.nodes.len()).filter(|at| tree.state(*at, all) == Some(State::Inferred)).count();
        Self {
            r#type: "summary",
            guid: row.guid,
            text: row.text.clone(),
            ttl: row.ttl,
            node: recording.origin.node,
            name: recording.origin.name.clone(),
            topology: search.topology,
            strategy: row.strategy,
            walkers: search.strategy.walkers(),
            rounds: (row.strategy == Spread::Ring).then(|| search.rounds.iter().map(Round::from).collect()),
            hop_delay_ms: recording.origin.hop_delay_ms,
            query: number,
            queries: recording.searches.len(),
            reached,
            messages: search.messages,
            duplicates: row.duplicates,
            dropped: tree.reports.iter().filter(|report| report.action == Action::Refused).count() as u64,
            hits: u64::from(row.hits),
            max_hop: per_hop.iter().rposition(|nodes| *nodes > 0).unwrap_or(0) as u8,
            per_hop,
            hops: search.by_hop.clone(),
            redundancy: (reached > 0).then(|| search.messages as f64 / reached as f64),
            bytes: recorded.bytes,
            tracing: recorded.ended.then_some(Tracing { reports: search.reports, bytes: search.report_bytes }),
            first_hit_ms: search.first_hit_ms,
            elapsed_ms: search.elapsed_ms,
            inferred: inferred as u64,
            why: search.ended.filter(|_| recorded.ended),
            inconsistent: tree.strange_count(all) as u64,
            inconsistencies: Inconsistencies::of(tree),
            lost_reports: search.lost_reports,
            trace: recording.doubts.clone(),
            trace_inconsistent: recording.doubts.inconsistent(),
            trace_incomplete: recording.doubts.incomplete(),
        }
    }

    /// The number that a field has: `Some(None)` where nobody knows it, `None` where there is no such field.
    pub(super) fn value(&self, field: &str) -> Option<Option<f64>> {
        let whole = |number: u64| Some(number as f64);
        Some(match field {
            "reached" => whole(self.reached),
            "messages" => whole(self.messages),
            "duplicates" => whole(self.duplicates),
            "dropped" => whole(self.dropped),
            "hits" => whole(self.hits),
            "max_hop" => whole(self.max_hop.into()),
            "bytes" => self.bytes.and_then(whole),
            "first_hit_ms" => self.first_hit_ms.and_then(whole),
            "elapsed_ms" => whole(self.elapsed_ms),
            "redundancy" => self.redundancy,
            "ttl" => whole(self.ttl.into()),
            "inferred" => whole(self.inferred),
            "inconsistent" => whole(self.inconsistent),
            _ => return None,
        })
    }
}

impl From<&RoundRow> for Round {
    fn from(row: &RoundRow) -> Self {
        let RoundRow { ttl, sent, at_ms } = *row;
        Self { ttl, sent, at_ms }
    }
}

impl Inconsistencies {
    fn of(tree: &Tree) -> Self {
        let count = |what: Strange| {
            (0..tree.reports.len()).filter(|report| tree.strange(*report).any(|found| found == what)).count()
        };
        Self {
            hop: count(Strange::Hop),
            parent: count(Strange::Parent),
            time: count(Strange::Time),
            origin: count(Strange::Origin),
            twice: count(Strange::Twice),
            itself: count(Strange::Itself),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FIELDS;

    #[test]
    fn every_field_that_can_be_expected_has_a_number_in_the_object() {
        let trace = include_bytes!("../../../demo/traces/flood.ndjson");
        let recording = crate::trace::read(&trace[..]).unwrap();
        let chosen = recording.searches.last().unwrap();
        let tree = crate::tui::flood::tree::Tree::new(recording.origin.node, &chosen.search);
        let summary = super::Summary::new(&recording, chosen, 1, &tree);
        let object = serde_json::to_value(&summary).unwrap();
        for field in FIELDS {
            assert_eq!(object[field].as_f64(), summary.value(field).unwrap(), "{field}");
        }
        assert_eq!(summary.value("weather"), None);
    }
}
