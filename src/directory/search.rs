//! From a query to one page of files that match, and to the position where the next page goes on.
//!
//! A search walks lists of files: the one of the rarest word, or those of all words that begin so. A position says which
//! lists, which of them, and which file there comes next. It is a place in an order of values, not a number of results, so
//! that it stays true while other files come and go, and one that somebody made up finds something or nothing.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use super::files::{Files, NOBODY};
use crate::proto::{Folded, Query};
use crate::share::index::ids::{Cursor, Ids};
use crate::share::index::plan::{Plan, Source};

/// What one page may cost, in steps through lists: about a millisecond. A page that ends there has fewer files than
/// wanted, and the next one goes on.
const MAX_LOOKS: usize = 1 << 17;
/// Names that are read and folded for one page, for what lists cannot tell (phrases, beginnings, what is not wanted).
const MAX_READS: usize = 1 << 11;
/// A file whose row is looked at counts as so many steps: it is not in the processor's cache.
const ROW_LOOKS: usize = 8;
/// The same for another list.
const LIST_LOOKS: usize = 8;
/// Words that are walked together because they begin alike for [`KEY`] letters more than was asked for; the files of any
/// further ones are not found by that beginning.
const MAX_WORDS_ALIKE: usize = 1 << 13;
/// Bytes of a word, after the beginning that it was found by, that say which comes first.
const KEY: usize = 4;
/// Bits of a file's number in a position.
const NUMBER_BITS: u32 = 24;

const _: () = assert!(crate::proto::limits::MAX_REGISTERED_FILES < 1 << NUMBER_BITS);

/// One page.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// Files that match.
    pub(super) found: Vec<u32>,
    /// Where the next page begins; `None` at the end.
    pub(super) next: Option<u64>,
}

/// Where a page begins: the source of its lists (from 1, so that 0 is nowhere), the lists, and the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Position {
    source: u8,
    key: u32,
    number: u32,
}

impl Position {
    fn of(bits: u64) -> Self {
        let number = bits as u32 & ((1 << NUMBER_BITS) - 1);
        Self { source: (bits >> 56) as u8, key: (bits >> NUMBER_BITS) as u32, number }
    }

    fn bits(self) -> u64 {
        u64::from(self.source) << 56 | u64::from(self.key) << NUMBER_BITS | u64::from(self.number)
    }
}

/// The page that begins `after`: up to `limit` files that match and whose nodes are wanted. It may have fewer, or none,
/// before the end: see [`MAX_LOOKS`].
pub(super) fn page(files: &Files, query: &Query, is_wanted: impl Fn(u16) -> bool, after: u64, limit: usize) -> Page {
    if limit == 0 {
        return Page { found: Vec::new(), next: Some(after) };
    }
    let after = Position::of(after);
    let choice = after.source.checked_sub(1);
    let Some((lists, filters, reads_names, source)) = lists(files, query, choice) else { return Page::default() };
    let mut walk = Walk { filters, reads_names, ..Walk::new(files, query, is_wanted, limit) };
    let next = match lists {
        Lists::Content(id) => {
            let numbers = files.with_content(id, after.number).map(|number| (number, 1));
            walk.through(numbers).map(|number| (0, number))
        }
        Lists::Few(lists) => walk.together(&lists, after.number).map(|number| (0, number)),
        Lists::Beginning(prefix) => walk.beginning(prefix, after.key, after.number),
    };
    Page { found: walk.found, next: next.map(|(key, number)| Position { source, key, number }.bits()) }
}

/// What is walked.
enum Lists<'a> {
    Content(crate::proto::FileId),
    Few(Vec<&'a Ids>),
    Beginning(&'a str),
}

/// What to walk, what to filter by, whether names must be read, and the number of this source in positions.
fn lists<'a>(files: &'a Files, query: &'a Query, choice: Option<u8>) -> Option<(Lists<'a>, Vec<&'a Ids>, bool, u8)> {
    if let Some(id) = query.hash() {
        let reads_names = !query.wanted().is_empty() || !query.unwanted().is_empty();
        return Some((Lists::Content(id), Vec::new(), reads_names, 1));
    }
    let plan = Plan::of(&files.words, query, choice)?;
    let lists = match plan.source {
        Source::Exact(list) => Lists::Few(vec![list]),
        Source::Any(lists) => Lists::Few(lists),
        Source::Prefix(prefix) => Lists::Beginning(prefix),
    };
    Some((lists, plan.filters, plan.reads_names, plan.choice.checked_add(1)?))
}

/// A search under way.
struct Walk<'a, W> {
    files: &'a Files,
    query: &'a Query,
    is_wanted: W,
    filters: Vec<&'a Ids>,
    reads_names: bool,
    /// The beginning that is walked, and the key of its words: a file counts at its first such word only.
    prefix: Option<(&'a str, u32)>,
    limit: usize,
    looks: usize,
    reads: usize,
    found: Vec<u32>,
    folded: Folded,
}

impl<'a, W: Fn(u16) -> bool> Walk<'a, W> {
    fn new(files: &'a Files, query: &'a Query, is_wanted: W, limit: usize) -> Self {
        Self {
            files,
            query,
            is_wanted,
            filters: Vec::new(),
            reads_names: false,
            prefix: None,
            limit,
            looks: 0,
            reads: 0,
            found: Vec::new(),
            folded: Folded::default(),
        }
    }

    /// Goes through files in ascending order, each with what it cost to come to it. Returns the one that the next page
    /// begins with.
    fn through(&mut self, numbers: impl Iterator<Item = (u32, usize)>) -> Option<u32> {
        let mut cursors: Vec<Cursor<'a>> = self.filters.iter().copied().map(Cursor::new).collect();
        let mut is_over = false;
        for (number, looks) in numbers {
            // Checked after each step and not before: so that every page goes on by one at the least.
            if is_over {
                return Some(number);
            }
            self.looks += looks;
            if cursors.iter_mut().all(|cursor| cursor.has(number)) && self.matches(number) {
                if self.found.len() >= self.limit {
                    return Some(number);
                }
                self.found.push(number);
            }
            is_over = self.is_over();
        }
        None
    }

    /// The same for the files of several lists, each once.
    fn together(&mut self, lists: &[&'a Ids], from: u32) -> Option<u32> {
        let rest = |list: &&'a Ids| list.iter_from(move |number| number < from);
        if let [list] = lists {
            return self.through(rest(list).map(|number| (number, 1)));
        }
        self.looks += lists.len() * LIST_LOOKS;
        self.through(Merged::of(lists.iter().map(rest)))
    }

    /// The same for the files with a word that begins so, from a key and a file there on. Words with the same key are
    /// walked together.
    fn beginning(&mut self, prefix: &'a str, mut key: u32, mut from: u32) -> Option<(u32, u32)> {
        let files = self.files;
        loop {
            let first = first_word(prefix, key)?;
            let words = files.words.beginning_from(prefix, &first).map(|(word, list)| (key_of(prefix, word), list));
            let mut words = words.peekable();
            while let Some(&(this, _)) = words.peek() {
                from = if this == key { from } else { 0 };
                key = this;
                if self.is_over() {
                    return Some((key, from));
                }
                let alike = std::iter::from_fn(|| words.next_if(|(other, _)| *other == key));
                let lists: Vec<&Ids> = alike.map(|(_, list)| list).take(MAX_WORDS_ALIKE).collect();
                self.looks += LIST_LOOKS;
                self.prefix = Some((prefix, key));
                if let Some(number) = self.together(&lists, from) {
                    return Some((key, number));
                }
                if lists.len() == MAX_WORDS_ALIKE {
                    break;
                }
            }
            // At the end, or where there are too many words alike: past all of them.
            words.peek()?;
            (key, from) = (next_key(key)?, 0);
        }
    }

    /// Whether no more work is to be done for this page. A full one goes on to the next match, to tell whether it is the
    /// last.
    fn is_over(&self) -> bool {
        self.looks >= MAX_LOOKS || self.reads >= MAX_READS
    }

    fn matches(&mut self, number: u32) -> bool {
        self.looks += ROW_LOOKS;
        let row = self.files.row(number);
        if row.node == NOBODY || !(self.is_wanted)(row.node) || !self.query.sizes().contains(&row.size) {
            return false;
        }
        if !self.reads_names && self.prefix.is_none() {
            return true;
        }
        self.reads += 1;
        self.folded.set(self.files.name(number));
        let is_first = self.prefix.is_none_or(|(prefix, key)| {
            let words = self.folded.words().filter(|word| word.starts_with(prefix));
            words.map(|word| key_of(prefix, word)).min() == Some(key)
        });
        is_first && (!self.reads_names || self.query.matches_name(&self.folded))
    }
}

/// The numbers of several ascending lists in one order, each once, and how many steps that took: as many as a heap is
/// high for each list that a number is in. So a page is as dear as what it looks at, however many lists there are.
struct Merged<I> {
    lists: Vec<I>,
    /// The next number of each list that has one.
    heads: BinaryHeap<Reverse<(u32, usize)>>,
    height: usize,
}

impl<I: Iterator<Item = u32>> Merged<I> {
    fn of(lists: impl Iterator<Item = I>) -> Self {
        let mut lists: Vec<I> = lists.collect();
        let heads =
            lists.iter_mut().zip(0..).filter_map(|(list, place)| Some(Reverse((list.next()?, place)))).collect();
        let height = lists.len().max(2).ilog2() as usize;
        Self { lists, heads, height }
    }
}

impl<I: Iterator<Item = u32>> Iterator for Merged<I> {
    type Item = (u32, usize);

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse((number, _)) = *self.heads.peek()?;
        let mut looks = 0;
        while let Some(mut head) = self.heads.peek_mut().filter(|head| head.0.0 == number) {
            looks += self.height;
            match self.lists[head.0.1].next() {
                Some(next) => head.0.0 = next,
                None => _ = PeekMut::pop(head),
            }
        }
        Some((number, looks))
    }
}

/// The bytes of a word that follow its beginning, as a number that orders as the words do.
fn key_of(prefix: &str, word: &str) -> u32 {
    let mut key = [0; KEY];
    for (key, byte) in key.iter_mut().zip(word.bytes().skip(prefix.len())) {
        *key = byte;
    }
    u32::from_be_bytes(key)
}

/// The first text with this key or a higher one. A key may end within a letter; `None` for one that no text has.
fn first_word(prefix: &str, key: u32) -> Option<String> {
    let mut bytes = key.to_be_bytes().to_vec();
    bytes.truncate(KEY - key.trailing_zeros() as usize / 8);
    // The least that can follow a part of a letter.
    for least in [&[][..], &[0x80], &[0x80, 0x80], &[0x80, 0x80, 0x80], &[0xa0, 0x80], &[0x90, 0x80, 0x80]] {
        let len = bytes.len();
        bytes.extend(least);
        if let Ok(text) = std::str::from_utf8(&bytes) {
            return Some(format!("{prefix}{text}"));
        }
        bytes.truncate(len);
    }
    None
}

/// The next key that a text has.
fn next_key(key: u32) -> Option<u32> {
    let bytes = key.to_be_bytes();
    (0..KEY).rev().find_map(|at| {
        (bytes[at].checked_add(1)?..=u8::MAX).find_map(|byte| {
            let next = std::array::from_fn(|i| {
                if i < at {
                    bytes[i]
                } else if i == at {
                    byte
                } else {
                    0
                }
            });
            let next = u32::from_be_bytes(next);
            first_word("", next).map(|_| next)
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Files, MAX_LOOKS, Position, Walk, first_word, key_of, next_key};
    use crate::overlay::FoundFile;
    use crate::proto::{FileId, Query};

    /// Somebody fills many long lists of words that begin alike, to make looking for that beginning dear.
    #[test]
    fn many_long_lists_cost_a_page_no_more_than_others_and_it_goes_on_by_many_files() {
        const FILES: u32 = 8_000;
        let mut files = Files::default();
        for n in 0..FILES {
            let words: Vec<String> = (0..25).map(|i| format!("aaaaa{:03}", (n * 7 + i * 40) % 1_000)).collect();
            let file = FoundFile { name: words.join(" ").as_str().into(), size: 1, id: FileId([0; 32]) };
            files.add(0, &file, u64::from(n)).unwrap();
        }
        let query = Query::parse("a*").unwrap();
        let (mut key, mut from, mut found, mut pages) = (0, 0, Vec::new(), 0);
        loop {
            let mut walk = Walk::new(&files, &query, |_| true, usize::MAX);
            let next = walk.beginning("a", key, from);
            assert!(walk.looks < MAX_LOOKS + 1_000, "{} looks", walk.looks);
            found.extend(walk.found);
            pages += 1;
            let Some(next) = next else { break };
            (key, from) = next;
        }
        assert_eq!(found, (0..FILES).collect::<Vec<_>>(), "each once");
        assert!(pages < FILES / 128, "{pages} pages");
    }

    proptest! {
        #[test]
        fn keys_order_as_words_do(a in "[a-zé-ü日𠀀]{0,6}", b in "[a-zé-ü日𠀀]{0,6}") {
            let (first, second) = (a.clone().min(b.clone()), a.max(b));
            prop_assert!(key_of("", &first) <= key_of("", &second));
            let from = first_word("x", key_of("", &second)).unwrap();
            prop_assert!(from[1..] <= *second);
            prop_assert!(key_of("", &first) == key_of("", &second) || from[1..] > *first);
            let next = next_key(key_of("", &first)).unwrap();
            prop_assert!(next > key_of("", &first));
            prop_assert!(key_of("", &first) == key_of("", &second) || next <= key_of("", &second));
        }

        #[test]
        fn any_number_is_a_position(bits: u64) {
            prop_assert_eq!(Position::of(bits).bits(), bits);
            prop_assert!(first_word("x", bits as u32).is_none_or(|word| word.starts_with('x')));
        }
    }
}
