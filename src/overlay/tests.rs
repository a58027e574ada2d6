//! The core among its like: a handful of nodes, links with delays, and nothing real.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

mod ultra;

use super::topology::Class;
use super::*;
use crate::base::{Rng, Time};
use crate::proto::{FileId, Guid, NodeId, PeerAddr, Query, Travel, Untrusted, limits};

mod central;
mod propose;

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
            Output::Direct { message, .. } => self.post(n, Duration::from_millis(2), Input::DirectFailed { message }),
            Output::Dial { addr: to } => match (0..self.nodes.len()).find(|m| addr(*m) == to) {
                Some(m) if !self.dead.contains(&m) && !self.hidden.contains(&m) => self.link(n, m),
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
        self.searches += 1;
        let guid = Guid(std::array::from_fn(|i| self.searches.to_be_bytes()[i % 8]));
        let body = Arc::new(QueryBody::new(text, Some(addr(n)), delivery, true));
        let timeout = Duration::from_secs(5);
        let spec = SearchSpec { guid, body, ttl, timeout, enough: 1_000 };
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

#[test]
fn a_ttl_reaches_that_many_hops_and_no_further() {
    for delivery in [Delivery::Direct, Delivery::Reverse] {
        for ttl in 1..=7 {
            let mut world = line(10);
            let guid = world.search(0, "song", ttl, delivery);
            world.run(Duration::from_secs(10));
            let found = world.found(guid);
            let nodes: Vec<NodeId> = found.iter().map(|(node, ..)| *node).collect();
            assert_eq!(nodes, (1..=usize::from(ttl)).map(node_id).collect::<Vec<_>>());
            assert!(found.iter().enumerate().all(|(i, (_, hops, _))| usize::from(*hops) == i + 1));
            // A hit that came over the link of the node that has it was delivered direct in any case.
            assert!(found.iter().skip(1).all(|(.., via)| *via == delivery), "{found:?}");
            let (cost, why) = world.done(guid);
            assert_eq!((cost.reached, cost.messages, cost.duplicates), (u32::from(ttl), u64::from(ttl), 0));
            assert_eq!(why, DoneWhy::Complete);
        }
    }
}

#[test]
fn a_hit_that_cannot_be_delivered_direct_goes_back_hop_by_hop() {
    let mut world = line(5);
    world.direct_works = false;
    let guid = world.search(0, "song", 7, Delivery::Direct);
    world.run(Duration::from_secs(10));
    let found = world.found(guid);
    assert_eq!(found.len(), 4);
    assert!(found[1..].iter().all(|(.., via)| *via == Delivery::Reverse));
    assert_eq!(world.done(guid).0.reached, 4);
}

#[test]
fn a_link_gives_way_to_another_of_the_same_node_only_if_that_is_of_use() {
    let mut world = world(2, &[(1, 0)], Config { max_neighbors: 1, ..Config::default() });
    let old = world.nodes[0].links[0].id;
    for (role, stays) in [(Role::Leaf, true), (Role::Peer, false)] {
        let mut peer = world.nodes[0].links[0].peer().clone();
        (peer.role, peer.dialled) = (role, Some(addr(1)));
        world.input(0, Input::LinkUp { link: LinkId(900), peer: Arc::new(peer) });
        assert_eq!((world.nodes[0].links.len(), world.nodes[0].links[0].id == old), (1, stays), "{role:?}");
    }
}

#[test]
fn a_search_without_neighbors_ends_at_once_and_says_why() {
    let mut world = World::new(1, only_peers());
    let guid = world.search(0, "song", 7, Delivery::Direct);
    assert_eq!(world.done(guid).1, DoneWhy::NoNeighbors);
}

#[test]
fn a_search_ends_at_its_deadline_when_a_node_keeps_silent() {
    let mut world = line(4);
    let last = world.ends[&(2, world.nodes[2].links[1].id)];
    world.ends.remove(&last);
    let link = world.nodes[2].links[1].id;
    world.ends.remove(&(2, link));
    let started = world.now;
    let guid = world.search(0, "song", 7, Delivery::Direct);
    world.run(Duration::from_secs(20));
    let (cost, why) = world.done(guid);
    assert_eq!((why, cost.elapsed), (DoneWhy::Deadline, Duration::from_secs(5)));
    assert!(cost.messages > u64::from(cost.reached) + cost.duplicates, "the copy to the silent node is missing");
    assert!(world.now > started + Duration::from_secs(5));
}

#[test]
fn enough_hits_end_a_search_and_late_ones_are_counted() {
    let mut world = line(6);
    let guid = Guid([9; 16]);
    let body = Arc::new(QueryBody::new("song", Some(addr(0)), Delivery::Direct, true));
    let spec = SearchSpec { guid, body, ttl: 7, timeout: Duration::from_secs(5), enough: 2 };
    world.input(0, Input::Command(Command::Search(spec)));
    world.run(Duration::from_secs(10));
    assert_eq!((world.done(guid).1, world.found(guid).len()), (DoneWhy::Enough, 2));
    assert!(world.nodes[0].counters().unroutable > 0);
}

#[test]
fn liars_are_counted_and_change_nothing() {
    let mut world = line(3);
    let guid = world.search(0, "song 2", 7, Delivery::Direct);
    let file = |name: &str| FoundFile { name: name.into(), size: 1, id: file_id(name) };
    let hit = |node: usize, name: &str| {
        let body = HitBody { node: Some(node_id(node)), files: vec![file(name)], ..HitBody::default() };
        Message::Hit(HitMessage { guid, travel: Travel::start(3, 7), body: Arc::new(body) })
    };
    let report = |hop, ttl| {
        let hop = Hop { from: node_id(1), hop, ttl, action: Action::Forwarded, hits: 0, sent: 3 };
        let body = ReportBody { node: Some(node_id(7)), hops: vec![hop], ..ReportBody::default() };
        Message::Report(ReportMessage { guid, travel: Travel::start(3, 7), body: Arc::new(body) })
    };
    let lies = [
        (node_id(8), hit(7, "song 2")),      // brought by somebody else than it names
        (node_id(7), hit(7, "unasked for")), // does not match
        (node_id(7), report(0, 7)),          // nobody is at hop 0
        (node_id(7), report(6, 6)),          // farther than the query may go
        (node_id(0), hit(0, "song 2")),      // this node's own id
    ];
    let count = lies.len() as u64;
    for (from, message) in lies {
        world.input(0, Input::Direct { from, message });
    }
    assert_eq!(world.nodes[0].counters().inconsistent, count);
    world.run(Duration::from_secs(10));
    assert_eq!(world.found(guid).len(), 1);
    assert_eq!(world.done(guid).0.reached, 2);
}

#[test]
fn one_node_and_one_address_are_enough_to_find_the_others() {
    let config = Config { min_neighbors: 3, max_neighbors: 5, ..Config::default() };
    let mut world = World::new(20, config);
    for n in 1..20 {
        world.input(n, Input::Hosts { addrs: vec![addr(0)], source: HostSource::Configured });
    }
    world.run(Duration::from_secs(120));
    for (n, node) in world.nodes.iter().enumerate() {
        let links = node.links().len();
        assert!((3..=5).contains(&links), "node {n} has {links} neighbors");
        let mut peers: Vec<_> = node.links().iter().map(|link| link.peer().id).collect();
        peers.sort();
        peers.dedup();
        assert_eq!(peers.len(), links, "node {n} is linked twice to the same node");
        assert!(!peers.contains(&node.id()));
    }
    let changes = world.events.len();
    world.run(Duration::from_secs(300));
    let later = world.events[changes..].iter().filter(|(_, e)| matches!(e, Event::NeighborUp { .. })).count();
    assert_eq!(later, 0, "the overlay has settled");
}

#[test]
fn two_that_dial_each_other_at_once_keep_one_link() {
    let mut world = World::new(2, Config::default());
    world.link(0, 1);
    world.link(1, 0);
    world.run(Duration::from_secs(60));
    assert_eq!((world.nodes[0].links().len(), world.nodes[1].links().len()), (1, 1));
    let end = world.ends[&(0, world.nodes[0].links()[0].id())];
    assert_eq!(end, (1, world.nodes[1].links()[0].id()), "and both the same one");
}

#[test]
fn a_dead_neighbor_is_noticed_and_replaced() {
    let config = Config { min_neighbors: 1, max_neighbors: 4, ..Config::default() };
    let mut world = World::new(3, config);
    world.input(0, Input::Hosts { addrs: vec![addr(1)], source: HostSource::Configured });
    world.run(Duration::from_secs(1));
    world.input(0, Input::Hosts { addrs: vec![addr(2)], source: HostSource::Told });
    world.ends.clear();
    world.run(Duration::from_secs(60));
    let down = world
        .events
        .iter()
        .any(|(n, event)| *n == 0 && matches!(event, Event::NeighborDown { node, .. } if *node == node_id(1)));
    assert!(down);
    assert!(!world.nodes[0].links().is_empty(), "another link is up");
}

#[test]
fn a_full_node_names_others() {
    let config = Config { min_neighbors: 1, max_neighbors: 2, ..Config::default() };
    let mut world = World::new(5, config);
    world.link(0, 1);
    world.link(0, 2);
    world.run(Duration::from_secs(1));
    world.input(3, Input::Hosts { addrs: vec![addr(0)], source: HostSource::Configured });
    world.run(Duration::from_secs(10));
    assert!(world.nodes[3].known_hosts() > 1, "the refusal named others");
    assert!(!world.nodes[3].links().is_empty(), "and they had room");
}

#[test]
fn a_hit_goes_to_the_link_that_lives_where_a_node_returned_with_another_key() {
    let mut world = World::new(2, only_peers());
    world.shares[1].0.push("song".into());
    let link = |world: &mut World, name: u32, id: usize| {
        let (id, listen, name) = (node_id(id), Some(addr(0)), LinkId(name));
        let (topology, role) = (TopologyKind::Flood, Role::Peer);
        let peer =
            Peer { id, name: Untrusted::default(), listen, dialled: None, local: true, topology, role, serves: false };
        world.input(1, Input::LinkUp { link: name, peer: Arc::new(peer) });
        world.now = world.now + Duration::from_secs(1);
    };
    link(&mut world, 10, 7);
    link(&mut world, 11, 0);
    let body = Arc::new(QueryBody::new("song", Some(addr(0)), Delivery::Direct, false));
    let query = QueryMessage { guid: Guid([3; 16]), travel: Travel::start(1, 7), body };
    let mut out = Vec::new();
    let mut cx =
        Context { now: world.now, config: &world.config, library: &world.shares[1], registry: None, out: &mut out };
    world.nodes[1].handle(Input::Message { link: LinkId(11), message: Message::Query(query) }, &mut cx);
    let hits = out.iter().filter_map(|output| match output {
        Output::Send { link, message: Message::Hit(_) } => Some(*link),
        _ => None,
    });
    assert_eq!(hits.collect::<Vec<_>>(), [LinkId(11)]);
}

#[test]
fn those_who_find_everybody_full_are_told_of_each_other() {
    let config = Config { min_neighbors: 2, max_neighbors: 2, ..Config::default() };
    let mut world = World::new(7, config);
    world.link(0, 1);
    world.link(1, 2);
    world.link(2, 0);
    world.run(Duration::from_secs(1));
    for n in 3..7 {
        world.input(n, Input::Hosts { addrs: vec![addr(0)], source: HostSource::Configured });
    }
    world.run(Duration::from_secs(300));
    // Three of them may have closed a triangle: then there is no room for the fourth.
    let links = |n: usize| world.nodes[n].links().len();
    let alone: Vec<usize> = (3..7).filter(|n| links(*n) == 0).collect();
    assert!((3..7).all(|n| alone == [n] || links(n) == 2 || alone.is_empty()), "{alone:?}: somebody has room for them");
}

#[test]
fn only_peers_learns_nothing_and_keeps_trying_the_named_ones() {
    let mut world = World::new(3, only_peers());
    world.link(0, 1);
    world.link(1, 2);
    world.input(0, Input::Hosts { addrs: vec![addr(200)], source: HostSource::Configured });
    world.input(0, Input::Hosts { addrs: vec![addr(2)], source: HostSource::Discovered });
    world.run(Duration::from_secs(300));
    assert_eq!((world.nodes[0].known_hosts(), world.nodes[0].links().len()), (1, 1));
}

#[test]
fn leaving_says_goodbye_and_ends_searches() {
    let mut world = line(3);
    let guid = world.search(1, "nothing", 7, Delivery::Direct);
    world.input(1, Input::Command(Command::Leave));
    assert_eq!(world.done(guid).1, DoneWhy::Shutdown);
    world.run(Duration::from_millis(100));
    assert!(world.nodes.iter().all(|node| node.links().is_empty()));
    assert_eq!(world.nodes[1].next_wake(), Time::NEVER);
}

#[test]
fn a_node_that_lost_a_link_unnoticed_by_the_other_is_back_within_seconds() {
    let mut world = line(2);
    let ours = world.nodes[0].links[0].id;
    let (_, theirs) = world.ends.remove(&(0, ours)).unwrap();
    world.ends.remove(&(1, theirs));
    world.input(0, Input::LinkDown { link: ours, why: "the cable".into() });
    world.input(0, Input::Hosts { addrs: vec![addr(1)], source: HostSource::Configured });
    world.run(Duration::from_secs(12));
    assert_eq!((world.nodes[0].links().len(), world.nodes[1].links().len()), (1, 1));
    assert_ne!(world.nodes[1].links()[0].id, theirs);
}

#[test]
fn a_dense_graph_accounts_for_every_copy() {
    let edges: Vec<_> = (0..50).flat_map(|a| (0..a).map(move |b| (b, a))).collect();
    let mut world = world(50, &edges, only_peers());
    let guid = world.search(0, "song", 7, Delivery::Direct);
    world.run(Duration::from_secs(6));
    let (cost, why) = world.done(guid);
    assert_eq!((cost.reached, why), (49, DoneWhy::Complete));
    assert_eq!(cost.messages, u64::from(cost.reached) + cost.duplicates);
}

#[test]
fn a_query_that_cannot_be_read_goes_on_to_those_who_may() {
    let mut world = line(3);
    let before = world.queries_sent;
    world.search(0, "type:hologram", 7, Delivery::Direct);
    world.run(Duration::from_secs(1));
    assert_eq!((world.queries_sent - before, world.nodes[1].counters().malformed), (2, 1));
}

#[test]
fn private_addresses_are_not_told_to_strangers() {
    let mut world = World::new(3, Config { min_neighbors: 1, ..Config::default() });
    world.link(0, 1);
    world.link(0, 2);
    world.run(Duration::from_millis(10));
    for local in [true, false] {
        let link = world.nodes[0].links.iter_mut().find(|link| link.peer.id == node_id(2)).unwrap();
        Arc::make_mut(&mut link.peer).local = local;
        let link = link.id;
        let ping = Message::Ping(Ping { guid: Guid([1; 16]), wants_hosts: true });
        let mut out = Vec::new();
        let mut cx =
            Context { now: world.now, config: &world.config, library: &world.shares[0], registry: None, out: &mut out };
        world.nodes[0].handle(Input::Message { link, message: ping }, &mut cx);
        let told = out.iter().any(|output| {
            matches!(output, Output::Send { message: Message::Pong(pong), .. } if pong.hosts.contains(&addr(1)))
        });
        assert_eq!(told, local);
    }
}

#[test]
fn the_slow_motion_holds_each_hop() {
    let config = Config { hop_delay: Duration::from_millis(400), ..only_peers() };
    let mut world = world(4, &[(0, 1), (1, 2), (2, 3)], config);
    let guid = world.search(0, "song", 7, Delivery::Direct);
    world.run(Duration::from_secs(10));
    let mut times: Vec<(u8, u128)> = world
        .events
        .iter()
        .filter_map(|(_, event)| match event {
            Event::Hop { guid: g, hop, at, .. } if *g == guid => Some((hop.hop, at.as_millis())),
            _ => None,
        })
        .collect();
    times.sort_unstable();
    assert!(times[0].1 < 100 && (400..500).contains(&times[1].1) && (800..900).contains(&times[2].1), "{times:?}");
    assert_eq!(world.done(guid).1, DoneWhy::Complete);
}

#[test]
fn reports_stay_at_home_when_the_origin_is_public() {
    let mut world = line(3);
    let body =
        Arc::new(QueryBody::new("song", Some(PeerAddr("198.51.100.7:1".parse().unwrap())), Delivery::Reverse, true));
    let spec = SearchSpec { guid: Guid([5; 16]), body, ttl: 7, timeout: Duration::from_secs(1), enough: 100 };
    world.input(0, Input::Command(Command::Search(spec)));
    world.run(Duration::from_secs(5));
    let (cost, why) = world.done(Guid([5; 16]));
    assert_eq!((cost.reached, cost.hits, why), (0, 2, DoneWhy::Deadline));
}

#[test]
fn a_forged_origin_is_not_flooded_with_hits() {
    let mut world = line(2);
    let victim = addr(1);
    let link = world.nodes[0].links[0].id;
    world.shares[0].0 = (0..60).map(|n| format!("song {n}")).collect();
    let peer = Peer { listen: None, ..(*world.nodes[0].links[0].peer).clone() };
    world.nodes[0].links[0].peer = Arc::new(peer);
    let mut direct = 0;
    for n in 0..2_000u32 {
        let mut guid = [0; 16];
        guid[..4].copy_from_slice(&n.to_be_bytes());
        let body = Arc::new(QueryBody::new("song", Some(victim), Delivery::Direct, false));
        let query = QueryMessage { guid: Guid(guid), travel: Travel::start(7, 7), body };
        let mut out = Vec::new();
        let mut cx =
            Context { now: world.now, config: &world.config, library: &world.shares[0], registry: None, out: &mut out };
        world.nodes[0].handle(Input::Message { link, message: Message::Query(query) }, &mut cx);
        direct += out.iter().filter(|output| matches!(output, Output::Direct { .. })).count();
    }
    assert_eq!(direct, 200, "the burst for one destination, then the reverse path");
}

#[test]
fn stale_and_unknown_input_is_a_counted_no_op() {
    let mut world = line(2);
    let nowhere = LinkId(77);
    world.input(
        0,
        Input::Message { link: nowhere, message: Message::Ping(Ping { guid: Guid([0; 16]), wants_hosts: true }) },
    );
    world.input(0, Input::LinkDown { link: nowhere, why: String::new() });
    world.input(0, Input::DialFailed { addr: addr(99) });
    world.input(0, Input::Command(Command::Cancel(Guid([3; 16]))));
    world.input(0, Input::Command(Command::Disconnect(node_id(99))));
    world.input(0, Input::Wake);
    assert_eq!(world.nodes[0].counters().stale, 1);
    assert_eq!(world.nodes[0].links().len(), 1);
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let run = || {
        let config = Config { min_neighbors: 3, max_neighbors: 6, ..Config::default() };
        let mut world = World::new(15, config);
        for n in 1..15 {
            world.shares[n].0.push(format!("song {n}"));
            world.input(n, Input::Hosts { addrs: vec![addr(n / 2)], source: HostSource::Configured });
        }
        world.run(Duration::from_secs(60));
        world.search(3, "song", 7, Delivery::Direct);
        world.run(Duration::from_secs(60));
        (world.sent, format!("{:?}", world.events))
    };
    assert_eq!(run(), run());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_flood_reaches_exactly_its_ball_whatever_the_delays(
        seed: u64, count in 2usize..40, more in 0usize..60, ttl in 1u8..=7, uneven: bool
    ) {
        let mut rng = Rng::new(seed);
        let edges = random_edges(count, more, &mut rng);
        let mut world = world(count, &edges, only_peers());
        if uneven {
            let mut jitter = rng.fork();
            world.delay = Box::new(move |_, _| Duration::from_micros(jitter.range(100..100_000)));
        }
        let before = world.queries_sent;
        let guid = world.search(0, "song", ttl, Delivery::Reverse);
        world.run(Duration::from_secs(8));
        let distance = distances(count, &edges, 0);
        let ball = distance.iter().filter(|d| (1..=usize::from(ttl)).contains(*d)).count();
        let (cost, why) = world.done(guid);
        prop_assert_eq!(cost.reached as usize, ball);
        prop_assert_eq!(world.found(guid).len(), ball);
        prop_assert_eq!(cost.messages, u64::from(cost.reached) + cost.duplicates);
        prop_assert_eq!(cost.messages, world.queries_sent - before, "what the reports say is what was sent");
        prop_assert_eq!(why, DoneWhy::Complete);
    }

    #[test]
    fn with_plain_dedup_a_guid_goes_over_a_link_at_most_once_a_direction(seed: u64, count in 2usize..30, more in 0usize..60) {
        let mut rng = Rng::new(seed);
        let edges = random_edges(count, more, &mut rng);
        let mut world = world(count, &edges, Config { dedup: Dedup::First, ..only_peers() });
        let mut jitter = rng.fork();
        world.delay = Box::new(move |_, _| Duration::from_micros(jitter.range(100..100_000)));
        let before = world.queries_sent;
        world.search(0, "song", 7, Delivery::Direct);
        world.run(Duration::from_secs(8));
        prop_assert!(world.queries_sent - before <= 2 * edges.len() as u64 - (count as u64 - 1));
    }
}
