//! The screen whose picture is still to come: what will be there, and where the same numbers are today.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::action::{Action, PaneName};
use crate::tui::paint::Paint;

/// Draws the place of the map.
pub fn draw(buffer: &mut Buffer, area: Rect, paint: &Paint<'_>) {
    let inner = super::frame(buffer, area, "Map", "", false, paint);
    let key = paint.key(&Action::Pane(PaneName::Rings));
    let words = format!(
        "Here the known part of the overlay will be drawn as a graph, with the search's path on it. \
         Today the flood on screen 3 shows the nodes that a search reached: press {key}"
    );
    super::say(buffer, inner, &words, paint);
}
