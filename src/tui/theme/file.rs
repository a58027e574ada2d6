//! Theme files: which ones make a theme, and every mistake in them.
//!
//! ```toml
//! name = "dusk"
//! inherits = "dark"
//! hops = ["#31688e", "#fde725"]       # a ramp from the first hop to the last
//! [colors]                            # names for this file
//! sea = "#56b4e9"
//! [styles]                            # a meaning, a color or more
//! leaf = "sea"
//! selected = { bg = "#2a3550", bold = true }
//! ```

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use ratatui::style::{Color, Modifier, Style};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ThemeError, ThemeMistake};
use super::{BUILT_IN, Meaning, Theme, color};
use crate::tui::file::{FileMistake, did_you_mean, line, name as shown_name, nearest, read};

/// What a theme builds on if it does not say.
const DEFAULT: &str = "dark";
const FIELDS: [&str; 5] = ["name", "inherits", "hops", "colors", "styles"];
const MODIFIERS: [(&str, Modifier); 5] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underline", Modifier::UNDERLINED),
    ("reverse", Modifier::REVERSED),
];

type Name<'i> = Spanned<Cow<'i, str>>;
type Value<'i> = Spanned<DeValue<'i>>;
type Read<'a> = &'a dyn Fn(&Path) -> io::Result<String>;

pub(super) fn builtin(name: &str) -> Option<Theme> {
    let (name, _) = BUILT_IN.into_iter().find(|(known, _)| *known == name)?;
    Some(Loading::new(Path::new(""), &|_| Err(io::ErrorKind::NotFound.into())).theme(&PathBuf::from(name)))
}

pub(super) fn load(name_or_file: &str, dir: &Path) -> (Theme, Vec<ThemeError>) {
    load_with(name_or_file, dir, &read)
}

/// Loads with any reader of files, so that it is pure.
pub(super) fn load_with(name_or_file: &str, dir: &Path, read: Read<'_>) -> (Theme, Vec<ThemeError>) {
    let mut loading = Loading::new(dir, read);
    let theme = loading.theme(Path::new(name_or_file));
    if loading.errors.is_empty() {
        return (theme, Vec::new());
    }
    let fallback = builtin(loading.builtin.unwrap_or(DEFAULT)).unwrap_or_else(Theme::blank);
    loading.errors.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    (fallback, loading.errors)
}

pub(super) fn path(name_or_file: &str, dir: &Path) -> PathBuf {
    let path = Path::new(name_or_file);
    if path.extension().is_some_and(|extension| extension == "toml") || path.components().count() != 1 {
        return path.to_owned();
    }
    dir.join(path).with_extension("toml")
}

/// A theme being put together from its oldest ancestor down.
struct Loading<'a> {
    dir: &'a Path,
    read: Read<'a>,
    /// Names on the way up.
    named: Vec<String>,
    builtin: Option<&'static str>,
    errors: Vec<ThemeError>,
}

impl<'a> Loading<'a> {
    fn new(dir: &'a Path, read: Read<'a>) -> Self {
        Self { dir, read, named: Vec::new(), builtin: None, errors: Vec::new() }
    }

    fn theme(&mut self, name: &Path) -> Theme {
        let shown = name.to_string_lossy().into_owned();
        let file = path(&shown, self.dir);
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let in_dir = file.parent() == Some(self.dir);
        let known = BUILT_IN.into_iter().find(|(known, _)| in_dir && *known == stem);
        if in_dir {
            self.named.push(stem);
        }
        match ((self.read)(&file), known) {
            (Ok(text), known) => self.layer(&file, &text, known),
            (Err(error), Some((name, text))) if error.kind() == io::ErrorKind::NotFound => self.builtin(name, text),
            (Err(error), _) => {
                let missing = in_dir && error.kind() == io::ErrorKind::NotFound;
                let mistake = if missing {
                    ThemeMistake::NoTheme(shown)
                } else {
                    FileMistake::Unreadable(error.to_string()).into()
                };
                let there_are = format!("there are dark, light, ansi, mono and the files in {}", self.dir.display());
                self.error(&file, None, mistake, missing.then_some(there_are));
                Theme::blank()
            }
        }
    }

    fn builtin(&mut self, name: &'static str, text: &str) -> Theme {
        self.builtin = self.builtin.or(Some(name));
        let mut theme = Theme::blank();
        self.apply(&Path::new("themes").join(name).with_extension("toml"), text, &mut theme);
        theme
    }

    /// A file of the user's, over what it builds on.
    fn layer(&mut self, file: &Path, text: &str, known: Option<(&'static str, &'static str)>) -> Theme {
        let said = inherits(text);
        let mut theme = match (&said, known) {
            (None, Some((name, text))) => self.builtin(name, text),
            (Some((parent, _)), Some((name, text))) if parent == name => self.builtin(name, text),
            (Some((parent, line)), _) if self.named.contains(parent) => {
                let circle = self.named.iter().chain([parent]).cloned().collect::<Vec<_>>().join(" > ");
                let suggestion = "save this file under a name of its own, or inherit from another".to_owned();
                self.error(file, Some(*line), FileMistake::Circle(circle), Some(suggestion));
                Theme::blank()
            }
            (Some((parent, _)), _) => self.theme(&PathBuf::from(parent)),
            (None, None) => self.theme(Path::new(DEFAULT)),
        };
        if let Some(stem) = file.file_stem() {
            theme.name = shown_name(&stem.to_string_lossy());
        }
        self.apply(file, text, &mut theme);
        theme
    }

    fn error(
        &mut self,
        file: &Path,
        line: Option<usize>,
        mistake: impl Into<ThemeMistake>,
        suggestion: Option<String>,
    ) {
        self.errors.push(ThemeError { file: file.to_owned(), line, mistake: mistake.into(), suggestion });
    }

    /// Writes what a file says into a theme.
    fn apply(&mut self, file: &Path, text: &str, theme: &mut Theme) {
        let mut reader = Reader { file, text, colors: BTreeMap::new(), errors: &mut self.errors };
        let (document, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let mistake = FileMistake::Toml(error.message().to_owned());
            reader.error(error.span().unwrap_or_default(), mistake, None);
        }
        // The names of colours first: the others use them. They come first in the alphabet only by chance.
        let (colors, others): (Vec<_>, Vec<_>) = document.get_ref().iter().partition(|(k, _)| k.get_ref() == "colors");
        for (key, value) in colors.into_iter().chain(others) {
            reader.field(key, value, theme);
        }
    }
}

/// The parent that a file names, and on which line.
fn inherits(text: &str) -> Option<(String, usize)> {
    let (document, _) = DeTable::parse_recoverable(text);
    let (key, value) = document.get_ref().iter().find(|(key, _)| key.get_ref() == "inherits")?;
    match value.get_ref() {
        DeValue::String(parent) => Some((parent.to_string(), line(text, &key.span()))),
        _ => None,
    }
}

struct Reader<'a> {
    file: &'a Path,
    text: &'a str,
    colors: BTreeMap<String, Color>,
    errors: &'a mut Vec<ThemeError>,
}

impl Reader<'_> {
    fn error(&mut self, span: Range<usize>, mistake: impl Into<ThemeMistake>, suggestion: Option<String>) {
        let line = Some(line(self.text, &span));
        self.errors.push(ThemeError { file: self.file.to_owned(), line, mistake: mistake.into(), suggestion });
    }

    fn wrong_type(&mut self, span: Range<usize>, field: &str, wanted: &'static str) {
        self.error(span, FileMistake::WrongType { field: field.to_owned(), wanted }, None);
    }

    fn field(&mut self, key: &Name<'_>, value: &Value<'_>, theme: &mut Theme) {
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("name", DeValue::String(name)) => theme.name = shown_name(name),
            // Read by the one who asked for this file.
            ("inherits", DeValue::String(_)) => {}
            (field @ ("name" | "inherits"), _) => self.wrong_type(key.span(), field, "a text"),
            ("colors", DeValue::Table(colors)) => {
                for (name, value) in colors {
                    if let Some(color) = self.color(value) {
                        self.colors.insert(name.get_ref().to_string(), color);
                    }
                }
            }
            ("styles", DeValue::Table(styles)) => {
                for (meaning, value) in styles {
                    self.style(meaning, value, theme);
                }
            }
            (field @ ("colors" | "styles"), _) => self.wrong_type(key.span(), field, "a table"),
            ("hops", DeValue::Array(ramp)) if !ramp.is_empty() => {
                theme.hops = ramp.iter().filter_map(|value| self.color(value)).collect();
            }
            ("hops", _) => self.wrong_type(key.span(), "hops", "a list of colors"),
            (other, _) => {
                let guess = did_you_mean(nearest(other, FIELDS));
                self.error(key.span(), FileMistake::UnknownField(other.to_owned()), guess);
            }
        }
    }

    fn color(&mut self, value: &Value<'_>) -> Option<Color> {
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) => number.to_string(),
            _ => {
                self.wrong_type(value.span(), "a color", "a text like \"#56b4e9\", \"cyan\" or \"default\"");
                return None;
            }
        };
        let known = self.colors.get(&text).copied().or_else(|| color::parse(&text));
        if known.is_none() {
            let guess = did_you_mean(nearest(&text, self.colors.keys().map(String::as_str).chain(color::names())));
            let suggestion = guess.or(Some("write it like #56b4e9".to_owned()));
            self.error(value.span(), ThemeMistake::UnknownColor(text), suggestion);
        }
        known
    }

    fn style(&mut self, name: &Name<'_>, value: &Value<'_>, theme: &mut Theme) {
        let meaning = Meaning::ALL.iter().find(|meaning| meaning.name() == name.get_ref());
        if meaning.is_none() {
            let guess = nearest(name.get_ref(), Meaning::ALL.iter().map(|meaning| meaning.name()));
            self.error(name.span(), ThemeMistake::UnknownMeaning(name.get_ref().to_string()), did_you_mean(guess));
        }
        let mut style = Style::new();
        match value.get_ref() {
            DeValue::Table(parts) => {
                for (part, value) in parts {
                    style = self.part(part, value, style);
                }
            }
            _ => style.fg = self.color(value),
        }
        if let Some(place) = meaning.and_then(|meaning| theme.styles.get_mut(*meaning as usize)) {
            *place = style;
        }
    }

    fn part(&mut self, name: &Name<'_>, value: &Value<'_>, mut style: Style) -> Style {
        let modifier = MODIFIERS.iter().find(|(known, _)| known == name.get_ref());
        match (name.get_ref().as_ref(), modifier, value.get_ref()) {
            ("fg", ..) => style.fg = self.color(value),
            ("bg", ..) => style.bg = self.color(value),
            (_, Some((_, modifier)), DeValue::Boolean(true)) => style = style.add_modifier(*modifier),
            (_, Some(_), DeValue::Boolean(false)) => {}
            (other, Some(_), _) => self.wrong_type(value.span(), other, "true or false"),
            (other, None, _) => {
                let guess = nearest(other, ["fg", "bg"].into_iter().chain(MODIFIERS.map(|(known, _)| known)));
                self.error(name.span(), FileMistake::UnknownField(other.to_owned()), did_you_mean(guess));
            }
        }
        style
    }
}
