//! Who asks for what, and when.

use std::sync::Arc;

use super::agenda::Happening;
use super::asked::Asked;
use super::law::exponential;
use super::library::wish;
use super::population::addr;
use super::watch::Watched;
use super::world::{ALL_WATCHED, World};
use crate::base::Time;
use crate::overlay::{Command, Input, QueryBody, SearchSpec, Strategy};
use crate::proto::Guid;

/// Searches that the rules are held against at once in a large world.
const MAX_WATCHED: usize = 64;

impl World {
    /// Puts down the first search.
    pub(super) fn plan_searches(&mut self) {
        self.clock.agenda.put(Time::ZERO + self.scenario.searches.from.0, Happening::Search);
    }

    /// Somebody searches, if the one that was drawn is online. Nodes are drawn among all, so that each one that is online
    /// searches at its rate however many are away.
    pub(super) fn maybe_search(&mut self) {
        if !self.lively {
            return;
        }
        let nodes = self.slots.len();
        let every = self.scenario.searches.every.0.div_f64(nodes as f64);
        let next = exponential(every, &mut self.rng.searches);
        self.clock.after(next, Happening::Search);
        let node = self.rng.searches.below(nodes) as u32;
        let file = self.wishes.draw(&mut self.rng.searches);
        let searches = &self.scenario.searches;
        let ttl = searches.ttl.get(self.rng.searches.below(searches.ttl.len())).map_or(1, |ttl| ttl.0 as u8);
        let strategy = match searches.strategy[..] {
            // Nothing is drawn where there is no choice.
            [only] => only,
            ref all => all[self.rng.searches.below(all.len())],
        };
        let (strategy, ttl) = searches.begun(strategy, ttl);
        let enough = if strategy == Strategy::Ring { Strategy::RING_ENOUGH } else { usize::MAX };
        if self.slots[node as usize].core.is_some() {
            self.search(node, file, ttl, strategy, enough);
        }
    }

    /// A node searches for a file until it has enough hits; returns the search's name.
    pub(super) fn search(&mut self, node: u32, file: u32, ttl: u8, strategy: Strategy, enough: usize) -> Guid {
        let rng = &mut self.rng.searches;
        let (high, low) = (rng.next_u64().to_be_bytes(), rng.next_u64().to_be_bytes());
        let guid = Guid(std::array::from_fn(|i| if i < 8 { high[i] } else { low[i - 8] }));
        let plan = &self.scenario.searches;
        let (timeout, began) = (plan.timeout.0, self.clock.now);
        let body = QueryBody::new(&wish(file), Some(addr(node)), plan.delivery, plan.traced);
        let body = Arc::new(if strategy.walkers().is_some() { body.for_walkers() } else { body });
        let others = self.catalogue.holders(file).iter().filter(|&&holder| holder != node);
        let possible = others.into_iter().any(|&holder| self.slots[holder as usize].core.is_some());
        let watch = self.slots.len() <= ALL_WATCHED || self.asked.watching < MAX_WATCHED;
        let asked = Asked {
            origin: node,
            life: self.slots[node as usize].life,
            ttl,
            strategy,
            file,
            began,
            deadline: began + timeout,
            possible,
            done: None,
            hits: 0,
            first_hit: None,
            reached: 0,
            copies: 0,
            duplicates: 0,
            watched: watch.then(|| Watched::new(&mut self.rng.watch)),
        };
        self.asked.begin(guid, asked, self.online);
        let spec = SearchSpec { guid, body, ttl, strategy, timeout, enough };
        self.handle(node, Input::Command(Command::Search(spec)));
        guid
    }
}
