//! `hopscope demo`: an overlay on this machine, each node its own process, with generated files to share.

mod catalogue;
mod children;
mod files;
mod graph;
mod list;
mod plan;
mod running;
mod viewer;
mod words;

use std::path::Path;
use std::time::Duration;

use clap::ArgMatches;

use self::graph::Graph;
use self::plan::Common;
use self::running::Lab;
use self::viewer::Viewer;
use super::failure::{Exit, Failure};
use super::flags::is_set;
use super::logging::{self, Target};
use super::node::{self, Signals};
use super::resolve::Resolved;
use super::scratch::Scratch;
use super::settings;
use crate::app::{Settings, TopologyKind};
use crate::base::Rng;

/// Links of the node in the terminal.
const OWN_LINKS: usize = 3;
/// What the node in the terminal is called.
const VIEWER: &str = "you";
/// What the lab's directory is called.
const DIRECTORY: &str = "directory";
/// The folder of the logs.
const LOGS: &str = "logs";

/// Said once, before anybody downloads anything.
const FLEETING: &str = "all of this lab, downloads too, is gone when it ends";

/// How long a search is held at each node of a lab that somebody watches, unless the settings say otherwise: a flood
/// among processes of one machine is over in less time than a key takes, and which copy comes first is then a matter of
/// the scheduler, not of the graph.
const SLOW_MOTION: Duration = Duration::from_millis(400);

/// Settings that a lab's nodes share with the command line, beside the slow motion.
const PASSED_ON: &[&str] = &["topology", "advertise-all", "ttl", "dedup", "hits"];

/// Starts the lab, and ends it with the terminal or with a signal.
pub(super) fn run(resolved: &Resolved, arguments: &ArgMatches, verbosity: u8) -> Result<Exit, Failure> {
    let json = is_set(arguments, "json");
    let headless = json || is_set(arguments, "headless");
    if !headless {
        node::needs_terminal("run `hopscope demo --headless` for a lab without a screen")?;
    }
    let (mut settings, screen) = (settings::settings(resolved)?, settings::screen(resolved)?);
    if !headless && resolved.is_default("hop-delay") {
        settings.hop_delay = SLOW_MOTION;
    }
    let drawn = arguments.contains_id("graph");
    if drawn && settings.topology != TopologyKind::Flood {
        let message =
            format!("--graph draws the links of a flooding lab, and {} has its own", settings.topology.name());
        return Err(Failure::usage(message, "leave one of --graph and --topology out"));
    }
    if headless && resolved.text("record").is_some() {
        return Err(Failure::usage("a lab without a screen searches nothing", "leave --record out, or --headless"));
    }
    let tape = node::tape(resolved, &settings)?;
    let mut rng = Rng::new(arguments.get_one::<u64>("seed").copied().unwrap_or_default());
    let graph = graph(arguments, &mut rng)?;
    let log = logging::start(resolved, verbosity, if headless { Target::Errors } else { Target::Screen })?;
    node::run(async {
        let mut signals = Signals::catch()?;
        let scratch = Scratch::new("demo")?;
        if !headless {
            eprintln!("{FLEETING}");
        }
        let common = common(resolved, &settings, scratch.path(), drawn, verbosity);
        let starting = Lab::start(&common, graph, &mut rng);
        let mut lab = tokio::select! {
            lab = starting => lab?,
            () = signals.wait() => return Ok(Exit::Done),
        };
        let result = if headless {
            let shown = lab.show(json).await;
            if shown.is_ok() {
                lab.wait(&mut signals).await;
            }
            shown
        } else {
            let config_dir = &resolved.places.folders.config;
            let viewer = Viewer { settings, tape, screen, drawn, folder: scratch.path(), config_dir };
            viewer.join(&lab, log, &mut rng).await
        };
        lab.end().await;
        result.map(|()| Exit::Done)
    })
}

fn graph(arguments: &ArgMatches, rng: &mut Rng) -> Result<Graph, Failure> {
    if let Some(path) = arguments.get_one::<String>("graph") {
        return Graph::read(Path::new(path));
    }
    let nodes = arguments.get_one::<usize>("nodes").copied().unwrap_or(1);
    let name = |node: usize| match node / words::BIRDS.len() {
        0 => words::BIRDS[node].to_owned(),
        flock => format!("{}-{}", words::BIRDS[node % words::BIRDS.len()], flock + 1),
    };
    Ok(Graph::random((0..nodes).map(name).collect(), rng))
}

/// What every child gets from this command line, its configuration and its environment.
fn common(resolved: &Resolved, settings: &Settings, folder: &Path, drawn: bool, verbosity: u8) -> Common {
    let value = |key: &&str| resolved.text(key).map(|value| format!("--{key}={value}"));
    let mut directory_flags = Vec::new();
    if let Some(row) = resolved.row("passphrase-file")
        && let Some(text) = row.values.last()
    {
        let path = resolved.places.path(text, &resolved.base(&row.origin));
        directory_flags.push(format!("--passphrase-file={}", path.display()));
    }
    directory_flags.extend(std::iter::repeat_n("-v".to_owned(), verbosity.into()));
    let slowed = format!("--hop-delay={}us", settings.hop_delay.as_micros());
    let flags = PASSED_ON.iter().filter_map(value).chain([slowed]).chain(directory_flags.iter().cloned()).collect();
    Common {
        folder: folder.to_owned(),
        topology: settings.topology,
        drawn,
        max_leaves: (!resolved.is_default("max-leaves")).then_some(settings.max_leaves),
        flags,
        directory_flags,
    }
}
