//! Selected: one node of the map: who it is, how that is known, whom it is linked to, its part in the chosen search.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span as Words};

use super::super::cost::nodes;
use super::super::{Digest, say};
use super::name_of;
use super::signs::{Look, sign};
use crate::tui::action::{Action, PaneName};
use crate::tui::flood::tree::State;
use crate::tui::map::known::Known;
use crate::tui::paint::Paint;
use crate::tui::panes::role::role_word;
use crate::tui::table::put;
use crate::tui::text;

/// Columns of the names of facts.
const NAMES: u16 = 9;
/// Columns of a node's name.
const NAME: u16 = 40;
/// Links that are named.
const LINKS: usize = 60;

/// What stands in the border: which one of how many.
pub fn digest(paint: &Paint<'_>) -> Digest {
    let count = paint.model.count(PaneName::Map);
    if count < 2 {
        return Digest::default();
    }
    Digest { short: String::new(), long: format!("{} of {}", paint.model.map_cursor() + 1, text::count(count as u64)) }
}

/// Draws the pane's inside.
pub fn draw(buffer: &mut Buffer, area: Rect, paint: &Paint<'_>) {
    let at = paint.model.map_cursor();
    let Some(node) = paint.model.map.table.nodes.get(at).filter(|_| paint.model.map.table.nodes.len() > 1) else {
        return say(
            buffer,
            area,
            "What is known of the selected node stands here, as soon as there are others than this one",
            paint,
        );
    };
    for (y, line) in (0..area.height).zip(lines(at, node, area.width, paint)) {
        put(buffer, area, 0, y, area.width, &line);
    }
}

/// Facts, a name at the left of each.
struct Facts<'a> {
    lines: Vec<Line<'static>>,
    width: u16,
    paint: &'a Paint<'a>,
}

impl Facts<'_> {
    fn add(&mut self, name: &'static str, value: &str, style: Style) {
        for (i, part) in self.paint.wrap(value, self.width.saturating_sub(NAMES)).into_iter().enumerate() {
            let name = if i == 0 { name } else { "" };
            self.lines.push(Line::from(vec![
                Words::styled(format!("{name:<width$}", width = usize::from(NAMES)), self.paint.dim()),
                Words::styled(part, style),
            ]));
        }
    }
}

fn lines(at: usize, node: &Known, width: u16, paint: &Paint<'_>) -> Vec<Line<'static>> {
    let model = paint.model;
    let look = Look::of(model, at, model.flood_span(), model.now_ms());
    let (symbol, style) = sign(look, at, paint);
    let head = Line::from(vec![
        Words::styled(format!("{symbol} "), style),
        Words::styled(name_of(at, paint, width.saturating_sub(2).min(NAME)), paint.strong()),
    ]);
    let mut facts = Facts { lines: vec![head], width, paint };
    facts.add("id", &text::short_id(&node.id.to_string()), paint.dim());
    if let Some(addr) = node.addr {
        facts.add("address", &addr.to_string(), paint.text());
    }
    if let Some(role) = node.role {
        facts.add("role", &format!("{} {}", paint.role_symbol(role), role_word(role)), paint.role(role));
    }
    if at > 0 {
        facts.add("is", look.words(), style);
        facts.add("known", &evidence(node), paint.text());
        facts.add("hops", &text::count(node.hop.into()), paint.hop(node.hop));
        let ago = model.now_ms().saturating_sub(node.seen_ms);
        let seen = if node.neighbor { "now".to_owned() } else { format!("{} ago", text::age(ago)) };
        facts.add("seen", &seen, paint.text());
    }
    if let Some(rtt) = node.rtt_ms {
        facts.add("rtt", &text::latency(rtt), paint.text());
    }
    search(&mut facts, node);
    links(&mut facts, at);
    facts.lines
}

/// How this node knows of it.
fn evidence(node: &Known) -> String {
    let mut ways = Vec::new();
    if node.neighbor {
        ways.push("a neighbor".to_owned());
    }
    if node.reports > 0 {
        ways.push(format!("reported {}", if node.reports == 1 { "once".into() } else { times(node.reports) }));
    }
    if node.files > 0 {
        ways.push(format!("answered with {}", nodes(node.files.into(), "file")));
    }
    if ways.is_empty() { "others named it; it never reported".to_owned() } else { ways.join(", ") }
}

fn times(count: u32) -> String {
    format!("{} times", text::count(count.into()))
}

/// Its part in the chosen search, at the moment that the player shows.
fn search(facts: &mut Facts<'_>, node: &Known) {
    let model = facts.paint.model;
    let (Some(tree), Some(search)) = (&model.flood.tree, model.search()) else { return };
    let state = tree.find(node.id).and_then(|at| tree.state(at, model.flood_span()));
    let words = match state {
        None => "not reached",
        Some(State::You) => "began here",
        Some(State::Hit) => "has files that match",
        Some(State::Reached) => "reached",
        Some(State::Refused) => "refused it",
        Some(State::Duplicate) => "told of duplicates only",
        Some(State::Inferred) => "passed it on, as others say",
    };
    facts.lines.push(Line::default());
    facts.add("search", &facts.paint.words(&search.row.text, 80), facts.paint.me());
    facts.add("", words, facts.paint.text());
    if state.is_some_and(|state| state != State::You) {
        let key = facts.paint.key(&Action::Act);
        facts.add("", &format!("{key} shows its story on screen 3"), facts.paint.dim());
    }
}

/// The nodes that it is linked to, as far as that is proven.
fn links(facts: &mut Facts<'_>, at: usize) {
    let paint = facts.paint;
    let mut linked: Vec<usize> = paint.model.map.table.linked(at).collect();
    linked.sort_unstable();
    facts.lines.push(Line::default());
    facts.lines.push(Line::styled(format!("{} proven", nodes(linked.len() as u64, "link")), paint.column()));
    let span = paint.model.flood_span();
    let now = paint.model.now_ms();
    for other in linked.iter().copied().take(LINKS) {
        let (symbol, style) = sign(Look::of(paint.model, other, span, now), other, paint);
        let name = name_of(other, paint, facts.width.saturating_sub(3));
        facts
            .lines
            .push(Line::from(vec![Words::styled(format!(" {symbol} "), style), Words::styled(name, paint.text())]));
    }
    if linked.len() > LINKS {
        facts.lines.push(Line::styled(" and more", paint.dim()));
    }
}
