//! The engine: one task that ties the overlay, the shares and the transfers together, and keeps what the faces see.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::event::Event;
use super::handle::{AskRequest, Command, Handle, Refusal, SearchRequest};
use super::known_hosts::KnownHosts;
use super::log::LogRing;
use super::neighbors::Neighbors;
use super::nodes::{KnownNode, KnownNodes};
use super::parts::Parts;
use super::relayed::Relayed;
use super::role::{Aims, RoleWatch};
use super::searches::{self, FoundBy, Opened, Searches};
use super::settings::Settings;
use super::snapshot::{LogLine, NodeStatus, Snapshot, Spread, Warning};
use super::standing::Past;
use super::told::{Teller, Told};
use super::traffic::{Meter, Reading};
use super::transfer_events::TransferEvents;
use crate::net::{NetAsk, NetCommand, NetSearch};
use crate::overlay::{self, Explained, Strategy, is_begun, is_named};
use crate::proto::{Guid, Magnet, NodeId, Untrusted, limits};
use crate::share::LibraryStatus;

/// Commands that may wait.
const COMMANDS: usize = 64;
/// Events that a reader may lag behind before it loses some.
const EVENTS: usize = 4_096;
/// Between two snapshots at the least, while something changes.
const SNAPSHOT_INTERVAL: Duration = Duration::from_millis(80);
/// Traces looked at in one go, and the rest between two goes: a node that passes on a hundred thousand queries a second
/// shows a person some of them, and loses the others at the driver's bounded queue, where that costs next to nothing.
const TRACES_AT_ONCE: usize = 256;
const TRACES_INTERVAL: Duration = Duration::from_millis(50);
/// For a node to say why something was not found there: a connection and a look into its library take a moment.
const ASK_TIMEOUT: Duration = Duration::from_secs(8);
/// Between two savings of the known hosts.
const HOSTS_INTERVAL: Duration = Duration::from_secs(60);

/// Starts a node. It runs until [`Handle::shutdown`]; dropping every handle stops it too. The receiver has its events from
/// the very first one, which [`Handle::events`] may be too late for; drop it if that does not matter.
///
/// # Errors
/// When the port is taken, the key is damaged, or a share cannot be shared; the refusal says what to do.
pub async fn start(settings: Settings, log: LogRing) -> Result<(Handle, broadcast::Receiver<Event>), Refusal> {
    let hosts = KnownHosts::load(&settings.home.state);
    let parts = Parts::start(&settings, hosts.addrs()).await?;
    let (commands, inbox) = mpsc::channel(COMMANDS);
    let (events, from_the_start) = broadcast::channel(EVENTS);
    let clock = log.clock();
    let mut engine = Engine::new(settings, parts, hosts, log);
    let (snapshots, seen) = watch::channel(Arc::new(engine.snapshot()));
    tokio::spawn(engine.run(inbox, Faces { snapshots, events: events.clone() }));
    Ok((Handle::new(commands, seen, events).with_clock(clock), from_the_start))
}

/// What goes out to those who look.
struct Faces {
    snapshots: watch::Sender<Arc<Snapshot>>,
    events: broadcast::Sender<Event>,
}

impl Faces {
    fn emit(&self, event: Event) {
        // An error means that nobody listens.
        let _ = self.events.send(event);
    }
}

struct Engine {
    settings: Settings,
    parts: Parts,
    hosts: Arc<Mutex<KnownHosts>>,
    log: LogRing,
    log_seen: u64,
    log_lines: Arc<[LogLine]>,
    node: Arc<NodeStatus>,
    library: Arc<LibraryStatus>,
    role: RoleWatch,
    past: Past,
    /// What the core was told of it last.
    standing: Option<overlay::Standing>,
    searches: Searches,
    relayed: Relayed,
    neighbors: Neighbors,
    nodes: KnownNodes,
    /// Questions to other nodes, and who waits for what comes of them; the core bounds them, and ends each.
    asking: Vec<(Guid, oneshot::Sender<Result<Explained, Refusal>>)>,
    meter: Meter,
    transfers: TransferEvents,
    teller: Teller,
    /// Files, bytes and files to be hashed, as the faces were told last.
    library_told: Option<(u64, u64, u64)>,
    /// What the faces were warned of and still holds.
    warned: Arc<[Warning]>,
    /// Whether the faces have not seen the last change yet.
    dirty: bool,
}

impl Engine {
    fn new(settings: Settings, parts: Parts, hosts: KnownHosts, log: LogRing) -> Self {
        let clock = log.clock();
        let node = NodeStatus {
            node: parts.node,
            name: Untrusted::new(settings.name.clone()),
            addr: parts.own_addr(),
            control: Some(settings.home.socket.clone()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started: clock.date(),
            ttl: settings.ttl,
            hop_delay_ms: settings.hop_delay.as_millis() as u64,
            downloads: settings.downloads.clone(),
        };
        let library = parts.library_status();
        let role = RoleWatch::new(parts.directory_health());
        let past = Past::load(&settings.home.state, clock.hour());
        Self {
            settings,
            parts,
            hosts: Arc::new(Mutex::new(hosts)),
            log,
            log_seen: 0,
            log_lines: Arc::default(),
            node: Arc::new(node),
            library,
            role,
            past,
            standing: None,
            searches: Searches::default(),
            relayed: Relayed::default(),
            neighbors: Neighbors::default(),
            nodes: KnownNodes::default(),
            asking: Vec::new(),
            meter: Meter::default(),
            transfers: TransferEvents::default(),
            teller: Teller::default(),
            library_told: None,
            warned: Arc::default(),
            dirty: false,
        }
    }

    async fn run(mut self, mut inbox: mpsc::Receiver<Command>, faces: Faces) {
        let mut second = interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut saving = interval(HOSTS_INTERVAL);
        let (mut next_snapshot, mut next_traces) = (Instant::now(), Instant::now());
        let (mut traces, mut resting) = (Vec::with_capacity(TRACES_AT_ONCE), false);
        let shutdown_reply = loop {
            tokio::select! {
                command = inbox.recv() => match command {
                    Some(Command::Shutdown(reply)) => break Some(reply),
                    Some(command) => self.command(command, &faces).await,
                    None => break None,
                },
                Some(event) = self.parts.events.recv() => self.core_event(event, &faces),
                () = sleep_until(next_traces), if resting => resting = false,
                1.. = self.parts.traces.recv_many(&mut traces, TRACES_AT_ONCE), if !resting => {
                    self.take_traces(&mut traces);
                    (resting, next_traces) = (true, Instant::now() + TRACES_INTERVAL);
                }
                Some(file) = self.parts.files.recv() => self.parts.serve(file),
                Ok(()) = self.parts.net_status.changed() => self.net_changed(&faces),
                Ok(()) = self.parts.library_changes.changed() => self.library_changed(&faces).await,
                Ok(()) = self.parts.transfer_changes.changed() => self.transfers_changed(&faces),
                _ = second.tick() => self.second_passed().await,
                _ = saving.tick() => drop(self.save()),
                () = sleep_until(next_snapshot), if self.dirty => {
                    self.publish(&faces);
                    next_snapshot = Instant::now() + SNAPSHOT_INTERVAL;
                }
            }
        };
        self.stop(shutdown_reply, &faces).await;
    }

    async fn stop(mut self, reply: Option<oneshot::Sender<Result<(), Refusal>>>, faces: &Faces) {
        self.parts.stop().await;
        while let Ok(event) = self.parts.events.try_recv() {
            self.core_event(event, faces);
        }
        // If its thread fails, it has said so.
        let _ = self.save().await;
        self.publish(faces);
        if let Some(reply) = reply {
            // Whoever asked may have gone.
            let _ = reply.send(Ok(()));
        }
    }

    fn publish(&mut self, faces: &Faces) {
        faces.snapshots.send_replace(Arc::new(self.snapshot()));
        self.dirty = false;
    }

    fn now_ms(&self) -> u64 {
        self.log.clock().millis()
    }

    async fn command(&mut self, command: Command, faces: &Faces) {
        match command {
            Command::Search(request, reply) => {
                let result = self.search(request, faces).await;
                self.answer(reply, result, faces);
            }
            Command::FindNode(at, reply) => {
                let result = self.find_node(&at);
                self.answer(reply, result, faces);
            }
            Command::Explain(request, reply) => self.explain(request, reply).await,
            Command::CancelSearch(guid, reply) => {
                let result = self.cancel_search(guid).await;
                self.answer(reply, result, faces);
            }
            Command::Get(magnet, reply) => {
                let result = self.get(&magnet);
                self.answer(reply, result, faces);
            }
            Command::CancelTransfer(id, reply) => {
                let result = self.parts.cancel_transfer(id);
                self.answer(reply, result, faces);
            }
            Command::AddPeer(addr, reply) => {
                let result = self.parts.add_peer(addr).await;
                self.answer(reply, result, faces);
            }
            Command::DropNeighbor(node, reply) => {
                let result = self.drop_neighbor(node).await;
                self.answer(reply, result, faces);
            }
            Command::SetTopology(topology, reply) => {
                let result = self.parts.change_topology(topology).await;
                self.answer(reply, result, faces);
            }
            Command::ProposeTopology(topology, reply) => {
                let result = self.parts.propose_topology(topology).await;
                self.answer(reply, result, faces);
            }
            Command::Files(filter, offset, limit, reply) => self.parts.list_files(filter, offset, limit, reply),
            Command::Rescan(reply) => {
                self.parts.rescan();
                self.answer(reply, Ok(()), faces);
            }
            Command::World(_, reply) => self.answer(reply, Err(Refusal::not_simulated()), faces),
            Command::Shutdown(_) => {}
        }
    }

    /// Lets the faces see what a command did, then answers it.
    fn answer<T>(&mut self, reply: oneshot::Sender<Result<T, Refusal>>, result: Result<T, Refusal>, faces: &Faces) {
        self.publish(faces);
        // A face that no longer waits for its answer is no error.
        let _ = reply.send(result);
    }

    async fn search(&mut self, request: SearchRequest, faces: &Faces) -> Result<Guid, Refusal> {
        let (strategy, ttl) = request.checked(self.settings.ttl, self.settings.dedup)?;
        // A ring that is told no number goes no further than it must.
        let usual = if strategy == Strategy::Ring { Strategy::RING_ENOUGH } else { self.settings.search_enough };
        let enough = request.enough.unwrap_or(usual);
        let search = NetSearch {
            text: request.text.clone(),
            ttl,
            strategy,
            timeout: request.timeout.unwrap_or_else(|| {
                // What others take on purpose is no part of a search's patience.
                self.settings.search_timeout + strategy.takes_longer(ttl, self.settings.hop_delay)
            }),
            enough: enough.clamp(1, limits::MAX_HITS_A_SEARCH),
            delivery: request.hits.unwrap_or(self.settings.hits),
            traced: self.settings.trace,
        };
        let (reply, answer) = oneshot::channel();
        self.parts.tell(NetCommand::Search(search, reply)).await?;
        let started = answer.await.map_err(|_| Refusal::stopped())?;
        let guid = started.map_err(|error| Refusal::new("bad_query", error.to_string(), "shorten the search"))?;
        let topology = self.parts.status().topology;
        let opened = Opened { text: &request.text, ttl, strategy, topology, traced: self.settings.trace };
        self.searches.open(guid, opened, self.now_ms());
        let text = Untrusted::new(request.text);
        let spread = Spread::of(strategy, topology);
        tracing::info!("search {} ({}) began with TTL {ttl}: {}", guid.short(), spread.name(), text.visible(80));
        let walkers = strategy.walkers().filter(|_| spread == Spread::Walk);
        faces.emit(Event::Query { guid, text, ttl, strategy: spread.name().to_owned(), walkers });
        Ok(guid)
    }

    fn find_node(&self, at: &str) -> Result<KnownNode, Refusal> {
        let found = self.nodes.find(at);
        let own = &self.node;
        let is_own = match &found {
            Ok(found) => found.addr == Some(own.addr),
            Err(_) => is_named(at, &own.name) || is_begun(at, &own.node),
        };
        if is_own {
            return Err(Refusal::new(
                "this_node",
                "that is this node itself",
                "see `hopscope files` for what it shares",
            ));
        }
        found
    }

    async fn explain(&mut self, request: AskRequest, reply: oneshot::Sender<Result<Explained, Refusal>>) {
        let AskRequest { node, addr, query, text, whois } = request;
        let (named, name) = oneshot::channel();
        let ask = NetAsk { node, addr, query, text, whois, timeout: ASK_TIMEOUT };
        let asked = match self.parts.tell(NetCommand::Ask(ask, named)).await {
            Ok(()) => name.await.map_err(|_| Refusal::stopped()),
            Err(refusal) => Err(refusal),
        };
        let refused = match asked {
            Ok(Ok(guid)) => return self.asking.push((guid, reply)),
            Ok(Err(error)) => Refusal::new("bad_query", error.to_string(), "shorten the search"),
            Err(refusal) => refusal,
        };
        // A face that no longer waits for its answer is no error.
        let _ = reply.send(Err(refused));
    }

    async fn cancel_search(&mut self, guid: Guid) -> Result<(), Refusal> {
        self.searches.must_run(&guid)?;
        self.parts.tell(NetCommand::Cancel(guid)).await
    }

    async fn drop_neighbor(&mut self, node: NodeId) -> Result<(), Refusal> {
        let (reply, answer) = oneshot::channel();
        self.parts.tell(NetCommand::Disconnect(node, reply)).await?;
        if answer.await.map_err(|_| Refusal::stopped())? {
            return Ok(());
        }
        Err(Refusal::no_neighbor(node))
    }

    fn get(&mut self, magnet: &str) -> Result<u64, Refusal> {
        let bad = |error: crate::proto::MagnetError| {
            Refusal::new("bad_magnet", error.to_string(), "copy the link from a search result with y")
        };
        let mut magnet: Magnet = magnet.trim().parse().map_err(bad)?;
        for source in self.searches.sources_of(&magnet.id) {
            if !magnet.sources.iter().any(|known| known.addr == source.addr) {
                magnet.sources.push(source);
            }
        }
        if magnet.sources.is_empty() {
            let message = "the link does not say who has the file, and no search here found it";
            return Err(Refusal::new("no_source", message, "search for it first, then get it again"));
        }
        self.parts.download(magnet)
    }

    fn take_traces(&mut self, traces: &mut Vec<overlay::Trace>) {
        let now_ms = self.now_ms();
        for trace in traces.drain(..) {
            self.relayed.trace(&trace, now_ms, self.node.hop_delay_ms);
        }
        self.dirty = true;
    }

    fn core_event(&mut self, event: overlay::Event, faces: &Faces) {
        self.dirty = true;
        match event {
            overlay::Event::Started { guid, sent, copy_bytes } => self.searches.started(&guid, sent, copy_bytes),
            overlay::Event::Report { guid, bytes } => self.searches.reported(&guid, bytes),
            overlay::Event::Round { guid, ttl, sent, at } => faces.emit(self.searches.round(guid, ttl, sent, at)),
            overlay::Event::Hop { guid, node, name, addr, role, hop, at } => {
                if node != self.parts.node {
                    self.nodes.saw(node, &name, addr, self.now_ms());
                }
                let report = searches::report(node, name, role, &hop, at);
                self.searches.hop(self.parts.node, &guid, report.clone());
                faces.emit(Event::Hop { guid, report });
            }
            overlay::Event::Hit { guid, node, name, addr, hops, via, files, at } => {
                self.nodes.saw(node, &name, addr, self.now_ms());
                let found = FoundBy { guid, node, name, addr, hops, via, at };
                self.searches.hit(found, files).into_iter().for_each(|event| faces.emit(event));
            }
            overlay::Event::Explained { guid, outcome } => {
                self.introduced(&outcome);
                if let Some(place) = self.asking.iter().position(|(asked, _)| *asked == guid) {
                    // A face that no longer waits for its answer is no error.
                    let _ = self.asking.swap_remove(place).1.send(Ok(*outcome));
                }
            }
            overlay::Event::Done { guid, cost, why } => {
                let event = self.searches.done(guid, cost, why);
                let (hits, nodes) = (counted(cost.hits, "hit"), counted(cost.reached, "node"));
                tracing::info!("search {} ended: {hits}, {nodes} reached", guid.short());
                self.publish(faces);
                faces.emit(event);
            }
            event => {
                if let overlay::Event::NeighborUp { peer, .. } = &event {
                    self.nodes.saw(peer.id, &peer.name, peer.addrs().next(), self.now_ms());
                }
                if let overlay::Event::NeighborDown { node, .. } = &event {
                    self.nodes.left(node, self.now_ms());
                }
                if let Some(Told { line, event }) = self.teller.tell(event) {
                    tracing::info!("{line}");
                    self.publish(faces);
                    faces.emit(event);
                }
            }
        }
    }

    /// A node named a neighbor of its own.
    fn introduced(&mut self, outcome: &Explained) {
        let Explained::Account(account) = outcome else { return };
        if let Some(known) = account.told.as_ref().ok().and_then(|told| told.knows.as_ref())
            && known.node != self.parts.node
        {
            self.nodes.saw(known.node, &known.name, known.addr, self.now_ms());
        }
    }

    fn net_changed(&mut self, faces: &Faces) {
        self.dirty = true;
        self.tell_of_warnings(faces);
        let addr = self.parts.own_addr();
        if addr != self.node.addr {
            self.node = Arc::new(NodeStatus { addr, ..NodeStatus::clone(&self.node) });
        }
    }

    async fn library_changed(&mut self, faces: &Faces) {
        self.dirty = true;
        self.library = self.parts.library_status();
        self.publish(faces);
        let LibraryStatus { files, bytes, hashing_files: hashing, .. } = *self.library;
        self.tell_of_warnings(faces);
        if self.library_told != Some((files, bytes, hashing)) {
            self.library_told = Some((files, bytes, hashing));
            faces.emit(Event::Library { files, bytes, hashing });
            // A driver that is gone needs to know nothing more.
            let _ = self.parts.tell(NetCommand::LibraryChanged).await;
        }
    }

    /// Each warning once, when it begins to hold.
    fn tell_of_warnings(&mut self, faces: &Faces) {
        let warnings = self.parts.warnings(&self.library);
        for warning in warnings.iter().filter(|warning| !self.warned.contains(warning)) {
            tracing::warn!("{}", warning.message);
            let Warning { code, message, hint } = warning.clone();
            faces.emit(Event::Error { code, message, hint });
        }
        self.warned = warnings;
    }

    fn transfers_changed(&mut self, faces: &Faces) {
        let (news, moved_on) = self.transfers.news(&self.parts.list_transfers());
        if moved_on {
            self.publish(faces);
        }
        self.dirty = true;
        news.into_iter().for_each(|transfer| faces.emit(Event::Transfer(transfer)));
    }

    async fn second_passed(&mut self) {
        self.past.up_at(self.log.clock().hour());
        self.past.uploaded(self.reading().content_out);
        let standing = self.past.standing();
        if self.standing.replace(standing) != Some(standing) {
            // A driver that is gone needs to know nothing more.
            let _ = self.parts.tell(NetCommand::Standing(standing)).await;
        }
        let status = self.parts.status();
        let links = self.neighbors.sample(&status, &self.parts.moved());
        let traffic = self.meter.sample(&status, self.reading());
        self.dirty |= self.role.sample(&status);
        self.dirty |= links || traffic || self.searches.any_live() || self.relayed.any_live();
        self.dirty |= self.log.newer_than(self.log_seen).is_some();
    }

    fn reading(&self) -> Reading {
        let (content_in, content_out) = self.parts.content_totals();
        Reading { content_in, content_out }
    }

    /// Saves the known hosts and the node's past on a thread that may wait for the disk.
    fn save(&mut self) -> JoinHandle<()> {
        let (hosts, now) = (Arc::clone(&self.hosts), Arc::clone(&self.parts.status().remember));
        let past = self.past.unsaved();
        tokio::task::spawn_blocking(move || {
            if let Some(Err(error)) = past.map(|past| past.save()) {
                tracing::warn!("how regularly the node is online cannot be saved: {error}");
            }
            if let Err(error) = hosts.lock().unwrap_or_else(PoisonError::into_inner).save(&now) {
                tracing::warn!("the known hosts cannot be saved: {error}");
            }
        })
    }

    fn snapshot(&mut self) -> Snapshot {
        if let Some((seen, lines)) = self.log.newer_than(self.log_seen) {
            (self.log_seen, self.log_lines) = (seen, lines);
        }
        let now_ms = self.now_ms();
        let status = self.parts.status();
        let searches = self.searches.publish(now_ms);
        let own = searches.iter().rev().map(|search| search.row.clone());
        Snapshot {
            node: Arc::clone(&self.node),
            uptime_ms: now_ms,
            neighbors: self.neighbors.rows(&status),
            queries: own.chain(self.relayed.rows(now_ms)).collect(),
            searches,
            role: self.role.picture(&status, Aims::from(&self.settings)),
            transfers: self.parts.list_transfers(),
            library: Arc::clone(&self.library),
            traffic: self.meter.read(&status, self.reading()),
            log: Arc::clone(&self.log_lines),
            warnings: self.parts.warnings(&self.library),
            world: None,
            recorded: None,
        }
    }
}

/// A number of things, in words.
fn counted(count: u32, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
