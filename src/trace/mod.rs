//! Floods on file: a node's own traced searches written down as they happen, one JSON object a line, and read back,
//! whatever somebody did to the file since. No network, no screen.
//!
//! The first line is a header that says whose searches follow; then come the lines of the machine interface (`query`,
//! `round`, `hop`, `hit`, `done`), a `lost` where the recorder could not keep up, and an `end`. A reader ignores kinds and fields
//! that it does not know.

mod draft;
mod line;
mod lines;
mod read;
mod record;
#[cfg(test)]
mod tests;

pub use line::VERSION;
pub use read::{Doubts, Recorded, Recording, TraceError, read};
pub use record::{Recorder, Tape, Written};

/// Bytes of one line; a longer one is left out and counted. The longest honest one is a hit with a long name.
pub const MAX_LINE_BYTES: usize = 16 * 1024;
/// Lines that are read, or written, of one trace.
pub const MAX_LINES: u64 = 500_000;
/// Bytes that are read of one trace.
pub const MAX_TRACE_BYTES: u64 = 256 * 1024 * 1024;
/// Searches that are read of one trace.
pub const MAX_SEARCHES: usize = 64;
/// Reports that are read of one trace, of all its searches together.
pub const MAX_REPORTS: usize = 100_000;
/// Hits that are read of one trace, of all its searches together.
pub const MAX_HITS: usize = 10_000;
