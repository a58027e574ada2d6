//! Help, from the table of actions and the keymap that holds; and what is wrong with keymap, theme and node.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::Untrusted;
use crate::tui::action::Action;
use crate::tui::paint::Paint;
use crate::tui::panes;
use crate::tui::panes::meanings::meanings;

/// Columns of the keys, half as many on a narrow screen.
const KEYS: usize = 18;
/// Columns of a screen below which it is narrow.
const NARROW: u16 = 60;
/// Columns around keys and what they do: frame, margins and gaps.
const AROUND: u16 = 8;

/// The help: every action that has a key where the focus is; first what the focused pane is there for, then the rest by
/// group.
#[must_use]
pub fn help_lines(paint: &Paint<'_>) -> Vec<Line<'static>> {
    let model = paint.model;
    let scopes = paint.scopes();
    let here = model.pane().map_or("this screen", panes::title);
    let intro = format!("What works in {here}, from the keymap {}", model.keymap.name());
    let width = model.size.width.saturating_sub(AROUND).max(8);
    let mut lines: Vec<Line<'static>> =
        paint.wrap(&intro, width).into_iter().map(|line| Line::styled(line, paint.dim())).collect();
    let mut bound: Vec<(&[Action], String)> = Vec::new();
    for (keys, actions) in model.keymap.bindings_for(&scopes) {
        if !actions.iter().all(|action| model.offers(action)) {
            continue;
        }
        match bound.iter_mut().find(|(known, _)| *known == actions) {
            Some((_, texts)) => *texts = format!("{texts} {keys}"),
            None => bound.push((actions, keys.to_string())),
        }
    }
    let place = |actions: &[Action]| Action::all().iter().position(|action| Some(action) == actions.first());
    bound.sort_by_key(|(actions, _)| place(actions));
    let own = crate::tui::draw::of_pane(model.pane());
    let place_here = |actions: &[Action]| own.iter().position(|action| [*action] == *actions);
    let (mut first, bound): (Vec<_>, Vec<_>) =
        bound.into_iter().partition(|(actions, _)| place_here(actions).is_some());
    first.sort_by_key(|(actions, _)| place_here(actions));
    lines.push(Line::default());
    lines.push(Line::styled(here, paint.title()));
    lines.extend(first.iter().flat_map(|(actions, keys)| row(keys, &what(actions), paint.key_style(), paint)));
    lines.extend(columns(paint));
    let mut groups: Vec<&'static str> = Vec::new();
    for (actions, _) in &bound {
        let group = actions.first().map_or("", |action| action.info().group);
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    for group in groups {
        lines.push(Line::default());
        lines.push(Line::styled(group, paint.title()));
        let of_group = |(actions, _): &&(&[Action], String)| actions.first().is_some_and(|a| a.info().group == group);
        lines.extend(
            bound
                .iter()
                .filter(of_group)
                .flat_map(|(actions, keys)| row(keys, &what(actions), paint.key_style(), paint)),
        );
    }
    lines.push(Line::default());
    lines
        .push(Line::styled("A file of your own in the folder keymaps of the configuration changes them.", paint.dim()));
    lines
}

/// What the columns of the focused pane mean.
fn columns(paint: &Paint<'_>) -> Vec<Line<'static>> {
    let meanings = paint.model.pane().map_or(&[][..], meanings);
    if meanings.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![Line::default(), Line::styled("Its columns", paint.title())];
    lines.extend(meanings.iter().flat_map(|(title, meaning)| row(title, meaning, paint.column(), paint)));
    lines
}

/// A key or a column, and what it does or means, on as many lines as that takes.
fn row(head: &str, meaning: &str, style: Style, paint: &Paint<'_>) -> Vec<Line<'static>> {
    let screen = paint.model.size.width;
    let keys = if screen < NARROW { KEYS / 2 } else { KEYS };
    let width = screen.saturating_sub(keys as u16 + AROUND).clamp(8, 90);
    let line = |(nth, part): (usize, String)| {
        let head = if nth == 0 { head } else { "" };
        Line::from(vec![Span::styled(format!("  {head:<keys$} "), style), Span::styled(part, paint.text())])
    };
    paint.wrap(meaning, width).into_iter().enumerate().map(line).collect()
}

/// What some keys do, in a sentence.
pub(super) fn what(actions: &[Action]) -> String {
    match actions {
        [Action::Screen(screen)] => format!("Show screen {screen}: {}", Action::Screen(*screen).label()),
        [Action::Pane(pane)] => format!("Focus {}", panes::title(*pane)),
        [one] => one.help(),
        many => many.iter().map(Action::label).collect::<Vec<_>>().join(", then "),
    }
}

/// What is wrong, and what to do.
#[must_use]
pub fn problem_lines(paint: &Paint<'_>) -> Vec<Line<'static>> {
    let model = paint.model;
    let mut lines = Vec::new();
    let width = model.size.width.saturating_sub(10).clamp(20, 100);
    let cut_off = panes::role::cut_off_words(paint).unwrap_or_default();
    lines.extend(paint.wrap(&cut_off, width).into_iter().map(|line| Line::styled(line, panes::role::alarm(paint))));
    for warning in model.snapshot.warnings.iter() {
        let said = Untrusted::from(warning.message.as_str()).visible(600);
        lines.extend(paint.wrap(&said, width).into_iter().map(|line| Line::styled(line, paint.warn())));
        let hint = Untrusted::from(warning.hint.as_str()).visible(600);
        lines.extend(paint.wrap(&hint, width).into_iter().map(|line| Line::styled(format!("  {line}"), paint.text())));
    }
    for problem in &model.problems {
        let said = Untrusted::from(problem.as_str()).visible(600);
        lines.extend(paint.wrap(&said, width).into_iter().map(|line| Line::styled(line, paint.error())));
    }
    if !model.problems.is_empty() {
        lines.push(Line::styled("Until that is mended, built-in keys and colors hold.", paint.dim()));
    }
    if lines.is_empty() {
        lines.push(Line::styled("Nothing is wrong with keymap, theme and node.", paint.hit()));
    }
    lines
}
