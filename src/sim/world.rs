//! Nodes, the links between them, and the loop that carries copies from one to the next.

use std::sync::Arc;
use std::time::Duration;

use super::graph::Graph;
use super::queue::{Copy, Delay, Wheel};
use super::report::Report;
use crate::base::{Rng, Time};
use crate::overlay::{
    Command, Config, Context, Event, FoundFile, Input, Library, LinkId, Message, Node, Output, Peer, QueryBody,
    QueryMessage, Role, SearchSpec, Strategy, TopologyKind,
};
use crate::proto::{FileId, Guid, NodeId, Query, Ttl, Untrusted};

/// Copies that are prepared together: enough to wait for memory once instead of often, few enough to stay in the caches.
const GROUP: usize = 64;
/// What no copy has reached yet.
const UNREACHED: u8 = u8::MAX;

/// A library without files: a flood is about the way, not about what is found.
struct Empty;

impl Library for Empty {
    fn find(&self, _: &Query, _: usize, _: &mut Vec<FoundFile>) {}

    fn totals(&self) -> (u64, u64) {
        (0, 0)
    }

    fn each(&self, _: &mut dyn FnMut(&str, u64, &FileId)) {}
}

/// An overlay of real cores, in virtual time, and one query in it.
#[derive(Debug)]
pub(super) struct World<'a> {
    graph: &'a Graph,
    config: Config,
    delay: Delay,
    /// What each link's delay is drawn from.
    delays: u64,
    nodes: Vec<Node>,
    guid: Guid,
    body: Arc<QueryBody>,
    wheel: Wheel,
    out: Vec<Output>,
    tally: Tally,
}

/// What is counted while copies travel.
#[derive(Debug)]
struct Tally {
    /// The fewest hops that any copy took to each node.
    nearest: Vec<u8>,
    /// Copies by the hop that they travel.
    by_hop: Vec<u64>,
    copy_bytes: u64,
    last: Time,
    hash: u64,
}

impl<'a> World<'a> {
    /// Makes the nodes, and tells each one its links.
    pub(super) fn new(graph: &'a Graph, config: Config, delay: Delay, seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let bytes = |rng: &mut Rng| rng.next_u64().to_be_bytes();
        let (high, low) = (bytes(&mut rng), bytes(&mut rng));
        let delays = rng.next_u64();
        let mut nodes = Vec::with_capacity(graph.nodes());
        let mut peers = Vec::with_capacity(graph.nodes());
        for _ in 0..graph.nodes() {
            let parts = [bytes(&mut rng), bytes(&mut rng), bytes(&mut rng), bytes(&mut rng)];
            let id = NodeId(std::array::from_fn(|i| parts[i / 8][i % 8]));
            nodes.push(Node::new(id, Untrusted::default(), rng.fork(), &config));
            peers.push(Arc::new(Peer {
                id,
                name: Untrusted::default(),
                listen: None,
                dialled: None,
                local: true,
                topology: TopologyKind::Flood,
                role: Role::Peer,
                serves: false,
            }));
        }
        let mut world = Self {
            graph,
            config,
            delay,
            delays,
            nodes,
            guid: Guid(std::array::from_fn(|i| if i < 8 { high[i] } else { low[i - 8] })),
            body: Arc::default(),
            wheel: Wheel::new(delay),
            out: Vec::new(),
            tally: Tally {
                nearest: vec![UNREACHED; graph.nodes()],
                by_hop: vec![0; usize::from(u8::MAX) + 1],
                copy_bytes: 0,
                last: Time::ZERO,
                hash: 0,
            },
        };
        for node in 0..graph.nodes() {
            for (end, &other) in graph.ends(node).zip(graph.neighbors(node)) {
                let peer = Arc::clone(&peers[other as usize]);
                world.handle(node, Time::ZERO, Input::LinkUp { link: LinkId(end), peer });
            }
        }
        world
    }

    /// One node takes one input; returns how many copies that led to.
    fn handle(&mut self, node: usize, now: Time, input: Input) -> u64 {
        let mut cx = Context { now, config: &self.config, library: &Empty, registry: None, out: &mut self.out };
        self.nodes[node].handle(input, &mut cx);
        let mut sent = 0;
        let mut out = std::mem::take(&mut self.out);
        for output in out.drain(..) {
            match output {
                Output::Relay(relay) => {
                    let mut copies = 0;
                    for link in self.nodes[node].relays_to(&relay) {
                        copies += 1;
                        let end = link.0;
                        let (other, back) = self.graph.across(end);
                        let at = now + self.delay.of(self.delays, end, back);
                        self.wheel.push(Copy { at, node: other, end: back, travel: relay.query.travel });
                    }
                    self.tally.by_hop[usize::from(relay.query.travel.hops()) + 1] += copies;
                    sent += copies;
                }
                Output::Event(Event::Started { copy_bytes, .. }) => self.tally.copy_bytes = copy_bytes,
                Output::Event(_) => {}
                // Without files, signs of life and traces a core sends and asks nothing else.
                other => debug_assert!(false, "{other:?} in a flood"),
            }
        }
        self.out = out;
        sent
    }

    /// Lets a node ask.
    pub(super) fn search(&mut self, origin: u32, ttl: Ttl, body: &Arc<QueryBody>) {
        self.body = Arc::clone(body);
        self.tally.nearest[origin as usize] = 0;
        let spec = SearchSpec {
            guid: self.guid,
            body: Arc::clone(body),
            ttl,
            strategy: Strategy::Flood,
            timeout: Duration::MAX,
            enough: usize::MAX,
        };
        let sent = self.handle(origin as usize, Time::ZERO, Input::Command(Command::Search(spec)));
        self.tally.note(&[u64::from(origin), sent]);
    }

    /// Delivers copies until none is on its way.
    pub(super) fn settle(&mut self) {
        let mut copies = Vec::new();
        while self.wheel.next(&mut copies) {
            for group in copies.chunks(GROUP) {
                self.fetch(group);
                group.iter().for_each(|copy| self.deliver(copy));
            }
        }
    }

    /// Reads, from all nodes of a group at once, what their copies will need: the processor then waits for memory once a
    /// group instead of several times a copy. It changes nothing.
    fn fetch(&self, group: &[Copy]) {
        let mut read = 0;
        for copy in group {
            let place = (copy.end - self.graph.ends(copy.node as usize).start) as usize;
            let node = &self.nodes[copy.node as usize];
            read ^= node.counters().queries ^ node.counters().duplicates;
            read ^= node.links().get(place).map_or(0, |link| u64::from(link.id().0) ^ link.counts().queries_in);
        }
        for copy in group {
            let node = &self.nodes[copy.node as usize];
            if !node.remembers(&self.guid) && copy.travel.ttl() > 1 {
                // It will be passed on over every link.
                read ^= node.links().iter().step_by(2).fold(0, |read, link| read ^ u64::from(link.id().0));
            }
        }
        std::hint::black_box(read);
    }

    fn deliver(&mut self, copy: &Copy) {
        let nearest = &mut self.tally.nearest[copy.node as usize];
        *nearest = (*nearest).min(copy.travel.hops() + 1);
        self.tally.last = self.tally.last.max(copy.at);
        let query = QueryMessage { guid: self.guid, travel: copy.travel, body: Arc::clone(&self.body) };
        let input = Input::Message { link: LinkId(copy.end), message: Message::Query(query) };
        let sent = self.handle(copy.node as usize, copy.at, input);
        let way = u64::from(copy.travel.ttl()) << 8 | u64::from(copy.travel.hops());
        self.tally.note(&[copy.at.micros(), u64::from(copy.node) << 32 | u64::from(copy.end), sent << 16 | way]);
    }

    /// Sums up what the nodes counted.
    pub(super) fn report(&self, origin: u32, ttl: Ttl) -> Report {
        let counters = || self.nodes.iter().map(Node::counters);
        let (received, duplicates) =
            counters().fold((0, 0), |(all, again), counters| (all + counters.queries, again + counters.duplicates));
        let messages: u64 = self.tally.by_hop.iter().sum();
        let reached = self.tally.nearest.iter().filter(|&&hop| hop != UNREACHED && hop != 0).count() as u64;
        assert_eq!(messages, received, "every copy that was sent came");
        assert_eq!(messages, reached + duplicates, "every copy was the first one at a node, or a duplicate");
        let last_hop = self.tally.by_hop.iter().rposition(|&copies| copies > 0).unwrap_or(0);
        let mut per_hop = vec![0; last_hop + 1];
        for &hop in self.tally.nearest.iter().filter(|&&hop| hop != UNREACHED) {
            per_hop[usize::from(hop)] += 1;
        }
        Report {
            nodes: self.graph.nodes(),
            edges: self.graph.links(),
            origin: self.graph.label(origin),
            ttl,
            per_hop,
            messages_per_hop: self.tally.by_hop[..=last_hop].to_vec(),
            reached,
            messages,
            duplicates,
            bytes: messages * self.tally.copy_bytes,
            virtual_ms: self.tally.last.micros() as f64 / 1_000.0,
            hash: format!("{:016x}", self.tally.hash),
        }
    }
}

impl Tally {
    /// Takes an event into the hash. Events are added up, so that the hash says what happened, when and where, and nothing
    /// about how the loop came by it: each event has its own time, and that orders them.
    fn note(&mut self, event: &[u64]) {
        let mixed = event.iter().fold(0x6A09_E667_F3BC_C908, |hash: u64, word| {
            let product = u128::from(hash ^ word) * 0x9E37_79B9_7F4A_7C15;
            ((product >> 64) as u64 ^ product as u64).wrapping_add(word.rotate_left(17))
        });
        self.hash = self.hash.wrapping_add(mixed);
    }
}
