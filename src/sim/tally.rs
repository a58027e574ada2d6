//! What is counted while copies travel.

use crate::base::Time;

/// What no copy has reached yet.
const UNREACHED: u8 = u8::MAX;
/// Hops are a byte, and a copy that travelled that many is on one more.
const HOPS: usize = u8::MAX as usize + 1;

/// What happened at some nodes. Those of all nodes add up, in any order.
#[derive(Debug)]
pub(super) struct Tally {
    /// The fewest hops that any copy took to each node.
    nearest: Vec<u8>,
    /// Copies by the hop that they travel.
    by_hop: [u64; HOPS],
    /// Bytes of one copy; 0 at all nodes but the origin.
    pub(super) copy_bytes: u64,
    /// When the last copy came.
    pub(super) last: Time,
    pub(super) hash: u64,
}

impl Tally {
    /// Nothing has happened at so many nodes.
    pub(super) fn new(nodes: usize) -> Self {
        Self { nearest: vec![UNREACHED; nodes], by_hop: [0; HOPS], copy_bytes: 0, last: Time::ZERO, hash: 0 }
    }

    /// Whether no copy has come to the node at a place with so few hops.
    pub(super) fn is_nearer(&self, place: usize, hop: u8) -> bool {
        hop < self.nearest[place]
    }

    /// A copy came to the node at a place, on its hop `hop`.
    pub(super) fn reached(&mut self, place: usize, hop: u8) {
        let nearest = &mut self.nearest[place];
        *nearest = (*nearest).min(hop);
    }

    /// Copies were sent on their hop `hop`.
    pub(super) fn sent(&mut self, hop: u8, copies: u64) {
        self.by_hop[usize::from(hop)] += copies;
    }

    /// Takes an event into the hash. Events are added up, so that the hash says what happened, when and where, and nothing
    /// about how the loop came by it: each event has its own time, and that orders them.
    pub(super) fn note(&mut self, event: &[u64]) {
        let mixed = event.iter().fold(0x6A09_E667_F3BC_C908, |hash: u64, word| {
            let product = u128::from(hash ^ word) * 0x9E37_79B9_7F4A_7C15;
            ((product >> 64) as u64 ^ product as u64).wrapping_add(word.rotate_left(17))
        });
        self.hash = self.hash.wrapping_add(mixed);
    }

    /// Adds to each hop the nodes whose nearest copy came at it.
    pub(super) fn nearest_by_hop(&self, nodes: &mut [u64; HOPS]) {
        self.nearest.iter().filter(|&&hop| hop != UNREACHED).for_each(|&hop| nodes[usize::from(hop)] += 1);
    }

    /// Adds the copies sent on each hop.
    pub(super) fn sent_by_hop(&self, copies: &mut [u64; HOPS]) {
        copies.iter_mut().zip(&self.by_hop).for_each(|(sum, copies)| *sum += copies);
    }
}
