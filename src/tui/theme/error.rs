//! What can be wrong with a theme file.

use crate::tui::file::FileError;

/// A mistake in a theme file, where it is, and what to do about it.
pub type ThemeError = FileError<ThemeMistake>;

/// What is wrong with a theme file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThemeMistake {
    /// There is no theme of that name.
    #[error("there is no theme `{0}`")]
    NoTheme(String),
    /// The file cannot be read.
    #[error("cannot read it: {0}")]
    Unreadable(String),
    /// It is not TOML.
    #[error("{0}")]
    Toml(String),
    /// A field that no theme has.
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
    /// A style for something that is not on the screen.
    #[error("nothing on the screen means `{0}`")]
    UnknownMeaning(String),
    /// A text that is no colour.
    #[error("unknown color `{0}`")]
    UnknownColor(String),
    /// A theme that is its own ancestor.
    #[error("`inherits` runs in a circle: {0}")]
    Circle(String),
}
