//! Cohen and Shenker, 2002: how many copies of what, so that blind probing finds it soonest.

use super::lab::{Lab, Stop};
use super::row::{Basis, Row};
use super::survey::Mean;
use crate::base::Rng;

/// Copies of a file, on average over all files.
const COPIES: f64 = 100.0;
/// Nodes for each file: with 100 copies a file, each node holds ten.
const NODES: f64 = 10.0;

/// What square-root replication gains over uniform, by skew, for 100, 1,000 and 10,000 files.
const GAINS: [(f64, [f64; 3]); 3] = [(0.8, [1.26, 1.43, 1.56]), (1.0, [1.50, 1.96, 2.48]), (1.2, [1.88, 3.05, 5.04])];

/// How much of all queries each file gets: the more popular the lower its rank (Zipf).
fn popularity(files: usize, skew: f64) -> Vec<f64> {
    let weights: Vec<f64> = (1..=files).map(|rank| (rank as f64).powf(-skew)).collect();
    let all: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / all).collect()
}

/// The probes that square-root replication needs for each one of uniform replication.
fn square_root_share(popularity: &[f64]) -> f64 {
    popularity.iter().map(|share| share.sqrt()).sum::<f64>().powi(2) / popularity.len() as f64
}

pub(super) fn run(lab: &mut Lab<'_>) -> Result<(), Stop> {
    for (skew, gains) in GAINS {
        for (files, gain) in [100, 1_000, 10_000].into_iter().zip(gains) {
            let ours = 1.0 / square_root_share(&popularity(files, skew));
            let what = format!("gain of square-root, {files} files, skew {skew}");
            lab.row(Row::formula(what, gain, ours).from(Basis::Formula).points(0.005).shown(2, "x"))?;
        }
    }
    for (part, files, published) in [(1, 1_000, 0.510), (2, 10_000, 0.403)] {
        probed(lab, part, files, published)?;
    }
    let why = "the paper's range is of a web proxy's log, whose skew is not known; with Zipf's law and skew 1 the share \
               falls with the logarithm of the number of files";
    let ours = 100.0 * square_root_share(&popularity(10_000, 1.0));
    let row =
        Row::formula("probes of square-root in percent of uniform, 10,000 files", 40.0, ours).from(Basis::Extract);
    lab.row(row.points(10.0).shown(1, "%").note(why))
}

/// Searches by blind probing, under each way to spend the same number of copies.
fn probed(lab: &mut Lab<'_>, part: u64, files: usize, published: f64) -> Result<(), Stop> {
    let popularity = popularity(files, 1.0);
    let searches = lab.by_effort(300_000, 2_000_000, 10_000_000);
    let mut rng = lab.rng(part);
    let mut probes = |lab: &mut Lab<'_>, what: &str, weight: fn(f64) -> f64| {
        lab.done(what, 0, searches)?;
        Ok::<_, Stop>(probe(&popularity, weight, searches, &mut rng))
    };
    let uniform = probes(lab, "uniform", |_| 1.0)?;
    let proportional = probes(lab, "proportional", |share| share)?;
    let square_root = probes(lab, "square-root", f64::sqrt)?;
    let name = |what: &str| format!("{files} files, skew 1: {what}");
    let ratio = |a: Mean, b: Mean| {
        let value = a.value / b.value;
        Mean { value, error: value * (a.error / a.value).hypot(b.error / b.value) }
    };
    let share = ratio(square_root, uniform);
    let row = Row::model(name("probes of square-root for each of uniform"), published, share.value).percent(2.0);
    lab.row(lab.sampled(row.from(Basis::Formula).shown(3, ""), share))?;
    let share = ratio(proportional, uniform);
    let row = Row::model(name("probes of proportional for each of uniform"), 1.0, share.value).percent(1.0);
    lab.row(lab.sampled(row.from(Basis::Extract).shown(3, ""), share))?;
    let expected = NODES * files as f64 / COPIES;
    let row = Row::model(name("probes of uniform, files over copies a node"), expected, uniform.value).percent(1.0);
    lab.row(lab.sampled(row.from(Basis::Extract).shown(1, ""), uniform))
}

/// Probes until a copy is found, on average over searches drawn by popularity. Copies are whole: each file gets one less or
/// one more by chance, so that the mean is its share.
fn probe(popularity: &[f64], weight: fn(f64) -> f64, searches: usize, rng: &mut Rng) -> Mean {
    let files = popularity.len() as f64;
    let all: f64 = popularity.iter().map(|&share| weight(share)).sum();
    let copies = popularity.iter().map(|&share| COPIES * files * weight(share) / all);
    let nodes = NODES * files;
    let chances: Vec<f64> =
        copies.map(|copies| ((copies + rng.fraction()).floor().max(1.0) / nodes).min(1.0)).collect();
    let mut below = 0.0;
    let limits: Vec<f64> = popularity
        .iter()
        .map(|share| {
            below += share;
            below
        })
        .collect();
    let sample: Vec<f64> = (0..searches)
        .map(|_| {
            let drawn = rng.fraction() * below;
            let chance = chances[limits.partition_point(|&limit| limit <= drawn).min(chances.len() - 1)];
            // Tries until the first success, by the inverse of their distribution.
            if chance >= 1.0 { 1.0 } else { ((1.0 - rng.fraction()).ln() / (1.0 - chance).ln()).floor() + 1.0 }
        })
        .collect();
    Mean::of(&sample)
}
