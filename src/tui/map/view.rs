//! How the map is looked at: from where, how near, with which names and colors.

use ratatui::layout::Rect;

use super::layout::Layout;
use crate::tui::panes::dots::CELL;

/// One step nearer.
const ZOOM: f64 = 1.25;
/// The steps in which the whole map grows out of its pane.
const FIT: f64 = 1.1;
/// Steps nearer, and farther away, than the whole map.
const STEPS: (i8, i8) = (16, -6);
/// Dots that are left free at the edge.
const MARGIN: f64 = 6.0;
/// A wide pane may stretch the map across, so much at the most.
const STRETCH: f64 = 1.8;

/// How the map is looked at.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Steps nearer than the whole map.
    pub zoom: i8,
    /// What is in the middle of the pane.
    pub middle: (f64, f64),
    /// Whether nodes have their names beside them.
    pub names: bool,
    /// What colors tell.
    pub colors: Colors,
}

/// What the colors of the map tell. Signs tell the roles, whatever they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colors {
    /// Hops from here.
    #[default]
    Hops,
    /// Roles.
    Roles,
    /// Round trips, of neighbors; those of others nobody knows.
    Rtt,
}

impl Colors {
    /// The next of them.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Hops => Self::Roles,
            Self::Roles => Self::Rtt,
            Self::Rtt => Self::Hops,
        }
    }

    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Hops => "hops from here",
            Self::Roles => "roles",
            Self::Rtt => "round trips, known of neighbors only",
        }
    }
}

impl Default for View {
    fn default() -> Self {
        Self { zoom: 0, middle: (0.0, 0.0), names: true, colors: Colors::Hops }
    }
}

impl View {
    /// Whether it shows the whole map around this node.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.zoom == 0 && self.middle == (0.0, 0.0)
    }

    /// Goes nearer, or farther away; the place under `keep` stays where it is on the screen.
    pub fn zoom_by(&mut self, by: i8, keep: (f64, f64)) {
        let before = self.zoom;
        self.zoom = self.zoom.saturating_add(by).clamp(STEPS.1, STEPS.0);
        let shrunk = ZOOM.powi(i32::from(before) - i32::from(self.zoom));
        let toward = |middle: f64, keep: f64| keep + (middle - keep) * shrunk;
        self.middle = (toward(self.middle.0, keep.0), toward(self.middle.1, keep.1));
    }
}

/// How places on the map become dots of a canvas, and cells become places.
#[derive(Clone, Copy, Debug)]
pub struct Geometry {
    canvas: Rect,
    scale: (f64, f64),
    middle: (f64, f64),
    /// How much more room a node has than on the whole map.
    near: usize,
}

impl Geometry {
    /// The whole map fits the canvas unless it is zoomed. Its size changes in steps, so that a newcomer at the edge
    /// does not make everybody creep.
    #[must_use]
    pub fn new(canvas: Rect, layout: &Layout, view: &View) -> Self {
        let (width, height) =
            (f64::from(canvas.width) * f64::from(CELL.0), f64::from(canvas.height) * f64::from(CELL.1));
        let (x, y) = layout.extent();
        let fits = |dots: f64, extent: f64| ((dots / 2.0 - MARGIN).max(1.0) / extent).max(0.01);
        let step = |scale: f64| FIT.powf(scale.log(FIT).floor());
        let (across, down) = (fits(width, x), fits(height, y));
        let least = across.min(down);
        let near = ZOOM.powi(i32::from(view.zoom));
        let scale = (step(across.min(least * STRETCH)) * near, step(down.min(least * STRETCH)) * near);
        Self { canvas, scale, middle: view.middle, near: (near * near) as usize }
    }

    /// The cells of the canvas, as many more as it is zoomed.
    #[must_use]
    pub fn cells(&self) -> usize {
        usize::from(self.canvas.width) * usize::from(self.canvas.height) * self.near
    }

    /// The cells of the canvas.
    #[must_use]
    pub const fn area(&self) -> u32 {
        self.canvas.width as u32 * self.canvas.height as u32
    }

    /// The middle of the canvas in dots: a cell's own middle, so that a sign stands in it.
    fn center(&self) -> (f64, f64) {
        let middle = |cells: u16, dots: i32| f64::from(cells / 2) * f64::from(dots) + f64::from(dots) / 2.0 - 0.5;
        (middle(self.canvas.width, CELL.0), middle(self.canvas.height, CELL.1))
    }

    /// A place in dots.
    #[must_use]
    pub fn dot(&self, x: f64, y: f64) -> (f64, f64) {
        let center = self.center();
        (center.0 + (x - self.middle.0) * self.scale.0, center.1 + (y - self.middle.1) * self.scale.1)
    }

    /// The part of a line between two dots that is on the canvas, or close to it; `None` if none of it is. A line to far
    /// outside would cost the time of a frame.
    #[must_use]
    pub fn clip(&self, from: (f64, f64), to: (f64, f64)) -> Option<((f64, f64), (f64, f64))> {
        let (width, height) =
            (f64::from(self.canvas.width) * f64::from(CELL.0), f64::from(self.canvas.height) * f64::from(CELL.1));
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let (mut first, mut last) = (0.0_f64, 1.0_f64);
        // Each edge cuts off a part of the line, as Liang and Barsky have it.
        for (step, room) in [(-dx, from.0), (dx, width - from.0), (-dy, from.1), (dy, height - from.1)] {
            if step == 0.0 && room < 0.0 {
                return None;
            }
            if step < 0.0 {
                first = first.max(room / step);
            } else if step > 0.0 {
                last = last.min(room / step);
            }
        }
        let at = |part: f64| (from.0 + dx * part, from.1 + dy * part);
        (first <= last).then(|| (at(first), at(last)))
    }

    /// The cell of a place, if it is on the canvas.
    #[must_use]
    pub fn cell(&self, x: f64, y: f64) -> Option<(u16, u16)> {
        let (x, y) = self.dot(x, y);
        let cell = |dot: f64, dots: i32, cells: u16| {
            let at = (dot.round() as i32).div_euclid(dots);
            u16::try_from(at).ok().filter(|at| *at < cells)
        };
        cell(x, CELL.0, self.canvas.width).zip(cell(y, CELL.1, self.canvas.height))
    }

    /// The place that is seen at a cell of the canvas.
    #[must_use]
    pub fn place(&self, column: u16, row: u16) -> (f64, f64) {
        let center = self.center();
        let dot = |cell: u16, dots: i32| f64::from(cell) * f64::from(dots) + f64::from(dots) / 2.0;
        let back = |dot: f64, center: f64, scale: f64, middle: f64| (dot - center) / scale + middle;
        (
            back(dot(column, CELL.0), center.0, self.scale.0, self.middle.0),
            back(dot(row, CELL.1), center.1, self.scale.1, self.middle.1),
        )
    }

    /// How far so many cells are on the map.
    #[must_use]
    pub fn apart(&self, columns: i32, rows: i32) -> (f64, f64) {
        (f64::from(columns * CELL.0) / self.scale.0, f64::from(rows * CELL.1) / self.scale.1)
    }
}
