//! Files that may still be written to, until they rest.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::index::Stamp;
use super::watch::Sign;

/// A file that did not change for so long rests, as far as anybody can tell.
const QUIET: Duration = Duration::from_millis(500);
/// The same for a file that somebody has open: he will say when he closes it, so there is no hurry. Only Linux tells
/// about closing.
const QUIET_WRITER: Duration = if cfg!(target_os = "linux") { Duration::from_secs(5) } else { QUIET };
/// Files waited for; more rest at once.
const MAX_WAITING: usize = 100_000;

/// A path below a share.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    /// The number of the share.
    pub(super) root: u16,
    /// The path there; empty for the share itself.
    pub(super) path: String,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    stamp: Stamp,
    writer: bool,
    due: Instant,
}

/// New and changed files, each until nobody seems to write to it any more.
#[derive(Debug, Default)]
pub(super) struct Settling {
    files: BTreeMap<Spot, Waiting>,
    by_due: BTreeSet<(Instant, Spot)>,
}

impl Settling {
    /// Notes what a file looks like now. `now` and `unix_nanos` are the same moment on two clocks.
    pub(super) fn note(&mut self, spot: Spot, stamp: Stamp, sign: Sign, now: Instant, unix_nanos: i64) {
        let before = self.forget(&spot);
        let writer = match sign {
            Sign::Writing => true,
            Sign::Closed => false,
            Sign::Touched => before.is_some_and(|before| before.writer),
        };
        let quiet = if writer { QUIET_WRITER } else { QUIET };
        let due = match before {
            _ if sign == Sign::Closed || self.files.len() >= MAX_WAITING => now,
            Some(before) if before.stamp == stamp && before.writer == writer => before.due,
            _ => now + quiet.saturating_sub(age(stamp, unix_nanos)),
        };
        self.by_due.insert((due, spot.clone()));
        self.files.insert(spot, Waiting { stamp, writer, due });
    }

    /// Waits for a file no more.
    pub(super) fn remove(&mut self, spot: &Spot) {
        self.forget(spot);
    }

    /// Waits for no file of a share any more.
    pub(super) fn remove_root(&mut self, root: u16) {
        self.files.retain(|spot, _| spot.root != root);
        self.by_due.retain(|(_, spot)| spot.root != root);
    }

    /// Takes a file that rests, with what it looked like.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<(Spot, Stamp)> {
        let (_, spot) = self.by_due.first().filter(|(due, _)| *due <= now)?.clone();
        self.forget(&spot).map(|waiting| (spot, waiting.stamp))
    }

    /// When the next file rests.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.by_due.first().map(|(due, _)| *due)
    }

    /// Files waited for.
    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    fn forget(&mut self, spot: &Spot) -> Option<Waiting> {
        let waiting = self.files.remove(spot)?;
        self.by_due.remove(&(waiting.due, spot.clone()));
        Some(waiting)
    }
}

/// How long ago a file was modified; no time at all for one from the future, whose clock tells nothing.
fn age(stamp: Stamp, unix_nanos: i64) -> Duration {
    u64::try_from(unix_nanos.saturating_sub(stamp.modified)).map_or(Duration::ZERO, Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{QUIET, QUIET_WRITER, Settling, Spot};
    use crate::share::clock;
    use crate::share::index::Stamp;
    use crate::share::watch::Sign;

    const NOW: i64 = 1_000_000_000_000;

    fn spot() -> Spot {
        Spot { root: 0, path: "a".to_owned() }
    }

    fn modified(age: Duration) -> Stamp {
        Stamp { size: 1, modified: NOW - age.as_nanos() as i64, inode: 1 }
    }

    fn due(notes: &[(Duration, Stamp, Sign)]) -> Duration {
        let start: Instant = clock::now();
        let mut settling = Settling::default();
        for (at, stamp, sign) in notes {
            settling.note(spot(), *stamp, *sign, start + *at, NOW + at.as_nanos() as i64);
        }
        let due = settling.next_due().unwrap();
        assert_eq!(settling.take_due(due).map(|(_, stamp)| stamp), notes.last().map(|note| note.1));
        assert_eq!((settling.len(), settling.next_due()), (0, None));
        due - start
    }

    #[test]
    fn a_file_rests_when_it_is_old_or_closed_or_did_not_change() {
        let second = Duration::from_secs(1);
        let zero = Duration::ZERO;
        assert_eq!(due(&[(zero, modified(100 * second), Sign::Writing)]), zero);
        assert_eq!(due(&[(zero, modified(zero), Sign::Touched)]), QUIET);
        assert_eq!(due(&[(zero, modified(zero), Sign::Writing)]), QUIET_WRITER);
        let grown = Stamp { size: 2, ..modified(zero) };
        assert_eq!(due(&[(zero, modified(zero), Sign::Writing), (second, grown, Sign::Closed)]), second);
        let from_the_future = Stamp { modified: NOW * 2, ..modified(zero) };
        assert_eq!(due(&[(zero, from_the_future, Sign::Touched), (QUIET / 2, from_the_future, Sign::Touched)]), QUIET);
        let later = Stamp { size: 2, modified: NOW + second.as_nanos() as i64, inode: 1 };
        assert_eq!(
            due(&[(zero, modified(zero), Sign::Writing), (second, later, Sign::Touched)]),
            second + QUIET_WRITER
        );
    }

    #[test]
    fn a_share_that_is_gone_is_not_waited_for() {
        let mut settling = Settling::default();
        settling.note(spot(), modified(Duration::ZERO), Sign::Touched, clock::now(), NOW);
        settling.remove_root(0);
        assert_eq!((settling.len(), settling.next_due()), (0, None));
    }
}
