//! All that is known about one row.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::{Hit, Neighbor, QueryRow, Transfer, Untrusted, Via};
use crate::tui::model::RowId;
use crate::tui::paint::Paint;
use crate::tui::panes::cost::nodes;
use crate::tui::panes::role::role_word;
use crate::tui::panes::{log, lookup, queries, transfers};
use crate::tui::rows::Group;
use crate::tui::text;

/// Columns of the names of facts.
const NAMES: usize = 13;
/// Sources of one content that are listed.
const SOURCES: usize = 200;
/// Bytes of one fact that are looked at: a file's name may be that long.
const MAX_FACT: usize = 1_024;

/// Facts, one below the other.
struct Facts<'p> {
    paint: &'p Paint<'p>,
    width: u16,
    lines: Vec<Line<'static>>,
}

impl Facts<'_> {
    fn add(&mut self, name: &str, value: &str, style: Style) {
        let room = self.width.saturating_sub(NAMES as u16).max(8);
        let value = Untrusted::from(value).visible(MAX_FACT);
        for (i, part) in self.paint.wrap(&value, room).into_iter().enumerate() {
            let name = if i == 0 { name } else { "" };
            self.lines.push(Line::from(vec![
                Span::styled(format!("{name:<NAMES$}"), self.paint.dim()),
                Span::styled(part, style),
            ]));
        }
    }

    fn fact(&mut self, name: &str, value: &str) {
        self.add(name, value, self.paint.text());
    }
}

/// Everything about a row, in lines of at most so many columns.
#[must_use]
pub fn detail_lines(row: &RowId, width: u16, paint: &Paint<'_>) -> Vec<Line<'static>> {
    let now = &paint.model.snapshot;
    let mut facts = Facts { paint, width, lines: Vec::new() };
    match row {
        RowId::Node(id) => now.neighbors.iter().find(|row| row.node == Some(*id)).map(|row| neighbor(row, &mut facts)),
        RowId::Dial(addr) => {
            let dialled = now.neighbors.iter().find(|row| row.node.is_none() && row.addr == Some(*addr));
            dialled.map(|row| neighbor(row, &mut facts))
        }
        RowId::Query(guid) => now.queries.iter().find(|row| row.guid == *guid).map(|row| query(row, &mut facts)),
        RowId::Transfer(id) => now.transfers.iter().find(|row| row.id == *id).map(|row| transfer(row, &mut facts)),
        RowId::Content(hash) => {
            paint.model.rows.results.iter().find(|row| row.hash == *hash).map(|row| content(row, &mut facts))
        }
        RowId::Line(at_ms, nth) => {
            let line = now.log.iter().filter(|line| line.at_ms == *at_ms).nth(*nth);
            line.map(|line| {
                facts.fact("at", &text::duration(line.at_ms));
                facts.fact("level", log::level_word(line.level));
                facts.fact("from", &line.target);
                facts.fact("said", line.text.raw());
            })
        }
        RowId::Path(path) => paint.model.files.rows.iter().find(|row| row.path == *path).map(|row| {
            facts.fact("path", row.path.raw());
            facts.fact("size", &size(row.size));
            facts.fact("blake3", &row.hash.to_string());
            facts.fact("magnet", &row.magnet);
        }),
        RowId::Hop(_) | RowId::Share(_) | RowId::Reached(_) => None,
    };
    if facts.lines.is_empty() {
        facts.lines.push(Line::styled("It is gone.", paint.dim()));
    }
    facts.lines
}

fn size(bytes: u64) -> String {
    format!("{} ({bytes} bytes)", text::bytes(bytes))
}

fn neighbor(row: &Neighbor, facts: &mut Facts<'_>) {
    let now_ms = facts.paint.now_ms;
    facts.fact("name", row.name.raw());
    if let Some(node) = row.node {
        facts.fact("node", &node.to_string());
    }
    facts.fact("address", &row.addr.map_or_else(|| "unknown".into(), |addr| addr.to_string()));
    let Some(kind) = row.kind else {
        facts.add("state", "being dialled", facts.paint.warn());
        return;
    };
    facts.fact("kind", role_word(kind));
    facts.fact("link", if row.inbound { "it dialled us" } else { "we dialled it" });
    facts.fact("since", &format!("{} ago", text::age(now_ms.saturating_sub(row.since_ms))));
    facts.fact("round trip", &row.rtt_ms.map_or_else(|| "not measured yet".into(), text::latency));
    let traffic = |messages, bytes| format!("{}, {}", nodes(messages, "message"), text::bytes(bytes));
    facts.fact("received", &traffic(row.messages_in, row.bytes_in));
    facts.fact("sent", &traffic(row.messages_out, row.bytes_out));
    let share = text::percent(row.duplicates, row.queries_in);
    facts.fact("queries", &format!("{} copies, {share} of them seen before", text::count(row.queries_in)));
    let style = if row.dropped > 0 { facts.paint.dropped() } else { facts.paint.text() };
    facts.add("dropped", &format!("{} because its queue was full", text::count(row.dropped)), style);
    if let Some(files) = row.files {
        facts.fact("shares", &nodes(files, "file"));
    }
}

fn query(row: &QueryRow, facts: &mut Facts<'_>) {
    facts.fact("query", row.text.raw());
    facts.fact("guid", &row.guid.to_string());
    facts.fact("whose", if row.own { "mine" } else { "relayed for another node" });
    if row.own && lookup::is_lookup_row(row.guid, facts.paint) {
        facts.fact("asked", "a directory: no hops, no copies");
    } else {
        facts.fact("TTL", &format!("{} of {} left", row.ttl_left, row.ttl));
        let to = if row.own { "reached" } else { "sent to" };
        facts.fact("nodes", &format!("{} {to}", text::count(row.nodes.into())));
        facts.fact("duplicates", &text::count(row.duplicates));
    }
    facts.fact("hits", &text::count(row.hits.into()));
    facts.fact("state", queries::state_word(row));
    facts.fact("age", &text::age(row.age_ms + facts.paint.model.since_taken_ms()));
    if !row.own {
        let why = "Only its origin learns how far it goes: this node sees the copies that come here.";
        facts.add("", why, facts.paint.dim());
    }
}

fn transfer(row: &Transfer, facts: &mut Facts<'_>) {
    facts.fact("file", row.name.raw());
    facts.fact("state", &transfers::state_words(row));
    if let Some(why) = row.why.as_deref().filter(|_| row.state.is_final()) {
        facts.fact(if row.state == crate::app::TransferState::Done { "went to" } else { "why" }, why);
    }
    facts.fact("done", &format!("{} of {}", text::bytes(row.bytes), size(row.size)));
    facts.fact("rate", &text::rate(row.rate as f64));
    facts.fact("peer", row.peer.raw());
    facts.fact("blake3", &row.hash.to_string());
}

fn content(row: &Group, facts: &mut Facts<'_>) {
    if let Some(best) = row.best() {
        facts.fact("file", best.name.raw());
        facts.fact("size", &size(best.size));
        facts.fact("blake3", &row.hash.to_string());
        facts.fact("magnet", &best.magnet);
    }
    facts.lines.push(Line::default());
    for (i, hit) in row.hits.iter().take(SOURCES).enumerate() {
        facts.fact(if i == 0 { "sources" } else { "" }, &source(hit));
    }
}

fn source(hit: &Hit) -> String {
    let addr = hit.addr.map_or_else(|| "no address".into(), |addr| addr.to_string());
    let hops = match hit.via {
        Via::Direct => nodes(hit.hops.into(), "hop"),
        Via::Reverse => format!("{} and back", nodes(hit.hops.into(), "hop")),
        Via::Directory => "from the directory".into(),
    };
    format!("{} at {addr}, {hops}, after {}", hit.node_name.raw(), text::latency(hit.at_ms as f64))
}
