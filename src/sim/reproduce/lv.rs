//! Lv, Cao, Cohen, Li and Shenker, 2002: floods by TTL on the paper's kinds of graphs, at its sizes.

use super::graphs::{largest_component, power_law_by_rank, uniform};
use super::lab::{Lab, Stop};
use super::row::{Basis, Row};
use super::survey::{Plan, Survey};
use crate::sim::{Graph, Kind};

/// The random graph of the paper: nodes, and links.
const RANDOM: (usize, usize) = (10_000, 20_099);
/// The power-law graph: nodes, links of the first one, and how fast they get fewer by rank.
const POWER_LAW: (usize, f64, f64) = (10_000, 1_746.0, 0.8);

/// Reached, messages and duplicates in percent by TTL, with what is allowed of them in percent, percent and points.
type Entry = (usize, f64, f64, f64, [f64; 3]);

const RANDOM_TABLE: [Entry; 7] = [
    (3, 86.4, 86.8, 0.47, [6.0, 6.0, 0.5]),
    (4, 342.4, 349.6, 2.05, [6.0, 6.0, 0.5]),
    (5, 1_261.0, 1_366.0, 7.65, [5.0, 5.0, 1.0]),
    (6, 3_782.0, 4_943.0, 23.5, [4.0, 5.0, 1.5]),
    (7, 7_378.0, 14_129.0, 47.8, [3.0, 4.0, 2.0]),
    (8, 9_299.0, 25_229.0, 63.1, [1.0, 2.0, 1.0]),
    (9, 9_741.0, 29_619.0, 67.1, [0.5, 1.0, 0.3]),
];
const POWER_LAW_TABLE: [(usize, f64, f64); 3] = [(2, 331.0, 13.4), (3, 3_243.0, 54.3), (4, 7_136.0, 66.6)];

/// The paper's random graph: what hangs together of it.
pub(super) fn random(lab: &Lab<'_>) -> Graph {
    let (nodes, links) = RANDOM;
    largest_component(&uniform(nodes, links, &mut lab.rng(101)))
}

/// The paper's power-law graph: what hangs together of it.
pub(super) fn power_law(lab: &Lab<'_>) -> Graph {
    let (nodes, highest, exponent) = POWER_LAW;
    largest_component(&power_law_by_rank(nodes, highest, exponent, &mut lab.rng(102)))
}

pub(super) fn run(lab: &mut Lab<'_>) -> Result<(), Stop> {
    random_rows(lab)?;
    power_law_rows(lab)?;
    grid_rows(lab)
}

fn random_rows(lab: &mut Lab<'_>) -> Result<(), Stop> {
    let graph = random(lab);
    // A graph more or less: their largest parts have a standard deviation of about 15 nodes.
    let row = Row::core("random: nodes that hang together", 9_821.0, graph.nodes() as f64).points(19.0).sampled(15.0);
    lab.row(row.note("9,802 to 9,840 were measured on a few graphs; 9,806 are expected, from S = 1 - exp(-4.02 S)"))?;
    let count = lab.by_effort(8, 500, 3_000);
    let survey = Survey::take(lab, "random graph", 1, &graph, count, Plan::plain(255))?;
    for (ttl, reached, messages, duplicates, [off, more_off, points]) in RANDOM_TABLE {
        let name = |what| format!("random, TTL {ttl}: {what}");
        let mean = survey.reached(ttl);
        lab.row(lab.sampled(Row::core(name("reached"), reached, mean.value).percent(off).shown(1, ""), mean))?;
        let mean = survey.messages(ttl);
        lab.row(lab.sampled(Row::core(name("messages"), messages, mean.value).percent(more_off).shown(1, ""), mean))?;
        let mean = survey.duplicates(ttl);
        let row = Row::core(name("duplicates"), duplicates, mean.value).points(points).shown(2, "%");
        lab.row(lab.sampled(row, mean))?;
    }
    let full = survey.duplicates(255).value;
    lab.row(Row::core("random, full flood: duplicates", 67.6, full).points(0.2).shown(2, "%"))?;
    let row = Row::core("random, full flood: duplicates in the paper's own graph", 67.61, full).from(Basis::Recalled);
    lab.row(row.points(0.3).shown(2, "%").note("from the counts of nodes and links of the paper's table 1"))
}

fn power_law_rows(lab: &mut Lab<'_>) -> Result<(), Stop> {
    let graph = power_law(lab);
    let why = "the paper's own graph of 9,230 nodes and 20,599 links was made by a pairing that is not known";
    let nodes = Row::core("power-law: nodes that hang together", 9_250.0, graph.nodes() as f64).percent(1.0);
    lab.row(nodes.note(why))?;
    lab.row(Row::core("power-law: links", 19_513.0, graph.links() as f64).percent(1.5))?;
    let count = lab.by_effort(24, 500, 3_000);
    let survey = Survey::take(lab, "power-law graph", 2, &graph, count, Plan::plain(255))?;
    for (ttl, reached, duplicates) in POWER_LAW_TABLE {
        let mean = survey.reached(ttl);
        let row = Row::core(format!("power-law, TTL {ttl}: reached"), reached, mean.value).percent(8.0);
        lab.row(lab.sampled(row, mean))?;
        let mean = survey.duplicates(ttl);
        // Few sources are linked to a hub, and those alone make most of the duplicates of two hops.
        let points = if ttl == 2 { 4.0 } else { 2.0 };
        let row = Row::core(format!("power-law, TTL {ttl}: duplicates"), duplicates, mean.value).points(points);
        lab.row(lab.sampled(row.shown(2, "%"), mean))?;
    }
    let full = survey.duplicates(255).value;
    lab.row(Row::core("power-law, full flood: duplicates", 68.9, full).points(0.5).shown(2, "%"))
}

fn grid_rows(lab: &mut Lab<'_>) -> Result<(), Stop> {
    let graph = lab.graph(3, Kind::Grid, 10_000, 4)?;
    lab.row(Row::core("grid: links", 19_800.0, graph.links() as f64).from(Basis::Formula))?;
    let count = lab.by_effort(20, 500, 3_000);
    let survey = Survey::take(lab, "grid", 3, &graph, count, Plan::plain(8))?;
    let mean = survey.reached(8);
    lab.row(lab.sampled(Row::core("grid, TTL 8: reached", 136.0, mean.value).percent(1.5).shown(1, ""), mean))?;
    let mean = survey.duplicates(8);
    lab.row(lab.sampled(Row::core("grid, TTL 8: duplicates", 57.6, mean.value).points(0.3).shown(2, "%"), mean))
}
