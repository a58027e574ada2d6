//! The content index: a million names in memory, searched in microseconds, changed one file at a time.

mod files;
pub(crate) mod ids;
pub(crate) mod names;
pub(crate) mod plan;
mod search;
#[cfg(test)]
mod tests;
pub(crate) mod words;

use files::Files;
use words::{Words, WordsInBulk};

use crate::proto::{FileId, Folded};

/// Files that one library may have.
pub const MAX_FILES: usize = 1 << 24;

/// There is no room for another file: [`MAX_FILES`] files or 4 GiB of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the library is full: share fewer files")]
pub struct Full;

/// Where a file lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place<'a> {
    /// The number of its share.
    pub root: u16,
    /// Its folder below the share, with `/` between names; empty for the share itself.
    pub folder: &'a str,
    /// Its name.
    pub name: &'a str,
}

impl<'a> Place<'a> {
    /// A place from a path below a share.
    #[must_use]
    pub fn of(root: u16, path: &'a str) -> Self {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        Self { root, folder, name }
    }

    /// The path below the share.
    #[must_use]
    pub fn path(&self) -> String {
        join(self.folder, self.name)
    }
}

/// A path below a share, and a name in it.
pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// What tells, without reading it, whether a file is still the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// Bytes.
    pub size: u64,
    /// Last modification, nanoseconds since 1970.
    pub modified: i64,
    /// The inode and its device, folded into 32 bits: a file that another one took the place of has another.
    pub inode: u32,
}

/// All files of a library, and the words of their names.
#[derive(Debug, Default)]
pub struct Index {
    files: Files,
    words: Words,
    /// Words of each file's name, up to 255: those with the fewest are the best matches. Apart from the rest because a
    /// search reads it for hundreds of files.
    ranks: Vec<u8>,
    folded: Folded,
}

/// Bytes that an index holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footprint {
    /// Of the names themselves.
    pub names: usize,
    /// Of all the rest: postings, dictionary, folders, hashes, sizes, times, and room to grow.
    pub rest: usize,
}

impl Index {
    /// An index of many files at once, each place once; files beyond [`MAX_FILES`] are left out. `seed` is for the hash
    /// table that is used meanwhile.
    pub fn of<'a>(files: impl Iterator<Item = (Place<'a>, Stamp, FileId)>, seed: u64) -> Self {
        let mut loader = Loader::new(seed);
        files.for_each(|(place, stamp, id)| loader.add(place, stamp, id));
        loader.finish()
    }

    /// Adds a file, or changes the one at this place.
    ///
    /// # Errors
    /// [`Full`].
    pub fn put(&mut self, place: Place<'_>, stamp: Stamp, id: FileId) -> Result<(), Full> {
        if let Some(number) = self.files.at(place) {
            self.remove(number);
        }
        let number = self.files.add(place, stamp, id)?;
        self.folded.set(place.name);
        self.words.add(number, &self.folded);
        self.rank(number);
        Ok(())
    }

    /// Removes a file.
    pub fn remove(&mut self, number: u32) {
        self.folded.set(self.files.name(number));
        self.words.remove(number, &self.folded);
        self.files.remove(number);
    }

    /// The number of the file at a place. Numbers hold until the next change.
    #[must_use]
    pub fn at(&self, place: Place<'_>) -> Option<u32> {
        self.files.at(place)
    }

    /// The files of this content.
    pub fn with_content(&self, id: FileId) -> impl Iterator<Item = u32> {
        self.files.with_content(id)
    }

    /// The files of one folder, by name.
    pub fn in_folder(&self, root: u16, folder: &str) -> impl Iterator<Item = u32> {
        self.files.in_folder(root, folder)
    }

    /// The folders with files at or below a path (empty: of the whole share), by path, and how many files each has.
    pub fn folders_below(&self, root: u16, folder: &str) -> impl Iterator<Item = (&str, u32)> {
        self.files.folders_below(root, folder)
    }

    /// The names of the folders directly below a path that have files, themselves or further down.
    #[must_use]
    pub fn child_folders(&self, root: u16, folder: &str) -> Vec<String> {
        self.files.child_folders(root, folder)
    }

    /// The numbers of all files.
    pub fn numbers(&self) -> impl Iterator<Item = u32> {
        self.files.numbers()
    }

    /// Where a file lies.
    #[must_use]
    pub fn place(&self, number: u32) -> Place<'_> {
        self.files.place(number)
    }

    /// A file's stamp.
    #[must_use]
    pub fn stamp(&self, number: u32) -> Stamp {
        self.files.stamp(number)
    }

    /// A file's content.
    #[must_use]
    pub fn content(&self, number: u32) -> FileId {
        self.files.content(number)
    }

    /// Files, and their bytes.
    #[must_use]
    pub fn totals(&self) -> (u64, u64) {
        self.files.totals()
    }

    /// Files of one share.
    #[must_use]
    pub fn of_root(&self, root: u16) -> u64 {
        self.files.of_root(root)
    }

    /// Bytes that it holds.
    #[must_use]
    pub fn footprint(&self) -> Footprint {
        let (names, files) = self.files.heap_bytes();
        Footprint { names, rest: files - names + self.words.heap_bytes() + self.ranks.capacity() }
    }

    fn rank(&mut self, number: u32) {
        let number = number as usize;
        if number >= self.ranks.capacity() {
            self.ranks.reserve_exact(number + 1 - self.ranks.len() + self.ranks.len() / 32);
        }
        self.ranks.resize(self.ranks.len().max(number + 1), 0);
        self.ranks[number] = u8::try_from(self.folded.words().len()).unwrap_or(u8::MAX);
    }
}

/// Builds an [`Index`] of many files, several times faster than one by one.
#[derive(Debug)]
pub struct Loader {
    index: Index,
    words: WordsInBulk,
}

impl Loader {
    /// A loader; `seed` is for the hash table that it uses.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { index: Index::default(), words: WordsInBulk::new(seed) }
    }

    /// Adds a file; those beyond [`MAX_FILES`] are left out.
    pub fn add(&mut self, place: Place<'_>, stamp: Stamp, id: FileId) {
        let Ok(number) = self.index.files.add_unordered(place, stamp, id) else { return };
        self.index.folded.set(place.name);
        self.words.add(number, &self.index.folded);
        self.index.rank(number);
    }

    /// The index.
    #[must_use]
    pub fn finish(self) -> Index {
        let mut index = Index { words: self.words.finish(), ..self.index };
        let twice = index.files.order();
        twice.into_iter().for_each(|number| index.remove(number));
        index
    }
}
