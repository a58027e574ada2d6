//! Where things stand in the pane of the rings. Drawing and the mouse ask the same functions.

use ratatui::layout::Rect;

use super::super::beside::Room;
use super::super::dots::CELL;
use super::role_of;
use crate::tui::flood::tree::{State, Tree};
use crate::tui::model::Model;

/// Dots that are left free at the edge.
const MARGIN: f64 = 2.0;
/// Columns of the words on both sides of the player's track.
pub(super) const BAR_WORDS: (u16, u16) = (17, 14);

/// A ring with more nodes than its radius in dots times this has no room for their signs, one beside another.
const ROOM: f64 = 2.0;
/// How far inside its ring a node of a crowd stands at the most: a part of the way to the next ring.
const BAND: f64 = 0.7;
/// One in so many cells may have the sign of a hit, or of something strange, where rings are crowded; if there are more of
/// them they are dots as well.
const SIGNS: usize = 24;

/// Less than 1 draws the inner rings, where nodes stand closer, wider apart.
const SPREAD: f64 = 0.75;

/// The parts of the pane's inside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts {
    /// The rings.
    pub(crate) canvas: Rect,
    /// What the signs mean.
    pub(crate) legend: Option<Rect>,
    /// The player.
    pub(crate) bar: Rect,
    /// The part of it that the mouse moves on.
    pub(crate) track: Rect,
}

/// Divides the pane's inside.
pub(crate) fn parts(inner: Rect) -> Parts {
    let bar = Rect { y: inner.bottom().saturating_sub(1), height: 1.min(inner.height), ..inner };
    let named = inner.height >= 14;
    let below = bar.height + u16::from(named);
    let canvas = Rect { height: inner.height.saturating_sub(below), ..inner };
    let legend = named.then_some(Rect { y: canvas.bottom(), height: 1, ..inner });
    let left = BAR_WORDS.0.min(inner.width);
    let width = inner.width.saturating_sub(left + BAR_WORDS.1);
    Parts { canvas, legend, bar, track: Rect { x: bar.x + left, width, ..bar } }
}

/// A node's place on the canvas.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// Its number.
    pub(crate) node: usize,
    /// What it is at the moment that is shown.
    pub(crate) state: State,
    /// Its cell from the corner of the canvas.
    pub(crate) cell: (u16, u16),
    /// Whether a star stands beside its sign: it has a hit, and its own sign tells what it is.
    pub(crate) star: bool,
    /// Whether it is a dot among many, without a sign of its own.
    pub(crate) small: bool,
}

/// How hops and turns become dots.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Geometry {
    canvas: Rect,
    /// Dots from the middle to the edge.
    reach: f64,
    /// Rings within that.
    rings: u8,
    /// Rings that are too full for signs, one bit each.
    crowded: u128,
}

impl Geometry {
    /// As many rings as the flood has, less those that are zoomed out, fit into the canvas.
    pub(crate) fn new(canvas: Rect, tree: &Tree, zoom: u8) -> Self {
        let (width, height) =
            (f64::from(canvas.width) * f64::from(CELL.0), f64::from(canvas.height) * f64::from(CELL.1));
        let radius = (width.min(height) / 2.0 - MARGIN).max(0.0);
        let rings = tree.rings().saturating_sub(zoom).max(1);
        let mut geometry = Self { canvas, reach: radius, rings, crowded: 0 };
        // In the middle there is this node alone.
        for (ring, nodes) in tree.on_rings().iter().enumerate().skip(1) {
            let room = geometry.radius(ring as u8) * ROOM;
            geometry.crowded |= u128::from(f64::from(*nodes) > room) << ring.min(127);
        }
        geometry
    }

    /// Whether a ring is too full for signs.
    pub(crate) fn crowded(&self, ring: u8) -> bool {
        self.crowded >> ring.min(127) & 1 == 1
    }

    /// Whether any of them is.
    pub(crate) const fn any_crowded(&self) -> bool {
        self.crowded != 0
    }

    /// The middle, in dots. A cell's own middle, so that this node's sign stands in it.
    pub(crate) fn center(&self) -> (f64, f64) {
        let middle = |cells: u16, dots: i32| f64::from(cells / 2) * f64::from(dots) + f64::from(dots) / 2.0 - 0.5;
        (middle(self.canvas.width, CELL.0), middle(self.canvas.height, CELL.1))
    }

    /// The radius of a ring, in dots.
    pub(crate) fn radius(&self, ring: u8) -> f64 {
        self.reach * (f64::from(ring) / f64::from(self.rings)).powf(SPREAD)
    }

    /// The place of a node, in dots, if it has one.
    pub(crate) fn dot_of(&self, tree: &Tree, at: usize) -> Option<(f64, f64)> {
        let node = tree.nodes.get(at)?;
        let (ring, spot) = (tree.ring(node.hop), node.spot?);
        if ring == 0 || !self.crowded(ring) {
            return Some(self.dot(ring, spot.turn));
        }
        let (outer, inner) = (self.radius(ring), self.radius(ring - 1));
        Some(self.away(outer - (outer - inner) * BAND * spot.depth, spot.turn))
    }

    /// A place on a ring, in dots.
    fn dot(&self, ring: u8, turn: f64) -> (f64, f64) {
        self.away(self.radius(ring), turn)
    }

    fn away(&self, radius: f64, turn: f64) -> (f64, f64) {
        let (sin, cos) = (turn * std::f64::consts::TAU).sin_cos();
        let (x, y) = self.center();
        (x + radius * sin, y - radius * cos)
    }

    /// The cell of a place on a ring, if it is on the canvas.
    pub(crate) fn cell(&self, ring: u8, turn: f64) -> Option<(u16, u16)> {
        self.cell_of(self.dot(ring, turn))
    }

    /// The cell of a dot, if it is on the canvas.
    fn cell_of(&self, (x, y): (f64, f64)) -> Option<(u16, u16)> {
        let cell = |dot: f64, dots: i32, cells: u16| {
            let at = (dot.round() as i32).div_euclid(dots);
            u16::try_from(at).ok().filter(|at| *at < cells)
        };
        cell(x, CELL.0, self.canvas.width).zip(cell(y, CELL.1, self.canvas.height))
    }
}

/// The nodes that are on the canvas at the moment that is shown, the least important first: the last one drawn on a
/// cell is the one that is seen.
pub(crate) fn seen(model: &Model, canvas: Rect) -> Vec<Seen> {
    let Some(tree) = &model.flood.tree else { return Vec::new() };
    let geometry = Geometry::new(canvas, tree, model.flood.zoom);
    let span = model.flood_span();
    let mut seen: Vec<Seen> = (0..tree.nodes.len())
        .filter_map(|at| {
            let state = tree.state(at, span)?;
            let small = geometry.crowded(tree.ring(tree.nodes.get(at)?.hop));
            let cell = geometry.cell_of(geometry.dot_of(tree, at)?)?;
            Some(Seen { node: at, state, cell, star: false, small })
        })
        .collect();
    let cursor = model.flood_cursor();
    if geometry.any_crowded() {
        let strange = |seen: &Seen| model.flood.shown.strange > 0 && tree.is_strange(seen.node, span);
        stand_out(&mut seen, canvas, |seen| seen.state == State::Refused || strange(seen));
        stand_out(&mut seen, canvas, |seen| seen.state == State::Hit);
    }
    for seen in seen.iter_mut().filter(|seen| seen.node == cursor || seen.state == State::You) {
        seen.small = false;
    }
    seen.sort_by_key(|seen| (seen.state == State::You, seen.node == cursor && cursor != 0, seen.state));
    let mut room = Room::new(canvas, seen.iter().filter(|seen| !seen.small).map(|seen| seen.cell));
    for seen in seen.iter_mut().filter(|seen| seen.state == State::Hit && !seen.small) {
        let known = tree.nodes.get(seen.node).and_then(|node| role_of(node, model)).is_some();
        seen.star = known && room.star(seen.cell);
    }
    seen
}

/// In a crowd what is odd has a sign of its own, as long as that is rare.
fn stand_out(seen: &mut [Seen], canvas: Rect, odd: impl Fn(&Seen) -> bool) {
    let most = usize::from(canvas.width) * usize::from(canvas.height) / SIGNS;
    let odd: Vec<usize> = (0..seen.len()).filter(|at| seen[*at].small && odd(&seen[*at])).collect();
    if odd.len() <= most {
        odd.into_iter().for_each(|at| seen[at].small = false);
    }
}
