//! The player's line: what it does, where it stands, how fast.

use ratatui::buffer::Buffer;
use ratatui::text::{Line, Span as Words};

use super::geometry::Parts;
use crate::app::Search;
use crate::tui::flood::player::Play;
use crate::tui::flood::tree::Tree;
use crate::tui::paint::Paint;
use crate::tui::table::put;
use crate::tui::text;

/// Draws the line below the rings.
pub(super) fn draw(buffer: &mut Buffer, parts: Parts, tree: &Tree, search: &Search, paint: &Paint<'_>) {
    let model = paint.model;
    let end_us = model.flood_end_us();
    let at_us = model.flood_at_us();
    let glyphs = &model.glyphs;
    let (sign, word, style) = match (model.flood.player.play, search.ended) {
        _ if model.hop.is_some() => (glyphs.paused, "by hop", paint.warn()),
        (Play::Running { .. }, _) => (glyphs.live, "replay", paint.warn()),
        (Play::Paused(_), _) => (glyphs.paused, "paused", paint.warn()),
        (Play::Live, None) => (glyphs.live, "live", paint.hit()),
        (Play::Live, Some(_)) => (glyphs.good, "whole", paint.dim()),
    };
    // Reports tell whole milliseconds: those that have passed.
    let now = text::latency((at_us.unwrap_or(end_us) / 1_000) as f64);
    let left = Line::from(vec![
        Words::styled(format!(" {sign} {word:<6} "), style),
        Words::styled(format!("{now:>6}"), paint.text()),
    ]);
    put(buffer, parts.bar, 0, 0, parts.track.x.saturating_sub(parts.bar.x), &left);
    track(buffer, parts, search, at_us, end_us, paint);
    let (by, of) = model.flood.player.speed(end_us);
    let speed =
        if of == 1 { format!("{}{by}", paint.symbol("×", "x")) } else { format!("{}1/{of}", paint.symbol("×", "x")) };
    let end = text::latency(tree.end_ms() as f64);
    let right = Line::from(vec![
        Words::styled(format!(" {end:<6} "), paint.dim()),
        Words::styled(format!("{speed:<6}"), if at_us.is_some() { paint.text() } else { paint.dim() }),
    ]);
    let x = parts.track.right().saturating_sub(parts.bar.x);
    put(buffer, parts.bar, x, 0, parts.bar.width.saturating_sub(x), &right);
}

fn track(buffer: &mut Buffer, parts: Parts, search: &Search, at_us: Option<u64>, end_us: u64, paint: &Paint<'_>) {
    let area = parts.track;
    if area.width == 0 {
        return;
    }
    let last = area.width - 1;
    let column = |us: u64| {
        let part = us as f64 / end_us.max(1) as f64;
        (part.clamp(0.0, 1.0) * f64::from(last)).round() as u16
    };
    let head = column(at_us.unwrap_or(end_us));
    let line = Line::from(vec![
        Words::styled(paint.symbol("━", "=").repeat(head.into()), paint.bar_style()),
        Words::styled(paint.symbol("●", "O"), paint.me()),
        Words::styled(paint.symbol("─", "-").repeat((last - head).into()), paint.border(false)),
    ]);
    put(buffer, area, 0, 0, area.width, &line);
    // Where each round of a ring began.
    for round in &search.rounds {
        let x = column(round.at_ms.saturating_mul(1_000));
        if x != head {
            put(buffer, area, x, 0, 1, &Line::styled(paint.symbol("╂", "+"), paint.warn()));
        }
    }
}
