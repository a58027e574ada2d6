//! The library as others ask it: searches, transfers, lists.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::SystemTime;

use super::index::{Index, Stamp};
use super::keeper::Note;
use super::settle::Spot;
use super::status::{FileRow, FilesPage};
use super::walk;
use crate::overlay::{FoundFile, Library};
use crate::proto::{FileId, Folded, Query, Untrusted};

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
}

impl LocalLibrary {
    pub(super) fn new(mounts: Vec<Mount>, keeper: SyncSender<Note>) -> Self {
        Self { index: RwLock::default(), mounts: RwLock::new(mounts), keeper }
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

    /// A part of the list of files, by share and path; `filter` is words that the path must have in it, anywhere. Reads
    /// the whole list if there is a filter; other users go on meanwhile.
    #[must_use]
    pub fn files(&self, filter: &str, offset: u64, limit: usize) -> FilesPage {
        let filter = Folded::of(filter);
        let mut page = FilesPage { offset, ..FilesPage::default() };
        for (root, mount) in self.mounts().iter().enumerate() {
            let root = root as u16;
            let folders: Vec<(String, u32)> =
                self.index().folders_below(root, "").map(|(path, files)| (path.to_owned(), files)).collect();
            for (folder, files) in folders {
                let is_wanted = page.total + u64::from(files) > offset && page.files.len() < limit;
                if filter.words().len() == 0 && !is_wanted {
                    page.total += u64::from(files);
                } else {
                    self.add_folder(&mut page, &filter, limit, root, &folder, &mount.alias);
                }
            }
        }
        page
    }

    fn add_folder(&self, page: &mut FilesPage, filter: &Folded, limit: usize, root: u16, folder: &str, alias: &str) {
        let index = self.index();
        let mut folded = Folded::default();
        for number in index.in_folder(root, folder) {
            let name = index.place(number).name;
            let path = if folder.is_empty() { format!("{alias}/{name}") } else { format!("{alias}/{folder}/{name}") };
            if filter.words().len() > 0 {
                folded.set(&path);
                if !filter.words().all(|word| folded.text().contains(word)) {
                    continue;
                }
            }
            if page.total >= page.offset && page.files.len() < limit {
                let (size, hash) = (index.stamp(number).size, index.content(number));
                page.files.push(FileRow { path: path.into(), size, hash, magnet: magnet(&hash, name, size) });
            }
            page.total += 1;
        }
    }

    pub(super) fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn index_mut(&self) -> RwLockWriteGuard<'_, Index> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
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

    fn totals(&self) -> (u64, u64) {
        self.index().totals()
    }
}

/// What `hopscope get` takes.
fn magnet(id: &FileId, name: &str, size: u64) -> String {
    let mut link = format!("magnet:?xt=urn:blake3:{id}&dn=");
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            link.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(link, "%{byte:02X}");
        }
    }
    let _ = write!(link, "&xl={size}");
    link
}

#[cfg(test)]
mod tests {
    use super::magnet;
    use crate::proto::FileId;

    #[test]
    fn a_magnet_carries_any_name() {
        let link = magnet(&FileId([0xab; 32]), "a b&c=é%.mp3", 7);
        assert_eq!(link, format!("magnet:?xt=urn:blake3:{}&dn=a%20b%26c%3D%C3%A9%25.mp3&xl=7", "ab".repeat(32)));
    }
}
