//! Keymaps as a whole: the built-in ones, files over them, and every mistake.

use std::io;
use std::path::{Path, PathBuf};

use super::load::load_with;
use super::*;
use crate::tui::action::PaneName;

const DIR: &str = "/config/keymaps";
const GLOBAL: [&str; 1] = [scope::GLOBAL];

/// Loads from files that exist only here: names in [`DIR`] or whole paths, and their texts.
fn load(request: &str, files: &[(&str, &str)]) -> Loaded {
    let read = |path: &Path| {
        let wanted = files.iter().find(|(name, _)| Path::new(DIR).join(name) == path);
        wanted.map(|(_, text)| (*text).to_owned()).ok_or_else(|| io::ErrorKind::NotFound.into())
    };
    load_with(request, Path::new(DIR), &read)
}

/// The errors of one user's file, `default.toml`, without its folder.
fn errors(text: &str) -> Vec<String> {
    let loaded = load("default", &[("default.toml", text)]);
    if !loaded.errors.is_empty() {
        assert_eq!(loaded.keymap, builtin("default"), "with an error the defaults hold");
    }
    loaded.errors.iter().map(|error| error.to_string().replace("/config/keymaps/", "")).collect()
}

fn builtin(name: &str) -> Keymap {
    Keymap::builtin(name).expect(name)
}

fn press(text: &str) -> KeyPress {
    text.parse().expect(text)
}

/// What typing some keys runs.
fn typed<'a>(keymap: &'a Keymap, scopes: &[&str], keys: &str) -> Lookup<'a> {
    let seq = KeySeq::parse(keys, keymap.leader()).expect(keys);
    let (last, pending) = seq.keys().split_last().expect("never empty");
    keymap.lookup(scopes, pending, *last)
}

#[test]
fn every_built_in_keymap_is_whole() {
    for (name, _) in BUILT_IN {
        let loaded = load(name, &[]);
        assert_eq!(loaded.errors, [], "{name}");
        assert_eq!(loaded.summary(), None);
        assert_eq!(loaded.keymap, builtin(name));
        assert_eq!(loaded.keymap.name(), name);
        for action in Action::all() {
            let in_a_world = || loaded.keymap.key_for(&[scope::WORLD], action).is_some();
            let on_a_screen = || (1..=6).any(|n| loaded.keymap.key_for(&[scope::screen(n)], action).is_some());
            let bound = loaded.keymap.key_for(&GLOBAL, action).is_some() || on_a_screen() || in_a_world();
            assert!(bound, "{name} has no key for {action}");
        }
    }
    assert!(Keymap::builtin("nano").is_none());
}

/// The keys that the design promises, in a fresh terminal.
#[test]
fn the_default_keys_are_the_promised_ones() {
    let keymap = builtin("default");
    for (keys, action) in [
        ("/", "search-prompt"),
        ("t", "next-topology"),
        ("T", "propose-topology"),
        ("1", "screen 1"),
        ("6", "screen 6"),
        ("Tab", "next-pane"),
        ("BackTab", "previous-pane"),
        ("Up", "up"),
        ("Enter", "act"),
        ("Esc", "back"),
        ("d", "download"),
        ("x", "cancel"),
        ("a", "add-peer"),
        ("y", "copy"),
        ("s", "sort"),
        ("o", "columns"),
        ("ctrl-f", "filter"),
        ("z", "zoom"),
        ("Space", "pause"),
        ("+", "ttl-up"),
        ("-", "ttl-down"),
        ("[", "previous-query"),
        ("]", "next-query"),
        (".", "hop-forward"),
        (",", "hop-back"),
        (":", "palette"),
        ("?", "help"),
        ("q", "quit"),
        ("ctrl-c", "quit-now"),
        ("PageUp", "page-up"),
        ("End", "last"),
    ] {
        let action = Action::parse(action).expect(action);
        assert_eq!(typed(&keymap, &scope::of_pane(PaneName::Neighbors), keys), Lookup::Run(&[action]), "{keys}");
    }
}

#[test]
fn vim_and_emacs_keys_are_theirs() {
    let (vim, emacs) = (builtin("vim"), builtin("emacs"));
    for (keymap, keys, action) in [
        (&vim, "k", Action::Up),
        (&vim, "g g", Action::First),
        (&vim, "G", Action::Last),
        (&vim, "ctrl-d", Action::HalfDown),
        (&vim, "y y", Action::Copy),
        (&vim, "Space Space", Action::Pause),
        (&vim, "leader t", Action::NextTheme),
        (&vim, "Z Q", Action::QuitNow),
        (&vim, "q", Action::Quit),
        (&emacs, "ctrl-x ctrl-c", Action::Quit),
        (&emacs, "ctrl-s", Action::Filter),
        (&emacs, "alt-x", Action::Palette),
        (&emacs, "ctrl-g", Action::Back),
        (&emacs, "ctrl-c ctrl-c", Action::QuitNow),
    ] {
        assert_eq!(typed(keymap, &GLOBAL, keys), Lookup::Run(&[action]), "{} {keys}", keymap.name());
    }
    assert_eq!(typed(&vim, &[scope::COLUMNS, scope::OVERLAY], "Space"), Lookup::Run(&[Action::Act]));
}

#[test]
fn a_prefix_shows_what_may_follow() {
    let vim = builtin("vim");
    let Lookup::Pending(follow) = typed(&vim, &GLOBAL, "ctrl-w") else { panic!("it waits") };
    assert!(follow.contains(&(press("o"), "zoom".to_owned())));
    assert!(follow.is_sorted());
    assert_eq!(typed(&vim, &GLOBAL, "ctrl-w x"), Lookup::None);
    assert_eq!(typed(&vim, &GLOBAL, "F9"), Lookup::None);
}

#[test]
fn a_narrower_scope_is_asked_first() {
    let text = r#"
        [keys.global]
        e = "zoom"
        "p a" = "help"
        "p b" = "help"
        "p c d" = "help"
        [keys.results]
        e = ["download", "screen 1"]
        q = false
        "p a" = "sort"
        "p b" = false
        [keys.screen-2]
        e = "copy"
        c = "copy"
    "#;
    let loaded = load("default", &[("default.toml", text)]);
    assert_eq!(loaded.errors, []);
    let (map, scopes) = (&loaded.keymap, scope::of_pane(PaneName::Results));
    assert_eq!(typed(map, &scopes, "e"), Lookup::Run(&[Action::Download, Action::Screen(1)]));
    assert_eq!(typed(map, &scopes, "c"), Lookup::Run(&[Action::Copy]));
    assert_eq!(typed(map, &GLOBAL, "e"), Lookup::Run(&[Action::Zoom]));
    assert_eq!(typed(map, &scopes, "q"), Lookup::None);
    assert_eq!(typed(map, &GLOBAL, "q"), Lookup::Run(&[Action::Quit]));
    let follow = vec![(press("a"), "sort".to_owned()), (press("c"), "…".to_owned())];
    assert_eq!(typed(map, &scopes, "p"), Lookup::Pending(follow));
    assert_eq!(typed(map, &scopes, "p b"), Lookup::None);

    let shown: Vec<_> = map.bindings_for(&scopes).filter(|(seq, _)| seq.to_string() == "e").collect();
    assert_eq!(shown.len(), 1, "a covered binding is not shown");
    assert_eq!(map.key_for(&scopes, &Action::Copy).as_deref(), Some("c"));
    assert_eq!(map.key_for(&scopes, &Action::Quit), None);
}

/// What is shown is what happens: every binding listed for some scopes runs there.
#[test]
fn every_listed_binding_runs() {
    for (name, _) in BUILT_IN {
        let keymap = builtin(name);
        let panes = PaneName::ALL.into_iter().map(|pane| scope::of_pane(pane).to_vec());
        let overlays =
            scope::all().filter(|scope| scope.starts_with("overlay-")).map(|open| vec![open, scope::OVERLAY]);
        let world = [vec![scope::WORLD, scope::GLOBAL]];
        for scopes in panes.chain(overlays).chain(world) {
            for (seq, actions) in keymap.bindings_for(&scopes) {
                assert_eq!(typed(&keymap, &scopes, &seq.to_string()), Lookup::Run(actions), "{name} {scopes:?} {seq}");
            }
        }
    }
}

#[test]
fn user_files_lie_over_the_built_in_ones() {
    let files = [
        ("default.toml", "[keys.global]\nctrl-q = 'quit'\nF9 = 'zoom'"),
        ("vim.toml", "leader = ','\n[keys.global]\n',' = false\n'leader q' = 'quit'\nF9 = 'sort'"),
        ("mine.toml", "name = 'my own'\ninherits = 'vim'\n[keys.global]\nq = false"),
    ];
    let mine = load("mine", &files);
    assert_eq!(mine.errors, []);
    assert_eq!(mine.keymap.name(), "my own");
    assert_eq!(typed(&mine.keymap, &GLOBAL, "ctrl-q"), Lookup::Run(&[Action::Quit]));
    assert_eq!(typed(&mine.keymap, &GLOBAL, ", q"), Lookup::Run(&[Action::Quit]));
    assert_eq!(typed(&mine.keymap, &GLOBAL, "F9"), Lookup::Run(&[Action::Sort]));
    assert_eq!(typed(&mine.keymap, &GLOBAL, "g g"), Lookup::Run(&[Action::First]));
    assert_eq!(typed(&mine.keymap, &GLOBAL, "q"), Lookup::None);
    let watched: Vec<_> = ["mine.toml", "vim.toml", "default.toml"].map(|name| Path::new(DIR).join(name)).into();
    assert_eq!(mine.files(), watched);

    // A file named by its path: over the built-in one if it is in the user's folder, else over the default.
    let by_path = load("/config/keymaps/vim.toml", &files);
    assert_eq!(by_path.keymap, load("vim", &files).keymap);
    let elsewhere = load("/tmp/vim.toml", &[("/tmp/vim.toml", "[keys.global]\nF9 = 'sort'")]);
    assert_eq!(elsewhere.errors, []);
    assert_eq!(typed(&elsewhere.keymap, &GLOBAL, "j"), Lookup::None);
    assert_eq!(elsewhere.files().first(), Some(&PathBuf::from("/tmp/vim.toml")));
}

#[test]
fn a_saved_file_is_read_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("default.toml");
    let first = Keymap::load("default", dir.path());
    assert_eq!((first.errors.len(), first.files()), (0, &[file.clone()][..]));
    std::fs::write(&file, "[keys.global]\nF9 = 'zoom'").expect("written");
    let second = first.reload();
    assert_eq!(typed(&second.keymap, &GLOBAL, "F9"), Lookup::Run(&[Action::Zoom]));
    std::fs::write(&file, [0xff, 0xfe]).expect("written");
    let third = second.reload();
    assert!(third.errors[0].to_string().contains("cannot read it"), "{:?}", third.errors);
    assert_eq!(third.keymap, first.keymap);
}

#[test]
fn mistakes_of_form_are_told_with_line_and_suggestion() {
    for (text, said) in [
        ("[keys.global]\nq = 'quitt'", "default.toml:2: unknown action `quitt`; did you mean `quit`?"),
        ("[keys.global]\nq = ['quit', 'scren 3']", "default.toml:2: unknown action `scren`; did you mean `screen`?"),
        ("[keys.global]\nq = 'screen 9'", "default.toml:2: `screen` takes a number from 1 to 6, not `9`"),
        (
            "[keys.global]\nq = 'quit now'",
            "default.toml:2: `quit` takes no argument, but got `now`; did you mean `quit`?",
        ),
        ("[keys.global]\n\n'<C-x>' = 'zoom'", "default.toml:3: unknown key `<C-x>`; did you mean `ctrl-x`?"),
        ("[keys.global]\n'ctrl+x' = 'zoom'", "default.toml:2: unknown key `ctrl+x`; did you mean `ctrl-x`?"),
        ("[keys.global]\n'^X' = 'zoom'", "default.toml:2: unknown key `^X`; did you mean `ctrl-x`?"),
        ("[keys.global]\nctrl-entr = 'zoom'", "default.toml:2: unknown key `ctrl-entr`; did you mean `ctrl-Enter`?"),
        ("[keys.global]\n'' = 'zoom'", "default.toml:2: unknown key ``"),
        ("leader = 'sapce'", "default.toml:1: unknown key `sapce`; did you mean `Space`?"),
        ("[keys.neighbours]\nq = 'zoom'", "default.toml:1: there is no scope `neighbours`; did you mean `neighbors`?"),
        ("inherit = 'vim'", "default.toml:1: unknown field `inherit`; did you mean `inherits`?"),
        ("name = 3", "default.toml:1: `name` must be a text"),
        ("keys = 3", "default.toml:1: `keys` must be tables like [keys.global]"),
        ("[keys.global]\nq = true", "default.toml:2: `q` must be an action, a list of actions, or false"),
        ("[keys.global]\nq = []", "default.toml:2: `q` must be an action, a list of actions, or false"),
        ("[keys.global]\nq = [1]", "default.toml:2: `an action` must be a text"),
    ] {
        assert_eq!(errors(text), [said], "{text}");
    }
    assert!(errors("[keys]\nq = 'quit'")[0].contains("`keys.q` must be a table; keys stand in [keys.global]"));
}

#[test]
fn mistakes_of_the_whole_are_told() {
    for (text, said) in [
        (
            "[keys.global]\nctrl-a = 'zoom'\n\nctrl-A = 'sort'",
            "default.toml:4: `ctrl-A` is the same key as `ctrl-a` on line 2; remove one of the two",
        ),
        (
            "[keys.global]\nJ = 'zoom'\nshift-j = 'sort'",
            "default.toml:3: `shift-j` is the same key as `J` on line 2; remove one of the two",
        ),
        (
            "leader = 'F2'\n[keys.global]\n'F2 x' = 'zoom'\n'leader x' = 'zoom'",
            "default.toml:4: `leader x` is the same key as `F2 x` on line 3; remove one of the two",
        ),
        (
            "[keys.global]\n'q q' = 'zoom'",
            "default.toml:2: `q` in [keys.global] hides `q q` in [keys.global]; set `\"q\" = false` or `\"q q\" = false`",
        ),
        (
            "[keys.log]\ng = 'zoom'",
            "default.toml:2: `g` in [keys.log] hides `g c` in [keys.global]; set `\"g\" = false` or `\"g c\" = false`",
        ),
        (
            "[keys.global]\n'?' = false\nf1 = false",
            "default.toml: no key is left for `help`; bind it in [keys.global], for example `f12 = \"help\"`",
        ),
    ] {
        assert_eq!(errors(text), [said], "{text}");
    }
    assert_eq!(errors("inherits = false\n[keys.global]\nq = 'quit'\n':' = 'palette'").len(), 1);
    assert_eq!(errors("[keys.global]\nq = false\n'q q' = 'zoom'\n'Q' = 'quit'"), [""; 0], "made way");
    assert!(errors("[keys.global]\na = \n= 3\nb = 'zoom'\nb = 'sort'").len() >= 3, "bad TOML is told line by line");
}

#[test]
fn every_mistake_is_listed_in_order() {
    let said = errors("leader = 'nokey'\n[keys.global]\nq = 'nothing'\nF9 = 'zzz'\n[keys.moon]\n");
    let lines: Vec<_> = said.iter().map(|said| said.split(':').nth(1).unwrap_or_default()).collect();
    assert_eq!(lines, ["1", "3", "4", "5"]);
    let loaded = load("vim", &[("vim.toml", "leader = 'nokey'\nx = 1")]);
    assert_eq!(loaded.keymap.name(), "vim", "the built-in one of that name runs instead");
    let summary = loaded.summary().expect("a summary");
    assert!(summary.contains("built-in `vim`") && summary.ends_with("(and 1 more)"), "{summary}");
}

#[test]
fn a_file_cannot_control_the_terminal() {
    let said = errors("name = 1\n[keys.global]\n\"\\u001b[31m\" = 'zoom'").join("");
    assert!(said.contains("unknown key `␛[31m`"), "{said}");
    let named = load("own", &[("own.toml", "name = \"\\u202eevil\"")]).keymap;
    assert_eq!(named.name(), "‹U+202E›evil");
}

#[test]
fn a_missing_or_circular_keymap_is_told() {
    let said = |request: &str, files: &[(&str, &str)]| load(request, files).errors[0].to_string();
    assert!(said("vmi", &[]).contains("there is no keymap `vmi`; did you mean `vim`?"));
    assert!(said("/no/such/file.toml", &[]).contains("cannot read it"));
    let circle = [("a.toml", "inherits = 'b'"), ("b.toml", "\ninherits = 'a'")];
    assert!(said("a", &circle).starts_with("/config/keymaps/b.toml:2: `inherits` runs in a circle: a > b > a;"));
    let own = [("default.toml", "inherits = 'vim'")];
    assert!(said("default", &own).contains("default > vim > default"));
    assert_eq!(load("default", &[("default.toml", "inherits = 'default'")]).errors, []);
}

#[test]
fn the_table_names_every_action_and_fits_markdown() {
    for (name, _) in BUILT_IN {
        let keymap = builtin(name);
        let table = key_table(&keymap);
        for action in Action::all() {
            assert!(table.contains(&format!("`{action}`")), "{name} {action}");
        }
        assert!(
            table
                .lines()
                .filter(|line| line.starts_with('|'))
                .all(|line| line.matches(" | ").count() == 2 || line.contains("---"))
        );
    }
    let rows = key_rows(&builtin("default"));
    let ttl = rows.iter().find(|row| row.actions == ["ttl-up"]).expect("a row");
    assert_eq!((ttl.scope.as_str(), ttl.keys.as_slice()), ("global", &["+".to_owned(), "=".to_owned()][..]));
}

mod never_a_panic {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_the_file_says(text in "[a-z.\\[\\]{}=' \n-]{0,60}|\\PC{0,40}") {
            let loaded = load("default", &[("default.toml", &text)]);
            prop_assert!(loaded.keymap.key_for(&GLOBAL, &Action::Help).is_some());
        }

        #[test]
        fn whatever_is_bound_and_typed(keys in "[abgq] ?[abgq]? ?[abg]?", scope_at in 0usize..9, typed in "[abgq]{1,4}") {
            let scopes: Vec<_> = scope::all().collect();
            let text = format!("[keys.{}]\n\"{keys}\" = 'zoom'", scopes[scope_at]);
            let loaded = load("vim", &[("vim.toml", &text)]);
            let pane = scope::of_pane(PaneName::Neighbors);
            let keys: Vec<_> = typed.chars().map(|c| press(&c.to_string())).collect();
            let (last, pending) = keys.split_last().expect("one at least");
            // What is pending leads to something: no prefix is a dead end.
            if let Lookup::Pending(follow) = loaded.keymap.lookup(&pane, pending, *last) {
                for (next, _) in follow {
                    prop_assert!(loaded.keymap.lookup(&pane, &keys, next) != Lookup::None);
                }
            }
        }
    }
}
