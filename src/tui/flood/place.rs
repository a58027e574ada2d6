//! Where a node stands on its ring. A place is given once and kept: near the node that passed the query on, in that
//! node's sector, and apart from everybody who is there already. Nobody moves when others come.

use crate::app::NodeId;

/// Slots of a ring at first, for each ring up to it: an outer ring is longer.
const SLOTS_A_RING: usize = 20;
/// Slots of the first ring: as many as copies were sent, within these.
const FIRST_RING: (usize, usize) = (3, 96);

/// Slots of a ring that are looked for one by one. Beyond them nobody is told apart, and nodes stand wherever their sector
/// is, one over another.
const SLOTS: usize = 1_024;

/// Not every copy that is sent on finds somebody new: children may stand that much wider apart.
const SPREAD: f64 = 1.4;

/// A place on a ring: where, in turns from the top, and how much of the ring is its sector.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    /// Turns from the top, clockwise, 0 to 1.
    pub turn: f64,
    /// Turns that its children share.
    pub sector: f64,
    /// How far inside its ring it stands where that is crowded: from 0, on it, to 1, at the next one.
    pub depth: f64,
}

/// Which part of a ring a node would like to be on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    /// The place of the node that it got the query from.
    pub(super) parent: Option<Spot>,
    /// How many children that one has already.
    pub(super) nth: usize,
    /// How many it may get: the copies that it sent.
    pub(super) of: usize,
}

/// The slots of one ring. When they get scarce there are twice as many: whoever has one keeps its place.
#[derive(Clone, Debug)]
struct Ring {
    taken: Vec<bool>,
    used: usize,
    first: bool,
    /// Turns by which the first slot is off the top, so that no slot of the first grid is right at the bottom.
    phase: f64,
}

impl Ring {
    fn new(slots: usize, first: bool) -> Self {
        Self { taken: vec![false; slots], used: 0, first, phase: if first { 0.0 } else { 0.5 / slots as f64 } }
    }

    fn slot_width(&self) -> f64 {
        1.0 / self.taken.len() as f64
    }

    fn make_room(&mut self) {
        let slots = self.taken.len();
        // The first ring has a slot for each; others some to spare, so that the next free one is near.
        let full = if self.first { self.used >= slots } else { self.used * 4 >= slots * 3 };
        if full {
            self.taken = self.taken.iter().flat_map(|&taken| [taken, false]).collect();
        }
    }

    /// Takes the free slot that is nearest to a wish.
    fn take(&mut self, turn: f64) -> f64 {
        if self.used >= SLOTS {
            return turn.rem_euclid(1.0);
        }
        self.make_room();
        let slots = self.taken.len() as i64;
        let wished = ((turn - self.phase).rem_euclid(1.0) * slots as f64).round() as i64;
        let around = (0..slots).map(|i| if i % 2 == 0 { i / 2 } else { -(i + 1) / 2 });
        let mut places = around.map(|away| (wished + away).rem_euclid(slots) as usize);
        let found = places.find(|&place| !self.taken[place]).unwrap_or(0);
        self.taken[found] = true;
        self.used += 1;
        (found as f64 * self.slot_width() + self.phase).rem_euclid(1.0)
    }
}

/// All rings: who stands where.
#[derive(Clone, Debug)]
pub(super) struct Rings(Vec<Ring>);

impl Rings {
    /// So many empty rings around a node that sent so many copies.
    pub(super) fn new(rings: u8, sent: usize) -> Self {
        let slots = |ring: usize| if ring == 1 { sent.clamp(FIRST_RING.0, FIRST_RING.1) } else { SLOTS_A_RING * ring };
        Self((1..=usize::from(rings)).map(|ring| Ring::new(slots(ring), ring == 1)).collect())
    }

    /// Gives a node a place on a ring, counted from 1, if there is such a ring.
    pub(super) fn place(&mut self, ring: u8, node: NodeId, wish: Wish) -> Option<Spot> {
        let ring = self.0.get_mut(usize::from(ring).checked_sub(1)?)?;
        let hash = hash(node);
        let anywhere = (hash >> 11) as f64 / (1u64 << 53) as f64;
        // Other bits of it: nodes of one direction are not all at one depth.
        let depth = (hash & 0xffff) as f64 / f64::from(1 << 16);
        let (turn, sector) = match wish.parent {
            None => (ring.take(anywhere), ring.slot_width()),
            Some(parent) => {
                let step = (parent.sector * SPREAD / wish.of.max(1) as f64).max(ring.slot_width());
                // In the middle of the sector first, then to its sides in turn.
                let aside = wish.nth.div_ceil(2) as f64 * step;
                let to = if wish.nth.is_multiple_of(2) { -aside } else { aside };
                (ring.take(parent.turn + to), step)
            }
        };
        Some(Spot { turn, sector, depth })
    }
}

/// A number of a node's id, which is a hash itself.
fn hash(node: NodeId) -> u64 {
    node.0.iter().take(8).fold(0, |sum, &byte| sum << 8 | u64::from(byte))
}
