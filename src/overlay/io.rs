//! The core's whole interface: what goes in, what comes out, and what the caller brings along.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::explain::{Ask, Explained, Missing, Undelivered};
use super::message::{
    Action, ByeReason, Delivery, FoundFile, Hop, Message, QueryBody, QueryMessage, Role, Status, TopologyKind,
};
use super::strategy::Strategy;
use super::topology::central::Registry;
use crate::base::Time;
use crate::proto::{FileId, Guid, NodeId, PeerAddr, Query, Ttl, Untrusted};

/// A link, named by the driver with any number but the highest. Never used again for another link of the same node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u32);

impl LinkId {
    /// What no link is called: where something comes from that came over none.
    pub(super) const NOBODYS: Self = Self(u32::MAX);
}

/// What a driver tells the core. After each one the driver drains the outbox before it calls again.
#[derive(Debug)]
pub enum Input {
    /// A link came up: keys proven, hellos exchanged.
    LinkUp {
        /// Its name from now on.
        link: LinkId,
        /// Who is at the other end; shared, because a simulation tells all neighbors of a node about it.
        peer: Arc<Peer>,
    },
    /// A link is gone. The driver says so once for each `LinkUp`, also after [`Output::Close`].
    LinkDown {
        /// Which.
        link: LinkId,
        /// Why, for people.
        why: String,
    },
    /// A message came in on a link.
    Message {
        /// On which.
        link: LinkId,
        /// The message, its sizes checked.
        message: Message,
    },
    /// A hit, a report, a question or an account came in over a connection of its own.
    Direct {
        /// Who brought it, as its key says.
        from: NodeId,
        /// The message, its sizes checked.
        message: Message,
    },
    /// An [`Output::Direct`] could not be delivered.
    DirectFailed {
        /// What was to be delivered.
        message: Message,
        /// Why it was not.
        why: Undelivered,
    },
    /// An [`Output::Dial`] led to no link.
    DialFailed {
        /// The address that was dialled.
        addr: PeerAddr,
    },
    /// Addresses of other nodes became known.
    Hosts {
        /// The addresses.
        addrs: Vec<PeerAddr>,
        /// Where from.
        source: HostSource,
    },
    /// The node's own address became known or changed.
    OwnAddr(PeerAddr),
    /// Directories that the user named.
    Directories(Vec<PeerAddr>),
    /// An [`Output::Check`] is done.
    Checked {
        /// The address.
        addr: PeerAddr,
        /// Whether that node answered there.
        reached: bool,
        /// Which node was looked for.
        node: NodeId,
    },
    /// What the node shares is not what it was.
    LibraryChanged,
    /// What the driver knows of the machine's past: how fit the node is to be an ultra-peer.
    Standing(Standing),
    /// The user or a program wants something.
    Command(Command),
    /// The time of [`super::Node::next_wake`] has come. Early and late ones do no harm.
    Wake,
}

/// See [`Input::Standing`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Upload bandwidth as measured, in kbit/s; `None` before anything was measured.
    pub capacity_kbps: Option<u32>,
    /// Share of the past days that the node was up, in thousandths; `None` on its first day.
    pub availability: Option<u16>,
}

/// Who is at the other end of a link.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Who it is, as its key says.
    pub id: NodeId,
    /// What it calls itself.
    pub name: Untrusted,
    /// Where it listens, the wildcard already replaced by the address it is seen at.
    pub listen: Option<PeerAddr>,
    /// The address that we dialled to reach it; `None` if it dialled us.
    pub dialled: Option<PeerAddr>,
    /// Whether its connection comes from this machine or a private network, as the socket says and not the peer: where
    /// telling about neighbors tells nobody outside.
    pub local: bool,
    /// Its topology.
    pub topology: TopologyKind,
    /// Its role there.
    pub role: Role,
    /// Whether it serves a directory besides.
    pub serves: bool,
}

impl Peer {
    /// The addresses that it is known by.
    pub fn addrs(&self) -> impl Iterator<Item = PeerAddr> + use<> {
        self.dialled.into_iter().chain(self.listen.filter(|listen| Some(*listen) != self.dialled))
    }

    /// Whether it is what it tells.
    pub(super) fn is_still(&self, status: &Status) -> bool {
        (self.topology, self.role, self.serves) == (status.topology, status.role, status.serves)
    }

    /// It told what it is by now.
    pub(super) fn is_now(&mut self, status: &Status) {
        (self.topology, self.role, self.serves) = (status.topology, status.role, status.serves);
    }
}

/// Where an address was learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostSource {
    /// Named by the user: `--peer`, the configuration, the `a` key. Kept for ever, dialled first.
    Configured,
    /// Remembered from an earlier run.
    Remembered,
    /// Found on the local network.
    Discovered,
    /// Told by another node.
    Told,
}

/// What the user or a program wants.
#[derive(Debug)]
pub enum Command {
    /// Start a search. Its GUID is fresh; [`Event::Done`] ends it.
    Search(SearchSpec),
    /// End a search before its time.
    Cancel(Guid),
    /// Ask a node why a search did not find anything there; [`Event::Explained`] answers.
    Ask(Ask),
    /// Close the link to a node.
    Disconnect(NodeId),
    /// Change the topology of this node.
    Change(TopologyKind),
    /// Change it, and propose the same to all others.
    Propose(TopologyKind),
    /// Say goodbye on every link and do nothing more.
    Leave,
}

/// One search.
#[derive(Clone, Debug)]
pub struct SearchSpec {
    /// Its name, random.
    pub guid: Guid,
    /// The body that travels, sealed by the driver so that its size is known.
    pub body: Arc<QueryBody>,
    /// How far it goes: in hops, or in steps of each walker.
    pub ttl: Ttl,
    /// How it spreads. The body of a walk says so as well: see [`QueryBody::for_walkers`].
    pub strategy: Strategy,
    /// When it ends at the latest.
    pub timeout: Duration,
    /// It ends when that many hits came; a ring when that many came by the end of a round.
    pub enough: usize,
}

/// What the core wants done.
#[derive(Debug)]
pub enum Output {
    /// Send on a link.
    Send {
        /// On which.
        link: LinkId,
        /// What.
        message: Message,
    },
    /// Send copies of a query on, one over each link that [`super::Node::relays_to`] names. One output however many copies
    /// that makes: most of what a node does.
    Relay(Relay),
    /// Deliver over a connection of its own; [`Input::DirectFailed`] if that is not possible.
    Direct {
        /// Where to.
        to: PeerAddr,
        /// A hit, a report, a question or an account.
        message: Message,
    },
    /// Open a link; [`Input::LinkUp`] or [`Input::DialFailed`] answers.
    Dial {
        /// To whom.
        addr: PeerAddr,
    },
    /// See whether a node answers at an address, over a connection that ends at once; [`Input::Checked`] answers.
    Check {
        /// Where.
        addr: PeerAddr,
        /// Who should answer.
        node: NodeId,
    },
    /// Send what is queued, then close.
    Close {
        /// Which.
        link: LinkId,
        /// Why, for people.
        why: ByeReason,
    },
    /// Something that faces show.
    Event(Event),
    /// Something that happened to a query of somebody else. Only with [`Config::trace`].
    Trace(Trace),
}

/// See [`Output::Relay`].
#[derive(Clone, Debug)]
pub struct Relay {
    /// What each copy says.
    pub query: QueryMessage,
    /// The link that the query came on, which gets none.
    pub(super) from: LinkId,
    /// When it came: links that are younger get none.
    pub(super) arrived: Time,
}

/// Something that faces show.
#[derive(Clone, Debug)]
pub enum Event {
    /// A neighbor was accepted.
    NeighborUp {
        /// Its link.
        link: LinkId,
        /// Who.
        peer: Arc<Peer>,
    },
    /// A neighbor is gone.
    NeighborDown {
        /// Its link.
        link: LinkId,
        /// Who.
        node: NodeId,
        /// Why.
        why: String,
    },
    /// The topology or the role changed.
    Topology {
        /// The topology now.
        topology: TopologyKind,
        /// The role now.
        role: Role,
        /// Why, for people.
        why: String,
    },
    /// Somebody proposed a topology to the overlay.
    Proposed {
        /// Who, as it says.
        node: NodeId,
        /// What.
        topology: TopologyKind,
        /// Whether this node goes along.
        followed: bool,
        /// Why or why not, for people.
        why: &'static str,
    },
    /// The state of this node's registration with a directory changed.
    Directory {
        /// The state now.
        state: DirectoryState,
        /// The directory.
        addr: Option<PeerAddr>,
        /// Why, for people.
        why: String,
    },
    /// A ring goes on with a higher TTL: what this node itself sent for it.
    Round {
        /// The query.
        guid: Guid,
        /// TTL of the round.
        ttl: Ttl,
        /// Copies that it sent.
        sent: u16,
        /// Since the search began.
        at: Duration,
    },
    /// An own search began: what this node itself did for it.
    Started {
        /// The query.
        guid: Guid,
        /// Copies that it sent.
        sent: u16,
        /// Bytes of one copy on a link, without TLS's own; the same at every hop.
        copy_bytes: u64,
    },
    /// One copy of an own query at one node.
    Hop {
        /// The query.
        guid: Guid,
        /// Who reported; this node itself for copies that came back to it.
        node: NodeId,
        /// What that node calls itself.
        name: Untrusted,
        /// Where it can be reached, if it told.
        addr: Option<PeerAddr>,
        /// What it is in its topology, if it told.
        role: Option<Role>,
        /// What happened.
        hop: Hop,
        /// Since the search began.
        at: Duration,
    },
    /// A report on an own query came. What it tells follows, a [`Event::Hop`] for each copy.
    Report {
        /// The query.
        guid: Guid,
        /// Its bytes on all links that it came over; see [`SearchCost::report_bytes`].
        bytes: u64,
    },
    /// Files that match an own query, each node and file once.
    Hit {
        /// The query.
        guid: Guid,
        /// Who has them.
        node: NodeId,
        /// What that node calls itself.
        name: Untrusted,
        /// Where it can be reached.
        addr: Option<PeerAddr>,
        /// Hops that the query had travelled there.
        hops: u8,
        /// How the hit came.
        via: Delivery,
        /// The files.
        files: Vec<FoundFile>,
        /// Since the search began.
        at: Duration,
    },
    /// What came of a question to another node.
    Explained {
        /// The question.
        guid: Guid,
        /// What came of it; apart, because few events are of this kind.
        outcome: Box<Explained>,
    },
    /// A search ended.
    Done {
        /// The query.
        guid: Guid,
        /// What it cost.
        cost: SearchCost,
        /// Why it ended.
        why: DoneWhy,
    },
}

/// Where a node of a central topology stands with its directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DirectoryState {
    /// It knows of none.
    #[default]
    None,
    /// It dials one.
    Connecting,
    /// It tells one what it shares.
    Registering,
    /// A directory knows all that it shares.
    Registered,
    /// None of those that it knows could be reached; it tries again.
    Unreachable,
    /// It serves a directory, and asks that.
    Own,
}

/// Why a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoneWhy {
    /// Its time was up.
    Deadline,
    /// Enough hits came.
    Enough,
    /// Its owner cancelled it.
    Cancelled,
    /// Every copy that was sent is accounted for by a report, and every hit that was reported has come: nothing more can.
    Complete,
    /// There was no neighbor to ask.
    NoNeighbors,
    /// There was no directory to ask.
    NoDirectory,
    /// The node changed its topology, and what it waited for cannot come any more.
    Cut,
    /// The node shuts down.
    Shutdown,
    /// Too many searches run already.
    TooMany,
}

/// What a search cost, as far as the nodes that report told. Reports are rate-limited and may be off, so each number but
/// `hits` is a lower bound among honest nodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SearchCost {
    /// Nodes other than the origin that received it.
    pub reached: u32,
    /// Copies sent, by all nodes.
    pub messages: u64,
    /// Copies received by a node that had seen the query.
    pub duplicates: u64,
    /// Bytes of those copies on the links, without TLS's own.
    pub bytes: u64,
    /// Reports that came: what it took to know the other numbers, and no part of them.
    pub reports: u64,
    /// Bytes of those reports on the links that they came over: one link when they came direct, each link of the reverse
    /// path otherwise.
    pub report_bytes: u64,
    /// Files found, each node and file once.
    pub hits: u32,
    /// Until the first hit.
    pub first_hit: Option<Duration>,
    /// Until the end, or until now.
    pub elapsed: Duration,
}

/// Something that happened to a query of somebody else, for those who watch.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The query.
    pub guid: Guid,
    /// The link that this copy came on.
    pub link: LinkId,
    /// Hops travelled on arrival.
    pub hop: u8,
    /// TTL that remained on arrival.
    pub ttl: u8,
    /// What was done with it.
    pub action: Action,
    /// Files that it was answered with.
    pub hits: u16,
    /// Copies sent on.
    pub sent: u16,
    /// The query itself, with the first copy only.
    pub body: Option<Arc<QueryBody>>,
}

/// What a node shares, as the core sees it.
pub trait Library {
    /// Appends up to `limit` files that match, the best first.
    fn find(&self, query: &Query, limit: usize, found: &mut Vec<FoundFile>);

    /// Files and bytes shared.
    fn totals(&self) -> (u64, u64);

    /// Shows each file: its name, its size, its content. In any order, and files of the same name and content may come
    /// more than once.
    fn each(&self, visit: &mut dyn FnMut(&str, u64, &FileId));

    /// What matches and is not shared, or not yet. A library that has nothing of the kind need not say so.
    fn missing(&self, _query: &Query) -> Missing {
        Missing::default()
    }
}

/// What the caller brings to each call.
pub struct Context<'a> {
    /// The time. It must not go backwards; if it does, it is taken as unchanged.
    pub now: Time,
    /// The settings, shared by all nodes of a simulation.
    pub config: &'a Config,
    /// What the node shares.
    pub library: &'a dyn Library,
    /// What others registered, if the node serves a directory.
    pub registry: Option<&'a mut dyn Registry>,
    /// Where outputs go; empty at the call, drained after it.
    pub out: &'a mut Vec<Output>,
}

/// How duplicates are treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dedup {
    /// A copy with a higher TTL than any before is passed on again (gtk-gnutella, LimeWire): reaches every node within
    /// TTL hops, whatever the delays.
    #[default]
    HighestTtl,
    /// Only the first copy is passed on: what published tables count.
    First,
}

/// Who decides on the role of a node in [`TopologyKind::Ultrapeer`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RoleChoice {
    /// The election.
    #[default]
    Auto,
    /// The user: a leaf.
    Leaf,
    /// The user: an ultra-peer.
    Ultrapeer,
}

/// The settings of the core.
#[derive(Clone, Debug)]
pub struct Config {
    /// The topology that it starts in.
    pub topology: TopologyKind,
    /// Who decides on its role among ultra-peers and leaves.
    pub role: RoleChoice,
    /// Upload bandwidth in kbit/s, as the user says.
    pub capacity_kbps: Option<u32>,
    /// Leaves that it takes as an ultra-peer.
    pub max_leaves: usize,
    /// As a leaf, ask for every query instead of giving the ultra-peers a filter.
    pub advertise_all: bool,
    /// Serve a directory. The driver then brings [`Context::registry`].
    pub serve_directory: bool,
    /// Clients that its directory takes: fewer than could register where the system has no room for so many links.
    pub max_clients: usize,
    /// How long a directory keeps the files of a node that it does not hear of.
    pub lease: Duration,
    /// Go along when somebody proposes a topology.
    pub follow: bool,
    /// Neighbors that a node strives for.
    pub min_neighbors: usize,
    /// Neighbors that it accepts; the driver of real links keeps it within [`crate::proto::limits::MAX_LINKS`].
    pub max_neighbors: usize,
    /// Keep exactly the configured links, accept inbound ones, learn nothing.
    pub only_peers: bool,
    /// The most that a query's TTL and hops may add up to.
    pub max_ttl: Ttl,
    /// How duplicates are treated.
    pub dedup: Dedup,
    /// Holds each query that long before it is passed on, so that people can watch it.
    pub hop_delay: Duration,
    /// Between two signs of life asked of a neighbor; [`Duration::MAX`] asks for none at all.
    pub ping_interval: Duration,
    /// A neighbor that says nothing at all for that long is dead.
    pub silence: Duration,
    /// Report on traced queries from public addresses too.
    pub report_to_public: bool,
    /// Emit [`Output::Trace`].
    pub trace: bool,
    /// GUIDs remembered, in each of two generations.
    pub seen_capacity: usize,
    /// Addresses of other nodes remembered, at most [`crate::proto::limits::MAX_HOSTS`].
    pub max_hosts: usize,
}

impl Default for Config {
    fn default() -> Self {
        use crate::proto::limits;
        Self {
            topology: TopologyKind::default(),
            role: RoleChoice::default(),
            capacity_kbps: None,
            max_leaves: limits::MAX_LEAVES,
            advertise_all: false,
            serve_directory: false,
            max_clients: limits::MAX_REGISTERED_NODES,
            lease: limits::LEASE,
            follow: false,
            min_neighbors: 4,
            max_neighbors: 16,
            only_peers: false,
            max_ttl: limits::MAX_TTL,
            dedup: Dedup::HighestTtl,
            hop_delay: Duration::ZERO,
            ping_interval: Duration::from_secs(10),
            silence: Duration::from_secs(30),
            report_to_public: false,
            trace: false,
            seen_capacity: limits::SEEN_CAPACITY,
            max_hosts: limits::MAX_HOSTS,
        }
    }
}
