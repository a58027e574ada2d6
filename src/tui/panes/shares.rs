//! Shares: the shared folders and how each is watched, hashing, what is left out and why, and where downloads go.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::Digest;
use crate::app::{RootStatus, Untrusted, WatchStatus};
use crate::tui::action::PaneName;
use crate::tui::paint::Paint;
use crate::tui::table::{self, Column, View, Width, put};
use crate::tui::text;

/// The columns.
pub const COLUMNS: &[Column<RootStatus>] = &[
    Column::plain("", Width::Is(1), 0, mark),
    Column::plain("share", Width::Is(12), 0, |row, paint, width| {
        Line::styled(paint.foreign(&row.alias, width), paint.title())
    }),
    Column::figure("files", 6, 0, |row, paint, _| Line::styled(text::count(row.files), paint.text())),
    Column::plain("watched", Width::Is(7), 1, |row, paint, _| match row.watch {
        WatchStatus::Watched => Line::styled("live", paint.hit()),
        WatchStatus::Polled { .. } => Line::styled("polled", paint.warn()),
        WatchStatus::Lost { .. } => Line::styled("lost", paint.dropped()),
    }),
    Column::plain("folder", Width::Grows { least: 10, share: 1, most: 200 }, 2, |row, paint, width| {
        Line::styled(paint.foreign(&row.path.to_string_lossy(), width), paint.dim())
    }),
];

fn mark(row: &RootStatus, paint: &Paint<'_>, _: u16) -> Line<'static> {
    match row.watch {
        WatchStatus::Watched => Line::styled(paint.good_symbol(), paint.hit()),
        WatchStatus::Polled { .. } => Line::styled(paint.warning_symbol(), paint.warn()),
        WatchStatus::Lost { .. } => Line::styled(paint.dropped_symbol(), paint.dropped()),
    }
}

/// Lines of the pane around the list of folders: half of the pane is for the rest.
#[must_use]
pub const fn around(height: u16) -> u16 {
    3 + height.saturating_sub(3) / 2
}

/// What stands in the border.
pub fn digest(paint: &Paint<'_>) -> Digest {
    let library = &paint.model.snapshot.library;
    Digest { short: library.roots.len().to_string(), long: super::cost::nodes(library.roots.len() as u64, "folder") }
}

/// Draws the pane's inside.
pub fn draw(buffer: &mut Buffer, area: Rect, paint: &Paint<'_>, focused: bool) {
    let model = paint.model;
    let roots = &model.snapshot.library.roots;
    let list = model.list(PaneName::Shares);
    let room = area.height.saturating_sub(around(area.height + 2) - 2);
    let height = room.min(roots.len() as u16);
    table::heads(buffer, Rect { height: 1.min(area.height), ..area }, COLUMNS, list, paint);
    let inner = Rect { y: area.y + 1.min(area.height), height, ..area };
    let first = model.view_offset(PaneName::Shares, room.into());
    let view = View { list, first, cursor: model.position(PaneName::Shares), focused };
    table::rows(buffer, inner, COLUMNS, view, paint, |i| roots.get(i));
    let used = (height + 1).min(area.height);
    let below = Rect { y: area.y + used, height: area.height - used, ..area };
    for (y, line) in (0..below.height).zip(rest(paint, area.width)) {
        put(buffer, below, 0, y, area.width, &line);
    }
}

/// What stands below the list of folders.
fn rest(paint: &Paint<'_>, width: u16) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if paint.model.world().is_some() {
        let said = "A simulated library: names and sizes of files, and nothing in them. The lower the number in a name, the \
                    more nodes have the file, and the more often it is searched for.";
        return paint.wrap(said, width).into_iter().map(|line| Line::styled(line, paint.text())).collect();
    }
    troubles(paint, width, &mut lines);
    hashing(paint, width, &mut lines);
    lines.push(Line::default());
    let downloads = paint.foreign(&paint.model.snapshot.node.downloads.to_string_lossy(), width.saturating_sub(13));
    lines.push(Line::from(vec![
        Span::styled(format!("{} downloads  ", paint.down_symbol()), paint.down()),
        Span::styled(downloads, paint.text()),
    ]));
    excluded(paint, width, &mut lines);
    lines
}

fn troubles(paint: &Paint<'_>, width: u16, lines: &mut Vec<Line<'static>>) {
    for root in &paint.model.snapshot.library.roots {
        let (WatchStatus::Polled { why } | WatchStatus::Lost { why }) = &root.watch else { continue };
        let sentence = format!("{}: {}", root.alias, why);
        let sentence = Untrusted::from(sentence).visible(400);
        lines.extend(paint.wrap(&sentence, width).into_iter().map(|line| Line::styled(line, paint.warn())));
    }
}

fn hashing(paint: &Paint<'_>, width: u16, lines: &mut Vec<Line<'static>>) {
    let library = &paint.model.snapshot.library;
    if library.scanning {
        lines.push(Line::styled(format!("{} scanning the folders", paint.spinner()), paint.text()));
    }
    if library.hashing_files == 0 {
        return;
    }
    let left = library.hashing_bytes.checked_div(library.hash_rate).map(|s| text::duration(s * 1000));
    let head = format!(
        "{} hashing {}, {} left at {}{}",
        paint.spinner(),
        super::cost::nodes(library.hashing_files, "file"),
        text::bytes(library.hashing_bytes),
        text::rate(library.hash_rate as f64),
        left.map_or_else(String::new, |left| format!(", {left}")),
    );
    lines.push(Line::default());
    lines.push(Line::styled(paint.fit(&head, width), paint.text()));
    let known = library.bytes.saturating_add(library.hashing_bytes).max(1);
    lines.push(paint.bar(library.bytes as f64 / known as f64, width.min(60), paint.bar_style()));
    if let Some(now) = &library.hashing_now {
        lines.push(Line::styled(paint.untrusted(now, width), paint.dim()));
    }
}

fn excluded(paint: &Paint<'_>, width: u16, lines: &mut Vec<Line<'static>>) {
    let library = &paint.model.snapshot.library;
    if library.excluded_count == 0 {
        return;
    }
    lines.push(Line::default());
    let head = format!(
        "{} left out, the latest:",
        super::cost::nodes(library.excluded_count, "entry").replace("entrys", "entries")
    );
    lines.push(Line::styled(head, paint.title()));
    for entry in &library.excluded {
        let why = paint.foreign(&entry.why, width / 2);
        let room = width.saturating_sub(text::width(&why) as u16 + 2);
        let path = paint.foreign(&entry.path.to_string_lossy(), room);
        lines.push(Line::from(vec![Span::styled(path, paint.dim()), Span::styled(format!("  {why}"), paint.warn())]));
    }
}
