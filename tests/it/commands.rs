//! Commands that need no node, and mistakes.

use std::io::Read;
use std::process::Stdio;

use crate::support::{Node, code, daemon, errors, folder, hopscope, json, run};

#[test]
fn a_bad_configuration_is_listed_whole_with_lines() {
    let folder = folder();
    std::fs::write(folder.path().join("config.toml"), "tttl = 3\nname = \"x\"\npeer = 3.5\ndedup = \"never\"\n")
        .expect("it can be written");
    for command in [&["config"][..], &["daemon"], &["status"], &["search", "x"]] {
        let output = run(hopscope().arg("--home").arg(folder.path()).args(command));
        let errors = errors(&output);
        assert_eq!(code(&output), 2, "{command:?}: {errors}");
        assert!(errors.contains("config.toml:1: there is no setting `tttl`; did you mean `ttl`?"), "{errors}");
        assert!(errors.contains("config.toml:3: `peer` takes"), "{errors}");
        assert!(errors.contains("config.toml:4: `dedup` cannot be `never`"), "{errors}");
    }
    std::fs::write(folder.path().join("config.toml"), "ttl = 30\n").expect("it can be written");
    let output = run(hopscope().arg("--home").arg(folder.path()).args(["daemon", "--listen", "nowhere"]));
    assert_eq!(code(&output), 2);
    assert!(errors(&output).contains("config.toml:1: `ttl` cannot be `30`"), "{}", errors(&output));
    assert!(errors(&output).contains("--listen: `listen` cannot be `nowhere`"), "{}", errors(&output));
}

#[test]
fn config_says_where_each_value_came_from() {
    let folder = folder();
    std::fs::write(folder.path().join("config.toml"), "ttl = 3\nmin-neighbors = 2\n").expect("it can be written");
    let mut command = hopscope();
    command
        .env("HOPSCOPE_HOME", folder.path())
        .env("HOPSCOPE_TTL", "4")
        .args(["config", "--json", "--hits", "reverse"]);
    let output = run(&mut command);
    assert_eq!(code(&output), 0, "{}", errors(&output));
    let config = json(&output);
    let origin = |key: &str| {
        let rows = config[0]["settings"].as_array().expect("a list");
        let row = rows.iter().find(|row| row["key"] == key).expect("every setting is there");
        (row["values"][0].as_str().unwrap_or_default().to_owned(), row["origin"].as_str().expect("a text").to_owned())
    };
    assert_eq!(origin("home").1, "HOPSCOPE_HOME");
    assert_eq!(origin("ttl"), ("4".into(), "HOPSCOPE_TTL".into()));
    assert_eq!(origin("hits"), ("reverse".into(), "--hits".into()));
    assert!(origin("min-neighbors").1.ends_with("config.toml:2"));
    assert_eq!(origin("dedup"), ("highest-ttl".into(), "default".into()));
}

#[test]
fn mistakes_have_their_exit_codes_and_say_what_to_do() {
    let folder = folder();
    let home = folder.path().to_str().expect("a plain path");
    let cases: [(&[&str], i32, &str); 11] = [
        (&["status"], 5, "hopscope daemon"),
        (&["search", "x"], 5, "hopscope daemon"),
        (&["get", "magnet:?x"], 5, "hopscope daemon"),
        (&["daemon", "--topology", "telepathy"], 2, "this version knows flood, ultrapeer, central"),
        (&["serch", "x"], 2, "search"),
        (&["search"], 2, "WORDS"),
        (&["demo", "--graph", "/nowhere", "--headless"], 2, "/nowhere"),
        (&["search", "x", "--topology", "central"], 2, "--join"),
        (&["topology", "--propose"], 2, "NAME"),
        (&["directory", "--peer", "127.0.0.1:1"], 2, "--peer"),
        (&[], 2, "hopscope daemon"),
    ];
    for (arguments, expected, words) in cases {
        let output = run(hopscope().args(["--home", home]).args(arguments));
        assert_eq!(code(&output), expected, "{arguments:?}: {}", errors(&output));
        assert!(errors(&output).contains(words), "{arguments:?}: {}", errors(&output));
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn what_a_node_finds_wrong_with_a_request_is_a_usage_error_too() {
    let folder = folder();
    let node = Node::start(&folder.path().join("node"), &[]);
    for arguments in [&["search", "size:>much"][..], &["get", "magnet:?x"], &["topology", "telepathy"]] {
        let output = node.command(arguments);
        assert_eq!(code(&output), 2, "{arguments:?}: {}", errors(&output));
        assert!(errors(&output).starts_with("hopscope: "), "{arguments:?}: {}", errors(&output));
    }
    let refused = run(daemon(&folder.path().join("other")).args(["--share", "/"]));
    assert_eq!(code(&refused), 2, "{}", errors(&refused));
}

#[test]
fn help_manual_and_completions_come_from_one_grammar() {
    let text = |arguments: &[&str]| String::from_utf8(run(hopscope().args(arguments)).stdout).expect("it is UTF-8");
    let help = text(&["--help"]);
    for words in ["Exit codes:", "--only-peers", "demo", "directory", "--follow", "completions"] {
        assert!(help.contains(words), "{words} is not in the help");
    }
    assert!(!help.contains("exit-with-stdin"), "for labs only");
    assert!(text(&["man"]).contains(".SH EXIT STATUS"));
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            text(&["completions", shell]).contains("hop\\-delay")
                || text(&["completions", shell]).contains("hop-delay")
        );
    }
    assert_eq!(text(&["--version"]), format!("hopscope {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn keymaps_are_printed_and_checked() {
    let folder = folder();
    let file = folder.path().join("mine.toml");
    std::fs::write(&file, "name = \"mine\"\n[keys.global]\n\"q\" = \"quitt\"\n").expect("it can be written");
    let printed = run(hopscope().args(["keys", "vim", "--json"]));
    assert_eq!((code(&printed), &json(&printed)[0]["keymap"]), (0, &"vim".into()));
    let checked = run(hopscope().args(["keys", "--check"]).arg(&file));
    assert_eq!(code(&checked), 2);
    assert!(errors(&checked).contains("mine.toml:3"), "{}", errors(&checked));
    let unknown = run(hopscope().args(["keys", "nope"]));
    assert_eq!(code(&unknown), 2, "{}", errors(&unknown));
    assert!(unknown.stdout.is_empty() && errors(&unknown).contains("nope"), "{}", errors(&unknown));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child =
        hopscope().args(["keys"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    drop(child.stdout.take());
    let mut errors = String::new();
    child.stderr.take().expect("it was asked for").read_to_string(&mut errors).expect("it is text");
    assert!(child.wait().expect("it is our child").success(), "{errors}");
    assert_eq!(errors, "");
}
