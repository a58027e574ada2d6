//! The thread that keeps the library true: it alone changes it.
//!
//! Everything that happens comes down to looking: at a path that the system names, or at a folder of a walk. A look
//! compares the disk with the index. What is gone is dropped; what is new or changed settles, then is hashed (or is
//! recognised as a file that just went elsewhere), then joins the index and the cache.

mod report;
mod roots;
mod scan;

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::cache::Cache;
use super::clock;
use super::hashers::{Hashers, Job, Outcome};
use super::index::{Loader, Place, Stamp};
use super::library::LocalLibrary;
use super::settle::{Settling, Spot};
use super::status::LibraryStatus;
use super::watch::{Sign, Watch};
use crate::base::Generations;
use crate::proto::FileId;
use report::Report;
pub(super) use roots::Root;

/// Notes that may wait for the keeper; who has another waits, or lets it be.
pub(super) const MAX_NOTES: usize = 1024;
/// Files that may wait to be hashed; a walk pauses until there is room.
const MAX_QUEUED: usize = 100_000;
/// New files gathered before it is decided whether they moved or must be hashed.
const MAX_FRESH: usize = 4096;
/// Files that vanished lately and may turn up elsewhere, in each of two generations.
const MAX_DEPARTED: usize = 50_000;
/// New folders that are looked at a second time.
const MAX_REVISITS: usize = 10_000;
/// Changes of one moment are handled together.
const DEBOUNCE: Duration = Duration::from_millis(100);
/// A folder that just appeared is looked at again after so long: what was put into it before the system watched it was
/// not told.
const REVISIT: Duration = Duration::from_secs(1);
/// The cache is written that often at the most, unless many files wait for it.
const COMMIT: Duration = Duration::from_secs(2);
/// Between two looks at whether the shared folders are still there.
const CHECK: Duration = Duration::from_secs(2);
/// Between two scans of folders that cannot be watched, and how many times longer than the scan itself that is at least.
const POLL: Duration = Duration::from_secs(30);
const POLL_FACTOR: u32 = 20;

/// What others tell the keeper.
#[derive(Debug)]
pub(super) enum Note {
    /// The watcher has something.
    Changes,
    /// A file was hashed, or not.
    Hashed(Job, Outcome),
    /// Scan everything.
    Rescan,
    /// Something is not as it should be there.
    Look(Spot),
    /// The end.
    Stop,
}

/// See the module.
pub(super) struct Keeper {
    library: Arc<LocalLibrary>,
    roots: Vec<Root>,
    cache: Cache,
    watch: Result<Watch, String>,
    /// Before the hashers, because it is dropped first: else they would wait for room in it for ever.
    inbox: Receiver<Note>,
    hashers: Hashers,
    /// Folders to look into; the last one is next.
    walk: Vec<Spot>,
    /// Whether the walk goes through everything, and since when.
    scan_since: Option<Instant>,
    /// Files that rest and are in nobody's index yet.
    fresh: Vec<(Spot, Stamp)>,
    settling: Settling,
    /// Files that are being hashed, with what they looked like then.
    in_flight: BTreeMap<Spot, Stamp>,
    /// Contents of files that vanished, by stamp.
    departed: Generations<Stamp, FileId>,
    revisits: VecDeque<(Instant, Spot)>,
    take_changes_at: Option<Instant>,
    commit_at: Option<Instant>,
    check_at: Instant,
    poll_at: Instant,
    report: Report,
}

/// What a keeper is started with.
pub(super) struct Start {
    pub(super) library: Arc<LocalLibrary>,
    pub(super) roots: Vec<Root>,
    pub(super) cache_file: PathBuf,
    pub(super) hashers: Hashers,
    pub(super) inbox: Receiver<Note>,
    pub(super) notes: SyncSender<Note>,
    pub(super) status: watch::Sender<Arc<LibraryStatus>>,
}

impl Keeper {
    /// Opens the cache and fills the index from it.
    pub(super) fn new(start: Start) -> Self {
        let now = clock::now();
        let seed = clock::unix_nanos() as u64;
        // A full inbox means that the keeper is awake, and will see the changes.
        let wake = move || drop(start.notes.try_send(Note::Changes));
        let mut keeper = Self {
            library: start.library,
            roots: start.roots,
            cache: Cache::open(&start.cache_file),
            watch: Watch::new(wake),
            hashers: start.hashers,
            inbox: start.inbox,
            walk: Vec::new(),
            scan_since: None,
            fresh: Vec::new(),
            settling: Settling::default(),
            in_flight: BTreeMap::new(),
            departed: Generations::new(MAX_DEPARTED, seed),
            revisits: VecDeque::new(),
            take_changes_at: None,
            commit_at: None,
            check_at: now + CHECK,
            poll_at: now + POLL,
            report: Report::new(start.status),
        };
        keeper.load(seed);
        keeper
    }

    /// Works until [`Note::Stop`].
    pub(super) fn run(mut self) {
        self.start_roots();
        self.rescan();
        loop {
            let wait = self.tick();
            let first = match self.inbox.recv_timeout(wait) {
                Ok(note) => Some(note),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let more: Vec<Note> = self.inbox.try_iter().take(MAX_NOTES).collect();
            if !first.into_iter().chain(more).all(|note| self.handle(note)) {
                return;
            }
        }
    }

    /// Fills the index with what the cache knows, unverified: the walk that follows verifies it.
    fn load(&mut self, seed: u64) {
        let mut loader = Loader::new(seed);
        for (number, root) in self.roots.iter().enumerate() {
            let Some(key) = root.cache_key() else { continue };
            self.cache.load(&key, |path, stamp, id| loader.add(Place::of(number as u16, path), stamp, id));
        }
        *self.library.index_mut() = loader.finish();
        self.report.changed();
        self.publish(true);
        // Not before, because it takes as long as the loading.
        self.cache.check();
    }

    /// Does what is due and one step of what takes long; returns how long there is nothing more to do.
    fn tick(&mut self) -> Duration {
        let now = clock::now();
        if self.watch.as_ref().is_ok_and(Watch::has_changes) {
            self.take_changes_at.get_or_insert(now + DEBOUNCE);
        }
        if self.take_changes_at.is_some_and(|at| at <= now) {
            self.take_changes_at = None;
            self.take_changes(now);
        }
        while let Some((spot, stamp)) = self.settling.take_due(now) {
            self.rested(spot, stamp);
        }
        while self.revisits.front().is_some_and(|(at, _)| *at <= now) {
            self.walk.extend(self.revisits.pop_front().map(|(_, spot)| spot));
        }
        if self.check_at <= now {
            self.check_at = now + CHECK;
            self.check_roots();
        }
        if self.poll_at <= now {
            self.poll_at = now + POLL;
            self.poll();
        }
        if self.in_flight.len() < MAX_QUEUED {
            if let Some(spot) = self.walk.pop() {
                self.visit(&spot);
                if self.walk.is_empty() {
                    self.report.touched();
                }
            }
            if self.walk.is_empty() || self.fresh.len() >= MAX_FRESH {
                self.resolve_fresh();
            }
        }
        if self.walk.is_empty() {
            self.finish_scan();
        }
        self.commit(now);
        self.publish(false);
        self.wait(now)
    }

    fn wait(&self, now: Instant) -> Duration {
        if !self.walk.is_empty() && self.in_flight.len() < MAX_QUEUED {
            return Duration::ZERO;
        }
        let polls = self.roots.iter().any(Root::is_polled).then_some(self.poll_at);
        let revisit = self.revisits.front().map(|(at, _)| *at);
        let progress = (!self.in_flight.is_empty()).then(|| now + report::PROGRESS);
        let times = [
            self.take_changes_at,
            self.settling.next_due(),
            revisit,
            self.commit_at,
            polls,
            self.report.due(),
            progress,
        ];
        let next = times.into_iter().flatten().fold(self.check_at, Instant::min);
        next.saturating_duration_since(now).max(Duration::from_millis(1))
    }

    /// Returns whether to go on.
    fn handle(&mut self, note: Note) -> bool {
        match note {
            // The next tick sees them.
            Note::Changes => {}
            Note::Hashed(job, outcome) => self.hashed(job, outcome),
            Note::Rescan => self.rescan(),
            Note::Look(spot) => drop(self.look(spot, Sign::Touched)),
            Note::Stop => return false,
        }
        true
    }

    fn hashed(&mut self, job: Job, outcome: Outcome) {
        let spot = Spot { root: job.root, path: job.path };
        // It may have vanished or changed meanwhile; then nobody waits for this result.
        if self.in_flight.get(&spot) != Some(&job.stamp) {
            return;
        }
        self.in_flight.remove(&spot);
        match outcome {
            Outcome::Hashed(id) => self.put(&spot, job.stamp, id),
            Outcome::Changed => drop(self.look(spot, Sign::Touched)),
            Outcome::Unreadable(why) => {
                self.library.waiting_mut().remove(&spot);
                self.exclude(job.file, why);
            }
        }
        self.report.touched();
    }

    fn put(&mut self, spot: &Spot, stamp: Stamp, id: FileId) {
        let put = self.library.index_mut().put(Place::of(spot.root, &spot.path), stamp, id);
        // Not before: who looks for it finds it in one of the two.
        self.library.waiting_mut().remove(spot);
        if let Err(full) = put {
            return self.exclude(self.disk_path(spot), full.to_string());
        }
        if let Some(key) = self.roots[usize::from(spot.root)].cache_key() {
            self.cache.put(&key, &spot.path, stamp, id);
        }
        self.report.changed();
    }

    fn commit(&mut self, now: Instant) {
        if !self.cache.has_pending() {
            self.commit_at = None;
        } else if *self.commit_at.get_or_insert(now + COMMIT) <= now {
            self.cache.commit();
            self.commit_at = None;
            self.departed.rotate();
        }
    }

    fn disk_path(&self, spot: &Spot) -> PathBuf {
        let dir = self.roots[usize::from(spot.root)].dir();
        // Joining nothing would add a slash.
        if spot.path.is_empty() { dir.to_owned() } else { dir.join(&spot.path) }
    }
}
