//! Ritter, 2001: a Gnutella whose links form a tree, which is the best that flooding can do.

use super::lab::{Lab, Stop};
use super::row::{Basis, Row};
use super::survey::Plan;
use crate::sim::{Flood, Kind, Report};

/// Nodes reached, by links a node (from 2) and TTL (from 1), as the formula of the paper gives them.
const REACHED: [[u64; 8]; 7] = [
    [2, 4, 6, 8, 10, 12, 14, 16],
    [3, 9, 21, 45, 93, 189, 381, 765],
    [4, 16, 52, 160, 484, 1_456, 4_372, 13_120],
    [5, 25, 105, 425, 1_705, 6_825, 27_305, 109_225],
    [6, 36, 186, 936, 4_686, 23_436, 117_186, 585_936],
    [7, 49, 301, 1_813, 10_885, 65_317, 391_909, 2_351_461],
    [8, 64, 456, 3_200, 22_408, 156_864, 1_098_056, 7_686_400],
];
/// Bytes of one copy of the paper's query, headers and all.
const QUERY: u64 = 83;
/// Bytes of answers that a reached host sends on average: 30 % of hosts share, half of those match, with five results.
const ANSWER: f64 = 0.3 * 0.5 * (88.0 + 5.0 * (10.0 + 40.0));

/// Nodes within `ttl` hops of the root of a tree in which each node has `links` links.
fn within(links: u64, ttl: u32) -> u64 {
    (1..=ttl).map(|hop| links * (links - 1).pow(hop - 1)).sum()
}

/// The same bytes, counted at the senders: the root's copies, and what each reached node but the last ones passes on.
fn sent(links: u64, ttl: u32) -> u64 {
    links * QUERY + within(links, ttl - 1) * (links - 1) * QUERY
}

/// Entries of the table for which something does not hold.
fn wrong(holds: impl Fn(u64, u32, u64) -> bool) -> f64 {
    let entries = REACHED.iter().enumerate().flat_map(|(row, values)| {
        values.iter().enumerate().map(move |(column, &value)| (row as u64 + 2, column as u32 + 1, value))
    });
    entries.filter(|&(links, ttl, value)| !holds(links, ttl, value)).count() as f64
}

pub(super) fn run(lab: &mut Lab<'_>) -> Result<(), Stop> {
    let off = wrong(|links, ttl, value| within(links, ttl) == value);
    lab.row(Row::formula("entries of the 56 that the formula does not give", 0.0, off).from(Basis::Formula))?;
    let off = wrong(|links, ttl, value| sent(links, ttl) == value * QUERY);
    lab.row(Row::formula("entries whose bytes sent are not 83 a node reached", 0.0, off).from(Basis::Formula))?;
    let most = lab.by_effort(15_000, 200_000, 1_000_000);
    let mut off = 0;
    for links in 2..=8 {
        let deepest = (1..=8).rev().find(|&ttl| within(links, ttl) <= most).unwrap_or(1);
        off += tree(lab, links, deepest)?;
    }
    lab.row(Row::core("entries of lower TTLs that differ, and duplicates", 0.0, off as f64).from(Basis::Formula))?;
    if lab.by_effort(false, true, true) {
        let report = tree_flood(lab, 8, 7)?;
        lab.row(Row::core("8 links, TTL 7: messages", 1_098_056.0, report.messages as f64).from(Basis::Formula))?;
        responses(lab, &report)?;
    }
    Ok(())
}

fn tree_flood(lab: &mut Lab<'_>, links: u64, ttl: u32) -> Result<Report, Stop> {
    lab.done("trees", links as usize - 2, 7)?;
    // One level deeper than the query goes, as far as that fits, so that it is the TTL that ends it.
    let deeper = if within(links, ttl) < 120_000 { ttl + 1 } else { ttl };
    let nodes = 1 + within(links, deeper) as usize;
    let graph = lab.graph(links, Kind::Tree, nodes, links as usize)?;
    let Plan { ttl, delay, dedup } = Plan::plain(ttl as u8);
    let flood = Flood { origin: 0, ttl, delay, dedup, seed: lab.flood_seed(links), body: lab.body.clone() };
    Ok(flood.prepare(&graph)?.run())
}

/// One row of the table by a flood through a tree: at the deepest TTL as a figure. Returns how many lower TTLs are not as
/// the table has them, and duplicates, of which there are none in a tree.
fn tree(lab: &mut Lab<'_>, links: u64, deepest: u32) -> Result<u64, Stop> {
    let report = tree_flood(lab, links, deepest)?;
    let values = &REACHED[links as usize - 2];
    let same = |&ttl: &usize| {
        let reached: u64 = report.per_hop[1..=ttl].iter().sum();
        let messages: u64 = report.messages_per_hop[..=ttl].iter().sum();
        (reached, messages) == (values[ttl - 1], values[ttl - 1])
    };
    let deepest = deepest as usize;
    let what = format!("{links} links, TTL {deepest}: nodes reached");
    lab.row(Row::core(what, values[deepest - 1] as f64, report.reached as f64).from(Basis::Formula))?;
    Ok((1..=deepest).filter(|ttl| !same(ttl)).count() as u64 + report.duplicates)
}

/// What the query and its answers cost, with 8 links and TTL 7.
fn responses(lab: &mut Lab<'_>, report: &Report) -> Result<(), Stop> {
    let query = (report.messages * QUERY) as f64;
    let hops: u64 = report.per_hop.iter().enumerate().map(|(hop, nodes)| hop as u64 * nodes).sum();
    let answers = ANSWER * hops as f64;
    let parameters = "83 bytes a query and the shares of hosts that answer are recalled, not read again";
    lab.row(Row::core("8 links, TTL 7: bytes of queries", 91_138_648.0, query).from(Basis::Recalled).note(parameters))?;
    let megabytes = |what, published, ours: f64| {
        Row::core(what, published, ours / 1e6).from(Basis::Recalled).shown(2, "MB").points(0.005)
    };
    lab.row(megabytes("8 links, TTL 7: bytes of answers, hop by hop", 380.42, answers))?;
    lab.row(megabytes("8 links, TTL 7: queries and answers", 471.56, query + answers))
}
