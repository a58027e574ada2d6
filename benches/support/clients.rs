//! A node that serves a directory, with clients that only say what they are told to.

#[path = "nothing.rs"]
mod nothing;

use std::sync::Arc;
use std::time::Duration;

use hopscope::base::{Rng, Time};
use hopscope::directory::Catalogue;
use hopscope::overlay::{
    CentralMessage, Change, Config, Context, Delivery, Found, FoundFile, Input, LinkId, Lookup, Message, Node, Output,
    Peer, QueryBody, Register, Role, TopologyKind,
};
use hopscope::proto::limits::REGISTER_BUCKETS;
use hopscope::proto::{Guid, NodeId, PeerAddr, Untrusted};
use nothing::Nothing;

/// Between two messages of anybody.
const STEP: Duration = Duration::from_micros(50);

/// The directory and its clients, which are numbered from 0.
pub(crate) struct Clients {
    node: Node,
    config: Config,
    registry: Catalogue,
    out: Vec<Output>,
    now: Time,
}

impl Clients {
    /// A directory without clients.
    pub(crate) fn new() -> Self {
        let config = Config { serve_directory: true, only_peers: true, ..Config::default() };
        let node = Node::new(NodeId([1; 32]), Untrusted::from("directory"), Rng::new(1), &config);
        Self { node, config, registry: Catalogue::new(1), out: Vec::new(), now: Time::from_micros(1) }
    }

    /// Links a client, which registers with nothing yet.
    pub(crate) fn join(&mut self, client: usize, id: NodeId) {
        let [a, b] = (client as u16).to_be_bytes();
        let peer = Peer {
            id,
            name: Untrusted::from(format!("node {client}")),
            listen: Some(PeerAddr(([10, 0, a, b], 6346).into())),
            dialled: None,
            local: true,
            topology: TopologyKind::Central,
            role: Role::Client,
            serves: false,
        };
        self.handle(Input::LinkUp { link: LinkId(client as u32), peer: Arc::new(peer) });
        let register = Register { addr: None, digests: vec![0; REGISTER_BUCKETS] };
        self.say(client, CentralMessage::Register(register));
    }

    /// A client registers files.
    pub(crate) fn add(&mut self, client: usize, serial: u32, files: Vec<FoundFile>) {
        self.say(client, CentralMessage::Change(Change { serial, add: files, remove: Vec::new() }));
        assert!(self.answers().any(|answer| matches!(answer, CentralMessage::Lease(lease) if lease.refused == 0)));
    }

    /// A client looks something up; how many files the first page has.
    pub(crate) fn look_up(&mut self, client: usize, body: &Arc<QueryBody>) -> usize {
        self.say(client, CentralMessage::Lookup(Lookup { guid: Guid([7; 16]), body: Arc::clone(body), after: 0 }));
        let found = self.answers().find_map(|answer| match answer {
            CentralMessage::Found(Found { nodes, .. }) => Some(nodes.iter().map(|at| at.files.len()).sum()),
            _ => None,
        });
        found.expect("a look-up is answered")
    }

    fn say(&mut self, client: usize, message: CentralMessage) {
        let (link, message) = (LinkId(client as u32), Message::Central(Box::new(message)));
        self.handle(Input::Message { link, message });
    }

    fn answers(&self) -> impl Iterator<Item = &CentralMessage> {
        self.out.iter().filter_map(|output| match output {
            Output::Send { message: Message::Central(message), .. } => Some(&**message),
            _ => None,
        })
    }

    fn handle(&mut self, input: Input) {
        self.out.clear();
        self.now = self.now + STEP;
        let (config, registry, out) = (&self.config, Some(&mut self.registry as _), &mut self.out);
        self.node.handle(input, &mut Context { now: self.now, config, library: &Nothing, registry, out });
    }
}

/// A query as it travels.
pub(crate) fn body(text: &str) -> Arc<QueryBody> {
    Arc::new(QueryBody::new(text, None, Delivery::Direct, false))
}
