//! A recorded flood as a graph for Graphviz: nodes on their hops, the ways that were new to a node as lines, those of
//! duplicates dotted. What kind a node is shows in its shape, not in its colour alone.

use std::fmt::Write as _;

use super::super::format;
use crate::app::Action;
use crate::app::recorded::Origin;
use crate::trace::Recorded;
use crate::tui::flood::tree::{Span, State, Tree};

/// Bytes of a name in the graph.
const NAME: usize = 40;

/// The whole graph.
pub(super) fn graph(origin: &Origin, recorded: &Recorded, tree: &Tree) -> String {
    let all = Span { until: tree.reports.len(), hop: u8::MAX };
    let mut text = String::new();
    // Writing to a string cannot fail.
    let title = format!("{} (TTL {})", recorded.search.row.text.visible(format::NAME), recorded.search.row.ttl);
    let _ = writeln!(text, "digraph flood {{\n  graph [label={}, rankdir=TB];", quoted(&title));
    text.push_str("  node [shape=circle, fontname=\"sans-serif\"];\n  edge [arrowsize=0.6];\n");
    for (at, node) in tree.nodes.iter().enumerate() {
        let Some(state) = tree.state(at, all) else { continue };
        let named = node.copies.first().and_then(|copy| tree.reports.get(*copy)).map(|report| &report.name);
        let name = if at == 0 { Some(&origin.name) } else { named };
        let name = name.map(|name| name.visible(NAME)).filter(|name| !name.is_empty());
        let label = name.unwrap_or_else(|| node.id.short());
        let strange = node.copies.iter().any(|copy| tree.strange(*copy).next().is_some());
        let _ = writeln!(text, "  n{at} [label={}, {}];", quoted(&label), look(state, strange));
    }
    ranks(&mut text, tree, all);
    ways(&mut text, tree);
    text.push_str("}\n");
    text
}

/// How a node looks, by what it is.
fn look(state: State, strange: bool) -> &'static str {
    match state {
        State::You => "shape=diamond, style=filled, fillcolor=\"#f0e442\"",
        _ if strange => "shape=octagon, style=dashed, color=\"#d55e00\", tooltip=\"inconsistent\"",
        State::Hit => "shape=star, style=filled, fillcolor=\"#00c88c\"",
        State::Reached => "style=filled, fillcolor=\"#cfe8f8\"",
        State::Refused => "shape=box, color=\"#d55e00\", tooltip=\"refused\"",
        State::Duplicate => "style=dotted, tooltip=\"duplicates only\"",
        State::Inferred => "style=dashed, color=gray, tooltip=\"inferred\"",
    }
}

/// Nodes of one hop stand side by side.
fn ranks(text: &mut String, tree: &Tree, all: Span) {
    for hop in 1..=tree.nodes.iter().map(|node| node.hop).max().unwrap_or(0) {
        let here = tree.nodes.iter().enumerate().filter(|(at, node)| node.hop == hop && tree.state(*at, all).is_some());
        let names: Vec<String> = here.map(|(at, _)| format!("n{at}")).collect();
        if !names.is_empty() {
            let _ = writeln!(text, "  {{ rank=same; {} }}", names.join("; "));
        }
    }
}

fn ways(text: &mut String, tree: &Tree) {
    for (index, report) in tree.reports.iter().enumerate() {
        let Some((from, to)) = tree.sender_of(index).zip(tree.find(report.node)) else { continue };
        let first = tree.nodes.get(to).is_some_and(|node| node.first == Some(index));
        let style = match report.action {
            Action::Refused => "style=dashed, color=\"#d55e00\", constraint=false",
            Action::Duplicate => "style=dotted, color=gray, constraint=false",
            _ if first => "penwidth=1.5",
            _ => "color=gray, constraint=false",
        };
        let _ = writeln!(text, "  n{from} -> n{to} [{style}, tooltip=\"{} ms\"];", report.at_ms);
    }
}

/// A text as Graphviz reads it: nothing in it ends the text or starts an escape.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_others_stay_names() {
        assert_eq!(quoted("a\"]; n0 -> n1 [x=\"\\"), r#""a\"]; n0 -> n1 [x=\"\\""#);
    }

    #[test]
    fn the_recorded_flood_is_a_graph_with_a_way_to_each_node() {
        let trace = include_bytes!("../../../demo/traces/flood.ndjson");
        let recording = crate::trace::read(&trace[..]).unwrap();
        let chosen = recording.searches.last().unwrap();
        let tree = Tree::new(recording.origin.node, &chosen.search);
        let graph = graph(&recording.origin, chosen, &tree);
        assert!(graph.starts_with("digraph flood {") && graph.ends_with("}\n"));
        let ways = graph.lines().filter(|line| line.contains("penwidth")).count();
        assert_eq!(ways, chosen.search.row.nodes as usize, "{graph}");
        assert_eq!(graph.matches("shape=diamond").count(), 1);
        assert_eq!(graph.matches('{').count(), graph.matches('}').count());
    }
}
