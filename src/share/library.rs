//! The library as others ask it: searches, transfers, lists.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::SystemTime;

use tokio::sync::watch;

use super::index::{Index, Stamp};
use super::keeper::Note;
use super::settle::Spot;
use super::status::{FileRow, FilesPage, LibraryStatus};
use super::waiting::Waiting;
use super::walk;
use crate::overlay::{FoundFile, Library, Missing};
use crate::proto::limits::MAX_REASON;
use crate::proto::{FileId, Folded, Magnet, MagnetSource, Query, Untrusted};

/// Files that a listing looks at before it lets others at the index: about a millisecond.
const FILES_A_LOCK: usize = 2_048;
/// Places of one content that are tried before it counts as gone.
const MAX_PLACES: usize = 16;

/// A file that can be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedFile {
    /// Where it lies, without symbolic links.
    pub path: PathBuf,
    /// Its name, without folders.
    pub name: Untrusted,
    /// Its bytes.
    pub size: u64,
    /// When it was last modified: a file that has another size or time when it is open is not the one that was hashed.
    pub modified: SystemTime,
}

/// A shared folder, as far as look-ups need it.
#[derive(Clone, Debug)]
pub(super) struct Mount {
    pub(super) alias: Box<str>,
    /// Where it lies, without symbolic links.
    pub(super) dir: PathBuf,
}

/// All files shared, ready to be searched from any thread. The keeper changes it while it is used; nobody waits for more
/// than microseconds.
#[derive(Debug)]
pub struct LocalLibrary {
    index: RwLock<Index>,
    mounts: RwLock<Vec<Mount>>,
    keeper: SyncSender<Note>,
    waiting: RwLock<Waiting>,
    status: watch::Receiver<Arc<LibraryStatus>>,
}

impl LocalLibrary {
    pub(super) fn new(
        mounts: Vec<Mount>,
        keeper: SyncSender<Note>,
        status: watch::Receiver<Arc<LibraryStatus>>,
    ) -> Self {
        let (index, waiting) = (RwLock::default(), RwLock::default());
        Self { index, mounts: RwLock::new(mounts), keeper, waiting, status }
    }

    /// A file of this content, if there still is one: the disk is asked. Blocks for as long as that takes.
    #[must_use]
    pub fn locate(&self, id: &FileId) -> Option<SharedFile> {
        let places: Vec<(Spot, Stamp)> = {
            let index = self.index();
            let place = |number| {
                let place = index.place(number);
                (Spot { root: place.root, path: place.path() }, index.stamp(number))
            };
            index.with_content(*id).take(MAX_PLACES).map(place).collect()
        };
        places.into_iter().find_map(|(spot, stamp)| {
            let found = self.check(&spot, stamp);
            if found.is_none() {
                // If it is busy it will come across the change by itself.
                let _ = self.keeper.try_send(Note::Look(spot));
            }
            found
        })
    }

    /// A part of the list of files, by share and path; `filter` is words that the path must have in it, anywhere, and
    /// `sources` go into the magnet links. Reads the whole list if there is a filter, which takes a while with a million
    /// of them; other users go on meanwhile.
    #[must_use]
    pub fn files(&self, filter: &str, offset: u64, limit: usize, sources: &[MagnetSource]) -> FilesPage {
        let page = FilesPage { offset, ..FilesPage::default() };
        let mut listing = Listing { filter: Folded::of(filter), limit, sources, page };
        for (root, mount) in self.mounts().iter().enumerate() {
            let root = root as u16;
            let folders: Vec<(String, u32)> =
                self.index().folders_below(root, "").map(|(path, files)| (path.to_owned(), files)).collect();
            for (folder, files) in folders {
                let mut begin = if listing.pass_over(u64::from(files)) { files as usize } else { 0 };
                while begin < files as usize {
                    listing.add_part(&self.index(), root, &folder, &mount.alias, begin);
                    begin += FILES_A_LOCK;
                }
            }
        }
        listing.page
    }

    pub(super) fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn index_mut(&self) -> RwLockWriteGuard<'_, Index> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn waiting_mut(&self) -> RwLockWriteGuard<'_, Waiting> {
        self.waiting.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn mount_at(&self, root: u16, dir: &Path) {
        let mut mounts = self.mounts.write().unwrap_or_else(PoisonError::into_inner);
        mounts[usize::from(root)].dir = dir.to_owned();
    }

    fn mounts(&self) -> Vec<Mount> {
        self.mounts.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The file, if it is what was hashed and lies inside its share.
    fn check(&self, spot: &Spot, stamp: Stamp) -> Option<SharedFile> {
        let dir = self.mounts().get(usize::from(spot.root))?.dir.clone();
        let path = fs::canonicalize(dir.join(&spot.path)).ok().filter(|path| path.starts_with(&dir))?;
        let metadata = fs::symlink_metadata(&path).ok().filter(|metadata| walk::stamp(metadata) == stamp)?;
        let name = spot.path.rsplit('/').next().unwrap_or_default().into();
        Some(SharedFile { path, name, size: stamp.size, modified: metadata.modified().ok()? })
    }
}

impl Library for LocalLibrary {
    fn find(&self, query: &Query, limit: usize, found: &mut Vec<FoundFile>) {
        let index = self.index();
        let first = found.len();
        for number in index.search(query, limit) {
            let (place, id) = (index.place(number), index.content(number));
            // The same content in two places is one file to others.
            if !found[first..].iter().any(|other| other.id == id) {
                found.push(FoundFile { name: place.name.into(), size: index.stamp(number).size, id });
            }
        }
    }

    fn each(&self, visit: &mut dyn FnMut(&str, u64, &FileId)) {
        let index = self.index();
        for number in index.numbers() {
            visit(index.place(number).name, index.stamp(number).size, &index.content(number));
        }
    }

    fn totals(&self) -> (u64, u64) {
        self.index().totals()
    }

    fn missing(&self, query: &Query) -> Missing {
        let (waiting, unlooked) = self.waiting.read().unwrap_or_else(PoisonError::into_inner).matching(query);
        let status = self.status.borrow().clone();
        let mut missing = Missing { waiting, unlooked, scanning: status.scanning, ..Missing::default() };
        for entry in &status.excluded {
            let name = entry.path.file_name().unwrap_or_default().to_string_lossy();
            if query.matches_name(&Folded::of(&name)) {
                missing.excluded += 1;
                if missing.why.raw().is_empty() {
                    missing.why = Untrusted::new(cut(&entry.why));
                }
            }
        }
        missing
    }
}

/// As much of a reason as may travel.
fn cut(why: &str) -> &str {
    &why[..why.floor_char_boundary(MAX_REASON)]
}

/// A page of the list of files while it is being filled.
struct Listing<'a> {
    filter: Folded,
    limit: usize,
    sources: &'a [MagnetSource],
    page: FilesPage,
}

impl Listing<'_> {
    /// Counts a folder's files without looking at them, if none of them can be on the page.
    fn pass_over(&mut self, files: u64) -> bool {
        let wanted = self.page.total + files > self.page.offset && self.page.files.len() < self.limit;
        let pass = !wanted && self.filter.words().len() == 0;
        if pass {
            self.page.total += files;
        }
        pass
    }

    /// Adds the next [`FILES_A_LOCK`] files of a folder.
    fn add_part(&mut self, index: &Index, root: u16, folder: &str, alias: &str, begin: usize) {
        let mut folded = Folded::default();
        for number in index.in_folder(root, folder).skip(begin).take(FILES_A_LOCK) {
            let name = index.place(number).name;
            let path = if folder.is_empty() { format!("{alias}/{name}") } else { format!("{alias}/{folder}/{name}") };
            if self.filter.words().len() > 0 {
                folded.set(&path);
                if !self.filter.words().all(|word| folded.text().contains(word)) {
                    continue;
                }
            }
            if self.page.total >= self.page.offset && self.page.files.len() < self.limit {
                let (size, hash) = (index.stamp(number).size, index.content(number));
                let (name, sources) = (name.into(), self.sources.to_vec());
                let magnet = Magnet { id: hash, name, size: Some(size), sources }.to_string();
                self.page.files.push(FileRow { path: path.into(), size, hash, magnet });
            }
            self.page.total += 1;
        }
    }
}
