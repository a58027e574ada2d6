//! Colours by meaning, from a theme file. No colour carries a meaning alone: [`super::glyphs`] has a sign for each.

mod color;
mod error;
mod file;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use color::{ColorDepth, at_depth, rgb};
pub use error::{ThemeError, ThemeMistake};
use ratatui::style::{Color, Style};

/// Builds the enum and the names by which theme files call its values.
macro_rules! meanings {
    ($($variant:ident $name:literal $help:literal;)*) => {
        /// What a part of the screen means.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Meaning { $(#[doc = $help] $variant,)* }

        impl Meaning {
            /// Every meaning.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// How theme files call it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

meanings! {
    Text "text" "Ordinary text.";
    Dim "dim" "Text that matters less.";
    Strong "strong" "Text that matters more.";
    Title "title" "The title of a pane.";
    Border "border" "The frame of a pane.";
    Focus "focus" "Frame and title of the pane that has the focus.";
    Selected "selected" "The selected row; laid over what is in it.";
    Header "header" "The line at the top.";
    Footer "footer" "The line at the bottom.";
    KeyHint "key-hint" "A key in footer, help and popup.";
    Tab "tab" "The name of a screen.";
    TabActive "tab-active" "The name of the screen that is shown.";
    Column "column" "The head of a column.";
    Overlay "overlay" "What is open over the screen.";
    Input "input" "A field for text.";
    Match "match" "The part of a row that was searched for; laid over it.";
    SelfNode "self" "This node.";
    UltraPeer "ultra-peer" "An ultra-peer.";
    Leaf "leaf" "A leaf.";
    Peer "peer" "A peer where all are equal.";
    Directory "directory" "A directory.";
    Dialling "dialling" "An address that is being dialled.";
    Hit "hit" "A hit.";
    Duplicate "duplicate" "A duplicate copy.";
    Dropped "dropped" "A message that was dropped.";
    Good "good" "Done, verified, fine.";
    Warning "warning" "Something to look at.";
    Error "error" "Something that failed.";
    Up "up" "To the network.";
    Down "down" "From the network.";
    BarFull "bar-full" "The filled part of a bar.";
    BarEmpty "bar-empty" "The rest of a bar.";
    TtlLeft "ttl-left" "TTL that is left.";
    TtlSpent "ttl-spent" "TTL that is spent.";
    Spark "spark" "A sparkline.";
}

/// A style for each meaning, and the ramp of the hops.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    name: String,
    /// By the order of [`Meaning`].
    styles: Vec<Style>,
    hops: Vec<Color>,
}

/// The themes that come with the program, by name.
pub const BUILT_IN: [(&str, &str); 4] = [
    ("dark", include_str!("dark.toml")),
    ("light", include_str!("light.toml")),
    (ANSI, include_str!("ansi.toml")),
    (MONO, include_str!("mono.toml")),
];

/// The built-in theme of 16 colours.
const ANSI: &str = "ansi";
/// The built-in theme without colours.
const MONO: &str = "mono";

impl Theme {
    /// One of the built-in ones: `dark`, `light`, `ansi` (16 colours), `mono` (none).
    #[must_use]
    pub fn builtin(name: &str) -> Option<Self> {
        file::builtin(name)
    }

    /// The theme of a name or a file; a name is that of a file in `dir` (`<config>/themes`) or of a built-in one, and
    /// a file builds on the built-in one of its name, else on `dark`, unless it says otherwise. With any mistake in
    /// the files it is a built-in one.
    #[must_use]
    pub fn load(name_or_file: &str, dir: &Path) -> (Self, Vec<ThemeError>) {
        file::load(name_or_file, dir)
    }

    /// The user's file that [`Theme::load`] reads first, to watch it.
    #[must_use]
    pub fn path(name_or_file: &str, dir: &Path) -> PathBuf {
        file::path(name_or_file, dir)
    }

    /// A theme in which nothing looks special.
    fn blank() -> Self {
        Self { name: MONO.to_owned(), styles: vec![Style::new(); Meaning::ALL.len()], hops: Vec::new() }
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How a meaning looks.
    #[must_use]
    pub fn style(&self, meaning: Meaning) -> Style {
        self.styles.get(meaning as usize).copied().unwrap_or_default()
    }

    /// How hop `hop` of `max` looks: a step on a ramp whose brightness grows all the way, so that it is a ramp for
    /// everybody's eyes.
    #[must_use]
    pub fn hop(&self, hop: u8, max: u8) -> Style {
        let at = f64::from(hop.saturating_sub(1)) / f64::from(max.saturating_sub(1).max(1));
        color::on_ramp(&self.hops, at).map_or_else(Style::new, |color| Style::new().fg(color))
    }

    /// The same theme for a terminal of that depth. Without colours it is `mono`, and where there are only 16 the
    /// built-in ones become `ansi`, which was made for them.
    #[must_use]
    pub fn at(self, depth: ColorDepth) -> Self {
        let made_for_it = match depth {
            ColorDepth::None => Self::builtin(MONO),
            ColorDepth::Ansi if matches!(self.name.as_str(), "dark" | "light") => Self::builtin(ANSI),
            _ => None,
        };
        if let Some(theme) = made_for_it {
            return theme;
        }
        let shown = |color: Option<Color>| color.map(|color| at_depth(color, depth));
        let style = |style: &Style| Style { fg: shown(style.fg), bg: shown(style.bg), ..*style };
        Self {
            styles: self.styles.iter().map(style).collect(),
            hops: self.hops.iter().map(|color| at_depth(*color, depth)).collect(),
            name: self.name,
        }
    }
}
