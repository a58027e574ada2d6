//! How long links take.

use std::time::Duration;

use super::graph::End;
use crate::base::Rng;

/// How many times the shortest delay the longest one may be: it bounds the wheel.
pub const MAX_SPREAD: u64 = 100_000;
/// Lists of copies on their way, in all wheels together: a hundred megabytes.
const MAX_LISTS: u64 = 4_000_000;

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

    /// Parts that nodes may be divided into: each has a wheel of its own, with a list for each window and part.
    pub(super) fn most_parts(self) -> usize {
        let windows = self.longest / self.shortest.max(1) + 2;
        ((MAX_LISTS / windows).isqrt() as usize).max(1)
    }

    /// The slowest link that there may be.
    pub(super) fn longest(self) -> Duration {
        Duration::from_micros(self.longest)
    }

    /// Microseconds that the fastest link may take.
    pub(super) const fn shortest(self) -> u64 {
        self.shortest
    }

    /// The delay in microseconds of a link between two ends, which follows from the seed and the link alone.
    pub(super) fn of(self, seed: u64, here: End, there: End) -> u64 {
        if self.shortest == self.longest {
            return self.shortest;
        }
        let link = u64::from(here.min(there));
        let mut rng = Rng::new(seed ^ link.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        match self.mean {
            Some(mean) => ((-(1.0 - rng.fraction()).ln() * mean as f64) as u64).clamp(self.shortest, self.longest),
            None => rng.range(self.shortest..self.longest + 1),
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Delay, DelayError};

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
        let times: Vec<u64> = (0..2_000).map(|link| delay.of(7, link, link + 5_000)).collect();
        assert!((0..2_000).all(|link| delay.of(7, link + 5_000, link) == times[link as usize]));
        assert!(times.iter().all(|time| (1_000..=9_000).contains(time)));
        let mean = times.iter().sum::<u64>() / 2_000;
        assert!((4_800..5_200).contains(&mean), "{mean}");
    }
}
