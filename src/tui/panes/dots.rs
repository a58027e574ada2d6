//! A canvas of dots, eight to a cell, in layers: what lies higher gives a cell its colour. Where there is no Braille a
//! cell has one sign, that of its highest layer.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Dots of a cell across and down.
pub(crate) const CELL: (i32, i32) = (2, 4);

/// What dots belong to, the lowest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Layer {
    #[default]
    Empty,
    Ring,
    Duplicate,
    Tree,
    Way,
}

impl Layer {
    const fn ascii(self) -> &'static str {
        match self {
            Self::Empty => " ",
            Self::Ring => ".",
            Self::Duplicate => ":",
            Self::Tree => "+",
            Self::Way => "#",
        }
    }
}

/// The bit of a dot in its cell.
pub(super) const fn bit_of(x: i32, y: i32) -> u8 {
    // As Unicode numbers them: down the left column, down the right one, then the last row.
    const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
    BITS[x.rem_euclid(CELL.0) as usize][y.rem_euclid(CELL.1) as usize]
}

/// The dots of an area.
pub(crate) struct Dots {
    area: Rect,
    cells: Vec<(u8, Layer, Style)>,
}

impl Dots {
    /// No dots.
    pub(crate) fn new(area: Rect) -> Self {
        Self { area, cells: vec![(0, Layer::Empty, Style::new()); usize::from(area.width) * usize::from(area.height)] }
    }

    fn place(&self, x: i32, y: i32) -> Option<usize> {
        let (column, row) = (x.div_euclid(CELL.0), y.div_euclid(CELL.1));
        let inside =
            (0..i32::from(self.area.width)).contains(&column) && (0..i32::from(self.area.height)).contains(&row);
        inside.then(|| row as usize * usize::from(self.area.width) + column as usize)
    }

    /// One dot, if it is inside.
    fn dot(&mut self, (x, y): (i32, i32), layer: Layer, style: Style) {
        let bit = bit_of(x, y);
        let Some((bits, highest, shown)) = self.place(x, y).and_then(|place| self.cells.get_mut(place)) else { return };
        *bits |= bit;
        if layer >= *highest {
            (*highest, *shown) = (layer, style);
        }
    }

    /// A circle of which every `every`th dot is drawn.
    pub(crate) fn circle(&mut self, (x, y): (f64, f64), radius: f64, every: usize, layer: Layer, style: Style) {
        let steps = (std::f64::consts::TAU * radius).ceil().clamp(1.0, 20_000.0) as usize;
        for step in (0..steps).step_by(every.max(1)) {
            let (sin, cos) = (std::f64::consts::TAU * step as f64 / steps as f64).sin_cos();
            self.dot(((x + radius * sin).round() as i32, (y - radius * cos).round() as i32), layer, style);
        }
    }

    /// A straight line of which every `every`th dot is drawn.
    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), every: usize, layer: Layer, style: Style) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let steps = dx.abs().max(dy.abs()).ceil().clamp(1.0, 20_000.0) as usize;
        for step in (0..=steps).step_by(every.max(1)) {
            let part = step as f64 / steps as f64;
            self.dot(((from.0 + dx * part).round() as i32, (from.1 + dy * part).round() as i32), layer, style);
        }
    }

    /// How high the dots of a cell are, for whoever looks for room.
    pub(crate) fn layer(&self, column: u16, row: u16) -> Layer {
        let place = usize::from(row) * usize::from(self.area.width) + usize::from(column);
        self.cells.get(place).map_or(Layer::Empty, |(_, layer, _)| *layer)
    }

    /// Writes them into a buffer.
    pub(crate) fn draw(&self, buffer: &mut Buffer, ascii: bool) {
        for (place, (bits, layer, style)) in self.cells.iter().enumerate().filter(|(_, (bits, ..))| *bits != 0) {
            let width = usize::from(self.area.width.max(1));
            let at = (self.area.x + (place % width) as u16, self.area.y + (place / width) as u16);
            let Some(cell) = buffer.cell_mut(at) else { continue };
            match char::from_u32(0x2800 + u32::from(*bits)) {
                Some(sign) if !ascii => cell.set_char(sign),
                _ => cell.set_symbol(layer.ascii()),
            };
            cell.set_style(*style);
        }
    }
}
