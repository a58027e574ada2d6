//! Where nodes stand on the map. A newcomer is put beside the node that it is linked to, and moves until it stands
//! well; it warms its surroundings a little and cools down, and what is cold never moves. The same news in the same
//! order give the same map.

use std::f64::consts::{PI, TAU};

use super::known::{Link, Table};
use crate::app::{MAX_TTL, NodeId};

/// What moves less than this is cold.
const COLD: f64 = 0.02;
/// Of its warmth a node keeps so much at each step.
const COOLING: f64 = 0.94;
/// How warm a new link makes a node that stood already.
const NUDGE: f64 = 0.08;
/// Nodes nearer than this push each other away; the length of a link is 1. In a crowd those farther away do not count,
/// or looking at them would take the time of a frame.
const PUSHES: f64 = 2.2;
/// That many nodes times the square of the way that they push make a crowd.
const CROWD: f64 = 900.0;
/// How strongly a node is pulled to the one that it was linked to first, and to all others.
const PULLS: (f64, f64) = (0.6, 0.02);
/// How strongly a node is kept at the distance from the middle that its links say.
const KEEPS: f64 = 0.3;
/// Those linked to this node share the circle at first; those behind a node share its sector.
const FIRST: f64 = 6.0;
const SHARES: f64 = 3.0;
/// The farthest that a node goes in one step.
const STEP: f64 = 0.35;
/// Pairs of nodes looked at in one go: what a frame has the time for.
const WORK: usize = 400_000;
/// Steps at one time, however few nodes there are.
const STEPS: usize = 120;
/// The golden angle: turns by it never meet.
const GOLDEN: f64 = 2.399_963_229_728_653;
/// Cells of the grid across: beyond it nodes share the cells at its edge.
const GRID: usize = 64;
/// Ways in which nodes may name each other in a circle are followed no longer than this.
const ROUNDS: usize = 16;

/// Where a node stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place {
    /// From this node to the right.
    pub x: f64,
    /// From this node downwards.
    pub y: f64,
    heat: f64,
    /// The direction that it was put into, how much of the circle those behind it share, how many those are, and how
    /// many links away from this node it stands.
    angle: f64,
    sector: f64,
    children: u32,
    depth: u8,
    /// Whether it has a place, and whether that is beside somebody.
    stands: bool,
    anchored: bool,
}

/// The places of all nodes.
#[derive(Debug, Default)]
pub struct Layout {
    places: Vec<Place>,
    ids: Vec<NodeId>,
    generation: u64,
    links: usize,
}

impl Layout {
    /// Where a node stands.
    #[must_use]
    pub fn place(&self, at: usize) -> Option<Place> {
        self.places.get(at).copied()
    }

    /// Whether anything moves still.
    #[must_use]
    pub fn moves(&self) -> bool {
        self.places.iter().any(|place| place.heat > 0.0)
    }

    /// The farthest that nodes stand away from this one, across and down.
    #[must_use]
    pub fn extent(&self) -> (f64, f64) {
        self.places.iter().fold((1.0, 1.0), |(x, y): (f64, f64), place| (x.max(place.x.abs()), y.max(place.y.abs())))
    }

    /// Gives new nodes a place, and takes those away that are gone. Nobody else moves.
    pub fn follow(&mut self, table: &Table) {
        if self.generation != table.generation {
            let old: Vec<(NodeId, Place)> = self.ids.drain(..).zip(self.places.drain(..)).collect();
            self.places = vec![Place::default(); table.nodes.len()];
            for (id, place) in old {
                if let Some(at) = table.find(id).filter(|at| *at != 0) {
                    self.places[at] = place;
                }
            }
            self.generation = table.generation;
            self.links = self.links.min(table.links.len());
        }
        self.places.resize(table.nodes.len(), Place::default());
        self.ids = table.nodes.iter().map(|node| node.id).collect();
        if let Some(own) = self.places.first_mut() {
            own.stands = true;
        }
        let places = &self.places;
        let late = |at: &usize| !places[*at].stands || (!places[*at].anchored && table.nodes[*at].anchor.is_some());
        let mut waiting: Vec<usize> = (1..places.len()).filter(late).collect();
        for _ in 0..ROUNDS {
            waiting.retain(|at| !self.put(*at, table));
        }
        for at in waiting {
            if !self.places[at].stands {
                self.float(at, table);
            }
        }
        self.warm(table);
    }

    /// Puts a node beside the one that it is linked to, if that one stands already.
    fn put(&mut self, at: usize, table: &Table) -> bool {
        let Some(anchor) = table.nodes[at].anchor else {
            self.float(at, table);
            return true;
        };
        if !self.places[anchor].stands {
            return false;
        }
        self.places[at].anchored = true;
        // Somebody beside whom others stand stays with them.
        if self.places[at].children > 0 {
            self.places[at].heat = 1.0;
            return true;
        }
        let beside = self.places[anchor];
        let (nth, sector) = (beside.children, if anchor == 0 { TAU / FIRST } else { beside.sector });
        let angle = match anchor {
            0 => f64::from(nth) * GOLDEN,
            _ => {
                let aside = f64::from(nth.div_ceil(2)) * sector / SHARES;
                beside.angle + if nth.is_multiple_of(2) { aside } else { -aside }
            }
        };
        self.places[anchor].children += 1;
        // No honest way is longer; a lie does not make the map larger.
        let depth = beside.depth.saturating_add(1).min(MAX_TTL);
        let (away, angle) = (f64::from(depth), angle + 0.02 * jitter(table.nodes[at].id));
        let place = &mut self.places[at];
        (place.x, place.y) = (away * angle.cos(), away * angle.sin());
        (place.angle, place.sector, place.depth) = (angle, sector / SHARES * 1.6, depth);
        (place.heat, place.stands) = (1.0, true);
        true
    }

    /// A node that nobody is known to be linked to stands as far away as it was told to be.
    fn float(&mut self, at: usize, table: &Table) {
        let node = &table.nodes[at];
        let angle = PI * jitter(node.id);
        let depth = node.hop.clamp(1, MAX_TTL);
        let away = f64::from(depth) + 0.5;
        let place = &mut self.places[at];
        (place.depth, place.sector) = (depth, TAU / FIRST);
        (place.x, place.y) = (away * angle.cos(), away * angle.sin());
        (place.angle, place.heat, place.stands) = (angle, 1.0, true);
    }

    /// A new link makes its ends move a little.
    fn warm(&mut self, table: &Table) {
        for link in table.links.iter().skip(self.links) {
            for at in [link.a, link.b] {
                if let Some(place) = self.places.get_mut(at).filter(|_| at != 0) {
                    place.heat = place.heat.max(NUDGE);
                }
            }
        }
        self.links = table.links.len();
    }

    /// Moves what is warm, as far as there is time for it.
    pub fn relax(&mut self, table: &Table) {
        let mut pairs = 0;
        for _ in 0..STEPS {
            let warm: Vec<usize> = (1..self.places.len()).filter(|at| self.places[*at].heat > 0.0).collect();
            if warm.is_empty() || pairs >= WORK {
                return;
            }
            pairs += self.step(&warm, table);
        }
    }

    /// Moves once; tells how many pairs of nodes it looked at.
    fn step(&mut self, warm: &[usize], table: &Table) -> usize {
        let grid = Grid::new(&self.places);
        let mut pairs = 0;
        let mut forces = vec![(0.0, 0.0); self.places.len()];
        for &at in warm {
            let (x, y) = self.pushes(at, &grid, &mut pairs);
            let place = self.places[at];
            // Those that are as many links away stand about as far away.
            let far = place.x.hypot(place.y).max(1e-6);
            let out = (f64::from(place.depth) - far) / far * KEEPS;
            forces[at] = (x + place.x * out, y + place.y * out);
        }
        for Link { a, b } in &table.links {
            self.pull(*a, *b, table, &mut forces);
        }
        for &at in warm {
            let (x, y) = forces[at];
            let place = &mut self.places[at];
            let far = x.hypot(y);
            let by = if far > STEP { STEP / far } else { 1.0 } * place.heat;
            (place.x, place.y) = (place.x + x * by, place.y + y * by);
            place.heat = if place.heat * COOLING < COLD { 0.0 } else { place.heat * COOLING };
        }
        pairs
    }

    /// What pushes a node away from those near it.
    fn pushes(&self, at: usize, grid: &Grid, pairs: &mut usize) -> (f64, f64) {
        let me = self.places[at];
        let mut force = (0.0, 0.0);
        let reach = grid.reach * grid.reach;
        grid.near(me, |other| {
            *pairs += 1;
            if other == at {
                return;
            }
            let (mut x, mut y) = (me.x - self.places[other].x, me.y - self.places[other].y);
            if x.abs() + y.abs() < 1e-6 {
                // Two on one place part by their numbers.
                (x, y) = ((at as f64 * GOLDEN).cos() * 0.01, (at as f64 * GOLDEN).sin() * 0.01);
            }
            let apart = x * x + y * y;
            if apart < reach {
                let strength = 0.35 * (1.0 - apart / reach) / apart.max(0.05);
                force = (force.0 + x * strength, force.1 + y * strength);
            }
        });
        force
    }

    /// A link pulls its ends to one length.
    fn pull(&self, a: usize, b: usize, table: &Table, forces: &mut [(f64, f64)]) {
        let (one, other) = (self.places[a], self.places[b]);
        if one.heat + other.heat <= 0.0 {
            return;
        }
        let (x, y) = (other.x - one.x, other.y - one.y);
        let far = x.hypot(y).max(1e-6);
        let first = table.nodes[b].anchor == Some(a) || table.nodes[a].anchor == Some(b);
        let by = (far - 1.0) / far * if first { PULLS.0 } else { PULLS.1 };
        forces[a] = (forces[a].0 + x * by, forces[a].1 + y * by);
        forces[b] = (forces[b].0 - x * by, forces[b].1 - y * by);
    }
}

/// A number from -1 to 1 that follows from a node's id.
fn jitter(id: NodeId) -> f64 {
    let sum = id.0.iter().take(8).fold(0u64, |sum, &byte| sum << 8 | u64::from(byte));
    (sum >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}

/// Who stands in which cell, so that only those near are looked at: of each cell one node, of each node the next.
struct Grid {
    cells: Vec<u32>,
    next: Vec<u32>,
    /// How far nodes push each other: the size of a cell.
    reach: f64,
}

/// No node.
const NOBODY: u32 = u32::MAX;

impl Grid {
    fn new(places: &[Place]) -> Self {
        let reach = PUSHES.min((CROWD / places.len().max(1) as f64).sqrt());
        let mut grid = Self { cells: vec![NOBODY; GRID * GRID], next: vec![NOBODY; places.len()], reach };
        for (at, place) in places.iter().enumerate() {
            let (x, y) = grid.cell(*place);
            grid.next[at] = std::mem::replace(&mut grid.cells[y * GRID + x], at as u32);
        }
        grid
    }

    fn near(&self, place: Place, mut each: impl FnMut(usize)) {
        let (x, y) = self.cell(place);
        for y in y.saturating_sub(1)..=(y + 1).min(GRID - 1) {
            for x in x.saturating_sub(1)..=(x + 1).min(GRID - 1) {
                let mut at = self.cells[y * GRID + x];
                while at != NOBODY {
                    each(at as usize);
                    at = self.next[at as usize];
                }
            }
        }
    }

    fn cell(&self, place: Place) -> (usize, usize) {
        let middle = GRID as f64 / 2.0;
        let along = |to: f64| (to / self.reach + middle).clamp(0.0, GRID as f64 - 1.0) as usize;
        (along(place.x), along(place.y))
    }
}
