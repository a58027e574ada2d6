//! Queries up, across and down.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// Ultra-peers linked along `edges`, with `leaves` leaves each at the most, everyone with its own song.
fn core(ultrapeers: usize, edges: &[(usize, usize)], leaves: &[(usize, usize)], config: Config) -> World {
    let count = ultrapeers + leaves.iter().map(|(leaf, _)| leaf - ultrapeers + 1).max().unwrap_or(0);
    let mut world = World::new(count, Config { only_peers: true, max_neighbors: 64, ..config });
    for n in 0..count {
        let role = if n < ultrapeers { RoleChoice::Ultrapeer } else { RoleChoice::Leaf };
        world.start(n, Config { role, topology: TopologyKind::Ultrapeer, ..world.config.clone() });
        world.shares[n].0.push(format!("song {n}.mp3"));
    }
    for (a, b) in edges.iter().chain(leaves) {
        world.link(*a, *b);
    }
    world.run(SECOND);
    world.check();
    world
}

#[test]
fn a_leaf_is_one_hop_further_and_spends_no_ttl() {
    // Three ultra-peers in a row, a leaf at each; the first leaf searches.
    let leaves = [(3, 0), (4, 1), (5, 2)];
    for (ttl, found) in [(1, vec![0]), (2, vec![0, 1, 4]), (3, vec![0, 1, 2, 4, 5])] {
        let mut world = core(3, &[(0, 1), (1, 2)], &leaves, ultra());
        let guid = world.search(3, "song", ttl, Delivery::Reverse);
        world.run(10 * SECOND);
        let hits: Vec<(NodeId, u8)> = world.found(guid).into_iter().map(|(node, hops, _)| (node, hops)).collect();
        let hops = |n: usize| if n < 3 { n as u8 + 1 } else { n as u8 - 1 };
        assert_eq!(hits, found.iter().map(|n| (node_id(*n), hops(*n))).collect::<Vec<_>>());
        let (cost, why) = world.done(guid);
        assert_eq!((cost.reached as usize, why), (found.len(), DoneWhy::Complete));
        assert_eq!(cost.messages, u64::from(cost.reached) + cost.duplicates);
    }
}

#[test]
fn who_hands_a_query_to_leaves_at_the_end_of_its_ttl_forwards_it() {
    for (leaves, action) in [(&[(2, 1)][..], Action::Forwarded), (&[], Action::Expired)] {
        let mut world = core(2, &[(0, 1)], leaves, ultra());
        world.shares[1].0.clear();
        let guid = world.search(0, "song", 1, Delivery::Direct);
        world.run(6 * SECOND);
        let hop = |event: &Event| match event {
            Event::Hop { guid: g, hop, .. } if *g == guid && hop.hop == 1 => Some((hop.action, hop.sent)),
            _ => None,
        };
        let told: Vec<_> = world.events.iter().filter_map(|(_, event)| hop(event)).collect();
        assert_eq!(told, [(action, leaves.len() as u16)]);
    }
}

#[test]
fn reports_tell_what_their_node_is_and_how_many_leaves_it_spared() {
    // Asked at once, or held by the slow motion: the leaves are the same.
    for hop_delay in [Duration::ZERO, Duration::from_millis(300)] {
        let mut world = core(2, &[(0, 1)], &[(2, 1), (3, 1), (4, 1)], Config { hop_delay, ..ultra() });
        let guid = world.search(0, "song 3", 7, Delivery::Direct);
        world.run(10 * SECOND);
        let told = world.events.iter().filter_map(|(_, event)| match event {
            Event::Hop { guid: g, node, role, hop, .. } if *g == guid => {
                Some((*node, *role, hop.sent, hop.leaves, hop.filtered))
            }
            _ => None,
        });
        let (up, leaf) = (Some(Role::Ultrapeer), Some(Role::Leaf));
        assert_eq!(told.collect::<Vec<_>>(), [(node_id(1), up, 1, 1, 2), (node_id(3), leaf, 0, 0, 0)], "{hop_delay:?}");
    }
}

#[test]
fn walkers_stay_among_ultra_peers_and_are_handed_to_their_leaves() {
    // A ring of ultra-peers with a leaf each; the first leaf searches, and nobody but the last one has it.
    let edges: Vec<(usize, usize)> = (0..6).map(|n| (n, (n + 1) % 6)).collect();
    let leaves: Vec<(usize, usize)> = (0..6).map(|n| (n + 6, n)).collect();
    let mut world = core(6, &edges, &leaves, Config { advertise_all: true, ..ultra() });
    let guid = world.search_by(Strategy::Walk { walkers: 2 }, 6, "\"song 11\"", 20, Delivery::Reverse, true);
    world.run(10 * SECOND);
    assert_eq!(world.found(guid).len(), 1);
    let (cost, why) = world.done(guid);
    // Both walkers begin at the one ultra-peer and go round; each of the others hands it to its leaf once.
    assert_eq!((cost.reached, why), (11, DoneWhy::Complete));
    assert_eq!(cost.messages, u64::from(cost.reached) + cost.duplicates);
    assert_eq!(cost.messages, 2 * 20 + 5, "a leaf ends no walk: whether it has a match only it knows");
}

#[test]
fn a_ring_asks_each_leaf_once() {
    let mut world = core(3, &[(0, 1), (1, 2)], &[(3, 0), (4, 1), (5, 2)], ultra());
    let guid = world.search_by(Strategy::Ring, 3, "song", 4, Delivery::Direct, true);
    world.run(10 * SECOND);
    assert_eq!(world.found(guid).len(), 5);
    let (cost, why) = world.done(guid);
    // Rounds of one, two and three ultra-peers, and the last one goes no further; two leaves besides the origin.
    assert_eq!((cost.reached, cost.messages, why), (5, 1 + 2 + 3 + 2, DoneWhy::Complete));
    assert_eq!(cost.messages, u64::from(cost.reached) + cost.duplicates);
}

#[test]
fn an_ultra_peer_searches_among_its_own_leaves_too() {
    let mut world = core(2, &[(0, 1)], &[(2, 0), (3, 1)], ultra());
    let guid = world.search(0, "song", 7, Delivery::Direct);
    world.run(10 * SECOND);
    let hits: Vec<(NodeId, u8)> = world.found(guid).into_iter().map(|(node, hops, _)| (node, hops)).collect();
    assert_eq!(hits, [(node_id(1), 1), (node_id(2), 1), (node_id(3), 2)]);
    assert_eq!(world.done(guid).1, DoneWhy::Complete);
}

#[test]
fn leaves_are_spared_what_cannot_match_and_asked_for_all_if_they_want() {
    for all in [false, true] {
        let config = Config { advertise_all: all, ..ultra() };
        let mut world = core(1, &[], &[(1, 0), (2, 0), (3, 0)], config);
        let guid = world.search(1, "song 2", 7, Delivery::Direct);
        world.run(10 * SECOND);
        assert_eq!(world.found(guid).len(), 1);
        let seen = |n: usize| world.nodes[n].counters().queries;
        let spared = u64::from(!all);
        assert_eq!((seen(2), seen(3)), (1, 1 - spared), "all: {all}");
        assert_eq!(world.nodes[0].counters().filtered, spared);
        let fill = world.nodes[2].ultra_status(&world.own_configs[&2]).unwrap().filter_fill;
        assert_eq!(fill.is_none(), all);
    }
}

#[test]
fn what_a_leaf_begins_to_share_is_found_within_seconds() {
    let mut world = core(1, &[], &[(1, 0), (2, 0)], ultra());
    for round in 0..5 {
        world.shares[2].0.push(format!("novelty {round}"));
        world.input(2, Input::LibraryChanged);
        let others = world.sent;
        world.input(2, Input::LibraryChanged);
        world.run(3 * SECOND);
        assert!(world.sent - others < 30, "changes are collected");
        let guid = world.search(1, &format!("\"novelty {round}\""), 7, Delivery::Direct);
        world.run(6 * SECOND);
        assert_eq!(world.found(guid).len(), 1);
    }
    // However often a library changes, it costs one withdrawal for each filter, and those have their rate.
    let given = world.sent_by[&2];
    for _ in 0..50 {
        world.input(2, Input::LibraryChanged);
        world.run(SECOND / 10);
    }
    let (filters, pings) = (4, 2);
    let sent = world.sent_by[&2] - given;
    assert!(sent <= 2 * filters + pings, "{sent} messages in five seconds");
    assert_eq!(world.nodes[0].counters().limited, 0);
}

#[test]
fn what_a_leaf_begins_to_share_is_found_at_any_moment() {
    let mut world = core(1, &[], &[(1, 0), (2, 0)], ultra());
    for round in 0..60 {
        world.shares[2].0.push(format!("novelty {round}"));
        world.input(2, Input::LibraryChanged);
        world.run(SECOND / 100);
        let guid = world.search(1, &format!("\"novelty {round}\""), 7, Delivery::Direct);
        world.run(SECOND * (round % 7) / 3 + SECOND / 10);
        assert_eq!(world.found(guid).len(), 1, "round {round}");
    }
    assert_eq!(world.nodes[0].counters().limited, 0);
}

#[test]
fn a_large_filter_comes_in_parts() {
    let mut world = core(1, &[], &[(1, 0), (2, 0)], ultra());
    world.shares[2].0 = (0..20_000).map(|n| format!("title{n:05}")).collect();
    world.input(2, Input::LibraryChanged);
    world.run(3 * SECOND);
    let (ones, bits) = world.nodes[2].ultra_status(&world.own_configs[&2]).unwrap().filter_fill.unwrap();
    assert!(bits as usize / 8 > limits::MAX_FILTER_PART && ones > 50_000);
    for (text, found) in [("title17777", 1), ("nothing", 0)] {
        let before = world.nodes[2].counters().queries;
        let guid = world.search(1, text, 7, Delivery::Direct);
        world.run(6 * SECOND);
        assert_eq!((world.found(guid).len(), world.nodes[2].counters().queries - before), (found, found as u64));
    }
}

#[test]
fn the_slow_motion_holds_the_last_hop_too() {
    let config = Config { hop_delay: Duration::from_millis(400), ..ultra() };
    let mut world = core(2, &[(0, 1)], &[(2, 0), (3, 1), (4, 1)], config);
    let guid = world.search(2, "song", 7, Delivery::Direct);
    world.run(10 * SECOND);
    let mut times: Vec<(u8, u128)> = world
        .events
        .iter()
        .filter_map(|(_, event)| match event {
            Event::Hop { guid: g, hop, at, .. } if *g == guid => Some((hop.hop, at.as_millis() / 100)),
            _ => None,
        })
        .collect();
    times.sort_unstable();
    assert_eq!(times, [(1, 0), (2, 4), (3, 8), (3, 8)]);
    assert_eq!((world.done(guid).1, world.found(guid).len()), (DoneWhy::Complete, 4));
}

#[test]
fn a_leaf_hears_of_a_query_at_most_once_from_each_of_its_ultra_peers() {
    let edges = [(0, 1), (1, 2), (2, 0), (2, 3)];
    let leaves = [(4, 0), (4, 1), (4, 2), (5, 3)];
    let mut world = core(4, &edges, &leaves, ultra());
    let guid = world.search(5, "song", 7, Delivery::Direct);
    world.run(10 * SECOND);
    assert_eq!(world.nodes[4].counters().queries, 3);
    assert_eq!((world.found(guid).len(), world.done(guid).1), (5, DoneWhy::Complete));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn ultra_peers_find_what_flooding_finds(
        seed: u64, ultrapeers in 1usize..8, leaves in 1usize..25, more in 0usize..8, from in 0usize..33
    ) {
        const WORDS: [&str; 8] = ["wu", "tang", "cream", "live", "BJÖRK", "jóga", "日本", "mp3"];
        let mut rng = Rng::new(seed);
        let count = ultrapeers + leaves;
        let edges = random_edges(ultrapeers, more, &mut rng);
        let mut homes: Vec<(usize, usize)> = Vec::new();
        for leaf in ultrapeers..count {
            for _ in 0..1 + rng.below(3) {
                let home = (leaf, rng.below(ultrapeers));
                if !homes.contains(&home) {
                    homes.push(home);
                }
            }
        }
        let names: Vec<Vec<String>> = (0..count)
            .map(|_| (0..rng.below(3)).map(|_| (0..3).map(|_| WORDS[rng.below(8)]).collect::<Vec<_>>().join("-")).collect())
            .collect();
        let from = from % count;
        let text = ["wu tang", "jo* -live", "\"cream live\"", "björk", "日*", "type:audio", "li* mp3"][rng.below(7)];
        let found = |mut world: World, names: &[Vec<String>]| {
            for (share, names) in world.shares.iter_mut().zip(names) {
                share.0.clone_from(names);
            }
            (0..count).for_each(|n| world.input(n, Input::LibraryChanged));
            world.run(3 * SECOND);
            let guid = world.search(from, text, 7, Delivery::Reverse);
            world.run(8 * SECOND);
            let nodes: Vec<NodeId> = world.found(guid).into_iter().map(|(node, ..)| node).collect();
            (nodes, world.done(guid).1)
        };
        let all: Vec<_> = (1..count).map(|n| (n - 1, n)).chain((1..count).map(|n| (0, n))).collect();
        let flooded = found(world(count, &all, only_peers()), &names);
        let config = Config { max_leaves: 64, ..ultra() };
        let handed = found(core(ultrapeers, &edges, &homes, config), &names);
        prop_assert_eq!(flooded, handed);
    }
}
