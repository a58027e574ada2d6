//! What counts as a word, and when two words are the same: one rule for names and for searches.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::canonical_combining_class;

/// A text in the form that is compared: compatibility-decomposed (NFKD), without diacritics, in lower case, with the
/// bounds of its words. Whatever is neither letter nor digit separates words. Scripts that write without spaces (Han,
/// kana) give one word a character, so that a part of such a text can be found.
///
/// Meant to be reused: [`Folded::set`] keeps the memory.
#[derive(Clone, Debug, Default)]
pub struct Folded {
    text: String,
    words: Vec<Range<usize>>,
}

impl Folded {
    /// Folds a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut folded = Self::default();
        folded.set(text);
        folded
    }

    /// Folds another text in the place of this one.
    pub fn set(&mut self, text: &str) {
        self.text.clear();
        self.words.clear();
        if text.is_ascii() {
            self.text.push_str(text);
            self.text.make_ascii_lowercase();
        } else {
            text.nfkd().filter(|&c| !is_dropped(c)).flat_map(char::to_lowercase).for_each(|c| push(&mut self.text, c));
        }
        find_words(&self.text, &mut self.words);
    }

    /// The folded text, separators included.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its words, in order, repeated ones too.
    pub fn words(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        self.words.iter().map(|word| &self.text[word.clone()])
    }

    /// Its words, where those with nothing between them (`日` and `本` in `日本`) come together.
    pub(super) fn runs(&self) -> impl Iterator<Item = impl Iterator<Item = &str>> {
        let runs = self.words.chunk_by(|a, b| a.end == b.start);
        runs.map(|run| run.iter().map(|word| &self.text[word.clone()]))
    }

    /// Whether these words stand in it one after the other.
    #[must_use]
    pub fn has_phrase(&self, phrase: &[Box<str>]) -> bool {
        self.words
            .windows(phrase.len().max(1))
            .any(|words| words.iter().zip(phrase).all(|(word, wanted)| self.text[word.clone()] == **wanted))
    }

    /// What follows the last dot, if there is something before it: `mp3` for `a.mp3`, nothing for `.profile`.
    #[must_use]
    pub fn extension(&self) -> Option<&str> {
        let (stem, extension) = self.text.rsplit_once('.')?;
        (!stem.is_empty() && !extension.is_empty()).then_some(extension)
    }
}

/// Marks that modify the letter before them, and characters that only advise how to draw or break a line.
fn is_dropped(c: char) -> bool {
    canonical_combining_class(c) != 0
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Letters that carry their mark inside have no decomposition in Unicode, yet people type them without.
fn push(text: &mut String, c: char) {
    let plain = match c {
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ı' => "i",
        'ŧ' => "t",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ς' => "σ",
        _ => return text.push(c),
    };
    text.push_str(plain);
}

fn find_words(text: &str, words: &mut Vec<Range<usize>>) {
    let mut start = None;
    for (at, c) in text.char_indices() {
        let alone = is_unspaced(c);
        if alone || !c.is_alphanumeric() {
            if let Some(start) = start.take() {
                words.push(start..at);
            }
            if alone {
                words.push(at..at + c.len_utf8());
            }
        } else if start.is_none() {
            start = Some(at);
        }
    }
    if let Some(start) = start {
        words.push(start..text.len());
    }
}

/// Whether a character belongs to a script that puts no spaces between words.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Folded;

    fn words(text: &str) -> Vec<String> {
        Folded::of(text).words().map(str::to_owned).collect()
    }

    #[test]
    fn case_diacritics_and_width_make_no_difference() {
        assert_eq!(words("BJÖRK – Jóga"), ["bjork", "joga"]);
        assert_eq!(words("Bjo\u{308}rk"), words("Björk"));
        assert_eq!(words("Mø Łódź Straße ＦＵＬＬ ΟΔΟΣ ﬁn"), ["mo", "lodz", "strasse", "full", "οδοσ", "fin"]);
    }

    #[test]
    fn punctuation_separates() {
        assert_eq!(words("AC_DC.live-(1977) [Wu-Tang]"), ["ac", "dc", "live", "1977", "wu", "tang"]);
        assert_eq!(words("-_. ♥ \u{1b}[31m"), ["31m"]);
    }

    #[test]
    fn scripts_without_spaces_give_a_word_a_character() {
        assert_eq!(words("日本 live"), ["日", "本", "live"]);
        let folded = Folded::of("日本-音楽");
        let runs: Vec<Vec<&str>> = folded.runs().map(Iterator::collect).collect();
        assert_eq!(runs, [["日", "本"], ["音", "楽"]]);
    }

    #[test]
    fn an_extension_has_a_stem_before_it() {
        assert_eq!(Folded::of("a.tar.GZ").extension(), Some("gz"));
        assert_eq!((Folded::of(".profile").extension(), Folded::of("a.").extension()), (None, None));
    }

    proptest! {
        #[test]
        fn words_hold_only_letters_and_digits_and_fold_to_themselves(text in "\\PC{0,40}") {
            for word in words(&text) {
                prop_assert!(!word.is_empty() && word.chars().all(char::is_alphanumeric), "{word:?}");
                prop_assert_eq!(words(&word).concat(), word);
            }
        }
    }
}
