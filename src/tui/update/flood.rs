//! What keys and the mouse do on the screen of the flood.

use ratatui::layout::Rect;

use super::super::action::PaneName;
use super::super::flood::player::Play;
use super::super::flood::tree::State;
use super::super::model::{Model, Tone};
use super::super::panes::rings::geometry::{parts, seen};

/// How far from a node a click still means it: cells across and down.
const NEAR: (u16, u16) = (3, 1);

/// Plays the flood, from where it stands, or pauses it.
pub(super) fn play(model: &mut Model) {
    let Some(ended) = model.search().map(|search| search.ended.is_some()) else {
        return model.say(Tone::Plain, "No search to play", "");
    };
    let end_us = model.flood_end_us();
    if ended && end_us == 0 {
        let reports = model.flood.tree.as_ref().is_some_and(|tree| !tree.reports.is_empty());
        let why = if reports { "all of it came within a millisecond" } else { "no node reported" };
        return model.say(Tone::Plain, format!("Nothing to play: {why}"), "");
    }
    if let (Some(_), Some(at_us)) = (model.hop, model.flood_at_us()) {
        model.flood.player.play = Play::Paused(at_us);
    }
    model.hop = None;
    model.flood.player.toggle(model.clock, end_us, ended);
}

/// Plays some steps faster or slower.
pub(super) fn speed(model: &mut Model, by: isize) {
    let end_us = model.flood_end_us();
    let changed = model.flood.player.change_speed(model.clock, end_us, by);
    let faster = by > 0;
    let (by, of) = model.flood.player.speed(end_us);
    let times = if of == 1 { format!("{by} times") } else { format!("1/{of} of") };
    let limit = match (changed, faster) {
        (true, _) => "",
        (false, true) => ": there is no faster one",
        (false, false) => ": there is no slower one",
    };
    model.say(Tone::Plain, format!("Replays run at {times} the recorded speed{limit}"), "");
}

/// Goes some hops on or back from where the player stands, and shows the flood up to there. On from the last one is the
/// whole flood, and on from that the first hop again.
pub(super) fn step(model: &mut Model, by: isize) {
    // Of a walk a step is a range of hops, as its table and its rings show them.
    let rows = model.search().map_or(&[][..], |search| &search.by_hop);
    let hops: Vec<u8> = rows.iter().filter(|row| row.arrived() > 0).map(|row| row.hop).collect();
    let Some(&last) = hops.last() else {
        let why = if model.search().is_some() { "No node has told of a hop" } else { "No search to step through" };
        return model.say(Tone::Plain, why, "");
    };
    let next = match (passed(model, &hops), by) {
        (None, 1..) => hops.first().copied(),
        (Some(passed), 1..) => hops.get(passed).copied(),
        (None, _) => Some(before(&hops, hops.len())),
        (Some(passed), _) => Some(before(&hops, passed)),
    };
    show_hop(model, next);
    let walks = model.search().is_some_and(|search| search.strategy.walkers().is_some());
    let (what, unit) = if walks { ("walk", "step") } else { ("flood", "hop") };
    let shown = match next {
        None => format!("The whole {what}"),
        Some(0) => format!("Before the first {unit}: only this node knows of the query"),
        Some(hop) => format!("The {what} up to {unit} {hop} of {last}"),
    };
    model.say(Tone::Plain, shown, "");
}

/// How many of these hops the query has gone where the player stands; `None` when all is shown.
fn passed(model: &Model, hops: &[u8]) -> Option<usize> {
    let up_to = |hop: u8| hops.iter().filter(|known| **known <= hop).count();
    if let Some(hop) = model.hop {
        return Some(up_to(hop));
    }
    // Elsewhere no player is to be seen, and whole floods are shown.
    let at_us = model.flood_at_us().filter(|_| model.shows_player())?;
    let farthest = model.flood.tree.as_ref().map_or(0, |tree| tree.farthest(at_us / 1_000));
    // A range of hops counts as soon as one of them was told of.
    Some(if farthest == 0 { 0 } else { (up_to(farthest - 1) + 1).min(hops.len()) })
}

/// The hop before the one that is reached after so many of them; 0 before the first.
fn before(hops: &[u8], passed: usize) -> u8 {
    passed.checked_sub(2).and_then(|at| hops.get(at)).copied().unwrap_or(0)
}

/// Shows the flood up to a hop, whatever its times, or all of it.
pub(super) fn show_hop(model: &mut Model, hop: Option<u8>) {
    model.hop = hop;
    model.flood.player.play = Play::Live;
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
    if scrub(model, inside, (column, row), column) {
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

/// The mouse was pressed on the player's track, or held since: goes to that time. Tells whether it was there.
pub(super) fn scrub(model: &mut Model, inside: Rect, pressed: (u16, u16), column: u16) -> bool {
    let (track, end_us) = (parts(inside).track, model.flood_end_us());
    if end_us == 0 || !track.contains(pressed.into()) {
        return false;
    }
    // Whoever holds it may slip off the line, and beyond its ends.
    let along = column.clamp(track.x, track.right() - 1) - track.x;
    let part = f64::from(along) / f64::from((track.width - 1).max(1));
    model.hop = None;
    model.flood.player.seek(model.clock, (part * end_us as f64) as u64);
    true
}
