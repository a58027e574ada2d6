//! Help, from the table of actions and the keymap that holds; and what is wrong with keymap, theme and node.

use ratatui::text::{Line, Span};

use crate::app::Untrusted;
use crate::tui::action::Action;
use crate::tui::paint::Paint;
use crate::tui::panes;

/// Columns of the keys.
const KEYS: usize = 18;

/// The help: every action that has a key where the focus is; first what the focused pane is there for, then the rest by
/// group.
#[must_use]
pub fn help_lines(paint: &Paint<'_>) -> Vec<Line<'static>> {
    let model = paint.model;
    let scopes = paint.scopes();
    let here = model.pane().map_or("this screen", panes::title);
    let mut lines =
        vec![Line::styled(format!("What works in {here}, from the keymap {}", model.keymap.name()), paint.dim())];
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
    lines.extend(first.iter().map(|(actions, keys)| row(actions, keys, paint)));
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
        lines.extend(bound.iter().filter(of_group).map(|(actions, keys)| row(actions, keys, paint)));
    }
    lines.push(Line::default());
    lines
        .push(Line::styled("A file of your own in the folder keymaps of the configuration changes them.", paint.dim()));
    lines
}

fn row(actions: &[Action], keys: &str, paint: &Paint<'_>) -> Line<'static> {
    let what = Span::styled(what(actions), paint.text());
    Line::from(vec![Span::styled(format!("  {keys:<KEYS$} "), paint.key_style()), what])
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
