//! The rules of a directory: it knows who is there, and forgets who is not.

use std::time::Duration;

use super::links::{Conn, Phase};
use super::population::index_of;
use super::violation::Broken;
use super::world::{DIRECTORY, World};
use crate::base::{Map, Time, seed};
use crate::overlay::{DirectoryState, Node};
use crate::proto::NodeId;
use crate::proto::limits::LEASE;

/// What a directory may take longer than a lease.
const GRACE: Duration = Duration::from_secs(1);

/// When the directory heard of whom, as the world saw it.
#[derive(Debug)]
pub(super) struct Heard {
    /// Who is at the other end of its ends of links.
    callers: Map<u32, NodeId>,
    last: Map<NodeId, Time>,
    /// When it began to run: what it finds on its disk then is as if it had just come.
    begun: Time,
}

impl Heard {
    pub(super) fn new(bits: u64) -> Self {
        let state = seed(bits);
        Self { callers: Map::with_hasher(state.clone()), last: Map::with_hasher(state), begun: Time::ZERO }
    }

    /// The directory starts.
    pub(super) fn begins(&mut self, now: Time) {
        self.callers.clear();
        self.begun = now;
    }

    /// Somebody is at the other end of one of its ends.
    pub(super) fn linked(&mut self, end: u32, caller: NodeId, now: Time) {
        self.callers.insert(end, caller);
        self.last.insert(caller, now);
    }

    /// A message came on one of its ends.
    pub(super) fn message(&mut self, end: u32, now: Time) {
        if let Some(caller) = self.callers.get(&end) {
            self.last.insert(*caller, now);
        }
    }

    /// One of its ends is gone.
    pub(super) fn unlinked(&mut self, end: u32) {
        self.callers.remove(&end);
    }

    /// When a lease ends that nothing renews any more.
    fn lease_end(&self, node: &NodeId) -> Time {
        self.last.get(node).map_or(self.begun, |last| self.begun.max(*last)) + LEASE
    }
}

impl World {
    /// C1 and C2, whatever goes wrong meanwhile.
    pub(super) fn sweep_directory(&self) -> Result<(), Broken> {
        // One whose clock jumped forgets too soon, rightly.
        let jumped = self.ahead.contains_key(&DIRECTORY);
        match self.slots.get(DIRECTORY as usize).and_then(|slot| slot.core.as_deref()) {
            Some(_) if self.has_directory && !jumped => {
                self.sweep_ghosts()?;
                self.sweep_registered()
            }
            _ => Ok(()),
        }
    }

    /// C2: whom it has not heard of for a lease it does not know any more.
    fn sweep_ghosts(&self) -> Result<(), Broken> {
        let over = |id: &NodeId| self.clock.now > self.heard.lease_end(id) + GRACE;
        match self.registry.each().find(|(id, ..)| over(id)) {
            Some((ghost, ..)) => {
                let detail = format!("node {} until {:?}", index_of(&ghost), self.heard.lease_end(&ghost));
                Err(Broken::new("a directory forgets whom it does not hear of for a lease", detail))
            }
            None => Ok(()),
        }
    }

    /// C1: who takes itself to be registered is, with all its files, as long as its lease lasts and its link is up.
    fn sweep_registered(&self) -> Result<(), Broken> {
        for (node, slot) in (0u32..).zip(&self.slots) {
            let Some(core) = slot.core.as_deref().filter(|core| self.counts_as_registered(core)) else { continue };
            let files = self.registry.each().find(|(id, ..)| *id == core.id()).map(|(.., files)| files.len());
            let shared = self.catalogue.of(node).len();
            if files != Some(shared) {
                let detail = format!("node {node} shares {shared}, and registered are {files:?}");
                return Err(Broken::new("who takes itself to be registered is, with all its files", detail));
            }
        }
        Ok(())
    }

    fn counts_as_registered(&self, core: &Node) -> bool {
        let registered = core.client_status().is_some_and(|status| status.state == DirectoryState::Registered);
        registered
            && self.clock.now < self.heard.lease_end(&core.id())
            && core.links().iter().all(|link| self.is_settled(link.id().0))
    }

    /// Whether both ends of a link are up, and nothing waits on it.
    fn is_settled(&self, end: u32) -> bool {
        let settled =
            |conn: &Conn| conn.ends.iter().all(|end| end.phase == Phase::Up && !end.ending && end.held.is_empty());
        self.conns.get(end).is_some_and(settled)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::tests::{begun_in, calm};
    use super::super::world::{DIRECTORY, World};
    use crate::overlay::{Registry, TopologyKind};
    use crate::proto::limits::LEASE;

    fn swept(world: &World) -> Option<&'static str> {
        world.sweep_directory().err().map(|broken| broken.rule)
    }

    #[test]
    fn who_is_kept_too_long_and_who_is_missing_are_seen() {
        let world = || begun_in(&calm(8), TopologyKind::Central);
        assert_eq!(swept(&world()), None);
        let mut forgetful = world();
        let id = forgetful.slots[4].core.as_ref().unwrap().id();
        forgetful.registry.forget(&id);
        assert_eq!(swept(&forgetful), Some("who takes itself to be registered is, with all its files"));
        let mut late = world();
        late.clock.now = late.clock.now + LEASE + LEASE;
        assert_eq!(swept(&late), Some("a directory forgets whom it does not hear of for a lease"));
        late.heard.begins(late.clock.now);
        assert_eq!(swept(&late), None, "a directory that just began has heard of nobody yet");
    }

    #[test]
    fn a_directory_whose_clock_jumped_may_forget_too_soon() {
        let mut world = begun_in(&calm(8), TopologyKind::Central);
        world.ahead.insert(DIRECTORY, Duration::from_secs(1));
        let id = world.slots[4].core.as_ref().unwrap().id();
        world.registry.forget(&id);
        assert_eq!(swept(&world), None);
    }
}
