//! Three nodes in a line, a - b - c: what a user of the first release does.

use serde_json::Value;

use crate::support::{Node, code, daemon, errors, folder, hopscope, json, run};

const NAME: &str = "Mira Halvorsen - Winter Light.flac";

fn content() -> Vec<u8> {
    (0..3_000_000u32).map(|place| (place.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

/// a - b - c, linked, and c shares one file.
fn line(folder: &std::path::Path) -> [Node; 3] {
    let a = Node::start(&folder.join("a"), &[]);
    let b = Node::start(&folder.join("b"), &[&a]);
    let c = Node::start(&folder.join("c"), &[&b]);
    a.wait_for_neighbors(1);
    b.wait_for_neighbors(2);
    c.share(NAME, &content());
    c.wait_for_files(1);
    [a, b, c]
}

fn of_type<'a>(lines: &'a [Value], name: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["type"] == name).collect()
}

#[test]
fn a_file_two_hops_away_is_found_and_fetched() {
    let folder = folder();
    let [a, b, c] = line(folder.path());

    let found = a.command(&["search", "winter", "light", "--ttl", "2", "--enough", "1", "--json"]);
    assert_eq!(code(&found), 0, "{}", errors(&found));
    let lines = json(&found);
    assert_eq!(lines[0]["type"], "query");
    assert_eq!(lines.last().expect("lines")["type"], "done");
    let hits = of_type(&lines, "hit");
    assert_eq!(hits.len(), 1, "{lines:?}");
    let hit = hits[0];
    assert_eq!((&hit["name"], &hit["hops"], &hit["size"]), (&NAME.into(), &2.into(), &3_000_000.into()));
    assert_eq!(hit["addr"], c.addr);

    let magnet = hit["magnet"].as_str().expect("a magnet");
    let got = a.command(&["get", magnet, "--json"]);
    assert_eq!(code(&got), 0, "{}", errors(&got));
    let lines = json(&got);
    let last = lines.last().expect("lines");
    assert_eq!(
        (&last["type"], &last["state"], &last["bytes"]),
        (&"transfer".into(), &"done".into(), &3_000_000.into())
    );
    assert_eq!(std::fs::read(a.home.join("downloads").join(NAME)).expect("it is there"), content());

    // Plain output says the same to people.
    let found = a.command(&["search", "winter", "--enough", "1"]);
    let text = String::from_utf8_lossy(&found.stdout).into_owned();
    assert!(text.contains("2 hops") && text.contains(NAME) && text.contains("1 hit in "), "{text}");
    assert!(!text.contains('\x1b'), "no colours for a pipe: {text:?}");
    let neighbors = json(&b.command(&["neighbors", "--json"]));
    assert_eq!(neighbors[0]["neighbors"].as_array().map(Vec::len), Some(2));
}

#[test]
fn each_strategy_finds_it_and_says_what_it_cost() {
    let folder = folder();
    let [a, _b, _c] = line(folder.path());
    let search = |arguments: &[&str]| {
        let found = a.command(&[&["search", "winter", "--json"], arguments].concat());
        assert_eq!(code(&found), 0, "{}", errors(&found));
        json(&found)
    };
    let cost = |lines: &[Value]| {
        let done = lines.last().expect("lines");
        let numbers = ["hits", "reached", "messages", "duplicates"].map(|key| done[key].as_u64().expect("a number"));
        (done["strategy"].as_str().expect("a name").to_owned(), numbers)
    };
    assert_eq!(cost(&search(&["--strategy", "flood"])), ("flood".into(), [1, 2, 2, 0]));
    // The round of TTL 1 asks b, and that of TTL 2 asks b again and then c.
    let ring = search(&["--strategy", "ring"]);
    assert_eq!(cost(&ring), ("ring".into(), [1, 2, 3, 1]));
    let rounds: Vec<&Value> = of_type(&ring, "round").into_iter().map(|round| &round["ttl"]).collect();
    assert_eq!((&ring[0]["strategy"], rounds), (&"ring".into(), vec![&2.into()]));
    // On a line there is one way to go.
    let walk = search(&["--strategy", "walk", "--walkers", "1"]);
    assert_eq!(cost(&walk), ("walk".into(), [1, 2, 2, 0]));
    assert_eq!((&walk[0]["walkers"], &walk[0]["ttl"]), (&1.into(), &32.into()));
}

#[test]
fn strategies_that_cannot_be_are_refused_with_what_to_do() {
    let folder = folder();
    let home = folder.path().join("a");
    let node = Node::run(&home, daemon(&home).args(["--dedup", "first"]));
    let cases: [(&[&str], &str); 5] = [
        (&["--strategy", "ring"], "start with --dedup highest-ttl"),
        (&["--ttl", "9"], "choose one from 1 to 7"),
        (&["--strategy", "walk", "--ttl", "129"], "a number from 1 to 128"),
        (&["--strategy", "walk", "--walkers", "65"], "a number from 1 to 64"),
        (&["--strategy", "flood", "--walkers", "2"], "a walk has 1 to 64"),
    ];
    for (arguments, words) in cases {
        let output = node.command(&[&["search", "x"], arguments].concat());
        assert_eq!((code(&output), errors(&output).contains(words)), (2, true), "{}", errors(&output));
    }
}

#[test]
fn ttl_1_does_not_reach_it() {
    let folder = folder();
    let [a, b, _c] = line(folder.path());
    let found = a.command(&["search", "winter", "--ttl", "1", "--timeout", "2s", "--json"]);
    assert_eq!(code(&found), 3, "{}", errors(&found));
    let lines = json(&found);
    assert!(of_type(&lines, "hit").is_empty());
    assert_eq!(lines.last().expect("lines")["reached"], 1, "only b");
    let found = b.command(&["search", "winter", "--ttl", "1", "--enough", "1", "--json"]);
    assert_eq!(code(&found), 0, "from b it is one hop");
}

#[test]
fn a_file_dropped_into_a_share_is_found_and_a_deleted_one_is_not() {
    let folder = folder();
    let [a, _b, c] = line(folder.path());
    c.share("birdsong editor 1.4.2.tar.gz", b"a program");
    c.wait_for_files(2);
    assert_eq!(code(&a.command(&["search", "birdsong", "--enough", "1"])), 0);
    std::fs::remove_file(c.home.join("share").join(NAME)).expect("it was there");
    c.wait_for_files(1);
    assert_eq!(code(&a.command(&["search", "winter", "--timeout", "2s"])), 3);
    let files = json(&c.command(&["files", "--json"]));
    assert_eq!((&files[0]["type"], &files[0]["total"]), (&"files".into(), &1.into()));
}

#[test]
fn a_search_may_join_for_a_moment_instead_of_asking_a_node() {
    let folder = folder();
    let [a, _b, _c] = line(folder.path());
    let found = run(hopscope().args(["search", "--join", &a.addr, "--json", "winter", "--", "-summer"]));
    assert_eq!(code(&found), 0, "{}", errors(&found));
    let lines = json(&found);
    assert_eq!(of_type(&lines, "hit")[0]["hops"], 3);
    // All of them report to it as to any other node, so that it need not wait for its deadline.
    let done = lines.last().expect("lines");
    assert_eq!((&done["reached"], &done["why"]), (&3.into(), &"complete".into()), "{done}");
}

#[test]
fn content_that_nobody_has_and_peers_that_are_none_end_with_a_word() {
    let folder = folder();
    let node = Node::start(&folder.path().join("a"), &[]);
    let magnet = format!("magnet:?xt=urn:blake3:{}&dn=x&xl=5", "0".repeat(64));
    let got = node.command(&["get", &magnet, "--timeout", "2s"]);
    assert!(matches!(code(&got), 1 | 4), "{}", errors(&got));
    assert!(errors(&got).starts_with("hopscope: "), "{}", errors(&got));
    let found = node.command(&["search", "anything", "--timeout", "1s"]);
    assert_eq!(code(&found), 3, "{}", errors(&found));
    let joined = run(hopscope().args(["search", "--join", "127.0.0.1:1", "anything"]));
    assert_eq!(code(&joined), 1, "{}", errors(&joined));
    assert!(errors(&joined).contains("hopscope: no link to the peer 127.0.0.1:1: "), "{}", errors(&joined));
    // A node without neighbors says so at once instead of waiting for its deadline.
    assert!(errors(&found).contains("no neighbor"), "{}", errors(&found));
}

#[test]
fn a_node_with_the_wrong_passphrase_gets_no_link() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let secret = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("it can be written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("it is ours");
        path
    };
    let (right, wrong) = (secret("right", "open sesame"), secret("wrong", "open barley"));
    let start = |name: &str, secret: &std::path::Path, peers: &[&Node]| {
        let home = folder.path().join(name);
        let mut command = daemon(&home);
        command.arg("--passphrase-file").arg(secret);
        for peer in peers {
            command.args(["--peer", &peer.addr]);
        }
        Node::run(&home, &mut command)
    };
    let a = start("a", &right, &[]);
    let _stranger = start("stranger", &wrong, &[&a]);
    let friend = start("friend", &right, &[&a]);
    friend.wait_for_neighbors(1);
    a.wait_for_neighbors(1);
    let neighbors = json(&a.command(&["neighbors", "--json"]));
    let linked =
        neighbors[0]["neighbors"].as_array().expect("a list").iter().filter(|row| !row["node"].is_null()).count();
    assert_eq!(linked, 1, "{neighbors:?}");
}
