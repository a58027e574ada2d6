//! What the screen is started with, and what the terminal is.

use std::path::PathBuf;

use super::glyphs::Glyphs;
use super::theme::ColorDepth;

/// How the screen looks and which keys it knows.
#[derive(Clone, Debug)]
pub struct TuiOptions {
    /// A keymap's name or file.
    pub keymap: String,
    /// A theme's name or file.
    pub theme: String,
    /// ASCII or not; `None` to go by the locale.
    pub ascii: Option<bool>,
    /// The configuration's folder: keymaps and themes of the user's own lie below it.
    pub config_dir: PathBuf,
    /// What the environment says about the terminal.
    pub environment: Environment,
}

/// What the environment says about the terminal.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `NO_COLOR`.
    pub no_color: Option<String>,
    /// `COLORTERM`.
    pub colorterm: Option<String>,
    /// `TERM`.
    pub term: Option<String>,
    /// `LC_ALL`.
    pub lc_all: Option<String>,
    /// `LC_CTYPE`.
    pub lc_ctype: Option<String>,
    /// `LANG`.
    pub lang: Option<String>,
}

impl Environment {
    /// That of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let var = |name: &str| std::env::var(name).ok();
        Self {
            no_color: var("NO_COLOR"),
            colorterm: var("COLORTERM"),
            term: var("TERM"),
            lc_all: var("LC_ALL"),
            lc_ctype: var("LC_CTYPE"),
            lang: var("LANG"),
        }
    }
}

impl TuiOptions {
    /// How many colours there are.
    #[must_use]
    pub fn depth(&self) -> ColorDepth {
        let environment = &self.environment;
        ColorDepth::detect(
            environment.no_color.as_deref(),
            environment.colorterm.as_deref(),
            environment.term.as_deref(),
        )
    }

    /// The signs that the terminal can show.
    #[must_use]
    pub fn glyphs(&self) -> Glyphs {
        let environment = &self.environment;
        match self.ascii {
            Some(true) => Glyphs::ASCII,
            Some(false) => Glyphs::UNICODE,
            None => Glyphs::choose(
                false,
                environment.lc_all.as_deref(),
                environment.lc_ctype.as_deref(),
                environment.lang.as_deref(),
            ),
        }
    }
}
