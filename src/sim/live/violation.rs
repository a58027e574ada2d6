//! A rule that was broken: what the simulator looks for.

use std::fmt;

use crate::base::Time;

/// A rule that was broken, not yet told where and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) rule: &'static str,
    pub(super) detail: String,
}

impl Broken {
    pub(super) fn new(rule: &'static str, detail: impl Into<String>) -> Self {
        Self { rule, detail: detail.into() }
    }
}

/// A rule that was broken, where and when. The same seed breaks it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule, as it should hold.
    pub rule: &'static str,
    /// What was seen instead; may be empty.
    pub detail: String,
    /// At which node, if at one.
    pub node: Option<u32>,
    /// When.
    pub at: Time,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "broken at {:.6} s", self.at.micros() as f64 / 1e6)?;
        if let Some(node) = self.node {
            write!(f, " by node {node}")?;
        }
        write!(f, ": {}", self.rule)?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, " ({})", self.detail) }
    }
}

impl std::error::Error for Violation {}
