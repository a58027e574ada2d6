//! What is on its way: delays, and a wheel of windows in which copies wait for their time.
//!
//! No link is faster than the wheel's window is long. So whatever a node does within a window arrives in a later one, and
//! nodes cannot disturb each other within it: a window may be worked off node by node instead of in the order of time,
//! which keeps a node's memory near while all its copies are handled. Each node still sees its own copies in their order.

use std::time::Duration;

use super::graph::End;
use crate::base::{Rng, Time};
use crate::proto::Travel;

/// How many times the shortest delay the longest one may be: it bounds the wheel.
pub const MAX_SPREAD: u64 = 100_000;

/// How long a link takes: the same time for both directions, drawn for each link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delay {
    shortest: u64,
    longest: u64,
    /// The mean of an exponential distribution that is cut off at both ends; `None` for a uniform one.
    mean: Option<u64>,
}

/// Why a link cannot take so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DelayError {
    /// Less than the clock's tick.
    #[error("a link takes at least one microsecond")]
    TooShort,
    /// The range is empty.
    #[error("the first delay of a range is the shorter one")]
    Empty,
    /// See [`MAX_SPREAD`].
    #[error("the longest delay is at most {MAX_SPREAD} times the shortest")]
    TooWide,
}

impl Default for Delay {
    /// Fifty milliseconds for every link.
    fn default() -> Self {
        Self { shortest: 50_000, longest: 50_000, mean: None }
    }
}

impl Delay {
    /// Delays from `shortest` to `longest`, both included.
    ///
    /// # Errors
    /// When there are none between the two, or too many.
    pub fn new(shortest: Duration, longest: Duration) -> Result<Self, DelayError> {
        let (shortest, longest) = (micros(shortest), micros(longest));
        if shortest == 0 {
            Err(DelayError::TooShort)
        } else if longest < shortest {
            Err(DelayError::Empty)
        } else if longest / shortest > MAX_SPREAD {
            Err(DelayError::TooWide)
        } else {
            Ok(Self { shortest, longest, mean: None })
        }
    }

    /// Delays between nothing and `longest`, all as likely; the shortest is a thousandth of it.
    #[must_use]
    pub fn uniform_to(longest: Duration) -> Self {
        let longest = micros(longest).max(1);
        Self { shortest: (longest / 1_000).max(1), longest, mean: None }
    }

    /// Delays of an exponential distribution: most links are fast, a few are slow. The shortest is a thousandth of the mean,
    /// the longest twenty times the mean, which one link in 500 million would exceed.
    #[must_use]
    pub fn exponential(mean: Duration) -> Self {
        let mean = micros(mean).max(1);
        Self { shortest: (mean / 1_000).max(1), longest: mean.saturating_mul(20), mean: Some(mean) }
    }

    /// The slowest link that there may be.
    pub(super) fn longest(self) -> Duration {
        Duration::from_micros(self.longest)
    }

    /// The delay of a link between two ends, which follows from the seed and the link alone.
    pub(super) fn of(self, seed: u64, here: End, there: End) -> Duration {
        if self.shortest == self.longest {
            return Duration::from_micros(self.shortest);
        }
        let link = u64::from(here.min(there));
        let mut rng = Rng::new(seed ^ link.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let drawn = match self.mean {
            Some(mean) => ((-(1.0 - rng.fraction()).ln() * mean as f64) as u64).clamp(self.shortest, self.longest),
            None => rng.range(self.shortest..self.longest + 1),
        };
        Duration::from_micros(drawn)
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// A copy of the query on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Copy {
    /// When it arrives.
    pub(super) at: Time,
    /// Where.
    pub(super) node: u32,
    /// On which of that node's ends.
    pub(super) end: End,
    /// TTL and hops as they were sent.
    pub(super) travel: Travel,
}

// A flood through a million nodes has a million of them on their way.
const _: () = assert!(size_of::<Copy>() <= 24);

/// Copies on their way, by the window of time in which they arrive.
#[derive(Debug)]
pub(super) struct Wheel {
    /// Length of a window.
    window: u64,
    /// The windows from the current one on, around.
    slots: Vec<Vec<Copy>>,
    /// The number of the current window since the epoch.
    now: u64,
    waiting: usize,
}

impl Wheel {
    pub(super) fn new(delay: Delay) -> Self {
        let window = delay.shortest;
        let count = delay.longest / window + 2;
        Self { window, slots: (0..count).map(|_| Vec::new()).collect(), now: 0, waiting: 0 }
    }

    fn slot(&self, window: u64) -> usize {
        (window % self.slots.len() as u64) as usize
    }

    /// Takes a copy that was sent in the current window, or at the epoch before it began.
    pub(super) fn push(&mut self, copy: Copy) {
        let window = copy.at.micros() / self.window;
        debug_assert!(window >= self.now && window - self.now < self.slots.len() as u64);
        let slot = self.slot(window);
        self.slots[slot].push(copy);
        self.waiting += 1;
    }

    /// The copies of the next window that has any: node by node, and for each node in the order of time, links that deliver
    /// at the same moment in their own order. False when nothing is on its way any more.
    pub(super) fn next(&mut self, copies: &mut Vec<Copy>) -> bool {
        copies.clear();
        if self.waiting == 0 {
            return false;
        }
        while self.slots[self.slot(self.now)].is_empty() {
            self.now += 1;
        }
        let slot = self.slot(self.now);
        std::mem::swap(copies, &mut self.slots[slot]);
        self.now += 1;
        self.waiting -= copies.len();
        copies.sort_unstable_by_key(|copy| (copy.node, copy.at, copy.end));
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::{Copy, Delay, DelayError, Wheel};
    use crate::base::{Rng, Time};
    use crate::proto::Travel;

    fn delay(shortest: u64, longest: u64) -> Result<Delay, DelayError> {
        Delay::new(Duration::from_micros(shortest), Duration::from_micros(longest))
    }

    #[test]
    fn delays_that_make_no_sense_are_refused() {
        assert_eq!(delay(0, 5), Err(DelayError::TooShort));
        assert_eq!(delay(5, 4), Err(DelayError::Empty));
        assert_eq!(delay(1, 1_000_000), Err(DelayError::TooWide));
        assert!(delay(1, 100_000).is_ok());
    }

    #[test]
    fn both_directions_of_a_link_take_the_same_time_and_links_differ() {
        let delay = delay(1_000, 9_000).unwrap();
        let times: Vec<Duration> = (0..2_000).map(|link| delay.of(7, link, link + 5_000)).collect();
        assert!((0..2_000).all(|link| delay.of(7, link + 5_000, link) == times[link as usize]));
        assert!(times.iter().all(|time| (1_000..=9_000).contains(&time.as_micros())));
        let mean = times.iter().sum::<Duration>() / 2_000;
        assert!((4_800..5_200).contains(&mean.as_micros()), "{mean:?}");
    }

    proptest! {
        #[test]
        fn every_copy_comes_out_in_its_window(
            shortest in 1u64..50, spread in 0u64..500, seed: u64
        ) {
            let mut wheel = Wheel::new(delay(shortest, shortest + spread).unwrap());
            let mut rng = Rng::new(seed);
            let copy = |at: u64, node: u32| Copy { at: Time::from_micros(at), node, end: node, travel: Travel::start(1, 1) };
            let (mut sent, mut came, mut copies, mut last) = (0, 0, Vec::new(), 0);
            for node in 0..5 {
                wheel.push(copy(rng.range(shortest..shortest + spread + 1), node));
                sent += 1;
            }
            while wheel.next(&mut copies) {
                let window = copies[0].at.micros() / shortest;
                prop_assert!(window >= last && copies.iter().all(|copy| copy.at.micros() / shortest == window));
                prop_assert!(copies.is_sorted_by_key(|copy| (copy.node, copy.at)));
                last = window;
                for old in copies.clone() {
                    came += 1;
                    if sent < 300 {
                        wheel.push(copy(old.at.micros() + rng.range(shortest..shortest + spread + 1), sent));
                        sent += 1;
                    }
                }
            }
            prop_assert_eq!(sent, came);
        }
    }
}
