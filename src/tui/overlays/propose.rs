//! The question before a topology is proposed: it is not only about this node.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::popup;
use crate::app::TopologyKind;
use crate::tui::action::{Action, TOPOLOGIES};
use crate::tui::keymap::scope;
use crate::tui::paint::Paint;
use crate::tui::table::put;
use crate::tui::update::in_words;

/// Columns of the box at most.
const WIDTH: u16 = 72;
/// What comes of it.
const COST: &str = "This node changes at once. The proposal goes through the whole overlay: nodes that follow proposals \
                    (--follow) change too, the others only pass it on. Proposals are rate-limited, so that nobody can make an overlay flap.";

/// Draws the question, the topologies, and what comes of it.
pub(super) fn draw(buffer: &mut Buffer, chosen: TopologyKind, paint: &Paint<'_>) {
    let width = WIDTH.min(buffer.area.width);
    let cost = paint.wrap(COST, width.saturating_sub(4));
    let height = TOPOLOGIES.len() as u16 + cost.len() as u16 + 5;
    let title = format!("Propose {} to the overlay?", chosen.name());
    let inner = popup(buffer, width, height, &title, "", paint);
    let mut lines: Vec<Line<'static>> = TOPOLOGIES.iter().map(|topology| row(*topology, paint)).collect();
    lines.push(Line::default());
    lines.extend(cost.into_iter().map(|line| Line::styled(line, paint.text())));
    for (y, line) in (0..inner.height.saturating_sub(1)).zip(&lines) {
        put(buffer, inner, 0, y, inner.width, line);
    }
    let at = TOPOLOGIES.iter().position(|topology| *topology == chosen).unwrap_or(0) as u16;
    buffer.set_style(Rect { y: inner.y + at, height: 1, ..inner }.intersection(inner), paint.selected(true));
    let scopes = [scope::CONFIRM, scope::OVERLAY];
    let key = |action: &Action, otherwise: &str| {
        paint.model.keymap.key_for(&scopes, action).unwrap_or_else(|| otherwise.to_owned())
    };
    let keys = [
        (key(&Action::Act, "enter"), "proposes it"),
        (key(&Action::Back, "esc"), "no"),
        ("arrows".to_owned(), "choose another"),
    ];
    put(buffer, inner, 0, inner.height.saturating_sub(1), inner.width, &paint.hints(&keys, inner.width));
}

/// A topology: its name, what it means, and whether this node is in it.
fn row(topology: TopologyKind, paint: &Paint<'_>) -> Line<'static> {
    let here = paint.model.latest.role.topology == topology;
    let name = Span::styled(format!(" {:<10}", topology.name()), paint.strong());
    let mut line = Line::from(vec![name, Span::styled(in_words(topology), paint.text())]);
    if here {
        line.push_span(Span::styled(format!(" {} now", paint.dot()), paint.dim()));
    }
    line
}
