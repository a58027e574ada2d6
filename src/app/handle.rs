//! The engine's face: commands in, snapshots and events out. `tui` and `control` know nothing else of the node.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::clock::Clock;
use super::event::Event;
use super::nodes::KnownNode;
use super::snapshot::Snapshot;
use super::world::WorldCommand;
use crate::overlay::{Dedup, Delivery, Explained, Strategy, TopologyKind};
use crate::proto::{Guid, NodeId, PeerAddr, Query, Ttl, limits};
use crate::share::FilesPage;

/// A search as a face asks for it; `None` takes the setting.
#[derive(Clone, Debug, Default)]
pub struct SearchRequest {
    /// The words.
    pub text: String,
    /// How far: in hops, or in steps of each walker.
    pub ttl: Option<Ttl>,
    /// How it spreads.
    pub strategy: Option<Strategy>,
    /// For how long.
    pub timeout: Option<Duration>,
    /// Until how many hits.
    pub enough: Option<usize>,
    /// How hits travel.
    pub hits: Option<Delivery>,
}

/// A question to a node about a search; see [`Handle::why`], which asks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskRequest {
    /// Who is asked; `None` for whoever answers at the address.
    pub node: Option<NodeId>,
    /// Where, if there is no link.
    pub addr: Option<PeerAddr>,
    /// The query that found nothing there.
    pub query: Guid,
    /// Its words.
    pub text: String,
    /// A node to introduce, by its name or the beginning of its id; empty for none.
    pub whois: String,
}

/// Why the engine did not do what was asked. Each says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// A stable word for programs.
    pub code: &'static str,
    /// One clear sentence.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl Refusal {
    /// A refusal.
    pub fn new(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: hint.into() }
    }

    /// The node has stopped.
    pub(super) fn stopped() -> Self {
        Self::new("stopped", "the node has stopped", "start it again")
    }

    /// It is not linked to that node.
    #[must_use]
    pub fn no_neighbor(node: NodeId) -> Self {
        Self::new("no_such_neighbor", format!("{} is no neighbor", node.short()), "see the list of neighbors")
    }

    /// There is no world around it that could be steered.
    pub(super) fn not_simulated() -> Self {
        Self::new(
            "not_simulated",
            "This is a real node: its clock cannot be stopped",
            "look into a simulation with `hopscope sim watch SCENARIO`",
        )
    }

    /// There is no node.
    pub(super) fn recorded() -> Self {
        Self::new("recorded", "This is a recording: there is no network behind it", "start a node with `hopscope`")
    }
}

impl SearchRequest {
    /// How it spreads and the TTL that it goes with, where `usual` is the TTL of a flood that names none.
    ///
    /// # Errors
    /// When that is no TTL, or no strategy for a node with that rule for duplicates, or the words are no query.
    pub fn checked(&self, usual: Ttl, dedup: Dedup) -> Result<(Strategy, Ttl), Refusal> {
        let strategy = self.strategy.unwrap_or_default();
        if strategy == Strategy::Ring && dedup == Dedup::First {
            // Nodes with that rule pass a query on once: the second round would die at the neighbors.
            let message = "a ring sends one query again and again, and this node's `dedup` is `first`";
            let hint = "search by flood or walk, or start with --dedup highest-ttl";
            return Err(Refusal::new("bad_strategy", message, hint));
        }
        let usual = if strategy.walkers().is_some() { Strategy::WALK_TTL } else { usual };
        let (ttl, most) = (self.ttl.unwrap_or(usual), strategy.max_ttl(limits::MAX_TTL));
        if !(1..=most).contains(&ttl) {
            let message = format!("a TTL of {ttl} is not possible for a {}", strategy.name());
            return Err(Refusal::new("bad_ttl", message, format!("choose one from 1 to {most}")));
        }
        Query::parse(&self.text).map_err(|error| {
            Refusal::new(
                "bad_query",
                error.to_string(),
                "words, \"phrases\", -not, prefix*, ext:ogg, size:>10M, type:audio",
            )
        })?;
        Ok((strategy, ttl))
    }
}

/// Where the answer to a command goes.
pub type Reply<T> = oneshot::Sender<Result<T, Refusal>>;

/// What the engine is asked.
#[derive(Debug)]
pub enum Command {
    /// Start a search.
    Search(SearchRequest, Reply<Guid>),
    /// Which node is meant: by its name, its address, or the beginning of its id.
    FindNode(String, Reply<KnownNode>),
    /// Ask a node about a search.
    Explain(AskRequest, Reply<Explained>),
    /// End a search.
    CancelSearch(Guid, Reply<()>),
    /// Download; the answer is the transfer's number.
    Get(String, Reply<u64>),
    /// Stop a transfer, or take a finished one off the list.
    CancelTransfer(u64, Reply<()>),
    /// Dial `host:port` and remember it.
    AddPeer(String, Reply<()>),
    /// Close the link to a neighbor.
    DropNeighbor(NodeId, Reply<()>),
    /// Change the topology.
    SetTopology(TopologyKind, Reply<()>),
    /// See [`Handle::propose_topology`].
    ProposeTopology(TopologyKind, Reply<()>),
    /// A part of the list of shared files: filter, offset, limit.
    Files(String, u64, usize, Reply<FilesPage>),
    /// Scan the shares again.
    Rescan(Reply<()>),
    /// See [`Handle::steer`].
    World(WorldCommand, Reply<()>),
    /// Say goodbye and stop.
    Shutdown(Reply<()>),
}

/// A face's hold on the engine. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Handle {
    commands: mpsc::Sender<Command>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    events: broadcast::Sender<Event>,
    /// Of a recording: what keeps its one snapshot in view. A running node's engine does that itself.
    recorded: Option<Arc<watch::Sender<Arc<Snapshot>>>>,
    /// The engine's; none without one.
    clock: Option<Clock>,
}

impl Handle {
    /// Ties a handle to an engine, or in a test to anything that answers like one.
    #[must_use]
    pub fn new(
        commands: mpsc::Sender<Command>,
        snapshots: watch::Receiver<Arc<Snapshot>>,
        events: broadcast::Sender<Event>,
    ) -> Self {
        Self { commands, snapshots, events, recorded: None, clock: None }
    }

    /// Lets it tell the time of the node, which goes on while nothing changes and no snapshot is taken.
    pub(super) fn with_clock(self, clock: Clock) -> Self {
        Self { clock: Some(clock), ..self }
    }

    /// A handle on what was recorded once: it shows that, and refuses every command.
    #[must_use]
    pub fn of_recording(snapshot: Snapshot) -> Self {
        let (shown, snapshots) = watch::channel(Arc::new(snapshot));
        let ((commands, _), (events, _)) = (mpsc::channel(1), broadcast::channel(1));
        Self { commands, snapshots, events, recorded: Some(Arc::new(shown)), clock: None }
    }

    /// Whether there is no node behind it, only a recording.
    #[must_use]
    pub const fn is_recording(&self) -> bool {
        self.recorded.is_some()
    }

    /// The node as it stands. It shows what a command did when the command has been answered, and what an event tells of
    /// (hits and hops excepted, which come by the thousand) when the event has been read; else it lags by less than a
    /// tenth of a second.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshots.borrow().clone()
    }

    /// Milliseconds since the node started: now, not when the last snapshot was taken.
    #[must_use]
    pub fn uptime_ms(&self) -> u64 {
        self.clock.map_or_else(|| self.snapshots.borrow().uptime_ms, |clock| clock.millis())
    }

    /// Wakes when the node changed. It closes when the engine has stopped.
    #[must_use]
    pub fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshots.clone()
    }

    /// Events from now on. A reader that falls behind loses the oldest and is told how many.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, Refusal> {
        if self.is_recording() {
            return Err(Refusal::recorded());
        }
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).await.map_err(|_| Refusal::stopped())?;
        answer.await.map_err(|_| Refusal::stopped())?
    }

    /// Starts a search; its events follow under the GUID returned.
    ///
    /// # Errors
    /// When the words are no query, when the TTL is none, or when the node has stopped. A search that cannot run, for want
    /// of neighbors or because too many run, ends at once with an event that says why.
    pub async fn search(&self, request: SearchRequest) -> Result<Guid, Refusal> {
        self.ask(|reply| Command::Search(request, reply)).await
    }

    /// The node that a user means by its name, its address, or the beginning of its id.
    ///
    /// # Errors
    /// When none is known that could be meant, when several are, or when it is this one.
    pub(super) async fn find_node(&self, at: &str) -> Result<KnownNode, Refusal> {
        self.ask(|reply| Command::FindNode(at.to_owned(), reply)).await
    }

    /// Asks a node about a search; returns what came of that.
    ///
    /// # Errors
    /// When the words are too long to travel, or the node has stopped.
    pub(super) async fn explain(&self, request: AskRequest) -> Result<Explained, Refusal> {
        self.ask(|reply| Command::Explain(request, reply)).await
    }

    /// Ends a search.
    ///
    /// # Errors
    /// When there is none of that name.
    pub async fn cancel_search(&self, guid: Guid) -> Result<(), Refusal> {
        self.ask(|reply| Command::CancelSearch(guid, reply)).await
    }

    /// Starts a download from a magnet link; returns its number.
    ///
    /// # Errors
    /// When the link is none or names nobody that has the file.
    pub async fn get(&self, magnet: impl Into<String>) -> Result<u64, Refusal> {
        let magnet = magnet.into();
        self.ask(|reply| Command::Get(magnet, reply)).await
    }

    /// Stops a transfer, or takes a finished one off the list.
    ///
    /// # Errors
    /// When there is none of that number.
    pub async fn cancel_transfer(&self, id: u64) -> Result<(), Refusal> {
        self.ask(|reply| Command::CancelTransfer(id, reply)).await
    }

    /// Dials `host:port` and remembers it.
    ///
    /// # Errors
    /// When that is no address.
    pub async fn add_peer(&self, addr: impl Into<String>) -> Result<(), Refusal> {
        let addr = addr.into();
        self.ask(|reply| Command::AddPeer(addr, reply)).await
    }

    /// Closes the link to a neighbor.
    ///
    /// # Errors
    /// When it is no neighbor.
    pub async fn drop_neighbor(&self, node: NodeId) -> Result<(), Refusal> {
        self.ask(|reply| Command::DropNeighbor(node, reply)).await
    }

    /// Changes the topology of this node.
    ///
    /// # Errors
    /// When the node has stopped.
    pub async fn set_topology(&self, topology: TopologyKind) -> Result<(), Refusal> {
        self.ask(|reply| Command::SetTopology(topology, reply)).await
    }

    /// Changes the topology of this node and proposes it to the overlay: nodes that follow proposals change too.
    ///
    /// # Errors
    /// When there were too many proposals lately, or the node has stopped.
    pub async fn propose_topology(&self, topology: TopologyKind) -> Result<(), Refusal> {
        self.ask(|reply| Command::ProposeTopology(topology, reply)).await
    }

    /// A part of the list of shared files whose path contains `filter`, by path.
    ///
    /// # Errors
    /// When the node has stopped.
    pub async fn files(&self, filter: impl Into<String>, offset: u64, limit: usize) -> Result<FilesPage, Refusal> {
        let filter = filter.into();
        self.ask(|reply| Command::Files(filter, offset, limit, reply)).await
    }

    /// Scans the shares again.
    ///
    /// # Errors
    /// When the node has stopped.
    pub async fn rescan(&self) -> Result<(), Refusal> {
        self.ask(Command::Rescan).await
    }

    /// Steers the simulated world around the node: its clock, and which of its nodes is looked at. A step is answered when
    /// the world has taken it.
    ///
    /// # Errors
    /// When this is a real node, when there is no such node in its world, or when nothing came of a step.
    pub async fn steer(&self, command: WorldCommand) -> Result<(), Refusal> {
        self.ask(|reply| Command::World(command, reply)).await
    }

    /// Says goodbye to everybody and stops; returns when that is done.
    ///
    /// # Errors
    /// When the node has stopped already.
    pub async fn shutdown(&self) -> Result<(), Refusal> {
        self.ask(Command::Shutdown).await
    }
}
