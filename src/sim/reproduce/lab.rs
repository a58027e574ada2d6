//! What a study works with: its seed, how much it may do, and who listens.

use std::sync::Arc;

use super::row::Row;
use crate::base::Rng;
use crate::overlay::{Delivery, QueryBody};
use crate::sim::{FloodError, Graph, Kind, MakeError, make};

/// How much a study may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// As little as still shows the law: for tests.
    Little,
    /// What takes a minute or two for all studies together. Tolerances are wider by the statistics of the fewer sources.
    Usual,
    /// As many sources as the tolerances were meant for.
    Full,
}

/// What a study tells while it works.
#[derive(Debug)]
pub enum Told<'a> {
    /// A figure.
    Row(&'a Row),
    /// So many of so many floods, walks or probes of something are done.
    Done(&'a str, usize, usize),
}

/// Why a study ended early.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Stop {
    /// Whoever listens wants no more.
    #[error("nobody listens any more")]
    Enough,
    /// A graph could not be made from this seed.
    #[error(transparent)]
    Graph(#[from] MakeError),
    /// A flood could not be simulated.
    #[error(transparent)]
    Flood(#[from] FloodError),
}

/// What a study works with.
pub struct Lab<'a> {
    seed: u64,
    effort: Effort,
    tell: &'a mut dyn FnMut(Told<'_>) -> bool,
    /// What every flood asks.
    pub(super) body: Arc<QueryBody>,
}

impl std::fmt::Debug for Lab<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lab").field("seed", &self.seed).field("effort", &self.effort).finish_non_exhaustive()
    }
}

impl<'a> Lab<'a> {
    /// A lab for one study: its draws follow from the seed and its name, so that a study alone is the same as among all.
    pub(super) fn new(name: &str, seed: u64, effort: Effort, tell: &'a mut dyn FnMut(Told<'_>) -> bool) -> Self {
        let salt = name.bytes().fold(0u64, |salt, byte| salt.wrapping_mul(257).wrapping_add(u64::from(byte)));
        let body = Arc::new(QueryBody::new("grateful dead live", None, Delivery::Direct, false));
        Self { seed: seed ^ salt, effort, tell, body }
    }

    /// A generator for one part of the study.
    pub(super) fn rng(&self, part: u64) -> Rng {
        Rng::new(self.seed.wrapping_add(part.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }

    /// The seed of one flood.
    pub(super) fn flood_seed(&self, flood: u64) -> u64 {
        self.rng(flood).next_u64()
    }

    /// A graph for one part of the study.
    pub(super) fn graph(&self, part: u64, kind: Kind, nodes: usize, degree: usize) -> Result<Graph, Stop> {
        Ok(make(kind, nodes, degree, &mut self.rng(part))?)
    }

    /// A number by effort: little, usual, full.
    pub(super) fn by_effort<T>(&self, little: T, usual: T, full: T) -> T {
        match self.effort {
            Effort::Little => little,
            Effort::Usual => usual,
            Effort::Full => full,
        }
    }

    /// Whether as many sources are drawn as the tolerances were meant for.
    pub(super) fn is_full(&self) -> bool {
        self.effort == Effort::Full
    }

    /// Tells a figure.
    pub(super) fn row(&mut self, row: Row) -> Result<(), Stop> {
        self.tell(Told::Row(&row))
    }

    /// Tells how far it is.
    pub(super) fn done(&mut self, what: &str, done: usize, of: usize) -> Result<(), Stop> {
        self.tell(Told::Done(what, done, of))
    }

    fn tell(&mut self, told: Told<'_>) -> Result<(), Stop> {
        if (self.tell)(told) { Ok(()) } else { Err(Stop::Enough) }
    }
}
