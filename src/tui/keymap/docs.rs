//! A keymap in print: for `hopscope keys`, the manual and the README.

use std::fmt::Write as _;

use serde::Serialize;

use super::{KeySeq, Keymap, scope};
use crate::tui::action::Action;
use crate::tui::text;

/// What some keys do in one scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyRow {
    /// Where it holds.
    pub scope: String,
    /// The keys that do it, as a keymap file writes them, the shortest first.
    pub keys: Vec<String>,
    /// What they do, as a keymap file writes it.
    pub actions: Vec<String>,
    /// In words.
    pub help: String,
}

/// Every binding: global ones first, then by scope, each in the order of the table of actions.
#[must_use]
pub fn key_rows(keymap: &Keymap) -> Vec<KeyRow> {
    scope::all().flat_map(|scope| scope_rows(keymap, scope)).collect()
}

fn scope_rows(keymap: &Keymap, scope: &str) -> Vec<KeyRow> {
    let mut bound: Vec<(&KeySeq, &[Action])> = keymap.bindings_for(&[scope]).collect();
    let place = |actions: &[Action]| -> Vec<_> {
        actions.iter().map(|action| Action::all().iter().position(|known| known == action)).collect()
    };
    bound.sort_by_key(|(seq, actions)| (place(actions), seq.keys().len(), seq.to_string().len()));
    let same = bound.chunk_by(|(_, a), (_, b)| a == b);
    let row = |group: &[(&KeySeq, &[Action])]| {
        let actions = group.first().map_or(&[][..], |(_, actions)| actions);
        KeyRow {
            scope: scope.to_owned(),
            keys: group.iter().map(|(seq, _)| seq.to_string()).collect(),
            actions: actions.iter().map(ToString::to_string).collect(),
            help: help(actions),
        }
    };
    same.map(row).collect()
}

/// What a binding does, in words.
fn help(actions: &[Action]) -> String {
    actions.iter().map(Action::help).collect::<Vec<_>>().join("; ")
}

/// The bindings as a Markdown document, which also reads well as plain text.
#[must_use]
pub fn key_table(keymap: &Keymap) -> String {
    let rows = key_rows(keymap);
    let mut printed =
        format!("# Keys of `{}`\n\nThe leader key is {}.\n", keymap.name(), code(&keymap.leader().to_string()));
    for section in rows.chunk_by(|a, b| a.scope == b.scope) {
        let Some(first) = section.first() else { continue };
        // Writing to a string cannot fail.
        let _ = write!(printed, "\n## {}: `[keys.{}]`\n\n", scope::title(&first.scope), first.scope);
        print_section(section, &mut printed);
    }
    printed
}

/// One table, its columns as wide as they need to be.
fn print_section(rows: &[KeyRow], printed: &mut String) {
    let all = |texts: &[String]| texts.iter().map(|text| code(text)).collect::<Vec<_>>().join(" ");
    let cells = rows.iter().map(|row| [all(&row.keys), all(&row.actions), row.help.clone()]);
    let head = ["keys", "action", "what it does"].map(str::to_owned);
    let cells: Vec<_> = [head].into_iter().chain(cells).collect();
    let wide = |n: usize| cells.iter().map(|row| text::width(&row[n])).max().unwrap_or(0);
    let (keys, action) = (wide(0), wide(1));
    for (n, [a, b, c]) in cells.iter().enumerate() {
        let _ = writeln!(printed, "| {} | {} | {c} |", text::left(a, keys), text::left(b, action));
        if n == 0 {
            let _ = writeln!(printed, "|{}|{}|---|", "-".repeat(keys + 2), "-".repeat(action + 2));
        }
    }
}

/// A text as Markdown shows it literally in a table.
fn code(text: &str) -> String {
    let text = text.replace('|', "\\|");
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}
