//! An own search: what it found, what it cost, and its flood hop by hop.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::QueryRow;
use crate::app::event::Hit;
use crate::overlay::{Action, DoneWhy, Role, Strategy, TopologyKind};
use crate::proto::limits::MAX_TTL;
use crate::proto::{NodeId, Untrusted};

/// An own search.
#[derive(Clone, Debug)]
pub struct Search {
    /// Its row in the list of queries.
    pub row: QueryRow,
    /// The topology that it began in: in the central one it is a look-up, and floods nothing.
    pub topology: TopologyKind,
    /// How it spreads.
    pub strategy: Strategy,
    /// The rounds of a ring, in their order; at most as many as TTLs double.
    pub rounds: Vec<RoundRow>,
    /// What it found, in the order of arrival; at most [`crate::proto::limits::MAX_HITS_A_SEARCH`].
    pub hits: Arc<[Arc<Hit>]>,
    /// The flood so far, hop by hop: index 0 is hop 1. The steps of a walk are in ranges.
    pub by_hop: Vec<HopRow>,
    /// Copies that this node sent itself; those of a ring in all its rounds.
    pub sent_here: u32,
    /// Query copies sent by all nodes, as far as known.
    pub messages: u64,
    /// Bytes of those copies.
    pub bytes: u64,
    /// Reports that came: what it took to know the other numbers, and no part of them.
    pub reports: u64,
    /// Bytes of those reports on the links that they came over.
    pub report_bytes: u64,
    /// Until the first hit.
    pub first_hit_ms: Option<u64>,
    /// Until the end, or until now.
    pub elapsed_ms: u64,
    /// Why it ended; `None` while it runs.
    pub ended: Option<DoneWhy>,
    /// Whether reports were asked for: without them the numbers by hop stay empty.
    pub traced: bool,
    /// Reports that were left out because there were too many.
    pub lost_reports: u64,
    /// The reports themselves, in the order of arrival.
    pub hops: Arc<[Arc<HopReport>]>,
}

impl Search {
    /// Copies that were sent and that nobody told of: on their way, lost, or with nodes that report nothing.
    #[must_use]
    pub fn untold(&self) -> u64 {
        let (sent, arrived) = self.by_hop.iter().fold((0u64, 0u64), |(sent, arrived), row| {
            (sent + u64::from(row.sent), arrived + u64::from(row.arrived()))
        });
        sent.saturating_sub(arrived)
    }
}

/// One round of a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundRow {
    /// Its TTL.
    pub ttl: u8,
    /// Copies that this node sent for it.
    pub sent: u16,
    /// When it began, since the search began.
    pub at_ms: u64,
}

/// What one node did with one copy of an own query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HopReport {
    /// Who.
    pub node: NodeId,
    /// What it calls itself.
    pub name: Untrusted,
    /// What it is in its topology; `None` if it did not tell, as nodes of older versions do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Whom it got the copy from.
    pub from: NodeId,
    /// Hops travelled.
    pub hop: u8,
    /// TTL left on arrival.
    pub ttl: u8,
    /// What it did.
    pub action: Action,
    /// Files that it answered with.
    #[serde(default)]
    pub hits: u16,
    /// Copies sent on, those to its leaves included.
    pub sent: u16,
    /// Of those, the copies handed to its leaves.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub leaves: u16,
    /// Leaves that it spared, because their filters say that they have nothing that matches.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub filtered: u16,
    /// Since the search began.
    pub at_ms: u64,
}

impl HopReport {
    /// Whether a copy of a search of that strategy and TTL can have come so far. A leaf is one hop further than the last
    /// ultra-peer.
    #[must_use]
    pub fn fits(&self, strategy: Strategy, ttl: u8) -> bool {
        let leaf = self.role == Some(Role::Leaf) && self.ttl == 0;
        let most = ttl.min(strategy.max_ttl(MAX_TTL)) + u8::from(leaf);
        (1..=most).contains(&self.hop) && self.hop.saturating_add(self.ttl) <= most
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a field over by reference")]
const fn is_zero(count: &u16) -> bool {
    *count == 0
}

/// One line of the flood by hop; of a walk a range of steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HopRow {
    /// The first hop that it tells of; the same as the last one but in a walk.
    #[serde(default)]
    pub first: u8,
    /// The last hop that it tells of, from 1.
    pub hop: u8,
    /// TTL that remained there.
    pub ttl: u8,
    /// Copies sent to nodes at this hop, as those who sent them told: `new + duplicates + dropped`, and those that nobody
    /// told of yet. Over all hops they are the copies of the search.
    pub sent: u32,
    /// Nodes that saw the query for the first time.
    pub new: u32,
    /// Copies that had been seen before.
    pub duplicates: u32,
    /// Copies that were refused.
    pub dropped: u32,
    /// Files found.
    pub hits: u32,
    /// Median time at which first arrivals were reported.
    pub p50_ms: Option<u64>,
}

impl HopRow {
    /// Copies that arrived at this hop, as those who got them told.
    #[must_use]
    pub const fn arrived(&self) -> u32 {
        self.new.saturating_add(self.duplicates).saturating_add(self.dropped)
    }
}
