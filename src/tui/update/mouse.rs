//! The mouse does the obvious: a click chooses what is under it, a second one acts, the wheel scrolls.

use std::time::Duration;

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

use super::super::action::{Action, PaneName};
use super::super::draw;
use super::super::effect::Effect;
use super::super::model::Model;
use super::super::paint::Paint;
use super::super::panes;
use super::super::rows::rows_in;
use super::{act, flood, map, open};

/// Two clicks on the same place within this are one double click.
const DOUBLE: Duration = Duration::from_millis(400);
/// Rows that one notch of the wheel moves.
const NOTCH: usize = 3;

/// The mouse did something.
pub(super) fn mouse(model: &mut Model, event: MouseEvent, effects: &mut Vec<Effect>) {
    match event.kind {
        MouseEventKind::ScrollUp => wheel(model, event, Action::Up),
        MouseEventKind::ScrollDown => wheel(model, event, Action::Down),
        MouseEventKind::Drag(MouseButton::Left) if model.overlay.is_none() => {
            if let Some((area, (_, column, row))) = model.plan().area_of(PaneName::Rings).zip(model.clicked) {
                flood::scrub(model, inside_of(area), (column, row), event.column);
            }
            map::drag(model, event.column, event.row);
        }
        MouseEventKind::Down(MouseButton::Left) => {
            let last = model.clicked.replace((model.clock, event.column, event.row));
            let double = last.is_some_and(|(at, column, row)| {
                (column, row) == (event.column, event.row) && model.clock.saturating_sub(at) <= DOUBLE
            });
            click(model, event, double, effects);
        }
        _ => {}
    }
}

fn wheel(model: &mut Model, event: MouseEvent, action: Action) {
    if let Some(overlay) = model.overlay.take() {
        return open::act_in(model, overlay, action, &mut Vec::new());
    }
    if let Some((pane, _)) = model.plan().pane_at(event.column, event.row) {
        if pane == PaneName::Rings {
            return flood::zoom(model, if action == Action::Up { 1 } else { -1 });
        }
        if pane == PaneName::Map {
            return map::zoom(model, if action == Action::Up { 1 } else { -1 }, Some((event.column, event.row)));
        }
        (0..NOTCH).for_each(|_| act::move_in(model, pane, action));
    }
}

fn click(model: &mut Model, event: MouseEvent, double: bool, effects: &mut Vec<Effect>) {
    // What is open is closed by a click; a question is not answered by one.
    if let Some(overlay) = model.overlay.take() {
        return open::act_in(model, overlay, Action::Back, effects);
    }
    let plan = model.plan();
    let place = (event.column, event.row);
    let screen = draw::screen_tabs(plan.screens).into_iter().find(|(_, tab)| tab.contains(place.into()));
    if let Some((screen, _)) = screen {
        return act::show_screen(model, screen);
    }
    let tabs = draw::pane_tabs(&plan, &Paint::new(model));
    if let Some((pane, ..)) = tabs.into_iter().find(|(_, tab, _)| tab.contains(place.into())) {
        return act::focus(model, pane);
    }
    let Some((pane, area)) = plan.pane_at(event.column, event.row) else { return };
    act::focus(model, pane);
    let inside = inside_of(area);
    if !inside.contains(place.into()) {
        return;
    }
    click_inside(model, pane, inside, event, double, effects);
}

/// What is inside a pane's frame.
pub(super) fn inside_of(area: Rect) -> Rect {
    let (width, height) = (area.width.saturating_sub(2), area.height.saturating_sub(2));
    Rect { x: area.x + 1, y: area.y + 1, width, height }
}

fn click_inside(
    model: &mut Model,
    pane: PaneName,
    inside: Rect,
    event: MouseEvent,
    double: bool,
    effects: &mut Vec<Effect>,
) {
    match pane {
        PaneName::Rings => return flood::click(model, inside, event.column, event.row),
        PaneName::Map => {
            map::click(model, event.column, event.row);
            if double {
                act::enter(model, pane, effects);
            }
            return;
        }
        PaneName::Story | PaneName::About => return,
        _ => {}
    }
    let headed = pane != PaneName::Log;
    if headed && event.row == inside.y {
        let hidden = model.list(pane).hidden;
        if let Some(column) = panes::column_at(pane, hidden, inside.width, event.column - inside.x) {
            act::sort_at(model, pane, column);
        }
        return;
    }
    let height = rows_in(pane, inside.height + 2);
    let row = usize::from(event.row - inside.y - u16::from(headed));
    let index = model.view_offset(pane, height) + row;
    if row >= height || index >= model.count(pane) {
        return;
    }
    model.select(pane, index);
    act::chosen_follows(model, pane);
    if double {
        act::enter(model, pane, effects);
    }
}
