//! `hopscope sim watch`: a scenario's world in the terminal, seen from any of its nodes.

use std::path::Path;

use clap::ArgMatches;

use super::scenario_file;
use crate::app::{Speed, TopologyKind};
use crate::base::Time;
use crate::cli::failure::{Exit, Failure};
use crate::cli::flags::is_set;
use crate::cli::node;
use crate::cli::resolve::Resolved;
use crate::cli::settings;
use crate::sim::live::{Scenario, Span, World};
use crate::watch::{self, View};

/// Reads a scenario and looks into its world until the user quits.
pub(super) fn run(resolved: &Resolved, arguments: &ArgMatches) -> Result<Exit, Failure> {
    let screen = settings::screen(resolved)?;
    let path = arguments.get_one::<String>("scenario").map_or("", String::as_str);
    let mut scenario = scenario_file::read(Path::new(path))?;
    if let Some(topology) = arguments.get_one::<TopologyKind>("world-topology") {
        scenario.topology = vec![*topology];
        scenario.check().map_err(|no| Failure::usage(format!("{path}: {}", no.why), "choose another topology"))?;
    }
    let seed = arguments.get_one::<u64>("seed").copied().unwrap_or(scenario.seed);
    let view = view(arguments, &scenario)?;
    node::needs_terminal("run `hopscope sim run`, which needs none")?;
    let topology = scenario.topology.first().copied().unwrap_or_default();
    let world = World::new(&scenario, topology, seed)
        .map_err(|error| Failure::usage(error.to_string(), "choose another graph"))?;
    node::run(async {
        let handle = watch::start(world, &scenario, seed, view)
            .map_err(|error| Failure::failed(format!("the world has no thread: {error}"), "look at `ulimit -u`"))?;
        let ended = node::open_screen(handle.clone(), screen, &resolved.places.folders.config).await?;
        eprint!("{}", node::summary(ended, &handle));
        Ok(Exit::Done)
    })
}

fn view(arguments: &ArgMatches, scenario: &Scenario) -> Result<View, Failure> {
    let population = scenario.population() as u64;
    // Somebody ordinary: the first ones are known to everybody, or serve the directory, and crowds come late.
    let usual = scenario.nodes.0 as u64 / 2;
    let node = arguments.get_one::<u64>("node").copied().unwrap_or(usual);
    if node >= population {
        let there = format!("the scenario has nodes 0 to {}", population.saturating_sub(1));
        return Err(Failure::usage(format!("there is no node {node}"), there));
    }
    let from = arguments.get_one::<Span>("at").copied().unwrap_or(scenario.searches.from);
    Ok(View {
        node: node as u32,
        speed: arguments.get_one::<Speed>("speed").copied().unwrap_or_default(),
        paused: is_set(arguments, "paused"),
        from: Time::ZERO + from.0,
    })
}
