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

    /// Hours since 1970, by the date at the start and the time that passed since: a date that is set meanwhile changes
    /// nothing.
    #[must_use]
    pub fn hour(&self) -> u64 {
        let start = self.date.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        (start + self.elapsed()).as_secs() / 3_600
    }

    /// The date of the start, RFC 3339.
    #[must_use]
    pub fn date(&self) -> String {
        humantime::format_rfc3339_seconds(self.date).to_string()
    }
}
