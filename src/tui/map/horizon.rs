//! The horizon of a search: nodes of the known overlay that it did not reach, and the TTL that would have reached them.
//! Only links that are proven count, so that a way nobody told of is not promised.

use std::collections::VecDeque;

use super::known::Table;
use crate::app::{MAX_TTL, Role, Search, TopologyKind};
use crate::tui::flood::tree::{State, Tree};

/// What a search did not reach of the overlay that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Horizon {
    /// Nodes farther than its TTL, the nearest first: their places in the table.
    pub beyond: Vec<usize>,
    /// Of those, how many each TTL would have reached: index 0 is TTL 1. None within the search's own.
    pub by_ttl: [usize; MAX_TTL as usize],
    /// Of those, nodes to which no way is known, or none that any TTL is long enough for.
    pub unknown: usize,
    /// Nodes within its TTL that did not report: leaves that were spared, nodes that came later, reports that were lost.
    pub silent: usize,
}

impl Horizon {
    /// The horizon of a search that is over; `None` for one that tells nothing of it: a look-up, or one that asked for no
    /// reports.
    #[must_use]
    pub fn of(table: &Table, search: &Search, tree: &Tree) -> Option<Self> {
        if search.ended.is_none() || search.topology == TopologyKind::Central || search.hops.is_empty() {
            return None;
        }
        let needed = needed(table);
        let all = crate::tui::flood::tree::Span { until: tree.reports.len(), hop: u8::MAX };
        let reached = |at: usize| {
            let node = table.nodes.get(at).and_then(|node| tree.find(node.id));
            node.and_then(|node| tree.state(node, all)).is_some_and(|state| state >= State::Inferred)
        };
        let (mut horizon, ttl_sent) = (Self::default(), Self::ttl_of(search));
        // A directory and its clients are part of no flood, whatever its TTL.
        let floods = |at: &usize| !matches!(table.nodes[*at].role, Some(Role::Directory | Role::Client));
        for at in (1..table.nodes.len()).filter(floods).filter(|at| !reached(*at)) {
            match needed.get(at).copied().flatten() {
                Some(ttl) if ttl <= ttl_sent => horizon.silent += 1,
                ttl => {
                    horizon.beyond.push(at);
                    match ttl.and_then(|ttl| horizon.by_ttl.get_mut(usize::from(ttl) - 1)) {
                        Some(count) => *count += 1,
                        None => horizon.unknown += 1,
                    }
                }
            }
        }
        horizon.beyond.sort_by_key(|at| (needed.get(*at).copied().flatten().unwrap_or(u8::MAX), *at));
        Some(horizon)
    }

    /// How far a search went: a ring that found enough stopped before its TTL.
    #[must_use]
    pub fn ttl_of(search: &Search) -> u8 {
        search.row.round.unwrap_or(search.row.ttl)
    }

    /// What larger TTLs would have reached: each TTL with how many nodes it reaches in all, up to the one that reaches
    /// the last of those to which a way is known.
    pub fn steps(&self) -> impl Iterator<Item = (u8, usize)> {
        let mut sum = 0;
        (1..).zip(self.by_ttl).filter(|(_, more)| *more > 0).map(move |(ttl, more)| {
            sum += more;
            (ttl, sum)
        })
    }
}

/// The TTL that each node needs to be reached, by the shortest way over proven links; `None` where there is no such way.
fn needed(table: &Table) -> Vec<Option<u8>> {
    let mut linked: Vec<Vec<usize>> = vec![Vec::new(); table.nodes.len()];
    for link in &table.links {
        for (from, to) in [(link.a, link.b), (link.b, link.a)] {
            if let Some(of) = linked.get_mut(from) {
                of.push(to);
            }
        }
    }
    let mut hops: Vec<Option<u8>> = vec![None; table.nodes.len()];
    let mut next = VecDeque::from([0]);
    if let Some(own) = hops.first_mut() {
        *own = Some(0);
    }
    while let Some(at) = next.pop_front() {
        let Some(hop) = hops[at].filter(|hop| *hop <= MAX_TTL) else { continue };
        // A leaf passes nothing on but what is its own.
        if at > 0 && table.nodes[at].role == Some(Role::Leaf) {
            continue;
        }
        for &to in &linked[at] {
            if hops[to].is_none() {
                hops[to] = Some(hop + 1);
                next.push_back(to);
            }
        }
    }
    let ttl = |(at, hop): (usize, Option<u8>)| {
        // Handing a query to a leaf spends no TTL; but none is sent with less than 1.
        let spared = u8::from(at > 0 && table.nodes[at].role == Some(Role::Leaf));
        hop.map(|hop| hop.saturating_sub(spared).max(1)).filter(|ttl| *ttl <= MAX_TTL)
    };
    hops.into_iter().enumerate().map(ttl).collect()
}
