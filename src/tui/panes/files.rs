//! Files: what this node shares, a window of a list that may have millions of rows.

use ratatui::text::{Line, Span};

use super::Digest;
use crate::app::FileRow;
use crate::tui::action::{Action, PaneName};
use crate::tui::paint::Paint;
use crate::tui::table::{Column, Width};
use crate::tui::text;

/// The columns. They have no order: the engine keeps the list by path, and only a window of it is here.
pub const COLUMNS: &[Column<FileRow>] = &[
    Column::plain("", Width::Is(1), 0, |_, paint, _| Line::styled(paint.dot(), paint.hit())),
    Column::plain("file", Width::Grows { least: 20, share: 1, most: u16::MAX }, 0, path),
    Column::figure("size", 8, 1, size),
    Column::plain("hash", Width::Is(9), 2, |row, paint, _| {
        Line::styled(text::short_id(&row.hash.to_string()), paint.dim())
    }),
];

/// What stands in the border.
pub fn digest(paint: &Paint<'_>) -> Digest {
    let library = &paint.model.snapshot.library;
    let mut long = format!("{} files {} {}", text::count(library.files), paint.dot(), text::bytes(library.bytes));
    if let Some(total) = paint.model.files.total.filter(|_| !paint.model.list(PaneName::Files).filter.is_empty()) {
        long.push_str(&format!(" {} {} shown", paint.dot(), text::count(total)));
    }
    Digest { short: text::count(library.files), long }
}

/// What an empty list says.
pub fn empty(paint: &Paint<'_>) -> String {
    let model = paint.model;
    let library = &model.snapshot.library;
    if !model.list(PaneName::Files).filter.is_empty() && library.files > 0 {
        return format!("No shared file has that in its path. Press {} to drop the filter", paint.key(&Action::Back));
    }
    if library.scanning || library.hashing_files > 0 {
        return format!("{} Looking through the shared folders", paint.spinner());
    }
    if paint.model.world().is_some() && library.files == 0 {
        return "This node shares nothing: it is a free rider, as many are".into();
    }
    if library.roots.is_empty() && library.files == 0 {
        return "Nothing is shared yet. Start with --share DIR, or name folders in config.toml".into();
    }
    if model.files.total.is_none() || model.files.asked.is_some() {
        return format!("{} Reading the list", paint.spinner());
    }
    "The shared folders hold no files yet: drop one in, and it appears here".into()
}

fn path(row: &FileRow, paint: &Paint<'_>, width: u16) -> Line<'static> {
    let shown = paint.untrusted(&row.path, width);
    // The name stands out from the folders that it lies in.
    let name = shown.rfind('/').map_or(0, |slash| slash + 1);
    let (folders, name) = shown.split_at(name);
    Line::from(vec![Span::styled(folders.to_owned(), paint.dim()), Span::styled(name.to_owned(), paint.text())])
}

fn size(row: &FileRow, paint: &Paint<'_>, _: u16) -> Line<'static> {
    Line::styled(text::bytes(row.size), paint.text())
}
