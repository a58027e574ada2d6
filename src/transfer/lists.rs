//! The group lists of files that are offered: computed once on blocking threads, kept in a bounded cache.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::num::NonZero;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OnceCell, Semaphore};

use super::source::{OpenFile, SharedFile};
use super::verify::{GROUP, GroupList, Value, group_count, group_span, group_value};
use crate::proto::FileId;

/// Lists that are kept.
const MAX_LISTS: usize = 64;
/// Bytes of lists that are kept: some 2 TiB of files.
const MAX_BYTES: usize = 64 << 20;
/// Lists computed at once: the disk is one.
const MAX_COMPUTING: usize = 1;
/// Threads that compute one list.
const MAX_THREADS: usize = 4;
/// How long a request waits for a list before it is told to come back.
const WAIT: Duration = Duration::from_secs(10);

/// Why there is no list.
#[derive(Debug)]
pub(super) enum NoList {
    /// It is being computed.
    NotYet,
    /// It cannot be: the file changed or cannot be read.
    Never(String),
}

type Cell = Arc<OnceCell<Result<Bytes, String>>>;

/// The lists.
#[derive(Debug)]
pub(super) struct Lists {
    /// The most recently used last.
    cache: Mutex<VecDeque<(FileId, SharedFile, Cell)>>,
    computing: Arc<Semaphore>,
}

impl Default for Lists {
    fn default() -> Self {
        Self { cache: Mutex::default(), computing: Arc::new(Semaphore::new(MAX_COMPUTING)) }
    }
}

impl Lists {
    /// The values of all groups of an open file, one after the other.
    ///
    /// # Errors
    /// When it takes too long, or cannot be had.
    pub(super) async fn get(&self, id: FileId, open: Arc<OpenFile>) -> Result<Bytes, NoList> {
        let cell = self.cell(id, open.shared());
        let (filling, computing) = (Arc::clone(&cell), Arc::clone(&self.computing));
        // Its own task: the work goes on when this request gives up waiting, and the next one finds it done.
        let work = tokio::spawn(async move {
            filling
                .get_or_init(|| async {
                    let _turn = computing.acquire().await.map_err(|closed| closed.to_string())?;
                    let compute = tokio::task::spawn_blocking(move || compute(&id, &open));
                    compute.await.unwrap_or_else(|panic| Err(panic.to_string()))
                })
                .await
                .clone()
        });
        match tokio::time::timeout(WAIT, work).await {
            Err(_) => Err(NoList::NotYet),
            Ok(Ok(Ok(list))) => Ok(list),
            Ok(Ok(Err(why))) => {
                self.forget(&cell);
                Err(NoList::Never(why))
            }
            Ok(Err(panic)) => Err(NoList::Never(panic.to_string())),
        }
    }

    fn cell(&self, id: FileId, shared: &SharedFile) -> Cell {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let place = cache.iter().position(|(known, file, _)| *known == id && file == shared);
        let entry = match place.and_then(|place| cache.remove(place)) {
            Some(entry) => entry,
            None => (id, shared.clone(), Cell::default()),
        };
        let cell = Arc::clone(&entry.2);
        cache.push_back(entry);
        let bytes = |cell: &Cell| cell.get().and_then(|list| list.as_ref().ok()).map_or(0, Bytes::len);
        let mut held: usize = cache.iter().map(|(_, _, cell)| bytes(cell)).sum();
        while cache.len() > MAX_LISTS || (held > MAX_BYTES && cache.len() > 1) {
            held -= cache.pop_front().map_or(0, |(_, _, cell)| bytes(&cell));
        }
        cell
    }

    /// A failure is not kept: the file may be in order again the next time.
    fn forget(&self, cell: &Cell) {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.retain(|(_, _, known)| !Arc::ptr_eq(known, cell));
    }
}

/// Reads and hashes a file on a few threads.
fn compute(id: &FileId, open: &OpenFile) -> Result<Bytes, String> {
    let size = open.shared().size;
    let count = group_count(size).ok_or("the file is too large to be sent")?;
    let threads =
        std::thread::available_parallelism().map_or(1, NonZero::get).clamp(1, MAX_THREADS).min(count as usize);
    let next = AtomicU32::new(0);
    let parts: Vec<io::Result<Vec<(u32, Value)>>> = std::thread::scope(|scope| {
        let work = || values(open.file(), size, count, &next);
        let workers: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut parts = vec![work()];
        parts.extend(
            workers
                .into_iter()
                .map(|worker| worker.join().unwrap_or_else(|_| Err(io::Error::other("hashing the file failed")))),
        );
        parts
    });
    let mut list = vec![Value::default(); count as usize];
    for part in parts {
        for (index, value) in part.map_err(|error| format!("the file cannot be read: {error}"))? {
            list[index as usize] = value;
        }
    }
    open.check_unchanged()?;
    let list = GroupList::check(id, size, list).map_err(|_| "the file's content changed since it was hashed")?;
    Ok(Bytes::copy_from_slice(list.values().as_flattened()))
}

/// The values of whichever groups nobody else takes.
fn values(file: &File, size: u64, count: u32, next: &AtomicU32) -> io::Result<Vec<(u32, Value)>> {
    let (mut values, mut buffer) = (vec![], vec![0; GROUP as usize]);
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        if index >= count {
            return Ok(values);
        }
        let span = group_span(size, index);
        let bytes = &mut buffer[..(span.end - span.start) as usize];
        file.read_exact_at(bytes, span.start)?;
        values.push((index, group_value(count, index, bytes)));
    }
}
