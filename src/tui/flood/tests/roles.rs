//! What nodes are, as they told, in the picture of a flood.

use ratatui::buffer::{Buffer, Cell};

use super::*;
use crate::app::Role;
use crate::tui::draw::draw_buffer;

/// What is on the screen, line by line.
pub(super) fn screen(model: &Model) -> String {
    let mut buffer = Buffer::empty(Rect::new(0, 0, model.size.width, model.size.height));
    draw_buffer(model, &mut buffer);
    let lines = buffer.content.chunks(model.size.width.into());
    lines.map(|cells| cells.iter().map(Cell::symbol).collect::<String>() + "\n").collect()
}

/// Shows a search that these reports tell of, on a node without neighbors.
fn follow(model: &mut Model, told: &[HopReport]) {
    let mut snapshot = (*model.snapshot).clone();
    let own = snapshot.node.node;
    let from_here = |hop: &HopReport| HopReport { from: if hop.hop == 1 { own } else { hop.from }, ..hop.clone() };
    let hops = told.iter().map(from_here).map(Arc::new).collect();
    let search = Search { hops, ..(**model.search().unwrap()).clone() };
    (snapshot.searches, snapshot.neighbors) = (vec![Arc::new(search)], Vec::new());
    at(model, 1, Message::Snapshot(Arc::new(snapshot)));
}

#[test]
fn a_node_is_drawn_as_what_it_told_and_one_that_did_not_tell_as_unknown() {
    let mut told = [
        report(1, 0, 1, Action::Forwarded, 5),
        report(2, 1, 2, Action::Answered, 9),
        report(3, 1, 2, Action::Expired, 9),
    ];
    (told[0].role, told[0].sent, told[0].leaves, told[0].filtered) = (Some(Role::Ultrapeer), 5, 4, 23);
    (told[1].role, told[1].hits) = (Some(Role::Leaf), 2);
    let mut model = model(1, false);
    follow(&mut model, &told);
    let first = model.flood.tree.as_ref().unwrap().find(NodeId([1; 32])).unwrap();
    model.select(PaneName::Rings, first);
    let drawn = screen(&model);
    for words in ["▲ n1", "n2", "●★", "★○", "n3", "▲ ultra-peer", "● leaf", "○ role not told"] {
        assert!(drawn.contains(words), "no {words} on\n{drawn}");
    }
    assert!(drawn.contains("handed to 4 of 27 leaves, 23") && drawn.contains("spared by their filters"), "{drawn}");
}

#[test]
fn a_leaf_is_one_hop_further_than_the_query_may_go_and_nobody_else_is() {
    let ways: Vec<HopReport> = (1..=7).map(|n| report(n, n - 1, n, Action::Forwarded, n.into())).collect();
    for (role, strange) in [(Some(Role::Leaf), 0), (Some(Role::Ultrapeer), 1), (None, 1)] {
        let last = HopReport { role, ..report(8, 7, 8, Action::Expired, 9) };
        let tree = tree(&[&ways[..], &[last]].concat());
        assert_eq!(tree.strange_count(ALL), strange, "{role:?}");
        assert!(tree.nodes[tree.find(NodeId([8; 32])).unwrap()].spot.is_some());
    }
}
