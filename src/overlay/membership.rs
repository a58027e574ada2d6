//! Joining, and staying: between `min` and `max` neighbors, signs of life, refusals that name others.

use std::sync::Arc;
use std::time::Duration;

use super::hosts::Wish;
use super::io::{Config, Context, Event, HostSource, LinkId, Output, Peer};
use super::link::Link;
use super::message::{Bye, ByeReason, Message, Ping, Pong, Role, TopologyKind};
use super::node::Node;
use super::timers::Timer;
use super::topology::Class;
use crate::base::Time;
use crate::proto::limits::{MAX_ADDRS_A_MESSAGE, MAX_REASON, MAX_ULTRAPEERS};
use crate::proto::{NodeId, PeerAddr};

/// Addresses dialled at once.
pub(super) const MAX_DIALLING: usize = 8;
/// Pings that a neighbor may send: so many a second, and so many at once. gtk-gnutella allows one in three seconds.
const PINGS: (u32, u32) = (1, 5);
/// A hello that was sent so long before the link was up would have timed out.
const STALE_HELLO: Duration = Duration::from_secs(30);
/// Between two dials of a node that needs nobody, half of it more or less at random. Rare, because most of those that it
/// dials then are gone for good.
const EXPLORE: Duration = Duration::from_secs(60);
/// How often that doubles for a leaf, which has ever new strangers to make sure of where many come and go.
const MAX_EXPLORED: u8 = 2;
/// What a node became it tells again for so long.
const TELL_AGAIN: Duration = Duration::from_secs(60);
/// A link that another of the same node challenges must show life within that time.
const PROBE: Duration = Duration::from_secs(3);

impl Node {
    pub(super) fn on_link_up(&mut self, id: LinkId, peer: Arc<Peer>, cx: &mut Context<'_>) {
        peer.addrs().for_each(|addr| self.hosts.connected(addr));
        peer.addrs().for_each(|addr| self.hosts.is_ultrapeer(addr, peer.role == Role::Ultrapeer));
        self.reach.linked(&peer);
        self.learn_directory(&peer, cx.config);
        let class = match self.admit(&peer, cx) {
            Ok(Class::Client) => {
                // Whom it dialled for a neighbor has become a client of its directory, and it has to look on.
                if peer.dialled.is_some() {
                    self.no_use_for(&peer, cx.config);
                }
                return self.client_up(id, peer, cx);
            }
            Ok(class) => class,
            Err((ByeReason::Role, _)) if self.awaits_farewell(id, &peer, cx.config) => return,
            Err((reason, text)) => {
                self.refuse(id, &peer, reason, text, cx);
                self.directory_refused(&peer, text);
                self.timers.at_latest(Timer::Join, self.now);
                return;
            }
        };
        self.link_is_up(id, class, peer, cx);
    }

    /// A node was admitted as a neighbor.
    pub(super) fn link_is_up(&mut self, id: LinkId, class: Class, peer: Arc<Peer>, cx: &mut Context<'_>) {
        if let Some(addr) = peer.listen.filter(|_| !cx.config.only_peers) {
            self.remember(addr, &peer);
        }
        cx.out.push(Output::Event(Event::NeighborUp { link: id, peer: Arc::clone(&peer) }));
        if self.links.is_empty() {
            self.first_link = id;
        }
        self.links.push(Link::new(id, class, peer, self.now));
        let index = self.links.len() - 1;
        if cx.config.ping_interval < Duration::MAX {
            self.ping(index, cx);
            self.timers.at_latest(Timer::Ping, self.now + cx.config.ping_interval);
        }
        self.greet(index, cx);
        self.timers.at_latest(Timer::Join, self.now);
    }

    /// Keeps the address of a node that is, or was, linked.
    pub(super) fn remember(&mut self, addr: PeerAddr, peer: &Peer) {
        self.hosts.learn(addr, HostSource::Told);
        self.hosts.connected(addr);
        self.hosts.is_ultrapeer(addr, peer.role == Role::Ultrapeer);
    }

    /// What the topologies say first on a new link.
    fn greet(&mut self, index: usize, cx: &mut Context<'_>) {
        // The hello may be older than the last change; and ultra-peers tell what they have room for.
        if self.kind == TopologyKind::Ultrapeer
            || self.role_since > Time::ZERO && self.now.since(self.role_since) < STALE_HELLO
        {
            let status = self.status(cx.config);
            self.send(index, Message::Status(status), cx);
        }
        self.tell_newcomer(index, cx);
        match self.links[index].class {
            Class::Directory => self.directory_up(index, cx),
            Class::Leaf | Class::Ultrapeer | Class::Neighbor => self.ultra_link_up(index, cx),
            Class::Client => {}
        }
    }

    /// Whether a node becomes a neighbor. Of two links between the same two nodes both sides keep the same one: that
    /// which the lower id dialled.
    pub(super) fn admit(&mut self, peer: &Peer, cx: &mut Context<'_>) -> Result<Class, (ByeReason, &'static str)> {
        if self.leaving {
            return Err((ByeReason::Shutdown, "the node shuts down"));
        }
        if peer.id == self.id {
            if let Some(addr) = peer.dialled {
                self.hosts.forget(addr);
            }
            return Err((ByeReason::Myself, "a node does not link to itself"));
        }
        let dialler = |peer: &Peer, own: NodeId| if peer.dialled.is_some() { own } else { peer.id };
        let other = self.link_to(&peer.id);
        if let Some(index) = other {
            let (old, new) = (dialler(&self.links[index].peer, self.id), dialler(peer, self.id));
            if old == new || new > old {
                self.links[index].signs_mut().probed_until = Some(self.now + PROBE);
                self.ping(index, cx);
                self.timers.at_latest(Timer::Ping, self.now + PROBE);
                return Err((ByeReason::Already, "there is a link already"));
            }
        }
        let class = self.class_of(peer, cx.config)?;
        if class == Class::Ultrapeer && peer.addrs().any(|addr| self.hosts.lied_lately(addr, self.now)) {
            return Err((ByeReason::Protocol, "it told of room that it did not have"));
        }
        let takes_its_place = other.is_some_and(|index| self.links[index].class == class);
        if !takes_its_place && !self.has_room(class, cx.config) {
            return Err((ByeReason::Full, "no room for another neighbor"));
        }
        if let Some(index) = other {
            self.close(index, ByeReason::Already, "replaced by the other link between the two", cx);
        }
        Ok(class)
    }

    fn refuse(&mut self, id: LinkId, peer: &Peer, reason: ByeReason, text: &str, cx: &mut Context<'_>) {
        let hosts = if matches!(reason, ByeReason::Full | ByeReason::Role) {
            self.hosts_to_tell(peer, cx.config)
        } else {
            Vec::new()
        };
        if let Some(addr) = peer.listen.filter(|_| reason == ByeReason::Full && !cx.config.only_peers) {
            // Who finds no room here has some itself.
            self.hosts.learn(addr, HostSource::Told);
            self.hosts.called(addr);
        }
        match reason {
            ByeReason::Already => self.leave_alone(peer, false),
            // The room that it lacks is its own: as soon as it loses one of those that it has, this is whom it turns to.
            ByeReason::Full if self.role == Role::Leaf => peer.addrs().for_each(|addr| self.hosts.called(addr)),
            ByeReason::Full => peer.addrs().for_each(|addr| self.hosts.refused(addr, self.now, &mut self.rng)),
            ByeReason::Role => self.no_use_for(peer, cx.config),
            _ => {}
        }
        let message = Message::Bye(Bye { reason, text: text.into(), hosts });
        cx.out.push(Output::Send { link: id, message });
        cx.out.push(Output::Close { link: id, why: reason });
    }

    pub(super) fn on_link_down(&mut self, id: LinkId, why: &str, cx: &mut Context<'_>) {
        let Some(index) = self.link_index(id) else {
            if !self.forget_farewell(id) {
                self.client_down(id, why, cx);
            }
            return;
        };
        let link = self.links.swap_remove(index);
        self.lost(&link.peer);
        cx.out.push(Output::Event(Event::NeighborDown { link: id, node: link.peer.id, why: why.to_owned() }));
        self.link_gone(&link, why, cx);
    }

    fn lost(&mut self, peer: &Peer) {
        peer.addrs().for_each(|addr| self.hosts.failed(addr, self.now, &mut self.rng));
        self.timers.at_latest(Timer::Join, self.now);
    }

    /// One of the two wants no link: not dialled for a while, or if `by_us` until the user names it again.
    pub(super) fn leave_alone(&mut self, peer: &Peer, by_us: bool) {
        peer.addrs().for_each(|addr| self.hosts.sent_away(addr, self.now, by_us));
    }

    fn is_linked(&self, node: &NodeId) -> bool {
        self.links.iter().any(|link| link.peer.id == *node)
    }

    pub(super) fn on_dial_failed(&mut self, addr: PeerAddr) {
        self.directory_unreachable(addr);
        self.hosts.failed(addr, self.now, &mut self.rng);
        self.timers.at_latest(Timer::Join, self.now);
    }

    pub(super) fn on_bye(&mut self, index: usize, bye: &Bye, cx: &mut Context<'_>) {
        let link = self.links.swap_remove(index);
        if !cx.config.only_peers {
            self.learn_told(&bye.hosts);
            if bye.reason == ByeReason::Full && link.class == Class::Ultrapeer {
                bye.hosts.iter().take(MAX_ADDRS_A_MESSAGE).for_each(|addr| self.hosts.is_named_instead(*addr));
            }
        }
        if bye.reason != ByeReason::Role {
            self.lost(&link.peer);
        }
        match bye.reason {
            ByeReason::Requested => self.leave_alone(&link.peer, false),
            // The other end may hold a link that died unnoticed here: it is probing that now, and then there is room again.
            ByeReason::Already if !self.is_linked(&link.peer.id) => {
                let again = self.now + PROBE + PROBE.mul_f64(self.rng.fraction());
                link.peer.addrs().for_each(|addr| self.hosts.wait(addr, again));
            }
            ByeReason::Already => self.leave_alone(&link.peer, false),
            ByeReason::Role => self.no_use_for(&link.peer, cx.config),
            ByeReason::Full if self.lied_about_slots(&link) => {}
            ByeReason::Full | ByeReason::Shutdown | ByeReason::Topology => {
                link.peer.addrs().for_each(|addr| self.hosts.refused(addr, self.now, &mut self.rng));
            }
            ByeReason::Myself => link.peer.addrs().for_each(|addr| self.hosts.forget(addr)),
            _ => {}
        }
        let why = bye.text.visible(MAX_REASON);
        cx.out.push(Output::Close { link: link.id, why: bye.reason });
        self.link_gone(&link, &why, cx);
        if bye.reason == ByeReason::Full && link.class == Class::Ultrapeer && self.was_refusal(&link) {
            self.consider_standing(cx.config);
        }
        cx.out.push(Output::Event(Event::NeighborDown { link: link.id, node: link.peer.id, why }));
    }

    pub(super) fn learn_told(&mut self, addrs: &[PeerAddr]) {
        for addr in addrs.iter().take(MAX_ADDRS_A_MESSAGE) {
            if Some(*addr) != self.addr {
                self.hosts.learn(*addr, HostSource::Told);
            }
        }
        self.timers.at_latest(Timer::Join, self.now);
    }

    /// Dials whom the role wants.
    pub(super) fn join(&mut self, cx: &mut Context<'_>) {
        if self.leaving {
            return;
        }
        match self.role {
            Role::Peer | Role::Ultrapeer => self.join_neighbors(cx),
            Role::Leaf => self.join_ultrapeers(cx),
            Role::Client => self.join_directory(cx),
            Role::Directory => {}
        }
    }

    /// Dials until enough neighbors are linked or under way.
    fn join_neighbors(&mut self, cx: &mut Context<'_>) {
        if self.hosts.is_empty() {
            return;
        }
        let neighbors = self.count(Class::Neighbor);
        let mut under_way = self.hosts.dialling().count();
        // Most of the time a node has all that it needs; then it is to find that out without a look at each neighbor.
        if !cx.config.only_peers && neighbors + under_way >= cx.config.min_neighbors && !self.hosts.has_unmet() {
            return self.plan_to_explore(cx.config);
        }
        let linked: Vec<PeerAddr> = self.links.iter().flat_map(|link| link.peer.addrs()).collect();
        while under_way < MAX_DIALLING && neighbors + under_way < cx.config.max_neighbors {
            let wish = match neighbors + under_way < cx.config.min_neighbors {
                _ if cx.config.only_peers => Wish::Named,
                true => Wish::Anyone,
                false => Wish::Unmet,
            };
            // A relay is best linked to its like.
            let known = (wish == Wish::Anyone && self.role == Role::Ultrapeer)
                .then(|| self.hosts.pick(self.now, Wish::Ultrapeers, &linked, &mut self.rng));
            let picked = known.flatten().or_else(|| self.hosts.pick(self.now, wish, &linked, &mut self.rng));
            let Some(addr) = picked else {
                let next = self.hosts.next_try(wish, &linked);
                self.timers.at_latest(Timer::Join, next.max(self.now + Duration::from_millis(10)));
                self.plan_to_explore(cx.config);
                return;
            };
            under_way += 1;
            cx.out.push(Output::Dial { addr });
        }
    }

    /// Whom a node that needs nobody tries now and then. When something comes between two halves of an overlay for long, both
    /// have enough of their own, and would stay apart once it is gone: so a relay tries those with whom it lost contact. A leaf
    /// with as many ultra-peers as it may have makes sure of those that it was told of, so that it can tell its own.
    fn explores(&self, config: &Config) -> Option<Wish> {
        let (neighbors, ultrapeers) = (self.count(Class::Neighbor), self.count(Class::Ultrapeer));
        match self.role {
            _ if self.leaving || config.only_peers => None,
            Role::Peer | Role::Ultrapeer => {
                (config.min_neighbors..config.max_neighbors).contains(&neighbors).then_some(Wish::Lost)
            }
            Role::Leaf => (ultrapeers >= MAX_ULTRAPEERS).then_some(Wish::Strangers),
            Role::Client | Role::Directory => None,
        }
    }

    /// Says when to try somebody, unless that is said already.
    pub(super) fn plan_to_explore(&mut self, config: &Config) {
        let Some(wish) = self.explores(config).filter(|_| !self.timers.is_set(Timer::Explore)) else { return };
        // Most have nobody to try, and find that out without a look at each neighbor.
        if self.hosts.next_try(wish, &[]) == Time::NEVER {
            return;
        }
        let linked: Vec<PeerAddr> = self.links.iter().flat_map(|link| link.peer.addrs()).collect();
        let next = self.hosts.next_try(wish, &linked);
        if next < Time::NEVER {
            let doubled = if wish == Wish::Strangers { self.explored } else { 0 };
            let wait = (EXPLORE * (1 << doubled)).mul_f64(0.5 + self.rng.fraction());
            self.timers.at_latest(Timer::Explore, next.max(self.now + wait));
        }
    }

    /// Tries somebody. What comes of it has the node look whom to dial, and so when to try the next one.
    pub(super) fn explore(&mut self, cx: &mut Context<'_>) {
        let Some(wish) = self.explores(cx.config) else { return };
        let linked: Vec<PeerAddr> = self.links.iter().flat_map(|link| link.peer.addrs()).collect();
        let is_busy = self.hosts.dialling().count() >= MAX_DIALLING;
        let picked = (!is_busy).then(|| self.hosts.pick(self.now, wish, &linked, &mut self.rng)).flatten();
        match picked {
            Some(addr) => {
                if wish == Wish::Strangers {
                    self.explored = (self.explored + 1).min(MAX_EXPLORED);
                }
                cx.out.push(Output::Dial { addr });
            }
            None => self.timers.at_latest(Timer::Join, self.now),
        }
    }

    /// Asks every neighbor for a sign of life, and gives up those that gave none.
    pub(super) fn check_links(&mut self, cx: &mut Context<'_>) {
        self.take_late_statuses(cx);
        let mut index = 0;
        while index < self.links.len() {
            let link = &self.links[index];
            let silent = self.now.since(link.last_heard) >= cx.config.silence;
            if silent || link.probed_until().is_some_and(|until| until <= self.now) {
                let peer = Arc::clone(&link.peer);
                self.close(index, ByeReason::Silent, "no sign of life", cx);
                self.lost(&peer);
                continue;
            }
            let asked = link.asked().map_or(link.since, |(_, at)| at);
            if self.now.since(asked) + Duration::from_millis(1) >= cx.config.ping_interval {
                self.ping(index, cx);
                self.tell_again(index, cx);
            }
            index += 1;
        }
        if !self.links.is_empty() {
            let probe = self.links.iter().filter_map(Link::probed_until).min();
            self.timers.at_latest(Timer::Ping, probe.unwrap_or(self.now + cx.config.ping_interval));
        }
    }

    /// Tells what this node is once more with the first pings after a change: the first time it may have found a full queue.
    fn tell_again(&mut self, index: usize, cx: &mut Context<'_>) {
        if self.role_since > Time::ZERO && self.now.since(self.role_since) < TELL_AGAIN {
            let status = self.status(cx.config);
            self.send(index, Message::Status(status), cx);
        }
    }

    fn ping(&mut self, index: usize, cx: &mut Context<'_>) {
        let guid = self.random_guid();
        let wants_hosts = !cx.config.only_peers && self.is_short_of_neighbors(cx.config);
        self.links[index].signs_mut().ping = Some((guid, self.now));
        self.send(index, Message::Ping(Ping { guid, wants_hosts }), cx);
    }

    fn is_short_of_neighbors(&self, config: &Config) -> bool {
        match self.role {
            Role::Peer | Role::Ultrapeer => self.count(Class::Neighbor) < config.min_neighbors,
            Role::Leaf => self.count(Class::Ultrapeer) < MAX_ULTRAPEERS,
            Role::Client | Role::Directory => false,
        }
    }

    pub(super) fn on_ping(&mut self, index: usize, ping: &Ping, cx: &mut Context<'_>) {
        if !self.links[index].signs_mut().pings_allowed.take(self.now, PINGS.0, PINGS.1) {
            self.counters.limited += 1;
            return;
        }
        let hosts =
            if ping.wants_hosts { self.hosts_to_tell(&self.links[index].peer.clone(), cx.config) } else { Vec::new() };
        let (files, bytes) = cx.library.totals();
        self.send(index, Message::Pong(Pong { guid: ping.guid, files, bytes, hosts }), cx);
    }

    pub(super) fn on_pong(&mut self, index: usize, pong: Pong, config: &Config) {
        let link = &mut self.links[index];
        match link.asked() {
            Some((guid, sent)) if guid == pong.guid => {
                let signs = link.signs_mut();
                signs.rtt = Some(self.now.since(sent));
                signs.shares = Some((pong.files, pong.bytes));
                link.peer.addrs().for_each(|addr| self.hosts.answered(addr));
            }
            _ => {
                self.counters.stale += 1;
                return;
            }
        }
        if !config.only_peers {
            self.learn_told(&pong.hosts);
        }
    }

    /// Neighbors and former neighbors, for somebody who looks for some; never its own address, and no address of a
    /// private network to somebody outside.
    fn hosts_to_tell(&mut self, whom: &Peer, config: &Config) -> Vec<PeerAddr> {
        if config.only_peers {
            return Vec::new();
        }
        let fits = |addr: PeerAddr| Some(addr) != whom.listen && (whom.local || !addr.is_local());
        let mut told = if whom.role == Role::Leaf {
            // A leaf looks for ultra-peers, of which those with room come first; the others are of use to it only when this node
            // knows none.
            let mut told = self.ultrapeers_with_room(fits);
            if told.is_empty() {
                told = self.hosts.sample(Some(true), fits, &mut self.rng);
            }
            if told.is_empty() {
                told = self.hosts.sample(Some(false), fits, &mut self.rng);
            }
            told
        } else {
            self.hosts.sample(None, fits, &mut self.rng)
        };
        told.truncate(MAX_ADDRS_A_MESSAGE);
        told
    }
}
