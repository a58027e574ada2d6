//! What keymap and theme files have in common: reading a small one, naming a line of it, guessing what was meant.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;

/// The largest file that is read. A real one has a few kilobytes; this keeps a mistaken `--keymap` from eating memory.
const MAX_BYTES: u64 = 1 << 20;

/// Reads a text file.
///
/// # Errors
/// When it is missing, unreadable, no ordinary file (a pipe would block), too large, or not UTF-8.
pub(super) fn read(path: &Path) -> io::Result<String> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
    }
    let mut text = String::new();
    let read = File::open(path)?.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    if read as u64 > MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is larger than 1 MiB"));
    }
    Ok(text)
}

/// The line, counted from 1, on which a range of bytes starts.
pub(super) fn line(text: &str, span: &Range<usize>) -> usize {
    text.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1
}

/// The candidate that a mistyped word most probably meant.
pub(super) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = word.to_lowercase();
    let likeness = |candidate: &str| strsim::jaro_winkler(&folded, &candidate.to_lowercase());
    let scored = candidates.into_iter().map(|candidate| (likeness(candidate), candidate));
    // Below this a guess is more often wrong than right.
    let best = scored.filter(|(score, _)| *score > 0.8).max_by(|a, b| a.0.total_cmp(&b.0));
    best.map(|(_, candidate)| candidate)
}

/// A guess as the end of an error message.
pub(super) fn did_you_mean(guess: Option<impl std::fmt::Display>) -> Option<String> {
    guess.map(|guess| format!("did you mean `{guess}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_count_from_one() {
        let text = "a\nbc\n\nd";
        assert_eq!([0, 1, 2, 5, 6, 99].map(|at| line(text, &(at..at))), [1, 1, 2, 3, 4, 4]);
    }

    #[test]
    fn a_guess_is_near_or_none() {
        let known = ["quit", "quit-now", "queries", "neighbors"];
        assert_eq!(nearest("Quitt", known), Some("quit"));
        assert_eq!(nearest("neighbours", known), Some("neighbors"));
        assert_eq!(nearest("zzz", known), None);
        assert_eq!(did_you_mean(Some("x")).as_deref(), Some("did you mean `x`?"));
    }

    #[test]
    fn only_small_ordinary_files_are_read() {
        let dir = tempfile::tempdir().expect("a folder");
        assert_eq!(read(dir.path()).expect_err("a folder").kind(), io::ErrorKind::InvalidInput);
        assert_eq!(read(&dir.path().join("none")).expect_err("none").kind(), io::ErrorKind::NotFound);
        let large = dir.path().join("large");
        std::fs::write(&large, vec![b' '; MAX_BYTES as usize + 1]).expect("written");
        assert!(read(&large).expect_err("large").to_string().contains("1 MiB"));
        std::fs::write(&large, "fine").expect("written");
        assert_eq!(read(&large).expect("read"), "fine");
    }
}
