//! The search language.
//!
//! | written | finds names |
//! |---|---|
//! | `wu tang` | with both words, in any order; `Wu-Tang`, `wu_tang` and `WÜ TANG` have them |
//! | `"wu tang"` | with the words next to each other |
//! | `-live`, `-"radio edit"`, `-ext:exe`, `-type:video` | without that |
//! | `tang*` | with a word that begins so |
//! | `ext:mp3,flac` | that end in `.mp3` or `.flac` |
//! | `type:audio` | whose extension is of a kind: audio, video, image, document, archive, software |
//! | `size:>10M`, `size:<=1.5G`, `size:1M..2M` | of files of such a size; k, M, G and T are powers of 1,024 |
//! | `hash:<64 digits>` | of files with this BLAKE3 hash |

#[cfg(test)]
pub(super) mod drawn;
mod kind;
mod parse;
mod words;

use std::ops::RangeInclusive;

pub use kind::FileKind;
pub use parse::QueryError;
pub use words::Folded;

use super::FileId;

/// What somebody looks for, parsed. Immutable; share it in an [`std::sync::Arc`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    text: Box<str>,
    wanted: Box<[Term]>,
    unwanted: Box<[Term]>,
    sizes: RangeInclusive<u64>,
    hash: Option<FileId>,
}

/// One thing that a name must have, or must not have. All text in it is folded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// A word.
    Word(Box<str>),
    /// A word that begins so.
    Prefix(Box<str>),
    /// These words, at least two, one after the other.
    Phrase(Box<[Box<str>]>),
    /// One of these extensions; `tar.gz` is one too.
    Extension(Box<[Box<str>]>),
    /// An extension of one of these kinds.
    Kind(Box<[FileKind]>),
}

impl Term {
    /// Whether a name has it.
    #[must_use]
    pub fn matches(&self, name: &Folded) -> bool {
        match self {
            Self::Word(wanted) => name.words().any(|word| word == &**wanted),
            Self::Prefix(prefix) => name.words().any(|word| word.starts_with(&**prefix)),
            Self::Phrase(phrase) => name.has_phrase(phrase),
            Self::Extension(extensions) => extensions.iter().any(|extension| ends_in(name.text(), extension)),
            Self::Kind(kinds) => name.extension().is_some_and(|extension| kinds.iter().any(|kind| kind.has(extension))),
        }
    }
}

fn ends_in(name: &str, extension: &str) -> bool {
    name.strip_suffix(extension).and_then(|stem| stem.strip_suffix('.')).is_some_and(|stem| !stem.is_empty())
}

impl Query {
    /// Reads a query of at most [`super::limits::MAX_QUERY_TEXT`] bytes and [`super::limits::MAX_QUERY_TERMS`] terms.
    ///
    /// # Errors
    /// When it is over a limit, is not understood, or names nothing to look for.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        parse::parse(text)
    }

    /// The text as it was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What a name must have, all of it.
    #[must_use]
    pub fn wanted(&self) -> &[Term] {
        &self.wanted
    }

    /// What a name must not have, none of it.
    #[must_use]
    pub fn unwanted(&self) -> &[Term] {
        &self.unwanted
    }

    /// The same search without anything but its words, prefixes and phrases; `None` if it is nothing else, or has none.
    #[must_use]
    pub fn words_only(&self) -> Option<Self> {
        let is_word = |term: &&Term| matches!(term, Term::Word(_) | Term::Prefix(_) | Term::Phrase(_));
        let wanted: Box<[Term]> = self.wanted.iter().filter(is_word).cloned().collect();
        let words = Self { wanted, unwanted: Box::default(), sizes: 0..=u64::MAX, hash: None, ..self.clone() };
        (!words.wanted.is_empty() && words != *self).then_some(words)
    }

    /// The sizes in bytes that a file may have.
    #[must_use]
    pub fn sizes(&self) -> RangeInclusive<u64> {
        self.sizes.clone()
    }

    /// The content that a file must have.
    #[must_use]
    pub const fn hash(&self) -> Option<FileId> {
        self.hash
    }

    /// The wanted words, folded, prefixes and words of phrases included: what to point out in a name.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.wanted
            .iter()
            .flat_map(|term| match term {
                Term::Word(word) | Term::Prefix(word) => std::slice::from_ref(word),
                Term::Phrase(words) => words,
                Term::Extension(_) | Term::Kind(_) => &[],
            })
            .map(|word| &**word)
    }

    /// Whether a file matches. This is what the language means; an index only gets there sooner.
    #[must_use]
    pub fn matches(&self, name: &str, size: u64, id: &FileId) -> bool {
        self.matches_file(size, id) && self.matches_name(&Folded::of(name))
    }

    /// The part of [`Query::matches`] about the name.
    #[must_use]
    pub fn matches_name(&self, name: &Folded) -> bool {
        self.wanted.iter().all(|term| term.matches(name)) && !self.unwanted.iter().any(|term| term.matches(name))
    }

    /// The part of [`Query::matches`] about size and content.
    #[must_use]
    pub fn matches_file(&self, size: u64, id: &FileId) -> bool {
        self.sizes.contains(&size) && self.hash.is_none_or(|hash| hash == *id)
    }
}

#[cfg(test)]
mod tests {
    use super::Query;
    use crate::proto::FileId;

    const ID: FileId = FileId([7; 32]);

    fn finds(query: &str, name: &str) -> bool {
        Query::parse(query).unwrap().matches(name, 20 << 20, &ID)
    }

    #[test]
    fn separators_in_names_and_searches_are_alike() {
        for query in ["wu tang", "wu-tang", "WU_TANG", "tang wu", "\"wu tang\"", "wu.tang", "wü tang"] {
            assert!(finds(query, "Wu-Tang Clan - C.R.E.A.M.mp3"), "{query}");
        }
        assert!(finds("ac dc live", "AC_DC.live.flac") && finds("simon & garfunkel", "Simon & Garfunkel.mp3"));
        assert!(!finds("wutang", "Wu-Tang.mp3") && !finds("tan", "Wu-Tang.mp3"));
    }

    #[test]
    fn phrases_are_next_to_each_other_and_in_order() {
        assert!(finds("\"clan cream\"", "wu clan - cream.mp3") && !finds("\"cream clan\"", "wu clan - cream.mp3"));
        assert!(!finds("\"wu cream\"", "wu clan - cream.mp3"));
        assert!(finds("日本", "東日本.txt") && !finds("日本", "本日.txt"));
    }

    #[test]
    fn what_is_not_wanted_excludes() {
        assert!(finds("cream -live", "cream.mp3") && !finds("cream -live", "cream (live).mp3"));
        assert!(finds("cream -\"radio edit\"", "cream edit radio.mp3"));
        assert!(
            !finds("cream -\"radio edit\"", "cream radio edit.mp3")
                && !finds("cream -radio-edit", "cream radio edit.mp3")
        );
        assert!(!finds("cream -ext:exe", "cream.EXE") && !finds("cream -type:audio", "cream.mp3"));
        assert!(!finds("cream -li*", "cream live.mp3"));
        assert!(finds("artist - title", "Artist - Title.mp3"), "a lone dash is no negation");
    }

    #[test]
    fn prefixes_extensions_and_kinds() {
        assert!(finds("cre*", "wu cream.mp3") && !finds("rea*", "wu cream.mp3"));
        assert!(finds("wu-cre*", "wu cream.mp3"));
        assert!(finds("ext:mp3,flac", "a.FLAC") && finds("ext:.tar.gz", "a.tar.gz") && !finds("ext:mp3", "mp3.txt"));
        assert!(!finds("ext:mp3", ".mp3"));
        assert!(finds("type:audio", "a.opus") && finds("type:video,Music", "a.opus") && !finds("type:video", "a.opus"));
    }

    #[test]
    fn sizes_and_hashes() {
        let size = |filter: &str, size: u64| Query::parse(&format!("a {filter}")).unwrap().matches("a", size, &ID);
        assert!(size("size:>10M", (10 << 20) + 1) && !size("size:>10M", 10 << 20) && size("size:>=10MiB", 10 << 20));
        assert!(size("size:<1k", 1023) && !size("size:<1k", 1024) && size("size:<=1K", 1024) && size("size:=5", 5));
        assert!(size("size:5", 5) && !size("size:5", 6) && size("size:1.5k", 1536));
        assert!(size("size:1k..2k", 1024) && size("size:1k..2k", 2048) && !size("size:1k..2k", 2049));
        assert!(size("size:1k..", u64::MAX) && size("size:..2k", 0) && size("size:>1k size:<3k", 2000));
        assert!(finds(&format!("hash:{ID}"), "a") && finds(&format!("hash:blake3:{ID}"), "a"));
        assert!(!finds(&format!("hash:{}", FileId([8; 32])), "a"));
    }

    #[test]
    fn words_to_point_out() {
        let query = Query::parse("Björk \"jó ga\" liv* -demo ext:mp3").unwrap();
        assert_eq!(query.words().collect::<Vec<_>>(), ["bjork", "jo", "ga", "liv"]);
        assert_eq!(query.text(), "Björk \"jó ga\" liv* -demo ext:mp3");
    }
}
