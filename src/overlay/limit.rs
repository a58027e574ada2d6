//! How often something may happen.

use std::time::Duration;

use crate::base::Time;

/// A token bucket: `rate` a second in the long run, `burst` at once.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bucket {
    /// When the bucket would have been empty: each token spent moves it on by one token's time.
    empty_at: Time,
}

impl Bucket {
    pub(super) const FULL: Self = Self { empty_at: Time::ZERO };

    /// Takes a token; false when there is none.
    pub(super) fn take(&mut self, now: Time, rate: u32, burst: u32) -> bool {
        self.take_every(now, Duration::from_secs(1) / rate.max(1), burst)
    }

    /// Takes a token of those that come one each `token`, `burst` at once; false when there is none.
    pub(super) fn take_every(&mut self, now: Time, token: Duration, burst: u32) -> bool {
        let spent = self.empty_at.max(now) + token;
        let allowed = spent.since(now) <= token * burst;
        if allowed {
            self.empty_at = spent;
        }
        allowed
    }

    /// Takes any number of tokens, also more than there are; returns how long it takes until that debt is paid.
    pub(super) fn spend(&mut self, now: Time, rate: u32, burst: u32, tokens: u32) -> Duration {
        let token = Duration::from_secs(1) / rate.max(1);
        self.empty_at = self.empty_at.max(now) + token * tokens;
        self.debt(now, rate, burst)
    }

    /// When all that was spent is paid.
    pub(super) const fn full_at(&self) -> Time {
        self.empty_at
    }

    /// How long it takes until what was spent beyond the burst is paid.
    pub(super) fn debt(&self, now: Time, rate: u32, burst: u32) -> Duration {
        self.empty_at.since(now).saturating_sub(Duration::from_secs(1) / rate.max(1) * burst)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Bucket;
    use crate::base::Time;

    #[test]
    fn a_burst_then_the_rate() {
        let mut bucket = Bucket::FULL;
        let start = Time::from_micros(50);
        let at_once = (0..100).filter(|_| bucket.take(start, 10, 5)).count();
        assert_eq!(at_once, 5);
        let later = (0..100).filter(|i| bucket.take(start + Duration::from_millis(100 * i), 10, 5)).count();
        assert!((99..=100).contains(&later), "{later} of a hundred tenths of a second");
    }

    #[test]
    fn a_debt_is_paid_with_time() {
        let (mut bucket, start) = (Bucket::FULL, Time::from_micros(50));
        assert_eq!(bucket.spend(start, 10, 5, 5), Duration::ZERO);
        assert_eq!(bucket.spend(start, 10, 5, 20), Duration::from_secs(2));
        assert_eq!(bucket.debt(start + Duration::from_secs(1), 10, 5), Duration::from_secs(1));
        assert_eq!(bucket.debt(start + Duration::from_secs(9), 10, 5), Duration::ZERO);
    }
}
