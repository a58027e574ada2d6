//! One press of a key, and a sequence of them: what a terminal sends and what a keymap file writes, in one normal form,
//! so that both mean the same whatever the terminal's protocol.

use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// A key without its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "a key is called what is printed on it")]
pub enum Key {
    /// A printable character other than the space, as typed: shift is part of it.
    Char(char),
    Space,
    Enter,
    Esc,
    Tab,
    /// Shift and tab, which terminals send as a key of its own.
    BackTab,
    Backspace,
    Delete,
    Insert,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    /// A function key, 1 to 24.
    F(u8),
}

/// Names as printed, and the other names that are understood. The first of a key is the one that is printed.
const NAMES: &[(&str, Key)] = &[
    ("Space", Key::Space),
    ("spc", Key::Space),
    ("Enter", Key::Enter),
    ("return", Key::Enter),
    ("ret", Key::Enter),
    ("cr", Key::Enter),
    ("Esc", Key::Esc),
    ("escape", Key::Esc),
    ("Tab", Key::Tab),
    ("BackTab", Key::BackTab),
    ("Backspace", Key::Backspace),
    ("bs", Key::Backspace),
    ("Delete", Key::Delete),
    ("del", Key::Delete),
    ("Insert", Key::Insert),
    ("ins", Key::Insert),
    ("Up", Key::Up),
    ("Down", Key::Down),
    ("Left", Key::Left),
    ("Right", Key::Right),
    ("Home", Key::Home),
    ("End", Key::End),
    ("PageUp", Key::PageUp),
    ("pgup", Key::PageUp),
    ("PageDown", Key::PageDown),
    ("pgdn", Key::PageDown),
    ("minus", Key::Char('-')),
    ("plus", Key::Char('+')),
    ("backslash", Key::Char('\\')),
];

/// The last function key that terminals know.
const LAST_F: u8 = 24;

/// A key with its modifiers, in the normal form: only [`KeyPress::new`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyPress {
    key: Key,
    ctrl: bool,
    alt: bool,
    shift: bool,
}

impl KeyPress {
    /// The normal form of a key with modifiers.
    ///
    /// - Shift with a character is the upper-case character (`shift-a` is `A`), and with `Tab` it is `BackTab`.
    /// - Ctrl knows no upper case (`ctrl-A` is `ctrl-a`): most terminals send the same byte for both.
    /// - For the same reason `ctrl-i` is `Tab`, `ctrl-m` is `Enter`, `ctrl-[` is `Esc`, and `ctrl-4` to `ctrl-7` and
    ///   `ctrl-/` are the signs whose bytes they are.
    #[must_use]
    pub fn new(key: Key, modifiers: KeyModifiers) -> Self {
        let mut press = Self {
            key,
            ctrl: modifiers.contains(KeyModifiers::CONTROL),
            alt: modifiers.contains(KeyModifiers::ALT),
            shift: modifiers.contains(KeyModifiers::SHIFT),
        };
        if press.ctrl {
            press.fold_control();
        }
        match press.key {
            Key::Char(c) => {
                press.key = Key::Char(if press.shift { upper(c) } else { c });
                press.shift = false;
            }
            Key::Tab if press.shift => (press.key, press.shift) = (Key::BackTab, false),
            Key::BackTab | Key::Space => press.shift = false,
            _ => {}
        }
        press
    }

    /// What a key with ctrl is in a terminal that sends one byte for it.
    fn fold_control(&mut self) {
        let Key::Char(c) = self.key else { return };
        self.shift = false;
        let plain = match c.to_ascii_lowercase() {
            'i' => Key::Tab,
            'm' => Key::Enter,
            '[' | '3' => Key::Esc,
            '?' | '8' => Key::Backspace,
            '2' | '@' => {
                self.key = Key::Space;
                return;
            }
            folded => {
                self.key = Key::Char(match folded {
                    '4' => '\\',
                    '5' => ']',
                    '6' => '^',
                    '7' | '/' => '_',
                    other => other,
                });
                return;
            }
        };
        (self.key, self.ctrl) = (plain, false);
    }

    /// A key without modifiers.
    #[must_use]
    pub fn plain(key: Key) -> Self {
        Self::new(key, KeyModifiers::NONE)
    }

    /// What the terminal reports, unless it is a release, a lone modifier, a key that has no name here, or one held
    /// together with a modifier that belongs to the desktop.
    #[must_use]
    pub fn from_event(event: &KeyEvent) -> Option<Self> {
        let desktop = KeyModifiers::SUPER | KeyModifiers::HYPER | KeyModifiers::META;
        if event.kind == KeyEventKind::Release || event.modifiers.intersects(desktop) {
            return None;
        }
        let key = match event.code {
            KeyCode::Char(c) => char_key(c)?,
            KeyCode::Null => return Some(Self::new(Key::Space, event.modifiers | KeyModifiers::CONTROL)),
            KeyCode::Enter => Key::Enter,
            KeyCode::Esc => Key::Esc,
            KeyCode::Tab => Key::Tab,
            KeyCode::BackTab => Key::BackTab,
            KeyCode::Backspace => Key::Backspace,
            KeyCode::Delete => Key::Delete,
            KeyCode::Insert => Key::Insert,
            KeyCode::Up => Key::Up,
            KeyCode::Down => Key::Down,
            KeyCode::Left => Key::Left,
            KeyCode::Right => Key::Right,
            KeyCode::Home => Key::Home,
            KeyCode::End => Key::End,
            KeyCode::PageUp => Key::PageUp,
            KeyCode::PageDown => Key::PageDown,
            KeyCode::F(n @ 1..=LAST_F) => Key::F(n),
            _ => return None,
        };
        Some(Self::new(key, event.modifiers))
    }

    /// The key without its modifiers.
    #[must_use]
    pub const fn key(self) -> Key {
        self.key
    }

    /// The character that it types into a text field; `None` for everything else, also with ctrl or alt.
    #[must_use]
    pub const fn text(self) -> Option<char> {
        match self.key {
            Key::Char(c) if !self.ctrl && !self.alt => Some(c),
            Key::Space if !self.ctrl && !self.alt => Some(' '),
            _ => None,
        }
    }
}

/// The upper case of a letter where that is one character.
fn upper(c: char) -> char {
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

/// A character that a key can be: not a control character, and nothing that prints as a blank.
fn char_key(c: char) -> Option<Key> {
    match c {
        ' ' => Some(Key::Space),
        '\t' => Some(Key::Tab),
        '\r' | '\n' => Some(Key::Enter),
        _ if c.is_control() || c.is_whitespace() => None,
        _ => Some(Key::Char(c)),
    }
}

/// A text that names no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown key `{0}`")]
pub struct UnknownKey(pub String);

impl FromStr for KeyPress {
    type Err = UnknownKey;

    /// Reads `a`, `A`, `shift-a`, `ctrl-x`, `alt-Enter`, `C-x`, `F5`, `ctrl--`.
    fn from_str(text: &str) -> Result<Self, UnknownKey> {
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = text;
        while let Some((modifier, after)) = strip_modifier(rest) {
            if modifiers.contains(modifier) {
                return Err(UnknownKey(text.to_owned()));
            }
            modifiers |= modifier;
            rest = after;
        }
        named(rest).map(|key| Self::new(key, modifiers)).ok_or_else(|| UnknownKey(text.to_owned()))
    }
}

/// A modifier in front of a key, which must follow it.
fn strip_modifier(text: &str) -> Option<(KeyModifiers, &str)> {
    let (name, rest) = text.split_once('-').filter(|(_, rest)| !rest.is_empty())?;
    let modifier = match name.to_ascii_lowercase().as_str() {
        "ctrl" | "control" | "c" => KeyModifiers::CONTROL,
        "alt" | "meta" | "a" | "m" => KeyModifiers::ALT,
        "shift" | "s" => KeyModifiers::SHIFT,
        _ => return None,
    };
    Some((modifier, rest))
}

fn named(text: &str) -> Option<Key> {
    let mut chars = text.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        return char_key(c);
    }
    if let Some((_, key)) = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
        return Some(*key);
    }
    let number = text.strip_prefix(['f', 'F'])?;
    let plain = number.bytes().all(|b| b.is_ascii_digit()) && !number.starts_with('0');
    number.parse().ok().filter(|n| plain && (1..=LAST_F).contains(n)).map(Key::F)
}

/// Every name that a key can have, to suggest one.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    NAMES.iter().map(|(name, _)| *name)
}

impl fmt::Display for KeyPress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (on, name) in [(self.ctrl, "ctrl-"), (self.alt, "alt-"), (self.shift, "shift-")] {
            if on {
                f.write_str(name)?;
            }
        }
        match self.key {
            Key::Char(c) => write!(f, "{c}"),
            Key::F(n) => write!(f, "F{n}"),
            key => f.write_str(NAMES.iter().find(|(_, named)| *named == key).map_or("?", |(name, _)| name)),
        }
    }
}

/// Keys pressed one after the other. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeySeq(Vec<KeyPress>);

impl KeySeq {
    /// A sequence, unless it is empty.
    #[must_use]
    pub fn new(keys: Vec<KeyPress>) -> Option<Self> {
        (!keys.is_empty()).then_some(Self(keys))
    }

    /// Its keys, the first one first.
    #[must_use]
    pub fn keys(&self) -> &[KeyPress] {
        &self.0
    }

    /// Reads keys with blanks between them; `leader` stands for the leader key.
    ///
    /// # Errors
    /// Names the first key that is none.
    pub fn parse(text: &str, leader: KeyPress) -> Result<Self, UnknownKey> {
        let keys = text.split_whitespace().map(|word| match word {
            _ if word.eq_ignore_ascii_case("leader") => Ok(leader),
            _ => word.parse(),
        });
        Self::new(keys.collect::<Result<_, _>>()?).ok_or_else(|| UnknownKey(text.to_owned()))
    }
}

impl fmt::Display for KeySeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, key) in self.0.iter().enumerate() {
            write!(f, "{}{key}", if n == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(text: &str) -> KeyPress {
        text.parse().expect(text)
    }

    fn typed(code: KeyCode, modifiers: KeyModifiers) -> Option<KeyPress> {
        KeyPress::from_event(&KeyEvent::new(code, modifiers))
    }

    #[test]
    fn one_key_has_one_form() {
        for (a, b) in [
            ("ctrl-A", "ctrl-a"),
            ("C-x", "ctrl-x"),
            ("ctrl-shift-a", "ctrl-a"),
            ("A", "shift-a"),
            ("M-x", "alt-x"),
            ("alt-shift-x", "alt-X"),
            ("shift-tab", "BackTab"),
            ("ctrl-i", "Tab"),
            ("ctrl-m", "Enter"),
            ("ctrl-[", "Esc"),
            ("ctrl-/", "ctrl-_"),
            ("minus", "-"),
            ("ctrl--", "ctrl-minus"),
            ("shift-space", "Space"),
            ("PGUP", "PageUp"),
            ("f12", "F12"),
            ("shift-ö", "Ö"),
        ] {
            assert_eq!(key(a), key(b), "{a} {b}");
        }
        assert_ne!(key("alt-a"), key("alt-A"));
        assert_ne!(key("a"), key("A"));
    }

    #[test]
    fn no_key_is_refused() {
        for text in ["", "ab", "ctrl", "ctrl-", "ctrl-ctrl-a", "F0", "F25", "F01", "f+1", "<C-x>", "ctrl+x", "\u{1b}"] {
            assert_eq!(text.parse::<KeyPress>(), Err(UnknownKey(text.to_owned())));
        }
        assert!(KeySeq::parse("  ", key("a")).is_err());
    }

    #[test]
    fn a_sequence_knows_its_leader() {
        let seq = KeySeq::parse("leader  f ctrl-x", key("backslash")).expect("a sequence");
        assert_eq!(seq.to_string(), "\\ f ctrl-x");
    }

    #[test]
    fn events_are_normal() {
        assert_eq!(typed(KeyCode::Char('A'), KeyModifiers::SHIFT), Some(key("A")));
        assert_eq!(typed(KeyCode::Char('a'), KeyModifiers::SHIFT), Some(key("A")));
        assert_eq!(typed(KeyCode::Char('?'), KeyModifiers::SHIFT), Some(key("?")));
        assert_eq!(typed(KeyCode::Char('C'), KeyModifiers::CONTROL | KeyModifiers::SHIFT), Some(key("ctrl-c")));
        assert_eq!(typed(KeyCode::BackTab, KeyModifiers::SHIFT), Some(key("BackTab")));
        assert_eq!(typed(KeyCode::Tab, KeyModifiers::SHIFT), Some(key("BackTab")));
        assert_eq!(typed(KeyCode::Char(' '), KeyModifiers::NONE), Some(key("Space")));
        assert_eq!(typed(KeyCode::Char('q'), KeyModifiers::SUPER), None);
        assert_eq!(typed(KeyCode::CapsLock, KeyModifiers::NONE), None);
        let mut release = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::NONE);
        release.kind = KeyEventKind::Release;
        assert_eq!(KeyPress::from_event(&release), None);
        release.kind = KeyEventKind::Repeat;
        assert_eq!(KeyPress::from_event(&release), Some(key("q")));
    }

    #[test]
    fn only_printable_keys_are_text() {
        assert_eq!(key("ö").text(), Some('ö'));
        assert_eq!(key("Space").text(), Some(' '));
        for text in ["ctrl-a", "alt-a", "Enter", "F1", "ctrl-Space"] {
            assert_eq!(key(text).text(), None);
        }
    }

    fn any_key() -> impl Strategy<Value = Key> {
        prop_oneof![
            any::<char>().prop_filter_map("no key", char_key),
            proptest::char::range('!', '~').prop_filter_map("no key", char_key),
            (0..NAMES.len()).prop_map(|n| NAMES[n].1),
            (1..=LAST_F).prop_map(Key::F),
        ]
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(key in any_key(), bits in 0u8..8) {
            let press = KeyPress::new(key, KeyModifiers::from_bits_truncate(bits));
            prop_assert_eq!(press.to_string().parse(), Ok(press));
        }

        #[test]
        fn no_text_breaks_the_reader(text: String) {
            if let Ok(press) = text.parse::<KeyPress>() {
                prop_assert_eq!(press.to_string().parse(), Ok(press));
            }
        }
    }
}
