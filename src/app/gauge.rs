//! Rates and sparklines from counters that only grow, sampled once a second by the engine's clock.

use std::collections::VecDeque;

use super::snapshot::{Flow, HISTORY};

/// Seconds that a rate is averaged over.
const WINDOW: usize = 3;

/// One counter's last minute.
#[derive(Clone, Debug, Default)]
pub(super) struct Gauge {
    last: u64,
    seconds: VecDeque<u64>,
}

impl Gauge {
    /// A gauge of a counter that stands at `total` now.
    pub(super) fn starting_at(total: u64) -> Self {
        Self { last: total, seconds: VecDeque::new() }
    }

    /// Takes the counter's reading of this second. Returns whether anything in the picture changed.
    pub(super) fn sample(&mut self, total: u64) -> bool {
        let step = total.saturating_sub(self.last);
        self.last = total;
        let was_quiet = self.seconds.iter().all(|second| *second == 0);
        if self.seconds.len() >= HISTORY {
            self.seconds.pop_front();
        }
        self.seconds.push_back(step);
        step != 0 || !was_quiet
    }

    /// A second, over the last few seconds.
    pub(super) fn rate(&self) -> f64 {
        let recent = self.seconds.iter().rev().take(WINDOW);
        let (sum, count) = recent.fold((0, 0u32), |(sum, count), second| (sum + second, count + 1));
        if count == 0 { 0.0 } else { sum as f64 / f64::from(count) }
    }

    /// The last minute, oldest first.
    pub(super) fn history(&self) -> impl Iterator<Item = u64> + '_ {
        self.seconds.iter().copied()
    }
}

/// Two counters of bytes that belong together: in and out.
#[derive(Clone, Debug, Default)]
pub(super) struct FlowGauge {
    into: Gauge,
    out: Gauge,
}

impl FlowGauge {
    /// A gauge of counters that stand there now.
    pub(super) fn starting_at((into, out): (u64, u64)) -> Self {
        Self { into: Gauge::starting_at(into), out: Gauge::starting_at(out) }
    }

    /// Takes the readings of this second, in and out. Returns whether anything in the picture changed.
    pub(super) fn sample(&mut self, (into, out): (u64, u64)) -> bool {
        let changes = [self.into.sample(into), self.out.sample(out)];
        changes.contains(&true)
    }

    /// Both as they stood at the last reading.
    pub(super) fn read(&self) -> Flow {
        Flow {
            bytes_in: self.into.last,
            bytes_out: self.out.last,
            in_per_s: self.into.rate(),
            out_per_s: self.out.rate(),
            history: self.into.history().zip(self.out.history()).map(|(into, out)| into + out).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FlowGauge, Gauge};
    use crate::app::snapshot::HISTORY;

    #[test]
    fn a_minute_is_kept_and_the_rate_is_of_the_last_seconds() {
        let mut gauge = Gauge::starting_at(1_000);
        for second in 1..=100 {
            assert!(gauge.sample(1_000 + second * 10));
        }
        assert_eq!((gauge.rate(), gauge.history().count()), (10.0, HISTORY));
        let quiet = (0..2 * HISTORY).filter(|_| gauge.sample(2_000)).count();
        assert_eq!((gauge.rate(), quiet), (0.0, HISTORY), "it changes until the last of it has left the picture");
    }

    #[test]
    fn a_flow_has_both_ways_and_their_sum_by_the_second() {
        let mut flow = FlowGauge::starting_at((100, 10));
        assert!(flow.sample((160, 10)) && flow.sample((190, 40)));
        let read = flow.read();
        assert_eq!((read.bytes_in, read.bytes_out, read.bytes()), (190, 40, 230));
        assert_eq!((read.in_per_s, read.out_per_s, read.history), (45.0, 15.0, vec![60, 60]));
    }
}
