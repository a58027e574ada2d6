//! Who comes and who goes: starts, crowds, churn, crashes, returns.

use std::time::Duration;

use super::agenda::Happening;
use super::hash::chance;
use super::links::Phase;
use super::population::{MAX_REMEMBERED, addr, identity, listener};
use super::units::{Fraction, Span};
use super::world::{DIRECTORY, World};
use crate::base::{Rng, Time};
use crate::overlay::{Command, HostSource, Input, MemoryRegistry, Node};
use crate::proto::{PeerAddr, Untrusted};

/// Marks what is drawn for nodes that take part in churn.
const CHURNS: u64 = 0xC0;

/// So many times as many nodes as each is told of are many.
const MANY: usize = 4;

/// How a node goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Going {
    /// It says goodbye on every link.
    Leaves,
    /// Its process dies: the system closes its links.
    Crashes,
    /// Its machine is gone: nobody is told anything.
    Vanishes,
}

impl World {
    /// Puts down when the nodes of the scenario start.
    pub(super) fn plan_births(&mut self) {
        let (nodes, join) = (self.scenario.nodes.0, self.scenario.join);
        let over = if self.graph.is_some() { Span::default() } else { join.over };
        for node in 0..nodes as u32 {
            let known = (node as usize) < join.bootstrap.0;
            let at = if known { Duration::ZERO } else { within(over, &mut self.rng.lives) };
            self.clock.after(at, Happening::Birth { node });
        }
        let mut next = nodes as u32;
        for crowd in self.scenario.crowds.clone() {
            for node in next..next + crowd.nodes.0 as u32 {
                let at = crowd.at.0 + within(crowd.over, &mut self.rng.lives);
                self.clock.after(at, Happening::Birth { node });
            }
            next += crowd.nodes.0 as u32;
        }
    }

    /// A node starts, unless it runs.
    pub(super) fn birth(&mut self, node: u32) {
        if self.slots[node as usize].core.is_some() {
            return;
        }
        let named = self.named(node);
        let rng = self.rng.nodes.fork();
        let config = &self.config_of(node).clone();
        let slot = &mut self.slots[node as usize];
        let id = identity(self.run, node, slot.disk);
        slot.core = Some(Box::new(Node::new(id, Untrusted::default(), rng, config)));
        slot.life += 1;
        slot.wake = Time::NEVER;
        let (life, remembered) = (slot.life, std::mem::take(&mut slot.remembered));
        self.online += 1;
        self.lives.births += 1;
        if self.serves(node) {
            self.heard.begins(self.clock.now);
        }
        if let Some(standing) = self.capacities.standing(node) {
            self.handle(node, Input::Standing(standing));
        }
        self.handle(node, Input::OwnAddr(addr(node)));
        if !remembered.is_empty() {
            let addrs = remembered.iter().copied().map(addr).collect();
            self.handle(node, Input::Hosts { addrs, source: HostSource::Remembered });
        }
        if self.has_directory && node != DIRECTORY {
            self.handle(node, Input::Directories(vec![addr(DIRECTORY)]));
        }
        self.handle(node, Input::Hosts { addrs: named, source: HostSource::Configured });
        if let Some(churn) = self.scenario.churn.filter(|churn| self.churns(node, churn.share)) {
            let session = churn.session.draw(&mut self.rng.lives);
            self.clock.after(session, Happening::Death { node, life });
        }
    }

    /// The addresses that a user would name: those of the laid-out neighbors with higher numbers, so that one of two dials;
    /// or some of those that everybody knows.
    fn named(&mut self, node: u32) -> Vec<PeerAddr> {
        if let Some(graph) = &self.graph {
            return graph
                .neighbors(node as usize)
                .iter()
                .filter(|&&other| other > node)
                .map(|&other| addr(other))
                .collect();
        }
        let known = self.scenario.join.bootstrap.0.min(self.slots.len());
        let wanted = self.scenario.join.known.0;
        let rng = &mut self.rng.lives;
        let mut others: Vec<u32> = Vec::new();
        if known > MANY * wanted {
            // Of many a few are drawn: to shuffle all of them is most of what the start of a node costs.
            while others.len() < wanted {
                let other = rng.below(known) as u32;
                if other != node && !others.contains(&other) {
                    others.push(other);
                }
            }
        } else {
            others.extend((0..known as u32).filter(|&other| other != node));
            rng.shuffle(&mut others);
        }
        others.into_iter().take(wanted).map(addr).collect()
    }

    fn churns(&self, node: u32, share: Fraction) -> bool {
        self.lively
            && node as usize >= self.scenario.join.bootstrap.0
            && chance(&[self.run, CHURNS, node.into()]) < share.get()
    }

    /// A session is over, and the node returns after a while.
    pub(super) fn session_over(&mut self, node: u32, life: u32) {
        let alive = self.slots[node as usize].life == life && self.slots[node as usize].core.is_some();
        let Some(churn) = self.scenario.churn.filter(|_| alive && self.lively) else { return };
        let how = self.rng.lives.fraction();
        let going = match how {
            _ if how < churn.crash.get() => Going::Crashes,
            _ if how < churn.crash.get() + churn.vanish.get() => Going::Vanishes,
            _ => Going::Leaves,
        };
        let keeps_disk = self.rng.lives.fraction() < churn.disk.get();
        self.death(node, going, keeps_disk);
        let absence = churn.absence.draw(&mut self.rng.lives);
        self.clock.after(absence, Happening::Birth { node });
    }

    /// A node goes.
    pub(super) fn death(&mut self, node: u32, going: Going, keeps_disk: bool) {
        let Some(core) = &self.slots[node as usize].core else { return };
        let (nodes, most) = (self.slots.len(), if keeps_disk { MAX_REMEMBERED } else { 0 });
        let remembered = core.hosts_to_remember().filter_map(|addr| listener(addr, nodes)).take(most).collect();
        let count = match going {
            Going::Leaves => &mut self.lives.left,
            Going::Crashes => &mut self.lives.crashed,
            Going::Vanishes => &mut self.lives.vanished,
        };
        *count += 1;
        if going == Going::Leaves {
            self.handle(node, Input::Command(Command::Leave));
        }
        let slot = &mut self.slots[node as usize];
        slot.core = None;
        (slot.remembered, slot.faces) = (remembered, [None, None]);
        slot.disk += u32::from(!keeps_disk);
        if !keeps_disk && self.serves(node) {
            self.registry = MemoryRegistry::default();
        }
        self.online -= 1;
        for link in std::mem::take(&mut self.slots[node as usize].ends) {
            if let Some((own, ..)) = self.conns.seen_from(link) {
                own.phase = Phase::Gone;
            }
            if going != Going::Vanishes {
                self.hang_up(link, "the connection was reset");
            }
            self.forget_link(link);
        }
    }
}

/// A time within a span.
fn within(span: Span, rng: &mut Rng) -> Duration {
    let micros = u64::try_from(span.0.as_micros()).unwrap_or(u64::MAX);
    Duration::from_micros(rng.range(0..micros.saturating_add(1)))
}
