//! Ultra-peers and leaves, when one of them dies.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::support::{Node, code, errors, eventually, folder, hopscope, json, run, timed, within};

/// For the leaves of a killed ultra-peer to be attached again: what the program promises on the loopback interface.
const ATTACHED: Duration = Duration::from_secs(5);
/// For nodes whose ultra-peers are all gone to elect others.
const ELECTED: Duration = Duration::from_secs(30);

fn ultrapeer(folder: &Path, name: &str, peers: &[&Node]) -> Node {
    start(folder, name, &["--role", "ultrapeer", "--max-leaves", "8"], peers)
}

fn leaf(folder: &Path, name: &str, peers: &[&Node]) -> Node {
    start(folder, name, &["--role", "leaf"], peers)
}

fn start(folder: &Path, name: &str, settings: &[&str], peers: &[&Node]) -> Node {
    let peers = peers.iter().flat_map(|peer| ["--peer", &peer.addr]);
    let settings: Vec<&str> =
        ["--topology", "ultrapeer", "--name", name].iter().chain(settings).copied().chain(peers).collect();
    let node = Node::free(&folder.join(name), &settings);
    node.share(&format!("winter {name}.flac"), name.as_bytes());
    node
}

/// Its neighbors: what they are called, and what they are.
fn neighbors(node: &Node) -> Vec<(String, String)> {
    let output = node.command(&["neighbors", "--json"]);
    let rows = json(&output).swap_remove(0)["neighbors"].take();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let linked = rows.as_array().expect("a list").iter().filter(|row| !row["node"].is_null());
    let mut neighbors: Vec<_> = linked.map(|row| (text(&row["name"]), text(&row["kind"]))).collect();
    neighbors.sort();
    neighbors
}

/// Waits until a search finds exactly the files of these nodes.
fn finds(node: &Node, names: &[&str]) {
    let files: Vec<String> = names.iter().map(|name| format!("winter {name}.flac")).collect();
    eventually(&format!("a search finds {files:?}"), || node.found("winter") == files);
}

/// Four ultra-peers that know each other, and three leaves.
fn overlay(folder: &Path) -> (Vec<Node>, Vec<Node>) {
    let mut core: Vec<Node> = Vec::new();
    for name in ["u1", "u2", "u3", "u4"] {
        let next = ultrapeer(folder, name, &core.iter().collect::<Vec<_>>());
        core.push(next);
    }
    let first = &core[0];
    let leaves: Vec<Node> = ["l1", "l2", "l3"].map(|name| leaf(folder, name, &[first])).into();
    for leaf in &leaves {
        eventually("three ultra-peers", || neighbors(leaf).len() == 3);
        assert!(neighbors(leaf).iter().all(|(_, kind)| kind == "ultrapeer"), "{:?}", neighbors(leaf));
    }
    (core, leaves)
}

#[test]
fn leaves_whose_ultrapeers_are_killed_are_attached_again_within_5_s() {
    let folder = folder();
    let (core, leaves) = overlay(folder.path());
    finds(&leaves[0], &["l2", "l3", "u1", "u2", "u3", "u4"]);
    let theirs = neighbors(&leaves[0]);
    // All three that one of the leaves has: the others lose three or two of theirs.
    let is_lost = |node: &Node| theirs.iter().any(|(name, _)| node.home.ends_with(name));
    let (lost, left): (Vec<Node>, Vec<Node>) = core.into_iter().partition(is_lost);
    lost.into_iter().for_each(|mut node| node.kill());
    let [left] = <[Node; 1]>::try_from(left).ok().expect("one ultra-peer is left");
    let name = left.home.file_name().expect("it has a name").to_string_lossy().into_owned();
    let (_, attached) = timed(|| {
        for leaf in &leaves {
            within(ATTACHED, "the last ultra-peer", || neighbors(leaf) == [(name.clone(), "ultrapeer".to_owned())]);
        }
    });
    assert!(attached < ATTACHED, "it took {attached:?}");
    finds(&leaves[0], &["l2", "l3", &name]);
}

#[test]
fn a_killed_leaf_takes_its_files_along_and_nobody_else_notices() {
    let folder = folder();
    let (core, mut leaves) = overlay(folder.path());
    finds(&leaves[0], &["l2", "l3", "u1", "u2", "u3", "u4"]);
    let rest = leaves.split_off(1);
    let [mut victim, other] = <[Node; 2]>::try_from(rest).ok().expect("there are two");
    let before = (neighbors(&leaves[0]), neighbors(&other));
    victim.kill();
    finds(&leaves[0], &["l3", "u1", "u2", "u3", "u4"]);
    assert_eq!((neighbors(&leaves[0]), neighbors(&other)), before);
    for node in &core {
        assert_eq!(node.status()["role"]["role"], "ultrapeer");
        assert!(neighbors(node).iter().all(|(name, _)| name != "l2"));
    }
}

#[test]
fn when_all_ultrapeers_are_gone_others_are_elected() {
    let folder = folder();
    let mut first = ultrapeer(folder.path(), "u1", &[]);
    let fast = ["--capacity", "100000"];
    let [a, b] = ["a", "b"].map(|name| start(folder.path(), name, &fast, &[&first]));
    let slow = leaf(folder.path(), "c", &[&first]);
    finds(&slow, &["a", "b", "u1"]);
    first.kill();
    within(ELECTED, "another ultra-peer", || [&a, &b].iter().any(|node| node.status()["role"]["role"] == "ultrapeer"));
    within(ELECTED, "all that is left is found", || slow.found("winter") == ["winter a.flac", "winter b.flac"]);
}

#[test]
fn a_search_may_join_at_an_ultrapeer_and_at_a_leaf() {
    let folder = folder();
    let (core, leaves) = overlay(folder.path());
    finds(&leaves[0], &["l2", "l3", "u1", "u2", "u3", "u4"]);
    for (at, more) in [(&core[0], &[][..]), (&leaves[0], &[]), (&core[1], &["--topology", "ultrapeer"])] {
        let search = || run(hopscope().args(["search", "winter", "--json", "--join", &at.addr]).args(more));
        let (found, ended) = timed(search);
        assert_eq!(code(&found), 0, "{}", errors(&found));
        let hits = json(&found).iter().filter(|line| line["type"] == "hit").count();
        assert_eq!(hits, 7, "{:?} {ended:?}", json(&found));
    }
}
