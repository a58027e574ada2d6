//! Central lookup (Napster): a directory knows who has what, and at which address; the transfer is direct.

mod client;
mod directory;
mod message;
mod registry;

pub(in crate::overlay) use client::Client;
pub(in crate::overlay) use directory::Directory;
pub use message::{CentralMessage, Change, Found, FoundAt, Known, Lease, Lookup, Register, Renew, file_tag};
pub use registry::{Registration, Registry, RegistryFull};
