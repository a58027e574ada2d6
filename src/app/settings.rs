//! The resolved configuration of one node: what the engine starts with.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::overlay::{Dedup, Delivery, RoleChoice, TopologyKind};
use crate::proto::Ttl;
use crate::share::SharedFolder;

/// Everything that a node needs to know at its start. `cli` resolves it from defaults, file, environment and flags.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where things lie.
    pub home: Home,
    /// The shared folders.
    pub shares: Vec<SharedFolder>,
    /// Where downloads go.
    pub downloads: PathBuf,
    /// Where to listen; port 0 for any.
    pub listen: SocketAddr,
    /// What the node calls itself.
    pub name: String,
    /// Well-known peers, `host:port`.
    pub peers: Vec<String>,
    /// Keep exactly these links.
    pub only_peers: bool,
    /// Look for nodes on the local network.
    pub discovery: bool,
    /// Neighbors that it strives for.
    pub min_neighbors: usize,
    /// Neighbors that it accepts.
    pub max_neighbors: usize,
    /// The topology to start in.
    pub topology: TopologyKind,
    /// Who decides on the role among ultra-peers and leaves.
    pub role: RoleChoice,
    /// Upload bandwidth in kbit/s, as the user says; `None` to measure it.
    pub capacity_kbps: Option<u32>,
    /// Leaves that it takes as an ultra-peer.
    pub max_leaves: usize,
    /// As a leaf, be asked every query instead of those that its filter lets through.
    pub advertise_all: bool,
    /// Directories, `host:port`.
    pub directories: Vec<String>,
    /// Serve a directory.
    pub serve_directory: bool,
    /// Go along when somebody proposes a topology.
    pub follow: bool,
    /// TTL of a search that names none.
    pub ttl: Ttl,
    /// How duplicates are treated.
    pub dedup: Dedup,
    /// Slow motion.
    pub hop_delay: Duration,
    /// How hits and reports travel to this node's searches.
    pub hits: Delivery,
    /// Ask each node to report on this node's searches.
    pub trace: bool,
    /// Proof that the overlay asks for.
    pub passphrase: Option<Passphrase>,
    /// How long a search runs.
    pub search_timeout: Duration,
    /// A search ends at that many hits.
    pub search_enough: usize,
    /// Uploads at once.
    pub upload_slots: usize,
    /// Uploads that may wait.
    pub upload_queue: usize,
    /// Bytes hashed a second at the most; `None` for as fast as it goes.
    pub hash_rate: Option<u64>,
}

/// Where a node keeps its things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// The configuration, keymaps and themes.
    pub config: PathBuf,
    /// Key, known hosts, library cache.
    pub state: PathBuf,
    /// The control socket.
    pub socket: PathBuf,
}

/// A secret that never appears in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Passphrase(String);

impl Passphrase {
    /// Takes a secret.
    #[must_use]
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase(…)")
    }
}
