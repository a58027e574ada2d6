//! What can only be seen when all files of a keymap lie over one another.

use std::path::Path;

use super::error::{KeymapError, Mistake};
use super::key::KeySeq;
use super::load::Origins;
use super::{Keymap, Table, scope, starting_with};
use crate::tui::action::Action;

/// Actions that a person must be able to reach whatever else is bound.
const NEEDED: [Action; 3] = [Action::Quit, Action::Help, Action::Palette];

/// Every mistake of the whole; `top` is the file that was asked for.
pub(super) fn check(keymap: &Keymap, origins: &Origins, top: &Path) -> Vec<KeymapError> {
    let mut errors = hidden(keymap, origins);
    errors.extend(missing(keymap, top));
    errors
}

/// Keys that run before a longer sequence can be typed, in the same scope or under a pane's.
fn hidden(keymap: &Keymap, origins: &Origins) -> Vec<KeymapError> {
    let mut errors = Vec::new();
    for (name, table) in &keymap.tables {
        let wider = (name != scope::GLOBAL && !scope::is_overlay(name)).then(|| keymap.tables.get(scope::GLOBAL));
        for (short, _) in table.iter().filter(|(_, actions)| !actions.is_empty()) {
            let here = longer(table, short).map(|long| (name.as_str(), long));
            let there = wider.flatten().and_then(|table| longer(table, short)).map(|long| (scope::GLOBAL, long));
            if let Some((long_scope, long)) = here.or(there) {
                errors.push(hides(origins, (name, short), (long_scope, long)));
            }
        }
    }
    errors
}

/// A bound sequence that starts with a shorter one.
fn longer<'a>(table: &'a Table, short: &KeySeq) -> Option<&'a KeySeq> {
    let mut after = starting_with(table, short.keys()).filter(|(seq, actions)| *seq != short && !actions.is_empty());
    after.next().map(|(seq, _)| seq)
}

/// The mistake, on the line of whichever of the two was laid on last.
fn hides(origins: &Origins, short: (&str, &KeySeq), long: (&str, &KeySeq)) -> KeymapError {
    let origin = |(scope, seq): (&str, &KeySeq)| origins.get(scope).and_then(|table| table.get(seq));
    let at = [origin(short), origin(long)].into_iter().flatten().max_by_key(|origin| (origin.layer, origin.line));
    let mistake = Mistake::Hides {
        short: short.1.clone(),
        scope: short.0.to_owned(),
        long: long.1.clone(),
        long_scope: long.0.to_owned(),
    };
    KeymapError {
        file: at.map(|origin| origin.file.clone()).unwrap_or_default(),
        line: at.map(|origin| origin.line),
        mistake,
        suggestion: Some(format!("set `\"{}\" = false` or `\"{}\" = false`", short.1, long.1)),
    }
}

/// Needed actions that no key runs everywhere.
fn missing(keymap: &Keymap, top: &Path) -> Vec<KeymapError> {
    let reached = |action: &Action| keymap.key_for(&[scope::GLOBAL], action).is_some();
    let missing = NEEDED.iter().filter(|action| !reached(action));
    let error = |action: &Action| KeymapError {
        file: top.to_owned(),
        line: None,
        mistake: Mistake::NoKeyFor(action.info().name),
        suggestion: Some(format!("bind it in [keys.global], for example `f12 = \"{action}\"`")),
    };
    missing.map(error).collect()
}
