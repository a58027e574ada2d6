//! Moving files between nodes.

mod board;
mod journal;
mod names;
mod plan;
mod range;
mod slots;
mod state;
pub mod verify;

pub use state::{Direction, Transfer, TransferState, VERIFICATION_FAILED};
