//! The player in each of its states: what every key does there.

use super::roles::screen;
use super::*;
use crate::app::DoneWhy;

/// A flood of four hops, 100 ms each, two nodes a hop; it is over unless it `runs`.
fn line(runs: bool) -> Model {
    let mut model = model(1, false);
    let mut snapshot = (*model.snapshot).clone();
    let own = snapshot.node.node;
    let node = |n: u8| if n == 0 { own } else { NodeId([n; 32]) };
    let told = |hop: u8, n: u8| HopReport {
        from: node(if hop == 1 { 0 } else { 2 * hop - 3 }),
        ..report(n, 0, hop, Action::Forwarded, 100 * u64::from(hop))
    };
    let hops = (1..=4).flat_map(|hop| [told(hop, 2 * hop - 1), told(hop, 2 * hop)]).map(Arc::new).collect();
    // Beyond the last hop the TTL went on, and nobody had a copy.
    let row = |hop: u8| {
        let copies = if hop < 5 { 2 } else { 0 };
        HopRow { first: hop, hop, sent: copies, new: copies, ..HopRow::default() }
    };
    let search = Search {
        hops,
        by_hop: (1..=6).map(row).collect(),
        ended: (!runs).then_some(DoneWhy::Complete),
        ..(**model.search().unwrap()).clone()
    };
    (snapshot.searches, snapshot.queries, snapshot.library) = (vec![Arc::new(search)], Vec::new(), Arc::default());
    at(&mut model, 0, Message::Snapshot(Arc::new(snapshot)));
    model
}

/// Where it stands, in words.
fn stands(model: &Model) -> String {
    let at = || model.flood_at_us().map_or("its end".into(), |us| (us / 1_000).to_string());
    match (model.hop, model.flood.player.play) {
        (Some(hop), Play::Live) => format!("hop {hop}"),
        (Some(hop), play) => panic!("up to hop {hop}, and {play:?}"),
        (None, Play::Live) => "whole".into(),
        (None, Play::Paused(_)) => format!("at {}", at()),
        (None, Play::Running { .. }) => format!("plays from {}", at()),
    }
}

/// Presses keys; `_` lets a quarter of a second of the flood go by, at the speed of a tenth.
fn go(model: &mut Model, keys: &str) {
    for key in keys.chars() {
        let track = parts(rings(model)).track;
        match key {
            '_' => {
                let later = model.clock + Duration::from_millis(2_500);
                update(model, later, Message::Tick);
            }
            '|' => mouse(model, MouseEventKind::Down(MouseButton::Left), (track.x, track.y)),
            ']' => mouse(model, MouseEventKind::Down(MouseButton::Left), (track.right() - 1, track.y)),
            '\x1b' => {
                let clock = model.clock;
                update(model, clock, Message::Key(KeyCode::Esc.into()));
            }
            key => press(model, &key.to_string()),
        }
    }
}

#[test]
fn every_key_does_in_every_state_what_one_expects_there() {
    // How it comes to a state; then what Space, `.`, `,`, `<`, `>` and Esc make of it.
    let expected = [
        ("", "whole", ["plays from 0", "hop 1", "hop 3", "whole", "whole", "whole"]),
        (" _", "plays from 250", ["at 250", "hop 3", "hop 1", "plays from 250", "plays from 250", "whole"]),
        (" _ ", "at 250", ["plays from 250", "hop 3", "hop 1", "at 250", "at 250", "whole"]),
        ("|", "at 0", ["plays from 0", "hop 1", "hop 0", "at 0", "at 0", "whole"]),
        ("]", "at 400", ["plays from 0", "whole", "hop 3", "at 400", "at 400", "whole"]),
        (" __", "whole", ["plays from 0", "hop 1", "hop 3", "whole", "whole", "whole"]),
        (" _|", "plays from 0", ["at 0", "hop 1", "hop 0", "plays from 0", "plays from 0", "whole"]),
        (" _,", "hop 1", ["plays from 199", "hop 2", "hop 0", "hop 1", "hop 1", "whole"]),
        (" _.", "hop 3", ["plays from 399", "hop 4", "hop 2", "hop 3", "hop 3", "whole"]),
        ("..|", "at 0", ["plays from 0", "hop 1", "hop 0", "at 0", "at 0", "whole"]),
        (".,", "hop 0", ["plays from 99", "hop 1", "hop 0", "hop 0", "hop 0", "whole"]),
        ("....", "hop 4", ["plays from 0", "whole", "hop 3", "hop 4", "hop 4", "whole"]),
        (".....", "whole", ["plays from 0", "hop 1", "hop 3", "whole", "whole", "whole"]),
    ];
    for (way, state, after) in expected {
        for (key, after) in [' ', '.', ',', '<', '>', '\x1b'].into_iter().zip(after) {
            let mut model = line(false);
            go(&mut model, way);
            assert_eq!(stands(&model), state, "after {way:?}");
            if state != "whole" || key != '\x1b' {
                go(&mut model, &key.to_string());
            }
            assert_eq!(stands(&model), after, "{key:?} after {way:?}");
            assert_eq!(model.screen, 3);
        }
    }
}

#[test]
fn a_flood_that_runs_is_paused_stepped_and_followed_again() {
    for (way, state) in [
        (" ", "at 400"),
        ("  ", "whole"),
        (" ,", "hop 3"),
        (", ", "plays from 399"),
        ("....", "hop 4"),
        (".... ", "whole"),
        ("|", "at 0"),
        ("| _", "plays from 250"),
        ("| __", "whole"),
    ] {
        let mut model = line(true);
        go(&mut model, way);
        assert_eq!(stands(&model), state, "after {way:?}");
    }
}

#[test]
fn up_to_a_hop_all_copies_of_it_are_counted_and_playing_goes_on_with_the_next() {
    let mut model = line(false);
    go(&mut model, " _,");
    let nodes = |model: &Model| seen(model, parts(rings(model)).canvas).len();
    let hop_one = (nodes(&model), model.flood.shown.rows.iter().map(|row| row.sent).sum::<u32>());
    assert_eq!(hop_one, (3, 2), "this node and the two of hop 1");
    go(&mut model, " ");
    assert_eq!(nodes(&model), 3, "nobody is gone when it plays on");
    go(&mut model, "_");
    assert!(nodes(&model) > 3);
}

#[test]
fn whoever_holds_the_track_may_slip_off_it() {
    let mut model = line(false);
    let track = parts(rings(&model)).track;
    let drag = |model: &mut Model, place| mouse(model, MouseEventKind::Drag(MouseButton::Left), place);
    go(&mut model, "|");
    drag(&mut model, (track.right() + 9, track.y - 6));
    assert_eq!(stands(&model), "at 400", "beyond the end is the end");
    drag(&mut model, (track.x, 0));
    assert_eq!(stands(&model), "at 0");
    // Held elsewhere, the mouse is no hand on the track.
    mouse(&mut model, MouseEventKind::Down(MouseButton::Left), (track.x, track.y - 5));
    drag(&mut model, (track.right() - 1, track.y));
    assert_eq!(stands(&model), "at 0");
}

#[test]
fn what_was_on_its_way_when_a_search_ended_is_told_the_same_wherever_it_is_counted() {
    let mut model = line(false);
    let mut snapshot = (*model.snapshot).clone();
    let mut search = Search { ended: Some(DoneWhy::Enough), ..(*snapshot.searches[0]).clone() };
    search.by_hop[3].sent += 3;
    (search.messages, search.row.nodes, search.row.duplicates) = (11, 8, 0);
    snapshot.searches = vec![Arc::new(search)];
    at(&mut model, 1, Message::Snapshot(Arc::new(snapshot)));
    for (key, told) in [
        ("1", &["8 nodes reached with 11 copies", "3 on the way"][..]),
        ("2", &["copies      11", "on the way  3 copies when it ended", "1.38 copies a node"]),
        ("3", &["on the way   3 copies when it ended", "1.38 copies a node"]),
    ] {
        press(&mut model, key);
        let drawn = screen(&model);
        assert!(told.iter().all(|words| drawn.contains(words)), "{told:?} on\n{drawn}");
    }
    go(&mut model, "...,");
    assert!(!screen(&model).contains("on the way"), "as far as hop 2 all have come");
}
