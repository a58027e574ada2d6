//! Keys: a text field takes printable ones first, then the keymap decides.

use crossterm::event::{KeyEvent, KeyEventKind};

use super::super::action::Action;
use super::super::effect::Effect;
use super::super::keymap::{KeyPress, Lookup};
use super::super::model::{Model, Overlay, PromptKind};
use super::{act, open, recorded};

/// A key was pressed.
pub(super) fn key(model: &mut Model, event: KeyEvent, effects: &mut Vec<Effect>) {
    if event.kind == KeyEventKind::Release {
        return;
    }
    if model.pending.is_empty() && typed(model, event) {
        return;
    }
    let Some(press) = KeyPress::from_event(&event) else { return };
    // What was said has been read by somebody who goes on; a question about it would come too late anyway.
    model.toast = None;
    let actions = match model.keymap.lookup(&model.scopes(), &model.pending, press) {
        Lookup::Run(actions) => actions.to_vec(),
        Lookup::Pending(_) => {
            model.pending.push(press);
            return;
        }
        Lookup::None => Vec::new(),
    };
    model.pending.clear();
    for action in actions {
        act::act(model, action, effects);
    }
}

/// Gives a key to the line being typed, if there is one that can use it.
fn typed(model: &mut Model, event: KeyEvent) -> bool {
    let Some(line) = line(model) else { return false };
    let taken = line.key(event);
    if taken {
        open::line_changed(model);
    }
    taken
}

/// A text was pasted: into the line being typed, or into a new search.
pub(super) fn paste(model: &mut Model, text: &str) {
    if line(model).is_none() {
        if model.overlay.is_some() {
            return;
        }
        if model.recorded().is_some() {
            return recorded::refuse(model, Action::SearchPrompt);
        }
        open::prompt(model, PromptKind::Search);
    }
    if let Some(line) = line(model) {
        line.insert(text.trim_matches(['\r', '\n']));
        open::line_changed(model);
    }
}

fn line(model: &mut Model) -> Option<&mut crate::tui::edit::LineEdit> {
    match &mut model.overlay {
        Some(Overlay::Prompt(prompt)) => Some(&mut prompt.line),
        Some(Overlay::Palette { line, .. }) => Some(line),
        _ => None,
    }
}
