//! The part of the overlay that this node knows, as a graph: who is on it, where they stand, how it is looked at. Kept
//! from one message to the next and only added to; no drawing.

pub mod horizon;
pub mod known;
pub mod layout;
#[cfg(test)]
mod tests;
pub mod view;

use std::sync::Arc;
use std::time::Duration;

use self::horizon::Horizon;
use self::known::Table;
use self::layout::Layout;
use self::view::View;
use super::action::PaneName;
use super::model::Model;
use crate::app::{Guid, Snapshot};

/// The screens that need it.
const FLOOD: u8 = PaneName::Rings.screen();
const MAP: u8 = PaneName::Map.screen();

/// The map.
#[derive(Debug, Default)]
pub struct Map {
    /// Who is known, and which links.
    pub table: Table,
    /// Where they stand.
    pub layout: Layout,
    /// How it is looked at.
    pub view: View,
    /// What the chosen search did not reach of it; only on the flood's screen.
    pub horizon: Option<Horizon>,
    horizon_of: Option<(Arc<Snapshot>, Guid)>,
    /// What was read last, what of it has its places, and when nodes moved last.
    of: Option<Arc<Snapshot>>,
    placed: Option<Arc<Snapshot>>,
    moved: Option<Duration>,
}

impl Model {
    /// Whether the screen is one on which floods are played.
    #[must_use]
    pub fn shows_player(&self) -> bool {
        matches!(self.screen, FLOOD | MAP)
    }

    /// Takes in what is new since the last time, and lets newcomers find their places. Only the map's screen needs it,
    /// and the flood's for what lies beyond the horizon.
    pub fn follow_map(&mut self) {
        if !self.shows_player() {
            return;
        }
        let map = &mut self.map;
        let fresh = !map.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, &self.snapshot));
        if fresh {
            map.table.read(&self.snapshot);
            map.of = Some(Arc::clone(&self.snapshot));
        }
        if self.screen == FLOOD {
            return self.follow_horizon();
        }
        let newcomers = !map.placed.as_ref().is_some_and(|of| Arc::ptr_eq(of, &self.snapshot));
        if newcomers {
            map.layout.follow(&map.table);
            map.placed = Some(Arc::clone(&self.snapshot));
        }
        if newcomers || map.moved != Some(self.clock) {
            map.layout.relax(&map.table);
            map.moved = Some(self.clock);
        }
    }

    fn follow_horizon(&mut self) {
        let Some((search, tree)) = self.search().zip(self.flood.tree.as_ref()) else {
            self.map.horizon = None;
            return;
        };
        let guid = search.row.guid;
        let known = self.map.horizon_of.as_ref();
        if known.is_some_and(|(of, chosen)| Arc::ptr_eq(of, &self.snapshot) && *chosen == guid) {
            return;
        }
        let horizon = Horizon::of(&self.map.table, search, tree);
        self.map.horizon = horizon;
        self.map.horizon_of = Some((Arc::clone(&self.snapshot), guid));
    }

    /// The node of the map under the cursor.
    #[must_use]
    pub fn map_cursor(&self) -> usize {
        self.position(PaneName::Map).unwrap_or(0)
    }
}
