//! The command line: the table of settings turned into flags, and the commands around it. Help, completions and the manual
//! page are made from what this returns.

use clap::{Arg, ArgAction, Command, value_parser};
use clap_complete::Shell;

use super::failure::EXIT_CODES;
use super::flags::{exit_with_stdin, json, node_flags, seed, setting, switch, time, verbose};
use super::options::Group;
use super::settings::{number, peer};
use super::sim;
use crate::app::{MAX_WALK_TTL, MAX_WALKERS};
use crate::trace::MAX_SEARCHES;

const ABOUT: &str = "A peer-to-peer file-sharing node that lives in your terminal and lets you see the overlay think";
const LONG_ABOUT: &str = "\
A peer-to-peer file-sharing node that lives in your terminal and lets you see the overlay think.

Without a command it opens the terminal on a new node. `hopscope demo` starts a whole overlay on this machine to play \
with. A setting is taken from its flag, else from its variable HOPSCOPE_…, else from config.toml, else it has a default; \
`hopscope config` shows all of them and where each came from.";

/// The most nodes of a lab: each is a process.
pub(super) const MAX_LAB_NODES: usize = 200;

/// Settings that a directory alone has a use for.
const DIRECTORY: &[&str] =
    &["share", "listen", "name", "passphrase-file", "upload-slots", "upload-queue", "hash-rate", "log-file"];

/// The whole command line.
pub(super) fn command() -> Command {
    Command::new("hopscope")
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .long_about(LONG_ABOUT)
        .after_help(EXIT_CODES)
        .max_term_width(110)
        .arg(setting("home").global(true))
        .args(node_flags(|_| true))
        .arg(verbose())
        .subcommands([demo(), daemon(), directory(), search(), why(), get()])
        .subcommands([
            view("status", "The running node at a glance"),
            view("neighbors", "Neighbors of the running node"),
            view("queries", "Queries that the running node started or relayed"),
            view("transfers", "Downloads and uploads of the running node"),
            files(),
            topology(),
        ])
        .subcommands([sim::grammar(), replay()])
        .subcommands([keys(), config(), completions(), manual()])
}

fn demo() -> Command {
    Command::new("demo")
        .about("Start a lab on this machine, and open the terminal on one more node in it")
        .long_about(
            "Start a lab on this machine: nodes on the loopback interface, each its own process, with generated files to \
             share; then open the terminal on one more node in it. A directory runs beside them, and all of them follow \
             proposals, so that T changes the whole lab from one topology to the next. Under a terminal the lab is in slow \
             motion, 400ms a hop, so that eyes can follow a search; --hop-delay says otherwise. Everything is gone when it \
             ends.",
        )
        .arg(
            Arg::new("nodes")
                .long("nodes")
                .value_name("N")
                .default_value("12")
                .value_parser(|text: &str| number(text, 1, MAX_LAB_NODES))
                .conflicts_with("graph")
                .help("How many nodes, besides the one in the terminal"),
        )
        .arg(
            Arg::new("graph")
                .long("graph")
                .value_name("FILE")
                .help("Lay the links of a flooding lab out as in this file: a pair of node names a line, # for comments"),
        )
        .arg(seed("The same seed gives the same links and the same files").default_value("1"))
        .arg(switch("headless", "Open no terminal: print the nodes and their roles, and wait for ctrl-c"))
        .arg(json("Print one JSON object a node; implies --headless"))
        .args(node_flags(|option| option.demo))
}

fn daemon() -> Command {
    Command::new("daemon")
        .about("Run a node without a screen, until SIGTERM or ctrl-c")
        .arg(json("Print events, one JSON object a line, `listening` first"))
        .arg(exit_with_stdin())
        .args(node_flags(|option| option.group != Group::Screen))
}

fn directory() -> Command {
    Command::new("directory")
        .about("Run a central directory alone, until SIGTERM or ctrl-c")
        .long_about(
            "Run a central directory alone, until SIGTERM or ctrl-c: it knows what the nodes that register with it share, \
             and tells who has what is looked for. It is part of no overlay, and shares nothing itself unless told to with \
             --share. Nodes turn to it with `hopscope --topology central --directory HOST:PORT`, or once they run with \
             `hopscope topology central`. What it knows is kept in its home, and outlives a restart.",
        )
        .arg(json("Print events, one JSON object a line, `listening` first"))
        .arg(exit_with_stdin())
        .args(node_flags(|option| DIRECTORY.contains(&option.key)))
}

fn search() -> Command {
    Command::new("search")
        .about("Search through the running node, and print hits as they come")
        .long_about(
            "Search through the running node of this home, print hits as they come, then what the search cost.\n\n\
             All words must be in the name of a file; the folders that it lies in do not count. Also: \"a phrase\", prefix*, \
             -not (after `--`), ext:flac, type:audio, size:>10M. One argument is taken as it is; of several, one with a \
             space in it is a phrase.",
        )
        .arg(Arg::new("words").value_name("WORDS").num_args(1..).required(true).help("What to look for"))
        .arg(
            Arg::new("strategy")
                .long("strategy")
                .value_name("HOW")
                .value_parser(["flood", "ring", "walk"])
                .help("How it spreads: flood at once, ring with a TTL of 1, 2, 4... until enough is found, or walk at random"),
        )
        .arg(
            Arg::new("walkers")
                .long("walkers")
                .value_name("K")
                .requires("strategy")
                .value_parser(|text: &str| number(text, 1, MAX_WALKERS))
                .help("Walkers of a walk, 1 to 64; 4 unless given"),
        )
        .arg(
            Arg::new("reach")
                .long("ttl")
                .value_name("N")
                .value_parser(|text: &str| number(text, 1, MAX_WALK_TTL))
                .help("Hops that it travels, 1 to 7, or steps of each walker, 1 to 128; a walk takes 32 unless told"),
        )
        .arg(setting("hits"))
        .arg(time("timeout", "End the search after that time"))
        .arg(
            Arg::new("enough")
                .long("enough")
                .value_name("N")
                .value_parser(|text: &str| number(text, 1, usize::MAX))
                .help("End the search at that many hits; a ring ends at the first unless told"),
        )
        .arg(json("Print events, one JSON object a line, `done` last"))
        .args(join())
        .after_help("Exit code 3 if nothing was found, 1 if there was no directory to ask.")
}

/// For a command that can do without a running node.
fn join() -> [Arg; 3] {
    [
        Arg::new("join")
            .long("join")
            .value_name("HOST:PORT")
            .value_parser(peer)
            .help("Ask no running node: join for a moment at this address, of any node or of a directory"),
        setting("topology").requires("join").help(
            "As what to join: flood, ultrapeer (as a leaf) or central (as a client of the directory at that address)",
        ),
        setting("passphrase-file").requires("join"),
    ]
}

fn why() -> Command {
    Command::new("why")
        .about("Find out why a search did not find something at a node")
        .long_about(
            "Find out why a search did not find something at a node that is believed to have it: send the search once more, \
             ask each node that it reaches what it did, send it as far as any search goes if that node was not among them, \
             and ask the node itself. Prints one verdict and what it rests on: found, not shared there, not indexed yet, \
             beyond the horizon (and the TTL that it takes), filtered out, node gone, dropped under load, refused, or not \
             in this overlay.\n\n\
             A node answers askers on its own machine or network.",
        )
        .arg(Arg::new("words").value_name("WORDS").num_args(1..).required(true).help("What was looked for, as for `search`"))
        .arg(
            Arg::new("at")
                .long("at")
                .value_name("NODE")
                .required(true)
                .help("The node: its name, its address (IP:PORT), or the beginning of its id"),
        )
        .arg(setting("ttl"))
        .arg(
            Arg::new("search")
                .long("search")
                .value_name("GUID")
                .conflicts_with_all(["ttl", "join"])
                .help("Ask about this search of the running node, which is over, instead of sending it once more"),
        )
        .arg(json("Print one JSON object: verdict, sentence, node, needs_ttl, evidence"))
        .args(join())
        .after_help(
            "Exit code 0 if the search does find it, 3 if it does not and the verdict says why, 1 if what could be learned is \
             not enough to say or nobody has heard of such a node.",
        )
}

fn get() -> Command {
    Command::new("get")
        .about("Download and verify through the running node")
        .arg(
            Arg::new("magnet")
                .value_name("MAGNET")
                .num_args(1..)
                .required(true)
                .help("Magnet links as `search` prints them; - reads them from standard input, one a line"),
        )
        .arg(time("timeout", "Give up after that time; what is verified is kept for the next try"))
        .arg(json("Print the transfers' events, one JSON object a line"))
        .after_help("Exit code 6 if the content is not what the link promised, 4 if the time was up.")
}

fn view(name: &'static str, about: &'static str) -> Command {
    Command::new(name).about(about).arg(json("Print one JSON object"))
}

fn files() -> Command {
    let place = |name: &'static str, default: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name("N").default_value(default).value_parser(value_parser!(u64)).help(help)
    };
    view("files", "Files that the running node shares")
        .arg(Arg::new("filter").value_name("TEXT").help("Only those with this text in their path"))
        .arg(place("offset", "0", "Leave out that many"))
        .arg(place("limit", "100", "Print at most that many, 1000 at most"))
}

fn topology() -> Command {
    view("topology", "Show the topology of the running node, change it, or propose a change to all")
        .long_about(
            "Show the topology of the running node and what it is there; with a NAME change it. Transfers go on; links that \
             have no use in the new topology are closed, and their addresses kept for the way back. With --propose all \
             nodes are asked to change too: those that were started with --follow do.",
        )
        .arg(Arg::new("name").value_name("NAME").help("The topology to change to: flood, ultrapeer or central"))
        .arg(switch("propose", "Propose it to the whole overlay as well").requires("name"))
}

fn replay() -> Command {
    let picture = |name: &'static str, help: &'static str| switch(name, help).group("form");
    Command::new("replay")
        .about("Open a recorded flood: the screens and keys of a running node, without any network")
        .long_about(
            "Open a recorded flood: the screens and keys of a running node, without any network. What cannot be true in \
             the recording is marked as inconsistent and counted. With a form or an expectation no terminal is needed.",
        )
        .arg(Arg::new("trace").value_name("TRACE").required(true).help("A file that --record wrote"))
        .arg(
            Arg::new("query")
                .long("query")
                .value_name("N")
                .value_parser(|text: &str| number(text, 1, MAX_SEARCHES))
                .help("Which search of the recording, 1 for the first; the last one unless given"),
        )
        .arg(picture("json", "Print one JSON object that sums the search up"))
        .arg(picture("dot", "Print the flood as a graph for Graphviz"))
        .arg(picture("svg", "Print the flood's rings as a picture"))
        .arg(
            Arg::new("expect")
                .long("expect")
                .value_name("FIELD OP VALUE")
                .action(ArgAction::Append)
                .help("Fail unless this holds, for example 'reached >= 40'; again for more"),
        )
        .args(["keymap", "theme", "ascii"].map(setting))
        .after_help(
            "In JSON, per_hop counts nodes by the fewest hops that any copy took to them, the origin at 0; the `new` of each hop \
             counts them by the copy that came first.\n\nExit code 1 if an expectation does not hold.",
        )
}

fn keys() -> Command {
    Command::new("keys")
        .about("Print a keymap, or check a keymap file")
        .arg(
            Arg::new("name")
                .value_name("NAME")
                .help("default, vim, emacs, or a keymap of your own")
                .conflicts_with("check"),
        )
        .arg(Arg::new("check").long("check").value_name("FILE").help("List the mistakes of a keymap file"))
        .arg(json("Print one JSON object"))
}

fn config() -> Command {
    Command::new("config")
        .about("Print every setting, its value and where that came from")
        .arg(json("Print one JSON object"))
        .args(node_flags(|_| true))
}

fn completions() -> Command {
    Command::new("completions")
        .about("Print completions for a shell")
        .arg(Arg::new("shell").value_name("SHELL").required(true).value_parser(value_parser!(Shell)).help("The shell"))
}

fn manual() -> Command {
    Command::new("man")
        .about("Print the manual page")
        .arg(Arg::new("command").value_name("COMMAND").help("The page of this command"))
}

#[cfg(test)]
mod tests {
    use super::command;

    #[test]
    fn the_grammar_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn words_with_a_minus_come_after_two_of_them() {
        let matches =
            command().try_get_matches_from(["hopscope", "search", "miles", "--", "-live", "ext:flac"]).unwrap();
        let words: Vec<&String> = matches.subcommand_matches("search").unwrap().get_many("words").unwrap().collect();
        assert_eq!(words, ["miles", "-live", "ext:flac"]);
        assert!(command().try_get_matches_from(["hopscope", "search", "-live"]).is_err());
    }
}
