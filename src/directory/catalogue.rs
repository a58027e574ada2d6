//! Everything that is registered, in memory: the whole of the registry but the disk.

use std::time::Duration;

use super::files::{Files, FilesInBulk};
use super::nodes::Nodes;
use super::search;
use crate::base::{Map, seed};
use crate::overlay::{FoundAt, FoundFile, Registration, Registry, RegistryFull, file_tag};
use crate::proto::limits::{MAX_FILE_NAME, MAX_FILES_A_NODE, MAX_REGISTERED_FILES, MAX_REGISTERED_NODES};
use crate::proto::{NodeId, Query};

/// Files of forgotten nodes that are cleared away with each call: about a fifth of a millisecond.
const CLEARED_A_CALL: usize = 32;

/// What may be registered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) nodes: usize,
    pub(super) files: usize,
    pub(super) files_a_node: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { nodes: MAX_REGISTERED_NODES, files: MAX_REGISTERED_FILES, files_a_node: MAX_FILES_A_NODE }
    }
}

/// Nodes and their files in memory. A forgotten node is gone at once for everybody who asks, while its files are cleared
/// away bit by bit with the calls that follow: no call takes longer because a node had a hundred thousand.
#[derive(Debug)]
pub struct Catalogue {
    nodes: Nodes,
    files: Files,
    /// Files of registered nodes.
    registered: usize,
    /// Files of forgotten nodes.
    forgotten: usize,
    bounds: Bounds,
}

impl Catalogue {
    /// An empty one; `seed` is for its hash tables, whose keys strangers choose.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::bounded(seed, Bounds::default())
    }

    pub(super) fn bounded(seed: u64, bounds: Bounds) -> Self {
        Self { nodes: Nodes::new(seed), files: Files::default(), registered: 0, forgotten: 0, bounds }
    }

    /// Bytes of the names of files, and of everything together.
    #[must_use]
    pub fn heap_bytes(&self) -> (usize, usize) {
        let (names, files) = self.files.heap_bytes();
        (names, files + self.nodes.heap_bytes())
    }

    /// Like [`Registry::add`]; tells the tag of each file that was taken.
    pub(super) fn add_each(
        &mut self,
        node: &NodeId,
        files: &[FoundFile],
        mut taken: impl FnMut(u64, &FoundFile),
    ) -> usize {
        let Some(slot) = self.nodes.find(node) else { return files.len() };
        let mut refused = 0;
        for file in files {
            self.clear(1);
            let tag = file_tag(file.name.raw(), file.size, &file.id);
            if self.file(slot, tag).is_some() {
                continue;
            }
            match self.add_one(slot, tag, file) {
                Some(()) => taken(tag, file),
                None => refused += 1,
            }
        }
        refused
    }

    /// Like [`Registry::remove`]; tells the tag of each file that was there.
    pub(super) fn remove_each(&mut self, node: &NodeId, tags: &[u64], mut gone: impl FnMut(u64)) {
        let Some(slot) = self.nodes.find(node) else { return };
        for &tag in tags {
            let Some(number) = self.file(slot, tag) else { continue };
            let (rows, owner) = (&self.files, self.nodes.slot_mut(slot));
            owner.files.remove(number, |other| rows.row(other).tag < tag);
            owner.count -= 1;
            owner.digest ^= tag;
            self.files.remove(number);
            self.registered -= 1;
            gone(tag);
        }
    }

    /// Up to `limit` files of a node with their tags, in the order of these, from a tag on.
    pub(super) fn files_from(&self, node: &NodeId, tag: u64, limit: usize) -> Vec<(u64, FoundFile)> {
        let Some(slot) = self.nodes.find(node) else { return Vec::new() };
        let numbers = self.nodes.slot(slot).files.iter_from(|other| self.files.row(other).tag < tag);
        numbers.take(limit).map(|number| (self.files.row(number).tag, self.files.found(number))).collect()
    }

    /// The number of the file of a node with a tag.
    fn file(&self, slot: u16, tag: u64) -> Option<u32> {
        let mut numbers = self.nodes.slot(slot).files.iter_from(|other| self.files.row(other).tag < tag);
        numbers.next().filter(|&number| self.files.row(number).tag == tag)
    }

    fn add_one(&mut self, slot: u16, tag: u64, file: &FoundFile) -> Option<()> {
        let Bounds { files, files_a_node, .. } = self.bounds;
        let is_full = self.registered + self.forgotten >= files || self.nodes.slot(slot).count as usize >= files_a_node;
        if is_full || file.name.raw().len() > MAX_FILE_NAME {
            return None;
        }
        let number = self.files.add(slot, file, tag)?;
        let (rows, owner) = (&self.files, self.nodes.slot_mut(slot));
        owner.files.insert(number, |other| rows.row(other).tag < tag);
        owner.count += 1;
        owner.digest ^= tag;
        self.registered += 1;
        Some(())
    }

    /// Clears away up to so many files of forgotten nodes.
    fn clear(&mut self, files: usize) {
        for _ in 0..files.min(self.forgotten) {
            if let Some(number) = self.nodes.take_forgotten() {
                self.files.remove(number);
                self.forgotten -= 1;
            }
        }
    }
}

impl Registry for Catalogue {
    fn restored(&mut self) -> Vec<(NodeId, Duration)> {
        Vec::new()
    }

    fn get(&self, node: &NodeId) -> Option<Registration> {
        self.nodes.find(node).map(|slot| self.nodes.slot(slot).registration.clone())
    }

    fn put(&mut self, node: NodeId, registration: Registration) -> Result<(), RegistryFull> {
        self.clear(CLEARED_A_CALL);
        if let Some(slot) = self.nodes.find(&node) {
            self.nodes.slot_mut(slot).registration = registration;
            return Ok(());
        }
        if self.nodes.len() >= self.bounds.nodes {
            return Err(RegistryFull);
        }
        self.nodes.add(node, registration).map(drop).ok_or(RegistryFull)
    }

    fn renew(&mut self, _: &NodeId, _: Duration) {
        self.clear(CLEARED_A_CALL);
    }

    fn forget(&mut self, node: &NodeId) {
        let count = self.nodes.forget(node) as usize;
        self.registered -= count;
        self.forgotten += count;
        self.clear(CLEARED_A_CALL);
    }

    fn add(&mut self, node: &NodeId, files: &[FoundFile]) -> usize {
        self.add_each(node, files, |_, _| {})
    }

    fn remove(&mut self, node: &NodeId, tags: &[u64]) {
        self.remove_each(node, tags, drop);
    }

    fn summary(&self, node: &NodeId) -> (u64, u64) {
        let slot = self.nodes.find(node).map(|slot| self.nodes.slot(slot));
        slot.map_or((0, 0), |slot| (u64::from(slot.count), slot.digest))
    }

    fn tags(&self, node: &NodeId, bucket: u8) -> Vec<u64> {
        let Some(slot) = self.nodes.find(node) else { return Vec::new() };
        let first = u64::from(bucket) << 56;
        let tag = |number: u32| self.files.row(number).tag;
        let numbers = self.nodes.slot(slot).files.iter_from(|other| tag(other) < first);
        numbers.map(tag).take_while(|tag| (tag >> 56) as u8 == bucket).collect()
    }

    fn find(&self, query: &Query, except: &NodeId, after: u64, limit: usize) -> (Vec<FoundAt>, Option<u64>) {
        let except = self.nodes.find(except);
        let is_wanted = |node: u16| Some(node) != except && self.nodes.slot(node).is_registered;
        let page = search::page(&self.files, query, is_wanted, after, limit);
        let mut numbers = page.found;
        numbers.sort_unstable_by_key(|&number| (self.files.rank(number), number));
        let mut places: Map<u16, usize> = Map::with_hasher(seed(0));
        let mut found: Vec<FoundAt> = Vec::new();
        for number in numbers {
            let node = self.files.row(number).node;
            let place = *places.entry(node).or_insert_with(|| {
                let slot = self.nodes.slot(node);
                let Registration { name, addr } = slot.registration.clone();
                found.push(FoundAt { node: slot.id, name, addr, files: Vec::new() });
                found.len() - 1
            });
            found[place].files.push(self.files.found(number));
        }
        (found, page.next)
    }

    fn totals(&self) -> (u64, u64) {
        (self.nodes.len() as u64, self.registered as u64)
    }
}

/// Fills a [`Catalogue`] with what was kept on disk: the files of one node after the other, in the order of their tags.
#[derive(Debug)]
pub(super) struct Loader {
    catalogue: Catalogue,
    files: FilesInBulk,
}

impl Loader {
    pub(super) fn new(seed: u64, bounds: Bounds) -> Self {
        Self { catalogue: Catalogue::bounded(seed, bounds), files: FilesInBulk::new(seed) }
    }

    /// Registers a node; `false` if there is no room.
    pub(super) fn put(&mut self, node: NodeId, registration: Registration) -> bool {
        self.catalogue.put(node, registration).is_ok()
    }

    /// Adds a file, whose tag is above those that the node has already; `false` if there is no room.
    pub(super) fn add(&mut self, node: &NodeId, tag: u64, file: &FoundFile) -> bool {
        let Catalogue { nodes, bounds, registered, .. } = &mut self.catalogue;
        let Some(slot) = nodes.find(node) else { return false };
        let owner = nodes.slot_mut(slot);
        if *registered >= bounds.files || owner.count as usize >= bounds.files_a_node {
            return false;
        }
        let Some(number) = self.files.add(slot, file, tag) else { return false };
        owner.files.push(number);
        owner.count += 1;
        owner.digest ^= tag;
        *registered += 1;
        true
    }

    /// The catalogue, ready to be searched.
    pub(super) fn finish(self) -> Catalogue {
        Catalogue { files: self.files.finish(), ..self.catalogue }
    }
}
