//! Floods on file: recorded by real nodes, replayed without any.

use std::collections::{BTreeMap, BTreeSet};

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{Node, code, daemon, errors, folder, hopscope, json, run};

const TRACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/traces/flood.ndjson");

fn replay(arguments: &[&str]) -> std::process::Output {
    run(hopscope().arg("replay").args(arguments))
}

#[test]
fn the_recorded_flood_of_the_demo_has_the_numbers_that_its_graph_gives() {
    let output = replay(&[TRACE, "--json"]);
    assert_eq!((code(&output), errors(&output)), (0, String::new()));
    let sums = &json(&output)[0];
    // All 40 nodes of the lab, the farthest five hops away, where the TTL ended; what was sent came, once new and else as
    // a duplicate.
    assert_eq!((&sums["reached"], &sums["max_hop"], &sums["hits"]), (&40.into(), &5.into(), &32.into()), "{sums}");
    assert_eq!(sums["messages"].as_u64(), Some(40 + sums["duplicates"].as_u64().expect("a number")));
    let per_hop: Vec<u64> = sums["per_hop"].as_array().expect("a list").iter().filter_map(Value::as_u64).collect();
    assert_eq!(per_hop, [1, 3, 9, 14, 11, 3]);
    assert_eq!(per_hop, distances(TRACE), "the shortest ways in the graph of the links that copies went over");
    let first_copies: Vec<u64> =
        sums["hops"].as_array().expect("a list").iter().filter_map(|row| row["new"].as_u64()).collect();
    assert_eq!(first_copies, per_hop[1..], "in slow motion first copies take the shortest ways");
    let sent: u64 = sums["hops"].as_array().expect("a list").iter().filter_map(|row| row["sent"].as_u64()).sum();
    assert_eq!(Some(sent), sums["messages"].as_u64(), "by hop they are as many as in all");
    assert_eq!(
        roles("flood").into_iter().map(|(role, nodes)| (role, nodes.len())).collect::<Vec<_>>(),
        [("peer".into(), 40)]
    );
    assert!(
        (sums["tracing"]["reports"].as_u64(), sums["tracing"]["bytes"].as_u64()) == (Some(78), Some(11_819)),
        "{sums}"
    );
    assert_eq!(
        (&sums["inconsistent"], &sums["trace_incomplete"], &sums["inferred"]),
        (&0.into(), &false.into(), &0.into())
    );
}

/// Nodes by their distance from the origin, in the graph of all links that a copy of a recorded flood went over.
fn distances(trace: &str) -> Vec<u64> {
    let text = std::fs::read_to_string(trace).expect("it is there");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect();
    let id = |line: &Value, field: &str| line[field].as_str().expect("an id").to_owned();
    let mut links = BTreeMap::<String, BTreeSet<String>>::new();
    for hop in lines.iter().filter(|line| line["type"] == "hop") {
        links.entry(id(hop, "node")).or_default().insert(id(hop, "from"));
        links.entry(id(hop, "from")).or_default().insert(id(hop, "node"));
    }
    let mut here = BTreeSet::from([id(&lines[0], "node")]);
    let (mut reached, mut counts) = (here.clone(), Vec::new());
    while !here.is_empty() {
        counts.push(here.len() as u64);
        here = here.iter().flat_map(|node| &links[node]).filter(|node| !reached.contains(*node)).cloned().collect();
        reached.extend(here.iter().cloned());
    }
    counts
}

#[test]
fn recorded_searches_of_the_other_topologies_are_what_their_nodes_told() {
    let summary = |trace: &str, query: &str| {
        let path = format!("{}/demo/traces/{trace}.ndjson", env!("CARGO_MANIFEST_DIR"));
        let output = replay(&[&path, "--query", query, "--json"]);
        assert_eq!((code(&output), errors(&output)), (0, String::new()), "{trace}");
        json(&output).remove(0)
    };
    // Three ultra-peers first; from the fourth hop on, where the TTL ends, there are only leaves to hand it to.
    let flood = summary("ultrapeer", "2");
    assert_eq!(
        [&flood["ttl"], &flood["max_hop"], &flood["reached"], &flood["messages"], &flood["duplicates"], &flood["hits"]],
        [4, 5, 31, 101, 70, 32]
    );
    assert_eq!(flood["per_hop"], serde_json::json!([1, 3, 12, 15, 0, 1]));
    let roles = roles("ultrapeer");
    assert_eq!((roles["ultrapeer"].len(), roles.contains_key("peer")), (15, false));
    assert!(roles["leaf"].len() == 17 && roles["leaf"].is_disjoint(&roles["ultrapeer"]), "{roles:?}");
    // The directory, and nobody else, whether or not it knew of anything.
    for (query, hits) in [("1", 21), ("2", 0)] {
        let lookup = summary("central", query);
        assert_eq!([&lookup["reached"], &lookup["messages"], &lookup["max_hop"], &lookup["hits"]], [1, 1, 1, hits]);
        assert_eq!((&lookup["inconsistent"], &lookup["topology"]), (&0.into(), &"central".into()));
    }
    assert_eq!(self::roles("central").into_keys().collect::<Vec<_>>(), ["directory"]);
    for (doubt, query) in [("trace_incomplete", "1"), ("trace_inconsistent", "2")] {
        assert_eq!(summary("ultrapeer", query)[doubt], false, "{doubt}");
        assert_eq!(summary("central", query)[doubt], false, "{doubt}");
    }
}

/// The nodes of each role, as a recording of this name tells.
fn roles(trace: &str) -> BTreeMap<String, BTreeSet<String>> {
    let path = format!("{}/demo/traces/{trace}.ndjson", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("it is there");
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("it is JSON"));
    let mut roles = BTreeMap::<String, BTreeSet<String>>::new();
    for hop in lines.filter(|line| line["type"] == "hop") {
        let word = |field: &str| hop[field].as_str().expect("it is told").to_owned();
        roles.entry(word("role")).or_default().insert(word("node"));
    }
    roles
}

#[test]
fn the_classroom_says_what_it_needs() {
    let class = |arguments: &[&str]| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/classroom.sh");
        run(std::process::Command::new("bash").arg(script).args(arguments))
    };
    let wrong = class(&["--topology", "ring"]);
    assert_eq!(code(&wrong), 1);
    assert!(errors(&wrong).contains("choose flood, ultrapeer or central"), "{}", errors(&wrong));
    assert!(errors(&class(&["--rows"])).contains("there is no option --rows"));
    assert!(errors(&class(&["--topology"])).contains("needs a value"));
    let nowhere = errors(&class(&[]));
    assert!(nowhere.contains("use --headless"), "{nowhere}");
}

#[test]
fn it_is_a_graph_and_a_picture_too() {
    let graph = String::from_utf8(replay(&[TRACE, "--dot"]).stdout).expect("it is text");
    assert!(graph.starts_with("digraph flood {") && graph.contains("\"kestrel\""), "{graph}");
    for theme in ["dark", "light"] {
        let picture = String::from_utf8(replay(&[TRACE, "--svg", "--theme", theme]).stdout).expect("it is text");
        assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n") && picture.contains("hopscope: bach"));
    }
}

#[test]
fn expectations_hold_or_say_what_is() {
    let held = replay(&[TRACE, "--expect", "reached >= 40", "--expect", "max_hop <= 5"]);
    assert_eq!((code(&held), errors(&held)), (0, String::new()));
    assert_eq!(String::from_utf8_lossy(&held.stdout).lines().count(), 2);
    let failed =
        replay(&[TRACE, "--json", "--expect", "reached == 40", "--expect", "max_hop < 5", "--expect", "hits>99"]);
    assert_eq!((code(&failed), json(&failed).len()), (1, 1));
    assert!(errors(&failed).contains("expected max_hop < 5, but max_hop is 5"), "{}", errors(&failed));
    assert!(errors(&failed).contains("expected hits > 99, but hits is 32"), "{}", errors(&failed));
    let wrong = replay(&[TRACE, "--expect", "reach >= 4"]);
    assert_eq!(code(&wrong), 2);
    assert!(errors(&wrong).contains("no field `reach`") && errors(&wrong).contains("operators: >= <= == != > <"));
    assert_eq!(code(&replay(&[TRACE, "--query", "2", "--json"])), 2);
}

#[test]
fn what_a_node_records_is_what_it_saw() {
    let folder = folder();
    let hub = Node::start(&folder.path().join("hub"), &[]);
    let far = Node::start(&folder.path().join("far"), &[&hub]);
    far.share("suite.flac", b"a suite");
    far.wait_for_files(1);
    let (home, trace) = (folder.path().join("you"), folder.path().join("flood.ndjson"));
    let mut you = Node::run(&home, daemon(&home).args(["--peer", &hub.addr, "--record"]).arg(&trace));
    hub.wait_for_neighbors(2);
    you.wait_for_neighbors(1);
    assert_eq!(code(&you.command(&["search", "suite", "--ttl", "2"])), 0);
    you.process.signal(Signal::TERM);
    assert_eq!(you.process.ended().code(), Some(0));
    let output = replay(&[trace.to_str().expect("a plain path"), "--json"]);
    let sums = &json(&output)[0];
    assert_eq!((&sums["reached"], &sums["messages"], &sums["hits"]), (&2.into(), &2.into(), &1.into()), "{sums}");
    assert_eq!((&sums["trace_incomplete"], &sums["trace_inconsistent"]), (&false.into(), &false.into()), "{sums}");
    // It is not written over.
    let again = run(daemon(&home).arg("--record").arg(&trace));
    assert_eq!(code(&again), 2);
    assert!(errors(&again).contains("holds something already"), "{}", errors(&again));
}

#[test]
fn a_walk_and_a_ring_are_replayed_step_by_step_and_round_by_round() {
    let folder = folder();
    let home = |name: &str| folder.path().join(name);
    // A circle of four, around which a walker that nobody stops goes three times.
    let a = Node::start(&home("a"), &[]);
    let b = Node::start(&home("b"), &[&a]);
    let c = Node::start(&home("c"), &[&b]);
    let trace = home("searches.ndjson");
    let file = trace.to_str().expect("a plain path").to_owned();
    let peers = ["--peer", &a.addr, "--peer", &c.addr, "--record", &file];
    let mut you = Node::run(&home("you"), daemon(&home("you")).args(peers));
    [&a, &b, &c, &you].into_iter().for_each(|node| node.wait_for_neighbors(2));
    let nothing = |strategy: &[&str]| {
        assert_eq!(code(&you.command(&[&["search", "nothing like it", "--strategy"], strategy].concat())), 3);
    };
    nothing(&["walk", "--walkers", "1", "--ttl", "12"]);
    nothing(&["ring", "--ttl", "4"]);
    you.process.signal(Signal::TERM);
    assert_eq!(you.process.ended().code(), Some(0));

    let sums = |query: &str| {
        let output = replay(&[&file, "--query", query, "--json"]);
        assert_eq!((code(&output), errors(&output)), (0, String::new()));
        json(&output).remove(0)
    };
    let (walk, ring) = (sums("1"), sums("2"));
    // Past three nodes and home again, where a step is a duplicate like any other; its steps are told in ranges.
    assert_eq!([&walk["ttl"], &walk["messages"], &walk["reached"], &walk["duplicates"]], [12, 12, 3, 9], "{walk}");
    assert_eq!((&walk["strategy"], &walk["walkers"], &walk["rounds"]), (&"walk".into(), &1.into(), &Value::Null));
    assert_eq!(walk["per_hop"], serde_json::json!([1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]), "{walk}");
    let last = walk["hops"].as_array().and_then(|rows| rows.last()).expect("a row");
    assert!((last["first"].as_u64(), last["hop"].as_u64()) == (Some(9), Some(12)), "{walk}");
    // The first round asks two, the next ones the third as well, by both ways, and go home by both.
    assert_eq!((&ring["strategy"], &ring["reached"], &ring["max_hop"]), (&"ring".into(), &3.into(), &2.into()));
    let rounds: Vec<&Value> = ring["rounds"].as_array().expect("a list").iter().map(|round| &round["ttl"]).collect();
    assert_eq!(rounds, [1, 2, 4], "{ring}");
    for sums in [&walk, &ring] {
        assert_eq!((&sums["inconsistent"], &sums["trace_inconsistent"]), (&0.into(), &false.into()), "{sums}");
        let rows = sums["hops"].as_array().expect("a list").iter();
        assert_eq!(rows.filter_map(|row| row["sent"].as_u64()).sum::<u64>(), sums["messages"].as_u64().unwrap_or(0));
    }
    for (query, expected) in [("1", "messages == 12"), ("2", "max_hop == 2")] {
        let held = replay(&[&file, "--query", query, "--expect", expected]);
        assert_eq!((code(&held), errors(&held)), (0, String::new()));
        let graph = String::from_utf8(replay(&[&file, "--query", query, "--dot"]).stdout).expect("it is text");
        assert_eq!(graph.matches("penwidth").count(), 3, "a way to each of the others:\n{graph}");
        let picture = String::from_utf8(replay(&[&file, "--query", query, "--svg"]).stdout).expect("it is text");
        assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
    }
}

#[test]
fn damaged_traces_are_marked_and_what_is_none_is_refused() {
    let folder = folder();
    let path = folder.path().join("damaged.ndjson");
    let file = path.to_str().expect("a plain path");
    let whole = std::fs::read_to_string(TRACE).expect("it is there");
    std::fs::write(&path, &whole[..whole.len() / 2]).expect("it can be written");
    let cut = replay(&[file, "--json"]);
    assert_eq!((code(&cut), &json(&cut)[0]["trace"]["cut"]), (0, &true.into()));
    assert!(errors(&cut).contains("its end is missing"), "{}", errors(&cut));
    std::fs::write(&path, whole.replace("\"hop\":2", "\"hop\":6")).expect("it can be written");
    let lies = replay(&[file, "--json", "--expect", "inconsistent == 0"]);
    assert_eq!(code(&lies), 1);
    assert!(json(&lies)[0]["inconsistencies"]["hop"].as_u64() > Some(0));
    std::fs::write(&path, whole.replace("\"version\":1", "\"version\":9")).expect("it can be written");
    let newer = replay(&[file, "--json"]);
    assert_eq!(code(&newer), 1);
    assert!(errors(&newer).contains("version 9"), "{}", errors(&newer));
    // Without a terminal and without a form there is nothing to show it on.
    assert_eq!(code(&replay(&[TRACE])), 2);
}
