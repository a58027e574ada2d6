//! What a very small terminal shows instead of everything else.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::cost::nodes;
use super::{digest, role, title};
use crate::app::Role;
use crate::tui::action::PaneName;
use crate::tui::paint::Paint;
use crate::tui::table::put;
use crate::tui::text;
use crate::tui::world;

/// Draws how the node is, the most important line first.
pub fn draw(buffer: &mut Buffer, area: Rect, paint: &Paint<'_>) {
    let now = &paint.model.snapshot;
    let mut lines = vec![Line::from(vec![
        Span::styled(format!("{} ", paint.self_symbol()), paint.me()),
        Span::styled(paint.untrusted(&now.node.name, area.width.saturating_sub(2)), paint.me()),
    ])];
    if let Some(world) = &now.world {
        let when = format!("{} {}", world::time(world), world::pace(world, paint.symbol("×", "x")));
        lines = vec![
            Line::styled(world::mark(world), paint.warn().patch(paint.strong())),
            Line::styled(world::place(world), paint.me()),
            Line::styled(when, paint.text()),
        ];
    }
    if let Some(words) = role::cut_off_words(paint) {
        lines.extend(paint.wrap(&words, area.width).into_iter().map(|line| Line::styled(line, role::alarm(paint))));
    }
    let (sign, word, style) = role::own_role(paint);
    let mut in_topology = format!("{word} in {}", now.role.topology.name());
    if let Some(directory) =
        now.role.directory.as_ref().filter(|_| now.role.role == Role::Client && !role::cut_off(paint.model))
    {
        in_topology.push_str(&format!(", {}", role::central::state(directory, paint).1));
    }
    lines.push(Line::from(vec![Span::styled(format!("{sign} "), style), Span::styled(in_topology, paint.text())]));
    let running = |text: String| Line::styled(text, paint.text());
    if let Some(warning) = now.warnings.first() {
        let words = paint.foreign(&warning.message, area.width.saturating_sub(2));
        lines.push(Line::styled(format!("{} {words}", paint.warning_symbol()), paint.warn()));
    }
    let recorded = paint.model.recorded().is_some();
    let filled: &[PaneName] =
        if recorded { &[PaneName::Queries] } else { &[PaneName::Neighbors, PaneName::Queries, PaneName::Transfers] };
    for &pane in filled {
        lines.push(Line::from(vec![
            Span::styled(format!("{:<10} ", title(pane)), paint.dim()),
            Span::styled(digest(pane, paint).long, paint.text()),
        ]));
    }
    if let Some(search) = paint.model.search() {
        lines.push(running(format!(
            "{} {} {}, {}",
            paint.words(&search.row.text, area.width.saturating_sub(24).max(8)),
            paint.dot(),
            nodes(search.row.hits.into(), "hit"),
            nodes(search.row.nodes.into(), "node"),
        )));
    }
    if recorded {
        lines.push(Line::styled("recorded: no network", paint.warn()));
    } else {
        lines.push(running(format!("{} shared", nodes(now.library.files, "file"))));
    }
    if now.world.is_none() && !recorded {
        lines.push(Line::styled(format!("up {}", text::age(paint.now_ms)), paint.dim()));
    }
    lines.push(Line::styled("60x16 shows more", paint.dim()));
    for (y, line) in (0..area.height).zip(&lines) {
        put(buffer, area, 0, y, area.width, line);
    }
}
