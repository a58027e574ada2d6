//! The names of all files, packed.

use std::collections::BTreeMap;

use super::Full;

/// Bytes of one block, so that a place in it has 16 bits.
const BLOCK: usize = 1 << 16;

/// Where a name is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NameRef {
    place: u32,
    len: u16,
}

impl NameRef {
    /// Its parts, for those who pack them together with others.
    pub(crate) const fn parts(self) -> (u32, u16) {
        (self.place, self.len)
    }

    /// From its parts.
    pub(crate) const fn of((place, len): (u32, u16)) -> Self {
        Self { place, len }
    }
}

/// Names in blocks of 64 KiB, one after the other, without an allocation of its own for each. The room of a removed name
/// goes to the next one of the same length, so that a library that changes for years does not grow.
#[derive(Debug, Default)]
pub(crate) struct Names {
    blocks: Vec<String>,
    free: BTreeMap<u16, Vec<u32>>,
}

impl Names {
    /// Keeps a name of at most 65,535 bytes.
    ///
    /// # Errors
    /// [`Full`] for a longer one, and when 4 GiB of names are kept.
    pub(crate) fn add(&mut self, name: &str) -> Result<NameRef, Full> {
        let len = u16::try_from(name.len()).map_err(|_| Full)?;
        if let Some(place) = self.take_free(len) {
            let (block, at) = split(place);
            self.blocks[block].replace_range(at..at + name.len(), name);
            return Ok(NameRef { place, len });
        }
        if self.blocks.last().is_none_or(|block| block.len() + name.len() > BLOCK) {
            self.blocks.push(String::with_capacity(BLOCK));
        }
        let block = self.blocks.len() - 1;
        let at = self.blocks[block].len();
        // A name begins below 2^16 even if it is empty and the block is full.
        let place = u32::try_from((block << 16) + at.min(BLOCK - 1)).map_err(|_| Full)?;
        self.blocks[block].push_str(name);
        Ok(NameRef { place, len })
    }

    /// The name that is kept there.
    pub(crate) fn get(&self, name: NameRef) -> &str {
        let (block, at) = split(name.place);
        self.blocks.get(block).and_then(|block| block.get(at..at + usize::from(name.len))).unwrap_or_default()
    }

    /// Forgets a name.
    pub(crate) fn remove(&mut self, name: NameRef) {
        if name.len > 0 {
            self.free.entry(name.len).or_default().push(name.place);
        }
    }

    /// Bytes of names kept, free room included.
    pub(crate) fn bytes(&self) -> usize {
        self.blocks.iter().map(String::len).sum()
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        let free: usize = self.free.values().map(|places| places.capacity() * 4 + 40).sum();
        self.blocks.len() * (BLOCK + size_of::<String>()) + free
    }

    fn take_free(&mut self, len: u16) -> Option<u32> {
        let places = self.free.get_mut(&len)?;
        let place = places.pop();
        if places.is_empty() {
            self.free.remove(&len);
        }
        place
    }
}

fn split(place: u32) -> (usize, usize) {
    ((place >> 16) as usize, (place & 0xffff) as usize)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Names;

    proptest! {
        #[test]
        fn names_come_back_as_they_were_and_room_is_used_again(
            names in prop::collection::vec("[a-zé]{0,8}|日{0,3}", 1..60), keep in prop::collection::vec(any::<bool>(), 60)
        ) {
            let mut store = Names::default();
            let refs: Vec<_> = names.iter().map(|name| store.add(name).unwrap()).collect();
            let bytes = store.bytes();
            let again = || refs.iter().zip(&names).zip(&keep).filter(|(_, keep)| !**keep).map(|(pair, _)| pair);
            again().for_each(|(place, _)| store.remove(*place));
            for (_, name) in again() {
                let place = store.add(name).unwrap();
                prop_assert_eq!(store.get(place), name);
            }
            prop_assert_eq!(store.bytes(), bytes);
            for ((place, name), _) in refs.iter().zip(&names).zip(&keep).filter(|(_, keep)| **keep) {
                prop_assert_eq!(store.get(*place), name);
            }
        }
    }

    #[test]
    fn blocks_follow_each_other() {
        let mut store = Names::default();
        let name = |i: usize| format!("{i:0255}");
        let refs: Vec<_> = (0..1_000).map(|i| store.add(&name(i)).unwrap()).collect();
        assert!(refs.iter().enumerate().all(|(i, place)| store.get(*place) == name(i)));
        let empty = store.add("").unwrap();
        assert_eq!(store.get(empty), "");
        assert!(store.add(&"x".repeat(65_536)).is_err());
    }
}
