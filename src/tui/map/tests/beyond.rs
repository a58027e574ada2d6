//! What a search did not reach of the overlay that is known.

use super::*;
use crate::app::Role;
use crate::tui::map::horizon::Horizon;

/// A node that knows a line of four nodes from an earlier search, and a leaf of the third one,
/// and whose last search had a TTL of 2.
fn two_searches() -> Snapshot {
    let mut snapshot = with(Vec::new());
    let (own, id) = (snapshot.node.node, |n: u8| NodeId([n; 32]));
    let leaf = HopReport { role: Some(Role::Leaf), ..report(9, id(3), 4, Did::Expired) };
    let way: Vec<HopReport> =
        (1..=4).map(|n| report(n, if n == 1 { own } else { id(n - 1) }, n, Did::Forwarded)).collect();
    let of = |ttl: u8, hops: &[HopReport]| {
        let like = (**snapshot.searches.last().unwrap()).clone();
        let mut row = like.row.clone();
        (row.ttl, row.guid) = (ttl, crate::app::Guid([ttl; 16]));
        let ended = Some(DoneWhy::Complete);
        let hops = hops.iter().map(|hop| Arc::new(HopReport { ttl: ttl - hop.hop, ..hop.clone() })).collect();
        Arc::new(Search { row, ended, hops, ..like })
    };
    let searches = vec![of(4, &[&way[..], &[leaf]].concat()), of(2, &way[..2])];
    snapshot.searches = searches;
    snapshot
}

#[test]
fn it_names_who_is_beyond_the_horizon_and_the_ttl_that_would_have_reached_them() {
    let mut model = model(two_searches());
    press(&mut model, "3");
    let place = |n: u8| model.map.table.find(NodeId([n; 32])).unwrap();
    let mut by_ttl = [0; 7];
    // The leaf is one hop further than its ultra-peer, and needs no more TTL.
    (by_ttl[2], by_ttl[3]) = (2, 1);
    let expected = Horizon { beyond: vec![place(3), place(9), place(4)], by_ttl, unknown: 0, silent: 0 };
    let mut found = model.map.horizon.clone().unwrap();
    found.beyond.sort_unstable();
    let mut wanted = expected.beyond.clone();
    wanted.sort_unstable();
    assert_eq!(found, Horizon { beyond: wanted, ..expected });
    assert_eq!(found.steps().collect::<Vec<_>>(), [(3, 2), (4, 3)]);
    let drawn = screen(&model);
    for words in ["Beyond the horizon: 3 known nodes", "TTL 3 would", "TTL 4"] {
        assert!(drawn.contains(words), "no {words} on\n{drawn}");
    }
}

#[test]
fn a_search_that_reached_all_that_is_known_says_so_and_a_way_that_nobody_told_of_is_not_promised() {
    let mut snapshot = two_searches();
    snapshot.searches.truncate(1);
    let mut whole = model(snapshot.clone());
    press(&mut whole, "3");
    assert_eq!(whole.map.horizon, Some(Horizon::default()));
    assert!(screen(&whole).contains("Nobody known lies beyond the horizon"));
    // The fourth node told of a copy from somebody whose own place nobody knows.
    let far = HopReport { ttl: 0, ..report(7, NodeId([6; 32]), 4, Did::Forwarded) };
    let mut first = (*snapshot.searches[0]).clone();
    first.hops = first.hops.iter().cloned().chain([Arc::new(far)]).collect();
    snapshot.searches = vec![Arc::new(first), two_searches().searches[1].clone()];
    let mut model = model(snapshot);
    press(&mut model, "3");
    assert_eq!(model.map.horizon.as_ref().map(|horizon| (horizon.beyond.len(), horizon.unknown)), Some((5, 2)));
    assert!(screen(&model).contains("for 2 no way is known"), "{}", screen(&model));
}

/// What is on the screen, line by line.
fn screen(model: &Model) -> String {
    let mut buffer = ratatui::buffer::Buffer::empty(Rect::new(0, 0, model.size.width, model.size.height));
    crate::tui::draw::draw_buffer(model, &mut buffer);
    let lines = buffer.content.chunks(model.size.width.into());
    lines.map(|cells| cells.iter().map(ratatui::buffer::Cell::symbol).collect::<String>() + "\n").collect()
}
