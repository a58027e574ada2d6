//! Nodes that stand too close for signs: a dot each, and in each cell the color of those that are the most there.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::dots::{CELL, bit_of};
use crate::tui::paint::Paint;
use crate::tui::text;

/// One cell of it.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    bits: u8,
    nodes: u16,
    hits: u16,
    style: Style,
}

/// The nodes of an area that are dots.
#[derive(Debug)]
pub(super) struct Crowd {
    area: Rect,
    cells: Vec<Cell>,
    nodes: usize,
}

/// From how many nodes a cell has which sign, where there is no Braille.
const ASCII: [(u16, &str); 4] = [(8, "#"), (4, "+"), (2, ":"), (1, ".")];

impl Crowd {
    /// Nobody yet.
    pub(super) fn new(area: Rect) -> Self {
        let cells = vec![Cell::default(); usize::from(area.width) * usize::from(area.height)];
        Self { area, cells, nodes: 0 }
    }

    /// A node stands at a dot; one outside is not seen.
    pub(super) fn add(&mut self, (x, y): (f64, f64), hit: bool, style: Style) {
        let (x, y) = (x.round() as i32, y.round() as i32);
        let (column, row) = (x.div_euclid(CELL.0), y.div_euclid(CELL.1));
        let inside =
            (0..i32::from(self.area.width)).contains(&column) && (0..i32::from(self.area.height)).contains(&row);
        let place = row as usize * usize::from(self.area.width) + column as usize;
        let Some(cell) = self.cells.get_mut(place).filter(|_| inside) else { return };
        cell.bits |= bit_of(x, y);
        cell.nodes = cell.nodes.saturating_add(1);
        cell.hits = cell.hits.saturating_add(u16::from(hit));
        // Two hops may share a cell: the nearer one came first, and the farther one is what most of it is.
        if !hit {
            cell.style = style;
        }
        self.nodes += 1;
    }

    /// Nodes that are dots.
    pub(super) const fn nodes(&self) -> usize {
        self.nodes
    }

    /// Dots that they share.
    fn dots(&self) -> usize {
        self.cells.iter().map(|cell| cell.bits.count_ones() as usize).sum()
    }

    /// How many nodes stand on how many dots, in words.
    pub(super) fn words(&self) -> String {
        let (nodes, dots) = (self.nodes as u64, self.dots() as u64);
        format!("{} on {}", text::counted(nodes, "node", "nodes"), text::counted(dots, "dot", "dots"))
    }

    /// The cells that it takes, from the corner of its area.
    pub(super) fn taken(&self) -> impl Iterator<Item = (u16, u16)> {
        let width = usize::from(self.area.width.max(1));
        let taken = self.cells.iter().enumerate().filter(|(_, cell)| cell.nodes > 0);
        taken.map(move |(place, _)| ((place % width) as u16, (place / width) as u16))
    }

    /// Writes it into a buffer. Without colors a cell of hits is told by their sign.
    pub(super) fn draw(&self, buffer: &mut Buffer, paint: &Paint<'_>) {
        let ascii = paint.model.glyphs.is_ascii();
        let colors = paint.hop(1).fg.is_some() && !ascii;
        let width = usize::from(self.area.width.max(1));
        for (place, cell) in self.cells.iter().enumerate().filter(|(_, cell)| cell.nodes > 0) {
            let at = (self.area.x + (place % width) as u16, self.area.y + (place / width) as u16);
            let Some(to) = buffer.cell_mut(at) else { continue };
            let hits = cell.hits >= cell.nodes.div_ceil(2);
            match char::from_u32(0x2800 + u32::from(cell.bits)) {
                _ if hits && !colors => to.set_symbol(paint.hit_symbol()),
                Some(sign) if !ascii => to.set_char(sign),
                _ => to.set_symbol(ASCII.iter().find(|(from, _)| cell.nodes >= *from).map_or(".", |(_, sign)| sign)),
            };
            to.set_style(if hits { paint.hit() } else { cell.style });
        }
    }
}
