//! hopscope: a peer-to-peer file-sharing node that lives in your terminal and lets you see the overlay think.
//!
//! `ARCHITECTURE.md` tells which room holds what and who may call whom.

pub mod base;
pub mod overlay;
pub mod proto;
pub mod sim;
pub mod wire;

#[cfg(feature = "node")]
pub mod app;
#[cfg(feature = "node")]
pub mod cli;
#[cfg(feature = "node")]
pub mod control;
#[cfg(feature = "node")]
pub mod directory;
#[cfg(feature = "node")]
pub mod net;
#[cfg(feature = "node")]
pub mod share;
#[cfg(feature = "node")]
pub mod trace;
#[cfg(feature = "node")]
pub mod transfer;
#[cfg(feature = "node")]
pub mod tui;
#[cfg(feature = "node")]
pub mod watch;
