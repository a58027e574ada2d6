//! A partial download on the disk: `<downloads>/.incomplete/<hash>.part` and its journal. Everything here blocks.
//!
//! When data is forced to the disk: every [`SYNC_EVERY`] bytes, when a download stops, and before the file gets its
//! name, so that a name in the download folder always means a whole file. Between those, a group is written, then its
//! record: a killed process loses nothing that was verified, and after a power failure the groups since the last sync
//! are read and checked again before they count.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::journal::{self, Journal, MAX_JOURNAL, Record};
use super::names::move_to_free_name;
use super::plan::Plan;
use super::verify::{GROUP, GroupList, group_span};
use crate::proto::{FileId, Magnet};

/// Bytes verified between two times at which data is forced to the disk.
pub(super) const SYNC_EVERY: u64 = 256 << 20;
/// Interrupted downloads that are listed.
const MAX_INTERRUPTED: usize = 1_000;

/// Where the bytes of a partial download go: a file, or in a test something that breaks.
pub(super) trait Blob: Send + Sync + fmt::Debug {
    /// Writes all of it there.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// Fills the buffer from there.
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()>;
    /// Forces everything to the disk.
    fn sync(&self) -> io::Result<()>;
}

impl Blob for File {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.write_all_at(bytes, offset)
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        self.read_exact_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}

/// What wraps a partial file; a test puts a fault in its way.
pub(super) type Wrap = Arc<dyn Fn(File) -> Box<dyn Blob> + Send + Sync>;

/// The download folder.
#[derive(Clone)]
pub(super) struct Folder {
    downloads: PathBuf,
    wrap: Wrap,
}

/// A download that an earlier run did not finish.
#[derive(Clone, Debug)]
pub struct Interrupted {
    /// What to hand to `start` to go on, with the sources known when it began.
    pub magnet: Magnet,
    /// Bytes that its journal says are here.
    pub bytes: u64,
    /// Whether the user stopped it, rather than a crash or a shutdown.
    pub stopped: bool,
}

impl Folder {
    pub(super) fn new(downloads: PathBuf) -> Self {
        Self::with_blobs(downloads, Arc::new(|file| Box::new(file)))
    }

    pub(super) fn with_blobs(downloads: PathBuf, wrap: Wrap) -> Self {
        Self { downloads, wrap }
    }

    fn incomplete(&self) -> PathBuf {
        self.downloads.join(".incomplete")
    }

    fn part(&self, id: &FileId) -> PathBuf {
        self.incomplete().join(format!("{id}.part"))
    }

    fn journal(&self, id: &FileId) -> PathBuf {
        self.incomplete().join(format!("{id}.journal"))
    }

    /// Bytes that can be written, as far as the system says.
    pub(super) fn free(&self) -> Option<u64> {
        let stat = rustix::fs::statvfs(&self.downloads).ok()?;
        Some(stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    /// What earlier runs left, as their journals say, by name of file; damaged journals are left out.
    pub(super) fn interrupted(&self) -> Vec<Interrupted> {
        let Ok(entries) = fs::read_dir(self.incomplete()) else { return vec![] };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "journal"));
        paths.sort();
        paths.truncate(MAX_INTERRUPTED);
        paths.iter().filter_map(|path| interrupted(path)).collect()
    }

    /// Throws away what is here of a file, unless a download of it runs.
    ///
    /// # Errors
    /// When it runs, or the system refuses.
    pub(super) fn discard(&self, id: &FileId) -> io::Result<()> {
        let path = self.journal(id);
        let journal = match OpenOptions::new().read(true).write(true).open(&path) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        if let Some(file) = &journal {
            lock(file)?;
            fs::remove_file(path)?;
        }
        match fs::remove_file(self.part(id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

fn interrupted(path: &Path) -> Option<Interrupted> {
    let journal = journal::read(None, &read_capped(&mut File::open(path).ok()?).ok()?)?;
    let mut plan = Plan::new(journal.groups.size());
    for index in journal.verified.iter().flatten() {
        plan.verified(*index);
    }
    Some(Interrupted { bytes: plan.bytes(), magnet: journal.magnet, stopped: journal.stopped })
}

fn read_capped(file: &mut File) -> io::Result<Vec<u8>> {
    let mut bytes = vec![];
    file.take(MAX_JOURNAL).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn lock(file: &File) -> io::Result<()> {
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => {
            io::Error::new(io::ErrorKind::ResourceBusy, "another download writes the same file; wait for it")
        }
        TryLockError::Error(error) => error,
    })
}

/// A partial download that is being written. Its lock lasts as long as this does.
#[derive(Debug)]
pub(super) struct Partial {
    part: PathBuf,
    journal: PathBuf,
    downloads: PathBuf,
    blob: Box<dyn Blob>,
    groups: GroupList,
    log: Mutex<Log>,
}

/// The journal, open for appending.
#[derive(Debug)]
struct Log {
    file: File,
    /// Bytes of whole records.
    length: u64,
    /// Records of verified groups.
    verified: u32,
    /// Bytes of groups since the last sync began.
    unsynced: u64,
}

impl Partial {
    /// Opens what an earlier run left of a file, with the groups that are here. `None` if there is nothing to go on from.
    ///
    /// # Errors
    /// When another process has it, or the system refuses.
    pub(super) fn open(folder: &Folder, id: &FileId) -> io::Result<Option<(Self, Plan, Magnet)>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        let mut file = match options.open(folder.journal(id)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        lock(&file)?;
        let Some(journal) = journal::read(Some(id), &read_capped(&mut file)?) else { return Ok(None) };
        let part = match options.open(folder.part(id)) {
            Ok(part) => part,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let length = part.metadata()?.len();
        file.set_len(journal.valid)?;
        let Journal { magnet, groups, verified, synced, valid, .. } = journal;
        let log = Log { file, length: valid, verified: verified.len() as u32, unsynced: 0 };
        let partial = Self::assemble(folder, id, part, groups, log);
        let mut plan = Plan::new(partial.groups.size());
        for (place, index) in verified.into_iter().enumerate().filter_map(|(place, index)| Some((place, index?))) {
            let here = group_span(partial.groups.size(), index).end <= length;
            if here && (place < synced || partial.holds(index)) {
                plan.verified(index);
            } else {
                partial.append(&Record::Lost(index))?;
            }
        }
        partial.append(&Record::Started)?;
        Ok(Some((partial, plan, magnet)))
    }

    /// Begins a download, over whatever may lie there.
    ///
    /// # Errors
    /// When another process has it, or the system refuses.
    pub(super) fn create(folder: &Folder, magnet: &Magnet, groups: GroupList) -> io::Result<Self> {
        fs::create_dir_all(folder.incomplete())?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(folder.journal(&magnet.id))?;
        lock(&file)?;
        let part = options.open(folder.part(&magnet.id))?;
        part.set_len(0)?;
        file.set_len(0)?;
        let beginning = journal::begin(magnet, &groups);
        file.write_all(&beginning)?;
        let log = Log { file, length: beginning.len() as u64, verified: 0, unsynced: 0 };
        Ok(Self::assemble(folder, &magnet.id, part, groups, log))
    }

    fn assemble(folder: &Folder, id: &FileId, part: File, groups: GroupList, log: Log) -> Self {
        Self {
            part: folder.part(id),
            journal: folder.journal(id),
            downloads: folder.downloads.clone(),
            blob: (folder.wrap)(part),
            groups,
            log: Mutex::new(log),
        }
    }

    /// The file's groups.
    pub(super) const fn groups(&self) -> &GroupList {
        &self.groups
    }

    fn holds(&self, index: u32) -> bool {
        let span = group_span(self.groups.size(), index);
        let mut bytes = vec![0; (span.end - span.start) as usize];
        self.blob.read_at(&mut bytes, span.start).is_ok() && self.groups.holds(index, &bytes)
    }

    /// Checks a group that arrived and, if it is right, writes it and its record. Whether it was right.
    ///
    /// # Errors
    /// When the disk refuses; then the group does not count.
    pub(super) fn store(&self, index: u32, bytes: &[u8]) -> io::Result<bool> {
        if !self.groups.holds(index, bytes) {
            return Ok(false);
        }
        let due = {
            // One writer at a time: the system lets no two write to one file at once either, and has them spin for it.
            let mut log = self.log();
            self.blob.write_at(bytes, u64::from(index) * GROUP)?;
            log.append(&Record::Verified(index))?;
            log.verified += 1;
            log.unsynced += bytes.len() as u64;
            log.unsynced >= SYNC_EVERY
        };
        if due {
            self.sync()?;
        }
        Ok(true)
    }

    /// Forces what was stored to the disk, so that it is trusted without looking from then on.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(super) fn sync(&self) -> io::Result<()> {
        // Groups that are stored while the disk is busy are not part of what this sync vouches for.
        let covered = {
            let mut log = self.log();
            log.unsynced = 0;
            log.verified
        };
        self.blob.sync()?;
        self.append(&Record::Synced(covered))
    }

    /// Notes that the user stopped the download.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(super) fn stopped(&self) -> io::Result<()> {
        self.append(&Record::Stopped)
    }

    fn append(&self, record: &Record<'_>) -> io::Result<()> {
        self.log().append(record)
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the complete file its name in the download folder, or the next one that is free; returns where it is.
    ///
    /// # Errors
    /// When the disk refuses; everything stays as it was, for another try.
    pub(super) fn finish(&self, name: &str) -> io::Result<PathBuf> {
        self.blob.sync()?;
        let target = move_to_free_name(&self.part, &self.downloads, name)?;
        // The file is there; a journal that stays behind without its part means nothing to the next run.
        let _ = fs::remove_file(&self.journal);
        let _ = File::open(&self.downloads).and_then(|folder| folder.sync_all());
        Ok(target)
    }
}

impl Log {
    /// Appends a record, or nothing: half a record would hide all that come after it.
    fn append(&mut self, record: &Record<'_>) -> io::Result<()> {
        let bytes = record.encode();
        self.file.write_all_at(&bytes, self.length).inspect_err(|_| drop(self.file.set_len(self.length)))?;
        self.length += bytes.len() as u64;
        Ok(())
    }
}
