//! A leaf's keyword filter, after Gnutella's query routing: a Bloom filter (Bloom, 1970) of all that a query can ask for.
//! It may say "perhaps" where there is nothing; it never says "no" where there is something.

use crate::overlay::io::Library;
use crate::proto::limits::FILTER_BITS;
use crate::proto::{FileId, Folded, Query, Term};

/// Bits set for each entry.
const HASHES: u64 = 4;
/// Bits for each entry that a filter strives for: false positives between 0.2 and 2.4 % for one word.
const BITS_AN_ENTRY: usize = 8;
/// The fewest bits for each entry that the largest filter makes do with (16 % false positives); with fewer a filter is
/// not worth its bytes, and every query is asked for.
const LEAST_BITS_AN_ENTRY: usize = 4;
/// Entries that the largest filter takes.
const MAX_ENTRIES: usize = (1 << *FILTER_BITS.end()) / LEAST_BITS_AN_ENTRY;
/// Files with which a filter is not even begun: making it would hold up the node for more than a tenth of a second.
const MAX_FILES: u64 = 1 << 16;
/// Words that are remembered while a filter is made, so that those that many names share are not added each time, as a
/// power of two.
const LOG2_RECENT_WORDS: u32 = 14;
/// Beginnings of words that are entries of their own, in characters: `foo*` is looked up as it is, longer ones by what
/// they begin with, shorter ones match nearly everything anyway.
const PREFIX_CHARS: std::ops::RangeInclusive<usize> = 2..=6;

/// What an entry is; the same text as a word and as a beginning are two entries.
#[derive(Clone, Copy)]
enum Kind {
    Word = 1,
    Prefix = 2,
    Extension = 3,
    Content = 4,
}

/// Two to the power of something bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filter {
    log2_bits: u8,
    bytes: Box<[u8]>,
    ones: u32,
}

impl Filter {
    /// The filter of all files of a library; `None` when there are too many, so that every query is wanted.
    pub(super) fn of(library: &dyn Library) -> Option<Self> {
        if library.totals().0 > MAX_FILES {
            return None;
        }
        let mut entries = Entries::new();
        let mut folded = Folded::default();
        library.each(&mut |name, _, id| {
            if entries.count <= MAX_ENTRIES {
                folded.set(name);
                entries.add_file(&folded, id);
            }
        });
        if entries.count > MAX_ENTRIES {
            return None;
        }
        let wanted = (entries.count * BITS_AN_ENTRY).max(1).next_power_of_two().ilog2() as u8;
        let log2_bits = wanted.clamp(*FILTER_BITS.start(), *FILTER_BITS.end());
        Self::from_bytes(log2_bits, entries.shrunk_to(len_of(log2_bits)))
    }

    /// A filter that came in; `None` if it has another length than it says.
    pub(super) fn from_bytes(log2_bits: u8, bytes: Vec<u8>) -> Option<Self> {
        let fits = FILTER_BITS.contains(&log2_bits) && bytes.len() == len_of(log2_bits);
        let ones = bytes.iter().map(|byte| byte.count_ones()).sum();
        fits.then(|| Self { log2_bits, bytes: bytes.into(), ones })
    }

    pub(super) const fn log2_bits(&self) -> u8 {
        self.log2_bits
    }

    pub(super) const fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Bits set, and bits.
    pub(super) const fn fill(&self) -> (u32, u32) {
        (self.ones, 1 << self.log2_bits)
    }

    /// Whether a file behind it may match.
    pub(super) fn may_match(&self, wanted: &Wanted) -> bool {
        // Nothing matches where nothing is shared.
        self.ones > 0
            && wanted.all.iter().all(|hash| self.has(*hash))
            && wanted.any.iter().all(|any| any.iter().any(|hash| self.has(*hash)))
    }

    fn has(&self, hash: u64) -> bool {
        bits(hash, self.log2_bits).all(|bit| self.bytes[bit >> 3] & 1 << (bit & 7) != 0)
    }
}

/// Bytes of a filter.
pub(super) const fn len_of(log2_bits: u8) -> usize {
    1 << (log2_bits - 3)
}

/// The places of an entry: double hashing (Kirsch and Mitzenmacher, 2006).
fn bits(hash: u64, log2_bits: u8) -> impl Iterator<Item = usize> {
    let mask = (1u64 << log2_bits) - 1;
    let step = (hash >> 32) | 1;
    (0..HASHES).map(move |i| (hash.wrapping_add(i.wrapping_mul(step)) & mask) as usize)
}

/// What a query looks up, made once for all leaves.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    all: Vec<u64>,
    /// One of each.
    any: Vec<Vec<u64>>,
}

impl Wanted {
    /// Terms that a filter cannot tell about (sizes, what is not wanted, very short beginnings) are left out.
    pub(super) fn of(query: &Query) -> Self {
        let mut wanted = Self::default();
        wanted.all.extend(query.hash().map(|id| hash_content(&id)));
        for term in query.wanted() {
            match term {
                Term::Word(word) => wanted.all.push(hash(Kind::Word, word)),
                Term::Phrase(words) => wanted.all.extend(words.iter().map(|word| hash(Kind::Word, word))),
                Term::Prefix(prefix) => {
                    let known = prefixes(prefix).last();
                    wanted.all.extend(known.map(|known| hash(Kind::Prefix, known)));
                }
                Term::Extension(extensions) => wanted.add_extensions(extensions),
                Term::Kind(kinds) => {
                    let extensions = kinds.iter().flat_map(|kind| kind.extensions());
                    wanted.any.push(extensions.map(|extension| hash(Kind::Extension, extension)).collect());
                }
            }
        }
        wanted
    }

    /// A name that ends in `.tar.gz` has the extension `gz`. What ends in a dot has none, and is not looked up.
    fn add_extensions(&mut self, extensions: &[Box<str>]) {
        let last = |extension: &str| {
            let last = extension.rsplit('.').next().unwrap_or_default();
            (!last.is_empty()).then(|| hash(Kind::Extension, last))
        };
        self.any.extend(extensions.iter().map(|extension| last(extension)).collect::<Option<Vec<u64>>>());
    }
}

/// Entries of a library, in a filter of the largest size. The node waits while it is made, so that little is done for
/// each word.
struct Entries {
    bytes: Vec<u8>,
    /// Entries that set a bit: a few less than there are, because some find all theirs set by others.
    count: usize,
    /// Hashes of words that were added lately, each at the place that its first bits name.
    recent: Vec<u64>,
}

impl Entries {
    fn new() -> Self {
        Self { bytes: vec![0; len_of(*FILTER_BITS.end())], count: 0, recent: vec![0; 1 << LOG2_RECENT_WORDS] }
    }

    fn add_file(&mut self, name: &Folded, id: &FileId) {
        name.words().for_each(|word| self.add_word(word));
        if let Some(extension) = name.extension() {
            self.add(hash(Kind::Extension, extension));
        }
        self.add(hash_content(id));
    }

    fn add_word(&mut self, word: &str) {
        let whole = hash(Kind::Word, word);
        let place = (whole >> (u64::BITS - LOG2_RECENT_WORDS)) as usize;
        if std::mem::replace(&mut self.recent[place], whole) == whole {
            return;
        }
        self.add(whole);
        let (mut state, mut hashed) = (begin(Kind::Prefix), 0);
        for prefix in prefixes(word) {
            state = absorb(state, &prefix.as_bytes()[hashed..]);
            hashed = prefix.len();
            self.add(spread(state));
        }
    }

    fn add(&mut self, hash: u64) {
        let mut is_new = false;
        for bit in bits(hash, *FILTER_BITS.end()) {
            let (byte, mask) = (&mut self.bytes[bit >> 3], 1 << (bit & 7));
            is_new |= *byte & mask == 0;
            *byte |= mask;
        }
        self.count += usize::from(is_new);
    }

    /// The same with fewer bits: a place in a smaller filter is that in a larger one without its first bits.
    fn shrunk_to(&self, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        for part in self.bytes.chunks(len) {
            bytes.iter_mut().zip(part).for_each(|(byte, more)| *byte |= more);
        }
        bytes
    }
}

/// The beginnings of a word that are entries, the shortest first.
fn prefixes(word: &str) -> impl Iterator<Item = &str> {
    let ends = word.char_indices().map(|(at, c)| at + c.len_utf8());
    let ends = ends.take(*PREFIX_CHARS.end()).skip(PREFIX_CHARS.start() - 1);
    ends.map(|end| &word[..end])
}

fn hash(kind: Kind, text: &str) -> u64 {
    hash_bytes(kind, text.as_bytes())
}

fn hash_content(id: &FileId) -> u64 {
    hash_bytes(Kind::Content, &id.0)
}

/// FNV-1a over the bytes, then the finalizer of MurmurHash3 to spread it: part of the protocol, the same everywhere.
fn hash_bytes(kind: Kind, bytes: &[u8]) -> u64 {
    spread(absorb(begin(kind), bytes))
}

fn begin(kind: Kind) -> u64 {
    absorb(0xcbf2_9ce4_8422_2325, &[kind as u8])
}

fn absorb(state: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(state, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

fn spread(hash: u64) -> u64 {
    let hash = (hash ^ hash >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let hash = (hash ^ hash >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ hash >> 33
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Filter, Kind, MAX_FILES, Wanted, hash, len_of};
    use crate::overlay::io::Library;
    use crate::overlay::message::FoundFile;
    use crate::proto::{FileId, Query};

    struct Files(Vec<(String, FileId)>);

    impl Library for Files {
        fn find(&self, _: &Query, _: usize, _: &mut Vec<FoundFile>) {}

        fn totals(&self) -> (u64, u64) {
            (self.0.len() as u64, 0)
        }

        fn each(&self, visit: &mut dyn FnMut(&str, u64, &FileId)) {
            self.0.iter().for_each(|(name, id)| visit(name, 5, id));
        }
    }

    fn files(names: &[&str]) -> Files {
        Files(names.iter().enumerate().map(|(n, name)| ((*name).to_owned(), FileId([n as u8; 32]))).collect())
    }

    fn may_match(filter: &Filter, query: &str) -> bool {
        filter.may_match(&Wanted::of(&Query::parse(query).unwrap()))
    }

    #[test]
    fn it_knows_words_beginnings_extensions_kinds_and_contents() {
        let filter = Filter::of(&files(&["Björk - Jóga (live).flac", "Notes.tar.GZ"])).unwrap();
        let one = FileId([1; 32]);
        for query in ["bjork", "\"bjork joga\"", "jo*", "j*", "ext:flac", "ext:tar.gz", "ext:mp3,gz", "type:audio"] {
            assert!(may_match(&filter, query), "{query}");
        }
        assert!(may_match(&filter, &format!("hash:{one} notes")) && may_match(&filter, "bjork -live size:>7G"));
        for query in ["madonna", "bjorks", "jox*", "ext:mp3", "type:video", "\"bjork madonna\""] {
            assert!(!may_match(&filter, query), "{query}");
        }
        assert!(!may_match(&filter, &format!("hash:{}", FileId([9; 32]))));
    }

    #[test]
    fn an_empty_library_wants_nothing_and_a_huge_one_everything() {
        let empty = Filter::of(&files(&[])).unwrap();
        assert!(!may_match(&empty, "a*") && empty.bytes().len() == len_of(10));
        let huge = (0..MAX_FILES + 1).map(|n| (format!("{n}"), FileId([0; 32]))).collect();
        assert!(Filter::of(&Files(huge)).is_none());
        let wordy = (0..60_000u32).map(|n| {
            (
                format!(
                    "{0:x} {1:x}",
                    u64::from(n).wrapping_mul(0x9E37_79B9_7F4A_7C15),
                    u64::from(n).wrapping_mul(0xC2B2_AE3D_27D4_EB4F)
                ),
                FileId([0; 32]),
            )
        });
        assert!(Filter::of(&Files(wordy.collect())).is_none());
    }

    #[test]
    fn false_positives_are_few_and_the_hash_is_the_same_everywhere() {
        let names: Vec<String> = (0..2_000).map(|n| format!("word{n} other{n}.mp3")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let filter = Filter::of(&files(&names)).unwrap();
        let wrong = (0..5_000).filter(|n| may_match(&filter, &format!("absent{n}"))).count();
        assert!(wrong < 150, "{wrong} of 5,000");
        assert_eq!(hash(Kind::Word, "bjork"), 0x1470_f88a_8d51_a705);
    }

    #[test]
    fn a_filter_of_another_length_than_it_says_is_none() {
        assert!(Filter::from_bytes(10, vec![0; 128]).is_some());
        for (log2_bits, len) in [(10, 127), (10, 129), (9, 64), (21, 1 << 18), (0, 0), (255, 0)] {
            assert!(Filter::from_bytes(log2_bits, vec![0; len]).is_none());
        }
    }

    /// Names and queries out of the same few words, so that many match.
    fn word() -> impl Strategy<Value = String> {
        prop_oneof![
            prop::sample::select(vec![
                "wu",
                "Tang",
                "BJÖRK",
                "Jóga",
                "ß",
                "日本",
                "ﬁn",
                "ac",
                "liveliness",
                "mp3",
                "gz"
            ])
            .prop_map(str::to_owned),
            "\\PC{1,6}",
        ]
    }

    fn name() -> impl Strategy<Value = String> {
        (prop::collection::vec(word(), 1..5), prop::sample::select(vec![" ", "-", "_", ".", "", "&"]))
            .prop_map(|(words, separator)| words.join(separator))
    }

    fn term() -> impl Strategy<Value = String> {
        (word(), name(), 0usize..9, 1usize..9).prop_map(|(word, name, form, cut)| {
            let beginning: String = word.chars().take(cut).collect();
            match form {
                0 | 1 => word,
                2 => format!("{beginning}*"),
                3 => format!("\"{name}\""),
                4 => format!("ext:{word}"),
                5 => format!("type:{}", ["audio", "archive"][cut % 2]),
                6 => format!("-{word}"),
                7 => format!("size:<{cut}"),
                _ => format!("hash:{}", FileId([cut as u8 % 3; 32])),
            }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn what_matches_is_never_filtered_out(
            names in prop::collection::vec(name(), 1..6), terms in prop::collection::vec(term(), 1..4)
        ) {
            let Ok(query) = Query::parse(&terms.join(" ")) else { return Ok(()) };
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let files = files(&names);
            let matches = files.0.iter().any(|(name, id)| query.matches(name, 5, id));
            let filter = Filter::of(&files).unwrap();
            prop_assert!(!matches || filter.may_match(&Wanted::of(&query)), "{} in {:?}", query.text(), names);
        }

        #[test]
        fn words_taken_from_a_name_find_it(name in name(), cut in 0usize..8) {
            let files = files(&[&name]);
            let filter = Filter::of(&files).unwrap();
            let folded = crate::proto::Folded::of(&name);
            for word in folded.words() {
                let beginning: String = word.chars().take(cut).collect();
                for text in [word.to_owned(), format!("{beginning}*"), format!("\"{}\"", folded.text())] {
                    let Ok(query) = Query::parse(&text) else { continue };
                    if query.matches(&name, 5, &FileId([0; 32])) {
                        prop_assert!(filter.may_match(&Wanted::of(&query)), "{} in {}", text, name);
                    }
                }
            }
        }
    }
}
