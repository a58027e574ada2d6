//! The library as it stands, for those who show it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::proto::{FileId, Untrusted};

/// What is shared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LibraryStatus {
    /// Files indexed.
    pub files: u64,
    /// Bytes indexed.
    pub bytes: u64,
    /// The shared folders.
    pub roots: Vec<RootStatus>,
    /// Files that wait to be hashed.
    pub hashing_files: u64,
    /// Bytes that wait to be hashed.
    pub hashing_bytes: u64,
    /// Bytes hashed a second, lately.
    pub hash_rate: u64,
    /// The file that is being hashed.
    pub hashing_now: Option<Untrusted>,
    /// Whether a scan runs.
    pub scanning: bool,
    /// Scans that came to their end since the start.
    #[serde(default)]
    pub scans: u64,
    /// Entries left out by a rule or an error, the latest first; a sample.
    pub excluded: Vec<Excluded>,
    /// Entries left out, in all.
    pub excluded_count: u64,
    /// What is wrong with the cache of hashes on disk, and what was done about it.
    #[serde(default)]
    pub cache_note: Option<String>,
    /// Changes with each change of the library, so that a face knows when to ask for files again.
    pub version: u64,
}

impl LibraryStatus {
    /// Whether everything that was noticed is indexed: no scan runs, and no file waits to settle or to be hashed.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        !self.scanning && self.hashing_files == 0
    }
}

/// A shared folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RootStatus {
    /// What it is called.
    pub alias: String,
    /// Where it lies.
    #[serde(with = "crate::proto::path")]
    pub path: PathBuf,
    /// Files indexed of it.
    pub files: u64,
    /// How changes are noticed, and what is wrong if something is.
    pub watch: WatchStatus,
}

/// How changes of a share are noticed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum WatchStatus {
    /// The system tells.
    Watched,
    /// By a scan every so often, because it cannot be watched.
    Polled {
        /// Why, and what to do.
        why: String,
    },
    /// Not at all: it is gone or cannot be read.
    Lost {
        /// Why, and what to do.
        why: String,
    },
}

/// An entry of a share that is not shared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excluded {
    /// Which.
    #[serde(with = "crate::proto::path")]
    pub path: PathBuf,
    /// Why.
    pub why: String,
}

/// A shared file, for the list of files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRow {
    /// Its share's alias and its path there.
    pub path: Untrusted,
    /// Its bytes.
    pub size: u64,
    /// Its content.
    #[serde(with = "crate::proto::hash")]
    pub hash: FileId,
    /// What `hopscope get` takes.
    pub magnet: String,
}

/// A part of the list of files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilesPage {
    /// Files that match, in all.
    pub total: u64,
    /// Place of the first one here.
    pub offset: u64,
    /// The files, by path.
    pub files: Vec<FileRow>,
}
