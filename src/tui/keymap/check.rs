//! What can only be seen when all files of a keymap lie over one another.

use std::path::Path;

use super::error::{KeymapError, Mistake};
use super::key::KeySeq;
use super::load::Origins;
use super::{Keymap, longer, scope};
use crate::tui::action::Action;

/// Actions that a person must be able to reach whatever else is bound.
const NEEDED: [Action; 3] = [Action::Quit, Action::Help, Action::Palette];

/// Keys that run before a longer sequence can be typed, in the same scope or in a wider one.
pub(super) fn hidden(keymap: &Keymap, origins: &Origins) -> Vec<KeymapError> {
    let mut errors = Vec::new();
    for (name, table) in &keymap.tables {
        for (short, _) in table.iter().filter(|(_, actions)| !actions.is_empty()) {
            let wider = scope::wider(name);
            let mut tables = [name.as_str()].into_iter().chain(wider).filter_map(|scope| {
                let long = longer(keymap.tables.get(scope)?, short)?;
                Some((scope, long))
            });
            if let Some(long) = tables.next() {
                errors.push(hides(origins, (name, short), long));
            }
        }
    }
    errors
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

/// Needed actions that no key runs everywhere; `top` is the file that was asked for.
pub(super) fn missing(keymap: &Keymap, top: &Path) -> Vec<KeymapError> {
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
