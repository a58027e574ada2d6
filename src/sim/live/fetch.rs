//! Reading ahead: what a world of many nodes waits for most is memory.

use std::hint::black_box;

use super::agenda::Happening;
use super::population::listener;
use super::world::World;

/// Happenings that are read ahead together: enough to wait for memory once instead of often, few enough to stay in the caches.
const GROUP: usize = 24;

impl World {
    /// Reads, for the next things that happen, what the nodes that they happen to will need: the processor then waits for the
    /// memory of all of them at once instead of several times for each. It changes nothing.
    pub(super) fn fetch(&mut self) {
        let next = self.clock.agenda.ahead(GROUP);
        if next.is_empty() {
            return;
        }
        let (nodes, conns) = (&mut self.fetched, &self.conns);
        // One kind of memory after the other: where the next one lies is known from the one before.
        next.iter().filter_map(|entry| entry.what.link()).for_each(|link| conns.fetch_place(link));
        next.iter().filter_map(|entry| entry.what.link()).for_each(|link| conns.fetch(link));
        let count = self.slots.len();
        nodes.extend(next.iter().filter_map(|entry| match &entry.what {
            Happening::Wake { node } | Happening::Direct { node, .. } => Some(*node),
            Happening::Knock { addr, .. } => listener(*addr, count),
            what => what.link().and_then(|link| conns.end(link)).map(|end| end.node),
        }));
        let slots = &self.slots;
        black_box(nodes.iter().fold(0, |read, &node| read ^ slots[node as usize].handled));
        for stage in 0..2 {
            let cores = nodes.iter().filter_map(|&node| slots[node as usize].core.as_deref());
            black_box(cores.fold(0, |read, core| read ^ core.fetch(stage)));
        }
        nodes.clear();
    }
}
