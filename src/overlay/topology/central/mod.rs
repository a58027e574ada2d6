//! Central lookup (Napster): a directory knows who has what, and at which address; the transfer is direct.

mod client;
mod directories;
mod directory;
mod lease;
mod lookup;
mod memory;
mod message;
mod registry;
mod serve;
mod session;
mod status;
mod sync;

pub(in crate::overlay) use client::Client;
pub(in crate::overlay) use directory::Directory;
pub(in crate::overlay) use lookup::Pages;
#[cfg(test)]
pub(crate) use lookup::lookup_bytes;
pub use memory::MemoryRegistry;
pub use message::{CentralMessage, Change, Found, FoundAt, Known, Lease, Lookup, Register, Renew, file_tag};
pub use registry::{Registration, Registry, RegistryFull};
pub use status::{ClientStatus, DirectoryStatus};
