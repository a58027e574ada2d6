//! What every pane draws with: the model, and styles and signs by what they mean.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;

use super::action::Action;
use super::keymap::scope;
use super::model::Model;
use super::text;
use super::theme::Meaning;
use crate::app::{Role, Search, Untrusted};

/// Turns of the spinner a second.
const SPINS: u64 = 8;

/// The model, and how things look.
#[derive(Clone, Copy)]
pub struct Paint<'a> {
    /// What is drawn.
    pub model: &'a Model,
    /// The node's age at the moment that is drawn.
    pub now_ms: u64,
}

/// Gives each style a short name.
macro_rules! styles {
    ($($(#[$doc:meta])* $name:ident $meaning:ident;)*) => {
        $($(#[$doc])*
        #[must_use]
        pub fn $name(&self) -> Style {
            self.model.theme.style(Meaning::$meaning)
        })*
    };
}

/// Gives each sign a short name.
macro_rules! signs {
    ($($(#[$doc:meta])* $name:ident $field:ident;)*) => {
        $($(#[$doc])*
        #[must_use]
        pub const fn $name(&self) -> &'static str {
            self.model.glyphs.$field
        })*
    };
}

impl<'a> Paint<'a> {
    /// What draws a model.
    #[must_use]
    pub fn new(model: &'a Model) -> Self {
        Self { model, now_ms: model.now_ms() }
    }

    styles! {
        /// Ordinary text.
        text Text;
        /// Text that matters less.
        dim Dim;
        /// Text that matters more.
        strong Strong;
        /// A title.
        title Title;
        /// The head of a column.
        column Column;
        /// This node, and what is its own.
        me SelfNode;
        /// A hit, and what went well.
        hit Hit;
        /// A duplicate copy.
        duplicate Duplicate;
        /// What was dropped.
        dropped Dropped;
        /// What went wrong.
        error Error;
        /// Something to look at.
        warn Warning;
        /// What goes out.
        up Up;
        /// What comes in.
        down Down;
        /// A curve.
        spark_style Spark;
        /// The filled part of a bar.
        bar_style BarFull;
        /// A key.
        key_style KeyHint;
        /// What lies over the panes.
        overlay Overlay;
        /// A field for text.
        input Input;
    }

    signs! {
        /// This node.
        self_symbol you;
        /// An address being dialled.
        dialling_symbol dialling;
        /// A hit.
        hit_symbol hit;
        /// A duplicate.
        duplicate_symbol duplicate;
        /// Dropped, failed.
        dropped_symbol dropped;
        /// Done.
        good_symbol good;
        /// Something to look at.
        warning_symbol warning;
        /// Outwards.
        up_symbol up;
        /// Inwards.
        down_symbol down;
        /// Between words.
        dot dot;
        /// No value.
        none none;
        /// Between things on a line.
        separator separator;
    }

    /// The style of a row under the cursor.
    #[must_use]
    pub fn selected(&self, focused: bool) -> Style {
        if focused { self.model.theme.style(Meaning::Selected) } else { Style::new() }
    }

    /// The style of a frame.
    #[must_use]
    pub fn border(&self, focused: bool) -> Style {
        self.model.theme.style(if focused { Meaning::Focus } else { Meaning::Border })
    }

    /// The style of a tab.
    #[must_use]
    pub fn tab(&self, active: bool) -> Style {
        self.model.theme.style(if active { Meaning::TabActive } else { Meaning::Tab })
    }

    /// The style of a role.
    #[must_use]
    pub fn role(&self, role: Role) -> Style {
        match role {
            Role::Peer => self.model.theme.style(Meaning::Peer),
            Role::Leaf => self.model.theme.style(Meaning::Leaf),
            Role::Ultrapeer => self.model.theme.style(Meaning::UltraPeer),
            Role::Client => self.model.theme.style(Meaning::Peer),
            Role::Directory => self.model.theme.style(Meaning::Directory),
        }
    }

    /// The sign of a role.
    #[must_use]
    pub const fn role_symbol(&self, role: Role) -> &'static str {
        match role {
            Role::Peer => self.model.glyphs.peer,
            Role::Leaf => self.model.glyphs.leaf,
            Role::Ultrapeer => self.model.glyphs.ultra_peer,
            Role::Client => self.model.glyphs.client,
            Role::Directory => self.model.glyphs.directory,
        }
    }

    /// The style of a hop, from 1.
    #[must_use]
    pub fn hop(&self, hop: u8) -> Style {
        self.model.theme.hop(hop, crate::app::MAX_TTL)
    }

    /// One of two signs that the set of signs has no name for.
    #[must_use]
    pub const fn symbol(&self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.model.glyphs.is_ascii() { ascii } else { unicode }
    }

    /// A stranger's text, for so many columns.
    #[must_use]
    pub fn untrusted(&self, text: &Untrusted, width: u16) -> String {
        text::untrusted(text, width.into())
    }

    /// A stranger's sentence, which has no extension to keep in view, for so many columns.
    #[must_use]
    pub fn words(&self, text: &Untrusted, width: u16) -> String {
        // Some bytes more than columns, because a letter may have several.
        text::fit(&text.visible(usize::from(width) * 8), width.into()).into_owned()
    }

    /// A text from the disk or the configuration, which is a stranger's too, for so many columns.
    #[must_use]
    pub fn foreign(&self, text: &str, width: u16) -> String {
        self.untrusted(&Untrusted::from(text), width)
    }

    /// A text of our own, for so many columns.
    #[must_use]
    pub fn fit(&self, text: &str, width: u16) -> String {
        text::fit(text, width.into()).into_owned()
    }

    /// A text in lines of at most so many columns, broken between words where that is possible.
    #[must_use]
    pub fn wrap(&self, text: &str, width: u16) -> Vec<String> {
        wrap(text, width.max(1).into())
    }

    /// A bar of exactly that width.
    #[must_use]
    pub fn bar(&self, fraction: f64, width: u16, style: Style) -> Line<'static> {
        let (full, empty) = self.model.glyphs.bar_parts(fraction, width);
        let rest = self.model.theme.style(Meaning::BarEmpty);
        // The rest is a surface: the sign of a part of a column must stand on it too.
        let rest = rest.fg.map_or(rest, |color| if empty.trim().is_empty() { Style::new().bg(color) } else { rest });
        let full_style = rest.bg.map_or(style, |color| style.bg(color));
        Line::from(vec![Span::styled(full, full_style), Span::styled(empty, rest)])
    }

    /// A TTL: what is left, and what is spent.
    #[must_use]
    pub fn ttl(&self, left: u8, of: u8) -> [Span<'static>; 2] {
        let left = left.min(of);
        let glyphs = &self.model.glyphs;
        [
            Span::styled(glyphs.ttl(left, left), self.model.theme.style(Meaning::TtlLeft)),
            Span::styled(glyphs.ttl(0, of - left), self.model.theme.style(Meaning::TtlSpent)),
        ]
    }

    /// A curve of one line.
    #[must_use]
    pub fn spark(&self, values: &[u64], width: u16) -> Line<'static> {
        Line::styled(self.model.glyphs.spark(values, width.into()), self.spark_style())
    }

    /// The wheel that turns while something runs.
    #[must_use]
    pub fn spinner(&self) -> &'static str {
        let at = self.model.frozen.unwrap_or(self.model.clock);
        self.model.glyphs.spin(at.as_millis() as u64 * SPINS / 1000)
    }

    /// How long a search took, or runs.
    #[must_use]
    pub fn elapsed_ms(&self, search: &Search) -> u64 {
        let running = if search.ended.is_none() { self.model.since_taken_ms() } else { 0 };
        search.elapsed_ms + running
    }

    /// The key of an action, as the keymap has it here.
    #[must_use]
    pub fn key(&self, action: &Action) -> String {
        self.model.keymap.key_for(&self.scopes(), action).unwrap_or_else(|| format!(":{}", action.info().name))
    }

    /// The scopes of keys where the focus is, whatever is open over it.
    #[must_use]
    pub fn scopes(&self) -> Vec<&'static str> {
        let anywhere = vec![scope::screen(self.model.screen), scope::GLOBAL];
        let mut scopes = self.model.pane().map_or(anywhere, |pane| scope::of_pane(pane).to_vec());
        if self.model.world().is_some() {
            scopes.insert(scopes.len() - 1, scope::WORLD);
        }
        scopes
    }

    /// A line of keys and what they do: as many of them as fit whole into so many columns.
    #[must_use]
    pub fn hints(&self, hints: &[(String, &str)], width: u16) -> Line<'static> {
        let mut line = Line::default();
        for (key, label) in hints {
            let gap = if line.spans.is_empty() { "" } else { "  " };
            let words = format!(" {label}");
            if line.width() + gap.len() + text::width(key) + text::width(&words) > usize::from(width) {
                continue;
            }
            line.push_span(Span::raw(gap));
            line.push_span(Span::styled(key.clone(), self.key_style()));
            line.push_span(Span::styled(words, self.dim()));
        }
        line
    }
}

/// Breaks a text between words, and words that are longer than a line between letters.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && text::width(&line) + 1 + text::width(word) > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        for letter in word.graphemes(true) {
            if !line.is_empty() && text::width(&line) + text::width(letter) > width {
                lines.push(std::mem::take(&mut line));
            }
            line.push_str(letter);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_stay_whole_where_they_can() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert!(wrap("  ", 5).is_empty());
    }

    proptest! {
        #[test]
        fn no_line_is_too_long(text in ".{0,80}", width in 2usize..40) {
            for line in wrap(&text, width) {
                prop_assert!(text::width(&line) <= width, "{line:?}");
            }
        }
    }
}
