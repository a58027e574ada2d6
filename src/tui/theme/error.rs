//! What can be wrong with a theme file.

use crate::tui::file::{FileError, FileMistake};

/// A mistake in a theme file, where it is, and what to do about it.
pub type ThemeError = FileError<ThemeMistake>;

/// What is wrong with a theme file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThemeMistake {
    /// There is no theme of that name.
    #[error("there is no theme `{0}`")]
    NoTheme(String),
    /// One that any such file may have.
    #[error(transparent)]
    File(#[from] FileMistake),
    /// A style for something that is not on the screen.
    #[error("nothing on the screen means `{0}`")]
    UnknownMeaning(String),
    /// A text that is no colour.
    #[error("unknown color `{0}`")]
    UnknownColor(String),
}
