//! One frame: the bars, the panes of the screen, and what lies over them.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use super::action::{Action, PaneName, SCREENS};
use super::header;
use super::layout::{self, Plan, Room};
use super::model::{Model, Toast, Tone};
use super::overlays;
use super::paint::Paint;
use super::panes::{self, role, status, traffic};
use super::table::put;
use super::text;
use super::theme::Meaning;

/// Draws the model. What it draws depends on nothing else.
pub fn draw(model: &Model, frame: &mut Frame<'_>) {
    let cursor = draw_buffer(model, frame.buffer_mut());
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
}

/// Draws the model into a buffer; returns where the cursor stands if a line is being typed.
pub fn draw_buffer(model: &Model, buffer: &mut Buffer) -> Option<(u16, u16)> {
    let paint = Paint::new(model);
    let mut plan = model.plan();
    // A frame may come between the terminal's change of size and the message that tells of it.
    if plan.header.width != buffer.area.width || plan.footer.bottom() != buffer.area.bottom() {
        let focus = model.pane().unwrap_or(PaneName::Neighbors);
        plan = layout::plan(buffer.area, model.screen, focus, model.zoomed, model.warned());
    }
    buffer.set_style(buffer.area, paint.text());
    if plan.room == Room::Status {
        let above = Rect { height: plan.body.height.saturating_sub(1), ..plan.body };
        status::draw(buffer, above, &paint);
        let last = Rect { y: plan.body.bottom().saturating_sub(1), height: 1.min(plan.body.height), ..plan.body };
        footer(buffer, last, &paint);
    } else {
        header::draw(buffer, plan.header, &paint);
        screens(buffer, plan.screens, &paint);
        tabs(buffer, &plan, &paint);
        warning(buffer, &plan, &paint);
        for (pane, area) in &plan.panes {
            panes::draw(buffer, *area, *pane, &paint);
        }
        if let Some(area) = plan.traffic {
            let inner = panes::frame(buffer, area, "Traffic", &traffic::title(&paint), false, &paint);
            traffic::draw(buffer, inner, &paint);
        }
        footer(buffer, plan.footer, &paint);
    }
    let cursor = overlays::draw(buffer, &paint);
    if model.glyphs.is_ascii() {
        text::only_ascii(buffer);
    }
    cursor
}

/// Where each screen's name stands: also what the mouse hits.
#[must_use]
pub fn screen_tabs(area: Rect) -> Vec<(u8, Rect)> {
    let mut x = area.x + 1;
    let tabs = (1..).zip(SCREENS).map(|(screen, name)| {
        let width = name.len() as u16 + 4;
        let tab = Rect { x, width, ..area };
        x += width;
        (screen, tab.intersection(area))
    });
    tabs.collect()
}

fn screens(buffer: &mut Buffer, area: Rect, paint: &Paint<'_>) {
    let model = paint.model;
    let mut end = 0;
    for ((screen, tab), name) in screen_tabs(area).into_iter().zip(SCREENS) {
        let mut letters = name.chars();
        let name: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
        let line = Line::styled(format!(" {screen} {name} "), paint.tab(model.screen == screen));
        put(buffer, tab, 0, 0, tab.width, &line);
        end = tab.right();
    }
    let mut badges = Vec::new();
    if model.recorded().is_some() {
        badges.push(("recorded: no network".to_owned(), paint.warn().patch(paint.strong())));
    }
    if model.frozen.is_some() {
        badges.push((format!("{} frozen: {} goes on", model.glyphs.paused, paint.key(&Action::Pause)), paint.warn()));
    }
    if model.snapshot.node.hop_delay_ms > 0 {
        badges.push((format!("slow motion {} ms a hop", model.snapshot.node.hop_delay_ms), paint.warn()));
    }
    if !model.problems.is_empty() {
        let many = panes::cost::nodes(model.problems.len() as u64, "problem");
        let text = format!("{many}: {}", paint.key(&Action::Problems));
        badges.push((text, paint.error()));
    }
    if model.zoomed {
        badges.push((format!("zoomed: {} shows all", paint.key(&Action::Zoom)), paint.dim()));
    }
    let mut right = area.width;
    for (text, style) in badges {
        let width = text::width(&text) as u16 + 2;
        if right < end + width {
            break;
        }
        right -= width;
        put(buffer, area, right, 0, width, &Line::styled(format!(" {text}"), style));
    }
}

/// Where each pane's tab stands: also what the mouse hits.
#[must_use]
pub fn pane_tabs(plan: &Plan, paint: &Paint<'_>) -> Vec<(PaneName, Rect, String)> {
    let Some(area) = plan.tabs else { return Vec::new() };
    let mut x = area.x + 1;
    let tabs = layout::panes_of(paint.model.screen).iter().map(|pane| {
        let digest = panes::digest(*pane, paint);
        let name = panes::title(*pane);
        let label = if digest.short.is_empty() { format!(" {name} ") } else { format!(" {name} {} ", digest.short) };
        let width = text::width(&label) as u16;
        let tab = Rect { x, width, ..area }.intersection(area);
        x += width + 1;
        (*pane, tab, label)
    });
    tabs.collect()
}

fn tabs(buffer: &mut Buffer, plan: &Plan, paint: &Paint<'_>) {
    for (pane, tab, label) in pane_tabs(plan, paint) {
        let style =
            if paint.model.pane() == Some(pane) { paint.border(true).patch(paint.strong()) } else { paint.dim() };
        put(buffer, tab, 0, 0, tab.width, &Line::styled(label, style));
    }
}

fn warning(buffer: &mut Buffer, plan: &Plan, paint: &Paint<'_>) {
    let warnings = &paint.model.snapshot.warnings;
    let Some(area) = plan.warning else { return };
    let cut_off = role::cut_off_words(paint);
    let more = match (warnings.len() + usize::from(cut_off.is_some())).saturating_sub(1) {
        0 => String::new(),
        more => format!("  ({more} more: {})", paint.key(&Action::Problems)),
    };
    let room = area.width.saturating_sub(text::width(&more) as u16 + 3);
    // What stops this node comes before what is only not as it should be, and looks like it.
    let (words, style) = match (cut_off, warnings.first()) {
        (Some(words), _) => (paint.fit(&words, room), role::alarm(paint).add_modifier(Modifier::REVERSED)),
        (None, Some(first)) => (paint.foreign(&format!("{}. {}", first.message, first.hint), room), paint.warn()),
        (None, None) => return,
    };
    let line = Line::styled(format!(" {} {words}{more}", paint.warning_symbol()), style);
    buffer.set_style(area, style);
    put(buffer, area, 0, 0, area.width, &line);
}

/// The last line: what was just said, or the keys that work here.
fn footer(buffer: &mut Buffer, area: Rect, paint: &Paint<'_>) {
    match &paint.model.toast {
        Some(toast) => said(buffer, area, toast, paint),
        None => hints(buffer, area, paint),
    }
}

/// What was just said, on as many lines above the last one as it takes.
fn said(buffer: &mut Buffer, area: Rect, toast: &Toast, paint: &Paint<'_>) {
    let (sign, style) = match toast.tone {
        Tone::Good => (paint.good_symbol(), paint.hit()),
        Tone::Plain => (paint.dot(), paint.text()),
        Tone::Bad => (paint.dropped_symbol(), paint.error()),
    };
    let room = area.width.saturating_sub(4);
    let (text, hint) = (paint.foreign(&toast.text, SAID), paint.foreign(&toast.hint, SAID));
    let mut lines = Vec::new();
    let gap = if hint.is_empty() { 0 } else { 2 };
    if text::width(&text) + gap + text::width(&hint) <= usize::from(room) {
        let mut line = Line::styled(format!(" {sign} {text}"), style);
        line.push_span(Span::styled(format!("{}{hint}", " ".repeat(gap)), paint.dim()));
        lines.push(line);
    } else {
        let said = paint.wrap(&text, room).into_iter().enumerate();
        lines.extend(
            said.map(|(nth, part)| Line::styled(format!(" {} {part}", if nth == 0 { sign } else { " " }), style)),
        );
        lines.extend(paint.wrap(&hint, room).into_iter().map(|part| Line::styled(format!("   {part}"), paint.dim())));
    }
    let height = (lines.len() as u16).min(SAID_LINES).min(area.bottom());
    let over = Rect { y: area.bottom() - height, height, ..area };
    for (y, line) in (0..height).zip(lines) {
        put(buffer, over, 0, y, over.width, &Line::raw(" ".repeat(over.width.into())));
        put(buffer, over, 0, y, over.width, &line);
    }
}

/// Columns of a sentence that is said, and of what to do then.
const SAID: u16 = 400;
/// Lines that it takes at most.
const SAID_LINES: u16 = 6;

/// What a pane is there for, the most useful first.
#[must_use]
pub fn of_pane(pane: Option<PaneName>) -> &'static [Action] {
    use Action as A;
    match pane {
        Some(PaneName::Neighbors) => &[A::AddPeer, A::Cancel, A::Act, A::Sort],
        Some(PaneName::Queries) => &[A::Act, A::PrevQuery, A::NextQuery, A::Cancel],
        Some(PaneName::Transfers) => &[A::Cancel, A::Act, A::Copy],
        Some(PaneName::Flood) => &[A::PrevQuery, A::NextQuery, A::HopBack, A::HopForward],
        Some(PaneName::Results) => &[A::Download, A::Copy, A::WhyNot, A::TtlUp, A::TtlDown, A::Sort, A::NextQuery],
        Some(PaneName::Cost) => &[A::Act, A::TtlUp, A::TtlDown, A::WhyNot, A::Cancel],
        Some(PaneName::Files) => &[A::Copy, A::Filter, A::Rescan],
        Some(PaneName::Shares) => &[A::Rescan],
        Some(PaneName::Log) => &[A::Filter, A::Last, A::Pause],
        Some(PaneName::Role) => &[A::NextTopology, A::ProposeTopology, A::Zoom, A::TtlUp, A::TtlDown],
        Some(PaneName::Rings | PaneName::Hops | PaneName::Story) => {
            &[A::Play, A::HopBack, A::HopForward, A::PrevQuery, A::NextQuery, A::Duplicates, A::RingsIn, A::Slower]
        }
        Some(PaneName::Map | PaneName::About) => {
            &[A::MapIn, A::MapOut, A::Center, A::Play, A::Act, A::Names, A::Colors, A::PanLeft, A::NextQuery]
        }
        None => &[],
    }
}

/// What is worth knowing in a pane, the most useful first; the keys come from the keymap.
fn useful(model: &Model) -> Vec<Action> {
    use Action as A;
    if model.plan().room == Room::Status {
        // There are no panes in which anything else would be seen.
        let steering: &[A] = if model.world().is_some() { &[A::WorldPause] } else { &[] };
        return [&[A::SearchPrompt], steering, &[A::Help, A::Quit, A::NextTopology]].concat();
    }
    let here = of_pane(model.pane());
    // A narrow footer holds some six of them: the way to all others, and the way out, must be among those.
    let (first, rest) = here.split_at(here.len().min(3));
    if model.world().is_some() {
        // There Enter looks at a neighbor, and nobody needs more of them.
        let first = if model.pane() == Some(PaneName::Neighbors) { &[A::LookAt] } else { first };
        let steering = [A::WorldPause, A::WorldHop, A::WorldStep, A::SearchPrompt, A::Help, A::Quit];
        let about = [A::WorldAhead, A::WorldSlower, A::WorldFaster, A::GoToNode, A::GoToSearcher, A::LookAt];
        return [&steering, first, &about, rest, &[A::NextNode, A::Palette]].concat();
    }
    let next: &[A] = if layout::panes_of(model.screen).len() > 1 { &[A::NextPane] } else { &[] };
    [&[A::SearchPrompt], first, &[A::Help, A::Quit], next, rest, &[A::NextTopology, A::Zoom, A::Palette]].concat()
}

/// The keys that fit, whole; the one for the help is always among them.
fn hints(buffer: &mut Buffer, area: Rect, paint: &Paint<'_>) {
    let model = paint.model;
    let scopes = paint.scopes();
    let style = model.theme.style(Meaning::Footer);
    buffer.set_style(area, style);
    let name = if area.width < NAMED { String::new() } else { paint.foreign(model.keymap.name(), 20) };
    let room = area.width.saturating_sub(if name.is_empty() { 0 } else { text::width(&name) as u16 + 2 });
    let hint = |action: &Action| {
        let key = model.keymap.key_for(&scopes, action)?;
        Some(paint.hints(&[(key, action.label())], u16::MAX))
    };
    // Until it stands there is room kept for it.
    let mut kept = hint(&Action::Help).map_or(0, |line| line.width() as u16 + 2);
    let mut x = 1;
    for action in useful(model).into_iter().filter(|action| model.offers(action)) {
        let Some(line) = hint(&action) else { continue };
        let width = line.width() as u16;
        if action == Action::Help {
            kept = 0;
        }
        if x + width + kept > room {
            continue;
        }
        put(buffer, area, x, 0, width, &line);
        x += width + 2;
    }
    let x = area.width.saturating_sub(text::width(&name) as u16 + 1);
    put(buffer, area, x, 0, 20, &Line::styled(name, paint.dim()));
}

/// Columns from which the keymap's name stands beside the keys.
const NAMED: u16 = 100;
