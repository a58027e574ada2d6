//! How far searches come, hop by hop. Each strategy is added up for itself: a ring sends its copies over the first hops again
//! and again, and a walker's steps are no distance from the origin at all.

use serde::Serialize;

use crate::overlay::{QueryMessage, Strategy};
use crate::proto::limits::MAX_TTL;

/// Hops that are told apart: those of a flood.
const HOPS: usize = MAX_TTL as usize + 1;

/// The queries of one strategy at one distance, averaged over its searches.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ByHop {
    /// How they spread. All rounds of a ring count.
    pub strategy: &'static str,
    /// Hops travelled.
    pub hop: usize,
    /// Nodes to which the first copy had come so far.
    pub reached: f64,
    /// Copies.
    pub messages: f64,
    /// The horizon: the share of the nodes online that is reached within so many hops.
    pub horizon: f64,
}

/// The searches whose copies travel by hops.
#[derive(Debug, Default)]
pub(super) struct Horizons {
    floods: Horizon,
    rings: Horizon,
}

/// All searches of one strategy.
#[derive(Debug, Default)]
struct Horizon {
    searches: u64,
    /// Nodes that were online when each began, added up.
    online: u64,
    /// Nodes by the hops that the first copy had travelled to them.
    reached: [u64; HOPS],
    /// Copies by the hops that they had travelled.
    copies: [u64; HOPS],
}

impl Horizons {
    /// A search begins, and so many nodes are online.
    pub(super) fn begin(&mut self, strategy: Strategy, online: usize) {
        if let Some(horizon) = self.of(strategy) {
            horizon.searches += 1;
            horizon.online += online as u64;
        }
    }

    /// A copy is about to arrive.
    pub(super) fn copy(&mut self, strategy: Strategy, query: &QueryMessage, is_first: bool) {
        if let Some(horizon) = self.of(strategy) {
            let hop = (usize::from(query.travel.hops()) + 1).min(HOPS - 1);
            horizon.copies[hop] += 1;
            horizon.reached[hop] += u64::from(is_first);
        }
    }

    /// Each strategy that was used, from the first hop to the last one that a copy travelled.
    pub(super) fn rows(&self) -> Vec<ByHop> {
        let rings = self.rings.rows(Strategy::Ring.name());
        self.floods.rows(Strategy::Flood.name()).into_iter().chain(rings).collect()
    }

    const fn of(&mut self, strategy: Strategy) -> Option<&mut Horizon> {
        match strategy {
            Strategy::Flood => Some(&mut self.floods),
            Strategy::Ring => Some(&mut self.rings),
            Strategy::Walk { .. } => None,
        }
    }
}

impl Horizon {
    fn rows(&self, strategy: &'static str) -> Vec<ByHop> {
        let searches = self.searches.max(1) as f64;
        let others = (self.online as f64 / searches - 1.0).max(1.0);
        let last = (0..HOPS).rev().find(|&hop| self.copies[hop] > 0).unwrap_or(0);
        let mut so_far = 0.0;
        let row = |hop: usize| {
            let reached = self.reached[hop] as f64 / searches;
            so_far += reached;
            let messages = self.copies[hop] as f64 / searches;
            ByHop { strategy, hop, reached, messages, horizon: so_far / others }
        };
        (1..=last).map(row).collect()
    }
}
