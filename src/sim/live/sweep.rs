//! The rules that nodes and the world must keep. A node's state changes only when it is given an input, so looking at the one
//! that just was, each time, is looking at all of them at every step. What concerns several nodes is looked at in sweeps.

use std::time::Duration;

use super::agenda::Happening;
use super::links::{Held, Phase};
use super::population::index_of;
use super::roles::{company, slots};
use super::tally::{KINDS, kind};
use super::violation::Broken;
use super::watch::Cue;
use super::world::{DIRECTORY, World};
use crate::overlay::Role;
use crate::proto::limits::MAX_HOSTS;

/// What a search may take longer than its deadline.
const GRACE: Duration = Duration::from_millis(1);
/// Addresses that a node may be dialling at once.
const MAX_DIALLING: usize = 8;
/// How long a leaf listens to who is no ultra-peer.
const LAST_WORDS: Duration = Duration::from_millis(2_001);
/// A leaf without an ultra-peer is one itself by then: nine and a half seconds if it is as unfit as can be, and what it
/// takes to be turned away by those that were about to take it.
const ORPHANED: Duration = Duration::from_secs(15);

impl World {
    /// Looks at one node after an input.
    pub(super) fn look_at(&self, node: u32, cue: &Cue) -> Result<(), Broken> {
        let Some(core) = &self.slots[node as usize].core else { return Ok(()) };
        let wake = core.next_wake();
        let now = self.time_of(node);
        if (wake < now && !self.is_about_to_wake(node)) || (matches!(cue, Cue::Wake) && wake == now) {
            let detail = format!("{} of {} us", wake.micros(), now.micros());
            return Err(Broken::new("the next wake-up lies ahead", detail));
        }
        let [neighbors, leaves, clients] = slots(core, self.config_of(node));
        let tables = [
            neighbors,
            leaves,
            clients,
            ("addresses", core.known_hosts(), MAX_HOSTS),
            ("queries", core.queries_remembered(), 2 * self.config.seen_capacity),
            ("dials", core.dialling().count(), MAX_DIALLING),
        ];
        if let Some((name, found, most)) = tables.into_iter().find(|(_, found, most)| found > most) {
            return Err(Broken::new(
                "tables keep to their bounds",
                format!("{found} {name} and at most {most} of a {:?}", core.role()),
            ));
        }
        company(core)?;
        core.links().iter().try_for_each(|link| self.look_at_link(node, link.id().0, index_of(&link.peer().id)))
    }

    /// What a node takes for its link is one, and leads to whom it thinks.
    fn look_at_link(&self, node: u32, link: u32, to: u32) -> Result<(), Broken> {
        let end = self.conns.end(link);
        let other = self.conns.end(link ^ 1).map(|other| other.node);
        let is_up = end.is_some_and(|end| end.node == node && end.phase == Phase::Up);
        if !is_up || other != Some(to) {
            let detail = format!("{link} to node {other:?}");
            return Err(Broken::new("neighbors are at the other end of links that are up", detail));
        }
        Ok(())
    }

    /// Looks at what concerns several nodes.
    pub(super) fn sweep(&self) -> Result<(), Broken> {
        self.sweep_searches()?;
        self.sweep_links()?;
        self.sweep_orphans()?;
        self.sweep_directory()?;
        self.sweep_messages()
    }

    /// A6: every search has ended by its deadline.
    fn sweep_searches(&self) -> Result<(), Broken> {
        for asked in self.asked.open.values().filter(|asked| asked.done.is_none()) {
            let slot = &self.slots[asked.origin as usize];
            let asks = slot.life == asked.life && slot.core.is_some();
            if asks && self.clock.now > asked.deadline + GRACE {
                let detail = format!("node {} began one at {} us", asked.origin, asked.began.micros());
                return Err(Broken::new("a search ends by its deadline", detail));
            }
        }
        Ok(())
    }

    /// Two nodes agree on the links between them, once both know. A directory keeps those of its clients apart; and a leaf
    /// listens for a moment to who turned out to be of no use to it, and then lets go.
    fn sweep_links(&self) -> Result<(), Broken> {
        let directory = self.slots[DIRECTORY as usize].core.as_ref();
        let mut clients: Vec<u32> = Vec::new();
        for (link, peer, _) in directory.into_iter().flat_map(|core| core.clients()) {
            self.look_at_link(DIRECTORY, link.0, index_of(&peer.id))?;
            clients.push(link.0);
        }
        clients.sort_unstable();
        for (link, conn) in self.conns.all() {
            let settled = conn.ends.iter().all(|end| end.phase == Phase::Up && !end.ending && end.held.is_empty());
            if !settled {
                continue;
            }
            for (side, end) in conn.ends.iter().enumerate() {
                let name = link + side as u32;
                let Some(core) = &self.slots[end.node as usize].core else { continue };
                let known = core.links().iter().any(|own| own.id().0 == name) || clients.binary_search(&name).is_ok();
                let listens = core.role() == Role::Leaf && self.clock.now <= end.opened + LAST_WORDS;
                if !known && !listens {
                    let detail = format!("link {link}, node {}", end.node);
                    return Err(Broken::new("a link that is up is known at both ends", detail));
                }
            }
        }
        Ok(())
    }

    /// Whether a node is woken yet in this instant: so right after its clock jumped, while a message comes first.
    fn is_about_to_wake(&self, node: u32) -> bool {
        self.slots[node as usize].wake == self.clock.now
    }

    /// U6: who lost its ultra-peers has one again in time, or is one. Whatever else goes wrong, a leaf can always become
    /// an ultra-peer itself.
    pub(super) fn sweep_orphans(&self) -> Result<(), Broken> {
        for (node, slot) in self.slots.iter().enumerate() {
            let Some(core) = &slot.core else { continue };
            let since = core.ultra_status(&self.config).and_then(|status| status.seeking_since);
            let now = self.time_of(node as u32);
            if since.is_some_and(|since| now > since + ORPHANED) && !self.is_about_to_wake(node as u32) {
                let detail = format!("node {node} since {since:?}");
                return Err(Broken::new("a leaf finds an ultra-peer in time, or becomes one", detail));
            }
        }
        Ok(())
    }

    /// A1: what was sent arrived, got lost for a reason, or is on its way.
    fn sweep_messages(&self) -> Result<(), Broken> {
        let mut on_its_way = [0; KINDS.len()];
        let mut direct = 0;
        for what in self.clock.agenda.waiting() {
            match what {
                Happening::Arrival { message, .. } => on_its_way[kind(message)] += 1,
                Happening::Direct { .. } | Happening::DirectFailed { .. } => direct += 1,
                _ => {}
            }
        }
        for held in self.conns.all().flat_map(|(_, conn)| &conn.ends).flat_map(|end| &end.held) {
            if let Held::Message(message) = held {
                on_its_way[kind(message)] += 1;
            }
        }
        for ((traffic, found), name) in self.traffic.iter().zip(on_its_way).zip(KINDS) {
            if traffic.in_flight() != found {
                let detail = format!("{name}: {} on their way by the counts, {found} found", traffic.in_flight());
                return Err(Broken::new("what is sent arrives, is lost for a reason, or is on its way", detail));
            }
        }
        if self.direct.in_flight() != direct {
            let detail = format!("direct: {} by the counts, {direct} found", self.direct.in_flight());
            return Err(Broken::new("what is sent arrives, is lost for a reason, or is on its way", detail));
        }
        Ok(())
    }

    /// How many parts the nodes that are online fall into, by links that both ends know. Leaves relay nothing: each
    /// belongs to whom it is attached to, and makes no one part of two.
    #[must_use]
    pub fn parts(&self) -> usize {
        let mut root: Vec<u32> = (0..self.slots.len() as u32).collect();
        fn find(root: &mut [u32], mut node: u32) -> u32 {
            while root[node as usize] != node {
                root[node as usize] = root[root[node as usize] as usize];
                node = root[node as usize];
            }
            node
        }
        let mut attached = vec![false; self.slots.len()];
        let mut parts = self.online;
        for (_, conn) in self.conns.all() {
            let up = conn.ends.iter().all(|end| end.phase == Phase::Up && !end.ending);
            let [a, b] = conn.ends.each_ref().map(|end| end.node);
            match (up, self.is_leaf(a), self.is_leaf(b)) {
                (false, ..) | (_, true, true) => continue,
                (_, true, false) | (_, false, true) => {
                    let leaf = if self.is_leaf(a) { a } else { b };
                    parts -= usize::from(!std::mem::replace(&mut attached[leaf as usize], true));
                    continue;
                }
                (_, false, false) => {}
            }
            let (a, b) = (find(&mut root, a), find(&mut root, b));
            if a != b {
                root[a as usize] = b;
                parts -= 1;
            }
        }
        parts
    }

    /// Whether a node is online and a leaf.
    pub(super) fn is_leaf(&self, node: u32) -> bool {
        self.slots[node as usize].core.as_ref().is_some_and(|core| core.role() == Role::Leaf)
    }

    /// The nodes that are online and linked to a node by links that both ends know, in ascending order.
    pub(super) fn neighbors(&self, node: u32) -> Vec<u32> {
        let up = |link: &u32| {
            let conn = self.conns.get(*link)?;
            let up = conn.ends.iter().all(|end| end.phase == Phase::Up && !end.ending);
            up.then_some(conn.ends[(1 - (link & 1)) as usize].node)
        };
        let mut neighbors: Vec<u32> = self.slots[node as usize].ends.iter().filter_map(up).collect();
        neighbors.sort_unstable();
        neighbors
    }
}
