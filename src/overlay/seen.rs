//! Which queries passed by, and the way back to where each came from.

use crate::base::{Generations, Rng, Time};
use crate::proto::{Guid, Ttl, limits};

use super::io::LinkId;

/// What is remembered of a query.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passed {
    /// The highest TTL that a copy had on arrival.
    pub(super) ttl: Ttl,
    /// The link that the first copy came on: the way back. `None` for an own query.
    pub(super) from: Option<LinkId>,
    /// Hops that the first copy had travelled on arrival; 0 for an own query.
    pub(super) hops: u8,
    /// Files that it was answered with.
    pub(super) hits: u8,
    /// Whether this node sent reports on it, and so goes on to.
    pub(super) reported: bool,
}

/// The table of GUIDs. It forgets by age and by count; a query lives shorter than a generation.
#[derive(Debug)]
pub(super) struct Seen {
    table: Generations<Guid, Passed>,
    /// When the generations were last turned.
    turned: Time,
    /// Entries forgotten before their time because the table was full.
    pub(super) evicted: u64,
}

impl Seen {
    pub(super) fn new(capacity: usize, rng: &mut Rng) -> Self {
        Self { table: Generations::new(capacity, rng.next_u64()), turned: Time::ZERO, evicted: 0 }
    }

    pub(super) fn get(&self, guid: &Guid) -> Option<&Passed> {
        self.table.get(guid)
    }

    pub(super) fn get_mut(&mut self, guid: &Guid) -> Option<&mut Passed> {
        self.table.get_mut(guid)
    }

    pub(super) fn insert(&mut self, guid: Guid, passed: Passed) {
        self.evicted += self.table.insert(guid, passed) as u64;
    }

    /// Forgets what is old, and says when to come again: never once nothing is left.
    pub(super) fn age(&mut self, now: Time) -> Time {
        if now.since(self.turned) >= limits::SEEN_GENERATION {
            self.table.rotate();
            self.turned = now;
        }
        if self.table.is_empty() { Time::NEVER } else { self.turned + limits::SEEN_GENERATION }
    }

    /// Queries remembered.
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }
}
