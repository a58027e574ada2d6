//! The nodes, each in a slot with a short number, and which files are whose.

use std::collections::VecDeque;

use crate::base::{Map, seed};
use crate::overlay::Registration;
use crate::proto::NodeId;
use crate::share::index::ids::Ids;

/// Slots: registered nodes, and forgotten ones whose files are still being cleared away. One below what 16 bits hold,
/// for the number that means nobody.
const MAX_SLOTS: usize = u16::MAX as usize - 1;

/// A node.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) id: NodeId,
    pub(super) registration: Registration,
    /// Its files by their tags.
    pub(super) files: Ids,
    /// How many they are.
    pub(super) count: u32,
    /// The exclusive-or of their tags.
    pub(super) digest: u64,
    /// Whether the node is registered; the files of others are not found.
    pub(super) is_registered: bool,
}

/// All nodes.
#[derive(Debug)]
pub(super) struct Nodes {
    slots: Vec<Slot>,
    free: Vec<u16>,
    by_id: Map<NodeId, u16>,
    /// Forgotten nodes that still have files.
    forgotten: VecDeque<u16>,
}

impl Nodes {
    /// `seed_bits` are for the hash table: a stranger chooses its keys.
    pub(super) fn new(seed_bits: u64) -> Self {
        let by_id = Map::with_hasher(seed(seed_bits));
        Self { slots: Vec::new(), free: Vec::new(), by_id, forgotten: VecDeque::new() }
    }

    /// Registered nodes.
    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// The slot of a registered node.
    pub(super) fn find(&self, node: &NodeId) -> Option<u16> {
        self.by_id.get(node).copied()
    }

    /// A slot.
    pub(super) fn slot(&self, slot: u16) -> &Slot {
        &self.slots[usize::from(slot)]
    }

    /// A slot.
    pub(super) fn slot_mut(&mut self, slot: u16) -> &mut Slot {
        &mut self.slots[usize::from(slot)]
    }

    /// Registers a node that is not registered; `None` if all slots are taken.
    pub(super) fn add(&mut self, id: NodeId, registration: Registration) -> Option<u16> {
        let slot = Slot { id, registration, files: Ids::default(), count: 0, digest: 0, is_registered: true };
        let number = match self.free.pop() {
            Some(number) => {
                self.slots[usize::from(number)] = slot;
                number
            }
            None if self.slots.len() < MAX_SLOTS => {
                self.slots.push(slot);
                (self.slots.len() - 1) as u16
            }
            None => return None,
        };
        self.by_id.insert(id, number);
        Some(number)
    }

    /// Forgets a node at once; its files are to be cleared away. Returns how many they are.
    pub(super) fn forget(&mut self, node: &NodeId) -> u32 {
        let Some(number) = self.by_id.remove(node) else { return 0 };
        let slot = &mut self.slots[usize::from(number)];
        slot.is_registered = false;
        slot.registration = Registration::default();
        let count = slot.count;
        if count == 0 {
            self.free.push(number);
        } else {
            self.forgotten.push_back(number);
        }
        count
    }

    /// Takes one file off a forgotten node.
    pub(super) fn take_forgotten(&mut self) -> Option<u32> {
        let &number = self.forgotten.front()?;
        let slot = &mut self.slots[usize::from(number)];
        let file = slot.files.pop();
        slot.count = slot.count.saturating_sub(1);
        if slot.files.is_empty() {
            slot.files = Ids::default();
            self.forgotten.pop_front();
            self.free.push(number);
        }
        file
    }

    /// Bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        let lists: usize = self.slots.iter().map(|slot| slot.files.heap_bytes()).sum();
        let names: usize = self.slots.iter().map(|slot| slot.registration.name.raw().len()).sum();
        let table = self.by_id.capacity() * (size_of::<(NodeId, u16)>() + 1) * 8 / 7;
        lists + names + table + self.slots.capacity() * size_of::<Slot>()
    }
}
