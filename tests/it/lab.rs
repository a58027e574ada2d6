//! `hopscope demo`: a lab of real processes.

use std::path::{Path, PathBuf};

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{Process, await_end, code, errors, eventually, folder, hopscope, json, run};

/// A lab and its nodes, without its directory.
pub(crate) fn lab(folder: &Path, arguments: &[&str]) -> (Process, Vec<Value>) {
    let mut command = hopscope();
    command.env("TMPDIR", folder).args(["demo", "--headless", "--json"]).args(arguments);
    let process = Process::start(&mut command);
    let mut nodes = Vec::new();
    loop {
        let node = process.line().expect("a node");
        // It is the last one.
        if node["name"] == "directory" {
            assert_eq!((&node["topology"], &node["role"]), (&"central".into(), &"directory".into()));
            return (process, nodes);
        }
        nodes.push(node);
    }
}

pub(crate) fn name(node: &Value) -> String {
    node["name"].as_str().expect("a name").to_owned()
}

fn links(node: &Value) -> Vec<String> {
    node["links"].as_array().expect("a list").iter().map(|link| link.as_str().expect("a name").to_owned()).collect()
}

pub(crate) fn home(node: &Value) -> PathBuf {
    node["home"].as_str().expect("a path").into()
}

#[test]
fn its_nodes_are_linked_as_it_says_and_find_each_others_files() {
    let folder = folder();
    let (mut process, nodes) = lab(folder.path(), &["--nodes", "5", "--seed", "7"]);
    assert_eq!(nodes.len(), 5);
    for node in &nodes {
        assert_eq!(node["type"], "listening");
        let mut planned = links(node);
        planned.sort();
        // The list is a snapshot, which follows the links by a twelfth of a second.
        eventually(&format!("the links of {}", name(node)), || {
            let output = run(hopscope().arg("--home").arg(home(node)).args(["neighbors", "--json"]));
            let mut up: Vec<String> =
                json(&output)[0]["neighbors"].as_array().expect("a list").iter().map(name).collect();
            up.sort();
            up == planned
        });
        assert!(node["files"].as_u64() >= Some(1) && Path::new(node["log"].as_str().expect("a path")).exists());
    }
    process.signal(Signal::TERM);
    assert_eq!(process.ended().code(), Some(0));
    let left = std::fs::read_dir(folder.path()).expect("it is there").count();
    assert_eq!(left, 0, "the lab's folder is gone");
}

/// The role of each node, as it says itself.
fn roles(nodes: &[Value]) -> Vec<String> {
    let role = |node: &Value| {
        let status = json(&run(hopscope().arg("--home").arg(home(node)).args(["status", "--json"])));
        status[0]["role"]["role"].as_str().expect("a text").to_owned()
    };
    nodes.iter().map(role).collect()
}

#[test]
fn all_of_it_changes_when_one_node_proposes_to() {
    let folder = folder();
    let (_process, nodes) = lab(folder.path(), &["--topology", "central", "--nodes", "6"]);
    assert!(nodes.iter().all(|node| node["role"] == "client"), "{nodes:?}");
    let search = || {
        let found = run(hopscope().arg("--home").arg(home(&nodes[0])).args(["search", "bach", "--json"]));
        let mut hits = json(&found);
        hits.retain(|line| line["type"] == "hit");
        let mut hits: Vec<String> = hits.iter().map(|hit| format!("{} {}", hit["node"], hit["name"])).collect();
        hits.sort();
        hits
    };
    let by_directory = search();
    assert!(!by_directory.is_empty());
    for (topology, role) in [("flood", "peer"), ("ultrapeer", "ultrapeer")] {
        // Proposals are rationed: the next one is taken when the time has come.
        let proposal = || run(hopscope().arg("--home").arg(home(&nodes[0])).args(["topology", topology, "--propose"]));
        eventually("a proposal is sent", || code(&proposal()) == 0);
        eventually("all follow", || {
            let roles = roles(&nodes);
            roles.iter().any(|other| other == role) && !roles.iter().any(|role| role == "client")
        });
        eventually(&format!("{topology} finds what the directory knew"), || search() == by_directory);
    }
}

#[test]
fn ultrapeers_are_elected_and_a_graph_is_for_flooding() {
    let folder = folder();
    let (_process, nodes) = lab(folder.path(), &["--topology", "ultrapeer", "--nodes", "8"]);
    let ultrapeers = nodes.iter().filter(|node| node["role"] == "ultrapeer").count();
    assert!((1..8).contains(&ultrapeers), "{nodes:?}");
    for node in nodes.iter().filter(|node| node["role"] == "leaf") {
        let of = |name: &String| nodes.iter().find(|node| node["name"] == name.as_str()).map(|node| &node["role"]);
        assert!(!links(node).is_empty() && links(node).iter().all(|name| of(name) == Some(&"ultrapeer".into())));
    }
    let refused = run(hopscope().args(["demo", "--headless", "--topology", "central", "--graph", "/dev/null"]));
    assert_eq!(code(&refused), 2, "{}", errors(&refused));
}

#[test]
fn its_nodes_are_gone_after_a_kill_of_the_parent() {
    let folder = folder();
    let (mut process, nodes) = lab(folder.path(), &["--nodes", "4"]);
    process.signal(Signal::KILL);
    process.ended();
    for node in &nodes {
        await_end(node["pid"].as_u64().expect("a number") as u32);
    }
    assert!(!home(&nodes[0]).join("control.sock").exists(), "they said goodbye");
    // What the killed one could not remove is removed by the next.
    let left = home(&nodes[0]);
    let (mut next, _nodes) = lab(folder.path(), &["--nodes", "1"]);
    assert!(!left.exists());
    next.signal(Signal::INT);
    assert_eq!(next.ended().code(), Some(0));
}

#[test]
fn a_graph_of_ones_own_is_laid_out_and_a_bad_one_is_refused_by_line() {
    let folder = folder();
    let graph = folder.path().join("graph.txt");
    std::fs::write(&graph, "# a line\nada boole\nboole curie # and its end\n").expect("it can be written");
    let (_process, nodes) = lab(folder.path(), &["--graph", graph.to_str().expect("a plain path")]);
    let boole = nodes.iter().find(|node| name(node) == "boole").expect("it is in the graph");
    assert_eq!((nodes.len(), links(boole)), (3, vec!["ada".to_owned(), "curie".to_owned()]));
    std::fs::write(&graph, "ada boole\nada\n../up x\n").expect("it can be written");
    let refused = run(hopscope().args(["demo", "--headless", "--graph"]).arg(&graph));
    assert_eq!(code(&refused), 2);
    assert!(
        errors(&refused).contains("graph.txt:2:") && errors(&refused).contains("graph.txt:3:"),
        "{}",
        errors(&refused)
    );
}
