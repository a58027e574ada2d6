//! Selected: the story of one node of the flood: how the query came there, and what the node did with each copy.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span as Words};

use super::{Digest, lookup, rings};
use crate::app::{Action as Did, HopReport, Role, Search, Strategy, Untrusted};
use crate::tui::action::{Action, PaneName};
use crate::tui::flood::tree::{Node, Span, Tree};
use crate::tui::paint::Paint;
use crate::tui::panes::role::role_word;
use crate::tui::table::put;
use crate::tui::text;

/// Columns of the names of facts.
const NAMES: u16 = 7;
/// Columns of a node's name.
const NAME: u16 = 40;
/// Copies that are told one by one.
const COPIES: usize = 40;

/// What stands in the border: which one of how many.
pub fn digest(paint: &Paint<'_>) -> Digest {
    let nodes = paint.model.count(PaneName::Rings);
    if nodes < 2 {
        return Digest::default();
    }
    Digest {
        short: String::new(),
        long: format!("{} of {}", paint.model.flood_cursor() + 1, text::count(nodes as u64)),
    }
}

/// What a node of the flood calls itself, or else the start of its id.
#[must_use]
pub fn name_of(at: usize, tree: &Tree, paint: &Paint<'_>, width: u16) -> String {
    let Some(node) = tree.nodes.get(at) else { return String::new() };
    let now = &paint.model.snapshot;
    let said = |name: &Untrusted| {
        let name = paint.untrusted(name, width);
        (!name.trim().is_empty()).then_some(name)
    };
    let told = || node.copies.first().and_then(|copy| tree.reports.get(*copy)).and_then(|copy| said(&copy.name));
    // One that never reported may be a neighbor, whose name is known.
    let near = || now.neighbors.iter().find(|row| row.node == Some(node.id)).and_then(|row| said(&row.name));
    let own = if at == 0 { said(&now.node.name) } else { told().or_else(near) };
    own.unwrap_or_else(|| node.id.short())
}

/// Draws the pane's inside.
pub fn draw(buffer: &mut Buffer, area: Rect, paint: &Paint<'_>) {
    let model = paint.model;
    let tree = model.flood.tree.as_ref().filter(|tree| !tree.reports.is_empty());
    let Some((tree, node)) = tree.and_then(|tree| Some((tree, tree.nodes.get(model.flood_cursor())?))) else {
        let words = if model.search().is_some_and(|search| lookup::is_lookup(search)) {
            "Only the directory had anything to do with this search"
        } else if model.search().is_none() {
            "Search, then choose a node with the arrow keys or the mouse: its story stands here"
        } else {
            "Choose a node with the arrow keys or the mouse, and its story stands here"
        };
        return super::say(buffer, area, words, paint);
    };
    for (y, line) in (0..area.height).zip(lines(tree, node, area.width, paint)) {
        put(buffer, area, 0, y, area.width, &line);
    }
}

/// A fact in lines: its name at the left.
fn fact(lines: &mut Vec<Line<'static>>, name: &'static str, value: &str, style: Style, width: u16, paint: &Paint<'_>) {
    for (i, part) in paint.wrap(value, width.saturating_sub(NAMES)).into_iter().enumerate() {
        let name = if i == 0 { name } else { "" };
        lines.push(Line::from(vec![
            Words::styled(format!("{name:<width$}", width = usize::from(NAMES)), paint.dim()),
            Words::styled(part, style),
        ]));
    }
}

fn lines(tree: &Tree, node: &Node, width: u16, paint: &Paint<'_>) -> Vec<Line<'static>> {
    let at = paint.model.flood_cursor();
    let span = paint.model.flood_span();
    let mut lines = Vec::new();
    let strange = tree.copies(node, span).any(|(copy, _)| tree.strange(copy).next().is_some());
    let (state, role) = (tree.state(at, span), rings::role_of(node, paint.model));
    let look = |state| rings::look(state, role, tree.ring(node.hop), strange, paint);
    let (sign, style) = state.map_or((paint.none(), paint.dim()), look);
    lines.push(Line::from(vec![
        Words::styled(format!("{sign} "), style),
        Words::styled(name_of(at, tree, paint, width.saturating_sub(2).min(NAME)), paint.strong()),
    ]));
    fact(&mut lines, "id", &text::short_id(&node.id.to_string()), paint.dim(), width, paint);
    if let Some(role) = role {
        let words = format!("{} {}", paint.role_symbol(role), role_word(role));
        fact(&mut lines, "role", &words, paint.role(role), width, paint);
    } else if at != 0 {
        fact(&mut lines, "role", "it did not tell", paint.dim(), width, paint);
    }
    if at == 0 {
        origin(&mut lines, width, paint);
    } else if state.is_none() {
        lines.push(Line::styled("Not reached yet at this moment.", paint.dim()));
        return lines;
    } else {
        arrival(&mut lines, tree, node, span, width, paint);
    }
    copies(&mut lines, tree, node, span, width, paint);
    lines
}

/// This node's own part: it sent the query.
fn origin(lines: &mut Vec<Line<'static>>, width: u16, paint: &Paint<'_>) {
    let Some(search) = paint.model.search() else { return };
    let sent = super::cost::nodes(search.sent_here.into(), "neighbor");
    let began = match search.strategy {
        _ if lookup::is_lookup(search) => "asked the directory".into(),
        Strategy::Flood => format!("sent to {sent}, TTL {}", search.row.ttl),
        Strategy::Ring => {
            format!("{} sent in {}", text::counted(search.sent_here.into(), "copy", "copies"), rounds(search))
        }
        Strategy::Walk { .. } => {
            let walkers = super::cost::nodes(search.sent_here.into(), "walker");
            format!("{walkers} sent, {} steps each at the most", search.row.ttl)
        }
    };
    fact(lines, "began", &began, paint.text(), width, paint);
    fact(lines, "query", &paint.words(&search.row.text, 80), paint.me(), width, paint);
}

/// The rounds of a ring, in words.
pub(super) fn rounds(search: &Search) -> String {
    let ttls: Vec<String> = search.rounds.iter().map(|round| round.ttl.to_string()).collect();
    format!("{} of TTL {}", super::cost::nodes(ttls.len() as u64, "round"), ttls.join(", "))
}

/// How the copy that was new came there.
fn arrival(lines: &mut Vec<Line<'static>>, tree: &Tree, node: &Node, span: Span, width: u16, paint: &Paint<'_>) {
    let told = node.first.filter(|first| *first < span.until).and_then(|first| tree.reports.get(first));
    let Some(first) = told else {
        fact(lines, "hop", &format!("{}, inferred", node.hop), paint.dim(), width, paint);
        let words = "It never reported: others say that they have the query from it.";
        lines.extend(paint.wrap(words, width).into_iter().map(|line| Line::styled(line, paint.dim())));
        return;
    };
    let dot = paint.dot();
    let at = text::latency(first.at_ms as f64);
    fact(
        lines,
        "hop",
        &format!("{} {dot} TTL left {} {dot} {at}", first.hop, first.ttl),
        paint.hop(tree.ring(first.hop)),
        width,
        paint,
    );
    let own = tree.find(node.id).map(|at| tree.way_back(at)).unwrap_or_default();
    let arrow = format!(" {} ", paint.model.glyphs.path);
    let mut names: Vec<String> = own.iter().rev().map(|&at| name_of(at, tree, paint, 20)).collect();
    if own.last() != Some(&0) {
        names.insert(0, "?".into());
    }
    fact(lines, "way", &names.join(&arrow), paint.me(), width, paint);
    if first.hits > 0 {
        let files = super::cost::nodes(first.hits.into(), "file");
        fact(lines, "hit", &format!("{} {files}", paint.hit_symbol()), paint.hit(), width, paint);
    }
    if first.leaves > 0 || first.filtered > 0 {
        fact(lines, "leaves", &leaves(first), paint.text(), width, paint);
    }
}

/// What became of the query among a node's leaves.
fn leaves(copy: &HopReport) -> String {
    let all = u32::from(copy.leaves) + u32::from(copy.filtered);
    let many = if all == 1 { "its leaf".to_owned() } else { format!("{all} leaves") };
    match (copy.leaves, copy.filtered) {
        (_, 0) if all == 1 => format!("handed to {many}"),
        (0, _) if all == 1 => format!("{many} is spared by its filter"),
        (_, 0) => format!("handed to all {many}"),
        (0, _) => format!("all {many} spared by their filters"),
        (handed, 1) => format!("handed to {handed} of {many}, 1 spared by its filter"),
        (handed, spared) => format!("handed to {handed} of {many}, {spared} spared by their filters"),
    }
}

/// What it did with each copy.
fn copies(lines: &mut Vec<Line<'static>>, tree: &Tree, node: &Node, span: Span, width: u16, paint: &Paint<'_>) {
    let told: Vec<(usize, &HopReport)> = tree.copies(node, span).take(COPIES + 1).collect();
    if told.is_empty() {
        return;
    }
    lines.push(Line::default());
    lines.push(Line::styled("each copy", paint.column()));
    for (index, copy) in told.iter().take(COPIES) {
        let from = tree.find(copy.from).map_or_else(|| copy.from.short(), |at| name_of(at, tree, paint, 16));
        let (did, style) = did(copy, paint);
        let at = text::latency(copy.at_ms as f64);
        lines.push(Line::from(vec![
            Words::styled(format!("{at:>6} "), paint.dim()),
            Words::styled(format!("h{} ", copy.hop), paint.hop(tree.ring(copy.hop))),
            Words::styled(did, style),
        ]));
        let room = width.saturating_sub(13);
        let from = paint.fit(&from, room);
        lines.push(Line::from(vec![Words::raw(" ".repeat(7)), Words::styled(format!("from {from}"), paint.dim())]));
        for what in tree.strange(*index) {
            let words = format!("{} {}", paint.warning_symbol(), what.words());
            lines.extend(paint.wrap(&words, width).into_iter().map(|line| Line::styled(line, paint.warn())));
        }
    }
    if told.len() > COPIES {
        lines.push(Line::styled("and more", paint.dim()));
    }
}

/// What a node did with one copy, in words.
fn did(copy: &HopReport, paint: &Paint<'_>) -> (String, Style) {
    let on = match (copy.sent, copy.role) {
        (0, Some(Role::Directory | Role::Leaf)) => String::new(),
        (0, _) => ", not sent on".into(),
        (sent, _) => format!(", sent on to {sent}"),
    };
    match copy.action {
        Did::Forwarded => (on.trim_start_matches(", ").to_owned(), paint.text()),
        Did::Answered => (format!("{} {}{on}", paint.hit_symbol(), copy.hits), paint.hit()),
        Did::Duplicate if copy.sent > 0 => (format!("seen before{on}"), paint.duplicate()),
        Did::Duplicate => ("seen before".into(), paint.duplicate()),
        Did::Expired if copy.role == Some(Role::Directory) => ("knows of nothing that matches".into(), paint.dim()),
        Did::Expired if copy.role == Some(Role::Leaf) => ("a leaf passes nothing on".into(), paint.dim()),
        Did::Expired => ("TTL used up".into(), paint.dim()),
        Did::Refused => ("refused".into(), paint.dropped()),
    }
}

/// What the empty pane of the rings says about a search that asked for no reports.
#[must_use]
pub fn untraced(paint: &Paint<'_>) -> String {
    let key = paint.key(&Action::PrevQuery);
    format!(
        "This search asked for no reports, so nobody tells how it spread: start with --trace yes. {key} shows another"
    )
}
