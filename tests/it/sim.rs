//! `hopscope sim`: the simulator as a command.

use std::process::Output;

use serde_json::Value;

use crate::support::{code, errors, folder, hopscope, json, run};

fn flood(arguments: &[&str]) -> Output {
    run(hopscope().args(["sim", "flood"]).args(arguments))
}

fn report(arguments: &[&str]) -> Value {
    let output = flood(&[arguments, &["--json"]].concat());
    assert_eq!(code(&output), 0, "{arguments:?}: {}", errors(&output));
    json(&output).remove(0)
}

#[test]
fn a_flood_is_counted_by_hop_and_its_hash_follows_from_the_seed() {
    let tree = ["--nodes", "485", "--degree", "4", "--kind", "tree", "--ttl", "4"];
    let once = report(&tree);
    assert_eq!(once["per_hop"], serde_json::json!([1, 4, 12, 36, 108]));
    let numbers = ["nodes", "edges", "origin", "ttl", "reached", "messages", "duplicates", "virtual_ms"];
    let expected = [485.0, 484.0, 0.0, 4.0, 160.0, 160.0, 0.0, 200.0];
    assert_eq!(numbers.map(|name| once[name].as_f64().expect("a number")), expected);
    assert!(once["bytes"].as_u64().expect("a number") > 160 * 40, "{once}");
    for name in ["wall_ms", "messages_per_s"] {
        assert!(once[name].as_f64().is_some_and(|value| value > 0.0), "{name} in {once}");
    }
    assert!(once["peak_rss_bytes"].as_u64().is_none_or(|peak| peak > 1_000_000));
    let uneven =
        |seed| report(&["--nodes", "300", "--degree", "4", "--ttl", "5", "--delay", "1ms..9ms", "--seed", seed]);
    let hash = |report: &Value| report["hash"].as_str().expect("a text").to_owned();
    assert_eq!(hash(&uneven("7")), hash(&uneven("7")), "in two processes");
    assert_ne!(hash(&uneven("7")), hash(&uneven("8")));
}

#[test]
fn a_graph_file_is_flooded_from_the_node_that_it_names() {
    let folder = folder();
    let file = folder.path().join("ring.txt");
    std::fs::write(&file, "# a ring, and two apart\n10 20\n20\t30\n30 40\n40 10\n40 10\n40 40\n\n98 99\n")
        .expect("it can be written");
    let path = file.to_str().expect("a plain path");
    let ring = report(&["--graph", path, "--origin", "30", "--ttl", "7"]);
    assert_eq!(ring["per_hop"], serde_json::json!([1, 2, 1, 0]), "the copies that met went one hop further");
    assert_eq!((&ring["origin"], &ring["edges"], &ring["messages"]), (&30.into(), &5.into(), &5.into()));
    let text = String::from_utf8(flood(&["--graph", path, "--ttl", "1"]).stdout).expect("it is UTF-8");
    assert!(text.contains("node 10 asks with TTL 1") && text.contains("reached 2 nodes with 2 messages"), "{text}");
}

#[test]
fn graphs_that_make_no_sense_are_refused_in_a_sentence() {
    let folder = folder();
    let file = folder.path().join("graph.txt");
    let path = file.to_str().expect("a plain path");
    let files: [(&[u8], &str); 8] = [
        (b"", "graph.txt:1: there is no link in it"),
        (b"# nothing\n\n", "graph.txt:2: there is no link in it"),
        (b"0 1\n1 2\n17", "graph.txt:3: a link is a pair of nodes, and here is one alone"),
        (b"0 1\none two\n", "graph.txt:2: `one` is no number"),
        (b"0 1\n1 -2\n", "graph.txt:2: `-2` is no number"),
        (b"0 1 2\n", "graph.txt:1: a link is a pair of nodes, and here are 3"),
        (b"3 3\n", "graph.txt:1: there is one node alone"),
        (b"0 1\n\xff\xfe\n", "graph.txt cannot be read"),
    ];
    for (content, words) in files {
        std::fs::write(&file, content).expect("it can be written");
        let output = flood(&["--graph", path, "--ttl", "3"]);
        assert_eq!(code(&output), 2, "{words}: {}", errors(&output));
        assert!(errors(&output).contains(words), "{words}: {}", errors(&output));
        assert!(output.stdout.is_empty());
    }
    std::fs::write(&file, "0 1\n").expect("it can be written");
    let huge = std::fs::File::options().append(true).open(&file).expect("it can be opened");
    huge.set_len(3 << 30).expect("it can be sparse");
    let made = ["--nodes", "10", "--ttl", "3", "--degree"];
    let cases: [(&[&str], &str); 10] = [
        (&["--graph", path, "--ttl", "3"], "no file of at most 2.0 GiB"),
        (&["--graph", "/nowhere/graph.txt", "--ttl", "3"], "/nowhere/graph.txt cannot be read"),
        (&[&made[..], &["10"]].concat(), "10 nodes cannot have 10 links each"),
        (&[&made[..], &["3", "--nodes", "11"]].concat(), "cannot be used multiple times"),
        (&[&made[..], &["3", "--kind", "grid"]].concat(), "needs an even degree"),
        (&[&made[..], &["3", "--kind", "star"]].concat(), "this version knows regular, random"),
        (&[&made[..], &["3", "--origin", "10"]].concat(), "there is no node 10"),
        (&[&made[..], &["3", "--delay", "0ms"]].concat(), "at least one microsecond"),
        (&["--nodes", "5", "--degree", "3", "--ttl", "0"], "0 is not in 1..=255"),
        (&["--ttl", "3"], "--nodes"),
    ];
    for (arguments, words) in cases {
        let output = flood(arguments);
        assert_eq!(code(&output), 2, "{arguments:?}: {}", errors(&output));
        assert!(errors(&output).contains(words), "{arguments:?}: {}", errors(&output));
    }
}

#[test]
fn published_results_stand_beside_ours_as_a_table_and_as_json() {
    let reproduce = |arguments: &[&str]| run(hopscope().args(["sim", "reproduce"]).args(arguments));
    let table = reproduce(&["gia"]);
    assert_eq!(code(&table), 0, "{}", errors(&table));
    let text = String::from_utf8(table.stdout).expect("it is UTF-8");
    assert!(text.contains("gia: Chawathe") && text.contains("2003"), "{text}");
    assert!(text.contains("ok") && text.contains("recalled  model") && text.contains(" 0 broken"), "{text}");
    let rows = |seed: &str| {
        let output = reproduce(&["gia", "--json", "--seed", seed]);
        assert_eq!(code(&output), 0, "{}", errors(&output));
        json(&output)
    };
    let once = rows("3");
    assert_eq!(once, rows("3"), "in two processes");
    assert_ne!(once, rows("4"));
    let (sum, figures) = once.split_last().expect("there are some");
    assert_eq!(*sum, serde_json::json!({"holds": figures.len(), "differs": 0, "broken": 0}));
    for name in ["study", "paper", "what", "published", "ours", "difference", "allowed", "basis", "how", "verdict"] {
        assert!(figures.iter().all(|figure| !figure[name].is_null()), "{name} in {figures:?}");
    }
}

#[test]
fn results_that_there_are_not_are_answered_with_those_that_there_are() {
    let output = run(hopscope().args(["sim", "reproduce", "napster"]));
    assert_eq!(code(&output), 2);
    let said = errors(&output);
    for word in ["no results `napster`", "choose all", "ritter", "lv", "million"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    let bare = run(hopscope().args(["sim", "reproduce", "gia", "--seed", "x"]));
    assert_eq!(code(&bare), 2, "a seed is a number");
}
