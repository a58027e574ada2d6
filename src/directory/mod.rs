//! What a directory keeps of the nodes that register with it: searched in memory, and kept on disk.
//!
//! [`open`] gives a registry that survives restarts, [`Catalogue`] one that does not. A store of another kind, shared
//! by several processes say, is another implementation of [`crate::overlay::Registry`].

mod catalogue;
mod clock;
mod durable;
mod files;
mod nodes;
mod queue;
mod record;
mod search;
mod store;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use catalogue::Catalogue;
pub use clock::{WallClock, wall_clock};
pub use durable::{DirectoryHealth, DurableRegistry};

/// The file of a directory in the folder of its state.
pub const DIRECTORY_FILE: &str = "directory.redb";

/// Why a directory cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file is damaged.
    #[error(
        "the directory's file {} is damaged ({why}): move it away, and the directory starts empty and fills itself again",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The file is a database of something else.
    #[error("{} is no directory's file: move it away", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Another version wrote the file.
    #[error(
        "the directory's file {} is of format {found}, and this version knows {known}: run the version that wrote it, \
         or move the file away",
        path.display()
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// The format of this version.
        known: u64,
    },
    /// Another process has it open.
    #[error("the directory's file {} is in use: another node serves a directory from the same home", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The system refuses.
    #[error(
        "the directory's file {} cannot be opened ({error}): check that it and its folder can be written",
        path.display()
    )]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

/// Opens the directory kept in a file, or begins one. Reads all of it before it returns, which takes a few seconds for
/// a million files. No lease lasts longer than `longest_lease`; `seed` is for hash tables, whose keys strangers choose.
///
/// # Errors
/// [`OpenError`].
pub fn open(path: &Path, longest_lease: Duration, clock: WallClock, seed: u64) -> Result<DurableRegistry, OpenError> {
    DurableRegistry::open(path, store::file(path), longest_lease, clock, seed, catalogue::Bounds::default())
}
