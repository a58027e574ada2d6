//! `hopscope sim`: the simulator as a command.

use std::path::{Path, PathBuf};
use std::process::Output;

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{Process, code, errors, eventually, folder, hopscope, json, run};

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

/// Writes a scenario.
fn scenario(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("small.toml");
    std::fs::write(&path, text).expect("it can be written");
    path
}

fn sim(arguments: &[&str]) -> Output {
    run(hopscope().arg("sim").args(arguments))
}

const SMALL: &str = "about = \"a <small> one\"\nnodes = 20\nduration = \"1m\"\n[churn]\nabsence = { law = \"exponential\", \
                     median = \"5s\" }\nsession = { law = \"pareto\", median = \"20s\" }\n[searches]\nevery = \"10s\"\n\
                     ttl = [2, 4]\n";

#[test]
fn a_scenario_runs_the_same_in_two_processes_and_tells_what_came_of_it() {
    let folder = folder();
    let path = scenario(folder.path(), SMALL);
    let path = path.to_str().expect("a plain path");
    let svg = folder.path().join("small.svg");
    let output = sim(&["run", path, "--seed", "5", "--json", "--svg", svg.to_str().expect("a plain path")]);
    assert_eq!(code(&output), 0, "{}", errors(&output));
    let report = json(&output).remove(0);
    let run = &report["runs"][0];
    assert_eq!((&report["scenario"], &report["seed"], &report["finished"]), (&"small".into(), &5.into(), &true.into()));
    assert_eq!((&run["topology"], &run["nodes"], &run["virtual_ms"]), (&"flood".into(), &20.into(), &60_000.0.into()));
    let ttls: Vec<_> = run["by_ttl"].as_array().expect("a list").iter().map(|row| row["ttl"].clone()).collect();
    assert_eq!(ttls, [2, 4]);
    let hash =
        |seed: &str| String::from_utf8(sim(&["run", path, "--seed", seed, "--hash"]).stdout).expect("it is UTF-8");
    assert_eq!(hash("5"), format!("flood {}\n", run["hash"].as_str().expect("a text")), "in another process");
    assert_ne!(hash("5"), hash("6"));
    let svg = std::fs::read_to_string(svg).expect("it was written");
    assert!(svg.starts_with("<svg ") && svg.contains("Horizon") && svg.contains("a &lt;small> one"), "{svg}");
    let table = String::from_utf8(sim(&["run", path]).stdout).expect("it is UTF-8");
    assert!(table.contains("simulated: small: 20 nodes") && table.contains("searches by TTL"), "{table}");
}

#[test]
fn a_scenario_of_a_million_nodes_runs_in_another_size_too() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/simulations/million.toml");
    let output = sim(&["run", path, "--nodes", "300", "--duration", "90s", "--json"]);
    assert_eq!(code(&output), 0, "{}", errors(&output));
    let run = &json(&output)[0]["runs"][0];
    assert_eq!((&run["nodes"], &run["virtual_ms"]), (&300.into(), &90_000.0.into()));
    let of = |name: &str| run["roles"][name].as_u64().expect("a number");
    assert_eq!(of("ultrapeers") + of("leaves"), run["online"].as_u64().expect("a number"));
    assert!(of("ultrapeers") > 0 && of("leaves") > of("ultrapeers"), "{run}");
    assert!(run["peak_rss_bytes"].as_u64().is_none_or(|peak| peak > 1_000_000));
    let table =
        String::from_utf8(sim(&["run", path, "--nodes", "50", "--duration", "20s"]).stdout).expect("it is UTF-8");
    assert!(table.contains("50 nodes for 20.0 s") && table.contains("leaves of an ultra-peer"), "{table}");
    let refused = sim(&["run", path, "--nodes", "2000000"]);
    assert!(code(&refused) == 2 && errors(&refused).contains("1000000"), "{}", errors(&refused));
}

#[test]
fn scenarios_that_make_no_sense_are_refused_by_line() {
    let folder = folder();
    let cases = [
        ("nodes = 5\nnodez = 5\n", "small.toml:2: there is no `nodez` here; did you mean `nodes`?"),
        ("[links]\nloss = 2\n", "small.toml:2: 2 is no fraction"),
        ("nodes = \n", "small.toml:1: "),
    ];
    for (text, words) in cases {
        let path = scenario(folder.path(), text);
        let output = sim(&["run", path.to_str().expect("a plain path")]);
        assert_eq!((code(&output), errors(&output).contains(words)), (2, true), "{}", errors(&output));
    }
    let path = scenario(folder.path(), "");
    let output = sim(&["run", path.to_str().expect("a plain path"), "--seed", "x"]);
    assert!(code(&output) == 2 && errors(&output).contains("--seed"), "{}", errors(&output));
    let output = sim(&["run", "/nowhere/a.toml"]);
    assert!(code(&output) == 2 && errors(&output).contains("/nowhere/a.toml cannot be read"), "{}", errors(&output));
}

#[test]
fn seeds_are_checked_and_counted() {
    let folder = folder();
    let list = folder.path().join("seeds.txt");
    std::fs::write(&list, "# once\n7 flood # it was slow\n8 central\n").expect("it can be written");
    let list = list.to_str().expect("a plain path");
    for (arguments, runs) in
        [(&["--seeds", "3", "--from", "1000"][..], 9), (&["--list", list], 2), (&["--seeds", "1", "--list", list], 5)]
    {
        let output = sim(&[&["check", "--json"], arguments].concat());
        assert_eq!(code(&output), 0, "{}", errors(&output));
        let report = json(&output).remove(0);
        assert_eq!((&report["seeds"], &report["failures"]), (&runs.into(), &serde_json::json!([])), "{report}");
    }
    std::fs::write(list, "7 flood\n7 ring\n").expect("it can be written");
    let output = sim(&["check", "--list", list]);
    let told = errors(&output);
    assert!(code(&output) == 2 && told.contains("seeds.txt:2: a topology is one of flood, ultrapeer"), "{told}");
    for nothing in ["", "# comments\n\n  # only\n"] {
        std::fs::write(list, nothing).expect("it can be written");
        let output = sim(&["check", "--list", list]);
        let told = errors(&output);
        assert!(code(&output) == 2 && told.contains("no seeds") && told.contains("`7 flood # "), "{told}");
    }
}

#[test]
fn seeds_that_once_failed_hold() {
    let list = concat!(env!("CARGO_MANIFEST_DIR"), "/simulations/seeds.txt");
    let output = sim(&["check", "--list", list]);
    assert_eq!(code(&output), 0, "{}", errors(&output));
}

/// Linux tells which signals a process catches.
#[cfg(target_os = "linux")]
#[test]
fn an_interrupt_ends_a_run_with_what_was_done() {
    let folder = folder();
    let path = scenario(folder.path(), "nodes = 50\nduration = \"99d\"\n");
    let mut process = Process::start(hopscope().args(["sim", "run", "--json"]).arg(path));
    let status = format!("/proc/{}/status", process.child.id());
    eventually("it catches the interrupt", || {
        let status = std::fs::read_to_string(&status).expect("it runs");
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).expect("a mask");
        u64::from_str_radix(caught.trim(), 16).expect("a number") & 2 != 0
    });
    process.signal(Signal::INT);
    let report = process.wait_for("the report", |line| line["runs"].is_array());
    assert_eq!(report["finished"], false);
    assert!(report["runs"][0]["virtual_ms"].as_f64().is_some_and(|time| time > 0.0));
    assert_eq!(process.ended().code(), Some(1));
}
