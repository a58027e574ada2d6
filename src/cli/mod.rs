//! Arguments to one of the faces.

mod config;
mod config_file;
mod daemon;
mod directory;
mod docs;
mod failure;
mod flags;
mod format;
mod get;
mod grammar;
mod graph_file;
mod keys;
mod lab;
mod logging;
mod node;
mod options;
mod output;
mod places;
mod replay;
mod resolve;
mod role;
mod scratch;
mod search;
mod settings;
mod sim;
mod views;
mod why;

use std::process::ExitCode;

use clap::ArgMatches;

use self::failure::{Exit, Failure};
use self::flags::is_set;
use self::logging::Target;
use self::resolve::Resolved;
use crate::app::CHECK_THREAD;
use crate::tui;

/// Runs the program on the arguments of this process; returns its exit code.
#[must_use]
pub fn main() -> ExitCode {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        // There a panic is how the cache's library says that the file is damaged: it is caught, and told in a sentence.
        if std::thread::current().name() != Some(CHECK_THREAD) {
            report(info);
        }
    }));
    let matches = match grammar::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => {
            // Help goes to a pipe that may be closed; there is nobody to tell.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() };
        }
    };
    let ended = if draws(&matches) { shepherded(|| run(&matches)) } else { run(&matches).map(Into::into) };
    ended.unwrap_or_else(|failure| {
        failure.report();
        failure.exit.into()
    })
}

/// Whether a command takes the terminal over.
fn draws(matches: &ArgMatches) -> bool {
    match matches.subcommand() {
        None => true,
        Some(("replay", arguments)) => !replay::is_quiet(arguments),
        Some(("demo", arguments)) => !is_set(arguments, "headless") && !is_set(arguments, "json"),
        Some(("sim", arguments)) => arguments.subcommand_name() == Some("watch"),
        Some(_) => false,
    }
}

/// Leaves this process to wait for the shell, where a shell started it, and does the work in a child: so that the node
/// serves on while ^Z gives the terminal back.
fn shepherded(work: impl FnOnce() -> Result<Exit, Failure>) -> Result<ExitCode, Failure> {
    match tui::shepherd() {
        Ok(Some(ended)) => Ok(ended),
        Ok(None) => work().map(Into::into),
        Err(error) => {
            Err(Failure::failed(format!("this program cannot start itself again: {error}"), "look at `ulimit -a`"))
        }
    }
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let Some((command, arguments)) = matches.subcommand() else {
        return node::terminal(&resolve(matches)?, matches.get_count("verbose"));
    };
    flags::misplaced(matches, command)?;
    let verbosity = arguments.get_count("verbose");
    let json = is_set(arguments, "json");
    match command {
        "completions" => docs::completions(arguments),
        "man" => docs::manual(arguments),
        "keys" => keys::run(&resolve(arguments)?, arguments, json),
        "config" => config::run(&resolve(arguments)?, json),
        "demo" => lab::run(&resolve(arguments)?, arguments, verbosity),
        "replay" => replay::run(&resolve(arguments)?, arguments),
        "daemon" => daemon::run(&resolve(arguments)?, verbosity, json, is_set(arguments, "exit-with-stdin")),
        "directory" => directory::run(&resolve(arguments)?, verbosity, json, is_set(arguments, "exit-with-stdin")),
        "sim" => sim::command(arguments),
        "search" => search::run(&resolve(arguments)?, verbosity, arguments),
        "why" => why::run(&resolve(arguments)?, verbosity, arguments),
        "get" => {
            logging::start(&resolve(arguments)?, verbosity, Target::Errors)?;
            get::run(&resolve(arguments)?, arguments)
        }
        view => {
            let resolved = resolve(arguments)?;
            logging::start(&resolved, verbosity, Target::Errors)?;
            views::run(view, &resolved, arguments)
        }
    }
}

fn resolve(arguments: &ArgMatches) -> Result<Resolved, Failure> {
    Resolved::new(&flags::flags(arguments), |variable| std::env::var(variable).ok())
}

/// Runs a command that only talks to a node: one thread does.
fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::failed(format!("cannot start: {error}"), "look at `ulimit -a`"))?.block_on(future)
}
