//! The core among its like: a handful of nodes, links with delays, and nothing real.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::strategy::Strategy;
use super::topology::Class;
use super::*;
use crate::base::{Rng, Time};
use crate::proto::{FileId, Guid, NodeId, PeerAddr, Query, Travel, Untrusted, limits};

mod central;
mod explain;
mod flooding;
mod joining;
mod propose;
mod strategies;
mod ultra;

/// What a test node shares: names.
#[derive(Default)]
struct Names(Vec<String>);

impl Library for Names {
    fn find(&self, query: &Query, limit: usize, found: &mut Vec<FoundFile>) {
        let files = self.0.iter().map(|name| FoundFile { name: name.as_str().into(), size: 1, id: file_id(name) });
        found.extend(files.filter(|file| query.matches(file.name.raw(), file.size, &file.id)).take(limit));
    }

    fn totals(&self) -> (u64, u64) {
        (self.0.len() as u64, self.0.len() as u64)
    }

    fn each(&self, visit: &mut dyn FnMut(&str, u64, &FileId)) {
        self.0.iter().for_each(|name| visit(name, 1, &file_id(name)));
    }
}

fn file_id(name: &str) -> FileId {
    let mut id = [0; 32];
    name.bytes().zip(id.iter_mut()).for_each(|(byte, slot)| *slot = byte);
    FileId(id)
}

fn addr(n: usize) -> PeerAddr {
    PeerAddr(SocketAddr::from(([127, 0, (n >> 8) as u8, n as u8], 6346)))
}

fn node_id(n: usize) -> NodeId {
    let mut id = [0; 32];
    id[..8].copy_from_slice(&(n as u64).to_be_bytes());
    NodeId(id)
}

/// Nodes, the links between them, and what is on its way.
struct World {
    nodes: Vec<Node>,
    shares: Vec<Names>,
    config: Config,
    /// Of nodes whose settings are not those of the others.
    own_configs: BTreeMap<usize, Config>,
    /// Of nodes that serve a directory.
    registries: BTreeMap<usize, MemoryRegistry>,
    /// Nodes that do not run.
    dead: BTreeSet<usize>,
    /// Which nodes are on the same side of what nobody gets through.
    parted: Option<fn(usize) -> usize>,
    /// Nodes that cannot be reached from outside.
    hidden: BTreeSet<usize>,
    now: Time,
    /// Who is at the other end of a node's link, and what that end calls it.
    ends: BTreeMap<(usize, LinkId), (usize, LinkId)>,
    next_link: u32,
    on_the_way: BTreeMap<(Time, u64), (usize, Input)>,
    sent: u64,
    delay: Box<dyn FnMut(usize, usize) -> Duration>,
    events: Vec<(usize, Event)>,
    direct_works: bool,
    /// How long a look at an address takes.
    check_takes: Duration,
    checks: u64,
    queries_sent: u64,
    /// Messages that each node sent.
    sent_by: BTreeMap<usize, u64>,
    searches: u64,
    /// Hits that end a ring.
    ring_enough: usize,
    /// Messages to nodes that do not run.
    unread: Vec<(usize, Message)>,
    /// Files added and files removed by each change that a directory was told.
    changes: Vec<(usize, usize)>,
}

impl World {
    fn new(count: usize, config: Config) -> Self {
        let mut rng = Rng::new(42);
        let nodes = (0..count).map(|n| {
            let mut node = Node::new(node_id(n), Untrusted::new(format!("n{n}")), rng.fork(), &config);
            node.addr = Some(addr(n));
            node
        });
        Self {
            nodes: nodes.collect(),
            shares: (0..count).map(|_| Names::default()).collect(),
            config,
            own_configs: BTreeMap::new(),
            registries: BTreeMap::new(),
            dead: BTreeSet::new(),
            parted: None,
            hidden: BTreeSet::new(),
            now: Time::from_micros(1),
            ends: BTreeMap::new(),
            next_link: 0,
            on_the_way: BTreeMap::new(),
            sent: 0,
            delay: Box::new(|_, _| Duration::from_millis(1)),
            events: Vec::new(),
            direct_works: true,
            check_takes: Duration::from_millis(2),
            checks: 0,
            queries_sent: 0,
            sent_by: BTreeMap::new(),
            searches: 0,
            ring_enough: 1_000,
            unread: Vec::new(),
            changes: Vec::new(),
        }
    }

    fn post(&mut self, to: usize, after: Duration, input: Input) {
        self.sent += 1;
        self.on_the_way.insert((self.now + after, self.sent), (to, input));
    }

    fn input(&mut self, n: usize, input: Input) {
        if self.dead.contains(&n) {
            return;
        }
        let mut out = Vec::new();
        let config = self.own_configs.get(&n).unwrap_or(&self.config);
        let registry = self.registries.get_mut(&n).map(|registry| registry as &mut dyn Registry);
        let mut cx = Context { now: self.now, config, library: &self.shares[n], registry, out: &mut out };
        self.nodes[n].handle(input, &mut cx);
        for output in out {
            self.output(n, output);
        }
    }

    fn output(&mut self, n: usize, output: Output) {
        match output {
            Output::Send { link, message } => {
                let Some(&(to, their)) = self.ends.get(&(n, link)) else { return };
                self.queries_sent += u64::from(matches!(message, Message::Query(_)));
                *self.sent_by.entry(n).or_default() += 1;
                if let Message::Central(central) = &message
                    && let CentralMessage::Change(change) = &**central
                {
                    self.changes.push((change.add.len(), change.remove.len()));
                }
                let delay = (self.delay)(n, to);
                self.post(to, delay, Input::Message { link: their, message });
            }
            Output::Relay(relay) => {
                let links: Vec<LinkId> = self.nodes[n].relays_to(&relay).collect();
                for link in links {
                    self.output(n, Output::Send { link, message: Message::Query(relay.query.clone()) });
                }
            }
            Output::Direct { to, message } if self.direct_works => {
                let to = (0..self.nodes.len()).find(|m| addr(*m) == to).unwrap();
                self.post(to, Duration::from_millis(2), Input::Direct { from: node_id(n), message });
            }
            Output::Direct { message, .. } => {
                let why = Undelivered::Unreachable("nobody listens there".to_owned());
                self.post(n, Duration::from_millis(2), Input::DirectFailed { message, why });
            }
            Output::Dial { addr: to } => match (0..self.nodes.len()).find(|m| addr(*m) == to) {
                Some(m) if self.reaches(n, m) => self.link(n, m),
                _ => self.post(n, Duration::from_millis(5), Input::DialFailed { addr: to }),
            },
            Output::Close { link, .. } => {
                if let Some((to, their)) = self.ends.remove(&(n, link)) {
                    self.ends.remove(&(to, their));
                    // After what was sent before it.
                    let after = (self.delay)(n, to) + Duration::from_millis(2);
                    self.post(to, after, Input::LinkDown { link: their, why: "closed".into() });
                    self.post(n, Duration::ZERO, Input::LinkDown { link, why: "closed".into() });
                }
            }
            Output::Event(event) => self.events.push((n, event)),
            Output::Check { addr: at, node } => {
                self.checks += 1;
                let reached = (0..self.nodes.len())
                    .filter(|m| !self.dead.contains(m) && !self.hidden.contains(m))
                    .any(|m| addr(m) == at && self.nodes[m].id == node);
                self.post(n, self.check_takes, Input::Checked { addr: at, node, reached });
            }
            Output::Trace(_) => {}
        }
    }

    /// Whether somebody who dials gets an answer.
    fn reaches(&self, from: usize, to: usize) -> bool {
        let parted = self.parted.is_some_and(|side| side(from) != side(to));
        !parted && !self.dead.contains(&to) && !self.hidden.contains(&to)
    }

    /// `a` dials `b`.
    fn link(&mut self, a: usize, b: usize) {
        let (ours, theirs) = (LinkId(self.next_link), LinkId(self.next_link + 1));
        self.next_link += 2;
        self.ends.insert((a, ours), (b, theirs));
        self.ends.insert((b, theirs), (a, ours));
        let peer = |n: usize, dialled| {
            Arc::new(Peer {
                id: self.nodes[n].id,
                name: Untrusted::new(format!("n{n}")),
                listen: Some(addr(n)),
                dialled,
                local: true,
                topology: self.nodes[n].kind,
                role: self.nodes[n].role,
                serves: self.own_configs.get(&n).unwrap_or(&self.config).serve_directory,
            })
        };
        let (at_a, at_b) = (peer(b, Some(addr(b))), peer(a, None));
        self.post(a, Duration::from_millis(1), Input::LinkUp { link: ours, peer: at_a });
        self.post(b, Duration::from_millis(1), Input::LinkUp { link: theirs, peer: at_b });
    }

    fn living(&self) -> impl Iterator<Item = usize> {
        (0..self.nodes.len()).filter(|n| !self.dead.contains(n))
    }

    /// A node ends without a goodbye: its links break.
    fn kill(&mut self, n: usize) {
        self.dead.insert(n);
        let ends: Vec<_> =
            self.ends.iter().filter(|((a, _), _)| *a == n).map(|(ours, theirs)| (*ours, *theirs)).collect();
        for (ours, (other, link)) in ends {
            self.ends.remove(&ours);
            self.ends.remove(&(other, link));
            self.post(other, Duration::from_millis(3), Input::LinkDown { link, why: "the connection broke".into() });
        }
    }

    /// A node starts, or starts again: with its key, its share and what its directory holds, and nothing else.
    fn start(&mut self, n: usize, config: Config) {
        self.kill(n);
        self.dead.remove(&n);
        let id = self.nodes[n].id;
        self.on_the_way.retain(|_, (to, _)| *to != n);
        if config.serve_directory {
            self.registries.entry(n).or_default();
        }
        self.nodes[n] = Node::new(id, Untrusted::new(format!("n{n}")), Rng::new(self.sent + n as u64), &config);
        self.nodes[n].addr = Some(addr(n));
        self.own_configs.insert(n, config);
    }

    /// Delivers and wakes until `until`, or until nothing is left to happen before it.
    fn run(&mut self, span: Duration) {
        let until = self.now + span;
        loop {
            let (wake, waking) =
                self.living().map(|n| (self.nodes[n].next_wake(), n)).min().unwrap_or((Time::NEVER, 0));
            let arrival = self.on_the_way.keys().next().map_or(Time::NEVER, |(at, _)| *at);
            if wake.min(arrival) > until {
                self.now = until;
                return;
            }
            if arrival <= wake {
                let ((at, _), (to, input)) = self.on_the_way.pop_first().unwrap();
                self.now = self.now.max(at);
                match input {
                    Input::Message { message, .. } if self.dead.contains(&to) => self.unread.push((to, message)),
                    _ if self.dead.contains(&to) => {}
                    _ => self.input(to, input),
                }
            } else {
                self.now = self.now.max(wake);
                let before = self.nodes[waking].next_wake();
                self.input(waking, Input::Wake);
                assert!(self.nodes[waking].next_wake() > before, "a wake-up moves the next one on");
            }
        }
    }

    fn search(&mut self, n: usize, text: &str, ttl: u8, delivery: Delivery) -> Guid {
        self.search_by(Strategy::Flood, n, text, ttl, delivery, true)
    }

    fn search_by(
        &mut self,
        strategy: Strategy,
        n: usize,
        text: &str,
        ttl: u8,
        delivery: Delivery,
        traced: bool,
    ) -> Guid {
        self.searches += 1;
        let guid = Guid(std::array::from_fn(|i| self.searches.to_be_bytes()[i % 8]));
        let body = QueryBody::new(text, Some(addr(n)), delivery, traced);
        let body = Arc::new(if strategy.walkers().is_some() { body.for_walkers() } else { body });
        let enough = if strategy == Strategy::Ring { self.ring_enough } else { 1_000 };
        let spec = SearchSpec { guid, body, ttl, strategy, timeout: Duration::from_secs(5), enough };
        self.input(n, Input::Command(Command::Search(spec)));
        guid
    }

    fn done(&self, guid: Guid) -> (SearchCost, DoneWhy) {
        let mut ends = self.events.iter().filter_map(|(_, event)| match event {
            Event::Done { guid: g, cost, why } if *g == guid => Some((*cost, *why)),
            _ => None,
        });
        let end = ends.next().expect("every search ends");
        assert!(ends.next().is_none(), "and ends once");
        end
    }

    fn found(&self, guid: Guid) -> Vec<(NodeId, u8, Delivery)> {
        let mut found: Vec<_> = self
            .events
            .iter()
            .filter_map(|(_, event)| match event {
                Event::Hit { guid: g, node, hops, via, files, .. } if *g == guid => {
                    Some(files.iter().map(|_| (*node, *hops, *via)).collect::<Vec<_>>())
                }
                _ => None,
            })
            .flatten()
            .collect();
        found.sort_by_key(|(node, ..)| *node);
        found
    }
}

fn only_peers() -> Config {
    Config { only_peers: true, max_neighbors: 64, ..Config::default() }
}

/// A world linked along `edges`, each node sharing a file that only its number tells apart.
fn world(count: usize, edges: &[(usize, usize)], config: Config) -> World {
    let mut world = World::new(count, config);
    for (n, share) in world.shares.iter_mut().enumerate() {
        share.0.push(format!("song {n}"));
    }
    for (a, b) in edges {
        world.link(*a, *b);
    }
    world.run(Duration::from_millis(50));
    world
}

fn line(count: usize) -> World {
    let edges: Vec<_> = (1..count).map(|n| (n - 1, n)).collect();
    world(count, &edges, only_peers())
}

/// A connected graph: a random tree and some more edges.
fn random_edges(count: usize, more: usize, rng: &mut Rng) -> Vec<(usize, usize)> {
    let mut edges: Vec<(usize, usize)> = (1..count).map(|n| (rng.below(n), n)).collect();
    for _ in 0..more {
        let (a, b) = (rng.below(count), rng.below(count));
        let edge = (a.min(b), a.max(b));
        if a != b && !edges.contains(&edge) {
            edges.push(edge);
        }
    }
    edges
}

fn distances(count: usize, edges: &[(usize, usize)], from: usize) -> Vec<usize> {
    let mut distance = vec![usize::MAX; count];
    distance[from] = 0;
    for _ in 0..count {
        for (a, b) in edges {
            for (a, b) in [(*a, *b), (*b, *a)] {
                if distance[a] != usize::MAX {
                    distance[b] = distance[b].min(distance[a] + 1);
                }
            }
        }
    }
    distance
}
