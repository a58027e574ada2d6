//! What keys and the mouse do on the screen of the flood.

use ratatui::layout::Rect;

use super::super::action::PaneName;
use super::super::flood::player::Play;
use super::super::flood::tree::State;
use super::super::model::{Model, Tone};
use super::super::panes::rings::geometry::{parts, seen};

/// How far from a node a click still means it: cells across and down.
const NEAR: (u16, u16) = (3, 1);

/// Plays the flood again, or pauses it.
pub(super) fn play(model: &mut Model) {
    let Some(ended) = model.search().map(|search| search.ended.is_some()) else {
        return model.say(Tone::Plain, "No search to play", "");
    };
    let end_us = model.flood_end_us();
    model.hop = None;
    model.flood.player.toggle(model.clock, end_us, ended);
}

/// Plays some steps faster or slower.
pub(super) fn speed(model: &mut Model, by: isize) {
    let end_us = model.flood_end_us();
    model.flood.player.change_speed(model.clock, end_us, by);
    let (by, of) = model.flood.player.speed(end_us);
    let times = if of == 1 { format!("{by} times") } else { format!("1/{of} of") };
    model.say(Tone::Plain, format!("Replays run at {times} the recorded speed"), "");
}

/// Shows or hides the copies that had been seen before.
pub(super) fn duplicates(model: &mut Model) {
    model.flood.no_duplicates = !model.flood.no_duplicates;
    let now = if model.flood.no_duplicates { "hidden" } else { "shown" };
    model.say(Tone::Plain, format!("The ways of duplicates are {now}"), "");
}

/// Shows fewer rings, larger, or more of them.
pub(super) fn zoom(model: &mut Model, by: i8) {
    let most = model.flood.tree.as_ref().map_or(0, |tree| tree.rings() - 1);
    model.flood.zoom = model.flood.zoom.saturating_add_signed(by).min(most);
}

/// Esc: back to the whole flood; tells whether there was something to undo.
pub(super) fn back(model: &mut Model) -> bool {
    let undone = matches!(model.screen, 3 | 4) && (model.flood.player.play != Play::Live || model.flood.zoom > 0);
    if undone {
        model.flood.player.play = Play::Live;
        model.flood.zoom = 0;
    }
    undone
}

/// Selects the node that the selected one has the query from.
pub(super) fn follow_back(model: &mut Model) {
    let at = model.flood_cursor();
    let parent = model.flood.tree.as_ref().and_then(|tree| tree.nodes.get(at)?.parent);
    match parent {
        Some(parent) => model.select(PaneName::Rings, parent),
        None if at == 0 => model.say(Tone::Plain, "The query began here", ""),
        None => model.say(Tone::Plain, "Nobody told how the query came to this node", ""),
    }
}

/// A click into the pane of the rings: selects the nearest node, or goes to a time.
pub(super) fn click(model: &mut Model, inside: Rect, column: u16, row: u16) {
    if scrub(model, inside, column, row) {
        return;
    }
    let canvas = parts(inside).canvas;
    let near = seen(model, canvas).into_iter().filter_map(|seen| {
        let (x, y) = (canvas.x + seen.cell.0, canvas.y + seen.cell.1);
        let (across, down) = (x.abs_diff(column), y.abs_diff(row));
        // A cell is twice as high as it is wide.
        let apart = across + 2 * down;
        (across <= NEAR.0 && down <= NEAR.1).then_some((apart, seen.state != State::You, seen.node))
    });
    if let Some((.., node)) = near.min() {
        model.select(PaneName::Rings, node);
    }
}

/// The mouse is held on the player's track: goes to that time. Tells whether it was there.
pub(super) fn scrub(model: &mut Model, inside: Rect, column: u16, row: u16) -> bool {
    let track = parts(inside).track;
    if row != track.y || !(track.x..track.right()).contains(&column) {
        return false;
    }
    let part = f64::from(column - track.x) / f64::from((track.width - 1).max(1));
    let end_us = model.flood_end_us();
    model.hop = None;
    model.flood.player.seek(model.clock, (part * end_us as f64) as u64);
    true
}
