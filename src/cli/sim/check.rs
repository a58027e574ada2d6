//! `hopscope sim check`: seed after seed under the rules.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use clap::ArgMatches;
use serde::Serialize;

use super::millis;
use super::progress::Progress;
use super::seed_list;
use super::stop::Stop;
use crate::app::{Clock, TopologyKind};
use crate::cli::failure::{Exit, Failure};
use crate::cli::flags::is_set;
use crate::cli::format::{count, span};
use crate::cli::output::Out;
use crate::sim::live::{Checked, TOPOLOGIES, check as check_seed};

/// Failures that are told before the rest is left for another time.
const MAX_FAILURES: usize = 10;

/// What is reported.
#[derive(Debug, Default, Serialize)]
struct Report {
    /// Runs that held: each seed in each topology, and those of the list.
    seeds: u64,
    events: u64,
    searches: u64,
    wall_ms: f64,
    failures: Vec<Failed>,
}

/// A seed that failed.
#[derive(Debug, Serialize)]
struct Failed {
    seed: u64,
    topology: TopologyKind,
    why: String,
    replay: String,
    /// What to add to the list of seeds that once failed.
    line: String,
}

/// Runs the seeds, those of a list first.
pub(super) fn check(arguments: &ArgMatches) -> Result<Exit, Failure> {
    let number = |name: &str| arguments.get_one::<u64>(name).copied().unwrap_or_default();
    let (from, many) = (number("from"), number("seeds"));
    let (stop, clock) = (Stop::listen()?, Clock::start());
    let (mut report, mut progress) = (Report::default(), Progress::new());
    let list = arguments.get_one::<PathBuf>("list").map_or(Ok(Vec::new()), |path| seed_list::read(path))?;
    let all = list.len() as u64 + many * TOPOLOGIES.len() as u64;
    let drawn = (0..many).map(|offset| from.wrapping_add(offset));
    let drawn = drawn.flat_map(|seed| TOPOLOGIES.map(|topology| (seed, topology)));
    for (at, (seed, topology)) in list.into_iter().chain(drawn).enumerate() {
        if stop.is_wanted() || report.failures.len() >= MAX_FAILURES {
            break;
        }
        progress.show(at as f64 / all as f64, || format!("seed {seed}"));
        run(seed, topology, &mut report);
    }
    progress.clear();
    report.wall_ms = millis(clock.elapsed());
    tell(&report, is_set(arguments, "json"))
}

fn run(seed: u64, topology: TopologyKind, report: &mut Report) {
    // A core that panics is a mistake like any other, and the seeds after it are still worth a look.
    let checked = catch_unwind(AssertUnwindSafe(|| check_seed(seed, topology)));
    let (rule, why) = match checked {
        Ok(Ok(Checked { events, searches, .. })) => {
            report.seeds += 1;
            report.events += events;
            report.searches += searches;
            return;
        }
        Ok(Err(violation)) => (violation.rule, format!("a rule was {violation}")),
        Err(_) => ("a panic", "it panicked".to_owned()),
    };
    let replay = format!("hopscope sim check --seeds 1 --from {seed}");
    let line = seed_list::line(seed, topology, rule);
    report.failures.push(Failed { seed, topology, why, replay, line });
}

fn tell(report: &Report, json: bool) -> Result<Exit, Failure> {
    let mut out = Out::new();
    if json {
        out.json(report)?;
    } else {
        let (seeds, searches) = (count(report.seeds, "run"), report.searches);
        let took = span(report.wall_ms as u64);
        out.line(format!("{seeds} held: {} events and {searches} searches in {took}", report.events))?;
    }
    let line = |failed: &Failed| {
        let Failed { seed, topology, why, replay, line } = failed;
        [
            format!("seed {seed} in {}: {why}; replay: {replay}", topology.name()),
            format!("once it is mended, add to simulations/seeds.txt: {line}"),
        ]
    };
    let lines: Vec<String> = report.failures.iter().flat_map(line).collect();
    if lines.is_empty() { Ok(Exit::Done) } else { Err(Failure { exit: Exit::Failed, lines }) }
}
