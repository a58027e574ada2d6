//! What each process of a lab is started with.

use std::path::{Path, PathBuf};

use super::graph::Graph;
use super::{DIRECTORY, LOGS, OWN_LINKS};
use crate::app::{MAX_LINKS, TopologyKind};
use crate::base::Rng;

/// Neighbors that a node accepts, if the graph gives it no more: room for those that join by hand.
pub(super) const MAX_NEIGHBORS: usize = 16;
/// Neighbors that a node of a flooding lab looks for by itself: fewer than the graph gives it, so that the links stay as
/// the seed has them until nodes are lost.
const FLOOD_MIN_NEIGHBORS: usize = 1;
/// The same of the other labs, where nobody draws the links.
const MIN_NEIGHBORS: usize = 3;
/// The fewest leaves that an ultra-peer of a lab takes.
const MIN_LEAVES: usize = 4;
/// Upload bandwidths in kbit/s, and the share of the nodes that have them: fibre, cable, DSL and worse. What was measured
/// in Gnutella (Saroiu, Gummadi and Gribble 2002) was as uneven.
const CAPACITIES: [(f64, std::ops::Range<u64>); 3] =
    [(0.25, 50_000..100_000), (0.50, 8_000..20_000), (1.0, 300..3_000)];

/// How to start a child.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) name: String,
    pub(super) home: PathBuf,
    pub(super) share: PathBuf,
    pub(super) log: PathBuf,
    /// The command and its flags, those that all children have left out.
    pub(super) arguments: Vec<String>,
}

/// What holds for all nodes of a lab.
#[derive(Clone, Debug)]
pub(super) struct Common {
    /// Where the lab's files lie.
    pub(super) folder: PathBuf,
    /// The topology that its nodes start in.
    pub(super) topology: TopologyKind,
    /// Whether the links are those of a file, and no others.
    pub(super) drawn: bool,
    /// Leaves that an ultra-peer takes; `None` to suit the size of the lab.
    pub(super) max_leaves: Option<usize>,
    /// Flags that come from the command line.
    pub(super) flags: Vec<String>,
    /// Those of them that the directory takes too.
    pub(super) directory_flags: Vec<String>,
}

impl Common {
    /// Where the logs lie.
    pub(super) fn logs(&self) -> PathBuf {
        self.folder.join(LOGS)
    }

    fn plan(&self, name: &str, arguments: Vec<String>) -> Plan {
        let home = self.folder.join(name);
        Plan {
            name: name.to_owned(),
            share: home.join("share"),
            log: self.logs().join(format!("{name}.log")),
            home,
            arguments,
        }
    }

    /// The lab's directory, which runs beside its nodes and shares nothing.
    pub(super) fn directory(&self) -> Plan {
        let arguments = std::iter::once("directory".to_owned()).chain(self.directory_flags.iter().cloned());
        self.plan(DIRECTORY, arguments.collect())
    }

    /// Its nodes, which all know the directory.
    pub(super) fn nodes(&self, graph: &Graph, directory: &str, rng: &mut Rng) -> Vec<Plan> {
        let capacities = capacities(graph.names.len(), rng);
        let max_leaves = self.max_leaves.unwrap_or_else(|| (graph.names.len() / 3).clamp(MIN_LEAVES, MAX_LINKS));
        let min_neighbors = match self.topology {
            TopologyKind::Flood => FLOOD_MIN_NEIGHBORS,
            TopologyKind::Ultrapeer | TopologyKind::Central => MIN_NEIGHBORS,
        };
        let node = |(node, name): (usize, &String)| {
            let max_neighbors = (graph.degree(node) + OWN_LINKS).clamp(MAX_NEIGHBORS, MAX_LINKS);
            let mut arguments = vec![
                "daemon".to_owned(),
                "--no-discovery".to_owned(),
                "--follow".to_owned(),
                format!("--min-neighbors={min_neighbors}"),
                format!("--max-neighbors={max_neighbors}"),
                format!("--max-leaves={max_leaves}"),
                format!("--capacity={}", capacities[node]),
                format!("--directory={directory}"),
            ];
            if self.drawn {
                arguments.push("--only-peers".to_owned());
            }
            arguments.extend(self.flags.iter().cloned());
            let plan = self.plan(name, arguments);
            let share = format!("--share={}", plan.share.display());
            Plan { arguments: [plan.arguments, vec![share]].concat(), ..plan }
        };
        graph.names.iter().enumerate().map(node).collect()
    }
}

/// The flags that every child has: it lives on the loopback interface only, in a home of its own, and ends with its parent.
pub(super) fn flags_of_all(plan: &Plan) -> Vec<String> {
    let of = |flag: &str, path: &Path| format!("--{flag}={}", path.display());
    vec![
        "--json".to_owned(),
        "--exit-with-stdin".to_owned(),
        "--listen=127.0.0.1:0".to_owned(),
        format!("--name={}", plan.name),
        of("home", &plan.home),
        of("log-file", &plan.log),
    ]
}

/// Bandwidths for so many nodes, in kbit/s: a few fast ones, most slow.
fn capacities(nodes: usize, rng: &mut Rng) -> Vec<u64> {
    let mut capacities: Vec<u64> = (0..nodes)
        .map(|place| {
            let share = (place + 1) as f64 / nodes as f64;
            // The first node is a fast one in the smallest lab too.
            let of_share = CAPACITIES.iter().find(|(up_to, _)| share <= *up_to || place == 0);
            of_share.map_or(1, |(_, kbps)| rng.range(kbps.clone()))
        })
        .collect();
    rng.shuffle(&mut capacities);
    capacities
}

#[cfg(test)]
mod tests {
    use super::capacities;
    use crate::base::Rng;

    #[test]
    fn a_few_nodes_are_fast_and_most_are_slow() {
        for nodes in [1, 2, 4, 12, 200] {
            let capacities = capacities(nodes, &mut Rng::new(5));
            let fast = capacities.iter().filter(|&&kbps| kbps >= 50_000).count();
            assert_eq!((capacities.len(), fast), (nodes, (nodes / 4).max(1)), "{capacities:?}");
            let slow = capacities.iter().filter(|&&kbps| kbps < 3_000).count();
            assert!(slow * 2 >= nodes - 1 || nodes < 4, "{capacities:?}");
        }
    }
}
