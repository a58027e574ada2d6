//! The one place of this room that reads clocks: to wait for files to settle, to hash no faster than allowed, and to say
//! how fast that is.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// A point in time that never goes back.
#[expect(clippy::disallowed_methods, reason = "files settle in real time; nothing of it reaches the core")]
pub(super) fn now() -> Instant {
    Instant::now()
}

/// Nanoseconds since 1970, to compare with the times of files.
#[expect(clippy::disallowed_methods, reason = "times of files are on this clock; nothing of it reaches the core")]
pub(super) fn unix_nanos() -> i64 {
    nanos(SystemTime::now())
}

/// A time of the file system as nanoseconds since 1970, before and after.
pub(super) fn nanos(time: SystemTime) -> i64 {
    let signed = |nanos: u128| i64::try_from(nanos).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => signed(after.as_nanos()),
        Err(before) => -signed(before.duration().as_nanos()),
    }
}
