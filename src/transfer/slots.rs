//! Who may upload now, and who waits: slots and a queue, without IO.
//!
//! First come, first served. Who has to wait is told its place and when to ask again, and keeps its place as long as it
//! does ask; a slot that becomes free is kept for those ahead in the queue. A peer gets a second slot only while
//! another one stays free and nobody waits.

use std::collections::VecDeque;
use std::time::Duration;

use crate::base::Time;
use crate::proto::NodeId;

/// How long after the time at which it should have asked again a peer keeps its place.
const PATIENCE: Duration = Duration::from_secs(15);
/// The soonest and the latest that a peer is told to ask again.
const ASK_AGAIN: std::ops::RangeInclusive<u64> = 1..=20;

/// The answer to one who asks for a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It has one; [`Slots::give_back`] ends that.
    Go,
    /// It has to ask again after `retry`. `place` counts from 1; `None` when even the queue is full.
    Wait {
        /// Its place in the queue.
        place: Option<usize>,
        /// When to ask again.
        retry: Duration,
    },
}

/// The slots and the queue of one node.
#[derive(Debug)]
pub(super) struct Slots {
    slots: usize,
    most_waiting: usize,
    /// Who has a slot; a peer with two stands here twice.
    busy: Vec<NodeId>,
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    node: NodeId,
    /// When its place is given up unless it asks again.
    until: Time,
}

impl Slots {
    /// At least one slot; a queue of at most `most_waiting`.
    pub(super) fn new(slots: usize, most_waiting: usize) -> Self {
        Self { slots: slots.max(1), most_waiting, busy: vec![], waiting: VecDeque::new() }
    }

    /// `node` asks for a slot.
    pub(super) fn ask(&mut self, node: NodeId, now: Time) -> Answer {
        self.waiting.retain(|waiting| waiting.until > now);
        let free = self.slots - self.busy.len().min(self.slots);
        let known = self.waiting.iter().position(|waiting| waiting.node == node);
        let place = known.unwrap_or(self.waiting.len());
        let may = if self.busy.contains(&node) { free > 1 && place == 0 } else { free > self.slotless_before(place) };
        if may {
            if let Some(known) = known {
                self.waiting.remove(known);
            }
            self.busy.push(node);
            return Answer::Go;
        }
        let retry = Duration::from_secs((1 + place as u64).clamp(*ASK_AGAIN.start(), *ASK_AGAIN.end()));
        let until = now + retry + PATIENCE;
        if let Some(waiting) = self.waiting.get_mut(place) {
            waiting.until = until;
        } else if self.waiting.len() < self.most_waiting {
            self.waiting.push_back(Waiting { node, until });
        } else {
            return Answer::Wait { place: None, retry };
        }
        Answer::Wait { place: Some(place + 1), retry }
    }

    /// Those before `place` who have no slot at all: only they have a better right to a free one.
    fn slotless_before(&self, place: usize) -> usize {
        self.waiting.iter().take(place).filter(|waiting| !self.busy.contains(&waiting.node)).count()
    }

    /// `node` needs one of its slots no longer.
    pub(super) fn give_back(&mut self, node: NodeId) {
        if let Some(place) = self.busy.iter().position(|busy| *busy == node) {
            self.busy.swap_remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn node(name: u8) -> NodeId {
        NodeId([name; 32])
    }

    fn at(seconds: u64) -> Time {
        Time::ZERO + Duration::from_secs(seconds)
    }

    fn place(answer: Answer) -> Option<usize> {
        match answer {
            Answer::Go => None,
            Answer::Wait { place, .. } => place,
        }
    }

    #[test]
    fn first_come_first_served_and_a_free_slot_waits_for_the_first() {
        let mut slots = Slots::new(1, 2);
        assert_eq!(slots.ask(node(1), at(0)), Answer::Go);
        assert_eq!(place(slots.ask(node(2), at(0))), Some(1));
        assert_eq!(place(slots.ask(node(3), at(0))), Some(2));
        assert_eq!(slots.ask(node(4), at(0)), Answer::Wait { place: None, retry: Duration::from_secs(3) });
        slots.give_back(node(1));
        assert_eq!(place(slots.ask(node(3), at(1))), Some(2), "the slot is for who came first");
        assert_eq!(place(slots.ask(node(1), at(1))), None, "and the queue is full");
        assert_eq!(slots.ask(node(2), at(2)), Answer::Go);
        assert_eq!(place(slots.ask(node(3), at(2))), Some(1));
    }

    #[test]
    fn who_does_not_come_back_loses_its_place() {
        let mut slots = Slots::new(1, 5);
        slots.ask(node(1), at(0));
        slots.ask(node(2), at(0));
        slots.ask(node(3), at(0));
        slots.give_back(node(1));
        assert_eq!(place(slots.ask(node(3), at(15))), Some(2));
        assert_eq!(slots.ask(node(3), at(16)), Answer::Go);
    }

    #[test]
    fn a_second_slot_only_while_one_stays_free() {
        let mut slots = Slots::new(3, 5);
        assert_eq!(slots.ask(node(1), at(0)), Answer::Go);
        assert_eq!(slots.ask(node(1), at(0)), Answer::Go);
        assert_eq!(place(slots.ask(node(1), at(0))), Some(1));
        assert_eq!(slots.ask(node(2), at(0)), Answer::Go, "who has one already does not stand in the way");
        assert_eq!(place(slots.ask(node(2), at(0))), Some(2));
        assert_eq!(place(slots.ask(node(3), at(0))), Some(3));
        slots.give_back(node(1));
        assert_eq!(slots.ask(node(3), at(1)), Answer::Go);
    }

    proptest! {
        #[test]
        fn slots_and_queue_are_bounded_and_nobody_starves(
            count in 1usize..4, most in 0usize..4, ops in prop::collection::vec((0u8..6, any::<bool>()), 0..200)
        ) {
            let mut slots = Slots::new(count, most);
            let mut held: Vec<u8> = vec![];
            for (step, (name, asks)) in ops.into_iter().enumerate() {
                if asks {
                    if slots.ask(node(name), at(step as u64)) == Answer::Go {
                        held.push(name);
                    }
                } else if let Some(place) = held.iter().position(|held| *held == name) {
                    held.swap_remove(place);
                    slots.give_back(node(name));
                }
                prop_assert_eq!(slots.busy.len(), held.len());
                prop_assert!(slots.busy.len() <= count && slots.waiting.len() <= most);
            }
            // Everybody leaves: whoever waits at the front gets a slot as soon as it asks.
            held.into_iter().for_each(|name| slots.give_back(node(name)));
            if let Some(first) = slots.waiting.front().map(|waiting| waiting.node) {
                prop_assert_eq!(slots.ask(first, Time::ZERO), Answer::Go);
            }
        }
    }
}
