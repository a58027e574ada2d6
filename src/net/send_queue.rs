//! What waits to be written to one link: bytes of whole frames, between the actor that never waits and a writer that does.
//!
//! Frames go in already encoded, so that a query that goes to many links is encoded once and then only copied. The actor
//! collects what it has for a link while it handles a batch, and hands it over with one lock; the writer takes all there is
//! with another and gives the link's buffers back in exchange. Nothing is allocated for a message.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::limits::{KEEP_BUFFER, MAX_SEND_BYTES, MAX_SEND_MESSAGES, SEND_RESERVE_BYTES, SLOW_AFTER};
use crate::base::Time;

/// The part that both ends share.
#[derive(Debug, Default)]
pub(super) struct SendQueue {
    state: Mutex<State>,
    ready: Notify,
}

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    messages: usize,
    /// How often the writer took what was there: the sign that it gets on.
    taken: u64,
    /// No more will come: the writer ends when it has written what is there.
    finished: bool,
}

impl SendQueue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for bytes and swaps them into `buffer`, which must be empty. `false` when there will be no more.
    pub(super) async fn take(&self, buffer: &mut Vec<u8>) -> bool {
        loop {
            {
                let mut state = self.lock();
                if !state.bytes.is_empty() {
                    std::mem::swap(&mut state.bytes, buffer);
                    state.messages = 0;
                    state.taken += 1;
                    return true;
                }
                if state.finished {
                    return false;
                }
            }
            self.ready.notified().await;
        }
    }

    /// Ends the queue: the writer writes what is there, and nothing after it.
    pub(super) fn finish(&self) {
        self.lock().finished = true;
        self.ready.notify_one();
    }

    /// Throws away what waits, and ends the queue with these last bytes.
    pub(super) fn finish_with(&self, last: &[u8]) {
        let mut state = self.lock();
        state.bytes.clear();
        state.bytes.extend_from_slice(last);
        state.finished = true;
        drop(state);
        self.ready.notify_one();
    }
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// It waits for the writer.
    Queued,
    /// There was no room; it is counted as dropped.
    Dropped,
    /// There was no room for so long that the link has to go.
    Hopeless,
}

/// The actor's end.
#[derive(Debug)]
pub(super) struct Outlet {
    queue: Arc<SendQueue>,
    staged: Vec<u8>,
    staged_messages: usize,
    /// What lay in the queue when it was last looked at; the writer can only have taken from it since.
    waiting_bytes: usize,
    waiting_messages: usize,
    taken: u64,
    full_since: Option<Time>,
    /// Bytes accepted for this link, in all.
    pub(super) bytes: u64,
    /// Messages dropped because there was no room, in all.
    pub(super) dropped: u64,
}

impl Outlet {
    /// An empty one.
    pub(super) fn new(queue: Arc<SendQueue>) -> Self {
        Self {
            queue,
            staged: Vec::new(),
            staged_messages: 0,
            waiting_bytes: 0,
            waiting_messages: 0,
            taken: 0,
            full_since: None,
            bytes: 0,
            dropped: 0,
        }
    }

    /// The part that the writer has.
    pub(super) fn queue(&self) -> &SendQueue {
        &self.queue
    }

    /// Takes a frame, if there is room. What `matters` may use the reserve as well.
    pub(super) fn send(&mut self, frame: &[u8], matters: bool, now: Time) -> Sent {
        if !self.has_room(frame.len(), matters) {
            self.flush();
            if !self.has_room(frame.len(), matters) {
                self.dropped += 1;
                let since = *self.full_since.get_or_insert(now);
                return if now.since(since) >= SLOW_AFTER { Sent::Hopeless } else { Sent::Dropped };
            }
        }
        self.staged.extend_from_slice(frame);
        self.staged_messages += 1;
        self.bytes += frame.len() as u64;
        Sent::Queued
    }

    fn has_room(&self, bytes: usize, matters: bool) -> bool {
        let total = self.waiting_bytes + self.staged.len() + bytes;
        if matters {
            total <= MAX_SEND_BYTES + SEND_RESERVE_BYTES
        } else {
            total <= MAX_SEND_BYTES && self.waiting_messages + self.staged_messages < MAX_SEND_MESSAGES
        }
    }

    /// Hands over what was collected, and learns how far the writer is.
    pub(super) fn flush(&mut self) {
        let mut state = self.queue.lock();
        if state.bytes.is_empty() {
            std::mem::swap(&mut state.bytes, &mut self.staged);
        } else {
            state.bytes.extend_from_slice(&self.staged);
        }
        state.messages += self.staged_messages;
        (self.waiting_bytes, self.waiting_messages) = (state.bytes.len(), state.messages);
        if state.taken != self.taken {
            self.taken = state.taken;
            self.full_since = None;
        }
        drop(state);
        self.staged_messages = 0;
        recycle(&mut self.staged);
        self.queue.ready.notify_one();
    }
}

/// Empties a buffer for its next use, and gives memory back that only a flood needed.
pub(super) fn recycle(buffer: &mut Vec<u8>) {
    buffer.clear();
    buffer.shrink_to(KEEP_BUFFER);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Outlet, SendQueue, Sent};
    use crate::base::Time;
    use crate::net::limits::{MAX_SEND_BYTES, MAX_SEND_MESSAGES, SEND_RESERVE_BYTES, SLOW_AFTER};

    fn outlet() -> (Outlet, Arc<SendQueue>) {
        let queue = Arc::new(SendQueue::default());
        (Outlet::new(Arc::clone(&queue)), queue)
    }

    #[tokio::test]
    async fn what_goes_in_comes_out_in_order_and_then_it_ends() {
        let (mut outlet, queue) = outlet();
        assert_eq!(outlet.send(b"one", false, Time::ZERO), Sent::Queued);
        assert_eq!(outlet.send(b"two", false, Time::ZERO), Sent::Queued);
        outlet.flush();
        assert_eq!(outlet.send(b"three", true, Time::ZERO), Sent::Queued);
        outlet.flush();
        queue.finish();
        let mut buffer = Vec::new();
        assert!(queue.take(&mut buffer).await);
        assert_eq!(buffer, b"onetwothree");
        buffer.clear();
        assert!(!queue.take(&mut buffer).await);
    }

    #[tokio::test]
    async fn a_full_queue_drops_and_counts_and_keeps_a_reserve_for_what_matters() {
        let (mut outlet, queue) = outlet();
        let frame = vec![0; 64 * 1024];
        let mut queued = 0;
        while outlet.send(&frame, false, Time::ZERO) == Sent::Queued {
            queued += frame.len();
        }
        assert!(queued <= MAX_SEND_BYTES && queued > MAX_SEND_BYTES - frame.len() - 1);
        assert_eq!(outlet.send(b"a sign of life", true, Time::ZERO), Sent::Queued);
        while outlet.send(&frame, true, Time::ZERO) == Sent::Queued {}
        assert_eq!(outlet.dropped, 2);
        let mut buffer = Vec::new();
        outlet.flush();
        assert!(queue.take(&mut buffer).await);
        assert!(buffer.len() <= MAX_SEND_BYTES + SEND_RESERVE_BYTES);
        assert_eq!(outlet.send(&frame, false, Time::ZERO), Sent::Queued, "the writer made room");
    }

    #[test]
    fn messages_are_bounded_too() {
        let (mut outlet, _queue) = outlet();
        let queued =
            (0..2 * MAX_SEND_MESSAGES).filter(|_| outlet.send(b"x", false, Time::ZERO) == Sent::Queued).count();
        assert_eq!(queued, MAX_SEND_MESSAGES);
    }

    #[tokio::test]
    async fn a_queue_that_stays_full_is_hopeless_and_one_that_moves_is_not() {
        let (mut outlet, queue) = outlet();
        let frame = vec![0; 64 * 1024];
        let fill = |outlet: &mut Outlet, now| loop {
            match outlet.send(&frame, false, now) {
                Sent::Queued => {}
                other => return other,
            }
        };
        assert_eq!(fill(&mut outlet, Time::ZERO), Sent::Dropped);
        let late = Time::ZERO + SLOW_AFTER;
        let mut buffer = Vec::new();
        assert!(queue.take(&mut buffer).await);
        assert_eq!(fill(&mut outlet, late), Sent::Dropped, "the writer got on in between");
        assert_eq!(fill(&mut outlet, late + SLOW_AFTER), Sent::Hopeless);
    }
}
