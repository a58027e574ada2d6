//! The topologies: who is linked to whom, who relays to whom, and who answers.
//!
//! Each has a folder. What they have in common is here: which links two nodes can have in the roles that they play
//! ([`Class`]), and how a node changes from one topology to another (`change`).

pub(super) mod central;
mod change;
mod flood;
mod propose;
pub(super) mod ultra;

pub(super) use central::{Client, Directory};
pub(super) use flood::Flood;
pub(super) use propose::Proposals;
pub(super) use ultra::Ultra;

use super::io::{Config, Peer};
use super::message::{ByeReason, Role, TopologyKind};
use super::node::Node;

/// What a neighbor is to this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// The two relay to each other: flooding nodes and ultra-peers.
    Neighbor,
    /// It is a leaf of this ultra-peer.
    Leaf,
    /// It is an ultra-peer of this leaf.
    Ultrapeer,
    /// It is the directory that this node registers with.
    Directory,
    /// It registers with this directory.
    Client,
}

impl Node {
    /// What a peer would be to this node, or why the two have no use for each other.
    pub(super) fn class_of(&self, peer: &Peer, config: &Config) -> Result<Class, (ByeReason, &'static str)> {
        use TopologyKind::Central;
        let (ours, theirs) = (self.role, peer.role);
        match (self.kind == Central, peer.topology == Central) {
            (_, true) if config.serve_directory && theirs == Role::Client => Ok(Class::Client),
            (true, _) if ours == Role::Client && self.is_chosen_directory(peer) => Ok(Class::Directory),
            (true, _) if ours == Role::Directory => {
                Err((ByeReason::Role, "this is a directory, and no part of an overlay"))
            }
            (true, _) => Err((ByeReason::Role, "this node is linked to its directory only")),
            (_, true) => Err((ByeReason::Role, "this node serves no directory")),
            _ => match (ours, theirs) {
                (Role::Leaf, Role::Ultrapeer) => Ok(Class::Ultrapeer),
                (Role::Ultrapeer, Role::Leaf) => Ok(Class::Leaf),
                (Role::Leaf, _) => Err((ByeReason::Role, "this node is a leaf: it is linked to ultra-peers only")),
                (_, Role::Leaf) => Err((ByeReason::Role, "this node is no ultra-peer: it takes no leaves")),
                _ => Ok(Class::Neighbor),
            },
        }
    }

    /// How many neighbors of a class there are.
    pub(super) fn count(&self, class: Class) -> usize {
        self.links.iter().filter(|link| link.class == class).count()
    }

    /// Whether there is room for another neighbor of a class.
    pub(super) fn has_room(&self, class: Class, config: &Config) -> bool {
        let most = match class {
            Class::Neighbor => config.max_neighbors,
            Class::Leaf => config.max_leaves,
            Class::Ultrapeer => crate::proto::limits::MAX_ULTRAPEERS,
            Class::Directory => 1,
            Class::Client => return self.has_room_for_client(config),
        };
        self.count(class) < most
    }
}
