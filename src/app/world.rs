//! A simulated world as faces see it and steer it: its clock, its speed, and which of its nodes is looked at.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::proto::{NodeId, Untrusted};

/// Speeds, the slowest first: so many seconds of the world in so many of ours.
const SPEEDS: [(u32, u32); 19] = [
    (1, 1_000),
    (1, 500),
    (1, 200),
    (1, 100),
    (1, 50),
    (1, 20),
    (1, 10),
    (1, 5),
    (1, 2),
    (1, 1),
    (2, 1),
    (5, 1),
    (10, 1),
    (20, 1),
    (50, 1),
    (100, 1),
    (200, 1),
    (500, 1),
    (1_000, 1),
];
/// The place of real time among them.
const REAL: usize = 9;
/// What a step by time is to whoever watches at the chosen speed.
const STEP: Duration = Duration::from_millis(100);

/// How fast a world's clock runs: one of the speeds from a thousandth to a thousand times real time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Speed(usize);

impl Default for Speed {
    /// Real time.
    fn default() -> Self {
        Self(REAL)
    }
}

impl Speed {
    fn ratio(self) -> (u32, u32) {
        SPEEDS.get(self.0).copied().unwrap_or((1, 1))
    }

    /// Some speeds faster, or slower; at the ends it stays.
    #[must_use]
    pub fn faster(self, by: i8) -> Self {
        Self(self.0.saturating_add_signed(by.into()).min(SPEEDS.len() - 1))
    }

    /// Seconds of the world in one of ours.
    #[must_use]
    pub fn factor(self) -> f64 {
        let (by, of) = self.ratio();
        f64::from(by) / f64::from(of)
    }

    /// How far a step by time goes: as far as a tenth of a second at this speed.
    #[must_use]
    pub fn step(self) -> Duration {
        let (by, of) = self.ratio();
        STEP * by / of
    }
}

/// As a user writes it: `20`, `1`, `1/50`.
impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ratio() {
            (by, 1) => write!(f, "{by}"),
            (by, of) => write!(f, "{by}/{of}"),
        }
    }
}

/// A text is no speed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("use one of 1/1000, 1/500, 1/200 and so on to 1/2, 1, 2, 5, 10 and so on to 1000")]
pub struct SpeedError;

impl FromStr for Speed {
    type Err = SpeedError;

    fn from_str(text: &str) -> Result<Self, SpeedError> {
        let ratio = match text.split_once('/') {
            Some((by, of)) => by.parse::<f64>().ok().zip(of.parse::<f64>().ok()).map(|(by, of)| by / of),
            None => text.parse::<f64>().ok(),
        };
        let near = |speed: &Self| ratio.is_some_and(|ratio| (ratio / speed.factor() - 1.0).abs() < 1e-6);
        (0..SPEEDS.len()).map(Self).find(near).ok_or(SpeedError)
    }
}

/// What a world's clock does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// It stands.
    Paused,
    /// It takes a step, as fast as it can.
    Stepping,
    /// It runs.
    Runs {
        /// Seconds of the world in one of ours, where these are fewer than asked for: there is more to do than this
        /// machine can.
        behind: Option<f64>,
    },
}

/// A world, and which of its nodes is looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct WorldStatus {
    /// What the scenario is called.
    pub scenario: Untrusted,
    /// The seed that everything follows from, but for what its watcher does.
    pub seed: u64,
    /// The node that is looked at.
    pub node: u32,
    /// Nodes that there will ever be, numbered from 0.
    pub nodes: u32,
    /// Nodes that run.
    pub online: u32,
    /// The world's time, in microseconds since its beginning.
    pub now_us: u64,
    /// What its clock does.
    pub pace: Pace,
    /// How fast it is to run.
    pub speed: Speed,
    /// Since when messages and bytes of this node are counted, in milliseconds of the world's time.
    pub counted_since_ms: u64,
    /// Whether the node is away: it has not started yet, or its session is over.
    pub away: bool,
}

/// What a world is told to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorldCommand {
    /// Stop the clock, or let it run.
    Pause,
    /// Take a step, and stand.
    Step(Step),
    /// Run so many speeds faster, or slower.
    Faster(i8),
    /// Look at another node.
    Look(Look),
}

/// How far a step goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Until this node learns something of its youngest search; without one that runs, until it is told anything.
    News,
    /// Until its youngest search is known to have travelled one hop farther.
    Hop,
    /// By [`Speed::step`].
    Time,
}

/// Which node to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// The one with the next number.
    Next,
    /// The one with the number before.
    Previous,
    /// The one of that id.
    Node(NodeId),
    /// The one that a person calls so: a number, an address, the beginning of an id.
    Named(String),
    /// The one where the youngest search began, whoever's that is.
    Asking,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{SPEEDS, Speed, SpeedError};

    #[test]
    fn speeds_are_read_as_they_are_written_and_have_ends() {
        for speed in (0..SPEEDS.len()).map(Speed) {
            assert_eq!(speed.to_string().parse(), Ok(speed));
        }
        assert_eq!(("0.05".parse(), "1".parse()), (Ok(Speed::default().faster(-4)), Ok(Speed::default())));
        for wrong in ["", "3", "0", "-1", "1/0", "fast", "2000", "nan"] {
            assert_eq!(wrong.parse::<Speed>(), Err(SpeedError), "{wrong}");
        }
        assert_eq!(Speed::default().faster(100).to_string(), "1000");
        assert_eq!(Speed::default().faster(-100).to_string(), "1/1000");
    }

    #[test]
    fn a_step_is_a_tenth_of_a_second_of_whoever_watches() {
        assert_eq!(Speed::default().step(), Duration::from_millis(100));
        assert_eq!(Speed::default().faster(-3).step(), Duration::from_millis(10));
        assert_eq!(Speed::default().faster(-100).step(), Duration::from_micros(100));
    }
}
