//! What holds for every graph: counts that need no paper.

use super::graphs::largest_component;
use super::lab::{Lab, Stop};
use super::row::{Basis, Row};
use super::survey::{Plan, sources};
use crate::overlay::Dedup;
use crate::sim::{Delay, Flood, Graph, Kind, Report};

/// Lv et al., 2002, table 1: nodes, links, and what a flood costs that covers them.
const LV: [(&str, u64, u64, f64, f64); 4] = [
    ("power-law", 9_230, 20_599, 31_969.0, 71.13),
    ("random", 9_836, 20_099, 30_363.0, 67.61),
    ("Gnutella", 4_736, 13_022, 21_309.0, 77.78),
    ("grid", 10_000, 19_800, 29_601.0, 66.22),
];

pub(super) fn run(lab: &mut Lab<'_>) -> Result<(), Stop> {
    for (graph, nodes, links, messages, duplicates) in LV {
        let cost = 2 * links - (nodes - 1);
        let share = 100.0 * 2.0 * (links + 1 - nodes) as f64 / cost as f64;
        let row = |what, published, ours| Row::formula(format!("Lv's {graph} graph: {what}"), published, ours);
        lab.row(row("messages of a full flood", messages, cost as f64).from(Basis::Formula))?;
        let row = row("duplicates of a full flood", duplicates, share).from(Basis::Formula);
        lab.row(row.points(0.005).shown(2, "%"))?;
    }
    let square = lab.graph(1, Kind::Grid, 10_000, 4)?;
    cover(lab, "grid 100x100", &square, 7)?;
    let nodes = lab.by_effort(5_000, 100_000, 100_000);
    let regular = lab.graph(2, Kind::Regular, nodes, 8)?;
    let hash = cover(lab, &format!("8-regular, {nodes} nodes"), &regular, 8)?;
    let again = flood(lab, &regular, 0, 255, uneven(), 8)?.hash;
    let other = flood(lab, &regular, 0, 255, uneven(), 9)?.hash;
    let wrong = f64::from(u8::from(hash != again) + u8::from(hash == other));
    lab.row(Row::core("same seed, another history; another seed, the same", 0.0, wrong).from(Basis::Formula))?;
    breadth_first(lab)
}

/// Delays that differ a hundredfold.
fn uneven() -> Delay {
    Delay::uniform_to(std::time::Duration::from_millis(100))
}

fn flood(lab: &Lab<'_>, graph: &Graph, origin: u32, ttl: u8, delay: Delay, seed: u64) -> Result<Report, Stop> {
    let seed = lab.flood_seed(seed);
    let flood = Flood { origin, ttl, delay, dedup: Dedup::First, seed, body: lab.body.clone() };
    Ok(flood.prepare(graph)?.run())
}

/// A flood over uneven delays that no TTL ends; returns its hash.
fn cover(lab: &mut Lab<'_>, name: &str, graph: &Graph, seed: u64) -> Result<String, Stop> {
    let report = flood(lab, graph, 0, 255, uneven(), seed)?;
    let (nodes, links) = (graph.nodes() as f64, graph.links() as f64);
    let row = |what, published, ours: u64| {
        Row::core(format!("{name}, uneven delays: {what}"), published, ours as f64).from(Basis::Formula)
    };
    lab.row(row("messages, 2E-(N-1)", 2.0 * links - (nodes - 1.0), report.messages))?;
    lab.row(row("duplicates, 2(E-N+1)", 2.0 * (links - nodes + 1.0), report.duplicates))?;
    Ok(report.hash)
}

/// Over even delays a flood of any TTL is a breadth-first search, and its first hops are the flood of a lower TTL.
fn breadth_first(lab: &mut Lab<'_>) -> Result<(), Stop> {
    let nodes = lab.by_effort(300, 2_000, 2_000);
    let kinds = [("regular", Kind::Regular), ("random", Kind::Random), ("power-law", Kind::PowerLaw)];
    for (part, (name, kind)) in (10..).zip(kinds) {
        let graph = largest_component(&lab.graph(part, kind, nodes, 4)?);
        let mut wrong = 0;
        for origin in sources(&graph, 4, &mut lab.rng(part)) {
            let hops = distances(&graph, origin);
            let long = flood(lab, &graph, origin, 12, Plan::plain(12).delay, part)?;
            for ttl in 1..=12u8 {
                let report = flood(lab, &graph, origin, ttl, Plan::plain(ttl).delay, part)?;
                let (reached, messages) = by_distance(&graph, &hops, ttl);
                let prefix: u64 = long.messages_per_hop.iter().take(usize::from(ttl) + 1).sum();
                wrong += u32::from((report.reached, report.messages, prefix) != (reached, messages, messages));
            }
        }
        let what = format!("{name}, {nodes} nodes: floods of 48 that are no breadth-first search");
        lab.row(Row::core(what, 0.0, f64::from(wrong)).from(Basis::Formula))?;
    }
    Ok(())
}

/// Nodes within a TTL, and what they and the origin send: each node before the last hop, over all links but the one that
/// its copy came by.
fn by_distance(graph: &Graph, hops: &[Option<u8>], ttl: u8) -> (u64, u64) {
    let within = |most: u8| {
        hops.iter().enumerate().filter_map(move |(node, hop)| hop.filter(|&hop| hop <= most).map(|hop| (node, hop)))
    };
    let sends = |(node, hop): (usize, u8)| graph.degree(node) as u64 - u64::from(hop > 0);
    (within(ttl).count() as u64 - 1, within(ttl - 1).map(sends).sum())
}

/// Hops from a node to each other one.
fn distances(graph: &Graph, origin: u32) -> Vec<Option<u8>> {
    let mut hops = vec![None; graph.nodes()];
    hops[origin as usize] = Some(0u8);
    let mut queue = std::collections::VecDeque::from([origin]);
    while let Some(node) = queue.pop_front() {
        let next = hops[node as usize].map(|hop| hop.saturating_add(1));
        for &other in graph.neighbors(node as usize) {
            if hops[other as usize].is_none() {
                hops[other as usize] = next;
                queue.push_back(other);
            }
        }
    }
    hops
}
