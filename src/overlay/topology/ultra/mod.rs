//! Ultra-peers (KaZaA, Gnutella 0.6): capable nodes that are steadily online flood among themselves, and answer for their
//! leaves.

mod message;

pub use message::{FilterPart, UltraMessage};

use super::Class;
use crate::overlay::io::*;
use crate::overlay::link::Link;
use crate::overlay::message::*;
use crate::overlay::node::Node;
use crate::proto::Travel;

#[derive(Debug, Default)]
pub(in crate::overlay) struct Ultra;

/// How fit a node is to be an ultra-peer, in thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// All of it.
    pub total: u16,
}

impl Node {
    /// The role at the start of a node in this topology; sets up `self.ultra` and `Timer::Role`.
    pub(in crate::overlay) fn begin_ultra(&mut self, config: &Config) -> Role {
        Role::Leaf
    }
    /// The node changes to this topology: take a role with `become_role`.
    pub(in crate::overlay) fn enter_ultra(&mut self, why: &str, cx: &mut Context<'_>) {}
    /// The node changes to another topology: forget filters and alternatives.
    pub(in crate::overlay) fn leave_ultra(&mut self) {}
    pub fn score(&self, config: &Config) -> Score {
        Score::default()
    }
    /// Dial ultra-peers until the leaf has enough; `Timer::Join` when to come again.
    pub(in crate::overlay) fn join_ultrapeers(&mut self, cx: &mut Context<'_>) {}
    /// A link is up whose class is `Neighbor`, `Leaf` or `Ultrapeer`; in any topology.
    pub(in crate::overlay) fn ultra_link_up(&mut self, index: usize, cx: &mut Context<'_>) {}
    pub(in crate::overlay) fn ultra_link_gone(&mut self, link: &Link, cx: &mut Context<'_>) {}
    /// A neighbor told its status and its class is what it was.
    pub(in crate::overlay) fn on_fitness(&mut self, index: usize, cx: &mut Context<'_>) {}
    /// A neighbor changed its role, and its class with it (`self.links[index].class` is the new one).
    pub(in crate::overlay) fn class_changed(&mut self, index: usize, before: Class, cx: &mut Context<'_>) {}
    pub(in crate::overlay) fn on_ultra(&mut self, index: usize, message: UltraMessage, cx: &mut Context<'_>) {}
    /// `Timer::Role`.
    pub(in crate::overlay) fn check_role(&mut self, cx: &mut Context<'_>) {}
    pub(in crate::overlay) fn leaf_library_changed(&mut self) {}
    /// Hands a query to the leaves that may match; returns how many copies that makes. `travel` is the query's on arrival.
    pub(in crate::overlay) fn hand_to_leaves(
        &mut self,
        from: LinkId,
        query: &QueryMessage,
        travel: Travel,
        cx: &mut Context<'_>,
    ) -> u16 {
        0
    }
}
