//! A query on its way, its body, and the bytes in which that travels.

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use crate::proto::{Guid, PeerAddr, Query, QueryError, Travel};

/// See [`super::Message::Query`]. Copies share the body.
#[derive(Clone, Debug)]
pub struct QueryMessage {
    /// Names the query.
    pub guid: Guid,
    /// TTL and hops.
    pub travel: Travel,
    /// What is the same in every copy.
    pub body: Arc<QueryBody>,
}

/// What a query asks for, and where the answer goes.
#[derive(Clone, Debug, Default)]
pub struct QueryBody {
    /// The search as it was typed.
    pub text: Box<str>,
    /// Where the requester can be reached.
    pub origin: Option<PeerAddr>,
    /// How hits and reports travel.
    pub delivery: Delivery,
    /// Whether each node is asked to report what it did with the query.
    pub traced: bool,
    /// Whether each copy is a walker: a node passes it on to one neighbor drawn at random instead of to all. A node of an
    /// older version does not know of this and floods it, within the TTL of floods.
    pub walk: bool,
    parsed: OnceLock<Result<Arc<Query>, QueryError>>,
    sealed: Sealed,
}

/// How a hit reaches the origin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Delivery {
    /// Over a connection of its own to the origin's address; by the reverse path where that fails.
    #[default]
    Direct,
    /// Hop by hop, over the exact reverse of the query's path.
    Reverse,
    /// In a directory's answer. No query travels with it.
    Directory,
}

impl QueryBody {
    /// A body of a new query.
    #[must_use]
    pub fn new(text: &str, origin: Option<PeerAddr>, delivery: Delivery, traced: bool) -> Self {
        Self { text: text.into(), origin, delivery, traced, ..Self::default() }
    }

    /// The same for walkers.
    #[must_use]
    pub fn for_walkers(self) -> Self {
        Self { walk: true, ..self }
    }

    /// The parsed search, read from the text on the first call only: a duplicate is never parsed.
    ///
    /// # Errors
    /// When the text is no query.
    pub fn query(&self) -> Result<&Arc<Query>, &QueryError> {
        self.parsed.get_or_init(|| Query::parse(&self.text).map(Arc::new)).as_ref()
    }

    /// What a hit or report on it starts its way back with.
    pub(in crate::overlay) const fn way_back(&self) -> Travel {
        if self.walk { Travel::way_back_of_walk() } else { Travel::way_back() }
    }

    /// The body's bytes as they go over every link, so that a relay neither decodes nor encodes it again and unknown
    /// fields of a newer version survive.
    #[must_use]
    pub const fn sealed(&self) -> &Sealed {
        &self.sealed
    }
}

/// A body's encoded form, kept beside it: filled by `wire` when it reads or first writes the message, empty in a
/// simulation.
#[derive(Clone, Debug, Default)]
pub struct Sealed(OnceLock<Box<[u8]>>);

impl Sealed {
    /// The bytes, made by `encode` unless they are there already.
    pub fn get_or_seal(&self, encode: impl FnOnce() -> Box<[u8]>) -> &[u8] {
        self.0.get_or_init(encode)
    }

    /// Length in bytes; 0 before the body was encoded.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.get().map_or(0, |bytes| bytes.len())
    }

    /// Whether it has not been encoded yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
