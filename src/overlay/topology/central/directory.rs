//! The directory.

use crate::overlay::io::*;
use crate::overlay::message::*;
use crate::overlay::node::Node;
use crate::proto::{NodeId, PeerAddr};
use std::sync::Arc;

#[derive(Debug, Default)]
pub(in crate::overlay) struct Directory;

impl Node {
    /// At the start of a node that serves a directory: make `self.directory`, `Timer::Lease` at once to restore leases.
    pub(in crate::overlay) fn begin_directory(&mut self) {}
    pub(in crate::overlay) fn has_room_for_client(&self) -> bool {
        false
    }
    /// A client's link is up. It is kept in `Directory`, not in `self.links`.
    pub(in crate::overlay) fn client_up(&mut self, id: LinkId, peer: Arc<Peer>, cx: &mut Context<'_>) {}
    /// A link that is not in `self.links` is gone.
    pub(in crate::overlay) fn client_down(&mut self, id: LinkId, why: &str, cx: &mut Context<'_>) {}
    /// A message came in on a link that is not in `self.links`: a client's, or `stale`.
    pub(in crate::overlay) fn on_client_message(&mut self, id: LinkId, message: Message, cx: &mut Context<'_>) {}
    pub(in crate::overlay) fn client_checked(
        &mut self,
        addr: PeerAddr,
        node: NodeId,
        reached: bool,
        cx: &mut Context<'_>,
    ) {
    }
    /// `Timer::Lease`.
    pub(in crate::overlay) fn check_leases(&mut self, cx: &mut Context<'_>) {}
    /// Pass a proposal to all clients but the one at `from`.
    pub(in crate::overlay) fn tell_clients(&mut self, from: Option<LinkId>, proposal: &Proposal, cx: &mut Context<'_>) {
    }
    /// The node shuts down: say goodbye to all clients.
    pub(in crate::overlay) fn close_directory(&mut self, cx: &mut Context<'_>) {}
}
