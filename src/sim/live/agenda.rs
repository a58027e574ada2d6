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

#[derive(Debug)]
struct Entry {
    at: Time,
    number: u64,
    what: Happening,
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
/// Slots of the wheel: what lies further ahead than four seconds waits apart.
const SLOTS: usize = 4_096;

/// Everything that is to happen: the current slot in order, the next ones as they came, and the far future in order again.
/// Almost everything is put down for the next few seconds, and there costs the same however much is waiting.
#[derive(Debug)]
pub(super) struct Agenda {
    current: BinaryHeap<Entry>,
    wheel: Vec<Vec<Entry>>,
    far: BinaryHeap<Entry>,
    /// The current slot since the epoch.
    slot: u64,
    /// How much waits in the wheel.
    turning: usize,
    numbered: u64,
}

impl Agenda {
    pub(super) fn new() -> Self {
        Self {
            current: BinaryHeap::new(),
            wheel: (0..SLOTS).map(|_| Vec::new()).collect(),
            far: BinaryHeap::new(),
            slot: 0,
            turning: 0,
            numbered: 0,
        }
    }

    /// Puts something down. What lies in the past happens next.
    pub(super) fn put(&mut self, at: Time, what: Happening) {
        self.numbered += 1;
        self.place(Entry { at, number: self.numbered, what });
    }

    fn place(&mut self, entry: Entry) {
        let slot = entry.at.micros() / SLOT;
        if slot <= self.slot {
            self.current.push(entry);
        } else if slot - self.slot < SLOTS as u64 {
            self.wheel[(slot % SLOTS as u64) as usize].push(entry);
            self.turning += 1;
        } else {
            self.far.push(entry);
        }
    }

    /// Turns the wheel until the current slot has something, or nothing is left.
    fn turn(&mut self) {
        while self.current.is_empty() {
            let far = self.far.peek().map(|entry| entry.at.micros() / SLOT);
            self.slot = match (self.turning, far) {
                (0, None) => return,
                (0, Some(far)) => far,
                (_, _) => self.slot + 1,
            };
            let due = std::mem::take(&mut self.wheel[(self.slot % SLOTS as u64) as usize]);
            self.turning -= due.len();
            self.current.extend(due);
            while self.far.peek().is_some_and(|entry| entry.at.micros() / SLOT < self.slot + SLOTS as u64) {
                if let Some(entry) = self.far.pop() {
                    self.place(entry);
                }
            }
        }
    }

    /// Takes what happens next, unless that is after `until`.
    pub(super) fn take(&mut self, until: Time) -> Option<(Time, Happening)> {
        self.turn();
        if self.current.peek()?.at > until {
            return None;
        }
        self.current.pop().map(|entry| (entry.at, entry.what))
    }

    /// Everything that waits, in no order: to be counted.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Happening> {
        let turning = self.wheel.iter().flatten();
        self.current.iter().chain(turning).chain(self.far.iter()).map(|entry| &entry.what)
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

    use super::{Agenda, Happening};
    use crate::base::Time;

    proptest! {
        #[test]
        fn everything_happens_in_order_and_once(
            first in prop::collection::vec(0u64..20_000_000, 1..60), later in prop::collection::vec(0u64..9_000_000, 0..60)
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
    fn nothing_happens_before_its_time() {
        let mut agenda = Agenda::new();
        agenda.put(Time::from_micros(50_000_000), Happening::Search);
        assert!(agenda.take(Time::from_micros(49_999_999)).is_none());
        assert!(agenda.take(Time::from_micros(50_000_000)).is_some());
    }
}
