//! Map: the known part of the overlay as a graph, with the way of the chosen search on it.

pub mod about;
mod signs;
mod ways;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Words};

use self::signs::{Look, RTT_BANDS, rtt_color, sign};
use super::Digest;
use super::beside::Room;
use super::cost::nodes;
use super::crowd::Crowd;
use super::dots::{Dots, Layer};
use crate::app::Role;
use crate::tui::action::Action;
use crate::tui::map::view::{Colors, Geometry};
use crate::tui::model::Model;
use crate::tui::paint::Paint;
use crate::tui::table::put;
use crate::tui::text;

/// Cells that a node must have on average for all to have signs.
const SIGN: usize = 3;
/// One in so many cells may have the sign of what is rare, where most nodes are dots: hits, ultra-peers, refusals.
const RARE: usize = 24;
/// Names that are written at most.
const NAMES: usize = 40;
/// Columns of a name.
const NAME: u16 = 16;
/// Rows from which there is room to say what the signs mean.
const NAMED: u16 = 12;

/// The parts of the pane's inside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts {
    /// The graph.
    pub(crate) canvas: Rect,
    /// What the signs mean.
    legend: Option<Rect>,
}

/// Divides the pane's inside.
pub(crate) fn parts(inner: Rect) -> Parts {
    let named = u16::from(inner.height >= NAMED);
    let canvas = Rect { height: inner.height - named, ..inner };
    Parts { canvas, legend: (named > 0).then_some(Rect { y: canvas.bottom(), height: 1, ..inner }) }
}

/// A node's place on the canvas.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// Its number.
    pub(crate) node: usize,
    /// Its cell from the corner of the canvas.
    pub(crate) cell: (u16, u16),
    /// What it looks like.
    look: Look,
    /// Its role, if it has a hit and there is room for a star beside the sign that tells it.
    star: Option<Role>,
    /// Whether it is a dot among many, without a sign of its own.
    pub(crate) small: bool,
}

/// The nodes that are on the canvas, the least important first: the last one drawn on a cell is the one that is seen.
pub(crate) fn seen(model: &Model, canvas: Rect) -> Vec<Seen> {
    let map = &model.map;
    let geometry = Geometry::new(canvas, &map.layout, &map.view);
    let (span, now) = (model.flood_span(), model.now_ms());
    let mut seen: Vec<Seen> = (0..map.table.nodes.len())
        .filter_map(|node| {
            let place = map.layout.place(node)?;
            let cell = geometry.cell(place.x, place.y)?;
            Some(Seen { node, cell, look: Look::of(model, node, span, now), star: None, small: false })
        })
        .collect();
    let cursor = model.map_cursor();
    if map.table.nodes.len() * SIGN > geometry.cells() {
        crowd_together(&mut seen, canvas, model);
    }
    seen.sort_by_key(|seen| (seen.node == 0, seen.node == cursor, seen.look.rank()));
    let mut room = Room::new(canvas, signs_of(&seen).map(|seen| seen.cell));
    for seen in seen.iter_mut().filter(|seen| seen.look == Look::Hit && !seen.small) {
        let role = map.table.nodes.get(seen.node).and_then(|node| node.role);
        seen.star = role.filter(|_| room.star(seen.cell));
    }
    seen
}

/// Where there are too many for signs all are dots but this node, its neighbors and the selected one; and what is rare has
/// its sign too, as long as it is rare.
fn crowd_together(seen: &mut [Seen], canvas: Rect, model: &Model) {
    let near = |node: usize| node == 0 || model.map.table.nodes.get(node).is_some_and(|node| node.neighbor);
    let cursor = model.map_cursor();
    for seen in seen.iter_mut() {
        seen.small = seen.node != cursor && !near(seen.node);
    }
    let mut left = usize::from(canvas.width) * usize::from(canvas.height) / RARE;
    let kinds: [fn(Look) -> bool; 3] = [
        |look| matches!(look, Look::Strange | Look::Refused),
        |look| look == Look::Hit,
        |look| matches!(look, Look::Role(Role::Ultrapeer | Role::Directory)),
    ];
    for kind in kinds {
        let those = seen.iter().filter(|seen| seen.small && kind(seen.look)).count();
        if those <= left {
            left -= those;
            seen.iter_mut().filter(|seen| kind(seen.look)).for_each(|seen| seen.small = false);
        }
    }
}

/// Those that have signs.
fn signs_of(seen: &[Seen]) -> impl Iterator<Item = &Seen> {
    seen.iter().filter(|seen| !seen.small)
}

/// What stands in the border.
pub fn digest(paint: &Paint<'_>) -> Digest {
    let model = paint.model;
    let table = &model.map.table;
    let count = table.nodes.len() as u64;
    let mut long = format!("{} {} {}", nodes(count, "node"), paint.dot(), nodes(table.links.len() as u64, "link"));
    let dot = paint.dot();
    if !model.map.view.is_whole() {
        let key = paint.key(&Action::Back);
        long.push_str(&format!(" {dot} {key} shows all"));
    }
    let end_us = model.flood_end_us();
    match (model.flood.player.at_us(model.clock, end_us), model.hop) {
        (Some(at_us), _) => long.insert_str(0, &format!("after {} {dot} ", text::latency(at_us as f64 / 1_000.0))),
        (None, Some(hop)) => long.insert_str(0, &format!("up to hop {hop} {dot} ")),
        (None, None) => {}
    }
    if let Some(search) = model.search() {
        long.insert_str(0, &format!("{} {dot} ", paint.words(&search.row.text, 24)));
    }
    Digest { short: text::count(count), long }
}

/// Draws the pane's inside.
pub fn draw(buffer: &mut Buffer, area: Rect, paint: &Paint<'_>) {
    let model = paint.model;
    if model.map.table.nodes.len() < 2 {
        if model.recorded().is_some() {
            return super::say(buffer, area, "The recording names no other node", paint);
        }
        let (add, search) = (paint.key(&Action::AddPeer), paint.key(&Action::SearchPrompt));
        let words = format!(
            "This node knows nobody yet. Press {add} to add a neighbor; a search ({search}) tells who is behind it"
        );
        return super::say(buffer, area, &words, paint);
    }
    let parts = parts(area);
    let seen = seen(model, parts.canvas);
    if !parts.canvas.is_empty() {
        canvas(buffer, parts.canvas, &seen, paint);
    }
    if let Some(area) = parts.legend {
        legend(buffer, area, &seen, paint);
    }
}

fn canvas(buffer: &mut Buffer, area: Rect, seen: &[Seen], paint: &Paint<'_>) {
    let model = paint.model;
    let geometry = Geometry::new(area, &model.map.layout, &model.map.view);
    let (mut dots, mut over) = (Dots::new(area), Dots::new(area));
    ways::links(&mut dots, geometry, paint);
    let left_out = ways::copies(&mut dots, geometry, seen, paint);
    ways::way(&mut over, geometry, paint);
    let crowd = crowd(area, geometry, seen, paint);
    dots.draw(buffer, model.glyphs.is_ascii());
    crowd.draw(buffer, paint);
    over.draw(buffer, model.glyphs.is_ascii());
    let cursor = model.map_cursor();
    for node in signs_of(seen) {
        let (mut symbol, style) = sign(node.look, node.node, paint);
        if let Some(role) = node.star {
            if let Some(cell) = buffer.cell_mut((area.x + node.cell.0 + 1, area.y + node.cell.1)) {
                cell.set_symbol(symbol).set_style(style);
            }
            symbol = paint.role_symbol(role);
        }
        if let Some(cell) = buffer.cell_mut((area.x + node.cell.0, area.y + node.cell.1)) {
            let chosen = ratatui::style::Modifier::REVERSED;
            cell.set_symbol(symbol).set_style(if node.node == cursor { style.add_modifier(chosen) } else { style });
        }
    }
    let stars = signs_of(seen).filter(|seen| seen.star.is_some()).map(|seen| (seen.cell.0 + 1, seen.cell.1));
    let mut room = Room::new(area, signs_of(seen).map(|seen| seen.cell).chain(stars).chain(crowd.taken()));
    for (y, line) in (0..area.height).zip(not_shown(&crowd, left_out, paint)) {
        let width = (line.width() as u16).min(area.width);
        room.take(0, y, width + 1);
        put(buffer, area, 0, y, width, &line);
    }
    if model.map.view.names {
        names(buffer, area, seen, &mut room, [&dots, &over], paint);
    }
}

/// What the map does not show, or not one by one.
fn not_shown(crowd: &Crowd, left_out: usize, paint: &Paint<'_>) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if paint.model.map.table.is_full() {
        lines.push(Line::styled("the map is full: those not seen for longest are left out", paint.warn()));
    }
    if crowd.nodes() > 0 {
        let nearer = paint.key(&Action::MapIn);
        lines.push(Line::styled(format!("{}: {nearer} goes nearer", crowd.words()), paint.dim()));
    }
    if left_out > 0 {
        lines.push(Line::styled(format!("{} left out", text::counted(left_out as u64, "way", "ways")), paint.dim()));
    }
    lines
}

/// The nodes that stand too close for signs.
fn crowd(area: Rect, geometry: Geometry, seen: &[Seen], paint: &Paint<'_>) -> Crowd {
    let mut crowd = Crowd::new(area);
    for seen in seen.iter().filter(|seen| seen.small) {
        if let Some(place) = paint.model.map.layout.place(seen.node) {
            let (_, style) = sign(seen.look, seen.node, paint);
            crowd.add(geometry.dot(place.x, place.y), seen.look == Look::Hit, style);
        }
    }
    crowd
}

/// What a node of the map calls itself, or else the start of its id.
pub(super) fn name_of(at: usize, paint: &Paint<'_>, width: u16) -> String {
    let Some(node) = paint.model.map.table.nodes.get(at) else { return String::new() };
    let name = paint.untrusted(&node.name, width);
    if name.trim().is_empty() { node.id.short() } else { name }
}

/// Writes names beside their nodes, the most interesting first: the selected one, this one, neighbors, hits, ultra-peers,
/// the nearest.
fn names(buffer: &mut Buffer, area: Rect, seen: &[Seen], room: &mut Room, dots: [&Dots; 2], paint: &Paint<'_>) {
    let cursor = paint.model.map_cursor();
    let of = |seen: &Seen| paint.model.map.table.nodes.get(seen.node);
    let mut wanted: Vec<&Seen> = signs_of(seen).collect();
    wanted.sort_by_cached_key(|seen| {
        let near = of(seen).map_or((true, u8::MAX), |node| (!node.neighbor, node.hop));
        let ultra = of(seen).and_then(|node| node.role) == Some(Role::Ultrapeer);
        (seen.node != cursor, seen.node != 0, near.0, seen.look != Look::Hit, !ultra, near.1, seen.node)
    });
    let by_rtt = paint.model.map.view.colors == Colors::Rtt;
    let mut written = 0;
    for node in wanted {
        if written >= NAMES {
            break;
        }
        let chosen = node.node == cursor;
        let mut name = text::fit(&name_of(node.node, paint, NAME), NAME.into()).into_owned();
        if let Some(ms) = of(node).and_then(|node| node.rtt_ms).filter(|_| by_rtt) {
            name = format!("{name} {}", text::latency(ms));
        }
        let width = text::width(&name) as u16;
        let quiet =
            |x: u16, y: u16| (x..x + width).all(|x| dots.iter().all(|dots| dots.layer(x, y) <= Layer::Duplicate));
        let star = node.star.is_some();
        let place =
            if chosen { room.near(node.cell, star, width, quiet) } else { room.beside(node.cell, star, width, quiet) };
        let Some((x, y)) = place else { continue };
        let style = match node.look {
            _ if chosen => paint.text().patch(paint.strong()),
            Look::You => paint.me(),
            Look::Hit => paint.hit(),
            _ => paint.dim(),
        };
        put(buffer, area, x, y, width, &Line::styled(name, style));
        written += 1;
    }
}

/// What the signs mean, as far as there is room; those that are rare only where they are.
fn legend(buffer: &mut Buffer, area: Rect, seen: &[Seen], paint: &Paint<'_>) {
    let mut x = 1;
    let mut write = |part: Line<'static>| {
        let width = part.width() as u16;
        if x + width <= area.width {
            put(buffer, area, x, 0, width, &part);
            x += width + 2;
        }
    };
    let mut shown: Vec<&Seen> = Vec::new();
    for node in seen.iter().rev() {
        if shown.iter().all(|one| one.look != node.look) {
            shown.push(node);
        }
    }
    shown.sort_by_key(|node| std::cmp::Reverse(node.look.rank()));
    for node in shown {
        let (symbol, style) = sign(node.look, node.node, paint);
        let words = format!(" {}", node.look.words());
        write(Line::from(vec![Words::styled(symbol, style), Words::styled(words, paint.dim())]));
    }
    write(colors(paint));
}

/// What the colors tell.
fn colors(paint: &Paint<'_>) -> Line<'static> {
    // Without colors there is nothing to tell.
    if paint.model.theme.hop(1, 7).fg.is_none() {
        return Line::default();
    }
    let mut parts = Vec::new();
    match paint.model.map.view.colors {
        Colors::Hops => {
            parts.push(Words::styled("hops ", paint.dim()));
            parts.extend((1..=7).map(|hop| Words::styled(hop.to_string(), paint.hop(hop))));
        }
        Colors::Roles => {}
        Colors::Rtt => {
            parts.push(Words::styled("rtt", paint.dim()));
            let below = RTT_BANDS.iter().map(|ms| format!(" <{}", text::latency(*ms)));
            let all = below.chain([" more".to_owned()]).enumerate();
            parts.extend(all.map(|(band, words)| Words::styled(words, rtt_color(band, paint))));
        }
    }
    Line::from(parts)
}
