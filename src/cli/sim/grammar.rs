//! The command line below `hopscope sim`.

use std::path::PathBuf;

use clap::{Arg, Command, value_parser};

use super::flood::delay;
use crate::app::{Dedup, Speed, TopologyKind};
use crate::cli::flags::{json, seed, setting, switch};
use crate::cli::settings::{number, word};
use crate::sim::live::{MAX_LIVE_NODES, Span};
use crate::sim::{Kind, MAX_NODES, MAX_THREADS};

/// Seeds of one check: more than anybody has time for, each in three topologies.
const MAX_SEEDS: u64 = 1_000_000_000_000;

/// `hopscope sim` and what is below it.
pub(in crate::cli) fn sim() -> Command {
    Command::new("sim")
        .about("Simulate an overlay: the same node many times, in virtual time")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands([flood(), run(), watch(), check(), super::reproduce::command()])
}

/// Which nodes are linked: as a file says, or as follows from a few numbers.
fn graph() -> [Arg; 4] {
    let whole = |name: &'static str, least: usize| {
        let arg = Arg::new(name).long(name).value_parser(move |text: &str| number(text, least, MAX_NODES));
        arg.conflicts_with("graph").required_unless_present("graph")
    };
    let kinds = Kind::ALL.map(|(name, _)| name);
    let kind = move |text: &str| {
        let known = Kind::ALL.into_iter().find(|(name, _)| *name == text);
        known.map(|(_, kind)| kind).ok_or_else(|| format!("this version knows {}", kinds.join(", ")))
    };
    [
        Arg::new("graph").long("graph").value_name("EDGES").help(
            "Link the nodes as in this file: a pair of numbers a line, # for comments; loops and doubles are left out",
        ),
        whole("nodes", 2).value_name("N").help("Make a graph of that many nodes"),
        whole("degree", 1).value_name("D").help("Links of each node, or on average, as the kind has it"),
        Arg::new("kind").long("kind").value_name("KIND").value_parser(kind).conflicts_with("graph").help(
            "regular: D links each, the default; random: D on average; powerlaw: D on average, some have many; \
             grid: D/2 dimensions; tree: D children at the root, D-1 below",
        ),
    ]
}

fn flood() -> Command {
    Command::new("flood")
        .about("Send one query through an overlay, and count what it reaches and what it costs")
        .long_about(
            "Send one query through an overlay of simulated nodes, and count what it reaches and what it costs. The nodes \
             run the very code of real ones; links are simulated, and so is time. The same seed gives the same run.",
        )
        .args(graph())
        .arg(
            Arg::new("ttl")
                .long("ttl")
                .value_name("T")
                .required(true)
                .value_parser(value_parser!(u8).range(1..))
                .help("How many hops the query may travel"),
        )
        .arg(
            Arg::new("origin")
                .long("origin")
                .value_name("I")
                .value_parser(value_parser!(u64))
                .help("The number of the node that asks; the lowest one unless given"),
        )
        .arg(
            Arg::new("delay")
                .long("delay")
                .value_name("DELAY")
                .default_value("50ms")
                .value_parser(delay)
                .help("How long a link takes: a time, or a range as 10ms..100ms from which each link draws its own"),
        )
        .arg(
            Arg::new("dedup")
                .long("dedup")
                .value_name("RULE")
                .default_value("highest-ttl")
                .value_parser(word::<Dedup>)
                .help("Whether a duplicate with a higher TTL is passed on again: highest-ttl, or first for never"),
        )
        .arg(seed("Graph, delays and ids follow from it").default_value("1"))
        .arg(
            Arg::new("threads")
                .long("threads")
                .value_name("N")
                .value_parser(|text: &str| number(text, 1, MAX_THREADS))
                .help("Threads that share the work, one for each processor unless given; the result is the same"),
        )
        .arg(json("Print one JSON object"))
}

fn scenario() -> Arg {
    Arg::new("scenario").value_name("SCENARIO").required(true).help("A scenario file; see `simulations/`")
}

fn run() -> Command {
    Command::new("run")
        .about("Run a scenario: nodes that come and go, links that break, searches; and report what came of it")
        .long_about(
            "Run a scenario: nodes that come and go, links that break, searches; and report what came of it. The nodes run the \
             very code of real ones; links are simulated, and so is time. The same seed gives the same run. Rules that must \
             always hold are looked at on the way; the first that is broken ends the run. Ctrl-c ends it early and reports \
             what was done.",
        )
        .arg(scenario())
        .arg(seed("Another seed than the scenario names"))
        .arg(
            Arg::new("nodes")
                .long("nodes")
                .value_name("N")
                .value_parser(|text: &str| number(text, 2, MAX_LIVE_NODES))
                .help("The same scenario with that many nodes; crowds and well-known nodes change in proportion"),
        )
        .arg(
            Arg::new("duration")
                .long("duration")
                .value_name("TIME")
                .value_parser(|text: &str| text.parse::<Span>().map_err(|error| error.to_string()))
                .help("End it after that time, for example 10m"),
        )
        .arg(Arg::new("svg").long("svg").value_name("FILE").help("Draw the report there too"))
        .arg(switch("hash", "Print only the hash over everything that happened, a line for each topology"))
        .arg(json("Print one JSON object"))
        .after_help("Exit code 1 if a rule was broken, or the run was ended early.")
}

fn watch() -> Command {
    Command::new("watch")
        .about("Look into a scenario: any node's own screens and floods, and its clock in your hands")
        .long_about(
            "Look into a scenario: any node's own screens and floods, with the world's clock paused, stepped, slowed down and \
             sped up. Search, change the topology or close a link there, as on a node of your own. Everything on the screen \
             comes from the core of that node, and everything is marked as simulated. `?` lists the keys.",
        )
        .arg(scenario())
        .arg(seed("Another seed than the scenario names"))
        .arg(
            Arg::new("world-topology")
                .long("topology")
                .value_name("TOPOLOGY")
                .value_parser(word::<TopologyKind>)
                .help("The topology of the world; the scenario's first one unless given"),
        )
        .arg(
            Arg::new("node")
                .long("node")
                .value_name("N")
                .value_parser(value_parser!(u64))
                .help("The number of the node to look at first; one in the middle unless given"),
        )
        .arg(
            Arg::new("speed")
                .long("speed")
                .value_name("X")
                .value_parser(|text: &str| text.parse::<Speed>())
                .help("How fast the world's clock runs, as times real time: 1/1000 to 1000; 1 unless given"),
        )
        .arg(
            Arg::new("at")
                .long("at")
                .value_name("TIME")
                .value_parser(|text: &str| text.parse::<Span>())
                .help("Run the world ahead to that time at first; to its first searches unless given"),
        )
        .arg(switch("paused", "Let the clock stand at first"))
        .args(["keymap", "theme", "ascii"].map(setting))
}

fn check() -> Command {
    Command::new("check")
        .about("Look for mistakes: random settings and faults, a seed each, under rules that must always hold")
        .long_about(
            "Look for mistakes: random settings and faults, a seed each and in each topology, under rules that must always hold. For a while \
             everything goes wrong; then nothing does, and the overlay has to come together again and to find what is there. \
             Each failure is told with the command that replays it.",
        )
        .arg(
            Arg::new("seeds")
                .long("seeds")
                .value_name("N")
                .required_unless_present("list")
                .value_parser(|text: &str| number(text, 1, MAX_SEEDS))
                .help("How many seeds"),
        )
        .arg(
            Arg::new("list")
                .long("list")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("Run the seeds of this list first: a seed and its topology a line; see `simulations/seeds.txt`"),
        )
        .arg(
            Arg::new("from")
                .long("from")
                .value_name("S")
                .default_value("0")
                .value_parser(value_parser!(u64))
                .help("The first of them"),
        )
        .arg(json("Print one JSON object"))
        .after_help("Exit code 1 if a rule was broken.")
}
