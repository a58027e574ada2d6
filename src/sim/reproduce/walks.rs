//! Lv, Cao, Cohen, Li and Shenker, 2002: what a search costs by flooding, by rings and by walkers, for the same file.

use super::lab::{Lab, Stop};
use super::lv;
use super::row::{Basis, Row};
use super::survey::{Mean, Plan, Survey};
use super::walkers::{Gait, Walk, Walkers};
use crate::sim::{Graph, Kind};

/// The paper's walkers.
const GAIT: Gait = Gait { walkers: 32, check: 4, ttl: 1_024, one_hop_index: false };

/// What is known of searches on one graph with one replication.
struct Known {
    /// Copies of the file for each 10,000 nodes.
    replication: f64,
    /// The TTL of the flood, and its messages.
    flood: (usize, f64),
    /// Messages of rings.
    ring: f64,
    /// Messages of walkers without checks, and steps until the first finds it.
    walk: (f64, f64),
    /// What is allowed of floods, rings and walks, in percent.
    off: [f64; 3],
}

const RANDOM: [Known; 3] = [
    Known { replication: 12.5, flood: (6, 4_776.0), ring: 4_032.0, walk: (942.0, 28.0), off: [6.0, 10.0, 6.0] },
    Known { replication: 25.0, flood: (6, 4_927.0), ring: 1_923.0, walk: (502.0, 14.2), off: [5.0, 10.0, 5.0] },
    Known { replication: 100.0, flood: (5, 1_355.0), ring: 591.0, walk: (209.0, 5.1), off: [6.0, 10.0, 6.0] },
];
const POWER_LAW: [Known; 2] = [
    Known { replication: 25.0, flood: (4, 21_209.0), ring: 9_819.0, walk: (744.0, 21.7), off: [8.0, 10.0, 10.0] },
    Known { replication: 100.0, flood: (4, 21_795.0), ring: 8_035.0, walk: (245.0, 6.1), off: [8.0, 10.0, 10.0] },
];
const REGULAR: [Known; 1] =
    [Known { replication: 25.0, flood: (4, 3_131.0), ring: 6_674.0, walk: (486.0, 13.7), off: [2.0, 10.0, 5.0] }];

pub(super) fn run(lab: &mut Lab<'_>) -> Result<(), Stop> {
    let graph = lv::random(lab);
    let survey = searches(lab, "random", 1, &graph, &RANDOM)?;
    bar(lab, &graph, &survey)?;
    let graph = lv::power_law(lab);
    searches(lab, "power-law", 2, &graph, &POWER_LAW)?;
    let graph = lab.graph(3, Kind::Regular, 10_000, 8)?;
    searches(lab, "8-regular", 3, &graph, &REGULAR)?;
    grid(lab)
}

fn copies(graph: &Graph, replication: f64) -> usize {
    (graph.nodes() as f64 * replication / 10_000.0).round() as usize
}

/// Searches by walkers, averaged.
struct Walked {
    messages: Mean,
    checks: Mean,
    first: Mean,
    visited: Mean,
    /// Percent.
    success: f64,
}

fn walked(lab: &mut Lab<'_>, what: &str, part: u64, graph: &Graph, copies: usize) -> Result<Walked, Stop> {
    let count = lab.by_effort(400, 5_000, 20_000);
    let mut rng = lab.rng(part);
    let mut walkers = Walkers::new(graph);
    lab.done(what, 0, count)?;
    let walks: Vec<Walk> = (0..count).map(|_| walkers.search(copies, GAIT, &mut rng)).collect();
    let mean = |each: fn(&Walk) -> u64| Mean::of(&walks.iter().map(|walk| each(walk) as f64).collect::<Vec<_>>());
    let found: Vec<f64> = walks.iter().filter_map(|walk| walk.first.map(|first| first as f64)).collect();
    Ok(Walked {
        messages: mean(|walk| walk.messages),
        checks: mean(|walk| walk.checks),
        first: Mean::of(&found),
        visited: mean(|walk| walk.visited),
        success: 100.0 * found.len() as f64 / count as f64,
    })
}

/// What each way to search costs at each replication; returns the floods.
fn searches(lab: &mut Lab<'_>, name: &str, part: u64, graph: &Graph, table: &[Known]) -> Result<Survey, Stop> {
    let count = lab.by_effort(8, 500, 3_000);
    let survey = Survey::take(lab, &format!("floods, {name}"), part, graph, count, Plan::plain(255))?;
    for (at, known) in table.iter().enumerate() {
        let copies = copies(graph, known.replication);
        let [flood_off, ring_off, walk_off] = known.off;
        let name = |what: &str| format!("{name}, {} %: {what}", known.replication / 100.0);
        let (ttl, published) = known.flood;
        let success = 100.0 * survey.success(ttl, copies).value;
        let mean = survey.messages(ttl);
        let row = Row::core(name(&format!("flood of TTL {ttl}, messages")), published, mean.value).percent(flood_off);
        lab.row(lab.sampled(row.note(format!("finds it in {success:.1} % of searches")), mean))?;
        let mean = survey.ring(copies);
        let row = Row::core(name("rings of TTL 1, 3, 5, …, messages"), known.ring, mean.value).percent(ring_off);
        lab.row(lab.sampled(row, mean))?;
        let walked = walked(lab, &name("walks"), part << 8 | at as u64, graph, copies)?;
        let (messages, first) = known.walk;
        let row = Row::model(name("32 walkers, messages"), messages, walked.messages.value).percent(walk_off);
        lab.row(lab.sampled(row, walked.messages))?;
        let row = Row::model(name("32 walkers, steps to the first copy"), first, walked.first.value);
        lab.row(lab.sampled(row.percent(walk_off).shown(1, ""), walked.first))?;
    }
    Ok(survey)
}

/// The tolerances that are named for walkers on the random graph with a replication of 0.25 %.
fn bar(lab: &mut Lab<'_>, graph: &Graph, survey: &Survey) -> Result<(), Stop> {
    let copies = copies(graph, 25.0);
    let walked = walked(lab, "walks", 10, graph, copies)?;
    let row = |what: &str, published, ours| Row::model(format!("random, 0.25 %: {what}"), published, ours);
    lab.row(row("walkers that find it", 100.0, walked.success).shown(1, "%"))?;
    let share = walked.checks.value / walked.messages.value;
    lab.row(row("checks for each step", 0.25, share).percent(3.0).shown(3, ""))?;
    let visited = row("nodes that walkers came to", 435.0, walked.visited.value).percent(5.0);
    lab.row(lab.sampled(visited, walked.visited))?;
    let flood = survey.messages(6);
    let success =
        Row::core("random, 0.25 %: floods of TTL 6 that find it", 98.0, 100.0 * survey.success(6, copies).value);
    lab.row(lab.sampled(success.at_least().shown(1, "%"), survey.success(6, copies)))?;
    let cost = walked.messages.value + walked.checks.value;
    let gain = Mean { value: flood.value / cost, error: flood.error / cost };
    let row = row("flood for each message of walkers, checks and all", 7.0, gain.value).at_least().shown(1, "x");
    lab.row(lab.sampled(row, gain))?;
    let why = "two orders in many cases, says the abstract: on this graph it is less than one, and more where hubs make \
               floods dear; part of it is that a TTL is whole hops";
    let row = Row::model("random, 0.25 %: orders of magnitude saved", 2.0, gain.value.log10()).from(Basis::Paper);
    lab.row(row.shown(2, "").open(why))
}

fn grid(lab: &mut Lab<'_>) -> Result<(), Stop> {
    let graph = lab.graph(4, Kind::Grid, 10_000, 4)?;
    let count = lab.by_effort(20, 500, 3_000);
    let survey = Survey::take(lab, "floods, grid", 4, &graph, count, Plan::plain(14))?;
    let success = survey.success(14, 25);
    let success = Mean { value: 100.0 * success.value, error: 100.0 * success.error };
    let row = Row::core("grid, 0.25 %: floods of TTL 14 that find it", 60.0, success.value).points(2.0).shown(1, "%");
    lab.row(lab.sampled(row, success))?;
    let walked = walked(lab, "walks, grid", 4 << 8, &graph, 25)?;
    let why = "how a walker goes on where every link was used is not told; rules that agree within a few percent on the \
               other graphs give 1,100 to 2,200 messages here, where all walkers crowd around the origin";
    let row = Row::model("grid, 0.25 %: 32 walkers, messages", 1_524.0, walked.messages.value);
    lab.row(row.open(why))?;
    let row = Row::model("grid, 0.25 %: 32 walkers, steps to the first copy", 46.2, walked.first.value);
    lab.row(row.shown(1, "").open("as above"))
}
