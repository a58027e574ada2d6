//! Where slots are scarce: what nodes spend on looking for one.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// Ultra-peers without a slot for a leaf, who look for nobody themselves, and one more node that heard of all of them.
fn all_full(count: usize, one_more: Config) -> World {
    let mut world = World::new(count + 1, ultra());
    for n in 0..count {
        world.start(n, Config { max_leaves: 0, min_neighbors: 0, ..pinned(RoleChoice::Ultrapeer) });
    }
    world.start(count, one_more);
    world.input(count, Input::Hosts { addrs: (0..count).map(addr).collect(), source: HostSource::Told });
    world
}

/// Links that were dialled so far.
fn dialled(world: &World) -> u32 {
    world.next_link / 2
}

#[test]
fn who_is_refused_by_many_asks_the_others_slowly() {
    let mut world = all_full(200, pinned(RoleChoice::Leaf));
    world.run(2 * SECOND);
    let before = dialled(&world);
    assert!((8..=40).contains(&before), "{before} in two seconds");
    world.run(10 * SECOND);
    let later = dialled(&world) - before;
    assert!((8..=13).contains(&later), "{later} in ten seconds");
}

#[test]
fn a_leaf_that_finds_no_more_room_looks_less_and_less_often_until_it_loses_an_ultra_peer() {
    let mut world = all_full(50, pinned(RoleChoice::Leaf));
    for n in [0, 1] {
        world.start(n, Config { min_neighbors: 0, ..pinned(RoleChoice::Ultrapeer) });
        world.link(50, n);
    }
    world.run(60 * SECOND);
    assert!(dialled(&world) >= 2 + 3, "it looks for a third one");
    world.run(540 * SECOND);
    let before = dialled(&world);
    world.run(600 * SECOND);
    let later = dialled(&world) - before;
    assert!((1..=2).contains(&later), "{later} in ten minutes");
    let before = dialled(&world);
    world.kill(0);
    world.run(SECOND);
    assert!(dialled(&world) > before, "it looks again at once");
}

#[test]
fn a_leaf_dials_as_many_as_it_has_room_for_and_more_when_none_of_them_answers() {
    let (config, library, start) = (pinned(RoleChoice::Leaf), Names::default(), Time::from_micros(1));
    let mut node = Node::new(node_id(30), Untrusted::default(), Rng::new(1), &config);
    let mut under_way = Vec::new();
    for tenths in [0, 4, 6, 11, 60] {
        let now = start + SECOND * tenths / 10;
        let input = match tenths {
            0 => Input::Hosts { addrs: (0..30).map(addr).collect(), source: HostSource::Told },
            _ => Input::Wake,
        };
        let mut out = Vec::new();
        node.handle(input, &mut Context { now, config: &config, library: &library, registry: None, out: &mut out });
        under_way.push(node.dialling().count());
    }
    assert_eq!(under_way, [3, 3, 4, 5, 6]);
}

#[test]
fn leaves_that_find_no_second_slot_make_ultra_peers_of_some_and_then_all_is_quiet() {
    let (full, leaves) = (4, 20);
    let mut world = all_full(full, ultra());
    // One has room for all of them; the others have none.
    world.start(0, Config { min_neighbors: 0, ..pinned(RoleChoice::Ultrapeer) });
    for n in full + 1..full + leaves {
        let node = Node::new(node_id(n), Untrusted::default(), Rng::new(n as u64), &world.config);
        world.nodes.push(node);
        world.shares.push(Names::default());
        world.nodes[n].addr = Some(addr(n));
    }
    for n in full..full + leaves {
        world.input(n, Input::Hosts { addrs: (0..full).map(addr).collect(), source: HostSource::Told });
    }
    world.run(120 * SECOND);
    let elected: Vec<usize> = world.in_role(Role::Ultrapeer).into_iter().filter(|n| *n >= full).collect();
    assert!((1..leaves / 2).contains(&elected.len()), "{elected:?}");
    assert!(elected.iter().all(|n| world.nodes[*n].role_story().1.contains("no slots left")));
    let (changes, links) = (world.role_changes(), world.nodes.iter().map(|node| node.count(Class::Ultrapeer)));
    assert!(links.sum::<usize>() > leaves, "leaves have found others");
    world.run(600 * SECOND);
    world.check();
    assert_eq!(world.role_changes(), changes, "and nobody changes any more");
}

#[test]
fn a_leaf_with_enough_makes_sure_of_strangers_less_and_less_often() {
    let strangers = 60;
    let mut world = World::new(strangers + 4, ultra());
    for n in 0..3 {
        world.start(n, Config { min_neighbors: 0, ..pinned(RoleChoice::Ultrapeer) });
    }
    for n in 3..3 + strangers {
        world.start(n, Config { only_peers: true, ..pinned(RoleChoice::Leaf) });
    }
    let leaf = 3 + strangers;
    world.start(leaf, pinned(RoleChoice::Leaf));
    (0..3).for_each(|n| world.link(leaf, n));
    world.run(SECOND);
    world.input(leaf, Input::Hosts { addrs: (3..3 + strangers).map(addr).collect(), source: HostSource::Told });
    let before = dialled(&world);
    world.run(3_600 * SECOND);
    let dialled = dialled(&world) - before;
    assert!((10..=24).contains(&dialled), "{dialled} in an hour");
}
