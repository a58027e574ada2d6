//! Lists of seeds that once failed: a seed and its topology a line, `#` for what it was.

use std::path::Path;

use crate::app::TopologyKind;
use crate::cli::failure::{Exit, Failure};
use crate::sim::live::TOPOLOGIES;

/// Bytes of such a file; more is some other file.
const MAX_LIST: u64 = 1024 * 1024;

/// What a line looks like.
const A_LINE: &str = "a seed and its topology a line, and after a # what it was";

/// Reads a list.
///
/// # Errors
/// When it cannot be read, when a line of it is no seed with its topology (the error names the line), or when it has no seeds:
/// a check of nothing would always pass.
pub(super) fn read(path: &Path) -> Result<Vec<(u64, TopologyKind)>, Failure> {
    let unreadable = |why: &str| {
        let hint = "name a list of seeds, as `simulations/seeds.txt`";
        Failure::usage(format!("the list {} cannot be read: {why}", path.display()), hint)
    };
    let metadata = std::fs::metadata(path).map_err(|error| unreadable(&error.to_string()))?;
    if !metadata.is_file() || metadata.len() > MAX_LIST {
        return Err(unreadable("it is no file of at most a megabyte"));
    }
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(&error.to_string()))?;
    let seeds = parse(&text).map_err(|(line, why)| Failure {
        exit: Exit::Usage,
        lines: vec![format!("{}:{line}: {why}", path.display())],
    })?;
    if seeds.is_empty() {
        let hint = format!("write {A_LINE}, as `{}`", line(7, TopologyKind::Flood, "a search ended too early"));
        return Err(Failure::usage(format!("the list {} has no seeds", path.display()), hint));
    }
    Ok(seeds)
}

/// The seeds of a list in order, or the line of the first mistake and what it is.
fn parse(text: &str) -> Result<Vec<(u64, TopologyKind)>, (usize, String)> {
    let mut seeds = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let words: Vec<&str> = text.split('#').next().unwrap_or_default().split_whitespace().collect();
        match words[..] {
            [] => {}
            [seed, topology] => {
                let seed = seed.parse().map_err(|_| (line, "a seed is a number".to_owned()))?;
                let found = TOPOLOGIES.into_iter().find(|kind| kind.name() == topology);
                let known = TOPOLOGIES.map(TopologyKind::name).join(", ");
                seeds.push((seed, found.ok_or_else(|| (line, format!("a topology is one of {known}")))?));
            }
            _ => return Err((line, format!("write {A_LINE}"))),
        }
    }
    Ok(seeds)
}

/// The line that a failure adds to a list.
pub(super) fn line(seed: u64, topology: TopologyKind, what: &str) -> String {
    format!("{seed} {} # {what}", topology.name())
}

#[cfg(test)]
mod tests {
    use super::{TopologyKind, line, parse};

    #[test]
    fn lines_are_read_back_as_they_are_written_and_others_are_refused() {
        let text = format!("# a comment\n\n{}\n9 central\n", line(7, TopologyKind::Flood, "a rule: broken"));
        assert_eq!(parse(&text), Ok(vec![(7, TopologyKind::Flood), (9, TopologyKind::Central)]));
        for (text, place, word) in
            [("7 flood\nx flood", 2, "number"), ("7 ring", 1, "ultrapeer"), ("7", 1, "a seed and its topology")]
        {
            let (line, why) = parse(text).unwrap_err();
            assert!(line == place && why.contains(word), "{line}: {why}");
        }
    }
}
