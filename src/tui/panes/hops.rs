//! Per hop: the chosen search in numbers, up to the moment that the player shows; what it covered, and at what price.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::map::name_of;
use super::{Digest, cost, flood, lookup};
use crate::app::{HopRow, Search, Spread};
use crate::tui::action::{Action, PaneName};
use crate::tui::flood::Shown;
use crate::tui::map::horizon::Horizon;
use crate::tui::paint::Paint;
use crate::tui::table::{self, Column, View, Width, put};
use crate::tui::text;

/// Lines of the pane around its rows: borders, heads, and the sums.
pub const AROUND: u16 = 3 + SUMS;
/// Lines that are left to the sums whatever the rows need.
const SUMS: u16 = 5;
/// Nodes beyond the horizon that are named, and columns of a name.
const NAMED: usize = 3;
const NAME: u16 = 16;
/// Columns of the names of sums.
const NAMES: u16 = 13;

/// The columns.
pub const COLUMNS: &[Column<HopRow>] = &[
    Column::plain("hop", Width::Is(4), 0, |row, paint, _| {
        Line::styled(format!("{}{:>2}", paint.symbol("█", "h"), row.hop), flood::hop_style(row, paint))
    }),
    Column::figure("sent", 5, 0, |row, paint, _| flood::number(row.sent, paint.text(), paint)),
    Column::figure("new", 4, 0, |row, paint, _| flood::number(row.new, paint.text(), paint)),
    Column::figure("dup", 4, 0, |row, paint, _| flood::number(row.duplicates, paint.duplicate(), paint)),
    Column::figure("drop", 4, 2, |row, paint, _| flood::number(row.dropped, paint.dropped(), paint)),
    Column::figure("hits", 5, 0, flood::hits),
    Column::figure("median", 6, 1, flood::median),
];

/// What stands in the border.
pub fn digest(paint: &Paint<'_>) -> Digest {
    let rows = &paint.model.flood.shown.rows;
    let hops = rows.len().to_string();
    Digest { long: if rows.is_empty() { String::new() } else { cost::nodes(rows.len() as u64, "hop") }, short: hops }
}

/// Draws the pane's inside.
pub fn draw(buffer: &mut Buffer, area: Rect, paint: &Paint<'_>, focused: bool) {
    let model = paint.model;
    let Some(search) = model.search() else {
        let key = paint.key(&Action::SearchPrompt);
        return super::say(
            buffer,
            area,
            &format!("What happens at each hop of a search stands here. {key} begins one"),
            paint,
        );
    };
    if search.hops.is_empty() {
        return super::say(buffer, area, &flood::why_empty(search, paint), paint);
    }
    let list = model.list(PaneName::Hops);
    let rows = &model.flood.shown.rows;
    table::heads(buffer, Rect { height: 1.min(area.height), ..area }, COLUMNS, list, paint);
    let room = area.height.saturating_sub(1 + SUMS);
    let inner = Rect { y: area.y + 1.min(area.height), height: room, ..area };
    let first = model.view_offset(PaneName::Hops, room.into());
    let view = View { list, first, cursor: model.position(PaneName::Hops), focused };
    table::rows(buffer, inner, COLUMNS, view, paint, |i| rows.get(i));
    let used = (1 + room.min(rows.len() as u16)).min(area.height);
    sums(buffer, Rect { y: area.y + used, height: area.height - used, ..area }, search, paint);
}

fn sums(buffer: &mut Buffer, area: Rect, search: &Search, paint: &Paint<'_>) {
    if lookup::is_lookup(search) {
        let lines = paint.wrap("The directory answered; no other node heard of this search", area.width);
        for (y, line) in (1..area.height).zip(lines) {
            put(buffer, area, 0, y, area.width, &Line::styled(line, paint.dim()));
        }
        return;
    }
    let shown = &paint.model.flood.shown;
    let total = |part: fn(&HopRow) -> u32| shown.rows.iter().map(|row| u64::from(part(row))).sum::<u64>();
    let (sent, arrived) = (total(|row| row.sent), total(HopRow::arrived));
    let whole = paint.model.shows_whole_flood();
    // A node may have reported duplicates only; of the whole flood those count as reached, as they do in its cost.
    let new = if whole { search.row.nodes.into() } else { total(|row| row.new) };
    let known = cost::known_nodes(search, paint) as u64;
    let room = area.width.saturating_sub(NAMES);
    let mut reached = paint.bar(new as f64 / known.max(1) as f64, room.saturating_sub(14).min(14), paint.bar_style());
    reached.push_span(Span::styled(format!(" {} of ~{}", text::count(new), text::count(known)), paint.text()));
    let nearest = nearest(shown, paint);
    let each = cost::redundancy(sent, new);
    let each = each.map_or_else(|| paint.none().to_owned(), |each| format!("{each:.2} copies a node"));
    let mut lines = vec![
        nearest.map_or_else(Default::default, |line| ("nearest", line)),
        ("coverage", reached),
        ("redundancy", Line::styled(each, paint.text())),
    ];
    lines.push(("tracing", Line::styled(cost::tracing(search, paint), paint.dim())));
    if search.reports > 0 {
        let beside = format!("beside {} of query", text::bytes(search.bytes));
        lines.push(("", Line::styled(beside, paint.dim())));
    }
    if let Some(line) = cost::on_the_way(sent.saturating_sub(arrived), whole, search, paint) {
        lines.push(("on the way", line));
    }
    let mut found = |name, count: u64, what: &str| {
        if count > 0 {
            lines.push((name, Line::styled(format!("{} {what}", text::count(count)), paint.warn())));
        }
    };
    found("inferred", shown.inferred as u64, "never reported");
    found("inconsistent", shown.strange as u64, "reports");
    found("left out", search.lost_reports, "reports");
    found("not drawn", shown.not_drawn as u64, "nodes");
    for (y, (name, line)) in (0..area.height).zip(&lines) {
        put(buffer, area, 0, y, NAMES, &Line::styled(*name, paint.dim()));
        put(buffer, area, NAMES, y, room, line);
    }
    let below = lines.len() as u16;
    let words = horizon(search, paint).map(|words| paint.wrap(&words, area.width)).unwrap_or_default();
    for (y, line) in (below..area.height).zip(words) {
        put(buffer, area, 0, y, area.width, &Line::styled(line, paint.warn()));
    }
}

/// The nodes by the hop of their nearest copy, where the first copy of some came by a longer way that was faster: those
/// stand in the table, and these are what the graph says.
fn nearest(shown: &Shown, paint: &Paint<'_>) -> Option<Line<'static>> {
    let nearest = shown.per_hop.get(1..).filter(|nearest| !nearest.is_empty())?;
    let at = |hop: u8| shown.rows.iter().find(|row| row.hop == hop).map_or(0, |row| u64::from(row.new));
    let differs = (1..).zip(nearest).any(|(hop, nodes)| at(hop) != *nodes);
    let words: Vec<String> = nearest.iter().map(|nodes| text::count(*nodes)).collect();
    let words = format!("{} by hop", words.join(paint.symbol("·", "-")));
    differs.then(|| Line::styled(words, paint.text()))
}

/// Whom the search did not reach of those who are known, and what would have. Nothing while it runs, or is shown in part.
fn horizon(search: &Search, paint: &Paint<'_>) -> Option<String> {
    let model = paint.model;
    let horizon = model.map.horizon.as_ref().filter(|_| model.shows_whole_flood())?;
    if search.row.strategy == Spread::Walk {
        let missed = horizon.beyond.len() + horizon.silent;
        let nodes = cost::nodes(missed as u64, "known node");
        return (missed > 0).then(|| format!("No walker came by {nodes}: a walk has no horizon, only luck"));
    }
    if horizon.beyond.is_empty() {
        let silent = match horizon.silent {
            0 => String::new(),
            many => format!("; {} within it did not report", cost::nodes(many as u64, "node")),
        };
        return Some(format!("Nobody known lies beyond the horizon of TTL {}{silent}", Horizon::ttl_of(search)));
    }
    let names: Vec<String> = horizon.beyond.iter().take(NAMED).map(|at| name_of(*at, paint, NAME)).collect();
    let more = if horizon.beyond.len() > NAMED { paint.model.glyphs.ellipsis } else { "" };
    let known = cost::nodes(horizon.beyond.len() as u64, "known node");
    let whom = format!("Beyond the horizon: {known}: {}{more}", names.join(", "));
    let all = horizon.beyond.len();
    let steps = horizon.steps().enumerate().map(|(nth, (ttl, count))| {
        let would = if nth == 0 { "would have reached " } else { "" };
        let many = if count == all { "all".to_owned() } else { text::count(count as u64) };
        let them = if nth == 0 { " of them" } else { "" };
        format!("TTL {ttl} {would}{many}{them}")
    });
    let mut said: Vec<String> = steps.collect();
    if horizon.unknown > 0 {
        said.push(format!("for {} no way is known", text::count(horizon.unknown as u64)));
    }
    Some(format!("{whom}; {}", said.join(", ")))
}
