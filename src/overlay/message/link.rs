//! What neighbors tell each other about themselves and about others: when a link comes up, while it lasts, and at its end.

use serde::{Deserialize, Serialize};

use super::{Role, TopologyKind};
use crate::proto::{Guid, NodeId, PeerAddr, Untrusted};

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

/// See [`super::Message::Ping`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ping {
    /// Names the ping, so that its pong can be told from an older one.
    pub guid: Guid,
    /// Whether addresses of other nodes are wanted too.
    pub wants_hosts: bool,
}

/// See [`super::Message::Pong`].
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

/// See [`super::Message::Status`].
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

/// See [`super::Message::Reach`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Names the question.
    pub guid: Guid,
    /// The answer; `None` asks.
    pub reached: Option<bool>,
}

/// See [`super::Message::Propose`]. It floods once.
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

/// See [`super::Message::Bye`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bye {
    /// Why.
    pub reason: ByeReason,
    /// Why, for people; at most [`crate::proto::limits::MAX_REASON`] bytes.
    pub text: Untrusted,
    /// Other nodes to try; at most [`crate::proto::limits::MAX_ADDRS_A_MESSAGE`].
    pub hosts: Vec<PeerAddr>,
}
