//! The panes: one file each, and the frame that they have in common.

mod beside;
mod cell;
mod compared;
pub mod cost;
mod crowd;
pub(crate) mod dots;
pub mod files;
pub mod flood;
pub mod hops;
pub mod log;
pub mod lookup;
pub mod map;
pub mod meanings;
pub mod neighbors;
pub mod queries;
mod recorded;
pub mod results;
pub mod rings;
pub mod role;
pub mod shares;
pub mod status;
pub mod story;
pub mod traffic;
pub mod transfers;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Widget};

use super::action::PaneName;
use super::model::RowId;
use super::paint::Paint;
use super::table::{self, Column, View};
use super::text;

/// What a pane says in its border or in its tab.
#[derive(Clone, Debug, Default)]
pub struct Digest {
    /// A number, for a tab.
    pub short: String,
    /// A few words, for a border.
    pub long: String,
}

/// What a pane is called on the screen.
#[must_use]
pub const fn title(pane: PaneName) -> &'static str {
    match pane {
        PaneName::Neighbors => "Neighbors",
        PaneName::Queries => "Queries",
        PaneName::Role => "Role",
        PaneName::Transfers => "Transfers",
        PaneName::Flood => "Flood by hop",
        PaneName::Results => "Results",
        PaneName::Cost => "Cost",
        PaneName::Rings => "Flood",
        PaneName::Hops => "Per hop",
        PaneName::Story => "Selected",
        PaneName::Map => "Map",
        PaneName::About => "Selected",
        PaneName::Shares => "Shares",
        PaneName::Files => "Files",
        PaneName::Log => "Log",
    }
}

/// What a pane says about itself.
#[must_use]
pub fn digest(pane: PaneName, paint: &Paint<'_>) -> Digest {
    match pane {
        PaneName::Neighbors => neighbors::digest(paint),
        PaneName::Queries => queries::digest(paint),
        PaneName::Role => role::digest(paint),
        PaneName::Transfers => transfers::digest(paint),
        PaneName::Flood => flood::digest(paint),
        PaneName::Results => results::digest(paint),
        PaneName::Cost => cost::digest(paint),
        PaneName::Rings => rings::digest(paint),
        PaneName::Hops => hops::digest(paint),
        PaneName::Story => story::digest(paint),
        PaneName::Map => map::digest(paint),
        PaneName::About => map::about::digest(paint),
        PaneName::Shares => shares::digest(paint),
        PaneName::Files => files::digest(paint),
        PaneName::Log => log::digest(paint),
    }
}

/// Asks the columns of a list something that does not depend on what its rows are.
macro_rules! of_columns {
    ($pane:expr, $of:expr, $none:expr) => {
        match $pane {
            PaneName::Neighbors => $of(neighbors::COLUMNS),
            PaneName::Queries => $of(queries::COLUMNS),
            PaneName::Transfers => $of(transfers::COLUMNS),
            PaneName::Results => $of(results::COLUMNS),
            PaneName::Files => $of(files::COLUMNS),
            PaneName::Flood => $of(flood::COLUMNS),
            PaneName::Hops => $of(hops::COLUMNS),
            PaneName::Role | PaneName::Cost | PaneName::Rings | PaneName::Story => $none,
            PaneName::Map | PaneName::About | PaneName::Shares | PaneName::Log => $none,
        }
    };
}

/// Titles of a list's columns, for sorting and choosing them; whether each can be sorted by.
#[must_use]
pub fn columns(pane: PaneName) -> Vec<(&'static str, bool)> {
    fn of<R>(columns: &[Column<R>]) -> Vec<(&'static str, bool)> {
        columns.iter().map(|column| (column.title, column.order.is_some())).collect()
    }
    of_columns!(pane, of, Vec::new())
}

/// Whether a column holds numbers.
#[must_use]
pub fn is_number(pane: PaneName, column: usize) -> bool {
    let number = |right: Option<bool>| right.unwrap_or(false);
    fn of<R>(columns: &[Column<R>]) -> Vec<bool> {
        columns.iter().map(|column| column.right).collect()
    }
    number(of_columns!(pane, of, Vec::new()).get(column).copied())
}

/// The column at a place of a list of that width.
#[must_use]
pub fn column_at(pane: PaneName, hidden: u32, width: u16, x: u16) -> Option<usize> {
    let of = of_columns!(pane, |columns| table::place(columns, hidden, width), Vec::new());
    of.into_iter().find(|at| (at.x..at.x + at.width.max(1)).contains(&x)).map(|at| at.column)
}

/// The columns of a list that have a name, so that they can be chosen: their number and their title.
#[must_use]
pub fn named_columns(pane: PaneName) -> Vec<(usize, &'static str)> {
    let titles = columns(pane).into_iter().map(|(title, _)| title).enumerate();
    titles.filter(|(_, title)| !title.is_empty()).collect()
}

/// Draws a pane with its frame.
pub fn draw(buffer: &mut Buffer, area: Rect, pane: PaneName, paint: &Paint<'_>) {
    let focused = paint.model.pane() == Some(pane) && paint.model.overlay.is_none();
    let instead = recorded::instead(pane, paint);
    let mut words = if instead.is_some() { String::new() } else { digest(pane, paint).long };
    let list = paint.model.list(pane);
    if !list.filter.is_empty() {
        words = format!("filter: {} {} {words}", paint.foreign(&list.filter, 20), paint.dot());
    }
    let inner = frame(buffer, area, title(pane), &words, focused, paint);
    if inner.is_empty() {
        return;
    }
    if let Some(words) = instead {
        return say(buffer, inner, &words, paint);
    }
    let now = &paint.model.snapshot;
    let rows = &paint.model.rows;
    let at = |places: &[usize], i: usize| places.get(i).copied();
    match pane {
        PaneName::Role => role::draw(buffer, inner, paint),
        PaneName::Flood => flood::draw(buffer, inner, paint, focused),
        PaneName::Cost => cost::draw(buffer, inner, paint, focused),
        PaneName::Rings => rings::draw(buffer, inner, paint),
        PaneName::Hops => hops::draw(buffer, inner, paint, focused),
        PaneName::Story => story::draw(buffer, inner, paint),
        PaneName::Map => map::draw(buffer, inner, paint),
        PaneName::About => map::about::draw(buffer, inner, paint),
        PaneName::Shares => shares::draw(buffer, inner, paint, focused),
        PaneName::Neighbors => List { pane, columns: neighbors::COLUMNS, empty: neighbors::empty, focused }.draw(
            buffer,
            inner,
            paint,
            |i| now.neighbors.get(at(&rows.neighbors, i)?),
        ),
        PaneName::Queries => {
            List { pane, columns: queries::COLUMNS, empty: queries::empty, focused }
                .draw(buffer, inner, paint, |i| now.queries.get(at(&rows.queries, i)?))
        }
        PaneName::Transfers => List { pane, columns: transfers::COLUMNS, empty: transfers::empty, focused }.draw(
            buffer,
            inner,
            paint,
            |i| now.transfers.get(at(&rows.transfers, i)?).map(AsRef::as_ref),
        ),
        PaneName::Results => {
            List { pane, columns: results::COLUMNS, empty: results::empty, focused }
                .draw(buffer, inner, paint, |i| rows.results.get(i))
        }
        PaneName::Files => {
            List { pane, columns: files::COLUMNS, empty: files::empty, focused }
                .draw(buffer, inner, paint, |i| paint.model.file_at(i))
        }
        PaneName::Log => {
            List { pane, columns: log::COLUMNS, empty: log::empty, focused }
                .draw(buffer, inner, paint, |i| now.log.get(at(&rows.log, i)?))
        }
    }
}

/// A pane that is one list.
struct List<R: 'static> {
    pane: PaneName,
    columns: &'static [Column<R>],
    empty: fn(&Paint<'_>) -> String,
    focused: bool,
}

impl<R: 'static> List<R> {
    fn draw<'r>(self, buffer: &mut Buffer, area: Rect, paint: &Paint<'_>, row: impl Fn(usize) -> Option<&'r R>) {
        let model = paint.model;
        let count = model.count(self.pane);
        if count == 0 {
            return say(buffer, area, &(self.empty)(paint), paint);
        }
        let list = model.list(self.pane);
        let headed = u16::from(self.columns.iter().any(|column| !column.title.is_empty()));
        table::heads(buffer, Rect { height: headed.min(area.height), ..area }, self.columns, list, paint);
        let used = headed.min(area.height);
        let inner = Rect { y: area.y + used, height: area.height - used, ..area };
        let height = usize::from(inner.height);
        let first = model.view_offset(self.pane, height);
        let view = View { list, first, cursor: model.position(self.pane), focused: self.focused };
        table::rows(buffer, inner, self.columns, view, paint, row);
        // On the border itself, so that no column is lost to it.
        let bar = Rect { x: area.right(), width: 1, ..inner };
        table::scrollbar(buffer, bar.intersection(buffer.area), first, height, count, paint);
    }
}

/// Draws a frame, heavy where the focus is, with a title at its left and a few words at its right; returns its inside.
pub fn frame(buffer: &mut Buffer, area: Rect, title: &str, words: &str, focused: bool, paint: &Paint<'_>) -> Rect {
    if area.width < 2 || area.height < 2 {
        return Rect { width: 0, height: 0, ..area };
    }
    let glyphs = &paint.model.glyphs;
    let set = if focused { glyphs.focus_border } else { glyphs.border };
    let style = paint.border(focused);
    Block::bordered().border_set(set).border_style(style).render(area, buffer);
    let title_style = if focused { style } else { paint.title() };
    let room = area.width.saturating_sub(4);
    let left = Line::from(Span::styled(format!(" {} ", paint.fit(title, room)), title_style));
    let used = left.width() as u16 + 2;
    buffer.set_line(area.x + 1, area.y, &left, area.width - 2);
    let room = area.width.saturating_sub(used + 3);
    if room > 4 && !words.is_empty() {
        let words = format!(" {} ", paint.fit(words, room - 2));
        let x = area.right().saturating_sub(1 + text::width(&words) as u16);
        // The frame may be bold; what it says is not.
        let quiet = paint.dim().remove_modifier(Modifier::BOLD);
        buffer.set_line(x, area.y, &Line::styled(words, quiet), room);
    }
    Block::bordered().inner(area)
}

/// Says something in the middle of an area that has nothing else to show.
pub fn say(buffer: &mut Buffer, area: Rect, words: &str, paint: &Paint<'_>) {
    let lines = paint.wrap(words, area.width.saturating_sub(4).clamp(1, 64));
    let top = area.height.saturating_sub(lines.len() as u16) / 2;
    for (y, line) in (top..area.height).zip(lines) {
        let x = area.width.saturating_sub(text::width(&line) as u16) / 2;
        table::put(buffer, area, x, y, area.width, &Line::styled(line, paint.dim()));
    }
}

/// What a row is called, for questions and messages.
#[must_use]
pub fn row_name(row: &RowId, paint: &Paint<'_>) -> String {
    let now = &paint.model.snapshot;
    match row {
        RowId::Node(id) => now
            .neighbors
            .iter()
            .find(|row| row.node == Some(*id))
            .map_or_else(|| id.short(), |row| neighbors::peer_name(row, paint, 40)),
        RowId::Dial(addr) => addr.to_string(),
        RowId::Query(guid) => now
            .queries
            .iter()
            .find(|row| row.guid == *guid)
            .map_or_else(|| guid.short(), |row| paint.words(&row.text, 40)),
        RowId::Transfer(id) => now
            .transfers
            .iter()
            .find(|row| row.id == *id)
            .map_or_else(|| format!("transfer {id}"), |row| paint.untrusted(&row.name, 40)),
        RowId::Content(hash) => hash.short(),
        RowId::Reached(node) => node.short(),
        RowId::Line(at_ms, _) => text::duration(*at_ms),
        RowId::Hop(hop) => format!("hop {hop}"),
        RowId::Share(alias) => paint.foreign(alias, 40),
        RowId::Path(path) => paint.untrusted(path, 40),
    }
}
