//! A run's report as a picture: charts, each with a line for every topology. Those of distances show floods; a chart that has
//! nothing to show, because nobody flooded, is left out.

use std::fmt::Write as _;

use super::run::{Report, Run};
use crate::app::Strategy;
use crate::sim::live::ByHop;

/// Pixels of one chart, its frame and words included.
const CHART: (f64, f64) = (420.0, 280.0);
/// What is left free around the lines: left, top, right, bottom.
const MARGIN: (f64, f64, f64, f64) = (64.0, 40.0, 16.0, 40.0);
/// Charts beside each other.
const COLUMNS: usize = 2;
/// Where the charts begin, below the title.
const TOP: f64 = 56.0;
/// Colors that are told apart without color vision too (Okabe and Ito).
const COLORS: [&str; 4] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"];
/// What rows of floods are called.
const FLOOD: &str = Strategy::Flood.name();
/// Lines across a chart.
const TICKS: usize = 4;

/// One chart.
struct Chart {
    title: &'static str,
    across: &'static str,
    up: &'static str,
    /// A name and its points, from left to right.
    lines: Vec<(&'static str, Vec<(f64, f64)>)>,
    /// The top of the scale, if it is fixed.
    most: Option<f64>,
}

/// Draws a report.
pub(super) fn draw(report: &Report) -> String {
    let charts = charts(&report.runs);
    let rows = charts.len().div_ceil(COLUMNS);
    let (width, height) = (CHART.0 * COLUMNS as f64, TOP + CHART.1 * rows as f64);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    let title = format!("simulated: {}, seed {}", report.scenario, report.seed);
    text(&mut svg, (16.0, 24.0), "start", 16, &title);
    text(&mut svg, (16.0, 42.0), "start", 12, &report.about);
    for (number, chart) in charts.iter().enumerate() {
        let corner = ((number % COLUMNS) as f64 * CHART.0, TOP + (number / COLUMNS) as f64 * CHART.1);
        draw_chart(&mut svg, corner, chart);
    }
    svg.push_str("</svg>\n");
    svg
}

fn charts(runs: &[Run]) -> Vec<Chart> {
    let lines = |points: fn(&Run) -> Vec<(f64, f64)>| {
        runs.iter().map(|run| (run.outcome.topology.name(), points(run))).collect::<Vec<_>>()
    };
    let chart = |title, across, up, most, points| Chart { title, across, up, lines: lines(points), most };
    let charts = [
        chart("Reach of floods by hop", "hop", "nodes", None, |run| by_hop(run, |row| row.reached)),
        chart("Messages of floods by hop", "hop", "copies", None, |run| by_hop(run, |row| row.messages)),
        chart("Success of floods by TTL", "TTL", "% of searches", Some(100.0), |run| {
            let floods = run.outcome.by_ttl.iter().filter(|row| row.strategy == FLOOD);
            floods.map(|row| (f64::from(row.ttl), row.success() * 100.0)).collect()
        }),
        chart("Horizon of floods", "hop", "% of nodes online", Some(100.0), |run| {
            by_hop(run, |row| row.horizon * 100.0)
        }),
        chart("Load across nodes", "% of nodes, the idlest first", "messages", None, |run| {
            run.outcome.load.curve.iter().enumerate().map(|(at, &load)| (at as f64, load as f64)).collect()
        }),
    ];
    charts.into_iter().filter(|chart| chart.lines.iter().any(|(_, points)| !points.is_empty())).collect()
}

/// A number of a run's floods at each hop.
fn by_hop(run: &Run, number: fn(&ByHop) -> f64) -> Vec<(f64, f64)> {
    let floods = run.outcome.by_hop.iter().filter(|row| row.strategy == FLOOD);
    floods.map(|row| (row.hop as f64, number(row))).collect()
}

fn draw_chart(svg: &mut String, (x, y): (f64, f64), chart: &Chart) {
    let points = || chart.lines.iter().flat_map(|(_, points)| points);
    let highest = points().map(|&(_, value)| value).fold(0.0, f64::max);
    let top = chart.most.unwrap_or_else(|| round_up(highest));
    let (first, last) = points().fold((f64::MAX, f64::MIN), |(low, high), &(at, _)| (low.min(at), high.max(at)));
    let (left, right) = (x + MARGIN.0, x + CHART.0 - MARGIN.2);
    let (ceiling, floor) = (y + MARGIN.1, y + CHART.1 - MARGIN.3);
    let place = |(at, value): (f64, f64)| {
        let across = if last > first { (at - first) / (last - first) } else { 0.5 };
        (left + across * (right - left), floor - value / top * (floor - ceiling))
    };
    text(svg, (left, y + 20.0), "start", 13, chart.title);
    text(svg, (left, y + 34.0), "start", 10, chart.up);
    text(svg, (right, floor + 30.0), "end", 10, chart.across);
    for tick in 0..=TICKS {
        let value = top * tick as f64 / TICKS as f64;
        let at = place((first, value)).1;
        let _ = writeln!(svg, "<path d=\"M{left:.1} {at:.1}H{right:.1}\" stroke=\"#dddddd\"/>");
        text(svg, (left - 6.0, at + 4.0), "end", 10, &short(value));
    }
    if first <= last {
        text(svg, (left, floor + 16.0), "start", 10, &short(first));
        text(svg, (right, floor + 16.0), "end", 10, &short(last));
    }
    for (number, (name, points)) in chart.lines.iter().enumerate() {
        let color = COLORS[number % COLORS.len()];
        let path: Vec<String> =
            points.iter().map(|&point| place(point)).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let path = path.join(" ");
        let _ = writeln!(svg, "<polyline points=\"{path}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"/>");
        if points.len() < 20 {
            for (x, y) in points.iter().map(|&point| place(point)) {
                let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{color}\"/>");
            }
        }
        let at = y + 20.0;
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{at:.1}\" text-anchor=\"end\" fill=\"{color}\">{name}</text>",
            right - 90.0 * (chart.lines.len() - 1 - number) as f64,
        );
    }
}

/// The next number of one digit, or that with a half: where a scale ends well.
fn round_up(value: f64) -> f64 {
    let power = 10f64.powf(value.max(1e-9).log10().floor());
    [1.0, 2.0, 4.0, 6.0, 8.0, 10.0].into_iter().map(|step| step * power).find(|&step| step >= value).unwrap_or(1.0)
}

/// A number in few letters.
fn short(value: f64) -> String {
    match value {
        _ if value >= 1e6 => format!("{}M", trimmed(value / 1e6)),
        _ if value >= 1e4 => format!("{}k", trimmed(value / 1e3)),
        _ => trimmed(value),
    }
}

fn trimmed(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, size: u32, words: &str) {
    let mut safe = String::with_capacity(words.len());
    for c in words.chars().filter(|c| !c.is_control()).take(200) {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            _ => safe.push(c),
        }
    }
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" font-size=\"{size}\" fill=\"#222222\">{safe}</text>"
    );
}

#[cfg(test)]
mod tests {
    use super::{round_up, short, text};

    #[test]
    fn scales_end_on_round_numbers() {
        assert_eq!([0.3, 1.0, 7.2, 180.0, 4_001.0].map(round_up), [0.4, 1.0, 8.0, 200.0, 6_000.0]);
        assert_eq!([0.25, 3.0, 9_999.0, 12_500.0, 2e6].map(short), ["0.25", "3", "9999", "12.5k", "2M"]);
    }

    #[test]
    fn words_of_a_scenario_cannot_leave_their_place() {
        let mut svg = String::new();
        text(&mut svg, (1.0, 2.0), "start", 9, "</text><script>&\u{1b}");
        assert!(svg.contains("&lt;/text>&lt;script>&amp;</text>"), "{svg}");
    }
}
