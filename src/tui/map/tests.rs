//! The map: who is on it, that it stays put, and its keys.

use std::collections::BTreeMap;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use proptest::prelude::*;
use ratatui::layout::Rect;

use super::known::{FADE_MS, FORGET_MS, Link, MAX_KNOWN, MAX_LINKS};
use super::view::{Colors, Geometry};
use super::*;
use crate::app::{Action as Did, DoneWhy, HopReport, NodeId, Search};
use crate::tui::effect::Message;
use crate::tui::fixture::{Fixture, Shape};
use crate::tui::glyphs::Glyphs;
use crate::tui::keymap::Keymap;
use crate::tui::panes::map::seen;
use crate::tui::theme::Theme;
use crate::tui::update::{next_tick, update};

mod beyond;

fn snapshot(shape: Shape) -> Snapshot {
    Fixture::new(shape, 7).snapshot()
}

fn small() -> Snapshot {
    let mut snapshot = snapshot(Shape { searches: 1, hits: 0, ..Shape::BUSY });
    snapshot.warnings = Arc::default();
    for search in &mut snapshot.searches {
        *search = Arc::new(Search { ended: Some(DoneWhy::Complete), ..(**search).clone() });
    }
    snapshot
}

fn model(snapshot: Snapshot) -> Model {
    let (keymap, theme) = (Keymap::builtin("default").unwrap(), Theme::builtin("dark").unwrap());
    let mut model = Model::new(Arc::new(snapshot), (120, 38).into(), keymap, theme, Glyphs::UNICODE);
    press(&mut model, "4");
    model
}

fn tell(model: &mut Model, message: Message) {
    let clock = model.clock + Duration::from_millis(100);
    update(model, clock, message);
}

fn key(model: &mut Model, code: KeyCode) {
    let clock = model.clock;
    update(model, clock, Message::Key(KeyEvent::from(code)));
}

fn press(model: &mut Model, keys: &str) {
    keys.chars().for_each(|c| key(model, KeyCode::Char(c)));
}

fn mouse(model: &mut Model, kind: MouseEventKind, (column, row): (u16, u16)) {
    // Slower than a double click.
    let clock = model.clock + Duration::from_secs(1);
    update(model, clock, Message::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
}

/// Lets everybody find a place.
fn settle(model: &mut Model) {
    for _ in 0..200 {
        if !model.map.layout.moves() {
            return;
        }
        tell(model, Message::Tick);
    }
    panic!("it moves for ever");
}

fn places(model: &Model) -> BTreeMap<NodeId, (f64, f64)> {
    let nodes = model.map.table.nodes.iter().enumerate();
    nodes.map(|(at, node)| (node.id, model.map.layout.place(at).map(|place| (place.x, place.y)).unwrap())).collect()
}

fn report(node: u8, from: NodeId, hop: u8, action: Did) -> HopReport {
    let (ttl, name) = (7 - hop.min(7), format!("n{node}").as_str().into());
    let (node, role, hits, sent, leaves, filtered) = (NodeId([node; 32]), None, 0, 2, 0, 0);
    HopReport { node, name, role, from, hop, ttl, action, hits, sent, leaves, filtered, at_ms: 5 }
}

/// A snapshot whose one search has these reports.
fn with(reports: Vec<HopReport>) -> Snapshot {
    let mut snapshot = small();
    snapshot.neighbors.clear();
    let search = Search {
        hops: reports.into_iter().map(Arc::new).collect(),
        hits: Arc::default(),
        ..(**snapshot.searches.last().unwrap()).clone()
    };
    snapshot.searches = vec![Arc::new(search)];
    snapshot
}

fn canvas(model: &Model) -> Rect {
    let area = model.plan().area_of(PaneName::Map).unwrap();
    Rect { x: area.x + 1, y: area.y + 1, width: area.width - 2, height: area.height - 3 }
}

/// Where a node is seen on the terminal.
fn on_screen(model: &Model, node: usize) -> (u16, u16) {
    let canvas = canvas(model);
    let seen = seen(model, canvas).into_iter().find(|seen| seen.node == node).expect("it is in sight");
    (canvas.x + seen.cell.0, canvas.y + seen.cell.1)
}

#[test]
fn reports_name_nodes_and_prove_links_and_nothing_else_does() {
    let own = small().node.node;
    let (two, three, nine) = (NodeId([2; 32]), NodeId([3; 32]), NodeId([9; 32]));
    let model = model(with(vec![
        report(2, own, 1, Did::Forwarded),
        report(3, two, 2, Did::Answered),
        report(4, nine, 3, Did::Forwarded),
        // Lies: from itself, from nowhere near, at a hop that none has, of this node.
        report(5, NodeId([5; 32]), 2, Did::Forwarded),
        report(6, two, 1, Did::Forwarded),
        report(7, three, 0, Did::Forwarded),
        report(8, three, 200, Did::Forwarded),
        HopReport { node: own, ..report(1, three, 3, Did::Forwarded) },
    ]));
    let table = &model.map.table;
    let known: Vec<u8> = table.nodes.iter().skip(1).map(|node| node.id.0[0]).collect();
    assert_eq!(known, [2, 3, 9, 4]);
    let at = |id| table.find(id).unwrap();
    assert!(table.nodes[at(nine)].inferred() && !table.nodes[at(two)].inferred());
    assert_eq!(table.nodes[at(NodeId([4; 32]))].hop, 3);
    assert_eq!(table.links.len(), 3);
    assert!(table.links.contains(&Link { a: 0, b: at(two) }));
    assert_eq!(table.linked(at(two)).collect::<Vec<_>>(), [0, at(three)]);
}

#[test]
fn a_neighbor_that_goes_takes_its_link_with_it_and_stays_known() {
    let mut model = model(small());
    let neighbor = model.snapshot.neighbors.iter().find_map(|row| row.node).unwrap();
    let at = model.map.table.find(neighbor).unwrap();
    assert!(model.map.table.nodes[at].neighbor && model.map.table.links.contains(&Link { a: 0, b: at }));
    let mut next = small();
    next.neighbors.retain(|row| row.node != Some(neighbor));
    tell(&mut model, Message::Snapshot(Arc::new(next)));
    let at = model.map.table.find(neighbor).unwrap();
    assert!(!model.map.table.nodes[at].neighbor && !model.map.table.links.contains(&Link { a: 0, b: at }));
}

#[test]
fn who_is_not_seen_fades_and_is_forgotten() {
    let mut model = model(small());
    let reached = model.snapshot.searches[0].hops[0].node;
    let later = |ms: u64| {
        let mut snapshot = small();
        snapshot.uptime_ms += ms;
        // The search has long been left out of the list.
        snapshot.searches.clear();
        Arc::new(snapshot)
    };
    let all = model.map.table.nodes.len();
    tell(&mut model, Message::Snapshot(later(FADE_MS + 60_000)));
    let now = model.now_ms();
    let at = model.map.table.find(reached).unwrap();
    assert!(model.map.table.nodes[at].faded(now) && !model.map.table.nodes[0].faded(now));
    tell(&mut model, Message::Snapshot(later(FORGET_MS + 60_000)));
    assert_eq!(model.map.table.find(reached), None);
    let left = model.map.table.nodes.len();
    assert!(left < all && left == 1 + model.snapshot.neighbors.iter().filter(|row| row.node.is_some()).count());
}

#[test]
fn the_table_has_bounds_and_keeps_neighbors() {
    // A thousand nodes a search, none of them in two.
    let shape = Shape { searches: 3, hits: 100, ..Shape::FULL };
    let full = snapshot(shape);
    let neighbors = full.neighbors.iter().filter(|row| row.node.is_some()).count();
    let mut model = model(full);
    for _ in 0..3 {
        tell(&mut model, Message::Snapshot(Arc::new(snapshot(Shape { hostile: true, ..shape }))));
        let table = &model.map.table;
        assert!(table.nodes.len() <= MAX_KNOWN && table.links.len() <= MAX_LINKS && table.is_full());
        assert_eq!(table.nodes.iter().filter(|node| node.neighbor).count(), neighbors);
        assert!(table.links.iter().all(|link| link.a < link.b && link.b < table.nodes.len()));
        assert!(table.nodes.iter().enumerate().all(|(at, node)| table.find(node.id) == Some(at)));
    }
}

#[test]
fn it_settles_and_then_asks_for_no_frames() {
    let mut model = model(small());
    settle(&mut model);
    press(&mut model, " ");
    assert!(next_tick(&model).is_some_and(|at| at <= model.clock + Duration::from_millis(100)), "it plays");
    key(&mut model, KeyCode::Esc);
    assert!(next_tick(&model).is_none_or(|at| at > model.clock + Duration::from_millis(100)));
    assert!(places(&model).values().all(|(x, y)| x.is_finite() && y.is_finite()));
}

#[test]
fn who_stands_stays_when_others_come_and_go() {
    let mut model = model(small());
    settle(&mut model);
    let before = places(&model);
    let mut more = small();
    let other = Fixture::new(Shape { searches: 1, hits: 0, ..Shape::BUSY }, 8).snapshot();
    let own = more.node.node;
    let reports = other.searches[0].hops.iter().map(|report| {
        let from = if report.hop == 1 { own } else { report.from };
        Arc::new(HopReport { from, ..(**report).clone() })
    });
    more.searches.push(Arc::new(Search { hops: reports.collect(), ..(*other.searches[0]).clone() }));
    tell(&mut model, Message::Snapshot(Arc::new(more)));
    settle(&mut model);
    let after = places(&model);
    assert!(after.len() > before.len() + 50, "{} and {}", before.len(), after.len());
    let moved = |(id, (x, y)): (&NodeId, &(f64, f64))| {
        let (nx, ny) = after[id];
        (nx - x).hypot(ny - y)
    };
    let moves: Vec<f64> = before.iter().map(moved).collect();
    assert!(moves.iter().all(|far| *far < 0.35), "{moves:?}");
    assert!(moves.iter().filter(|far| **far > 1e-9).count() < before.len() / 3, "{moves:?}");
    // Half of them go again: nobody moves at all.
    tell(&mut model, Message::Snapshot(Arc::new(Snapshot { uptime_ms: small().uptime_ms + FORGET_MS * 2, ..small() })));
    settle(&mut model);
    let left = places(&model);
    assert!(left.len() < after.len());
    assert!(left.iter().all(|(id, place)| after[id] == *place));
}

#[test]
fn the_same_news_give_the_same_map() {
    let maps: Vec<_> = [(); 2]
        .map(|()| {
            let mut model = model(small());
            settle(&mut model);
            places(&model)
        })
        .into();
    assert_eq!(maps[0], maps[1]);
}

#[test]
fn arrows_go_from_node_to_node_and_enter_shows_the_story() {
    let mut model = model(small());
    settle(&mut model);
    for (code, along) in [(KeyCode::Right, (1.0, 0.0)), (KeyCode::Down, (0.0, 1.0)), (KeyCode::Left, (-1.0, 0.0))] {
        let from = model.map.layout.place(model.map_cursor()).unwrap();
        key(&mut model, code);
        let to = model.map.layout.place(model.map_cursor()).unwrap();
        assert!((to.x - from.x) * along.0 + (to.y - from.y) * along.1 > 0.0, "{code:?}");
    }
    let reached = model.snapshot.searches[0].hops[3].node;
    let at = model.map.table.find(reached).unwrap();
    model.select(PaneName::Map, at);
    key(&mut model, KeyCode::Enter);
    let under = model.flood.tree.as_ref().map(|tree| tree.nodes[model.flood_cursor()].id);
    assert_eq!((model.screen, under), (3, Some(reached)));
    press(&mut model, "4");
    model.select(PaneName::Map, 0);
    assert_eq!(model.map_cursor(), 0);
}

#[test]
fn it_is_moved_and_zoomed_and_esc_brings_it_back() {
    let mut model = model(small());
    settle(&mut model);
    let home = on_screen(&model, 0);
    press(&mut model, "++");
    assert_eq!((model.map.view.zoom, on_screen(&model, 0)), (2, home), "what is selected stays");
    let pan = KeyEvent::new(KeyCode::Left, KeyModifiers::SHIFT);
    let clock = model.clock;
    update(&mut model, clock, Message::Key(pan));
    assert!(on_screen(&model, 0).0 > home.0);
    press(&mut model, "c");
    assert_eq!(on_screen(&model, 0), home);
    press(&mut model, "nC");
    assert!(!model.map.view.names && model.map.view.colors == Colors::Roles);
    press(&mut model, "-");
    assert_eq!(model.map.view.zoom, 1);
    key(&mut model, KeyCode::Esc);
    assert!(model.map.view.is_whole() && model.screen == 4);
    key(&mut model, KeyCode::Esc);
    assert_eq!(model.screen, 1);
}

#[test]
fn the_mouse_selects_zooms_and_drags() {
    let mut model = model(small());
    settle(&mut model);
    let far = (1..model.map.table.nodes.len()).find(|at| {
        // One that stands alone, so that nobody else is as near to the mouse.
        let (x, y) = on_screen(&model, *at);
        let near = seen(&model, canvas(&model));
        let area = canvas(&model);
        near.iter().all(|one| {
            let (ox, oy) = (area.x + one.cell.0, area.y + one.cell.1);
            one.node == *at || ox.abs_diff(x) > 4 || oy.abs_diff(y) > 1
        })
    });
    let far = far.expect("somebody stands alone");
    let place = on_screen(&model, far);
    mouse(&mut model, MouseEventKind::Down(MouseButton::Left), place);
    assert_eq!(model.map_cursor(), far);
    mouse(&mut model, MouseEventKind::ScrollUp, place);
    let (x, y) = on_screen(&model, far);
    assert!(x.abs_diff(place.0) <= 1 && y.abs_diff(place.1) <= 1, "what is under the mouse stays there");
    let before = on_screen(&model, far);
    mouse(&mut model, MouseEventKind::Down(MouseButton::Left), before);
    mouse(&mut model, MouseEventKind::Drag(MouseButton::Left), (before.0 + 4, before.1));
    assert_eq!(on_screen(&model, far).0, before.0 + 4);
}

proptest! {
    #[test]
    fn a_clipped_line_lies_on_the_line_and_on_the_canvas(
        from in (-900.0..900.0, -900.0..900.0), to in (-900.0..900.0, -900.0..900.0),
    ) {
        let (layout, view) = (Layout::default(), View::default());
        let geometry = Geometry::new(Rect::new(0, 0, 60, 20), &layout, &view);
        if let Some((first, last)) = geometry.clip(from, to) {
            for (x, y) in [first, last] {
                prop_assert!((-1.0..=121.0).contains(&x) && (-1.0..=81.0).contains(&y), "{x} {y}");
                let (dx, dy): (f64, f64) = (to.0 - from.0, to.1 - from.1);
                let off: f64 = (x - from.0) * dy - (y - from.1) * dx;
                prop_assert!(off.abs() < 1e-3 * (1.0 + dx.hypot(dy)));
            }
        } else {
            let inside = |(x, y): (f64, f64)| (0.0..=120.0).contains(&x) && (0.0..=80.0).contains(&y);
            prop_assert!(!inside(from) && !inside(to));
        }
    }
}
