//! What breaks at its time, what is whole again later, and the end of all that.

use std::time::Duration;

use super::agenda::Happening;
use super::births::Going;
use super::faults::FaultKind;
use super::hash::mix;
use super::scenario::TOPOLOGIES;
use super::world::World;
use crate::base::Time;
use crate::overlay::{Command, TopologyKind};

impl World {
    /// Puts down when faults begin and end.
    pub(super) fn plan_faults(&mut self) {
        for (number, fault) in self.scenario.faults.iter().enumerate() {
            self.clock.agenda.put(Time::ZERO + fault.at.0, Happening::Begin { fault: number });
            if fault.lasts.0 > Duration::ZERO {
                self.clock.agenda.put(Time::ZERO + fault.at.0 + fault.lasts.0, Happening::End { fault: number });
            }
        }
    }

    pub(super) fn fault_begins(&mut self, fault: usize) {
        let planned = self.faults.list()[fault];
        match planned.kind {
            FaultKind::Partition | FaultKind::Clog => self.faults.begin(fault),
            FaultKind::Break => self.break_links(fault),
            FaultKind::Crash => self.take_down(fault, Going::Crashes, true),
            FaultKind::Wipe => self.take_down(fault, Going::Crashes, false),
            FaultKind::Vanish => self.take_down(fault, Going::Vanishes, true),
            FaultKind::Jump => self.hit(fault).into_iter().for_each(|node| self.jump(node, planned.lasts.0)),
            FaultKind::Change => {
                for node in self.hit(fault) {
                    let topology = self.another_topology(fault, node);
                    self.command(node, Command::Change(topology));
                }
            }
            FaultKind::Propose => self.propose(fault, self.another_topology(fault, 0)),
        }
    }

    pub(super) fn fault_ends(&mut self, fault: usize) {
        match self.faults.list()[fault].kind {
            FaultKind::Partition | FaultKind::Clog => {
                self.faults.end(fault);
                self.release();
            }
            FaultKind::Break | FaultKind::Jump => {}
            FaultKind::Crash | FaultKind::Wipe | FaultKind::Vanish => {
                self.hit(fault).into_iter().for_each(|node| self.birth(node));
            }
            FaultKind::Change => {
                let back = self.topology;
                self.hit(fault).into_iter().for_each(|node| {
                    self.command(node, Command::Change(back));
                });
            }
            FaultKind::Propose => self.propose(fault, self.topology),
        }
    }

    /// The nodes that a fault hits, online or not.
    fn hit(&self, fault: usize) -> Vec<u32> {
        (0..self.slots.len() as u32).filter(|&node| self.faults.hits(fault, node.into())).collect()
    }

    fn break_links(&mut self, fault: usize) {
        let links: Vec<u32> = self.conns.in_order().into_iter().map(|(link, _)| link).collect();
        for link in links.into_iter().filter(|&link| self.faults.hits(fault, link.into())).collect::<Vec<_>>() {
            self.break_link(link, "the link broke");
        }
    }

    fn take_down(&mut self, fault: usize, going: Going, keeps_disk: bool) {
        self.hit(fault).into_iter().for_each(|node| self.death(node, going, keeps_disk));
    }

    /// The first node that the fault hits proposes, as long as it is online.
    fn propose(&mut self, fault: usize, topology: TopologyKind) {
        let proposer = self.hit(fault).into_iter().find(|&node| self.slots[node as usize].core.is_some());
        proposer.into_iter().for_each(|node| {
            self.command(node, Command::Propose(topology));
        });
    }

    /// One of those that are not the run's.
    fn another_topology(&self, fault: usize, node: u32) -> TopologyKind {
        let own = TOPOLOGIES.iter().position(|topology| *topology == self.topology).unwrap_or(0);
        let others = TOPOLOGIES.len() - 1;
        let draw = mix(&[self.run, fault as u64, node.into()]) as usize % others;
        TOPOLOGIES[(own + 1 + draw) % TOPOLOGIES.len()]
    }

    /// A node's clock jumps forward: what it waits for may be long over.
    fn jump(&mut self, node: u32, by: Duration) {
        *self.ahead.entry(node).or_default() += by;
        self.rewake(node);
    }

    /// What a node's clock says.
    pub(super) fn time_of(&self, node: u32) -> Time {
        match self.ahead.is_empty() {
            true => self.clock.now,
            false => self.clock.now + self.ahead.get(&node).copied().unwrap_or_default(),
        }
    }

    /// When it is that time by a node's clock.
    pub(super) fn when(&self, node: u32, time: Time) -> Time {
        match self.ahead.get(&node) {
            Some(ahead) if time < Time::NEVER => Time::ZERO + time.since(Time::ZERO + *ahead),
            _ => time,
        }
    }

    /// Nothing breaks and nobody goes any more, and all are in the topology of the run; those that everybody knows are
    /// back. Clocks stay as they are.
    pub(super) fn heal(&mut self) {
        self.lively = false;
        self.scenario.links.heal();
        (0..self.faults.list().len()).for_each(|fault| self.faults.end(fault));
        self.faults.no_more();
        self.release();
        (0..self.scenario.join.bootstrap.0.min(self.slots.len()) as u32).for_each(|node| self.birth(node));
        // What was proposed before moves nobody any more.
        (self.config.follow, self.directory_config.follow) = (false, false);
        let back = self.topology;
        self.all_online().into_iter().for_each(|node| {
            self.command(node, Command::Change(back));
        });
    }

    /// Some of those that are away return, and the others stay away for good.
    pub(super) fn revive_some(&mut self) {
        for node in 0..self.slots.len() as u32 {
            if self.rng.lives.below(2) == 0 {
                self.birth(node);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::faults::{Fault, FaultKind};
    use super::super::scenario::Scenario;
    use super::super::tests::{begun, calm, pass};
    use super::super::units::{Fraction, Span};
    use super::super::world::World;
    use crate::overlay::{Strategy, TopologyKind};

    fn topologies(world: &World) -> Vec<TopologyKind> {
        let mut kinds: Vec<_> =
            world.slots.iter().filter_map(|slot| slot.core.as_ref()).map(|core| core.topology()).collect();
        kinds.dedup();
        kinds
    }

    #[test]
    fn a_clock_that_jumps_is_ahead_for_its_node_alone_and_ends_what_is_over() {
        let mut world = begun(&calm(6));
        let guid = world.search(1, 0, 1, Strategy::Flood, usize::MAX);
        let by = Duration::from_secs(600);
        world.jump(1, by);
        assert_eq!((world.time_of(1), world.time_of(2)), (world.now() + by, world.now()));
        assert_eq!(world.when(1, world.time_of(1)), world.now());
        pass(&mut world, 1);
        assert!(world.asked.open[&guid].done.is_some(), "its time was up at once");
        pass(&mut world, 120);
        assert_eq!((world.parts(), world.sweep()), (1, Ok(())));
    }

    #[test]
    fn nodes_change_and_propose_and_are_back_when_it_ends() {
        for kind in [FaultKind::Change, FaultKind::Propose] {
            let (at, lasts) = (Span::secs(31), Span::secs(30));
            let fault = Fault { kind, at, lasts, share: Fraction::new(1.0), one_way: false };
            let mut world = begun(&Scenario { faults: vec![fault], ..calm(8) });
            assert_eq!(topologies(&world), [TopologyKind::Flood]);
            pass(&mut world, 20);
            assert!(!topologies(&world).contains(&TopologyKind::Flood), "{kind:?}: {:?}", topologies(&world));
            pass(&mut world, 120);
            assert_eq!((topologies(&world), world.parts()), (vec![TopologyKind::Flood], 1), "{kind:?}");
        }
    }

    #[test]
    fn after_the_end_of_all_faults_everybody_is_where_it_was() {
        let (at, lasts, share) = (Span::secs(31), Span::secs(600), Fraction::new(0.5));
        let fault = Fault { kind: FaultKind::Change, at, lasts, share, one_way: false };
        let mut world = begun(&Scenario { faults: vec![fault], ..calm(8) });
        pass(&mut world, 10);
        assert!(topologies(&world).len() > 1);
        world.heal();
        assert_eq!(topologies(&world), [TopologyKind::Flood]);
    }
}
