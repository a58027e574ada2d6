//! Words between the rings: the hops, and the names of nodes where there is room for them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::super::beside::Room;
use super::super::dots::{Dots, Layer};
use super::geometry::{Geometry, Seen};
use crate::app::hops_of;
use crate::tui::flood::tree::{State, Tree};
use crate::tui::paint::Paint;
use crate::tui::panes::story;
use crate::tui::table::put;
use crate::tui::text;

/// Names that are written at most.
const NAMES: usize = 24;
/// Columns of a name.
const NAME: u16 = 14;

/// Writes the hops of each ring at its bottom.
pub(super) fn hops(buffer: &mut Buffer, area: Rect, geometry: Geometry, tree: &Tree, paint: &Paint<'_>) {
    for ring in 1..=tree.rings() {
        if let Some((x, y)) = geometry.cell(ring, 0.5) {
            let label = match hops_of(tree.strategy(), ring) {
                (first, last) if first == last => format!("h{last}"),
                (first, last) => format!("h{first}-{last}"),
            };
            let width = label.len() as u16;
            put(buffer, area, x, y, width, &Line::styled(label, paint.hop(ring)));
        }
    }
}

/// Writes names beside their nodes, the most interesting first: the selected one, hits, the nearest.
pub(super) fn names(buffer: &mut Buffer, area: Rect, seen: &[Seen], dots: &Dots, tree: &Tree, paint: &Paint<'_>) {
    let cursor = paint.model.flood_cursor();
    let stars = seen.iter().filter(|seen| seen.star).map(|seen| (seen.cell.0 + 1, seen.cell.1));
    let mut room = Room::new(area, seen.iter().map(|seen| seen.cell).chain(stars));
    let hop = |seen: &Seen| tree.nodes.get(seen.node).map_or(u8::MAX, |node| node.hop);
    let mut wanted: Vec<&Seen> = seen.iter().filter(|seen| seen.state > State::Duplicate).collect();
    wanted.sort_by_key(|seen| (seen.node != cursor, seen.state != State::Hit, hop(seen), seen.node));
    let mut written = 0;
    for node in wanted {
        if written >= NAMES {
            break;
        }
        let chosen = node.node == cursor;
        let name = text::fit(&story::name_of(node.node, tree, paint, NAME), NAME.into()).into_owned();
        let width = text::width(&name) as u16;
        let (x, y) = node.cell;
        let quiet = |x: u16| chosen || (x..x + width).all(|x| dots.layer(x, y) <= Layer::Ring);
        let Some(x) = room.beside((x, y), node.star, width, quiet) else { continue };
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
