//! An ultra-peer's side: its leaves, their filters, what is handed down to them, and what it tells them and its like.

use std::time::Duration;

use super::filter::{Filter, Wanted, len_of};
use super::{Class, FilterPart, Task, UltraMessage};
use crate::base::Time;
use crate::overlay::io::{Config, Context, LinkId, Output, Peer};
use crate::overlay::limit::Bucket;
use crate::overlay::link::Link;
use crate::overlay::message::{Message, QueryMessage, Role};
use crate::overlay::node::Node;
use crate::proto::PeerAddr;
use crate::proto::limits::{FILTER_BITS, MAX_ADDRS_A_MESSAGE};

/// Filters that a leaf may send: so many a second, and so many at once.
const FILTERS: (u32, u32) = (1, 10);
/// Alternatives are told so long after a leaf came,
const ALTERNATIVES_SOON: Duration = Duration::from_millis(500);
/// and so long after the ultra-peers around changed.
const ALTERNATIVES_LATER: Duration = Duration::from_secs(20);
/// Between two times that they are told.
const ALTERNATIVES_EVERY: Duration = Duration::from_secs(2);
/// Other ultra-peers are told what there is room for so long after that changed.
const SLOTS_SOON: Duration = Duration::from_millis(200);
/// Between two times that other ultra-peers are told what there is room for.
const SLOTS_EVERY: Duration = Duration::from_secs(10);
/// They are told when that part of all slots was taken or became free, or when there is room no more or again.
const SLOTS_PART: u16 = 8;

/// What an ultra-peer keeps.
#[derive(Debug, Default)]
pub(super) struct Leaves {
    /// By link; as many as there are links to leaves, which the settings bound.
    all: Vec<Leaf>,
    slots_told: u16,
    slots_told_at: Time,
    alternatives_told_at: Time,
    /// What all leaves were told last, or something newer.
    alternatives: Vec<PeerAddr>,
}

/// A leaf.
#[derive(Debug)]
struct Leaf {
    link: LinkId,
    /// What it wants; `None`: everything.
    filter: Option<Filter>,
    incoming: Incoming,
    filters_allowed: Bucket,
    /// Whether it was told whom to turn to.
    told: bool,
}

/// A filter on its way.
#[derive(Debug)]
enum Incoming {
    None,
    /// It came too often, and the rest of it is let pass.
    Skipped,
    /// So many bits, and the bytes that came.
    Part(u8, Vec<u8>),
}

/// What became of a query among the leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::overlay) struct Handed {
    /// Leaves that it is handed to.
    pub(in crate::overlay) leaves: u16,
    /// Leaves that are spared, because their filters say that they have nothing that matches.
    pub(in crate::overlay) filtered: u16,
}

/// What is wrong with a part of a filter.
enum Fault {
    TooOften,
    Broken(&'static str),
}

impl Leaf {
    fn new(link: LinkId) -> Self {
        Self { link, filter: None, incoming: Incoming::None, filters_allowed: Bucket::FULL, told: false }
    }

    /// Takes a part of a filter. Until all of it came the leaf is handed everything, and so it is when it sends filters
    /// too often.
    fn take(&mut self, part: FilterPart, now: Time) -> Result<(), Fault> {
        if part.offset == 0 {
            (self.filter, self.incoming) = (None, Incoming::None);
            if !self.filters_allowed.take(now, FILTERS.0, FILTERS.1) {
                self.incoming = Incoming::Skipped;
                return Err(Fault::TooOften);
            }
            match part.log2_bits {
                0 if part.bytes.is_empty() => return Ok(()),
                log2_bits if FILTER_BITS.contains(&log2_bits) => self.incoming = Incoming::Part(log2_bits, Vec::new()),
                _ => return Err(Fault::Broken("a keyword filter of a size that there is not")),
            }
        }
        let (log2_bits, bytes) = match &mut self.incoming {
            Incoming::Part(log2_bits, bytes) => (log2_bits, bytes),
            Incoming::Skipped => return Err(Fault::TooOften),
            Incoming::None => return Err(Fault::Broken("a part of no keyword filter")),
        };
        let follows = *log2_bits == part.log2_bits && part.offset as usize == bytes.len() && !part.bytes.is_empty();
        if !follows || bytes.len() + part.bytes.len() > len_of(*log2_bits) {
            return Err(Fault::Broken("a keyword filter with gaps, or of another size than it says"));
        }
        bytes.extend_from_slice(&part.bytes);
        if bytes.len() == len_of(*log2_bits) {
            self.filter = Filter::from_bytes(*log2_bits, std::mem::take(bytes));
            self.incoming = Incoming::None;
        }
        Ok(())
    }
}

impl Leaves {
    fn get_mut(&mut self, link: LinkId) -> Option<&mut Leaf> {
        let at = self.all.binary_search_by_key(&link, |leaf| leaf.link).ok()?;
        Some(&mut self.all[at])
    }

    /// What a query looks up in filters; `None` if there is none to look it up in, or if it cannot be read.
    fn wanted(&self, query: &QueryMessage) -> Option<Wanted> {
        let has_filters = self.all.iter().any(|leaf| leaf.filter.is_some());
        let search = has_filters.then(|| query.body.query().ok())??;
        Some(Wanted::of(search))
    }

    fn may_match(&self, link: LinkId, wanted: Option<&Wanted>) -> bool {
        let Some(wanted) = wanted else { return true };
        let leaf = self.all.binary_search_by_key(&link, |leaf| leaf.link).ok().map(|at| &self.all[at]);
        leaf.and_then(|leaf| leaf.filter.as_ref()).is_none_or(|filter| filter.may_match(wanted))
    }
}

impl Node {
    /// Hands a query, as it is to arrive there, to the leaves that were there at `arrived` and that may match.
    pub(in crate::overlay) fn hand_to_leaves(
        &mut self,
        from: LinkId,
        arrived: Time,
        query: &QueryMessage,
        cx: &mut Context<'_>,
    ) -> Handed {
        let mut handed = Handed::default();
        let Some(ultra) = self.ultra.as_ref().filter(|ultra| !ultra.leaves.all.is_empty()) else { return handed };
        let wanted = ultra.leaves.wanted(query);
        for link in &self.links {
            if link.class != Class::Leaf || link.id == from || link.since > arrived {
                continue;
            }
            if !ultra.leaves.may_match(link.id, wanted.as_ref()) {
                self.counters.filtered += 1;
                handed.filtered += 1;
                continue;
            }
            cx.out.push(Output::Send { link: link.id, message: Message::Query(query.clone()) });
            handed.leaves += 1;
        }
        handed
    }

    /// How many leaves a query will be handed to, and how many it will spare, as things stand.
    pub(in crate::overlay) fn leaves_for(&self, from: LinkId, query: &QueryMessage) -> Handed {
        let mut handed = Handed::default();
        let Some(ultra) = self.ultra.as_ref().filter(|ultra| !ultra.leaves.all.is_empty()) else { return handed };
        let wanted = ultra.leaves.wanted(query);
        for link in self.links.iter().filter(|link| link.class == Class::Leaf && link.id != from) {
            let goes = ultra.leaves.may_match(link.id, wanted.as_ref());
            *if goes { &mut handed.leaves } else { &mut handed.filtered } += 1;
        }
        handed
    }

    pub(super) fn leaf_came(&mut self, index: usize, config: &Config) {
        let link = self.links[index].id;
        if let Some(ultra) = &mut self.ultra {
            let leaves = &mut ultra.leaves.all;
            if let Err(at) = leaves.binary_search_by_key(&link, |leaf| leaf.link) {
                leaves.insert(at, Leaf::new(link));
            }
        }
        self.plan_alternatives(ALTERNATIVES_SOON);
        self.slots_changed(config);
    }

    pub(super) fn leaf_went(&mut self, link: LinkId, config: &Config) {
        if let Some(ultra) = &mut self.ultra {
            ultra.leaves.all.retain(|leaf| leaf.link != link);
        }
        self.slots_changed(config);
        self.plan_step_down();
    }

    /// Other ultra-peers around this one came, went, or told something new.
    pub(super) fn ultrapeers_changed(&mut self) {
        if self.role == Role::Ultrapeer {
            self.plan_alternatives(ALTERNATIVES_LATER);
            self.plan_step_down();
        }
    }

    pub(super) fn on_filter(&mut self, index: usize, part: FilterPart, cx: &mut Context<'_>) {
        let link = self.links[index].id;
        let Some(leaf) = self.ultra.as_mut().and_then(|ultra| ultra.leaves.get_mut(link)) else { return };
        match leaf.take(part, self.now) {
            Ok(()) => {}
            Err(Fault::TooOften) => self.counters.limited += 1,
            Err(Fault::Broken(text)) => {
                self.counters.inconsistent += 1;
                self.break_off(index, text, cx);
            }
        }
    }

    fn plan_alternatives(&mut self, wait: Duration) {
        if let Some(told_at) = self.ultra.as_ref().map(|ultra| ultra.leaves.alternatives_told_at) {
            let soon = self.now + wait;
            let at = if told_at > Time::ZERO { soon.max(told_at + ALTERNATIVES_EVERY) } else { soon };
            self.plan(Task::Alternatives, at);
        }
    }

    /// Tells each leaf which other ultra-peers it can turn to, unless most of what it was told before still holds: what is
    /// told at each change is more than all searches together where many come and go.
    pub(super) fn tell_alternatives(&mut self, cx: &mut Context<'_>) {
        if cx.config.only_peers {
            return;
        }
        let others = self.other_ultrapeers();
        let now = self.now;
        let Some(ultra) = &mut self.ultra else { return };
        let is_outdated = !still_holds(&ultra.leaves.alternatives, &others);
        if is_outdated {
            ultra.leaves.alternatives = others.iter().copied().take(MAX_ADDRS_A_MESSAGE).collect();
        }
        for index in 0..self.links.len() {
            let link = &self.links[index];
            if link.class != Class::Leaf {
                continue;
            }
            let Some(leaf) = self.ultra.as_mut().and_then(|ultra| ultra.leaves.get_mut(link.id)) else { continue };
            if leaf.told && !is_outdated {
                continue;
            }
            let addrs = told_to(&link.peer, &others);
            leaf.told = !addrs.is_empty();
            if leaf.told {
                self.send(index, Message::Ultra(UltraMessage::Alternatives(addrs)), cx);
            }
        }
        if let Some(ultra) = &mut self.ultra {
            ultra.leaves.alternatives_told_at = now;
        }
    }

    /// Other ultra-peers, those with room first, the fitter before the others.
    fn other_ultrapeers(&self) -> Vec<PeerAddr> {
        let mut others: Vec<_> = self
            .ultrapeer_neighbors()
            .filter_map(|link| {
                let (score, free_slots) = link.fitness().unwrap_or_default();
                Some((free_slots == 0, std::cmp::Reverse(score), link.peer.listen?))
            })
            .filter(|(.., addr)| addr.is_dialable())
            .collect();
        others.sort_unstable();
        others.into_iter().map(|(.., addr)| addr).collect()
    }

    /// Ultra-peers that have room for a leaf: as those around told an ultra-peer, or as a leaf was told of to turn to.
    pub(in crate::overlay) fn ultrapeers_with_room(&self, fits: impl Fn(PeerAddr) -> bool) -> Vec<PeerAddr> {
        // An ultra-peer's own are from when it was a leaf, and nobody tells it of newer ones.
        let leaf = self.ultra.as_ref().filter(|_| self.role == Role::Leaf);
        let alternatives = leaf.map_or(&[][..], |ultra| &ultra.attached.alternatives);
        let has_room = |link: &&Link| link.fitness().is_some_and(|(_, free_slots)| free_slots > 0);
        let around = self.ultrapeer_neighbors().filter(has_room).filter_map(|link| link.peer.listen);
        let known = around.chain(alternatives.iter().copied());
        known.filter(|addr| addr.is_dialable() && fits(*addr)).take(MAX_ADDRS_A_MESSAGE).collect()
    }

    fn slots_changed(&mut self, config: &Config) {
        let free = self.status(config).free_slots;
        let Some(leaves) = self.ultra.as_ref().map(|ultra| &ultra.leaves) else { return };
        let told = leaves.slots_told;
        let part = (config.max_leaves.min(usize::from(u16::MAX)) as u16 / SLOTS_PART).max(1);
        if free.abs_diff(told) >= part || (free == 0) != (told == 0) {
            self.plan(Task::Slots, (self.now + SLOTS_SOON).max(leaves.slots_told_at + SLOTS_EVERY));
        }
    }

    /// Tells other ultra-peers what there is room for: they tell their leaves, and may step down for it.
    pub(super) fn tell_slots(&mut self, cx: &mut Context<'_>) {
        let status = self.status(cx.config);
        for index in 0..self.links.len() {
            let link = &self.links[index];
            if link.class == Class::Neighbor && link.peer.role == Role::Ultrapeer {
                self.send(index, Message::Status(status), cx);
            }
        }
        let now = self.now;
        if let Some(ultra) = &mut self.ultra {
            (ultra.leaves.slots_told, ultra.leaves.slots_told_at) = (status.free_slots, now);
        }
    }
}

/// Whether at least half of what leaves were told are still there, and they make up at least half of what could be told.
fn still_holds(told: &[PeerAddr], others: &[PeerAddr]) -> bool {
    let there = told.iter().filter(|addr| others.contains(addr)).count();
    2 * there >= told.len().max(others.len().min(MAX_ADDRS_A_MESSAGE))
}

/// What a leaf is told: nothing of itself, and no address of a private network to somebody outside.
fn told_to(leaf: &Peer, others: &[PeerAddr]) -> Vec<PeerAddr> {
    let fits = |addr: &&PeerAddr| Some(**addr) != leaf.listen && (leaf.local || !addr.is_local());
    others.iter().filter(fits).take(MAX_ADDRS_A_MESSAGE).copied().collect()
}

/// Tells whether something is what was sent before. Nobody gains by making two alike.
pub(super) fn fingerprint(bytes: impl IntoIterator<Item = u8>) -> u64 {
    let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, fnv)
}

#[cfg(test)]
mod tests {
    use super::{MAX_ADDRS_A_MESSAGE, PeerAddr, still_holds};

    fn addrs(range: std::ops::Range<u32>) -> Vec<PeerAddr> {
        range.map(|n| PeerAddr((std::net::Ipv4Addr::from(0x0a00_0000 + n), 6346).into())).collect()
    }

    #[test]
    fn alternatives_hold_while_half_of_them_are_there_and_there_are_not_twice_as_many() {
        let told = addrs(0..8);
        let cases = [(0..8, true), (4..8, true), (5..8, false), (4..12, true), (5..13, false), (0..0, false)];
        for (others, holds) in cases {
            assert_eq!(still_holds(&told, &addrs(others.clone())), holds, "{others:?}");
        }
        assert!(!still_holds(&addrs(0..2), &addrs(0..5)) && still_holds(&addrs(0..5), &addrs(0..100)));
        assert!(still_holds(&[], &[]) && !still_holds(&[], &addrs(0..1)));
        assert_eq!(MAX_ADDRS_A_MESSAGE, 10, "more than that is never told");
    }
}
