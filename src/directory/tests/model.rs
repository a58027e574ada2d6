//! The plain registry: a map of nodes, each with a map of files, gone through from beginning to end.

use std::collections::{BTreeMap, BTreeSet};

use crate::directory::catalogue::Bounds;
use crate::overlay::{FoundFile, Registration, RegistryFull, file_tag};
use crate::proto::{NodeId, Query};

#[derive(Clone, Debug)]
pub(super) struct Model {
    nodes: BTreeMap<NodeId, (Registration, BTreeMap<u64, FoundFile>)>,
    bounds: Bounds,
}

pub(super) fn tag(file: &FoundFile) -> u64 {
    file_tag(file.name.raw(), file.size, &file.id)
}

impl Model {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self { nodes: BTreeMap::new(), bounds }
    }

    pub(super) fn put(&mut self, node: NodeId, registration: Registration) -> Result<(), RegistryFull> {
        if !self.nodes.contains_key(&node) && self.nodes.len() >= self.bounds.nodes {
            return Err(RegistryFull);
        }
        self.nodes.entry(node).or_default().0 = registration;
        Ok(())
    }

    pub(super) fn add(&mut self, node: &NodeId, files: &[FoundFile]) -> usize {
        let mut total = self.totals().1 as usize;
        let Some((_, known)) = self.nodes.get_mut(node) else { return files.len() };
        let mut refused = 0;
        for file in files {
            if known.contains_key(&tag(file)) {
                continue;
            }
            if total >= self.bounds.files || known.len() >= self.bounds.files_a_node {
                refused += 1;
                continue;
            }
            total += 1;
            known.insert(tag(file), file.clone());
        }
        refused
    }

    pub(super) fn remove(&mut self, node: &NodeId, tags: &[u64]) {
        if let Some((_, files)) = self.nodes.get_mut(node) {
            files.retain(|tag, _| !tags.contains(tag));
        }
    }

    pub(super) fn forget(&mut self, node: &NodeId) {
        self.nodes.remove(node);
    }

    pub(super) fn get(&self, node: &NodeId) -> Option<Registration> {
        self.nodes.get(node).map(|(registration, _)| registration.clone())
    }

    pub(super) fn all_tags(&self, node: &NodeId) -> Vec<u64> {
        self.nodes.get(node).map(|(_, files)| files.keys().copied().collect()).unwrap_or_default()
    }

    pub(super) fn summary(&self, node: &NodeId) -> (u64, u64) {
        let tags = self.all_tags(node);
        (tags.len() as u64, tags.iter().fold(0, |digest, tag| digest ^ tag))
    }

    pub(super) fn find(&self, query: &Query, except: &NodeId) -> BTreeSet<(NodeId, u64)> {
        let mut found = BTreeSet::new();
        for (node, (_, files)) in self.nodes.iter().filter(|(node, _)| *node != except) {
            let matching = files.iter().filter(|(_, file)| query.matches(file.name.raw(), file.size, &file.id));
            found.extend(matching.map(|(tag, _)| (*node, *tag)));
        }
        found
    }

    pub(super) fn totals(&self) -> (u64, u64) {
        (self.nodes.len() as u64, self.nodes.values().map(|(_, files)| files.len() as u64).sum())
    }
}
