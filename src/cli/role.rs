//! What a node is in its topology, in lines for people, each with what to do if something is wrong.

use super::format::{SHORT, bytes, count, span, visible};
use super::output::Style;
use crate::app::{
    CapacitySource, DirectoryRole, DirectoryState, Fitness, PeerAddr, Role, RoleStatus, Serving, TopologyKind,
    UltraRole,
};

/// A line of a view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// What it is about.
    pub(super) name: &'static str,
    /// What there is to say.
    pub(super) text: String,
    /// Whether something is wrong.
    pub(super) wrong: bool,
}

impl Row {
    /// A line about something that is as it should be.
    pub(super) fn new(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, text: text.into(), wrong: false }
    }

    fn wrong(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, text: text.into(), wrong: true }
    }

    /// How its name is set off.
    pub(super) fn style(&self) -> Style {
        if self.wrong { Style::Bad } else { Style::Faint }
    }
}

/// What there is to say about a role, `now_ms` after the node's start.
pub(super) fn rows(role: &RoleStatus, now_ms: u64) -> Vec<Row> {
    let since = span(now_ms.saturating_sub(role.since_ms));
    let what = format!("{} as {} for {since}: {}", role.topology.name(), role.role.name(), visible(&role.why));
    let mut rows = vec![Row::new("topology", what)];
    if let Some(ultra) = &role.ultra {
        rows.push(score(&ultra.score));
        rows.extend(slots(role.role, ultra));
        let held = ultra.held_until_ms.filter(|&until| until > now_ms);
        rows.extend(held.map(|until| Row::new("held", format!("it keeps this role for {} yet", span(until - now_ms)))));
    }
    if let Some(directory) = &role.directory {
        rows.extend(registration(directory, now_ms));
    }
    if let Some(serving) = &role.serving {
        rows.push(served(serving));
        let trouble = serving.trouble.as_deref();
        rows.extend(trouble.map(|trouble| Row::wrong("serving", visible(trouble))));
    }
    if role.topology == TopologyKind::Central {
        rows.push(Row::new("overlay", "it is in none: only nodes of the same directory find its files"));
    }
    if role.role != Role::Directory {
        let follows =
            if role.follows { "it changes when somebody proposes to" } else { "it follows none; see --follow" };
        rows.push(Row::new("proposals", follows));
    }
    rows
}

fn score(score: &Fitness) -> Row {
    let from = match score.capacity_from {
        CapacitySource::Configured => "as configured",
        CapacitySource::Measured => "measured",
        CapacitySource::Assumed => "assumed; say it with --capacity",
    };
    let parts = format!(
        "{} of 1000, {} would do: {}/{} for {} kbit/s ({from}), {}/{} for being up now, {}/{} for the past days, \
         {}/{} for being reachable",
        score.total,
        score.threshold,
        score.capacity,
        score.max_capacity,
        score.capacity_kbps,
        score.uptime,
        score.max_uptime,
        score.availability,
        score.max_availability,
        score.inbound,
        score.max_inbound,
    );
    match score.reachable {
        Some(false) => {
            let text = format!("{parts}; nobody can reach it, so it is not elected: forward its port, or see --listen");
            Row::wrong("score", text)
        }
        Some(true) => Row::new("score", format!("{parts}; others reach it")),
        None if score.inbound > 0 => {
            Row::new("score", format!("{parts}; nobody has tried to reach it yet, and it is taken for reachable"))
        }
        None => Row::new("score", format!("{parts}; nobody has reached it yet")),
    }
}

fn slots(role: Role, ultra: &UltraRole) -> Vec<Row> {
    let linked = count(ultra.ultrapeers as u64, "ultra-peer");
    if role == Role::Ultrapeer {
        return vec![Row::new("slots", format!("{} of {} leaves, {linked}", ultra.leaves, ultra.max_leaves))];
    }
    let filter = match ultra.filter_fill {
        Some(fill) => format!("asked what its filter lets through, which is {:.1} % full", f64::from(fill) / 10.0),
        None => "asked every search".to_owned(),
    };
    let mut rows = vec![Row::new("slots", format!("leaf of {linked}, {} more known; {filter}", ultra.alternatives))];
    rows.extend(ultra.seeking_ms.map(|ms| {
        let text = format!("no ultra-peer for {}; wait, or name one with `--peer HOST:PORT`", span(ms));
        Row::wrong("seeking", text)
    }));
    rows
}

fn registration(directory: &DirectoryRole, now_ms: u64) -> Vec<Row> {
    let why = visible(&directory.why);
    let text = match directory.state {
        DirectoryState::None => format!("none: {why}"),
        DirectoryState::Own => format!("its own: {why}"),
        DirectoryState::Connecting => format!("dialling {}: {why}", named(directory)),
        DirectoryState::Registering => format!("registering with {}: {why}", named(directory)),
        DirectoryState::Registered => {
            let lease = directory.lease_until_ms.map_or_else(String::new, |until| {
                format!(", kept for {} without a sign of life", span(until.saturating_sub(now_ms)))
            });
            format!("registered with {}: {}{lease}", named(directory), count(directory.files, "file"))
        }
        DirectoryState::Unreachable => {
            let again = directory.next_try_ms.filter(|&at| at > now_ms);
            let again = again.map_or_else(|| ", at once".to_owned(), |at| format!(" in {}", span(at - now_ms)));
            format!("none reached: {why}; tries again{again}")
        }
    };
    let wrong = matches!(directory.state, DirectoryState::None | DirectoryState::Unreachable);
    let mut rows = vec![Row { name: "directory", text, wrong }];
    if directory.known.len() > 1 {
        let known = directory.known.iter().map(PeerAddr::to_string).collect::<Vec<_>>().join(" ");
        rows.push(Row::new("known", format!("{}: {known}", directories(directory.known.len()))));
    }
    if directory.reachable == Some(false) {
        let text = "the directory cannot reach this node: its files are found and cannot be fetched; forward its port, or \
                    see --listen";
        rows.push(Row::wrong("reachable", text));
    }
    rows
}

fn named(directory: &DirectoryRole) -> String {
    let addr = directory.addr.map_or_else(|| "a directory".to_owned(), |addr| addr.to_string());
    match directory.name.visible(SHORT) {
        name if name.is_empty() => addr,
        name => format!("{name} at {addr}"),
    }
}

fn directories(number: usize) -> String {
    count(number as u64, "directory")
}

fn served(serving: &Serving) -> Row {
    let mut text = format!(
        "{} with {}, {} linked now; {} answered, {:.1} a second; {} taken in",
        count(serving.nodes, "node"),
        count(serving.files, "file"),
        serving.clients,
        count(serving.lookups, "search"),
        serving.lookups_per_s,
        count(serving.registrations, "change"),
    );
    if serving.refused > 0 {
        text.push_str(&format!(", {} refused", serving.refused));
    }
    Row::new("serving", text)
}

/// Bytes both ways, as a row.
pub(super) fn traffic(name: &'static str, into: u64, out: u64) -> Row {
    Row::new(name, format!("{} in, {} out", bytes(into), bytes(out)))
}

#[cfg(test)]
mod tests {
    use super::{Row, rows};
    use crate::app::{
        CapacitySource, DirectoryRole, DirectoryState, Fitness, Role, RoleStatus, TopologyKind, UltraRole, Untrusted,
    };

    fn role(topology: TopologyKind, role: Role) -> RoleStatus {
        RoleStatus {
            topology,
            role,
            why: "chosen by the user".into(),
            since_ms: 1_000,
            neighbors: 2,
            min_neighbors: 4,
            max_neighbors: 16,
            known_hosts: 5,
            follows: true,
            ultra: None,
            directory: None,
            serving: None,
        }
    }

    fn find<'a>(rows: &'a [Row], name: &str) -> &'a Row {
        rows.iter().find(|row| row.name == name).unwrap_or_else(|| panic!("no row {name} in {rows:?}"))
    }

    #[test]
    fn a_leaf_without_an_ultrapeer_is_told_what_to_do() {
        let score = Fitness {
            total: 240,
            threshold: 500,
            capacity: 200,
            max_capacity: 450,
            uptime: 40,
            max_uptime: 200,
            availability: 0,
            max_availability: 200,
            inbound: 0,
            max_inbound: 150,
            capacity_kbps: 900,
            capacity_from: CapacitySource::Configured,
            reachable: Some(false),
        };
        let ultra = UltraRole {
            score,
            leaves: 0,
            max_leaves: 30,
            ultrapeers: 0,
            alternatives: 3,
            seeking_ms: Some(4_000),
            held_until_ms: Some(9_000),
            filter_fill: Some(17),
        };
        let rows = rows(&RoleStatus { ultra: Some(ultra), ..role(TopologyKind::Ultrapeer, Role::Leaf) }, 5_000);
        assert!(find(&rows, "topology").text.starts_with("ultrapeer as leaf for 4.0 s: chosen by the user"));
        assert!(find(&rows, "score").wrong && find(&rows, "score").text.contains("200/450 for 900 kbit/s"));
        assert!(find(&rows, "seeking").wrong && find(&rows, "seeking").text.contains("--peer"));
        assert!(find(&rows, "slots").text.contains("0 ultra-peers, 3 more known") && !find(&rows, "slots").wrong);
        assert_eq!(find(&rows, "held").text, "it keeps this role for 4.0 s yet");
    }

    #[test]
    fn a_client_without_a_directory_says_when_it_tries_again() {
        let directory = DirectoryRole {
            state: DirectoryState::Unreachable,
            addr: None,
            name: Untrusted::default(),
            why: "connection refused".into(),
            lease_until_ms: None,
            files: 0,
            reachable: Some(false),
            next_try_ms: Some(7_500),
            known: Vec::new(),
        };
        let rows = rows(&RoleStatus { directory: Some(directory), ..role(TopologyKind::Central, Role::Client) }, 5_000);
        let row = find(&rows, "directory");
        assert!(row.wrong && row.text == "none reached: connection refused; tries again in 2.5 s", "{row:?}");
        assert!(find(&rows, "reachable").wrong);
        assert!(find(&rows, "overlay").text.contains("only nodes of the same directory"));
    }
}
