//! The shared folders themselves: there, gone, back.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Keeper;
use crate::share::ShareError;
use crate::share::index::Place;
use crate::share::settle::Spot;
use crate::share::status::WatchStatus;
use crate::share::walk;

/// A shared folder.
#[derive(Debug)]
pub(in crate::share) struct Root {
    alias: String,
    /// As the user named it, made absolute.
    given: PathBuf,
    /// Where it lies, without symbolic links; as given while it is lost.
    dir: PathBuf,
    key: Arc<str>,
    status: WatchStatus,
    /// Device and inode while it is there.
    identity: Option<(u64, u64)>,
    /// It had files when it was lost: as long as it is empty it is not back.
    had_files: bool,
    /// Another folder than at the start lies there: what is missing in it is not forgotten.
    is_substitute: bool,
}

/// A folder that can be shared.
#[derive(Debug)]
struct Probe {
    dir: PathBuf,
    key: Arc<str>,
    identity: (u64, u64),
    is_empty: bool,
}

/// Why a folder cannot be shared.
#[derive(Debug)]
enum Problem {
    /// It never can.
    Refused(ShareError),
    /// It may come back.
    Lost(String),
}

impl Root {
    /// Looks at a folder for the first time. One that is missing or unreadable is lost, which is no error.
    ///
    /// # Errors
    /// For what can never be shared.
    pub(in crate::share) fn new(alias: &str, path: &Path) -> Result<Self, ShareError> {
        let given = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let mut root = Self {
            alias: alias.to_owned(),
            dir: given.clone(),
            given,
            key: "".into(),
            status: WatchStatus::Watched,
            identity: None,
            had_files: false,
            is_substitute: false,
        };
        match probe(&root.given) {
            Ok(probe) => root.found(probe),
            Err(Problem::Refused(error)) => return Err(error),
            Err(Problem::Lost(why)) => root.status = WatchStatus::Lost { why },
        }
        Ok(root)
    }

    pub(in crate::share) fn alias(&self) -> &str {
        &self.alias
    }

    pub(in crate::share) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn watch_status(&self) -> &WatchStatus {
        &self.status
    }

    pub(super) fn is_polled(&self) -> bool {
        matches!(self.status, WatchStatus::Polled { .. })
    }

    pub(super) fn is_lost(&self) -> bool {
        matches!(self.status, WatchStatus::Lost { .. })
    }

    /// Whether a file that vanished from it is forgotten for good.
    pub(super) fn forgets(&self) -> bool {
        !self.is_substitute
    }

    /// Under which name the cache knows it; nothing while it is lost.
    pub(super) fn cache_key(&self) -> Option<Arc<str>> {
        (!self.is_lost()).then(|| self.key.clone())
    }

    fn found(&mut self, probe: Probe) {
        self.is_substitute |= self.identity.is_some_and(|identity| identity != probe.identity);
        self.dir = probe.dir;
        self.key = probe.key;
        self.identity = Some(probe.identity);
        self.status = WatchStatus::Watched;
    }
}

impl Keeper {
    /// Begins to watch the folders that are there.
    pub(super) fn start_roots(&mut self) {
        for number in 0..self.roots.len() as u16 {
            let files = self.library.index().of_root(number);
            let root = &mut self.roots[usize::from(number)];
            if root.is_lost() {
                continue;
            }
            if files > 0 && matches!(probe(&root.given), Ok(probe) if probe.is_empty) {
                let why = format!(
                    "it is empty, and {files} files were shared from it: mount its disk; if it is empty on purpose, put a \
                     file into it"
                );
                self.lose(number, why);
            } else {
                self.watch_root(number);
            }
        }
        let keys: Vec<Arc<str>> = self.roots.iter().filter_map(Root::cache_key).collect();
        if keys.len() == self.roots.len() {
            // A cache that cannot be pruned is no worse than one that need not be.
            let _ = self.cache.prune(&keys);
        }
    }

    /// Looks whether the shared folders are still there, or there again.
    pub(super) fn check_roots(&mut self) {
        (0..self.roots.len() as u16).for_each(|number| self.check_root(number));
    }

    pub(super) fn check_root(&mut self, number: u16) {
        let root = &self.roots[usize::from(number)];
        match probe(&root.given) {
            Ok(probe) if root.is_lost() => {
                if !(probe.is_empty && root.had_files) {
                    self.regain(number, probe);
                }
            }
            Ok(probe) if root.identity != Some(probe.identity) => {
                self.lose(number, "another folder lies there now".to_owned());
                if !probe.is_empty || !self.roots[usize::from(number)].had_files {
                    self.regain(number, probe);
                }
            }
            Ok(_) => {}
            Err(problem) => {
                let why = match problem {
                    Problem::Refused(error) => error.to_string(),
                    Problem::Lost(why) => why,
                };
                if root.is_lost() {
                    self.set_status(number, WatchStatus::Lost { why });
                } else {
                    self.lose(number, why);
                }
            }
        }
    }

    /// Whether a folder is still the one that was scanned; if not, nothing in it was deleted: the disk went away.
    pub(super) fn is_there(&mut self, number: u16) -> bool {
        let root = &self.roots[usize::from(number)];
        let is_there = fs::metadata(&root.dir).is_ok_and(|metadata| Some(identity(&metadata)) == root.identity);
        if !is_there {
            self.check_root(number);
        }
        is_there
    }

    /// Some folder below a root could not be watched.
    pub(super) fn unwatched(&mut self, path: Option<&Path>, why: &str) {
        for number in 0..self.roots.len() as u16 {
            let root = &self.roots[usize::from(number)];
            if !root.is_lost() && path.is_none_or(|path| path.starts_with(&root.dir)) {
                self.set_status(number, WatchStatus::Polled { why: why.to_owned() });
            }
        }
    }

    /// Nothing of a share can be sent any more. The cache keeps its hashes.
    fn lose(&mut self, number: u16, why: String) {
        let all = Spot { root: number, path: String::new() };
        self.roots[usize::from(number)].had_files = self.library.index().of_root(number) > 0;
        for (file, _, _) in self.files_at_or_below(&all) {
            self.library.index_mut().remove(file);
        }
        self.library.waiting_mut().remove_root(number);
        self.settling.remove_root(number);
        self.in_flight.retain(|spot, _| spot.root != number);
        self.fresh.retain(|(spot, _)| spot.root != number);
        self.walk.retain(|spot| spot.root != number);
        self.revisits.retain(|(_, spot)| spot.root != number);
        if let Ok(watch) = &mut self.watch {
            watch.unwatch(&self.roots[usize::from(number)].dir);
        }
        self.report.changed();
        self.set_status(number, WatchStatus::Lost { why });
    }

    fn regain(&mut self, number: u16, probe: Probe) {
        let root = &mut self.roots[usize::from(number)];
        let is_empty = probe.is_empty;
        root.found(probe);
        self.library.mount_at(number, &root.dir);
        let key = root.key.clone();
        let library = &self.library;
        let mut files = 0;
        self.cache.load(&key, |path, stamp, id| {
            files += 1;
            // What finds no room is found again, and said, by the walk.
            let _ = library.index_mut().put(Place::of(number, path), stamp, id);
        });
        self.report.changed();
        if is_empty && files > 0 {
            return self.lose(number, format!("it is empty, and {files} files were shared from it: mount its disk"));
        }
        self.watch_root(number);
        self.walk.push(Spot { root: number, path: String::new() });
    }

    fn watch_root(&mut self, number: u16) {
        let dir = &self.roots[usize::from(number)].dir;
        let watched = match &mut self.watch {
            Ok(watch) => watch.watch(dir),
            Err(why) => Err(why.clone()),
        };
        let status = watched.map_or_else(|why| WatchStatus::Polled { why }, |()| WatchStatus::Watched);
        self.set_status(number, status);
    }

    fn set_status(&mut self, number: u16, status: WatchStatus) {
        self.roots[usize::from(number)].status = status;
        self.report.touched();
    }
}

fn probe(given: &Path) -> Result<Probe, Problem> {
    let lost = |error: std::io::Error| {
        Problem::Lost(match error.kind() {
            std::io::ErrorKind::NotFound => {
                format!(
                    "{} does not exist: create it, or mount its disk; it is shared as soon as it is there",
                    given.display()
                )
            }
            _ => walk::unreadable(&error),
        })
    };
    let dir = fs::canonicalize(given).map_err(lost)?;
    if dir.parent().is_none() {
        return Err(Problem::Refused(ShareError::WholeDisk(given.to_owned())));
    }
    let metadata = fs::metadata(&dir).map_err(lost)?;
    if !metadata.is_dir() {
        return Err(Problem::Refused(ShareError::NotAFolder(given.to_owned())));
    }
    let Some(key) = dir.to_str().map(Arc::from) else {
        return Err(Problem::Refused(ShareError::NotUtf8(given.to_owned())));
    };
    let is_empty = fs::read_dir(&dir).map_err(lost)?.next().is_none();
    Ok(Probe { key, identity: identity(&metadata), is_empty, dir })
}

fn identity(metadata: &fs::Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}
