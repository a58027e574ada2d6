//! What a node tells people in words: its log, and what they should know and may do something about.

use serde::{Deserialize, Serialize};

use crate::proto::Untrusted;

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When, milliseconds after the node's start.
    pub at_ms: u64,
    /// How bad.
    pub level: LogLevel,
    /// Which room said it.
    pub target: String,
    /// What.
    pub text: Untrusted,
}

/// How bad a line of the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Something failed.
    Error,
    /// Something may be wrong.
    Warn,
    /// Something happened.
    Info,
    /// For those who look for a fault.
    Debug,
    /// Everything.
    Trace,
}

/// Something that the user should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// A stable word for programs.
    pub code: String,
    /// One clear sentence.
    pub message: String,
    /// What to do.
    pub hint: String,
}
