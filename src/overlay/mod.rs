//! The core: one node's whole behaviour as a state machine without IO.

mod io;
mod message;

pub use io::{
    Command, Config, Context, Dedup, DoneWhy, Event, HostSource, Input, Library, LinkId, Output, Peer, SearchCost,
    SearchSpec, Trace,
};
pub use message::{
    Action, Bye, ByeReason, Delivery, FoundFile, Hello, HitBody, HitMessage, Hop, Message, Ping, Pong, QueryBody,
    QueryMessage, ReportBody, ReportMessage, Role, Sealed, TopologyKind,
};
