//! Hashes on disk, so that an unchanged file is hashed once in its life.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition, TableError, TableHandle as _};

use super::index::Stamp;
use crate::proto::FileId;

/// From a path to size, time, inode and hash. Paths are bytes, because the database would panic over damaged text.
type Table<'n> = TableDefinition<'n, &'static [u8], Row>;
type Row = [u8; 52];

/// Changes kept until they are written together: one durable commit for all.
const MAX_PENDING: usize = 4096;
/// Memory that the database may use for pages of its file.
const PAGE_CACHE: usize = 8 << 20;
/// The thread that checks the cache: a panic of it is not the program's, and nobody need hear of it.
pub const CHECK_THREAD: &str = "cache-check";
/// Rows read at a time, and batches of them that may wait.
const BATCH: usize = 1024;
const MAX_BATCHES: usize = 16;
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
    database: Option<Arc<Database>>,
    pending: Vec<Change>,
    note: Option<String>,
}

impl Cache {
    /// Opens the cache, or makes a new one. One that cannot be read is set aside, one that cannot be written is done
    /// without; [`Cache::note`] tells.
    pub(super) fn open(file: &Path) -> Self {
        let mut cache = Self { file: file.to_owned(), database: None, pending: Vec::new(), note: None };
        match open(file) {
            Ok(database) => cache.database = Some(Arc::new(database)),
            Err(redb::Error::DatabaseAlreadyOpen) => {
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
        let Some(database) = self.database.clone() else { return };
        let (sender, batches) = sync_channel(MAX_BATCHES);
        let root = root.to_owned();
        let reader = guarded(move || load(&database, &root, &sender));
        for batch in batches {
            batch.rows().for_each(|(path, stamp, id)| tell(path, stamp, id));
        }
        if let Err(error) = finish(reader) {
            self.set_aside(&error.to_string());
        }
    }

    /// Reads all of the cache and sets it aside if it is damaged anywhere: writing into it would fail otherwise.
    pub(super) fn check(&mut self) {
        let Some(mut database) = self.database.take().and_then(Arc::into_inner) else { return };
        let checked = finish(guarded(move || {
            database.check_integrity()?;
            Ok(database)
        }));
        match checked {
            Ok(database) => self.database = Some(Arc::new(database)),
            Err(error) => self.set_aside(&error.to_string()),
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
                transaction.delete_table(Table::new(name))?;
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
        self.database = open(&self.file).ok().map(Arc::new);
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

/// Files as they were read.
#[derive(Debug, Default)]
struct Batch {
    paths: String,
    /// Where the path ends, and the rest.
    rows: Vec<(usize, Stamp, FileId)>,
}

impl Batch {
    fn rows(&self) -> impl Iterator<Item = (&str, Stamp, FileId)> {
        let starts = std::iter::once(0).chain(self.rows.iter().map(|row| row.0));
        starts.zip(&self.rows).map(|(start, &(end, stamp, id))| (&self.paths[start..end], stamp, id))
    }
}

/// Runs what may come across damage on a thread of its own: where the database does not expect it, it panics.
fn guarded<T: Send + 'static>(
    run: impl FnOnce() -> Result<T, redb::Error> + Send + 'static,
) -> io::Result<JoinHandle<Result<T, redb::Error>>> {
    thread::Builder::new().name(CHECK_THREAD.to_owned()).spawn(run)
}

fn finish<T>(thread: io::Result<JoinHandle<Result<T, redb::Error>>>) -> Result<T, redb::Error> {
    let damaged = |_| Err(redb::Error::Corrupted("a page of it is damaged".to_owned()));
    thread?.join().unwrap_or_else(damaged)
}

fn open(file: &Path) -> Result<Database, redb::Error> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let file = file.to_owned();
    finish(guarded(move || Ok(Database::builder().set_cache_size(PAGE_CACHE).create(file)?)))
}

fn load(database: &Database, root: &str, sender: &SyncSender<Batch>) -> Result<(), redb::Error> {
    let transaction = database.begin_read()?;
    let table = match transaction.open_table(Table::new(root)) {
        Ok(table) => table,
        Err(TableError::TableDoesNotExist(_)) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let mut batch = Batch::default();
    for row in table.iter()? {
        let (path, row) = row?;
        let (stamp, id) = decode(&row.value());
        if let Ok(path) = std::str::from_utf8(path.value()) {
            batch.paths.push_str(path);
            batch.rows.push((batch.paths.len(), stamp, id));
        }
        if batch.rows.len() >= BATCH {
            // The other end listens until this one ends.
            let _ = sender.send(std::mem::take(&mut batch));
        }
    }
    let _ = sender.send(batch);
    Ok(())
}

fn write(database: &Database, changes: &[Change]) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    for changes in changes.chunk_by(|a, b| a.root == b.root) {
        let mut table = transaction.open_table(Table::new(&changes[0].root))?;
        for Change { path, row, .. } in changes {
            match row {
                Some(row) => table.insert(path.as_bytes(), row)?,
                None => table.remove(path.as_bytes())?,
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
    fn damage_anywhere_ends_no_process() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("library.redb");
        let paths: Vec<String> = (0..400).map(|i| format!("folder/{i:0100}")).collect();
        filled(&file, "/one", &paths.iter().map(String::as_str).collect::<Vec<_>>());
        let bytes = fs::read(&file).unwrap();
        for at in (0..bytes.len()).step_by(bytes.len() / 60) {
            let mut damaged = bytes.clone();
            let end = (at + 600).min(bytes.len());
            damaged[at..end].iter_mut().for_each(|byte| *byte = byte.wrapping_mul(7) ^ 0xa5);
            fs::write(&file, damaged).unwrap();
            let mut cache = Cache::open(&file);
            cache.load("/one", |_, _, _| {});
            cache.check();
            cache.put(&"/one".into(), "new", STAMP, FileId([4; 32]));
            cache.commit();
        }
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
