//! The score of a node that may become an ultra-peer: a bar against what it takes, and the parts that add up to it.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::rows::Rows;
use crate::app::{CapacitySource, Fitness};
use crate::tui::paint::Paint;
use crate::tui::text;
use crate::tui::theme::Meaning;

/// A score is in thousandths.
const WHOLE: u16 = 1_000;
/// Columns of the bar at most.
const BAR: u16 = 30;
/// Lines from which the parts have room.
const LEAST: u16 = 7;
/// Columns from which two parts stand on a line with the most that each can give.
const PAIR: u16 = 38;

/// A part of the score.
struct Part {
    name: &'static str,
    points: u16,
    most: u16,
    /// What it is for, the longest wording first.
    about: Vec<String>,
    style: Style,
}

/// The four parts. What the first three do not explain is for being reachable, so that the sum is always the total.
fn parts(score: &Fitness, paint: &Paint<'_>) -> [Part; 4] {
    // Saturating, because a face trusts no number.
    let sum = |parts: [u16; 3]| parts.into_iter().fold(0u16, u16::saturating_add);
    let inbound = score.total.saturating_sub(sum([score.capacity, score.uptime, score.availability]));
    let most = WHOLE.saturating_sub(sum([score.max_capacity, score.max_uptime, score.max_availability])).max(inbound);
    let (rate, from) = (bandwidth(score.capacity_kbps), score.capacity_from);
    let (reach, style) = match (score.reachable, inbound) {
        (Some(true), _) => (["others can reach this node", "reachable"], paint.text()),
        (Some(false), _) => (["others cannot reach it: not elected", "unreachable"], paint.warn()),
        (None, 0) => (["nobody has tried to reach it yet", "not known yet"], paint.text()),
        (None, _) => (["not tried yet, and taken for reachable", "not tried yet"], paint.text()),
    };
    let of = |words: &[&str]| words.iter().map(|words| (*words).to_owned()).collect::<Vec<_>>();
    let up = text::age(paint.now_ms);
    let part = |name, points, most, about, style| Part { name, points, most, about, style };
    let upload = vec![format!("{rate} up, {}", source_words(from)), format!("{rate} {}", source_word(from)), rate];
    let online = vec![format!("online for {up} now"), format!("for {up}")];
    let past = ["how much of the past days it was online", "online in past days", "past days"];
    [
        part("capacity", score.capacity, score.max_capacity, upload, paint.text()),
        part("uptime", score.uptime, score.max_uptime, online, paint.text()),
        part("history", score.availability, score.max_availability, of(&past), paint.text()),
        part("inbound", inbound, most, of(&reach), style),
    ]
}

/// Where a bandwidth is from, in a word.
const fn source_word(source: CapacitySource) -> &'static str {
    match source {
        CapacitySource::Configured => "set",
        CapacitySource::Measured => "measured",
        CapacitySource::Assumed => "assumed",
    }
}

/// Where a bandwidth is from.
const fn source_words(source: CapacitySource) -> &'static str {
    match source {
        CapacitySource::Configured => "as configured",
        CapacitySource::Measured => "measured from uploads",
        CapacitySource::Assumed => "assumed until measured",
    }
}

/// A bandwidth: `512 kbit/s`, `1.2 Mbit/s`.
fn bandwidth(kbps: u32) -> String {
    match kbps {
        0..1_000 => format!("{kbps} kbit/s"),
        1_000..9_950 => format!("{:.1} Mbit/s", f64::from(kbps) / 1e3),
        9_950..999_500 => format!("{:.0} Mbit/s", f64::from(kbps) / 1e3),
        _ => format!("{:.1} Gbit/s", f64::from(kbps) / 1e6),
    }
}

/// The bar, and the parts: a line each, or two on a line where there is little room.
pub(super) fn rows(rows: &mut Rows<'_>, score: &Fitness, compact: bool) {
    let paint = rows.paint;
    let enough = score.total >= score.threshold;
    let compared = if enough { paint.symbol("≥", ">=") } else { "<" };
    let number = format!(" {} {compared} {}", score.total, score.threshold);
    let parts = parts(score, paint);
    let mut line = bar(&parts, score.threshold, rows.room.saturating_sub(text::width(&number) as u16).min(BAR), paint);
    line.push_span(Span::styled(number, if enough { paint.hit() } else { paint.text() }));
    rows.line(0, "score", line);
    let signs = paint.model.glyphs.parts;
    if compact && rows.height < LEAST {
        // Some of the parts would add up to nothing.
        return;
    }
    if compact {
        let pairs = [[0, 1], [2, 3]].map(|pair| pair.map(|at| short(&parts[at], signs[at], rows.width, paint)));
        pairs.into_iter().for_each(|[left, right]| {
            let spans = left.into_iter().chain(right).collect::<Vec<_>>();
            rows.wide(1, Line::from(spans));
        });
        return;
    }
    for (part, sign) in parts.into_iter().zip(signs) {
        let points = format!("{:>3} of {:<3} ", part.points, part.most);
        let about = rows.choose(&part.about, rows.room.saturating_sub(text::width(&points) as u16 + 2));
        let value = vec![
            Span::styled(format!("{sign} "), paint.role(crate::app::Role::Ultrapeer)),
            Span::styled(points, paint.text()),
            Span::styled(about, if part.style == paint.text() { paint.dim() } else { part.style }),
        ];
        rows.line(1, part.name, Line::from(value));
    }
}

/// A part in half a line.
fn short(part: &Part, sign: &'static str, width: u16, paint: &Paint<'_>) -> [Span<'static>; 2] {
    let points =
        if width >= PAIR { format!("{:>3}/{}", part.points, part.most) } else { format!("{:>3}", part.points) };
    let words = format!(" {:<8} {points}", part.name);
    let half = usize::from(width / 2).saturating_sub(1);
    [Span::styled(sign, paint.role(crate::app::Role::Ultrapeer)), Span::styled(text::left(&words, half), part.style)]
}

/// The parts beside each other, each with a sign of its own, and a mark where it is enough.
fn bar(parts: &[Part; 4], threshold: u16, width: u16, paint: &Paint<'_>) -> Line<'static> {
    let column = |points: u16| u32::from(points) * u32::from(width) / u32::from(WHOLE);
    let slot = paint.model.theme.style(Meaning::BarEmpty);
    let ground = slot.fg.map_or(Style::new(), |color| Style::new().bg(color));
    let mark = column(threshold).min(u32::from(width).saturating_sub(1));
    let mut sum = 0u16;
    let ends = parts.each_ref().map(|part| {
        sum = sum.saturating_add(part.points);
        column(sum)
    });
    let cells = (0..u32::from(width)).map(|x| {
        if x == mark {
            return Span::styled(paint.separator(), ground.patch(paint.strong()));
        }
        match ends.iter().position(|end| x < *end) {
            Some(at) => {
                Span::styled(paint.model.glyphs.parts[at], ground.patch(paint.role(crate::app::Role::Ultrapeer)))
            }
            None => Span::styled(if slot.fg.is_some() { " " } else { paint.model.glyphs.bar_empty }, ground),
        }
    });
    Line::from(cells.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bandwidth_is_short_and_right() {
        let shown = [0, 999, 1_000, 9_949, 9_950, 20_000, 999_499, 1_000_000].map(bandwidth);
        let wanted = [
            "0 kbit/s",
            "999 kbit/s",
            "1.0 Mbit/s",
            "9.9 Mbit/s",
            "10 Mbit/s",
            "20 Mbit/s",
            "999 Mbit/s",
            "1.0 Gbit/s",
        ];
        assert_eq!(shown, wanted);
    }
}
