//! What every task of the driver needs.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::clock::Clock;
use super::endpoint::Endpoint;
use super::inbox::Note;
use super::tally::Tally;
use crate::overlay::Hello;

/// Handles, cheap to clone.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) clock: Clock,
    pub(super) endpoint: Arc<Endpoint>,
    /// What this node says of itself on every new link.
    pub(super) hello: watch::Receiver<Hello>,
    /// To the actor.
    pub(super) notes: mpsc::Sender<Note>,
    pub(super) tally: Arc<Tally>,
    pub(super) tracker: TaskTracker,
    /// The node leaves: nothing new begins.
    pub(super) leave: CancellationToken,
    /// The node has left: everything ends.
    pub(super) cut: CancellationToken,
}
