//! Which queries passed by, and the way back to where each came from.

use super::io::LinkId;
use crate::base::{Generations, Rng, Time};
use crate::proto::limits::{MAX_PASSED_BACK, SEEN_GENERATION};
use crate::proto::{Guid, Travel, Ttl};

/// What is remembered of a query.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passed {
    from: LinkId,
    /// The highest TTL that a copy had on arrival.
    pub(super) ttl: Ttl,
    /// Hops that the first copy had travelled on arrival; 0 for an own query.
    pub(super) hops: u8,
    /// Files that it was answered with.
    pub(super) hits: u8,
    /// Whether this node sent reports on it, and so goes on to.
    pub(super) reported: bool,
    /// Whether the first copy was a walker: the way back may be long.
    pub(super) walk: bool,
    /// Hits and reports that were passed back.
    passed_back: u16,
}

impl Passed {
    /// A query whose first copy, a walker or not, came on a link, as it stood on arrival, and was answered with so many
    /// files.
    pub(super) const fn new(from: LinkId, travel: Travel, hits: u8, walk: bool) -> Self {
        Self { from, ttl: travel.ttl(), hops: travel.hops(), hits, reported: false, walk, passed_back: 0 }
    }

    /// An own query.
    pub(super) const fn own(walk: bool) -> Self {
        Self::new(LinkId::NOBODYS, Travel::from_wire(Ttl::MAX, 0), 0, walk)
    }

    /// Whether this node itself asks.
    pub(super) fn is_own(&self) -> bool {
        self.from == LinkId::NOBODYS
    }

    /// Counts a hit or report that is passed back; `false` for one more than an origin can have a use for. So whoever says
    /// the same for ever is heard for a while, and so is what goes in a circle: where nodes forgot a walk that still went
    /// on, first copies no longer lead to its origin.
    pub(super) fn pass_back(&mut self) -> bool {
        let may = self.passed_back < MAX_PASSED_BACK;
        self.passed_back += u16::from(may);
        may
    }

    /// The link that the first copy came on: the way back. `None` for an own query.
    pub(super) fn from(&self) -> Option<LinkId> {
        (!self.is_own()).then_some(self.from)
    }
}

/// The table of GUIDs. It forgets by age and by count; a query lives shorter than a generation.
///
/// The first query ever is kept in the node itself, and only a second one, or its age, makes a table: a simulation of one
/// query has none at all.
#[derive(Debug)]
pub(super) struct Seen {
    first: Option<(Guid, Passed)>,
    table: Option<Box<Table>>,
    /// What the table's hasher begins with; half a word, so that all of it is no longer.
    seed: u32,
}

#[derive(Debug)]
struct Table {
    passed: Generations<Guid, Passed>,
    /// When the generations were last turned.
    turned: Time,
}

// It lies where each copy of a query is waited for.
const _: () = assert!(size_of::<Seen>() <= 40);

impl Seen {
    pub(super) fn new(rng: &mut Rng) -> Self {
        Self { first: None, table: None, seed: (rng.next_u64() >> 32) as u32 }
    }

    pub(super) fn get(&self, guid: &Guid) -> Option<&Passed> {
        match (&self.first, &self.table) {
            (Some((first, passed)), _) => (first == guid).then_some(passed),
            (None, table) => table.as_ref()?.passed.get(guid),
        }
    }

    pub(super) fn get_mut(&mut self, guid: &Guid) -> Option<&mut Passed> {
        match (&mut self.first, &mut self.table) {
            (Some((first, passed)), _) => (first == guid).then_some(passed),
            (None, table) => table.as_mut()?.passed.get_mut(guid),
        }
    }

    /// Remembers a query, in a table of `capacity` entries a generation; returns how many others were forgotten for it
    /// before their time.
    pub(super) fn insert(&mut self, guid: Guid, passed: Passed, capacity: usize) -> usize {
        if self.table.is_none() && self.first.as_ref().is_none_or(|(first, _)| *first == guid) {
            self.first = Some((guid, passed));
            return 0;
        }
        self.table(capacity).passed.insert(guid, passed)
    }

    /// The table, made now if there was none, with what was kept apart.
    fn table(&mut self, capacity: usize) -> &mut Table {
        let table = self.table.get_or_insert_with(|| {
            Box::new(Table { passed: Generations::new(capacity, self.seed.into()), turned: Time::ZERO })
        });
        if let Some((guid, passed)) = self.first.take() {
            table.passed.insert(guid, passed);
        }
        table
    }

    /// Forgets what is old, and says when to come again: never once nothing is left.
    pub(super) fn age(&mut self, now: Time, capacity: usize) -> Time {
        let table = self.table(capacity);
        if now.since(table.turned) >= SEEN_GENERATION {
            table.passed.rotate();
            table.turned = now;
        }
        if table.passed.is_empty() { Time::NEVER } else { table.turned + SEEN_GENERATION }
    }

    /// Queries remembered.
    pub(super) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.table.as_ref().map_or(0, |table| table.passed.len())
    }
}
