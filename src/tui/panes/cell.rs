//! What cells of several lists have in common.

use ratatui::text::Line;

use crate::tui::paint::Paint;

/// A value that is not there.
pub(super) fn none(paint: &Paint<'_>) -> Line<'static> {
    Line::styled(paint.none(), paint.dim())
}
