//! A keymap in print: for `hopscope keys`, the manual and the README.

use std::fmt::Write as _;

use serde::Serialize;

use super::{Keymap, scope};
use crate::tui::action::Action;

/// One binding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyRow {
    /// Where it holds.
    pub scope: String,
    /// The keys, as a keymap file writes them.
    pub keys: String,
    /// What they do, as a keymap file writes it.
    pub actions: Vec<String>,
    /// In words.
    pub help: String,
}

/// Every binding: global ones first, then by scope, each by the order of the table of actions.
#[must_use]
pub fn key_rows(keymap: &Keymap) -> Vec<KeyRow> {
    scope::all().flat_map(|scope| scope_rows(keymap, scope)).collect()
}

fn scope_rows(keymap: &Keymap, scope: &str) -> Vec<KeyRow> {
    let mut bound: Vec<_> = keymap.bindings_for(&[scope]).collect();
    let place = |actions: &[Action]| Action::all().iter().position(|action| actions.first() == Some(action));
    bound.sort_by_key(|(seq, actions)| (place(actions), seq.keys().len()));
    let row = |(seq, actions): (&super::KeySeq, &[Action])| KeyRow {
        scope: scope.to_owned(),
        keys: seq.to_string(),
        actions: actions.iter().map(ToString::to_string).collect(),
        help: actions.iter().map(|action| action.info().help).collect::<Vec<_>>().join("; "),
    };
    bound.into_iter().map(row).collect()
}

/// The bindings as a Markdown document, which also reads well as plain text.
#[must_use]
pub fn key_table(keymap: &Keymap) -> String {
    let rows = key_rows(keymap);
    let mut text = format!("# Keys of `{}`\n", keymap.name());
    let mut scope = "";
    for row in &rows {
        if scope != row.scope {
            scope = &row.scope;
            let _ = write!(text, "\n## {scope}\n\n");
        }
        let _ = writeln!(text, "{row:?}");
    }
    text
}
