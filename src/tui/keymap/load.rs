//! Which files make a keymap, and how they lie over one another.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::check;
use super::error::{KeymapError, Mistake};
use super::file::{self, Entry, Inherits, Layer};
use super::key::{Key, KeyPress, KeySeq};
use super::{Keymap, Table, longer};
use crate::tui::file::{FileMistake, did_you_mean, nearest, read};

/// The keymaps that come with the program, by name.
pub const BUILT_IN: [(&str, &str); 3] = [
    (DEFAULT, include_str!("../../../keymaps/default.toml")),
    ("vim", include_str!("../../../keymaps/vim.toml")),
    ("emacs", include_str!("../../../keymaps/emacs.toml")),
];

/// What a keymap builds on if it does not say.
const DEFAULT: &str = "default";
const EXTENSION: &str = "toml";

/// A keymap that was asked for, what was wrong with it, and which files it depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// What holds: the keymap asked for, or with any error a built-in one.
    pub keymap: Keymap,
    /// Every mistake, by file and line.
    pub errors: Vec<KeymapError>,
    files: Vec<PathBuf>,
    request: (String, PathBuf),
}

impl Loaded {
    /// The user's files that it was read from, and those that would change it if they came to be.
    #[must_use]
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The same keymap, from the files as they are now.
    #[must_use]
    pub fn reload(&self) -> Self {
        load(&self.request.0, &self.request.1)
    }

    /// One line for the log and the screen; `None` when all is well.
    #[must_use]
    pub fn summary(&self) -> Option<String> {
        let first = self.errors.first()?;
        let more = match self.errors.len() - 1 {
            0 => String::new(),
            n => format!(" (and {n} more)"),
        };
        Some(format!("keymap: running with the built-in `{}` because of {first}{more}", self.keymap.name()))
    }
}

/// A built-in keymap.
pub(super) fn builtin(name: &str) -> Option<Keymap> {
    BUILT_IN.into_iter().find(|(known, _)| *known == name).map(|(name, _)| without_files(name))
}

/// A built-in keymap as it comes with the program; a test keeps all of them free of mistakes.
fn without_files(name: &'static str) -> Keymap {
    let missing = |_: &Path| Err(io::ErrorKind::NotFound.into());
    resolve(Want::Name(name.to_owned()), Path::new(""), &missing).keymap
}

/// Loads from the disk.
pub(super) fn load(name_or_file: &str, user_dir: &Path) -> Loaded {
    load_with(name_or_file, user_dir, &read)
}

/// Loads with any reader of files, so that it is pure.
pub(super) fn load_with(name_or_file: &str, user_dir: &Path, read: Read<'_>) -> Loaded {
    let stack = resolve(want(name_or_file, user_dir), user_dir, read);
    let fallback = stack.builtin.unwrap_or(DEFAULT);
    let keymap = if stack.errors.is_empty() { stack.keymap } else { without_files(fallback) };
    let request = (name_or_file.to_owned(), user_dir.to_owned());
    Loaded { keymap, errors: stack.errors, files: stack.files, request }
}

type Read<'a> = &'a dyn Fn(&Path) -> io::Result<String>;

/// A keymap that is to be read next.
enum Want {
    /// The user's file of that name, else the built-in one.
    Name(String),
    /// The built-in one under the user's file of that name.
    BuiltIn(&'static str),
    /// A file of any place.
    File(PathBuf),
}

/// A file in the user's folder is asked for by name, so that it lies over the built-in one wherever it is named from.
fn want(name_or_file: &str, user_dir: &Path) -> Want {
    let path = Path::new(name_or_file);
    let is_toml = path.extension().is_some_and(|extension| extension == EXTENSION);
    if !is_toml && path.components().count() == 1 {
        return Want::Name(name_or_file.to_owned());
    }
    match path.file_stem().and_then(|stem| stem.to_str()) {
        Some(stem) if is_toml && path.parent() == Some(user_dir) => Want::Name(stem.to_owned()),
        _ => Want::File(path.to_owned()),
    }
}

/// What reading a keymap and all that it builds on came to.
struct Stack {
    keymap: Keymap,
    errors: Vec<KeymapError>,
    files: Vec<PathBuf>,
    builtin: Option<&'static str>,
}

fn resolve(want: Want, dir: &Path, read: Read<'_>) -> Stack {
    let mut walk = Walk { dir, read, named: Vec::new(), layers: Vec::new(), errors: Vec::new(), files: Vec::new() };
    let builtin = walk.run(want);
    let Walk { mut layers, mut errors, files, .. } = walk;
    for layer in &mut layers {
        errors.append(&mut layer.errors);
    }
    layers.reverse();
    let (keymap, origins) = merge(&layers, &mut errors);
    // A keymap of which a part could not be read lacks keys, or keeps too many, for reasons that are listed already.
    if let (true, Some(top)) = (errors.is_empty(), layers.last()) {
        errors.extend(check::missing(&keymap, &top.file));
    }
    if !errors.iter().any(|error| matches!(error.mistake, Mistake::File(FileMistake::Toml(_)))) {
        errors.extend(check::hidden(&keymap, &origins));
    }
    errors.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    Stack { keymap, errors, files, builtin }
}

/// The way from a keymap up to its oldest ancestor.
struct Walk<'a> {
    dir: &'a Path,
    read: Read<'a>,
    named: Vec<String>,
    /// The keymap asked for first, then its parents.
    layers: Vec<Layer>,
    errors: Vec<KeymapError>,
    files: Vec<PathBuf>,
}

impl Walk<'_> {
    /// Reads all layers; tells the first built-in one on the way.
    fn run(&mut self, first: Want) -> Option<&'static str> {
        let mut builtin = None;
        let mut next = Some(first);
        while let Some(want) = next {
            next = match want {
                Want::Name(name) => self.name(name),
                Want::BuiltIn(name) => {
                    builtin = builtin.or(Some(name));
                    self.builtin(name)
                }
                Want::File(path) => self.file(path),
            };
        }
        builtin
    }

    fn name(&mut self, name: String) -> Option<Want> {
        self.named.push(name.clone());
        let known = BUILT_IN.into_iter().map(|(known, _)| known).find(|known| *known == name);
        let path = self.dir.join(&name).with_extension(EXTENSION);
        self.files.push(path.clone());
        let text = match (self.read)(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if known.is_none() {
                    let guess = nearest(&name, BUILT_IN.map(|(known, _)| known));
                    let there_are = format!("there are default, vim, emacs and the files in {}", self.dir.display());
                    self.error(path, Mistake::NoKeymap(name), did_you_mean(guess).or(Some(there_are)));
                }
                return known.map(Want::BuiltIn);
            }
            Err(error) => {
                self.error(path, FileMistake::Unreadable(error.to_string()), None);
                return known.map(Want::BuiltIn);
            }
        };
        let layer = file::parse(&path, &text);
        let next = match (&layer.inherits, known) {
            (Inherits::Nothing, _) => None,
            (Inherits::Unsaid, Some(known)) => Some(Want::BuiltIn(known)),
            (Inherits::From(parent, _), Some(known)) if parent == known => Some(Want::BuiltIn(known)),
            _ => self.parent(&layer),
        };
        self.layers.push(layer);
        next
    }

    fn builtin(&mut self, name: &'static str) -> Option<Want> {
        let text = BUILT_IN.into_iter().find(|(known, _)| *known == name)?.1;
        let layer = file::parse(&Path::new("keymaps").join(name).with_extension(EXTENSION), text);
        let next = if name == DEFAULT { None } else { self.parent(&layer) };
        self.layers.push(layer);
        next
    }

    fn file(&mut self, path: PathBuf) -> Option<Want> {
        self.files.push(path.clone());
        match (self.read)(&path) {
            Ok(text) => {
                let layer = file::parse(&path, &text);
                let next = self.parent(&layer);
                self.layers.push(layer);
                next
            }
            Err(error) => {
                self.error(path, FileMistake::Unreadable(error.to_string()), None);
                None
            }
        }
    }

    /// What a file that no built-in one lies under builds on.
    fn parent(&mut self, layer: &Layer) -> Option<Want> {
        let (parent, line) = match &layer.inherits {
            Inherits::Nothing => return None,
            Inherits::Unsaid => (DEFAULT.to_owned(), None),
            Inherits::From(parent, line) => (parent.clone(), Some(*line)),
        };
        if !self.named.contains(&parent) {
            return Some(Want::Name(parent));
        }
        let circle = self.named.iter().chain([&parent]).cloned().collect::<Vec<_>>().join(" > ");
        let suggestion = "save this file under a name of its own, or inherit from another".to_owned();
        let file = layer.file.clone();
        self.errors.push(KeymapError {
            file,
            line,
            mistake: FileMistake::Circle(circle).into(),
            suggestion: Some(suggestion),
        });
        None
    }

    fn error(&mut self, file: PathBuf, mistake: impl Into<Mistake>, suggestion: Option<String>) {
        self.errors.push(KeymapError { file, line: None, mistake: mistake.into(), suggestion });
    }
}

/// Where a binding was written: the layer's place in the stack, file and line.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) layer: usize,
    pub(super) file: PathBuf,
    pub(super) line: usize,
    pub(super) text: String,
}

/// Where each binding was written.
pub(super) type Origins = BTreeMap<String, BTreeMap<KeySeq, Origin>>;

/// Lays the files over one another, the oldest first.
fn merge(layers: &[Layer], errors: &mut Vec<KeymapError>) -> (Keymap, Origins) {
    let leader = layers.iter().rev().find_map(|layer| layer.leader).unwrap_or(KeyPress::plain(Key::Char('\\')));
    let name = layers.iter().rev().find_map(|layer| layer.name.clone()).unwrap_or_else(|| DEFAULT.to_owned());
    let mut keymap = Keymap { name, leader, tables: BTreeMap::new() };
    let mut origins = Origins::new();
    for (n, layer) in layers.iter().enumerate() {
        for entry in &layer.entries {
            let Ok(seq) = KeySeq::parse(&entry.keys, leader) else { continue };
            let origin = Origin { layer: n, file: layer.file.clone(), line: entry.line, text: entry.keys.clone() };
            let before = origins.entry(entry.scope.clone()).or_default().insert(seq.clone(), origin);
            if let Some(first) = before.filter(|before| before.layer == n) {
                errors.push(same_key(entry, &first));
            }
            keymap.tables.entry(entry.scope.clone()).or_default().insert(seq, entry.actions.clone());
        }
    }
    keymap.tables.values_mut().for_each(make_way);
    (keymap, origins)
}

fn same_key(second: &Entry, first: &Origin) -> KeymapError {
    KeymapError {
        file: first.file.clone(),
        line: Some(second.line),
        mistake: Mistake::SameKey { text: second.keys.clone(), first: first.text.clone(), first_line: first.line },
        suggestion: Some("remove one of the two".to_owned()),
    }
}

/// Takes out unbound keys that longer sequences start with: they were unbound to make way for those.
fn make_way(table: &mut Table) {
    let in_the_way: Vec<_> = table
        .iter()
        .filter(|(seq, actions)| actions.is_empty() && longer(table, seq).is_some())
        .map(|(seq, _)| seq.clone())
        .collect();
    for seq in in_the_way {
        table.remove(&seq);
    }
}
