//! How a world's time follows ours.

use std::time::Duration;

use tokio::time::Instant;

use crate::app::{Pace, Speed};
use crate::base::Time;

/// A world that is farther behind gives up the rest: it runs as fast as it can, and does not hurry after what was missed.
const MOST_BEHIND: Duration = Duration::from_millis(100);
/// How long the real speed is measured at a time.
const MEASURED: Duration = Duration::from_millis(500);
/// A real speed below this part of the one asked for is worth a word.
const WORTH_TELLING: f64 = 0.9;

/// The clock of a world.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    pub(super) speed: Speed,
    pub(super) runs: bool,
    /// A moment of ours, and the world's time at it: from here on it is counted.
    anchor: (Instant, Time),
    /// Since when the real speed is measured.
    measured: (Instant, Time),
    real: Option<f64>,
}

impl Clock {
    pub(super) fn new(speed: Speed, runs: bool, now: Instant, at: Time) -> Self {
        Self { speed, runs, anchor: (now, at), measured: (now, at), real: None }
    }

    /// Counts from here on, with what was just set.
    pub(super) fn anew(&mut self, now: Instant, at: Time) {
        *self = Self::new(self.speed, self.runs, now, at);
    }

    /// Until when the world should have run by now.
    pub(super) fn due(&self, now: Instant) -> Time {
        self.anchor.1 + now.duration_since(self.anchor.0).mul_f64(self.speed.factor())
    }

    /// The world has run until a time.
    pub(super) fn ran(&mut self, now: Instant, at: Time) {
        if self.due(now).since(at) > MOST_BEHIND.mul_f64(self.speed.factor()) {
            self.anchor = (now, at);
        }
        let passed = now.duration_since(self.measured.0);
        if passed >= MEASURED {
            self.real = Some(at.since(self.measured.1).as_secs_f64() / passed.as_secs_f64());
            self.measured = (now, at);
        }
    }

    /// What it does, for faces.
    pub(super) fn pace(&self) -> Pace {
        let behind = self.real.filter(|real| *real < WORTH_TELLING * self.speed.factor());
        if self.runs { Pace::Runs { behind } } else { Pace::Paused }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Clock;
    use crate::app::{Pace, Speed};
    use crate::base::Time;

    #[test]
    fn a_world_that_is_slower_than_asked_says_so_and_gives_up_what_it_missed() {
        let (start, ms) = (Instant::now(), Duration::from_millis);
        let mut clock = Clock::new(Speed::default().faster(3), true, start, Time::ZERO);
        assert_eq!(clock.due(start + ms(500)), Time::from_micros(5_000_000), "ten times as fast");
        // It did a fifth of that.
        clock.ran(start + ms(500), Time::from_micros(1_000_000));
        assert_eq!(clock.pace(), Pace::Runs { behind: Some(2.0) });
        assert_eq!(clock.due(start + ms(600)), Time::from_micros(2_000_000));
        clock.ran(start + ms(1_000), Time::from_micros(6_000_000));
        assert_eq!(clock.pace(), Pace::Runs { behind: None });
        clock.runs = false;
        assert_eq!(clock.pace(), Pace::Paused);
    }
}
