//! Words between the rings: the hops, and the names of nodes where there is room for them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::dots::{Dots, Layer};
use super::geometry::{Geometry, Seen};
use crate::tui::flood::tree::{State, Tree};
use crate::tui::paint::Paint;
use crate::tui::panes::story;
use crate::tui::table::put;
use crate::tui::text;

/// Names that are written at most.
const NAMES: usize = 24;
/// Columns of a name.
const NAME: u16 = 14;

/// Writes each hop at the bottom of its ring.
pub(super) fn hops(buffer: &mut Buffer, area: Rect, geometry: Geometry, tree: &Tree, paint: &Paint<'_>) {
    for hop in 1..=tree.hops() {
        if let Some((x, y)) = geometry.cell(hop, 0.5) {
            put(buffer, area, x, y, 2, &Line::styled(format!("h{hop}"), paint.hop(hop)));
        }
    }
}

/// What lies on each cell.
struct Room {
    width: u16,
    taken: Vec<bool>,
}

impl Room {
    fn new(area: Rect, seen: &[Seen]) -> Self {
        let mut room =
            Self { width: area.width, taken: vec![false; usize::from(area.width) * usize::from(area.height)] };
        seen.iter().for_each(|seen| room.take(seen.cell.0, seen.cell.1, 1));
        room
    }

    fn cells(&self, x: u16, y: u16, width: u16) -> std::ops::Range<usize> {
        let start = usize::from(y) * usize::from(self.width) + usize::from(x);
        start..start + usize::from(width)
    }

    fn free(&self, x: u16, y: u16, width: u16) -> bool {
        x + width <= self.width
            && self.taken.get(self.cells(x, y, width)).is_some_and(|cells| cells.iter().all(|taken| !taken))
    }

    fn take(&mut self, x: u16, y: u16, width: u16) {
        let cells = self.cells(x, y, width);
        self.taken.get_mut(cells).into_iter().flatten().for_each(|taken| *taken = true);
    }
}

/// Writes names beside their nodes, the most interesting first: the selected one, hits, the nearest.
pub(super) fn names(buffer: &mut Buffer, area: Rect, seen: &[Seen], dots: &Dots, tree: &Tree, paint: &Paint<'_>) {
    let cursor = paint.model.flood_cursor();
    let mut room = Room::new(area, seen);
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
        // Away from the middle first: that is where there is room.
        let (left, right) = (x.checked_sub(width + 1).map(|at| (at, at)), Some((x + 2, x + 1)));
        let sides = if x < area.width / 2 { [left, right] } else { [right, left] };
        let quiet = |x: u16| chosen || (x..x + width).all(|x| dots.layer(x, y) <= Layer::Ring);
        // The cell between node and name must be free too, lest the name seem to be another's.
        let fits = |(at, gap): &(u16, u16)| width > 0 && room.free(*gap, y, width + 1) && quiet(*at);
        let Some((x, _)) = sides.into_iter().flatten().find(fits) else { continue };
        let style = match node.state {
            _ if chosen => paint.text().patch(paint.strong()),
            State::You => paint.me(),
            State::Hit => paint.hit(),
            _ => paint.dim(),
        };
        put(buffer, area, x, y, width, &Line::styled(name, style));
        room.take(x, y, width);
        written += 1;
    }
}
