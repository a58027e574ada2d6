//! `hopscope sim`: the simulator from the command line. It has no clock and reads no files; both are here.

mod check;
mod flood;
mod grammar;
mod picture;
mod process;
mod progress;
mod reproduce;
mod run;
mod scenario_file;
mod seed_list;
mod stop;
mod table;
mod watch;

use std::time::Duration;

use clap::ArgMatches;

pub(super) use self::grammar::sim as grammar;
use super::failure::{Exit, Failure};

/// Runs one of the commands.
pub(super) fn command(arguments: &ArgMatches) -> Result<Exit, Failure> {
    match arguments.subcommand() {
        Some(("flood", arguments)) => flood::flood(arguments),
        Some(("run", arguments)) => run::run(arguments),
        Some(("check", arguments)) => check::check(arguments),
        Some(("reproduce", arguments)) => reproduce::run(arguments),
        Some(("watch", arguments)) => watch::run(&crate::cli::resolve(arguments)?, arguments),
        _ => Ok(Exit::Usage),
    }
}

/// Milliseconds with their microseconds.
fn millis(time: Duration) -> f64 {
    time.as_micros() as f64 / 1_000.0
}
