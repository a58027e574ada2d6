//! The catalogue, and the file on disk that follows it a moment later.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::OpenError;
use super::catalogue::{Bounds, Catalogue, Loader};
use super::clock::WallClock;
use super::queue::{Change, End, Queue};
use super::record::NodeRecord;
use super::store::{Opener, Reader, Store};
use crate::base::{Map, seed};
use crate::overlay::{FoundAt, FoundFile, Registration, Registry, RegistryFull};
use crate::proto::{NodeId, Query};
use crate::share::CHECK_THREAD;

/// Files of a node that is behind that are written anew with each call: a fraction of a millisecond.
const CAUGHT_UP_A_CALL: usize = 512;
/// Nodes that are looked at with each call for whether they are behind.
const LOOKED_AFTER_A_CALL: usize = 64;
/// Into so many parts a lease is divided: it is written again when one has passed, not with each sign of life.
const LEASE_PARTS: i64 = 4;

/// What a directory keeps, in memory for those who ask and on disk for its next start. Changes are written by a thread of
/// its own, some at a time, and nobody waits for that; what a kill cuts off is the last of them. Dropping it writes the
/// rest.
pub struct DurableRegistry {
    catalogue: Catalogue,
    /// How each registered node stands on disk.
    kept: Map<NodeId, Kept>,
    /// Nodes that are behind there.
    behind: BTreeSet<NodeId>,
    /// Numbers of nodes that are forgotten here and not yet there. Only nodes that were written get in.
    gone: Vec<u64>,
    next_number: u64,
    restored: Vec<(NodeId, Duration)>,
    longest_lease: i64,
    clock: WallClock,
    queue: Arc<Queue>,
    writer: Option<JoinHandle<()>>,
}

/// How a node stands on disk.
#[derive(Clone, Copy, Debug)]
struct Kept {
    /// Its number there.
    number: u64,
    lease_end: i64,
    /// The end that is written.
    written_end: i64,
    /// Whether the disk may know the number.
    is_written: bool,
    behind: Option<Behind>,
}

/// What of a node is to be written anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Behind {
    /// All of it.
    All,
    /// The files from this tag on.
    From(u64),
}

/// Tells whether a directory is written to disk; for who no longer has the registry itself in hand.
#[derive(Clone)]
pub struct DirectoryHealth(Arc<Queue>);

impl DirectoryHealth {
    /// What is wrong, and what to do; `None` if all is well.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.0.trouble()
    }
}

impl fmt::Debug for DirectoryHealth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DirectoryHealth").field(&self.trouble()).finish()
    }
}

impl fmt::Debug for DurableRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trouble = self.queue.trouble();
        f.debug_struct("DurableRegistry").field("totals", &self.totals()).field("trouble", &trouble).finish()
    }
}

impl DurableRegistry {
    /// Opens a registry, and reads it into memory. Leases are cut to `longest_lease`.
    pub(super) fn open(
        path: &Path,
        opener: Opener,
        longest_lease: Duration,
        clock: WallClock,
        seed_bits: u64,
        bounds: Bounds,
    ) -> Result<Self, OpenError> {
        let longest_lease = i64::try_from(longest_lease.as_millis()).unwrap_or(i64::MAX);
        let loading = Loading {
            loader: Loader::new(seed_bits, bounds),
            kept: Map::with_hasher(seed(seed_bits)),
            now: clock(),
            longest_lease,
            current: None,
            nodes: Map::with_hasher(seed(seed_bits)),
            gone: Vec::new(),
            behind: BTreeSet::new(),
            next_number: 1,
        };
        let (store, loading) = read(path.to_owned(), opener, loading)?;
        let remaining = |kept: &Kept| Duration::from_millis(kept.lease_end.saturating_sub(loading.now).unsigned_abs());
        let mut restored: Vec<_> = loading.kept.iter().map(|(node, kept)| (*node, remaining(kept))).collect();
        restored.sort_unstable();
        let queue = Arc::new(Queue::default());
        let writer = thread::Builder::new().name(CHECK_THREAD.to_owned()).spawn({
            let queue = queue.clone();
            move || write_all(store, &queue)
        });
        let writer = writer.map_err(|error| OpenError::Io { path: path.to_owned(), error })?;
        Ok(Self {
            catalogue: loading.loader.finish(),
            kept: loading.kept,
            behind: loading.behind,
            gone: loading.gone,
            next_number: loading.next_number,
            restored,
            longest_lease,
            clock,
            queue,
            writer: Some(writer),
        })
    }

    /// Why nothing is written at present, and what to do; `None` if all is well.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.queue.trouble()
    }

    /// The same, for who no longer has this in hand.
    #[must_use]
    pub fn health(&self) -> DirectoryHealth {
        DirectoryHealth(self.queue.clone())
    }

    /// What is in memory.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Waits until everything is on disk. Only for those who have the time: a start, an end, a test.
    ///
    /// # Errors
    /// What [`DurableRegistry::trouble`] says.
    pub fn flush(&mut self) -> Result<(), String> {
        loop {
            self.catch_up();
            let is_all = self.gone.is_empty() && self.behind.is_empty();
            if is_all || self.queue.room() < CAUGHT_UP_A_CALL + LOOKED_AFTER_A_CALL {
                self.queue.flush()?;
            }
            if is_all {
                return Ok(());
            }
        }
    }

    /// Ends at once, as a killed process does.
    #[cfg(test)]
    pub(super) fn kill(mut self) {
        self.end(End::Killed);
    }

    fn end(&mut self, end: End) {
        self.queue.end(end);
        if let Some(writer) = self.writer.take() {
            // If it panicked, nothing more can be written.
            let _ = writer.join();
        }
    }

    /// Puts what the disk does not have yet into the queue, as far as there is room and a call may take.
    fn catch_up(&mut self) {
        let mut room = self.queue.room();
        while room > 0
            && let Some(number) = self.gone.pop()
        {
            self.queue.push(Change::Gone(number));
            room -= 1;
        }
        for _ in 0..LOOKED_AFTER_A_CALL {
            let Some(&node) = self.behind.first() else { return };
            if room <= CAUGHT_UP_A_CALL + 1 {
                return;
            }
            match self.kept.get(&node).and_then(|kept| kept.behind) {
                Some(Behind::All) => {
                    self.push_record(&node);
                    self.set_behind(&node, Some(Behind::From(0)));
                    room -= 1;
                }
                Some(Behind::From(from)) => return self.push_part(&node, from),
                None => drop(self.behind.pop_first()),
            }
        }
    }

    /// Puts the files of a node from a tag on into the queue.
    fn push_part(&mut self, node: &NodeId, from: u64) {
        let Some(kept) = self.kept.get(node) else { return };
        let files = self.catalogue.files_from(node, from, CAUGHT_UP_A_CALL);
        let is_more = files.len() == CAUGHT_UP_A_CALL;
        let to = files.last().filter(|_| is_more).and_then(|(tag, _)| tag.checked_add(1));
        self.queue.push(Change::Part { node: kept.number, from, to, files });
        self.set_behind(node, to.map(Behind::From));
    }

    fn push_record(&mut self, node: &NodeId) {
        let (Some(kept), Some(registration)) = (self.kept.get_mut(node), self.catalogue.get(node)) else { return };
        kept.is_written = true;
        kept.written_end = kept.lease_end;
        let record = NodeRecord { id: *node, lease_end: kept.lease_end, registration };
        self.queue.push(Change::Node(kept.number, record));
    }

    fn set_behind(&mut self, node: &NodeId, behind: Option<Behind>) {
        let Some(kept) = self.kept.get_mut(node) else { return };
        kept.behind = behind;
        match behind {
            Some(_) => self.behind.insert(*node),
            None => self.behind.remove(node),
        };
    }

    /// Puts a change of a node's files into the queue; if there is no room, the node is behind.
    fn push_files(&mut self, node: &NodeId, rows: usize, change: impl FnOnce(u64) -> Change) {
        let Some(kept) = self.kept.get(node).filter(|kept| kept.behind != Some(Behind::All)) else { return };
        if rows <= self.queue.room() {
            // If it is behind from some tag on, what is above is written twice.
            self.queue.push(change(kept.number));
        } else {
            self.set_behind(node, Some(Behind::All));
        }
    }
}

impl Drop for DurableRegistry {
    fn drop(&mut self) {
        if self.writer.is_some() {
            // What cannot be written now is lost, and `trouble` has said so.
            let _ = self.flush();
            self.end(End::Written);
        }
    }
}

impl Registry for DurableRegistry {
    fn restored(&mut self) -> Vec<(NodeId, Duration)> {
        std::mem::take(&mut self.restored)
    }

    fn get(&self, node: &NodeId) -> Option<Registration> {
        self.catalogue.get(node)
    }

    fn put(&mut self, node: NodeId, registration: Registration) -> Result<(), RegistryFull> {
        self.catch_up();
        self.catalogue.put(node, registration)?;
        if !self.kept.contains_key(&node) {
            let lease_end = (self.clock)().saturating_add(self.longest_lease);
            let kept =
                Kept { number: self.next_number, lease_end, written_end: lease_end, is_written: false, behind: None };
            self.next_number += 1;
            self.kept.insert(node, kept);
        }
        if self.queue.room() > 0 {
            self.push_record(&node);
        } else {
            self.set_behind(&node, Some(Behind::All));
        }
        Ok(())
    }

    fn renew(&mut self, node: &NodeId, lease: Duration) {
        self.catch_up();
        self.catalogue.renew(node, lease);
        let Some(kept) = self.kept.get_mut(node) else { return };
        let lease = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX).min(self.longest_lease);
        kept.lease_end = (self.clock)().saturating_add(lease);
        let step = self.longest_lease / LEASE_PARTS;
        let is_due = kept.lease_end.abs_diff(kept.written_end) >= step.unsigned_abs();
        // Behind as a whole, it is written anyway; without room, the next sign of life comes soon.
        if is_due && kept.behind != Some(Behind::All) && self.queue.room() > 0 {
            self.push_record(node);
        }
    }

    fn forget(&mut self, node: &NodeId) {
        self.catch_up();
        self.catalogue.forget(node);
        self.behind.remove(node);
        if let Some(kept) = self.kept.remove(node)
            && kept.is_written
        {
            if self.queue.room() > 0 {
                self.queue.push(Change::Gone(kept.number));
            } else {
                self.gone.push(kept.number);
            }
        }
    }

    fn add(&mut self, node: &NodeId, files: &[FoundFile]) -> usize {
        self.catch_up();
        let mut taken = Vec::new();
        let refused = self.catalogue.add_each(node, files, |tag, file| taken.push((tag, file.clone())));
        if !taken.is_empty() {
            self.push_files(node, taken.len(), |number| Change::Added(number, taken));
        }
        refused
    }

    fn remove(&mut self, node: &NodeId, tags: &[u64]) {
        self.catch_up();
        let mut gone = Vec::new();
        self.catalogue.remove_each(node, tags, |tag| gone.push(tag));
        if !gone.is_empty() {
            self.push_files(node, gone.len(), |number| Change::Removed(number, gone));
        }
    }

    fn summary(&self, node: &NodeId) -> (u64, u64) {
        self.catalogue.summary(node)
    }

    fn tags(&self, node: &NodeId, bucket: u8) -> Vec<u64> {
        self.catalogue.tags(node, bucket)
    }

    fn find(&self, query: &Query, except: &NodeId, after: u64, limit: usize) -> (Vec<FoundAt>, Option<u64>) {
        self.catalogue.find(query, except, after, limit)
    }

    fn totals(&self) -> (u64, u64) {
        self.catalogue.totals()
    }
}

/// The registry while it is read.
struct Loading {
    loader: Loader,
    kept: Map<NodeId, Kept>,
    now: i64,
    longest_lease: i64,
    nodes: Map<u64, NodeId>,
    /// The node whose files come at present.
    current: Option<(u64, Option<NodeId>)>,
    gone: Vec<u64>,
    /// Nodes that there was no room for all files of: the disk is to say the same as memory.
    behind: BTreeSet<NodeId>,
    next_number: u64,
}

impl Reader for Loading {
    fn node(&mut self, number: u64, record: NodeRecord) {
        self.next_number = self.next_number.max(number.saturating_add(1));
        // A clock that was set back makes no lease longer than leases are.
        let lease_end = record.lease_end.min(self.now.saturating_add(self.longest_lease));
        let is_over = lease_end <= self.now || self.kept.contains_key(&record.id);
        if is_over || !self.loader.put(record.id, record.registration) {
            return self.gone.push(number);
        }
        let kept = Kept { number, lease_end, written_end: record.lease_end, is_written: true, behind: None };
        self.kept.insert(record.id, kept);
        self.nodes.insert(number, record.id);
    }

    fn file(&mut self, number: u64, tag: u64, file: FoundFile) {
        let node = match self.current {
            Some((current, node)) if current == number => node,
            _ => {
                let node = self.nodes.get(&number).copied();
                if node.is_none() && self.gone.binary_search(&number).is_err() {
                    self.gone.push(number);
                    self.gone.sort_unstable();
                }
                self.current = Some((number, node));
                node
            }
        };
        if let Some(node) = node
            && !self.loader.add(&node, tag, &file)
            && self.behind.insert(node)
            && let Some(kept) = self.kept.get_mut(&node)
        {
            kept.behind = Some(Behind::All);
        }
    }
}

/// Reads a store on a thread whose panics, over damage that the database does not expect, nobody need hear of.
fn read(path: std::path::PathBuf, opener: Opener, mut loading: Loading) -> Result<(Store, Loading), OpenError> {
    let shown = path.clone();
    let reader = move || Store::open(&path, opener, &mut loading).map(|store| (store, loading));
    let thread = thread::Builder::new().name(CHECK_THREAD.to_owned()).spawn(reader);
    let thread = thread.map_err(|error| OpenError::Io { path: shown.clone(), error })?;
    thread.join().unwrap_or_else(|_| Err(OpenError::Damaged { path: shown, why: "a page of it is damaged".to_owned() }))
}

/// The writer's thread.
fn write_all(mut store: Store, queue: &Queue) {
    while let Some(changes) = queue.take() {
        while let Err(why) = store.write(&changes) {
            if !queue.failed(why) {
                return;
            }
        }
        queue.wrote(changes.len());
    }
}
