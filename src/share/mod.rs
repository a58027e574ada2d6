//! What this node offers: scan, watch, hash, index, and the cache of them on disk.

mod clock;
mod hash;
pub mod index;
mod rules;
mod status;
mod walk;

pub use status::{Excluded, FileRow, FilesPage, LibraryStatus, RootStatus, WatchStatus};
