//! Text that somebody else wrote.

use serde::{Deserialize, Serialize};
use unicode_normalization::char::is_combining_mark;

/// Combining marks kept on one letter; more only serve to paint over the neighbors' lines.
const MAX_MARKS: usize = 4;

/// A name, query, file name or agent from another node or from the disk. It has no `Display` on purpose: it reaches a
/// screen, a log or a window title only through [`Untrusted::visible`]. JSON carries it raw, escaped by JSON's own rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Untrusted(Box<str>);

impl Untrusted {
    /// Marks a text as somebody else's.
    #[must_use]
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The text as it came: to compare, to send on, to write as JSON; never to show.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// The text made safe to show, with at most about `max_bytes` of it: control characters (C0, DEL, C1) appear as
    /// their pictures or `�`, bidirectional overrides and zero-width characters as `‹U+…›`, and a letter keeps at most
    /// four combining marks. A text that was cut ends in `…`.
    #[must_use]
    pub fn visible(&self, max_bytes: usize) -> String {
        let mut shown = String::with_capacity(self.0.len().min(max_bytes) + 8);
        let mut marks = 0;
        for c in self.0.chars() {
            if shown.len() >= max_bytes {
                shown.push('…');
                break;
            }
            marks = if is_combining_mark(c) { marks + 1 } else { 0 };
            if marks <= MAX_MARKS {
                push_visible(&mut shown, c);
            }
        }
        shown
    }
}

impl From<&str> for Untrusted {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Untrusted {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

fn push_visible(shown: &mut String, c: char) {
    match c {
        '\0'..='\x1f' => shown.push(char::from_u32(0x2400 + c as u32).unwrap_or('�')),
        '\x7f' => shown.push('␡'),
        '\u{80}'..='\u{9f}' => shown.push('�'),
        _ if is_invisible(c) => {
            shown.push_str("‹U+");
            shown.push_str(&format!("{:04X}", c as u32));
            shown.push('›');
        }
        _ => shown.push(c),
    }
}

/// Characters that change how their neighbors are drawn, or that draw nothing: bidirectional controls, zero-width
/// characters, line and paragraph separators, fillers, variation selectors of the tag plane, private noncharacters.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Untrusted, is_invisible};

    fn show(text: &str) -> String {
        Untrusted::from(text).visible(200)
    }

    #[test]
    fn tricks_become_visible() {
        assert_eq!(show("a\x1b[31m\nb\x7f\u{9b}"), "a␛[31m␊b␡�");
        assert_eq!(show("evil\u{202e}fdp.exe"), "evil‹U+202E›fdp.exe");
        assert_eq!(show("a\u{200b}b"), "a‹U+200B›b");
        assert_eq!(show(&format!("z{}y", "\u{301}".repeat(50))), format!("z{}y", "\u{301}".repeat(4)));
        assert_eq!(show("Björk – Jóga 日本.flac"), "Björk – Jóga 日本.flac");
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        let shown = Untrusted::new("x".repeat(70_000)).visible(100);
        assert_eq!(shown, format!("{}…", "x".repeat(100)));
    }

    proptest! {
        #[test]
        fn nothing_shown_controls_a_terminal(text: String) {
            let shown = Untrusted::new(text).visible(64);
            prop_assert!(!shown.chars().any(|c| c.is_control() || is_invisible(c)), "{shown:?}");
            prop_assert!(shown.len() < 64 + 16);
        }
    }
}
