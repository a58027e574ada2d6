//! What keys and the mouse do on the map.

use ratatui::layout::Rect;

use super::super::action::{Action, PaneName};
use super::super::map::view::Geometry;
use super::super::model::{Model, RowId, Tone};
use super::super::panes::map::{parts, seen};
use super::act::focus;
use super::mouse;
use crate::app::NodeId;

/// How far from a node a click still means it: cells across and down.
const NEAR: (u16, u16) = (3, 1);
/// Cells that one key moves the map, across and down.
const PAN: (i32, i32) = (8, 4);

/// Where the map is drawn, if it is seen.
fn canvas(model: &Model) -> Option<Rect> {
    Some(parts(mouse::inside_of(model.plan().area_of(PaneName::Map)?)).canvas).filter(|area| !area.is_empty())
}

fn geometry(model: &Model) -> Option<Geometry> {
    Some(Geometry::new(canvas(model)?, &model.map.layout, &model.map.view))
}

/// Carries an action out that is the map's alone; tells whether it was one.
pub(super) fn act(model: &mut Model, action: Action) -> bool {
    match action {
        Action::Up | Action::Down | Action::Left | Action::Right if model.pane() == Some(PaneName::Map) => {
            step(model, action);
        }
        Action::MapIn => zoom(model, 1, None),
        Action::MapOut => zoom(model, -1, None),
        Action::PanLeft | Action::PanRight | Action::PanUp | Action::PanDown => pan(model, action),
        Action::Center => center(model),
        Action::Names => names(model),
        Action::Colors => colors(model),
        _ => return false,
    }
    true
}

/// Goes nearer or farther away: what is under the mouse stays there, and without one what is selected.
pub(super) fn zoom(model: &mut Model, by: i8, at: Option<(u16, u16)>) {
    let under = at.zip(canvas(model)).zip(geometry(model)).and_then(|(((column, row), canvas), geometry)| {
        let inside = canvas.contains((column, row).into());
        inside.then(|| geometry.place(column - canvas.x, row - canvas.y))
    });
    let selected = || model.map.layout.place(model.map_cursor()).map(|place| (place.x, place.y));
    let keep = under.or_else(selected).unwrap_or(model.map.view.middle);
    model.map.view.zoom_by(by, keep);
}

/// Shows another part of the map.
fn pan(model: &mut Model, to: Action) {
    let (columns, rows) = match to {
        Action::PanLeft => (-PAN.0, 0),
        Action::PanRight => (PAN.0, 0),
        Action::PanUp => (0, -PAN.1),
        _ => (0, PAN.1),
    };
    shift(model, columns, rows);
}

fn shift(model: &mut Model, columns: i32, rows: i32) {
    let Some((x, y)) = geometry(model).map(|geometry| geometry.apart(columns, rows)) else { return };
    // Not so far that nothing is seen and the way back is lost.
    let (wide, high) = model.map.layout.extent();
    let middle = &mut model.map.view.middle;
    *middle = ((middle.0 + x).clamp(-wide, wide), (middle.1 + y).clamp(-high, high));
}

/// The mouse is held and moves: the map goes with it.
pub(super) fn drag(model: &mut Model, column: u16, row: u16) {
    let held = model
        .clicked
        .filter(|(_, column, row)| canvas(model).is_some_and(|canvas| canvas.contains((*column, *row).into())));
    let Some((at, from_column, from_row)) = held else { return };
    shift(model, i32::from(from_column) - i32::from(column), i32::from(from_row) - i32::from(row));
    model.clicked = Some((at, column, row));
}

/// Puts the selected node into the middle.
fn center(model: &mut Model) {
    if let Some(place) = model.map.layout.place(model.map_cursor()) {
        model.map.view.middle = (place.x, place.y);
    }
}

/// Hides the names, or shows them.
fn names(model: &mut Model) {
    model.map.view.names = !model.map.view.names;
    let now = if model.map.view.names { "shown where there is room" } else { "hidden" };
    model.say(Tone::Plain, format!("The names on the map are {now}"), "");
}

/// Colors tell something else.
fn colors(model: &mut Model) {
    model.map.view.colors = model.map.view.colors.next();
    let what = model.map.view.colors.words();
    model.say(Tone::Plain, format!("The colors of the map tell {what}"), "");
}

/// Esc: back to the whole map; tells whether there was something to undo.
pub(super) fn back(model: &mut Model) -> bool {
    let undone = model.screen == PaneName::Map.screen() && !model.map.view.is_whole();
    if undone {
        (model.map.view.zoom, model.map.view.middle) = (0, (0.0, 0.0));
    }
    undone
}

/// Selects the nearest node in a direction, and shows it if it is out of sight.
fn step(model: &mut Model, to: Action) {
    let layout = &model.map.layout;
    let Some(from) = layout.place(model.map_cursor()) else { return };
    let ahead = |at: usize| {
        let place = layout.place(at)?;
        let (x, y) = (place.x - from.x, place.y - from.y);
        let (along, aside) = match to {
            Action::Left => (-x, y),
            Action::Right => (x, y),
            Action::Up => (-y, x),
            _ => (y, x),
        };
        (along > 1e-9 && aside.abs() <= along).then(|| (along + 2.0 * aside.abs(), at))
    };
    let nearest = (0..model.map.table.nodes.len()).filter_map(ahead).min_by(|a, b| a.0.total_cmp(&b.0));
    let Some((_, node)) = nearest else { return };
    model.select(PaneName::Map, node);
    let hidden = model
        .map
        .layout
        .place(node)
        .filter(|place| geometry(model).is_some_and(|geometry| geometry.cell(place.x, place.y).is_none()));
    if hidden.is_some() {
        center(model);
    }
}

/// A click: selects the nearest node.
pub(super) fn click(model: &mut Model, column: u16, row: u16) {
    let Some(canvas) = canvas(model) else { return };
    let near = seen(model, canvas).into_iter().filter_map(|seen| {
        let (x, y) = (canvas.x + seen.cell.0, canvas.y + seen.cell.1);
        let (across, down) = (x.abs_diff(column), y.abs_diff(row));
        // A cell is twice as high as it is wide.
        (across <= NEAR.0 && down <= NEAR.1).then_some((across + 2 * down, seen.node != 0, seen.node))
    });
    if let Some((.., node)) = near.min() {
        model.select(PaneName::Map, node);
    }
}

/// Shows a node's part in the chosen search.
pub(super) fn open(model: &mut Model, node: NodeId) {
    let there = model.flood.tree.as_ref().is_some_and(|tree| tree.find(node).is_some());
    if !there {
        return model.say(Tone::Plain, "This node has no part in the chosen search", "");
    }
    model.list_mut(PaneName::Rings).selected = Some(RowId::Reached(node));
    focus(model, PaneName::Rings);
}
