//! Whether an overlay that was left alone is whole again: what is missing yet, in each topology.

use super::population::index_of;
use super::scenario::Scenario;
use super::violation::Broken;
use super::world::World;
use crate::base::Time;
use crate::overlay::{Role, TopologyKind};
use crate::proto::NodeId;

impl World {
    /// What is missing until the overlay is whole.
    pub(super) fn missing(&self, scenario: &Scenario) -> Option<Broken> {
        match (&self.graph, self.topology) {
            (Some(_), _) => self.missing_links(),
            (_, TopologyKind::Flood) => self.missing_among(&self.all_online(), scenario),
            (_, TopologyKind::Ultrapeer) => {
                let (leaves, core): (Vec<u32>, Vec<u32>) =
                    self.all_online().into_iter().partition(|&node| self.is_leaf(node));
                self.detached(&leaves).or_else(|| self.missing_among(&core, scenario))
            }
            (_, TopologyKind::Central) => self.unregistered(),
        }
    }

    /// The nodes that are online, in ascending order.
    pub(super) fn all_online(&self) -> Vec<u32> {
        (0..self.slots.len() as u32).filter(|&node| self.slots[node as usize].core.is_some()).collect()
    }

    /// Where links are laid out: all of them between nodes that run.
    fn missing_links(&self) -> Option<Broken> {
        let (graph, nodes) = (self.graph.as_ref()?, self.all_online());
        let lacks = |&(a, b): &(u32, u32)| nodes.contains(&b) && !self.neighbors(a).contains(&b);
        let mut laid = nodes.iter().flat_map(|&a| graph.neighbors(a as usize).iter().map(move |&b| (a, b)));
        let (a, b) = laid.find(lacks)?;
        Some(Broken::new("links that are laid out come up again", format!("{a} to {b}")))
    }

    /// Where nodes that relay find each other: that nobody is alone while somebody has room, and where there is room for
    /// all and nobody is content with a part, that there is one part.
    fn missing_among(&self, nodes: &[u32], scenario: &Scenario) -> Option<Broken> {
        let settings = &scenario.settings;
        let links = |node: u32| self.neighbors(node).into_iter().filter(|other| nodes.contains(other)).count();
        let has_room = |node: &u32| links(*node) < settings.max_neighbors.0;
        // Who knows no address can only wait to be found, and nobody looks for it who has neighbors enough.
        let knows = |node: u32| self.slots[node as usize].core.as_ref().is_some_and(|core| core.known_hosts() > 0);
        let alone = nodes.iter().copied().find(|&node| links(node) == 0 && knows(node));
        if let Some(alone) = alone.filter(|alone| nodes.iter().any(|node| node != alone && has_room(node))) {
            return Some(Broken::new("nobody stays alone while somebody has room", format!("node {alone}")));
        }
        let crowded = settings.max_neighbors.0 < nodes.len() || settings.min_neighbors.0 < nodes.len().div_ceil(2);
        let parts = self.parts();
        let apart = !crowded && parts > 1;
        apart.then(|| Broken::new("the overlay becomes one again", format!("{parts} parts of {} nodes", nodes.len())))
    }

    /// A leaf that belongs to no ultra-peer: nobody would answer for it.
    fn detached(&self, leaves: &[u32]) -> Option<Broken> {
        let relays = |node: u32| self.neighbors(node).into_iter().any(|other| !self.is_leaf(other));
        let detached = leaves.iter().find(|&&leaf| !relays(leaf))?;
        Some(Broken::new("every leaf belongs to an ultra-peer", format!("node {detached}")))
    }

    /// C1: whatever a node shares that is online is registered, all of it and nothing else, at a directory that is up.
    fn unregistered(&self) -> Option<Broken> {
        let lacks = |node: &u32| {
            let id = self.slots[*node as usize].core.as_ref().map(|core| core.id());
            let known = self.registry.each().find(|(known, ..)| Some(*known) == id);
            known.is_none_or(|(.., files)| files.len() != self.catalogue.of(*node).len())
        };
        let lacking = self.all_online().into_iter().filter(|&node| !self.serves(node)).find(lacks)?;
        Some(Broken::new("who is online is registered with all its files", format!("node {lacking}")))
    }

    /// C2: what a node registered that is gone. A lease after it was last heard of there must be none.
    pub(super) fn ghost(&self) -> Option<Broken> {
        let lives = |id: &NodeId| {
            let slot = &self.slots[index_of(id) as usize];
            slot.core.as_ref().is_some_and(|core| core.id() == *id)
        };
        let (ghost, ..) = self.registry.each().find(|(id, ..)| !lives(id))?;
        let detail = format!("what was node {}", index_of(&ghost));
        Some(Broken::new("a directory forgets who is gone when its lease is over", detail))
    }

    /// The roles of all nodes, and since when they play them: the same before and after, if nobody changed it.
    pub(super) fn roles(&self) -> Vec<Option<(Role, Time)>> {
        let role = |node: usize| self.slots[node].core.as_ref().map(|core| (core.role(), core.role_story().0));
        (0..self.slots.len()).map(role).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::births::Going;
    use super::super::tests::{begun_in, calm};
    use super::super::world::{DIRECTORY, World};
    use crate::overlay::{Input, LinkId, Registry, TopologyKind};

    fn missing(world: &World) -> Option<&'static str> {
        world.missing(&world.scenario).map(|broken| broken.rule)
    }

    #[test]
    fn leaves_without_an_ultra_peer_are_seen_at_once_and_as_orphans_later() {
        let mut world = begun_in(&calm(12), TopologyKind::Ultrapeer);
        assert_eq!((missing(&world), world.parts(), world.sweep()), (None, 1, Ok(())));
        let leaf = world.all_online().into_iter().find(|&node| world.is_leaf(node)).unwrap();
        for link in world.slots[leaf as usize].ends.clone() {
            world.handle(leaf, Input::LinkDown { link: LinkId(link), why: String::new() });
        }
        assert_eq!(world.sweep_orphans(), Ok(()));
        world.clock.now = world.clock.now + Duration::from_secs(16);
        assert!(world.sweep_orphans().is_err());
        for node in world.all_online() {
            if !world.is_leaf(node) {
                world.death(node, Going::Vanishes, true);
            }
        }
        assert_eq!(missing(&world), Some("every leaf belongs to an ultra-peer"));
        assert_eq!(world.parts(), world.online);
    }

    #[test]
    fn who_is_not_registered_and_who_still_is_are_seen() {
        let mut world = begun_in(&calm(8), TopologyKind::Central);
        assert_eq!((missing(&world), world.ghost(), world.parts()), (None, None, 1));
        let id = world.slots[3].core.as_ref().unwrap().id();
        world.death(3, Going::Vanishes, true);
        assert!(world.ghost().is_some());
        world.registry.forget(&id);
        assert_eq!(world.ghost(), None);
        let id = world.slots[4].core.as_ref().unwrap().id();
        world.registry.forget(&id);
        assert_eq!(missing(&world), Some("who is online is registered with all its files"));
        world.death(DIRECTORY, Going::Crashes, false);
        assert_eq!(world.registry.totals(), (0, 0), "its disk is gone");
    }
}
