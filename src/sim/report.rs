//! What a simulated flood came to.

use serde::Serialize;

/// The numbers of one flood. The names are part of the program's interface.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Nodes of the graph.
    pub nodes: usize,
    /// Links of the graph.
    pub edges: usize,
    /// Who asked, as the graph calls it.
    pub origin: u64,
    /// Hops that the query could travel.
    pub ttl: u8,
    /// Nodes whose nearest copy came at each hop, the origin at 0; up to the last hop that any copy travelled.
    pub per_hop: Vec<u64>,
    /// Copies that travelled their last hop at each hop, duplicates and all; 0 at 0.
    pub messages_per_hop: Vec<u64>,
    /// Nodes other than the origin that received the query.
    pub reached: u64,
    /// Copies sent.
    pub messages: u64,
    /// Copies received by nodes that had seen the query.
    pub duplicates: u64,
    /// Bytes of those copies on the links, without TLS's own.
    pub bytes: u64,
    /// Virtual time from the first copy sent to the last one received.
    pub virtual_ms: f64,
    /// What happened, all of it: when, where, which copy, and what that led to. The same seed gives the same hash.
    pub hash: String,
}
