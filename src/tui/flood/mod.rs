//! The flood of the chosen search: what its reports tell, where its nodes stand, and how much of it is shown. Kept from
//! one message to the next and only added to, so that a frame need not read all reports again.

mod place;
pub mod player;
pub mod strange;
#[cfg(test)]
mod tests;
pub mod tree;
pub mod ways;

use std::sync::Arc;

use self::player::Player;
use self::tree::{Span, Tree, is_new};
use super::model::Model;
use crate::app::{Action, HopRow, Search, ring_of};

/// The flood that is looked at, and how.
#[derive(Debug, Default)]
pub struct Flood {
    /// What the reports tell.
    pub tree: Option<Tree>,
    /// Where the player stands.
    pub player: Player,
    /// Whether copies that had been seen before are left out of the picture.
    pub no_duplicates: bool,
    /// Rings that are zoomed out of the picture.
    pub zoom: u8,
    /// The sums of what is shown.
    pub shown: Shown,
}

/// The sums of a part of a flood.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// Line by line, from hop 1.
    pub rows: Vec<HopRow>,
    /// Nodes by the hop of their nearest copy, from hop 0; empty for a walk, where that says nothing.
    pub per_hop: Vec<u64>,
    /// Nodes that are only named by others.
    pub inferred: usize,
    /// Reports with which something is wrong.
    pub strange: usize,
    /// Nodes that have no place in the picture.
    pub not_drawn: usize,
    of: Option<(Span, usize)>,
}

impl Model {
    /// Takes in what the chosen search's nodes reported since the last time. Only the screen that shows it needs it.
    pub fn follow_flood(&mut self) {
        // The map draws the way of the chosen search too.
        if !matches!(self.screen, 3 | 4) {
            return;
        }
        let Some(search) = self.search().map(Arc::clone) else {
            self.flood.tree = None;
            return;
        };
        let own = self.snapshot.node.node;
        let flood = &mut self.flood;
        match &mut flood.tree {
            Some(tree) if tree.guid == search.row.guid && tree.grows_into(&search.hops) => {
                if tree.reports.len() < search.hops.len() {
                    tree.extend(&search.hops);
                }
            }
            old => {
                if old.as_ref().is_none_or(|old| old.guid != search.row.guid) {
                    flood.player = Player::default();
                    flood.zoom = 0;
                }
                *old = Some(Tree::new(own, &search));
                flood.shown = Shown::default();
            }
        }
        if self.flood.tree.as_mut().is_some_and(|tree| tree.ends(search.ended)) {
            self.flood.shown = Shown::default();
        }
        let end_us = self.flood_end_us();
        self.flood.player.settle(self.clock, end_us);
        let span = self.flood_span();
        if let Some(tree) = &self.flood.tree
            && self.flood.shown.of != Some((span, tree.reports.len()))
        {
            self.flood.shown = sums(tree, &search, span);
        }
    }

    /// When the last report came, in microseconds since the search began.
    #[must_use]
    pub fn flood_end_us(&self) -> u64 {
        self.flood.tree.as_ref().map_or(0, |tree| tree.end_ms().saturating_mul(1_000))
    }

    /// Where the player stands, in microseconds since the search began; `None` when all is shown. A flood that is shown
    /// up to a hop stands where it goes on from there.
    #[must_use]
    pub fn flood_at_us(&self) -> Option<u64> {
        match (self.hop, &self.flood.tree) {
            (Some(hop), Some(tree)) => Some(tree.moment_us(hop)),
            _ => self.flood.player.at_us(self.clock, self.flood_end_us()),
        }
    }

    /// What of the flood is shown.
    #[must_use]
    pub fn flood_span(&self) -> Span {
        let hop = self.hop.unwrap_or(u8::MAX);
        let Some(tree) = &self.flood.tree else { return Span { until: 0, hop } };
        let at = self.flood.player.at_us(self.clock, self.flood_end_us()).filter(|_| self.hop.is_none());
        Span { until: at.map_or(tree.reports.len(), |at| tree.until(at / 1_000)), hop }
    }

    /// Whether all of the flood is shown that is known.
    #[must_use]
    pub fn shows_whole_flood(&self) -> bool {
        let all = self.flood.tree.as_ref().map_or(0, |tree| tree.reports.len());
        let span = self.flood_span();
        span.hop == u8::MAX && span.until >= all
    }

    /// Whether the flood is seen to spread: it is under way, or is being played.
    #[must_use]
    pub fn flood_spreads(&self) -> bool {
        let part = self.flood.tree.as_ref().is_some_and(|tree| self.flood_span().until < tree.reports.len());
        part || self.search().is_some_and(|search| search.ended.is_none())
    }

    /// The node of the flood under the cursor.
    #[must_use]
    pub fn flood_cursor(&self) -> usize {
        self.position(super::action::PaneName::Rings).unwrap_or(0)
    }
}

fn sums(tree: &Tree, search: &Search, span: Span) -> Shown {
    let whole = span.until == tree.reports.len();
    let mut rows = if whole { search.by_hop.clone() } else { rows(tree, search, span) };
    rows.retain(|row| row.hop <= span.hop);
    let states = || (0..tree.nodes.len()).filter_map(|at| Some((at, tree.state(at, span)?)));
    let not_drawn = states().filter(|(at, _)| tree.nodes.get(*at).is_some_and(|node| node.spot.is_none())).count();
    let walks = search.strategy.walkers().is_some();
    Shown {
        rows,
        per_hop: if walks { Vec::new() } else { tree.per_hop(span) },
        inferred: states().filter(|(_, state)| *state == tree::State::Inferred).count(),
        strange: tree.strange_count(span),
        not_drawn,
        of: Some((span, tree.reports.len())),
    }
}

/// The flood by hop at a moment that is over: counted anew from the reports.
fn rows(tree: &Tree, search: &Search, span: Span) -> Vec<HopRow> {
    let empty = |row: &HopRow| HopRow { first: row.first, hop: row.hop, ttl: row.ttl, ..HopRow::default() };
    let mut rows: Vec<(HopRow, Vec<u64>)> = search.by_hop.iter().map(|row| (empty(row), Vec::new())).collect();
    let place = |hop: u8| usize::from(ring_of(search.strategy, hop)).checked_sub(1);
    if let Some((row, _)) = rows.first_mut() {
        row.sent = sent_here(tree, search, span);
    }
    for report in tree.reports.iter().take(span.until) {
        let next = place(report.hop.saturating_add(1)).and_then(|at| rows.get_mut(at));
        if let Some((row, _)) = next {
            row.sent = row.sent.saturating_add(report.sent.into());
        }
        let Some((row, times)) = place(report.hop).and_then(|at| rows.get_mut(at)) else {
            continue;
        };
        row.new += u32::from(is_new(report.action));
        row.duplicates += u32::from(report.action == Action::Duplicate);
        row.dropped += u32::from(report.action == Action::Refused);
        row.hits += u32::from(report.hits);
        // Duplicates are reported in collections, some time after they came.
        if report.action != Action::Duplicate {
            times.push(report.at_ms);
        }
    }
    let told = rows.into_iter().filter(|(row, _)| row.sent > 0 || row.arrived() > 0);
    told.map(|(row, mut times)| {
        let middle = times.len() / 2;
        let p50_ms = (!times.is_empty()).then(|| *times.select_nth_unstable(middle).1);
        HopRow { p50_ms, ..row }
    })
    .collect()
}

/// Copies that this node had sent itself when the last of those reports came: of a ring those of its rounds so far.
fn sent_here(tree: &Tree, search: &Search, span: Span) -> u32 {
    if search.rounds.is_empty() {
        return search.sent_here;
    }
    let now = span.until.checked_sub(1).map_or(0, |last| tree.time_ms(last));
    search.rounds.iter().filter(|round| round.at_ms <= now).map(|round| u32::from(round.sent)).sum()
}
