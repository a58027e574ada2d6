//! Every screen at every size: what it looks like, and that nothing breaks it.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent};
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::action::{Action, PaneName};
use super::draw::draw_buffer;
use super::effect::{Answer, Message};
use super::fixture::{Fixture, Scene, Shape};
use super::glyphs::Glyphs;
use super::keymap::Keymap;
use super::model::{Model, Overlay};
use super::svg::{Look, svg};
use super::theme::Theme;
use super::update::update;
use crate::app::{About, Evidence, Snapshot, Verdict, Why};

fn model(shape: Shape, seed: u64, size: (u16, u16), theme: &str, glyphs: Glyphs) -> Model {
    let mut fixture = Fixture::new(shape, seed);
    let snapshot = Arc::new(fixture.snapshot());
    let keymap = Keymap::builtin("default").unwrap();
    let mut model = Model::new(snapshot, size.into(), keymap, Theme::builtin(theme).unwrap(), glyphs);
    let version = model.snapshot.library.version;
    model.files.asked = Some((String::new(), 0, version));
    let page = Ok(fixture.page(0, 256));
    update(&mut model, Duration::ZERO, Message::Answer(Answer::Files { filter: String::new(), version, page }));
    model
}

fn keys(model: &mut Model, keys: &str) {
    for c in keys.chars() {
        let code = match c {
            '\n' => KeyCode::Enter,
            '\t' => KeyCode::Tab,
            '↓' => KeyCode::Down,
            '↑' => KeyCode::Up,
            c => KeyCode::Char(c),
        };
        update(model, Duration::from_millis(250), Message::Key(KeyEvent::from(code)));
    }
}

fn draw(model: &Model) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, model.size.width, model.size.height));
    draw_buffer(model, &mut buffer);
    buffer
}

/// The text of a buffer, a line for each row.
fn dump(buffer: &Buffer) -> String {
    let row = |y| (0..buffer.area.width).map(move |x| buffer[(x, y)].symbol());
    let mut rows: Vec<String> = (0..buffer.area.height).map(|y| row(y).collect::<String>()).collect();
    rows.iter_mut().for_each(|row| row.truncate(row.trim_end().len()));
    rows.join("\n")
}

/// The styles of a buffer: a letter for each, and what the letters mean.
fn styles(buffer: &Buffer) -> String {
    let mut known = Vec::new();
    let mut text = String::new();
    for y in 0..buffer.area.height {
        for x in 0..buffer.area.width {
            let style = buffer[(x, y)].style();
            let at = known.iter().position(|other| *other == style).unwrap_or_else(|| {
                known.push(style);
                known.len() - 1
            });
            text.push(char::from(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[at.min(51)]));
        }
        text.push('\n');
    }
    let legend = known.iter().enumerate().map(|(i, style)| {
        let letter = char::from(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[i.min(51)]);
        format!("{letter} {:?} on {:?} {:?}\n", style.fg, style.bg, style.add_modifier)
    });
    text.push_str(&legend.collect::<String>());
    text
}

#[test]
fn screens_look_like_this() {
    for (width, height) in [(40, 12), (80, 24), (120, 38), (200, 60)] {
        for (name, glyphs) in [("unicode", Glyphs::UNICODE), ("ascii", Glyphs::ASCII)] {
            let mut model = model(Shape::BUSY, 7, (width, height), "dark", glyphs);
            let screens = (1..=6).map(|screen| {
                model.screen = screen;
                model.settle();
                dump(&draw(&model))
            });
            let all: Vec<String> = screens.collect();
            insta::assert_snapshot!(format!("{width}x{height}-{name}"), all.join("\n\n"));
        }
    }
}

#[test]
fn what_lies_over_a_screen_looks_like_this() {
    let mut shown = Vec::new();
    for typed in ["?", ":peer", "/bach", "aexample.org:6346", "q", "g", "o", "\n", "!"] {
        let mut model = model(Shape::BUSY, 7, (80, 24), "dark", Glyphs::UNICODE);
        keys(&mut model, typed);
        shown.push(dump(&draw(&model)));
    }
    insta::assert_snapshot!("overlays", shown.join("\n\n"));
}

/// A node of another topology.
fn scene(scene: Scene, size: (u16, u16), glyphs: Glyphs) -> Model {
    model_of(Arc::new(scene.snapshot()), size, glyphs)
}

fn model_of(snapshot: Arc<Snapshot>, size: (u16, u16), glyphs: Glyphs) -> Model {
    let (keymap, theme) = (Keymap::builtin("default").unwrap(), Theme::builtin("dark").unwrap());
    Model::new(snapshot, size.into(), keymap, theme, glyphs)
}

#[test]
fn each_topology_and_role_looks_like_this() {
    for each in Scene::ALL {
        let mut shown = Vec::new();
        let snapshot = Arc::new(each.snapshot());
        for (size, glyphs, typed) in [
            ((120, 38), Glyphs::UNICODE, ["1", "2", "3"].as_slice()),
            ((120, 38), Glyphs::ASCII, &["1"]),
            ((80, 24), Glyphs::UNICODE, &["gr", "gn", "gc"]),
            ((200, 60), Glyphs::UNICODE, &["1"]),
            ((100, 24), Glyphs::UNICODE, &["1"]),
            ((40, 12), Glyphs::UNICODE, &["1"]),
        ] {
            for typed in typed {
                let mut model = model_of(Arc::clone(&snapshot), size, glyphs);
                keys(&mut model, typed);
                shown.push(dump(&draw(&model)));
            }
        }
        insta::assert_snapshot!(each.name(), shown.join("\n\n"));
    }
}

#[test]
fn proposing_a_topology_asks() {
    let mut model = scene(Scene::Leaf, (80, 24), Glyphs::UNICODE);
    keys(&mut model, "T");
    let asked = dump(&draw(&model));
    keys(&mut model, "↑\n");
    insta::assert_snapshot!("propose", [asked, dump(&draw(&model))].join("\n\n"));
}

#[test]
fn a_simulated_node_is_marked_as_such_on_every_screen() {
    let snapshot = Arc::new(super::fixture::simulated(super::fixture::busy()));
    let mut shown = Vec::new();
    for (size, glyphs, typed) in [
        ((120, 40), Glyphs::UNICODE, ["1", "2", "3", "4", "5", "6", "@17", "/f0", "?"].as_slice()),
        ((80, 24), Glyphs::ASCII, &["1", "3", "gt"]),
        ((40, 12), Glyphs::UNICODE, &["1"]),
    ] {
        for typed in typed {
            let mut model = model_of(Arc::clone(&snapshot), size, glyphs);
            keys(&mut model, typed);
            let screen = dump(&draw(&model));
            assert!(screen.contains(super::world::MARK), "{size:?} {typed}");
            shown.push(screen);
        }
    }
    insta::assert_snapshot!("simulated", shown.join("\n\n"));
}

#[test]
fn why_something_was_not_found_asks_where_and_tells_what_it_rests_on() {
    let mut model = model(Shape::BUSY, 7, (80, 24), "dark", Glyphs::UNICODE);
    keys(&mut model, "2w↓↓");
    let asked = dump(&draw(&model));
    keys(&mut model, "\n");
    let awaited = dump(&draw(&model));
    let Some(Overlay::Why { asked: request, .. }) = model.overlay.take() else { panic!("it is awaited") };
    let piece = |about, text: &str| Evidence { about, text: text.into() };
    let why = Why {
        verdict: Verdict::BeyondHorizon,
        sentence: "kestrel is too far away: a search with TTL 2 does not get there, one with TTL 3 does".into(),
        node: None,
        name: "kestrel".into(),
        addr: None,
        needs_ttl: Some(3),
        evidence: vec![
            piece(About::Query, "The search with TTL 2 reached 12 nodes, and kestrel did not report"),
            piece(About::WideQuery, "The search with TTL 7 got 1 hit from kestrel at hop 3: Lecture \u{202e}notes.pdf"),
            piece(About::Account, "It shares 42 files; 1 matches now"),
            piece(About::Account, "No copy of the search with TTL 2 got there, as far as it remembers"),
        ],
    };
    model.overlay = Some(Overlay::Why { asked: request, answer: Some(Box::new(why)), scroll: 0 });
    insta::assert_snapshot!("why", [asked, awaited, dump(&draw(&model))].join("\n\n"));
}

#[test]
fn an_empty_node_says_what_to_do() {
    let mut model = model(Shape::EMPTY, 7, (100, 30), "dark", Glyphs::UNICODE);
    let screens = [1, 2, 3, 4, 5, 6].map(|screen| {
        model.screen = screen;
        dump(&draw(&model))
    });
    insta::assert_snapshot!("empty", screens.join("\n\n"));
}

#[test]
fn a_flood_that_lies_or_was_not_traced_is_told_as_it_is() {
    let mut model = model(Shape { hostile: true, ..Shape::BUSY }, 7, (120, 38), "dark", Glyphs::UNICODE);
    keys(&mut model, "3↓↓↓↓↓↓↓↓d");
    let lies = dump(&draw(&model));
    let mut untraced = (*model.snapshot).clone();
    let search = untraced.searches.last().map(|search| super::fixture::untraced(search));
    untraced.searches = search.into_iter().map(Arc::new).collect();
    update(&mut model, Duration::ZERO, Message::Snapshot(Arc::new(untraced)));
    let quiet = dump(&draw(&model));
    insta::assert_snapshot!("flood", [lies, quiet].join("\n\n"));
}

#[test]
fn thousands_of_nodes_are_dots_and_what_is_left_out_is_counted() {
    let shape = Shape { searches: 1, hits: 0, floods: 24, ..Shape::BUSY };
    let mut shown = Vec::new();
    for (size, theme, glyphs, typed) in [
        ((120, 38), "dark", Glyphs::UNICODE, ["3", "3↓↓↓↓↓↓↓↓↓↓↓↓", "4", "4++++"].as_slice()),
        ((80, 24), "dark", Glyphs::ASCII, &["3", "4"]),
        ((80, 24), "mono", Glyphs::UNICODE, &["3"]),
    ] {
        for typed in typed {
            let mut model = model(shape, 7, size, theme, glyphs);
            keys(&mut model, typed);
            while model.map.layout.moves() {
                let next = model.clock + Duration::from_millis(100);
                update(&mut model, next, Message::Tick);
            }
            shown.push(dump(&draw(&model)));
        }
    }
    insta::assert_snapshot!("crowd", shown.join("\n\n"));
}

#[test]
fn colors_mean_what_they_mean() {
    insta::assert_snapshot!("styles-dark", styles(&draw(&model(Shape::BUSY, 7, (100, 24), "dark", Glyphs::UNICODE))));
    for theme in ["dark", "light", "mono"] {
        let mut flood = model(Shape::BUSY, 7, (100, 30), theme, Glyphs::UNICODE);
        keys(&mut flood, "3↓↓↓↓");
        insta::assert_snapshot!(format!("styles-flood-{theme}"), styles(&draw(&flood)));
        let mut map = model(Shape { searches: 1, ..Shape::BUSY }, 7, (100, 30), theme, Glyphs::UNICODE);
        keys(&mut map, "4↓");
        insta::assert_snapshot!(format!("styles-map-{theme}"), styles(&draw(&map)));
    }
    insta::assert_snapshot!("styles-mono", styles(&draw(&model(Shape::BUSY, 7, (100, 24), "mono", Glyphs::UNICODE))));
}

/// The pictures of the README, drawn by this program itself. `UPDATE_PICTURES=1 cargo test pictures` draws them anew.
#[test]
fn pictures_are_fresh() {
    let pictures = [
        ("node", "dark", "1"),
        ("search", "dark", "2"),
        ("flood", "dark", "3↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓↓"),
        ("map", "dark", "4+++↓↓↓↓↓"),
        ("files", "dark", "5"),
        ("log", "dark", "6"),
        ("help", "dark", "?"),
        ("light", "light", "1"),
    ];
    for (name, theme, typed) in pictures {
        let mut model = model(Shape::BUSY, 7, (120, 38), theme, Glyphs::UNICODE);
        keys(&mut model, typed);
        while model.map.layout.moves() {
            let next = model.clock + Duration::from_millis(100);
            update(&mut model, next, Message::Tick);
        }
        check_picture(name, theme, &model);
    }
    let mut crowd =
        model(Shape { searches: 1, hits: 0, floods: 24, ..Shape::BUSY }, 7, (120, 38), "dark", Glyphs::UNICODE);
    keys(&mut crowd, "3");
    check_picture("crowd", "dark", &crowd);
    check_picture("topology-flood", "dark", &model(Shape::BUSY, 7, (120, 38), "dark", Glyphs::UNICODE));
    check_picture("topology-ultrapeer", "dark", &scene(Scene::UltraPeer, (120, 38), Glyphs::UNICODE));
    check_picture("topology-central", "dark", &scene(Scene::Directory, (120, 38), Glyphs::UNICODE));
}

/// A stored picture is what is drawn, or becomes it.
fn check_picture(name: &str, theme: &str, model: &Model) {
    let title = format!("hopscope: {name}");
    let look = if theme == "light" { Look::light(&title) } else { Look::dark(&title) };
    let picture = svg(&draw(model), &look);
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/pictures");
    let path = dir.join(format!("{name}.svg"));
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(&path, &picture).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == picture, "{} is stale: UPDATE_PICTURES=1 cargo test pictures", path.display());
}

#[test]
fn strings_of_others_never_reach_a_terminal_raw() {
    for screen in 1..=6 {
        let mut model = model(Shape { hostile: true, ..Shape::BUSY }, 3, (160, 50), "dark", Glyphs::UNICODE);
        model.screen = screen;
        keys(&mut model, "\n");
        let buffer = draw(&model);
        for cell in &buffer.content {
            let bad =
                |c: char| c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{ad}');
            assert!(!cell.symbol().chars().any(bad), "{:?} on screen {screen}", cell.symbol());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_role_breaks_it_at_any_size(
        (width, height) in (1u16..200, 1u16..60), which in 0usize..6, screen in 1u8..=6, ascii: bool, numbers: [u32; 4],
    ) {
        let mut now = Scene::ALL[which].snapshot();
        now.neighbors.truncate(40);
        let hostile = "\x1b[2J\u{202e}fdp.exe".to_owned();
        now.role.why.clone_from(&hostile);
        if let Some(directory) = &mut now.role.directory {
            (directory.why, directory.name) = (hostile.clone(), hostile.as_str().into());
            (directory.files, directory.next_try_ms) = (u64::from(numbers[0]), Some(numbers[1].into()));
        }
        if let Some(serving) = &mut now.role.serving {
            (serving.trouble, serving.nodes) = (Some(hostile), u64::MAX - u64::from(numbers[0]));
        }
        if let Some(ultra) = &mut now.role.ultra {
            let part = |at: usize| numbers[at] as u16;
            (ultra.score.total, ultra.score.threshold, ultra.score.capacity) = (part(0), part(1), part(2));
            (ultra.leaves, ultra.score.max_uptime, ultra.filter_fill) = (numbers[1] as usize, part(3), Some(part(0)));
        }
        let glyphs = if ascii { Glyphs::ASCII } else { Glyphs::UNICODE };
        let mut model = model_of(Arc::new(now), (width, height), glyphs);
        model.screen = screen;
        for typed in ["", "gr", "T", "\u{1b}:"] {
            keys(&mut model, typed);
            let buffer = draw(&model);
            let raw = |c: char| c.is_control() || c == '\u{202e}' || (ascii && !c.is_ascii());
            prop_assert!(!buffer.content.iter().any(|cell| cell.symbol().chars().any(raw)));
        }
    }

    #[test]
    fn nothing_breaks_it_at_any_size(
        (width, height) in (1u16..200, 1u16..60),
        shape in (0usize..40, 0usize..40, 0usize..4, 0usize..60, 0usize..30, 0usize..80, any::<bool>()),
        seed: u64,
        ascii: bool,
        theme in 0usize..4,
        actions in prop::collection::vec((0usize..400, 0u8..3), 0..25),
    ) {
        let (neighbors, relayed, searches, hits, transfers, log, hostile) = shape;
        let shape = Shape { neighbors, relayed, searches, hits, transfers, log, floods: hits as u32 % 3, first_hop: 5, hostile };
        let glyphs = if ascii { Glyphs::ASCII } else { Glyphs::UNICODE };
        let mut model = model(shape, seed, (width, height), ["dark", "light", "ansi", "mono"][theme], glyphs);
        let mut fixture = Fixture::new(Shape { neighbors: neighbors / 2, transfers: 1, ..shape }, seed ^ 1);
        for (i, (which, kind)) in actions.into_iter().enumerate() {
            let at = Duration::from_millis(700 * i as u64);
            match kind {
                0 => {
                    let all = Action::all();
                    super::update::carry_out(&mut model, all[which % all.len()]);
                }
                1 => {
                    let c = char::from(b' ' + (which % 95) as u8);
                    update(&mut model, at, Message::Key(KeyEvent::from(KeyCode::Char(c))));
                }
                _ => {
                    update(&mut model, at, Message::Snapshot(Arc::new(fixture.snapshot())));
                }
            }
            draw(&model);
        }
        for screen in 1..=6 {
            model.screen = screen;
            let buffer = draw(&model);
            prop_assert!(!ascii || buffer.content.iter().all(|cell| cell.symbol().is_ascii()));
        }
        // A frame may come before the message that tells of the new size.
        let mut smaller = Buffer::empty(Rect::new(0, 0, (width / 2).max(1), (height / 3).max(1)));
        draw_buffer(&model, &mut smaller);
    }
}

#[test]
fn every_pane_keeps_its_cursor_in_view() {
    let mut model = model(Shape::FULL, 5, (120, 38), "dark", Glyphs::UNICODE);
    for pane in PaneName::ALL {
        super::update::carry_out(&mut model, Action::Pane(pane));
        for action in [Action::Last, Action::PageUp, Action::Up, Action::First, Action::PageDown, Action::HalfDown] {
            super::update::carry_out(&mut model, action);
            let (Some(area), Some(at)) = (model.plan().area_of(pane), model.position(pane)) else { continue };
            let height = super::rows::rows_in(pane, area.height).max(1);
            let first = model.view_offset(pane, height);
            assert!((first..first + height).contains(&at), "{pane:?} {action:?}: {at} in {first}+{height}");
        }
    }
}
