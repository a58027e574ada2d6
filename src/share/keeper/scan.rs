//! Looking: the disk on one side, the index on the other.

use std::cmp::Ordering;
use std::io;
use std::path::PathBuf;
use std::time::Instant;

use super::{Keeper, MAX_REVISITS, POLL, POLL_FACTOR, REVISIT, Root};
use crate::proto::FileId;
use crate::share::clock;
use crate::share::hashers::Job;
use crate::share::index::{Place, Stamp, join};
use crate::share::rules;
use crate::share::settle::Spot;
use crate::share::walk::{self, Entry, Listing};
use crate::share::watch::Sign;

/// How a folder on disk differs from the index.
#[derive(Debug, Default)]
struct Differences {
    gone: Vec<String>,
    changed: Vec<(String, Stamp)>,
}

impl Keeper {
    /// Begins to look at everything.
    pub(super) fn rescan(&mut self) {
        self.report.begin_scan();
        self.scan(|root| !root.is_lost());
    }

    /// Begins to look at what cannot be watched.
    pub(super) fn poll(&mut self) {
        if self.roots.iter().any(Root::is_polled) {
            self.scan(Root::is_polled);
        }
    }

    fn scan(&mut self, of: impl Fn(&Root) -> bool) {
        self.scan_since.get_or_insert(clock::now());
        let roots = self.roots.iter().enumerate().filter(|(_, root)| of(root));
        self.walk.extend(roots.map(|(number, _)| Spot { root: number as u16, path: String::new() }));
    }

    /// The walk came to its end.
    pub(super) fn finish_scan(&mut self) {
        if let Some(since) = self.scan_since.take() {
            let now = clock::now();
            self.poll_at = now + POLL.max(now.saturating_duration_since(since) * POLL_FACTOR);
            self.report.scans += 1;
            self.report.touched();
        }
    }

    /// Takes what the watcher gathered.
    pub(super) fn take_changes(&mut self, now: Instant) {
        let Ok(watch) = &self.watch else { return };
        let changes = watch.take();
        if changes.lost {
            self.rescan();
        }
        if let Some((path, why)) = changes.unwatched {
            self.unwatched(path.as_deref(), &why);
        }
        for (path, sign) in changes.paths {
            for number in 0..self.roots.len() as u16 {
                let Ok(below) = path.strip_prefix(self.roots[usize::from(number)].dir()) else { continue };
                match below.to_str() {
                    Some("") => self.check_root(number),
                    Some(below) => {
                        let spot = Spot { root: number, path: below.to_owned() };
                        if self.look(spot.clone(), sign) == Some(Kind::Folder) && self.revisits.len() < MAX_REVISITS {
                            self.revisits.push_back((now + REVISIT, spot));
                        }
                    }
                    None => self.exclude(path.clone(), "its name is not UTF-8: rename it".to_owned()),
                }
            }
        }
    }

    /// Looks at one path and returns what it is.
    pub(super) fn look(&mut self, spot: Spot, sign: Sign) -> Option<Kind> {
        if self.roots[usize::from(spot.root)].is_lost() {
            return None;
        }
        let path = self.disk_path(&spot);
        if let Some(why) = rules::excluded_path(&spot.path) {
            self.left_out(path, &spot, why);
            return None;
        }
        match walk::look(&path) {
            Ok(Entry::File(stamp)) => {
                self.compare(spot, stamp, sign);
                Some(Kind::File)
            }
            Ok(Entry::Folder) => {
                self.forget_file(&spot);
                self.walk.push(spot);
                Some(Kind::Folder)
            }
            Ok(Entry::Excluded(why)) => {
                self.gone(&spot);
                self.exclude(path, why);
                None
            }
            Err(error) => {
                self.failed(&spot, &error);
                None
            }
        }
    }

    /// Notes that a rule leaves an entry out, as long as it is there. What lies in a folder that is left out is not named.
    fn left_out(&mut self, path: PathBuf, spot: &Spot, why: &str) {
        let folder = spot.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        if rules::excluded_path(folder).is_some() {
            return;
        }
        match walk::look(&path) {
            Ok(_) => self.exclude(path, why.to_owned()),
            Err(_) => self.report.readmit(&path),
        }
    }

    /// Looks into one folder; those in it are next.
    pub(super) fn visit(&mut self, spot: &Spot) {
        let listing = match walk::list(&self.disk_path(spot)) {
            Ok(listing) => listing,
            Err(error) => return self.failed(spot, &error),
        };
        let differences = self.differences(spot, &listing);
        let vanished = self.vanished_folders(spot, &listing);
        let below = |name: &str| Spot { root: spot.root, path: join(&spot.path, name) };
        for name in differences.gone.iter().chain(&vanished) {
            if !self.gone(&below(name)) {
                return;
            }
        }
        for (name, stamp) in differences.changed {
            self.compare(below(&name), stamp, Sign::Touched);
        }
        self.walk.extend(listing.folders.iter().map(|name| below(name)));
        for excluded in listing.excluded {
            self.exclude(excluded.path, excluded.why);
        }
    }

    fn differences(&self, spot: &Spot, listing: &Listing) -> Differences {
        let index = self.library.index();
        let mut differences = Differences::default();
        let mut known = index.in_folder(spot.root, &spot.path).peekable();
        for (name, stamp) in &listing.files {
            loop {
                let order = known.peek().map_or(Ordering::Greater, |&number| index.place(number).name.cmp(name));
                match order {
                    Ordering::Less => {
                        differences.gone.extend(known.next().map(|number| index.place(number).name.to_owned()))
                    }
                    Ordering::Equal => {
                        if known.next().is_some_and(|number| index.stamp(number) != *stamp) {
                            differences.changed.push((name.clone(), *stamp));
                        }
                        break;
                    }
                    Ordering::Greater => {
                        differences.changed.push((name.clone(), *stamp));
                        break;
                    }
                }
            }
        }
        differences.gone.extend(known.map(|number| index.place(number).name.to_owned()));
        differences
    }

    fn vanished_folders(&self, spot: &Spot, listing: &Listing) -> Vec<String> {
        let mut known = self.library.index().child_folders(spot.root, &spot.path);
        known.retain(|name| listing.folders.binary_search(name).is_err());
        known
    }

    /// A file is there: does the index know it as it is?
    fn compare(&mut self, spot: Spot, stamp: Stamp, sign: Sign) {
        let known = {
            let index = self.library.index();
            index.at(Place::of(spot.root, &spot.path)).map(|number| (number, index.stamp(number)))
        };
        match known {
            Some((_, known)) if known == stamp => {
                self.library.waiting_mut().remove(&spot);
                return self.settling.remove(&spot);
            }
            Some((number, _)) => {
                // It is no longer what was hashed, so nobody gets it until it is hashed again.
                self.library.index_mut().remove(number);
                self.report.changed();
            }
            None => {}
        }
        if self.in_flight.get(&spot).is_some_and(|hashed| *hashed == stamp) {
            return;
        }
        self.in_flight.remove(&spot);
        self.report.touched();
        self.library.waiting_mut().note(&spot, stamp.size);
        self.settling.note(spot, stamp, sign, clock::now(), clock::unix_nanos());
        while let Some((spot, stamp)) = self.settling.take_due(clock::now()) {
            self.rested(spot, stamp);
        }
    }

    /// Nobody seems to write to a file any more.
    pub(super) fn rested(&mut self, spot: Spot, stamp: Stamp) {
        match walk::look(&self.disk_path(&spot)) {
            Ok(Entry::File(now)) if now == stamp => self.fresh.push((spot, stamp)),
            Ok(Entry::File(now)) => {
                self.settling.note(spot, now, Sign::Touched, clock::now(), clock::unix_nanos());
            }
            _ => drop(self.look(spot, Sign::Touched)),
        }
    }

    /// Decides about the new files: one with the inode, size and time of a file that vanished is that file, elsewhere.
    pub(super) fn resolve_fresh(&mut self) {
        for (spot, stamp) in std::mem::take(&mut self.fresh) {
            if let Some(&id) = self.departed.get(&stamp) {
                self.put(&spot, stamp, id);
            } else if self.in_flight.insert(spot.clone(), stamp) != Some(stamp) {
                let file = self.disk_path(&spot);
                self.hashers.push(Job { root: spot.root, path: spot.path, file, stamp });
            }
            self.report.touched();
        }
    }

    fn failed(&mut self, spot: &Spot, error: &io::Error) {
        if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) {
            self.gone(spot);
        } else if self.is_there(spot.root) {
            // It may be readable again tomorrow: the cache keeps what is known of it.
            self.take_out(spot, false);
            self.exclude(self.disk_path(spot), walk::unreadable(error));
        }
    }

    /// A file, or a folder with all in it, vanished. Returns `false` if the whole share did.
    fn gone(&mut self, spot: &Spot) -> bool {
        let is_there = self.is_there(spot.root);
        if is_there {
            self.take_out(spot, self.roots[usize::from(spot.root)].forgets());
        }
        is_there
    }

    /// A folder took the place of a file.
    fn forget_file(&mut self, spot: &Spot) {
        let is_known = self.library.index().at(Place::of(spot.root, &spot.path)).is_some();
        if is_known {
            self.take_out(spot, true);
        }
    }

    fn take_out(&mut self, spot: &Spot, forget: bool) {
        self.library.waiting_mut().remove(spot);
        self.settling.remove(spot);
        self.in_flight.remove(spot);
        let key = self.roots[usize::from(spot.root)].cache_key();
        for (number, stamp, id) in self.files_at_or_below(spot) {
            let path = self.library.index().place(number).path();
            self.library.index_mut().remove(number);
            if let Some(key) = key.as_ref().filter(|_| forget) {
                self.cache.remove(key, &path);
            }
            self.departed.insert(stamp, id);
            self.report.changed();
        }
        self.report.touched();
    }

    /// The numbers of the file at a spot, or of all files below it. Only removals keep them valid.
    pub(super) fn files_at_or_below(&self, spot: &Spot) -> Vec<(u32, Stamp, FileId)> {
        let index = self.library.index();
        let folders = index.folders_below(spot.root, &spot.path);
        let below = folders.flat_map(|(folder, _)| index.in_folder(spot.root, folder));
        let at = index.at(Place::of(spot.root, &spot.path));
        at.into_iter().chain(below).map(|number| (number, index.stamp(number), index.content(number))).collect()
    }
}

/// What was found at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
}
