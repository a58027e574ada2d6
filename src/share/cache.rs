//! Hashes on disk, so that an unchanged file is hashed once in its life.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition, TableError, TableHandle as _};

use super::index::Stamp;
use crate::proto::FileId;

/// Size, time, inode, hash.
type Row = [u8; 52];

/// Changes kept until they are written together: one durable commit for all.
const MAX_PENDING: usize = 4096;
/// Memory that the database may use for pages of its file.
const PAGE_CACHE: usize = 8 << 20;
/// Folders remembered that are not shared at present.
const MAX_ROOTS: usize = 64;

#[derive(Debug)]
struct Change {
    root: Arc<str>,
    path: Box<str>,
    row: Option<Row>,
}

/// The hashes of all files that were ever indexed and not seen to vanish: a table for each shared folder (named by its
/// path), from the file's path there to its stamp and hash.
#[derive(Debug)]
pub(super) struct Cache {
    file: PathBuf,
    database: Option<Database>,
    pending: Vec<Change>,
    note: Option<String>,
}

impl Cache {
    /// Opens the cache, or makes a new one. One that cannot be read is set aside, one that cannot be written is done
    /// without; [`Cache::note`] tells.
    pub(super) fn open(file: &Path) -> Self {
        let mut cache = Self { file: file.to_owned(), database: None, pending: Vec::new(), note: None };
        match open(file) {
            Ok(database) => cache.database = Some(database),
            Err(redb::DatabaseError::DatabaseAlreadyOpen) => {
                cache.note = Some(format!(
                    "{} is in use by another process: files are hashed again at each start until it ends",
                    file.display()
                ));
            }
            Err(error) => cache.set_aside(&error.to_string()),
        }
        cache
    }

    /// What is wrong with the cache, and what was done.
    pub(super) fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Whether changes wait to be written.
    pub(super) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Tells all files of a root. A cache that turns out to be damaged is set aside; what was told until then stands,
    /// because each row is checked against the disk anyway.
    pub(super) fn load(&mut self, root: &str, mut tell: impl FnMut(&str, Stamp, FileId)) {
        let Some(database) = &self.database else { return };
        if let Err(error) = load(database, root, &mut tell) {
            self.set_aside(&error.to_string());
        }
    }

    /// Remembers a file.
    pub(super) fn put(&mut self, root: &Arc<str>, path: &str, stamp: Stamp, id: FileId) {
        self.change(Change { root: root.clone(), path: path.into(), row: Some(encode(stamp, id)) });
    }

    /// Forgets a file.
    pub(super) fn remove(&mut self, root: &Arc<str>, path: &str) {
        self.change(Change { root: root.clone(), path: path.into(), row: None });
    }

    /// Writes what waits, durably.
    pub(super) fn commit(&mut self) {
        let changes = std::mem::take(&mut self.pending);
        let Some(database) = self.database.as_ref().filter(|_| !changes.is_empty()) else { return };
        if let Err(error) = write(database, &changes) {
            self.note = Some(format!("{} cannot be written ({error}): is the disk full?", self.file.display()));
        }
    }

    /// Forgets folders that are not shared at present, once there are too many of them.
    pub(super) fn prune(&self, shared: &[Arc<str>]) -> Result<(), redb::Error> {
        let Some(database) = &self.database else { return Ok(()) };
        let transaction = database.begin_read()?;
        let tables = transaction.list_tables()?;
        let old: Vec<String> = tables
            .map(|table| table.name().to_owned())
            .filter(|name| !shared.iter().any(|root| **root == **name))
            .collect();
        if old.len() > MAX_ROOTS {
            let transaction = database.begin_write()?;
            for name in &old {
                transaction.delete_table(TableDefinition::<&str, Row>::new(name))?;
            }
            transaction.commit()?;
        }
        Ok(())
    }

    fn change(&mut self, change: Change) {
        if self.database.is_some() {
            self.pending.push(change);
        }
        if self.pending.len() >= MAX_PENDING {
            self.commit();
        }
    }

    fn set_aside(&mut self, why: &str) {
        self.database = None;
        let aside = self.file.with_extension("damaged");
        let moved = fs::rename(&self.file, &aside);
        self.database = open(&self.file).ok();
        let done = match (&moved, &self.database) {
            (Ok(()), Some(_)) => format!("it was set aside as {}, and files are hashed again", aside.display()),
            (Err(_), Some(_)) => "a new one was made".to_owned(),
            _ => "files are hashed again at each start: check that the folder can be written".to_owned(),
        };
        self.note = Some(format!("the cache of hashes {} could not be read ({why}): {done}", self.file.display()));
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        self.commit();
    }
}

fn open(file: &Path) -> Result<Database, redb::DatabaseError> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(redb::StorageError::from)?;
    }
    Database::builder().set_cache_size(PAGE_CACHE).create(file)
}

fn load(database: &Database, root: &str, tell: &mut dyn FnMut(&str, Stamp, FileId)) -> Result<(), redb::Error> {
    let transaction = database.begin_read()?;
    let table = match transaction.open_table(TableDefinition::<&str, Row>::new(root)) {
        Ok(table) => table,
        Err(TableError::TableDoesNotExist(_)) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    for row in table.iter()? {
        let (path, row) = row?;
        let (stamp, id) = decode(&row.value());
        tell(path.value(), stamp, id);
    }
    Ok(())
}

fn write(database: &Database, changes: &[Change]) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    for changes in changes.chunk_by(|a, b| a.root == b.root) {
        let mut table = transaction.open_table(TableDefinition::<&str, Row>::new(&changes[0].root))?;
        for Change { path, row, .. } in changes {
            match row {
                Some(row) => table.insert(&**path, row)?,
                None => table.remove(&**path)?,
            };
        }
    }
    transaction.commit()?;
    Ok(())
}

fn encode(stamp: Stamp, id: FileId) -> Row {
    let mut row = [0; 52];
    row[..8].copy_from_slice(&stamp.size.to_le_bytes());
    row[8..16].copy_from_slice(&stamp.modified.to_le_bytes());
    row[16..20].copy_from_slice(&stamp.inode.to_le_bytes());
    row[20..].copy_from_slice(&id.0);
    row
}

fn decode(row: &Row) -> (Stamp, FileId) {
    fn part<const N: usize>(row: &Row, at: usize) -> [u8; N] {
        std::array::from_fn(|i| row[at + i])
    }
    let stamp = Stamp {
        size: u64::from_le_bytes(part(row, 0)),
        modified: i64::from_le_bytes(part(row, 8)),
        inode: u32::from_le_bytes(part(row, 16)),
    };
    (stamp, FileId(part(row, 20)))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::sync::Arc;

    use super::{Cache, MAX_ROOTS};
    use crate::proto::FileId;
    use crate::share::index::Stamp;

    const STAMP: Stamp = Stamp { size: 1, modified: -2, inode: 3 };

    fn all(cache: &mut Cache, root: &str) -> Vec<String> {
        let mut paths = Vec::new();
        cache.load(root, |path, stamp, id| {
            assert_eq!((stamp, id), (STAMP, FileId([4; 32])));
            paths.push(path.to_owned());
        });
        paths
    }

    fn filled(file: &Path, root: &str, paths: &[&str]) {
        let root: Arc<str> = root.into();
        let mut cache = Cache::open(file);
        assert_eq!(cache.note(), None);
        paths.iter().for_each(|path| cache.put(&root, path, STAMP, FileId([4; 32])));
    }

    #[test]
    fn it_remembers_by_folder() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("state/library.redb");
        filled(&file, "/one", &["a/b", "c"]);
        filled(&file, "/two", &["d"]);
        let mut cache = Cache::open(&file);
        assert_eq!(all(&mut cache, "/one"), ["a/b", "c"]);
        cache.remove(&"/one".into(), "c");
        cache.commit();
        assert_eq!((all(&mut cache, "/one").len(), all(&mut cache, "/two").len()), (1, 1));
        assert!(all(&mut cache, "/none").is_empty() && !cache.has_pending());
    }

    #[test]
    fn a_damaged_one_is_set_aside_and_said() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("library.redb");
        fs::write(&file, "no database at all").unwrap();
        let mut cache = Cache::open(&file);
        assert!(cache.note().is_some_and(|note| note.contains("set aside")), "{:?}", cache.note());
        assert_eq!(fs::read(dir.path().join("library.damaged")).unwrap(), b"no database at all");
        cache.put(&"/one".into(), "a", STAMP, FileId([4; 32]));
        cache.commit();
        assert_eq!(all(&mut cache, "/one"), ["a"]);
    }

    #[test]
    fn one_that_is_in_use_is_done_without() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("library.redb");
        let _first = Cache::open(&file);
        let mut second = Cache::open(&file);
        assert!(second.note().is_some_and(|note| note.contains("another process")));
        second.put(&"/one".into(), "a", STAMP, FileId([4; 32]));
        assert!(!second.has_pending() && all(&mut second, "/one").is_empty());
    }

    #[test]
    fn folders_that_are_no_longer_shared_are_forgotten_in_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("library.redb");
        let root = |i: usize| -> Arc<str> { format!("/{i}").into() };
        let mut cache = Cache::open(&file);
        (0..=MAX_ROOTS + 1).for_each(|i| cache.put(&root(i), "a", STAMP, FileId([4; 32])));
        cache.commit();
        cache.prune(&[root(0), root(1)]).unwrap();
        assert_eq!(all(&mut cache, "/2").len(), 1);
        cache.prune(&[root(0)]).unwrap();
        assert_eq!((all(&mut cache, "/0").len(), all(&mut cache, "/2").len()), (1, 0));
    }
}
