//! Traffic: what the overlay costs beside what it brings, the flood's price in view.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::TopologyKind;
use crate::tui::paint::Paint;
use crate::tui::table::put;
use crate::tui::text;

/// What stands in the border.
pub fn title(paint: &Paint<'_>) -> String {
    let traffic = &paint.model.snapshot.traffic;
    let role = &paint.model.snapshot.role;
    if paint.model.recorded().is_some() {
        return "recorded".into();
    }
    if role.topology == TopologyKind::Central {
        // Nothing is relayed there; a directory is asked.
        let per_s = role.serving.as_ref().map(|serving| text::per_second(serving.lookups_per_s));
        return per_s.map_or_else(String::new, |per_s| format!("{per_s} look-ups/s"));
    }
    format!(
        "{} q/s {} dup {:.0}%",
        text::per_second(traffic.queries_per_s),
        paint.dot(),
        traffic.duplicate_share * 100.0
    )
}

/// What searches are called: in central a directory is asked.
#[must_use]
pub fn query_word(paint: &Paint<'_>) -> &'static str {
    match paint.model.snapshot.role.topology {
        TopologyKind::Central => "look-ups",
        TopologyKind::Flood | TopologyKind::Ultrapeer => "queries",
    }
}

/// Draws the pane's inside: two curves over the last minute, each on its own scale, and the totals.
pub fn draw(buffer: &mut Buffer, area: Rect, paint: &Paint<'_>) {
    if paint.model.recorded().is_some() {
        return super::recorded::traffic(buffer, area, paint);
    }
    let traffic = &paint.model.snapshot.traffic;
    let query = Curve {
        name: query_word(paint),
        history: &traffic.query.history,
        total: (traffic.query.bytes_in, traffic.query.bytes_out),
        style: paint.warn(),
    };
    let content = Curve {
        name: "content",
        history: &traffic.content_history,
        total: (traffic.content_in, traffic.content_out),
        style: paint.hit(),
    };
    // Below them what it comes to, if there is room beside two curves of two lines each, and what tracing costs.
    let sum = u16::from(area.height >= 5) + u16::from(area.height >= 6);
    let half = (area.height - sum.min(area.height)) / 2;
    let [top, bottom] = [0, half].map(|y| Rect { y: area.y + y, height: half, ..area });
    query.draw(buffer, top, paint);
    if paint.model.world().is_some() {
        put(buffer, bottom, 0, 0, area.width, &Line::styled("no content in a simulation", paint.dim()));
    } else {
        content.draw(buffer, bottom, paint);
    }
    if sum > 1 {
        put(buffer, area, 0, area.height - 2, area.width, &rest(paint, area.width));
    }
    if sum > 0 {
        let overlay = traffic.overlay_in + traffic.overlay_out;
        let share = text::percent(overlay, overlay.saturating_add(traffic.content_in + traffic.content_out));
        let words = match paint.model.world() {
            // A link's core counts queries; messages and bytes nobody did before somebody looked.
            Some(world) => format!("counted since {}", text::duration(world.counted_since_ms)),
            None => format!("{share} of all bytes is overlay"),
        };
        let mut line = Line::styled(words, paint.dim());
        if traffic.dropped > 0 {
            let dropped =
                format!(" {} {} {} dropped", paint.dot(), paint.dropped_symbol(), text::count(traffic.dropped));
            line.push_span(Span::styled(dropped, paint.dropped()));
        }
        put(buffer, area, 0, area.height - 1, area.width, &line);
    }
}

/// What the overlay costs beside searches: reports on traced queries, and what keeps it going.
fn rest(paint: &Paint<'_>, room: u16) -> Line<'static> {
    let traffic = &paint.model.snapshot.traffic;
    let overlay = traffic.overlay_in.saturating_add(traffic.overlay_out);
    let upkeep = overlay.saturating_sub(traffic.query.bytes()).saturating_sub(traffic.tracing.bytes());
    let tracing = format!("tracing {}", text::bytes(traffic.tracing.bytes()));
    let now = format!(" {}", text::rate(traffic.tracing.per_s()));
    let upkeep = format!(" {} upkeep {}", paint.dot(), text::bytes(upkeep));
    let fits = text::width(&tracing) + text::width(&now) + text::width(&upkeep) <= usize::from(room);
    Line::styled(if fits { tracing + &now + &upkeep } else { tracing + &upkeep }, paint.dim())
}

struct Curve<'a> {
    name: &'static str,
    history: &'a [u64],
    total: (u64, u64),
    style: Style,
}

impl Curve<'_> {
    fn draw(&self, buffer: &mut Buffer, area: Rect, paint: &Paint<'_>) {
        if area.height == 0 {
            return;
        }
        let now = self.history.last().copied().unwrap_or(0);
        let mut head = Line::styled(format!("{} ", self.name), self.style);
        head.push_span(Span::styled(text::rate(now as f64), paint.text()));
        let totals = format!(
            "{}{} {}{}",
            paint.down_symbol(),
            text::bytes(self.total.0),
            paint.up_symbol(),
            text::bytes(self.total.1)
        );
        let room = area.width.saturating_sub(head.width() as u16 + 1);
        put(buffer, area, 0, 0, area.width, &head);
        let indent = area.width.saturating_sub(text::width(&totals) as u16);
        if text::width(&totals) <= usize::from(room) {
            put(buffer, area, indent, 0, area.width, &Line::styled(totals, paint.dim()));
        }
        self.draw_curve(buffer, Rect { y: area.y + 1, height: area.height - 1, ..area }, paint);
    }

    /// A curve of several lines: each line is a slice of the whole height.
    fn draw_curve(&self, buffer: &mut Buffer, area: Rect, paint: &Paint<'_>) {
        let shown = &self.history[self.history.len().saturating_sub(area.width.into())..];
        let top = u128::from(shown.iter().copied().max().unwrap_or(0).max(1));
        let steps = (paint.model.glyphs.spark.len() - 1) as u128;
        let whole = steps * u128::from(area.height);
        let indent = area.width - shown.len() as u16;
        for (x, value) in (indent..).zip(shown) {
            let level = (u128::from(*value) * whole).div_ceil(top);
            for y in 0..area.height {
                let below = steps * u128::from(area.height - 1 - y);
                let part = level.saturating_sub(below).min(steps) as usize;
                if part > 0
                    && let Some(cell) = buffer.cell_mut((area.x + x, area.y + y))
                {
                    cell.set_symbol(paint.model.glyphs.spark[part]).set_style(self.style);
                }
            }
        }
    }
}
