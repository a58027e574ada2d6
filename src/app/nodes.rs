//! Nodes that became known, as neighbors, by hits or by reports: so that one can be meant by its name or its id.

use std::net::SocketAddr;

use super::handle::Refusal;
use crate::base::{Map, seed};
use crate::overlay::{is_begun, is_named};
use crate::proto::{NodeId, PeerAddr, Untrusted};

/// Nodes remembered; when there are more, the half that was seen longest ago is forgotten.
const MAX_KNOWN: usize = 4_096;
/// Nodes of one name that a refusal lists.
const MAX_LISTED: usize = 5;

/// A node, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownNode {
    /// Who; `None` if only an address is known.
    pub node: Option<NodeId>,
    /// What it calls itself.
    pub name: Untrusted,
    /// Where it can be reached.
    pub addr: Option<PeerAddr>,
    /// When it was heard of last, in milliseconds after this node's start.
    pub seen_ms: Option<u64>,
}

impl KnownNode {
    /// What to call it: its name, else its address, else the beginning of its id.
    #[must_use]
    pub fn called(&self) -> String {
        let name = self.name.visible(40);
        match (name.trim().is_empty(), self.addr, self.node) {
            (false, ..) => name,
            (true, Some(addr), _) => addr.to_string(),
            (true, None, Some(node)) => node.short(),
            (true, None, None) => "that node".to_owned(),
        }
    }
}

/// The table.
#[derive(Debug)]
pub(super) struct KnownNodes(Map<NodeId, Known>);

#[derive(Debug)]
struct Known {
    name: Untrusted,
    addr: Option<PeerAddr>,
    seen_ms: u64,
}

impl Default for KnownNodes {
    fn default() -> Self {
        Self(Map::with_hasher(seed(0)))
    }
}

impl KnownNodes {
    /// A node was heard of. An address that it does not tell this time is not forgotten.
    pub(super) fn saw(&mut self, node: NodeId, name: &Untrusted, addr: Option<PeerAddr>, now_ms: u64) {
        if let Some(known) = self.0.get_mut(&node) {
            (known.addr, known.seen_ms) = (addr.or(known.addr), now_ms);
            if known.name != *name {
                known.name = name.clone();
            }
            return;
        }
        if self.0.len() >= MAX_KNOWN {
            let mut times: Vec<u64> = self.0.values().map(|known| known.seen_ms).collect();
            let middle = *times.select_nth_unstable(MAX_KNOWN / 2).1;
            self.0.retain(|_, known| known.seen_ms > middle);
        }
        self.0.insert(node, Known { name: name.clone(), addr, seen_ms: now_ms });
    }

    /// A node that was known went away just now.
    pub(super) fn left(&mut self, node: &NodeId, now_ms: u64) {
        if let Some(known) = self.0.get_mut(node) {
            known.seen_ms = now_ms;
        }
    }

    /// The node that a user means: by its address, the beginning of its id, or its name.
    ///
    /// # Errors
    /// When none is known that could be meant, or several are.
    pub(super) fn find(&self, wanted: &str) -> Result<KnownNode, Refusal> {
        let wanted = wanted.trim();
        if let Ok(addr) = wanted.parse::<SocketAddr>() {
            let addr = PeerAddr::from(addr);
            // Who was seen there last: another one may have been there before.
            let there = self.0.iter().filter(|(_, known)| known.addr == Some(addr));
            let there = there.max_by_key(|(node, known)| (known.seen_ms, **node));
            return Ok(there.map_or_else(|| KnownNode { addr: Some(addr), ..KnownNode::default() }, described));
        }
        let mut named: Vec<_> = self.0.iter().filter(|(_, known)| is_named(wanted, &known.name)).collect();
        if named.is_empty() {
            named = self.0.iter().filter(|(node, _)| is_begun(wanted, node)).collect();
        }
        named.sort_unstable_by_key(|(node, _)| **node);
        match named[..] {
            [] => {
                let message = format!("no node called `{}` is known", Untrusted::from(wanted).visible(40));
                Err(Refusal::new(NO_SUCH_NODE, message, "name it by its address, IP:PORT, if you know that"))
            }
            [one] => Ok(described(one)),
            _ => {
                let ids: Vec<String> = named.iter().take(MAX_LISTED).map(|(node, _)| node.short()).collect();
                let message = format!("{} nodes could be meant: {}", named.len(), ids.join(", "));
                Err(Refusal::new("several_nodes", message, "name one by the beginning of its id"))
            }
        }
    }
}

/// The code of the refusal that no such node is known.
pub(super) const NO_SUCH_NODE: &str = "no_such_node";

fn described((node, known): (&NodeId, &Known)) -> KnownNode {
    KnownNode { node: Some(*node), name: known.name.clone(), addr: known.addr, seen_ms: Some(known.seen_ms) }
}

#[cfg(test)]
mod tests {
    use super::{KnownNodes, MAX_KNOWN, NO_SUCH_NODE};
    use crate::proto::{NodeId, PeerAddr};

    fn id(n: u64) -> NodeId {
        let mut id = [0xab; 32];
        id[..8].copy_from_slice(&n.to_be_bytes());
        NodeId(id)
    }

    fn addr(n: u8) -> PeerAddr {
        PeerAddr(([192, 0, 2, n], 6346).into())
    }

    #[test]
    fn a_node_is_found_by_name_id_and_address() {
        let mut known = KnownNodes::default();
        known.saw(id(1 << 32), &"Kestrel".into(), Some(addr(1)), 10);
        known.saw(id(2 << 32), &"wren".into(), None, 10);
        known.saw(id(2 << 32), &"wren".into(), Some(addr(2)), 20);
        known.saw(id(2 << 32), &"wren".into(), None, 30);
        let wren = known.find("wren").unwrap();
        assert_eq!((wren.node, wren.addr, wren.seen_ms), (Some(id(2 << 32)), Some(addr(2)), Some(30)));
        assert_eq!(known.find("192.0.2.2:6346").unwrap(), wren);
        assert_eq!(known.find("0000000200").unwrap(), wren);
        assert_eq!(known.find(" kestrel ").unwrap().node, Some(id(1 << 32)));
        let stranger = known.find("192.0.2.9:1").unwrap();
        assert_eq!((stranger.node, stranger.called()), (None, "192.0.2.9:1".to_owned()));
        assert_eq!(known.find("owl").unwrap_err().code, NO_SUCH_NODE);
    }

    #[test]
    fn of_several_that_could_be_meant_none_is_taken() {
        let mut known = KnownNodes::default();
        known.saw(id(1 << 32), &"wren".into(), None, 10);
        known.saw(id(2 << 32), &"wren".into(), None, 10);
        let refusal = known.find("wren").unwrap_err();
        assert_eq!(
            (refusal.code, refusal.message.as_str()),
            ("several_nodes", "2 nodes could be meant: 00000001, 00000002")
        );
    }

    #[test]
    fn the_table_is_bounded_and_forgets_the_oldest() {
        let mut known = KnownNodes::default();
        (0..=MAX_KNOWN as u64).for_each(|n| known.saw(id(n), &"a".into(), None, n));
        assert!(known.0.len() <= MAX_KNOWN && known.0.contains_key(&id(MAX_KNOWN as u64)));
        assert!(!known.0.contains_key(&id(0)));
    }
}
