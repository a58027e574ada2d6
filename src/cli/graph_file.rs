//! Graph files, of a lab and of a simulation: read whole, refused by line.

use std::path::Path;

use super::failure::{Exit, Failure};
use super::format::bytes;
use crate::sim::Mistake;

/// The text of a graph file of at most so many bytes.
///
/// # Errors
/// When it cannot be read, or is no text, or too large.
pub(super) fn read(path: &Path, most: u64) -> Result<String, Failure> {
    let unreadable = |why: &str| {
        Failure::usage(format!("the graph {} cannot be read: {why}", path.display()), "name a text file of pairs")
    };
    let metadata = std::fs::metadata(path).map_err(|error| unreadable(&error.to_string()))?;
    if !metadata.is_file() || metadata.len() > most {
        return Err(unreadable(&format!("it is no file of at most {}", bytes(most))));
    }
    std::fs::read_to_string(path).map_err(|error| unreadable(&error.to_string()))
}

/// What is wrong with one, a line each.
pub(super) fn mistaken(path: &Path, mistakes: Vec<Mistake>) -> Failure {
    let line = |Mistake { line, why }| format!("{}:{line}: {why}", path.display());
    Failure { exit: Exit::Usage, lines: mistakes.into_iter().map(line).collect() }
}
