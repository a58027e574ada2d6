//! All transfers of one node, both ways: what the engine holds.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::board::{Board, Stopped};
use super::buffers::Buffers;
use super::client::{Dial, Stream};
use super::download::{Download, Shared};
use super::ledger::{Ledger, Moved};
use super::partial::{Folder, Interrupted};
use super::serve::{PeerInfo, Uploads};
use super::source::Files;
use super::state::{Direction, Transfer, TransferState};
use crate::proto::{FileId, Magnet, NodeId, Untrusted};

/// Downloads that may run or wait at once.
pub const MAX_DOWNLOADS: usize = 1_000;

/// What the transfers of a node need to know.
#[derive(Clone, Debug)]
pub struct TransferSettings {
    /// Where downloads go.
    pub downloads: PathBuf,
    /// Downloads at once, at least 1; others wait.
    pub parallel_downloads: usize,
    /// Uploads at once, at least 1.
    pub upload_slots: usize,
    /// Nodes that may wait for an upload.
    pub upload_queue: usize,
}

/// Why a download does not begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// The link has no address.
    #[error("the link names nobody who has the file; search for it and take the link of a hit")]
    NoSource,
    /// [`MAX_DOWNLOADS`] of them run or wait.
    #[error("{MAX_DOWNLOADS} downloads run or wait already; let some finish first")]
    TooMany,
    /// [`Transfers::shutdown`] was called.
    #[error("the node is stopping")]
    Stopping,
}

/// There is no transfer of that number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no transfer {0}")]
pub struct NoTransfer(pub u64);

/// Bytes moved since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Verified bytes that came.
    pub downloaded: u64,
    /// Bytes of files that went.
    pub uploaded: u64,
}

/// The transfers of one node. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct Transfers {
    inner: Arc<Inner>,
}

struct Inner {
    board: Arc<Board>,
    uploads: Arc<Uploads>,
    downloads: Arc<Shared>,
    /// Downloads that are not over, by content.
    running: Mutex<BTreeMap<FileId, u64>>,
    tasks: TaskTracker,
}

impl Transfers {
    /// Transfers of what `files` offers, and from whom `dial` reaches. Nothing runs yet, and no file is touched.
    #[must_use]
    pub fn new(settings: TransferSettings, files: Arc<dyn Files>, dial: Arc<dyn Dial>) -> Self {
        let folder = Folder::new(settings.downloads.clone());
        Self::with_folder(&settings, folder, files, dial)
    }

    /// The same, with a folder that a test has made break.
    pub(super) fn with_folder(
        settings: &TransferSettings,
        folder: Folder,
        files: Arc<dyn Files>,
        dial: Arc<dyn Dial>,
    ) -> Self {
        let board = Board::new();
        let ledger = Arc::new(Ledger::default());
        let (slots, queue) = (settings.upload_slots, settings.upload_queue);
        let uploads = Uploads::new(Arc::clone(&board), Arc::clone(&ledger), files, slots, queue);
        let downloads = Arc::new(Shared {
            folder,
            dial,
            turns: Semaphore::new(settings.parallel_downloads.clamp(1, MAX_DOWNLOADS)),
            buffers: Arc::new(Buffers::default()),
            ledger,
            closing: CancellationToken::new(),
        });
        let (running, tasks) = (Mutex::default(), TaskTracker::new());
        Self { inner: Arc::new(Inner { board, uploads, downloads, running, tasks }) }
    }

    /// Starts a download, or goes on with what an earlier run left of the same file; returns its number. A file that is
    /// being downloaded already keeps its number. Call it within a tokio runtime.
    ///
    /// # Errors
    /// When the link names nobody, or when too many downloads wait.
    pub fn start(&self, magnet: Magnet) -> Result<u64, StartError> {
        let inner = &self.inner;
        if magnet.sources.is_empty() {
            return Err(StartError::NoSource);
        }
        if inner.downloads.closing.is_cancelled() {
            return Err(StartError::Stopping);
        }
        let mut running = inner.running();
        if let Some(id) = running.get(&magnet.id) {
            return Ok(*id);
        }
        if running.len() >= MAX_DOWNLOADS {
            return Err(StartError::TooMany);
        }
        inner.board.forget_failed(&magnet.id);
        let ticket = inner.board.add(line(&magnet), inner.downloads.closing.child_token());
        let (id, hash) = (ticket.id(), magnet.id);
        running.insert(hash, id);
        drop(running);
        let download = Download::new(Arc::clone(&inner.downloads), magnet, ticket);
        let ended = Ended { inner: Arc::clone(inner), hash };
        inner.tasks.spawn(async move {
            let (ticket, end) = download.run().await;
            // In this order: whoever sees the end can start the same file again at once.
            drop(ended);
            if let Some((state, why)) = end {
                ticket.state(state, why);
            }
        });
        Ok(id)
    }

    /// Stops a transfer that runs. One that is over is taken off the list, and what is here of a download that the user
    /// had stopped is deleted with it; what is here of a failed one is kept for another try.
    ///
    /// # Errors
    /// When there is none of that number.
    pub fn cancel(&self, id: u64) -> Result<(), NoTransfer> {
        let inner = &self.inner;
        if let Stopped::Removed(transfer) = inner.board.stop(id).ok_or(NoTransfer(id))?
            && (transfer.direction, transfer.state) == (Direction::Download, TransferState::Cancelled)
            && !inner.running().contains_key(&transfer.hash)
        {
            let folder = inner.downloads.folder.clone();
            inner.tasks.spawn_blocking(move || {
                if let Err(error) = folder.discard(&transfer.hash) {
                    tracing::warn!(hash = %transfer.hash, %error, "a partial download could not be deleted");
                }
            });
        }
        Ok(())
    }

    /// Downloads that earlier runs did not finish, to be handed to [`Transfers::start`]. It reads the disk and blocks.
    #[must_use]
    pub fn interrupted(&self) -> Vec<Interrupted> {
        self.inner.downloads.folder.interrupted()
    }

    /// All transfers in the order in which they came: all that run, and the last of those that are over.
    #[must_use]
    pub fn list(&self) -> Vec<Arc<Transfer>> {
        self.inner.board.list()
    }

    /// Wakes when the list changed: at once for a change of state, at most ten times a second a transfer for progress.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.inner.board.changes()
    }

    /// Bytes moved since the start.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let (downloaded, uploaded) = self.inner.board.totals();
        Totals { downloaded, uploaded }
    }

    /// Bytes moved since the start between this node and each other one.
    #[must_use]
    pub fn moved(&self) -> BTreeMap<NodeId, Moved> {
        self.inner.downloads.ledger.read()
    }

    /// Serves one connection: any stream whose other end is known and may have files. It ends when the other node closes
    /// or idles, when it breaks the rules, or when [`Transfers::shutdown`] is called.
    pub async fn serve<S: Stream>(&self, stream: S, peer: PeerInfo) {
        tokio::select! {
            () = self.inner.uploads.serve(stream, peer) => {}
            () = self.inner.downloads.closing.cancelled() => {}
        }
    }

    /// Stops all transfers and returns when everything that was verified is safe on the disk.
    pub async fn shutdown(&self) {
        self.inner.downloads.closing.cancel();
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }
}

impl Inner {
    fn running(&self) -> MutexGuard<'_, BTreeMap<FileId, u64>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a download out of the table of running ones, however it ends.
struct Ended {
    inner: Arc<Inner>,
    hash: FileId,
}

impl Drop for Ended {
    fn drop(&mut self) {
        self.inner.running().remove(&self.hash);
    }
}

fn line(magnet: &Magnet) -> Transfer {
    Transfer {
        id: 0,
        direction: Direction::Download,
        name: magnet.name.clone(),
        hash: magnet.id,
        bytes: 0,
        size: magnet.size.unwrap_or(0),
        rate: 0,
        sources: 0,
        state: TransferState::Queued,
        why: None,
        peer: Untrusted::default(),
    }
}
