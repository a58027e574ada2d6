//! Which files have which word.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::ids::Ids;
use crate::base::Map;
use crate::proto::Folded;

/// Words in order, so that those with a common beginning stand together, each with the numbers of its files.
#[derive(Debug, Default)]
pub(crate) struct Words {
    lists: BTreeMap<Box<str>, Ids>,
}

impl Words {
    /// Notes that a file has these words.
    pub(crate) fn add(&mut self, number: u32, name: &Folded) {
        for word in name.words() {
            match self.lists.get_mut(word) {
                Some(list) => list.insert(number, |other| other < number),
                None => {
                    self.lists.insert(word.into(), Ids::from_iter([number]));
                }
            }
        }
    }

    /// Forgets that a file has these words.
    pub(crate) fn remove(&mut self, number: u32, name: &Folded) {
        for word in name.words() {
            let Some(list) = self.lists.get_mut(word) else { continue };
            list.remove(number, |other| other < number);
            if list.is_empty() {
                self.lists.remove(word);
            }
        }
    }

    /// The files with a word.
    pub(crate) fn get(&self, word: &str) -> Option<&Ids> {
        self.lists.get(word)
    }

    /// The files with the words that begin so, a list a word.
    pub(crate) fn beginning<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a Ids> {
        self.beginning_from(prefix, prefix).map(|(_, list)| list)
    }

    /// The words that begin so, in order and from one on, with their files. The first one need not exist.
    pub(crate) fn beginning_from<'a>(
        &'a self,
        prefix: &'a str,
        first: &str,
    ) -> impl Iterator<Item = (&'a str, &'a Ids)> + use<'a> {
        let from = self.lists.range::<str, _>((Bound::Included(first), Bound::Unbounded));
        from.take_while(move |(word, _)| word.starts_with(prefix)).map(|(word, list)| (&**word, list))
    }

    /// Bytes on the heap: a tree's nodes are two thirds full or more.
    pub(crate) fn heap_bytes(&self) -> usize {
        let entry = size_of::<(Box<str>, Ids)>() * 3 / 2;
        self.lists.iter().map(|(word, list)| word.len() + entry + list.heap_bytes()).sum()
    }
}

/// The same, for many files in ascending order: a hash table finds a word several times faster than a tree.
#[derive(Debug)]
pub(crate) struct WordsInBulk {
    lists: Map<Box<str>, (Ids, u32)>,
}

impl WordsInBulk {
    pub(crate) fn new(seed: u64) -> Self {
        Self { lists: Map::with_hasher(crate::base::seed(seed)) }
    }

    /// Notes that a file has these words; its number is higher than all before.
    pub(crate) fn add(&mut self, number: u32, name: &Folded) {
        for word in name.words() {
            match self.lists.get_mut(word) {
                Some((_, last)) if *last == number => {}
                Some((list, last)) => {
                    list.push(number);
                    *last = number;
                }
                None => {
                    self.lists.insert(word.into(), (Ids::from_iter([number]), number));
                }
            }
        }
    }

    pub(crate) fn finish(self) -> Words {
        Words { lists: self.lists.into_iter().map(|(word, (list, _))| (word, list)).collect() }
    }
}
