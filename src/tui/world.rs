//! What is said of a simulated world, the same wherever it is said: that it is one, which node is looked at, and when.

use super::text;
use crate::app::{Pace, WorldStatus};

/// What marks everything that is simulated. A word, so that it is read without colors too.
pub const MARK: &str = "SIMULATED";
/// Bytes of a scenario's name.
const NAME: usize = 24;

/// The mark, and what the scenario is called.
#[must_use]
pub fn mark(world: &WorldStatus) -> String {
    format!("{MARK} {}", world.scenario.visible(NAME))
}

/// Which node is looked at, of how many.
#[must_use]
pub fn place(world: &WorldStatus) -> String {
    let away = if world.away { " (away)" } else { "" };
    format!("node {}{away} of {}", text::grouped(world.node.into()), text::grouped(world.nodes.into()))
}

/// The world's time, as fine as its steps are.
#[must_use]
pub fn time(world: &WorldStatus) -> String {
    let (seconds, micros) = (world.now_us / 1_000_000, world.now_us % 1_000_000);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let clock =
        if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") };
    if world.speed.step().as_millis() > 0 {
        format!("{clock}.{:03}", micros / 1_000)
    } else {
        format!("{clock}.{micros:06}")
    }
}

/// What its clock does, and how fast; `times` is the sign for that.
#[must_use]
pub fn pace(world: &WorldStatus, times: &str) -> String {
    match world.pace {
        Pace::Paused => format!("paused at {times}{}", world.speed),
        Pace::Stepping => "stepping".to_owned(),
        Pace::Runs { behind: None } => format!("{times}{}", world.speed),
        Pace::Runs { behind: Some(real) } => format!("{times}{} wanted, {times}{} real", world.speed, factor(real)),
    }
}

/// How fast it really runs: two digits that matter.
fn factor(real: f64) -> String {
    if real >= 9.5 { format!("{real:.0}") } else { format!("{:.*}", if real >= 0.95 { 1 } else { 3 }, real) }
}

#[cfg(test)]
mod tests {
    use super::{pace, place, time};
    use crate::app::{Pace, Speed, WorldStatus};

    #[test]
    fn time_and_speed_are_told_as_finely_as_they_can_be_seen() {
        let mut world = WorldStatus {
            scenario: "watch".into(),
            seed: 1,
            node: 1_700,
            nodes: 10_000,
            online: 9_000,
            now_us: 62_034_567,
            pace: Pace::Paused,
            speed: Speed::default(),
            counted_since_ms: 0,
            away: true,
        };
        assert_eq!((time(&world), pace(&world, "x")), ("1:02.034".into(), "paused at x1".into()));
        assert_eq!(place(&world), "node 1,700 (away) of 10,000");
        world.speed = world.speed.faster(-9);
        world.pace = Pace::Runs { behind: Some(0.000_512) };
        assert_eq!((time(&world), pace(&world, "x")), ("1:02.034567".into(), "x1/1000 wanted, x0.001 real".into()));
        world.now_us += 3_600_000_000;
        assert_eq!(time(&world), "1:01:02.034567");
    }
}
