//! Which topology a node is in, which role it plays there, how well, and why.

use serde::{Deserialize, Serialize};

use crate::overlay::{DirectoryState, Role, TopologyKind};
use crate::proto::{PeerAddr, Untrusted};

/// Topology and role, and why.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RoleStatus {
    /// The topology.
    pub topology: TopologyKind,
    /// The role.
    pub role: Role,
    /// Why this role, in a sentence.
    pub why: String,
    /// Since when, milliseconds after the node's start.
    pub since_ms: u64,
    /// Neighbors now.
    pub neighbors: usize,
    /// Neighbors that it strives for.
    pub min_neighbors: usize,
    /// Neighbors that it accepts.
    pub max_neighbors: usize,
    /// Addresses of other nodes known.
    pub known_hosts: usize,
    /// Whether it goes along when somebody proposes a topology.
    #[serde(default)]
    pub follows: bool,
    /// What it is among ultra-peers and leaves; only in that topology.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ultra: Option<UltraRole>,
    /// Where it stands with its directory; only in the central topology.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<DirectoryRole>,
    /// The directory that it serves, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serving: Option<Serving>,
}

/// What a node is among ultra-peers and leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UltraRole {
    /// How fit it is to be an ultra-peer.
    pub score: Fitness,
    /// Leaves that it has.
    pub leaves: usize,
    /// Leaves that it takes.
    pub max_leaves: usize,
    /// Ultra-peers that it is linked to, flooding nodes included.
    pub ultrapeers: usize,
    /// As a leaf, other ultra-peers that it was told of, should its own go.
    pub alternatives: usize,
    /// As a leaf without an ultra-peer: for how long it has been looking, in milliseconds.
    pub seeking_ms: Option<u64>,
    /// Until when, in milliseconds after the node's start, it holds its role whatever happens.
    pub held_until_ms: Option<u64>,
    /// As a leaf, the share of its filter's bits that are set, in thousandths; `None` if it asks for every query.
    pub filter_fill: Option<u16>,
}

/// How fit a node is to be an ultra-peer, in thousandths. The parts add up to the total.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fitness {
    /// All of it.
    pub total: u16,
    /// What it takes to be elected.
    pub threshold: u16,
    /// For its upload bandwidth.
    pub capacity: u16,
    /// The most that bandwidth can give.
    pub max_capacity: u16,
    /// For how long it is online now.
    pub uptime: u16,
    /// The most that this can give.
    pub max_uptime: u16,
    /// For how regularly it was online in the past days.
    pub availability: u16,
    /// The most that this can give.
    pub max_availability: u16,
    /// For accepting inbound connections.
    pub inbound: u16,
    /// What this can give.
    pub max_inbound: u16,
    /// The bandwidth that counts, in kbit/s.
    pub capacity_kbps: u32,
    /// Where that figure is from.
    pub capacity_from: CapacitySource,
    /// Whether others can reach it; one that cannot be reached is not elected.
    pub reachable: Option<bool>,
}

/// Where a bandwidth is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CapacitySource {
    /// The user said so.
    Configured,
    /// Uploads showed it.
    Measured,
    /// Nothing is known: an ordinary machine on a local network.
    Assumed,
}

/// Where a node stands with its directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryRole {
    /// Where it stands.
    pub state: DirectoryState,
    /// The directory that it is registered with, or tries.
    pub addr: Option<PeerAddr>,
    /// What that calls itself.
    pub name: Untrusted,
    /// Why, and what to do, in a sentence.
    pub why: String,
    /// Until when, in milliseconds after the node's start, the directory keeps its files without another sign of life.
    pub lease_until_ms: Option<u64>,
    /// Files that the directory has of it.
    pub files: u64,
    /// Whether the directory reached it; what cannot be reached is found and cannot be fetched.
    pub reachable: Option<bool>,
    /// When it tries again, in milliseconds after the node's start.
    pub next_try_ms: Option<u64>,
    /// Directories that it knows.
    pub known: Vec<PeerAddr>,
}

/// A directory that a node serves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Serving {
    /// Nodes registered, those that are gone and whose lease still lasts included.
    pub nodes: u64,
    /// Files registered.
    pub files: u64,
    /// Clients linked now.
    pub clients: usize,
    /// Look-ups answered.
    pub lookups: u64,
    /// Look-ups a second, lately.
    pub lookups_per_s: f64,
    /// Files and goodbyes of files taken in.
    pub registrations: u64,
    /// Files that were refused.
    pub refused: u64,
    /// Why what it keeps may not survive a restart, if something is wrong with the disk.
    pub trouble: Option<String>,
}
