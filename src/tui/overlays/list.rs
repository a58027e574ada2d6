//! Boxes with a list to choose from: the palette of actions, and the columns of a list.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{popup, typed};
use crate::tui::action::{Action, PaneName};
use crate::tui::edit::LineEdit;
use crate::tui::model::Model;
use crate::tui::paint::Paint;
use crate::tui::panes;
use crate::tui::table::put;
use crate::tui::text;

/// Actions that the palette shows at once.
const SHOWN: u16 = 12;

/// The actions that the palette offers: all that make sense here but the keys of moving about, which are nothing without a
/// list.
#[must_use]
fn palette_actions(model: &Model) -> Vec<Action> {
    let offered = |action: &Action| action.info().group != "Move" && *action != Action::Palette && model.offers(action);
    Action::all().iter().copied().filter(offered).collect()
}

/// The actions that fit what is typed, the best first.
#[must_use]
pub fn palette(typed: &str, model: &Model) -> Vec<Action> {
    let wanted = letters(typed);
    let fits = palette_actions(model).into_iter().filter_map(|action| Some((score(&action, &wanted)?, action)));
    let mut fits: Vec<((u8, usize), Action)> = fits.collect();
    fits.sort_by_key(|(score, _)| *score);
    fits.into_iter().map(|(_, action)| action).collect()
}

/// What counts of a text when actions are looked for.
fn letters(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).collect()
}

/// How well an action fits, the least best: what is typed stands in its name or label, its letters are spread over them,
/// or it stands in its sentence.
fn score(action: &Action, wanted: &str) -> Option<(u8, usize)> {
    let called = [letters(&action.to_string()), letters(action.label())];
    let whole = called.iter().filter_map(|text| Some((0, text.find(wanted)?))).min();
    let parts = || called.iter().filter_map(|text| Some((1, spread(text, wanted)?))).min();
    let help = || Some((2, letters(action.info().help).find(wanted)?));
    whole.or_else(parts).or_else(help)
}

/// Letters skipped between the first and the last wanted one, if all appear in order; a later start costs as well.
fn spread(text: &str, wanted: &str) -> Option<usize> {
    let mut letters = text.chars().enumerate();
    let mut cost = 0;
    let mut last = None;
    for want in wanted.chars() {
        let (at, _) = letters.find(|(_, letter)| *letter == want)?;
        cost += last.map_or(at, |last| at - last - 1);
        last = Some(at);
    }
    Some(cost)
}

/// Draws the palette; returns where the cursor stands.
pub(super) fn palette_box(buffer: &mut Buffer, line: &LineEdit, chosen: usize, paint: &Paint<'_>) -> (u16, u16) {
    let fits = palette(line.text(), paint.model);
    let inner = popup(buffer, 84, SHOWN + 4, "Do", "enter does it, Esc closes", paint);
    let cursor = typed(buffer, Rect { height: 1.min(inner.height), ..inner }, line, paint);
    let list = Rect { y: inner.y + 2.min(inner.height), height: inner.height.saturating_sub(2), ..inner };
    if fits.is_empty() {
        put(buffer, list, 0, 0, list.width, &Line::styled("No action is called like that", paint.dim()));
    }
    let chosen = chosen.min(fits.len().saturating_sub(1));
    let first = (chosen + 1).saturating_sub(list.height.max(1).into());
    for (y, (i, action)) in (0..list.height).zip(fits.iter().enumerate().skip(first)) {
        let key = paint.model.keymap.key_for(&paint.scopes(), action).unwrap_or_default();
        let name = format!("{:<18} ", action.to_string());
        let help = paint.fit(&super::help::what(&[*action]), list.width.saturating_sub(text::width(&name) as u16 + 10));
        let row = Line::from(vec![Span::styled(name, paint.strong()), Span::styled(help, paint.dim())]);
        put(buffer, list, 0, y, list.width, &row);
        let x = list.width.saturating_sub(text::width(&key) as u16);
        put(buffer, list, x, y, list.width, &Line::styled(key, paint.key_style()));
        if i == chosen {
            buffer.set_style(Rect { y: list.y + y, height: 1, ..list }, paint.selected(true));
        }
    }
    cursor
}

/// Draws the choice of columns.
pub(super) fn columns_box(buffer: &mut Buffer, pane: PaneName, chosen: usize, paint: &Paint<'_>) {
    let columns = panes::named_columns(pane);
    let hidden = paint.model.list(pane).hidden;
    let inner = popup(buffer, 40, columns.len() as u16 + 4, "Columns", panes::title(pane), paint);
    for (y, (i, title)) in (0..inner.height).zip(columns.iter().copied()) {
        let sign = if hidden >> i & 1 == 0 { "x" } else { " " };
        let line =
            Line::from(vec![Span::styled(format!("[{sign}] "), paint.key_style()), Span::styled(title, paint.text())]);
        put(buffer, inner, 0, y, inner.width, &line);
        if usize::from(y) == chosen {
            buffer.set_style(Rect { y: inner.y + y, height: 1, ..inner }, paint.selected(true));
        }
    }
    let keys = [("enter".to_owned(), "shows or hides"), ("esc".to_owned(), "closes")];
    put(buffer, inner, 0, inner.height.saturating_sub(1), inner.width, &paint.hints(&keys, inner.width));
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::app::Snapshot;
    use crate::tui::fixture;
    use crate::tui::glyphs::Glyphs;
    use crate::tui::keymap::Keymap;
    use crate::tui::theme::Theme;

    fn model(snapshot: Snapshot) -> Model {
        let (keymap, theme) = (Keymap::builtin("default").unwrap(), Theme::builtin("dark").unwrap());
        Model::new(Arc::new(snapshot), (120, 38).into(), keymap, theme, Glyphs::UNICODE)
    }

    #[test]
    fn the_palette_finds_by_letters_in_order() {
        let (real, simulated) = (model(fixture::busy()), model(fixture::simulated(fixture::busy())));
        let palette = |typed: &str| palette(typed, &real);
        assert_eq!(palette("addp").first(), Some(&Action::AddPeer));
        assert_eq!(palette("quit").first(), Some(&Action::Quit));
        assert_eq!(palette("screen 5").first(), Some(&Action::Screen(5)));
        assert_eq!(palette("files").first(), Some(&Action::Screen(5)), "by what it is labelled");
        assert_eq!(palette("magnet").first(), Some(&Action::Copy), "also by its sentence");
        assert!(palette("zzzz").is_empty());
        assert_eq!(palette("").len(), palette_actions(&real).len());
        assert!(!palette("").contains(&Action::WorldPause));
        assert_eq!(super::palette("world-pause", &simulated).first(), Some(&Action::WorldPause));
    }
}
