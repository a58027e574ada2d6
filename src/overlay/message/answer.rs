//! What comes back of a query: hits, and reports on what became of its copies.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Role, Sealed};
use crate::proto::{FileId, Guid, NodeId, PeerAddr, Travel, Untrusted};

/// See [`super::Message::Hit`].
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
    /// See [`super::QueryBody::sealed`].
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

/// See [`super::Message::Report`].
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
    /// See [`super::QueryBody::sealed`].
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
