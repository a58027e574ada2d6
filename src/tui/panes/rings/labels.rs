//! Words between the rings: the hops, and the names of nodes where there is room for them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::super::beside::Room;
use super::super::crowd::Crowd;
use super::super::dots::{Dots, Layer};
use super::geometry::{Geometry, Seen};
use super::role_of;
use crate::app::{Role, hops_of};
use crate::tui::flood::tree::{State, Tree};
use crate::tui::paint::Paint;
use crate::tui::panes::story;
use crate::tui::table::put;
use crate::tui::text;

/// Names that are written at most.
const NAMES: usize = 24;
/// Columns of a name.
const NAME: u16 = 14;
/// Where on its ring the hop is written, the first of these that has room: in turns from the top.
const AT: [f64; 7] = [0.5, 0.47, 0.53, 0.44, 0.56, 0.0, 0.25];

/// Where words may stand: not on signs, on nodes of a crowd, on words, nor across the way of a copy.
pub(super) struct Free<'a> {
    room: Room,
    dots: [&'a Dots; 2],
}

impl<'a> Free<'a> {
    pub(super) fn new(area: Rect, seen: &[Seen], crowd: &Crowd, dots: [&'a Dots; 2]) -> Self {
        let signs = || seen.iter().filter(|seen| !seen.small);
        let stars = signs().filter(|seen| seen.star).map(|seen| (seen.cell.0 + 1, seen.cell.1));
        Self { room: Room::new(area, signs().map(|seen| seen.cell).chain(stars).chain(crowd.taken())), dots }
    }

    /// Takes cells of a line.
    pub(super) fn take(&mut self, x: u16, y: u16, width: u16) {
        self.room.take(x, y, width);
    }

    fn crossed(dots: [&Dots; 2], x: u16, y: u16, width: u16) -> bool {
        (x..x + width).any(|x| dots.iter().any(|dots| dots.layer(x, y) > Layer::Ring))
    }
}

/// Writes the hops of each ring at its bottom, or where else there is room.
pub(super) fn hops(
    buffer: &mut Buffer,
    area: Rect,
    geometry: Geometry,
    tree: &Tree,
    room: &mut Free<'_>,
    paint: &Paint<'_>,
) {
    for ring in 1..=tree.rings() {
        let label = match hops_of(tree.strategy(), ring) {
            (first, last) if first == last => format!("h{last}"),
            (first, last) => format!("h{first}-{last}"),
        };
        let width = label.len() as u16;
        let cells = || AT.iter().filter_map(|turn| geometry.cell(ring, *turn));
        let quiet = |(x, y): &(u16, u16)| !Free::crossed(room.dots, *x, *y, width);
        // On the way of a copy rather than on somebody.
        let place = cells().filter(quiet).find(|(x, y)| room.room.free(*x, *y, width));
        let place = place.or_else(|| cells().find(|(x, y)| room.room.free(*x, *y, width)));
        // A ring that is full has no free cell: the hop stands on it, and hides some dots of very many.
        let place = place.or_else(|| geometry.cell(ring, AT[0]).filter(|_| geometry.crowded(ring)));
        let Some((x, y)) = place else { continue };
        room.take(x, y, width);
        put(buffer, area, x, y, width, &Line::styled(label, paint.hop(ring)));
    }
}

/// Writes names beside their nodes, the most interesting first: the selected one, neighbors, hits, ultra-peers, the nearest.
pub(super) fn names(
    buffer: &mut Buffer,
    area: Rect,
    seen: &[Seen],
    tree: &Tree,
    room: &mut Free<'_>,
    paint: &Paint<'_>,
) {
    let model = paint.model;
    let cursor = model.flood_cursor();
    let order = |seen: &Seen| {
        let node = tree.nodes.get(seen.node);
        let hop = node.map_or(u8::MAX, |node| node.hop);
        let ultra = node.and_then(|node| role_of(node, model)) == Some(Role::Ultrapeer);
        (seen.node != cursor, hop > 1, seen.state != State::Hit, !ultra, hop, seen.node)
    };
    let mut wanted: Vec<&Seen> = seen.iter().filter(|seen| !seen.small && seen.state > State::Duplicate).collect();
    wanted.sort_by_cached_key(|seen| order(seen));
    let mut written = 0;
    for node in wanted {
        if written >= NAMES {
            break;
        }
        let chosen = node.node == cursor;
        let name = text::fit(&story::name_of(node.node, tree, paint, NAME), NAME.into()).into_owned();
        let width = text::width(&name) as u16;
        let dots = room.dots;
        let quiet = |x: u16, y: u16| !Free::crossed(dots, x, y, width);
        let place = if chosen {
            room.room.near(node.cell, node.star, width, quiet)
        } else {
            room.room.beside(node.cell, node.star, width, quiet)
        };
        let Some((x, y)) = place else { continue };
        let style = match node.state {
            _ if chosen => paint.text().patch(paint.strong()),
            State::You => paint.me(),
            State::Hit => paint.hit(),
            _ => paint.dim(),
        };
        put(buffer, area, x, y, width, &Line::styled(name, style));
        written += 1;
    }
}
