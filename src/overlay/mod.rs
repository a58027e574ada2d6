//! The core: one node's whole behaviour as a state machine without IO.
//!
//! [`Node::handle`] takes an [`Input`] and fills an outbox with [`Output`]s; [`Node::next_wake`] says when it wants to be
//! woken. There is no clock, no socket and no randomness in here that the caller did not bring, so that a real node and
//! a simulated one are the same code, and a seed gives the same run.

mod accounts;
mod answer;
mod explain;
mod hosts;
mod io;
mod limit;
mod link;
mod membership;
mod message;
mod node;
mod reach;
mod report;
mod search;
mod seen;
mod strategy;
mod timers;
mod topology;
mod traffic;

#[cfg(test)]
mod tests;

pub use explain::{
    Account, Acquaintance, Ask, ExplainMessage, Explained, Missing, PassedBy, Question, Told, Undelivered, Unwilling,
    is_begun, is_named,
};
pub use io::{
    Command, Config, Context, Dedup, DirectoryState, DoneWhy, Event, HostSource, Input, Library, LinkId, Output, Peer,
    Relay, RoleChoice, SearchCost, SearchSpec, Standing, Trace,
};
pub use link::{Link, LinkCounts};
pub use message::{
    Action, Bye, ByeReason, Delivery, FoundFile, Hello, HitBody, HitMessage, Hop, Message, Ping, Pong, Proposal,
    Purpose, QueryBody, QueryMessage, Reach, ReportBody, ReportMessage, Role, Sealed, Status, TopologyKind,
};
pub use node::{Counters, Node};
pub use search::Searching;
#[cfg(test)]
pub(crate) use search::{ENVELOPE_BYTES, report_bytes};
pub use strategy::Strategy;
#[cfg(test)]
pub(crate) use topology::central::lookup_bytes;
pub use topology::central::{
    CentralMessage, Change, ClientStatus, DirectoryStatus, Found, FoundAt, Known, Lease, Lookup, MemoryRegistry,
    Register, Registration, Registry, RegistryFull, Renew, file_tag,
};
pub use topology::ultra::{CapacitySource, FilterPart, Score, UltraMessage, UltraStatus};
pub use traffic::{LinkTraffic, Spent};
