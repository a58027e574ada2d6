//! What each action does.

use std::sync::Arc;

use super::super::action::{Action, PaneName};
use super::super::edit::LineEdit;
use super::super::effect::Effect;
use super::super::layout::panes_of;
use super::super::model::{Costly, Model, Overlay, PromptKind, RowId, Tone};
use super::super::paint::Paint;
use super::super::panes::{self, results};
use super::super::rows::rows_in;
use super::super::theme;
use super::{answer, flood, map, open, recorded, topology, why, world};
use crate::app::{Direction, Transfer, TransferState};

/// Carries an action out. What is open takes most of them first.
pub(super) fn act(model: &mut Model, action: Action, effects: &mut Vec<Effect>) {
    if action == Action::QuitNow {
        return effects.push(Effect::Quit);
    }
    if let Some(overlay) = model.overlay.take() {
        return open::act_in(model, overlay, action, effects);
    }
    if model.recorded().is_some() && action.needs_node() {
        return recorded::refuse(model, action);
    }
    if map::act(model, action) || world::act(model, action, effects) {
        return;
    }
    match action {
        Action::Screen(screen) => show_screen(model, screen),
        Action::Pane(pane) => focus(model, pane),
        // Sideways a flood has hops, and a screen has panes.
        Action::Right if model.pane() == Some(PaneName::Flood) => flood::step(model, 1),
        Action::Left if model.pane() == Some(PaneName::Flood) => flood::step(model, -1),
        // On the rings all arrows go through the nodes in the order in which they came.
        Action::Right if model.pane() == Some(PaneName::Rings) => move_in(model, PaneName::Rings, Action::Down),
        Action::Left if model.pane() == Some(PaneName::Rings) => move_in(model, PaneName::Rings, Action::Up),
        Action::NextPane | Action::Right => next_pane(model, 1),
        Action::PrevPane | Action::Left => next_pane(model, -1),
        Action::SearchPrompt => open::prompt(model, PromptKind::Search),
        Action::AddPeer => open::prompt(model, PromptKind::AddPeer),
        Action::WhyNot => why::ask(model),
        Action::Filter => with_pane(model, |model, pane| {
            if matches!(pane.screen(), 3 | 4) {
                model.say(Tone::Plain, format!("{} has nothing to filter", panes::title(pane)), "");
            } else if model.count(pane) > 0 || !model.list(pane).filter.is_empty() {
                open::prompt(model, PromptKind::Filter(pane));
            }
        }),
        Action::Palette => model.overlay = Some(Overlay::Palette { line: LineEdit::default(), chosen: 0 }),
        Action::Help => model.overlay = Some(Overlay::Help { scroll: 0 }),
        Action::Problems => model.overlay = Some(Overlay::Problems { scroll: 0 }),
        Action::Columns => with_pane(model, choose_columns),
        Action::Sort => with_pane(model, sort_next),
        Action::Reverse => with_pane(model, reverse),
        Action::Zoom => {
            model.zoomed = !model.zoomed;
            model.settle();
        }
        Action::Pause => pause(model),
        Action::NextTheme => next_theme(model, effects),
        Action::NextTopology => topology::change(model, None, effects),
        Action::Topology(wanted) => topology::change(model, Some(wanted), effects),
        Action::ProposeTopology => topology::ask(model, None),
        Action::Propose(wanted) => topology::ask(model, Some(wanted)),
        Action::NextStrategy => open::next_strategy(model),
        Action::TtlUp => open::set_ttl(model, 1),
        Action::TtlDown => open::set_ttl(model, -1),
        Action::PrevQuery => step_query(model, -1),
        Action::NextQuery => step_query(model, 1),
        Action::HopForward => flood::step(model, 1),
        Action::HopBack => flood::step(model, -1),
        Action::Play => flood::play(model),
        Action::Faster => flood::speed(model, 1),
        Action::Slower => flood::speed(model, -1),
        Action::Duplicates => flood::duplicates(model),
        Action::RingsIn => flood::zoom(model, 1),
        Action::RingsOut => flood::zoom(model, -1),
        Action::Rescan => effects.push(Effect::Rescan),
        Action::Redraw => effects.push(Effect::Redraw),
        Action::Suspend => effects.push(Effect::Suspend),
        Action::Act => with_pane(model, |model, pane| enter(model, pane, effects)),
        Action::Download => with_pane(model, |model, pane| download(model, pane, effects)),
        Action::Cancel => with_pane(model, |model, pane| cancel(model, pane, effects)),
        Action::Copy => with_pane(model, |model, pane| copy(model, pane, effects)),
        Action::Back => back(model),
        Action::Quit => quit(model, effects),
        _ => with_pane(model, |model, pane| move_in(model, pane, action)),
    }
}

fn with_pane(model: &mut Model, then: impl FnOnce(&mut Model, PaneName)) {
    if let Some(pane) = model.pane() {
        then(model, pane);
    }
}

pub(super) fn show_screen(model: &mut Model, screen: u8) {
    if (1..=model.focus.len() as u8).contains(&screen) {
        model.screen = screen;
        model.settle();
    }
}

pub(super) fn focus(model: &mut Model, pane: PaneName) {
    model.focus[usize::from(pane.screen() - 1)] = pane;
    show_screen(model, pane.screen());
}

fn next_pane(model: &mut Model, by: isize) {
    let panes = panes_of(model.screen);
    let Some(at) = model.pane().and_then(|pane| panes.iter().position(|known| *known == pane)) else { return };
    let next = (at as isize + by).rem_euclid(panes.len() as isize) as usize;
    if let Some(pane) = panes.get(next) {
        focus(model, *pane);
    }
}

/// Moves a list's cursor.
pub(super) fn move_in(model: &mut Model, pane: PaneName, action: Action) {
    // What is told of one node is that of the node under the cursor of the picture beside it.
    let pane = match pane {
        PaneName::Story => PaneName::Rings,
        PaneName::About => PaneName::Map,
        pane => pane,
    };
    let Some(at) = model.position(pane) else { return };
    let page = model.plan().area_of(pane).map_or(10, |area| rows_in(pane, area.height)).max(1);
    let to = match action {
        Action::Up => at.saturating_sub(1),
        Action::Down => at + 1,
        Action::PageUp => at.saturating_sub(page),
        Action::PageDown => at + page,
        Action::HalfUp => at.saturating_sub(page / 2),
        Action::HalfDown => at + page / 2,
        Action::First => 0,
        Action::Last => usize::MAX,
        _ => return,
    };
    model.select(pane, to);
    chosen_follows(model, pane);
}

/// The search under the cursor of a list of queries becomes the one that is looked at.
pub(super) fn chosen_follows(model: &mut Model, pane: PaneName) {
    if !matches!(pane, PaneName::Cost | PaneName::Queries) {
        return;
    }
    let under = model.position(pane).and_then(|index| model.row_id(pane, index));
    let own = |guid| model.snapshot.searches.iter().any(|search| search.row.guid == guid);
    if let Some(RowId::Query(guid)) = under
        && own(guid)
        && model.search().is_none_or(|search| search.row.guid != guid)
    {
        model.chosen = Some(guid);
        model.hop = None;
        model.refresh();
    }
}

/// The own searches from the oldest: one step.
fn step_query(model: &mut Model, by: isize) {
    let searches = &model.snapshot.searches;
    let Some(now) = model.search() else {
        return model.say(Tone::Plain, "There is no search of yours yet", "");
    };
    let at = searches.iter().position(|search| search.row.guid == now.row.guid).unwrap_or(0);
    let Some(next) = at.checked_add_signed(by).and_then(|next| searches.get(next)) else {
        let which = if by < 0 { "first" } else { "last" };
        return model.say(Tone::Plain, format!("This is your {which} search"), "");
    };
    let guid = next.row.guid;
    model.chosen = Some(guid);
    model.hop = None;
    for pane in [PaneName::Cost, PaneName::Queries] {
        model.list_mut(pane).selected = Some(RowId::Query(guid));
    }
    model.refresh();
}

fn pause(model: &mut Model) {
    if model.frozen.take().is_none() {
        model.frozen = Some(model.clock);
    } else {
        let latest = Arc::clone(&model.latest);
        answer::show(model, latest);
    }
}

fn next_theme(model: &mut Model, effects: &mut Vec<Effect>) {
    let names: Vec<&str> = theme::BUILT_IN.iter().map(|(name, _)| *name).collect();
    let at = names.iter().position(|name| *name == model.theme.name());
    let next = at.map_or(0, |at| (at + 1) % names.len());
    effects.extend(names.get(next).map(|name| Effect::Theme((*name).to_owned())));
}

fn choose_columns(model: &mut Model, pane: PaneName) {
    if panes::named_columns(pane).is_empty() {
        return model.say(Tone::Plain, format!("{} has no columns to choose", panes::title(pane)), "");
    }
    model.overlay = Some(Overlay::Columns { pane, chosen: 0 });
}

/// Through the columns that can be sorted by, and back to the engine's order.
fn sort_next(model: &mut Model, pane: PaneName) {
    let columns = panes::columns(pane);
    let after = model.list(pane).sort.map_or(0, |(column, _)| column + 1);
    let next = columns.iter().enumerate().skip(after).find(|(_, (_, sortable))| *sortable);
    match next {
        Some((column, (title, _))) => sort_by(model, pane, column, title),
        None if columns.iter().any(|(_, sortable)| *sortable) => {
            model.list_mut(pane).sort = None;
            model.refresh();
            model.say(Tone::Plain, format!("{} in the order in which they came", panes::title(pane)), "");
        }
        None => model.say(Tone::Plain, format!("{} has one order", panes::title(pane)), ""),
    }
}

fn sort_by(model: &mut Model, pane: PaneName, column: usize, title: &str) {
    // Words read from A on; of numbers the largest are looked for.
    let down = panes::is_number(pane, column);
    model.list_mut(pane).sort = Some((column, down));
    model.refresh();
    model.say(Tone::Plain, format!("{} by {title}", panes::title(pane)), "");
}

/// Sorts by a column that was pointed at; a second time the other way round.
pub(super) fn sort_at(model: &mut Model, pane: PaneName, column: usize) {
    let Some((title, true)) = panes::columns(pane).get(column).copied() else { return };
    match model.list(pane).sort {
        Some((by, _)) if by == column => reverse(model, pane),
        _ => sort_by(model, pane, column, title),
    }
}

fn reverse(model: &mut Model, pane: PaneName) {
    match &mut model.list_mut(pane).sort {
        Some((_, down)) => *down = !*down,
        None => return sort_next(model, pane),
    }
    model.refresh();
}

/// Esc, with nothing open: undoes what changes the view, the latest first.
fn back(model: &mut Model) {
    let filtered = model.pane().filter(|pane| !model.list(*pane).filter.is_empty());
    if let Some(pane) = filtered {
        open::set_filter(model, pane, String::new());
    } else if model.zoomed {
        model.zoomed = false;
        model.settle();
    } else if model.frozen.is_some() {
        pause(model);
    } else if model.hop.is_some() {
        model.hop = None;
    } else if flood::back(model) || map::back(model) {
        model.settle();
    } else if model.screen != 1 {
        show_screen(model, 1);
    }
}

fn quit(model: &mut Model, effects: &mut Vec<Effect>) {
    let running = model.latest.transfers.iter().filter(|row| !row.state.is_final()).count();
    if running == 0 {
        effects.push(Effect::Quit);
    } else {
        model.overlay = Some(Overlay::Confirm { what: Costly::Quit { running } });
    }
}

/// The row under a list's cursor.
pub(super) fn under(model: &Model, pane: PaneName) -> Option<RowId> {
    model.position(pane).and_then(|index| model.row_id(pane, index))
}

/// Enter: download a result, start a download again, follow an own search, open anything else.
pub(super) fn enter(model: &mut Model, pane: PaneName, effects: &mut Vec<Effect>) {
    let Some(row) = under(model, pane) else { return };
    let own = |guid| model.snapshot.searches.iter().any(|search| search.row.guid == guid);
    match (&row, pane) {
        (RowId::Content(_), _) if model.recorded().is_none() => download(model, pane, effects),
        (RowId::Transfer(_), _) if unfinished(model, pane).is_some() => download(model, pane, effects),
        (RowId::Query(guid), PaneName::Queries | PaneName::Cost) if own(*guid) => {
            model.chosen = Some(*guid);
            model.refresh();
            focus(model, PaneName::Results);
        }
        (RowId::Hop(hop), _) => {
            let hop = (model.hop != Some(*hop)).then_some(*hop);
            flood::show_hop(model, hop);
        }
        (RowId::Node(node), _) if model.world().is_some() => world::look_at(*node, effects),
        (RowId::Reached(node), PaneName::Map) => map::open(model, *node),
        (RowId::Reached(_), _) => flood::follow_back(model),
        (RowId::Share(alias), _) => {
            let start = format!("{alias}/");
            open::set_filter(model, PaneName::Files, start);
            focus(model, PaneName::Files);
        }
        _ => model.overlay = Some(Overlay::Detail { pane, row, scroll: 0 }),
    }
}

fn download(model: &mut Model, pane: PaneName, effects: &mut Vec<Effect>) {
    if let Some(row) = unfinished(model, pane) {
        return again(model, &row, effects);
    }
    let Some(RowId::Content(hash)) = under(model, pane) else {
        return model.say(
            Tone::Plain,
            "Only a result of a search, or a download that ended early, can be downloaded",
            "",
        );
    };
    let Some(group) = model.rows.results.iter().find(|group| group.hash == hash) else { return };
    let name = results::name_of(group).visible(60);
    effects.extend(group.best().map(|hit| Effect::Get(hit.magnet.clone(), name)));
}

fn cancel(model: &mut Model, pane: PaneName, effects: &mut Vec<Effect>) {
    let Some(row) = under(model, pane) else { return };
    let name = panes::row_name(&row, &Paint::new(model));
    match row {
        RowId::Node(node) => {
            model.overlay = Some(Overlay::Confirm { what: Costly::DropNeighbor(node, name) });
        }
        RowId::Transfer(id) => {
            let of = model.snapshot.transfers.iter().find(|row| row.id == id);
            // One that came to its end is only taken off the list.
            if of.is_some_and(|row| row.state.is_final()) {
                effects.push(cancel_transfer(model, id));
            } else {
                model.overlay = Some(Overlay::Confirm { what: Costly::CancelTransfer(id, name) });
            }
        }
        RowId::Query(guid) => {
            let search = model.snapshot.searches.iter().find(|search| search.row.guid == guid);
            match search {
                Some(search) if search.ended.is_none() => effects.push(Effect::CancelSearch(guid)),
                Some(_) => model.say(Tone::Plain, "This search is over", ""),
                None => model.say(Tone::Plain, "A query of another node cannot be called back", ""),
            }
        }
        _ => model.say(Tone::Plain, "There is nothing to cancel here", ""),
    }
}

/// Stops a transfer, or takes one off the list that came to its end, and what to say of that.
pub(super) fn cancel_transfer(model: &Model, id: u64) -> Effect {
    let paint = Paint::new(model);
    let row = model.snapshot.transfers.iter().find(|row| row.id == id);
    let said = match row.map(|row| (row.state, row.direction)) {
        Some((TransferState::Cancelled, Direction::Download)) => {
            "It is off the list, and what was here of it is deleted".into()
        }
        Some((state, direction)) if !state.is_final() => match direction {
            Direction::Download => format!(
                "Cancelled. What is verified is kept: {} goes on, {} deletes it",
                paint.key(&Action::Download),
                paint.key(&Action::Cancel)
            ),
            Direction::Upload => "Cancelled: it is no longer sent".into(),
        },
        Some(_) | None => "It is off the list".into(),
    };
    Effect::CancelTransfer(id, said)
}

/// Starts a download again that failed or was cancelled, from the nearest node that a search of this session found.
fn again(model: &mut Model, row: &Transfer, effects: &mut Vec<Effect>) {
    let hits = model.snapshot.searches.iter().flat_map(|search| search.hits.iter());
    let known = hits.filter(|hit| hit.hash == row.hash).min_by_key(|hit| (hit.addr.is_none(), hit.hops));
    match known {
        Some(hit) => effects.push(Effect::Get(hit.magnet.clone(), row.name.visible(60))),
        None => {
            let key = Paint::new(model).key(&Action::SearchPrompt);
            model.say(Tone::Plain, "No search has found this file", format!("{key} searches for it again"));
        }
    }
}

/// The transfer under the cursor, if it is a download that ended without its file.
fn unfinished(model: &Model, pane: PaneName) -> Option<Arc<Transfer>> {
    let Some(RowId::Transfer(id)) = under(model, pane) else { return None };
    let row = model.snapshot.transfers.iter().find(|row| row.id == id)?;
    let ended = matches!(row.state, TransferState::Failed | TransferState::Cancelled);
    (ended && row.direction == Direction::Download).then(|| Arc::clone(row))
}

/// Copies what names the row elsewhere: a magnet link, an address, a line of the log.
fn copy(model: &mut Model, pane: PaneName, effects: &mut Vec<Effect>) {
    let now = &model.snapshot;
    let own = || ("this node's address", now.node.addr.to_string());
    let copied = match under(model, pane) {
        Some(RowId::Node(node)) => now
            .neighbors
            .iter()
            .find(|row| row.node == Some(node))
            .and_then(|row| row.addr)
            .map(|addr| ("the address", addr.to_string())),
        Some(RowId::Dial(addr)) => Some(("the address", addr.to_string())),
        Some(RowId::Query(guid)) => {
            let row = now.queries.iter().find(|row| row.guid == guid);
            row.map(|row| ("the search", row.text.visible(600)))
        }
        Some(RowId::Transfer(id)) => {
            let row = now.transfers.iter().find(|row| row.id == id);
            row.map(|row| ("the file's hash", format!("blake3:{}", row.hash)))
        }
        Some(RowId::Content(hash)) => {
            let group = model.rows.results.iter().find(|group| group.hash == hash);
            group.and_then(|group| group.best()).map(|hit| ("the magnet link", hit.magnet.clone()))
        }
        Some(RowId::Path(path)) => {
            let row = model.files.rows.iter().find(|row| row.path == path);
            row.map(|row| ("the magnet link", row.magnet.clone()))
        }
        Some(RowId::Line(at_ms, nth)) => {
            let line = now.log.iter().filter(|line| line.at_ms == at_ms).nth(nth);
            line.map(|line| ("the line", line.text.visible(2_000)))
        }
        Some(RowId::Reached(node)) => Some(("the node's id", node.to_string())),
        Some(RowId::Share(_) | RowId::Hop(_)) | None => Some(own()),
    };
    if let Some((what, text)) = copied {
        effects.push(Effect::Copy(text));
        model.say(Tone::Good, format!("Copied {what}, if this terminal lets programs copy (OSC 52)"), "");
    }
}
