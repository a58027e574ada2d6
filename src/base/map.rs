//! Maps that hash the same way in every run, and the bounded one for what must be remembered for a while.

use std::hash::Hash;

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;

/// The hasher state of a [`Map`]: a seed that the owner draws from its own [`crate::base::Rng`], so that a run is
/// reproducible while a stranger cannot choose keys that collide.
pub type Seed = SeedableRandomState;

/// A hash map with a seeded hasher. Its order of iteration means nothing and must not reach any output.
#[expect(clippy::disallowed_types, reason = "this is the one place that gives the standard map a seeded hasher")]
pub type Map<K, V> = std::collections::HashMap<K, V, Seed>;

/// A hasher state for one map.
#[must_use]
pub fn seed(bits: u64) -> Seed {
    SeedableRandomState::with_seed(bits, SharedSeed::global_fixed())
}

/// A map that forgets by age: two generations, where the older one is dropped whole when the younger one is full or
/// when [`Generations::rotate`] says that its time has come.
///
/// It holds at most twice `capacity` entries, an entry lives for at least one generation unless the table is flooded,
/// and forgetting costs nothing an entry.
#[derive(Debug)]
pub struct Generations<K, V> {
    young: Map<K, V>,
    old: Map<K, V>,
    capacity: usize,
}

impl<K: Eq + Hash, V> Generations<K, V> {
    /// A table of two generations of at most `capacity` entries (at least 1) each.
    #[must_use]
    pub fn new(capacity: usize, seed_bits: u64) -> Self {
        let state = seed(seed_bits);
        Self { young: Map::with_hasher(state.clone()), old: Map::with_hasher(state), capacity: capacity.max(1) }
    }

    /// The entry of `key`, in either generation.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        match self.young.get_mut(key) {
            Some(value) => Some(value),
            None => self.old.get_mut(key),
        }
    }

    /// The entry of `key`, in either generation.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&V> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    /// Adds an entry that is not there yet; a full young generation is aged first. Returns how many entries were
    /// forgotten for it.
    pub fn insert(&mut self, key: K, value: V) -> usize {
        let forgotten = if self.young.len() >= self.capacity { self.rotate() } else { 0 };
        self.young.insert(key, value);
        forgotten
    }

    /// The young generation becomes the old one, and the old one is forgotten; returns how many entries that were.
    pub fn rotate(&mut self) -> usize {
        let forgotten = self.old.len();
        std::mem::swap(&mut self.young, &mut self.old);
        self.young.clear();
        forgotten
    }

    /// Entries held, in both generations.
    #[must_use]
    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// Whether nothing is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Generations;

    proptest! {
        #[test]
        fn it_holds_the_last_capacity_entries_and_never_more_than_twice_that(
            capacity in 1usize..20, keys in prop::collection::vec(0u16..500, 0..300)
        ) {
            let mut table = Generations::new(capacity, 7);
            let mut inserted: Vec<u16> = Vec::new();
            for key in keys {
                if table.get(&key).is_none() {
                    table.insert(key, key);
                    inserted.push(key);
                }
                prop_assert!(table.len() <= 2 * capacity);
                for recent in inserted.iter().rev().take(capacity) {
                    prop_assert_eq!(table.get(recent), Some(recent));
                }
            }
        }
    }

    #[test]
    fn two_rotations_forget_everything() {
        let mut table = Generations::new(10, 7);
        table.insert('a', 1);
        assert_eq!((table.rotate(), table.get(&'a')), (0, Some(&1)));
        assert_eq!((table.rotate(), table.get(&'a')), (1, None));
        assert!(table.is_empty());
    }
}
