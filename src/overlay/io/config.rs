//! The settings of the core, and what they are when nobody says otherwise.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::overlay::message::TopologyKind;
use crate::proto::{Ttl, limits};

/// The settings of the core.
#[derive(Clone, Debug)]
pub struct Config {
    /// The topology that it starts in.
    pub topology: TopologyKind,
    /// Who decides on its role among ultra-peers and leaves.
    pub role: RoleChoice,
    /// Upload bandwidth in kbit/s, as the user says.
    pub capacity_kbps: Option<u32>,
    /// Leaves that it takes as an ultra-peer.
    pub max_leaves: usize,
    /// As a leaf, ask for every query instead of giving the ultra-peers a filter.
    pub advertise_all: bool,
    /// Serve a directory. The driver then brings [`super::Context::registry`].
    pub serve_directory: bool,
    /// Clients that its directory takes: fewer than could register where the system has no room for so many links.
    pub max_clients: usize,
    /// How long a directory keeps the files of a node that it does not hear of.
    pub lease: Duration,
    /// Go along when somebody proposes a topology.
    pub follow: bool,
    /// Neighbors that a node strives for.
    pub min_neighbors: usize,
    /// Neighbors that it accepts; the driver of real links keeps it within [`limits::MAX_LINKS`].
    pub max_neighbors: usize,
    /// Keep exactly the configured links, accept inbound ones, learn nothing.
    pub only_peers: bool,
    /// The most that a query's TTL and hops may add up to.
    pub max_ttl: Ttl,
    /// How duplicates are treated.
    pub dedup: Dedup,
    /// Holds each query that long before it is passed on, so that people can watch it.
    pub hop_delay: Duration,
    /// Between two signs of life asked of a neighbor; [`Duration::MAX`] asks for none at all.
    pub ping_interval: Duration,
    /// A neighbor that says nothing at all for that long is dead.
    pub silence: Duration,
    /// Report on traced queries from public addresses too.
    pub report_to_public: bool,
    /// Emit [`super::Output::Trace`].
    pub trace: bool,
    /// GUIDs remembered, in each of two generations.
    pub seen_capacity: usize,
    /// Addresses of other nodes remembered, at most [`limits::MAX_HOSTS`].
    pub max_hosts: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            topology: TopologyKind::default(),
            role: RoleChoice::default(),
            capacity_kbps: None,
            max_leaves: limits::MAX_LEAVES,
            advertise_all: false,
            serve_directory: false,
            max_clients: limits::MAX_REGISTERED_NODES,
            lease: limits::LEASE,
            follow: false,
            min_neighbors: 4,
            max_neighbors: 16,
            only_peers: false,
            max_ttl: limits::MAX_TTL,
            dedup: Dedup::HighestTtl,
            hop_delay: Duration::ZERO,
            ping_interval: Duration::from_secs(10),
            silence: Duration::from_secs(30),
            report_to_public: false,
            trace: false,
            seen_capacity: limits::SEEN_CAPACITY,
            max_hosts: limits::MAX_HOSTS,
        }
    }
}

/// How duplicates are treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dedup {
    /// A copy with a higher TTL than any before is passed on again (gtk-gnutella, LimeWire): reaches every node within
    /// TTL hops, whatever the delays.
    #[default]
    HighestTtl,
    /// Only the first copy is passed on: what published tables count.
    First,
}

/// Who decides on the role of a node in [`TopologyKind::Ultrapeer`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RoleChoice {
    /// The election.
    #[default]
    Auto,
    /// The user: a leaf.
    Leaf,
    /// The user: an ultra-peer.
    Ultrapeer,
}
