//! Published results beside our own: one study a paper, one row a figure.
//!
//! A row says where its published figure is from ([`Basis`]) and how ours came about ([`How`]): by floods through the real
//! core wherever the core has that behaviour, by a small model of this folder (walkers, probes, super-peers' accounts) where
//! it has not, or by a formula. A row may end outside its tolerance only with the reason beside it.

mod alternatives;
mod delays;
mod exact;
mod gia;
mod graphs;
mod lab;
mod lv;
mod regular;
mod replication;
mod ritter;
mod row;
mod super_peers;
mod survey;
mod walkers;
mod walks;

#[cfg(test)]
mod tests;

pub use lab::{Effort, Lab, Stop, Told};
pub use row::{Allowed, Basis, How, Row, Verdict};

/// Entries from one paper.
#[derive(Clone, Copy, Debug)]
pub struct Study {
    /// What it is called on the command line.
    pub name: &'static str,
    /// Whose figures they are, and of which year.
    pub paper: &'static str,
    /// What is compared, in a sentence.
    pub about: &'static str,
    run: fn(&mut Lab<'_>) -> Result<(), Stop>,
}

/// All of them, in the order of `all`: what takes longest comes last.
pub const STUDIES: [Study; 11] = [
    Study {
        name: "ritter",
        paper: "Ritter, \"Why Gnutella Can't Scale. No, Really\", 2001",
        about: "what a query reaches and costs in a tree, from 2 to 8 links a node and TTL 1 to 8",
        run: ritter::run,
    },
    Study {
        name: "exact",
        paper: "closed forms that hold for any graph",
        about: "what a flood costs that covers its graph, and one that does not",
        run: exact::run,
    },
    Study {
        name: "regular",
        paper: "random regular graphs, measured with another program and by a mean-field recursion",
        about: "reach and duplicates by TTL, 4 links at 10,000 nodes and 8 at 100,000",
        run: regular::run,
    },
    Study {
        name: "lv",
        paper: "Lv, Cao, Cohen, Li and Shenker, \"Search and Replication in Unstructured Peer-to-Peer Networks\", 2002",
        about: "reach and duplicates by TTL on a random graph, a power-law graph and a grid of the paper's sizes",
        run: lv::run,
    },
    Study {
        name: "walkers",
        paper: "Lv, Cao, Cohen, Li and Shenker, 2002: ways to search",
        about: "flooding, expanding rings and 32 random walkers on the same graphs",
        run: walks::run,
    },
    Study {
        name: "short-circuit",
        paper: "Jovanovic, \"Modeling Large-Scale Peer-to-Peer Networks and a Case Study of Gnutella\", 2001",
        about: "what uneven delays take from a flood's reach, and what passing on higher TTLs gives back",
        run: delays::run,
    },
    Study {
        name: "replication",
        paper: "Cohen and Shenker, \"Replication Strategies in Unstructured Peer-to-Peer Networks\", 2002",
        about: "square-root, uniform and proportional replication under blind probing",
        run: replication::run,
    },
    Study {
        name: "super-peers",
        paper: "Yang and Garcia-Molina, \"Designing a Super-Peer Network\", 2003",
        about: "load of a super-peer by cluster size and redundancy, and floods among super-peers",
        run: super_peers::run,
    },
    Study {
        name: "gia",
        paper: "Chawathe, Ratnasamy, Breslau, Lanham and Shenker, \"Making Gnutella-like P2P Systems Scalable\", 2003",
        about: "hops of one random walker, blind and with an index of the neighbors",
        run: gia::run,
    },
    Study {
        name: "alternatives",
        paper: "other ways than flooding: chance, trees, rendezvous (Terpstra et al., BubbleStorm, 2007)",
        about: "copies a node for the same coverage",
        run: alternatives::run,
    },
    Study {
        name: "million",
        paper: "a random 8-regular graph of 1,000,000 nodes, measured with another program",
        about: "reach, duplicates and mean distance at the largest size",
        run: regular::million,
    },
];

/// The study of a name; `None` if there is none.
#[must_use]
pub fn study(name: &str) -> Option<&'static Study> {
    STUDIES.iter().find(|study| study.name == name)
}

impl Study {
    /// Does the work, and tells each row as it comes.
    ///
    /// # Errors
    /// When the listener wants no more, or a graph or flood cannot be made.
    pub fn run(&self, seed: u64, effort: Effort, tell: &mut dyn FnMut(Told<'_>) -> bool) -> Result<(), Stop> {
        (self.run)(&mut Lab::new(self.name, seed, effort, tell))
    }
}
