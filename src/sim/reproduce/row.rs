//! One published figure beside ours.

use serde::Serialize;

/// How many standard errors of its own sample a value may lie further off, where fewer sources are drawn than the tolerance
/// was meant for.
const SPREADS: f64 = 3.0;

/// Where the published figure is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The paper says so, or its abstract.
    Paper,
    /// Somebody's extract of the paper says so; the paper itself was not read.
    Extract,
    /// It is attributed to the paper from memory and was not read again.
    Recalled,
    /// It follows from a formula.
    Formula,
    /// Another program measured it with the paper's sizes, because the paper's own table could not be read.
    Measured,
}

/// How our figure came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Floods through the core that real nodes run.
    Core,
    /// A small model in this folder of what the core does not do.
    Model,
    /// Arithmetic.
    Formula,
}

/// How far ours may be off.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Allowed {
    /// Not at all.
    Exact,
    /// By this share of the published figure.
    Relative(f64),
    /// By so much, in the row's own unit.
    Absolute(f64),
    /// Ours is at least as much.
    AtLeast,
    /// However far: the row says why.
    Open,
}

/// What a row comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Within the tolerance.
    Holds,
    /// There is no tolerance, and a reason.
    Differs,
    /// Outside the tolerance.
    Broken,
}

/// One published figure beside ours.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// What is counted.
    pub what: String,
    /// The published figure.
    pub published: f64,
    /// Ours.
    pub ours: f64,
    /// How far ours may be off.
    pub allowed: Allowed,
    /// How much further it may be off for having drawn fewer sources, in the row's own unit; 0 if none were saved.
    pub statistics: f64,
    /// Where the published figure is from.
    pub basis: Basis,
    /// How ours came about.
    pub how: How,
    /// Digits after the point that mean something.
    pub decimals: usize,
    /// What the figures are in; empty for counts.
    pub unit: &'static str,
    /// Why ours differs, or what to know to read the row.
    pub why: Option<String>,
}

impl Row {
    fn new(how: How, what: impl Into<String>, published: f64, ours: f64) -> Self {
        Self {
            what: what.into(),
            published,
            ours,
            allowed: Allowed::Exact,
            statistics: 0.0,
            basis: Basis::Measured,
            how,
            decimals: 0,
            unit: "",
            why: None,
        }
    }

    /// A figure from floods through the core.
    pub(super) fn core(what: impl Into<String>, published: f64, ours: f64) -> Self {
        Self::new(How::Core, what, published, ours)
    }

    /// A figure from a model.
    pub(super) fn model(what: impl Into<String>, published: f64, ours: f64) -> Self {
        Self::new(How::Model, what, published, ours)
    }

    /// A figure from a formula.
    pub(super) fn formula(what: impl Into<String>, published: f64, ours: f64) -> Self {
        Self::new(How::Formula, what, published, ours)
    }

    /// Where the published figure is from, unless another program measured it.
    pub(super) fn from(self, basis: Basis) -> Self {
        Self { basis, ..self }
    }

    /// Allows so many percent of the published figure.
    pub(super) fn percent(self, percent: f64) -> Self {
        Self { allowed: Allowed::Relative(percent / 100.0), ..self }
    }

    /// Allows so much in the row's own unit.
    pub(super) fn points(self, points: f64) -> Self {
        Self { allowed: Allowed::Absolute(points), ..self }
    }

    /// Allows more than was published.
    pub(super) fn at_least(self) -> Self {
        Self { allowed: Allowed::AtLeast, ..self }
    }

    /// Allows anything, for a reason.
    pub(super) fn open(self, why: impl Into<String>) -> Self {
        Self { allowed: Allowed::Open, ..self }.note(why)
    }

    /// Widens the tolerance by what a sample of that standard error may be off.
    pub(super) fn sampled(self, error: f64) -> Self {
        Self { statistics: SPREADS * error, ..self }
    }

    /// Digits and unit.
    pub(super) fn shown(self, decimals: usize, unit: &'static str) -> Self {
        Self { decimals, unit, ..self }
    }

    /// What to know about it.
    pub(super) fn note(self, why: impl Into<String>) -> Self {
        Self { why: Some(why.into()), ..self }
    }

    /// Ours less the published figure.
    #[must_use]
    pub fn difference(&self) -> f64 {
        self.ours - self.published
    }

    /// Whether it is good enough.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        // Sums of fractions may end a last digit apart.
        let rounding = 1e-9 * self.published.abs();
        let off = self.difference().abs();
        let holds = match self.allowed {
            Allowed::Open => return Verdict::Differs,
            Allowed::Exact => off <= rounding + self.statistics,
            Allowed::Relative(share) => off <= share * self.published.abs() + self.statistics,
            Allowed::Absolute(most) => off <= most + self.statistics,
            Allowed::AtLeast => self.ours >= self.published - self.statistics,
        };
        if holds { Verdict::Holds } else { Verdict::Broken }
    }
}
