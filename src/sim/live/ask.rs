//! A world that is asked by hand: who is linked to whom, who shares what, and what one search finds. For whoever compares it
//! with real nodes.

use super::births::Going;
use super::library::{found_file, wish};
use super::violation::Violation;
use super::world::World;
use crate::overlay::Strategy;

/// What one search came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Who has what, and the hops that the query had travelled there; in ascending order.
    pub hits: Vec<(u32, String, u8)>,
    /// Nodes other than the origin that received it.
    pub reached: u32,
    /// Copies that were received.
    pub messages: u32,
    /// Copies received by a node that had seen it.
    pub duplicates: u32,
}

impl World {
    /// The links that are laid out, each once; none where nodes find each other.
    #[must_use]
    pub fn links(&self) -> Vec<(u32, u32)> {
        let Some(graph) = &self.graph else { return Vec::new() };
        let of = |a: u32| graph.neighbors(a as usize).iter().map(move |&b| (a, b)).filter(|(a, b)| a < b);
        (0..self.slots.len() as u32).flat_map(of).collect()
    }

    /// The files that a node shares, by number. See [`name`] and [`words`].
    #[must_use]
    pub fn shares(&self, node: u32) -> &[u32] {
        self.catalogue.of(node)
    }

    /// A node searches for a file, and time passes until the search is over.
    ///
    /// # Errors
    /// When a rule was broken.
    ///
    /// # Panics
    /// If there is no such node.
    pub fn ask(&mut self, node: u32, file: u32, ttl: u8) -> Result<Answer, Violation> {
        let guid = self.search(node, file, ttl, Strategy::Flood, usize::MAX);
        let over = self.now() + self.scenario.searches.timeout.0;
        self.run(over, u64::MAX)?;
        let Some(asked) = self.asked.open.get(&guid) else { return Ok(Answer::default()) };
        let (reached, messages, duplicates) = (asked.reached, asked.copies, asked.duplicates);
        let found = asked.watched.as_ref().map_or_else(Vec::new, |watched| watched.found());
        let hits = found.into_iter().map(|(owner, hops)| (owner, name(file), hops)).collect();
        Ok(Answer { hits, reached, messages, duplicates })
    }

    /// A node says goodbye and goes.
    ///
    /// # Panics
    /// If there is no such node.
    pub fn leave(&mut self, node: u32) {
        self.death(node, Going::Leaves, true);
    }
}

/// What a file is called.
#[must_use]
pub fn name(file: u32) -> String {
    found_file(file).name.raw().to_owned()
}

/// What is searched for to find it, and nothing else.
#[must_use]
pub fn words(file: u32) -> String {
    wish(file)
}
