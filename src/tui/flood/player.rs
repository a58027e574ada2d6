//! The player of a flood: where it stands among the recorded times. It moves by the loop's clock only, and only while
//! it plays.

use std::time::Duration;

/// Speeds, slowest first: numerator and denominator.
pub const SPEEDS: [(u64, u64); 13] =
    [(1, 100), (1, 50), (1, 20), (1, 10), (1, 5), (1, 2), (1, 1), (2, 1), (5, 1), (10, 1), (20, 1), (50, 1), (100, 1)];
/// A replay takes at least so long unless a speed was chosen, as far as the slowest speed allows: a flood on one machine
/// is over before anybody sees it.
const WATCHABLE_US: u64 = 3_000_000;
/// Between two frames of a replay: ten a second.
pub const FRAME: Duration = Duration::from_millis(100);

/// What the player does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Play {
    /// All that was reported is shown, and what comes as it comes.
    #[default]
    Live,
    /// It stands at a time, in microseconds since the search began.
    Paused(u64),
    /// It plays since a moment of the loop's clock, from a time on.
    Running {
        /// From where, in microseconds since the search began.
        from_us: u64,
        /// Since when.
        since: Duration,
        /// How fast: a place among the speeds. What is reported meanwhile changes nothing of it.
        speed: usize,
    },
}

/// The speed at a place among them.
fn rate(speed: usize) -> (u64, u64) {
    SPEEDS.get(speed).copied().unwrap_or((1, 1))
}

/// The player of a flood.
#[derive(Clone, Copy, Debug, Default)]
pub struct Player {
    /// What it does.
    pub play: Play,
    speed: Option<usize>,
}

impl Player {
    /// Where it stands in a flood of that length, in microseconds; `None` when all is shown.
    #[must_use]
    pub fn at_us(&self, clock: Duration, end_us: u64) -> Option<u64> {
        match self.play {
            Play::Live => None,
            Play::Paused(at) => Some(at.min(end_us)),
            Play::Running { from_us, since, speed } => {
                let (by, of) = rate(speed);
                let passed = clock.saturating_sub(since).as_micros() * u128::from(by) / u128::from(of);
                let at = u64::try_from(passed).unwrap_or(u64::MAX).saturating_add(from_us);
                (at < end_us).then_some(at)
            }
        }
    }

    /// The speed at which a flood of that length is played.
    #[must_use]
    pub fn speed(&self, end_us: u64) -> (u64, u64) {
        rate(self.speed_at(end_us))
    }

    /// Its place among the speeds.
    fn speed_at(&self, end_us: u64) -> usize {
        if let Play::Running { speed, .. } = self.play {
            return speed;
        }
        let watchable = |(by, of): &(u64, u64)| end_us.saturating_mul(*of) / by >= WATCHABLE_US;
        self.speed.unwrap_or_else(|| SPEEDS.iter().take(7).rposition(watchable).unwrap_or(0))
    }

    /// Plays or pauses. What has come to its end starts anew, but a flood that still runs is paused where it is, and
    /// followed again when nothing came since.
    pub fn toggle(&mut self, clock: Duration, end_us: u64, ended: bool) {
        let from = |from_us| Play::Running { from_us, since: clock, speed: self.speed_at(end_us) };
        self.play = match (self.play, self.at_us(clock, end_us)) {
            (Play::Running { .. }, Some(at)) => Play::Paused(at),
            (Play::Paused(_), Some(at)) if at < end_us => from(at),
            (Play::Paused(_), _) if !ended => Play::Live,
            (_, None) if !ended => Play::Paused(end_us),
            _ => from(0),
        };
    }

    /// Goes to a time and stays there, or plays on from there.
    pub fn seek(&mut self, clock: Duration, at_us: u64) {
        self.play = match self.play {
            Play::Running { speed, .. } => Play::Running { from_us: at_us, since: clock, speed },
            Play::Live | Play::Paused(_) => Play::Paused(at_us),
        };
    }

    /// Another speed, some steps faster or slower; it plays on from where it is. False if there is none.
    pub fn change_speed(&mut self, clock: Duration, end_us: u64, by: isize) -> bool {
        let (at, before) = (self.at_us(clock, end_us), self.speed_at(end_us));
        let next = before.saturating_add_signed(by).min(SPEEDS.len() - 1);
        if let (Play::Running { .. }, Some(from_us)) = (self.play, at) {
            self.play = Play::Running { from_us, since: clock, speed: next };
        }
        self.speed = Some(next);
        next != before
    }

    /// Shows all once the end is reached.
    pub fn settle(&mut self, clock: Duration, end_us: u64) {
        if matches!(self.play, Play::Running { .. }) && self.at_us(clock, end_us).is_none() {
            self.play = Play::Live;
        }
    }

    /// Whether it moves by itself.
    #[must_use]
    pub const fn runs(&self) -> bool {
        matches!(self.play, Play::Running { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn it_plays_pauses_and_comes_to_an_end() {
        let mut player = Player::default();
        player.toggle(s(10), 5_000_000, true);
        assert_eq!(player.at_us(s(12), 5_000_000), Some(2_000_000));
        player.toggle(s(12), 5_000_000, true);
        assert_eq!((player.at_us(s(99), 5_000_000), player.runs()), (Some(2_000_000), false));
        player.toggle(s(100), 5_000_000, true);
        assert_eq!(player.at_us(s(101), 5_000_000), Some(3_000_000));
        player.settle(s(104), 5_000_000);
        assert_eq!(player.play, Play::Live);
    }

    #[test]
    fn a_flood_that_runs_is_paused_where_it_is() {
        let mut player = Player::default();
        player.toggle(s(1), 700_000, false);
        assert_eq!(player.play, Play::Paused(700_000));
        player.toggle(s(2), 700_000, false);
        assert_eq!(player.play, Play::Live, "nothing came since: it is followed again");
        player.toggle(s(3), 700_000, false);
        player.toggle(s(4), 900_000, false);
        assert_eq!(player.at_us(s(4), 900_000), Some(700_000), "what came since is played");
    }

    #[test]
    fn what_is_reported_while_it_plays_does_not_change_its_pace() {
        let mut player = Player::default();
        player.toggle(s(0), 200_000, true);
        let before = player.at_us(s(1), 200_000);
        assert_eq!(before, Some(50_000));
        assert_eq!((player.at_us(s(1), 2_000_000), player.speed(2_000_000)), (before, (1, 20)));
    }

    #[test]
    fn short_floods_are_slowed_until_they_can_be_watched_and_speeds_have_ends() {
        let mut player = Player::default();
        assert_eq!(player.speed(5_000_000), (1, 1));
        assert_eq!(player.speed(400_000), (1, 10));
        assert_eq!(player.speed(3), (1, 100));
        player.toggle(s(0), 5_000_000, true);
        player.change_speed(s(1), 5_000_000, 1);
        assert_eq!((player.speed(5_000_000), player.at_us(s(2), 5_000_000)), ((2, 1), Some(3_000_000)));
        let changes = |player: &mut Player, by| (0..40).filter(|_| player.change_speed(s(2), 5_000_000, by)).count();
        assert_eq!(changes(&mut player, 1), 5);
        assert_eq!(player.speed(5_000_000), (100, 1));
        assert_eq!(changes(&mut player, -1), 12);
        assert_eq!(player.speed(5_000_000), (1, 100));
    }

    #[test]
    fn seeking_keeps_what_it_does() {
        let mut player = Player::default();
        player.seek(s(0), 40);
        assert_eq!(player.play, Play::Paused(40));
        player.toggle(s(1), 9_000_000, true);
        player.seek(s(2), 8_000_000);
        assert_eq!(player.at_us(s(2), 9_000_000), Some(8_000_000));
    }
}
