//! Who becomes an ultra-peer, who steps down, and that it comes to rest.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_node_alone_is_an_ultra_peer_soon_and_says_why() {
    let mut world = World::new(1, ultra());
    world.run(3 * SECOND);
    let node = &world.nodes[0];
    let (since, why) = node.role_story();
    assert_eq!(node.role(), Role::Ultrapeer);
    assert!(
        since > Time::ZERO && why.contains("no ultra-peer with a free slot") && why.contains("of the 0.50"),
        "{why}"
    );
    world.run(3600 * SECOND);
    assert_eq!(world.role_changes(), 1);
}

#[test]
fn of_a_crowd_that_starts_together_a_few_are_elected_and_everybody_is_attached() {
    for (count, most) in [(12, 5), (60, 16)] {
        for star in [false, true] {
            let mut world =
                if star { crowd(count, |_, _| vec![0], ultra()) } else { crowd(count, some(count), ultra()) };
            world.run(5 * SECOND);
            assert_eq!(world.orphans(), NOBODY, "{count} nodes, star: {star}");
            world.run(55 * SECOND);
            world.check();
            let ultrapeers = world.in_role(Role::Ultrapeer).len();
            assert!((1..=most).contains(&ultrapeers), "{ultrapeers} of {count}, star: {star}");
            let changes = world.role_changes();
            world.run(120 * SECOND);
            assert_eq!((world.role_changes(), world.orphans()), (changes, vec![]));
        }
    }
}

#[test]
fn the_fitter_are_elected() {
    // With slots for everybody: who is left without one has to help itself.
    let mut world = crowd(40, some(40), Config { max_leaves: 64, ..ultra() });
    for n in 0..40 {
        let kbps = if n < 10 { 10_000 } else { 200 };
        world.input(n, Input::Standing(Standing { capacity_kbps: Some(kbps), availability: Some(500) }));
    }
    world.run(60 * SECOND);
    let ultrapeers = world.in_role(Role::Ultrapeer);
    assert!(!ultrapeers.is_empty() && ultrapeers.iter().all(|n| *n < 10), "{ultrapeers:?}");
    assert_eq!(world.orphans(), NOBODY);
}

#[test]
fn where_nobody_is_fit_the_best_there_is_does_it_and_says_so() {
    let slow = Config { capacity_kbps: Some(80), ..ultra() };
    let mut world = crowd(8, some(8), slow);
    world.run(12 * SECOND);
    assert_eq!(world.orphans(), NOBODY);
    let why = world.nodes[world.in_role(Role::Ultrapeer)[0]].role_story().1;
    assert!(why.contains("nobody fitter"), "{why}");
}

#[test]
fn an_hour_without_changes_around_has_no_change_of_role_after_its_first_minute() {
    for seed in 0..6 {
        let mut world = crowd(36, some(36), ultra());
        let mut rng = Rng::new(seed);
        for n in 0..36 {
            let standing = Standing {
                capacity_kbps: Some(rng.range(60..20_000) as u32),
                availability: Some(rng.range(0..1_000) as u16),
            };
            world.input(n, Input::Standing(standing));
        }
        world.run(60 * SECOND);
        let (changes, links) = (world.role_changes(), world.nodes.iter().map(|node| node.links.len()).sum::<usize>());
        world.check();
        // Nothing else depends on them, and they are what takes time here.
        (world.config.ping_interval, world.config.silence) = (300 * SECOND, 900 * SECOND);
        world.run(3540 * SECOND);
        world.check();
        assert_eq!(world.role_changes(), changes, "seed {seed}");
        assert!(links > 36 && world.orphans().is_empty());
    }
}

#[test]
fn a_superfluous_ultra_peer_steps_down_and_its_leaf_is_looked_after() {
    let mut world = World::new(4, ultra());
    // Two overlays of two, which then meet.
    for (a, b) in [(0, 1), (2, 3)] {
        world.input(a, Input::Hosts { addrs: vec![addr(b)], source: HostSource::Configured });
    }
    world.run(30 * SECOND);
    assert_eq!(world.in_role(Role::Ultrapeer).len(), 2);
    let ultrapeers = world.in_role(Role::Ultrapeer);
    world.input(ultrapeers[0], Input::Hosts { addrs: vec![addr(ultrapeers[1])], source: HostSource::Configured });
    world.run(10 * SECOND);
    assert_eq!((world.in_role(Role::Ultrapeer).len(), world.orphans()), (1, vec![]));
    let now_leaf = ultrapeers.into_iter().find(|n| world.nodes[*n].role() == Role::Leaf).unwrap();
    let why = world.nodes[now_leaf].role_story().1;
    assert!(why.starts_with("stepped down: it had only ") && why.contains("has room"), "{why}");
    world.check();
}

#[test]
fn who_steps_down_passes_nothing_on_any_more() {
    let mut world = crowd(4, |n, _| vec![n ^ 1], Config { hop_delay: SECOND, ..ultra() });
    world.run(30 * SECOND);
    let ultrapeers = world.in_role(Role::Ultrapeer);
    let leaves = world.in_role(Role::Leaf);
    assert_eq!(ultrapeers.len(), 2);
    world.link(ultrapeers[0], ultrapeers[1]);
    for _ in 0..100 {
        world.run(SECOND / 10);
        for n in &leaves {
            world.search(*n, "song", 7, Delivery::Reverse);
        }
    }
    let held = |n: &usize| world.nodes[*n].counters().not_held;
    assert_eq!(world.in_role(Role::Ultrapeer).len(), 1);
    assert!(ultrapeers.iter().any(|n| held(n) > 0), "it held some when it stepped down");
    assert!(world.nodes.iter().all(|node| node.counters().misplaced == 0));
    let broken = |event: &Event| matches!(event, Event::NeighborDown { why, .. } if why.contains("passes on"));
    assert!(!world.events.iter().any(|(_, event)| broken(event)));
}

#[test]
fn a_pinned_role_stays() {
    let mut world = World::new(6, ultra());
    for n in 0..3 {
        world.start(n, pinned(RoleChoice::Leaf));
        world.start(n + 3, pinned(RoleChoice::Ultrapeer));
    }
    world.run(20 * SECOND);
    assert_eq!((world.in_role(Role::Leaf), world.role_changes()), (vec![0, 1, 2], 0), "nobody knows anybody");
    for n in 1..6 {
        world.input(n, Input::Hosts { addrs: vec![addr(n - 1)], source: HostSource::Configured });
    }
    world.run(60 * SECOND);
    assert_eq!((world.role_changes(), world.orphans()), (0, vec![]));
    assert!(world.nodes[0].role_story().1.contains("settings"));
    world.check();
}

#[test]
fn an_overlay_that_changes_from_flooding_as_one_sorts_itself_out() {
    let config = Config { follow: true, ..Config::default() };
    let mut world = crowd(24, some(24), config);
    world.run(30 * SECOND);
    world.input(5, Input::Command(Command::Propose(TopologyKind::Ultrapeer)));
    world.run(6 * SECOND);
    assert_eq!(world.orphans(), NOBODY);
    let ultrapeers = world.in_role(Role::Ultrapeer).len();
    assert!((1..=10).contains(&ultrapeers), "{ultrapeers}");
    world.run(60 * SECOND);
    world.check();
    let changes = world.role_changes();
    world.run(600 * SECOND);
    assert_eq!(world.role_changes(), changes);
    assert!(world.nodes.iter().all(|node| node.topology() == TopologyKind::Ultrapeer));
}

#[test]
fn that_one_neighbor_did_not_get_through_is_not_the_last_word() {
    let public = PeerAddr("198.51.100.7:6346".parse().unwrap());
    for (gets_through, known) in [(1, Some(true)), (2, Some(true)), (usize::MAX, Some(false))] {
        let mut world = World::new(5, Config { only_peers: true, ..pinned(RoleChoice::Ultrapeer) });
        world.start(0, Config { only_peers: true, ..pinned(RoleChoice::Leaf) });
        world.input(0, Input::OwnAddr(public));
        world.hidden.insert(0);
        (1..4).for_each(|n| world.link(0, n));
        for minute in 0..6 {
            let most_said_no = (minute >= 2).then_some(false);
            let expected = if minute > gets_through { Some(true) } else { most_said_no };
            assert_eq!(world.nodes[0].accepts_inbound(), expected, "after {minute} minutes");
            if minute == gets_through {
                world.hidden.clear();
            }
            world.run(60 * SECOND);
        }
        assert_eq!(world.nodes[0].accepts_inbound(), known);
    }
}

#[test]
fn a_public_node_is_elected_once_somebody_got_through_to_it() {
    let public = PeerAddr("198.51.100.7:6346".parse().unwrap());
    let mut world = World::new(2, ultra());
    world.input(0, Input::OwnAddr(public));
    assert!(!world.nodes[0].score(&world.config).eligible);
    world.link(1, 0);
    world.run(SECOND / 10);
    assert!(world.nodes[0].score(&world.config).eligible);
}
