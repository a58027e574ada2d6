//! Graphs that only the papers need.

use crate::base::Rng;
use crate::sim::Graph;

/// A random graph whose node of rank i has about `highest / i^exponent` links (Aiello, Chung and Lu's power-law random
/// graph, by rank): open ends are paired at random, loops and doubles left out.
pub(super) fn power_law_by_rank(nodes: usize, highest: f64, exponent: f64, rng: &mut Rng) -> Graph {
    let degree = |rank: usize| (highest / (rank as f64).powf(exponent)).floor() as usize;
    let degrees: Vec<usize> = (1..=nodes).map(degree).collect();
    let ends = degrees.iter().enumerate().flat_map(|(node, &degree)| std::iter::repeat_n(node as u32, degree));
    let mut ends: Vec<u32> = ends.collect();
    rng.shuffle(&mut ends);
    let links = ends.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
    Graph::new(degrees.len(), links)
}

/// A graph of exactly so many links between random pairs.
pub(super) fn uniform(nodes: usize, links: usize, rng: &mut Rng) -> Graph {
    let mut pairs: Vec<(u32, u32)> = Vec::with_capacity(links + links / 100);
    loop {
        let missing = links - pairs.len();
        if missing == 0 {
            return Graph::new(nodes, pairs);
        }
        pairs.extend((0..missing).map(|_| {
            let (a, b) = (rng.below(nodes) as u32, rng.below(nodes) as u32);
            (a.min(b), a.max(b))
        }));
        pairs.retain(|(a, b)| a != b);
        pairs.sort_unstable();
        pairs.dedup();
    }
}

/// The largest part of a graph that hangs together, its nodes numbered anew.
pub(super) fn largest_component(graph: &Graph) -> Graph {
    let mut part = vec![u32::MAX; graph.nodes()];
    let mut sizes: Vec<usize> = Vec::new();
    for start in 0..graph.nodes() {
        if part[start] != u32::MAX {
            continue;
        }
        let number = sizes.len() as u32;
        part[start] = number;
        let (mut stack, mut size) = (vec![start as u32], 0);
        while let Some(node) = stack.pop() {
            size += 1;
            for &other in graph.neighbors(node as usize) {
                if part[other as usize] == u32::MAX {
                    part[other as usize] = number;
                    stack.push(other);
                }
            }
        }
        sizes.push(size);
    }
    let largest = (0..sizes.len()).max_by_key(|&number| sizes[number]).unwrap_or(0);
    let inside = |node: u32| part[node as usize] == largest as u32;
    let mut numbers = vec![0; graph.nodes()];
    let mut count = 0;
    for node in (0..graph.nodes() as u32).filter(|&node| inside(node)) {
        numbers[node as usize] = count;
        count += 1;
    }
    let mut links = Vec::with_capacity(graph.links());
    for node in (0..graph.nodes() as u32).filter(|&node| inside(node)) {
        let later = graph.neighbors(node as usize).iter().filter(|&&other| other > node);
        links.extend(later.map(|&other| (numbers[node as usize], numbers[other as usize])));
    }
    Graph::new(count as usize, links)
}
