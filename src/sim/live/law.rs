//! How long nodes stay: session lengths by the laws that measurements found.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::units::{LONGEST, Real, Span};
use crate::base::Rng;

/// A law of lengths of time. All of them are given by their median, which says more than a mean where tails are heavy: the
/// mean of a Pareto law of shape 1 does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Law {
    /// Which.
    pub law: Kind,
    /// Half of the times are shorter.
    pub median: Span,
    /// Weibull: 0.34 to 0.59 measured of sessions (Stutzbach and Rejaie, 2006); below 1 the old ones stay. Pareto: the
    /// lower, the heavier the tail. The exponential law has none.
    #[serde(default = "usual_shape")]
    pub shape: Real<0, 100>,
}

fn usual_shape() -> Real<0, 100> {
    Real(0.5)
}

/// The family that a [`Law`] is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Without memory: who stayed long is as likely to go as anybody.
    Exponential,
    /// Stutzbach and Rejaie's fit.
    Weibull,
    /// A power law.
    Pareto,
}

/// The lowest shape: what is below has no finite times worth speaking of.
const LEAST_SHAPE: f64 = 0.05;

impl Law {
    /// A length of time: at least a millisecond, at most [`LONGEST`].
    pub(super) fn draw(&self, rng: &mut Rng) -> Duration {
        // In (0, 1], so that its logarithm is finite.
        let uniform = 1.0 - rng.fraction();
        let shape = self.shape.0.max(LEAST_SHAPE);
        let half_lives = -uniform.ln() / std::f64::consts::LN_2;
        let factor = match self.law {
            Kind::Exponential => half_lives,
            Kind::Weibull => half_lives.powf(1.0 / shape),
            Kind::Pareto => (0.5 / uniform).powf(1.0 / shape),
        };
        let secs = self.median.0.as_secs_f64() * factor;
        Duration::try_from_secs_f64(secs).unwrap_or(LONGEST).clamp(Duration::from_millis(1), LONGEST)
    }
}

/// The time to the next event of a Poisson process.
pub(super) fn exponential(mean: Duration, rng: &mut Rng) -> Duration {
    let secs = mean.as_secs_f64() * -(1.0 - rng.fraction()).ln();
    Duration::try_from_secs_f64(secs).unwrap_or(LONGEST).clamp(Duration::from_micros(1), LONGEST)
}

#[cfg(test)]
mod tests {
    use super::{Kind, Law};
    use crate::base::Rng;
    use crate::sim::live::units::{Real, Span};

    fn quantiles(law: Kind, shape: f64) -> [f64; 3] {
        let law = Law { law, median: Span::secs(100), shape: Real(shape) };
        let mut rng = Rng::new(5);
        let mut times: Vec<f64> = (0..20_001).map(|_| law.draw(&mut rng).as_secs_f64()).collect();
        times.sort_unstable_by(f64::total_cmp);
        [0.25, 0.5, 0.9].map(|share| times[(share * 20_000.0) as usize])
    }

    #[test]
    fn each_law_has_its_quantiles() {
        // From the closed forms: the median, then the quarter and the nine tenths.
        let expected = [
            (Kind::Exponential, 1.0, [41.5, 100.0, 332.2]),
            (Kind::Weibull, 0.5, [17.2, 100.0, 1_103.5]),
            (Kind::Pareto, 1.0, [66.7, 100.0, 500.0]),
        ];
        for (law, shape, expected) in expected {
            for (found, wanted) in quantiles(law, shape).into_iter().zip(expected) {
                assert!((found / wanted - 1.0).abs() < 0.06, "{law:?}: {found} instead of {wanted}");
            }
        }
    }
}
