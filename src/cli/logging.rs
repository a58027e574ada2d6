//! The one place where the log's subscriber is built.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Mutex;

use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, fmt};

use super::failure::Failure;
use super::resolve::Resolved;
use crate::app::{Clock, LogRing};

/// Where the log goes, besides a `--log-file`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// Standard error.
    Errors,
    /// Nowhere: a screen is drawn on the terminal.
    Screen,
}

/// What is logged when nobody says anything.
const DEFAULT: &str = "warn";
/// What is logged to a file: there is room.
const FILE_DEFAULT: &str = "info";

/// Starts the log of this process; its last lines are kept for the screen.
///
/// # Errors
/// When the filter or the file cannot be used.
pub(super) fn start(resolved: &Resolved, verbosity: u8, target: Target) -> Result<LogRing, Failure> {
    let file = match resolved.row("log-file").zip(resolved.text("log-file")) {
        Some((row, path)) => {
            let path = resolved.places.path(path, &resolved.base(&row.origin));
            Some(to_file(&path, filter(resolved, verbosity, FILE_DEFAULT)?)?)
        }
        None => None,
    };
    let errors = match target {
        Target::Errors => {
            let filter = filter(resolved, verbosity, DEFAULT)?;
            Some(fmt::layer().with_ansi(false).with_writer(std::io::stderr).with_filter(filter))
        }
        Target::Screen => None,
    };
    let ring = LogRing::new(Clock::start());
    let kept = ring.clone().with_filter(filter(resolved, verbosity, FILE_DEFAULT)?);
    // A second start, as in a test of several commands in one process, keeps the first.
    let _ = tracing_subscriber::registry().with(file).with(errors).with(kept).try_init();
    Ok(ring)
}

fn to_file(path: &Path, filter: EnvFilter) -> Result<impl Layer<Registry> + use<>, Failure> {
    let file = OpenOptions::new().create(true).append(true).open(path).map_err(|error| {
        Failure::usage(format!("the log file {} cannot be written: {error}", path.display()), "choose another")
    })?;
    Ok(fmt::layer().with_ansi(false).with_writer(Mutex::new(file)).with_filter(filter))
}

/// `-v` beats the `log` setting, which beats the default.
fn filter(resolved: &Resolved, verbosity: u8, default: &str) -> Result<EnvFilter, Failure> {
    let directives = match (verbosity, resolved.text("log")) {
        (0, Some(text)) => text,
        (0, None) => default,
        (1, _) => "info",
        (2, _) => "info,hopscope=debug",
        (3.., _) => "debug,hopscope=trace",
    };
    EnvFilter::try_new(directives).map_err(|error| {
        Failure::usage(
            format!("`{directives}` is no filter for the log: {error}"),
            "write for example info,hopscope::net=debug",
        )
    })
}
