//! From one topology to another while the node runs.

use std::sync::Arc;
use std::time::Duration;

use super::Class;
use crate::overlay::io::{Config, Context, DoneWhy, Event, Output};
use crate::overlay::message::{ByeReason, Message, Role, Status, TopologyKind};
use crate::overlay::node::Node;
use crate::overlay::search::Search;
use crate::overlay::timers::Timer;

impl Node {
    /// Leaves the topology that the node is in and joins another. Links that have a use there stay; the others are told
    /// why and closed, and their addresses are kept for the way back.
    pub(in crate::overlay) fn change_topology(&mut self, to: TopologyKind, why: &str, cx: &mut Context<'_>) {
        if to == self.kind || self.leaving {
            return;
        }
        self.flush_reports(cx);
        match self.kind {
            TopologyKind::Flood => {}
            TopologyKind::Ultrapeer => self.leave_ultra(cx),
            TopologyKind::Central => self.leave_central(cx),
        }
        self.kind = to;
        match to {
            TopologyKind::Flood => self.become_role(Role::Peer, why, cx),
            TopologyKind::Ultrapeer => self.enter_ultra(why, cx),
            TopologyKind::Central => self.enter_central(why, cx),
        }
        self.cut_searches(cx);
        self.timers.at_latest(Timer::Join, self.now);
    }

    /// Takes a role, sorts the links by what they are worth in it, and tells those that stay.
    pub(in crate::overlay) fn become_role(&mut self, role: Role, why: &str, cx: &mut Context<'_>) {
        self.role = role;
        self.role_since = self.now;
        self.explored = 0;
        self.role_why = why.to_owned().into();
        self.hosts.role_changed(self.now);
        if !role.relays() {
            self.drop_held();
        }
        self.class_links_again(cx);
        self.tell_status(cx);
        cx.out.push(Output::Event(Event::Topology { topology: self.kind, role, why: why.to_owned() }));
        self.timers.at_latest(Timer::Join, self.now);
    }

    fn class_links_again(&mut self, cx: &mut Context<'_>) {
        let mut index = 0;
        let links = std::mem::take(&mut self.links);
        // They come back one by one, so that each finds room or not among those before it.
        for mut link in links {
            let class = self.class_of(&link.peer, cx.config);
            let fits = matches!(class, Ok(class @ (Class::Neighbor | Class::Leaf | Class::Ultrapeer)) if self.has_room(class, cx.config));
            if let Ok(class) = class {
                link.class = class;
            }
            self.links.push(link);
            if fits {
                index += 1;
                continue;
            }
            let peer = Arc::clone(&self.links[index].peer);
            let text = format!("the node is {} now", self.what_it_is());
            self.close(index, ByeReason::Topology, &text, cx);
            peer.addrs().for_each(|addr| self.hosts.left(addr, self.now));
        }
    }

    /// For people: what it plays, in which topology.
    fn what_it_is(&self) -> &'static str {
        match self.role {
            Role::Peer => "a peer of a flooding overlay",
            Role::Leaf => "a leaf",
            Role::Ultrapeer => "an ultra-peer",
            Role::Client => "a client of a directory",
            Role::Directory => "a directory",
        }
    }

    /// What it tells neighbors of itself.
    pub(in crate::overlay) fn status(&self, config: &Config) -> Status {
        let free_slots = if self.role == Role::Ultrapeer {
            config.max_leaves - self.count(Class::Leaf).min(config.max_leaves)
        } else {
            0
        };
        Status {
            topology: self.kind,
            role: self.role,
            serves: config.serve_directory,
            score: self.score(config).total,
            free_slots: free_slots.min(usize::from(u16::MAX)) as u16,
        }
    }

    /// Tells all neighbors what this node is now.
    pub(in crate::overlay) fn tell_status(&mut self, cx: &mut Context<'_>) {
        let status = self.status(cx.config);
        for index in 0..self.links.len() {
            self.send(index, Message::Status(status), cx);
        }
    }

    /// A neighbor tells what it is now. What it tells too often has to wait, and the last of it counts.
    pub(in crate::overlay) fn on_status(&mut self, index: usize, status: Status, cx: &mut Context<'_>) {
        let link = &mut self.links[index];
        let signs = link.signs_mut();
        let allowed = signs.status_allowed.take(self.now, STATUS.0, STATUS.1);
        signs.late_status = (!allowed).then_some(status);
        if !allowed {
            self.counters.limited += 1;
            self.timers.at_latest(Timer::Ping, self.now + Duration::from_secs(1) / STATUS.0);
            return;
        }
        // All neighbors of a simulated node share what they know of it: most statuses tell nothing new.
        if !link.peer.is_still(&status) {
            Arc::make_mut(&mut link.peer).is_now(&status);
        }
        link.signs_mut().fitness = Some((status.score, status.free_slots));
        let before = link.class;
        let peer = Arc::clone(&link.peer);
        self.learn_directory(&peer, cx.config);
        peer.addrs().for_each(|addr| self.hosts.is_ultrapeer(addr, peer.role == Role::Ultrapeer));
        let (reason, text) = match self.class_of(&peer, cx.config) {
            Ok(class) if class == before => return self.on_fitness(index),
            Ok(class @ (Class::Neighbor | Class::Leaf | Class::Ultrapeer)) if self.has_room(class, cx.config) => {
                self.links[index].class = class;
                self.class_changed(index, before, cx);
                return;
            }
            Ok(Class::Neighbor | Class::Leaf | Class::Ultrapeer) => (ByeReason::Full, "no room for it in its new role"),
            Ok(_) => (ByeReason::Role, "it has to link again for that"),
            Err(why) => why,
        };
        self.close(index, reason, text, cx);
        peer.addrs().for_each(|addr| self.hosts.refused(addr, self.now, &mut self.rng));
        self.timers.at_latest(Timer::Join, self.now);
    }

    /// Takes what neighbors told too soon.
    pub(in crate::overlay) fn take_late_statuses(&mut self, cx: &mut Context<'_>) {
        let late = self.links.iter().filter_map(|link| Some((link.id, link.signs.as_ref()?.late_status?)));
        for (link, status) in late.collect::<Vec<_>>() {
            if let Some(index) = self.link_index(link) {
                self.on_status(index, status, cx);
            }
        }
    }

    /// Ends the searches whose answers cannot come any more: there is no link to bring them, and they would not come on
    /// a connection of their own.
    fn cut_searches(&mut self, cx: &mut Context<'_>) {
        if self.kind == TopologyKind::Central {
            self.searches.iter_mut().for_each(Search::goes_no_further);
        }
        let cut = self.links.is_empty();
        self.end_searches_where(DoneWhy::Cut, cx, |search| cut && !search.comes_direct());
    }
}

/// Changes of role that a neighbor may tell: so many a second, and so many at once.
const STATUS: (u32, u32) = (2, 20);
