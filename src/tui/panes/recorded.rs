//! What panes show where there is no node: in a recording only its searches are known.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::lookup::is_lookup;
use crate::app::{DoneWhy, Search, Spread};
use crate::tui::action::{Action, PaneName};
use crate::tui::paint::Paint;
use crate::tui::table::put;
use crate::tui::text;

/// What a pane says that a recording leaves empty; `None` for one that it fills, or where there is a node.
#[must_use]
pub(super) fn instead(pane: PaneName, paint: &Paint<'_>) -> Option<String> {
    paint.model.recorded()?;
    let screen = |screen| paint.key(&Action::Screen(screen));
    Some(match pane {
        PaneName::Neighbors => {
            format!(
                "A recording holds no neighbors. The map ({}) shows the links that its searches went over",
                screen(4)
            )
        }
        PaneName::Transfers => "A recording holds no transfers".into(),
        PaneName::Files | PaneName::Shares => {
            format!("A recording holds no shared files. What its searches found is on screen {}", screen(2))
        }
        PaneName::Log => "A recording holds no log".into(),
        _ => return None,
    })
}

/// Why a recorded search has no results. What to do about it is past.
pub(super) fn nothing_found(search: &Search) -> String {
    match search.ended {
        Some(DoneWhy::NoDirectory) => "There was no directory to ask".into(),
        Some(DoneWhy::NoNeighbors) => "There was no neighbor to ask".into(),
        Some(DoneWhy::TooMany) => "Too many searches ran at once, and this one was not sent".into(),
        Some(DoneWhy::Cut) => "The node changed its topology while the search ran".into(),
        Some(DoneWhy::Cancelled) => "It was cancelled before anybody answered".into(),
        _ if is_lookup(search) => "The directory knew nobody who had that".into(),
        _ => {
            let unit = if search.row.strategy == Spread::Walk { ("step", "steps") } else { ("hop", "hops") };
            format!("Nobody within {} had that", text::counted(search.row.ttl.into(), unit.0, unit.1))
        }
    }
}

/// Draws what all searches of a recording cost the overlay, in place of the traffic of a node.
pub(super) fn traffic(buffer: &mut Buffer, area: Rect, paint: &Paint<'_>) {
    let searches = &paint.model.snapshot.searches;
    let sum = |of: fn(&Search) -> u64| searches.iter().map(|search| of(search)).fold(0, u64::saturating_add);
    let all = text::counted(searches.len() as u64, "search", "searches");
    let copies = text::counted(sum(|search| search.messages), "copy", "copies");
    let reports = text::counted(sum(|search| search.reports), "report", "reports");
    let of = |bytes: u64| format!(" {} {}", paint.dot(), text::bytes(bytes));
    let (queries, tracing) = (of(sum(|search| search.bytes)), of(sum(|search| search.report_bytes)));
    let lines = [
        Line::styled(format!("{all}, at all nodes together"), paint.dim()),
        Line::styled(format!("queries  {copies}{queries}"), paint.warn()),
        Line::styled(format!("tracing  {reports}{tracing}"), paint.text()),
    ];
    for (y, line) in (0..area.height).zip(&lines) {
        put(buffer, area, 0, y, area.width, line);
    }
}
