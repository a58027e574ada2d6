//! One query through one graph.

use std::sync::Arc;
use std::time::Duration;

use super::delay::Delay;
use super::graph::Graph;
use super::report::Report;
use super::world::World;
use crate::overlay::{Config, Dedup, QueryBody};
use crate::proto::Ttl;
use crate::proto::limits::SEEN_GENERATION;

/// One query: who asks, how far it goes, how long links take. Libraries are empty and no node comes or goes.
#[derive(Clone, Debug)]
pub struct Flood {
    /// Who asks.
    pub origin: u32,
    /// Hops that the query may travel.
    pub ttl: Ttl,
    /// How long links take.
    pub delay: Delay,
    /// How duplicates are treated.
    pub dedup: Dedup,
    /// Everything random follows from it.
    pub seed: u64,
    /// What is asked. Its bytes count if it is sealed.
    pub body: Arc<QueryBody>,
}

/// Why a flood cannot be simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FloodError {
    /// There is no such node.
    #[error("there is no node {0}; the last one is {1}")]
    Origin(u32, usize),
    /// Nodes would forget a query while its copies are under way.
    #[error("{0} hops over links this slow may take more than the {remembered} s that nodes remember a query", remembered = SEEN_GENERATION.as_secs())]
    TooSlow(Ttl),
}

impl Flood {
    /// Makes a node of each node of the graph and links them up. One thread does all the work.
    ///
    /// # Errors
    /// When the flood cannot be simulated.
    pub fn prepare<'a>(&self, graph: &'a Graph) -> Result<Prepared<'a>, FloodError> {
        self.prepare_for(graph, 1)
    }

    /// The same for `threads` threads, at most [`MAX_THREADS`](super::MAX_THREADS). The report is the same however many there are.
    ///
    /// # Errors
    /// When the flood cannot be simulated.
    pub fn prepare_for<'a>(&self, graph: &'a Graph, threads: usize) -> Result<Prepared<'a>, FloodError> {
        if self.origin as usize >= graph.nodes() {
            return Err(FloodError::Origin(self.origin, graph.nodes() - 1));
        }
        if self.delay.longest().saturating_mul(u32::from(self.ttl)) > SEEN_GENERATION {
            return Err(FloodError::TooSlow(self.ttl));
        }
        let config = Config {
            only_peers: true,
            max_neighbors: usize::MAX,
            max_ttl: self.ttl,
            dedup: self.dedup,
            // Nobody goes silent here: signs of life would only be in the way of what is measured.
            ping_interval: Duration::MAX,
            ..Config::default()
        };
        let threads = threads.min(self.delay.most_parts());
        let world = World::new(graph, config, self.delay, self.seed, &self.body, threads);
        Ok(Prepared { world, flood: self.clone() })
    }
}

/// A flood that is about to begin.
#[derive(Debug)]
pub struct Prepared<'a> {
    world: World<'a>,
    flood: Flood,
}

impl Prepared<'_> {
    /// Lets the query out and follows every copy to its end.
    #[must_use]
    pub fn run(&mut self) -> Report {
        let Flood { origin, ttl, body, .. } = &self.flood;
        self.world.search(*origin, *ttl, body);
        self.world.settle();
        self.world.report(*origin, *ttl)
    }
}
