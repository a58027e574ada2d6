//! What keymap and theme files have in common: reading a small one, naming a line of it, guessing what was meant.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::app::Untrusted;

/// The largest file that is read. A real one has a few kilobytes; this keeps a mistaken `--keymap` from eating memory.
const MAX_BYTES: u64 = 1 << 20;

/// The longest message about a file that is shown, in bytes.
const MAX_SHOWN: usize = 400;

/// The longest name of a keymap or theme that is shown, in bytes.
const MAX_NAME: usize = 40;

/// A mistake in a file, where it is, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError<M> {
    /// The file.
    pub file: PathBuf,
    /// The line in it, counted from 1, where the mistake has one.
    pub line: Option<usize>,
    /// What is wrong.
    pub mistake: M,
    /// What to do.
    pub suggestion: Option<String>,
}

/// What can be wrong with a keymap as well as with a theme.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileMistake {
    /// The file cannot be read.
    #[error("cannot read it: {0}")]
    Unreadable(String),
    /// It is not TOML.
    #[error("{0}")]
    Toml(String),
    /// A field that no such file has.
    #[error("unknown field `{0}`")]
    UnknownField(String),
    /// A value of the wrong kind.
    #[error("`{field}` must be {wanted}")]
    WrongType {
        /// Of which field.
        field: String,
        /// What it must be.
        wanted: &'static str,
    },
    /// It builds on itself.
    #[error("`inherits` runs in a circle: {0}")]
    Circle(String),
}

/// File, line, mistake and suggestion on one line. The file may be anybody's, so what it says is made safe to show.
impl<M: fmt::Display> fmt::Display for FileError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line.map(|line| format!(":{line}")).unwrap_or_default();
        let suggestion = self.suggestion.as_ref().map(|what| format!("; {what}")).unwrap_or_default();
        let whole = format!("{}{line}: {}{suggestion}", self.file.display(), self.mistake);
        f.write_str(&Untrusted::new(whole).visible(MAX_SHOWN))
    }
}

impl<M: fmt::Debug + fmt::Display> std::error::Error for FileError<M> {}

/// A name that a file gives itself, safe to show.
pub(super) fn name(text: &str) -> String {
    Untrusted::from(text).visible(MAX_NAME)
}

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
    let scored = candidates.into_iter().map(|candidate| (likeness(&folded, &candidate.to_lowercase()), candidate));
    // Below this a guess is more often wrong than right.
    let best = scored.filter(|(score, _)| *score > 0.8).max_by(|a, b| a.0.total_cmp(&b.0));
    best.map(|(_, candidate)| candidate)
}

/// From 0 to 1. A common start counts most, but a slip of the finger in a short word counts too.
fn likeness(word: &str, candidate: &str) -> f64 {
    let letters = word.chars().count();
    let slips = strsim::osa_distance(word, candidate);
    let slipped = if letters > 2 && slips <= (letters / 3).max(1) { 0.9 - 0.01 * slips as f64 } else { 0.0 };
    strsim::jaro_winkler(word, candidate).max(slipped)
}

/// A guess as the end of an error message.
pub(super) fn did_you_mean(guess: Option<impl fmt::Display>) -> Option<String> {
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
        assert_eq!(nearest("qiut", known), Some("quit"));
        assert_eq!(nearest("vmi", ["vim", "emacs"]), Some("vim"));
        assert_eq!(nearest("zzz", known), None);
        assert_eq!(nearest("a", ["b", "c"]), None);
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
