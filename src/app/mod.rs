//! The engine as its faces see it: commands in, snapshots and events out.

mod clock;
mod engine;
pub mod event;
mod gauge;
mod handle;
mod known_hosts;
mod log;
mod neighbors;
mod nodes;
mod parts;
pub mod recorded;
mod relayed;
mod rings;
mod role;
mod searches;
mod settings;
pub mod simulated;
mod snapshot;
mod standing;
mod told;
mod traffic;
mod transfer_events;
mod why;
mod world;

pub use crate::net::check_peer;
pub use clock::Clock;
pub use engine::start;
pub use event::{Done, Event, Hit, UpDown, Via};
pub use handle::{AskRequest, Command, Handle, Refusal, Reply, SearchRequest};
pub use log::LogRing;
pub use nodes::KnownNode;
pub use rings::{hops_of, ring_of};
pub use settings::{Home, Passphrase, Settings};
pub use snapshot::{
    CapacitySource, DirectoryRole, Fitness, Flow, HISTORY, HopReport, HopRow, LogLevel, LogLine, Neighbor, NodeStatus,
    QueryRow, QueryState, RoleStatus, RoundRow, Search, Serving, Snapshot, Spread, Traffic, UltraRole, Warning,
};
pub use why::{About, Evidence, Verdict, Why, WhyRequest};
pub use world::{Look, Pace, Speed, SpeedError, Step, WorldCommand, WorldStatus};
// The nouns that faces need, so that they can live on this room alone.
pub use crate::base::Map;
pub use crate::overlay::{
    Action, Dedup, Delivery, DirectoryState, DoneWhy, LinkTraffic, QueryBody, Role, RoleChoice, Strategy, TopologyKind,
};
pub use crate::proto::limits::{MAX_LINKS, MAX_NODE_NAME, MAX_TTL, MAX_WALK_TTL, MAX_WALKERS};
pub use crate::proto::{FileId, Guid, NodeId, PeerAddr, Ttl, Untrusted};
pub use crate::share::{
    CHECK_THREAD, Excluded, FileRow, FilesPage, LibraryStatus, RootStatus, SharedFolder, WatchStatus,
};
pub use crate::transfer::{Direction, Transfer, TransferState, VERIFICATION_FAILED};
pub use crate::wire::seal_query;

// What a recording is checked against, because anybody may have written it.
pub use crate::proto::Magnet;
pub use crate::proto::limits::{MAX_FILE_NAME, MAX_HITS_A_SEARCH, MAX_HOPS_A_SEARCH, MAX_QUERY_TEXT};
