//! The table of files: where each lies, what it contains, and how to find it by either.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use super::ids::Ids;
use super::names::{NameRef, Names};
use super::{Full, MAX_FILES, Place, Stamp};
use crate::proto::FileId;

/// The folder of a row that is free.
const NO_FOLDER: u32 = u32::MAX;

/// A folder of a share that has files.
#[derive(Debug)]
struct Folder {
    root: u16,
    path: Arc<str>,
    files: u32,
}

/// One file: a cache line.
#[derive(Clone, Copy, Debug)]
struct Row {
    id: FileId,
    size: u64,
    modified: i64,
    inode: u32,
    folder: u32,
    name: NameRef,
}

const _: () = assert!(size_of::<Row>() == 64);

/// All files, by number. The number of a removed file goes to the next one that is added.
#[derive(Debug, Default)]
pub(super) struct Files {
    rows: Vec<Row>,
    free_rows: Vec<u32>,
    names: Names,
    folders: Vec<Folder>,
    free_folders: Vec<u32>,
    /// The folder of the last addition: the next one is mostly there too.
    last_folder: u32,
    /// By root, then by path.
    by_path: Vec<BTreeMap<Arc<str>, u32>>,
    /// By folder and name.
    by_place: Ids,
    /// By content, then by number.
    by_content: Ids,
    bytes: u64,
    /// Files of each root.
    root_files: Vec<u64>,
}

impl Files {
    /// Adds a file that is not there yet.
    pub(super) fn add(&mut self, place: Place<'_>, stamp: Stamp, id: FileId) -> Result<u32, Full> {
        let number = self.add_unordered(place, stamp, id)?;
        let folder = self.rows[number as usize].folder;
        let rows = (&self.rows, &self.names);
        self.by_place.insert(number, |other| compare_place(rows, other, folder, place.name).is_lt());
        self.by_content.insert(number, |other| (rows.0[other as usize].id, other) < (id, number));
        Ok(number)
    }

    /// Like [`Files::add`], for many files: [`Files::order`] must follow before anything is looked up.
    pub(super) fn add_unordered(&mut self, place: Place<'_>, stamp: Stamp, id: FileId) -> Result<u32, Full> {
        if self.len() >= MAX_FILES {
            return Err(Full);
        }
        let name = self.names.add(place.name)?;
        let folder = self.folder(place.root, place.folder);
        self.folders[folder as usize].files += 1;
        self.root_files[usize::from(place.root)] += 1;
        let Stamp { size, modified, inode } = stamp;
        let row = Row { id, size, modified, inode, folder, name };
        self.bytes = self.bytes.saturating_add(size);
        if let Some(number) = self.free_rows.pop() {
            self.rows[number as usize] = row;
            return Ok(number);
        }
        if self.rows.len() == self.rows.capacity() {
            // Doubling would double the largest table; a large one is moved without copying.
            self.rows.reserve_exact((self.rows.len() / 32).max(64));
        }
        self.rows.push(row);
        Ok(self.rows.len() as u32 - 1)
    }

    /// Orders what was added unordered, and drops files that were added to the same place twice; returns those.
    pub(super) fn order(&mut self) -> Vec<u32> {
        let live = || (0..self.rows.len() as u32).filter(|&number| self.rows[number as usize].folder != NO_FOLDER);
        let mut numbers: Vec<u32> = live().collect();
        let key = |number: &u32| {
            let row = &self.rows[*number as usize];
            (row.folder, self.names.get(row.name))
        };
        numbers.sort_by(|a, b| key(a).cmp(&key(b)));
        let twice: Vec<u32> =
            numbers.windows(2).filter(|pair| key(&pair[0]) == key(&pair[1])).map(|pair| pair[1]).collect();
        self.by_place = numbers.into_iter().collect();
        // The first bytes of a hash decide almost always, and side by side they sort several times faster.
        let mut contents: Vec<(u64, u32)> =
            live().map(|number| (first_bytes(&self.rows[number as usize].id), number)).collect();
        contents.sort_unstable_by(|a, b| {
            a.0.cmp(&b.0).then_with(|| (self.rows[a.1 as usize].id, a.1).cmp(&(self.rows[b.1 as usize].id, b.1)))
        });
        self.by_content = contents.into_iter().map(|(_, number)| number).collect();
        twice
    }

    /// Removes a file.
    pub(super) fn remove(&mut self, number: u32) {
        let row = self.rows[number as usize];
        // Equal places only exist between `add_unordered` and the removal of the later ones; their numbers tell them apart.
        let rows = (&self.rows, &self.names);
        let name = self.names.get(row.name);
        self.by_place.remove(number, |other| {
            compare_place(rows, other, row.folder, name).then_with(|| other.cmp(&number)).is_lt()
        });
        self.by_content.remove(number, |other| (self.rows[other as usize].id, other) < (row.id, number));
        self.names.remove(row.name);
        self.rows[number as usize].folder = NO_FOLDER;
        self.free_rows.push(number);
        self.bytes = self.bytes.saturating_sub(row.size);
        self.leave_folder(row.folder);
    }

    /// The file at a place.
    pub(super) fn at(&self, place: Place<'_>) -> Option<u32> {
        let &folder = self.by_path.get(usize::from(place.root))?.get(place.folder)?;
        let rows = (&self.rows, &self.names);
        let number = self.by_place.iter_from(|other| compare_place(rows, other, folder, place.name).is_lt()).next()?;
        compare_place(rows, number, folder, place.name).is_eq().then_some(number)
    }

    /// The files of this content.
    pub(super) fn with_content(&self, id: FileId) -> impl Iterator<Item = u32> {
        let numbers = self.by_content.iter_from(move |other| self.rows[other as usize].id < id);
        numbers.take_while(move |&number| self.rows[number as usize].id == id)
    }

    /// The files of one folder, by name.
    pub(super) fn in_folder(&self, root: u16, path: &str) -> impl Iterator<Item = u32> {
        let folder = self.by_path.get(usize::from(root)).and_then(|folders| folders.get(path)).copied();
        let folder = folder.unwrap_or(NO_FOLDER);
        let numbers = self.by_place.iter_from(move |other| self.rows[other as usize].folder < folder);
        numbers.take_while(move |&number| self.rows[number as usize].folder == folder)
    }

    /// The folders with files at or below a path (empty: of the whole root), by path.
    pub(super) fn folders_below(&self, root: u16, path: &str) -> impl Iterator<Item = (&str, u32)> {
        let folders = self.by_path.get(usize::from(root));
        let below = folders.into_iter().flat_map(move |folders| {
            folders
                .range::<str, _>((Bound::Included(path), Bound::Unbounded))
                .take_while(move |(other, _)| other.starts_with(path))
        });
        // `a-b` stands between `a` and `a/b`.
        let is_below =
            |other: &str| path.is_empty() || other.len() == path.len() || other.as_bytes()[path.len()] == b'/';
        below
            .filter(move |(other, _)| is_below(other))
            .map(|(other, &folder)| (&**other, self.folders[folder as usize].files))
    }

    /// The names of the folders directly below a path that have files, themselves or further down.
    pub(super) fn child_folders(&self, root: u16, path: &str) -> Vec<String> {
        let Some(folders) = self.by_path.get(usize::from(root)) else { return Vec::new() };
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        let mut children = Vec::new();
        let mut from = Bound::Excluded(path.to_owned());
        while let Some((other, _)) =
            folders.range::<str, _>((from.as_ref().map(String::as_str), Bound::Unbounded)).next()
        {
            let Some(below) = other.strip_prefix(&*prefix) else {
                if **other > *prefix {
                    break;
                }
                from = Bound::Included(prefix.clone());
                continue;
            };
            // Past the folder itself, or past all that is in it: `0` follows `/`.
            from = match below.split_once('/') {
                None => Bound::Excluded(other.to_string()),
                Some((child, _)) => Bound::Included(format!("{prefix}{child}0")),
            };
            children.push(below.split('/').next().unwrap_or(below).to_owned());
        }
        children.sort_unstable();
        children.dedup();
        children
    }

    /// Files, and their bytes.
    pub(super) fn totals(&self) -> (u64, u64) {
        (self.len() as u64, self.bytes)
    }

    /// Files of one root.
    pub(super) fn of_root(&self, root: u16) -> u64 {
        self.root_files.get(usize::from(root)).copied().unwrap_or(0)
    }

    /// The numbers of all files.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> {
        (0..self.rows.len() as u32).filter(|&number| self.rows[number as usize].folder != NO_FOLDER)
    }

    pub(super) fn place(&self, number: u32) -> Place<'_> {
        let folder = &self.folders[self.rows[number as usize].folder as usize];
        Place { root: folder.root, folder: &folder.path, name: self.name(number) }
    }

    pub(super) fn name(&self, number: u32) -> &str {
        self.names.get(self.rows[number as usize].name)
    }

    pub(super) fn content(&self, number: u32) -> FileId {
        self.rows[number as usize].id
    }

    pub(super) fn stamp(&self, number: u32) -> Stamp {
        let Row { size, modified, inode, .. } = self.rows[number as usize];
        Stamp { size, modified, inode }
    }

    /// Bytes of names, and all bytes on the heap.
    pub(super) fn heap_bytes(&self) -> (usize, usize) {
        // A path is kept once, behind two counters, and named from the table and from the tree.
        let folder = |folder: &Folder| folder.path.len() + 16 + size_of::<(Arc<str>, u32)>() * 4 / 3;
        let folders = self.folders.capacity() * size_of::<Folder>() + self.folders.iter().map(folder).sum::<usize>();
        let rows =
            self.rows.capacity() * size_of::<Row>() + (self.free_rows.capacity() + self.free_folders.capacity()) * 4;
        let orders = self.by_place.heap_bytes() + self.by_content.heap_bytes();
        (self.names.bytes(), self.names.heap_bytes() + rows + folders + orders)
    }

    fn len(&self) -> usize {
        self.rows.len() - self.free_rows.len()
    }

    fn folder(&mut self, root: u16, path: &str) -> u32 {
        let last = self.folders.get(self.last_folder as usize);
        if last.is_some_and(|folder| folder.files > 0 && folder.root == root && *folder.path == *path) {
            return self.last_folder;
        }
        let roots = self.by_path.len().max(usize::from(root) + 1);
        self.by_path.resize_with(roots, BTreeMap::new);
        self.root_files.resize(roots, 0);
        let known = &mut self.by_path[usize::from(root)];
        if let Some(&folder) = known.get(path) {
            self.last_folder = folder;
            return folder;
        }
        let path: Arc<str> = path.into();
        let folder = Folder { root, path: path.clone(), files: 0 };
        let number = match self.free_folders.pop() {
            Some(number) => {
                self.folders[number as usize] = folder;
                number
            }
            None => {
                self.folders.push(folder);
                self.folders.len() as u32 - 1
            }
        };
        known.insert(path, number);
        self.last_folder = number;
        number
    }

    fn leave_folder(&mut self, number: u32) {
        let folder = &mut self.folders[number as usize];
        folder.files -= 1;
        self.root_files[usize::from(folder.root)] -= 1;
        if folder.files == 0 {
            self.by_path[usize::from(folder.root)].remove(&folder.path);
            folder.path = "".into();
            self.free_folders.push(number);
        }
    }
}

fn first_bytes(id: &FileId) -> u64 {
    id.0.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

fn compare_place((rows, names): (&Vec<Row>, &Names), other: u32, folder: u32, name: &str) -> Ordering {
    let row = &rows[other as usize];
    row.folder.cmp(&folder).then_with(|| names.get(row.name).cmp(name))
}
