//! From a text to a [`Query`].

use std::ops::RangeInclusive;

use super::{FileKind, Folded, Query, Term};
use crate::proto::FileId;
use crate::proto::limits::{MAX_QUERY_TERMS, MAX_QUERY_TEXT};

/// Why a text is no query, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// No word and no filter.
    #[error("the search is empty: type at least one word")]
    Empty,
    /// Over [`MAX_QUERY_TEXT`].
    #[error("the search has {0} bytes: {MAX_QUERY_TEXT} are allowed, leave some words out")]
    TooLong(usize),
    /// Over [`MAX_QUERY_TERMS`].
    #[error("the search has more than {MAX_QUERY_TERMS} words and filters: leave some out")]
    TooManyTerms,
    /// Only things that are not wanted, or a size: almost every file would match.
    #[error("almost every file would match that: add a word, ext:, type: or hash: to what is left out or to the size")]
    NothingWanted,
    /// A phrase without its second quotation mark.
    #[error("a quotation mark has no partner: close the phrase with another \", or leave it out")]
    UnclosedPhrase,
    /// A star that is not at the end of a word.
    #[error("{0:?} has a * inside: it works at the end of a word only, or put the words in quotation marks")]
    Star(Box<str>),
    /// A size that is none.
    #[error("{0:?} is no size: write size:>10M, size:<=1.5G or size:1M..2M")]
    Size(Box<str>),
    /// Sizes that no file can have.
    #[error("no file can have all the sizes asked for: leave one size: out")]
    NoSize,
    /// An extension that is none.
    #[error("{0:?} is no extension: write ext:mp3 or ext:mp3,flac, without a space")]
    Extension(Box<str>),
    /// A kind that is none.
    #[error("{0:?} is no type: write type: and one of audio, video, image, document, archive, software")]
    Kind(Box<str>),
    /// A hash that is none, or a second one.
    #[error("{0:?} is no hash: write hash: and the 64 hexadecimal digits of one BLAKE3 hash")]
    Hash(Box<str>),
    /// A filter that cannot be negated.
    #[error("{0:?} cannot be negated: leave the - out, or turn the comparison around")]
    Negated(Box<str>),
}

pub(super) fn parse(text: &str) -> Result<Query, QueryError> {
    if text.len() > MAX_QUERY_TEXT {
        return Err(QueryError::TooLong(text.len()));
    }
    let mut parser = Parser::default();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        rest = parser.term(rest)?.trim_start();
    }
    parser.finish(text)
}

#[derive(Default)]
struct Parser {
    wanted: Vec<Term>,
    unwanted: Vec<Term>,
    at_least: u64,
    at_most: Option<u64>,
    hash: Option<FileId>,
    terms: usize,
    folded: Folded,
}

impl Parser {
    /// Reads one term off the front of a text that begins without a space, and returns what follows.
    fn term<'t>(&mut self, text: &'t str) -> Result<&'t str, QueryError> {
        let (negated, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        if let Some(quoted) = rest.strip_prefix('"') {
            let (phrase, rest) = quoted.split_once('"').ok_or(QueryError::UnclosedPhrase)?;
            self.phrase(negated, phrase)?;
            return Ok(rest);
        }
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (token, rest) = rest.split_at(end);
        match token.split_once(':') {
            Some((key, value)) if self.filter(negated, key, value)? => {}
            _ => self.words(negated, token)?,
        }
        Ok(rest)
    }

    fn phrase(&mut self, negated: bool, phrase: &str) -> Result<(), QueryError> {
        self.folded.set(phrase);
        let words = self.folded.words().map(Box::from).collect();
        self.keep_words(negated, words)
    }

    /// A token of words. Wanted ones may stand anywhere in the name, as if spaces were between them; unwanted ones only
    /// exclude a name that has them together, or `-wu-tang` would exclude every `tang`.
    fn words(&mut self, negated: bool, token: &str) -> Result<(), QueryError> {
        let stem = token.trim_end_matches('*');
        if stem.contains('*') {
            return Err(QueryError::Star(token.into()));
        }
        self.folded.set(stem);
        let open_end = stem.len() < token.len() && stem.ends_with(|c: char| !c.is_ascii_punctuation());
        let mut runs: Vec<Vec<Box<str>>> = self.folded.runs().map(|run| run.map(Box::from).collect()).collect();
        if open_end && runs.last().is_some_and(|run| run.len() == 1) && (!negated || runs.len() == 1) {
            let prefix = runs.pop().and_then(|mut run| run.pop());
            self.keep(negated, 1, prefix.map(Term::Prefix))?;
        }
        if negated {
            return self.keep_words(negated, runs.concat());
        }
        runs.into_iter().try_for_each(|run| self.keep_words(negated, run))
    }

    fn keep_words(&mut self, negated: bool, mut words: Vec<Box<str>>) -> Result<(), QueryError> {
        let count = words.len();
        let term = if count > 1 { Some(Term::Phrase(words.into())) } else { words.pop().map(Term::Word) };
        self.keep(negated, count, term)
    }

    fn keep(&mut self, negated: bool, count: usize, term: Option<Term>) -> Result<(), QueryError> {
        self.terms += count;
        if self.terms > MAX_QUERY_TERMS {
            return Err(QueryError::TooManyTerms);
        }
        if negated {
            self.unwanted.extend(term)
        } else {
            self.wanted.extend(term)
        }
        Ok(())
    }

    /// A `key:value`; `false` for a key that is no filter, because `re:zero` is two words.
    fn filter(&mut self, negated: bool, key: &str, value: &str) -> Result<bool, QueryError> {
        match key.to_ascii_lowercase().as_str() {
            "ext" => {
                let extensions = value.split(',').map(|text| self.extension(text)).collect::<Result<_, _>>()?;
                self.keep(negated, 1, Some(Term::Extension(extensions)))?;
            }
            "type" => {
                let kind = |name| FileKind::named(name).ok_or_else(|| QueryError::Kind(name.into()));
                let kinds = value.split(',').map(kind).collect::<Result<_, _>>()?;
                self.keep(negated, 1, Some(Term::Kind(kinds)))?;
            }
            "size" | "hash" if negated => return Err(QueryError::Negated(format!("-{key}:{value}").into())),
            "size" => {
                let sizes = sizes(value).ok_or_else(|| QueryError::Size(value.into()))?;
                self.at_least = self.at_least.max(*sizes.start());
                self.at_most = Some(self.at_most.unwrap_or(u64::MAX).min(*sizes.end()));
                self.keep(negated, 1, None)?;
            }
            "hash" => {
                let digits = value.strip_prefix("blake3:").unwrap_or(value);
                let hash = digits.parse().map_err(|_| QueryError::Hash(value.into()))?;
                if self.hash.replace(hash).is_some_and(|other| other != hash) {
                    return Err(QueryError::Hash(value.into()));
                }
                self.keep(negated, 1, None)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn extension(&mut self, text: &str) -> Result<Box<str>, QueryError> {
        self.folded.set(text.strip_prefix('.').unwrap_or(text));
        if self.folded.words().len() == 0 {
            return Err(QueryError::Extension(text.into()));
        }
        Ok(self.folded.text().into())
    }

    fn finish(self, text: &str) -> Result<Query, QueryError> {
        if self.wanted.is_empty() && self.hash.is_none() {
            return Err(if self.terms == 0 { QueryError::Empty } else { QueryError::NothingWanted });
        }
        let sizes = self.at_least..=self.at_most.unwrap_or(u64::MAX);
        if sizes.is_empty() {
            return Err(QueryError::NoSize);
        }
        let (wanted, unwanted) = (self.wanted.into(), self.unwanted.into());
        Ok(Query { text: text.into(), wanted, unwanted, sizes, hash: self.hash })
    }
}

/// `>10M`, `<=1.5G`, `=7`, `7`, `1M..2M`, `1M..`, `..2M`.
fn sizes(text: &str) -> Option<RangeInclusive<u64>> {
    if let Some((from, to)) = text.split_once("..") {
        let from_bytes = if from.is_empty() { Some(0) } else { bytes(from) };
        let to_bytes = if to.is_empty() { Some(u64::MAX) } else { bytes(to) };
        return (from.len() + to.len() > 0).then_some(from_bytes?..=to_bytes?);
    }
    let operand = text.trim_start_matches(['<', '>', '=']);
    let size = bytes(operand)?;
    Some(match &text[..text.len() - operand.len()] {
        ">" => size.saturating_add(1)..=u64::MAX,
        ">=" => size..=u64::MAX,
        "<" => 0..=size.checked_sub(1)?,
        "<=" => 0..=size,
        "=" | "" => size..=size,
        _ => return None,
    })
}

/// A number, perhaps with a fraction, and a unit: `10`, `10B`, `1.5G`, `10MiB`.
fn bytes(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let shift = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        "t" | "tb" | "tib" => 40,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = u32::try_from(fraction.len()).ok().filter(|digits| (1..=9).contains(digits))?;
    let part = u128::from(fraction.parse::<u64>().ok()?);
    let whole = u128::from(whole.parse::<u64>().ok()?);
    u64::try_from((whole << shift) + (part << shift) / 10u128.pow(digits)).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{QueryError, bytes, sizes};
    use crate::proto::Query;
    use crate::proto::limits::{MAX_QUERY_TERMS, MAX_QUERY_TEXT};

    fn error(text: &str) -> QueryError {
        Query::parse(text).unwrap_err()
    }

    #[test]
    fn what_names_nothing_is_refused() {
        for text in ["", "  ", "-", "*", "& ♥", "\"\"", "\"-\""] {
            assert_eq!(error(text), QueryError::Empty, "{text:?}");
        }
        for text in ["-a", "-\"a b\" -ext:exe", "size:>1G", "-a size:5"] {
            assert_eq!(error(text), QueryError::NothingWanted, "{text:?}");
        }
        assert!(Query::parse("ext:mp3").is_ok() && Query::parse("type:audio -live").is_ok());
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(error("\"wu tang"), QueryError::UnclosedPhrase);
        assert!(matches!(error("*ino"), QueryError::Star(_)) && matches!(error("a*b"), QueryError::Star(_)));
        for text in ["size:", "size:big", "size:>>1", "size:1.", "size:..", "size:1X", "size:<0"] {
            assert!(matches!(error(&format!("a {text}")), QueryError::Size(_)), "{text}");
        }
        assert_eq!(error("a size:>2k size:<1k"), QueryError::NoSize);
        assert!(matches!(error("a ext:"), QueryError::Extension(_)) && matches!(error("type:x"), QueryError::Kind(_)));
        assert!(
            matches!(error("hash:12"), QueryError::Hash(_)) && matches!(error("a -size:5"), QueryError::Negated(_))
        );
        for text in ["\"a", "*a", "a size:x", "ext:", "type:\x1b[31m", "hash:z", "a -size:5"] {
            let message = error(text).to_string();
            assert!(message.contains(": ") && !message.contains('\x1b'), "{message:?} says what to do");
        }
    }

    #[test]
    fn limits_hold() {
        assert_eq!(error(&"a".repeat(MAX_QUERY_TEXT + 1)), QueryError::TooLong(MAX_QUERY_TEXT + 1));
        assert!(Query::parse(&"a".repeat(MAX_QUERY_TEXT)).is_ok());
        assert!(Query::parse(&"a ".repeat(MAX_QUERY_TERMS)).is_ok());
        for text in ["a ", "a-", "-a ", "ext:a ", "日"] {
            assert_eq!(error(&text.repeat(MAX_QUERY_TERMS + 1)), QueryError::TooManyTerms, "{text}");
        }
    }

    #[test]
    fn an_unknown_key_is_a_word_and_quotes_inside_words_are_punctuation() {
        assert_eq!(Query::parse("re:zero").unwrap().words().collect::<Vec<_>>(), ["re", "zero"]);
        assert_eq!(Query::parse("12\" mix").unwrap().words().collect::<Vec<_>>(), ["12", "mix"]);
    }

    #[test]
    fn sizes_do_not_overflow() {
        assert_eq!(bytes("16777216T"), None);
        assert_eq!(bytes("16777215T"), Some(16_777_215 << 40));
        assert_eq!((bytes("0.5k"), bytes(".5k"), bytes("1.0000000001k")), (Some(512), None, None));
        assert_eq!(sizes(&format!(">{}", u64::MAX)), Some(u64::MAX..=u64::MAX));
    }

    proptest! {
        #[test]
        fn any_text_is_a_query_or_an_error(text in "[-\"*:.a-c ß日]{0,30}|\\PC{0,80}|(size:[<>=.0-9kMGT]{0,20} ?a)") {
            if let Ok(query) = Query::parse(&text) {
                prop_assert!(query.hash().is_some() || !query.wanted().is_empty());
                prop_assert!(!query.sizes().is_empty());
                let again = Query::parse(&text);
                prop_assert_eq!(again, Ok(query));
            }
        }
    }
}
