//! One search while its lines are read: they may come in any order, twice, or not at all.

use std::collections::BTreeSet;

use super::line::DoneMore;
use crate::app::recorded::RecordedSearch;
use crate::app::{Done, Guid, Hit, HopReport, MAX_LINKS, NodeId, Role, RoundRow, Strategy, Untrusted};

/// What was read of a search so far.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// As typed, its TTL and how it spread; `None` until the line that says so came.
    pub(super) query: Option<(Untrusted, u8, Strategy)>,
    /// Its end.
    pub(super) done: Option<(Done, DoneMore)>,
    rounds: Vec<RoundRow>,
    hops: Vec<HopReport>,
    hits: Vec<Hit>,
    /// Copies of which a report came: to whom, from whom, at which hop and TTL. No node sends the same copy twice, but two
    /// walkers may take the same step.
    copies: BTreeSet<(NodeId, NodeId, u8, u8)>,
    files: BTreeSet<(NodeId, crate::app::FileId, Untrusted)>,
}

impl Draft {
    /// Takes a report in; false if it came before.
    pub(super) fn hop(&mut self, report: HopReport) -> bool {
        let walks = matches!(self.query, Some((_, _, Strategy::Walk { .. })));
        let fresh = self.copies.insert((report.node, report.from, report.hop, report.ttl)) || walks;
        if fresh {
            self.hops.push(report);
        }
        fresh
    }

    /// Takes a round of a ring in; false if one of that TTL came before. So there are no more than TTLs.
    pub(super) fn round(&mut self, round: RoundRow) -> bool {
        let fresh = self.rounds.iter().all(|known| known.ttl != round.ttl);
        if fresh {
            self.rounds.push(round);
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
        (self.rounds.len() + self.hops.len() + self.hits.len()) as u64 + u64::from(self.done.is_some())
    }

    /// What the origin was when the search ended: as its end says, or as the origin told of copies that came back to it.
    pub(super) fn role(&self, own: NodeId) -> Option<Role> {
        let told = || self.hops.iter().rfind(|hop| hop.node == own)?.role;
        self.done.as_ref().and_then(|(_, more)| more.role).or_else(told)
    }

    /// The search as far as its lines tell; `None` if none of them said what was searched.
    pub(super) fn finish(self, guid: Guid, own: NodeId) -> Option<RecordedSearch> {
        let (text, ttl, strategy) = self.query?;
        // Whoever reports a copy from the origin was sent one: the least that it must have sent.
        let first: BTreeSet<NodeId> =
            self.hops.iter().filter(|hop| hop.hop == 1 && hop.from == own).map(|hop| hop.node).collect();
        let (done, more) = self.done.unzip();
        let later: u16 = self.rounds.iter().map(|round| round.sent).fold(0, u16::saturating_add);
        let claimed = more.and_then(|more| more.sent).map(|sent| sent.saturating_sub(later));
        let sent = claimed
            .filter(|sent| usize::from(*sent) <= MAX_LINKS)
            .unwrap_or(0)
            .max(first.len().min(usize::from(u16::MAX)) as u16);
        let lost = more.map_or(0, |more| more.lost_reports);
        Some(RecordedSearch {
            guid,
            text,
            ttl,
            strategy,
            sent,
            rounds: self.rounds,
            hops: self.hops,
            hits: self.hits,
            lost,
            done,
        })
    }
}
