//! A leaf's side: keeping ultra-peers, what it makes of losing them, and telling them what it shares.

use std::sync::Arc;
use std::time::Duration;

use super::filter::{Filter, Wanted};
use super::leaves::fingerprint;
use super::{Class, FilterPart, Task, UltraMessage};
use crate::base::Time;
use crate::overlay::io::{Config, Context, HostSource, LinkId, Output, Peer, RoleChoice};
use crate::overlay::limit::Bucket;
use crate::overlay::link::Link;
use crate::overlay::membership::MAX_DIALLING;
use crate::overlay::message::{ByeReason, Message, Role, Status, TopologyKind};
use crate::overlay::node::Node;
use crate::overlay::timers::Timer;
use crate::proto::PeerAddr;
use crate::proto::limits::{MAX_ADDRS_A_MESSAGE, MAX_FILTER_PART, MAX_ULTRAPEERS};

/// Ultra-peers to turn to that are remembered: what three ultra-peers tell at once.
const MAX_ALTERNATIVES: usize = MAX_ULTRAPEERS * MAX_ADDRS_A_MESSAGE;
/// Alternatives that an ultra-peer may send: so many a second, and so many at once.
const ALTERNATIVES: (u32, u32) = (1, 3);
/// A node that was no ultra-peer either is asked again after that time, and half of it again at random, while the
/// search is young,
const ASK_SOON: Duration = Duration::from_millis(300);
/// later after that time,
const ASK_LATER: Duration = Duration::from_secs(1);
/// and by a node that has all it needs after that time.
const ASK_SOME_TIME: Duration = Duration::from_secs(30);
/// As long is the search young.
const YOUNG: Duration = Duration::from_secs(5);
/// A node that was dialled and is no ultra-peer may say so, and name some, within that time.
const FAREWELL: Duration = Duration::from_secs(2);
/// Links on which that is waited for.
const MAX_FAREWELLS: usize = 2 * MAX_DIALLING;
/// Changes of the library are collected for so long before a new filter is sent.
const COLLECT: Duration = Duration::from_millis(500);
/// Between two filters,
const FILTER_EVERY: Duration = Duration::from_secs(2);
/// and more for each file, because making one takes time.
const FILTER_EVERY_A_FILE: Duration = Duration::from_micros(50);

/// What a leaf keeps.
#[derive(Debug, Default)]
pub(super) struct Attached {
    /// Ultra-peers to turn to when those that it has are gone, the latest told first.
    pub(super) alternatives: Vec<PeerAddr>,
    ultrapeers: Vec<Attachment>,
    farewells: Vec<Farewell>,
    pub(super) dials: Bucket,
    pub(super) next_look: Time,
    /// Looks for more ultra-peers, half of them as often as one was lost.
    pub(super) looks: u8,
    /// When it began to look for ultra-peers, or lost one.
    pub(super) changed: Time,
    own: Option<OwnFilter>,
    next_filter: Time,
}

/// A link to a node that is no ultra-peer.
#[derive(Debug)]
struct Farewell {
    link: LinkId,
    peer: Arc<Peer>,
    /// Its last words are waited for until then.
    until: Time,
}

/// A link to an ultra-peer.
#[derive(Debug)]
struct Attachment {
    link: LinkId,
    /// The filter that it was given, by fingerprint; `None` while it hands down every query.
    given: Option<u64>,
    alternatives_allowed: Bucket,
}

/// What this leaf shares, as it tells its ultra-peers.
#[derive(Debug)]
struct OwnFilter {
    /// `None` asks for every query.
    filter: Option<Filter>,
    fingerprint: u64,
}

impl OwnFilter {
    fn new(cx: &Context<'_>) -> Self {
        let filter = if cx.config.advertise_all { None } else { Filter::of(cx.library) };
        let bytes = filter.as_ref().map_or(&[][..], Filter::bytes);
        let fingerprint = fingerprint(bytes.iter().copied());
        Self { filter, fingerprint }
    }

    fn parts(&self) -> Vec<FilterPart> {
        let Some(filter) = &self.filter else { return vec![everything()] };
        let log2_bits = filter.log2_bits();
        let offsets = (0u32..).step_by(MAX_FILTER_PART);
        let parts = filter.bytes().chunks(MAX_FILTER_PART).zip(offsets);
        parts.map(|(bytes, offset)| FilterPart { log2_bits, offset, bytes: bytes.to_vec() }).collect()
    }
}

/// Asks for every query.
fn everything() -> FilterPart {
    FilterPart { log2_bits: 0, offset: 0, bytes: Vec::new() }
}

impl Attached {
    /// Whether the filter as it was given last lets a query through; `None` while there is none.
    pub(super) fn lets_through(&self, wanted: &Wanted) -> Option<bool> {
        Some(self.own.as_ref()?.filter.as_ref()?.may_match(wanted))
    }

    pub(super) fn filter_fill(&self) -> Option<(u32, u32)> {
        Some(self.own.as_ref()?.filter.as_ref()?.fill())
    }
}

impl Node {
    /// Two nodes have no use for each other in the roles that they play. While both look for an ultra-peer either may
    /// become one at any moment.
    pub(in crate::overlay) fn no_use_for(&mut self, peer: &Peer, config: &Config) {
        let seeking = self.ultra.as_ref().and_then(|ultra| ultra.seeking.as_ref());
        let wait = match seeking {
            Some(seeking) if self.now.since(seeking.since) < YOUNG => ASK_SOON,
            Some(_) => ASK_LATER,
            None => ASK_SOME_TIME,
        };
        if let Some(addr) = peer.listen.filter(|_| !config.only_peers && peer.topology == TopologyKind::Ultrapeer)
            && self.kind == TopologyKind::Ultrapeer
        {
            self.remember(addr, peer);
        }
        let until = self.now + wait.mul_f64(1.0 + self.rng.fraction() / 2.0);
        peer.addrs().for_each(|addr| self.hosts.unfit(addr, until));
        self.timers.at_latest(Timer::Join, self.now);
    }

    /// A leaf dialled a node that is no ultra-peer. That node sees it too and closes the link with the addresses of some:
    /// the leaf waits for them instead of closing the link itself.
    pub(in crate::overlay) fn awaits_farewell(&mut self, link: LinkId, peer: &Arc<Peer>, config: &Config) -> bool {
        if self.role != Role::Leaf || peer.dialled.is_none() || config.only_peers {
            return false;
        }
        let until = self.now + FAREWELL;
        let Some(ultra) = &mut self.ultra else { return false };
        if ultra.attached.farewells.len() >= MAX_FAREWELLS {
            return false;
        }
        ultra.attached.farewells.push(Farewell { link, peer: Arc::clone(peer), until });
        self.plan(Task::Farewell, until);
        self.no_use_for(peer, config);
        true
    }

    /// Takes the last words of a node that is no ultra-peer, or the news that it is one now.
    pub(in crate::overlay) fn on_farewell(&mut self, link: LinkId, message: &Message, cx: &mut Context<'_>) -> bool {
        let Some(ultra) = self.ultra.as_ref() else { return false };
        let Some(farewell) = ultra.attached.farewells.iter().find(|other| other.link == link) else { return false };
        match message {
            Message::Bye(bye) => {
                if !bye.hosts.is_empty() {
                    // It knows others: it is not about to become an ultra-peer for want of one.
                    let until = self.now + ASK_LATER.mul_f64(1.0 + self.rng.fraction() / 2.0);
                    farewell.peer.addrs().for_each(|addr| self.hosts.unfit(addr, until));
                }
                self.learn_told(&bye.hosts);
                self.forget_farewell(link);
                cx.out.push(Output::Close { link, why: bye.reason });
            }
            Message::Status(status) => {
                let peer = Arc::clone(&farewell.peer);
                self.elected_meanwhile(link, peer, *status, cx);
            }
            _ => {}
        }
        true
    }

    /// A node was elected while the two greeted each other: its hello was out of date, and it has this leaf already.
    fn elected_meanwhile(&mut self, link: LinkId, mut peer: Arc<Peer>, status: Status, cx: &mut Context<'_>) {
        Arc::make_mut(&mut peer).is_now(&status);
        if self.class_of(&peer, cx.config) != Ok(Class::Ultrapeer) || self.admit(&peer, cx).is_err() {
            return;
        }
        self.forget_farewell(link);
        self.link_is_up(link, Class::Ultrapeer, peer, cx);
        if let Some(index) = self.link_index(link) {
            self.on_status(index, status, cx);
        }
    }

    pub(in crate::overlay) fn forget_farewell(&mut self, link: LinkId) -> bool {
        let Some(ultra) = &mut self.ultra else { return false };
        let place = ultra.attached.farewells.iter().position(|other| other.link == link);
        place.map(|place| ultra.attached.farewells.swap_remove(place)).is_some()
    }

    /// Closes the links on which no last words came in time.
    pub(super) fn end_farewells(&mut self, cx: &mut Context<'_>) {
        self.close_farewells(self.now, cx);
    }

    /// Closes all of them: they mean nothing in another role.
    pub(in crate::overlay) fn cut_farewells(&mut self, cx: &mut Context<'_>) {
        self.close_farewells(Time::NEVER, cx);
    }

    fn close_farewells(&mut self, now: Time, cx: &mut Context<'_>) {
        let Some(ultra) = &mut self.ultra else { return };
        ultra.attached.farewells.retain(|farewell| {
            if farewell.until <= now {
                cx.out.push(Output::Close { link: farewell.link, why: ByeReason::Role });
            }
            farewell.until > now
        });
        if let Some(next) = ultra.attached.farewells.iter().map(|farewell| farewell.until).min() {
            self.plan(Task::Farewell, next);
        }
    }

    /// Whether an ultra-peer closed a link for want of room right after it had told of free slots.
    pub(in crate::overlay) fn lied_about_slots(&mut self, link: &Link) -> bool {
        let lied = link.class == Class::Ultrapeer && link.fitness().is_some_and(|(_, free_slots)| free_slots > 0);
        if lied {
            self.counters.inconsistent += 1;
            link.peer.addrs().for_each(|addr| self.hosts.lied(addr, self.now));
        }
        lied
    }

    pub(super) fn attached_to(&mut self, index: usize, cx: &mut Context<'_>) {
        let link = self.links[index].id;
        let Some(ultra) = &mut self.ultra else { return };
        ultra.attached.ultrapeers.retain(|other| other.link != link);
        let attachment = Attachment { link, given: None, alternatives_allowed: Bucket::FULL };
        ultra.attached.ultrapeers.push(attachment);
        // Only of one that looked for it: who steps down has another reason, and it stays.
        let sought = ultra.seeking.is_some();
        if sought && cx.config.role == RoleChoice::Auto && self.count(Class::Ultrapeer) == 1 {
            self.role_why = "an ultra-peer had a slot for it, and answers for it".into();
        }
        self.give_filters(cx);
    }

    pub(super) fn detached_from(&mut self, link: &Link, config: &Config) {
        let refused = self.was_refusal(link);
        if let Some(ultra) = &mut self.ultra {
            ultra.attached.ultrapeers.retain(|other| other.link != link.id);
            if !refused {
                (ultra.attached.looks, ultra.attached.next_look) = (ultra.attached.looks / 2, self.now);
                ultra.attached.changed = self.now;
            }
        }
        if self.role == Role::Leaf && self.count(Class::Ultrapeer) == 0 {
            self.lost_last_ultrapeer(link, config);
        }
    }

    /// The library is not what it was. What is new in it is not to be missed, so the leaf asks for every query until it
    /// gives the next filter: once for each filter, and those have their rate.
    pub(in crate::overlay) fn leaf_library_changed(&mut self, cx: &mut Context<'_>) {
        let Some(ultra) = self.ultra.as_mut().filter(|_| self.role == Role::Leaf) else { return };
        let at = (self.now + COLLECT).max(ultra.attached.next_filter);
        let was_in_force = ultra.attached.own.take().is_some_and(|own| own.filter.is_some());
        self.plan(Task::Filter, at);
        if was_in_force {
            self.withdraw_filters(cx);
        }
    }

    fn withdraw_filters(&mut self, cx: &mut Context<'_>) {
        let Some(ultra) = &mut self.ultra else { return };
        let given = ultra.attached.ultrapeers.iter_mut().filter_map(|other| other.given.take().map(|_| other.link));
        let links: Vec<LinkId> = given.collect();
        for index in links.into_iter().filter_map(|link| self.link_index(link)).collect::<Vec<_>>() {
            self.send(index, Message::Ultra(UltraMessage::Filter(everything())), cx);
        }
    }

    /// Gives the filter to those ultra-peers that do not have it.
    pub(super) fn give_filters(&mut self, cx: &mut Context<'_>) {
        let Some(ultra) = self.ultra.as_mut().filter(|_| self.role == Role::Leaf) else { return };
        let attached = &mut ultra.attached;
        if attached.own.is_none() {
            let files = u32::try_from(cx.library.totals().0).unwrap_or(u32::MAX);
            attached.next_filter = self.now + FILTER_EVERY + FILTER_EVERY_A_FILE * files;
        }
        let own = attached.own.get_or_insert_with(|| OwnFilter::new(cx));
        let mut lacking = Vec::new();
        for ultrapeer in &mut attached.ultrapeers {
            if ultrapeer.given.replace(own.fingerprint) != Some(own.fingerprint) {
                lacking.push(ultrapeer.link);
            }
        }
        if lacking.is_empty() {
            return;
        }
        let parts = own.parts();
        for index in lacking.into_iter().filter_map(|link| self.link_index(link)).collect::<Vec<_>>() {
            for part in &parts {
                self.send(index, Message::Ultra(UltraMessage::Filter(part.clone())), cx);
            }
        }
    }

    /// An ultra-peer names others to turn to.
    pub(super) fn on_alternatives(&mut self, index: usize, addrs: &[PeerAddr], config: &Config) {
        let link = self.links[index].id;
        let Some(ultra) = &mut self.ultra else { return };
        let ultrapeer = ultra.attached.ultrapeers.iter_mut().find(|other| other.link == link);
        let allowed = ultrapeer.is_some_and(|other| {
            other.alternatives_allowed.take(self.now, ALTERNATIVES.0, ALTERNATIVES.1) && !config.only_peers
        });
        if !allowed {
            self.counters.limited += 1;
            return;
        }
        let own = self.addr;
        let told: Vec<PeerAddr> = addrs.iter().copied().take(MAX_ADDRS_A_MESSAGE).collect();
        let told: Vec<PeerAddr> = told.into_iter().filter(|addr| addr.is_dialable() && Some(*addr) != own).collect();
        for addr in &told {
            self.hosts.learn(*addr, HostSource::Told);
            self.hosts.is_ultrapeer(*addr, true);
        }
        let known = &mut ultra.attached.alternatives;
        known.retain(|addr| !told.contains(addr));
        known.splice(0..0, told);
        known.truncate(MAX_ALTERNATIVES);
        known.shrink_to_fit();
        self.timers.at_latest(Timer::Join, self.now);
    }
}
