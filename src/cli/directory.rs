//! `hopscope directory`: a central directory alone.

use super::daemon::{self, Face};
use super::failure::{Exit, Failure};
use super::format::count;
use super::resolve::Resolved;
use super::settings;
use crate::app::{Role, Settings, Snapshot, TopologyKind};

/// Runs a directory until it is told to end.
pub(super) fn run(resolved: &Resolved, verbosity: u8, json: bool, exit_with_stdin: bool) -> Result<Exit, Failure> {
    let settings = alone(settings::settings(resolved)?);
    daemon::serve(resolved, settings, verbosity, Face { json, exit_with_stdin, line: Some(line) })
}

/// A node that serves a directory and does nothing else: what the configuration says of overlays is for other nodes.
fn alone(settings: Settings) -> Settings {
    Settings {
        topology: TopologyKind::Central,
        serve_directory: true,
        peers: Vec::new(),
        directories: Vec::new(),
        discovery: false,
        follow: false,
        ..settings
    }
}

/// What a directory does, on one line.
fn line(snapshot: &Snapshot) -> String {
    let Some(serving) = &snapshot.role.serving else {
        return match snapshot.role.role {
            Role::Directory => format!("directory on {}, starting", snapshot.node.addr),
            role => format!("{} in {}, and no directory", role.name(), snapshot.role.topology.name()),
        };
    };
    let mut line = format!(
        "directory on {}: {}, {}, {} linked, {} answered, {:.0} a second",
        snapshot.node.addr,
        count(serving.nodes, "node"),
        count(serving.files, "file"),
        serving.clients,
        count(serving.lookups, "search"),
        serving.lookups_per_s,
    );
    if let Some(trouble) = &serving.trouble {
        line.push_str(&format!("; {trouble}"));
    }
    line
}
