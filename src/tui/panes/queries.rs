//! Queries: this node's own and those that it relays, each with the hops that it may still travel.

use ratatui::text::{Line, Span};

use super::{Digest, lookup};
use crate::app::{QueryRow, QueryState, Role};
use crate::tui::action::Action;
use crate::tui::paint::Paint;
use crate::tui::table::{Column, Width};
use crate::tui::text;

/// The columns.
pub const COLUMNS: &[Column<QueryRow>] = &[
    Column::plain("", Width::Is(1), 0, mark),
    Column::left("query", Width::Grows { least: 20, share: 3, most: 80 }, 0, |a, b| a.text.cmp(&b.text), words),
    Column::left("TTL left", Width::Is(10), 0, |a, b| a.ttl_left.cmp(&b.ttl_left), ttl_left),
    Column::number("nodes", 6, 1, |a, b| a.nodes.cmp(&b.nodes), |row, paint, _| number(row.nodes.into(), paint)),
    Column::number("dup", 5, 2, |a, b| a.duplicates.cmp(&b.duplicates), duplicates),
    Column::number("hits", 5, 1, |a, b| a.hits.cmp(&b.hits), hits),
    Column::number("age", 4, 3, |a, b| b.age_ms.cmp(&a.age_ms), age),
    Column::left("state", Width::Is(8), 4, |a, b| state_word(a).cmp(state_word(b)), state),
];

/// What stands in the border.
pub fn digest(paint: &Paint<'_>) -> Digest {
    let queries = &paint.model.snapshot.queries;
    let live = queries.iter().filter(|row| matches!(row.state, QueryState::Live | QueryState::Held)).count();
    let own = queries.iter().filter(|row| row.own).count();
    Digest { short: queries.len().to_string(), long: format!("{live} in flight {} {own} mine", paint.dot()) }
}

/// What an empty list says.
pub fn empty(paint: &Paint<'_>) -> String {
    if paint.model.world().is_some() {
        let key = paint.key(&Action::SearchPrompt);
        return format!("No query has come here since this node is looked at. Press {key} to search");
    }
    format!("No queries pass through here yet. Press {} to search", paint.key(&Action::SearchPrompt))
}

fn mark(row: &QueryRow, paint: &Paint<'_>, _: u16) -> Line<'static> {
    // Where there is no room for the state, its sign tells it.
    match row.state {
        _ if row.own => Line::styled(paint.self_symbol(), paint.me()),
        QueryState::Live => Line::styled(paint.symbol("○", "o"), paint.text()),
        QueryState::Held => Line::styled(paint.model.glyphs.paused, paint.warn()),
        QueryState::Expired => Line::styled(paint.dropped_symbol(), paint.dim()),
        QueryState::Passed | QueryState::Done => Line::styled(paint.dot(), paint.dim()),
    }
}

fn words(row: &QueryRow, paint: &Paint<'_>, width: u16) -> Line<'static> {
    let style = match (row.own, row.state) {
        (true, _) => paint.me(),
        (false, QueryState::Live | QueryState::Held) => paint.text(),
        (false, _) => paint.dim(),
    };
    Line::styled(paint.words(&row.text, width), style)
}

/// The hops that are left, and the hops that there were.
fn hops(row: &QueryRow) -> (u8, u8) {
    // A query from elsewhere may say anything: more than this is no TTL.
    let of = row.ttl.min(crate::app::MAX_TTL);
    (row.ttl_left.min(of), of)
}

/// The bar of hops that are left, and both numbers.
pub fn ttl_of(row: &QueryRow, paint: &Paint<'_>) -> Line<'static> {
    let (left, of) = hops(row);
    let [bar, spent] = paint.ttl(left, of);
    Line::from(vec![bar, spent, Span::styled(format!(" {left} of {of}"), paint.text())])
}

/// The bar of hops that are left, and their number.
fn ttl_left(row: &QueryRow, paint: &Paint<'_>, width: u16) -> Line<'static> {
    if row.own && lookup::is_lookup_row(row.guid, paint) {
        // One request, one answer: no hop to count.
        return Line::styled("look-up", paint.role(Role::Directory));
    }
    let (left, of) = hops(row);
    let number = Span::styled(left.to_string(), if left == 0 { paint.dim() } else { paint.text() });
    let pad = usize::from(crate::app::MAX_TTL - of) + 1;
    if usize::from(of) + pad + 1 > usize::from(width) {
        return Line::from(number);
    }
    let [bar, spent] = paint.ttl(left, of);
    Line::from(vec![bar, spent, Span::raw(" ".repeat(pad)), number])
}

fn number(value: u64, paint: &Paint<'_>) -> Line<'static> {
    Line::styled(text::count(value), if value == 0 { paint.dim() } else { paint.text() })
}

fn duplicates(row: &QueryRow, paint: &Paint<'_>, _: u16) -> Line<'static> {
    Line::styled(text::count(row.duplicates), paint.duplicate())
}

fn hits(row: &QueryRow, paint: &Paint<'_>, _: u16) -> Line<'static> {
    if row.hits == 0 {
        return Line::styled("0", paint.dim());
    }
    Line::styled(format!("{}{}", paint.hit_symbol(), text::count(row.hits.into())), paint.hit())
}

fn age(row: &QueryRow, paint: &Paint<'_>, _: u16) -> Line<'static> {
    Line::styled(text::age(row.age_ms + paint.model.since_taken_ms()), paint.dim())
}

/// Where a query stands, in a word.
pub fn state_word(row: &QueryRow) -> &'static str {
    match row.state {
        QueryState::Live if row.own => "flooding",
        QueryState::Live => "live",
        QueryState::Done => "done",
        QueryState::Passed => "passed",
        QueryState::Expired => "expired",
        QueryState::Held => "held",
    }
}

fn state(row: &QueryRow, paint: &Paint<'_>, _: u16) -> Line<'static> {
    let style = match row.state {
        QueryState::Live if row.own => paint.me(),
        QueryState::Live => paint.text(),
        QueryState::Held => paint.warn(),
        QueryState::Done => paint.hit(),
        QueryState::Passed | QueryState::Expired => paint.dim(),
    };
    let lookup = row.own && row.state == QueryState::Live && lookup::is_lookup_row(row.guid, paint);
    Line::styled(if lookup { "asked" } else { state_word(row) }, style)
}
