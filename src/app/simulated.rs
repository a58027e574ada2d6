//! A node that lives in a simulated world: the books that the engine keeps of a running one, kept of that node, so that
//! faces show it as they show any. What is not simulated is left empty here, and told by the faces.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use super::event::Event;
use super::handle::Refusal;
use super::neighbors::Neighbors;
use super::relayed::Relayed;
use super::role::{Aims, RoleWatch};
use super::searches::{self, FoundBy, Opened, Searches};
use super::snapshot::{LogLevel, LogLine, NodeStatus, Snapshot, Spread, Warning};
use super::told::{Teller, Told};
use super::traffic::{Meter, Reading};
use super::world::WorldStatus;
use crate::base::Time;
use crate::net::{NetStatus, Served};
use crate::overlay::{self, Action, Config, LinkId, LinkTraffic, Node, Peer, SearchSpec, TopologyKind, Trace};
use crate::proto::{FileId, Folded, Guid, Magnet, MagnetSource, NodeId, PeerAddr, Ttl, Untrusted};
use crate::share::{FileRow, FilesPage, LibraryStatus};

/// Lines of the log that are kept.
const MAX_LINES: usize = 1_000;
/// Bytes of a search in a line of the log.
const SHOWN: usize = 80;

/// Who a node of a world is.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Its id.
    pub id: NodeId,
    /// Where it listens.
    pub addr: PeerAddr,
    /// TTL of its next search.
    pub ttl: Ttl,
    /// Files and bytes that it shares.
    pub shares: (u64, u64),
    /// Tells its list of files from those of all others.
    pub number: u32,
}

/// What is read off a node of a world at some moment.
#[derive(Clone, Copy, Debug)]
pub struct Living<'a> {
    /// Its core; `None` while it is away.
    pub core: Option<&'a Node>,
    /// The settings that it runs with.
    pub config: &'a Config,
    /// The world's time. All ages count from its beginning.
    pub at: Time,
    /// What went over each of its links.
    pub traffic: &'a [(LinkId, LinkTraffic)],
    /// What went over all of them.
    pub total: LinkTraffic,
    /// Nodes and files that are registered with it, if it serves a directory.
    pub registered: Option<(u64, u64)>,
}

/// What came of an event.
#[derive(Debug, Default)]
pub struct News {
    /// For faces.
    pub events: Vec<Event>,
    /// Of which own search it told something.
    pub of: Option<Guid>,
    /// The hop at which it was new to a node; 0 if it told of none.
    pub hop: u8,
}

/// The books of one node.
#[derive(Debug)]
pub struct Simulated {
    node: Arc<NodeStatus>,
    /// What nodes are called: in a world they have numbers, and no names.
    named: fn(&NodeId) -> Untrusted,
    library: Arc<LibraryStatus>,
    role: RoleWatch,
    searches: Searches,
    relayed: Relayed,
    neighbors: Neighbors,
    meter: Meter,
    teller: Teller,
    log: VecDeque<LogLine>,
    /// The log as it was shown last; `None` after a new line.
    shown: Option<Arc<[LogLine]>>,
}

impl Simulated {
    /// The books of a node of which nothing is known yet.
    #[must_use]
    pub fn new(who: &Identity, named: fn(&NodeId) -> Untrusted) -> Self {
        let node = NodeStatus {
            node: who.id,
            name: named(&who.id),
            addr: who.addr,
            control: None,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started: String::new(),
            ttl: who.ttl,
            hop_delay_ms: 0,
            downloads: PathBuf::new(),
        };
        let (files, bytes) = who.shares;
        let version = u64::from(who.number) + 1;
        Self {
            node: Arc::new(node),
            named,
            library: Arc::new(LibraryStatus { files, bytes, scans: 1, version, ..LibraryStatus::default() }),
            role: RoleWatch::new(None),
            searches: Searches::default(),
            relayed: Relayed::default(),
            neighbors: Neighbors::default(),
            meter: Meter::default(),
            teller: Teller::default(),
            log: VecDeque::new(),
            shown: None,
        }
    }

    /// Takes in what a node is already doing: its neighbors, and its own searches that run, of which what was reported
    /// before is lost.
    pub fn begin(&mut self, core: &Node, at: Time) {
        for link in core.links() {
            self.teller.knows(Arc::new(self.with_name(link.peer())));
        }
        for searching in core.searching() {
            self.asked(searching.spec, core.topology(), searching.began);
            self.searches.lost(&searching.spec.guid, searching.reports as u64);
        }
        let links = core.links().len();
        self.say(LogLevel::Info, format!("looked at from here on, with {links} links up"), at);
    }

    /// The node has another id: it returned with a new disk.
    pub fn is_now(&mut self, id: NodeId) {
        if self.node.node != id {
            self.node = Arc::new(NodeStatus { node: id, ..NodeStatus::clone(&self.node) });
        }
    }

    fn with_name(&self, peer: &Peer) -> Peer {
        Peer { name: (self.named)(&peer.id), ..peer.clone() }
    }

    /// A search of its own began.
    pub fn asked(&mut self, spec: &SearchSpec, topology: TopologyKind, at: Time) -> Event {
        let (guid, ttl, strategy, text) = (spec.guid, spec.ttl, spec.strategy, Untrusted::from(&*spec.body.text));
        let opened = Opened { text: text.raw(), ttl, strategy, topology, traced: spec.body.traced };
        self.searches.open(guid, opened, millis(at));
        let spread = Spread::of(strategy, topology);
        let said = format!("search {} ({}) began with TTL {ttl}: {}", guid.short(), spread.name(), text.visible(SHOWN));
        self.say(LogLevel::Info, said, at);
        let walkers = strategy.walkers().filter(|_| spread == Spread::Walk);
        Event::Query { guid, text, ttl, strategy: spread.name().to_owned(), walkers }
    }

    /// Its core told something.
    pub fn told(&mut self, event: overlay::Event, at: Time) -> News {
        match event {
            overlay::Event::Started { guid, sent, copy_bytes } => {
                self.searches.started(&guid, sent, copy_bytes);
                News { of: Some(guid), ..News::default() }
            }
            overlay::Event::Report { guid, bytes } => {
                self.searches.reported(&guid, bytes);
                News { of: Some(guid), ..News::default() }
            }
            overlay::Event::Round { guid, ttl, sent, at } => {
                let events = vec![self.searches.round(guid, ttl, sent, at)];
                News { events, of: Some(guid), hop: 0 }
            }
            overlay::Event::Hop { guid, node, role, hop, at, .. } => {
                let report = searches::report(node, (self.named)(&node), role, &hop, at);
                self.searches.hop(self.node.node, &guid, report.clone());
                let events = vec![Event::Hop { guid, report }];
                // Copies that come back say nothing of how far it is.
                let hop = if hop.action == Action::Duplicate { 0 } else { hop.hop };
                News { events, of: Some(guid), hop }
            }
            overlay::Event::Hit { guid, node, addr, hops, via, files, at, .. } => {
                let found = FoundBy { guid, node, name: (self.named)(&node), addr, hops, via, at };
                News { events: self.searches.hit(found, files), of: Some(guid), hop: 0 }
            }
            overlay::Event::Done { guid, cost, why } => {
                let event = self.searches.done(guid, cost, why);
                let (hits, reached) = (cost.hits, cost.reached);
                let said = format!("search {} ended: {hits} hits, {reached} nodes reached", guid.short());
                self.say(LogLevel::Info, said, at);
                News { events: vec![event], of: Some(guid), hop: 0 }
            }
            overlay::Event::NeighborUp { link, peer } => {
                let peer = Arc::new(self.with_name(&peer));
                self.other(overlay::Event::NeighborUp { link, peer }, at)
            }
            event => self.other(event, at),
        }
    }

    fn other(&mut self, event: overlay::Event, at: Time) -> News {
        let Some(Told { line, event }) = self.teller.tell(event) else { return News::default() };
        self.say(LogLevel::Info, line, at);
        News { events: vec![event], ..News::default() }
    }

    /// It handled a copy of somebody else's query.
    pub fn traced(&mut self, trace: &Trace, at: Time) {
        self.relayed.trace(trace, millis(at), 0);
    }

    /// Writes a line into its log.
    pub fn say(&mut self, level: LogLevel, text: String, at: Time) {
        if self.log.len() >= MAX_LINES {
            self.log.pop_front();
        }
        self.log.push_back(LogLine { at_ms: millis(at), level, target: "sim".to_owned(), text: text.into() });
        self.shown = None;
    }

    /// The farthest hop that its youngest search is known to have come to.
    pub fn farthest(&mut self, guid: &Guid, at: Time) -> u8 {
        let searches = self.searches.publish(millis(at));
        let search = searches.iter().find(|search| search.row.guid == *guid);
        let reached = search.and_then(|search| search.by_hop.iter().rev().find(|row| row.new > 0));
        reached.map_or(0, |row| row.hop)
    }

    /// Its run came to an end, and with it what it had begun.
    pub fn cut(&mut self, at: Time) {
        self.searches.cut(millis(at));
        self.say(LogLevel::Warn, "the node went away, and its searches with it".to_owned(), at);
    }

    /// # Errors
    /// When no search of that name runs, so that it cannot be ended.
    pub fn must_run(&self, guid: &Guid) -> Result<(), Refusal> {
        self.searches.must_run(guid)
    }

    /// A second of the world has passed: takes the counters of it.
    pub fn second_passed(&mut self, living: &Living<'_>) {
        let status = self.status(living);
        self.neighbors.sample(&status, &BTreeMap::new());
        self.meter.sample(&status, Reading::default());
        self.role.sample(&status);
    }

    /// The node as faces see it.
    pub fn snapshot(&mut self, living: &Living<'_>, world: WorldStatus, warnings: Arc<[Warning]>) -> Snapshot {
        let status = self.status(living);
        let now_ms = millis(living.at);
        let searches = self.searches.publish(now_ms);
        let own = searches.iter().rev().map(|search| search.row.clone());
        let mut role = self.role.picture(&status, Aims::from(living.config));
        // Where links are laid out there is no other bound than what is laid out.
        role.max_neighbors = role.max_neighbors.min(if living.config.only_peers { role.neighbors } else { usize::MAX });
        let log = &self.log;
        let log = self.shown.get_or_insert_with(|| log.iter().cloned().collect());
        Snapshot {
            node: Arc::clone(&self.node),
            uptime_ms: now_ms,
            neighbors: self.neighbors.rows(&status),
            queries: own.chain(self.relayed.rows(now_ms)).collect(),
            searches,
            role,
            transfers: Vec::new(),
            library: Arc::clone(&self.library),
            traffic: self.meter.read(&status, Reading::default()),
            log: Arc::clone(log),
            warnings,
            world: Some(Arc::new(world)),
            recorded: None,
        }
    }

    fn status(&self, living: &Living<'_>) -> NetStatus {
        let Some(core) = living.core else {
            let role_why = "the node is away".to_owned();
            return NetStatus { at: living.at, role_why, topology: living.config.topology, ..NetStatus::default() };
        };
        let of = |link: LinkId| living.traffic.iter().find(|(known, _)| *known == link).map(|(_, traffic)| *traffic);
        let mut status = NetStatus::of(core, living.config, living.at, |link| of(link).unwrap_or_default());
        for link in &mut status.links {
            link.peer.name = (self.named)(&link.peer.id);
        }
        status.total = living.total;
        let served = living.registered.zip(core.directory_status());
        status.served = served.map(|((nodes, files), did)| Served { did, nodes, files });
        status
    }
}

/// A part of a node's list of files: those with all words of `filter` in their names.
pub fn files(
    all: impl Iterator<Item = overlay::FoundFile>,
    source: MagnetSource,
    filter: &str,
    offset: u64,
    limit: usize,
) -> FilesPage {
    let wanted = Folded::of(filter);
    let mut page = FilesPage { offset, ..FilesPage::default() };
    for overlay::FoundFile { name, size, id } in all {
        let folded = Folded::of(name.raw());
        if !wanted.words().all(|word| folded.text().contains(word)) {
            continue;
        }
        if page.total >= offset && page.files.len() < limit {
            page.files.push(row(name, size, id, source));
        }
        page.total += 1;
    }
    page
}

fn row(name: Untrusted, size: u64, hash: FileId, source: MagnetSource) -> FileRow {
    let magnet = Magnet { id: hash, name: name.clone(), size: Some(size), sources: vec![source] };
    FileRow { path: name, size, hash, magnet: magnet.to_string() }
}

const fn millis(at: Time) -> u64 {
    at.micros() / 1_000
}
