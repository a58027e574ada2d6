//! `hopscope keys`: prints a keymap, or checks a file.

use std::path::Path;

use clap::ArgMatches;
use serde::Serialize;

use super::failure::{Exit, Failure};
use super::format::visible;
use super::output::{Out, Style};
use super::resolve::Resolved;
use crate::tui::keymap::{KeyRow, Keymap, KeymapError, Loaded, key_rows, key_table};

/// Where the user's keymaps lie, in the folder of the configuration.
pub(super) const KEYMAPS: &str = "keymaps";

#[derive(Serialize)]
struct Keys<'a> {
    r#type: &'static str,
    keymap: &'a str,
    keys: Vec<KeyRow>,
    errors: Vec<KeyError>,
}

#[derive(Serialize)]
struct KeyError {
    file: String,
    line: Option<usize>,
    message: String,
    suggestion: Option<String>,
}

/// Prints or checks. Mistakes are listed on standard error, and make the exit code 2; what is printed then instead of the
/// keymap, which would be the default one, is only the JSON that programs wait for.
pub(super) fn run(resolved: &Resolved, arguments: &ArgMatches, json: bool) -> Result<Exit, Failure> {
    let check = arguments.get_one::<String>("check");
    let loaded = load(resolved, arguments.get_one::<String>("name"), check)?;
    let mut out = Out::new();
    if json {
        out.json(&Keys {
            r#type: "keys",
            keymap: loaded.keymap.name(),
            keys: if check.is_some() { Vec::new() } else { key_rows(&loaded.keymap) },
            errors: loaded.errors.iter().map(KeyError::from).collect(),
        })?;
    } else if let Some(file) = check {
        if loaded.errors.is_empty() {
            let fine = out.paint(Style::Good, &format!("{}: no mistakes", visible(file)));
            out.line(fine)?;
        }
    } else if loaded.errors.is_empty() {
        out.raw(key_table(&loaded.keymap).as_bytes())?;
    }
    if loaded.errors.is_empty() {
        return Ok(Exit::Done);
    }
    let lines = loaded.errors.iter().map(|error| visible(&error.to_string())).collect();
    Err(Failure { exit: Exit::Usage, lines })
}

fn load(resolved: &Resolved, name: Option<&String>, check: Option<&String>) -> Result<Loaded, Failure> {
    let user = resolved.places.folders.config.join(KEYMAPS);
    if let Some(file) = check {
        let path = std::path::absolute(Path::new(file)).map_err(|error| {
            Failure::usage(format!("`{}` is no file: {error}", visible(file)), "name a keymap file")
        })?;
        return Ok(Keymap::load(&path.to_string_lossy(), &user));
    }
    let name = name.map(String::as_str).or_else(|| resolved.text("keymap")).unwrap_or("default");
    Ok(Keymap::load(name, &user))
}

impl From<&KeymapError> for KeyError {
    fn from(error: &KeymapError) -> Self {
        Self {
            file: error.file.display().to_string(),
            line: error.line,
            message: error.mistake.to_string(),
            suggestion: error.suggestion.clone(),
        }
    }
}
