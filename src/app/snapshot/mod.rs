//! The node as its faces see it: immutable, cheap to share, published a few times a second and only when something
//! changed. The parts are reference-counted so that one that did not change is not copied.

mod news;
mod query;
mod role;
mod search;
mod traffic;

pub use news::{LogLevel, LogLine, Warning};
pub use query::{QueryRow, QueryState, Spread};
pub use role::{CapacitySource, DirectoryRole, Fitness, RoleStatus, Serving, UltraRole};
pub use search::{HopReport, HopRow, RoundRow, Search};
pub use traffic::{Flow, Neighbor, Traffic};

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::recorded::Origin;
use super::world::WorldStatus;
use crate::overlay::Role;
use crate::proto::{NodeId, PeerAddr, Untrusted};
use crate::share::LibraryStatus;
use crate::transfer::Transfer;

/// Points of a sparkline: the last minute, one a second, oldest first.
pub const HISTORY: usize = 60;

/// Everything that a face shows.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Who this node is.
    pub node: Arc<NodeStatus>,
    /// Milliseconds since the node started, when this was taken.
    pub uptime_ms: u64,
    /// Its neighbors and the addresses being dialled, in the order in which they came.
    pub neighbors: Vec<Neighbor>,
    /// Queries in flight and lately over: own first, then the youngest.
    pub queries: Vec<QueryRow>,
    /// Own searches with what they found, the youngest last.
    pub searches: Vec<Arc<Search>>,
    /// Topology and role, and why.
    pub role: RoleStatus,
    /// Transfers, running and over, in the order in which they came.
    pub transfers: Vec<Arc<Transfer>>,
    /// What is shared.
    pub library: Arc<LibraryStatus>,
    /// Query traffic against content traffic.
    pub traffic: Traffic,
    /// The last lines of the log, the oldest first.
    pub log: Arc<[LogLine]>,
    /// Something that the user should know and may do something about; empty when all is well.
    pub warnings: Arc<[Warning]>,
    /// The world that the node lives in, if it is simulated.
    pub world: Option<Arc<WorldStatus>>,
    /// Whose searches these are, if there is no node but a recording of one: nothing but its searches is known then.
    pub recorded: Option<Arc<Origin>>,
}

impl Snapshot {
    /// What the node is in its topology; `None` for a recorded one that did not tell.
    #[must_use]
    pub fn own_role(&self) -> Option<Role> {
        self.recorded.as_ref().map_or(Some(self.role.role), |origin| origin.role)
    }
}

/// Who this node is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NodeStatus {
    /// Its id.
    pub node: NodeId,
    /// Its name.
    pub name: Untrusted,
    /// Where others reach it.
    pub addr: PeerAddr,
    /// The control socket, if there is one.
    #[serde(with = "crate::proto::path::option")]
    pub control: Option<PathBuf>,
    /// Program version.
    pub version: String,
    /// When it started, RFC 3339.
    pub started: String,
    /// TTL of the next search.
    pub ttl: u8,
    /// Holds each query that long; 0 when not slowed down.
    pub hop_delay_ms: u64,
    /// Where downloads go.
    #[serde(with = "crate::proto::path")]
    pub downloads: PathBuf,
}
