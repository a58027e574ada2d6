//! What lies over the panes: prompt, palette, help, questions, details.

mod detail;
mod help;
mod list;
mod propose;
mod why;

pub use help::{help_lines, problem_lines};
pub use list::palette;
pub use why::why_lines;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};

use super::action::{Action, PaneName};
use super::keymap::{KeyPress, scope};
use super::model::{Costly, Model, Overlay, Prompt, PromptKind};
use super::paint::Paint;
use super::panes;
use super::table::put;
use super::text;
use crate::app::{Strategy, TopologyKind};

pub use detail::detail_lines;

/// Draws what is open; returns where the cursor stands.
pub fn draw(buffer: &mut Buffer, paint: &Paint<'_>) -> Option<(u16, u16)> {
    let model = paint.model;
    if !model.pending.is_empty() {
        pending(buffer, paint);
    }
    match model.overlay.as_ref()? {
        Overlay::Help { scroll } => scrolled(buffer, "Keys", &help_lines(paint), *scroll, paint),
        Overlay::Problems { scroll } => scrolled(buffer, "Problems", &problem_lines(paint), *scroll, paint),
        Overlay::Detail { pane, row, scroll } => {
            let lines = detail_lines(row, detail_width(buffer.area), paint);
            scrolled(buffer, panes::title(*pane), &lines, *scroll, paint);
        }
        Overlay::Palette { line, chosen } => return Some(list::palette_box(buffer, line, *chosen, paint)),
        Overlay::Columns { pane, chosen } => list::columns_box(buffer, *pane, *chosen, paint),
        Overlay::Confirm { what } => confirm(buffer, what, paint),
        Overlay::Propose { chosen } => propose::draw(buffer, *chosen, paint),
        Overlay::Why { asked, answer, scroll } => {
            let title = answer.as_ref().map_or("Why not found?", |why| why.verdict.title());
            let lines = why_lines(asked, answer.as_deref(), detail_width(buffer.area), paint);
            scrolled(buffer, title, &lines, *scroll, paint);
        }
        Overlay::Prompt(typed) if typed.kind == PromptKind::Why => return Some(why::prompt_box(buffer, typed, paint)),
        Overlay::Prompt(typed) => return prompt(buffer, typed, paint),
    }
    None
}

/// A box in the middle of the screen, cleared and framed; returns its inside.
fn popup(buffer: &mut Buffer, width: u16, height: u16, title: &str, words: &str, paint: &Paint<'_>) -> Rect {
    let all = buffer.area;
    let (width, height) = (width.min(all.width), height.min(all.height));
    let area = Rect {
        x: all.x + (all.width - width) / 2,
        // A little above the middle, where people look first.
        y: all.y + (all.height - height) * 2 / 5,
        width,
        height,
    };
    Clear.render(area, buffer);
    buffer.set_style(area, paint.overlay());
    let inner = panes::frame(buffer, area, title, words, true, paint);
    Rect { x: inner.x + 1.min(inner.width), width: inner.width.saturating_sub(2), ..inner }
}

/// Columns that lines of a detail may take on a screen of that size.
#[must_use]
pub fn detail_width(screen: Rect) -> u16 {
    screen.width.saturating_sub(8).clamp(1, 96)
}

/// Lines of an open box that fit on a screen of that height: what paging goes by.
#[must_use]
pub fn page(screen_height: u16) -> usize {
    usize::from(screen_height.saturating_sub(6).max(1))
}

/// A box of lines that may be longer than the screen.
fn scrolled(buffer: &mut Buffer, title: &str, lines: &[Line<'static>], scroll: usize, paint: &Paint<'_>) {
    let width = lines.iter().map(Line::width).max().unwrap_or(0).clamp(24, 110) as u16 + 4;
    let height = (lines.len() + 2).min(page(buffer.area.height) + 2) as u16;
    let words = if lines.len() + 2 > usize::from(height) { "arrows scroll, Esc closes" } else { "Esc closes" };
    let inner = popup(buffer, width, height, title, words, paint);
    let most = lines.len().saturating_sub(inner.height.into());
    let first = scroll.min(most);
    for (y, line) in (0..inner.height).zip(lines.iter().skip(first)) {
        put(buffer, inner, 0, y, inner.width, line);
    }
    let bar = Rect { x: inner.right() + 1, width: 1, ..inner };
    super::table::scrollbar(buffer, bar.intersection(buffer.area), first, inner.height.into(), lines.len(), paint);
}

/// The question of a costly action, and what it costs.
#[must_use]
pub fn question(what: &Costly) -> (String, &'static str) {
    match what {
        Costly::Quit { running: 1 } => {
            ("Quit while a transfer runs?".into(), "What was verified is kept for the next start.")
        }
        Costly::Quit { running } => {
            (format!("Quit while {running} transfers run?"), "What was verified is kept for the next start.")
        }
        Costly::DropNeighbor(_, name) => (format!("Close the link to {name}?"), "Queries no longer go that way."),
        Costly::CancelTransfer(_, name) => (format!("Cancel {name}?"), "What was verified is kept for another try."),
    }
}

fn confirm(buffer: &mut Buffer, what: &Costly, paint: &Paint<'_>) {
    let (question, cost) = question(what);
    let scopes = [scope::CONFIRM, scope::OVERLAY];
    let key = |action: &Action, otherwise: &str| {
        paint.model.keymap.key_for(&scopes, action).unwrap_or_else(|| otherwise.to_owned())
    };
    let keys = [(key(&Action::Act, "enter"), "yes"), (key(&Action::Back, "esc"), "no")];
    let width = text::width(&question).max(cost.len()).clamp(24, 70) as u16 + 4;
    let inner = popup(buffer, width, 6, "Sure?", "", paint);
    put(buffer, inner, 0, 0, inner.width, &Line::styled(paint.foreign(&question, inner.width), paint.strong()));
    put(buffer, inner, 0, 1, inner.width, &Line::styled(cost, paint.dim()));
    put(buffer, inner, 0, 3, inner.width, &paint.hints(&keys, inner.width));
}

fn prompt(buffer: &mut Buffer, prompt: &Prompt, paint: &Paint<'_>) -> Option<(u16, u16)> {
    if let PromptKind::Filter(pane) = prompt.kind {
        return Some(filter(buffer, prompt, pane, paint));
    }
    let search = prompt.kind == PromptKind::Search;
    let looks_up = paint.model.snapshot.role.topology == TopologyKind::Central;
    let does = match prompt.kind {
        PromptKind::Search if looks_up => "look it up",
        PromptKind::Search => paint.model.strategy.name(),
        PromptKind::Node => "look at it",
        PromptKind::AddPeer | PromptKind::Filter(_) | PromptKind::Why => "connect",
    };
    let simulated = paint.model.world().is_some();
    let (title, words) = match prompt.kind {
        PromptKind::Search if simulated => {
            ("Search the simulated network", "files are called f0, f1, f2 and so on, the most popular first")
        }
        PromptKind::Search => ("Search the network", "\"a phrase\"  -not  prefix*  ext:flac  size:>10M  type:audio"),
        PromptKind::Node => ("Look at a node", "a number, an address, or the beginning of an id"),
        _ if simulated => ("Add a peer", "address of a node of this world, for example 10.0.0.17"),
        PromptKind::AddPeer | PromptKind::Filter(_) | PromptKind::Why => {
            ("Add a peer", "host:port of a node that you know")
        }
    };
    let inner = popup(buffer, 76, if search { 7 } else { 5 }, title, "", paint);
    let cursor = field(buffer, Rect { height: 1.min(inner.height), ..inner }, prompt, paint);
    put(buffer, inner, 0, 1, inner.width, &Line::styled(paint.fit(words, inner.width), paint.dim()));
    let mut keys = vec![("enter".to_owned(), does), ("esc".to_owned(), "leave it")];
    if search {
        keys.push(("up".to_owned(), "earlier"));
        if looks_up {
            let words = "One request to the directory: no TTL, no hops";
            put(buffer, inner, 0, 2, inner.width, &Line::styled(words, paint.dim()));
        } else {
            let scopes = [scope::PROMPT, scope::OVERLAY];
            let walks = paint.model.strategy.walkers().is_some();
            keys.push(("pgup pgdn".to_owned(), if walks { "steps" } else { "TTL" }));
            keys.extend(paint.model.keymap.key_for(&scopes, &Action::NextStrategy).map(|key| (key, "strategy")));
            put(buffer, inner, 0, 2, inner.width, &strategies(paint));
            put(
                buffer,
                inner,
                0,
                3,
                inner.width,
                &Line::styled(paint.fit(&reach(paint.model), inner.width), paint.text()),
            );
        }
    }
    put(buffer, inner, 0, inner.height.saturating_sub(1), inner.width, &paint.hints(&keys, inner.width));
    Some(cursor)
}

/// The strategies side by side, the chosen one marked.
fn strategies(paint: &Paint<'_>) -> Line<'static> {
    let mut parts = Vec::new();
    for strategy in Strategy::ALL {
        let chosen = strategy.name() == paint.model.strategy.name();
        let mark = if chosen { paint.model.glyphs.live } else { " " };
        let style = if chosen { paint.strong() } else { paint.dim() };
        parts.push(Span::styled(format!("{mark} {}  ", strategy.name()), style));
    }
    Line::from(parts)
}

/// What the chosen strategy does, and how far it goes.
#[must_use]
pub(super) fn reach(model: &Model) -> String {
    match model.strategy {
        Strategy::Flood if model.ttl == 1 => "to the neighbors only: TTL 1".into(),
        Strategy::Flood => format!("to everybody within {} hops at once: TTL {}", model.ttl, model.ttl),
        Strategy::Ring => {
            let rounds: Vec<String> = model.strategy.rounds(model.ttl).map(|ttl| ttl.to_string()).collect();
            format!("a flood of TTL {}, until something is found", rounds.join(", then "))
        }
        Strategy::Walk { walkers } => {
            format!("{walkers} walkers of at most {} steps, each from a node to any one neighbor", model.steps)
        }
    }
}

/// The field of a filter takes the footer's place, so that the list stays in view.
fn filter(buffer: &mut Buffer, prompt: &Prompt, pane: PaneName, paint: &Paint<'_>) -> (u16, u16) {
    let all = buffer.area;
    let area = Rect { y: all.bottom().saturating_sub(1), height: 1.min(all.height), ..all };
    Clear.render(area, buffer);
    let label = format!(" Filter {}: ", panes::title(pane));
    let used = (text::width(&label) as u16).min(area.width);
    put(buffer, area, 0, 0, used, &Line::styled(label, paint.key_style()));
    field(buffer, Rect { x: area.x + used, width: area.width - used, ..area }, prompt, paint)
}

fn field(buffer: &mut Buffer, area: Rect, prompt: &Prompt, paint: &Paint<'_>) -> (u16, u16) {
    typed(buffer, area, &prompt.line, paint)
}

/// A line being typed; returns where its cursor stands.
fn typed(buffer: &mut Buffer, area: Rect, line: &super::edit::LineEdit, paint: &Paint<'_>) -> (u16, u16) {
    let mark = format!("{} ", paint.symbol("›", ">"));
    let room = area.width.saturating_sub(2);
    let (shown, column) = line.view(room);
    let shown = paint.foreign(&shown, room);
    let text = Line::from(vec![Span::styled(mark, paint.key_style()), Span::styled(shown, paint.input())]);
    put(buffer, area, 0, 0, area.width, &text);
    let right = area.right().saturating_sub(1).max(area.x);
    ((area.x + 2 + column).min(right), area.y)
}

/// What may follow the keys that were pressed.
fn pending(buffer: &mut Buffer, paint: &Paint<'_>) {
    let model = paint.model;
    let follow = model.following();
    let keys: Vec<String> = model.pending.iter().map(KeyPress::to_string).collect();
    let width = follow.iter().map(|(key, label)| text::width(&key.to_string()) + text::width(label) + 6).max();
    let width = width.unwrap_or(0).clamp(20, 60) as u16;
    let all = buffer.area;
    let height = (follow.len() as u16 + 2).min(all.height.saturating_sub(1));
    let width = width.min(all.width);
    let area = Rect { x: all.right() - width, y: all.bottom().saturating_sub(height + 1), width, height };
    Clear.render(area, buffer);
    buffer.set_style(area, paint.overlay());
    let inner = panes::frame(buffer, area, &keys.join(" "), "", true, paint);
    for (y, (key, label)) in (0..inner.height).zip(follow) {
        put(buffer, inner, 1, y, inner.width, &Line::styled(format!("{:<6}", key.to_string()), paint.key_style()));
        put(buffer, inner, 8, y, inner.width, &Line::styled(label, paint.text()));
    }
}
