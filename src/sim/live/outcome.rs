//! What came of a run, as numbers.

use std::collections::BTreeMap;

use serde::Serialize;

use super::asked::ByTtl;
use super::horizon::ByHop;
use super::tally::{Direct, KINDS, Lives, Traffic};
use super::world::World;
use crate::overlay::{Node, Role, TopologyKind};

/// Points of a [`Load::curve`] less one.
const POINTS: usize = 100;

/// The numbers of one run. The names are part of the program's interface.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// The topology that it ran with.
    pub topology: TopologyKind,
    /// What everything random followed from.
    pub seed: u64,
    /// Virtual time.
    pub virtual_ms: f64,
    /// Things that happened.
    pub events: u64,
    /// Everything that happened, when and where, as one number: the same seed gives the same.
    pub hash: String,
    /// Nodes that there are.
    pub nodes: usize,
    /// Those that run at the end.
    pub online: usize,
    /// Parts that those fall into; 1 if each can reach each.
    pub parts: usize,
    /// Links of the nodes that run at the end.
    pub neighbors: Neighbors,
    /// What those are among ultra-peers and leaves; `None` in another topology.
    pub roles: Option<Roles>,
    /// Who came and went.
    pub lives: Lives,
    /// Messages on links, by kind.
    pub messages: BTreeMap<&'static str, Traffic>,
    /// Deliveries over connections of their own.
    pub direct: Direct,
    /// Searches that began.
    pub searches: u64,
    /// Searches by the TTL that they began with.
    pub by_ttl: Vec<ByTtl>,
    /// Floods and rings by the hops that their copies travelled.
    pub by_hop: Vec<ByHop>,
    /// How work is spread over nodes.
    pub load: Load,
}

/// How many neighbors nodes have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Neighbors {
    /// The fewest.
    pub least: usize,
    /// The average.
    pub mean: f64,
    /// The most.
    pub most: usize,
    /// Nodes that have none.
    pub alone: usize,
}

/// How nodes divide into ultra-peers and leaves, and how those hang together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Roles {
    /// Ultra-peers.
    pub ultrapeers: usize,
    /// Those of them that have no slot for another leaf.
    pub full: usize,
    /// Leaves.
    pub leaves: usize,
    /// Those of them that have no ultra-peer yet, or none any more.
    pub orphans: usize,
    /// Leaves of an ultra-peer, on average.
    pub leaves_each: f64,
    /// Other ultra-peers that an ultra-peer is linked to, on average.
    pub peers_each: f64,
    /// Ultra-peers of a leaf, on average.
    pub ultrapeers_each: f64,
}

/// How the handling of messages is spread over nodes.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Load {
    /// Messages of the node in the middle.
    pub median: u64,
    /// Messages that nine in ten nodes stay below.
    pub p90: u64,
    /// Messages that 99 in a hundred nodes stay below.
    pub p99: u64,
    /// Messages of the busiest node.
    pub most: u64,
    /// The share of all messages that the busiest hundredth of the nodes handled.
    pub top_share: f64,
    /// From the idlest node to the busiest in steps of a hundredth.
    pub curve: Vec<u64>,
}

impl Outcome {
    pub(super) fn of(world: &World) -> Self {
        Self {
            topology: world.topology,
            seed: world.seed,
            virtual_ms: world.clock.now.micros() as f64 / 1_000.0,
            events: world.events,
            hash: world.hash(),
            nodes: world.slots.len(),
            online: world.online,
            parts: world.parts(),
            neighbors: neighbors(world),
            roles: (world.topology == TopologyKind::Ultrapeer).then(|| roles(world)),
            lives: world.lives,
            messages: KINDS.into_iter().zip(world.traffic).collect(),
            direct: world.direct,
            searches: world.asked.began,
            by_ttl: world.asked.by_ttl(),
            by_hop: world.asked.horizons.rows(),
            load: Load::of(world.slots.iter().map(|slot| slot.handled).collect()),
        }
    }

    /// Bytes on links, without TLS's own.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.messages.values().map(|traffic| traffic.bytes).sum()
    }

    /// Searches that could have found their file, and those that did.
    #[must_use]
    pub fn found(&self) -> (u64, u64) {
        self.by_ttl.iter().fold((0, 0), |(possible, found), row| (possible + row.possible, found + row.found))
    }
}

fn neighbors(world: &World) -> Neighbors {
    let clients = |core: &Node| core.directory_status().map_or(0, |status| status.clients);
    let cores = world.slots.iter().filter_map(|slot| slot.core.as_deref());
    let counts: Vec<usize> = cores.map(|core| core.links().len() + clients(core)).collect();
    Neighbors {
        least: counts.iter().copied().min().unwrap_or(0),
        mean: counts.iter().sum::<usize>() as f64 / counts.len().max(1) as f64,
        most: counts.iter().copied().max().unwrap_or(0),
        alone: counts.iter().filter(|&&count| count == 0).count(),
    }
}

fn roles(world: &World) -> Roles {
    let mut roles = Roles::default();
    for core in world.slots.iter().filter_map(|slot| slot.core.as_deref()) {
        let Some(status) = core.ultra_status(&world.config) else { continue };
        if core.role() == Role::Leaf {
            roles.leaves += 1;
            roles.orphans += usize::from(status.ultrapeers == 0);
            roles.ultrapeers_each += status.ultrapeers as f64;
        } else {
            roles.ultrapeers += 1;
            roles.full += usize::from(status.leaves >= status.max_leaves);
            roles.leaves_each += status.leaves as f64;
            roles.peers_each += status.ultrapeers as f64;
        }
    }
    roles.ultrapeers_each /= roles.leaves.max(1) as f64;
    roles.leaves_each /= roles.ultrapeers.max(1) as f64;
    roles.peers_each /= roles.ultrapeers.max(1) as f64;
    roles
}

impl Load {
    fn of(mut handled: Vec<u64>) -> Self {
        handled.sort_unstable();
        let at = |share: f64| handled[((handled.len() - 1) as f64 * share) as usize];
        let total: u64 = handled.iter().sum();
        let busiest = handled.len() - handled.len().div_ceil(100);
        Self {
            median: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            most: at(1.0),
            top_share: handled[busiest..].iter().sum::<u64>() as f64 / total.max(1) as f64,
            curve: (0..=POINTS).map(|point| at(point as f64 / POINTS as f64)).collect(),
        }
    }
}
