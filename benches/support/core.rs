//! One node with neighbors that say nothing, for those who measure what the core does with one message.

#[path = "nothing.rs"]
mod nothing;

use std::sync::Arc;

use hopscope::base::{Rng, Time};
use hopscope::overlay::{
    Config, Context, Delivery, Input, LinkId, Message, Node, Output, Peer, QueryBody, QueryMessage, Role, TopologyKind,
};
use hopscope::proto::{Guid, NodeId, PeerAddr, Travel, Untrusted};
use nothing::Nothing;

/// A node with `neighbors` links, 0 and up.
pub(crate) struct Relay {
    node: Node,
    config: Config,
    out: Vec<Output>,
    now: Time,
}

impl Relay {
    /// Links a node up.
    pub(crate) fn new(neighbors: u32) -> Self {
        let config = Config { only_peers: true, max_neighbors: 64, ..Config::default() };
        let node = Node::new(NodeId([1; 32]), Untrusted::from("relay"), Rng::new(1), &config);
        let mut relay = Self { node, config, out: Vec::new(), now: Time::from_micros(1) };
        for n in 0..neighbors {
            let mut id = [2; 32];
            id[..4].copy_from_slice(&n.to_be_bytes());
            let peer = Peer {
                id: NodeId(id),
                name: Untrusted::from("neighbor"),
                listen: Some(PeerAddr(([10, 0, 0, n as u8], 6346).into())),
                dialled: None,
                local: true,
                topology: TopologyKind::Flood,
                role: Role::Peer,
                serves: false,
            };
            relay.handle(Input::LinkUp { link: LinkId(n), peer: Arc::new(peer) });
        }
        relay
    }

    /// One input; returns how many outputs it led to.
    pub(crate) fn handle(&mut self, input: Input) -> usize {
        self.out.clear();
        let mut cx =
            Context { now: self.now, config: &self.config, library: &Nothing, registry: None, out: &mut self.out };
        self.node.handle(input, &mut cx);
        self.out.len()
    }

    /// A copy of query `n` from link `link`.
    pub(crate) fn query(&mut self, n: u64, link: u32, body: &Arc<QueryBody>) -> usize {
        let message =
            Message::Query(QueryMessage { guid: guid(n), travel: Travel::start(5, 7), body: Arc::clone(body) });
        self.handle(Input::Message { link: LinkId(link), message })
    }
}

/// A GUID as random as real ones are.
pub(crate) fn guid(n: u64) -> Guid {
    let mut rng = Rng::new(n);
    let (high, low) = (rng.next_u64().to_be_bytes(), rng.next_u64().to_be_bytes());
    Guid(std::array::from_fn(|i| if i < 8 { high[i] } else { low[i - 8] }))
}

/// A query as people type it.
pub(crate) fn body() -> Arc<QueryBody> {
    let origin = PeerAddr(([192, 0, 2, 7], 6346).into());
    Arc::new(QueryBody::new("bach cello suite", Some(origin), Delivery::Direct, false))
}
