use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use proptest::prelude::*;
use ratatui::layout::Rect;

use super::player::Play;
use super::strange::Strange;
use super::tree::{MAX_DRAWN, State};
use super::*;
use crate::app::{DoneWhy, HopReport, NodeId, Snapshot};
use crate::tui::action::{Action as Asked, PaneName};
use crate::tui::effect::Message;
use crate::tui::fixture::{Fixture, Shape};
use crate::tui::glyphs::Glyphs;
use crate::tui::keymap::Keymap;
use crate::tui::model::RowId;
use crate::tui::panes::rings::geometry::{Geometry, parts, seen};
use crate::tui::theme::Theme;
use crate::tui::update::{next_tick, update};

mod playing;
mod roles;
mod ways;

const OWN: NodeId = NodeId([0; 32]);
const ALL: Span = Span { until: usize::MAX, hop: u8::MAX };

fn snapshot(floods: u32, hostile: bool) -> Snapshot {
    Fixture::new(Shape { floods, hostile, ..Shape::BUSY }, 7).snapshot()
}

fn search(floods: u32, hostile: bool) -> (NodeId, Search) {
    let snapshot = snapshot(floods, hostile);
    (snapshot.node.node, (**snapshot.searches.last().unwrap()).clone())
}

fn first(search: &Search, count: usize) -> Search {
    Search { hops: search.hops.iter().take(count).cloned().collect(), ..search.clone() }
}

fn report(node: u8, from: u8, hop: u8, action: Action, at_ms: u64) -> HopReport {
    let id = |n: u8| NodeId([n; 32]);
    HopReport {
        node: id(node),
        name: format!("n{node}").into(),
        role: None,
        from: id(from),
        hop,
        ttl: 7 - hop.min(7),
        action,
        hits: 0,
        sent: 3,
        leaves: 0,
        filtered: 0,
        at_ms,
    }
}

fn tree(reports: &[HopReport]) -> Tree {
    let (_, search) = search(1, false);
    Tree::new(OWN, &Search { hops: reports.iter().cloned().map(Arc::new).collect(), ..search })
}

fn model(floods: u32, hostile: bool) -> Model {
    let (keymap, theme) = (Keymap::builtin("default").unwrap(), Theme::builtin("dark").unwrap());
    let mut model = Model::new(Arc::new(snapshot(floods, hostile)), (120, 38).into(), keymap, theme, Glyphs::UNICODE);
    press(&mut model, "3");
    model
}

fn at(model: &mut Model, ms: u64, message: Message) {
    update(model, Duration::from_millis(ms), message);
}

fn press(model: &mut Model, keys: &str) {
    for c in keys.chars() {
        let clock = model.clock;
        update(model, clock, Message::Key(KeyEvent::from(KeyCode::Char(c))));
    }
}

fn mouse(model: &mut Model, kind: MouseEventKind, (column, row): (u16, u16)) {
    let clock = model.clock;
    update(model, clock, Message::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
}

fn rings(model: &Model) -> Rect {
    let area = model.plan().area_of(PaneName::Rings).unwrap();
    Rect { x: area.x + 1, y: area.y + 1, width: area.width - 2, height: area.height - 2 }
}

#[test]
fn nobody_moves_when_others_come_and_reading_bit_by_bit_is_reading_at_once() {
    let (own, search) = search(3, false);
    let whole = Tree::new(own, &search);
    let mut grown = Tree::new(own, &first(&search, 0));
    for count in (0..=search.hops.len()).step_by(17).chain([search.hops.len()]) {
        let part = first(&search, count);
        assert!(grown.grows_into(&part.hops));
        let before: BTreeMap<NodeId, _> = grown.nodes.iter().map(|node| (node.id, (node.hop, node.spot))).collect();
        let reported: BTreeSet<NodeId> =
            grown.nodes.iter().filter(|node| node.first.is_some()).map(|node| node.id).collect();
        grown.extend(&part.hops);
        for node in grown.nodes.iter().filter(|node| reported.contains(&node.id)) {
            // A duplicate's own first copy may tell later where it really is.
            let told = node.first.is_some_and(|first| is_new(part.hops[first].action));
            let was = before[&node.id];
            assert!(was == (node.hop, node.spot) || (told && was.0 != node.hop), "{node:?}");
        }
    }
    let spots = |tree: &Tree| tree.nodes.iter().map(|node| (node.id, node.hop, node.spot)).collect::<Vec<_>>();
    assert_eq!(spots(&grown), spots(&whole));
}

#[test]
fn what_does_not_fit_together_is_no_lie_where_reports_were_still_to_come() {
    let (own, mut search) = search(3, false);
    let mut hops: Vec<_> = search.hops.iter().cloned().collect();
    let twin = hops.iter().position(|hop| hop.hop == 3 && hop.action == Action::Forwarded).unwrap();
    hops[twin] = Arc::new(HopReport { hop: 5, ttl: 2, ..HopReport::clone(&hops[twin]) });
    search.hops = hops.into();
    let all = Span { until: usize::MAX, hop: u8::MAX };
    let mut tree = Tree::new(own, &Search { ended: Some(DoneWhy::Deadline), ..search });
    let strange = tree.strange_count(all);
    assert!(strange > 0);
    assert!(tree.ends(Some(DoneWhy::Enough)) && !tree.ends(Some(DoneWhy::Enough)));
    assert_eq!(tree.strange_count(all), 0);
    assert!(tree.ends(Some(DoneWhy::Complete)));
    assert_eq!(tree.strange_count(all), strange);
}

#[test]
fn a_thousand_nodes_have_a_place_each() {
    let (own, search) = search(8, false);
    let tree = Tree::new(own, &search);
    let mut places: Vec<(u8, u64)> =
        tree.nodes.iter().filter_map(|node| Some((node.hop, (node.spot?.turn * 1e9) as u64))).collect();
    let all = places.len();
    assert!(all > 1_000, "{all}");
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), all);
}

#[test]
fn children_are_near_the_node_that_passed_the_query_on() {
    let (own, search) = search(1, false);
    let tree = Tree::new(own, &search);
    let apart = |a: f64, b: f64| (a - b).abs().min(1.0 - (a - b).abs());
    let mut ways: Vec<f64> = Vec::new();
    for node in tree.nodes.iter().filter(|node| node.hop > 1) {
        let parent = node.parent.and_then(|parent| tree.nodes[parent].spot);
        ways.extend(parent.zip(node.spot).map(|(a, b)| apart(a.turn, b.turn)));
    }
    ways.sort_by(f64::total_cmp);
    assert!(ways[ways.len() / 2] < 0.06, "half of them within 22 degrees: {}", ways[ways.len() / 2]);
}

#[test]
fn who_never_reported_is_inferred_and_nobody_else_is_invented() {
    let told = [
        report(1, 0, 1, Action::Forwarded, 5),
        report(3, 2, 2, Action::Answered, 9),
        report(1, 3, 3, Action::Duplicate, 12),
    ];
    let tree = tree(&told);
    let state = |n: u8| tree.find(NodeId([n; 32])).and_then(|at| tree.state(at, ALL));
    assert_eq!(
        [0, 1, 2, 3, 4].map(state),
        [Some(State::You), Some(State::Reached), Some(State::Inferred), Some(State::Hit), None]
    );
    assert_eq!(tree.nodes.len(), 4);
    let way = tree.way_back(tree.find(NodeId([3; 32])).unwrap());
    assert_eq!(way.iter().map(|at| tree.nodes[*at].id.0[0]).collect::<Vec<_>>(), [3, 2], "nobody told more");
    assert_eq!(tree.state(tree.find(NodeId([3; 32])).unwrap(), Span { until: 9, hop: 1 }), None, "not its turn yet");
    // At an earlier moment nobody had named it.
    assert_eq!(tree.state(2, Span { until: 1, hop: u8::MAX }), None);
}

#[test]
fn what_does_not_fit_is_marked_and_counted() {
    let told = [
        report(1, 0, 1, Action::Forwarded, 5),
        report(2, 0, 0, Action::Forwarded, 6),
        report(3, 1, 4, Action::Forwarded, 7),
        report(4, 9, 1, Action::Forwarded, 8),
        report(5, 1, 2, Action::Forwarded, 3),
        report(5, 1, 2, Action::Answered, 8),
        report(6, 6, 2, Action::Forwarded, 9),
        report(7, 1, 2, Action::Forwarded, 9),
    ];
    let tree = tree(&told);
    let marks: Vec<Vec<Strange>> = (0..told.len()).map(|index| tree.strange(index).collect()).collect();
    assert_eq!(
        marks,
        [
            vec![],
            vec![Strange::Hop],
            vec![Strange::Parent],
            vec![Strange::Origin],
            vec![Strange::Time],
            vec![Strange::Twice],
            vec![Strange::Itself],
            vec![]
        ]
    );
    assert_eq!(tree.strange_count(ALL), 6);
    assert!(tree.find(NodeId([9; 32])).is_none(), "an origin that is not this node has no place");
}

#[test]
fn a_copy_of_higher_ttl_that_was_passed_on_again_is_no_lie() {
    let told = [
        report(1, 0, 1, Action::Forwarded, 1),
        report(2, 8, 4, Action::Forwarded, 2),
        report(3, 2, 3, Action::Forwarded, 3),
        report(2, 1, 2, Action::Duplicate, 4),
    ];
    let early = tree(&told[..3]);
    assert_eq!(early.strange(2).collect::<Vec<_>>(), [Strange::Parent]);
    assert!(tree(&told).strange(2).next().is_none(), "it is understood as soon as its sender's copy is told");
}

#[test]
fn fifty_thousand_reports_are_bounded_and_what_is_not_drawn_is_said() {
    let (own, search) = search(264, false);
    assert!(search.hops.len() >= 50_000);
    let tree = Tree::new(own, &search);
    let drawn = tree.nodes.iter().filter(|node| node.spot.is_some()).count();
    assert_eq!(drawn, MAX_DRAWN + 1);
    let shown = sums(&tree, &search, Span { until: search.hops.len(), hop: u8::MAX });
    assert_eq!(shown.not_drawn, tree.nodes.len() - drawn);
}

#[test]
fn a_moment_of_the_past_is_counted_from_its_reports() {
    let (own, search) = search(1, false);
    let tree = Tree::new(own, &search);
    let counted = rows(&tree, &search, ALL);
    for (counted, told) in counted.iter().zip(&search.by_hop) {
        assert_eq!(
            (counted.arrived(), counted.new, counted.duplicates, counted.dropped),
            (told.arrived(), told.new, told.duplicates, told.dropped)
        );
    }
    let before = rows(&tree, &search, Span { until: 0, hop: u8::MAX });
    let [row] = &before[..] else { panic!("{before:?}") };
    assert_eq!((row.sent, row.arrived(), row.p50_ms), (search.sent_here, 0, None), "sent, and on the way");
}

#[test]
fn it_plays_with_ten_frames_a_second_and_rests_when_it_is_over() {
    let mut model = model(1, false);
    let mut over = (*model.snapshot).clone();
    let mut search = (**over.searches.last().unwrap()).clone();
    search.ended = Some(crate::app::DoneWhy::Complete);
    *over.searches.last_mut().unwrap() = Arc::new(search);
    (over.library, over.queries) = (Arc::default(), Vec::new());
    at(&mut model, 0, Message::Snapshot(Arc::new(over)));
    let all = model.flood_span().until;
    press(&mut model, " ");
    assert!(model.flood.player.runs() && model.flood_span().until < all / 4);
    assert_eq!(next_tick(&model), Some(Duration::from_millis(100)));
    at(&mut model, 1_000, Message::Tick);
    let some = model.flood_span().until;
    assert!(some > 0 && some < all, "{some}");
    press(&mut model, " ");
    at(&mut model, 60_000, Message::Tick);
    assert_eq!(model.flood_span().until, some, "paused");
    assert!(next_tick(&model).is_none_or(|tick| tick > model.clock + Duration::from_millis(900)), "nothing moves");
    press(&mut model, " ");
    at(&mut model, 120_000, Message::Tick);
    assert_eq!((model.flood.player.play, model.flood_span().until), (Play::Live, all));
}

#[test]
fn hops_are_stepped_duplicates_hidden_and_rings_zoomed() {
    let mut model = model(1, false);
    press(&mut model, ".");
    assert_eq!((model.hop, model.flood.shown.rows.len()), (Some(1), 1));
    press(&mut model, "..,");
    assert_eq!((model.hop, model.flood.shown.rows.len()), (Some(2), 2));
    press(&mut model, "d++-");
    assert!(model.flood.no_duplicates);
    assert_eq!(model.flood.zoom, 1);
    press(&mut model, "+++++++++");
    assert_eq!(model.flood.zoom, 6, "one ring is always left");
    press(&mut model, ">");
    assert!(model.toast.is_some());
    press(&mut model, "[");
    assert_eq!((model.hop, model.flood.zoom), (None, 0), "another search is seen from the start");
}

#[test]
fn nodes_are_chosen_by_keys_and_mouse_and_followed_back() {
    let mut model = model(1, false);
    let clock = model.clock;
    for code in [KeyCode::Right, KeyCode::Down, KeyCode::Down, KeyCode::Up] {
        update(&mut model, clock, Message::Key(code.into()));
    }
    assert_eq!(model.flood_cursor(), 2);
    let inside = rings(&model);
    let canvas = parts(inside).canvas;
    let far = seen(&model, canvas).into_iter().find(|seen| seen.cell.0 < 20).unwrap();
    let place = (canvas.x + far.cell.0, canvas.y + far.cell.1);
    mouse(&mut model, MouseEventKind::Down(MouseButton::Left), place);
    let chosen = model.flood_cursor();
    assert!(chosen > 2);
    let id = model.flood.tree.as_ref().unwrap().nodes[chosen].id;
    assert_eq!(model.list(PaneName::Rings).selected, Some(RowId::Reached(id)));
    let parent = model.flood.tree.as_ref().unwrap().nodes[chosen].parent;
    update(&mut model, clock, Message::Key(KeyCode::Enter.into()));
    assert_eq!(Some(model.flood_cursor()), parent);
}

#[test]
fn the_mouse_scrubs_and_esc_shows_the_whole_flood_again() {
    let mut model = model(1, false);
    let track = parts(rings(&model)).track;
    let middle = (track.x + track.width / 2, track.y);
    mouse(&mut model, MouseEventKind::Down(MouseButton::Left), middle);
    let half = model.flood_span().until;
    mouse(&mut model, MouseEventKind::Drag(MouseButton::Left), (track.x, track.y));
    assert!(half > model.flood_span().until);
    mouse(&mut model, MouseEventKind::ScrollUp, (track.x, track.y - 5));
    assert_eq!(model.flood.zoom, 1);
    let clock = model.clock;
    update(&mut model, clock, Message::Key(KeyCode::Esc.into()));
    assert_eq!((model.flood.player.play, model.flood.zoom), (Play::Live, 0));
}

#[test]
fn every_keymap_reaches_the_player() {
    for name in ["default", "vim", "emacs"] {
        let keymap = Keymap::builtin(name).unwrap();
        let scopes = crate::tui::keymap::scope::of_pane(PaneName::Rings);
        for action in [Asked::Play, Asked::Faster, Asked::Slower, Asked::Duplicates, Asked::RingsIn, Asked::RingsOut] {
            assert!(keymap.key_for(&scopes, &action).is_some(), "{name}: {action}");
        }
    }
}

fn any_report() -> impl Strategy<Value = HopReport> {
    let actions = [Action::Forwarded, Action::Answered, Action::Duplicate, Action::Expired, Action::Refused];
    let numbers =
        (any::<u8>(), prop_oneof![0u8..9, any::<u8>()], any::<u8>(), any::<u16>(), any::<u16>(), any::<u64>());
    (0u8..20, 0u8..20, 0usize..5, numbers).prop_map(move |(node, from, action, (_, hop, ttl, hits, sent, at_ms))| {
        HopReport { hop, ttl, hits, sent, at_ms, ..report(node, from, 1, actions[action], 0) }
    })
}

proptest! {
    #[test]
    fn lies_are_no_reason_to_fall_over(
        told in prop::collection::vec(any_report(), 0..120), until in 0usize..140, hop: u8,
        width in 0u16..220, height in 0u16..70, zoom in 0u8..9,
    ) {
        let tree = tree(&told);
        let span = Span { until, hop };
        let named: BTreeSet<NodeId> =
            told.iter().flat_map(|report| [report.node, report.from]).chain([OWN]).collect();
        let canvas = Rect::new(3, 2, width, height);
        let geometry = Geometry::new(canvas, &tree, zoom);
        for (at, node) in tree.nodes.iter().enumerate() {
            prop_assert!(named.contains(&node.id));
            prop_assert!(tree.way_back(at).len() <= 9);
            prop_assert!(at != 0 || tree.state(at, span) == Some(State::You));
            let cell = node.spot.and_then(|spot| geometry.cell(node.hop, spot.turn));
            prop_assert!(cell.is_none_or(|(x, y)| x < width && y < height));
            if zoom == 0 && width >= 12 && height >= 6 {
                prop_assert_eq!(cell.is_some(), node.spot.is_some());
            }
        }
        prop_assert!(tree.strange_count(ALL) <= told.len());
    }
}
