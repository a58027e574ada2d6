//! A registry in memory alone: for simulations and tests.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::message::{FoundAt, file_tag};
use super::registry::{Registration, Registry, RegistryFull};
use super::sync::part_of;
use crate::overlay::message::FoundFile;
use crate::proto::limits::{MAX_NODES_A_PAGE, MAX_REGISTERED_FILES, MAX_REGISTERED_NODES};
use crate::proto::{Folded, NodeId, PeerAddr, Query, Term};

/// Nodes and files in ordered maps, so that the same calls give the same answers everywhere. Files are found by their
/// words, in the order in which they were registered.
#[derive(Clone, Debug)]
pub struct MemoryRegistry {
    nodes: BTreeMap<NodeId, Entry>,
    /// By position; positions are never used again.
    files: BTreeMap<u64, (NodeId, FoundFile)>,
    words: BTreeMap<Box<str>, BTreeSet<u64>>,
    last_position: u64,
    most_nodes: usize,
    most_files: usize,
}

#[derive(Clone, Debug, Default)]
struct Entry {
    registration: Registration,
    /// Positions by tag.
    files: BTreeMap<u64, u64>,
    digest: u64,
    lease: Duration,
}

impl Default for MemoryRegistry {
    fn default() -> Self {
        Self::with_limits(MAX_REGISTERED_NODES, MAX_REGISTERED_FILES)
    }
}

impl MemoryRegistry {
    /// An empty one that takes so many nodes and files.
    #[must_use]
    pub fn with_limits(most_nodes: usize, most_files: usize) -> Self {
        Self {
            nodes: BTreeMap::new(),
            files: BTreeMap::new(),
            words: BTreeMap::new(),
            last_position: 0,
            most_nodes,
            most_files,
        }
    }

    /// What each node registered: where it can be reached, and the tags of its files.
    pub fn each(&self) -> impl Iterator<Item = (NodeId, Option<PeerAddr>, Vec<u64>)> + '_ {
        self.nodes.iter().map(|(node, entry)| (*node, entry.registration.addr, entry.files.keys().copied().collect()))
    }

    fn drop_file(&mut self, position: u64) {
        let Some((_, file)) = self.files.remove(&position) else { return };
        for word in Folded::of(file.name.raw()).words() {
            let Some(positions) = self.words.get_mut(word) else { continue };
            positions.remove(&position);
            if positions.is_empty() {
                self.words.remove(word);
            }
        }
    }

    /// Positions beyond `after` where files may match: those of the rarest word that is asked for, or all.
    fn candidates(&self, query: &Query, after: u64) -> Box<dyn Iterator<Item = u64> + '_> {
        let words = query.wanted().iter().flat_map(|term| match term {
            Term::Word(word) => std::slice::from_ref(word),
            Term::Phrase(words) => words,
            _ => &[],
        });
        let beyond = after.saturating_add(1)..;
        match words.map(|word| self.words.get(word)).min_by_key(|found| found.map_or(0, BTreeSet::len)) {
            Some(Some(positions)) => Box::new(positions.range(beyond).copied()),
            Some(None) => Box::new(std::iter::empty()),
            None => Box::new(self.files.range(beyond).map(|(position, _)| *position)),
        }
    }
}

impl Registry for MemoryRegistry {
    /// As if no time had passed since.
    fn restored(&mut self) -> Vec<(NodeId, Duration)> {
        self.nodes.iter().map(|(node, entry)| (*node, entry.lease)).collect()
    }

    fn get(&self, node: &NodeId) -> Option<Registration> {
        self.nodes.get(node).map(|entry| entry.registration.clone())
    }

    fn put(&mut self, node: NodeId, registration: Registration) -> Result<(), RegistryFull> {
        if self.nodes.len() >= self.most_nodes && !self.nodes.contains_key(&node) {
            return Err(RegistryFull);
        }
        self.nodes.entry(node).or_default().registration = registration;
        Ok(())
    }

    fn renew(&mut self, node: &NodeId, lease: Duration) {
        if let Some(entry) = self.nodes.get_mut(node) {
            entry.lease = lease;
        }
    }

    fn forget(&mut self, node: &NodeId) {
        if let Some(entry) = self.nodes.remove(node) {
            entry.files.into_values().for_each(|position| self.drop_file(position));
        }
    }

    fn add(&mut self, node: &NodeId, files: &[FoundFile]) -> usize {
        let Some(entry) = self.nodes.get_mut(node) else { return files.len() };
        let mut refused = 0;
        for file in files {
            let tag = file_tag(file.name.raw(), file.size, &file.id);
            if entry.files.contains_key(&tag) {
                continue;
            }
            if self.files.len() >= self.most_files {
                refused += 1;
                continue;
            }
            self.last_position += 1;
            entry.files.insert(tag, self.last_position);
            entry.digest ^= tag;
            for word in Folded::of(file.name.raw()).words() {
                match self.words.get_mut(word) {
                    Some(positions) => _ = positions.insert(self.last_position),
                    None => _ = self.words.insert(word.into(), BTreeSet::from([self.last_position])),
                }
            }
            self.files.insert(self.last_position, (*node, file.clone()));
        }
        refused
    }

    fn remove(&mut self, node: &NodeId, tags: &[u64]) {
        for tag in tags {
            let Some(entry) = self.nodes.get_mut(node) else { return };
            let Some(position) = entry.files.remove(tag) else { continue };
            entry.digest ^= tag;
            self.drop_file(position);
        }
    }

    fn summary(&self, node: &NodeId) -> (u64, u64) {
        self.nodes.get(node).map_or((0, 0), |entry| (entry.files.len() as u64, entry.digest))
    }

    fn tags(&self, node: &NodeId, bucket: u8) -> Vec<u64> {
        let (first, last) = (u64::from(bucket) << 56, u64::from(bucket) << 56 | u64::MAX >> 8);
        debug_assert!(part_of(first) == bucket && part_of(last) == bucket);
        self.nodes
            .get(node)
            .map_or_else(Vec::new, |entry| entry.files.range(first..=last).map(|(tag, _)| *tag).collect())
    }

    fn find(&self, query: &Query, except: &NodeId, after: u64, limit: usize) -> (Vec<FoundAt>, Option<u64>) {
        let mut found: Vec<FoundAt> = Vec::new();
        let (mut count, mut last) = (0, after);
        let mut folded = Folded::default();
        for position in self.candidates(query, after) {
            let Some((node, file)) = self.files.get(&position).filter(|(node, _)| node != except) else { continue };
            folded.set(file.name.raw());
            if !query.matches_file(file.size, &file.id) || !query.matches_name(&folded) {
                continue;
            }
            let place = found.iter().position(|at| at.node == *node);
            if count >= limit || place.is_none() && found.len() >= MAX_NODES_A_PAGE.max(limit) {
                return (found, Some(last));
            }
            match (place, self.nodes.get(node)) {
                (Some(place), _) => found[place].files.push(file.clone()),
                (None, Some(entry)) => {
                    let Registration { name, addr } = entry.registration.clone();
                    found.push(FoundAt { node: *node, name, addr, files: vec![file.clone()] });
                }
                (None, None) => continue,
            }
            (count, last) = (count + 1, position);
        }
        (found, None)
    }

    fn totals(&self) -> (u64, u64) {
        (self.nodes.len() as u64, self.files.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::proto::FileId;

    fn node(n: u8) -> NodeId {
        NodeId([n; 32])
    }

    fn file(name: &str) -> FoundFile {
        FoundFile { name: name.into(), size: 1, id: FileId([0; 32]) }
    }

    fn tag(name: &str) -> u64 {
        file_tag(name, 1, &FileId([0; 32]))
    }

    const NAMES: [&str; 8] = [
        "wu tang cream",
        "cream pie.txt",
        "Björk - Jóga.flac",
        "jazz live.mp3",
        "jazz.mp3",
        "日本 live",
        "wu",
        "a-b-c",
    ];
    const QUERIES: [&str; 8] = ["cream", "jazz -live", "\"wu tang\"", "ext:mp3", "joga", "li*", "日本", "size:>5 jazz"];

    proptest! {
        #[test]
        fn it_finds_what_a_plain_look_at_all_files_finds(
            ops in prop::collection::vec((0u8..4, 0usize..8, 0u8..8), 1..60), query in 0usize..8, limit in 1usize..5
        ) {
            let mut registry = MemoryRegistry::with_limits(3, 9);
            let mut model: BTreeMap<NodeId, BTreeSet<&str>> = BTreeMap::new();
            for (n, name, op) in ops {
                let files: usize = model.values().map(BTreeSet::len).sum();
                match op {
                    0 => { registry.forget(&node(n)); model.remove(&node(n)); }
                    1 => {
                        registry.remove(&node(n), &[tag(NAMES[name])]);
                        if let Some(files) = model.get_mut(&node(n)) { files.remove(NAMES[name]); }
                    }
                    _ => {
                        let put = registry.put(node(n), Registration::default());
                        let room = model.contains_key(&node(n)) || model.len() < 3;
                        prop_assert_eq!(put.is_ok(), room);
                        if !room { continue; }
                        let own = model.entry(node(n)).or_default();
                        let refused = registry.add(&node(n), &[file(NAMES[name])]);
                        let takes = own.contains(NAMES[name]) || files < 9;
                        prop_assert_eq!(refused, usize::from(!takes));
                        if takes { own.insert(NAMES[name]); }
                    }
                }
            }
            for (n, names) in &model {
                let tags: BTreeSet<u64> = names.iter().map(|name| tag(name)).collect();
                prop_assert_eq!(registry.summary(n), (tags.len() as u64, tags.iter().fold(0, |a, b| a ^ b)));
                let listed: Vec<u64> = (0..=255).flat_map(|part| registry.tags(n, part)).collect();
                prop_assert_eq!(listed, tags.into_iter().collect::<Vec<_>>());
            }
            let query = Query::parse(QUERIES[query]).unwrap();
            let wanted: BTreeSet<(NodeId, &str)> = model
                .iter()
                .filter(|(n, _)| **n != node(0))
                .flat_map(|(n, names)| names.iter().map(|name| (*n, *name)))
                .filter(|(_, name)| query.matches(name, 1, &FileId([0; 32])))
                .collect();
            let (mut found, mut after) = (Vec::new(), 0);
            loop {
                let (page, next) = registry.find(&query, &node(0), after, limit);
                let files = page.iter().flat_map(|at| at.files.iter().map(|file| (at.node, file.name.raw().to_owned())));
                found.extend(files);
                let Some(next) = next else { break };
                prop_assert!(next > after);
                after = next;
            }
            prop_assert_eq!(found.len(), wanted.len(), "nothing twice");
            prop_assert!(found.iter().all(|(n, name)| wanted.contains(&(*n, name.as_str()))));
        }
    }
}
