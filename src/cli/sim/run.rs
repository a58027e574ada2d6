//! `hopscope sim run`: a scenario, from its file to its report.

use std::path::Path;

use clap::ArgMatches;
use serde::Serialize;

use super::process::{peak_memory, processor_time};
use super::progress::Progress;
use super::stop::Stop;
use super::{millis, picture, scenario_file, table};
use crate::app::{Clock, TopologyKind};
use crate::base::Time;
use crate::cli::failure::{Exit, Failure};
use crate::cli::flags::is_set;
use crate::cli::format::span;
use crate::cli::output::Out;
use crate::sim::live::{Outcome, Scenario, Span, World};

/// Events between two looks at whether to stop.
const SLICE: u64 = 20_000;

/// What is reported.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// What the scenario is called.
    pub(super) scenario: String,
    /// What it shows.
    pub(super) about: String,
    pub(super) seed: u64,
    /// Whether everything was run to its end.
    pub(super) finished: bool,
    /// The rule that was broken.
    pub(super) violation: Option<String>,
    /// One for each topology.
    pub(super) runs: Vec<Run>,
}

/// One topology's run.
#[derive(Debug, Serialize)]
pub(super) struct Run {
    #[serde(flatten)]
    pub(super) outcome: Outcome,
    pub(super) wall_ms: f64,
    /// Processor time; `None` where the system does not tell.
    pub(super) cpu_ms: Option<f64>,
    pub(super) events_per_s: u64,
    /// The most memory so far, that of earlier topologies included; `None` where the system does not tell.
    pub(super) peak_rss_bytes: Option<u64>,
}

/// Runs a scenario and prints what came of it.
pub(super) fn run(arguments: &ArgMatches) -> Result<Exit, Failure> {
    let path = arguments.get_one::<String>("scenario").map_or("", String::as_str);
    let scenario = resized(scenario_file::read(Path::new(path))?, arguments)?;
    let seed = arguments.get_one::<u64>("seed").copied().unwrap_or(scenario.seed);
    let stop = Stop::listen()?;
    let report = simulate(&scenario, seed, &stop)?;
    if let Some(file) = arguments.get_one::<String>("svg") {
        let unwritable = |error| Failure::failed(format!("{file} cannot be written: {error}"), "name another file");
        std::fs::write(file, picture::draw(&report)).map_err(unwritable)?;
    }
    let mut out = Out::new();
    if is_set(arguments, "hash") {
        report
            .runs
            .iter()
            .try_for_each(|run| out.line(format!("{} {}", run.outcome.topology.name(), run.outcome.hash)))?;
    } else if is_set(arguments, "json") {
        out.json(&report)?;
    } else {
        table::show(&mut out, &report, &scenario)?;
    }
    match report.violation {
        Some(violation) => {
            let nodes = arguments.get_one::<usize>("nodes").map(|nodes| format!(" --nodes {nodes}"));
            let duration = arguments.get_one::<Span>("duration").map(|span| format!(" --duration {span}"));
            let (nodes, duration) = (nodes.unwrap_or_default(), duration.unwrap_or_default());
            let replay = format!("replay it with `hopscope sim run {path} --seed {seed}{nodes}{duration}`");
            Err(Failure::failed(format!("a rule was {violation}"), replay))
        }
        None if report.finished => Ok(Exit::Done),
        None => Ok(Exit::Failed),
    }
}

/// The scenario in the size that the command line asks for. What was to happen after an earlier end does not.
fn resized(mut scenario: Scenario, arguments: &ArgMatches) -> Result<Scenario, Failure> {
    if let Some(&nodes) = arguments.get_one::<usize>("nodes") {
        scenario = scenario.with_nodes(nodes);
        scenario.check().map_err(|mistake| Failure::usage(mistake.why, "choose another --nodes"))?;
    }
    if let Some(&duration) = arguments.get_one::<Span>("duration") {
        scenario.duration = duration;
    }
    Ok(scenario)
}

/// Runs a scenario in each of its topologies, until the user stops it or a rule is broken.
fn simulate(scenario: &Scenario, seed: u64, stop: &Stop) -> Result<Report, Failure> {
    let (name, about) = (scenario.name.clone(), scenario.about.clone());
    let mut report = Report { scenario: name, about, seed, finished: true, violation: None, runs: Vec::new() };
    let mut progress = Progress::new();
    for &topology in &scenario.topology {
        let (clock, used) = (Clock::start(), processor_time());
        let mut world = World::new(scenario, topology, seed)
            .map_err(|error| Failure::usage(error.to_string(), "choose another graph"))?;
        let until = Time::ZERO + scenario.duration.0;
        loop {
            match world.run(until, SLICE) {
                Ok(true) => break,
                Ok(false) if stop.is_wanted() => report.finished = false,
                Ok(false) => {
                    show(&mut progress, &world, topology, until);
                    continue;
                }
                Err(violation) => report.violation = Some(violation.to_string()),
            }
            break;
        }
        let took = clock.elapsed();
        let events_per_s = (world.events() as f64 / took.as_secs_f64().max(1e-9)) as u64;
        let cpu_ms = processor_time().zip(used).map(|(now, then)| millis(now.saturating_sub(then)));
        let (outcome, peak_rss_bytes) = (world.outcome(), peak_memory());
        report.runs.push(Run { outcome, wall_ms: millis(took), cpu_ms, events_per_s, peak_rss_bytes });
        // Many nodes take a while to take apart, and nobody is to wait for it.
        std::mem::forget(world);
        if !report.finished || report.violation.is_some() {
            break;
        }
    }
    progress.clear();
    Ok(report)
}

fn show(progress: &mut Progress, world: &World, topology: TopologyKind, until: Time) {
    let (now, end) = (world.now().micros(), until.micros());
    progress.show(now as f64 / end.max(1) as f64, || {
        let (name, now, end) = (topology.name(), span(now / 1_000), span(end / 1_000));
        format!("{name}: {now} of {end}, {} nodes online, {} events", world.online(), world.events())
    });
}
