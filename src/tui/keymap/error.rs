//! What can be wrong with a keymap file.

use super::key::KeySeq;
use crate::tui::action::ActionError;
use crate::tui::file::{FileError, FileMistake};

/// A mistake in a keymap file, where it is, and what to do about it.
pub type KeymapError = FileError<Mistake>;

/// What is wrong with a keymap file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mistake {
    /// There is no keymap of that name.
    #[error("there is no keymap `{0}`")]
    NoKeymap(String),
    /// One that any such file may have.
    #[error(transparent)]
    File(#[from] FileMistake),
    /// A table of keys for something that is not on the screen.
    #[error("there is no scope `{0}`")]
    UnknownScope(String),
    /// A key that no terminal sends.
    #[error("unknown key `{0}`")]
    UnknownKey(String),
    /// An action that does not exist, or not so.
    #[error(transparent)]
    Action(#[from] ActionError),
    /// Two texts for one key.
    #[error("`{text}` is the same key as `{first}` on line {first_line}")]
    SameKey {
        /// The second text.
        text: String,
        /// The first one.
        first: String,
        /// Its line.
        first_line: usize,
    },
    /// A key that runs before the longer sequence can be typed.
    #[error("`{short}` in [keys.{scope}] hides `{long}` in [keys.{long_scope}]")]
    Hides {
        /// The shorter sequence.
        short: KeySeq,
        /// Where it is.
        scope: String,
        /// The longer one.
        long: KeySeq,
        /// Where that one is.
        long_scope: String,
    },
    /// An action that nobody must be without has no key.
    #[error("no key is left for `{0}`")]
    NoKeyFor(&'static str),
}
