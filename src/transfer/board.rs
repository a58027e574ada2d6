//! The list of transfers, both ways: numbered, metered, bounded, and read by the faces.
//!
//! Whoever moves a file holds a [`Ticket`] and writes to its line; everybody else reads the whole list, which costs a
//! reference count a line. Readers are woken at once when a state changes, and at most ten times a second a transfer
//! while bytes move.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::state::{Direction, Transfer, TransferState};
use crate::proto::FileId;

/// Finished transfers of each direction that stay listed; the oldest go first. Those who fetch here a lot do not push the
/// user's own downloads off the list.
pub(super) const MAX_FINISHED: usize = 200;
/// How often one transfer's progress wakes the readers, at most.
const PUBLISH_EVERY: Duration = Duration::from_millis(100);
/// The span over which a rate is measured.
const RATE_SPAN: Duration = Duration::from_secs(3);
/// Points kept of that span, at most one a [`PUBLISH_EVERY`].
const MAX_POINTS: usize = 32;

/// The list.
#[derive(Debug)]
pub(super) struct Board {
    lines: Mutex<Lines>,
    version: watch::Sender<u64>,
    downloaded: AtomicU64,
    uploaded: AtomicU64,
}

#[derive(Debug, Default)]
struct Lines {
    last_id: u64,
    by_id: BTreeMap<u64, Line>,
}

#[derive(Debug)]
struct Line {
    transfer: Arc<Transfer>,
    stop: CancellationToken,
    meter: Meter,
    published: Instant,
}

/// What became of a wish to stop a transfer.
#[derive(Debug)]
pub(super) enum Stopped {
    /// It runs, and was told to stop.
    Told,
    /// It was over, and is off the list.
    Removed(Arc<Transfer>),
}

impl Board {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            lines: Mutex::default(),
            version: watch::Sender::new(0),
            downloaded: AtomicU64::new(0),
            uploaded: AtomicU64::new(0),
        })
    }

    /// Adds a line; `transfer.id` is given here. `stop` is what a cancellation triggers.
    pub(super) fn add(self: &Arc<Self>, mut transfer: Transfer, stop: CancellationToken) -> Ticket {
        let mut lines = self.lock();
        lines.last_id += 1;
        let id = lines.last_id;
        transfer.id = id;
        let (direction, meter) = (transfer.direction, Meter::default());
        let line = Line { transfer: Arc::new(transfer), stop: stop.clone(), meter, published: Instant::now() };
        lines.by_id.insert(id, line);
        drop(lines);
        self.wake();
        Ticket { board: Arc::clone(self), id, direction, stop }
    }

    /// All transfers in the order in which they came.
    pub(super) fn list(&self) -> Vec<Arc<Transfer>> {
        self.lock().by_id.values().map(|line| Arc::clone(&line.transfer)).collect()
    }

    /// Wakes when the list changed.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Verified bytes downloaded and bytes uploaded, in all.
    pub(super) fn totals(&self) -> (u64, u64) {
        (self.downloaded.load(Ordering::Relaxed), self.uploaded.load(Ordering::Relaxed))
    }

    /// Stops a transfer that runs, takes one that is over off the list; `None` if there is none of that number.
    pub(super) fn stop(&self, id: u64) -> Option<Stopped> {
        let mut lines = self.lock();
        let line = lines.by_id.get(&id)?;
        if !line.transfer.state.is_final() {
            line.stop.cancel();
            return Some(Stopped::Told);
        }
        let line = lines.by_id.remove(&id)?;
        drop(lines);
        self.wake();
        Some(Stopped::Removed(line.transfer))
    }

    /// Takes failed and stopped downloads of a file off the list, because it is tried anew.
    pub(super) fn forget_failed(&self, hash: &FileId) {
        self.lock().by_id.retain(|_, Line { transfer, .. }| {
            let over = matches!(transfer.state, TransferState::Failed | TransferState::Cancelled);
            !(over && transfer.direction == Direction::Download && transfer.hash == *hash)
        });
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        // A panic elsewhere while it was held leaves a line at worst one update behind.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        self.version.send_modify(|version| *version += 1);
    }
}

impl Lines {
    fn forget_oldest_finished(&mut self, direction: Direction) {
        let over = |transfer: &Transfer| transfer.direction == direction && transfer.state.is_final();
        let finished = || self.by_id.iter().filter(|(_, line)| over(&line.transfer)).map(|(id, _)| *id);
        let excess = finished().count().saturating_sub(MAX_FINISHED);
        let oldest: Vec<u64> = finished().take(excess).collect();
        for id in oldest {
            self.by_id.remove(&id);
        }
    }
}

/// The right to write to one line. Dropped before the transfer is over, it says that the transfer failed.
#[derive(Debug)]
pub(super) struct Ticket {
    board: Arc<Board>,
    id: u64,
    direction: Direction,
    stop: CancellationToken,
}

impl Ticket {
    /// The transfer's number.
    pub(super) const fn id(&self) -> u64 {
        self.id
    }

    /// Triggers when the user stops the transfer.
    pub(super) const fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Changes the line and wakes the readers, if it changed.
    pub(super) fn update(&self, change: impl FnOnce(&mut Transfer)) {
        let mut lines = self.board.lock();
        let Some(line) = lines.by_id.get_mut(&self.id) else { return };
        let before = Arc::clone(&line.transfer);
        let transfer = Arc::make_mut(&mut line.transfer);
        change(transfer);
        transfer.rate = if transfer.state == TransferState::Active { line.meter.rate(Instant::now()) } else { 0 };
        if *before == *transfer {
            return;
        }
        if transfer.state.is_final() {
            lines.forget_oldest_finished(self.direction);
        }
        drop(lines);
        self.board.wake();
    }

    /// Sets the state and the reason for it.
    pub(super) fn state(&self, state: TransferState, why: Option<String>) {
        self.update(|transfer| (transfer.state, transfer.why) = (state, why));
    }

    /// `bytes` are done now, `more` of them are new. Cheap enough to call for every piece.
    pub(super) fn progress(&self, bytes: u64, more: u64) {
        let total = match self.direction {
            Direction::Download => &self.board.downloaded,
            Direction::Upload => &self.board.uploaded,
        };
        total.fetch_add(more, Ordering::Relaxed);
        let now = Instant::now();
        let mut lines = self.board.lock();
        let Some(line) = lines.by_id.get_mut(&self.id) else { return };
        line.meter.add(now, more);
        let due = now.duration_since(line.published) >= PUBLISH_EVERY;
        let transfer = Arc::make_mut(&mut line.transfer);
        transfer.bytes = bytes;
        if due {
            transfer.rate = line.meter.rate(now);
            line.published = now;
            drop(lines);
            self.board.wake();
        }
    }

    /// Time passed, perhaps without progress: brings the rate up to date.
    pub(super) fn tick(&self) {
        let now = Instant::now();
        let mut lines = self.board.lock();
        let Some(line) = lines.by_id.get_mut(&self.id) else { return };
        if now.duration_since(line.published) < PUBLISH_EVERY || line.transfer.state != TransferState::Active {
            return;
        }
        let rate = line.meter.rate(now);
        if rate != line.transfer.rate {
            Arc::make_mut(&mut line.transfer).rate = rate;
            line.published = now;
            drop(lines);
            self.board.wake();
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.update(|transfer| {
            if !transfer.state.is_final() {
                transfer.state = TransferState::Failed;
                transfer.why = Some("the node stopped before it was complete; start it again to go on".into());
            }
        });
    }
}

/// Bytes a second over the last [`RATE_SPAN`].
#[derive(Debug, Default)]
struct Meter {
    points: VecDeque<(Instant, u64)>,
}

impl Meter {
    fn add(&mut self, now: Instant, bytes: u64) {
        match self.points.back_mut() {
            Some((at, sum)) if now.duration_since(*at) < PUBLISH_EVERY => *sum += bytes,
            _ => self.points.push_back((now, bytes)),
        }
        if self.points.len() > MAX_POINTS {
            self.points.pop_front();
        }
    }

    fn rate(&mut self, now: Instant) -> u64 {
        self.points.retain(|(at, _)| now.duration_since(*at) <= RATE_SPAN);
        let Some((first, _)) = self.points.front() else { return 0 };
        // A transfer that just began has no second behind it: nothing is claimed beyond what came.
        let span = now.duration_since(*first).max(PUBLISH_EVERY).as_secs_f64();
        (self.points.iter().map(|(_, bytes)| bytes).sum::<u64>() as f64 / span) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transfer(direction: Direction) -> Transfer {
        let (name, hash) = ("a".into(), FileId([1; 32]));
        let (state, peer) = (TransferState::Active, "p".into());
        Transfer { id: 0, direction, name, hash, bytes: 0, size: 100, rate: 0, sources: 1, state, why: None, peer }
    }

    fn add(board: &Arc<Board>, direction: Direction) -> Ticket {
        board.add(transfer(direction), CancellationToken::new())
    }

    #[tokio::test(start_paused = true)]
    async fn progress_wakes_readers_ten_times_a_second_and_totals_miss_nothing() {
        let board = Board::new();
        let ticket = add(&board, Direction::Download);
        let upload = add(&board, Direction::Upload);
        let mut changes = board.changes();
        let mut woken = 0;
        for step in 1..=1_000u64 {
            tokio::time::advance(Duration::from_millis(1)).await;
            ticket.progress(step * 10, 10);
            woken += u32::from(changes.has_changed().unwrap());
            changes.mark_unchanged();
        }
        upload.progress(7, 7);
        assert_eq!(woken, 10);
        assert_eq!(board.totals(), (10_000, 7));
        let rate = board.list()[0].rate;
        assert!((9_000..=11_500).contains(&rate), "{rate}");
        tokio::time::advance(Duration::from_secs(10)).await;
        ticket.tick();
        assert_eq!((board.list()[0].rate, board.list()[0].bytes), (0, 10_000));
    }

    #[tokio::test]
    async fn numbers_are_unique_and_finished_lines_are_bounded() {
        let board = Board::new();
        let running = add(&board, Direction::Upload);
        let first = add(&board, Direction::Upload);
        first.state(TransferState::Done, None);
        for _ in 0..MAX_FINISHED + 10 {
            add(&board, Direction::Download).state(TransferState::Done, None);
        }
        let list = board.list();
        assert_eq!((list.len(), list[1].id), (MAX_FINISHED + 2, first.id()));
        assert!(list.windows(2).all(|pair| pair[0].id < pair[1].id));
        assert_eq!(list[0].id, running.id());
    }

    #[tokio::test]
    async fn stopping_tells_a_running_one_and_removes_a_finished_one() {
        let board = Board::new();
        let ticket = add(&board, Direction::Download);
        assert!(matches!(board.stop(ticket.id()), Some(Stopped::Told)) && ticket.stop().is_cancelled());
        let id = ticket.id();
        drop(ticket);
        assert_eq!(board.list()[0].state, TransferState::Failed, "a line never hangs in the air");
        assert!(matches!(board.stop(id), Some(Stopped::Removed(_))));
        assert!(board.stop(id).is_none() && board.list().is_empty());
    }
}
