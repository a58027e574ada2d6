//! The node's events as one bounded, paced sequence: for the event stream, for a search, for a daemon's output.

use std::time::Duration;

use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::pace::Pace;
use crate::app::{Event, Handle};

/// Events from the moment of its making. It keeps nothing back but the latest progress: a reader that is too slow loses
/// the oldest events, and reads an `error` event that says how many.
#[derive(Debug)]
pub struct Feed {
    events: Receiver<Event>,
    pace: Pace,
    epoch: Instant,
    stop: CancellationToken,
}

impl Feed {
    /// Listens to a node until `stop`; what had happened by then is still told.
    #[must_use]
    pub fn new(handle: &Handle, stop: CancellationToken) -> Self {
        Self::of(handle.events(), stop)
    }

    /// The same of events that somebody listens to already.
    #[must_use]
    pub fn of(events: Receiver<Event>, stop: CancellationToken) -> Self {
        Self { events, pace: Pace::default(), epoch: Instant::now(), stop }
    }

    /// The next event; `None` when there will be no more. Cancelling it loses nothing.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.pace.due(self.now_ms()) {
                return Some(event);
            }
            let wake = self.pace.next_due().map(|at| self.epoch + Duration::from_millis(at));
            tokio::select! {
                // In this order, because a stop must not cut off what was said before it.
                biased;
                got = self.events.recv() => match got {
                    Ok(event) => {
                        if let Some(event) = self.pace.offer(event) {
                            return Some(event);
                        }
                    }
                    Err(RecvError::Lagged(count)) => return Some(lost(count)),
                    Err(RecvError::Closed) => return None,
                },
                () = tokio::time::sleep_until(wake.unwrap_or(self.epoch)), if wake.is_some() => {}
                () = self.stop.cancelled() => return None,
            }
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// The code of the event that says how many events a slow reader lost.
pub(super) const LOST: &str = "events_lost";

fn lost(count: u64) -> Event {
    Event::Error {
        code: LOST.into(),
        message: format!("{count} events were left out because this reader was too slow"),
        hint: "read faster, or ask for the state with GET /v1/status".into(),
    }
}
