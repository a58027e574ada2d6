//! What this node knows of the overlay: its neighbors, and whom the reports and hits of its searches named. A bounded
//! table that is only read anew as far as something is new.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::{
    Action, Guid, Hit, HopReport, MAX_TTL, Map, Neighbor, NodeId, PeerAddr, Role, Search, Snapshot, Spread, Untrusted,
};

/// Nodes on the map, this one included. When there are more, those not seen for longest give way.
pub const MAX_KNOWN: usize = 2_000;
/// Links on the map, those of this node included.
pub const MAX_LINKS: usize = 8_000;
/// A node that nobody told of for so long fades.
pub const FADE_MS: u64 = 10 * 60_000;
/// One that nobody told of for so long is forgotten.
pub const FORGET_MS: u64 = 30 * 60_000;
/// Of a full table so many give way at once, so that making room costs little for each.
const BATCH: usize = MAX_KNOWN / 8;

/// A node of the overlay, as far as it is known.
#[derive(Clone, Debug)]
pub struct Known {
    /// Who.
    pub id: NodeId,
    /// What it calls itself, once it or somebody else said so.
    pub name: Untrusted,
    /// Where it can be reached.
    pub addr: Option<PeerAddr>,
    /// Its role: a neighbor's as its link tells, another's as it reported last; `None` if it did not tell.
    pub role: Option<Role>,
    /// Round trip, of neighbors only.
    pub rtt_ms: Option<f64>,
    /// Whether there is a link to it now.
    pub neighbor: bool,
    /// Hops from here, the fewest that anybody told of.
    pub hop: u8,
    /// Reports of its own.
    pub reports: u32,
    /// Files that it answered with.
    pub files: u32,
    /// When it was told of last, on the node's clock.
    pub seen_ms: u64,
    /// The first node that a link to it was proven from.
    pub anchor: Option<usize>,
}

impl Known {
    fn new(id: NodeId) -> Self {
        Self {
            id,
            name: Untrusted::default(),
            addr: None,
            role: None,
            rtt_ms: None,
            neighbor: false,
            hop: u8::MAX,
            reports: 0,
            files: 0,
            seen_ms: 0,
            anchor: None,
        }
    }

    /// Whether it never said anything itself: others named it.
    #[must_use]
    pub const fn inferred(&self) -> bool {
        !self.neighbor && self.reports == 0 && self.files == 0 && self.hop > 0
    }

    /// Whether nobody told of it for a while.
    #[must_use]
    pub const fn faded(&self, now_ms: u64) -> bool {
        !self.neighbor && self.hop > 0 && now_ms.saturating_sub(self.seen_ms) > FADE_MS
    }

    fn seen(&mut self, at_ms: u64) {
        self.seen_ms = self.seen_ms.max(at_ms);
    }

    fn call(&mut self, name: &Untrusted) {
        if !name.raw().is_empty() && self.name != *name {
            self.name = name.clone();
        }
    }
}

/// A link that a neighbor or a report proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// One end.
    pub a: usize,
    /// The other.
    pub b: usize,
}

/// The part of the overlay that is known.
#[derive(Debug, Default)]
pub struct Table {
    /// The nodes; the first one is this node.
    pub nodes: Vec<Known>,
    /// The links between them.
    pub links: Vec<Link>,
    /// Changes when the places of nodes in the list do.
    pub generation: u64,
    ids: Map<NodeId, usize>,
    pairs: Map<(usize, usize), ()>,
    /// Of each search the reports and hits that were read.
    read: BTreeMap<Guid, (usize, usize)>,
}

impl Table {
    /// The number of a node.
    #[must_use]
    pub fn find(&self, id: NodeId) -> Option<usize> {
        self.ids.get(&id).copied()
    }

    /// Whether there is no more room, so that not everybody who is known is on the map.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.nodes.len() >= MAX_KNOWN || self.links.len() >= MAX_LINKS - MAX_KNOWN
    }

    /// The nodes at the other ends of a node's links.
    pub fn linked(&self, at: usize) -> impl Iterator<Item = usize> {
        self.links.iter().filter_map(move |link| match link {
            Link { a, b } if *a == at => Some(*b),
            Link { a, b } if *b == at => Some(*a),
            _ => None,
        })
    }

    /// Takes in what is new.
    pub fn read(&mut self, now: &Snapshot) {
        let own = now.node.node;
        if self.nodes.first().is_none_or(|node| node.id != own) {
            *self = Self { generation: self.generation + 1, ..Self::default() };
        }
        if let Some(at) = self.named(own) {
            let node = &mut self.nodes[at];
            (node.hop, node.seen_ms, node.role) = (0, now.uptime_ms, now.own_role());
            node.call(&now.node.name);
        }
        self.neighbors(now);
        for search in &now.searches {
            self.search(search, now.uptime_ms);
        }
        let there = |guid: &Guid| now.searches.iter().any(|search| search.row.guid == *guid);
        self.read.retain(|guid, _| there(guid));
        self.forget(now.uptime_ms);
    }

    fn neighbors(&mut self, now: &Snapshot) {
        let there: BTreeSet<NodeId> = now.neighbors.iter().filter_map(|row| row.node).collect();
        let gone: Vec<usize> = (1..self.nodes.len())
            .filter(|at| self.nodes[*at].neighbor && !there.contains(&self.nodes[*at].id))
            .collect();
        for at in gone {
            (self.nodes[at].neighbor, self.nodes[at].rtt_ms) = (false, None);
            if self.pairs.remove(&(0, at)).is_some() {
                self.links.retain(|link| *link != Link { a: 0, b: at });
            }
        }
        for Neighbor { node, name, addr, kind, rtt_ms, .. } in &now.neighbors {
            let Some(at) = node.and_then(|node| self.named(node)) else { continue };
            let known = &mut self.nodes[at];
            (known.neighbor, known.hop, known.role, known.rtt_ms) = (true, 1, *kind, *rtt_ms);
            known.addr = addr.or(known.addr);
            known.call(name);
            known.seen(now.uptime_ms);
            self.link(0, at);
        }
    }

    fn search(&mut self, search: &Search, now_ms: u64) {
        let began = now_ms.saturating_sub(search.row.age_ms);
        let (reports, hits) = self.read.get(&search.row.guid).copied().unwrap_or_default();
        // Nothing is told before it happens, whatever a report says.
        let at = |ms: u64| began.saturating_add(ms).min(now_ms);
        for report in search.hops.iter().skip(reports) {
            self.report(report, search, at(report.at_ms));
        }
        for hit in search.hits.iter().skip(hits) {
            self.hit(hit, at(hit.at_ms));
        }
        self.read.insert(search.row.guid, (search.hops.len(), search.hits.len()));
    }

    /// A report names its node and the one that the copy came from, and proves the link between them, unless it says
    /// what cannot be.
    fn report(&mut self, report: &HopReport, search: &Search, at_ms: u64) {
        let own = self.nodes.first().map(|node| node.id);
        let from_here = Some(report.from) == own;
        // A walker may come home and go on.
        let passed_on_here = from_here && search.row.strategy == Spread::Walk;
        let possible = report.fits(search.strategy, search.row.ttl)
            && report.node != report.from
            && ((report.hop == 1) == from_here || passed_on_here)
            && (Some(report.node) != own || report.action == Action::Duplicate);
        if !possible {
            return;
        }
        let Some(from) = self.named(report.from) else { return };
        let Some(to) = self.named(report.node) else { return };
        let sender = &mut self.nodes[from];
        sender.hop = sender.hop.min(report.hop - 1);
        sender.seen(at_ms);
        let node = &mut self.nodes[to];
        node.hop = node.hop.min(report.hop);
        node.reports = node.reports.saturating_add(u32::from(to != 0));
        if !node.neighbor && to != 0 {
            node.role = report.role.or(node.role);
        }
        node.call(&report.name);
        node.seen(at_ms);
        self.link(from, to);
    }

    fn hit(&mut self, hit: &Hit, at_ms: u64) {
        let Some(at) = self.named(hit.node).filter(|at| *at != 0) else { return };
        let node = &mut self.nodes[at];
        node.hop = node.hop.min(hit.hops.clamp(1, MAX_TTL));
        node.files = node.files.saturating_add(1);
        node.addr = hit.addr.or(node.addr);
        node.call(&hit.node_name);
        node.seen(at_ms);
    }

    /// The number of a node, which may be new; `None` when there is no room.
    fn named(&mut self, id: NodeId) -> Option<usize> {
        if let Some(at) = self.ids.get(&id) {
            return Some(*at);
        }
        // Some more than the map holds: who gives way is decided when all that is new is known.
        if self.nodes.len() >= MAX_KNOWN + BATCH {
            return None;
        }
        let at = self.nodes.len();
        self.ids.insert(id, at);
        self.nodes.push(Known::new(id));
        Some(at)
    }

    fn link(&mut self, from: usize, to: usize) {
        let (a, b) = (from.min(to), from.max(to));
        if a == b || self.pairs.contains_key(&(a, b)) {
            return;
        }
        // Room is kept for a link from here to everybody.
        if a > 0 && self.links.len() >= MAX_LINKS - MAX_KNOWN {
            return;
        }
        self.pairs.insert((a, b), ());
        self.links.push(Link { a, b });
        if to != 0 {
            self.nodes[to].anchor.get_or_insert(from);
        }
    }

    /// Lets those go that nobody told of for long, and as many more as there is no room for: the inferred first, then
    /// those not seen for longest.
    fn forget(&mut self, now_ms: u64) {
        let old = |node: &Known| !node.neighbor && node.hop > 0 && now_ms.saturating_sub(node.seen_ms) > FORGET_MS;
        let mut keep: Vec<bool> = self.nodes.iter().map(|node| !old(node)).collect();
        let staying = keep.iter().filter(|keep| **keep).count();
        if let Some(many) = staying.checked_sub(MAX_KNOWN).filter(|many| *many > 0) {
            let mut order: Vec<usize> = (1..self.nodes.len()).filter(|at| keep[*at]).collect();
            order.sort_by_key(|at| {
                let node = &self.nodes[*at];
                (node.neighbor, !node.inferred(), node.seen_ms, std::cmp::Reverse(*at))
            });
            order.iter().take(many).for_each(|at| keep[*at] = false);
        }
        if keep.iter().any(|keep| !keep) {
            self.keep(&keep);
        }
    }

    fn keep(&mut self, keep: &[bool]) {
        let mut next = 0;
        let places: Vec<Option<usize>> = keep
            .iter()
            .map(|keep| {
                next += usize::from(*keep);
                keep.then(|| next - 1)
            })
            .collect();
        let place = |at: usize| places.get(at).copied().flatten();
        let mut kept = keep.iter();
        self.nodes.retain(|_| kept.next().copied().unwrap_or(false));
        for node in &mut self.nodes {
            node.anchor = node.anchor.and_then(place);
        }
        let ends = |link: &Link| Some(Link { a: place(link.a)?, b: place(link.b)? });
        self.links = self.links.iter().filter_map(ends).collect();
        self.pairs = self.links.iter().map(|link| ((link.a, link.b), ())).collect();
        self.ids = self.nodes.iter().enumerate().map(|(at, node)| (node.id, at)).collect();
        self.generation += 1;
    }
}
