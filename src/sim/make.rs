//! Graphs made from a seed.

use super::graph::{Graph, MAX_LINKS, MAX_NODES};
use crate::base::{Map, Rng, seed};

/// How often a random regular graph is begun anew before it is given up.
const TRIES: usize = 20;
/// Swaps tried for each link that came out as a loop or a double.
const SWAPS: usize = 1_000;

/// The shape of a generated graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Every node has exactly D links, otherwise at random (pairing model, loops and doubles swapped away).
    #[default]
    Regular,
    /// Links between random pairs, D to a node on average (Erdős and Rényi's G(n, m)).
    Random,
    /// Each new node links to D/2 others, preferring those with many links (Barabási and Albert).
    PowerLaw,
    /// A lattice of D/2 dimensions without wrapping: 2 is a line, 4 a square, 6 a cube.
    Grid,
    /// D children at the root, which is node 0, and D-1 below; filled level by level.
    Tree,
}

impl Kind {
    /// All of them, and their names.
    pub const ALL: [(&'static str, Self); 5] = [
        ("regular", Self::Regular),
        ("random", Self::Random),
        ("powerlaw", Self::PowerLaw),
        ("grid", Self::Grid),
        ("tree", Self::Tree),
    ];
}

/// Why there is no such graph.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MakeError {
    /// Nobody to ask, or more than fits.
    #[error("{0} nodes cannot be simulated; use 2 to {MAX_NODES}")]
    Nodes(usize),
    /// More links than fit.
    #[error("{nodes} nodes with {degree} links each are more than {MAX_LINKS} links")]
    Links {
        /// Nodes asked for.
        nodes: usize,
        /// Links of each.
        degree: usize,
    },
    /// A node cannot have so many links.
    #[error("{nodes} nodes cannot have {degree} links each; use 1 to {}", nodes - 1)]
    Degree {
        /// Nodes asked for.
        nodes: usize,
        /// Links of each.
        degree: usize,
    },
    /// A link has two ends.
    #[error("{nodes} nodes cannot have {degree} links each: one of the two numbers must be even")]
    Odd {
        /// Nodes asked for.
        nodes: usize,
        /// Links of each.
        degree: usize,
    },
    /// A kind of graph in which only even degrees make sense.
    #[error("this kind of graph needs an even degree, and {0} is odd")]
    OddDegree(usize),
    /// The random search for a regular graph did not come to an end.
    #[error("no graph of {nodes} nodes with {degree} links each came out of this seed; try another")]
    Unlucky {
        /// Nodes asked for.
        nodes: usize,
        /// Links of each.
        degree: usize,
    },
}

/// Makes a graph of `nodes` nodes and degree `degree`.
///
/// # Errors
/// When there is no such graph, or it is too large.
pub fn make(kind: Kind, nodes: usize, degree: usize, rng: &mut Rng) -> Result<Graph, MakeError> {
    if !(2..=MAX_NODES).contains(&nodes) {
        return Err(MakeError::Nodes(nodes));
    }
    // A tree and a grid may have room for more neighbors than there are nodes; a tree must have room for a third one.
    let too_many = degree >= nodes && !matches!(kind, Kind::Tree | Kind::Grid);
    if degree == 0 || too_many || (kind == Kind::Tree && degree == 1 && nodes > 2) {
        return Err(MakeError::Degree { nodes, degree });
    }
    if degree.saturating_mul(nodes) / 2 > MAX_LINKS && kind != Kind::Tree {
        return Err(MakeError::Links { nodes, degree });
    }
    if degree % 2 == 1 && matches!(kind, Kind::PowerLaw | Kind::Grid) {
        return Err(MakeError::OddDegree(degree));
    }
    let links = match kind {
        Kind::Regular => regular(nodes, degree, rng)?,
        Kind::Random => random(nodes, nodes * degree / 2, rng),
        Kind::PowerLaw => power_law(nodes, degree / 2, rng),
        Kind::Grid => grid(nodes, degree / 2),
        Kind::Tree => tree(nodes, degree),
    };
    Ok(Graph::new(nodes, links))
}

/// Links that are there, to be asked for either way round.
struct Known(Map<(u32, u32), ()>);

impl Known {
    fn new(capacity: usize, rng: &mut Rng) -> Self {
        Self(Map::with_capacity_and_hasher(capacity, seed(rng.next_u64())))
    }

    /// Adds a link; false for a loop or one that is there already.
    fn add(&mut self, a: u32, b: u32) -> bool {
        a != b && self.0.insert((a.min(b), a.max(b)), ()).is_none()
    }

    fn has(&self, a: u32, b: u32) -> bool {
        self.0.contains_key(&(a.min(b), a.max(b)))
    }

    fn remove(&mut self, a: u32, b: u32) {
        self.0.remove(&(a.min(b), a.max(b)));
    }
}

fn regular(nodes: usize, degree: usize, rng: &mut Rng) -> Result<Vec<(u32, u32)>, MakeError> {
    if nodes % 2 == 1 && degree % 2 == 1 {
        return Err(MakeError::Odd { nodes, degree });
    }
    let others = nodes - 1 - degree;
    if others < degree {
        // Nearly everybody is linked: who is not is easier to draw.
        let missing = if others == 0 { Vec::new() } else { regular(nodes, others, rng)? };
        let mut known = Known::new(missing.len(), rng);
        missing.into_iter().for_each(|(a, b)| {
            known.add(a, b);
        });
        let all = (0..nodes as u32).flat_map(|b| (0..b).map(move |a| (a, b)));
        return Ok(all.filter(|&(a, b)| !known.has(a, b)).collect());
    }
    (0..TRIES).find_map(|_| pairing(nodes, degree, rng)).ok_or(MakeError::Unlucky { nodes, degree })
}

/// Pairs the nodes' open ends at random, then swaps ends between each bad link and random good ones.
fn pairing(nodes: usize, degree: usize, rng: &mut Rng) -> Option<Vec<(u32, u32)>> {
    let mut ends: Vec<u32> = (0..nodes as u32).flat_map(|node| std::iter::repeat_n(node, degree)).collect();
    rng.shuffle(&mut ends);
    let mut known = Known::new(ends.len() / 2, rng);
    let (mut links, mut bad) = (Vec::with_capacity(ends.len() / 2), Vec::new());
    for pair in ends.chunks_exact(2) {
        let (a, b) = (pair[0], pair[1]);
        if known.add(a, b) { links.push((a, b)) } else { bad.push((a, b)) }
    }
    drop(ends);
    for (a, b) in bad {
        let mut swap = || {
            let at = rng.below(links.len());
            let &(c, d) = links.get(at)?;
            let (c, d) = if rng.below(2) == 0 { (c, d) } else { (d, c) };
            let fits = a != c && b != d && !known.has(a, c) && !known.has(b, d) && !same(a, c, b, d);
            fits.then_some((at, c, d))
        };
        let (at, c, d) = (0..SWAPS).find_map(|_| swap())?;
        known.remove(c, d);
        known.add(a, c);
        known.add(b, d);
        links[at] = (a, c);
        links.push((b, d));
    }
    Some(links)
}

/// Whether a-b and c-d are one link.
fn same(a: u32, b: u32, c: u32, d: u32) -> bool {
    (a, b) == (c, d) || (a, b) == (d, c)
}

fn random(nodes: usize, count: usize, rng: &mut Rng) -> Vec<(u32, u32)> {
    let mut known = Known::new(count, rng);
    let mut links = Vec::with_capacity(count);
    while links.len() < count {
        let (a, b) = (rng.below(nodes) as u32, rng.below(nodes) as u32);
        if known.add(a, b) {
            links.push((a, b));
        }
    }
    links
}

fn power_law(nodes: usize, each: usize, rng: &mut Rng) -> Vec<(u32, u32)> {
    let mut links: Vec<(u32, u32)> = Vec::with_capacity(nodes * each);
    // The first ones are all linked, so that each new node finds enough.
    let core = each + 1;
    (1..core).for_each(|b| links.extend((0..b).map(|a| (a as u32, b as u32))));
    let mut chosen = Vec::with_capacity(each);
    for node in core..nodes {
        chosen.clear();
        while chosen.len() < each {
            // A random end of a random link: a node with twice the links is twice as likely.
            let (a, b) = links[rng.below(links.len())];
            let other = if rng.below(2) == 0 { a } else { b };
            if !chosen.contains(&other) {
                chosen.push(other);
            }
        }
        links.extend(chosen.iter().map(|&other| (other, node as u32)));
    }
    links
}

fn grid(nodes: usize, dimensions: usize) -> Vec<(u32, u32)> {
    let full = |side: usize| (0..dimensions).try_fold(1usize, |size, _| size.checked_mul(side));
    let side = (2..=nodes).find(|&side| full(side).is_none_or(|size| size >= nodes)).unwrap_or(nodes);
    let mut links = Vec::new();
    let mut stride = 1;
    for _ in 0..dimensions {
        let ahead = (0..nodes.saturating_sub(stride)).filter(|node| node / stride % side + 1 < side);
        links.extend(ahead.map(|node| (node as u32, (node + stride) as u32)));
        stride = stride.saturating_mul(side);
    }
    links
}

fn tree(nodes: usize, degree: usize) -> Vec<(u32, u32)> {
    let mut links = Vec::with_capacity(nodes - 1);
    let (mut parent, mut room) = (0, degree);
    for node in 1..nodes as u32 {
        if room == 0 {
            parent += 1;
            room = degree - 1;
        }
        links.push((parent, node));
        room -= 1;
    }
    links
}
