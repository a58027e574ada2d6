//! A flood as a picture, without a terminal: the same drawing as on the screen, in a buffer of its own.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::action::PaneName;
use super::glyphs::Glyphs;
use super::keymap::Keymap;
use super::model::Model;
use super::paint::Paint;
use super::panes;
use super::svg::{Look, svg};
use super::theme::Theme;
use crate::app::Snapshot;

/// Columns and rows: enough for a few hundred nodes to stand apart.
const SIZE: (u16, u16) = (120, 58);

/// The rings of a snapshot's last search as SVG; empty if the built-in files are broken, which a test would tell.
#[must_use]
pub fn flood_picture(snapshot: Snapshot, title: &str, light: bool) -> String {
    let theme = if light { "light" } else { "dark" };
    let Some((keymap, theme)) = Keymap::builtin("default").zip(Theme::builtin(theme)) else { return String::new() };
    let mut model = Model::new(Arc::new(snapshot), SIZE.into(), keymap, theme, Glyphs::UNICODE);
    model.screen = PaneName::Rings.screen();
    model.settle();
    let area = Rect::new(0, 0, SIZE.0, SIZE.1);
    let mut buffer = Buffer::empty(area);
    let paint = Paint::new(&model);
    buffer.set_style(area, paint.text());
    panes::draw(&mut buffer, area, PaneName::Rings, &paint);
    svg(&buffer, &if light { Look::light(title) } else { Look::dark(title) })
}
