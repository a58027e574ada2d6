//! What this node offers: scan, watch, hash, index, and the cache of them on disk.

mod cache;
mod clock;
mod hash;
mod hashers;
pub mod index;
mod keeper;
mod library;
mod rules;
mod settle;
mod status;
#[cfg(test)]
mod tests;
mod waiting;
mod walk;
mod watch;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};

pub use cache::CHECK_THREAD;
use hashers::Hashers;
use keeper::{Keeper, MAX_NOTES, Note, Root, Start};
use library::Mount;
pub use library::{LocalLibrary, SharedFile};
pub use status::{Excluded, FileRow, FilesPage, LibraryStatus, RootStatus, WatchStatus};

/// Folders that one node may share.
pub const MAX_SHARES: usize = 256;
/// The cache's file in the state folder.
const CACHE_FILE: &str = "library.redb";

/// What to share, and how.
#[derive(Clone, Debug, Default)]
pub struct ShareSettings {
    /// The folders.
    pub folders: Vec<SharedFolder>,
    /// Where the cache of hashes is kept; made if it is not there.
    pub state: PathBuf,
    /// Bytes hashed a second at the most; `None` for as fast as it goes.
    pub hash_rate: Option<u64>,
}

/// A folder to share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedFolder {
    /// What it is called: the first part of its files' paths.
    pub alias: String,
    /// Where it lies.
    pub path: PathBuf,
}

/// Why nothing can be shared, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ShareError {
    /// The root of the file system.
    #[error("{} is the whole disk, with everybody's secrets: share a folder in it", .0.display())]
    WholeDisk(PathBuf),
    /// A file, a device, a socket.
    #[error("{} is not a folder: share the folder that it lies in", .0.display())]
    NotAFolder(PathBuf),
    /// Its path cannot be written down.
    #[error("the path {} is not UTF-8: rename the folder, or share it through a link with another name", .0.display())]
    NotUtf8(PathBuf),
    /// An alias that cannot be the first part of a path.
    #[error("{0:?} cannot name a share: use letters, digits and spaces, without /")]
    Alias(String),
    /// An alias that is taken.
    #[error("two shares are called {0:?}: give one another name, with --share NAME=FOLDER")]
    SameAlias(String),
    /// A folder that is shared already.
    #[error("{} is shared twice: leave one of the two out", .0.display())]
    SameFolder(PathBuf),
    /// Over [`MAX_SHARES`].
    #[error("{0} folders are too many: at most {MAX_SHARES} can be shared, share a folder that holds them")]
    TooMany(usize),
    /// The system gives no thread.
    #[error("the system gives no more threads ({0}): close some programs, or raise the limit of processes")]
    Threads(#[from] io::Error),
}

/// The library at work: the folders are watched and kept indexed on threads of its own until this is dropped.
#[derive(Debug)]
pub struct Shares {
    library: Arc<LocalLibrary>,
    status: tokio::sync::watch::Receiver<Arc<LibraryStatus>>,
    notes: SyncSender<Note>,
    keeper: Option<JoinHandle<()>>,
}

impl Shares {
    /// Starts to share, and returns before anything is read but the folders' own names: what the cache knows is there
    /// within moments, the rest when it is hashed. A folder that is missing or cannot be read is reported as lost and
    /// tried again every few seconds.
    ///
    /// # Errors
    /// For folders that can never be shared, and names that are taken.
    pub fn start(settings: ShareSettings) -> Result<Self, ShareError> {
        let roots = roots(&settings.folders)?;
        let (notes, inbox) = sync_channel(MAX_NOTES);
        let mounts = roots.iter().map(|root| Mount { alias: root.alias().into(), dir: root.dir().to_owned() });
        let initial = LibraryStatus { scanning: true, ..LibraryStatus::default() };
        let (sender, status) = tokio::sync::watch::channel(Arc::new(initial));
        let library = Arc::new(LocalLibrary::new(mounts.collect(), notes.clone(), status.clone()));
        let results = notes.clone();
        // After the keeper's end nobody wants results.
        let done = move |job, outcome| drop(results.send(Note::Hashed(job, outcome)));
        let start = Start {
            library: library.clone(),
            roots,
            cache_file: settings.state.join(CACHE_FILE),
            hashers: Hashers::start(settings.hash_rate, done)?,
            inbox,
            notes: notes.clone(),
            status: sender,
        };
        let keeper = thread::Builder::new().name("share".to_owned()).spawn(move || Keeper::new(start).run())?;
        Ok(Self { library, status, notes, keeper: Some(keeper) })
    }

    /// The files, to be searched from any thread.
    #[must_use]
    pub fn library(&self) -> Arc<LocalLibrary> {
        self.library.clone()
    }

    /// The library as it stands; changes at most ten times a second.
    #[must_use]
    pub fn status(&self) -> tokio::sync::watch::Receiver<Arc<LibraryStatus>> {
        self.status.clone()
    }

    /// Scans everything again. [`LibraryStatus::scans`] rises when that is done.
    pub fn rescan(&self) {
        // A keeper that has a thousand things to do hears of it later; only one that has ended does not listen.
        if let Err(TrySendError::Full(note)) = self.notes.try_send(Note::Rescan) {
            let notes = self.notes.clone();
            let _ = thread::Builder::new().name("rescan".to_owned()).spawn(move || drop(notes.send(note)));
        }
    }
}

impl Drop for Shares {
    /// Stops, also in the midst of hashing, and writes the cache.
    fn drop(&mut self) {
        let _ = self.notes.send(Note::Stop);
        if let Some(keeper) = self.keeper.take() {
            // If it panicked it has said so.
            let _ = keeper.join();
        }
    }
}

fn roots(folders: &[SharedFolder]) -> Result<Vec<Root>, ShareError> {
    if folders.len() > MAX_SHARES {
        return Err(ShareError::TooMany(folders.len()));
    }
    let mut roots: Vec<Root> = Vec::with_capacity(folders.len());
    for SharedFolder { alias, path } in folders {
        if alias.is_empty() || alias.contains('/') || alias.chars().any(char::is_control) {
            return Err(ShareError::Alias(alias.clone()));
        }
        let root = Root::new(alias, path)?;
        if roots.iter().any(|other| other.alias() == alias) {
            return Err(ShareError::SameAlias(alias.clone()));
        }
        if roots.iter().any(|other| other.dir() == root.dir()) {
            return Err(ShareError::SameFolder(path.clone()));
        }
        roots.push(root);
    }
    Ok(roots)
}
