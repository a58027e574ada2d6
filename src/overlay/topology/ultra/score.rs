//! How fit a node is to be an ultra-peer: integers only, so that every machine comes to the same number.

use std::time::Duration;

use crate::overlay::io::{Config, Standing};
use crate::overlay::node::Node;

/// The most that each part can give; together a thousand.
const CAPACITY: u32 = 450;
const UPTIME: u32 = 200;
const AVAILABILITY: u32 = 200;
const INBOUND: u32 = 150;
const _: () = assert!(CAPACITY + UPTIME + AVAILABILITY + INBOUND == 1_000);

/// What an ultra-peer needs. A fresh node that can be reached and uploads with some 1 Mbit/s has it; one with 100 kbit/s
/// gets there only when it was up for most of the past days.
const THRESHOLD: u16 = 500;

/// Upload bandwidth that counts for nothing, and that which counts in full, in kbit/s; logarithmic between the two.
const SLOW_KBPS: u32 = 64;
const FAST_KBPS: u32 = 10_000;
/// Taken as long as nothing was measured or said: what a home connection can upload today.
const ASSUMED_KBPS: u32 = 2_000;
/// The uptime that counts in full. Who was up that long tends to stay (Saroiu et al., 2002).
const LONG_UPTIME: Duration = Duration::from_secs(3_600);
/// Availability on a node's first day, in thousandths: neither good nor bad.
const UNKNOWN_AVAILABILITY: u32 = 500;

/// How fit a node is to be an ultra-peer, in thousandths: four parts that add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// For its upload bandwidth; up to 450.
    pub capacity: u16,
    /// For how long it has been up; up to 200.
    pub uptime: u16,
    /// For how much of the past days it was up; up to 200.
    pub availability: u16,
    /// For accepting inbound connections; 150 or nothing.
    pub inbound: u16,
    /// All of it together.
    pub total: u16,
    /// What an ultra-peer needs.
    pub threshold: u16,
    /// Upload bandwidth in kbit/s that was reckoned with.
    pub capacity_kbps: u32,
    /// How that is known.
    pub capacity_source: CapacitySource,
    /// Whether it accepts inbound connections. Unknown counts as yes where all addresses are local.
    pub accepts_inbound: Option<bool>,
    /// Whether it may be elected: the total reaches the threshold, and it can be reached.
    pub eligible: bool,
}

/// How a node's upload bandwidth is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CapacitySource {
    /// The settings say so.
    Configured,
    /// Measured while uploading.
    Measured,
    /// Neither: a common value.
    #[default]
    Assumed,
}

impl CapacitySource {
    /// For people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Configured => "configured",
            Self::Measured => "measured",
            Self::Assumed => "assumed",
        }
    }
}

impl Score {
    /// The most that bandwidth can give.
    pub const MAX_CAPACITY: u16 = CAPACITY as u16;
    /// The most that the uptime can give.
    pub const MAX_UPTIME: u16 = UPTIME as u16;
    /// The most that the availability of past days can give.
    pub const MAX_AVAILABILITY: u16 = AVAILABILITY as u16;
    /// What it gives to be reachable.
    pub const MAX_INBOUND: u16 = INBOUND as u16;

    fn new(config: &Config, standing: Standing, uptime: Duration, accepts_inbound: Option<bool>, local: bool) -> Self {
        let (capacity_kbps, capacity_source) = match (config.capacity_kbps, standing.capacity_kbps) {
            (Some(kbps), _) => (kbps, CapacitySource::Configured),
            (None, Some(kbps)) => (kbps, CapacitySource::Measured),
            (None, None) => (ASSUMED_KBPS, CapacitySource::Assumed),
        };
        let availability = standing.availability.map_or(UNKNOWN_AVAILABILITY, u32::from).min(1_000);
        let reachable = accepts_inbound.unwrap_or(local);
        let seconds = uptime.min(LONG_UPTIME).as_secs() as u32;
        let capacity = (CAPACITY * capacity_share(capacity_kbps) / 1_000) as u16;
        let uptime = (UPTIME * seconds / LONG_UPTIME.as_secs() as u32) as u16;
        let availability = (AVAILABILITY * availability / 1_000) as u16;
        // On a public address that nobody tried yet there is no reason to doubt it, only none to rely on it.
        let inbound = if accepts_inbound == Some(false) { 0 } else { INBOUND as u16 };
        let total = capacity + uptime + availability + inbound;
        let eligible = reachable && total >= THRESHOLD;
        Self {
            capacity,
            uptime,
            availability,
            inbound,
            total,
            threshold: THRESHOLD,
            capacity_kbps,
            capacity_source,
            accepts_inbound,
            eligible,
        }
    }
}

impl Node {
    /// How fit this node is to be an ultra-peer.
    #[must_use]
    pub fn score(&self, config: &Config) -> Score {
        let uptime = self.now.since(self.started);
        Score::new(config, self.standing, uptime, self.accepts_inbound(), self.is_among_local_addresses())
    }

    /// Whether it has no public address, as far as it knows.
    pub(super) fn is_among_local_addresses(&self) -> bool {
        self.addr.is_none_or(|addr| addr.is_local())
    }
}

/// A score for people: `0.62`.
pub(super) fn fraction(thousandths: u16) -> String {
    format!("{}.{:02}", thousandths / 1_000, thousandths % 1_000 / 10)
}

/// Where a bandwidth lies between slow and fast, in thousandths, on a logarithmic scale.
fn capacity_share(kbps: u32) -> u32 {
    let (slow, fast) = (log2_thousandths(SLOW_KBPS), log2_thousandths(FAST_KBPS));
    let it = log2_thousandths(kbps.clamp(SLOW_KBPS, FAST_KBPS));
    (it - slow) * 1_000 / (fast - slow)
}

/// The logarithm, with straight lines between powers of two.
fn log2_thousandths(n: u32) -> u32 {
    let n = n.max(1);
    let whole = n.ilog2();
    let part = (u64::from(n - (1 << whole)) * 1_000) >> whole;
    whole * 1_000 + part as u32
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{CapacitySource, LONG_UPTIME, Score, fraction, log2_thousandths};
    use crate::overlay::io::{Config, Standing};

    fn score(kbps: Option<u32>, availability: Option<u16>, uptime: Duration, inbound: Option<bool>) -> Score {
        let standing = Standing { capacity_kbps: kbps, availability };
        Score::new(&Config::default(), standing, uptime, inbound, true)
    }

    #[test]
    fn the_parts_add_up_and_grow_with_what_they_measure() {
        let mut last = 0;
        for kbps in [0, 10, 64, 100, 500, 1_000, 5_000, 10_000, u32::MAX] {
            let score = score(Some(kbps), Some(700), Duration::from_secs(600), Some(true));
            assert_eq!(score.capacity + score.uptime + score.availability + score.inbound, score.total);
            assert!(score.capacity >= last && score.total <= 1_000);
            last = score.capacity;
        }
        let best = score(Some(u32::MAX), Some(u16::MAX), LONG_UPTIME * 50, Some(true));
        assert_eq!((best.total, fraction(best.total).as_str()), (1_000, "1.00"));
    }

    #[test]
    fn a_fresh_capable_node_is_eligible_and_a_slow_one_only_after_days() {
        let fresh = Duration::ZERO;
        assert!(score(None, None, fresh, None).eligible && score(Some(1_100), None, fresh, None).eligible);
        assert!(!score(Some(100), None, fresh, None).eligible && !score(Some(100), None, LONG_UPTIME, None).eligible);
        assert!(score(Some(100), Some(900), LONG_UPTIME, None).eligible);
        let unreachable = score(Some(10_000), Some(1_000), LONG_UPTIME, Some(false));
        assert!(!unreachable.eligible && unreachable.inbound == 0 && unreachable.total > unreachable.threshold);
    }

    #[test]
    fn what_the_settings_say_goes_before_what_was_measured() {
        let config = Config { capacity_kbps: Some(300), ..Config::default() };
        let standing = Standing { capacity_kbps: Some(9_000), availability: None };
        let score = Score::new(&config, standing, Duration::ZERO, None, true);
        assert_eq!((score.capacity_kbps, score.capacity_source), (300, CapacitySource::Configured));
        let public = Score::new(&Config::default(), standing, Duration::ZERO, None, false);
        assert!(!public.eligible, "nobody knows yet whether it can be reached");
    }

    #[test]
    fn the_logarithm_is_exact_at_powers_of_two() {
        assert_eq!([1, 2, 64, 96, 1 << 31].map(log2_thousandths), [0, 1_000, 6_000, 6_500, 31_000]);
    }
}
