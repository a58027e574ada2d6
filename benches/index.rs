//! The content index on a million names, beside a plain prototype: a hash map from word to a sorted list of numbers.
//!
//! Times are the best of five passes over all searches.
//!
//! `cargo bench --bench index [-- NAMES]`. SQLite FTS5 and tantivy stand beside it in `benches/peers`.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::unwrap_used, reason = "a benchmark has no input but its own")]

#[path = "names.rs"]
mod names;

#[path = "support/memory.rs"]
mod memory;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use hopscope::proto::{FileId, Folded, Query};
use hopscope::share::index::{Index, Place, Stamp};
use memory::resident;
use names::{Names, percentiles, time};

const SEARCHES: usize = 3_000;
const TOP: usize = 100;
const PASSES: usize = 5;

/// The prototype: no ranking, no removal of anything but numbers, the first hundred matches.
#[derive(Default)]
struct Plain {
    lists: BTreeMap<String, Vec<u32>>,
}

impl Plain {
    fn add(&mut self, number: u32, name: &Folded) {
        for word in name.words() {
            let list = match self.lists.get_mut(word) {
                Some(list) => list,
                None => self.lists.entry(word.to_owned()).or_default(),
            };
            if list.last() != Some(&number) {
                list.push(number);
            }
        }
    }

    fn search(&self, words: &[String]) -> Vec<u32> {
        let Some(mut lists) = words.iter().map(|word| self.lists.get(word)).collect::<Option<Vec<_>>>() else {
            return Vec::new();
        };
        lists.sort_by_key(|list| list.len());
        let rest = &lists[1..];
        let is_in_all = |number: &&u32| rest.iter().all(|list| list.binary_search(number).is_ok());
        lists[0].iter().filter(is_in_all).take(TOP).copied().collect()
    }

    fn prefix(&self, prefix: &str) -> Vec<u32> {
        let lists = self.lists.range(prefix.to_owned()..).take_while(|(word, _)| word.starts_with(prefix));
        let mut found: Vec<u32> = lists.flat_map(|(_, list)| list.iter().copied()).take(TOP).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    fn remove(&mut self, number: u32, name: &Folded) {
        for word in name.words() {
            if let Some(list) = self.lists.get_mut(word)
                && let Ok(at) = list.binary_search(&number)
            {
                list.remove(at);
            }
        }
    }
}

fn main() {
    let count = std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(1_000_000);
    let mut names = Names::new(count);
    let text: usize = (0..count).map(|i| names.name(i).len()).sum();
    println!("{count} names, {:.1} bytes each", text as f64 / count as f64);
    println!("{:44} {:>10} {:>10}", "", "hopscope", "plain");

    let before = resident();
    let start = Instant::now();
    let files = names.paths.iter().enumerate().map(|(i, path)| (Place::of(0, path), stamp(i), id(i)));
    let mut index = Index::of(files, 1);
    let built = start.elapsed();
    let resident_bytes = resident() - before;
    let start = Instant::now();
    let mut plain = Plain::default();
    let mut folded = Folded::default();
    for i in 0..count {
        folded.set(names.name(i));
        plain.add(i as u32, &folded);
    }
    let row = |what: &str, ours: f64, plain: f64| println!("{what:44} {ours:>10.1} {plain:>10.1}");
    row("build, ms", built.as_secs_f64() * 1e3, start.elapsed().as_secs_f64() * 1e3);
    let footprint = index.footprint();
    let lists: usize = plain.lists.iter().map(|(word, list)| word.capacity() + 72 + list.capacity() * 4).sum();
    row(
        "bytes a name beyond the names (plain: no files)",
        footprint.rest as f64 / count as f64,
        lists as f64 / count as f64,
    );
    println!(
        "{:44} {:>10.1}",
        "  by resident memory, names taken off",
        (resident_bytes as f64 - footprint.names as f64) / count as f64
    );

    for words in 1..=3 {
        let searches = names.searches(SEARCHES, words);
        let ours = time(&searches, PASSES, |words| drop(black_box(index.search(&query(&words.join(" ")), TOP))));
        let bare = time(&searches, PASSES, |words| drop(black_box(plain.search(words))));
        show(&format!("AND of {words}, parsed and ranked, us"), ours, bare);
    }
    let searches: Vec<_> = (1..=3).flat_map(|words| names.searches(SEARCHES / 3, words)).collect();
    let queries: Vec<Query> = searches.iter().map(|words| query(&words.join(" "))).collect();
    let ours = time(&queries, PASSES, |query| drop(black_box(index.search(query, TOP))));
    show("AND of 1-3, us", ours, time(&searches, PASSES, |words| drop(black_box(plain.search(words)))));
    let prefixes = names.prefixes(SEARCHES);
    let queries: Vec<Query> = prefixes.iter().map(|prefix| query(&format!("{prefix}*"))).collect();
    let ours = time(&queries, PASSES, |query| drop(black_box(index.search(query, TOP))));
    show("prefix, us", ours, time(&prefixes, PASSES, |prefix| drop(black_box(plain.prefix(prefix)))));
    let phrases: Vec<Query> = searches.iter().map(|words| query(&format!("\"{}\"", words.join(" ")))).collect();
    show_one(
        "phrase of 1-3 words of a name, any order, us",
        time(&phrases, PASSES, |query| drop(black_box(index.search(query, TOP)))),
    );
    changes(&names, &mut index, &mut plain);
}

/// Takes files out of the full index and puts them back.
fn changes(names: &Names, index: &mut Index, plain: &mut Plain) {
    let chosen: Vec<usize> = (0..SEARCHES).map(|i| i * 7_919 % names.paths.len()).collect();
    let mut folded = Folded::default();
    let mut last = names.paths.len() as u32;
    let mut best: Option<[Vec<Duration>; 4]> = None;
    for _ in 0..PASSES {
        let pass = [
            time(&chosen, 1, |&i| index.remove(index.at(Place::of(0, &names.paths[i])).unwrap())),
            time(&chosen, 1, |&i| {
                folded.set(names.name(i));
                plain.remove(i as u32, &folded);
            }),
            time(&chosen, 1, |&i| index.put(Place::of(0, &names.paths[i]), stamp(i), id(i)).unwrap()),
            time(&chosen, 1, |&i| {
                folded.set(names.name(i));
                plain.add(last, &folded);
                last += 1;
            }),
        ];
        best = Some(match best {
            None => pass,
            Some(best) => std::array::from_fn(|i| best[i].iter().zip(&pass[i]).map(|(a, b)| *a.min(b)).collect()),
        });
    }
    let [removed, plain_removed, added, plain_added] = best.unwrap();
    show("remove one, us", removed, plain_removed);
    show("add one, us", added, plain_added);
}

fn query(text: &str) -> Query {
    Query::parse(text).unwrap()
}

fn stamp(i: usize) -> Stamp {
    Stamp { size: i as u64, modified: i as i64, inode: i as u32 }
}

fn id(i: usize) -> FileId {
    FileId(blake3::hash(&i.to_le_bytes()).into())
}

fn show(what: &str, ours: Vec<Duration>, plain: Vec<Duration>) {
    let (ours, plain) = (percentiles(ours), percentiles(plain));
    println!("{:44} {:>10.1} {:>10.1}", format!("{what}, p50"), ours.0, plain.0);
    println!("{:44} {:>10.1} {:>10.1}", format!("{what}, p99"), ours.1, plain.1);
}

fn show_one(what: &str, ours: Vec<Duration>) {
    let ours = percentiles(ours);
    println!("{:44} {:>10.1}", format!("{what}, p50"), ours.0);
    println!("{:44} {:>10.1}", format!("{what}, p99"), ours.1);
}
