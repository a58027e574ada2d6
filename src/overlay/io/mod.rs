//! The core's whole interface: what goes in, what comes out, and what the caller brings along.

mod config;
mod event;
mod input;
mod output;
mod peer;

pub use config::{Config, Dedup, RoleChoice};
pub use event::{DirectoryState, DoneWhy, Event, SearchCost};
pub use input::{Command, HostSource, Input, SearchSpec, Standing};
pub use output::{Output, Relay, Trace};
pub use peer::{LinkId, Peer};

use super::explain::Missing;
use super::message::FoundFile;
use super::topology::central::Registry;
use crate::base::Time;
use crate::proto::{FileId, Query};

/// What the caller brings to each call.
pub struct Context<'a> {
    /// The time. It must not go backwards; if it does, it is taken as unchanged.
    pub now: Time,
    /// The settings, shared by all nodes of a simulation.
    pub config: &'a Config,
    /// What the node shares.
    pub library: &'a dyn Library,
    /// What others registered, if the node serves a directory.
    pub registry: Option<&'a mut dyn Registry>,
    /// Where outputs go; empty at the call, drained after it.
    pub out: &'a mut Vec<Output>,
}

/// What a node shares, as the core sees it.
pub trait Library {
    /// Appends up to `limit` files that match, the best first.
    fn find(&self, query: &Query, limit: usize, found: &mut Vec<FoundFile>);

    /// Files and bytes shared.
    fn totals(&self) -> (u64, u64);

    /// Shows each file: its name, its size, its content. In any order, and files of the same name and content may come
    /// more than once.
    fn each(&self, visit: &mut dyn FnMut(&str, u64, &FileId));

    /// What matches and is not shared, or not yet. A library that has nothing of the kind need not say so.
    fn missing(&self, _query: &Query) -> Missing {
        Missing::default()
    }
}
