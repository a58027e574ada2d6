//! Directories and those who register with them, when one of them dies.

use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;

use crate::support::{Node, code, errors, eventually, folder, hopscope, json, run, timed};

/// For a client to notice that its directory is gone, and for a search to fail without one. The system tells at once; the
/// rest is for a busy machine.
const AT_ONCE: Duration = Duration::from_secs(5);

/// A client of these directories.
fn client(folder: &Path, name: &str, directories: &[&str]) -> Node {
    let flags = directories.iter().flat_map(|directory| ["--directory", directory]);
    let settings: Vec<&str> = ["--topology", "central"].into_iter().chain(flags).collect();
    Node::free(&folder.join(name), &settings)
}

/// Waits until a search finds exactly these files, the best known first.
fn finds(node: &Node, words: &str, names: &[&str]) {
    eventually(&format!("`{words}` finds {names:?}"), || node.found(words) == names);
}

#[test]
fn a_directory_that_is_killed_is_missed_at_once_and_knows_what_it_knew_when_it_is_back() {
    let folder = folder();
    let mut directory = Node::directory(&folder.path().join("directory"), "127.0.0.1:0");
    let addr = directory.addr.clone();
    let [a, b, mut c] = ["a", "b", "c"].map(|name| client(folder.path(), name, &[&addr]));
    for node in [&a, &b, &c] {
        assert_eq!(node.wait_until_registered(), addr);
    }
    b.share("winter light.flac", b"light");
    c.share("winter storm.flac", b"storm");
    finds(&a, "winter", &["winter light.flac", "winter storm.flac"]);
    let hit = json(&a.command(&["search", "light", "--json"])).into_iter().find(|line| line["type"] == "hit");
    let hit = hit.expect("it is there");
    assert_eq!((&hit["via"], &hit["addr"]), (&"directory".into(), &b.addr.clone().into()));
    let got = a.command(&["get", hit["magnet"].as_str().expect("a link")]);
    assert_eq!(code(&got), 0, "{}", errors(&got));

    // What came in the last quarter of a second before a kill may be lost; an orderly end writes all of it.
    directory.process.signal(Signal::TERM);
    assert!(directory.process.ended().success());
    let mut directory = Node::directory(&folder.path().join("directory"), &addr);
    for node in [&a, &b, &c] {
        assert_eq!(node.wait_until_registered(), addr);
    }

    directory.kill();
    let (_, noticed) =
        timed(|| a.process.wait_for("the loss", |line| line["type"] == "directory" && line["state"] != "registered"));
    assert!(noticed < AT_ONCE, "it took {noticed:?}");
    let (searched, ended) = timed(|| a.command(&["search", "winter"]));
    assert_eq!(code(&searched), 1, "{}", errors(&searched));
    assert!(errors(&searched).contains("no directory") && ended < AT_ONCE, "{ended:?}: {}", errors(&searched));
    c.kill();

    let directory = Node::directory(&folder.path().join("directory"), &addr);
    for node in [&a, &b] {
        assert_eq!(node.wait_until_registered(), addr);
    }
    // The third one's lease lasts: it may be back at any moment, as far as anybody knows.
    finds(&a, "winter", &["winter light.flac", "winter storm.flac"]);
    assert_eq!(directory.status()["role"]["serving"]["nodes"], 3);
    let shown = a.command(&["topology"]);
    let text = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(text.contains("registered with") && text.contains(&addr), "{text}");
}

#[test]
fn with_a_second_directory_nobody_is_lost_for_long() {
    let folder = folder();
    let mut directories = ["one", "two"].map(|name| Node::directory(&folder.path().join(name), "127.0.0.1:0"));
    let addrs = directories.each_ref().map(|directory| directory.addr.clone());
    let known = addrs.each_ref().map(String::as_str);
    let a = client(folder.path(), "a", &known);
    let b = client(folder.path(), "b", &known);
    b.share("winter light.flac", b"light");
    let (of_a, _) = (a.wait_until_registered(), b.wait_until_registered());
    let lost = usize::from(of_a == addrs[1]);
    directories[lost].kill();
    assert_eq!(a.wait_until_registered(), addrs[1 - lost]);
    finds(&a, "winter", &["winter light.flac"]);
}

#[test]
fn a_client_that_leaves_is_forgotten_at_once() {
    let folder = folder();
    let directory = Node::directory(&folder.path().join("directory"), "127.0.0.1:0");
    let a = client(folder.path(), "a", &[&directory.addr]);
    let mut b = client(folder.path(), "b", &[&directory.addr]);
    b.share("winter light.flac", b"light");
    finds(&a, "winter", &["winter light.flac"]);
    b.process.signal(Signal::TERM);
    b.process.ended();
    finds(&a, "winter", &[]);
    // The directory is still there: nothing found is no failure.
    assert_eq!(code(&a.command(&["search", "winter"])), 3);
}

#[test]
fn a_node_without_a_directory_says_so_and_takes_one_by_hand() {
    let folder = folder();
    let directory = Node::directory(&folder.path().join("directory"), "127.0.0.1:0");
    let node = client(folder.path(), "a", &[]);
    let (searched, ended) = timed(|| node.command(&["search", "winter"]));
    assert_eq!(code(&searched), 1, "{}", errors(&searched));
    assert!(errors(&searched).contains("--directory") && ended < AT_ONCE, "{ended:?}: {}", errors(&searched));
    let status = String::from_utf8_lossy(&node.command(&["status"]).stdout).into_owned();
    assert!(status.contains("central as client") && status.contains("directory  none"), "{status}");
    assert!(node.add_peer(&directory.addr).starts_with("HTTP/1.1 202"));
    assert_eq!(node.wait_until_registered(), directory.addr);
}

#[test]
fn a_search_may_join_at_a_directory_for_a_moment() {
    let folder = folder();
    let directory = Node::directory(&folder.path().join("directory"), "127.0.0.1:0");
    let a = client(folder.path(), "a", &[&directory.addr]);
    a.share("winter light.flac", b"light");
    a.wait_until_registered();
    eventually("the file is registered", || directory.status()["role"]["serving"]["files"] == 1);
    for more in [&["--topology", "central"][..], &[]] {
        let found = run(hopscope().args(["search", "winter", "--json", "--join", &directory.addr]).args(more));
        assert_eq!(code(&found), 0, "{more:?}: {}", errors(&found));
        let done = json(&found).pop().expect("lines");
        assert_eq!((&done["hits"], &done["topology"]), (&1.into(), &"central".into()), "{done}");
    }
    let status = directory.status();
    assert_eq!((&status["role"]["role"], &status["library"]["files"]), (&"directory".into(), &0.into()));
}
