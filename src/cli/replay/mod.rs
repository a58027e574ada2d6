//! `hopscope replay`: a recorded flood on the screen, or as JSON, graph or picture, and whether it is as expected.

mod dot;
mod expect;
mod summary;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use clap::ArgMatches;

use self::expect::Expectation;
use self::summary::Summary;
use super::failure::{Exit, Failure};
use super::flags::is_set;
use super::format::{self, SHORT, count};
use super::node;
use super::output::{Out, Style};
use super::resolve::Resolved;
use super::settings;
use crate::app::Handle;
use crate::app::recorded;
use crate::trace::{self, Recorded, Recording};
use crate::tui;
use crate::tui::flood::tree::Tree;

/// Whether a replay draws no screen.
pub(super) fn is_quiet(arguments: &ArgMatches) -> bool {
    ["json", "dot", "svg"].into_iter().any(|form| is_set(arguments, form)) || arguments.contains_id("expect")
}

/// Reads a trace and shows it.
pub(super) fn run(resolved: &Resolved, arguments: &ArgMatches) -> Result<Exit, Failure> {
    let screen = settings::screen(resolved)?;
    let expected = expectations(arguments)?;
    if !is_quiet(arguments) {
        node::needs_terminal("ask for --json, --dot, --svg or --expect, which need none")?;
    }
    let path = arguments.get_one::<String>("trace").map(Path::new).unwrap_or(Path::new(""));
    let recording = open(path)?;
    let wanted = arguments.get_one::<usize>("query").copied();
    let number = wanted.unwrap_or(recording.searches.len());
    let chosen = recording.searches.get(number.wrapping_sub(1)).ok_or_else(|| {
        let there = count(recording.searches.len() as u64, "search");
        Failure::usage(format!("there is no search {number} in {}: it holds {there}", path.display()), "")
    })?;
    if !is_quiet(arguments) {
        // All searches, unless one was asked for.
        let shown = if wanted.is_some() { one(&recording, chosen) } else { recording.snapshot() };
        return show(shown, screen, resolved, &recording);
    }
    let tree = Tree::new(recording.origin.node, &chosen.search);
    let summary = Summary::new(&recording, chosen, number, &tree);
    let mut out = Out::new();
    if is_set(arguments, "json") {
        out.json(&summary)?;
    } else if is_set(arguments, "dot") {
        out.raw(dot::graph(&recording.origin, chosen, &tree).as_bytes())?;
    } else if is_set(arguments, "svg") {
        let title = format!("hopscope: {}", chosen.search.row.text.visible(SHORT));
        let picture = tui::flood_picture(one(&recording, chosen), &title, screen.theme == "light");
        out.raw(picture.as_bytes())?;
    }
    let quiet = arguments.contains_id("form");
    doubts(&recording, path);
    judge(&expected, &summary, &mut out, quiet)
}

fn expectations(arguments: &ArgMatches) -> Result<Vec<Expectation>, Failure> {
    let texts = arguments.get_many::<String>("expect").into_iter().flatten();
    let (good, bad): (Vec<_>, Vec<_>) = texts.map(|text| Expectation::parse(text)).partition(Result::is_ok);
    if bad.is_empty() {
        return Ok(good.into_iter().flatten().collect());
    }
    let mut lines: Vec<String> = bad.into_iter().filter_map(Result::err).collect();
    lines.push(expect::allowed());
    Err(Failure { exit: Exit::Usage, lines })
}

fn open(path: &Path) -> Result<Recording, Failure> {
    let bad = |why: String| Failure::failed(format!("{}: {why}", path.display()), "name a file that --record wrote");
    let file = File::open(path).map_err(|error| bad(format!("it cannot be read: {error}")))?;
    trace::read(BufReader::new(file)).map_err(|error| bad(error.to_string()))
}

/// What a face shows of one search alone.
fn one(recording: &Recording, chosen: &Recorded) -> crate::app::Snapshot {
    recorded::snapshot(&recording.origin, vec![Arc::clone(&chosen.search)])
}

fn show(
    snapshot: crate::app::Snapshot,
    screen: settings::ScreenSettings,
    resolved: &Resolved,
    recording: &Recording,
) -> Result<Exit, Failure> {
    let mut snapshot = snapshot;
    snapshot.warnings = warnings(recording).into();
    node::run(async {
        let handle = Handle::of_recording(snapshot);
        let ended = node::open_screen(handle, screen, &resolved.places.folders.config).await?;
        match ended.why {
            Some(why) => Err(Failure::failed(format!("the replay ended: {why}"), "")),
            None => Ok(Exit::Done),
        }
    })
}

/// What the screen says above the panes about a trace that is not as it should be.
fn warnings(recording: &Recording) -> Vec<crate::app::Warning> {
    let doubts = &recording.doubts;
    let (code, message) = match (doubts.inconsistent(), doubts.incomplete()) {
        (true, _) => ("trace_inconsistent", "this recording is inconsistent"),
        (false, true) => ("trace_incomplete", "this recording is not whole"),
        (false, false) => return Vec::new(),
    };
    let hint = recording.doubts.words().join(", ");
    vec![crate::app::Warning { code: code.into(), message: message.into(), hint }]
}

/// Says the same on standard error.
fn doubts(recording: &Recording, path: &Path) {
    for warning in warnings(recording) {
        Failure::failed(format!("{}: {}", path.display(), warning.message), warning.hint).report();
    }
}

/// Says which expectations hold, unless the output is a form, and fails with those that do not.
fn judge(expected: &[Expectation], summary: &Summary, out: &mut Out, quiet: bool) -> Result<Exit, Failure> {
    let mut wrong = Vec::new();
    for expectation in expected {
        let value = summary.value(expectation.field).flatten();
        let actual = value.map_or_else(|| "unknown".to_owned(), expect::number);
        if !value.is_some_and(|value| expectation.holds(value)) {
            wrong.push(format!("expected {expectation}, but {} is {actual}", expectation.field));
        } else if !quiet {
            let line = format!("holds: {expectation} ({actual})");
            let line = out.paint(Style::Good, &format::visible(&line));
            out.line(line)?;
        }
    }
    if wrong.is_empty() { Ok(Exit::Done) } else { Err(Failure { exit: Exit::Failed, lines: wrong }) }
}
