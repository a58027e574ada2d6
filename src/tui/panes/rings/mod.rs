//! Flood: the chosen search as rings, one for each hop, with the nodes that reported and the way the query took.

mod bar;
pub(crate) mod geometry;
mod labels;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span as Words};

use self::geometry::{Geometry, Seen};
use super::Digest;
use super::crowd::Crowd;
use super::dots::{Dots, Layer};
use super::lookup::is_lookup;
use crate::app::{Action as Did, Role, RoundRow, Search, Spread};
use crate::tui::action::Action;
use crate::tui::flood::tree::{Node, Span, State, Tree};
use crate::tui::flood::ways::{Wanted, Ways};
use crate::tui::model::Model;
use crate::tui::paint::Paint;
use crate::tui::panes::role::role_word;
use crate::tui::table::put;
use crate::tui::text;

/// Of the dots of a ring and of a duplicate's way so many are drawn as one.
const SPARSE: (usize, usize) = (2, 4);
/// Copies that are seen on their way where rings are crowded.
pub(super) const YOUNG: usize = 60;

/// What stands in the border.
pub fn digest(paint: &Paint<'_>) -> Digest {
    let Some(search) = paint.model.search() else { return Digest::default() };
    let mut long = paint.words(&search.row.text, 32);
    let delay = paint.model.snapshot.node.hop_delay_ms;
    if delay > 0 {
        long.push_str(&format!(" {} slowed {delay} ms a hop", paint.dot()));
    }
    let walks = search.row.strategy == Spread::Walk;
    let hops = if walks { "step" } else { "hop" };
    if walks {
        let walkers = super::cost::nodes(search.strategy.walkers().unwrap_or(0).into(), "walker");
        long.push_str(&format!(" {} {walkers}", paint.dot()));
    }
    if let Some(round) = shown_round(search, paint) {
        long.push_str(&format!(" {} ring, round of TTL {}", paint.dot(), round.ttl));
    }
    if let Some(hop) = paint.model.hop {
        long.push_str(&format!(" {} up to {hops} {hop}", paint.dot()));
    }
    let reached = paint.model.flood.shown.rows.iter().rfind(|row| row.arrived() > 0).map(|row| row.hop);
    if let Some((tree, reached)) = paint.model.flood.tree.as_ref().zip(reached) {
        let most = if walks { search.row.ttl } else { tree.rings() };
        long.push_str(&format!(" {} {hops} {reached} of {most}", paint.dot()));
    }
    Digest { short: text::count(search.row.nodes.into()), long }
}

/// The round of a ring at the moment that is shown.
fn shown_round(search: &Search, paint: &Paint<'_>) -> Option<RoundRow> {
    let model = paint.model;
    let at_us = model.flood_at_us().unwrap_or(u64::MAX);
    search.rounds.iter().rfind(|round| round.at_ms.saturating_mul(1_000) <= at_us).copied()
}

/// Draws the pane's inside.
pub fn draw(buffer: &mut Buffer, area: Rect, paint: &Paint<'_>) {
    let model = paint.model;
    let Some(search) = model.search() else {
        let key = paint.key(&Action::SearchPrompt);
        return super::say(buffer, area, &format!("No search yet. Press {key}, and watch it spread here"), paint);
    };
    let tree = model.flood.tree.as_ref().filter(|tree| tree.guid == search.row.guid);
    let Some(tree) = tree.filter(|tree| !tree.reports.is_empty()) else {
        return super::say(buffer, area, &super::flood::why_empty(search, paint), paint);
    };
    let parts = geometry::parts(area);
    let seen = geometry::seen(model, parts.canvas);
    if !parts.canvas.is_empty() {
        canvas(buffer, parts.canvas, tree, &seen, paint);
    }
    if let Some(area) = parts.legend {
        legend(buffer, area, &seen, paint);
    }
    bar::draw(buffer, parts, tree, search, paint);
}

fn canvas(buffer: &mut Buffer, area: Rect, tree: &Tree, seen: &[Seen], paint: &Paint<'_>) {
    let model = paint.model;
    let geometry = Geometry::new(area, tree, model.flood.zoom);
    let span = model.flood_span();
    let mut dots = Dots::new(area);
    // A ring that is full is its own line.
    for ring in (1..=tree.rings()).filter(|ring| !geometry.crowded(*ring)) {
        let style = paint.border(false);
        dots.circle(geometry.center(), geometry.radius(ring), SPARSE.0, Layer::Ring, style);
    }
    let ways = ways(geometry, tree, seen, span, paint);
    edges(&mut dots, geometry, tree, &ways, paint);
    let crowd = crowd(area, geometry, tree, seen, paint);
    let mut over = Dots::new(area);
    way(&mut over, geometry, tree, span, paint);
    dots.draw(buffer, model.glyphs.is_ascii());
    crowd.draw(buffer, paint);
    over.draw(buffer, model.glyphs.is_ascii());
    for node in seen.iter().filter(|node| !node.small) {
        sign(buffer, area, node, tree, span, paint);
    }
    let mut room = labels::Free::new(area, seen, &crowd, [&dots, &over]);
    left_out(buffer, area, &ways, &crowd, &mut room, paint);
    labels::hops(buffer, area, geometry, tree, &mut room, paint);
    labels::names(buffer, area, seen, tree, &mut room, paint);
}

/// The nodes that stand too close for signs.
fn crowd(area: Rect, geometry: Geometry, tree: &Tree, seen: &[Seen], paint: &Paint<'_>) -> Crowd {
    let mut crowd = Crowd::new(area);
    for seen in seen.iter().filter(|seen| seen.small) {
        let Some((dot, node)) = geometry.dot_of(tree, seen.node).zip(tree.nodes.get(seen.node)) else { continue };
        let (_, style) = look(seen.state, None, tree.ring(node.hop), false, paint);
        crowd.add(dot, seen.state == State::Hit, style);
    }
    crowd
}

/// Which ways that copies took are drawn.
fn ways(geometry: Geometry, tree: &Tree, seen: &[Seen], span: Span, paint: &Paint<'_>) -> Ways {
    let model = paint.model;
    let crowded = |at: usize| tree.nodes.get(at).is_some_and(|node| geometry.crowded(tree.ring(node.hop)));
    let back: Vec<usize> = seen.iter().filter(|seen| !seen.small && crowded(seen.node)).map(|seen| seen.node).collect();
    let young = if geometry.any_crowded() && model.flood_spreads() { YOUNG } else { 0 };
    let (cursor, duplicates) = (model.flood_cursor(), !model.flood.no_duplicates);
    Ways::choose(tree, span, &Wanted { alone: |at| !crowded(at), back: &back, cursor, young, duplicates })
}

/// Draws them: those that were new to their node, and those that had been seen before.
fn edges(dots: &mut Dots, geometry: Geometry, tree: &Tree, ways: &Ways, paint: &Paint<'_>) {
    let place = |at: usize| geometry.dot_of(tree, at);
    for &index in &ways.drawn {
        let Some(report) = tree.reports.get(index) else { continue };
        let to = tree.find(report.node).and_then(place);
        let Some((from, to)) = tree.sender_of(index).and_then(place).zip(to) else { continue };
        match report.action {
            Did::Refused => dots.line(from, to, 2, Layer::Tree, paint.dropped()),
            Did::Duplicate => dots.line(from, to, SPARSE.1, Layer::Duplicate, paint.duplicate()),
            _ => dots.line(from, to, 1, Layer::Tree, paint.hop(tree.ring(report.hop))),
        }
    }
}

/// The selected node's way back to this one.
fn way(dots: &mut Dots, geometry: Geometry, tree: &Tree, span: Span, paint: &Paint<'_>) {
    let cursor = paint.model.flood_cursor();
    if tree.state(cursor, span).is_none() {
        return;
    }
    let way = tree.way_back(cursor);
    let places: Vec<_> = way.iter().map(|&at| geometry.dot_of(tree, at)).collect();
    for pair in places.windows(2) {
        if let [Some(from), Some(to)] = pair {
            dots.line(*from, *to, 1, Layer::Way, paint.me());
        }
    }
}

/// What the picture does not show, at its top.
fn left_out(
    buffer: &mut Buffer,
    area: Rect,
    ways: &Ways,
    crowd: &Crowd,
    room: &mut labels::Free<'_>,
    paint: &Paint<'_>,
) {
    let nodes = paint.model.flood.shown.not_drawn as u64;
    let mut lines = Vec::new();
    if nodes > 0 {
        lines.push(Line::styled(format!("+{} not drawn", text::counted(nodes, "node", "nodes")), paint.warn()));
    }
    if crowd.nodes() > 0 {
        lines.push(Line::styled(crowd.words(), paint.dim()));
    }
    if ways.left_out > 0 {
        lines.push(Line::styled(
            format!("{} left out", text::counted(ways.left_out as u64, "way", "ways")),
            paint.dim(),
        ));
    }
    for (y, line) in (0..area.height).zip(lines) {
        let width = (line.width() as u16).min(area.width);
        room.take(0, y, width + 1);
        put(buffer, area, 0, y, width, &line);
    }
}

/// The sign of a node, by what became of the query there; of one that was reached, by what the node is.
pub(super) fn look(
    state: State,
    role: Option<Role>,
    ring: u8,
    strange: bool,
    paint: &Paint<'_>,
) -> (&'static str, Style) {
    let glyphs = &paint.model.glyphs;
    match state {
        State::You => (glyphs.you, paint.me()),
        _ if strange => (glyphs.warning, paint.warn().add_modifier(Modifier::BOLD)),
        State::Hit => (glyphs.hit, paint.hit()),
        State::Reached => (role_sign(role, paint), paint.hop(ring)),
        State::Refused => (glyphs.dropped, paint.dropped()),
        State::Duplicate => (glyphs.duplicate, paint.duplicate()),
        State::Inferred => (glyphs.dialling, paint.dim()),
    }
}

fn sign(buffer: &mut Buffer, area: Rect, seen: &Seen, tree: &Tree, span: Span, paint: &Paint<'_>) {
    let Some(node) = tree.nodes.get(seen.node) else { return };
    let strange = tree.copies(node, span).any(|(copy, _)| tree.strange(copy).next().is_some());
    let role = role_of(node, paint.model);
    let (mut sign, style) = look(seen.state, role, tree.ring(node.hop), strange, paint);
    let (x, y) = (area.x + seen.cell.0, area.y + seen.cell.1);
    if seen.star && !strange {
        sign = role_sign(role, paint);
        if let Some(cell) = buffer.cell_mut((x + 1, y)) {
            cell.set_symbol(paint.model.glyphs.hit).set_style(style);
        }
    }
    let chosen = paint.model.flood_cursor() == seen.node;
    if let Some(cell) = buffer.cell_mut((x, y)) {
        cell.set_symbol(sign).set_style(if chosen { style.add_modifier(Modifier::REVERSED) } else { style });
    }
}

/// What a node is: as it told, or as a link to it tells.
pub(super) fn role_of(node: &Node, model: &Model) -> Option<Role> {
    let near = || model.snapshot.neighbors.iter().find(|row| row.node == Some(node.id));
    // Neighbors stand on the first ring; all others need not be looked for.
    node.role.or_else(|| if node.hop == 1 { near()?.kind } else { None })
}

fn role_sign(role: Option<Role>, paint: &Paint<'_>) -> &'static str {
    role.map_or(paint.model.glyphs.unknown, |role| paint.role_symbol(role))
}

/// What the signs and colours mean, as far as there is room; those that are rare only where they are.
fn legend(buffer: &mut Buffer, area: Rect, seen: &[Seen], paint: &Paint<'_>) {
    let any = |state: State| seen.iter().any(|seen| seen.state == state);
    let kinds = [
        (State::You, false, "you", true),
        (State::Hit, false, "hit", true),
        (State::Hit, true, "inconsistent", paint.model.flood.shown.strange > 0),
        (State::Inferred, false, "inferred", any(State::Inferred)),
        (State::Refused, false, "refused", any(State::Refused)),
        (State::Duplicate, false, "duplicates only", any(State::Duplicate)),
    ];
    let mut parts: Vec<Line<'static>> = Vec::new();
    for (state, strange, name, _) in kinds.into_iter().filter(|(.., there)| *there) {
        let (sign, style) = look(state, None, 4, strange, paint);
        parts.push(Line::from(vec![Words::styled(sign, style), Words::styled(format!(" {name}"), paint.dim())]));
    }
    let shown = roles(seen, paint);
    let roles = shown.len();
    for (at, role) in shown.into_iter().enumerate() {
        let sign = Words::styled(role_sign(role, paint), paint.hop(1));
        let name = format!(" {}", role.map_or("role not told", role_word));
        parts.insert(1 + at, Line::from(vec![sign, Words::styled(name, paint.dim())]));
    }
    // A look-up has no duplicates.
    if !paint.model.search().is_some_and(|search| is_lookup(search)) {
        let dotted = if paint.model.flood.no_duplicates { "duplicates hidden" } else { "duplicate" };
        let ways = Words::styled(paint.symbol("⠐⠐⠐", ":::"), paint.duplicate());
        let part = Line::from(vec![ways, Words::styled(format!(" {dotted}"), paint.dim())]);
        parts.insert(parts.len().min(2 + roles), part);
    }
    let mut x = 1;
    for part in parts {
        let width = part.width() as u16;
        if x + width > area.width {
            break;
        }
        put(buffer, area, x, 0, width, &part);
        x += width + 2;
    }
}

/// What the nodes are whose signs tell it; those of which nobody told it last.
fn roles(seen: &[Seen], paint: &Paint<'_>) -> Vec<Option<Role>> {
    const ALL: [Role; 5] = [Role::Ultrapeer, Role::Leaf, Role::Peer, Role::Directory, Role::Client];
    let Some(tree) = &paint.model.flood.tree else { return Vec::new() };
    let told = |seen: &&Seen| seen.star || seen.state == State::Reached;
    let there: Vec<Option<Role>> = seen
        .iter()
        .filter(told)
        .filter_map(|seen| tree.nodes.get(seen.node).map(|node| role_of(node, paint.model)))
        .collect();
    ALL.into_iter().map(Some).chain([None]).filter(|role| there.contains(role)).collect()
}
