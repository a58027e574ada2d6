//! Keys to actions: a keymap is a table for each scope, from a sequence of keys to what it does.
//!
//! A key is looked up in the scopes that the caller names, the narrowest first: overlay, pane, screen, global. The first
//! one that knows the sequence, or a longer one that starts with it, decides.

mod check;
pub mod docs;
mod error;
mod file;
mod key;
mod load;
pub mod scope;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use docs::{KeyRow, key_rows, key_table};
pub use error::{KeymapError, Mistake};
pub use key::{Key, KeyPress, KeySeq, UnknownKey};
pub use load::{BUILT_IN, Loaded};

use super::action::Action;

/// What a sequence of keys does; nothing when it was unbound on purpose.
type Table = BTreeMap<KeySeq, Vec<Action>>;

/// Keys of every scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap {
    name: String,
    leader: KeyPress,
    tables: BTreeMap<String, Table>,
}

/// What a key means after those that are pending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup<'a> {
    /// Do this, in this order.
    Run(&'a [Action]),
    /// A longer sequence starts so: what may follow, and what it would do.
    Pending(Vec<(KeyPress, String)>),
    /// Nothing.
    None,
}

impl Keymap {
    /// One of the built-in ones, without any file of the user's.
    #[must_use]
    pub fn builtin(name: &str) -> Option<Self> {
        load::builtin(name)
    }

    /// The keymap of a name or a file, with the user's files in `user_dir` (`<config>/keymaps`) layered over the
    /// built-in ones. With any mistake in them it is a built-in one, and [`Loaded::errors`] tells them all.
    #[must_use]
    pub fn load(name_or_file: &str, user_dir: &std::path::Path) -> Loaded {
        load::load(name_or_file, user_dir)
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key that `leader` stands for.
    #[must_use]
    pub const fn leader(&self) -> KeyPress {
        self.leader
    }

    /// What `key` means after the keys in `pending`, in the first of `scopes` (narrowest first) that knows them.
    #[must_use]
    pub fn lookup(&self, scopes: &[&str], pending: &[KeyPress], key: KeyPress) -> Lookup<'_> {
        let typed: Vec<_> = pending.iter().copied().chain([key]).collect();
        let mut follow: BTreeMap<KeyPress, String> = BTreeMap::new();
        for table in scopes.iter().filter_map(|scope| self.tables.get(*scope)) {
            // A narrower scope that waits for more keys keeps wider ones from running this one.
            let waits = follow.values().any(|label| !label.is_empty());
            for (seq, actions) in starting_with(table, &typed) {
                let Some(next) = seq.keys().get(typed.len()) else {
                    match actions.as_slice() {
                        _ if waits => continue,
                        [] => return Lookup::None,
                        actions => return Lookup::Run(actions),
                    }
                };
                let last = seq.keys().len() == typed.len() + 1;
                let label = if last || actions.is_empty() { label(actions) } else { "…".to_owned() };
                follow.entry(*next).or_insert(label);
            }
        }
        follow.retain(|_, label| !label.is_empty());
        if follow.is_empty() { Lookup::None } else { Lookup::Pending(follow.into_iter().collect()) }
    }

    /// Every binding that holds in `scopes` (narrowest first), those of the narrowest scope first. What a narrower
    /// scope takes away is left out.
    pub fn bindings_for(&self, scopes: &[&str]) -> impl Iterator<Item = (&KeySeq, &[Action])> {
        let mut seen: Vec<&Table> = Vec::new();
        let mut visible = Vec::new();
        for table in scopes.iter().filter_map(|scope| self.tables.get(*scope)) {
            let bound = table.iter().filter(|(seq, actions)| !actions.is_empty() && !covered(&seen, seq));
            visible.extend(bound.map(|(seq, actions)| (seq, actions.as_slice())));
            seen.push(table);
        }
        visible.into_iter()
    }

    /// The shortest keys for an action in `scopes`, as the footer and the help show them.
    #[must_use]
    pub fn key_for(&self, scopes: &[&str], action: &Action) -> Option<String> {
        let keys = self.bindings_for(scopes).filter(|(_, actions)| *actions == std::slice::from_ref(action));
        let texts = keys.map(|(seq, _)| (seq.keys().len(), seq.to_string()));
        texts.min_by_key(|(keys, text)| (*keys, text.chars().count())).map(|(_, text)| text)
    }
}

/// The bindings that `typed` is, or starts.
fn starting_with<'a>(table: &'a Table, typed: &[KeyPress]) -> impl Iterator<Item = (&'a KeySeq, &'a Vec<Action>)> {
    let from = KeySeq::new(typed.to_vec());
    let range = from.map(|from| table.range(from..)).into_iter().flatten();
    range.take_while(move |(seq, _)| seq.keys().starts_with(typed))
}

/// A bound sequence that starts with a shorter one.
fn longer<'a>(table: &'a Table, short: &KeySeq) -> Option<&'a KeySeq> {
    let mut after = starting_with(table, short.keys()).filter(|(seq, actions)| *seq != short && !actions.is_empty());
    after.next().map(|(seq, _)| seq)
}

/// Whether a narrower table takes a sequence away: it has it, the start of it, or waits for a longer one.
fn covered(narrower: &[&Table], seq: &KeySeq) -> bool {
    let starts = |table: &Table| table.keys().any(|other| seq.keys().starts_with(other.keys()));
    narrower.iter().any(|table| starts(table) || longer(table, seq).is_some())
}

/// What a macro does, in a few words; empty for nothing.
fn label(actions: &[Action]) -> String {
    actions.iter().map(Action::label).collect::<Vec<_>>().join(", ")
}
