//! One query, own or relayed, as a line of the list of queries.

use serde::{Deserialize, Serialize};

use crate::overlay::{Strategy, TopologyKind};
use crate::proto::{Guid, Untrusted};

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
