//! What the source promises about itself: which room may use which, and that `ARCHITECTURE.md` is true.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Rooms, and the rooms that each may use; of `overlay` only the traits `Library` and `Registry`.
const MAY_USE: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("proto", &["base"]),
    ("overlay", &["proto", "base"]),
    ("sim", &["overlay", "proto", "base"]),
    ("wire", &["overlay", "proto", "base"]),
    ("share", &["overlay", "proto", "base"]),
    ("directory", &["share", "overlay", "proto", "base"]),
    ("transfer", &["share", "proto", "base"]),
    ("net", &["overlay", "wire", "proto", "base"]),
    ("app", &["net", "directory", "share", "transfer", "overlay", "wire", "proto", "base"]),
    ("trace", &["app"]),
    ("tui", &["app"]),
    ("control", &["app"]),
    ("watch", &["app", "sim", "overlay", "proto", "base"]),
    ("cli", &["tui", "control", "trace", "watch", "app", "sim", "base"]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Files and folders below a folder.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries =
        std::fs::read_dir(folder).expect("the source is there").map(|entry| entry.expect("it is readable").path());
    entries
        .flat_map(|path| if path.is_dir() { [vec![path.clone()], walk(&path)].concat() } else { vec![path] })
        .collect()
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).expect("it is below").display().to_string()
}

/// The rooms that a line of code names after `crate::`, also in braces.
fn rooms_named(line: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|&c| c.is_alphanumeric() || c == '_').collect::<String>();
    let mut rooms = Vec::new();
    for after in line.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            None => rooms.push(word(after)),
            Some(list) => {
                let mut depth = 0;
                for part in list.split(',') {
                    if depth == 0 {
                        rooms.push(word(part.trim()));
                    }
                    depth += part.matches('{').count() as i32 - part.matches('}').count() as i32;
                }
            }
        }
    }
    rooms.retain(|room| !room.is_empty());
    rooms
}

/// A file's code with each statement on one line, without comments.
fn statements(text: &str) -> Vec<String> {
    let code: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.starts_with("//")).collect();
    let mut statements = Vec::new();
    let mut open: Option<String> = None;
    for line in code {
        let mut statement = open.take().unwrap_or_default();
        statement.push_str(line);
        let starts = statement.starts_with("use ") || statement.starts_with("pub use ");
        if starts && !statement.ends_with(';') {
            open = Some(statement);
        } else {
            statements.push(statement);
        }
    }
    statements
}

#[test]
fn rooms_use_only_what_they_may() {
    let mut wrong = Vec::new();
    for file in walk(&root().join("src")).into_iter().filter(|path| path.extension().is_some_and(|kind| kind == "rs")) {
        let path = relative(&file);
        let Some((room, _)) = path.trim_start_matches("src/").split_once('/') else { continue };
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == room) else {
            wrong.push(format!("{path}: the room `{room}` is not in the table"));
            continue;
        };
        let text = std::fs::read_to_string(&file).expect("it is readable");
        for statement in statements(&text) {
            for named in rooms_named(&statement) {
                let is_room = MAY_USE.iter().any(|(name, _)| *name == named);
                if is_room && named != room && !allowed.contains(&named.as_str()) {
                    wrong.push(format!("{path}: `{room}` may not use `{named}`: {statement}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_architecture_names_exactly_the_folders_that_exist() {
    let page = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("there is an ARCHITECTURE.md");
    let named: BTreeSet<String> = page
        .split('`')
        .skip(1)
        .step_by(2)
        .map(|quoted| quoted.trim_end_matches('/').to_owned())
        .filter(|quoted| quoted.starts_with("src/") && !quoted.contains('.'))
        .collect();
    let exist: BTreeSet<String> = walk(&root().join("src"))
        .into_iter()
        .filter(|path| path.is_dir())
        .map(|path| relative(&path))
        // Tests lie beside the code; they are no room.
        .filter(|path| !path.split('/').any(|part| part == "tests" || part == "snapshots"))
        .collect();
    let missing: Vec<_> = exist.difference(&named).collect();
    let gone: Vec<_> = named.difference(&exist).collect();
    assert!(missing.is_empty() && gone.is_empty(), "not named: {missing:?}; named and not there: {gone:?}");
}

#[test]
fn the_reader_of_use_lines_reads_them_all() {
    assert_eq!(rooms_named("use crate::{app::{Event, Handle}, base::Rng};"), ["app", "base"]);
    assert_eq!(rooms_named("pub use crate::proto::{FileId, Guid};"), ["proto"]);
    assert_eq!(rooms_named("let x = crate::net::start(crate::app::y());"), ["net", "app"]);
    assert_eq!(
        statements("use crate::{\n    a,\n    b,\n};\n// crate::c\nfn x() {}"),
        ["use crate::{a,b,};", "fn x() {}"]
    );
}
