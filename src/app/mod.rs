//! The engine as its faces see it: commands in, snapshots and events out.

mod engine;
pub mod event;
mod handle;
mod settings;
mod snapshot;

pub use engine::start;
pub use event::{Done, Event, Hit, UpDown, Via};
pub use handle::{Command, Handle, Refusal, SearchRequest};
pub use settings::{Home, Passphrase, Settings, Share};
pub use snapshot::{
    HISTORY, HopReport, HopRow, LogLevel, LogLine, Neighbor, NodeStatus, QueryRow, QueryState, RoleStatus, Search,
    Snapshot, Traffic, Warning,
};
// The nouns that faces need, so that they can live on this room alone.
pub use crate::overlay::{Action, Dedup, Delivery, DoneWhy, Role, TopologyKind};
pub use crate::proto::{FileId, Guid, NodeId, PeerAddr, Ttl, Untrusted, limits::MAX_TTL};
pub use crate::share::{Excluded, FileRow, FilesPage, LibraryStatus, RootStatus, WatchStatus};
pub use crate::transfer::{Direction, Transfer, TransferState};
