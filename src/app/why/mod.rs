//! "Why did I not find it at that node?": asked of the overlay and of the node, and answered with one verdict and what it
//! rests on.
//!
//! `gather` asks: the query once more, traced; once more as far as any query goes, if the node did not report; and the
//! node itself. `facts` is what came of it, `verdict` judges it, a pure function, and `lines` tells it to people. What
//! was not told is said as not known.

mod facts;
mod gather;
mod lines;
mod verdict;

use serde::{Deserialize, Serialize};

use crate::proto::{Guid, NodeId, PeerAddr, Ttl, Untrusted};

/// What somebody believed to be at a node and did not find.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WhyRequest {
    /// The search as it was, or would be, typed.
    pub text: String,
    /// The node: its name, its address, or the beginning of its id.
    pub at: String,
    /// How far the search goes; `None` takes the setting. Not used with `search`.
    pub ttl: Option<Ttl>,
    /// A search of this node that is over and that did not find it. `None` sends the query once more.
    pub search: Option<Guid>,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    /// Which of the reasons it is.
    pub verdict: Verdict,
    /// The same in a sentence.
    pub sentence: String,
    /// The node's id, if that is known.
    pub node: Option<NodeId>,
    /// What the node calls itself.
    #[serde(default)]
    pub name: Untrusted,
    /// Where it can be reached, as far as known.
    #[serde(default)]
    pub addr: Option<PeerAddr>,
    /// The TTL that a search needs to get there; only beyond the horizon.
    pub needs_ttl: Option<Ttl>,
    /// What the verdict rests on, and what is not known.
    pub evidence: Vec<Evidence>,
}

/// Why a search did not find something at a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It does find it.
    Found,
    /// The node shares nothing that matches.
    NotShared,
    /// The node has it, and has not hashed and indexed it yet.
    NotIndexed,
    /// The node has it, and the search does not go as far.
    BeyondHorizon,
    /// The node's keyword filter, or something in the search itself, keeps the two apart.
    Filtered,
    /// The node does not answer.
    Gone,
    /// The node has it, and a copy of the query or a hit got lost on the way.
    Dropped,
    /// The node, or the connection to it, was refused.
    Refused,
    /// The node is in another topology, or has no way into this overlay: no search from here gets there.
    Unreachable,
    /// Nobody here has heard of such a node.
    UnknownNode,
    /// What could be learned is not enough to say.
    Unknown,
}

impl Verdict {
    /// The name that JSON uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::NotShared => "not_shared",
            Self::NotIndexed => "not_indexed",
            Self::BeyondHorizon => "beyond_horizon",
            Self::Filtered => "filtered",
            Self::Gone => "gone",
            Self::Dropped => "dropped",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::UnknownNode => "unknown_node",
            Self::Unknown => "unknown",
        }
    }

    /// A word or two for a title.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::NotShared => "not shared there",
            Self::NotIndexed => "not indexed yet",
            Self::BeyondHorizon => "beyond the horizon",
            Self::Filtered => "filtered out",
            Self::Gone => "node gone",
            Self::Dropped => "dropped under load",
            Self::Refused => "refused",
            Self::Unreachable => "not in this overlay",
            Self::UnknownNode => "unknown node",
            Self::Unknown => "cannot be said",
        }
    }

    /// Whether it says why, one way or the other.
    #[must_use]
    pub const fn is_explained(self) -> bool {
        !matches!(self, Self::UnknownNode | Self::Unknown)
    }
}

/// One thing that is known, or said to be not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Where it is from.
    pub about: About,
    /// What it is, in a sentence.
    pub text: String,
}

/// Where a piece of evidence is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// The search, and the reports on it.
    Query,
    /// The same search, sent as far as any goes.
    WideQuery,
    /// What the node itself told.
    Account,
    /// The link or the connection to the node.
    Link,
}
