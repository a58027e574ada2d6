//! What faces show of a node: links, its role, its searches and what became of them.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{LinkId, Peer};
use crate::overlay::explain::Explained;
use crate::overlay::message::{Delivery, FoundFile, Hop, Role, TopologyKind};
use crate::proto::{Guid, NodeId, PeerAddr, Ttl, Untrusted};

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
