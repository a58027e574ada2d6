//! Screens whose pictures are still to come: what will be there, and where the same numbers are today.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::action::{Action, PaneName};
use crate::tui::paint::Paint;

/// Draws the place of screen 3 or 4.
pub fn draw(buffer: &mut Buffer, area: Rect, screen: u8, paint: &Paint<'_>) {
    let (title, what) = match screen {
        3 => ("Flood", "Here the chosen search will spread as rings, one for each hop, to pause, step and replay."),
        _ => ("Map", "Here the known part of the overlay will be drawn as a graph, with the search's path on it."),
    };
    let inner = super::frame(buffer, area, title, "", false, paint);
    let table = super::title(PaneName::Flood);
    let key = paint.key(&Action::Pane(PaneName::Flood));
    let words = format!("{what} Today the table \"{table}\" on screen 1 shows the same numbers: press {key}");
    super::say(buffer, inner, &words, paint);
}
