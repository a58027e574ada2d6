//! Moving files between nodes: HTTP/1.1 ranges over the node's own streams, checked group by group as they arrive.
//!
//! Pure: `plan` (what is missing), `verify` (what proves a group), `journal` (what survives a crash), `slots` (who may
//! upload), `ledger` (what moved between whom), `range`, `names`. With IO: `partial` (the disk), `serve` and `body` (uploads), `client`, `receive` and
//! `download` (downloads). [`Transfers`] holds both ends and the list that the faces show.

mod board;
mod body;
mod buffers;
mod client;
mod download;
mod journal;
mod ledger;
mod lists;
mod names;
mod partial;
mod patience;
mod plan;
mod range;
mod receive;
mod serve;
mod slots;
mod source;
mod state;
mod transfers;
pub mod verify;

pub use client::{BoxStream, Dial, Stream};
pub use ledger::Moved;
pub use partial::Interrupted;
pub use serve::PeerInfo;
pub use source::{Files, SharedFile};
pub use state::{Direction, Transfer, TransferState, VERIFICATION_FAILED};
pub use transfers::{MAX_DOWNLOADS, NoTransfer, StartError, Totals, TransferSettings, Transfers};

#[cfg(test)]
mod tests;
