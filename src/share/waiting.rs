//! Files that were noticed and are not in the index yet, so that somebody who looks for one can be told.

use std::collections::BTreeMap;

use super::settle::Spot;
use crate::proto::{Folded, Query};

/// Names that one question looks at, some milliseconds' worth: whoever asks must not keep the node from its work.
const MAX_LOOKED_AT: usize = 10_000;

/// The files with their sizes, from the moment that they are noticed until they are indexed, left out or gone. As many as
/// the keeper lets settle, rest and be hashed, each of which has its bound.
#[derive(Debug, Default)]
pub(super) struct Waiting(BTreeMap<Spot, u64>);

impl Waiting {
    /// A file was noticed, or looks different now.
    pub(super) fn note(&mut self, spot: &Spot, size: u64) {
        match self.0.get_mut(spot) {
            Some(known) => *known = size,
            None => drop(self.0.insert(spot.clone(), size)),
        }
    }

    /// A file waits no more.
    pub(super) fn remove(&mut self, spot: &Spot) {
        self.0.remove(spot);
    }

    /// No file of a share waits any more.
    pub(super) fn remove_root(&mut self, root: u16) {
        self.0.retain(|spot, _| spot.root != root);
    }

    /// Files that may match, and files that were not looked at. Nobody knows their contents yet, so a search for a hash
    /// goes by the rest of it.
    pub(super) fn matching(&self, query: &Query) -> (u32, u32) {
        let (mut folded, mut found) = (Folded::default(), 0);
        for (spot, size) in self.0.iter().take(MAX_LOOKED_AT) {
            folded.set(spot.path.rsplit('/').next().unwrap_or_default());
            found += u32::from(query.sizes().contains(size) && query.matches_name(&folded));
        }
        (found, self.0.len().saturating_sub(MAX_LOOKED_AT) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_LOOKED_AT, Waiting};
    use crate::proto::Query;
    use crate::share::settle::Spot;

    fn spot(root: u16, path: &str) -> Spot {
        Spot { root, path: path.to_owned() }
    }

    fn matching(waiting: &Waiting, query: &str) -> (u32, u32) {
        waiting.matching(&Query::parse(query).unwrap())
    }

    #[test]
    fn files_wait_by_name_and_size_until_they_are_done() {
        let mut waiting = Waiting::default();
        waiting.note(&spot(0, "notes/Lecture 1.pdf"), 10);
        waiting.note(&spot(0, "notes/Lecture 1.pdf"), 2_000);
        waiting.note(&spot(1, "lecture 2.txt"), 10);
        assert_eq!(matching(&waiting, "lecture"), (2, 0));
        assert_eq!(matching(&waiting, "notes"), (0, 0), "folders do not count");
        assert_eq!(matching(&waiting, "lecture size:>1k"), (1, 0));
        assert_eq!(matching(&waiting, &format!("lecture ext:txt hash:{}", "0".repeat(64))), (1, 0));
        waiting.remove(&spot(0, "notes/Lecture 1.pdf"));
        waiting.remove_root(1);
        assert_eq!(matching(&waiting, "lecture"), (0, 0));
    }

    #[test]
    fn what_is_not_looked_at_is_counted() {
        let mut waiting = Waiting::default();
        (0..MAX_LOOKED_AT + 5).for_each(|n| waiting.note(&spot(0, &format!("song {n:06}")), 1));
        assert_eq!(matching(&waiting, "song"), (MAX_LOOKED_AT as u32, 5));
    }
}
