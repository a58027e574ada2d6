//! The line at the top: who this node is, what it is in its topology, whom it knows, what that costs.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::paint::Paint;
use super::panes::role::{alarm, central, cut_off, own_role};
use super::panes::{neighbors, traffic};
use super::table::put;
use super::text;
use super::world;
use crate::app::recorded::Origin;
use crate::app::{DirectoryState, TopologyKind, WorldStatus};

/// Columns of each of the two curves.
const SPARK: u16 = 8;
/// Columns between two parts.
const GAP: usize = 3;
/// Columns of a directory's name.
const DIRECTORY: u16 = 24;
/// Columns of the time at which a recording began, and of the program that made it.
const STARTED: u16 = 20;
const PROGRAM: u16 = 24;

/// Draws it: parts from the left as long as they fit whole.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, paint: &Paint<'_>) {
    let now = &paint.model.snapshot;
    if let Some(world) = &now.world {
        return parts(buffer, area, simulated(world, paint), paint);
    }
    let who = who(area, paint);
    if let Some(origin) = paint.model.recorded() {
        return parts(buffer, area, recorded(who, origin, paint), paint);
    }
    let mut all = vec![who, place(paint)];
    all.extend(standing(paint));
    all.push(Line::styled(format!("up {}", uptime(paint.now_ms)), paint.dim()));
    let traffic = &now.traffic;
    let content = traffic.content_in.saturating_add(traffic.content_out);
    let meters = |totals: bool| {
        let total = |bytes: u64| if totals { format!(", {}", text::bytes(bytes)) } else { String::new() };
        let query = total(traffic.query.bytes());
        [
            meter(traffic::query_word(paint), &traffic.query.history, query, paint.warn(), paint),
            meter("content", &traffic.content_history, total(content), paint.hit(), paint),
        ]
    };
    // What they come to in all stands beside the rates where both meters have room for it.
    let with: Vec<_> = all.iter().cloned().chain(meters(true)).collect();
    let fits = with.iter().map(|part| part.width() + GAP).sum::<usize>() <= usize::from(area.width) + GAP;
    all = if fits { with } else { all.into_iter().chain(meters(false)).collect() };
    all.push(Line::styled(now.node.addr.to_string(), paint.dim()));
    parts(buffer, area, all, paint);
}

/// What the node is called.
fn who(area: Rect, paint: &Paint<'_>) -> Line<'static> {
    let node = &paint.model.snapshot.node;
    let name = paint.untrusted(&node.name, (area.width / 4).clamp(8, 32));
    let id = text::short_id(&node.node.to_string());
    Line::from(vec![
        Span::styled(format!("{} {name}", paint.self_symbol()), paint.me()),
        Span::styled(format!(" {id}"), paint.dim()),
    ])
}

/// The line of a node that is only on record: who it was, what it was, and when it was recorded. Nothing of it goes on.
fn recorded(who: Line<'static>, origin: &Origin, paint: &Paint<'_>) -> Vec<Line<'static>> {
    let searches = text::counted(paint.model.snapshot.searches.len() as u64, "search", "searches");
    let when = Line::styled(format!("{searches} recorded {}", paint.foreign(&origin.started, STARTED)), paint.text());
    vec![who, place(paint), when, Line::styled(paint.foreign(&origin.version, PROGRAM), paint.dim())]
}

/// The line of a node that is simulated: that it is, which one, and when; then what it is.
fn simulated(world: &WorldStatus, paint: &Paint<'_>) -> Vec<Line<'static>> {
    let loud = paint.warn().patch(paint.strong()).add_modifier(Modifier::REVERSED);
    let mark = Line::styled(format!(" {} ", world::mark(world)), loud);
    let time = Line::from(vec![
        Span::styled(format!("{} ", world::time(world)), paint.strong()),
        Span::styled(world::pace(world, paint.symbol("×", "x")), paint.warn()),
    ]);
    let mut all = vec![mark, Line::styled(world::place(world), paint.me()), time];
    if !world.away {
        all.push(place(paint));
        all.extend(standing(paint));
        let history = &paint.model.snapshot.traffic.query.history;
        all.push(meter(traffic::query_word(paint), history, String::new(), paint.warn(), paint));
    }
    all.push(Line::styled(format!("{} online", text::grouped(world.online.into())), paint.dim()));
    all
}

/// Topology and role, and since when one that can be lost.
fn place(paint: &Paint<'_>) -> Line<'static> {
    let role = &paint.model.snapshot.role;
    let (sign, word, style) = own_role(paint);
    let mut line = Line::from(vec![
        Span::styled(role.topology.name(), paint.strong()),
        Span::raw(" "),
        Span::styled(format!("{sign} {word}"), style),
    ]);
    if role.topology == TopologyKind::Ultrapeer && paint.model.recorded().is_none() {
        let since = uptime(paint.now_ms.saturating_sub(role.since_ms));
        line.push_span(Span::styled(format!(" for {since}"), paint.dim()));
    }
    line
}

/// What the topology lives of: neighbors, or a directory.
fn standing(paint: &Paint<'_>) -> Option<Line<'static>> {
    let role = &paint.model.snapshot.role;
    let Some(directory) = role.directory.as_ref().filter(|_| role.topology == TopologyKind::Central) else {
        if cut_off(paint.model) {
            return Some(Line::styled(format!("{} no ultra-peer", paint.warning_symbol()), alarm(paint)));
        }
        return Some(counts(paint));
    };
    if directory.state == DirectoryState::Own {
        let serving = role.serving.as_ref()?;
        let nodes = format!("{} nodes", text::grouped(serving.nodes));
        let rate = format!(" {} look-ups/s", text::per_second(serving.lookups_per_s));
        return Some(Line::from(vec![Span::styled(nodes, paint.strong()), Span::styled(rate, paint.dim())]));
    }
    let (sign, words, style) = central::state(directory, paint);
    let name = paint.untrusted(&directory.name, DIRECTORY);
    let known = directory.state == DirectoryState::Registered && !name.trim().is_empty();
    let words = if known { format!("{sign} {words} at {name}") } else { format!("{sign} {words}") };
    Some(Line::styled(words, style))
}

/// How many neighbors there are, by what they are if they differ.
fn counts(paint: &Paint<'_>) -> Line<'static> {
    let role = &paint.model.snapshot.role;
    let mut line = Line::default();
    for (at, (kind, count)) in neighbors::by_kind(paint).into_iter().enumerate() {
        let gap = if at == 0 { "" } else { " " };
        line.push_span(Span::styled(format!("{gap}{}", paint.role_symbol(kind)), paint.role(kind)));
        line.push_span(Span::styled(text::count(count as u64), paint.strong()));
    }
    if line.spans.is_empty() {
        let few = role.neighbors < role.min_neighbors;
        line.push_span(Span::styled(role.neighbors.to_string(), if few { paint.warn() } else { paint.strong() }));
    }
    line.push_span(Span::styled(if role.neighbors == 1 { " neighbor" } else { " neighbors" }, paint.dim()));
    line
}

/// A curve, the rate now, and what it comes to.
fn meter(name: &'static str, history: &[u64], total: String, style: Style, paint: &Paint<'_>) -> Line<'static> {
    let rate = text::rate(history.last().copied().unwrap_or(0) as f64);
    Line::from(vec![
        Span::styled(format!("{name} "), paint.dim()),
        Span::styled(paint.model.glyphs.spark(history, SPARK.into()), style),
        Span::styled(format!(" {rate:>9}"), paint.text()),
        Span::styled(total, paint.dim()),
    ])
}

/// Writes parts from the left as long as they fit whole, a thin line between them.
fn parts(buffer: &mut Buffer, area: Rect, parts: Vec<Line<'static>>, paint: &Paint<'_>) {
    let mut x = 1;
    for (i, part) in parts.into_iter().enumerate() {
        let width = part.width() as u16;
        let gap = if i == 0 { 0 } else { GAP as u16 };
        if x + gap + width > area.width {
            break;
        }
        if i > 0 {
            let bar = format!(" {} ", paint.separator());
            put(buffer, area, x, 0, gap, &Line::styled(bar, paint.border(false)));
        }
        put(buffer, area, x + gap, 0, width, &part);
        x += gap + width;
    }
}

/// An age in minutes: seconds would cost a redraw each, for nothing.
fn uptime(ms: u64) -> String {
    let minutes = ms / 60_000;
    match (minutes / 1440, minutes / 60 % 24, minutes % 60) {
        (0, 0, 0) => "<1 min".into(),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes:02}"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}
