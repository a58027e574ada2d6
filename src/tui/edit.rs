//! One line of text being typed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Bytes that a line may grow to: more than any query, address or filter needs.
const MAX_BYTES: usize = 512;

/// A text with a cursor in it, edited as a shell's line is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineEdit {
    text: String,
    cursor: usize,
}

impl LineEdit {
    /// A line that holds a text already, the cursor behind it.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut line = Self::default();
        line.insert(text);
        line
    }

    /// What was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Puts a text in at the cursor; control characters become spaces, and what does not fit is left out.
    pub fn insert(&mut self, text: &str) {
        for c in text.chars() {
            let c = if c.is_control() { ' ' } else { c };
            if self.text.len() + c.len_utf8() > MAX_BYTES {
                break;
            }
            self.text.insert(self.cursor, c);
            self.cursor += c.len_utf8();
        }
    }

    /// Puts another text in the place of this one.
    pub fn set(&mut self, text: &str) {
        *self = Self::new(text);
    }

    /// Takes a key that edits; `false` for one that means something else.
    pub fn key(&mut self, key: KeyEvent) -> bool {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        match key.code {
            KeyCode::Char('w') if ctrl => self.delete(self.word_left(), self.cursor),
            KeyCode::Char('u') if ctrl => self.delete(0, self.cursor),
            KeyCode::Char('k') if ctrl => self.delete(self.cursor, self.text.len()),
            KeyCode::Char('h') if ctrl => self.delete(self.left(), self.cursor),
            KeyCode::Char('d') if ctrl => self.delete(self.cursor, self.right()),
            KeyCode::Char('a') if ctrl => self.cursor = 0,
            KeyCode::Char('e') if ctrl => self.cursor = self.text.len(),
            KeyCode::Char('b') if alt => self.cursor = self.word_left(),
            KeyCode::Char('f') if alt => self.cursor = self.word_right(),
            KeyCode::Char('d') if alt => self.delete(self.cursor, self.word_right()),
            KeyCode::Backspace if alt || ctrl => self.delete(self.word_left(), self.cursor),
            KeyCode::Backspace => self.delete(self.left(), self.cursor),
            KeyCode::Delete => self.delete(self.cursor, self.right()),
            KeyCode::Left if ctrl || alt => self.cursor = self.word_left(),
            KeyCode::Right if ctrl || alt => self.cursor = self.word_right(),
            KeyCode::Left => self.cursor = self.left(),
            KeyCode::Right => self.cursor = self.right(),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.text.len(),
            KeyCode::Char(c) if !ctrl && !alt => self.insert(c.encode_utf8(&mut [0; 4])),
            _ => return false,
        }
        true
    }

    /// The part of the text that `width` columns show, with the cursor in it, and the cursor's column there.
    #[must_use]
    pub fn view(&self, width: u16) -> (String, u16) {
        let width = usize::from(width.max(1));
        let before = &self.text[..self.cursor];
        let mut start = 0;
        for (at, letter) in before.grapheme_indices(true) {
            if before[start..].width() < width {
                break;
            }
            start = at + letter.len();
        }
        let column = before[start..].width().min(width - 1);
        let mut shown = String::new();
        for letter in self.text[start..].graphemes(true) {
            if shown.width() + letter.width() > width {
                break;
            }
            shown.push_str(letter);
        }
        (shown, column as u16)
    }

    fn delete(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        self.cursor = from;
    }

    fn left(&self) -> usize {
        self.text[..self.cursor].grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn right(&self) -> usize {
        self.text[self.cursor..].graphemes(true).next().map_or(self.cursor, |letter| self.cursor + letter.len())
    }

    fn word_left(&self) -> usize {
        let before = self.text[..self.cursor].trim_end();
        before.rfind(char::is_whitespace).map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8))
    }

    fn word_right(&self) -> usize {
        let after = &self.text[self.cursor..];
        let word = after.find(|c: char| !c.is_whitespace()).unwrap_or(after.len());
        self.cursor + after[word..].find(char::is_whitespace).map_or(after.len(), |end| word + end)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn press(line: &mut LineEdit, keys: &[(KeyCode, KeyModifiers)]) {
        for (code, modifiers) in keys {
            line.key(KeyEvent::new(*code, *modifiers));
        }
    }

    const CTRL: KeyModifiers = KeyModifiers::CONTROL;
    const NONE: KeyModifiers = KeyModifiers::NONE;

    #[test]
    fn it_edits_as_a_shell_does() {
        let mut line = LineEdit::new("one two  three");
        press(&mut line, &[(KeyCode::Char('w'), CTRL)]);
        assert_eq!(line.text(), "one two  ");
        press(&mut line, &[(KeyCode::Char('w'), CTRL), (KeyCode::Char('é'), NONE), (KeyCode::Home, NONE)]);
        press(&mut line, &[(KeyCode::Delete, NONE), (KeyCode::Char('O'), NONE), (KeyCode::Right, CTRL)]);
        press(&mut line, &[(KeyCode::Char('k'), CTRL)]);
        assert_eq!(line.text(), "One");
        press(&mut line, &[(KeyCode::Char('u'), CTRL)]);
        assert_eq!(line.text(), "");
    }

    #[test]
    fn a_letter_of_many_characters_goes_at_once() {
        let mut line = LineEdit::new("a👨‍👩‍👧e\u{301}");
        press(&mut line, &[(KeyCode::Backspace, NONE), (KeyCode::Backspace, NONE)]);
        assert_eq!(line.text(), "a");
    }

    #[test]
    fn what_is_pasted_stays_on_the_line_and_within_bounds() {
        let mut line = LineEdit::default();
        line.insert("a\nb\x1b[2J");
        assert_eq!(line.text(), "a b [2J");
        line.insert(&"x".repeat(10_000));
        assert_eq!(line.text().len(), MAX_BYTES);
    }

    proptest! {
        #[test]
        fn no_sequence_of_keys_breaks_it(
            text in ".{0,40}",
            keys in prop::collection::vec((0usize..14, any::<char>(), 0u8..3), 0..60),
            width in 0u16..30,
        ) {
            let mut line = LineEdit::new(&text);
            for (which, c, modifier) in keys {
                let code = [
                    KeyCode::Backspace, KeyCode::Delete, KeyCode::Left, KeyCode::Right, KeyCode::Home, KeyCode::End,
                    KeyCode::Char('w'), KeyCode::Char('u'), KeyCode::Char('k'), KeyCode::Char('f'), KeyCode::Char('b'),
                    KeyCode::Char('d'), KeyCode::Char(c), KeyCode::Char(' '),
                ][which];
                line.key(KeyEvent::new(code, [NONE, CTRL, KeyModifiers::ALT][usize::from(modifier)]));
                let (shown, column) = line.view(width);
                prop_assert!(shown.width() <= usize::from(width.max(1)));
                prop_assert!(column < width.max(1));
                prop_assert!(line.text().len() <= MAX_BYTES);
            }
        }
    }
}
