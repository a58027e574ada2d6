//! Whether this node can be reached from outside, and looking whether others can: by dialling back, as Gnutella's
//! connect-back messages do.

use std::time::Duration;

use super::io::{Context, LinkId, Output, Peer};
use super::limit::Bucket;
use super::message::{Message, Reach};
use super::node::Node;
use crate::base::Time;
use crate::proto::{Guid, NodeId, PeerAddr};

/// Looks for others that are under way at once.
const MAX_CHECKS: usize = 256;
/// Looks that a node makes: so many a second, and so many at once.
const CHECKS: (u32, u32) = (100, 500);
/// Between two questions of this node.
const ASK_AGAIN: Duration = Duration::from_secs(60);

/// What a node knows of its own reachability, and the looks that it makes for others.
#[derive(Debug, Default)]
pub(super) struct Reachability {
    /// Whether somebody got through to this node.
    inbound: Option<bool>,
    asked: Option<(Guid, Time)>,
    allowed: Bucket,
    /// Who asked for which look.
    checks: Vec<(NodeId, LinkId, Guid)>,
}

impl Reachability {
    /// A link came up: one that the other end dialled proves that this node can be reached.
    pub(super) fn linked(&mut self, peer: &Peer) {
        if peer.dialled.is_none() {
            self.inbound = Some(true);
        }
    }
}

impl Node {
    /// Whether this node accepts inbound connections, as far as known.
    #[must_use]
    pub fn accepts_inbound(&self) -> Option<bool> {
        self.reach.inbound
    }

    /// Asks a neighbor to dial back, unless that is known or was asked a moment ago.
    pub(super) fn ask_whether_reachable(&mut self, index: usize, cx: &mut Context<'_>) {
        let asked_lately = self.reach.asked.is_some_and(|(_, at)| self.now.since(at) < ASK_AGAIN);
        if self.reach.inbound == Some(true) || asked_lately {
            return;
        }
        let guid = self.random_guid();
        self.reach.asked = Some((guid, self.now));
        self.send(index, Message::Reach(Reach { guid, reached: None }), cx);
    }

    /// A neighbor asks to be dialled back, or answers.
    pub(super) fn on_reach(&mut self, index: usize, reach: Reach, cx: &mut Context<'_>) {
        match reach.reached {
            Some(reached) if self.reach.asked.is_some_and(|(guid, _)| guid == reach.guid) => {
                self.reach.inbound = Some(reached || self.reach.inbound == Some(true));
            }
            Some(_) => self.counters.stale += 1,
            None => {
                let link = &self.links[index];
                let (id, node, listen) = (link.id, link.peer.id, link.peer.listen);
                let Some(addr) = listen.filter(|_| self.reach.checks.len() < MAX_CHECKS) else {
                    self.counters.limited += 1;
                    return;
                };
                if self.check(addr, node, cx) {
                    self.reach.checks.push((node, id, reach.guid));
                }
            }
        }
    }

    /// Has the driver look for a node at an address, if the rate allows it.
    pub(super) fn check(&mut self, addr: PeerAddr, node: NodeId, cx: &mut Context<'_>) -> bool {
        let allowed = addr.is_dialable() && self.reach.allowed.take(self.now, CHECKS.0, CHECKS.1);
        if allowed {
            cx.out.push(Output::Check { addr, node });
        } else {
            self.counters.limited += 1;
        }
        allowed
    }

    /// The driver looked.
    pub(super) fn on_checked(&mut self, addr: PeerAddr, node: NodeId, reached: bool, cx: &mut Context<'_>) {
        while let Some(place) = self.reach.checks.iter().position(|(other, ..)| *other == node) {
            let (_, link, guid) = self.reach.checks.swap_remove(place);
            if let Some(index) = self.link_index(link) {
                self.send(index, Message::Reach(Reach { guid, reached: Some(reached) }), cx);
            }
        }
        self.client_checked(addr, node, reached, cx);
    }
}
