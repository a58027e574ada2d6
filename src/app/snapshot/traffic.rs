//! What goes over the links: each neighbor's share, and query traffic against content traffic.

use serde::{Deserialize, Serialize};

use crate::overlay::Role;
use crate::proto::{NodeId, PeerAddr, Untrusted};

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
