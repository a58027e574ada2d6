//! One node a home, and how a node ends.

use std::process::Stdio;

use rustix::process::Signal;

use crate::support::{Node, code, daemon, errors, folder, json, run};

#[test]
fn a_second_node_on_the_same_home_is_refused_and_the_first_goes_on() {
    let folder = folder();
    let node = Node::start(folder.path(), &[]);
    let second = run(&mut daemon(folder.path()));
    assert_eq!(code(&second), 1);
    assert!(errors(&second).contains("another node runs on this home already"), "{}", errors(&second));
    assert!(second.stdout.is_empty());
    let status = json(&node.command(&["status", "--json"]));
    assert_eq!((&status[0]["type"], &status[0]["addr"]), (&"status".into(), &node.addr.clone().into()));
}

#[test]
fn a_killed_node_leaves_a_socket_that_the_next_one_takes_over() {
    let folder = folder();
    let mut node = Node::start(folder.path(), &[]);
    node.process.signal(Signal::KILL);
    node.process.ended();
    assert!(folder.path().join("control.sock").exists());
    assert_eq!(code(&node.command(&["status"])), 5);
    let next = Node::start(folder.path(), &[]);
    assert_eq!(code(&next.command(&["status"])), 0);
}

#[test]
fn a_daemon_ends_at_a_signal_at_a_request_and_with_its_input() {
    let folder = folder();
    for end in ["term", "int", "request", "input"] {
        let home = folder.path().join(end);
        let mut command = daemon(&home);
        command.arg("--exit-with-stdin").stdin(Stdio::piped());
        let mut node = Node::run(&home, &mut command);
        match end {
            "term" => node.process.signal(Signal::TERM),
            "int" => node.process.signal(Signal::INT),
            "request" => assert!(node.request("POST /v1/shutdown").starts_with("HTTP/1.1 200"), "it answers first"),
            _ => drop(node.process.child.stdin.take()),
        }
        assert_eq!(node.process.ended().code(), Some(0), "{end}");
        assert!(!home.join("control.sock").exists(), "{end}");
        assert_eq!(code(&node.command(&["status"])), 5, "{end}");
    }
}

#[test]
fn the_socket_is_its_owners_and_speaks_http() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let node = Node::start(folder.path(), &[]);
    let mode = std::fs::metadata(folder.path().join("control.sock")).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let answer = node.request("GET /v1/status");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("content-type: application/json"), "{answer}");
    assert!(node.request("GET /v1/nothing").starts_with("HTTP/1.1 404"));
}

#[test]
fn a_port_in_use_and_shares_that_are_none_are_said_clearly() {
    let folder = folder();
    let node = Node::start(&folder.path().join("a"), &[]);
    let other = folder.path().join("b");
    let taken = run(daemon(&other).args(["--listen", &node.addr]));
    assert_eq!(code(&taken), 1);
    assert!(errors(&taken).contains("--listen"), "{}", errors(&taken));
    for share in ["/", "/nowhere/at/all", "/etc/hostname"] {
        let refused = run(daemon(&other).args(["--share", share]));
        assert_eq!(code(&refused), 2, "{share}");
        assert!(errors(&refused).starts_with("hopscope: "), "{share}: {}", errors(&refused));
    }
}
