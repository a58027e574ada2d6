//! Some of the nodes, and what one thread does with the copies for them within a window of time.

use std::ops::Range;
use std::sync::Arc;

use super::delay::Delay;
use super::graph::Graph;
use super::queue::{Copy, Sorter, Wheel};
use super::tally::Tally;
use crate::base::{Rng, Time};
use crate::overlay::{
    Command, Config, Context, Event, FoundFile, Input, Library, Link, LinkId, Message, Node, Output, Peer, QueryBody,
    QueryMessage, Role, SearchSpec, TopologyKind,
};
use crate::proto::{FileId, Guid, NodeId, Query, Untrusted};

/// Copies that are prepared together: enough to wait for memory once instead of often, few enough to stay in the caches.
const GROUP: usize = 64;

/// Bytes that a node with so many links costs, besides the copies that are on their way: itself, its links, who it is as its
/// neighbors are told (with the two counts and the address of that), its place in the graph, and the nearest hop.
const fn bytes_a_node(links: usize) -> usize {
    let peer = size_of::<Peer>() + 3 * size_of::<usize>();
    size_of::<Node>()
        + links * size_of::<Link>()
        + peer
        + links * Graph::BYTES_AN_END
        + size_of::<u32>()
        + size_of::<u8>()
}

// A million nodes with eight links each: 1.2 GiB.
const _: () = assert!(bytes_a_node(8) <= 1_301);

/// A library without files: a flood is about the way, not about what is found.
struct Empty;

impl Library for Empty {
    fn find(&self, _: &Query, _: usize, _: &mut Vec<FoundFile>) {}

    fn totals(&self) -> (u64, u64) {
        (0, 0)
    }

    fn each(&self, _: &mut dyn FnMut(&str, u64, &FileId)) {}
}

/// What is the same for all parts.
#[derive(Debug)]
pub(super) struct Shared<'a> {
    pub(super) graph: &'a Graph,
    pub(super) config: Config,
    pub(super) delay: Delay,
    /// What each link's delay is drawn from.
    pub(super) delays: u64,
    pub(super) guid: Guid,
    /// The first node of each part but the first.
    pub(super) bounds: Vec<u32>,
}

impl Shared<'_> {
    /// The part that a node is in.
    fn part_of(&self, node: u32) -> usize {
        self.bounds.iter().filter(|&&bound| bound <= node).count()
    }
}

/// Nodes that follow each other, and the copies that they sent. Nobody else touches them.
#[derive(Debug)]
pub(super) struct Part {
    first: u32,
    nodes: Vec<Node>,
    /// The query, not shared with other parts: its owners are counted in one place, and threads would wait for each other
    /// there.
    body: Arc<QueryBody>,
    pub(super) wheel: Wheel,
    /// What arrives in the window that is worked off, by the part that sent it.
    pub(super) incoming: Vec<Vec<Copy>>,
    sorted: Vec<Copy>,
    sorter: Sorter,
    out: Vec<Output>,
    pub(super) tally: Tally,
}

/// Who the nodes of a part are, as their neighbors are told.
pub(super) fn peers(nodes: Range<u32>, seed: u64) -> Vec<Arc<Peer>> {
    let peer = |node| Peer {
        id: id(seed, node).0,
        name: Untrusted::default(),
        listen: None,
        dialled: None,
        local: true,
        topology: TopologyKind::Flood,
        role: Role::Peer,
        serves: false,
    };
    nodes.map(|node| Arc::new(peer(node))).collect()
}

/// A node's id, and what everything else random about it follows from.
fn id(seed: u64, node: u32) -> (NodeId, Rng) {
    let mut rng = Rng::new(seed ^ u64::from(node).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let parts: [[u8; 8]; 4] = std::array::from_fn(|_| rng.next_u64().to_be_bytes());
    (NodeId(std::array::from_fn(|i| parts[i / 8][i % 8])), rng.fork())
}

impl Part {
    /// Makes the nodes, and tells each one its links. `peers` holds those of all nodes, part by part.
    pub(super) fn new(
        nodes: Range<u32>,
        seed: u64,
        body: &QueryBody,
        peers: &[Vec<Arc<Peer>>],
        shared: &Shared<'_>,
    ) -> Self {
        let parts = peers.len();
        let node = |node| {
            let (id, rng) = id(seed, node);
            Node::new(id, Untrusted::default(), rng, &shared.config)
        };
        let mut part = Self {
            first: nodes.start,
            nodes: nodes.clone().map(node).collect(),
            body: Arc::new(body.clone()),
            wheel: Wheel::new(shared.delay, parts),
            incoming: (0..parts).map(|_| Vec::new()).collect(),
            sorted: Vec::new(),
            sorter: Sorter::default(),
            out: Vec::new(),
            tally: Tally::new(nodes.len()),
        };
        let starts: Vec<u32> = std::iter::once(0).chain(shared.bounds.iter().copied()).collect();
        let peer = |node: u32| {
            let part = shared.part_of(node);
            &peers[part][(node - starts[part]) as usize]
        };
        let links = |node: u32| shared.graph.ends(node as usize).zip(shared.graph.neighbors(node as usize));
        for node in nodes {
            // As in `fetch`: memory is waited for once for all neighbors of a node.
            std::hint::black_box(links(node).fold(0, |read, (_, &other)| read ^ peer(other).id.0[0]));
            for (end, &other) in links(node) {
                let peer = Arc::clone(peer(other));
                part.handle(node, Time::ZERO, Input::LinkUp { link: LinkId(end), peer }, shared);
            }
        }
        part
    }

    /// One node takes one input; returns how many copies that led to.
    fn handle(&mut self, node: u32, now: Time, input: Input, shared: &Shared<'_>) -> u64 {
        let core = &mut self.nodes[(node - self.first) as usize];
        let mut cx = Context { now, config: &shared.config, library: &Empty, registry: None, out: &mut self.out };
        core.handle(input, &mut cx);
        let mut sent = 0;
        for output in self.out.drain(..) {
            match output {
                Output::Relay(relay) => {
                    let travel = relay.query.travel;
                    let before = sent;
                    for LinkId(end) in core.relays_to(&relay) {
                        sent += 1;
                        let (other, back) = shared.graph.across(end);
                        let at = Time::from_micros(now.micros() + shared.delay.of(shared.delays, end, back));
                        self.wheel.push(at, shared.part_of(other), other, back, travel);
                    }
                    self.tally.sent(travel.hops() + 1, sent - before);
                }
                Output::Event(Event::Started { copy_bytes, .. }) => self.tally.copy_bytes = copy_bytes,
                Output::Event(_) => {}
                // Without files, signs of life and traces a core sends and asks nothing else.
                other => debug_assert!(false, "{other:?} in a flood"),
            }
        }
        sent
    }

    /// Whether a node is in this part.
    pub(super) fn holds(&self, node: u32) -> bool {
        node.checked_sub(self.first).is_some_and(|place| (place as usize) < self.nodes.len())
    }

    /// Lets a node ask.
    pub(super) fn search(&mut self, origin: u32, spec: SearchSpec, shared: &Shared<'_>) {
        self.tally.reached((origin - self.first) as usize, 0);
        let sent = self.handle(origin, Time::ZERO, Input::Command(Command::Search(spec)), shared);
        self.tally.note(&[u64::from(origin), sent]);
    }

    /// Delivers what arrives in a window.
    pub(super) fn work(&mut self, window: u64, shared: &Shared<'_>) {
        let mut copies = std::mem::take(&mut self.sorted);
        self.sorter.sort(self.first, self.nodes.len(), &self.incoming, &mut copies);
        self.incoming.iter_mut().for_each(Vec::clear);
        let start = self.wheel.start(window).micros();
        for group in copies.chunks(GROUP) {
            self.fetch(group, shared);
            for copy in group {
                self.deliver(copy, Time::from_micros(start + u64::from(copy.after)), shared);
            }
        }
        self.sorted = copies;
    }

    /// Reads, from all nodes of a group at once, what their copies will need: the processor then waits for memory once a
    /// group instead of several times a copy. It changes nothing.
    fn fetch(&self, group: &[Copy], shared: &Shared<'_>) {
        let graph = shared.graph;
        let mut read = 0;
        for copy in group {
            let node = &self.nodes[(copy.node - self.first) as usize];
            read ^= node.links().len() as u64 ^ node.counters().queries;
        }
        for copy in group {
            let ends = graph.ends(copy.node as usize);
            let node = &self.nodes[(copy.node - self.first) as usize];
            let link = node.links().get((copy.end - ends.start) as usize);
            // The first and the last of what a copy needs of its link, which may lie in two cache lines.
            read ^= link.map_or(0, |link| u64::from(link.rtt().is_some()) ^ link.counts().duplicates);
            if !self.tally.is_nearer((copy.node - self.first) as usize, copy.travel.hops() + 1) {
                continue;
            }
            // The first copy, or one with a higher TTL, and likely to be passed on over every link.
            read ^= node.next_wake().micros() ^ node.counters().stale;
            if copy.travel.ttl() > 1 {
                read ^= node.links().iter().fold(0, |read, link| read ^ u64::from(link.id().0));
                for (other, back) in [ends.start, ends.end - 1].map(|end| graph.across(end)) {
                    read ^= u64::from(other ^ back);
                }
            }
        }
        std::hint::black_box(read);
    }

    fn deliver(&mut self, copy: &Copy, at: Time, shared: &Shared<'_>) {
        self.tally.reached((copy.node - self.first) as usize, copy.travel.hops() + 1);
        self.tally.last = self.tally.last.max(at);
        let query = QueryMessage { guid: shared.guid, travel: copy.travel, body: Arc::clone(&self.body) };
        let input = Input::Message { link: LinkId(copy.end), message: Message::Query(query) };
        let sent = self.handle(copy.node, at, input, shared);
        let way = u64::from(copy.travel.ttl()) << 8 | u64::from(copy.travel.hops());
        self.tally.note(&[at.micros(), u64::from(copy.node) << 32 | u64::from(copy.end), sent << 16 | way]);
    }

    /// Copies that the nodes counted as they came, and those of them that were duplicates.
    pub(super) fn counted(&self) -> (u64, u64) {
        let add = |(all, again), node: &Node| (all + node.counters().queries, again + node.counters().duplicates);
        self.nodes.iter().fold((0, 0), add)
    }
}
