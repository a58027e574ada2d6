//! From one topology to another while the node runs, alone and all together.

use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{Node, code, errors, eventually, folder, json, timed};

/// For a node to be among its neighbors again when it is back: what the program promises.
const BACK: Duration = Duration::from_secs(2);
/// Bytes of a file that takes a moment, even here.
const LARGE: usize = 96 << 20;

fn peers(folder: &Path, name: &str, settings: &[&str], peers: &[&Node]) -> Node {
    let peers = peers.iter().flat_map(|peer| ["--peer", &peer.addr]);
    Node::free(&folder.join(name), &settings.iter().copied().chain(peers).collect::<Vec<_>>())
}

/// Changes the topology of a node; returns its role there.
fn change(node: &Node, topology: &str) -> String {
    let output = node.command(&["topology", topology, "--json"]);
    assert_eq!(code(&output), 0, "{topology}: {}", errors(&output));
    let role = json(&output).swap_remove(0);
    assert_eq!((&role["type"], &role["topology"]), (&"topology".into(), &topology.into()));
    role["role"].as_str().expect("a text").to_owned()
}

fn in_topology(name: &str) -> impl Fn(&Value) -> bool {
    move |line| line["type"] == "topology" && line["topology"] == name
}

#[test]
fn once_around_with_a_download_running_and_back_among_neighbors_in_2_s() {
    let folder = folder();
    let directory = Node::directory(&folder.path().join("directory"), "127.0.0.1:0");
    let b = peers(folder.path(), "b", &[], &[]);
    let c = peers(folder.path(), "c", &[], &[&b]);
    let source = peers(folder.path(), "source", &[], &[&b]);
    source.share("winter symphony.flac", &vec![7; LARGE]);
    source.wait_for_files(1);
    let a = peers(folder.path(), "a", &["--directory", &directory.addr], &[&b, &c]);
    a.wait_for_neighbors(2);

    let found = json(&a.command(&["search", "symphony", "--enough", "1", "--json"]));
    let hit = found.iter().find(|line| line["type"] == "hit").expect("it is found");
    let magnet = hit["magnet"].as_str().expect("a link").to_owned();
    let download = {
        let request = format!(r#"{{"magnet":"{magnet}"}}"#);
        a.request_with("POST /v1/get", &request)
    };
    assert!(download.starts_with("HTTP/1.1 202"), "{download}");
    let moving = |line: &Value| line["type"] == "transfer" && line["state"] == "active";
    let begun = a.process.wait_for("the download", moving);
    // It holds its breath while the other end changes.
    source.process.signal(Signal::STOP);
    assert!(begun["bytes"].as_u64() < Some(LARGE as u64), "{begun}");

    change(&a, "ultrapeer");
    a.process.wait_for("ultra-peers", in_topology("ultrapeer"));
    assert_eq!(change(&a, "central"), "client");
    assert_eq!(a.wait_until_registered(), directory.addr);
    assert_eq!(change(&a, "flood"), "peer");
    let (_, back) = timed(|| a.wait_for_neighbors(1));
    assert!(back < BACK, "it took {back:?}");
    let transfers = json(&a.command(&["transfers", "--json"]));
    assert!(matches!(transfers[0]["transfers"][0]["state"].as_str(), Some("active" | "queued")), "{transfers:?}");

    source.process.signal(Signal::CONT);
    a.process.wait_for("the end", |line| line["type"] == "transfer" && line["state"] == "done");
    let got = std::fs::metadata(a.home.join("downloads/winter symphony.flac")).expect("it is there");
    assert_eq!(got.len(), LARGE as u64);
    // Whom it left is told why, and takes it back.
    b.process.wait_for("the reason", |line| {
        line["event"] == "down" && line["why"].as_str().is_some_and(|why| why.contains("the node is"))
    });
    c.share("winter light.flac", b"light");
    eventually("the overlay is whole", || a.found("winter").len() == 2);
}

#[test]
fn a_proposal_takes_those_along_that_follow_and_a_storm_of_them_nobody() {
    let folder = folder();
    let stays = peers(folder.path(), "stays", &[], &[]);
    let one = peers(folder.path(), "one", &["--follow"], &[&stays]);
    // Neither end of this one knows who proposes.
    let two = peers(folder.path(), "two", &["--follow", "--max-neighbors", "2", "--min-neighbors", "1"], &[&stays]);
    let proposes = peers(folder.path(), "proposes", &[], &[&one]);
    proposes.wait_for_neighbors(1);
    eventually("all are linked", || stays.status()["role"]["neighbors"].as_u64() >= Some(2));

    let proposed = proposes.command(&["topology", "ultrapeer", "--propose"]);
    assert_eq!(code(&proposed), 0, "{}", errors(&proposed));
    let proposal = |line: &Value| line["type"] == "proposal";
    for node in [&one, &two] {
        let heard = node.process.wait_for("the proposal", proposal);
        assert_eq!((&heard["topology"], &heard["followed"]), (&"ultrapeer".into(), &true.into()), "{heard}");
        node.process.wait_for("the change", in_topology("ultrapeer"));
    }
    let heard = stays.process.wait_for("the proposal", proposal);
    assert_eq!(heard["followed"], false);
    assert!(heard["why"].as_str().is_some_and(|why| why.contains("--follow")), "{heard}");

    // At once again, and again: nobody hears of it.
    for topology in ["flood", "central", "flood", "central"] {
        let refused = proposes.command(&["topology", topology, "--propose"]);
        assert_eq!(code(&refused), 1, "{}", errors(&refused));
        assert!(errors(&refused).contains("the proposal was not sent"), "{}", errors(&refused));
    }
    let topologies = [&stays, &one, &two, &proposes].map(|node| node.status()["role"]["topology"].clone());
    assert_eq!(topologies, ["flood", "ultrapeer", "ultrapeer", "ultrapeer"].map(Value::from));
}

#[test]
fn a_topology_that_does_not_exist_is_refused_with_those_that_do() {
    let folder = folder();
    let node = Node::start(folder.path(), &[]);
    let refused = node.command(&["topology", "telepathy", "--propose"]);
    assert_eq!(code(&refused), 2);
    assert!(errors(&refused).contains("flood, ultrapeer and central"), "{}", errors(&refused));
    let shown = json(&node.command(&["topology", "--json"]));
    assert_eq!((&shown[0]["type"], &shown[0]["role"]), (&"topology".into(), &"peer".into()));
}
