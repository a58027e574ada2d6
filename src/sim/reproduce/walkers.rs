//! A model of random walkers, which the core does not send: a query goes to a few neighbors only, and each node that it
//! comes to passes it on to one more, until a walker learns that it was found.

use crate::base::Rng;
use crate::sim::Graph;

/// How walkers go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gait {
    /// How many set out.
    pub(super) walkers: usize,
    /// After how many steps each asks the origin whether to go on.
    pub(super) check: usize,
    /// Steps after which a walker gives up.
    pub(super) ttl: usize,
    /// Whether a node knows what its neighbors have.
    pub(super) one_hop_index: bool,
}

/// What one search came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Walk {
    /// Steps of all walkers.
    pub(super) messages: u64,
    /// Questions to the origin.
    pub(super) checks: u64,
    /// Steps until the first walker found it; `None` if none did.
    pub(super) first: Option<u64>,
    /// Different nodes that walkers came to.
    pub(super) visited: u64,
}

/// One graph, and what nodes remember of the current search. Everything remembered carries the number of its search, so that
/// the next search need not clear it.
#[derive(Debug)]
pub(super) struct Walkers<'a> {
    graph: &'a Graph,
    search: u32,
    /// Nodes that have the file.
    has: Vec<u32>,
    /// Nodes that a walker came to.
    seen: Vec<u32>,
    /// Ends over which the query was passed on: a node sends no second walker over the same link while it has another.
    used: Vec<u32>,
}

/// One walker.
#[derive(Clone, Copy, Debug)]
struct Walker {
    node: u32,
    /// The end that it came by.
    came: Option<u32>,
}

impl<'a> Walkers<'a> {
    pub(super) fn new(graph: &'a Graph) -> Self {
        let nodes = graph.nodes();
        Self { graph, search: 0, has: vec![0; nodes], seen: vec![0; nodes], used: vec![0; 2 * graph.links()] }
    }

    /// A search from a random node for a file of which so many random other nodes have a copy.
    pub(super) fn search(&mut self, copies: usize, gait: Gait, rng: &mut Rng) -> Walk {
        self.search += 1;
        let origin = rng.below(self.graph.nodes()) as u32;
        let mut placed = 0;
        while placed < copies.min(self.graph.nodes() - 1) {
            let node = rng.below(self.graph.nodes());
            if node != origin as usize && self.has[node] != self.search {
                self.has[node] = self.search;
                placed += 1;
            }
        }
        self.walk(origin, gait, rng)
    }

    fn walk(&mut self, origin: u32, gait: Gait, rng: &mut Rng) -> Walk {
        let mut walk = Walk::default();
        let mut going = vec![Walker { node: origin, came: None }; gait.walkers];
        self.seen[origin as usize] = self.search;
        for step in 1..=gait.ttl as u64 {
            let mut at = 0;
            while at < going.len() {
                going[at] = self.step(going[at], rng);
                walk.messages += 1;
                let node = going[at].node as usize;
                walk.visited += u64::from(self.seen[node] != self.search);
                self.seen[node] = self.search;
                if self.finds(node, gait.one_hop_index) {
                    walk.first = walk.first.or(Some(step));
                    going.swap_remove(at);
                } else {
                    at += 1;
                }
            }
            if step % gait.check as u64 == 0 {
                walk.checks += going.len() as u64;
                if walk.first.is_some() {
                    break;
                }
            }
            if going.is_empty() {
                break;
            }
        }
        walk
    }

    /// Whether a walker finds a copy at a node.
    fn finds(&self, node: usize, one_hop_index: bool) -> bool {
        let has = |node: usize| self.has[node] == self.search;
        has(node) || one_hop_index && self.graph.neighbors(node).iter().any(|&other| has(other as usize))
    }

    /// Goes over a link that this query was not sent over by this node and did not come by; over any other one if there is
    /// none, and back only where nothing else is left.
    fn step(&mut self, walker: Walker, rng: &mut Rng) -> Walker {
        let ends = self.graph.ends(walker.node as usize);
        let fresh = |end: &u32| self.used[*end as usize] != self.search && Some(*end) != walker.came;
        let onward = |end: &u32| Some(*end) != walker.came;
        let chosen = draw(ends.clone().filter(fresh), rng).or_else(|| draw(ends.clone().filter(onward), rng));
        let end = chosen.unwrap_or(ends.start);
        let (node, back) = self.graph.across(end);
        self.used[end as usize] = self.search;
        Walker { node, came: Some(back) }
    }
}

/// One of several, each as likely.
fn draw(from: impl Iterator<Item = u32> + Clone, rng: &mut Rng) -> Option<u32> {
    let many = from.clone().count();
    (many > 0).then(|| rng.below(many)).and_then(|at| from.clone().nth(at))
}

#[cfg(test)]
mod tests {
    use super::{Gait, Walkers};
    use crate::base::Rng;
    use crate::sim::Graph;

    const GAIT: Gait = Gait { walkers: 2, check: 4, ttl: 100, one_hop_index: false };

    #[test]
    fn walkers_share_a_ring_between_them_and_check_every_fourth_step() {
        let ring: String = (0..41).map(|node| format!("{node} {}\n", (node + 1) % 41)).collect();
        let graph = Graph::parse(&ring).unwrap();
        let mut walkers = Walkers::new(&graph);
        for seed in 0..50 {
            let walk = walkers.search(1, GAIT, &mut Rng::new(seed));
            let first = walk.first.unwrap();
            assert!(first <= 20, "one of the two goes each way round");
            let stopped = first.next_multiple_of(4);
            assert_eq!(walk.visited, walk.messages.min(40), "they go to different nodes until all are visited");
            assert_eq!(walk.messages, first + stopped, "the other one stops at its next check");
            assert_eq!(walk.checks, 2 * first.div_ceil(4) - 1, "the finder asks no more");
        }
    }

    #[test]
    fn a_walker_that_finds_nothing_gives_up() {
        let graph = Graph::parse("0 1\n1 2\n").unwrap();
        let walk = Walkers::new(&graph).search(0, GAIT, &mut Rng::new(1));
        assert_eq!((walk.messages, walk.first), (200, None));
    }

    #[test]
    fn an_index_of_the_neighbors_finds_a_step_earlier() {
        let line: String = (0..30).map(|node| format!("{node} {}\n", node + 1)).collect();
        let graph = Graph::parse(&line).unwrap();
        for seed in 0..20 {
            let first = |one_hop_index| {
                let gait = Gait { one_hop_index, ..GAIT };
                Walkers::new(&graph).search(1, gait, &mut Rng::new(seed)).first.unwrap()
            };
            assert_eq!(first(true), (first(false) - 1).max(1));
        }
    }
}
