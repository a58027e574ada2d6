//! A run's report for people: the topologies side by side, then each by TTL and by hop.

use super::run::{Report, Run};
use crate::app::Strategy;
use crate::cli::failure::Failure;
use crate::cli::format::{bytes, count, span};
use crate::cli::output::{Column, Out, Style, left, right};
use crate::sim::live::{ByHop, Outcome, Roles, Scenario};

/// A row of the comparison: what it is called, and what it is of one run.
type Row = (&'static str, fn(&Run) -> String);

/// What rows of walks are called.
const WALK: &str = Strategy::Walk { walkers: 0 }.name();

/// What the topologies are compared by.
const ROWS: [Row; 18] = [
    ("nodes online at the end", |run| format!("{} of {}", run.outcome.online, run.outcome.nodes)),
    ("parts they fall into", |run| run.outcome.parts.to_string()),
    ("neighbors, average", |run| format!("{:.1}", run.outcome.neighbors.mean)),
    ("ultra-peers, leaves", |run| roles(run, |roles| format!("{}, {}", roles.ultrapeers, roles.leaves))),
    ("leaves of an ultra-peer, ultra-peers of a leaf", |run| {
        roles(run, |roles| format!("{:.1}, {:.1}", roles.leaves_each, roles.ultrapeers_each))
    }),
    ("started, left", |run| format!("{}, {}", run.outcome.lives.births, run.outcome.lives.left)),
    ("crashed, vanished", |run| format!("{}, {}", run.outcome.lives.crashed, run.outcome.lives.vanished)),
    ("searches", |run| run.outcome.searches.to_string()),
    ("found what somebody had", |run| found(&run.outcome)),
    ("query copies", |run| run.outcome.messages["query"].sent.to_string()),
    ("hits on links", |run| run.outcome.messages["hit"].sent.to_string()),
    ("direct deliveries", |run| format!("{}, {} failed", run.outcome.direct.delivered, run.outcome.direct.failed)),
    ("other messages", |run| other(&run.outcome).to_string()),
    ("bytes on links", |run| bytes(run.outcome.bytes())),
    ("messages lost", |run| lost(&run.outcome).to_string()),
    ("load: median, 99 %, most", |run| {
        format!("{}, {}, {}", run.outcome.load.median, run.outcome.load.p99, run.outcome.load.most)
    }),
    ("load of the busiest 1 %", |run| format!("{:.1} %", run.outcome.load.top_share * 100.0)),
    ("hash", |run| run.outcome.hash.clone()),
];

/// Prints a report.
pub(super) fn show(out: &mut Out, report: &Report, scenario: &Scenario) -> Result<(), Failure> {
    let shown: String = report.scenario.chars().filter(|c| !c.is_control()).take(60).collect();
    let virtual_ms = report.runs.last().map_or(0.0, |run| run.outcome.virtual_ms) as u64;
    let early = if report.finished && report.violation.is_none() { "" } else { ", ended early" };
    let nodes = count(scenario.population() as u64, "node");
    out.line(format!("simulated: {shown}: {nodes} for {}, seed {}{early}", span(virtual_ms), report.seed))?;
    let head: Vec<Column> =
        [left("")].into_iter().chain(report.runs.iter().map(|run| right(run.outcome.topology.name()))).collect();
    let row = |(name, of): &Row| [(*name).to_owned()].into_iter().chain(report.runs.iter().map(of)).collect();
    out.table(&head, &ROWS.iter().map(row).collect::<Vec<Vec<String>>>())?;
    for run in &report.runs {
        show_searches(out, run)?;
    }
    report.runs.iter().try_for_each(|run| {
        let took = span(run.wall_ms as u64);
        let each = |ms: f64| format!(", {:.2} us of CPU each", ms * 1_000.0 / run.outcome.events.max(1) as f64);
        out.line(format!(
            "{}: {} events in {took}, {} a second{}{}",
            run.outcome.topology.name(),
            run.outcome.events,
            run.events_per_s,
            run.cpu_ms.map(each).unwrap_or_default(),
            run.peak_rss_bytes.map(|peak| format!(", {} of memory", bytes(peak))).unwrap_or_default(),
        ))
    })
}

fn show_searches(out: &mut Out, run: &Run) -> Result<(), Failure> {
    let name = out.paint(Style::Strong, run.outcome.topology.name());
    out.line(format!("\n{name}: searches by TTL and strategy, on average"))?;
    let rows: Vec<Vec<String>> = run
        .outcome
        .by_ttl
        .iter()
        .map(|row| {
            let success = format!("{:.1} %", row.success() * 100.0);
            let tenths = [row.reached, row.messages, row.duplicates].map(|number| format!("{number:.1}"));
            let first = format!("{:.0} ms", row.first_hit_ms);
            let begun = [row.strategy.to_owned(), row.ttl.to_string(), row.searches.to_string(), success];
            begun.into_iter().chain(tenths).chain([first]).collect()
        })
        .collect();
    let numbers = ["TTL", "searches", "success", "reached", "messages", "duplicates", "first hit"].map(right);
    let head: Vec<Column> = [left("strategy")].into_iter().chain(numbers).collect();
    out.table(&head, &rows)?;
    if run.outcome.by_hop.is_empty() {
        return Ok(());
    }
    let walked = run.outcome.by_ttl.iter().any(|row| row.strategy == WALK);
    let without = if walked { "; the steps of walks are no hops" } else { "" };
    out.line(format!("\n{name}: searches by hop and strategy, on average{without}"))?;
    let row = |row: &ByHop| {
        let [reached, messages] = [row.reached, row.messages].map(|number| format!("{number:.1}"));
        vec![row.strategy.to_owned(), row.hop.to_string(), reached, messages, format!("{:.1} %", row.horizon * 100.0)]
    };
    let rows: Vec<Vec<String>> = run.outcome.by_hop.iter().map(row).collect();
    let numbers = ["hop", "reached", "messages", "horizon"].map(right);
    let head: Vec<Column> = [left("strategy")].into_iter().chain(numbers).collect();
    out.table(&head, &rows)
}

fn roles(run: &Run, show: impl Fn(&Roles) -> String) -> String {
    run.outcome.roles.as_ref().map_or_else(|| "-".to_owned(), show)
}

fn found(outcome: &Outcome) -> String {
    let (possible, found) = outcome.found();
    format!("{found} of {possible}, {:.1} %", found as f64 * 100.0 / possible.max(1) as f64)
}

fn other(outcome: &Outcome) -> u64 {
    outcome.messages.iter().filter(|(kind, _)| !["query", "hit"].contains(kind)).map(|(_, traffic)| traffic.sent).sum()
}

fn lost(outcome: &Outcome) -> u64 {
    let of_kind = outcome.messages.values();
    of_kind.map(|traffic| traffic.dropped + traffic.broken + traffic.queue + traffic.gone).sum()
}
