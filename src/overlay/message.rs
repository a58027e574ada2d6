//! What nodes say to each other. `wire` turns it into bytes; nothing here knows how.

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::explain::ExplainMessage;
use super::topology::central::CentralMessage;
use super::topology::ultra::UltraMessage;
use crate::proto::{FileId, Guid, NodeId, PeerAddr, Query, QueryError, Travel, Untrusted};

/// The overlay's shape, as a node plays it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TopologyKind {
    /// Every query floods from neighbor to neighbor (Gnutella 0.4).
    #[default]
    Flood,
    /// Capable nodes flood among themselves and answer for their leaves (KaZaA, Gnutella 0.6).
    Ultrapeer,
    /// A directory knows who shares what (Napster).
    Central,
}

impl TopologyKind {
    /// The name that settings, screen and JSON use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flood => "flood",
            Self::Ultrapeer => "ultrapeer",
            Self::Central => "central",
        }
    }

    /// The one that a keystroke leads to.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Flood => Self::Ultrapeer,
            Self::Ultrapeer => Self::Central,
            Self::Central => Self::Flood,
        }
    }
}

/// What a node is in its topology.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Equal among equals: every node of a flooding overlay.
    #[default]
    Peer,
    /// Linked to up to three ultra-peers and nobody else; never relays.
    Leaf,
    /// Relays among its like, and answers for its leaves.
    Ultrapeer,
    /// Registered, or about to be, with one directory.
    Client,
    /// Serves a directory, and looks things up in it.
    Directory,
}

impl Role {
    /// Whether it passes on what others sent.
    pub(super) const fn relays(self) -> bool {
        matches!(self, Self::Peer | Self::Ultrapeer)
    }

    /// The name that screen and JSON use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Peer => "peer",
            Self::Leaf => "leaf",
            Self::Ultrapeer => "ultrapeer",
            Self::Client => "client",
            Self::Directory => "directory",
        }
    }
}

/// The first message on a link, in both directions: who speaks. The node's id is not in it: the link's key says that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// What the node calls itself.
    pub name: Untrusted,
    /// Program and version, for people.
    pub agent: Untrusted,
    /// Where it listens; an unspecified address means "the one that you see me at, with this port".
    pub listen: Option<PeerAddr>,
    /// The receiver's address as the sender sees it: how a node behind a wildcard listener learns its own.
    pub observed: Option<PeerAddr>,
    /// Its topology.
    pub topology: TopologyKind,
    /// Its role there.
    pub role: Role,
    /// Whether it serves a directory besides.
    pub serves: bool,
}

/// A message on a link, or delivered direct.
#[derive(Clone, Debug)]
pub enum Message {
    /// "Who are you, and whom do you know?" With TTL 1 the answer is the node itself: the sign of life.
    Ping(Ping),
    /// The answer to a ping.
    Pong(Pong),
    /// A search on its way.
    Query(QueryMessage),
    /// "I have that."
    Hit(HitMessage),
    /// What a node did with a traced query.
    Report(ReportMessage),
    /// The last message before a link closes, and why.
    Bye(Bye),
    /// What the sender is now: its topology and role changed, or what it has room for.
    Status(Status),
    /// "Can you reach me?", and the answer.
    Reach(Reach),
    /// "Let us all change."
    Propose(Proposal),
    /// "Why did I not find that at you?", and the answer.
    Explain(Box<ExplainMessage>),
    /// Between ultra-peers and their leaves.
    Ultra(UltraMessage),
    /// Between a directory and those who register with it.
    Central(Box<CentralMessage>),
}

/// What a message is sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A search: queries and hits, look-ups and their answers.
    Search,
    /// Tracing: reports.
    Report,
    /// Everything else: what keeps links, roles and registrations going.
    Upkeep,
}

impl Message {
    /// What it is for.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        match self {
            Self::Query(_) | Self::Hit(_) => Purpose::Search,
            Self::Report(_) => Purpose::Report,
            Self::Central(message) => match **message {
                CentralMessage::Lookup(_) | CentralMessage::Found(_) => Purpose::Search,
                _ => Purpose::Upkeep,
            },
            _ => Purpose::Upkeep,
        }
    }
}

/// See [`Message::Ping`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ping {
    /// Names the ping, so that its pong can be told from an older one.
    pub guid: Guid,
    /// Whether addresses of other nodes are wanted too.
    pub wants_hosts: bool,
}

/// See [`Message::Pong`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pong {
    /// The ping that this answers.
    pub guid: Guid,
    /// Files that the node shares.
    pub files: u64,
    /// Bytes that the node shares.
    pub bytes: u64,
    /// Other nodes that were reachable lately; at most [`crate::proto::limits::MAX_ADDRS_A_MESSAGE`].
    pub hosts: Vec<PeerAddr>,
}

/// See [`Message::Query`]. Copies share the body.
#[derive(Clone, Debug)]
pub struct QueryMessage {
    /// Names the query.
    pub guid: Guid,
    /// TTL and hops.
    pub travel: Travel,
    /// What is the same in every copy.
    pub body: Arc<QueryBody>,
}

/// What a query asks for, and where the answer goes.
#[derive(Clone, Debug, Default)]
pub struct QueryBody {
    /// The search as it was typed.
    pub text: Box<str>,
    /// Where the requester can be reached.
    pub origin: Option<PeerAddr>,
    /// How hits and reports travel.
    pub delivery: Delivery,
    /// Whether each node is asked to report what it did with the query.
    pub traced: bool,
    /// Whether each copy is a walker: a node passes it on to one neighbor drawn at random instead of to all. A node of an
    /// older version does not know of this and floods it, within the TTL of floods.
    pub walk: bool,
    parsed: OnceLock<Result<Arc<Query>, QueryError>>,
    sealed: Sealed,
}

/// How a hit reaches the origin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Delivery {
    /// Over a connection of its own to the origin's address; by the reverse path where that fails.
    #[default]
    Direct,
    /// Hop by hop, over the exact reverse of the query's path.
    Reverse,
    /// In a directory's answer. No query travels with it.
    Directory,
}

impl QueryBody {
    /// A body of a new query.
    #[must_use]
    pub fn new(text: &str, origin: Option<PeerAddr>, delivery: Delivery, traced: bool) -> Self {
        Self { text: text.into(), origin, delivery, traced, ..Self::default() }
    }

    /// The same for walkers.
    #[must_use]
    pub fn for_walkers(self) -> Self {
        Self { walk: true, ..self }
    }

    /// The parsed search, read from the text on the first call only: a duplicate is never parsed.
    ///
    /// # Errors
    /// When the text is no query.
    pub fn query(&self) -> Result<&Arc<Query>, &QueryError> {
        self.parsed.get_or_init(|| Query::parse(&self.text).map(Arc::new)).as_ref()
    }

    /// What a hit or report on it starts its way back with.
    pub(super) const fn way_back(&self) -> Travel {
        if self.walk { Travel::way_back_of_walk() } else { Travel::way_back() }
    }

    /// The body's bytes as they go over every link, so that a relay neither decodes nor encodes it again and unknown
    /// fields of a newer version survive.
    #[must_use]
    pub const fn sealed(&self) -> &Sealed {
        &self.sealed
    }
}

/// A body's encoded form, kept beside it: filled by `wire` when it reads or first writes the message, empty in a
/// simulation.
#[derive(Clone, Debug, Default)]
pub struct Sealed(OnceLock<Box<[u8]>>);

impl Sealed {
    /// The bytes, made by `encode` unless they are there already.
    pub fn get_or_seal(&self, encode: impl FnOnce() -> Box<[u8]>) -> &[u8] {
        self.0.get_or_init(encode)
    }

    /// Length in bytes; 0 before the body was encoded.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.get().map_or(0, |bytes| bytes.len())
    }

    /// Whether it has not been encoded yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// See [`Message::Hit`].
#[derive(Clone, Debug)]
pub struct HitMessage {
    /// The query that this answers.
    pub guid: Guid,
    /// TTL and hops of the hit itself on its way back.
    pub travel: Travel,
    /// What is the same at every hop.
    pub body: Arc<HitBody>,
}

/// Who has what.
#[derive(Debug, Default)]
pub struct HitBody {
    /// Who has it.
    pub node: Option<NodeId>,
    /// What that node calls itself.
    pub name: Untrusted,
    /// Where that node can be reached for the transfer.
    pub addr: Option<PeerAddr>,
    /// Hops that the query had travelled when it matched.
    pub hops: u8,
    /// The files; at most [`crate::proto::limits::MAX_HITS_A_MESSAGE`].
    pub files: Vec<FoundFile>,
    /// See [`QueryBody::sealed`].
    pub sealed: Sealed,
}

/// A file that matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFile {
    /// Its name in the share, without folders.
    pub name: Untrusted,
    /// Its size in bytes.
    pub size: u64,
    /// Its content.
    pub id: FileId,
}

/// See [`Message::Report`].
#[derive(Clone, Debug)]
pub struct ReportMessage {
    /// The query that is reported on.
    pub guid: Guid,
    /// TTL and hops of the report itself on its way back.
    pub travel: Travel,
    /// What is the same at every hop.
    pub body: Arc<ReportBody>,
}

/// What one node did with the copies of one query that reached it.
#[derive(Debug, Default)]
pub struct ReportBody {
    /// Who reports.
    pub node: Option<NodeId>,
    /// What that node calls itself.
    pub name: Untrusted,
    /// Where that node can be reached: with questions, say.
    pub addr: Option<PeerAddr>,
    /// What it is in its topology; `None` from a node of an older version, or in a role that this one does not know.
    pub role: Option<Role>,
    /// One entry a copy; at most [`crate::proto::limits::MAX_REPORTS_A_MESSAGE`].
    pub hops: Vec<Hop>,
    /// See [`QueryBody::sealed`].
    pub sealed: Sealed,
}

/// What happened to one copy of a query at one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hop {
    /// The neighbor that it came from.
    pub from: NodeId,
    /// Hops that it had travelled on arrival, this one included.
    pub hop: u8,
    /// TTL that remained on arrival.
    pub ttl: u8,
    /// What the node did.
    pub action: Action,
    /// Files that it answered with.
    pub hits: u16,
    /// Copies that it sent on, those to its leaves included.
    pub sent: u16,
    /// Of those, the copies that it handed to its leaves.
    pub leaves: u16,
    /// Leaves that it did not hand the query to, because their filters say that they have nothing that matches.
    pub filtered: u16,
}

/// What a node did with a copy of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Passed on, without a match of its own.
    Forwarded,
    /// Matched here; passed on too if the TTL allowed it.
    Answered,
    /// Seen before: dropped, or passed on once more because this copy had a higher TTL.
    Duplicate,
    /// Not matched here, and the TTL was used up.
    Expired,
    /// Not handled: over a limit, or not understood.
    Refused,
}

/// See [`Message::Status`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The sender's topology.
    pub topology: TopologyKind,
    /// Its role there.
    pub role: Role,
    /// Whether it serves a directory.
    pub serves: bool,
    /// How fit it is to be an ultra-peer, in thousandths.
    pub score: u16,
    /// Leaves that it could still take.
    pub free_slots: u16,
}

/// See [`Message::Reach`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Names the question.
    pub guid: Guid,
    /// The answer; `None` asks.
    pub reached: Option<bool>,
}

/// See [`Message::Propose`]. It floods once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Names the proposal.
    pub guid: Guid,
    /// Who proposes, as it says.
    pub node: NodeId,
    /// What it proposes.
    pub topology: TopologyKind,
    /// Directories that it knows, for those who know none; at most [`crate::proto::limits::MAX_ADDRS_A_MESSAGE`].
    pub directories: Vec<PeerAddr>,
}

/// Why a link closes. The numbers are this protocol's own and stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ByeReason {
    /// The node goes away.
    Shutdown,
    /// The user asked for it.
    Requested,
    /// No room for another neighbor; the addresses may have some.
    Full,
    /// There is a link between the two already.
    Already,
    /// Its sign of life stayed out.
    Silent,
    /// It could not be written to fast enough.
    Slow,
    /// It broke the protocol.
    Protocol,
    /// It is this very node.
    Myself,
    /// The node changes its topology.
    Topology,
    /// The two have no use for each other in the roles that they play: two leaves, say.
    Role,
    /// A reason of a newer version.
    Other,
}

/// See [`Message::Bye`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bye {
    /// Why.
    pub reason: ByeReason,
    /// Why, for people; at most [`crate::proto::limits::MAX_REASON`] bytes.
    pub text: Untrusted,
    /// Other nodes to try; at most [`crate::proto::limits::MAX_ADDRS_A_MESSAGE`].
    pub hosts: Vec<PeerAddr>,
}
