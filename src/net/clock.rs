//! The one clock of a running node: monotonic, in microseconds since its start.

use std::time::Duration;

use tokio::time::Instant;

use crate::base::Time;

/// Far enough to mean "never", near enough for a timer.
const FAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// Reads the time. Copies agree with each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    epoch: Instant,
}

impl Clock {
    /// A clock that starts at zero now.
    pub(super) fn start() -> Self {
        Self { epoch: Instant::now() }
    }

    /// Now.
    pub(super) fn now(self) -> Time {
        Time::ZERO + self.epoch.elapsed()
    }

    /// A time as the runtime's timers take it.
    pub(super) fn instant(self, time: Time) -> Instant {
        self.epoch + time.since(Time::ZERO).min(FAR)
    }
}
