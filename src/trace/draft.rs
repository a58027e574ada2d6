//! One search while its lines are read: they may come in any order, twice, or not at all.

use std::collections::BTreeSet;

use super::line::DoneMore;
use crate::app::recorded::RecordedSearch;
use crate::app::{Done, Guid, Hit, HopReport, MAX_LINKS, NodeId, Untrusted};

/// What was read of a search so far.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// As typed, and its TTL; `None` until the line that says so came.
    pub(super) query: Option<(Untrusted, u8)>,
    /// Its end.
    pub(super) done: Option<(Done, DoneMore)>,
    hops: Vec<HopReport>,
    hits: Vec<Hit>,
    /// Copies of which a report came: to whom, from whom, at which hop and TTL. No node sends the same copy twice.
    copies: BTreeSet<(NodeId, NodeId, u8, u8)>,
    files: BTreeSet<(NodeId, crate::app::FileId, Untrusted)>,
}

impl Draft {
    /// Takes a report in; false if it came before.
    pub(super) fn hop(&mut self, report: HopReport) -> bool {
        let fresh = self.copies.insert((report.node, report.from, report.hop, report.ttl));
        if fresh {
            self.hops.push(report);
        }
        fresh
    }

    /// Takes a hit in; false if it came before.
    pub(super) fn hit(&mut self, hit: Hit) -> bool {
        let fresh = self.files.insert((hit.node, hit.hash, hit.name.clone()));
        if fresh {
            self.hits.push(hit);
        }
        fresh
    }

    /// Lines that stand for something that happened.
    pub(super) fn lines(&self) -> u64 {
        (self.hops.len() + self.hits.len()) as u64 + u64::from(self.done.is_some())
    }

    /// The search as far as its lines tell; `None` if none of them said what was searched.
    pub(super) fn finish(self, guid: Guid, own: NodeId) -> Option<RecordedSearch> {
        let (text, ttl) = self.query?;
        // Whoever reports a copy from the origin was sent one: the least that it must have sent.
        let first: BTreeSet<NodeId> =
            self.hops.iter().filter(|hop| hop.hop == 1 && hop.from == own).map(|hop| hop.node).collect();
        let (done, more) = self.done.unzip();
        let claimed = more.and_then(|more| more.sent).filter(|sent| usize::from(*sent) <= MAX_LINKS);
        let sent = claimed.unwrap_or(0).max(first.len().min(usize::from(u16::MAX)) as u16);
        let lost = more.map_or(0, |more| more.lost_reports);
        Some(RecordedSearch { guid, text, ttl, sent, hops: self.hops, hits: self.hits, lost, done })
    }
}
