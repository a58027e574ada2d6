//! The threads that hash, and how fast they may.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rayon_core::ThreadPool;

use super::clock;
use super::hash::hash_file;
use super::index::Stamp;
use super::walk;
use crate::proto::FileId;

/// Files hashed at once at the most: small files take turns with reading, a large one uses all cores by itself.
const MAX_THREADS: usize = 4;
/// Half-life of the shown rate.
const RATE_SPAN: Duration = Duration::from_secs(2);

/// A file to hash.
#[derive(Debug)]
pub(super) struct Job {
    /// Its share.
    pub(super) root: u16,
    /// Its path there.
    pub(super) path: String,
    /// Where it lies on disk.
    pub(super) file: PathBuf,
    /// What it looked like when it was chosen.
    pub(super) stamp: Stamp,
}

/// What became of a [`Job`].
#[derive(Debug)]
pub(super) enum Outcome {
    /// It has this hash, and did not change meanwhile.
    Hashed(FileId),
    /// It is not what it was: look at it again.
    Changed,
    /// It cannot be read, and why.
    Unreadable(String),
}

/// Where the hashing stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Progress {
    /// Files that wait or are being hashed.
    pub(super) files: u64,
    /// Bytes still to be hashed.
    pub(super) bytes: u64,
    /// Bytes a second, lately.
    pub(super) rate: u64,
    /// The path of a file that is being hashed.
    pub(super) current: Option<String>,
}

#[derive(Debug)]
struct State {
    queue: VecDeque<Job>,
    progress: Progress,
    stopped: bool,
    /// Bytes hashed since `rate_since`.
    rate_bytes: u64,
    rate_since: Instant,
    /// When the next byte may be hashed.
    free_at: Instant,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    limit: Option<u64>,
}

/// A queue of files and the threads that hash them. They stop, in the midst of a file too, when it is dropped.
#[derive(Debug)]
pub(super) struct Hashers {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Hashers {
    /// Starts the threads. `limit` is in bytes a second, for all of them together; `done` is told each outcome.
    ///
    /// # Errors
    /// When the system gives no more threads.
    pub(super) fn start(limit: Option<u64>, done: impl Fn(Job, Outcome) + Clone + Send + 'static) -> io::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let pool =
            rayon_core::ThreadPoolBuilder::new().num_threads(cores).thread_name(|_| "hash-part".to_owned()).build();
        let pool = Arc::new(pool.map_err(io::Error::other)?);
        let now = clock::now();
        let state = State {
            queue: VecDeque::new(),
            progress: Progress::default(),
            stopped: false,
            rate_bytes: 0,
            rate_since: now,
            free_at: now,
        };
        let limit = limit.map(|limit| limit.max(1));
        let mut hashers = Self {
            shared: Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new(), limit }),
            threads: Vec::new(),
        };
        for _ in 0..cores.min(MAX_THREADS) {
            let (shared, pool, done) = (hashers.shared.clone(), pool.clone(), done.clone());
            let thread = thread::Builder::new().name("hash".to_owned()).spawn(move || work(&shared, &pool, done))?;
            hashers.threads.push(thread);
        }
        Ok(hashers)
    }

    /// Puts a file into the queue.
    pub(super) fn push(&self, job: Job) {
        let mut state = self.shared.lock();
        state.progress.files += 1;
        state.progress.bytes += job.stamp.size;
        state.queue.push_back(job);
        self.shared.changed.notify_one();
    }

    /// Where it stands.
    pub(super) fn progress(&self) -> Progress {
        self.shared.lock().progress.clone()
    }
}

impl Drop for Hashers {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        self.shared.changed.notify_all();
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so already.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if state.stopped {
                return None;
            }
            if let Some(job) = state.queue.pop_front() {
                state.progress.current = Some(job.path.clone());
                return Some(job);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Notes that so many bytes are about to be hashed, and waits until that is allowed.
    fn step(&self, bytes: u64) -> io::Result<()> {
        let mut state = self.lock();
        let mut now = clock::now();
        state.count(bytes, now);
        if let Some(limit) = self.limit {
            let start = state.free_at.max(now);
            state.free_at = start + Duration::from_secs_f64(bytes as f64 / limit as f64);
            while !state.stopped && now < start {
                state = self.changed.wait_timeout(state, start - now).unwrap_or_else(PoisonError::into_inner).0;
                now = clock::now();
            }
        }
        if state.stopped { Err(io::ErrorKind::Interrupted.into()) } else { Ok(()) }
    }

    /// Takes a finished file, of which so many bytes were not read, off the progress.
    fn finish(&self, unread: u64) {
        let mut state = self.lock();
        state.progress.files = state.progress.files.saturating_sub(1);
        state.progress.bytes = state.progress.bytes.saturating_sub(unread);
        if state.progress.files == 0 {
            state.progress = Progress::default();
        }
    }
}

impl State {
    fn count(&mut self, bytes: u64, now: Instant) {
        self.progress.bytes = self.progress.bytes.saturating_sub(bytes);
        self.rate_bytes += bytes;
        let span = now.saturating_duration_since(self.rate_since);
        if span > Duration::from_millis(50) {
            self.progress.rate = (self.rate_bytes as f64 / span.as_secs_f64()) as u64;
        }
        if span > RATE_SPAN {
            self.rate_bytes /= 2;
            self.rate_since = now - span / 2;
        }
    }
}

fn work(shared: &Shared, pool: &ThreadPool, done: impl Fn(Job, Outcome)) {
    while let Some(job) = shared.next() {
        let mut unread = job.stamp.size;
        let outcome = hash(&job, pool, &mut |bytes| {
            unread = unread.saturating_sub(bytes);
            shared.step(bytes)
        });
        shared.finish(unread);
        let outcome = match outcome {
            Ok(outcome) => outcome,
            // Only the end of the program interrupts.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof) => {
                Outcome::Changed
            }
            Err(error) => Outcome::Unreadable(walk::unreadable(&error)),
        };
        done(job, outcome);
    }
}

/// Hashes a file if it is, before and after, what it was when it was chosen.
fn hash(job: &Job, pool: &ThreadPool, step: &mut dyn FnMut(u64) -> io::Result<()>) -> io::Result<Outcome> {
    let file = open(&job.file)?;
    if walk::stamp(&file.metadata()?) != job.stamp {
        return Ok(Outcome::Changed);
    }
    let id = hash_file(&file, job.stamp.size, pool, step)?;
    Ok(if walk::stamp(&file.metadata()?) == job.stamp { Outcome::Hashed(id) } else { Outcome::Changed })
}

/// Opens for reading. A pipe that took the file's place since must not make it wait.
fn open(path: &std::path::Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    Ok(File::from(rustix::fs::open(path, flags, Mode::empty())?))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::sync::mpsc::{Receiver, sync_channel};

    use super::{Hashers, Job, Outcome};
    use crate::proto::FileId;
    use crate::share::clock;
    use crate::share::walk::{self, Entry};

    fn start(limit: Option<u64>) -> (Hashers, Receiver<(Job, Outcome)>) {
        let (sender, receiver) = sync_channel(10);
        let done = move |job, outcome| sender.send((job, outcome)).unwrap();
        (Hashers::start(limit, done).unwrap(), receiver)
    }

    fn job(file: &Path) -> Job {
        let Ok(Entry::File(stamp)) = walk::look(file) else { panic!("{file:?} is no file") };
        Job { root: 0, path: "a".to_owned(), file: file.to_owned(), stamp }
    }

    #[test]
    fn a_file_is_hashed_and_one_that_changed_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        fs::write(&path, "before").unwrap();
        let (hashers, outcomes) = start(None);
        hashers.push(job(&path));
        let (_, outcome) = outcomes.recv().unwrap();
        assert!(matches!(outcome, Outcome::Hashed(id) if id == FileId(blake3::hash(b"before").into())));
        let old = job(&path);
        fs::write(&path, "after it").unwrap();
        hashers.push(old);
        assert!(matches!(outcomes.recv().unwrap().1, Outcome::Changed));
        let gone = job(&path);
        fs::remove_file(&path).unwrap();
        hashers.push(gone);
        assert!(matches!(outcomes.recv().unwrap().1, Outcome::Changed));
        assert_eq!(hashers.progress(), super::Progress::default());
    }

    #[test]
    fn a_limit_is_kept_and_stopping_does_not_wait_for_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        fs::write(&path, vec![0; 100_000]).unwrap();
        let start_time = clock::now();
        let (hashers, outcomes) = start(Some(1_000_000));
        (0..3).for_each(|_| hashers.push(job(&path)));
        (0..3).for_each(|_| assert!(matches!(outcomes.recv().unwrap().1, Outcome::Hashed(_))));
        assert!(start_time.elapsed().as_millis() >= 200, "a tenth of a second each, the first one at once");
        drop(hashers);
        let (hashers, _outcomes) = start(Some(1));
        (0..3).for_each(|_| hashers.push(job(&path)));
        drop(hashers);
    }
}
