//! Queries: this node's own and those that it relays, each with the hops that it may still travel.

use ratatui::text::{Line, Span};

use super::{Digest, cell};
use crate::app::{MAX_TTL, MAX_WALK_TTL, QueryRow, QueryState, Role, Spread};
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
    if paint.model.recorded().is_some() {
        return Digest { short: queries.len().to_string(), long: format!("{own} recorded") };
    }
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
    let how = how(row);
    if matches!(row.strategy, Spread::Flood | Spread::Lookup) || usize::from(width) < 2 * how.len() {
        return Line::styled(paint.words(&row.text, width), style);
    }
    // What is no plain flood says so.
    let words = Span::styled(paint.words(&row.text, width - how.len() as u16 - 1), style);
    Line::from(vec![words, Span::styled(format!(" {how}"), paint.dim())])
}

/// The hops or steps that are left, and those that there were.
fn hops(row: &QueryRow) -> (u8, u8) {
    // A query from elsewhere may say anything: more than this is no TTL.
    let of = row.ttl.min(if row.strategy == Spread::Walk { MAX_WALK_TTL } else { MAX_TTL });
    (row.ttl_left.min(of), of)
}

/// The same in signs of a bar: one a hop, and of a walk's steps as many as the longest flood has hops.
fn bar(row: &QueryRow) -> (u8, u8) {
    let (left, of) = hops(row);
    if row.strategy != Spread::Walk {
        return (left, of);
    }
    let signs = u16::from(left) * u16::from(MAX_TTL);
    (signs.div_ceil(u16::from(of.max(1))) as u8, MAX_TTL)
}

/// The bar of hops that are left, and both numbers.
pub fn ttl_of(row: &QueryRow, paint: &Paint<'_>) -> Line<'static> {
    let ((left, of), signs) = (hops(row), bar(row));
    let [bar, spent] = paint.ttl(signs.0, signs.1);
    let unit = if row.strategy == Spread::Walk { " steps" } else { "" };
    Line::from(vec![bar, spent, Span::styled(format!(" {left} of {of}{unit}"), paint.text())])
}

/// The bar of hops that are left, and their number.
fn ttl_left(row: &QueryRow, paint: &Paint<'_>, width: u16) -> Line<'static> {
    if row.strategy == Spread::Lookup {
        // One request, one answer: no hop to count.
        return Line::styled("look-up", paint.role(Role::Directory));
    }
    let ((left, _), (full, of)) = (hops(row), bar(row));
    let number = Span::styled(left.to_string(), if left == 0 { paint.dim() } else { paint.text() });
    let digits = number.content.len();
    let pad = usize::from(MAX_TTL - of) + 2usize.saturating_sub(digits);
    if usize::from(of) + pad + digits > usize::from(width) {
        return Line::from(number);
    }
    let [bar, spent] = paint.ttl(full, of);
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

/// Since when a query is known.
pub(super) fn age(row: &QueryRow, paint: &Paint<'_>, _: u16) -> Line<'static> {
    if paint.model.recorded().is_some() {
        return cell::none(paint);
    }
    Line::styled(text::age(row.age_ms + paint.model.since_taken_ms()), paint.dim())
}

/// What an own query in flight does: of a ring the round that is under way.
fn spreading(row: &QueryRow) -> &'static str {
    const ROUNDS: [&str; MAX_TTL as usize + 1] =
        ["ring", "ring 1", "ring 2", "ring 3", "ring 4", "ring 5", "ring 6", "ring 7"];
    match row.strategy {
        Spread::Flood => "flooding",
        Spread::Ring => ROUNDS[usize::from(row.round.unwrap_or(0)).min(ROUNDS.len() - 1)],
        Spread::Walk => "walking",
        Spread::Lookup => "asked",
    }
}

/// How a query spreads, in a word: of an own ring in flight the round that is under way.
fn how(row: &QueryRow) -> &'static str {
    match row.strategy {
        Spread::Ring if row.state == QueryState::Live => spreading(row),
        spread => spread.name(),
    }
}

/// Where a query stands, in a word.
pub fn state_word(row: &QueryRow) -> &'static str {
    match row.state {
        QueryState::Live if row.own => spreading(row),
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
    Line::styled(state_word(row), style)
}
