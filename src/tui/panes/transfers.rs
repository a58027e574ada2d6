//! Transfers: files that come and go, running and over.

use std::net::SocketAddr;
use std::sync::Arc;

use ratatui::style::Style;
use ratatui::text::Line;

use super::{Digest, cell};
use crate::app::{Direction, Neighbor, Transfer, TransferState};
use crate::tui::action::Action;
use crate::tui::paint::Paint;
use crate::tui::table::{Column, Width};
use crate::tui::text;

/// The columns.
pub const COLUMNS: &[Column<Transfer>] = &[
    Column::plain("", Width::Is(1), 0, mark),
    Column::left("file", Width::Grows { least: 16, share: 3, most: 60 }, 0, |a, b| a.name.cmp(&b.name), name),
    Column::plain("", Width::Grows { least: 6, share: 2, most: 30 }, 3, bar),
    Column::number("done", 5, 0, |a, b| fraction(a).total_cmp(&fraction(b)), percent),
    Column::number("size", 8, 5, |a, b| a.size.cmp(&b.size), size),
    Column::number("rate", 10, 1, |a, b| a.rate.cmp(&b.rate), rate),
    Column::number("left", 8, 2, |a, b| left_s(a).cmp(&left_s(b)), left),
    Column::left("peer", Width::Is(11), 4, |a, b| a.peer.cmp(&b.peer), peer),
    Column::left("state", Width::Grows { least: 14, share: 3, most: 60 }, 1, by_state, state),
];

/// What stands in the border.
pub fn digest(paint: &Paint<'_>) -> Digest {
    let transfers = &paint.model.snapshot.transfers;
    let running = |direction| {
        let of = |row: &&Arc<Transfer>| row.direction == direction && !row.state.is_final();
        transfers.iter().filter(of).count()
    };
    let (down, up) = (running(Direction::Download), running(Direction::Upload));
    let missing = |row: &Arc<Transfer>| row.size.saturating_sub(row.bytes);
    let left: u64 = transfers.iter().filter(|row| !row.state.is_final()).map(missing).sum();
    let arrows = format!("{}{down} {}{up}", paint.down_symbol(), paint.up_symbol());
    let long = if left > 0 { format!("{arrows} {} {} left", paint.dot(), text::bytes(left)) } else { arrows.clone() };
    Digest { short: (down + up).to_string(), long }
}

/// What an empty list says.
pub fn empty(paint: &Paint<'_>) -> String {
    if paint.model.world().is_some() {
        return "A simulation moves no files: nodes have their names and sizes only".into();
    }
    format!(
        "Nothing moves. Press {} to search, then {} on a result to download it",
        paint.key(&Action::SearchPrompt),
        paint.key(&Action::Download)
    )
}

fn mark(row: &Transfer, paint: &Paint<'_>, _: u16) -> Line<'static> {
    match (row.state, row.direction) {
        (TransferState::Done, _) => Line::styled(paint.good_symbol(), paint.hit()),
        (TransferState::Failed, _) => Line::styled(paint.dropped_symbol(), paint.dropped()),
        (TransferState::Cancelled, _) => Line::styled(paint.symbol("–", "-"), paint.dim()),
        (_, Direction::Download) => Line::styled(paint.down_symbol(), paint.down()),
        (_, Direction::Upload) => Line::styled(paint.up_symbol(), paint.up()),
    }
}

fn name(row: &Transfer, paint: &Paint<'_>, width: u16) -> Line<'static> {
    let style = if row.state == TransferState::Cancelled { paint.dim() } else { paint.text() };
    Line::styled(paint.untrusted(&row.name, width), style)
}

/// Part of the file that is there, 0 to 1.
fn fraction(row: &Transfer) -> f64 {
    match row.size {
        0 if row.state == TransferState::Done => 1.0,
        0 => 0.0,
        size => (row.bytes.min(size) as f64) / size as f64,
    }
}

fn colour(row: &Transfer, paint: &Paint<'_>) -> Style {
    match (row.state, row.direction) {
        (TransferState::Done, _) => paint.hit(),
        (TransferState::Failed, _) => paint.dropped(),
        (TransferState::Cancelled | TransferState::Queued, _) => paint.dim(),
        (_, Direction::Download) => paint.down(),
        (_, Direction::Upload) => paint.up(),
    }
}

fn bar(row: &Transfer, paint: &Paint<'_>, width: u16) -> Line<'static> {
    paint.bar(fraction(row), width, colour(row, paint))
}

fn percent(row: &Transfer, paint: &Paint<'_>, _: u16) -> Line<'static> {
    // 99.9 % is not all of it.
    Line::styled(format!("{}%", (fraction(row) * 100.0).floor()), colour(row, paint))
}

fn size(row: &Transfer, paint: &Paint<'_>, _: u16) -> Line<'static> {
    Line::styled(text::bytes(row.size), paint.dim())
}

fn rate(row: &Transfer, paint: &Paint<'_>, _: u16) -> Line<'static> {
    if row.state == TransferState::Active {
        Line::styled(text::rate(row.rate as f64), paint.text())
    } else {
        cell::none(paint)
    }
}

/// Seconds until it is complete, at the present rate.
fn left_s(row: &Transfer) -> Option<u64> {
    let moving = row.state == TransferState::Active && row.rate > 0;
    moving.then(|| row.size.saturating_sub(row.bytes).div_ceil(row.rate))
}

fn left(row: &Transfer, paint: &Paint<'_>, _: u16) -> Line<'static> {
    match left_s(row) {
        Some(seconds) => Line::styled(text::duration(seconds.saturating_mul(1000)), paint.text()),
        None => cell::none(paint),
    }
}

fn peer(row: &Transfer, paint: &Paint<'_>, width: u16) -> Line<'static> {
    if row.sources > 1 {
        return Line::styled(format!("{} sources", row.sources), paint.dim());
    }
    let of_neighbor = |neighbor: &&Neighbor| {
        let addr = neighbor.addr.map(|addr| addr.to_string());
        addr.as_deref() == Some(row.peer.raw()) && !neighbor.name.raw().trim().is_empty()
    };
    let shown = match paint.model.snapshot.neighbors.iter().find(of_neighbor) {
        Some(neighbor) => paint.untrusted(&neighbor.name, width),
        // Of an address the end says more.
        None if row.peer.raw().parse::<SocketAddr>().is_ok() => {
            text::fit_end(row.peer.raw(), width.into()).into_owned()
        }
        None => paint.untrusted(&row.peer, width),
    };
    Line::styled(shown, paint.dim())
}

fn by_state(a: &Transfer, b: &Transfer) -> std::cmp::Ordering {
    (a.state as u8).cmp(&(b.state as u8))
}

/// Where a transfer stands, in words: verified or why not.
pub fn state_words(row: &Transfer) -> String {
    let why = |word: &str| match &row.why {
        Some(why) => format!("{word}: {}", crate::app::Untrusted::from(why.as_str()).visible(200)),
        None => word.to_owned(),
    };
    match (row.state, row.direction) {
        (TransferState::Queued, _) => why("queued"),
        (TransferState::Active, Direction::Download) => "downloading".into(),
        (TransferState::Active, Direction::Upload) => "sending".into(),
        (TransferState::Verifying, _) => "verifying".into(),
        (TransferState::Done, Direction::Download) => "verified".into(),
        (TransferState::Done, Direction::Upload) => "sent".into(),
        (TransferState::Failed, _) => why("failed"),
        (TransferState::Cancelled, _) => "cancelled".into(),
    }
}

fn state(row: &Transfer, paint: &Paint<'_>, width: u16) -> Line<'static> {
    let style = match row.state {
        TransferState::Done => paint.hit(),
        TransferState::Failed => paint.dropped(),
        _ => paint.dim(),
    };
    // What a queued one waits for says more than that it waits, and whom it waits for stands beside.
    let words = match &row.why {
        Some(why) if row.state == TransferState::Queued => {
            let who = format!("{}: ", row.peer.raw());
            paint.foreign(why.strip_prefix(&who).unwrap_or(why), width)
        }
        _ => paint.fit(&state_words(row), width),
    };
    Line::styled(words, style)
}
