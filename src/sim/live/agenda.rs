//! What is to happen, in the order of time; at one moment in the order in which it was put down.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Duration;

use crate::base::Time;
use crate::overlay::{Message, Peer};
use crate::proto::{NodeId, PeerAddr};

/// One thing that is to happen. Nodes are numbers of the world; a `life` tells one run of a node from the next, so that what
/// was meant for a dead one is not given to its successor.
#[derive(Debug)]
pub(super) enum Happening {
    /// A node is started.
    Birth { node: u32 },
    /// A node's session is over.
    Death { node: u32, life: u32 },
    /// A node may want to be woken.
    Wake { node: u32 },
    /// A dialler reaches who listens at an address.
    Knock { node: u32, life: u32, addr: PeerAddr },
    /// A dialler learns that nobody answers.
    DialFailed { node: u32, life: u32, addr: PeerAddr },
    /// Who looked for a node at an address learns whether it is there.
    Checked { node: u32, life: u32, addr: PeerAddr, wanted: NodeId, reached: bool },
    /// One end of a link learns that it is up.
    Up { link: u32, peer: Arc<Peer> },
    /// One end of a link learns that it is gone.
    Down { link: u32, why: &'static str },
    /// A message arrives at an end of a link.
    Arrival { link: u32, message: Message },
    /// A message arrives over a connection of its own.
    Direct { from: u32, life: u32, node: u32, message: Message },
    /// A connection of its own could not be made.
    DirectFailed { node: u32, life: u32, message: Message },
    /// Somebody may search.
    Search,
    /// A fault begins.
    Begin { fault: usize },
    /// A fault ends.
    End { fault: usize },
}

impl Happening {
    /// The end of a link to which it happens.
    pub(super) const fn link(&self) -> Option<u32> {
        match self {
            Self::Up { link, .. } | Self::Down { link, .. } | Self::Arrival { link, .. } => Some(*link),
            _ => None,
        }
    }
}

#[derive(Debug)]
pub(super) struct Entry {
    at: Time,
    number: u64,
    pub(super) what: Happening,
}

impl Ord for Entry {
    /// The earliest is the greatest, for the heap.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}

/// Microseconds of a slot.
const SLOT: u64 = 1_024;
/// Slots of each wheel. A turn of the first takes four seconds; each slot of the second is such a turn, and all of them are
/// more than four hours. What lies further ahead waits apart.
const SLOTS: u64 = 4_096;
/// Entries for which a slot of the first wheel keeps room when it is empty. Floods come and go, and each slot would keep the
/// room of the largest that ever fell on it.
const KEPT: usize = 32;
/// Bytes of what waits: a world of a million nodes has millions waiting.
const _: () = assert!(size_of::<Entry>() <= 128);

/// Everything that is to happen, in a calendar: the current slot in order, and the next ones, and then the next turns, as they
/// came. So an entry is moved twice on its way however many are waiting.
#[derive(Debug)]
pub(super) struct Agenda {
    /// The current slot, the next one last.
    current: Vec<Entry>,
    /// So many of them were not shown by [`Agenda::ahead`].
    unseen: usize,
    /// What was put down for the current slot after it had begun.
    late: BinaryHeap<Entry>,
    slots: Wheel,
    turns: Wheel,
    far: BinaryHeap<Entry>,
    /// The current slot since the epoch.
    slot: u64,
    numbered: u64,
}

/// Slots of some length, each in no order.
#[derive(Debug)]
struct Wheel {
    slots: Vec<Vec<Entry>>,
    waiting: usize,
}

impl Wheel {
    fn new() -> Self {
        Self { slots: (0..SLOTS).map(|_| Vec::new()).collect(), waiting: 0 }
    }

    fn put(&mut self, slot: u64, entry: Entry) {
        self.slots[(slot % SLOTS) as usize].push(entry);
        self.waiting += 1;
    }

    /// Takes what waits in a slot, and leaves an empty list there: one that has room saves growing it again.
    fn take(&mut self, slot: u64, empty: Vec<Entry>) -> Vec<Entry> {
        let due = std::mem::replace(&mut self.slots[(slot % SLOTS) as usize], empty);
        self.waiting -= due.len();
        due
    }
}

const fn slot_of(at: Time) -> u64 {
    at.micros() / SLOT
}

impl Agenda {
    pub(super) fn new() -> Self {
        Self {
            current: Vec::new(),
            unseen: 0,
            late: BinaryHeap::new(),
            slots: Wheel::new(),
            turns: Wheel::new(),
            far: BinaryHeap::new(),
            slot: 0,
            numbered: 0,
        }
    }

    /// Puts something down. What lies in the past happens next.
    pub(super) fn put(&mut self, at: Time, what: Happening) {
        self.numbered += 1;
        let entry = Entry { at, number: self.numbered, what };
        if slot_of(at) <= self.slot { self.late.push(entry) } else { self.place(entry) }
    }

    /// Puts an entry where it waits: for this turn of the first wheel or for a later one.
    fn place(&mut self, entry: Entry) {
        let slot = slot_of(entry.at);
        let turns = slot / SLOTS - self.slot / SLOTS;
        if turns == 0 {
            self.slots.put(slot, entry);
        } else if turns < SLOTS {
            self.turns.put(slot / SLOTS, entry);
        } else {
            self.far.push(entry);
        }
    }

    /// Goes on until the current slot has something, or nothing is left.
    fn turn(&mut self) {
        while self.current.is_empty() && self.late.is_empty() {
            let far = self.far.peek().map(|entry| slot_of(entry.at));
            let next_turn = (self.slot / SLOTS + 1) * SLOTS;
            let next = match (self.slots.waiting, self.turns.waiting, far) {
                (0, 0, None) => return,
                (0, 0, Some(far)) => far / SLOTS * SLOTS,
                (0, ..) => next_turn,
                _ => self.slot + 1,
            };
            self.slot = next;
            if next % SLOTS == 0 {
                self.begin_turn();
            }
            let mut empty = std::mem::take(&mut self.current);
            empty.shrink_to(KEPT);
            self.current = self.slots.take(next, empty);
            self.current.sort_unstable_by_key(|entry| std::cmp::Reverse((entry.at, entry.number)));
            self.unseen = self.current.len();
        }
    }

    /// The first wheel begins anew: what was to wait for that is put into its slots.
    fn begin_turn(&mut self) {
        let turn = self.slot / SLOTS;
        self.turns.take(turn, Vec::new()).into_iter().for_each(|entry| self.place(entry));
        while self.far.peek().is_some_and(|entry| slot_of(entry.at) / SLOTS < turn + SLOTS) {
            if let Some(entry) = self.far.pop() {
                self.place(entry);
            }
        }
    }

    /// Takes what happens next, unless that is after `until`.
    pub(super) fn take(&mut self, until: Time) -> Option<(Time, Happening)> {
        self.turn();
        let (next, late) = (self.current.last(), self.late.peek());
        // Entries compare the other way round: the earlier is the greater one.
        let is_late = late > next;
        let first = if is_late { late } else { next };
        if first?.at > until {
            return None;
        }
        let taken = if is_late { self.late.pop() } else { self.current.pop() };
        taken.map(|entry| (entry.at, entry.what))
    }

    /// The next of the current slot, at most so many, each of them once: empty until those that were shown before are taken.
    pub(super) fn ahead(&mut self, most: usize) -> &[Entry] {
        if self.current.len() > self.unseen {
            return &[];
        }
        self.unseen = self.current.len().saturating_sub(most);
        &self.current[self.unseen..]
    }

    /// Everything that waits, in no order: to be counted.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Happening> {
        let wheels = self.slots.slots.iter().chain(&self.turns.slots).flatten();
        let apart = self.late.iter().chain(self.far.iter());
        self.current.iter().chain(apart).chain(wheels).map(|entry| &entry.what)
    }
}

/// The clock and the agenda together: what most of the world needs.
#[derive(Debug)]
pub(super) struct Clock {
    pub(super) now: Time,
    pub(super) agenda: Agenda,
}

impl Clock {
    pub(super) fn new() -> Self {
        Self { now: Time::ZERO, agenda: Agenda::new() }
    }

    /// Lets something happen after a while.
    pub(super) fn after(&mut self, span: Duration, what: Happening) {
        self.agenda.put(self.now + span, what);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Agenda, Happening, KEPT, SLOT, SLOTS, Wheel};
    use crate::base::Time;

    /// Times in all parts of the calendar: the slot, the turn, the turns, and what is further ahead.
    fn moment() -> impl Strategy<Value = u64> {
        let upto = |most: u64| 0..most;
        prop_oneof![upto(2 * SLOT), upto(2 * SLOT * SLOTS), upto(SLOT * SLOTS * 20), upto(SLOT * SLOTS * SLOTS * 3)]
    }

    proptest! {
        #[test]
        fn everything_happens_in_order_and_once(
            first in prop::collection::vec(moment(), 1..60), later in prop::collection::vec(moment(), 0..60)
        ) {
            let mut agenda = Agenda::new();
            for (node, &at) in first.iter().enumerate() {
                agenda.put(Time::from_micros(at), Happening::Wake { node: node as u32 });
            }
            let mut waits = later.iter();
            let mut taken: Vec<(u64, u32)> = Vec::new();
            let mut numbered = first.len() as u32;
            while let Some((at, Happening::Wake { node })) = agenda.take(Time::NEVER) {
                taken.push((at.micros(), node));
                if let Some(wait) = waits.next() {
                    agenda.put(Time::from_micros(at.micros() + wait), Happening::Wake { node: numbered });
                    numbered += 1;
                }
            }
            prop_assert!(taken.is_sorted(), "{:?}", taken);
            prop_assert_eq!(taken.len(), first.len() + later.len().min(taken.len()).min(later.len()));
            prop_assert_eq!(agenda.waiting().count(), 0);
        }
    }

    #[test]
    fn what_comes_next_is_shown_once_and_in_groups() {
        let mut agenda = Agenda::new();
        // All of them in one slot, but the last.
        for node in 0..10 {
            agenda.put(Time::from_micros(50 * SLOT + u64::from(node)), Happening::Wake { node });
        }
        agenda.put(Time::from_micros(60 * SLOT), Happening::Wake { node: 10 });
        let mut shown = Vec::new();
        while agenda.take(Time::NEVER).is_some() {
            shown.push(agenda.ahead(4).len());
        }
        assert_eq!(shown, [4, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn a_slot_keeps_no_room_for_the_largest_flood_that_ever_fell_on_it() {
        let mut agenda = Agenda::new();
        for turn in 0..2 {
            for slot in 1..100 {
                let at = Time::from_micros((turn * SLOTS + slot) * SLOT);
                (0..1_000).for_each(|node| agenda.put(at, Happening::Wake { node }));
            }
            while agenda.take(Time::from_micros((turn + 1) * SLOTS * SLOT)).is_some() {}
        }
        let room = |wheel: &Wheel| wheel.slots.iter().map(Vec::capacity).max();
        assert!(room(&agenda.slots) <= Some(KEPT), "{:?}", room(&agenda.slots));
        assert_eq!(room(&agenda.turns), Some(0));
    }

    #[test]
    fn nothing_happens_before_its_time() {
        let mut agenda = Agenda::new();
        agenda.put(Time::from_micros(50_000_000), Happening::Search);
        assert!(agenda.take(Time::from_micros(49_999_999)).is_none());
        assert!(agenda.take(Time::from_micros(50_000_000)).is_some());
    }
}
