//! Which groups of a file are here, and which one to fetch next.
//!
//! Invariant: each group is in exactly one state, and bytes count as done only for verified ones. Claims are what lets
//! several sources work on one file: a group is claimed by at most one of them.

use std::ops::Range;

use super::verify::{group_count, group_span};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    Missing,
    Claimed,
    Verified,
}

/// The state of every group of one file.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    size: u64,
    groups: Vec<Group>,
    /// No group before this one is missing.
    first_missing: usize,
    bytes: u64,
}

impl Plan {
    /// Nothing is here yet. A file of too many groups has none at all; [`super::verify::GroupList`] refused it before.
    #[must_use]
    pub(super) fn new(size: u64) -> Self {
        let count = group_count(size).unwrap_or(0) as usize;
        Self { size, groups: vec![Group::Missing; count], first_missing: 0, bytes: 0 }
    }

    /// Takes the first run of missing groups, at most `most` of them; `None` when none is missing.
    pub(super) fn claim(&mut self, most: u32) -> Option<Range<u32>> {
        let missing = |group: &Group| *group == Group::Missing;
        let start = self.first_missing + self.groups[self.first_missing..].iter().position(missing)?;
        let run = self.groups[start..].iter().take(most.max(1) as usize).take_while(|group| missing(group)).count();
        self.groups[start..start + run].fill(Group::Claimed);
        self.first_missing = start + run;
        Some(start as u32..(start + run) as u32)
    }

    /// Gives back what was claimed of `run`; verified groups stay verified.
    pub(super) fn release(&mut self, run: Range<u32>) {
        let run = run.start as usize..(run.end as usize).min(self.groups.len());
        let start = run.start;
        for group in self.groups.get_mut(run).into_iter().flatten().filter(|group| **group == Group::Claimed) {
            *group = Group::Missing;
        }
        self.first_missing = self.first_missing.min(start);
    }

    /// A group was checked and is on its way to the disk or there; whether that is news.
    pub(super) fn verified(&mut self, index: u32) -> bool {
        match self.groups.get_mut(index as usize) {
            None | Some(Group::Verified) => false,
            Some(group) => {
                *group = Group::Verified;
                let span = group_span(self.size, index);
                self.bytes += span.end - span.start;
                true
            }
        }
    }

    /// The bytes of a run of groups.
    #[must_use]
    pub(super) fn span(&self, run: &Range<u32>) -> Range<u64> {
        let last = group_span(self.size, run.end.saturating_sub(1));
        group_span(self.size, run.start).start..last.end
    }

    /// Verified bytes.
    #[must_use]
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether every group is verified.
    #[must_use]
    pub(super) const fn is_complete(&self) -> bool {
        self.bytes == self.size
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::verify::GROUP;
    use super::*;

    #[derive(Clone, Debug)]
    enum Op {
        Claim(u32),
        Release(usize),
        Verify(u32),
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![(0u32..6).prop_map(Op::Claim), (0usize..4).prop_map(Op::Release), (0u32..24).prop_map(Op::Verify)]
    }

    proptest! {
        /// Against a model of three sets.
        #[test]
        fn each_group_is_in_one_state_and_claims_never_overlap(size in 0..20 * GROUP, ops in prop::collection::vec(op(), 0..80)) {
            let count = group_count(size).unwrap();
            let mut plan = Plan::new(size);
            let mut claims: Vec<Range<u32>> = vec![];
            let mut model = vec!['m'; count as usize];
            for op in ops {
                match op {
                    Op::Claim(most) => {
                        let claim = plan.claim(most);
                        prop_assert_eq!(claim.clone().map(|run| run.start as usize), model.iter().position(|c| *c == 'm'));
                        if let Some(run) = claim {
                            prop_assert!(!run.is_empty() && run.len() <= most.max(1) as usize);
                            for state in &mut model[run.start as usize..run.end as usize] {
                                prop_assert_eq!(*state, 'm');
                                *state = 'c';
                            }
                            claims.push(run);
                        }
                    }
                    Op::Release(at) if at < claims.len() => {
                        let run = claims.swap_remove(at);
                        for state in &mut model[run.start as usize..run.end as usize] {
                            *state = if *state == 'v' { 'v' } else { 'm' };
                        }
                        plan.release(run);
                    }
                    Op::Release(_) => {}
                    Op::Verify(index) => {
                        let news = model.get_mut(index as usize).is_some_and(|state| std::mem::replace(state, 'v') != 'v');
                        prop_assert_eq!(plan.verified(index), news);
                    }
                }
                let bytes: u64 = (0..count).filter(|i| model[*i as usize] == 'v').map(|i| group_span(size, i)).map(|s| s.end - s.start).sum();
                prop_assert_eq!(plan.bytes(), bytes);
                prop_assert_eq!(plan.is_complete(), model.iter().all(|state| *state == 'v'));
            }
        }
    }

    #[test]
    fn a_run_ends_with_the_file() {
        let plan = Plan::new(2 * GROUP + 5);
        assert_eq!(plan.span(&(1..3)), GROUP..2 * GROUP + 5);
        assert!(Plan::new(0).is_complete());
        assert_eq!(Plan::new(0).claim(1), None);
    }
}
