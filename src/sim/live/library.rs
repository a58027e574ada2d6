//! Who shares what: one table for all nodes, and what each of them finds in its part.
//!
//! A file is a number, and everything about it follows from that. A copy takes eight bytes, so that a million nodes with
//! twenty files each take 160 MB.

use serde::{Deserialize, Serialize};

use super::hash::mix;
use super::law::exponential;
use super::units::{Fraction, Real, Whole};
use crate::base::Rng;
use crate::overlay::{FoundFile, Library};
use crate::proto::{FileId, Query};

/// Files that there are.
const MAX_FILES: usize = 1_000_000;
/// Files of one node, at most.
const MAX_FILES_A_NODE: u64 = 10_000;
/// Copies of all files together.
pub(super) const MAX_COPIES: usize = 200_000_000;

/// Who shares what.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Shares {
    /// Different files.
    pub files: Whole<1, MAX_FILES>,
    /// Files of a node that shares any, on average.
    pub mean: Real<0, 1_000>,
    /// Nodes that share nothing: 25 % of Gnutella in 2001 (Saroiu, Gummadi and Gribble), two thirds in 2000 (Adar and
    /// Huberman).
    pub free_riders: Fraction,
    /// How copies follow from how often a file is asked for.
    pub replication: Replication,
    /// How uneven popularity is among the files that are shared; see [`super::Searches::zipf`].
    pub zipf: Real<0, 10>,
}

impl Default for Shares {
    fn default() -> Self {
        Self {
            files: Whole(1_000),
            mean: Real(20.0),
            free_riders: Fraction::new(0.25),
            replication: Replication::Proportional,
            zipf: Real(0.8),
        }
    }
}

/// How many copies a file has, by how popular it is (Cohen and Shenker, 2002).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Replication {
    /// All files the same.
    Uniform,
    /// As often as it is asked for: what happens where people keep what they fetched.
    Proportional,
    /// As the root of that, which costs blind searches the least.
    SquareRoot,
}

/// Numbers from 0 by a power law: rank r as often as 1/(r+1) to some power.
#[derive(Debug)]
pub(super) struct Zipf(Vec<f64>);

impl Zipf {
    pub(super) fn new(ranks: usize, power: f64) -> Self {
        let mut sum = 0.0;
        let weights = (1..=ranks.max(1)).map(|rank| {
            sum += (rank as f64).powf(-power);
            sum
        });
        Self(weights.collect())
    }

    pub(super) fn draw(&self, rng: &mut Rng) -> u32 {
        let total = self.0.last().copied().unwrap_or(1.0);
        let at = rng.fraction() * total;
        self.0.partition_point(|&sum| sum <= at).min(self.0.len() - 1) as u32
    }
}

/// Who shares what, for all nodes.
#[derive(Debug)]
pub(super) struct Catalogue {
    /// Where each node's files begin; one more than there are nodes.
    first: Vec<u32>,
    /// Each node's files, in ascending order.
    files: Vec<u32>,
    /// Where each file's holders begin; one more than there are files.
    held: Vec<u32>,
    /// Each file's holders, in ascending order.
    holders: Vec<u32>,
}

// Places in the tables are u32.
const _: () = assert!(MAX_COPIES < u32::MAX as usize);

impl Catalogue {
    pub(super) fn new(nodes: usize, shares: &Shares, rng: &mut Rng) -> Self {
        let power = match shares.replication {
            Replication::Uniform => 0.0,
            Replication::Proportional => shares.zipf.0,
            Replication::SquareRoot => shares.zipf.0 / 2.0,
        };
        let popular = Zipf::new(shares.files.0, power);
        let mean = std::time::Duration::from_secs_f64(shares.mean.0);
        let (mut first, mut files, mut own) = (vec![0], Vec::new(), Vec::new());
        for _ in 0..nodes {
            let shares_any = !shares.free_riders.happens(rng) && files.len() < MAX_COPIES;
            // Some have many times as many as others; at least one, or it would be a free rider.
            let count = exponential(mean, rng).as_secs().clamp(1, MAX_FILES_A_NODE);
            own.clear();
            own.extend((0..if shares_any { count } else { 0 }).map(|_| popular.draw(rng)));
            own.sort_unstable();
            own.dedup();
            files.extend_from_slice(&own);
            first.push(files.len() as u32);
        }
        let (held, holders) = invert(shares.files.0, &first, &files);
        Self { first, files, held, holders }
    }

    /// The files of a node, in ascending order.
    pub(super) fn of(&self, node: u32) -> &[u32] {
        &self.files[self.first[node as usize] as usize..self.first[node as usize + 1] as usize]
    }

    /// The nodes that have a file, in ascending order.
    pub(super) fn holders(&self, file: u32) -> &[u32] {
        match self.held.get(file as usize..file as usize + 2) {
            Some(&[from, to]) => &self.holders[from as usize..to as usize],
            _ => &[],
        }
    }

    /// Whether a node has a file.
    pub(super) fn has(&self, node: u32, file: u32) -> bool {
        self.of(node).binary_search(&file).is_ok()
    }

    /// What one node's core is shown.
    pub(super) fn shelf(&self, node: u32) -> Shelf<'_> {
        Shelf(self.of(node))
    }
}

/// The holders of each file, from the files of each node.
fn invert(count: usize, first: &[u32], files: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let mut held = vec![0u32; count + 1];
    files.iter().for_each(|&file| held[file as usize + 1] += 1);
    (0..count).for_each(|file| held[file + 1] += held[file]);
    let (mut next, mut holders) = (held.clone(), vec![0; files.len()]);
    for node in 0..first.len() - 1 {
        for &file in &files[first[node] as usize..first[node + 1] as usize] {
            holders[next[file as usize] as usize] = node as u32;
            next[file as usize] += 1;
        }
    }
    (held, holders)
}

/// The files of one node.
#[derive(Debug)]
pub(super) struct Shelf<'a>(&'a [u32]);

impl Library for Shelf<'_> {
    fn find(&self, query: &Query, limit: usize, found: &mut Vec<FoundFile>) {
        // A word of the form that names have tells which file it is; anything else is looked for in all of them.
        let named = query.words().find_map(|word| word.strip_prefix("f").and_then(|digits| digits.parse::<u32>().ok()));
        let place = named.map(|file| self.0.binary_search(&file));
        let candidates = match place {
            Some(Ok(at)) => &self.0[at..=at],
            Some(Err(_)) => &[],
            None => self.0,
        };
        let matching = candidates.iter().map(|&file| found_file(file));
        found.extend(matching.filter(|file| query.matches(file.name.raw(), file.size, &file.id)).take(limit));
    }

    fn totals(&self) -> (u64, u64) {
        (self.0.len() as u64, self.0.iter().map(|&file| size(file)).sum())
    }

    fn each(&self, visit: &mut dyn FnMut(&str, u64, &FileId)) {
        for file in self.0.iter().map(|&file| found_file(file)) {
            visit(file.name.raw(), file.size, &file.id);
        }
    }
}

/// The query for a file.
pub(super) fn wish(file: u32) -> String {
    format!("f{file}")
}

/// The file of an id that this table made.
pub(super) fn file_of(id: &FileId) -> u32 {
    let [.., a, b, c, d] = id.0;
    u32::from_be_bytes([a, b, c, d])
}

/// Bytes of a file: between 1 and 8 MiB.
fn size(file: u32) -> u64 {
    (1 << 20) + mix(&[file.into()]) % (7 << 20)
}

/// A file as a node tells about it.
pub(super) fn found_file(file: u32) -> FoundFile {
    let mut id = [0; 32];
    id[..8].copy_from_slice(&mix(&[file.into(), 1]).to_be_bytes());
    id[28..].copy_from_slice(&file.to_be_bytes());
    FoundFile { name: format!("f{file} simulated.mp3").into(), size: size(file), id: FileId(id) }
}

#[cfg(test)]
mod tests {
    use super::{Catalogue, Replication, Shares, Zipf, file_of, found_file, wish};
    use crate::base::Rng;
    use crate::overlay::Library;
    use crate::proto::Query;
    use crate::sim::live::units::{Fraction, Real, Whole};

    fn shares(replication: Replication) -> Shares {
        let zipf = Real(1.0);
        Shares { files: Whole(100), mean: Real(10.0), free_riders: Fraction::new(0.5), replication, zipf }
    }

    #[test]
    fn both_sides_of_the_table_agree_and_free_riders_have_nothing() {
        let table = Catalogue::new(2_000, &shares(Replication::Proportional), &mut Rng::new(3));
        let riders = (0..2_000).filter(|&node| table.of(node).is_empty()).count();
        assert!((900..1_100).contains(&riders), "{riders}");
        for file in 0..100 {
            assert!(table.holders(file).iter().all(|&node| table.has(node, file)));
        }
        let copies: usize = (0..100).map(|file| table.holders(file).len()).sum();
        assert_eq!(copies, (0..2_000).map(|node| table.of(node).len()).sum::<usize>());
        assert!(table.holders(0).len() > 5 * table.holders(50).len(), "the first is the most popular");
        assert!(table.holders(100).is_empty());
        let even = Catalogue::new(2_000, &shares(Replication::Uniform), &mut Rng::new(3));
        assert!(even.holders(0).len() < 2 * even.holders(50).len());
    }

    #[test]
    fn a_shelf_finds_what_matches_and_nothing_else() {
        let table = Catalogue::new(50, &shares(Replication::Uniform), &mut Rng::new(1));
        let find = |node: u32, text: &str| {
            let mut found = Vec::new();
            table.shelf(node).find(&Query::parse(text).unwrap(), 64, &mut found);
            found.into_iter().map(|file| file_of(&file.id)).collect::<Vec<_>>()
        };
        for node in 0..50 {
            assert_eq!(find(node, "simulated"), table.of(node));
            let expected = |file| if table.has(node, file) { vec![file] } else { vec![] };
            assert!((0..100).all(|file| find(node, &wish(file)) == expected(file)));
        }
        assert!(found_file(7).name.raw().starts_with("f7 "));
    }

    #[test]
    fn ranks_come_as_often_as_the_power_law_says() {
        let (zipf, mut rng) = (Zipf::new(1_000, 1.0), Rng::new(2));
        let first = (0..20_000).filter(|_| zipf.draw(&mut rng) == 0).count() as f64 / 20_000.0;
        // One over the thousandth harmonic number, 7.485.
        assert!((first - 0.1336).abs() < 0.01, "{first}");
    }
}
