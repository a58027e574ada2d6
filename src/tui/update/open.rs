//! What lies over the panes: opening it, moving in it, answering it.

use super::super::action::{Action, PaneName};
use super::super::edit::LineEdit;
use super::super::effect::{Effect, Wanted};
use super::super::model::{Costly, Model, Overlay, Prompt, PromptKind, Tone};
use super::super::overlays::{self, detail_lines, detail_width, help_lines, palette, problem_lines};
use super::super::paint::Paint;
use super::super::panes;
use super::act;
use crate::app::{Look, MAX_TTL, MAX_WALK_TTL, Strategy, TopologyKind, WorldCommand};

/// Searches remembered for the prompt.
const HISTORY: usize = 100;

/// Opens a line to type.
pub(super) fn prompt(model: &mut Model, kind: PromptKind) {
    let before = match kind {
        PromptKind::Filter(pane) => model.list(pane).filter.clone(),
        PromptKind::Search | PromptKind::AddPeer | PromptKind::Node | PromptKind::Why => String::new(),
    };
    model.overlay = Some(Overlay::Prompt(Prompt { kind, line: LineEdit::new(&before), recalled: 0, before }));
}

/// A filter works while it is typed; the palette starts anew at its best.
pub(super) fn line_changed(model: &mut Model) {
    match &mut model.overlay {
        Some(Overlay::Prompt(Prompt { kind: PromptKind::Filter(pane), line, .. })) => {
            let (pane, text) = (*pane, line.text().to_owned());
            set_filter(model, pane, text);
        }
        Some(Overlay::Palette { chosen, .. }) => *chosen = 0,
        _ => {}
    }
}

/// Filters a list.
pub(super) fn set_filter(model: &mut Model, pane: PaneName, text: String) {
    model.list_mut(pane).filter = text;
    if pane == PaneName::Files {
        let list = model.list_mut(pane);
        (list.index, list.offset, list.selected) = (0, 0, None);
    }
    model.refresh();
}

/// An action while something is open.
pub(super) fn act_in(model: &mut Model, overlay: Overlay, action: Action, effects: &mut Vec<Effect>) {
    match overlay {
        Overlay::Help { scroll } => {
            let lines = help_lines(&Paint::new(model)).len();
            model.overlay = scrolled(model, action, scroll, lines).map(|scroll| Overlay::Help { scroll });
        }
        Overlay::Problems { scroll } => {
            let lines = problem_lines(&Paint::new(model)).len();
            model.overlay = scrolled(model, action, scroll, lines).map(|scroll| Overlay::Problems { scroll });
        }
        Overlay::Detail { pane, row, scroll } => {
            let screen = ratatui::layout::Rect::new(0, 0, model.size.width, model.size.height);
            let lines = detail_lines(&row, detail_width(screen), &Paint::new(model)).len();
            if matches!(action, Action::Copy | Action::Download | Action::Cancel) {
                return act::act(model, action, effects);
            }
            model.overlay = scrolled(model, action, scroll, lines).map(|scroll| Overlay::Detail { pane, row, scroll });
        }
        Overlay::Why { asked, answer, scroll } => super::why::act_in(model, asked, answer, scroll, action),
        Overlay::Confirm { what } => confirm(model, what, action, effects),
        Overlay::Propose { chosen } => super::topology::in_question(model, chosen, action, effects),
        Overlay::Palette { line, chosen } => in_palette(model, line, chosen, action, effects),
        Overlay::Columns { pane, chosen } => in_columns(model, pane, chosen, action),
        Overlay::Prompt(prompt) => in_prompt(model, prompt, action, effects),
    }
}

/// Where lines stand after an action that moves; `None` for one that closes.
fn scrolled(model: &Model, action: Action, scroll: usize, lines: usize) -> Option<usize> {
    let page = overlays::page(model.size.height);
    let most = lines.saturating_sub(page);
    moved(action, scroll.min(most), most, page)
}

/// A place among `0..=last` after an action that moves; `None` for one that closes.
pub(super) fn moved(action: Action, at: usize, last: usize, page: usize) -> Option<usize> {
    Some(match action {
        Action::Up => at.saturating_sub(1),
        Action::Down => (at + 1).min(last),
        Action::PageUp => at.saturating_sub(page),
        Action::PageDown => (at + page).min(last),
        Action::HalfUp => at.saturating_sub(page / 2),
        Action::HalfDown => (at + page / 2).min(last),
        Action::First => 0,
        Action::Last => last,
        Action::Back | Action::Act | Action::Quit => return None,
        _ => at,
    })
}

fn confirm(model: &mut Model, what: Costly, action: Action, effects: &mut Vec<Effect>) {
    match action {
        Action::Act => effects.push(match what {
            Costly::Quit { .. } => Effect::Quit,
            Costly::DropNeighbor(node, name) => Effect::DropNeighbor(node, name),
            Costly::CancelTransfer(id, _) => super::act::cancel_transfer(model, id),
        }),
        Action::Back => {}
        _ => model.overlay = Some(Overlay::Confirm { what }),
    }
}

fn in_palette(model: &mut Model, line: LineEdit, chosen: usize, action: Action, effects: &mut Vec<Effect>) {
    let fits = palette(line.text(), model);
    match action {
        Action::Back => {}
        Action::Act => {
            if let Some(action) = fits.get(chosen.min(fits.len().saturating_sub(1))) {
                act::act(model, *action, effects);
            }
        }
        _ => {
            let last = fits.len().saturating_sub(1);
            let chosen = moved(action, chosen.min(last), last, 10).unwrap_or(chosen);
            model.overlay = Some(Overlay::Palette { line, chosen });
        }
    }
}

fn in_columns(model: &mut Model, pane: PaneName, chosen: usize, action: Action) {
    let columns = panes::named_columns(pane);
    match action {
        Action::Back => return,
        Action::Act => {
            // The last one stays: a list without columns would look broken.
            let hidden = model.list(pane).hidden;
            let bit = columns.get(chosen).map_or(0, |(i, _)| 1u32 << i);
            let shown = columns.iter().filter(|(i, _)| hidden >> i & 1 == 0).count();
            if hidden & bit != 0 || shown > 1 {
                model.list_mut(pane).hidden ^= bit;
            }
        }
        _ => {}
    }
    let last = columns.len().saturating_sub(1);
    let chosen = moved(action, chosen, last, 5).unwrap_or(chosen);
    model.overlay = Some(Overlay::Columns { pane, chosen });
}

fn in_prompt(model: &mut Model, mut prompt: Prompt, action: Action, effects: &mut Vec<Effect>) {
    let searches = prompt.kind == PromptKind::Search;
    match action {
        Action::Back => return leave(model, prompt),
        Action::Act => return submit(model, prompt, effects),
        Action::Up | Action::Down if prompt.kind == PromptKind::Why => {
            super::why::choose(model, &mut prompt, action == Action::Down);
        }
        Action::Up | Action::Down if searches => recall(model, &mut prompt, action == Action::Up),
        Action::NextStrategy if searches => next_strategy(model),
        Action::PageUp | Action::TtlUp if searches => set_ttl(model, 1),
        Action::PageDown | Action::TtlDown if searches => set_ttl(model, -1),
        _ => {}
    }
    model.overlay = Some(Overlay::Prompt(prompt));
}

fn leave(model: &mut Model, prompt: Prompt) {
    if let PromptKind::Filter(pane) = prompt.kind {
        set_filter(model, pane, prompt.before);
    }
}

/// Shows an earlier or a later search in the line.
fn recall(model: &Model, prompt: &mut Prompt, earlier: bool) {
    if prompt.recalled == 0 {
        prompt.before = prompt.line.text().to_owned();
    }
    let last = model.history.len();
    prompt.recalled = if earlier { (prompt.recalled + 1).min(last) } else { prompt.recalled.saturating_sub(1) };
    let text = last.checked_sub(prompt.recalled).and_then(|place| model.history.get(place));
    let text = text.filter(|_| prompt.recalled > 0).unwrap_or(&prompt.before);
    prompt.line.set(text);
}

fn submit(model: &mut Model, prompt: Prompt, effects: &mut Vec<Effect>) {
    let text = prompt.line.text().trim().to_owned();
    match prompt.kind {
        PromptKind::Filter(_) => {}
        _ if text.is_empty() => {}
        PromptKind::AddPeer => effects.push(Effect::AddPeer(text)),
        PromptKind::Node => effects.push(Effect::World(WorldCommand::Look(Look::Named(text)))),
        PromptKind::Why => super::why::submit(model, text, effects),
        PromptKind::Search => {
            model.history.retain(|known| *known != text);
            model.history.push(text.clone());
            if model.history.len() > HISTORY {
                model.history.remove(0);
            }
            effects.push(Effect::Search(Wanted { text, ttl: model.reach(), strategy: model.strategy }));
        }
    }
}

/// Changes the TTL of the next search.
pub(super) fn set_ttl(model: &mut Model, by: i8) {
    match model.strategy {
        Strategy::Flood | Strategy::Ring => model.ttl = model.ttl.saturating_add_signed(by).clamp(1, MAX_TTL),
        // Of a hundred steps one more or less makes no difference.
        Strategy::Walk { .. } if by > 0 => model.steps = model.steps.saturating_mul(2).min(MAX_WALK_TTL),
        Strategy::Walk { .. } => model.steps = (model.steps / 2).max(1),
    }
    say_reach(model);
}

/// Lets the next search spread another way.
pub(super) fn next_strategy(model: &mut Model) {
    model.strategy = model.strategy.next();
    say_reach(model);
}

/// Says how the next search goes, where no prompt shows it.
fn say_reach(model: &mut Model) {
    if model.overlay.is_none() {
        let central = model.snapshot.role.topology == TopologyKind::Central;
        let hint = if central { "in central a search has no hops: it asks the directory" } else { "" };
        model.say(Tone::Plain, format!("The next search: {}, {}", model.strategy.name(), overlays::reach(model)), hint);
    }
}
