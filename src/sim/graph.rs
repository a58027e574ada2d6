//! Who is linked to whom, packed: a million nodes with eight links each take 72 MB.

use super::edges::{Mistake, read_pairs};

/// Nodes of a simulated overlay.
pub const MAX_NODES: usize = 10_000_000;
/// Links of a simulated overlay.
pub const MAX_LINKS: usize = 100_000_000;
/// Mistakes listed of one file.
const MAX_MISTAKES: usize = 20;

/// One end of a link, numbered through the whole graph: those of a node follow each other.
pub(super) type End = u32;

// An end is a u32, and the highest one is no link's.
const _: () = assert!(2 * MAX_LINKS < u32::MAX as usize && MAX_NODES < 2 * MAX_LINKS);

/// An undirected graph without loops and doubles, whose nodes are numbered from 0.
#[derive(Debug, PartialEq, Eq)]
pub struct Graph {
    /// Where each node's ends begin; one more than there are nodes.
    first: Vec<End>,
    /// The node at the other side of each end.
    to: Vec<u32>,
    /// That side's own end.
    back: Vec<End>,
    /// What the nodes are called, in ascending order; `None` if by their numbers.
    labels: Option<Vec<u64>>,
}

impl Graph {
    /// What one end of a link takes.
    pub(super) const BYTES_AN_END: usize = size_of::<u32>() + size_of::<End>();

    /// A graph of so many nodes from pairs; loops and doubles are left out.
    pub(super) fn new(nodes: usize, mut links: Vec<(u32, u32)>) -> Self {
        for (a, b) in &mut links {
            if a > b {
                std::mem::swap(a, b);
            }
        }
        links.retain(|(a, b)| a != b);
        links.sort_unstable();
        links.dedup();
        let mut first = vec![0; nodes + 1];
        for &(a, b) in &links {
            first[a as usize + 1] += 1;
            first[b as usize + 1] += 1;
        }
        for node in 0..nodes {
            first[node + 1] += first[node];
        }
        let mut next = first.clone();
        let (mut to, mut back) = (vec![0; 2 * links.len()], vec![0; 2 * links.len()]);
        for &(a, b) in &links {
            let (there, here) = (next[a as usize], next[b as usize]);
            next[a as usize] += 1;
            next[b as usize] += 1;
            (to[there as usize], back[there as usize]) = (b, here);
            (to[here as usize], back[here as usize]) = (a, there);
        }
        Self { first, to, back, labels: None }
    }

    /// Reads a text of pairs of numbers; `#` starts a comment. The numbers need not be dense.
    ///
    /// # Errors
    /// Every mistake with its line.
    pub fn parse(text: &str) -> Result<Self, Vec<Mistake>> {
        let node = |word: &str| {
            word.parse::<u64>().map_err(|_| {
                let shown: String = word.chars().filter(|c| !c.is_control()).take(24).collect();
                format!("`{shown}` is no number of a node; nodes are whole numbers from 0")
            })
        };
        let mut pairs: Vec<(u64, u64)> = Vec::new();
        read_pairs(text, MAX_MISTAKES, node, |a, b| pairs.push((a, b)))?;
        let too_much = |why: String| vec![Mistake { line: text.lines().count(), why }];
        if pairs.len() > MAX_LINKS {
            return Err(too_much(format!("{} links are too many; the most is {MAX_LINKS}", pairs.len())));
        }
        let mut labels: Vec<u64> = pairs.iter().flat_map(|&(a, b)| [a, b]).collect();
        labels.sort_unstable();
        labels.dedup();
        match labels.len() {
            1 => return Err(too_much("there is one node alone in it, and nobody whom it could ask".to_owned())),
            2..=MAX_NODES => {}
            many => return Err(too_much(format!("{many} nodes are too many; the most is {MAX_NODES}"))),
        }
        let number = |label: u64| labels.partition_point(|&other| other < label) as u32;
        let links = pairs.into_iter().map(|(a, b)| (number(a), number(b))).collect();
        Ok(Self { labels: Some(labels.clone()), ..Self::new(labels.len(), links) })
    }

    /// How many nodes there are.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.first.len() - 1
    }

    /// How many links there are.
    #[must_use]
    pub fn links(&self) -> usize {
        self.to.len() / 2
    }

    /// The node of a label; `None` if there is no such node.
    #[must_use]
    pub fn node(&self, label: u64) -> Option<u32> {
        match &self.labels {
            Some(labels) => labels.binary_search(&label).ok().map(|node| node as u32),
            None => u32::try_from(label).ok().filter(|&node| (node as usize) < self.nodes()),
        }
    }

    /// What a node is called: its number in the file that the graph came from.
    #[must_use]
    pub fn label(&self, node: u32) -> u64 {
        self.labels.as_ref().map_or(u64::from(node), |labels| labels[node as usize])
    }

    /// The ends of a node's links.
    pub(super) fn ends(&self, node: usize) -> std::ops::Range<End> {
        self.first[node]..self.first[node + 1]
    }

    /// The node that an end belongs to; for the number after the last end's, the number after the last node.
    pub(super) fn node_of_end(&self, end: End) -> u32 {
        // Nodes without links share the first end of the next one that has any.
        self.first.partition_point(|&first| first <= end) as u32 - 1
    }

    /// Links of a node.
    #[must_use]
    pub fn degree(&self, node: usize) -> usize {
        self.ends(node).len()
    }

    /// The nodes linked to one, in ascending order.
    pub fn neighbors(&self, node: usize) -> &[u32] {
        let ends = self.ends(node);
        &self.to[ends.start as usize..ends.end as usize]
    }

    /// Who is at the other side of an end, and that side's own end.
    pub(super) fn across(&self, end: End) -> (u32, End) {
        (self.to[end as usize], self.back[end as usize])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Graph;

    proptest! {
        #[test]
        fn each_link_has_two_ends_that_know_each_other(pairs in prop::collection::vec((0u32..30, 0u32..30), 0..80)) {
            let graph = Graph::new(30, pairs.clone());
            for node in 0..30u32 {
                for end in graph.ends(node as usize) {
                    let (other, back) = graph.across(end);
                    prop_assert_ne!(other, node);
                    prop_assert!(pairs.contains(&(node, other)) || pairs.contains(&(other, node)));
                    prop_assert_eq!(graph.across(back), (node, end));
                }
                prop_assert!(graph.neighbors(node as usize).is_sorted_by(|a, b| a < b));
            }
            let linked = pairs.iter().filter(|(a, b)| a != b);
            prop_assert!(linked.into_iter().all(|&(a, b)| graph.neighbors(a as usize).contains(&b)));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[0-9 \\t\\n#x-]{0,200}") {
            let _ = Graph::parse(&text);
        }
    }

    #[test]
    fn numbers_in_a_file_need_not_be_dense() {
        let graph = Graph::parse("7 1000000000000\n7 7\n1000000000000 7\n3 7\n").unwrap();
        assert_eq!((graph.nodes(), graph.links()), (3, 2));
        assert_eq!((graph.node(7), graph.node(8), graph.label(2)), (Some(1), None, 1_000_000_000_000));
        assert_eq!(graph.neighbors(1), [0, 2]);
    }

    #[test]
    fn files_that_are_no_graphs_are_refused_by_line() {
        let refused = |text: &str| {
            let mistakes = Graph::parse(text).unwrap_err();
            (mistakes[0].line, mistakes[0].why.clone())
        };
        assert_eq!(refused("").0, 1);
        assert!(refused("4 4\n").1.contains("one node alone"));
        assert_eq!(refused("0 1\n1 -2\n"), (2, "`-2` is no number of a node; nodes are whole numbers from 0".into()));
        assert!(refused("0 1\na b\n").1.contains("`a`"));
        assert_eq!(refused("0 1\n2 3\n17").0, 3, "cut off");
        assert!(refused("0 99999999999999999999999").1.contains("no number"));
    }
}
