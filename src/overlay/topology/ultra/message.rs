//! What ultra-peers and their leaves say to each other besides queries and hits.

use crate::proto::PeerAddr;

/// A message between an ultra-peer and a leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UltraMessage {
    /// From a leaf: the words of what it shares.
    Filter(FilterPart),
    /// From an ultra-peer: others to turn to when it is gone, best first; at most
    /// [`crate::proto::limits::MAX_ADDRS_A_MESSAGE`].
    Alternatives(Vec<PeerAddr>),
}

/// A part of a leaf's keyword filter, after Gnutella's query routing. The filter holds once its last part came; until
/// then, and without one, the leaf is handed every query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterPart {
    /// The filter has two to the power of that many bits; within [`crate::proto::limits::FILTER_BITS`]. 0 takes the
    /// filter away: every query is wanted.
    pub log2_bits: u8,
    /// Where this part begins, in bytes. A filter is sent from its beginning on, without gaps.
    pub offset: u32,
    /// Its bytes; at most [`crate::proto::limits::MAX_FILTER_PART`].
    pub bytes: Vec<u8>,
}
