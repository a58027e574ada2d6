//! `hopscope sim check`: seed after seed under the rules.

use std::panic::{AssertUnwindSafe, catch_unwind};

use clap::ArgMatches;
use serde::Serialize;

use super::millis;
use super::progress::Progress;
use super::stop::Stop;
use crate::app::{Clock, TopologyKind};
use crate::cli::failure::{Exit, Failure};
use crate::cli::format::{count, span};
use crate::cli::grammar::is_set;
use crate::cli::output::Out;
use crate::sim::live::{Checked, FOUND, TOPOLOGIES, check as check_seed};

/// Failures that are told before the rest is left for another time.
const MAX_FAILURES: usize = 10;

/// What is reported.
#[derive(Debug, Default, Serialize)]
struct Report {
    /// Seeds that held, in each topology.
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
}

/// Runs the seeds, those that failed once first.
pub(super) fn check(arguments: &ArgMatches) -> Result<Exit, Failure> {
    let number = |name: &str| arguments.get_one::<u64>(name).copied().unwrap_or_default();
    let (from, many) = (number("from"), number("seeds"));
    let (stop, clock) = (Stop::listen()?, Clock::start());
    let (mut report, mut progress) = (Report::default(), Progress::new());
    let known = if many > 1 { FOUND } else { &[] };
    let seeds = known.iter().copied().chain((0..many).map(|offset| from.wrapping_add(offset)));
    for (at, seed) in seeds.enumerate() {
        if stop.is_wanted() || report.failures.len() >= MAX_FAILURES {
            break;
        }
        progress.show(at as f64 / (known.len() as u64).saturating_add(many) as f64, || format!("seed {seed}"));
        TOPOLOGIES.into_iter().for_each(|topology| run(seed, topology, &mut report));
    }
    progress.clear();
    report.wall_ms = millis(clock.elapsed());
    tell(&report, is_set(arguments, "json"))
}

fn run(seed: u64, topology: TopologyKind, report: &mut Report) {
    // A core that panics is a mistake like any other, and the seeds after it are still worth a look.
    let checked = catch_unwind(AssertUnwindSafe(|| check_seed(seed, topology)));
    let why = match checked {
        Ok(Ok(Checked { events, searches, .. })) => {
            report.seeds += 1;
            report.events += events;
            report.searches += searches;
            return;
        }
        Ok(Err(violation)) => format!("a rule was {violation}"),
        Err(_) => "it panicked".to_owned(),
    };
    let replay = format!("hopscope sim check --seeds 1 --from {seed}");
    report.failures.push(Failed { seed, topology, why, replay });
}

fn tell(report: &Report, json: bool) -> Result<Exit, Failure> {
    let mut out = Out::new();
    if json {
        out.json(report)?;
    } else {
        let (seeds, searches) = (count(report.seeds, "seed"), report.searches);
        let took = span(report.wall_ms as u64);
        out.line(format!("{seeds} held: {} events and {searches} searches in {took}", report.events))?;
    }
    let line = |failed: &Failed| {
        let Failed { seed, topology, why, replay } = failed;
        format!("seed {seed} in {}: {why}; replay: {replay}", topology.name())
    };
    let lines = report.failures.iter().map(line);
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() { Ok(Exit::Done) } else { Err(Failure { exit: Exit::Failed, lines }) }
}
