//! What is on its way: a wheel of windows in which copies wait for their time, and the order in which a window is worked off.
//!
//! No link is faster than the wheel's window is long. So whatever a node does within a window arrives in a later one, and
//! nodes cannot disturb each other within it: a window may be worked off node by node instead of in the order of time,
//! which keeps a node's memory near while all its copies are handled, and by several threads, each with nodes of its own.
//! Each node still sees its own copies in their order.

use super::delay::Delay;
use super::graph::End;
use crate::base::Time;
use crate::proto::Travel;
use crate::proto::limits::SEEN_GENERATION;

/// Copies that are sorted by comparing them, without a look at how the nodes are spread.
const FEW: usize = 64;
/// Copies that share a bucket, on average: so few that sorting them costs less than more buckets would.
const A_BUCKET: usize = 4;

/// A copy of the query on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Copy {
    /// When it arrives: microseconds after its window began.
    pub(super) after: u32,
    /// Where.
    pub(super) node: u32,
    /// On which of that node's ends.
    pub(super) end: End,
    /// TTL and hops as they were sent.
    pub(super) travel: Travel,
}

// A flood through a million nodes has a million of them on their way.
const _: () = assert!(size_of::<Copy>() <= 16);
// No flood has a slower link than this, and so no longer window.
const _: () = assert!(SEEN_GENERATION.as_micros() <= u32::MAX as u128);

impl Copy {
    /// What orders the copies of a window: by node, for each node by time, links that deliver at the same moment in their own
    /// order, and what one link delivers at the same moment as it was sent: a node sends again only with a higher TTL.
    const fn order(&self) -> (u64, u64) {
        let ttl = self.travel.ttl() as u64;
        ((self.node as u64) << 32 | self.after as u64, (self.end as u64) << 8 | ttl)
    }
}

/// The copies that some nodes sent, by the window of time in which they arrive and the part of the nodes that gets them.
#[derive(Debug)]
pub(super) struct Wheel {
    /// Length of a window, in microseconds.
    window: u64,
    /// Parts that the nodes are in.
    parts: usize,
    /// The windows from the current one on, numbered since the epoch, around; in each one a list a part.
    slots: Vec<Vec<Copy>>,
    waiting: usize,
}

impl Wheel {
    /// An empty wheel for nodes in so many parts, and links with these delays.
    pub(super) fn new(delay: Delay, parts: usize) -> Self {
        let window = delay.shortest();
        let windows = delay.longest().as_micros() as u64 / window + 2;
        let slots = (0..windows as usize * parts).map(|_| Vec::new()).collect();
        Self { window, parts, slots, waiting: 0 }
    }

    fn slot(&self, window: u64, part: usize) -> usize {
        let windows = self.slots.len() / self.parts;
        (window % windows as u64) as usize * self.parts + part
    }

    /// When a window begins.
    pub(super) const fn start(&self, window: u64) -> Time {
        Time::from_micros(window * self.window)
    }

    /// Takes a copy that was sent in the current window, or at the epoch before it began, and arrives at `at`.
    pub(super) fn push(&mut self, at: Time, part: usize, node: u32, end: End, travel: Travel) {
        let (window, after) = (at.micros() / self.window, (at.micros() % self.window) as u32);
        let slot = self.slot(window, part);
        self.slots[slot].push(Copy { after, node, end, travel });
        self.waiting += 1;
    }

    /// Copies on their way.
    pub(super) const fn waiting(&self) -> usize {
        self.waiting
    }

    /// Whether none arrives in a window, the current one or a later one that copies can be sent to by now.
    pub(super) fn is_empty(&self, window: u64) -> bool {
        (0..self.parts).all(|part| self.slots[self.slot(window, part)].is_empty())
    }

    /// Takes the copies of one part out of a window, and leaves an empty list in their place.
    pub(super) fn take(&mut self, window: u64, part: usize, emptied: &mut Vec<Copy>) {
        let slot = self.slot(window, part);
        std::mem::swap(&mut self.slots[slot], emptied);
        self.waiting -= emptied.len();
    }
}

/// Puts the copies of a window in the order in which they are delivered.
#[derive(Debug, Default)]
pub(super) struct Sorter {
    /// Where each bucket begins, and then, where the next copy of it goes.
    places: Vec<u32>,
}

impl Sorter {
    /// Sorts copies for nodes from `first` on, `nodes` of them, into `sorted`: by buckets of a few nodes each, and within
    /// each by comparing. Where a copy came from makes no difference.
    pub(super) fn sort(&mut self, first: u32, nodes: usize, copies: &[Vec<Copy>], sorted: &mut Vec<Copy>) {
        sorted.clear();
        copies.iter().for_each(|some| sorted.extend_from_slice(some));
        if sorted.len() <= FEW {
            return sorted.sort_unstable_by_key(Copy::order);
        }
        let shift = (nodes * A_BUCKET / sorted.len()).max(1).ilog2();
        let bucket = |copy: &Copy| ((copy.node - first) >> shift) as usize;
        self.places.clear();
        self.places.resize((nodes >> shift) + 2, 0);
        sorted.iter().for_each(|copy| self.places[bucket(copy) + 1] += 1);
        let mut sum = 0;
        for place in &mut self.places {
            sum += *place;
            *place = sum;
        }
        for copy in copies.iter().flatten() {
            let place = &mut self.places[bucket(copy)];
            sorted[*place as usize] = *copy;
            *place += 1;
        }
        let mut start = 0;
        for &end in &self.places {
            let end = end as usize;
            if end > start + 1 {
                sorted[start..end].sort_unstable_by_key(Copy::order);
            }
            start = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::{Copy, Sorter, Wheel};
    use crate::base::{Rng, Time};
    use crate::proto::Travel;
    use crate::sim::Delay;

    proptest! {
        #[test]
        fn every_copy_comes_out_in_its_window(
            shortest in 1u64..50, spread in 0u64..500, seed: u64
        ) {
            let micros = Duration::from_micros;
            let mut wheel = Wheel::new(Delay::new(micros(shortest), micros(shortest + spread)).unwrap(), 3);
            let mut rng = Rng::new(seed);
            let (mut sent, mut came, mut window) = (0, 0, 0);
            let mut push = |wheel: &mut Wheel, now: u64, node: u32| {
                let at = now + rng.range(shortest..shortest + spread + 1);
                // The end tells the microsecond: what the copy itself says must lead back to it.
                wheel.push(Time::from_micros(at), node as usize % 3, node, at as u32, Travel::start(1, 1));
            };
            for node in 0..5 {
                push(&mut wheel, 0, node);
                sent += 1;
            }
            while wheel.waiting() > 0 {
                while wheel.is_empty(window) {
                    window += 1;
                }
                for part in 0..3 {
                    let mut copies = Vec::new();
                    wheel.take(window, part, &mut copies);
                    for copy in copies {
                        let at = wheel.start(window).micros() + u64::from(copy.after);
                        prop_assert_eq!((at, copy.node as usize % 3), (copy.end.into(), part));
                        came += 1;
                        if sent < 300 {
                            push(&mut wheel, at, sent);
                            sent += 1;
                        }
                    }
                }
            }
            prop_assert_eq!(sent, came);
        }

        #[test]
        fn copies_are_ordered_whoever_brings_them(
            first in 0u32..100, nodes in 1usize..500, drawn in prop::collection::vec((any::<u16>(), 0u32..9, 0u32..4, 0u8..3), 0..600),
            cut in 0usize..600
        ) {
            let copy = |&(node, after, end, ttl): &(u16, u32, u32, u8)| {
                let node = first + u32::from(node) % nodes as u32;
                Copy { after, node, end, travel: Travel::from_wire(ttl, 1) }
            };
            let mut all: Vec<Copy> = drawn.iter().map(copy).collect();
            let mut brought = vec![all.clone()];
            let more = brought[0].split_off(cut.min(all.len()));
            brought.push(more);
            let (mut sorter, mut sorted) = (Sorter::default(), Vec::new());
            // What is left of an earlier window makes no difference.
            sorter.sort(first, nodes, &[all.clone(), all.clone()], &mut sorted);
            sorter.sort(first, nodes, &brought, &mut sorted);
            all.sort_by_key(|copy| (copy.node, copy.after, copy.end, copy.travel.ttl()));
            prop_assert_eq!(sorted, all);
        }
    }
}
