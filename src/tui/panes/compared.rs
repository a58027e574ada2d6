//! The searches for the same words side by side: what each strategy reached, and what it cost.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::{Search, Spread};
use crate::tui::model::ListState;
use crate::tui::paint::Paint;
use crate::tui::table::{self, Column, View, Width, put};
use crate::tui::text;

/// Searches that are compared at most.
const MAX_COMPARED: usize = 5;
/// Lines of the comparison: a blank one, its title, heads, and the searches.
pub(super) const LINES: u16 = 3 + MAX_COMPARED as u16;

const COLUMNS: &[Column<Search>] = &[
    Column::plain("how", Width::Is(11), 0, |row, paint, _| {
        let chosen = paint.model.search().is_some_and(|search| search.row.guid == row.row.guid);
        Line::styled(how(row), if chosen { paint.me() } else { paint.text() })
    }),
    Column::figure("copies", 6, 0, |row, paint, _| figure(row.messages, paint)),
    Column::figure("nodes", 5, 1, |row, paint, _| figure(row.row.nodes.into(), paint)),
    Column::figure("hits", 4, 0, |row, paint, _| figure(row.row.hits.into(), paint)),
    Column::figure("first", 6, 0, |row, paint, _| match row.first_hit_ms {
        Some(ms) => Line::styled(text::latency(ms as f64), paint.text()),
        None => Line::styled(paint.none(), paint.dim()),
    }),
    Column::figure("bytes", 8, 2, |row, paint, _| Line::styled(text::bytes(row.bytes), paint.dim())),
];

fn figure(value: u64, paint: &Paint<'_>) -> Line<'static> {
    Line::styled(text::count(value), if value == 0 { paint.dim() } else { paint.text() })
}

/// How a search spread, and how far: its TTL, the last one of a ring, or walkers and steps.
fn how(search: &Search) -> String {
    let ttl = search.row.ttl;
    match (search.row.strategy, search.strategy.walkers()) {
        (Spread::Walk, Some(walkers)) => format!("walk {walkers}x{ttl}"),
        (Spread::Lookup, _) => "look-up".into(),
        (Spread::Ring, _) => format!("ring {}", search.row.round.unwrap_or(ttl)),
        (spread, _) => format!("{} {ttl}", spread.name()),
    }
}

/// The searches for the words of the chosen one: the youngest of each strategy and reach, in the order of the strategies.
/// Empty if there is only one.
pub(super) fn compared(paint: &Paint<'_>) -> Vec<Arc<Search>> {
    let Some(chosen) = paint.model.search() else { return Vec::new() };
    let words = |search: &Search| search.row.text.raw().trim().to_lowercase();
    let wanted = words(chosen);
    let kind = |search: &Search| (search.row.strategy, search.row.ttl, search.strategy.walkers());
    let mut all: Vec<Arc<Search>> = Vec::new();
    for search in paint.model.snapshot.searches.iter().rev().filter(|search| words(search) == wanted) {
        // The chosen one stands for its kind, or else the youngest.
        match all.iter().position(|known| kind(known) == kind(search)) {
            Some(known) if search.row.guid == chosen.row.guid => all[known] = Arc::clone(search),
            None if all.len() < MAX_COMPARED => all.push(Arc::clone(search)),
            _ => {}
        }
    }
    all.sort_by_key(|search| (search.row.strategy as u8, search.row.ttl));
    if all.len() < 2 { Vec::new() } else { all }
}

/// Draws the comparison; nothing if there is nothing to compare.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, paint: &Paint<'_>) {
    let all = compared(paint);
    if all.is_empty() || area.height < 4 {
        return;
    }
    let title = Line::styled("The same words in other ways", paint.strong());
    put(buffer, area, 0, 1, area.width, &title);
    let list = ListState::default();
    table::heads(buffer, Rect { y: area.y + 2, height: 1, ..area }, COLUMNS, &list, paint);
    let inner = Rect { y: area.y + 3, height: area.height - 3, ..area };
    let view = View { list: &list, first: 0, cursor: None, focused: false };
    table::rows(buffer, inner, COLUMNS, view, paint, |i| all.get(i).map(AsRef::as_ref));
}
