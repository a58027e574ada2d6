//! Log: what the node says about itself.

use ratatui::text::Line;

use super::Digest;
use crate::app::{LogLevel, LogLine};
use crate::tui::action::{Action, PaneName};
use crate::tui::paint::Paint;
use crate::tui::table::{Column, Width};
use crate::tui::text;

/// The columns. A log has one order.
pub const COLUMNS: &[Column<LogLine>] = &[
    Column::figure("up", 9, 1, |row, paint, _| Line::styled(text::duration(row.at_ms), paint.dim())),
    Column::plain("level", Width::Is(5), 0, level),
    Column::plain("part", Width::Is(9), 2, |row, paint, width| {
        Line::styled(paint.foreign(&row.target, width), paint.title())
    }),
    Column::plain("what happened", Width::Grows { least: 20, share: 1, most: u16::MAX }, 0, |row, paint, width| {
        let style = match row.level {
            LogLevel::Error => paint.dropped(),
            LogLevel::Warn => paint.warn(),
            LogLevel::Info => paint.text(),
            LogLevel::Debug | LogLevel::Trace => paint.dim(),
        };
        Line::styled(paint.words(&row.text, width), style)
    }),
];

/// A level, in a word of five letters.
pub const fn level_word(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
        LogLevel::Trace => "trace",
    }
}

fn level(row: &LogLine, paint: &Paint<'_>, _: u16) -> Line<'static> {
    let style = match row.level {
        LogLevel::Error => paint.dropped(),
        LogLevel::Warn => paint.warn(),
        LogLevel::Info => paint.hit(),
        LogLevel::Debug | LogLevel::Trace => paint.dim(),
    };
    Line::styled(level_word(row.level), style)
}

/// What stands in the border.
pub fn digest(paint: &Paint<'_>) -> Digest {
    let model = paint.model;
    let (shown, all) = (model.rows.log.len(), model.snapshot.log.len());
    let follows = if model.list(PaneName::Log).selected.is_none() { "following" } else { "End follows" };
    let lines = super::cost::nodes(all as u64, "line");
    let count = if shown == all { lines } else { format!("{shown} of {lines}") };
    Digest { short: String::new(), long: format!("{count} {} {follows}", paint.dot()) }
}

/// What an empty list says.
pub fn empty(paint: &Paint<'_>) -> String {
    if paint.model.snapshot.log.is_empty() {
        "Nothing has happened yet: links, searches and what goes wrong will be told here".into()
    } else {
        format!("No line has that in it. Press {} to drop the filter", paint.key(&Action::Back))
    }
}
