//! Role: what this node is in its topology, and why.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::Digest;
use super::cost::nodes;
use crate::tui::paint::Paint;
use crate::tui::table::put;
use crate::tui::text;

/// Columns of the names at the left.
const NAMES: u16 = 11;

/// What stands in the border.
pub fn digest(paint: &Paint<'_>) -> Digest {
    let role = &paint.model.snapshot.role;
    let long = format!("{} {} in {}", paint.role_symbol(role.role), role.role.name(), role.topology.name());
    Digest { short: String::new(), long }
}

/// Draws the pane's inside.
pub fn draw(buffer: &mut Buffer, area: Rect, paint: &Paint<'_>) {
    let now = &paint.model.snapshot;
    let role = &now.role;
    let room = area.width.saturating_sub(NAMES);
    let bar_width = room.saturating_sub(14).min(20);
    let filled = role.neighbors as f64 / role.max_neighbors.max(1) as f64;
    let mut neighbors = paint.bar(filled, bar_width, paint.bar_style());
    let enough = role.neighbors >= role.min_neighbors;
    neighbors.push_span(Span::styled(
        format!(" {}/{}", role.neighbors, role.max_neighbors),
        if enough { paint.text() } else { paint.warn() },
    ));
    let strive = if role.min_neighbors == 0 {
        "only the peers that were named".into()
    } else if enough {
        format!("enough: at least {} wanted", role.min_neighbors)
    } else {
        format!("looking for {} more", role.min_neighbors - role.neighbors)
    };
    let topology = Line::from(vec![
        Span::styled(role.topology.name(), paint.title()),
        Span::styled(format!("  for {}", text::age(paint.now_ms.saturating_sub(role.since_ms))), paint.dim()),
    ]);
    let mut lines = vec![("topology", topology)];
    let why = paint.wrap(&role.why, room);
    lines.push((
        "role",
        Line::from(vec![
            Span::styled(format!("{} ", paint.role_symbol(role.role)), paint.role(role.role)),
            Span::styled(role.role.name(), paint.role(role.role)),
        ]),
    ));
    for (i, line) in why.into_iter().enumerate().take(2) {
        lines.push((if i == 0 { "why" } else { "" }, Line::styled(line, paint.text())));
    }
    lines.push(("neighbors", neighbors));
    lines.push(("", Line::styled(strive, paint.dim())));
    lines.push(("known", Line::styled(nodes(role.known_hosts as u64, "other node"), paint.text())));
    lines.push(("reached at", Line::styled(now.node.addr.to_string(), paint.text())));
    lines.push(("id", Line::styled(now.node.node.to_string(), paint.dim())));
    lines.push(("TTL", ttl_line(paint)));
    if now.node.hop_delay_ms > 0 {
        let slow = format!("each query is held {} ms", now.node.hop_delay_ms);
        lines.push(("slow motion", Line::styled(slow, paint.warn())));
    }
    for (y, (name, line)) in (0..area.height).zip(&lines) {
        put(buffer, area, 0, y, NAMES, &Line::styled(*name, paint.dim()));
        put(buffer, area, NAMES, y, room, line);
    }
}

/// The TTL of the next search.
pub fn ttl_line(paint: &Paint<'_>) -> Line<'static> {
    let ttl = paint.model.ttl;
    let [left, spent] = paint.ttl(ttl, crate::app::MAX_TTL);
    Line::from(vec![
        left,
        spent,
        Span::styled(format!(" {ttl}"), paint.text()),
        Span::styled(" of the next search", paint.dim()),
    ])
}
