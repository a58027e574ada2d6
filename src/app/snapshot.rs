//! The node as its faces see it: immutable, cheap to share, published a few times a second and only when something
//! changed. The parts are reference-counted so that one that did not change is not copied.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::event::Hit;
use super::recorded::Origin;
use super::world::WorldStatus;
use crate::overlay::{Action, DirectoryState, DoneWhy, Role, Strategy, TopologyKind};
use crate::proto::limits::MAX_TTL;
use crate::proto::{Guid, NodeId, PeerAddr, Untrusted};
use crate::share::LibraryStatus;
use crate::transfer::Transfer;

/// Points of a sparkline: the last minute, one a second, oldest first.
pub const HISTORY: usize = 60;

/// Everything that a face shows.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Who this node is.
    pub node: Arc<NodeStatus>,
    /// Milliseconds since the node started, when this was taken.
    pub uptime_ms: u64,
    /// Its neighbors and the addresses being dialled, in the order in which they came.
    pub neighbors: Vec<Neighbor>,
    /// Queries in flight and lately over: own first, then the youngest.
    pub queries: Vec<QueryRow>,
    /// Own searches with what they found, the youngest last.
    pub searches: Vec<Arc<Search>>,
    /// Topology and role, and why.
    pub role: RoleStatus,
    /// Transfers, running and over, in the order in which they came.
    pub transfers: Vec<Arc<Transfer>>,
    /// What is shared.
    pub library: Arc<LibraryStatus>,
    /// Query traffic against content traffic.
    pub traffic: Traffic,
    /// The last lines of the log, the oldest first.
    pub log: Arc<[LogLine]>,
    /// Something that the user should know and may do something about; empty when all is well.
    pub warnings: Arc<[Warning]>,
    /// The world that the node lives in, if it is simulated.
    pub world: Option<Arc<WorldStatus>>,
    /// Whose searches these are, if there is no node but a recording of one: nothing but its searches is known then.
    pub recorded: Option<Arc<Origin>>,
}

impl Snapshot {
    /// What the node is in its topology; `None` for a recorded one that did not tell.
    #[must_use]
    pub fn own_role(&self) -> Option<Role> {
        self.recorded.as_ref().map_or(Some(self.role.role), |origin| origin.role)
    }
}

/// Who this node is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NodeStatus {
    /// Its id.
    pub node: NodeId,
    /// Its name.
    pub name: Untrusted,
    /// Where others reach it.
    pub addr: PeerAddr,
    /// The control socket, if there is one.
    #[serde(with = "crate::proto::path::option")]
    pub control: Option<PathBuf>,
    /// Program version.
    pub version: String,
    /// When it started, RFC 3339.
    pub started: String,
    /// TTL of the next search.
    pub ttl: u8,
    /// Holds each query that long; 0 when not slowed down.
    pub hop_delay_ms: u64,
    /// Where downloads go.
    #[serde(with = "crate::proto::path")]
    pub downloads: PathBuf,
}

/// Topology and role, and why.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RoleStatus {
    /// The topology.
    pub topology: TopologyKind,
    /// The role.
    pub role: Role,
    /// Why this role, in a sentence.
    pub why: String,
    /// Since when, milliseconds after the node's start.
    pub since_ms: u64,
    /// Neighbors now.
    pub neighbors: usize,
    /// Neighbors that it strives for.
    pub min_neighbors: usize,
    /// Neighbors that it accepts.
    pub max_neighbors: usize,
    /// Addresses of other nodes known.
    pub known_hosts: usize,
    /// Whether it goes along when somebody proposes a topology.
    #[serde(default)]
    pub follows: bool,
    /// What it is among ultra-peers and leaves; only in that topology.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ultra: Option<UltraRole>,
    /// Where it stands with its directory; only in the central topology.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<DirectoryRole>,
    /// The directory that it serves, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serving: Option<Serving>,
}

/// What a node is among ultra-peers and leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UltraRole {
    /// How fit it is to be an ultra-peer.
    pub score: Fitness,
    /// Leaves that it has.
    pub leaves: usize,
    /// Leaves that it takes.
    pub max_leaves: usize,
    /// Ultra-peers that it is linked to, flooding nodes included.
    pub ultrapeers: usize,
    /// As a leaf, other ultra-peers that it was told of, should its own go.
    pub alternatives: usize,
    /// As a leaf without an ultra-peer: for how long it has been looking, in milliseconds.
    pub seeking_ms: Option<u64>,
    /// Until when, in milliseconds after the node's start, it holds its role whatever happens.
    pub held_until_ms: Option<u64>,
    /// As a leaf, the share of its filter's bits that are set, in thousandths; `None` if it asks for every query.
    pub filter_fill: Option<u16>,
}

/// How fit a node is to be an ultra-peer, in thousandths. The parts add up to the total.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fitness {
    /// All of it.
    pub total: u16,
    /// What it takes to be elected.
    pub threshold: u16,
    /// For its upload bandwidth.
    pub capacity: u16,
    /// The most that bandwidth can give.
    pub max_capacity: u16,
    /// For how long it is online now.
    pub uptime: u16,
    /// The most that this can give.
    pub max_uptime: u16,
    /// For how regularly it was online in the past days.
    pub availability: u16,
    /// The most that this can give.
    pub max_availability: u16,
    /// For accepting inbound connections.
    pub inbound: u16,
    /// What this can give.
    pub max_inbound: u16,
    /// The bandwidth that counts, in kbit/s.
    pub capacity_kbps: u32,
    /// Where that figure is from.
    pub capacity_from: CapacitySource,
    /// Whether others can reach it; one that cannot be reached is not elected.
    pub reachable: Option<bool>,
}

/// Where a bandwidth is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CapacitySource {
    /// The user said so.
    Configured,
    /// Uploads showed it.
    Measured,
    /// Nothing is known: an ordinary machine on a local network.
    Assumed,
}

/// Where a node stands with its directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryRole {
    /// Where it stands.
    pub state: DirectoryState,
    /// The directory that it is registered with, or tries.
    pub addr: Option<PeerAddr>,
    /// What that calls itself.
    pub name: Untrusted,
    /// Why, and what to do, in a sentence.
    pub why: String,
    /// Until when, in milliseconds after the node's start, the directory keeps its files without another sign of life.
    pub lease_until_ms: Option<u64>,
    /// Files that the directory has of it.
    pub files: u64,
    /// Whether the directory reached it; what cannot be reached is found and cannot be fetched.
    pub reachable: Option<bool>,
    /// When it tries again, in milliseconds after the node's start.
    pub next_try_ms: Option<u64>,
    /// Directories that it knows.
    pub known: Vec<PeerAddr>,
}

/// A directory that a node serves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Serving {
    /// Nodes registered, those that are gone and whose lease still lasts included.
    pub nodes: u64,
    /// Files registered.
    pub files: u64,
    /// Clients linked now.
    pub clients: usize,
    /// Look-ups answered.
    pub lookups: u64,
    /// Look-ups a second, lately.
    pub lookups_per_s: f64,
    /// Files and goodbyes of files taken in.
    pub registrations: u64,
    /// Files that were refused.
    pub refused: u64,
    /// Why what it keeps may not survive a restart, if something is wrong with the disk.
    pub trouble: Option<String>,
}

/// One neighbor, or an address that is being dialled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Neighbor {
    /// Who; `None` while it is dialled.
    pub node: Option<NodeId>,
    /// What it calls itself.
    pub name: Untrusted,
    /// Where it listens, or what is dialled.
    pub addr: Option<PeerAddr>,
    /// Its role; `None` while it is dialled.
    pub kind: Option<Role>,
    /// Whether it dialled us.
    pub inbound: bool,
    /// Round trip of the last sign of life.
    pub rtt_ms: Option<f64>,
    /// Messages a second from it, lately.
    pub in_per_s: f64,
    /// Messages a second to it, lately.
    pub out_per_s: f64,
    /// Messages from it, in all.
    pub messages_in: u64,
    /// Messages to it, in all.
    pub messages_out: u64,
    /// Bytes from it, in all, TLS's own left out.
    pub bytes_in: u64,
    /// Bytes to it, in all.
    pub bytes_out: u64,
    /// Query copies from it.
    pub queries_in: u64,
    /// Those of them that had been seen before.
    pub duplicates: u64,
    /// Messages that could not be sent because its queue was full.
    pub dropped: u64,
    /// Files that it shares, as it says.
    pub files: Option<u64>,
    /// Since when, milliseconds after the node's start.
    pub since_ms: u64,
    /// Messages a second in the last minute, in and out together.
    pub history: Vec<u16>,
    /// Of the bytes over the link, those for which somebody searches: queries and hits, look-ups and their answers.
    #[serde(default)]
    pub query: Flow,
    /// Of the bytes over the link, those of reports on traced queries.
    #[serde(default)]
    pub tracing: Flow,
    /// Content of files from there and to there, over connections of their own; counted since the node started.
    #[serde(default)]
    pub content: Flow,
}

/// Bytes of one kind over one way or all: in all, and lately.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// Bytes received, in all.
    pub bytes_in: u64,
    /// Bytes sent, in all.
    pub bytes_out: u64,
    /// Bytes a second received, lately.
    pub in_per_s: f64,
    /// Bytes a second sent, lately.
    pub out_per_s: f64,
    /// Bytes a second in the last minute, both ways.
    pub history: Vec<u64>,
}

impl Flow {
    /// All bytes, both ways.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes_in.saturating_add(self.bytes_out)
    }

    /// Bytes a second both ways, lately.
    #[must_use]
    pub fn per_s(&self) -> f64 {
        self.in_per_s + self.out_per_s
    }
}

/// One query, own or relayed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QueryRow {
    /// Its name.
    pub guid: Guid,
    /// As typed.
    pub text: Untrusted,
    /// Whether it is this node's own.
    pub own: bool,
    /// For an own one its whole TTL, for a relayed one TTL and hops as they arrived together.
    pub ttl: u8,
    /// TTL that remains: at the farthest node known for an own one, here for a relayed one.
    pub ttl_left: u8,
    /// Nodes reached as far as known: reports for an own one; for a relayed one the neighbors that it was sent to.
    pub nodes: u32,
    /// Duplicate copies: of all nodes as far as known for an own one, here for a relayed one.
    pub duplicates: u64,
    /// Files found: all for an own one, those of this node for a relayed one.
    pub hits: u32,
    /// Milliseconds since it was first seen.
    pub age_ms: u64,
    /// Where it stands.
    pub state: QueryState,
    /// How it spreads, as far as can be told here: what another node sends as a ring is a flood to those on its way.
    #[serde(default)]
    pub strategy: Spread,
    /// TTL of the round of an own ring that is under way, or was the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<u8>,
}

/// How a query spreads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Spread {
    /// To every node within its TTL, all at once.
    #[default]
    Flood,
    /// The same with a TTL that rises until enough was found.
    Ring,
    /// By walkers, each from a node to one of its neighbors drawn at random.
    Walk,
    /// Not at all: a directory is asked.
    Lookup,
}

impl Spread {
    /// The one of a search in a topology.
    #[must_use]
    pub const fn of(strategy: Strategy, topology: TopologyKind) -> Self {
        match (topology, strategy) {
            (TopologyKind::Central, _) => Self::Lookup,
            (_, Strategy::Flood) => Self::Flood,
            (_, Strategy::Ring) => Self::Ring,
            (_, Strategy::Walk { .. }) => Self::Walk,
        }
    }

    /// The name that screen and JSON use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flood => "flood",
            Self::Ring => "ring",
            Self::Walk => "walk",
            Self::Lookup => "lookup",
        }
    }
}

/// Where a query stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QueryState {
    /// In flight.
    Live,
    /// An own one that ended.
    Done,
    /// A relayed one that was passed on a while ago: no news will come of it.
    Passed,
    /// A relayed one whose TTL ended here.
    Expired,
    /// A relayed one that is held by the slow motion.
    Held,
}

/// An own search.
#[derive(Clone, Debug)]
pub struct Search {
    /// Its row in the list of queries.
    pub row: QueryRow,
    /// The topology that it began in: in the central one it is a look-up, and floods nothing.
    pub topology: TopologyKind,
    /// How it spreads.
    pub strategy: Strategy,
    /// The rounds of a ring, in their order; at most as many as TTLs double.
    pub rounds: Vec<RoundRow>,
    /// What it found, in the order of arrival; at most [`crate::proto::limits::MAX_HITS_A_SEARCH`].
    pub hits: Arc<[Arc<Hit>]>,
    /// The flood so far, hop by hop: index 0 is hop 1. The steps of a walk are in ranges.
    pub by_hop: Vec<HopRow>,
    /// Copies that this node sent itself; those of a ring in all its rounds.
    pub sent_here: u32,
    /// Query copies sent by all nodes, as far as known.
    pub messages: u64,
    /// Bytes of those copies.
    pub bytes: u64,
    /// Reports that came: what it took to know the other numbers, and no part of them.
    pub reports: u64,
    /// Bytes of those reports on the links that they came over.
    pub report_bytes: u64,
    /// Until the first hit.
    pub first_hit_ms: Option<u64>,
    /// Until the end, or until now.
    pub elapsed_ms: u64,
    /// Why it ended; `None` while it runs.
    pub ended: Option<DoneWhy>,
    /// Whether reports were asked for: without them the numbers by hop stay empty.
    pub traced: bool,
    /// Reports that were left out because there were too many.
    pub lost_reports: u64,
    /// The reports themselves, in the order of arrival.
    pub hops: Arc<[Arc<HopReport>]>,
}

impl Search {
    /// Copies that were sent and that nobody told of: on their way, lost, or with nodes that report nothing.
    #[must_use]
    pub fn untold(&self) -> u64 {
        let (sent, arrived) = self.by_hop.iter().fold((0u64, 0u64), |(sent, arrived), row| {
            (sent + u64::from(row.sent), arrived + u64::from(row.arrived()))
        });
        sent.saturating_sub(arrived)
    }
}

/// One round of a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundRow {
    /// Its TTL.
    pub ttl: u8,
    /// Copies that this node sent for it.
    pub sent: u16,
    /// When it began, since the search began.
    pub at_ms: u64,
}

/// What one node did with one copy of an own query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HopReport {
    /// Who.
    pub node: NodeId,
    /// What it calls itself.
    pub name: Untrusted,
    /// What it is in its topology; `None` if it did not tell, as nodes of older versions do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Whom it got the copy from.
    pub from: NodeId,
    /// Hops travelled.
    pub hop: u8,
    /// TTL left on arrival.
    pub ttl: u8,
    /// What it did.
    pub action: Action,
    /// Files that it answered with.
    #[serde(default)]
    pub hits: u16,
    /// Copies sent on, those to its leaves included.
    pub sent: u16,
    /// Of those, the copies handed to its leaves.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub leaves: u16,
    /// Leaves that it spared, because their filters say that they have nothing that matches.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub filtered: u16,
    /// Since the search began.
    pub at_ms: u64,
}

impl HopReport {
    /// Whether a copy of a search of that strategy and TTL can have come so far. A leaf is one hop further than the last
    /// ultra-peer.
    #[must_use]
    pub fn fits(&self, strategy: Strategy, ttl: u8) -> bool {
        let leaf = self.role == Some(Role::Leaf) && self.ttl == 0;
        let most = ttl.min(strategy.max_ttl(MAX_TTL)) + u8::from(leaf);
        (1..=most).contains(&self.hop) && self.hop.saturating_add(self.ttl) <= most
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a field over by reference")]
const fn is_zero(count: &u16) -> bool {
    *count == 0
}

/// One line of the flood by hop; of a walk a range of steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HopRow {
    /// The first hop that it tells of; the same as the last one but in a walk.
    #[serde(default)]
    pub first: u8,
    /// The last hop that it tells of, from 1.
    pub hop: u8,
    /// TTL that remained there.
    pub ttl: u8,
    /// Copies sent to nodes at this hop, as those who sent them told: `new + duplicates + dropped`, and those that nobody
    /// told of yet. Over all hops they are the copies of the search.
    pub sent: u32,
    /// Nodes that saw the query for the first time.
    pub new: u32,
    /// Copies that had been seen before.
    pub duplicates: u32,
    /// Copies that were refused.
    pub dropped: u32,
    /// Files found.
    pub hits: u32,
    /// Median time at which first arrivals were reported.
    pub p50_ms: Option<u64>,
}

impl HopRow {
    /// Copies that arrived at this hop, as those who got them told.
    #[must_use]
    pub const fn arrived(&self) -> u32 {
        self.new.saturating_add(self.duplicates).saturating_add(self.dropped)
    }
}

/// Query traffic against content traffic: the price of the flood, in view. Bytes; TLS's own left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Traffic {
    /// Bytes of overlay messages received, in all.
    pub overlay_in: u64,
    /// Bytes of overlay messages sent, in all.
    pub overlay_out: u64,
    /// Those messages received, of whatever kind.
    #[serde(default)]
    pub messages_in: u64,
    /// Those messages sent over links; hits and reports that go over connections of their own are not among them.
    #[serde(default)]
    pub messages_out: u64,
    /// File content received, in all.
    pub content_in: u64,
    /// File content sent, in all.
    pub content_out: u64,
    /// Overlay bytes a second in the last minute, both ways.
    pub overlay_history: Vec<u64>,
    /// Content bytes a second in the last minute, both ways.
    pub content_history: Vec<u64>,
    /// Of the overlay's bytes, those for which somebody searches: queries and hits, look-ups and their answers.
    #[serde(default)]
    pub query: Flow,
    /// Of the overlay's bytes, those of reports on traced queries: what tracing costs.
    #[serde(default)]
    pub tracing: Flow,
    /// Query copies received a second, lately.
    pub queries_per_s: f64,
    /// Part of them that had been seen before, 0 to 1.
    pub duplicate_share: f64,
    /// Messages dropped, in all, for whatever reason.
    pub dropped: u64,
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When, milliseconds after the node's start.
    pub at_ms: u64,
    /// How bad.
    pub level: LogLevel,
    /// Which room said it.
    pub target: String,
    /// What.
    pub text: Untrusted,
}

/// How bad a line of the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Something failed.
    Error,
    /// Something may be wrong.
    Warn,
    /// Something happened.
    Info,
    /// For those who look for a fault.
    Debug,
    /// Everything.
    Trace,
}

/// Something that the user should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// A stable word for programs.
    pub code: String,
    /// One clear sentence.
    pub message: String,
    /// What to do.
    pub hint: String,
}
