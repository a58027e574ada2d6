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

use std::collections::BTreeMap;

pub use docs::{KeyRow, key_rows, key_table};
pub use error::{KeymapError, Mistake};
pub use key::{Key, KeyPress, KeySeq, UnknownKey};
pub use load::{BUILT_IN, Loaded};

use super::action::Action;

/// What a sequence of keys does; nothing when it was unbound on purpose.
type Table = BTreeMap<KeySeq, Vec<Action>>;

/// Keys of every scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keymap {
    name: String,
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

    /// What `key` means after the keys in `pending`, in the first of `scopes` (narrowest first) that knows them.
    #[must_use]
    pub fn lookup(&self, scopes: &[&str], pending: &[KeyPress], key: KeyPress) -> Lookup<'_> {
        let typed: Vec<_> = pending.iter().copied().chain([key]).collect();
        let mut follow: BTreeMap<KeyPress, String> = BTreeMap::new();
        for table in scopes.iter().filter_map(|scope| self.tables.get(*scope)) {
            for (seq, actions) in starting_with(table, &typed) {
                let Some(next) = seq.keys().get(typed.len()) else {
                    match (follow.is_empty(), actions.as_slice()) {
                        (true, []) => return Lookup::None,
                        (true, actions) => return Lookup::Run(actions),
                        // A narrower scope waits for more keys.
                        (false, _) => continue,
                    }
                };
                let last = seq.keys().len() == typed.len() + 1;
                let label = if last { label(actions) } else { "…".to_owned() };
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

/// Whether a narrower table takes a sequence away: it has it, the start of it, or a longer one.
fn covered(narrower: &[&Table], seq: &KeySeq) -> bool {
    narrower.iter().any(|table| {
        starting_with(table, seq.keys()).next().is_some()
            || (1..seq.keys().len())
                .any(|n| KeySeq::new(seq.keys()[..n].to_vec()).is_some_and(|s| table.contains_key(&s)))
    })
}

/// What a macro does, in a few words; empty for nothing.
fn label(actions: &[Action]) -> String {
    actions.iter().map(Action::label).collect::<Vec<_>>().join(", ")
}
