//! The engine's clock: what rates, ages and the up-time are measured with.

use std::time::{Duration, Instant, SystemTime};

/// Time since the program's start, and the date of that start.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
    date: SystemTime,
}

impl Clock {
    /// Starts it.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the engine's one clock; everything else is told the time")]
    pub fn start() -> Self {
        Self { start: Instant::now(), date: SystemTime::now() }
    }

    /// Since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Milliseconds since the start.
    #[must_use]
    pub fn millis(&self) -> u64 {
        self.elapsed().as_millis() as u64
    }

    /// The date of the start, RFC 3339.
    #[must_use]
    pub fn date(&self) -> String {
        humantime::format_rfc3339_seconds(self.date).to_string()
    }
}
