//! Why something was not found at a node: each verdict, with real nodes.

use std::path::Path;

use serde_json::Value;

use crate::support::{Node, code, daemon, errors, eventually, folder, hopscope, json, run};

const NAME: &str = "Mira Halvorsen - Winter Light.flac";

/// A node that talks to these peers only, and goes by the name of its folder.
fn node(folder: &Path, name: &str, settings: &[&str], peers: &[&Node]) -> Node {
    let peers = peers.iter().flat_map(|peer| ["--peer", &peer.addr]);
    let all: Vec<&str> = ["--only-peers", "--name", name].iter().chain(settings).copied().chain(peers).collect();
    Node::free(&folder.join(name), &all)
}

/// The exit code, and the answer.
fn why(asker: &Node, words: &str, at: &str, more: &[&str]) -> (i32, Value) {
    let output = asker.command(&[&["why", words, "--at", at, "--json"], more].concat());
    let mut lines = json(&output);
    assert_eq!(lines.len(), 1, "{lines:?} {}", errors(&output));
    (code(&output), lines.swap_remove(0))
}

fn verdict(asker: &Node, words: &str, at: &str, more: &[&str]) -> String {
    let (_, answer) = why(asker, words, at, more);
    assert!(!answer["evidence"].as_array().expect("evidence").is_empty(), "{answer}");
    answer["verdict"].as_str().expect("a verdict").to_owned()
}

/// ann - bob - cat - dan, linked, and dan shares one file and leaves one out.
fn line(folder: &Path) -> [Node; 4] {
    let share = folder.join("dan").join("share");
    std::fs::create_dir_all(&share).expect("the folder can be made");
    std::fs::write(share.join(".winter diary.txt"), b"private").expect("it can be written");
    let ann = node(folder, "ann", &[], &[]);
    let bob = node(folder, "bob", &[], &[&ann]);
    let cat = node(folder, "cat", &[], &[&bob]);
    let dan = node(folder, "dan", &[], &[&cat]);
    ann.wait_for_neighbors(1);
    bob.wait_for_neighbors(2);
    cat.wait_for_neighbors(2);
    dan.share(NAME, b"sound");
    dan.wait_for_files(1);
    [ann, bob, cat, dan]
}

#[test]
fn it_tells_what_is_there_what_is_not_and_the_ttl_that_it_takes() {
    let folder = folder();
    let [ann, _bob, cat, dan] = line(folder.path());
    let (found, answer) = why(&ann, "winter light", "dan", &[]);
    assert_eq!((found, &answer["verdict"], &answer["addr"]), (0, &"found".into(), &dan.addr.as_str().into()));
    let (there, answer) = why(&ann, "winter light", "dan", &["--ttl", "2"]);
    assert_eq!((there, &answer["verdict"], &answer["needs_ttl"]), (3, &"beyond_horizon".into(), &3.into()), "{answer}");
    assert_eq!(verdict(&ann, "winter light", "dan", &["--ttl", "3"]), "found", "with what it takes");
    let id = answer["node"].as_str().expect("an id");
    let (missing, answer) = why(&ann, "opera", &id[..12], &[]);
    assert_eq!((missing, &answer["verdict"], &answer["name"]), (3, &"not_shared".into(), &"dan".into()));
    let (_, answer) = why(&ann, "diary", &dan.addr, &[]);
    let sentence = answer["sentence"].as_str().expect("a sentence");
    assert!(answer["verdict"] == "not_shared" && sentence.contains("begin with a dot"), "{answer}");
    assert_eq!(verdict(&ann, "winter ext:mp3", "dan", &[]), "filtered", "the search leaves it out itself");
    // About a search that is over, and through a node that joins for a moment.
    let lines = json(&ann.command(&["search", "winter", "--ttl", "1", "--json"]));
    let guid = lines[0]["guid"].as_str().expect("a guid");
    assert_eq!(verdict(&ann, "winter", "dan", &["--search", guid]), "beyond_horizon");
    let joined = run(hopscope().args(["why", "winter", "--at", "dan", "--json", "--join", &cat.addr]));
    assert_eq!((code(&joined), &json(&joined)[0]["verdict"]), (0, &"found".into()), "{}", errors(&joined));
    // For people.
    let plain = ann.command(&["why", "winter", "--at", "dan", "--ttl", "2"]);
    let text = String::from_utf8_lossy(&plain.stdout).into_owned();
    assert!(text.starts_with("beyond the horizon: dan is too far away") && text.contains("TTL 3"), "{text}");
}

#[test]
fn who_nobody_knows_and_this_node_itself_are_told_so() {
    let folder = folder();
    let ann = node(folder.path(), "ann", &[], &[]);
    let (unknown, answer) = why(&ann, "winter", "nobody", &[]);
    assert_eq!((unknown, &answer["verdict"]), (1, &"unknown_node".into()));
    for own in ["ann", &ann.addr] {
        let output = ann.command(&["why", "winter", "--at", own]);
        assert_eq!(code(&output), 2);
        assert!(errors(&output).contains("this node itself"), "{}", errors(&output));
    }
    assert_eq!(code(&ann.command(&["why", "-", "--at", "ann"])), 2, "no query");
}

#[test]
fn a_file_that_waits_to_be_hashed_is_not_indexed_yet() {
    let folder = folder();
    let home = folder.path().join("bob");
    std::fs::create_dir_all(home.join("share")).expect("the folder can be made");
    std::fs::write(home.join("share").join("first.bin"), vec![7; 4 << 20]).expect("it can be written");
    let ann = node(folder.path(), "ann", &[], &[]);
    let mut command = daemon(&home);
    command.args(["--name", "bob", "--no-discovery", "--peer", &ann.addr]).arg("--share").arg(home.join("share"));
    // The first file is hashed at once; at a byte a second the next one is never done.
    let bob = Node::run(&home, command.env("HOPSCOPE_HASH_RATE", "1"));
    bob.wait_for_files(1);
    bob.share(NAME, b"sound");
    bob.process.wait_for("its file", |line| line["type"] == "library" && line["hashing"] == 1);
    ann.wait_for_neighbors(1);
    assert_eq!(verdict(&ann, "winter", "bob", &[]), "not_indexed");
    assert_eq!(verdict(&ann, "summer", "bob", &[]), "not_shared");
}

#[test]
fn a_killed_node_is_gone() {
    let folder = folder();
    let ann = node(folder.path(), "ann", &[], &[]);
    let mut bob = node(folder.path(), "bob", &[], &[&ann]);
    ann.wait_for_neighbors(1);
    assert_eq!(verdict(&ann, "winter", "bob", &[]), "not_shared");
    bob.kill();
    let (gone, answer) = why(&ann, "winter", "bob", &[]);
    let sentence = answer["sentence"].as_str().expect("a sentence");
    assert_eq!((gone, &answer["verdict"]), (3, &"gone".into()), "{answer}");
    assert!(sentence.contains("cannot be reached"), "{sentence}");
    assert_eq!(verdict(&ann, "winter", &bob.addr, &[]), "gone", "by its address too");
}

#[test]
fn a_leafs_filter_keeps_searches_away_and_its_ultrapeer_knows_it() {
    let folder = folder();
    let ultra = node(folder.path(), "ultra", &["--topology", "ultrapeer", "--role", "ultrapeer"], &[]);
    let leaf = |name| node(folder.path(), name, &["--topology", "ultrapeer", "--role", "leaf"], &[&ultra]);
    let (ann, bob) = (leaf("ann"), leaf("bob"));
    bob.share(NAME, b"sound");
    bob.wait_for_files(1);
    eventually("a search finds it", || verdict(&ann, "winter", "bob", &[]) == "found");
    // The filter is given some time after the library changed; until then every search is handed down.
    eventually("its filter is in force", || verdict(&ann, "opera", "bob", &[]) == "filtered");
    let joined = run(hopscope().args(["why", "opera", "--at", "bob", "--json", "--join", &ultra.addr]));
    let answer = &json(&joined)[0];
    assert_eq!((&answer["verdict"], &answer["addr"]), (&"filtered".into(), &bob.addr.as_str().into()), "{answer}");
}

#[test]
fn a_private_node_refuses_and_a_client_of_a_directory_is_in_no_overlay() {
    let folder = folder();
    let ann = node(folder.path(), "ann", &[], &[]);
    let bob = node(folder.path(), "bob", &[], &[&ann]);
    ann.wait_for_neighbors(1);
    let secret = folder.path().join("passphrase");
    std::fs::write(&secret, "ours alone\n").expect("it can be written");
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&secret, private).expect("it is ours");
    let path = secret.to_str().expect("it is UTF-8");
    let closed = node(folder.path(), "closed", &["--passphrase-file", path], &[]);
    let (refused, answer) = why(&ann, "winter", &closed.addr, &[]);
    assert_eq!((refused, &answer["verdict"]), (3, &"refused".into()), "{answer}");
    let directory = Node::directory(&folder.path().join("directory"), "127.0.0.1:0");
    let client = node(folder.path(), "client", &["--topology", "central", "--directory", &directory.addr], &[]);
    client.wait_until_registered();
    client.share(NAME, b"sound");
    client.wait_for_files(1);
    assert_eq!(verdict(&bob, "winter", &client.addr, &[]), "unreachable");
}
