//! The flood of one query as its reports tell it: who got it from whom, at which hop, and what does not fit together.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::place::{Rings, Spot, Wish};
use super::strange::Strange;
use crate::app::{Action, DoneWhy, Guid, HopReport, MAX_TTL, NodeId, Role, Search, Strategy, TopologyKind, ring_of};

/// Nodes that get a place in the picture; the others are counted.
pub const MAX_DRAWN: usize = 10_000;
/// Children for which a sector is divided at most, whatever a report says that it sent.
const MAX_CHILDREN: usize = 64;

/// No query travels longer: a time beyond this is a lie, and one lie does not stretch the time of all others.
const LONGEST_MS: u64 = 3_600_000;

/// A node of the flood.
#[derive(Clone, Debug)]
pub struct Node {
    /// Who.
    pub id: NodeId,
    /// What it is in its topology, as it told last; `None` if it never told.
    pub role: Option<Role>,
    /// Its own reports, in the order of arrival.
    pub copies: Vec<usize>,
    /// The report of the copy that was new to it, or else its first one.
    pub first: Option<usize>,
    /// The report that named it first, its own or that of another.
    pub named: usize,
    /// Who passed that copy on, as far as that one is known.
    pub parent: Option<usize>,
    /// Hops from here.
    pub hop: u8,
    /// Where it is drawn, if it is.
    pub spot: Option<Spot>,
    /// Hops at which it had copies, one bit each; the last bit stands for all that are farther.
    hops: u128,
    /// Nodes that were placed in its sector.
    children: usize,
}

/// What of a flood is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Reports before this one.
    pub until: usize,
    /// Hops up to this one.
    pub hop: u8,
}

/// What a node is at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Only named by others.
    Inferred,
    /// Only told of copies that it had seen before.
    Duplicate,
    /// Refused it.
    Refused,
    /// Reached.
    Reached,
    /// Has files that match.
    Hit,
    /// This node.
    You,
}

/// The flood of one query.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Which query.
    pub guid: Guid,
    /// The nodes in the order in which they were named; the first one is this node.
    pub nodes: Vec<Node>,
    /// The reports.
    pub reports: Arc<[Arc<HopReport>]>,
    /// For each report the latest time told until then.
    times: Vec<u64>,
    /// For each report the node that it names as the sender, if that has a place in the flood.
    senders: Vec<Option<usize>>,
    /// For each report what is wrong with it, one bit for each kind.
    strange: Vec<u8>,
    /// When the first copy of each hop was told of. Hops that no copy can have are left out, so there are few.
    began: BTreeMap<u8, u64>,
    ids: BTreeMap<NodeId, usize>,
    rings: Rings,
    drawn: usize,
    strategy: Strategy,
    /// The TTL of the search.
    ttl: u8,
    /// The most hops that a copy of such a search can have.
    most: u8,
    /// Whether the search ended while reports were still to come.
    early: bool,
}

impl Tree {
    /// The flood of a search of this node.
    #[must_use]
    pub fn new(own: NodeId, search: &Search) -> Self {
        let you = Node {
            id: own,
            role: None,
            copies: Vec::new(),
            first: None,
            named: 0,
            parent: None,
            hop: 0,
            spot: Some(Spot { turn: 0.0, sector: 1.0, depth: 0.0 }),
            hops: 1,
            children: 0,
        };
        // A leaf is one hop further than the last ultra-peer.
        let most = search.strategy.max_ttl(MAX_TTL) + 1;
        let mut tree = Self {
            guid: search.row.guid,
            nodes: vec![you],
            reports: Arc::default(),
            times: Vec::new(),
            senders: Vec::new(),
            strange: Vec::new(),
            began: BTreeMap::new(),
            ids: BTreeMap::from([(own, 0)]),
            rings: Rings::new(ring_of(search.strategy, most), search.sent_here as usize),
            drawn: 0,
            strategy: search.strategy,
            // A look-up goes no further than the directory, whatever its TTL.
            ttl: if search.topology == TopologyKind::Central { 1 } else { search.row.ttl.min(most) },
            most,
            early: false,
        };
        tree.ends(search.ended);
        tree.extend(&search.hops);
        tree
    }

    /// Takes in whether and why the search ended; whether that changed what fits together.
    pub fn ends(&mut self, why: Option<DoneWhy>) -> bool {
        let early = matches!(why, Some(DoneWhy::Enough | DoneWhy::Cancelled | DoneWhy::Cut));
        let changed = std::mem::replace(&mut self.early, early) != early;
        if changed {
            self.judge();
        }
        changed
    }

    /// Whether reports are these and some more, so that only the new ones need be read.
    #[must_use]
    pub fn grows_into(&self, reports: &[Arc<HopReport>]) -> bool {
        let at = |i: usize| self.reports.get(i).zip(reports.get(i)).is_some_and(|(a, b)| Arc::ptr_eq(a, b));
        self.reports.is_empty() || (self.reports.len() <= reports.len() && at(0) && at(self.reports.len() - 1))
    }

    /// Takes in the reports that are new.
    pub fn extend(&mut self, reports: &Arc<[Arc<HopReport>]>) {
        self.reports = Arc::clone(reports);
        for (index, report) in reports.iter().enumerate().skip(self.times.len()) {
            self.take(index, report);
        }
        self.judge();
    }

    fn take(&mut self, index: usize, report: &HopReport) {
        let before = self.times.last().copied().unwrap_or(0);
        let told = if report.at_ms > LONGEST_MS { before } else { report.at_ms };
        self.times.push(before.max(told));
        self.strange.push(0);
        self.senders.push(None);
        if report.at_ms < before || report.at_ms > LONGEST_MS {
            self.mark(index, Strange::Time);
        }
        if report.node == report.from || (self.ids.get(&report.node) == Some(&0) && report.action != Action::Duplicate)
        {
            self.mark(index, Strange::Itself);
        }
        let possible = (1..=self.most).contains(&report.hop);
        if report.fits(self.strategy, self.ttl) {
            self.began.entry(report.hop).or_insert(self.times[index]);
        } else {
            self.mark(index, Strange::Hop);
        }
        let sender = if possible && report.node != report.from { self.sender(index, report) } else { None };
        self.senders[index] = sender;
        let at = self.named(report.node, index, report.hop);
        let new = is_new(report.action);
        let node = &mut self.nodes[at];
        node.copies.push(index);
        node.role = report.role.or(node.role);
        if possible && report.action != Action::Refused {
            node.hops |= bit_of(report.hop);
        }
        let told = node.first.and_then(|first| self.reports.get(first).map(|first| first.action));
        if new && told.is_some_and(is_new) {
            self.mark(index, Strange::Twice);
        }
        let better = match told {
            None => true,
            Some(told) => new && !is_new(told),
        };
        if at != 0 && better {
            self.arrive(at, index, report, sender);
        }
    }

    /// The node that a copy is said to come from; named for the first time it stands where it must have been.
    fn sender(&mut self, index: usize, report: &HopReport) -> Option<usize> {
        if report.hop == 1 {
            if self.ids.get(&report.from) != Some(&0) {
                self.mark(index, Strange::Origin);
            }
            return self.ids.get(&report.from).copied().filter(|at| *at == 0);
        }
        let at = self.named(report.from, index, report.hop - 1);
        if self.nodes[at].spot.is_none() && self.nodes[at].first.is_none() {
            self.stand(at, None);
        }
        Some(at)
    }

    fn named(&mut self, id: NodeId, index: usize, hop: u8) -> usize {
        let next = self.nodes.len();
        let at = *self.ids.entry(id).or_insert(next);
        if at == next {
            self.nodes.push(Node {
                id,
                role: None,
                copies: Vec::new(),
                first: None,
                named: index,
                parent: None,
                hop,
                spot: None,
                hops: 0,
                children: 0,
            });
        }
        at
    }

    /// The copy that was new to a node came: now it has a hop and a parent of its own.
    fn arrive(&mut self, at: usize, index: usize, report: &HopReport, sender: Option<usize>) {
        let node = &mut self.nodes[at];
        let stays = node.spot.is_some() && node.hop == report.hop;
        (node.first, node.hop, node.parent) = (Some(index), report.hop, sender);
        if !stays {
            self.stand(at, sender);
        }
    }

    /// Gives a node a place on its ring.
    fn stand(&mut self, at: usize, parent: Option<usize>) {
        let fresh = self.nodes[at].spot.is_none();
        if fresh && self.drawn >= MAX_DRAWN {
            return;
        }
        let parent = parent.filter(|parent| *parent != 0);
        let of = parent.map(|parent| {
            let node = &self.nodes[parent];
            let sent = node.copies.iter().filter_map(|&copy| self.reports.get(copy)).map(|copy| usize::from(copy.sent));
            sent.fold(1, |sum: usize, sent| sum.saturating_add(sent)).min(MAX_CHILDREN)
        });
        let wish = Wish {
            parent: parent.and_then(|parent| self.nodes[parent].spot),
            nth: parent.map_or(0, |parent| self.nodes[parent].children),
            of: of.unwrap_or(1),
        };
        let ring = self.ring(self.nodes[at].hop);
        let spot = self.rings.place(ring, self.nodes[at].id, wish);
        if let Some(parent) = parent {
            self.nodes[parent].children += 1;
        }
        self.drawn += usize::from(fresh && spot.is_some());
        self.nodes[at].spot = spot;
    }

    /// Compares each copy with its sender's own, now that more is known: reports come in any order. Of a search that ended
    /// early nobody knows: the one that is missing may have been under way.
    fn judge(&mut self) {
        let (bit, early) = (1 << Strange::Parent as u8, self.early);
        for ((report, sender), strange) in self.reports.iter().zip(&self.senders).zip(&mut self.strange) {
            let sender = sender.and_then(|at| self.nodes.get(at));
            let fits = |node: &Node| node.hops == 0 || node.hops & bit_of(report.hop.saturating_sub(1)) != 0;
            *strange = if early || sender.is_none_or(fits) { *strange & !bit } else { *strange | bit };
        }
    }

    fn mark(&mut self, index: usize, what: Strange) {
        if let Some(marks) = self.strange.get_mut(index) {
            *marks |= 1 << what as u8;
        }
    }

    /// What is wrong with a report.
    pub fn strange(&self, index: usize) -> impl Iterator<Item = Strange> {
        let marks = self.strange.get(index).copied().unwrap_or(0);
        Strange::ALL.into_iter().filter(move |what| marks >> *what as u8 & 1 == 1)
    }

    fn is_marked(&self, index: usize, what: Strange) -> bool {
        self.strange.get(index).is_some_and(|marks| marks >> what as u8 & 1 == 1)
    }

    /// Whether something is wrong with what a node told within a span.
    #[must_use]
    pub fn is_strange(&self, at: usize, span: Span) -> bool {
        let marked = |copy: usize| self.strange.get(copy).is_some_and(|marks| *marks != 0);
        self.nodes.get(at).is_some_and(|node| self.copies(node, span).any(|(copy, _)| marked(copy)))
    }

    /// Reports with which something is wrong.
    #[must_use]
    pub fn strange_count(&self, span: Span) -> usize {
        self.strange.iter().take(span.until).filter(|marks| **marks != 0).count()
    }

    /// Rings to draw: those of the query's TTL, or more if somebody claims more.
    #[must_use]
    pub fn rings(&self) -> u8 {
        let drawn = self.nodes.iter().filter(|node| node.spot.is_some());
        self.ring(drawn.map(|node| node.hop).max().unwrap_or(0).max(self.ttl).max(1))
    }

    /// How many nodes have a place on each ring, from this node's own.
    #[must_use]
    pub fn on_rings(&self) -> Vec<u32> {
        let mut nodes = vec![0; usize::from(self.rings()) + 1];
        for node in self.nodes.iter().filter(|node| node.spot.is_some()) {
            if let Some(nodes) = nodes.get_mut(usize::from(self.ring(node.hop))) {
                *nodes += 1;
            }
        }
        nodes
    }

    /// The ring that a hop is drawn on.
    #[must_use]
    pub const fn ring(&self, hop: u8) -> u8 {
        ring_of(self.strategy, hop)
    }

    /// How the query spreads.
    #[must_use]
    pub const fn strategy(&self) -> Strategy {
        self.strategy
    }

    /// The reports until some time, as it is told.
    #[must_use]
    pub fn until(&self, ms: u64) -> usize {
        self.times.partition_point(|time| *time <= ms)
    }

    /// Nodes whose nearest copy came at each hop, this node first: what the graph of the overlay says, where the first copy
    /// of some came by a longer way that was faster. Hops that no copy can have are left out.
    #[must_use]
    pub fn per_hop(&self, span: Span) -> Vec<u64> {
        let fits = |(index, _): &(usize, &HopReport)| !self.is_marked(*index, Strange::Hop);
        let mut counts = [0; 1 + u8::MAX as usize];
        counts[0] = 1;
        let mut farthest = 0;
        for (at, node) in self.nodes.iter().enumerate() {
            let mut nearest = None;
            for (_, copy) in self.copies(node, span).filter(fits) {
                nearest = Some(copy.hop.min(nearest.unwrap_or(copy.hop)));
                farthest = farthest.max(copy.hop);
            }
            // This node had it before any copy went.
            if let Some(hop) = nearest.filter(|_| at > 0) {
                counts[usize::from(hop)] += 1;
            }
        }
        counts[..=usize::from(farthest)].to_vec()
    }

    /// When a report came, as it is told: none comes before the one that came before it.
    #[must_use]
    pub fn time_ms(&self, report: usize) -> u64 {
        self.times.get(report).copied().unwrap_or_else(|| self.end_ms())
    }

    /// When the last report came.
    #[must_use]
    pub fn end_ms(&self) -> u64 {
        self.times.last().copied().unwrap_or(0)
    }

    /// The farthest hop that was told of until some time; 0 before the first.
    #[must_use]
    pub fn farthest(&self, ms: u64) -> u8 {
        self.began.iter().rfind(|(_, began)| **began <= ms).map_or(0, |(hop, _)| *hop)
    }

    /// The last moment before a copy was told of that had gone farther than a hop, in microseconds since the search
    /// began; the end if none had.
    #[must_use]
    pub fn moment_us(&self, hop: u8) -> u64 {
        let farther = self.began.iter().filter(|(began, _)| **began > hop).map(|(_, ms)| *ms).min();
        farther.map_or(self.end_ms().saturating_mul(1_000), |ms| ms.saturating_mul(1_000).saturating_sub(1))
    }

    /// The number of a node.
    #[must_use]
    pub fn find(&self, id: NodeId) -> Option<usize> {
        self.ids.get(&id).copied()
    }

    /// The copies that a node told of within a span.
    pub fn copies(&self, node: &Node, span: Span) -> impl Iterator<Item = (usize, &HopReport)> {
        let copies = node.copies.iter().take_while(move |copy| **copy < span.until);
        copies
            .filter_map(|&copy| Some((copy, self.reports.get(copy)?.as_ref())))
            .filter(move |(_, copy)| copy.hop <= span.hop)
    }

    /// What a node is within a span; `None` before anybody told of it.
    #[must_use]
    pub fn state(&self, at: usize, span: Span) -> Option<State> {
        if at == 0 {
            return Some(State::You);
        }
        // One that is farther away may have got a copy by a shorter way later; hop by hop its turn is not yet.
        let node = self.nodes.get(at).filter(|node| node.hop <= span.hop)?;
        let told = self.copies(node, span).map(|(_, copy)| match copy.action {
            _ if copy.hits > 0 => State::Hit,
            Action::Answered => State::Hit,
            Action::Forwarded | Action::Expired => State::Reached,
            Action::Refused => State::Refused,
            Action::Duplicate => State::Duplicate,
        });
        let named = node.named < span.until && node.hop < span.hop && node.hop > 0;
        told.max().or_else(|| named.then_some(State::Inferred))
    }

    /// The report's sender, if it has a place in the flood.
    #[must_use]
    pub fn sender_of(&self, report: usize) -> Option<usize> {
        self.senders.get(report).copied().flatten()
    }

    /// Whether a report tells of the first copy that came to its node, by a way that is known.
    #[must_use]
    pub fn is_first(&self, report: usize) -> bool {
        let node = || self.nodes.get(self.find(self.reports.get(report)?.node)?);
        self.sender_of(report).is_some() && node().is_some_and(|node| node.first == Some(report))
    }

    /// From a node back to this one, itself first. It ends early where nobody told how the query came there.
    #[must_use]
    pub fn way_back(&self, at: usize) -> Vec<usize> {
        let next = |at: &usize| self.nodes.get(*at).and_then(|node| node.parent);
        let most = usize::from(self.most) + 1;
        std::iter::successors(Some(at).filter(|at| *at < self.nodes.len()), next).take(most).collect()
    }
}

/// The bit of a hop.
fn bit_of(hop: u8) -> u128 {
    1 << u32::from(hop).min(u128::BITS - 1)
}

/// Whether a node that did this saw the query for the first time.
#[must_use]
pub const fn is_new(action: Action) -> bool {
    matches!(action, Action::Forwarded | Action::Answered | Action::Expired)
}
