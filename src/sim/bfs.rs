//! A plain breadth-first search: what a flood does with nothing but the graph, for comparison.

use super::graph::Graph;

/// What lies within some hops of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ball {
    /// Nodes by their distance, the origin at 0, up to the farthest.
    pub per_hop: Vec<u64>,
    /// Copies that a flood sends which takes equally long over every link: one for each link of each node that passes it
    /// on, but the one that it came by.
    pub messages: u64,
}

/// Searches the graph from `origin`, as far as `ttl` hops; no way in a graph is longer than it has nodes.
#[must_use]
pub fn breadth_first(graph: &Graph, origin: u32, ttl: usize) -> Ball {
    let mut known = vec![false; graph.nodes()];
    known[origin as usize] = true;
    let (mut front, mut next) = (vec![origin], Vec::new());
    let mut ball = Ball { per_hop: vec![1], messages: 0 };
    for hop in 0..ttl {
        for &node in &front {
            let neighbors = graph.neighbors(node as usize);
            ball.messages += neighbors.len() as u64 - u64::from(hop > 0);
            for &other in neighbors {
                if !std::mem::replace(&mut known[other as usize], true) {
                    next.push(other);
                }
            }
        }
        if next.is_empty() {
            break;
        }
        ball.per_hop.push(next.len() as u64);
        std::mem::swap(&mut front, &mut next);
        next.clear();
    }
    ball
}
