//! Lies in a trace, through everything that a replay shows: they are marked, and nobody is made up.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::Value;

use super::*;

const TRACE: &str = include_str!("../../../demo/traces/flood.ndjson");

/// Who is named in a trace, as whom.
fn named(lines: &[Value]) -> BTreeSet<String> {
    let ids = lines.iter().flat_map(|line| [&line["node"], &line["from"]]);
    ids.filter_map(|id| id.as_str().map(str::to_owned)).collect()
}

fn text(lines: &[Value]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// What somebody writes into a report: a field, and another value.
fn any_lie() -> impl Strategy<Value = (&'static str, Value)> {
    let numbers = prop_oneof![0u64..12, Just(255u64), Just(65_535u64), any::<u64>()];
    let fields = prop::sample::select(vec!["hop", "ttl", "at_ms", "sent", "hits", "leaves", "filtered"]);
    let actions = prop::sample::select(vec!["forwarded", "answered", "duplicate", "expired", "refused", "eaten"]);
    let nodes = prop_oneof![Just("ab".repeat(32)), Just("00".repeat(32)), Just("ab".to_owned())];
    prop_oneof![
        (fields, numbers).prop_map(|(field, number)| (field, number.into())),
        actions.prop_map(|action| ("action", action.into())),
        (prop::sample::select(vec!["node", "from"]), nodes).prop_map(|(field, node)| (field, node.into())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_lie_breaks_a_replay_or_makes_anybody_up(
        lies in prop::collection::vec((any::<prop::sample::Index>(), any_lie()), 1..12),
        gone in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut lines: Vec<Value> = TRACE.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        // The header says whose it is, and the line after it what was searched: without those it is no trace.
        for (at, (field, value)) in lies {
            let line = 2 + at.index(lines.len() - 2);
            lines[line][field] = value;
        }
        for at in gone {
            lines.remove(2 + at.index(lines.len() - 2));
        }
        let recording = trace::read(text(&lines).as_bytes()).unwrap();
        let chosen = recording.searches.last().unwrap();
        let tree = Tree::new(recording.origin.node, &chosen.search);
        let named = named(&lines);
        for node in &tree.nodes {
            prop_assert!(named.contains(&node.id.to_string()), "{}", node.id);
        }
        let summary = serde_json::to_value(Summary::new(&recording, chosen, 1, &tree)).unwrap();
        prop_assert!(summary["reached"].as_u64() <= Some(named.len() as u64), "{summary}");
        let graph = dot::graph(&recording.origin, chosen, &tree);
        prop_assert!(graph.matches("label=").count() <= named.len() + 1, "{graph}");
        let picture = tui::flood_picture(one(&recording, chosen), "lies", false);
        prop_assert!(picture.ends_with("</svg>\n"));
    }
}

#[test]
fn lies_about_hop_parent_and_time_are_marked_as_such() {
    let marked = |field: &str, value: Value| {
        let mut lines: Vec<Value> = TRACE.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let third = |line: &Value| line["type"] == "hop" && line["hop"] == 3 && line["action"] == "forwarded";
        let at = lines.iter().position(third).unwrap();
        lines[at][field] = value;
        let recording = trace::read(text(&lines).as_bytes()).unwrap();
        let chosen = &recording.searches[0];
        let tree = Tree::new(recording.origin.node, &chosen.search);
        serde_json::to_value(Summary::new(&recording, chosen, 1, &tree)).unwrap()
    };
    for (field, value, kind) in [
        ("hop", Value::from(6), "hop"),
        ("hop", Value::from(0), "hop"),
        ("hop", Value::from(5), "parent"),
        ("at_ms", Value::from(u64::MAX), "time"),
        ("at_ms", Value::from(0), "time"),
    ] {
        let summary = marked(field, value.clone());
        assert!(summary["inconsistencies"][kind].as_u64() > Some(0), "{field} {value}: {summary}");
        assert!(summary["inconsistent"].as_u64() > Some(0), "{field} {value}: {summary}");
    }
    // One that nobody heard of is inferred, not drawn as if it had told of itself.
    let stranger = marked("from", "ab".repeat(32).into());
    assert_eq!((&stranger["inferred"], &stranger["reached"]), (&1.into(), &40.into()), "{stranger}");
}
