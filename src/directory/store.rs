//! The file on disk: a table of nodes, a table of their files, and which format that is.

use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition, TableError};

use super::OpenError;
use super::queue::Change;
use super::record::{FileKey, NodeRecord, decode_file, encode_file, file_key, split_key};
use crate::overlay::FoundFile;

/// What this version writes and reads.
const FORMAT: u64 = 1;
/// The table that makes a database one of these.
const ABOUT: TableDefinition<'_, &[u8], u64> = TableDefinition::new("hopscope directory");
const FORMAT_KEY: &[u8] = b"format";
/// Nodes by number. A number names one registration of one node, for good.
const NODES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("nodes");
/// Files by node and tag.
const FILES: TableDefinition<'_, &FileKey, &[u8]> = TableDefinition::new("files");
type Files<'t> = redb::Table<'t, &'static FileKey, &'static [u8]>;
/// Memory that the database may use for pages of its file.
const PAGE_CACHE: usize = 32 << 20;

/// Opens the database, again after a failure too.
pub(super) type Opener = Box<dyn Fn() -> Result<Database, redb::Error> + Send>;

/// The database, or what is left to do to have one again.
pub(super) struct Store {
    path: PathBuf,
    opener: Opener,
    database: Option<Database>,
}

/// What is read at the start, in order: all nodes, then the files of one after the other by their tags.
pub(super) trait Reader {
    /// A node with its number.
    fn node(&mut self, number: u64, record: NodeRecord);
    /// A file of the node with this number.
    fn file(&mut self, number: u64, tag: u64, file: FoundFile);
}

/// The opener of a file on disk; it and its folder are made if there is none.
pub(super) fn file(path: &Path) -> Opener {
    let path = path.to_owned();
    Box::new(move || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(Database::builder().set_cache_size(PAGE_CACHE).create(&path)?)
    })
}

impl Store {
    /// Opens the store and reads all of it.
    pub(super) fn open(path: &Path, opener: Opener, reader: &mut impl Reader) -> Result<Self, OpenError> {
        let path = path.to_owned();
        let opened = guarded(|| {
            let database = opener()?;
            let format = format(&database)?;
            if format == Some(FORMAT) {
                read(&database, reader)?;
            } else if format.is_none() {
                make(&database)?;
            }
            Ok((database, format))
        });
        match opened {
            Ok((_, Some(found))) if found != FORMAT => Err(OpenError::Version { path, found, known: FORMAT }),
            Ok((database, _)) => Ok(Self { path, opener, database: Some(database) }),
            Err(error) => Err(explain(path, error)),
        }
    }

    /// Writes changes, durably and all together or not at all. The error says what a person should know.
    pub(super) fn write(&mut self, changes: &[Change]) -> Result<(), String> {
        let written = guarded(|| {
            // After a failure the database does nothing more until it is opened again.
            let database = match self.database.take() {
                Some(database) => database,
                None => (self.opener)()?,
            };
            write(&database, changes)?;
            Ok(database)
        });
        match written {
            Ok(database) => {
                self.database = Some(database);
                Ok(())
            }
            Err(error) => Err(format!(
                "{} cannot be written ({error}): is the disk full? The directory goes on from memory and tries again",
                self.path.display()
            )),
        }
    }
}

/// Runs what may come across damage: where the database does not expect it, it panics.
fn guarded<T>(run: impl FnOnce() -> Result<T, redb::Error>) -> Result<T, redb::Error> {
    let damaged = |_| Err(redb::Error::Corrupted("a page of it is damaged".to_owned()));
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(damaged)
}

fn explain(path: PathBuf, error: redb::Error) -> OpenError {
    match error {
        redb::Error::DatabaseAlreadyOpen => OpenError::InUse { path },
        redb::Error::TableTypeMismatch { .. } | redb::Error::TableDoesNotExist(_) | redb::Error::UpgradeRequired(_) => {
            OpenError::Foreign { path }
        }
        redb::Error::Io(error)
            if !matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) =>
        {
            OpenError::Io { path, error }
        }
        error => OpenError::Damaged { path, why: error.to_string() },
    }
}

/// The format of a database; `None` if it has just been made.
fn format(database: &Database) -> Result<Option<u64>, redb::Error> {
    let transaction = database.begin_read()?;
    match transaction.open_table(ABOUT) {
        Ok(table) => {
            let format = table.get(FORMAT_KEY)?.map(|format| format.value());
            format.map(Some).ok_or_else(|| redb::Error::Corrupted("it does not say its format".to_owned()))
        }
        Err(TableError::TableDoesNotExist(name)) => {
            let is_new = transaction.list_tables()?.next().is_none();
            if is_new { Ok(None) } else { Err(redb::Error::TableDoesNotExist(name)) }
        }
        Err(error) => Err(error.into()),
    }
}

fn make(database: &Database) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    transaction.open_table(ABOUT)?.insert(FORMAT_KEY, FORMAT)?;
    transaction.open_table(NODES)?;
    transaction.open_table(FILES)?;
    transaction.commit()?;
    Ok(())
}

fn read(database: &Database, reader: &mut impl Reader) -> Result<(), redb::Error> {
    let damaged = |what: &str| redb::Error::Corrupted(format!("a {what} in it is damaged"));
    let transaction = database.begin_read()?;
    for row in transaction.open_table(NODES)?.iter()? {
        let (number, row) = row?;
        let record = NodeRecord::decode(row.value()).ok_or_else(|| damaged("node"))?;
        reader.node(number.value(), record);
    }
    for row in transaction.open_table(FILES)?.iter()? {
        let (key, row) = row?;
        let (number, tag) = split_key(key.value()).ok_or_else(|| damaged("key"))?;
        let file = decode_file(row.value(), tag).ok_or_else(|| damaged("file"))?;
        reader.file(number, tag, file);
    }
    Ok(())
}

fn write(database: &Database, changes: &[Change]) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    {
        let mut nodes = transaction.open_table(NODES)?;
        let mut files = transaction.open_table(FILES)?;
        let mut row = Vec::new();
        for change in changes {
            let (node, added) = match change {
                Change::Node(node, record) => {
                    nodes.insert(node, record.encode().as_slice())?;
                    continue;
                }
                Change::Gone(node) => {
                    nodes.remove(node)?;
                    remove_files(&mut files, *node, 0, u64::MAX)?;
                    continue;
                }
                Change::Removed(node, tags) => {
                    for tag in tags {
                        files.remove(&file_key(*node, *tag))?;
                    }
                    continue;
                }
                Change::Added(node, added) => (*node, added),
                Change::Part { node, from, to, files: added } => {
                    let last = to.map_or(u64::MAX, |to| to.saturating_sub(1));
                    remove_files(&mut files, *node, *from, last)?;
                    (*node, added)
                }
            };
            for (tag, file) in added {
                encode_file(file, &mut row);
                files.insert(&file_key(node, *tag), row.as_slice())?;
            }
        }
    }
    transaction.commit()?;
    Ok(())
}

fn remove_files(files: &mut Files<'_>, node: u64, first: u64, last: u64) -> Result<(), redb::StorageError> {
    let (first, last) = (file_key(node, first), file_key(node, last));
    files.retain_in::<&FileKey, _>(&first..=&last, |_, _| false)
}
