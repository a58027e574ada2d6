//! The role in the central topology: where this node stands with its directory, and what that means.

use ratatui::style::Style;
use ratatui::text::Line;

use super::rows::Rows;
use super::{alarm, remaining};
use crate::app::{DirectoryRole, DirectoryState, TopologyKind};
use crate::tui::action::Action;
use crate::tui::paint::Paint;
use crate::tui::text;

/// The sign of a state, what it is called, and how it looks.
pub(crate) fn state(role: &DirectoryRole, paint: &Paint<'_>) -> (&'static str, &'static str, Style) {
    let glyphs = &paint.model.glyphs;
    match role.state {
        DirectoryState::None => (glyphs.warning, "no directory known", alarm(paint)),
        DirectoryState::Connecting => (glyphs.dialling, "dialling a directory", paint.warn()),
        DirectoryState::Registering => (glyphs.up, "registering", paint.warn()),
        DirectoryState::Registered => (glyphs.good, "registered", paint.hit()),
        DirectoryState::Unreachable => (glyphs.warning, "no directory answers", alarm(paint)),
        DirectoryState::Own => (glyphs.directory, "its own directory", paint.hit()),
    }
}

/// The rows of a node in this topology.
pub(super) fn rows(rows: &mut Rows<'_>, role: &DirectoryRole) {
    let paint = rows.paint;
    let (sign, words, style) = state(role, paint);
    rows.line(0, "state", Line::styled(format!("{sign} {words}"), style));
    let lost = matches!(role.state, DirectoryState::None | DirectoryState::Unreachable);
    if role.state == DirectoryState::Own {
        return;
    }
    let why = paint.foreign(&role.why, u16::MAX);
    // What went well needs no reason, and a node's own directory least of all.
    rows.text(if lost { (0, 2) } else { (4, 5) }, "why", &why, paint.text());
    if let Some(left) = role.next_try_ms.map(|at| remaining(at, paint)) {
        let words = left.map_or_else(|| "now".to_owned(), |left| format!("in {left}, by itself"));
        rows.fact(0, "next try", &words, paint.text());
    }
    if lost {
        let key = paint.key(&Action::NextTopology);
        let next = TopologyKind::Central.next().name();
        rows.text((3, 4), "or", &format!("{key} changes to {next}, which needs none"), paint.text());
    }
    directory(rows, role);
    registered(rows, role, lost);
    let known = match role.known.len() {
        0 => "none: name one with --directory ADDRESS".to_owned(),
        many => {
            let all: Vec<String> = role.known.iter().map(ToString::to_string).collect();
            format!("{many} known: {}", all.join(", "))
        }
    };
    rows.text((5, 6), "directories", &known, paint.dim());
}

/// Which directory, and for how long it keeps what it was told.
fn directory(rows: &mut Rows<'_>, role: &DirectoryRole) {
    let paint = rows.paint;
    let name = paint.untrusted(&role.name, rows.room);
    let named = !name.trim().is_empty();
    if named {
        rows.fact(0, "directory", &name, paint.role(crate::app::Role::Directory));
    }
    if let Some(addr) = role.addr {
        rows.fact(1, if named { "at" } else { "directory" }, &addr.to_string(), paint.text());
    }
    if let Some(until) = role.lease_until_ms {
        let (words, style) = match remaining(until, paint) {
            Some(left) => {
                let wordings = [format!("{left} left, renewed by itself"), format!("{left} left")];
                (rows.choose(&wordings, rows.room), paint.text())
            }
            None => ("ran out".to_owned(), paint.warn()),
        };
        rows.fact(2, "lease", &words, style);
    }
}

/// What the directory has of this node, and whether others can fetch it.
fn registered(rows: &mut Rows<'_>, role: &DirectoryRole, lost: bool) {
    let paint = rows.paint;
    let shared = paint.model.snapshot.library.files;
    let all = role.files >= shared;
    let number = format!("{} of {}", text::grouped(role.files), text::grouped(shared));
    let style = if lost || !all { paint.warn() } else { paint.text() };
    if lost {
        let words = [text::grouped(shared), text::count(shared)].map(|many| {
            let files = if shared == 1 { "file" } else { "files" };
            format!("{many} {files}, not to be found")
        });
        let words = rows.choose(&words, rows.room);
        rows.fact(1, "files", &words, style);
    } else {
        let share = if shared == 0 { 1.0 } else { role.files as f64 / shared as f64 };
        rows.bar(1, "files", share, paint.bar_style(), &number, style);
    }
    if lost {
        return;
    }
    match role.reachable {
        Some(true) => {
            let words = rows.choose(&["yes: others can fetch from here".into(), "yes, by others".into()], rows.room);
            rows.fact(3, "reachable", &words, paint.text());
        }
        Some(false) => rows.text((1, 2), "reachable", "no: found, but nobody can fetch from here", paint.warn()),
        None => rows.fact(4, "reachable", "not tried yet", paint.dim()),
    }
}
