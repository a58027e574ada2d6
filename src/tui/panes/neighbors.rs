//! Neighbors: who this node is linked to, and what goes over each link.

use std::cmp::Ordering;

use ratatui::text::{Line, Span};

use super::role::role_word;
use super::{Digest, cell};
use crate::app::{Flow, Neighbor, Role, TopologyKind};
use crate::tui::action::Action;
use crate::tui::paint::Paint;
use crate::tui::table::{Column, Width};
use crate::tui::text;

/// A round trip from which on a link feels slow.
const SLOW_MS: f64 = 500.0;

/// The columns.
pub const COLUMNS: &[Column<Neighbor>] = &[
    Column::plain("", Width::Is(1), 0, mark),
    Column::left("peer", Width::Grows { least: 11, share: 3, most: 46 }, 0, by_name, name),
    Column::left("kind", Width::Is(12), 3, |a, b| rank(a).cmp(&rank(b)), kind),
    Column::number("rtt", 6, 1, |a, b| by_number(a.rtt_ms.unwrap_or(f64::MAX), b.rtt_ms.unwrap_or(f64::MAX)), rtt),
    Column::<Neighbor>::number(
        "in/s",
        5,
        2,
        |a, b| by_number(a.in_per_s, b.in_per_s),
        |row, paint, _| per_s(row.in_per_s, paint),
    )
    .or("messages in/s"),
    Column::<Neighbor>::number(
        "out/s",
        5,
        3,
        |a, b| by_number(a.out_per_s, b.out_per_s),
        |row, paint, _| per_s(row.out_per_s, paint),
    )
    .or("messages out/s"),
    Column::number("dup", 6, 2, |a, b| by_number(share(a), share(b)), duplicates),
    Column::number("drop", 4, 7, |a, b| a.dropped.cmp(&b.dropped), dropped),
    Column::number("files", 6, 6, |a, b| a.files.cmp(&b.files), files),
    Column::number("since", 5, 4, |a, b| b.since_ms.cmp(&a.since_ms), since),
    Column::plain("queries 1 min", Width::Grows { least: 13, share: 2, most: 60 }, 5, |row, paint, width| {
        curve(&row.query, paint, width)
    }),
    Column::<Neighbor>::number(
        "query/s",
        7,
        6,
        |a, b| by_number(a.query.per_s(), b.query.per_s()),
        |row, paint, _| flow_rate(&row.query, paint),
    )
    .or("query B/s"),
    Column::<Neighbor>::number(
        "query",
        13,
        7,
        |a, b| a.query.bytes().cmp(&b.query.bytes()),
        |row, paint, _| flow_total(&row.query, paint),
    )
    .or("query bytes"),
    Column::plain("content 1 min", Width::Grows { least: 13, share: 2, most: 60 }, 7, |row, paint, width| {
        curve(&row.content, paint, width)
    }),
    Column::<Neighbor>::number(
        "content/s",
        9,
        6,
        |a, b| by_number(a.content.per_s(), b.content.per_s()),
        |row, paint, _| flow_rate(&row.content, paint),
    )
    .or("content B/s"),
    Column::<Neighbor>::number(
        "content",
        13,
        7,
        |a, b| a.content.bytes().cmp(&b.content.bytes()),
        |row, paint, _| flow_total(&row.content, paint),
    )
    .or("content bytes"),
];

/// What stands in the border.
pub fn digest(paint: &Paint<'_>) -> Digest {
    let role = &paint.model.snapshot.role;
    let dialling = paint.model.snapshot.neighbors.iter().filter(|row| row.node.is_none()).count();
    let kinds = by_kind(paint).into_iter().map(|(kind, count)| {
        let number = text::grouped(count as u64);
        format!("{} {number} {}", paint.role_symbol(kind), kind_words(kind, count))
    });
    // Where neighbors differ, the Role pane tells how many of each there may be.
    let mut text = kinds.collect::<Vec<_>>().join(&format!(" {} ", paint.dot()));
    if text.is_empty() {
        text = match role.topology {
            TopologyKind::Flood => format!("{} of {}", role.neighbors, role.max_neighbors),
            _ => super::cost::nodes(role.neighbors as u64, "neighbor"),
        };
    }
    if dialling > 0 {
        text.push_str(&format!(" {} {dialling} dialling", paint.dot()));
    }
    Digest { short: role.neighbors.to_string(), long: text }
}

/// What an empty list says.
pub fn empty(paint: &Paint<'_>) -> String {
    let now = &paint.model.snapshot;
    if now.role.topology == TopologyKind::Central {
        let next = TopologyKind::Central.next().name();
        let key = paint.key(&Action::NextTopology);
        return match now.role.serving {
            Some(_) => "No client is linked to this directory yet. Start one with --topology central and --directory \
                        and this node's address"
                .into(),
            None => format!("In central a node is linked to its directory only, and has none. {key} changes to {next}"),
        };
    }
    if let Some(world) = paint.model.world() {
        let ahead = paint.key(&Action::WorldAhead);
        return if world.away {
            format!("This node is away. Let the world run until it comes: {ahead} runs it ahead")
        } else {
            format!("No neighbors yet: it is still on its way in. {ahead} runs the world ahead")
        };
    }
    let addr = now.node.addr;
    format!(
        "No neighbors yet. Press {} to add one, or start a second node with --peer {addr}",
        paint.key(&Action::AddPeer)
    )
}

/// The kinds in the order in which they are told.
const KINDS: [Role; 5] = [Role::Ultrapeer, Role::Peer, Role::Leaf, Role::Directory, Role::Client];

/// The order by kind: what relays for others first, what is only being dialled last.
fn rank(row: &Neighbor) -> usize {
    KINDS.iter().position(|kind| Some(*kind) == row.kind).unwrap_or(KINDS.len())
}

/// How many neighbors there are of each kind; nothing where all are peers.
#[must_use]
pub fn by_kind(paint: &Paint<'_>) -> Vec<(Role, usize)> {
    let rows = &paint.model.snapshot.neighbors;
    let count = |kind: Role| rows.iter().filter(|row| row.kind == Some(kind)).count();
    let counts: Vec<_> = KINDS.into_iter().map(|kind| (kind, count(kind))).filter(|(_, count)| *count > 0).collect();
    if counts.iter().all(|(kind, _)| *kind == Role::Peer) { Vec::new() } else { counts }
}

/// One or many of a kind.
const fn kind_words(kind: Role, count: usize) -> &'static str {
    match (kind, count) {
        (_, 1) => role_word(kind),
        (Role::Ultrapeer, _) => "ultra-peers",
        (Role::Peer, _) => "peers",
        (Role::Leaf, _) => "leaves",
        (Role::Directory, _) => "directories",
        (Role::Client, _) => "clients",
    }
}

fn by_name(a: &Neighbor, b: &Neighbor) -> Ordering {
    (a.node.is_none(), &a.name, a.addr).cmp(&(b.node.is_none(), &b.name, b.addr))
}

fn by_number(a: f64, b: f64) -> Ordering {
    a.total_cmp(&b)
}

fn share(row: &Neighbor) -> f64 {
    if row.queries_in == 0 { 0.0 } else { row.duplicates as f64 / row.queries_in as f64 }
}

fn mark(row: &Neighbor, paint: &Paint<'_>, _: u16) -> Line<'static> {
    match row.kind {
        Some(role) => Line::styled(paint.role_symbol(role), paint.role(role)),
        None => Line::styled(paint.dialling_symbol(), paint.dim()),
    }
}

/// The peer's name, or where it is if it has none.
pub fn peer_name(row: &Neighbor, paint: &Paint<'_>, width: u16) -> String {
    match row.addr {
        Some(addr) if row.name.raw().trim().is_empty() => paint.fit(&addr.to_string(), width),
        _ => paint.untrusted(&row.name, width),
    }
}

fn name(row: &Neighbor, paint: &Paint<'_>, width: u16) -> Line<'static> {
    if row.node.is_none() {
        return Line::styled(peer_name(row, paint, width), paint.dim());
    }
    let name = peer_name(row, paint, width);
    let spare = usize::from(width).saturating_sub(text::width(&name) + 1);
    let mut spans = vec![Span::styled(name, paint.text())];
    let addr = row.addr.map(|addr| addr.to_string()).filter(|addr| !row.name.raw().is_empty() && addr.len() <= spare);
    spans.extend(addr.map(|addr| Span::styled(format!(" {addr}"), paint.dim())));
    Line::from(spans)
}

fn kind(row: &Neighbor, paint: &Paint<'_>, _: u16) -> Line<'static> {
    match row.kind {
        Some(role) => {
            let way = if row.inbound { paint.symbol("←", "<") } else { paint.symbol("→", ">") };
            Line::from(vec![
                Span::styled(role_word(role), paint.role(role)),
                Span::styled(format!(" {way}"), paint.dim()),
            ])
        }
        None => Line::styled("dialling", paint.dim()),
    }
}

fn rtt(row: &Neighbor, paint: &Paint<'_>, _: u16) -> Line<'static> {
    let slow = row.rtt_ms.is_some_and(|ms| ms > SLOW_MS);
    let style = if slow { paint.warn() } else { paint.text() };
    row.rtt_ms.map_or_else(|| cell::none(paint), |ms| Line::styled(text::latency(ms), style))
}

fn per_s(value: f64, paint: &Paint<'_>) -> Line<'static> {
    let text = text::per_second(value);
    let style = if text == "0" { paint.dim() } else { paint.text() };
    Line::styled(text, style)
}

fn duplicates(row: &Neighbor, paint: &Paint<'_>, _: u16) -> Line<'static> {
    Line::styled(text::percent(row.duplicates, row.queries_in), paint.duplicate())
}

fn dropped(row: &Neighbor, paint: &Paint<'_>, _: u16) -> Line<'static> {
    let style = if row.dropped > 0 { paint.dropped() } else { paint.dim() };
    Line::styled(text::count(row.dropped), style)
}

fn files(row: &Neighbor, paint: &Paint<'_>, _: u16) -> Line<'static> {
    row.files.map_or_else(|| cell::none(paint), |files| Line::styled(text::count(files), paint.text()))
}

fn since(row: &Neighbor, paint: &Paint<'_>, _: u16) -> Line<'static> {
    Line::styled(text::age(paint.now_ms.saturating_sub(row.since_ms)), paint.dim())
}

/// Bytes a second, both ways.
fn flow_rate(flow: &Flow, paint: &Paint<'_>) -> Line<'static> {
    // Rates are finite and far below 2^53.
    let rate = text::bytes_short(flow.per_s() as u64);
    let style = if rate == "0" { paint.dim() } else { paint.text() };
    Line::styled(rate, style)
}

/// Bytes in all: in, and out.
fn flow_total(flow: &Flow, paint: &Paint<'_>) -> Line<'static> {
    if flow.bytes() == 0 {
        return cell::none(paint);
    }
    let (into, out) = (text::bytes_short(flow.bytes_in), text::bytes_short(flow.bytes_out));
    Line::from(vec![
        Span::styled(paint.down_symbol(), paint.down()),
        Span::styled(format!("{into} "), paint.text()),
        Span::styled(paint.up_symbol(), paint.up()),
        Span::styled(out, paint.text()),
    ])
}

/// Bytes a second in the last minute.
fn curve(flow: &Flow, paint: &Paint<'_>, width: u16) -> Line<'static> {
    paint.spark(&flow.history, width)
}
