//! Role: what this node is in its topology, and why.

pub(crate) mod central;
mod recorded;
mod rows;
mod score;
mod serving;
mod ultra;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use self::rows::Rows;
use super::Digest;
use super::cost::nodes;
use crate::app::{DirectoryState, Role, Strategy, TopologyKind};
use crate::tui::action::Action;
use crate::tui::model::Model;
use crate::tui::paint::Paint;
use crate::tui::text;

/// A leaf without an ultra-peer is worth an alarm when it has been one for so long.
const SEEKING_MS: u64 = 3_000;
/// Columns of a curve.
const CURVE: u16 = 12;
/// Times shorter than this are counted down second by second.
const SECONDS_MS: u64 = 60_000;

/// A role as people call it.
#[must_use]
pub const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Ultrapeer => "ultra-peer",
        other => other.name(),
    }
}

/// What this node is: its sign, the word for it, and how that looks. A recorded one may not have told.
pub(crate) fn own_role(paint: &Paint<'_>) -> (&'static str, &'static str, Style) {
    let role = paint.model.snapshot.own_role();
    role.map_or((paint.model.glyphs.unknown, "role not told", paint.dim()), |role| {
        (paint.role_symbol(role), role_word(role), paint.role(role))
    })
}

/// What nobody should overlook.
pub(crate) fn alarm(paint: &Paint<'_>) -> Style {
    paint.warn().add_modifier(Modifier::BOLD)
}

/// The time until a moment of the node's clock; `None` when that has come.
fn remaining(until_ms: u64, paint: &Paint<'_>) -> Option<String> {
    let left = until_ms.checked_sub(paint.now_ms).filter(|left| *left > 0)?;
    // A second that has begun still counts.
    Some(text::age(left + 999))
}

/// Whether the role has something that counts second by second, and is in view.
#[must_use]
pub fn counts_down(model: &Model) -> bool {
    let role = &model.snapshot.role;
    let soon = |until: &u64| (1..SECONDS_MS).contains(&until.saturating_sub(model.now_ms()));
    let directory = role.directory.as_ref();
    // The next try is told above every screen, the others on the first one.
    directory.and_then(|directory| directory.next_try_ms.as_ref()).is_some_and(soon)
        || role.ultra.as_ref().is_some_and(|ultra| ultra.seeking_ms.is_some())
        || model.screen == 1
            && (directory.and_then(|directory| directory.lease_until_ms.as_ref()).is_some_and(soon)
                || role.ultra.as_ref().and_then(|ultra| ultra.held_until_ms.as_ref()).is_some_and(soon))
}

/// Whether this node is cut off from what its topology lives of.
#[must_use]
pub fn cut_off(model: &Model) -> bool {
    let role = &model.snapshot.role;
    let state = role.directory.as_ref().map(|directory| directory.state);
    let lost = matches!(state, Some(DirectoryState::None | DirectoryState::Unreachable));
    let seeking = role.ultra.as_ref().and_then(|ultra| ultra.seeking_ms);
    (role.topology == TopologyKind::Central && lost)
        || (role.topology == TopologyKind::Ultrapeer && seeking.is_some_and(|ms| ms >= SEEKING_MS))
}

/// What that means, and what happens next, in a line; the most important first.
#[must_use]
pub fn cut_off_words(paint: &Paint<'_>) -> Option<String> {
    let role = &paint.model.snapshot.role;
    if !cut_off(paint.model) {
        return None;
    }
    let key = paint.key(&Action::NextTopology);
    let next = format!("{key} for {}", role.topology.next().name());
    if let Some(ms) = role.ultra.as_ref().and_then(|ultra| ultra.seeking_ms) {
        let add = paint.key(&Action::AddPeer);
        let since = ultra::seeking(ms, paint);
        return Some(format!("Searches reach nobody: no ultra-peer for {since}. {add} adds a peer, or {next}"));
    }
    let directory = role.directory.as_ref()?;
    let again = match directory.next_try_ms.map(|at| remaining(at, paint)) {
        Some(Some(left)) => format!("Next try in {left}, or {next}"),
        Some(None) => format!("Trying again now, or {next}"),
        None => format!("Name one with --directory ADDRESS, or {next}"),
    };
    let known = directory.state != DirectoryState::None;
    let what = if known { "no directory answers" } else { "no directory is known" };
    Some(format!("Searches find nothing: {what}. {again}"))
}

/// What stands in the border.
pub fn digest(paint: &Paint<'_>) -> Digest {
    let role = &paint.model.snapshot.role;
    let sign = if cut_off(paint.model) { paint.warning_symbol() } else { paint.role_symbol(role.role) };
    if paint.model.recorded().is_some() {
        let (sign, word, _) = own_role(paint);
        return Digest { short: sign.to_owned(), long: format!("{sign} {word}") };
    }
    let since = text::age(paint.now_ms.saturating_sub(role.since_ms));
    let long = format!("{} {} for {since}", paint.role_symbol(role.role), role_word(role.role));
    Digest { short: sign.to_owned(), long }
}

/// Draws the pane's inside.
pub fn draw(buffer: &mut Buffer, area: Rect, paint: &Paint<'_>) {
    let role = &paint.model.snapshot.role;
    let mut rows = Rows::new(area, paint);
    if let Some(origin) = paint.model.recorded() {
        recorded::rows(&mut rows, origin);
        return rows.draw(buffer, area);
    }
    topology(&mut rows);
    if role.directory.is_none() {
        let why = paint.foreign(&role.why, u16::MAX);
        rows.text((0, 4), "why", &why, paint.text());
    }
    match role.topology {
        TopologyKind::Flood => flood(&mut rows),
        TopologyKind::Ultrapeer => role.ultra.iter().for_each(|ultra| ultra::rows(&mut rows, ultra)),
        TopologyKind::Central => role.directory.iter().for_each(|directory| central::rows(&mut rows, directory)),
    }
    traffic(&mut rows);
    if let Some(serving) = &role.serving {
        serving::rows(&mut rows, serving, role.role == Role::Directory);
    }
    this_node(&mut rows);
    rows.draw(buffer, area);
}

/// The topology, and whether others can change it.
fn topology(rows: &mut Rows<'_>) {
    let paint = rows.paint;
    let role = &paint.model.snapshot.role;
    let name = format!("{}  ", role.topology.name());
    let wordings = if role.follows {
        ["goes along with proposals", "goes along"]
    } else {
        ["follows no proposals", "goes its own way"]
    };
    let words = rows.choose(&wordings.map(str::to_owned), rows.room.saturating_sub(text::width(&name) as u16));
    let value = vec![Span::styled(name, paint.title()), Span::styled(words, paint.dim())];
    rows.line(5, "topology", Line::from(value));
}

/// The rows of a node that floods.
fn flood(rows: &mut Rows<'_>) {
    let paint = rows.paint;
    let role = &paint.model.snapshot.role;
    let enough = role.neighbors >= role.min_neighbors;
    let number = format!("{}/{}", role.neighbors, role.max_neighbors);
    let share = role.neighbors as f64 / role.max_neighbors.max(1) as f64;
    let style = if enough { paint.text() } else { paint.warn() };
    rows.bar(0, "neighbors", share, paint.bar_style(), &number, style);
    let strive = if role.min_neighbors == 0 {
        "only the peers that were named".into()
    } else if enough {
        format!("enough: at least {} wanted", role.min_neighbors)
    } else {
        format!("looking for {} more", role.min_neighbors - role.neighbors)
    };
    rows.fact(0, "", &strive, paint.dim());
}

/// What the role costs and what it brings, the last minute and in all.
fn traffic(rows: &mut Rows<'_>) {
    let paint = rows.paint;
    let now = &paint.model.snapshot.traffic;
    let (query, content) = (super::traffic::query_word(paint), now.content_in.saturating_add(now.content_out));
    for (name, history, total, style) in [
        (query, &now.query.history, now.query.bytes(), paint.warn()),
        ("content", &now.content_history, content, paint.hit()),
    ] {
        let rate = text::rate(history.last().copied().unwrap_or(0) as f64);
        let words = format!(" {rate:>9}, {}", text::bytes(total));
        let curve = rows.room.saturating_sub(text::width(&words) as u16).min(CURVE);
        rows.line(
            3,
            name,
            Line::from(vec![
                Span::styled(paint.model.glyphs.spark(history, curve.into()), style),
                Span::styled(words, paint.text()),
            ]),
        );
    }
}

/// What is known of this node in every topology.
fn this_node(rows: &mut Rows<'_>) {
    let paint = rows.paint;
    let now = &paint.model.snapshot;
    rows.fact(6, "known", &nodes(now.role.known_hosts as u64, "other node"), paint.text());
    rows.fact(6, "reached at", &now.node.addr.to_string(), paint.text());
    if now.role.topology != TopologyKind::Central {
        rows.line(6, "TTL", ttl_line(paint));
    }
    if now.node.hop_delay_ms > 0 {
        let slow = format!("each query is held {} ms", now.node.hop_delay_ms);
        rows.fact(1, "slow motion", &slow, paint.warn());
    }
    rows.fact(7, "id", &now.node.node.to_string(), paint.dim());
}

/// The TTL of the next search.
pub fn ttl_line(paint: &Paint<'_>) -> Line<'static> {
    let model = paint.model;
    let ttl = model.ttl;
    if model.strategy.walkers().is_some() {
        return Line::from(vec![
            Span::styled(format!("{} steps", model.steps), paint.text()),
            Span::styled(" of the next walk", paint.dim()),
        ]);
    }
    let [left, spent] = paint.ttl(ttl, crate::app::MAX_TTL);
    Line::from(vec![
        left,
        spent,
        Span::styled(format!(" {ttl}"), paint.text()),
        Span::styled(
            if model.strategy == Strategy::Ring { " of the next ring" } else { " of the next search" },
            paint.dim(),
        ),
    ])
}
