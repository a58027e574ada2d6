//! Traced floods through sixty real nodes: what the origin is told is every copy that the graph says there was.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;

use serde_json::Value;

use crate::lab::{home, lab, name};
use crate::support::{folder, hopscope, json, run};

const NODES: usize = 60;
/// The steps around the circle to a node's neighbors: eight links each, and four hops to the farthest.
const STEPS: [usize; 4] = [1, 4, 11, 23];
/// Hops to the farthest node and some: the search that goes all the way.
const TTL: u8 = 7;
/// Each from an origin of its own.
const FLOODS: usize = 20;

/// Who is linked to whom.
type Graph = BTreeMap<String, BTreeSet<String>>;

fn graph() -> Graph {
    let name = |node: usize| format!("n{:02}", node % NODES);
    let mut graph = Graph::new();
    for node in 0..NODES {
        for step in STEPS {
            graph.entry(name(node)).or_default().insert(name(node + step));
            graph.entry(name(node + step)).or_default().insert(name(node));
        }
    }
    assert!(graph.values().all(|neighbors| neighbors.len() == 8), "it is 8-regular");
    graph
}

/// Hops from a node to each of the others.
fn distances(graph: &Graph, origin: &str) -> BTreeMap<String, u64> {
    let mut distances = BTreeMap::from([(origin.to_owned(), 0)]);
    let mut next = VecDeque::from([origin.to_owned()]);
    while let Some(node) = next.pop_front() {
        let hop = distances[&node] + 1;
        for neighbor in &graph[&node] {
            if !distances.contains_key(neighbor) {
                distances.insert(neighbor.clone(), hop);
                next.push_back(neighbor.clone());
            }
        }
    }
    distances
}

/// What was reported of one copy: from whom to whom, and whether it was passed on.
struct Copy {
    from: String,
    at: String,
    hop: u64,
    duplicate: bool,
    sent: u64,
}

fn copies(lines: &[Value], names: &BTreeMap<String, String>) -> Vec<Copy> {
    let text = |line: &Value, field: &str| line[field].as_str().expect("a text").to_owned();
    let number = |line: &Value, field: &str| line[field].as_u64().expect("a number");
    let hops = lines.iter().filter(|line| line["type"] == "hop");
    hops.map(|line| Copy {
        from: names[&text(line, "from")].clone(),
        at: names[&text(line, "node")].clone(),
        hop: number(line, "hop"),
        duplicate: line["action"] == "duplicate",
        sent: number(line, "sent"),
    })
    .collect()
}

#[test]
fn a_flood_through_sixty_nodes_is_known_copy_by_copy() {
    let folder = folder();
    let graph = graph();
    let file = folder.path().join("graph.txt");
    let lines: Vec<String> =
        graph.iter().flat_map(|(a, others)| others.iter().map(move |b| format!("{a} {b}\n"))).collect();
    std::fs::write(&file, lines.concat()).expect("it can be written");
    let (_process, nodes) = lab(folder.path(), &["--graph", file.to_str().expect("a plain path")]);
    let names: BTreeMap<String, String> =
        nodes.iter().map(|node| (node["node"].as_str().expect("an id").to_owned(), name(node))).collect();
    assert_eq!(names.len(), NODES);
    for node in nodes.iter().step_by(NODES / FLOODS) {
        follow(&graph, &name(node), &home(node), &names);
    }
}

/// One search at one node, and every copy of it.
fn follow(graph: &Graph, origin: &str, home: &Path, names: &BTreeMap<String, String>) {
    let search = ["search", "no such file anywhere", "--json", "--ttl", &TTL.to_string()].map(str::to_owned);
    let told = json(&run(hopscope().args(search).arg("--home").arg(home)));
    let done = told.last().expect("it ends");
    assert_eq!((&done["type"], &done["why"]), (&"done".into(), &"complete".into()), "{origin}: {done}");
    let copies = copies(&told, names);

    // Every node, at its distance.
    let distances = distances(graph, origin);
    for (node, &distance) in distances.iter().filter(|(node, _)| *node != origin) {
        let here: Vec<&Copy> = copies.iter().filter(|copy| copy.at == *node).collect();
        assert_eq!(here.iter().filter(|copy| !copy.duplicate).count(), 1, "{origin}: one first copy at {node}");
        assert_eq!(here.iter().map(|copy| copy.hop).min(), Some(distance), "{origin}: hops to {node}");
    }

    // Every copy: what a node passed on, each of its neighbors got, but the one that it had it from.
    let came = |from: &str, at: &str| copies.iter().filter(|copy| copy.from == from && copy.at == at).count();
    for (node, neighbors) in graph {
        let own = usize::from(node == origin);
        for neighbor in neighbors {
            let passed = copies.iter().filter(|copy| copy.at == *node && copy.sent > 0 && copy.from != *neighbor);
            assert_eq!(came(node, neighbor), own + passed.count(), "{origin}: copies from {node} to {neighbor}");
        }
    }
    assert!(copies.iter().all(|copy| graph[&copy.at].contains(&copy.from)), "{origin}: links of the graph only");
    assert!(copies.iter().all(|copy| copy.sent == 0 || copy.sent == 7), "{origin}: to all but the one it came from");

    // And the sums say the same.
    let duplicates = copies.iter().filter(|copy| copy.duplicate).count();
    assert_eq!(done["reached"], NODES - 1, "{origin}: {done}");
    assert_eq!((&done["messages"], &done["duplicates"]), (&copies.len().into(), &duplicates.into()), "{origin}");
}
