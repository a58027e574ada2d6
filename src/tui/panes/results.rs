//! Results: what a search found, one row for each content, however many have it.

use std::cmp::Ordering;

use ratatui::text::{Line, Span};

use super::{Digest, lookup};
use crate::app::{Direction, DoneWhy, TransferState, Untrusted, Via};
use crate::tui::action::Action;
use crate::tui::paint::Paint;
use crate::tui::rows::Group;
use crate::tui::table::{Column, Width};
use crate::tui::text;

/// The columns.
pub const COLUMNS: &[Column<Group>] = &[
    Column::plain("", Width::Is(1), 0, mark),
    Column::left("file", Width::Grows { least: 28, share: 4, most: 100 }, 0, |a, b| name_of(a).cmp(&name_of(b)), name),
    Column::number(
        "size",
        8,
        0,
        |a, b| size_of(a).cmp(&size_of(b)),
        |row, paint, _| Line::styled(text::bytes(size_of(row)), paint.text()),
    ),
    Column::number("sources", 7, 1, |a, b| a.hits.len().cmp(&b.hits.len()), sources),
    Column::number("hops", 4, 2, |a, b| hops_of(a).cmp(&hops_of(b)), hops),
    Column::left("from", Width::Grows { least: 10, share: 1, most: 24 }, 3, by_source, from),
    Column::left(
        "way",
        Width::Is(9),
        5,
        |a, b| way_of(a).cmp(way_of(b)),
        |row, paint, _| Line::styled(way_of(row), paint.dim()),
    ),
    Column::number(
        "after",
        7,
        4,
        |a, b| after_of(a).cmp(&after_of(b)),
        |row, paint, _| Line::styled(text::latency(after_of(row) as f64), paint.dim()),
    ),
    Column::plain("hash", Width::Is(9), 6, |row, paint, _| {
        Line::styled(text::short_id(&row.hash.to_string()), paint.dim())
    }),
];

/// What stands in the border.
pub fn digest(paint: &Paint<'_>) -> Digest {
    let Some(search) = paint.model.search() else { return Digest::default() };
    let model = paint.model;
    let files = model.rows.results.len();
    let mut long = format!(
        "{} {} {} from {}",
        paint.words(&search.row.text, 40),
        paint.dot(),
        super::cost::nodes(files as u64, "file"),
        super::cost::nodes(search.hits.len() as u64, "hit")
    );
    if model.rows.results_hidden > 0 {
        long.push_str(&format!(" {} {} filtered out", paint.dot(), model.rows.results_hidden));
    }
    Digest { short: files.to_string(), long }
}

/// What an empty list says.
pub fn empty(paint: &Paint<'_>) -> String {
    let model = paint.model;
    match model.search() {
        None => format!("Nothing searched yet. Press {} and type what you look for", paint.key(&Action::SearchPrompt)),
        Some(_) if model.rows.results_hidden > 0 => {
            format!(
                "The filter hides all of it: {}. Press {} to drop it",
                super::cost::nodes(model.rows.results_hidden as u64, "file"),
                paint.key(&Action::Back)
            )
        }
        Some(search) if model.recorded().is_some() => super::recorded::nothing_found(search),
        Some(search) if lookup::is_lookup(search) => match search.ended {
            None => format!("{} The directory was asked, and has not answered yet", paint.spinner()),
            Some(DoneWhy::NoDirectory) => lookup::no_directory(paint),
            Some(_) => format!("The directory knows nobody who has that. {}", lookup::few(paint)),
        },
        Some(search) if search.ended.is_none() => {
            format!("{} The query travels; nobody has answered yet", paint.spinner())
        }
        Some(search) => {
            if search.ended == Some(DoneWhy::Cut) {
                return super::cost::advice(paint).unwrap_or_default();
            }
            format!(
                "Nobody within {} has that. {}",
                super::cost::nodes(search.row.ttl.into(), "hop"),
                super::cost::advice(paint).unwrap_or_default()
            )
        }
    }
}

fn best<T: Default>(row: &Group, of: impl Fn(&crate::app::Hit) -> T) -> T {
    row.best().map(|hit| of(hit)).unwrap_or_default()
}

/// The name that this content goes by: that of the hit to download from.
pub fn name_of(row: &Group) -> Untrusted {
    best(row, |hit| hit.name.clone())
}

fn size_of(row: &Group) -> u64 {
    best(row, |hit| hit.size)
}

fn hops_of(row: &Group) -> u8 {
    best(row, |hit| hit.hops)
}

fn after_of(row: &Group) -> u64 {
    row.hits.first().map_or(0, |hit| hit.at_ms)
}

fn way_of(row: &Group) -> &'static str {
    match row.best().map(|hit| hit.via) {
        Some(Via::Direct) => "direct",
        Some(Via::Reverse) => "reverse",
        Some(Via::Directory) => "directory",
        None => "",
    }
}

fn by_source(a: &Group, b: &Group) -> Ordering {
    best(a, |hit| hit.node_name.clone()).cmp(&best(b, |hit| hit.node_name.clone()))
}

/// A hit, or how far its download is.
fn mark(row: &Group, paint: &Paint<'_>, _: u16) -> Line<'static> {
    let transfers = &paint.model.snapshot.transfers;
    let of = transfers.iter().rev().find(|t| t.hash == row.hash && t.direction == Direction::Download);
    match of.map(|transfer| transfer.state) {
        Some(TransferState::Done) => Line::styled(paint.good_symbol(), paint.hit()),
        Some(TransferState::Failed) => Line::styled(paint.dropped_symbol(), paint.dropped()),
        Some(TransferState::Queued | TransferState::Active | TransferState::Verifying) => {
            Line::styled(paint.down_symbol(), paint.down())
        }
        Some(TransferState::Cancelled) | None => Line::styled(paint.hit_symbol(), paint.hit()),
    }
}

fn name(row: &Group, paint: &Paint<'_>, width: u16) -> Line<'static> {
    Line::styled(paint.untrusted(&name_of(row), width), paint.text())
}

fn sources(row: &Group, paint: &Paint<'_>, _: u16) -> Line<'static> {
    let count = row.hits.len();
    Line::styled(count.to_string(), if count > 1 { paint.hit() } else { paint.text() })
}

fn hops(row: &Group, paint: &Paint<'_>, _: u16) -> Line<'static> {
    if row.best().is_some_and(|hit| hit.via == Via::Directory) {
        return super::cell::none(paint);
    }
    Line::styled(hops_of(row).to_string(), paint.text())
}

fn from(row: &Group, paint: &Paint<'_>, width: u16) -> Line<'static> {
    let Some(hit) = row.best() else { return Line::default() };
    let name = match hit.addr {
        Some(addr) if hit.node_name.raw().trim().is_empty() => paint.fit(&addr.to_string(), width),
        _ => paint.untrusted(&hit.node_name, width),
    };
    Line::from(Span::styled(name, paint.dim()))
}
