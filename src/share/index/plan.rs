//! Where the matches of a query can come from, and which lists they must be in besides.

use super::ids::Ids;
use super::words::Words;
use crate::proto::{Folded, Query, Term};

/// Lists whose files are counted, for all terms together that have many: more cost more than a bad choice does.
const MAX_COUNTED: usize = 4_096;

/// Where matches can come from: each file that has a term is in one of its lists.
#[derive(Clone, Debug)]
pub(crate) enum Source<'a> {
    /// One list, which is exactly the term.
    Exact(&'a Ids),
    /// All words that begin so.
    Prefix(&'a str),
    /// These lists together; more than the term.
    Any(Vec<&'a Ids>),
}

/// How to search.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    /// What to walk.
    pub(crate) source: Source<'a>,
    /// Which of the possible sources that is: a search that goes on later asks for the same one again.
    pub(crate) choice: u8,
    /// Lists that a match is in, apart from the one that is walked; the shortest, which excludes the most, first.
    pub(crate) filters: Vec<&'a Ids>,
    /// Whether lists do not tell it all, so that names must be read.
    pub(crate) reads_names: bool,
}

impl<'a> Plan<'a> {
    /// The plan that walks the shortest of all sources, or the one of `choice`. `None` if some term has no file at all,
    /// or if there is no such choice.
    pub(crate) fn of(words: &'a Words, query: &'a Query, choice: Option<u8>) -> Option<Self> {
        let mut sources = sources(words, query)?;
        let choice = match choice {
            Some(choice) => choice,
            None => shortest(words, &sources)?,
        };
        let at = usize::from(choice);
        let source = (at < sources.len()).then(|| sources.remove(at))?;
        let mut reads_names = !query.unwanted().is_empty() || !matches!(source, Source::Exact(_) | Source::Prefix(_));
        reads_names |= query.wanted().iter().any(|term| !matches!(term, Term::Word(_) | Term::Prefix(_)));
        let mut filters = Vec::with_capacity(sources.len());
        for other in sources {
            match other {
                Source::Exact(list) => filters.push(list),
                Source::Prefix(_) | Source::Any(_) => reads_names = true,
            }
        }
        filters.sort_by_cached_key(|list| list.len());
        Some(Self { source, choice, filters, reads_names })
    }
}

/// One for each word, prefix and filter, in the order of the query.
fn sources<'a>(words: &'a Words, query: &'a Query) -> Option<Vec<Source<'a>>> {
    let mut sources = Vec::new();
    for term in query.wanted() {
        match term {
            Term::Word(word) => sources.push(Source::Exact(words.get(word)?)),
            Term::Phrase(phrase) => {
                for word in phrase {
                    sources.push(Source::Exact(words.get(word)?));
                }
            }
            Term::Prefix(prefix) => {
                words.beginning(prefix).next()?;
                sources.push(Source::Prefix(prefix));
            }
            Term::Extension(_) | Term::Kind(_) => {
                let lists = extension_lists(words, term);
                lists.first()?;
                sources.push(Source::Any(lists));
            }
        }
    }
    Some(sources)
}

/// Lists that hold, together, each file with one of the extensions: an extension is a word of the name too, and of
/// `tar.gz` the last one will do.
fn extension_lists<'a>(words: &'a Words, term: &Term) -> Vec<&'a Ids> {
    match term {
        Term::Extension(extensions) => {
            let last_words =
                extensions.iter().filter_map(|extension| Folded::of(extension).words().last().map(Box::from));
            last_words.filter_map(|word: Box<str>| words.get(&word)).collect()
        }
        Term::Kind(kinds) => {
            let extensions = kinds.iter().flat_map(|kind| kind.extensions());
            extensions.filter_map(|extension| words.get(extension)).collect()
        }
        _ => Vec::new(),
    }
}

/// Which source has the fewest files. Single words first: their lists know how long they are, while those of a prefix may
/// be thousands.
fn shortest(words: &Words, sources: &[Source<'_>]) -> Option<u8> {
    if sources.len() == 1 {
        return Some(0);
    }
    let numbered = || (0..=u8::MAX).zip(sources);
    let lens = numbered().filter_map(|(choice, source)| match source {
        Source::Exact(list) => Some((list.len(), choice)),
        Source::Prefix(_) | Source::Any(_) => None,
    });
    let word = lens.min();
    let mut best = word;
    let with_many = sources.iter().filter(|source| !matches!(source, Source::Exact(_))).count();
    let lists_a_term = MAX_COUNTED / with_many.max(1);
    for (choice, source) in numbered() {
        let most = best.map_or(usize::MAX, |(len, _)| len);
        let (len, is_all) = match source {
            Source::Exact(_) => continue,
            Source::Prefix(prefix) => count(words.beginning(prefix), most, lists_a_term),
            Source::Any(lists) => count(lists.iter().copied(), most, lists_a_term),
        };
        // What was not counted to its end may be far longer than a word's list.
        if len < most && (is_all || word.is_none()) {
            best = Some((len, choice));
        }
    }
    best.map(|(_, choice)| choice)
}

/// Files in the lists, and whether those are all: they are counted up to `most`, and in so many lists.
fn count<'a>(lists: impl Iterator<Item = &'a Ids>, most: usize, most_lists: usize) -> (usize, bool) {
    let mut files = 0;
    for (counted, list) in lists.enumerate() {
        if files >= most || counted >= most_lists {
            return (files, false);
        }
        files += list.len();
    }
    (files, true)
}
