//! The one place of this room that reads a clock: when a lease ends is written down as a time of day, because the
//! process that reads it is another one.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the time of day in milliseconds since 1970. It may jump.
pub type WallClock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The clock of this machine.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "leases on disk are in time of day; the core hears of durations only")]
pub fn wall_clock() -> WallClock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}
