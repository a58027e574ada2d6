//! Other ways than flooding, by what they cost for the same coverage: chance, trees, and rendezvous.

use super::lab::{Lab, Stop};
use super::row::{Basis, Row};
use super::survey::Mean;
use crate::base::Rng;
use crate::sim::{Graph, Kind};

/// Chance of passing on over each link: copies a node, and percent of nodes reached.
const CHANCE: [(f64, f64, f64); 3] = [(0.5, 3.48, 99.57), (0.4, 2.74, 98.0), (0.3, 1.92, 91.5)];

pub(super) fn run(lab: &mut Lab<'_>) -> Result<(), Stop> {
    let nodes = lab.by_effort(10_000, 100_000, 100_000);
    let graph = lab.graph(1, Kind::Regular, nodes, 8)?;
    let count = lab.by_effort(8, 20, 100);
    for (part, (chance, copies, coverage)) in (2..).zip(CHANCE) {
        lab.done("chance", part as usize - 2, CHANCE.len())?;
        let mut rng = lab.rng(part);
        let floods: Vec<(f64, f64)> = (0..count).map(|_| by_chance(&graph, chance, &mut rng)).collect();
        // A query that dies at its first hops says nothing about coverage: the origin's own copies all go out.
        let mean = |each: fn(&(f64, f64)) -> f64| Mean::of(&floods.iter().map(each).collect::<Vec<_>>());
        let name = |what: &str| format!("8-regular, {nodes} nodes, each link with chance {chance}: {what}");
        let mean_copies = mean(|flood| flood.0);
        let row = Row::model(name("copies a node"), copies, mean_copies.value).percent(1.0).shown(2, "");
        lab.row(lab.sampled(row, mean_copies))?;
        let covered = mean(|flood| flood.1);
        let row = Row::model(name("nodes reached"), coverage, covered.value).points(0.3).shown(2, "%");
        lab.row(lab.sampled(row, covered))?;
    }
    trees(lab)?;
    rendezvous(lab)
}

/// Copies a node and percent of nodes reached when each node passes a query on over each other link with a chance.
fn by_chance(graph: &Graph, chance: f64, rng: &mut Rng) -> (f64, f64) {
    let mut seen = vec![false; graph.nodes()];
    let origin = rng.below(graph.nodes()) as u32;
    seen[origin as usize] = true;
    let mut front = vec![(origin, origin)];
    let (mut copies, mut reached) = (0u64, 0u64);
    while let Some((node, from)) = front.pop() {
        for &other in graph.neighbors(node as usize) {
            if other == from || node != origin && rng.fraction() >= chance {
                continue;
            }
            copies += 1;
            if !std::mem::replace(&mut seen[other as usize], true) {
                reached += 1;
                front.push((other, node));
            }
        }
    }
    (copies as f64 / graph.nodes() as f64, 100.0 * reached as f64 / (graph.nodes() - 1) as f64)
}

/// One copy a node is the least that any push needs; an index at ultra-peers asks only those.
fn trees(lab: &mut Lab<'_>) -> Result<(), Stop> {
    let (nodes, ultra_peers, links) = (1_000_000.0, 91_000.0, 30.0);
    let flood = ((links - 1.0) * ultra_peers + 1.0) / nodes;
    let row = |what, published, ours| Row::formula(what, published, ours).from(Basis::Formula).shown(2, "");
    lab.row(row("flood among 9.1 % ultra-peers of 30 links: copies a peer", 2.64, flood).points(0.005))?;
    lab.row(row("tree among them: copies a peer", 0.09, (ultra_peers - 1.0) / nodes).points(0.005))
}

/// A query at q nodes and an index entry at r of N miss each other with chance exp(-qr/N).
fn rendezvous(lab: &mut Lab<'_>) -> Result<(), Stop> {
    let nodes = 1_000_000.0f64;
    let needed = |missed: f64| (nodes * -missed.ln()).sqrt();
    let row = |what, published, ours| Row::formula(what, published, ours).from(Basis::Formula);
    lab.row(row("rendezvous among 1,000,000: nodes asked for 99 % success", 2_146.0, needed(0.01)).points(0.5))?;
    lab.row(row("rendezvous among 1,000,000: nodes asked for 99.99 %", 3_035.0, needed(0.0001)).points(0.5))?;
    let gain = (7.0 * nodes + 1.0) / needed(0.01);
    lab.row(row("flood of 8 links for each of those at 99 %", 3_262.0, gain).percent(0.1).shown(0, "x"))?;
    let count = lab.by_effort(2_000, 20_000, 100_000);
    let mut rng = lab.rng(20);
    let found = (0..count).filter(|_| meets(nodes as usize, needed(0.01).round() as usize, &mut rng)).count();
    let share = found as f64 / count as f64;
    let mean = Mean { value: 100.0 * share, error: 100.0 * (share * (1.0 - share) / count as f64).sqrt() };
    let row = Row::model("rendezvous among 1,000,000: searches that meet an entry", 99.0, mean.value).points(0.3);
    lab.row(lab.sampled(row.from(Basis::Formula).shown(2, "%"), mean))
}

/// Whether a query at so many random nodes meets one of as many index entries: the nodes with entries may as well be the
/// first ones.
fn meets(nodes: usize, many: usize, rng: &mut Rng) -> bool {
    (0..many).any(|_| rng.below(nodes) < many)
}
