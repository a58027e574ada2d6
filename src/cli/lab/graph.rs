//! Who is linked to whom in a lab: a random graph, or one from a file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::super::failure::Failure;
use super::super::grammar::MAX_LAB_NODES;
use super::super::graph_file;
use super::{DIRECTORY, LOGS, VIEWER};
use crate::base::Rng;
use crate::sim::{Mistake, read_pairs};

/// Links that a node has at least, if there are enough nodes.
const MIN_DEGREE: usize = 3;
/// Links that a node has at most in a random graph.
const MAX_DEGREE: usize = 4;
/// Bytes of a graph file.
const MAX_GRAPH: u64 = 1024 * 1024;
/// Bytes of a node's name in it.
const MAX_NAME: usize = 32;
/// Names that a lab has a use for itself.
const RESERVED: [&str; 3] = [DIRECTORY, LOGS, VIEWER];
/// Mistakes listed of one file.
const MAX_MISTAKES: usize = 20;

/// An undirected graph without loops and doubles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Graph {
    /// What the nodes are called.
    pub(super) names: Vec<String>,
    /// Links, the lower number first, in ascending order.
    pub(super) links: BTreeSet<(usize, usize)>,
}

impl Graph {
    /// Connected, and each node with three or four links as far as their number allows: a ring in random order, and random
    /// chords until nobody has fewer than three.
    pub(super) fn random(names: Vec<String>, rng: &mut Rng) -> Self {
        let count = names.len();
        let mut order: Vec<usize> = (0..count).collect();
        rng.shuffle(&mut order);
        let mut graph = Self { names, links: BTreeSet::new() };
        for place in 0..count {
            graph.link(order[place], order[(place + 1) % count]);
        }
        for &node in &order {
            while graph.degree(node) < MIN_DEGREE {
                let fits = |&other: &usize| {
                    other != node && graph.degree(other) < MAX_DEGREE && !graph.links.contains(&pair(node, other))
                };
                let candidates: Vec<usize> = (0..count).filter(fits).collect();
                let Some(&other) = candidates.get(rng.below(candidates.len())) else { break };
                graph.link(node, other);
            }
        }
        graph
    }

    /// Reads pairs of names; `#` starts a comment.
    ///
    /// # Errors
    /// When the file cannot be read, and for everything in it that makes no sense.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let text = graph_file::read(path, MAX_GRAPH)?;
        Self::parse(&text).map_err(|mistakes| graph_file::mistaken(path, mistakes))
    }

    fn parse(text: &str) -> Result<Self, Vec<Mistake>> {
        let mut numbers = BTreeMap::new();
        let mut names = Vec::new();
        let mut pairs = Vec::new();
        read_pairs(text, MAX_MISTAKES, |name| number(&mut names, &mut numbers, name), |a, b| pairs.push((a, b)))?;
        let mut graph = Self { names, links: BTreeSet::new() };
        pairs.into_iter().for_each(|(a, b)| graph.link(a, b));
        if graph.links.is_empty() {
            let why = "it links no two nodes; write pairs of different names, one a line".to_owned();
            return Err(vec![Mistake { line: 1, why }]);
        }
        Ok(graph)
    }

    /// Links two nodes; a node is never linked to itself.
    fn link(&mut self, a: usize, b: usize) {
        if a != b {
            self.links.insert(pair(a, b));
        }
    }

    /// The nodes linked to one.
    pub(super) fn neighbors(&self, node: usize) -> impl Iterator<Item = usize> {
        self.links.iter().filter_map(move |&(a, b)| match (a == node, b == node) {
            (true, _) => Some(b),
            (_, true) => Some(a),
            _ => None,
        })
    }

    /// How many those are.
    pub(super) fn degree(&self, node: usize) -> usize {
        self.neighbors(node).count()
    }

    /// Whom each node dials, so that every link is dialled once, and nobody is left to wait while others dial all of theirs.
    pub(super) fn dials(&self) -> Vec<Vec<usize>> {
        let mut dials = vec![Vec::new(); self.names.len()];
        for &(a, b) in &self.links {
            let (who, whom) = if dials[b].len() < dials[a].len() { (b, a) } else { (a, b) };
            dials[who].push(whom);
        }
        dials
    }

    /// Parts that have no link to each other; 1 for a connected graph.
    pub(super) fn parts(&self) -> usize {
        let mut seen = vec![false; self.names.len()];
        let mut parts = 0;
        for start in 0..self.names.len() {
            if seen[start] {
                continue;
            }
            parts += 1;
            let mut front = vec![start];
            while let Some(node) = front.pop() {
                if !std::mem::replace(&mut seen[node], true) {
                    front.extend(self.neighbors(node).filter(|&other| !seen[other]));
                }
            }
        }
        parts
    }
}

/// The number of a name, which is a new one if it is sane.
fn number<'a>(names: &mut Vec<String>, numbers: &mut BTreeMap<&'a str, usize>, name: &'a str) -> Result<usize, String> {
    if let Some(&number) = numbers.get(name) {
        return Ok(number);
    }
    // It becomes a folder's name.
    let sane = name.len() <= MAX_NAME
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
        && !name.starts_with('.');
    if RESERVED.contains(&name) {
        return Err(format!("`{name}` is what the lab calls a part of its own; choose another name"));
    }
    if !sane {
        let shown = crate::app::Untrusted::from(name).visible(MAX_NAME);
        return Err(format!("`{shown}` is no name: use at most {MAX_NAME} letters, digits, - and _"));
    }
    if names.len() == MAX_LAB_NODES {
        return Err(format!("`{name}` is one node too many; a lab has at most {MAX_LAB_NODES}"));
    }
    numbers.insert(name, names.len());
    names.push(name.to_owned());
    Ok(names.len() - 1)
}

fn pair(a: usize, b: usize) -> (usize, usize) {
    (a.min(b), a.max(b))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Graph, MAX_DEGREE, MIN_DEGREE};
    use crate::base::Rng;

    fn random(count: usize, seed: u64) -> Graph {
        Graph::random((0..count).map(|node| node.to_string()).collect(), &mut Rng::new(seed))
    }

    proptest! {
        #[test]
        fn random_graphs_are_connected_even_and_the_same_for_a_seed(count in 1usize..80, seed: u64) {
            let graph = random(count, seed);
            prop_assert_eq!(graph.parts(), 1);
            prop_assert_eq!(&graph, &random(count, seed));
            let degrees: Vec<usize> = (0..count).map(|node| graph.degree(node)).collect();
            prop_assert!(degrees.iter().all(|&degree| degree <= MAX_DEGREE.min(count - 1)), "{:?}", degrees);
            // The last of them may find no partner left.
            let poor = degrees.iter().filter(|&&degree| degree < MIN_DEGREE.min(count - 1)).count();
            prop_assert!(poor <= 2, "{degrees:?}");
            let dials = graph.dials();
            prop_assert_eq!(dials.iter().map(Vec::len).sum::<usize>(), graph.links.len());
            for (node, dialled) in dials.iter().enumerate() {
                prop_assert!(dialled.iter().all(|&other| graph.links.contains(&super::pair(node, other))));
            }
        }
    }

    #[test]
    fn seeds_differ() {
        assert_ne!(random(12, 1), random(12, 2));
    }

    #[test]
    fn a_file_is_read_with_comments_and_without_loops_and_doubles() {
        let graph = Graph::parse("# a line\na b\nb\tc # and its end\n\nc b\na a\n").unwrap();
        assert_eq!(graph.names, ["a", "b", "c"]);
        assert_eq!(graph.links.iter().copied().collect::<Vec<_>>(), [(0, 1), (1, 2)]);
        assert_eq!((graph.degree(1), graph.parts()), (2, 1));
        assert_eq!(Graph::parse("a b\nc d").unwrap().parts(), 2);
    }

    #[test]
    fn every_mistake_of_a_file_has_its_line() {
        let mistakes = Graph::parse("a b\na\n../x b\na b c\n").unwrap_err();
        assert_eq!(mistakes.iter().map(|mistake| mistake.line).collect::<Vec<_>>(), [2, 3, 4]);
        assert!(Graph::parse("a directory\n").unwrap_err()[0].why.contains("choose another name"));
        for empty in ["", "# nothing\n", "a a\n"] {
            assert_eq!(Graph::parse(empty).unwrap_err()[0].line, 1, "{empty:?}");
        }
        let crowd: String = (0..300).map(|node| format!("{node} {}\n", node + 1)).collect();
        let mistakes = Graph::parse(&crowd).unwrap_err();
        assert_eq!(mistakes[0].line, 200);
        assert!(mistakes[0].why.contains("at most 200"), "{}", mistakes[0].why);
    }
}
