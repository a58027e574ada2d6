//! From a query to the files that match, the best first.

use super::Index;
use super::ids::{Cursor, Ids};
use super::plan::{Plan, Source};
use crate::proto::{Folded, Query};

/// Matches looked at for each one wanted, before the best of them are chosen: with more, a common word would cost a walk
/// through half the library.
const CONSIDERED: usize = 3;
/// Files that one search may look at: a search from anywhere must not hold up the node.
const MAX_LOOKS: usize = 1 << 18;
/// Names that one search may read and fold, for what lists of files cannot tell (phrases, what is not wanted).
const MAX_READS: usize = 1 << 12;
/// A file whose size is looked up counts as so many looks: it is not in the processor's cache.
const SIZE_LOOKS: usize = 8;

/// A search under way.
struct Search<'a> {
    index: &'a Index,
    query: &'a Query,
    /// Lists that a match is in, apart from the one that is walked.
    filters: Vec<&'a Ids>,
    /// Whether lists do not tell it all, so that names must be read.
    reads_names: bool,
    looks: usize,
    reads: usize,
    /// Matches are looked for until there are so many.
    wanted: usize,
    found: Vec<u32>,
    folded: Folded,
}

impl Index {
    /// The numbers of up to `limit` files that match, those with the fewest words besides first. It stops early, and may
    /// so miss better matches, when it has seen three times `limit` matches, a quarter of a million files,
    /// or 4,096 names.
    #[must_use]
    pub fn search(&self, query: &Query, limit: usize) -> Vec<u32> {
        let mut search = Search {
            index: self,
            query,
            filters: Vec::new(),
            reads_names: !query.unwanted().is_empty(),
            looks: 0,
            reads: 0,
            wanted: limit.saturating_mul(CONSIDERED),
            found: Vec::new(),
            folded: Folded::default(),
        };
        search.run();
        search.best(limit)
    }
}

impl<'a> Search<'a> {
    fn run(&mut self) {
        if let Some(hash) = self.query.hash() {
            self.reads_names |= !self.query.wanted().is_empty();
            self.walk(self.index.files.with_content(hash));
            return;
        }
        let Some(plan) = Plan::of(&self.index.words, self.query, None) else { return };
        self.filters = plan.filters;
        self.reads_names = plan.reads_names;
        match plan.source {
            Source::Exact(list) => self.walk(list.iter()),
            Source::Prefix(prefix) => self.walk_lists(self.index.words.beginning(prefix)),
            Source::Any(lists) => self.walk_lists(lists.into_iter()),
        }
    }

    fn walk_lists(&mut self, lists: impl Iterator<Item = &'a Ids>) {
        for list in lists {
            self.walk(list.iter());
            if self.is_over() {
                return;
            }
        }
        self.drop_doubles();
    }

    /// Goes through files in ascending order and keeps those that match.
    fn walk(&mut self, files: impl Iterator<Item = u32>) {
        let mut cursors: Vec<Cursor<'a>> = self.filters.iter().copied().map(Cursor::new).collect();
        for number in files {
            self.looks += 1;
            if cursors.iter_mut().all(|cursor| cursor.has(number)) && self.matches(number) {
                self.found.push(number);
            }
            if self.is_over() {
                return;
            }
        }
    }

    fn is_over(&mut self) -> bool {
        if self.found.len() >= self.wanted {
            self.drop_doubles();
        }
        self.found.len() >= self.wanted || self.looks >= MAX_LOOKS || self.reads >= MAX_READS
    }

    /// A file is found once for each word that begins so.
    fn drop_doubles(&mut self) {
        self.found.sort_unstable();
        self.found.dedup();
    }

    fn matches(&mut self, number: u32) -> bool {
        let files = &self.index.files;
        if self.query.sizes() != (0..=u64::MAX) {
            self.looks += SIZE_LOOKS;
            if !self.query.sizes().contains(&files.stamp(number).size) {
                return false;
            }
        }
        if !self.reads_names {
            return true;
        }
        self.reads += 1;
        self.folded.set(files.name(number));
        self.query.matches_name(&self.folded)
    }

    fn best(mut self, limit: usize) -> Vec<u32> {
        let ranks = &self.index.ranks;
        let key = |number: &u32| (ranks[*number as usize], *number);
        if limit > 0 && self.found.len() > limit {
            self.found.select_nth_unstable_by_key(limit - 1, key);
        }
        self.found.truncate(limit);
        self.found.sort_unstable_by_key(key);
        self.found
    }
}
