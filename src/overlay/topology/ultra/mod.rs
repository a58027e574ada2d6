//! Ultra-peers (KaZaA, Gnutella 0.6): capable nodes that are steadily online flood among themselves, and answer for their
//! leaves.
//!
//! Here is what a node keeps for it and which part handles what: `score` says how fit a node is, `election` who becomes
//! an ultra-peer and who stops being one, `look` and `attach` are a leaf's side, `leaves` an ultra-peer's, `filter` what spares
//! leaves the queries that cannot match.

mod attach;
mod election;
mod filter;
mod leaves;
mod look;
mod message;
mod score;

pub(in crate::overlay) use leaves::Handed;
pub use message::{FilterPart, UltraMessage};
pub use score::{CapacitySource, Score};

use super::Class;
use crate::base::Time;
use crate::overlay::io::{Config, Context};
use crate::overlay::link::Link;
use crate::overlay::message::Role;
use crate::overlay::node::Node;
use crate::overlay::timers::Timer;
use crate::proto::Query;
use attach::Attached;
use election::Seeking;
use filter::Wanted;
use leaves::Leaves;

/// What a node keeps while it is in this topology.
#[derive(Debug, Default)]
pub(in crate::overlay) struct Ultra {
    tasks: Tasks,
    /// As an ultra-peer.
    leaves: Leaves,
    /// As a leaf.
    attached: Attached,
    /// As a leaf that has no ultra-peer, or has had one only for a moment.
    seeking: Option<Seeking>,
    /// As a leaf: it stands for election, because ultra-peers have too few slots.
    stands: bool,
    /// Until then it does not: it stepped down, so it was not needed.
    not_needed_until: Time,
}

/// Something to be done at some time; all of them share [`Timer::Role`].
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
enum Task {
    /// As a leaf: see whether an ultra-peer was found, and stand for election if not.
    Election,
    /// As an ultra-peer: see whether others can do without this one.
    StepDown,
    /// As a leaf: give up waiting for the last words of those that are no ultra-peers.
    Farewell,
    /// As a leaf: give the ultra-peers a new filter.
    Filter,
    /// As an ultra-peer: tell the leaves of others.
    Alternatives,
    /// As an ultra-peer: tell other ultra-peers what there is room for.
    Slots,
    /// Ask a neighbor whether this node can be reached.
    Reach,
}

impl Task {
    const ALL: [Self; 7] =
        [Self::Election, Self::StepDown, Self::Farewell, Self::Filter, Self::Alternatives, Self::Slots, Self::Reach];
}

/// One deadline for each [`Task`].
#[derive(Debug)]
struct Tasks([Time; Task::ALL.len()]);

impl Default for Tasks {
    fn default() -> Self {
        Self([Time::NEVER; Task::ALL.len()])
    }
}

impl Tasks {
    fn take_due(&mut self, task: Task, now: Time) -> bool {
        let slot = &mut self.0[task as usize];
        let due = *slot <= now;
        if due {
            *slot = Time::NEVER;
        }
        due
    }

    fn is_planned(&self, task: Task) -> bool {
        self.0[task as usize] < Time::NEVER
    }

    fn next(&self) -> Time {
        self.0.iter().copied().min().unwrap_or(Time::NEVER)
    }
}

/// Where a node stands among ultra-peers and leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UltraStatus {
    /// How fit it is to be an ultra-peer.
    pub score: Score,
    /// Leaves that it has.
    pub leaves: usize,
    /// Leaves that it takes.
    pub max_leaves: usize,
    /// Other ultra-peers that it is linked to: as a leaf those that it turns to, as an ultra-peer its like.
    pub ultrapeers: usize,
    /// As a leaf without an ultra-peer: since when.
    pub seeking_since: Option<Time>,
    /// As a leaf: bits set in its keyword filter, and bits; `None` while it asks for every query.
    pub filter_fill: Option<(u32, u32)>,
    /// As a leaf: ultra-peers that it knows of to turn to when it loses those that it has.
    pub alternatives: usize,
    /// As an elected ultra-peer: it does not step down before then.
    pub held_until: Option<Time>,
}

impl Ultra {
    /// See [`Node::fetch`].
    pub(in crate::overlay) fn fetch(&self) -> u64 {
        self.tasks.next().micros() ^ u64::from(self.stands) ^ u64::from(self.seeking.is_some())
    }
}

impl Node {
    /// Where this node stands among ultra-peers and leaves; `None` in another topology.
    #[must_use]
    pub fn ultra_status(&self, config: &Config) -> Option<UltraStatus> {
        let ultra = self.ultra.as_ref()?;
        let ultrapeers = self.count(Class::Ultrapeer) + self.ultrapeer_neighbors().count();
        let seeks = self.role == Role::Leaf && ultrapeers == 0;
        Some(UltraStatus {
            score: self.score(config),
            leaves: self.count(Class::Leaf),
            max_leaves: config.max_leaves,
            ultrapeers,
            seeking_since: ultra.seeking.as_ref().filter(|_| seeks).map(|seeking| seeking.since),
            filter_fill: ultra.attached.filter_fill(),
            alternatives: ultra.attached.alternatives.len(),
            held_until: self.held_until(config),
        })
    }

    /// As a leaf with a keyword filter: whether that lets a query through.
    pub(in crate::overlay) fn lets_through(&self, query: &Query) -> Option<bool> {
        let ultra = self.ultra.as_ref().filter(|_| self.role == Role::Leaf)?;
        ultra.attached.lets_through(&Wanted::of(query))
    }

    /// As an ultra-peer: the others of its kind that it is linked to.
    fn ultrapeer_neighbors(&self) -> impl Iterator<Item = &Link> {
        self.links.iter().filter(|link| link.class == Class::Neighbor && link.peer.role == Role::Ultrapeer)
    }

    fn plan(&mut self, task: Task, at: Time) {
        if let Some(ultra) = &mut self.ultra {
            let slot = &mut ultra.tasks.0[task as usize];
            *slot = at.min(*slot);
            self.timers.at_latest(Timer::Role, at);
        }
    }

    /// `Timer::Role`: does what is due.
    pub(in crate::overlay) fn check_role(&mut self, cx: &mut Context<'_>) {
        for task in Task::ALL {
            let now = self.now;
            if !self.ultra.as_mut().is_some_and(|ultra| ultra.tasks.take_due(task, now)) {
                continue;
            }
            match task {
                Task::Election => self.check_election(cx),
                Task::StepDown => self.check_step_down(cx),
                Task::Farewell => self.end_farewells(cx),
                Task::Filter => self.give_filters(cx),
                Task::Alternatives => self.tell_alternatives(cx),
                Task::Slots => self.tell_slots(cx),
                Task::Reach => self.look_whether_reachable(cx),
            }
        }
        if let Some(ultra) = &self.ultra {
            self.timers.at_latest(Timer::Role, ultra.tasks.next());
        }
    }

    /// A link is up whose class is `Neighbor`, `Leaf` or `Ultrapeer`; in any topology.
    pub(in crate::overlay) fn ultra_link_up(&mut self, index: usize, cx: &mut Context<'_>) {
        if self.ultra.is_none() {
            return;
        }
        match self.links[index].class {
            Class::Leaf => self.leaf_came(index, cx.config),
            Class::Ultrapeer => self.attached_to(index, cx),
            _ => self.ultrapeers_changed(),
        }
        self.look_whether_reachable(cx);
    }

    /// A link is gone, whoever ended it; in any topology.
    pub(in crate::overlay) fn ultra_link_gone(&mut self, link: &Link, cx: &mut Context<'_>) {
        if self.ultra.is_none() {
            return;
        }
        match link.class {
            Class::Leaf => self.leaf_went(link.id, cx.config),
            Class::Ultrapeer => self.detached_from(link, cx.config),
            _ => self.ultrapeers_changed(),
        }
    }

    /// A neighbor told its status and its class is what it was.
    pub(in crate::overlay) fn on_fitness(&mut self, index: usize) {
        if self.ultra.is_some() && self.links[index].class == Class::Neighbor {
            self.ultrapeers_changed();
        }
    }

    /// A neighbor changed its role, and its class with it: `self.links[index].class` is the new one.
    pub(in crate::overlay) fn class_changed(&mut self, index: usize, before: Class, cx: &mut Context<'_>) {
        if before == Class::Leaf && self.ultra.is_some() {
            self.leaf_went(self.links[index].id, cx.config);
        }
        self.ultra_link_up(index, cx);
    }

    /// Something between ultra-peers and leaves came in.
    pub(in crate::overlay) fn on_ultra(&mut self, index: usize, message: UltraMessage, cx: &mut Context<'_>) {
        match (message, self.links[index].class) {
            (UltraMessage::Filter(part), Class::Leaf) => self.on_filter(index, part, cx),
            (UltraMessage::Alternatives(addrs), Class::Ultrapeer) => self.on_alternatives(index, &addrs, cx.config),
            // Roles may have changed while it was on its way.
            _ => self.counters.misplaced += 1,
        }
    }
}
