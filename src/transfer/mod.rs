//! Moving files between nodes.

mod state;

pub use state::{Direction, Transfer, TransferState, VERIFICATION_FAILED};
