//! What this node offers: scan, watch, hash, index, and the cache of them on disk.

mod status;

pub use status::{Excluded, FileRow, FilesPage, LibraryStatus, RootStatus, WatchStatus};
