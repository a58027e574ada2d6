//! Jovanovic, 2001: the short-circuit. A copy that took fewer hops over slow links comes later than one that took more over
//! fast ones, and is thrown away as a duplicate: nodes at the rim get no query although their distance is within its TTL.

use std::time::Duration;

use super::lab::{Lab, Stop};
use super::row::{Basis, Row};
use super::survey::{Mean, Plan, Survey};
use crate::overlay::Dedup;
use crate::sim::{Delay, Graph, Kind};

/// The mean delay of a link.
const MEAN: Duration = Duration::from_millis(100);

pub(super) fn run(lab: &mut Lab<'_>) -> Result<(), Stop> {
    let nodes = lab.by_effort(10_000, 100_000, 100_000);
    let graph = lab.graph(1, Kind::Regular, nodes, 8)?;
    let count = lab.by_effort(4, 10, 60);
    let survey = |lab: &mut Lab<'_>, name: &str, part, delay, dedup, ttl| {
        Survey::take(lab, name, part, &graph, count, Plan { ttl, delay, dedup })
    };
    // A tenth of the nodes are reached by one hop less, give or take: there the ratios of the large graph hold roughly.
    let small = nodes < 100_000;
    let ttl = if small { 5 } else { 6 };
    let even = survey(lab, "even delays", 1, Delay::default(), Dedup::First, ttl)?;
    let exponential = survey(lab, "exponential delays", 1, Delay::exponential(MEAN), Dedup::First, ttl)?;
    let uniform = survey(lab, "uniform delays", 1, Delay::uniform_to(2 * MEAN), Dedup::First, ttl)?;
    let again = survey(lab, "passing on higher TTLs", 1, Delay::exponential(MEAN), Dedup::HighestTtl, ttl)?;
    let ball = even.reached(255);
    let share = |survey: &Survey| 100.0 * survey.reached(255).value / ball.value;
    if !small {
        absolute(lab, &even, &exponential, &uniform)?;
    }
    let off = if small { 8.0 } else { 1.5 };
    let name = format!("8-regular, {nodes} nodes, TTL {ttl}");
    let row = |what: &str, published, ours| Row::core(format!("{name}: {what}"), published, ours).shown(1, "%");
    for (what, published, survey) in [("exponential", 76.1, &exponential), ("uniform", 83.5, &uniform)] {
        let error = 100.0 * survey.reached(255).error / ball.value;
        let row = row(&format!("of the ball reached, {what} delays"), published, share(survey)).points(off);
        lab.row(lab.sampled(row, Mean { value: share(survey), error }))?;
    }
    lab.row(row("of the ball reached, higher TTLs passed on", 99.5, share(&again)).at_least())?;
    let cost = again.messages(255).value / exponential.messages(255).value;
    let row =
        Row::core(format!("{name}: messages for that, times those of plain suppression"), 1.72, cost).shown(2, "x");
    lab.row(
        row.open("which of several copies of one TTL comes first is chance; 141,000 to 82,000 were measured before"),
    )?;
    paper(lab, &graph, share(&exponential))
}

fn absolute(lab: &mut Lab<'_>, even: &Survey, exponential: &Survey, uniform: &Survey) -> Result<(), Stop> {
    let rows = [
        ("even delays: reached", 79_185.0, 0.3, even),
        ("exponential delays: reached", 60_300.0, 1.5, exponential),
        ("uniform delays: reached", 66_150.0, 1.0, uniform),
    ];
    for (what, published, percent, survey) in rows {
        let mean = survey.reached(255);
        let row = Row::core(format!("8-regular, 100,000 nodes, TTL 6, {what}"), published, mean.value);
        lab.row(lab.sampled(row.percent(percent), mean))?;
    }
    Ok(())
}

/// What the thesis says: about half of what could be reached.
fn paper(lab: &mut Lab<'_>, graph: &Graph, ours: f64) -> Result<(), Stop> {
    let why = format!(
        "the paper's half is of a Gnutella of its time with measured delays, this is a random graph of {} nodes with \
         exponential ones; the effect is the same and its size follows from both",
        graph.nodes()
    );
    let row = Row::core("share of the ball that a query reaches, about", 50.0, ours).from(Basis::Paper);
    lab.row(row.shown(0, "%").open(why))
}
