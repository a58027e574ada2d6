//! Chawathe et al., 2003 (Gia): one blind random walker, and one that knows what each node's neighbors have.

use super::lab::{Lab, Stop};
use super::row::{Basis, Row};
use super::survey::Mean;
use super::walkers::{Gait, Walkers};
use crate::sim::Kind;

/// Links of a node of the random graph, on average.
const DEGREE: usize = 8;
/// Of 10,000 nodes: 0.1 %.
const COPIES: usize = 10;

pub(super) fn run(lab: &mut Lab<'_>) -> Result<(), Stop> {
    let graph = lab.graph(1, Kind::Random, 10_000, DEGREE)?;
    let why = "the graph is not described where its figures could be read: here it is random, with 8 links a node";
    for (part, one_hop_index, name, published) in
        [(2, false, "blind", 978.0), (3, true, "with an index of the neighbors", 134.0)]
    {
        let gait = Gait { walkers: 1, check: usize::MAX, ttl: 100_000, one_hop_index };
        let count = lab.by_effort(600, 5_000, 20_000);
        lab.done("walks", 0, count)?;
        let mut rng = lab.rng(part);
        let mut walkers = Walkers::new(&graph);
        let hops: Vec<f64> =
            (0..count).filter_map(|_| walkers.search(COPIES, gait, &mut rng).first.map(|first| first as f64)).collect();
        let mean = Mean::of(&hops);
        let row = Row::model(format!("0.1 % replication, one walker {name}: hops"), published, mean.value);
        lab.row(lab.sampled(row.from(Basis::Recalled).percent(10.0).note(why), mean))?;
    }
    let blind =
        Row::formula("0.1 % replication, blind: draws without repeating until a copy is found", 978.0, 10_001.0 / 11.0);
    lab.row(blind.from(Basis::Recalled).percent(10.0).note("a walker repeats some nodes, and needs a little more"))
}
