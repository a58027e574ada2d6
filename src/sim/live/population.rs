//! The nodes: who runs, who is away, and what each finds on its disk when it returns.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use super::hash::mix;
use crate::base::Time;
use crate::overlay::{Node, Peer};
use crate::proto::{NodeId, PeerAddr};

/// Addresses that a node finds on its disk, at most.
pub(super) const MAX_REMEMBERED: usize = 100;
/// The port that everybody listens at.
const PORT: u16 = 6346;
/// Addresses are 10.x.y.z: private, so that nodes tell each other about neighbors.
const NETWORK: u32 = 0x0A00_0000;

/// One node of the world, running or not.
#[derive(Debug, Default)]
pub(super) struct Slot {
    /// `None` while it is away.
    pub(super) core: Option<Box<Node>>,
    /// Counts its runs.
    pub(super) life: u32,
    /// Counts its disks: a new one is a new key.
    pub(super) disk: u32,
    /// When it is to be looked at next; later entries of the agenda about it mean nothing.
    pub(super) wake: Time,
    /// Its ends of links, those included that it does not know of yet.
    pub(super) ends: Vec<u32>,
    /// Nodes whose addresses lie on its disk.
    pub(super) remembered: Box<[u32]>,
    /// Messages that it handled.
    pub(super) handled: u64,
    /// What others are told of it, while that is true: as who dialled, and as who was dialled.
    pub(super) faces: [Option<Arc<Peer>>; 2],
}

// There may be a million of them.
const _: () = assert!(size_of::<Slot>() <= 96);

/// Where a node listens.
pub(super) fn addr(node: u32) -> PeerAddr {
    PeerAddr(SocketAddr::from((Ipv4Addr::from(NETWORK + node), PORT)))
}

/// Who listens at an address; nobody at one that is none of this world's.
pub(super) fn listener(addr: PeerAddr, nodes: usize) -> Option<u32> {
    let SocketAddr::V4(v4) = addr.0 else { return None };
    let node = u32::from(*v4.ip()).checked_sub(NETWORK)?;
    (v4.port() == PORT && (node as usize) < nodes).then_some(node)
}

/// Who a node is: random, but for its number and that of its disk at the end.
pub(super) fn identity(run: u64, node: u32, disk: u32) -> NodeId {
    let mut id = [0; 32];
    for (part, bytes) in id.chunks_exact_mut(8).take(3).enumerate() {
        bytes.copy_from_slice(&mix(&[run, node.into(), disk.into(), part as u64]).to_be_bytes());
    }
    id[24..28].copy_from_slice(&disk.to_be_bytes());
    id[28..].copy_from_slice(&node.to_be_bytes());
    NodeId(id)
}

/// The number of a node.
pub(super) fn index_of(id: &NodeId) -> u32 {
    let [.., a, b, c, d] = id.0;
    u32::from_be_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::{addr, identity, index_of, listener};

    #[test]
    fn addresses_and_ids_lead_back_to_their_nodes() {
        for node in [0, 1, 255, 65_536, 999_999] {
            assert_eq!(listener(addr(node), 1_000_000), Some(node));
            assert_eq!(index_of(&identity(7, node, 3)), node);
            assert!(addr(node).is_dialable() && addr(node).is_local());
        }
        assert_eq!(listener(addr(10), 10), None);
        assert_ne!(identity(1, 5, 0), identity(1, 5, 1));
        assert_ne!(identity(1, 5, 0), identity(2, 5, 0));
    }
}
