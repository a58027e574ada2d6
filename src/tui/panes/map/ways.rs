//! The lines of the map: links that are known, and the ways that the chosen search took.

use ratatui::style::Style;

use super::super::dots::{CELL, Dots, Layer};
use super::super::rings::YOUNG;
use super::signs::Look;
use super::{Seen, signs_of};
use crate::app::{Action as Did, MAX_TTL, NodeId};
use crate::tui::flood::tree::Tree;
use crate::tui::flood::ways::{Wanted, Ways};
use crate::tui::map::known::Link;
use crate::tui::map::view::Geometry;
use crate::tui::model::Model;
use crate::tui::paint::Paint;

/// Of the dots of a link so many are drawn as one.
const SPARSE: usize = 4;
/// Cells that a node must have on average for all links to be seen.
const ALONE: usize = 8;
/// Cells of a line that ways may have for each cell of the map before those of the farther hops are left out.
const INK: f64 = 1.0;

/// Draws a line between two nodes of the map, as far as it is on the canvas.
fn line(
    dots: &mut Dots,
    geometry: Geometry,
    ends: (usize, usize),
    every: usize,
    look: (Layer, Style),
    paint: &Paint<'_>,
) {
    let place = |at: usize| paint.model.map.layout.place(at).map(|place| geometry.dot(place.x, place.y));
    let ends = place(ends.0).zip(place(ends.1)).and_then(|(from, to)| geometry.clip(from, to));
    if let Some((from, to)) = ends {
        dots.line(from, to, every, look.0, look.1);
    }
}

/// The links that are known. With a search on the map, those that were no way to anybody new are the ways of its
/// duplicates. In a crowd only those of the selected node can be told apart.
pub(super) fn links(dots: &mut Dots, geometry: Geometry, paint: &Paint<'_>) {
    let model = paint.model;
    if model.flood.no_duplicates && model.flood.tree.is_some() {
        return;
    }
    let (crowd, cursor) = (model.map.table.nodes.len() * ALONE > geometry.cells(), model.map_cursor());
    let shown = |link: &&Link| !crowd || link.a == cursor || link.b == cursor;
    for link in model.map.table.links.iter().filter(shown) {
        line(dots, geometry, (link.a, link.b), SPARSE, (Layer::Ring, paint.border(false)), paint);
    }
}

/// The ways of the chosen search to whom it was new; tells how many of them there is no room for.
pub(super) fn copies(dots: &mut Dots, geometry: Geometry, seen: &[Seen], paint: &Paint<'_>) -> usize {
    let model = paint.model;
    let Some(tree) = &model.flood.tree else { return 0 };
    let places: Vec<_> = tree.nodes.iter().map(|node| dot_of(node.id, geometry, paint)).collect();
    let trunk = trunk(geometry, tree, &places);
    let crowded = trunk < u8::MAX;
    let selected = known_in(tree, model.map_cursor(), model);
    let back: Vec<usize> = signs_of(seen)
        .filter(|seen| crowded && seen.look == Look::Hit)
        .filter_map(|seen| known_in(tree, seen.node, model))
        .collect();
    let ways = Ways::choose(
        tree,
        model.flood_span(),
        &Wanted {
            alone: |at| tree.nodes.get(at).is_some_and(|node| node.hop <= trunk),
            back: &back,
            cursor: selected.unwrap_or(0),
            young: if crowded && model.flood_spreads() { YOUNG } else { 0 },
            duplicates: false,
        },
    );
    for &index in &ways.drawn {
        let Some(report) = tree.reports.get(index).filter(|report| report.action != Did::Refused) else { continue };
        let place = |at: Option<usize>| at.and_then(|at| places.get(at).copied().flatten());
        let ends = place(tree.sender_of(index)).zip(place(tree.find(report.node)));
        if let Some((from, to)) = ends.and_then(|(from, to)| geometry.clip(from, to)) {
            dots.line(from, to, 1, Layer::Tree, paint.hop(report.hop));
        }
    }
    ways.left_out
}

/// Where a node stands on the canvas, or beside it; `None` if the map does not know it.
fn dot_of(id: NodeId, geometry: Geometry, paint: &Paint<'_>) -> Option<(f64, f64)> {
    let map = &paint.model.map;
    let place = map.layout.place(map.table.find(id)?)?;
    Some(geometry.dot(place.x, place.y))
}

/// The hop up to which all ways are drawn: as far as their lines leave room to tell them apart.
fn trunk(geometry: Geometry, tree: &Tree, places: &[Option<(f64, f64)>]) -> u8 {
    let place = |at: usize| places.get(at).copied().flatten();
    let mut ink = [0.0; 1 + MAX_TTL as usize];
    for (to, node) in tree.nodes.iter().enumerate().skip(1) {
        let from = node.first.and_then(|first| tree.sender_of(first)).and_then(place);
        let seen = from.zip(place(to)).and_then(|(from, to)| geometry.clip(from, to));
        if let Some(((x, y), (to_x, to_y))) = seen {
            let cells = ((to_x - x) / f64::from(CELL.0)).abs().max(((to_y - y) / f64::from(CELL.1)).abs());
            ink[usize::from(node.hop).min(ink.len() - 1)] += cells;
        }
    }
    let mut left = f64::from(geometry.area()) * INK;
    let full = ink.iter().position(|cells| {
        left -= cells;
        left < 0.0
    });
    // The ways of this node's own copies are seen whatever there is.
    full.map_or(u8::MAX, |hop| (hop as u8).saturating_sub(1).max(1))
}

/// A node of the map as one of the flood.
fn known_in(tree: &Tree, at: usize, model: &Model) -> Option<usize> {
    model.map.table.nodes.get(at).and_then(|node| tree.find(node.id))
}

/// The way on which the chosen search came to the selected node.
pub(super) fn way(dots: &mut Dots, geometry: Geometry, paint: &Paint<'_>) {
    let model = paint.model;
    let Some(tree) = &model.flood.tree else { return };
    let known = |at: usize| tree.nodes.get(at).and_then(|node| model.map.table.find(node.id));
    let selected = known_in(tree, model.map_cursor(), model);
    let Some(selected) = selected.filter(|at| tree.state(*at, model.flood_span()).is_some()) else { return };
    for pair in tree.way_back(selected).windows(2) {
        if let Some(ends) = known(pair[0]).zip(known(pair[1])) {
            line(dots, geometry, ends, 1, (Layer::Way, paint.me()), paint);
        }
    }
}
