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
    assert!((15..=25).contains(&later), "{later} in ten seconds");
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
    assert!((2..=4).contains(&later), "{later} in ten minutes");
    let before = dialled(&world);
    world.kill(0);
    world.run(SECOND);
    assert!(dialled(&world) > before, "it looks again at once");
}
