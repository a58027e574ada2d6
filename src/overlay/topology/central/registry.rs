//! What a directory keeps, behind an interface: in memory for a simulation, on disk for a real node, and some day shared
//! by several processes.

use std::time::Duration;

use super::message::FoundAt;
use crate::overlay::message::FoundFile;
use crate::proto::{NodeId, PeerAddr, Query, Untrusted};

/// Who registered, apart from its files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registration {
    /// What the node calls itself.
    pub name: Untrusted,
    /// Where it can be reached; `None` until the directory reached it there.
    pub addr: Option<PeerAddr>,
}

/// There is no room for another node, or for another file of any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the directory is full")]
pub struct RegistryFull;

/// Nodes and the files that they share. All of it is looked up in memory; an implementation that keeps it on disk too
/// does that elsewhere and never lets a caller wait. Bounds: [`crate::proto::limits::MAX_REGISTERED_NODES`] and
/// [`crate::proto::limits::MAX_REGISTERED_FILES`].
pub trait Registry {
    /// The nodes that are kept from an earlier run, and how long each one's lease still lasts; called once, at the start.
    fn restored(&mut self) -> Vec<(NodeId, Duration)>;

    /// Who a node is; `None` if it is not registered.
    fn get(&self, node: &NodeId) -> Option<Registration>;

    /// Registers a node, or changes what is known of it. Its files stay.
    ///
    /// # Errors
    /// [`RegistryFull`].
    fn put(&mut self, node: NodeId, registration: Registration) -> Result<(), RegistryFull>;

    /// Notes that a node's lease lasts that long from now.
    fn renew(&mut self, node: &NodeId, lease: Duration);

    /// Drops a node and its files.
    fn forget(&mut self, node: &NodeId);

    /// Adds files of a registered node; those that it has already change nothing. Returns how many were not taken because
    /// the directory is full.
    fn add(&mut self, node: &NodeId, files: &[FoundFile]) -> usize;

    /// Removes files of a node by their tags; unknown ones change nothing.
    fn remove(&mut self, node: &NodeId, tags: &[u64]);

    /// How many files a node has, and the exclusive-or of their tags.
    fn summary(&self, node: &NodeId) -> (u64, u64);

    /// The tags of a node's files in one part.
    fn tags(&self, node: &NodeId, bucket: u8) -> Vec<u64>;

    /// Up to `limit` files that match, grouped by node, from a position on (0: the start), and the position to go on from,
    /// which is a greater one; `None` at the end. The files of `except`, who asks, are left out.
    fn find(&self, query: &Query, except: &NodeId, after: u64, limit: usize) -> (Vec<FoundAt>, Option<u64>);

    /// Nodes and files registered.
    fn totals(&self) -> (u64, u64);
}
