//! The nouns of the field: what every room means by a guid, a node, a query, a file, and every limit by its name.

mod addr;
pub mod hash;
mod id;
pub mod limits;
pub mod magnet;
pub mod path;
mod query;
mod travel;
mod untrusted;

pub use addr::PeerAddr;
pub use id::{FileId, Guid, IdError, NodeId};
pub use magnet::{Magnet, MagnetError, MagnetSource};
#[cfg(test)]
pub(crate) use query::drawn::any_query;
pub use query::{FileKind, Folded, Query, QueryError, Term};
pub use travel::{Travel, Ttl};
pub use untrusted::Untrusted;
