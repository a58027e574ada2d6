//! Ultra-peers that go, with and without a word, and overlays of more than one topology.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn leaves_of_the_only_ultra_peer_are_attached_again_within_five_seconds() {
    for count in [2, 3, 12, 30] {
        for star in [false, true] {
            let first = |_: usize, _: &mut Rng| vec![0];
            let mut world = if star { crowd(count, first, ultra()) } else { crowd(count, some(count), ultra()) };
            world.start(0, pinned(RoleChoice::Ultrapeer));
            for n in 1..count {
                world.own_configs.insert(n, pinned(RoleChoice::Auto));
            }
            world.run(90 * SECOND);
            for ultrapeer in world.in_role(Role::Ultrapeer) {
                world.kill(ultrapeer);
            }
            world.run(5 * SECOND);
            assert_eq!(world.orphans(), NOBODY, "{count} nodes, star: {star}");
            world.run(60 * SECOND);
            world.check();
            let alive = world.alive().count();
            let ultrapeers = world.in_role(Role::Ultrapeer).len();
            assert!(alive < 3 || ultrapeers < alive, "{ultrapeers} of {alive}, star: {star}: they found each other");
        }
    }
}

#[test]
fn whichever_ultra_peers_die_nobody_is_left_alone() {
    for seed in 0..5 {
        let mut world = crowd(40, some(40), ultra());
        world.run(20 * SECOND);
        let mut rng = Rng::new(seed);
        for _ in 0..5 {
            let ultrapeers = world.in_role(Role::Ultrapeer);
            world.kill(ultrapeers[rng.below(ultrapeers.len())]);
            world.run(5 * SECOND);
            assert_eq!(world.orphans(), NOBODY, "seed {seed}");
        }
        world.run(30 * SECOND);
        world.check();
    }
}

#[test]
fn an_ultra_peer_that_leaves_or_changes_its_topology_is_replaced() {
    for command in [|| Command::Leave, || Command::Change(TopologyKind::Flood)] {
        let mut world = crowd(12, some(12), ultra());
        world.run(60 * SECOND);
        let gone = world.in_role(Role::Ultrapeer)[0];
        world.input(gone, Input::Command(command()));
        world.dead.insert(gone);
        world.run(5 * SECOND);
        assert_eq!(world.orphans(), NOBODY);
    }
}

#[test]
fn a_leaf_knows_whom_to_turn_to_before_its_ultra_peer_dies() {
    let mut world = World::new(4, ultra());
    for n in [0, 1, 2] {
        world.start(n, pinned(RoleChoice::Ultrapeer));
    }
    world.link(0, 1);
    world.link(0, 2);
    world.start(3, pinned(RoleChoice::Leaf));
    world.link(3, 0);
    world.run(SECOND * 11 / 20);
    let status = world.nodes[3].ultra_status(&world.config).unwrap();
    assert!(status.alternatives >= 2);
    world.kill(0);
    world.run(SECOND / 5);
    assert!(!world.orphans().contains(&3), "it had been told of two others");
}

#[test]
fn no_more_leaves_than_there_are_slots_and_the_others_are_sent_on() {
    let mut world = World::new(12, ultra());
    for n in [0, 1] {
        world.start(n, Config { max_leaves: 5, ..pinned(RoleChoice::Ultrapeer) });
    }
    world.link(0, 1);
    for n in 2..12 {
        world.start(n, pinned(RoleChoice::Leaf));
        world.input(n, Input::Hosts { addrs: vec![addr(0)], source: HostSource::Configured });
    }
    world.run(5 * SECOND);
    world.check();
    assert_eq!(world.nodes[0].count(Class::Leaf), 5);
    assert!(world.nodes[1].count(Class::Leaf) == 5 && world.orphans().is_empty(), "the refusals named the other one");
}

#[test]
fn flooding_nodes_and_ultra_peers_relay_to_each_other_and_refuse_leaves_kindly() {
    // 0 - 1 - 2 - 3: two flooding nodes, two ultra-peers with a leaf each; another leaf asks a flooding node.
    let mut world = World::new(7, Config::default());
    for n in [2, 3] {
        world.start(n, pinned(RoleChoice::Ultrapeer));
    }
    for n in [4, 5, 6] {
        world.start(n, pinned(RoleChoice::Leaf));
    }
    world.shares.iter_mut().enumerate().for_each(|(n, share)| share.0.push(format!("song {n}")));
    for (a, b) in [(0, 1), (1, 2), (2, 3), (4, 2), (5, 3)] {
        world.link(a, b);
    }
    world.run(SECOND);
    world.input(6, Input::Hosts { addrs: vec![addr(1)], source: HostSource::Configured });
    world.run(5 * SECOND);
    assert_eq!(world.orphans(), NOBODY);
    world.check();
    for from in [0, 4] {
        let guid = world.search(from, "song", 7, Delivery::Direct);
        world.run(6 * SECOND);
        let found: Vec<NodeId> = world.found(guid).into_iter().map(|(node, ..)| node).collect();
        assert_eq!(found, (0..7).filter(|n| *n != from).map(node_id).collect::<Vec<_>>());
    }
}

#[test]
fn one_node_among_flooding_ones_changes_there_and_back() {
    let mut world = crowd(10, some(10), Config::default());
    world.run(20 * SECOND);
    let links = world.nodes[3].links.len();
    world.input(3, Input::Command(Command::Change(TopologyKind::Ultrapeer)));
    world.run(2 * SECOND);
    assert_eq!((world.nodes[3].role(), world.nodes[3].links.len()), (Role::Ultrapeer, links), "the links stayed");
    let why = world.nodes[3].role_story().1;
    assert!(why.starts_with("chosen by the user; there is no ultra-peer among its neighbors"), "{why}");
    world.input(7, Input::Command(Command::Change(TopologyKind::Ultrapeer)));
    world.run(10 * SECOND);
    assert_eq!(world.orphans(), NOBODY);
    world.input(3, Input::Command(Command::Change(TopologyKind::Flood)));
    world.run(2 * SECOND);
    assert!(world.nodes[3].role() == Role::Peer && world.nodes[3].links.len() >= links.min(4));
    assert_eq!(world.nodes[3].ultra_status(&world.config), None);
    world.run(10 * SECOND);
    world.check();
}

#[test]
fn a_leaf_stays_with_a_node_that_is_elected_while_the_two_greet_each_other() {
    let lonely = || {
        let mut world = World::new(2, ultra());
        world.start(0, pinned(RoleChoice::Leaf));
        world
    };
    let mut other = lonely();
    other.run(5 * SECOND);
    let (elected, _) = other.nodes[1].role_story();
    let mut world = lonely();
    world.run(elected.since(world.now) - SECOND / 2_000);
    world.link(0, 1);
    assert_eq!(world.nodes[1].role(), Role::Leaf, "that is what its hello says");
    world.run(SECOND / 10);
    assert_eq!((world.nodes[1].role(), world.orphans()), (Role::Ultrapeer, vec![]));
    world.check();
    world.run(5 * SECOND);
    assert_eq!((world.nodes[0].links.len(), world.nodes[0].links[0].id), (1, LinkId(0)), "the first link stayed");
}

#[test]
fn who_was_refused_for_its_role_meanwhile_is_linked_again_at_once_on_the_way_back() {
    let mut world = World::new(4, Config::default());
    for n in 0..3 {
        world.input(n, Input::Hosts { addrs: vec![addr(3)], source: HostSource::Configured });
    }
    world.run(5 * SECOND);
    assert_eq!(world.nodes[3].links.len(), 3);
    world.input(3, Input::Command(Command::Change(TopologyKind::Central)));
    world.run(60 * SECOND);
    assert_eq!(world.nodes[3].links.len(), 0);
    // The last that it heard of them: they dialled it once more.
    for n in 0..3 {
        world.link(n, 3);
    }
    world.run(SECOND);
    world.input(3, Input::Command(Command::Change(TopologyKind::Flood)));
    world.run(2 * SECOND);
    assert!(!world.nodes[3].links.is_empty());
}

#[test]
fn ultra_peers_that_never_heard_of_each_other_meet_through_their_leaves() {
    // 0 with the leaf 2 and 1 with the leaf 3; all that leads from one to the other is that 2 once heard of 3.
    let mut world = World::new(4, ultra());
    for (n, knows) in [(0, vec![]), (1, vec![]), (2, vec![0]), (3, vec![1])] {
        world.start(n, pinned(if n < 2 { RoleChoice::Ultrapeer } else { RoleChoice::Leaf }));
        world.input(n, Input::Hosts { addrs: knows.into_iter().map(addr).collect(), source: HostSource::Configured });
    }
    world.run(10 * SECOND);
    world.input(2, Input::Hosts { addrs: vec![addr(3)], source: HostSource::Told });
    world.run(180 * SECOND);
    world.check();
    assert!(world.nodes[0].link_to(&node_id(1)).is_some());
}

#[test]
fn a_leaf_that_has_enough_brings_its_ultra_peers_together_with_one_it_was_told_of() {
    let mut world = World::new(5, ultra());
    for (n, knows) in [(0, vec![]), (1, vec![0]), (2, vec![0, 1]), (3, vec![]), (4, vec![0, 1, 2])] {
        world.start(n, pinned(if n < 4 { RoleChoice::Ultrapeer } else { RoleChoice::Leaf }));
        world.input(n, Input::Hosts { addrs: knows.into_iter().map(addr).collect(), source: HostSource::Configured });
    }
    world.run(20 * SECOND);
    assert_eq!(world.nodes[4].count(Class::Ultrapeer), limits::MAX_ULTRAPEERS);
    world.input(4, Input::Hosts { addrs: vec![addr(3)], source: HostSource::Told });
    world.run(180 * SECOND);
    world.check();
    assert!(world.nodes[3].count(Class::Neighbor) > 0);
}

#[test]
fn a_leaf_turns_to_whom_it_had_no_room_for_as_soon_as_it_has() {
    let mut world = World::new(5, ultra());
    for n in 0..5 {
        world.start(n, pinned(if n < 4 { RoleChoice::Ultrapeer } else { RoleChoice::Leaf }));
    }
    world.input(4, Input::Hosts { addrs: (0..3).map(addr).collect(), source: HostSource::Configured });
    world.run(10 * SECOND);
    world.input(4, Input::Hosts { addrs: vec![addr(3)], source: HostSource::Told });
    let dialled = world.next_link;
    while world.next_link == dialled {
        world.run(SECOND);
    }
    world.run(SECOND);
    assert!(world.nodes[4].link_to(&node_id(3)).is_none(), "it has three already");
    (0..3).for_each(|n| world.kill(n));
    world.run(5 * SECOND);
    assert!(world.nodes[4].link_to(&node_id(3)).is_some());
}
