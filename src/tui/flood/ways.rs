//! Which ways of a flood are drawn where it is too large for all of them: those of nodes that stand alone, of the selected
//! node, of hits, and of the copies that came last. What is left out is counted.

use super::tree::{Span, Tree};
use crate::app::Action;

/// Ways that are drawn at most: of more nothing is told apart, and they would take the time of a frame.
pub const MAX_WAYS: usize = 8_000;

/// What decides which ways are drawn.
pub struct Wanted<'a, F: Fn(usize) -> bool> {
    /// Whether a node stands far enough from others that each of its ways is seen.
    pub alone: F,
    /// Nodes that are drawn with their whole way back, if they do not stand alone: hits.
    pub back: &'a [usize],
    /// The selected node.
    pub cursor: usize,
    /// So many of the youngest copies are drawn wherever they go, so that a flood is seen to spread.
    pub young: usize,
    /// Whether copies that had been seen before are drawn.
    pub duplicates: bool,
}

/// The ways that are drawn.
#[derive(Debug, Default)]
pub struct Ways {
    /// Their reports, ascending.
    pub drawn: Vec<usize>,
    /// Ways that are not drawn.
    pub left_out: usize,
}

impl Ways {
    /// Chooses among the copies of a span.
    #[must_use]
    pub fn choose<F: Fn(usize) -> bool>(tree: &Tree, span: Span, wanted: &Wanted<'_, F>) -> Self {
        let mut drawn = vec![false; span.until.min(tree.reports.len())];
        let mut ways: usize = 0;
        for to in 0..tree.nodes.len() {
            let (alone, cursor) = ((wanted.alone)(to), to == wanted.cursor && to != 0);
            for (index, from, first) in ways_to(tree, to, span, wanted.duplicates) {
                ways += 1;
                let between = alone && (first || (wanted.alone)(from));
                drawn[index] = between || cursor || (first && from == wanted.cursor && from != 0);
            }
        }
        for &hit in wanted.back {
            for at in tree.way_back(hit) {
                let first = tree.nodes.get(at).and_then(|node| node.first);
                let way = first.filter(|first| tree.sender_of(*first).is_some());
                if let Some(drawn) = way.and_then(|first| drawn.get_mut(first)) {
                    *drawn = true;
                }
            }
        }
        let late = drawn.len().saturating_sub(wanted.young);
        for (index, drawn) in drawn.iter_mut().enumerate().skip(late) {
            let near = tree.reports.get(index).is_some_and(|report| report.hop <= span.hop);
            *drawn |= near && tree.is_first(index);
        }
        let drawn: Vec<usize> = (0..drawn.len()).filter(|index| drawn[*index]).take(MAX_WAYS).collect();
        Self { left_out: ways.saturating_sub(drawn.len()), drawn }
    }
}

/// The ways to a node: the report, from whom, and whether that copy was the first one there.
fn ways_to(tree: &Tree, to: usize, span: Span, duplicates: bool) -> impl Iterator<Item = (usize, usize, bool)> {
    let node = tree.nodes.get(to).filter(|node| node.hop <= span.hop);
    let copies = node.into_iter().flat_map(move |node| {
        let first = node.first;
        tree.copies(node, span).map(move |(index, report)| (index, report.action, first == Some(index)))
    });
    let shown = copies.filter(move |(_, action, first)| match action {
        Action::Refused => true,
        Action::Duplicate => duplicates,
        _ => *first,
    });
    shown.filter_map(|(index, _, first)| Some((index, tree.sender_of(index)?, first)))
}
