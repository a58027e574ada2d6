//! What the keeper tells those who watch.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::Keeper;
use crate::share::clock;
use crate::share::status::{Excluded, LibraryStatus, RootStatus};

/// The status changes that often at the most.
const INTERVAL: Duration = Duration::from_millis(100);
/// While files are hashed, it changes that often.
pub(super) const PROGRESS: Duration = Duration::from_millis(200);
/// Excluded entries that are named.
const MAX_EXCLUDED: usize = 100;

/// The status as it was told, and whether there is more to tell.
pub(super) struct Report {
    sender: watch::Sender<Arc<LibraryStatus>>,
    told_at: Option<Instant>,
    is_touched: bool,
    version: u64,
    pub(super) scans: u64,
    excluded: VecDeque<Excluded>,
    excluded_count: u64,
}

impl Report {
    pub(super) fn new(sender: watch::Sender<Arc<LibraryStatus>>) -> Self {
        Self {
            sender,
            told_at: None,
            is_touched: true,
            version: 0,
            scans: 0,
            excluded: VecDeque::new(),
            excluded_count: 0,
        }
    }

    /// The files changed.
    pub(super) fn changed(&mut self) {
        self.version += 1;
        self.is_touched = true;
    }

    /// Something else that is told changed.
    pub(super) fn touched(&mut self) {
        self.is_touched = true;
    }

    /// When there is something to tell.
    pub(super) fn due(&self) -> Option<Instant> {
        self.is_touched.then_some(self.told_at? + INTERVAL)
    }

    /// A scan of everything begins, and will come across everything that is excluded.
    pub(super) fn begin_scan(&mut self) {
        self.excluded.clear();
        self.excluded_count = 0;
        self.is_touched = true;
    }

    /// An entry that was left out is gone.
    pub(super) fn readmit(&mut self, path: &Path) {
        let before = self.excluded.len();
        self.excluded.retain(|known| known.path != path);
        let gone = (before - self.excluded.len()) as u64;
        self.excluded_count = self.excluded_count.saturating_sub(gone);
        self.is_touched |= gone > 0;
    }

    fn exclude(&mut self, excluded: Excluded) {
        self.is_touched = true;
        if let Some(known) = self.excluded.iter_mut().find(|known| known.path == excluded.path) {
            *known = excluded;
            return;
        }
        self.excluded_count += 1;
        self.excluded.push_front(excluded);
        self.excluded.truncate(MAX_EXCLUDED);
    }
}

impl Keeper {
    /// Notes that an entry is not shared.
    pub(super) fn exclude(&mut self, path: PathBuf, why: String) {
        self.report.exclude(Excluded { path, why });
    }

    /// Tells the status if it changed and was not told just now.
    pub(super) fn publish(&mut self, at_once: bool) {
        let now = clock::now();
        let is_due = self.report.told_at.is_none_or(|at| at + INTERVAL <= now);
        if !at_once && !(is_due && (self.report.is_touched || !self.in_flight.is_empty())) {
            return;
        }
        self.report.told_at = Some(now);
        self.report.is_touched = false;
        let status = self.status();
        self.report.sender.send_if_modified(|told| {
            let is_new = **told != status;
            if is_new {
                *told = Arc::new(status);
            }
            is_new
        });
    }

    fn status(&self) -> LibraryStatus {
        let progress = self.hashers.progress();
        let index = self.library.index();
        let (files, bytes) = index.totals();
        let roots = self.roots.iter().enumerate().map(|(number, root)| RootStatus {
            alias: root.alias().to_owned(),
            path: root.dir().to_owned(),
            files: index.of_root(number as u16),
            watch: root.watch_status().clone(),
        });
        LibraryStatus {
            files,
            bytes,
            roots: roots.collect(),
            hashing_files: (self.in_flight.len() + self.fresh.len() + self.settling.len()) as u64,
            hashing_bytes: progress.bytes,
            hash_rate: progress.rate,
            hashing_now: progress.current.map(Into::into),
            scanning: !self.walk.is_empty() || self.scan_since.is_some(),
            scans: self.report.scans,
            excluded: self.report.excluded.iter().cloned().collect(),
            excluded_count: self.report.excluded_count,
            cache_note: self.cache.note().map(str::to_owned),
            version: self.report.version,
        }
    }
}
