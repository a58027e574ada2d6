//! A transfer as it stands, and the words for where that is.

use serde::{Deserialize, Serialize};

use crate::proto::{FileId, Untrusted};

/// Whether a file comes or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// It comes here.
    Download,
    /// It goes to another node.
    Upload,
}

/// Where a transfer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TransferState {
    /// Waiting for a slot, here or at the other node.
    Queued,
    /// Bytes move.
    Active,
    /// All bytes are here; the last of them are checked and the file gets its name.
    Verifying,
    /// Complete.
    Done,
    /// Given up; `why` says why. What was verified is kept for the next try.
    Failed,
    /// Stopped by the user.
    Cancelled,
}

impl TransferState {
    /// Whether nothing more will happen.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

/// How the `why` of a failed transfer begins whose content is not what its hash promised. Programs tell it from other
/// failures by this.
pub const VERIFICATION_FAILED: &str = "verification failed";

/// A transfer as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transfer {
    /// Its number, from 1 in this run.
    pub id: u64,
    /// Whether it comes or goes.
    pub direction: Direction,
    /// The file's name.
    pub name: Untrusted,
    /// Its content.
    #[serde(with = "crate::proto::hash")]
    pub hash: FileId,
    /// Bytes done; for a download, verified and on disk.
    pub bytes: u64,
    /// The file's size.
    pub size: u64,
    /// Bytes a second, lately.
    pub rate: u64,
    /// Nodes that send or take it.
    pub sources: u32,
    /// Where it stands.
    pub state: TransferState,
    /// Why it failed, or where it went.
    pub why: Option<String>,
    /// The other node, as far as there is one.
    #[serde(default)]
    pub peer: Untrusted,
}
