//! Flood: how the chosen search spread, hop by hop.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Digest, cell};
use crate::app::{HopRow, Search, ring_of};
use crate::tui::action::{Action, PaneName};
use crate::tui::paint::Paint;
use crate::tui::table::{self, Column, View, Width, put};
use crate::tui::text;

/// Lines of the pane around its rows: borders, heads, and the sum.
pub const AROUND: u16 = 4;

/// The columns.
pub const COLUMNS: &[Column<HopRow>] = &[
    Column::plain("hop", Width::Is(3), 0, |row, paint, _| Line::styled(format!(" {}", row.hop), paint.strong())),
    Column::plain("ttl", Width::Is(3), 3, |row, paint, _| Line::styled(format!(" {}", row.ttl), paint.dim())),
    Column::plain("new / duplicate / dropped", Width::Grows { least: 10, share: 1, most: 90 }, 1, bar),
    Column::figure("sent", 6, 0, |row, paint, _| number(row.sent, paint.text(), paint)),
    Column::figure("new", 6, 0, |row, paint, _| number(row.new, paint.text(), paint)),
    Column::figure("dup", 6, 0, |row, paint, _| number(row.duplicates, paint.duplicate(), paint)),
    Column::figure("drop", 5, 2, |row, paint, _| number(row.dropped, paint.dropped(), paint)),
    Column::figure("hits", 5, 0, hits),
    Column::figure("median", 7, 2, median),
];

/// The colour of a line's ring.
pub(super) fn hop_style(row: &HopRow, paint: &Paint<'_>) -> ratatui::style::Style {
    let strategy = paint.model.search().map(|search| search.strategy).unwrap_or_default();
    paint.hop(ring_of(strategy, row.hop))
}

pub(super) fn number(value: u32, style: ratatui::style::Style, paint: &Paint<'_>) -> Line<'static> {
    Line::styled(text::count(value.into()), if value == 0 { paint.dim() } else { style })
}

pub(super) fn hits(row: &HopRow, paint: &Paint<'_>, _: u16) -> Line<'static> {
    if row.hits == 0 {
        return Line::styled(paint.duplicate_symbol(), paint.dim());
    }
    Line::styled(format!("{}{}", paint.hit_symbol(), text::count(row.hits.into())), paint.hit())
}

pub(super) fn median(row: &HopRow, paint: &Paint<'_>, _: u16) -> Line<'static> {
    row.p50_ms.map_or_else(|| cell::none(paint), |ms| Line::styled(text::latency(ms as f64), paint.text()))
}

/// New, duplicate and dropped copies as one bar, on the scale of the widest hop.
fn bar(row: &HopRow, paint: &Paint<'_>, width: u16) -> Line<'static> {
    let rows = paint.model.search().map_or(&[][..], |search| &search.by_hop);
    let widest = rows.iter().map(|row| row.sent.max(row.arrived())).max().unwrap_or(0);
    let scale = |part: u32| {
        let columns = u64::from(part) * u64::from(width) / u64::from(widest.max(1));
        if part > 0 { columns.max(1) as usize } else { 0 }
    };
    let [new, duplicates, dropped] = [row.new, row.duplicates, row.dropped].map(scale);
    Line::from(vec![
        Span::styled(paint.symbol("█", "#").repeat(new), hop_style(row, paint)),
        Span::styled(paint.symbol("░", ".").repeat(duplicates), paint.duplicate()),
        Span::styled(paint.symbol("▚", "x").repeat(dropped), paint.dropped()),
    ])
}

/// What stands in the border.
pub fn digest(paint: &Paint<'_>) -> Digest {
    let Some(search) = paint.model.search() else { return Digest::default() };
    let long = format!(
        "{} {} {} {} {}",
        paint.words(&search.row.text, 40),
        paint.dot(),
        search.row.guid.short(),
        paint.dot(),
        text::latency(paint.elapsed_ms(search) as f64),
    );
    Digest { short: text::count(search.row.nodes.into()), long }
}

/// Draws the pane's inside.
pub fn draw(buffer: &mut Buffer, area: Rect, paint: &Paint<'_>, focused: bool) {
    let Some(search) = paint.model.search() else {
        let hint =
            format!("Search with {}, and watch here how far it goes, hop by hop", paint.key(&Action::SearchPrompt));
        return super::say(buffer, area, &hint, paint);
    };
    if search.by_hop.is_empty() {
        return super::say(buffer, area, &why_empty(search, paint), paint);
    }
    let model = paint.model;
    let list = model.list(PaneName::Flood);
    table::heads(buffer, Rect { height: 1.min(area.height), ..area }, COLUMNS, list, paint);
    let height = area.height.saturating_sub(2);
    let inner = Rect { y: area.y + 1.min(area.height), height, ..area };
    let first = model.view_offset(PaneName::Flood, height.into());
    let view = View { list, first, cursor: model.position(PaneName::Flood), focused };
    let until = model.hop.unwrap_or(u8::MAX);
    table::rows(buffer, inner, COLUMNS, view, paint, |i| search.by_hop.get(i).filter(|row| row.hop <= until));
    if area.height >= 2 {
        put(buffer, area, 0, area.height - 1, area.width, &sum(search, paint));
    }
}

pub(super) fn why_empty(search: &Search, paint: &Paint<'_>) -> String {
    if super::lookup::is_lookup(search) {
        return super::lookup::no_flood(search, paint);
    }
    if search.sent_here == 0 && search.lost_reports > 0 {
        "It began before this node was looked at: what it sent and heard until then is not known".into()
    } else if search.sent_here == 0 {
        "Nothing was sent: there was no neighbor to ask".into()
    } else if search.traced {
        format!("Sent to {}; no node has reported", super::cost::nodes(search.sent_here.into(), "neighbor"))
    } else {
        super::story::untraced(paint)
    }
}

/// The whole flood in a line: coverage, and copies for each node reached.
fn sum(search: &Search, paint: &Paint<'_>) -> Line<'static> {
    let until = paint.model.hop;
    let rows = || search.by_hop.iter().filter(|row| until.is_none_or(|hop| row.hop <= hop));
    let total = |part: fn(&HopRow) -> u32| rows().map(|row| u64::from(part(row))).sum::<u64>();
    let (sent, arrived) = (total(|row| row.sent), total(HopRow::arrived));
    // A node may have reported duplicates only; of the whole flood those count as reached, as they do in its cost.
    let new = if until.is_none() { search.row.nodes.into() } else { total(|row| row.new) };
    let hops = until.map_or(String::new(), |hop| format!("up to hop {hop}: "));
    let mut line = Line::styled(hops, paint.warn());
    line.push_span(Span::styled(format!("{} reached", super::cost::nodes(new, "node")), paint.text()));
    let copies = format!(" with {}", text::counted(sent, "copy", "copies"));
    line.push_span(Span::styled(copies, paint.text()));
    if let Some(each) = super::cost::redundancy(sent, new) {
        line.push_span(Span::styled(format!(" {} {each:.2} a node", paint.dot()), paint.dim()));
    }
    if search.traced && search.lost_reports == 0 && sent > arrived {
        let way = format!(" {} {} on the way", paint.dot(), text::count(sent - arrived));
        line.push_span(Span::styled(way, paint.dim()));
    }
    if search.lost_reports > 0 {
        let lost = format!(" {} {} reports left out", paint.dot(), text::count(search.lost_reports));
        line.push_span(Span::styled(lost, paint.warn()));
    }
    line
}
