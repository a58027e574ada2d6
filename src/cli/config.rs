//! `hopscope config`: every setting, its value and where that came from.

use serde::Serialize;

use super::failure::{Exit, Failure};
use super::output::{Out, Style, left};
use super::resolve::{Origin, Resolved};
use super::settings;

#[derive(Serialize)]
struct Config<'a> {
    r#type: &'static str,
    file: String,
    socket: String,
    settings: Vec<Setting<'a>>,
}

#[derive(Serialize)]
struct Setting<'a> {
    key: &'a str,
    values: &'a [String],
    origin: String,
    flag: Option<String>,
    variable: String,
    help: &'a str,
}

/// Prints the settings. They are printed even if some make no sense; those are then listed as errors.
pub(super) fn run(resolved: &Resolved, json: bool) -> Result<Exit, Failure> {
    let mut out = Out::new();
    if json {
        as_json(&mut out, resolved)?
    } else {
        as_table(&mut out, resolved)?
    }
    settings::settings(resolved)?;
    settings::screen(resolved)?;
    Ok(Exit::Done)
}

fn as_json(out: &mut Out, resolved: &Resolved) -> Result<(), Failure> {
    let settings = resolved.rows.iter().map(|row| Setting {
        key: row.option.key,
        values: &row.values,
        origin: row.origin.to_string(),
        flag: (row.option.group != super::options::Group::Quiet).then(|| format!("--{}", row.option.flag())),
        variable: row.option.variable(),
        help: row.option.help,
    });
    let config = Config {
        r#type: "config",
        file: resolved.places.config_file().display().to_string(),
        socket: resolved.places.folders.socket.display().to_string(),
        settings: settings.collect(),
    };
    out.json(&config)
}

fn as_table(out: &mut Out, resolved: &Resolved) -> Result<(), Failure> {
    let file = resolved.places.config_file();
    let there = if file.exists() { "" } else { " (not there)" };
    let line = out.paint(Style::Faint, &format!("# {}{there}", file.display()));
    out.line(line)?;
    let rows: Vec<Vec<String>> = resolved
        .rows
        .iter()
        .map(|row| {
            let value = if row.values.is_empty() { "-".into() } else { row.values.join(", ") };
            let origin = match &row.origin {
                Origin::File(_, line) => format!("config.toml:{line}"),
                other => other.to_string(),
            };
            vec![row.option.key.into(), super::format::visible(&value), origin]
        })
        .collect();
    out.table(&[left("setting"), left("value"), left("from")], &rows)
}
