//! Which ways of a large flood are drawn, and where its nodes stand.

use super::super::ways::{Wanted, Ways};
use super::*;
use crate::tui::flood::tree::is_new;

fn choose(tree: &Tree, alone: bool, back: &[usize], cursor: usize, young: usize, duplicates: bool) -> Ways {
    Ways::choose(tree, ALL, &Wanted { alone: |_| alone, back, cursor, young, duplicates })
}

#[test]
fn where_nodes_stand_alone_every_way_is_drawn_and_else_what_is_left_out_is_counted() {
    let (own, search) = search(1, false);
    let tree = Tree::new(own, &search);
    let all = choose(&tree, true, &[], 0, 0, true);
    assert!(all.left_out == 0 && all.drawn.is_sorted());
    let new = search.hops.iter().filter(|hop| is_new(hop.action) || hop.action == Action::Refused).count();
    assert_eq!(choose(&tree, true, &[], 0, 0, false).drawn.len(), new);
    let none = choose(&tree, false, &[], 0, 0, true);
    assert_eq!((none.drawn.len(), none.left_out), (0, all.drawn.len()));
}

#[test]
fn in_a_crowd_the_selected_one_hits_and_the_youngest_copies_have_their_ways() {
    let told = [
        report(1, 0, 1, Action::Forwarded, 1),
        report(2, 1, 2, Action::Forwarded, 2),
        report(3, 2, 3, Action::Answered, 3),
        report(4, 2, 3, Action::Forwarded, 4),
        report(2, 4, 4, Action::Duplicate, 5),
        report(5, 4, 4, Action::Forwarded, 6),
    ];
    let tree = tree(&told);
    let at = |node: u8| tree.find(NodeId([node; 32])).unwrap();
    assert_eq!(choose(&tree, false, &[at(3)], 0, 0, true).drawn, [0, 1, 2], "the whole way of a hit");
    let selected = choose(&tree, false, &[], at(2), 0, true);
    assert_eq!((selected.drawn.as_slice(), selected.left_out), ([1, 2, 3, 4].as_slice(), 2), "from it, to it, again");
    assert_eq!(choose(&tree, false, &[], at(2), 0, false).drawn, [1, 2, 3], "duplicates are hidden");
    assert_eq!(choose(&tree, false, &[], 0, 2, true).drawn, [5], "what came last, if it was new to somebody");
}

#[test]
fn thousands_are_dots_inside_their_ring_but_the_selected_one_is_seen() {
    let mut model = model(24, false);
    let canvas = parts(rings(&model)).canvas;
    let small = |model: &Model| seen(model, canvas).into_iter().filter(|seen| seen.small).count();
    assert!(small(&model) > 2_000);
    let geometry = Geometry::new(canvas, model.flood.tree.as_ref().unwrap(), 0);
    let (x, y) = geometry.center();
    let tree = model.flood.tree.as_ref().unwrap();
    for node in seen(&model, canvas).into_iter().filter(|seen| seen.small) {
        let ring = tree.ring(tree.nodes[node.node].hop);
        let dot = geometry.dot_of(tree, node.node).unwrap();
        let away = (dot.0 - x).hypot(dot.1 - y);
        assert!(away <= geometry.radius(ring) + 1e-9 && away > geometry.radius(ring - 1), "ring {ring}");
    }
    let one = seen(&model, canvas).into_iter().find(|seen| seen.small).unwrap().node;
    model.select(PaneName::Rings, one);
    assert!(seen(&model, canvas).iter().any(|seen| seen.node == one && !seen.small));
    press(&mut model, "d");
    assert!(small(&model) > 2_000, "duplicates are ways and not nodes");
}

#[test]
fn a_ring_that_is_full_of_slots_gives_places_still() {
    let told: Vec<HopReport> = (0..4_000u32)
        .map(|n| {
            let mut id = [1; 32];
            id[..4].copy_from_slice(&n.to_be_bytes());
            HopReport { node: NodeId(id), ..report(0, 0, 1, Action::Forwarded, 1) }
        })
        .collect();
    let tree = tree(&told);
    let spots: Vec<_> = tree.nodes.iter().skip(1).map(|node| node.spot.unwrap()).collect();
    assert_eq!(spots.len(), 4_000);
    assert!(spots.iter().all(|spot| (0.0..1.0).contains(&spot.turn) && (0.0..1.0).contains(&spot.depth)));
}
