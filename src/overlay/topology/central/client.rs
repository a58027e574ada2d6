//! The client.

use super::CentralMessage;
use crate::overlay::io::*;
use crate::overlay::link::Link;
use crate::overlay::message::*;
use crate::overlay::node::Node;
use crate::proto::PeerAddr;

#[derive(Debug, Default)]
pub(in crate::overlay) struct Client;

impl Node {
    /// The role at the start of a node in this topology.
    pub(in crate::overlay) fn begin_central(&mut self, config: &Config) -> Role {
        Role::Client
    }
    /// The node changes to this topology: take the role with `become_role`.
    pub(in crate::overlay) fn enter_central(&mut self, why: &str, cx: &mut Context<'_>) {}
    /// The node changes to another topology: say goodbye to the directory, forget the registration, end look-ups as `Cut`.
    pub(in crate::overlay) fn leave_central(&mut self) {}
    /// Dial a directory, unless one is linked or being dialled; `Timer::Join` when to come again.
    pub(in crate::overlay) fn join_directory(&mut self, cx: &mut Context<'_>) {}
    pub(in crate::overlay) fn directory_unreachable(&mut self, addr: PeerAddr) {}
    /// A peer came up or told its status: one that serves a directory is worth knowing (unless `only_peers`).
    pub(in crate::overlay) fn learn_directory(&mut self, peer: &Peer, config: &Config) {}
    pub(in crate::overlay) fn learn_directories(&mut self, addrs: &[PeerAddr]) {}
    /// The user named directories.
    pub(in crate::overlay) fn on_directories(&mut self, addrs: &[PeerAddr]) {}
    pub(in crate::overlay) fn directories_known(&self) -> impl Iterator<Item = PeerAddr> + '_ {
        std::iter::empty()
    }
    /// The link to the directory is up: register.
    pub(in crate::overlay) fn directory_up(&mut self, index: usize, cx: &mut Context<'_>) {}
    /// The link to the directory is gone.
    pub(in crate::overlay) fn directory_gone(&mut self, link: &Link, why: &str, cx: &mut Context<'_>) {}
    /// A central message came in on a link of `self.links`: from the directory, or out of place.
    pub(in crate::overlay) fn on_directory_message(
        &mut self,
        index: usize,
        message: CentralMessage,
        cx: &mut Context<'_>,
    ) {
    }
    /// `Timer::Register`.
    pub(in crate::overlay) fn check_registration(&mut self, cx: &mut Context<'_>) {}
    pub(in crate::overlay) fn client_addr_changed(&mut self) {}
    pub(in crate::overlay) fn client_library_changed(&mut self) {}
    /// A search in this topology.
    pub(in crate::overlay) fn start_lookup(&mut self, spec: SearchSpec, cx: &mut Context<'_>) {}
}
