//! One keymap file as it is written, before it is laid over another: every mistake that it has by itself.

use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{KeymapError, Mistake};
use super::key::{KeyPress, KeySeq, UnknownKey, names};
use super::scope;
use crate::tui::action::{Action, ActionError};
use crate::tui::file::{FileMistake, did_you_mean, line, name as shown_name, nearest};

/// What a keymap file may say.
const FIELDS: [&str; 4] = ["name", "inherits", "leader", "keys"];

/// What a file says of its parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Inherits {
    /// Nothing: the built-in one of its name, else the default.
    Unsaid,
    /// A keymap, on this line.
    From(String, usize),
    /// `false`: no other keymap.
    Nothing,
}

/// One binding of a file. Its keys stay text until the leader is known, which a file laid over this one may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) scope: String,
    pub(super) keys: String,
    pub(super) actions: Vec<Action>,
    pub(super) line: usize,
}

/// A keymap file as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layer {
    pub(super) file: PathBuf,
    pub(super) name: Option<String>,
    pub(super) inherits: Inherits,
    pub(super) leader: Option<KeyPress>,
    /// In the order of the file.
    pub(super) entries: Vec<Entry>,
    pub(super) errors: Vec<KeymapError>,
}

/// Reads the text of a keymap file, as far as it can be read.
pub(super) fn parse(file: &Path, text: &str) -> Layer {
    let mut reader = Reader { text, layer: empty(file) };
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        reader.error(error.span().unwrap_or_default(), FileMistake::Toml(error.message().to_owned()), None);
    }
    for (key, value) in document.get_ref() {
        reader.field(key, value);
    }
    reader.layer.entries.sort_by_key(|entry| entry.line);
    reader.layer
}

fn empty(file: &Path) -> Layer {
    Layer {
        file: file.to_owned(),
        name: None,
        inherits: Inherits::Unsaid,
        leader: None,
        entries: Vec::new(),
        errors: Vec::new(),
    }
}

type Name<'i> = Spanned<std::borrow::Cow<'i, str>>;
type Value<'i> = Spanned<DeValue<'i>>;

struct Reader<'t> {
    text: &'t str,
    layer: Layer,
}

impl Reader<'_> {
    fn error(&mut self, span: std::ops::Range<usize>, mistake: impl Into<Mistake>, suggestion: Option<String>) {
        let line = Some(line(self.text, &span));
        self.layer.errors.push(KeymapError {
            file: self.layer.file.clone(),
            line,
            mistake: mistake.into(),
            suggestion,
        });
    }

    fn wrong_type(&mut self, field: &Name<'_>, wanted: &'static str) {
        self.error(field.span(), FileMistake::WrongType { field: field.get_ref().to_string(), wanted }, None);
    }

    fn field(&mut self, key: &Name<'_>, value: &Value<'_>) {
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("name", DeValue::String(name)) => self.layer.name = Some(shown_name(name)),
            ("name", _) => self.wrong_type(key, "a text"),
            ("inherits", DeValue::String(parent)) => {
                self.layer.inherits = Inherits::From(parent.to_string(), line(self.text, &key.span()));
            }
            ("inherits", DeValue::Boolean(false)) => self.layer.inherits = Inherits::Nothing,
            ("inherits", _) => self.wrong_type(key, "the name of a keymap, or false"),
            ("leader", DeValue::String(leader)) => match leader.parse() {
                Ok(press) => self.layer.leader = Some(press),
                Err(error) => self.unknown_key(value.span(), error),
            },
            ("leader", _) => self.wrong_type(key, "a key"),
            ("keys", DeValue::Table(scopes)) => {
                for (scope, table) in scopes {
                    self.scope(scope, table);
                }
            }
            ("keys", _) => self.wrong_type(key, "tables like [keys.global]"),
            (other, _) => {
                let guess = did_you_mean(nearest(other, FIELDS));
                self.error(key.span(), FileMistake::UnknownField(other.to_owned()), guess);
            }
        }
    }

    fn scope(&mut self, name: &Name<'_>, table: &Value<'_>) {
        let scope = name.get_ref().as_ref();
        let DeValue::Table(bindings) = table.get_ref() else {
            let wanted = "a table; keys stand in [keys.global] or in the table of a pane";
            return self.error(name.span(), FileMistake::WrongType { field: format!("keys.{scope}"), wanted }, None);
        };
        if !scope::all().any(|known| known == scope) {
            let guess = did_you_mean(nearest(scope, scope::all()));
            self.error(name.span(), Mistake::UnknownScope(scope.to_owned()), guess);
        }
        for (keys, value) in bindings {
            self.binding(scope, keys, value);
        }
    }

    fn binding(&mut self, scope: &str, keys: &Name<'_>, value: &Value<'_>) {
        // Any leader does to check the other keys.
        let known = KeySeq::parse(keys.get_ref(), KeyPress::plain(super::Key::Enter));
        if let Err(error) = &known {
            self.unknown_key(keys.span(), error.clone());
        }
        let actions = match value.get_ref() {
            DeValue::Boolean(false) => Some(Vec::new()),
            DeValue::String(_) => self.action(value).map(|action| vec![action]),
            DeValue::Array(list) if !list.is_empty() => {
                let actions: Vec<_> = list.iter().map(|item| self.action(item)).collect();
                actions.into_iter().collect()
            }
            _ => {
                self.wrong_type(keys, "an action, a list of actions, or false");
                None
            }
        };
        if let (Ok(_), Some(actions)) = (known, actions) {
            let (scope, keys, line) = (scope.to_owned(), keys.get_ref().to_string(), line(self.text, &keys.span()));
            self.layer.entries.push(Entry { scope, keys, actions, line });
        }
    }

    fn action(&mut self, value: &Value<'_>) -> Option<Action> {
        let DeValue::String(text) = value.get_ref() else {
            let mistake = FileMistake::WrongType { field: "an action".to_owned(), wanted: "a text" };
            self.error(value.span(), mistake, None);
            return None;
        };
        match Action::parse(text) {
            Ok(action) => Some(action),
            Err(error) => {
                let suggestion = guess_action(&error);
                self.error(value.span(), error, suggestion);
                None
            }
        }
    }

    fn unknown_key(&mut self, span: std::ops::Range<usize>, UnknownKey(key): UnknownKey) {
        let guess = did_you_mean(guess_key(&key));
        self.error(span, Mistake::UnknownKey(key), guess);
    }
}

fn guess_action(error: &ActionError) -> Option<String> {
    match error {
        ActionError::Unknown(name) => did_you_mean(nearest(name, Action::all().iter().map(|a| a.info().name))),
        ActionError::NoArgument { name, .. } => did_you_mean(Some(name)),
        ActionError::Argument { .. } => None,
    }
}

/// What a key in the notation of another program, or a mistyped one, meant.
fn guess_key(text: &str) -> Option<String> {
    let bare = text.trim_start_matches(['<', '^']).trim_end_matches('>');
    let dashed = bare.replace('+', "-");
    let caret = text.starts_with('^').then(|| format!("ctrl-{bare}"));
    let again = [caret, Some(dashed.clone())].into_iter().flatten().find_map(|t| t.parse::<KeyPress>().ok());
    if let Some(press) = again {
        return Some(press.to_string());
    }
    let (modifiers, key) = dashed.rsplit_once('-').map_or(("", dashed.as_str()), |(m, key)| (m, key));
    let near = nearest(key, names())?;
    let whole = if modifiers.is_empty() { near.to_owned() } else { format!("{modifiers}-{near}") };
    whole.parse::<KeyPress>().ok().map(|press| press.to_string())
}
