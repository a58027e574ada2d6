//! What is to be written, between the node's loop, which never waits, and the thread that writes.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::record::NodeRecord;
use crate::overlay::FoundFile;

/// Rows that may wait to be written: some ten megabytes. Beyond, nodes are noted as behind and written anew later.
pub(super) const MAX_WAITING: usize = 1 << 16;
/// Rows that are written without waiting for more.
const BATCH: usize = 1 << 13;
/// How long fewer rows wait for others: one durable write serves them all.
const COMMIT_EVERY: Duration = Duration::from_millis(250);
/// How long to wait after a failure.
const RETRY: Duration = Duration::from_secs(2);

/// Something to be written. Each can be written twice without harm.
#[derive(Debug)]
pub(super) enum Change {
    /// A node is registered, or what is known of it changed.
    Node(u64, NodeRecord),
    /// A node is forgotten, with its files.
    Gone(u64),
    /// A node has these files more.
    Added(u64, Vec<(u64, FoundFile)>),
    /// A node has the files of these tags no longer.
    Removed(u64, Vec<u64>),
    /// These are all files of a node whose tags are in a range.
    Part {
        node: u64,
        from: u64,
        /// The first tag that is no longer in the range; `None`: all are.
        to: Option<u64>,
        files: Vec<(u64, FoundFile)>,
    },
}

impl Change {
    /// Rows that it writes.
    fn weight(&self) -> usize {
        match self {
            Self::Node(..) | Self::Gone(_) => 1,
            Self::Added(_, files) => files.len(),
            Self::Removed(_, tags) => tags.len(),
            Self::Part { files, .. } => files.len() + 1,
        }
    }
}

/// How the writer is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// When everything is written, or failed to be.
    Written,
    /// At once, as if the process were killed.
    #[cfg(test)]
    Killed,
}

#[derive(Debug, Default)]
struct State {
    changes: Vec<Change>,
    weight: usize,
    /// Changes that were ever put in.
    pushed: u64,
    /// How many of them are on disk.
    written: u64,
    /// Somebody waits for so many to be written.
    flush_to: u64,
    failures: u64,
    trouble: Option<String>,
    end: Option<End>,
}

impl State {
    fn is_urgent(&self) -> bool {
        self.end.is_some() || self.weight >= BATCH || self.flush_to > self.written
    }
}

/// See the module. One thread puts in, one takes out.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// There is something to write, or to stop for.
    work: Condvar,
    /// Something was written, or could not be.
    done: Condvar,
}

impl Queue {
    /// Rows that there is room for.
    pub(super) fn room(&self) -> usize {
        MAX_WAITING.saturating_sub(self.state().weight)
    }

    /// Puts a change in; the caller has looked for room.
    pub(super) fn push(&self, change: Change) {
        let mut state = self.state();
        let (was_empty, was_urgent) = (state.changes.is_empty(), state.is_urgent());
        state.weight += change.weight();
        state.pushed += 1;
        state.changes.push(change);
        if was_empty || state.is_urgent() != was_urgent {
            self.work.notify_one();
        }
    }

    /// Waits until all that was put in is on disk, or could not be written; the error says why.
    pub(super) fn flush(&self) -> Result<(), String> {
        let mut state = self.state();
        let (pushed, failures) = (state.pushed, state.failures);
        state.flush_to = pushed;
        self.work.notify_one();
        let state = self
            .done
            .wait_while(state, |state| state.written < pushed && state.failures == failures)
            .unwrap_or_else(PoisonError::into_inner);
        if state.written >= pushed { Ok(()) } else { Err(state.trouble.clone().unwrap_or_default()) }
    }

    /// Why nothing is written at present.
    pub(super) fn trouble(&self) -> Option<String> {
        self.state().trouble.clone()
    }

    /// Tells the writer to end.
    pub(super) fn end(&self, end: End) {
        self.state().end = Some(end);
        self.work.notify_one();
    }

    /// For the writer: everything that waits, once it is worth a write; `None` to end.
    pub(super) fn take(&self) -> Option<Vec<Change>> {
        let nothing = |state: &mut State| state.changes.is_empty() && state.end.is_none();
        let state = self.work.wait_while(self.state(), nothing).unwrap_or_else(PoisonError::into_inner);
        let (mut state, _) = self
            .work
            .wait_timeout_while(state, COMMIT_EVERY, |state| !state.is_urgent())
            .unwrap_or_else(PoisonError::into_inner);
        if is_killed(state.end) || state.changes.is_empty() {
            return None;
        }
        state.weight = 0;
        Some(std::mem::take(&mut state.changes))
    }

    /// For the writer: so many changes are on disk.
    pub(super) fn wrote(&self, changes: usize) {
        let mut state = self.state();
        state.written += changes as u64;
        state.trouble = None;
        self.done.notify_all();
    }

    /// For the writer: they could not be written. Waits a while; `false` if it should not be tried again.
    pub(super) fn failed(&self, why: String) -> bool {
        let mut state = self.state();
        state.failures += 1;
        state.trouble = Some(why);
        // Who waits hears of the failure, and may ask again.
        state.flush_to = 0;
        self.done.notify_all();
        let (state, _) = self
            .work
            .wait_timeout_while(state, RETRY, |state| state.end.is_none() && state.flush_to <= state.written)
            .unwrap_or_else(PoisonError::into_inner);
        state.end.is_none()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_killed(end: Option<End>) -> bool {
    end.is_some_and(|end| end != End::Written)
}
