//! What happens, as NDJSON: one object a line, `type` first. Names here are a contract with other programs: add, don't
//! rename.

use serde::{Deserialize, Serialize};

use super::snapshot::{HopReport, Spread};
use crate::overlay::{DirectoryState, DoneWhy, Role, TopologyKind};
use crate::proto::{FileId, Guid, NodeId, PeerAddr, Untrusted};
use crate::transfer::Transfer;

/// One event. Sizes are bytes, durations milliseconds, ids hexadecimal.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The node accepts links and the control socket answers: the first line of a daemon.
    Listening {
        /// This node.
        node: NodeId,
        /// The bound address.
        addr: PeerAddr,
        /// The control socket's path.
        control: String,
        /// The topology.
        topology: TopologyKind,
        /// The role.
        role: Role,
    },
    /// A neighbor came or went.
    Neighbor {
        /// Which of the two.
        event: UpDown,
        /// Who.
        node: NodeId,
        /// Where it listens.
        addr: Option<PeerAddr>,
        /// What it calls itself.
        name: Untrusted,
        /// Its role.
        kind: Role,
        /// Why it went.
        why: Option<String>,
    },
    /// The topology or the role changed.
    Topology {
        /// The topology now.
        topology: TopologyKind,
        /// The role now.
        role: Role,
        /// Why.
        why: String,
    },
    /// Somebody proposed a topology to the overlay.
    Proposal {
        /// Who, as it says.
        node: NodeId,
        /// What.
        topology: TopologyKind,
        /// Whether this node goes along.
        followed: bool,
        /// Why or why not.
        why: String,
    },
    /// Where this node stands with its directory changed.
    Directory {
        /// Where it stands now.
        state: DirectoryState,
        /// Which directory.
        addr: Option<PeerAddr>,
        /// Why, and what to do.
        why: String,
    },
    /// The library changed.
    Library {
        /// Files indexed.
        files: u64,
        /// Bytes indexed.
        bytes: u64,
        /// Files waiting to be hashed.
        hashing: u64,
    },
    /// An own search began.
    Query {
        /// Its name.
        guid: Guid,
        /// As typed.
        text: Untrusted,
        /// Its TTL.
        ttl: u8,
        /// How it spreads: `flood`, `ring`, `walk`, or `lookup` where a directory is asked.
        strategy: String,
        /// Walkers of a walk.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        walkers: Option<u8>,
    },
    /// A ring goes on with a higher TTL. Its first round is told by `query`, and has a TTL of 1.
    Round {
        /// The query.
        guid: Guid,
        /// TTL of the round.
        ttl: u8,
        /// Copies that this node sent for it.
        sent: u16,
        /// Since the search began.
        at_ms: u64,
    },
    /// What a node did with a copy of an own query.
    Hop {
        /// The query.
        guid: Guid,
        /// What the node told.
        #[serde(flatten)]
        report: HopReport,
    },
    /// A file that matches.
    Hit(Hit),
    /// A search ended.
    Done(Done),
    /// A transfer changed.
    Transfer(Transfer),
    /// Something went wrong.
    Error {
        /// A stable word for programs.
        code: String,
        /// One clear sentence.
        message: String,
        /// What to do.
        hint: String,
    },
}

/// Whether a neighbor came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UpDown {
    /// It came.
    Up,
    /// It went.
    Down,
}

/// How a hit came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Via {
    /// Over a connection of its own.
    Direct,
    /// Hop by hop, back the way of the query.
    Reverse,
    /// From a directory.
    Directory,
}

/// A file that matches a search.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Hit {
    /// The query.
    pub guid: Guid,
    /// The file's name.
    pub name: Untrusted,
    /// Its bytes.
    pub size: u64,
    /// Its content, `blake3:<hex>`.
    #[serde(with = "crate::proto::hash")]
    pub hash: FileId,
    /// What `hopscope get` takes.
    pub magnet: String,
    /// Who has it.
    pub node: NodeId,
    /// What that node calls itself.
    #[serde(default)]
    pub node_name: Untrusted,
    /// Where that node can be reached.
    pub addr: Option<PeerAddr>,
    /// Hops that the query had travelled.
    pub hops: u8,
    /// How the hit came.
    pub via: Via,
    /// Since the search began.
    pub at_ms: u64,
}

/// The end of a search, and what it cost. Numbers are lower bounds unless every node reports.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Done {
    /// The query.
    pub guid: Guid,
    /// Files found.
    pub hits: u32,
    /// Nodes other than this one that received the query.
    pub reached: u32,
    /// Copies sent by all nodes.
    pub messages: u64,
    /// Copies received by a node that had seen it.
    pub duplicates: u64,
    /// Bytes of those copies.
    pub bytes: u64,
    /// Reports that came: what it took to know the other numbers, and no part of them.
    #[serde(default)]
    pub reports: u64,
    /// Bytes of those reports on the links that they came over.
    #[serde(default)]
    pub report_bytes: u64,
    /// Until the first hit.
    pub first_hit_ms: Option<u64>,
    /// Until the end.
    pub elapsed_ms: u64,
    /// Where it ran.
    pub topology: TopologyKind,
    /// How it spread, as its `query` said.
    #[serde(default)]
    pub strategy: Spread,
    /// Why it ended.
    pub why: DoneWhy,
}
