//! What a stranger may try: it is counted, the link closed where that is due, and nobody else notices.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// An ultra-peer (0) with two leaves (1, 2).
fn family() -> World {
    let mut world = World::new(3, Config { only_peers: true, ..pinned(RoleChoice::Leaf) });
    world.start(0, Config { only_peers: true, ..pinned(RoleChoice::Ultrapeer) });
    world.shares[2].0.push("song 2".into());
    world.link(1, 0);
    world.link(2, 0);
    world.run(SECOND);
    world
}

impl World {
    /// What the ultra-peer 0 calls its link to a leaf.
    fn link_of(&self, leaf: usize) -> LinkId {
        self.nodes[0].links[self.nodes[0].link_to(&node_id(leaf)).expect("it is linked")].id
    }

    fn bye_to(&self, leaf: usize) -> bool {
        self.nodes[0].link_to(&node_id(leaf)).is_none()
    }

    fn send_filter(&mut self, leaf: usize, log2_bits: u8, offset: u32, len: usize) {
        let part = FilterPart { log2_bits, offset, bytes: vec![0; len] };
        let (link, message) = (self.link_of(leaf), Message::Ultra(UltraMessage::Filter(part)));
        self.input(0, Input::Message { link, message });
    }
}

#[test]
fn a_leaf_that_passes_on_queries_of_others_is_sent_away() {
    let mut world = family();
    let body = Arc::new(QueryBody::new("song", Some(addr(9)), Delivery::Reverse, false));
    let query = QueryMessage { guid: Guid([9; 16]), travel: Travel::from_wire(5, 1), body };
    let link = world.link_of(1);
    world.input(0, Input::Message { link, message: Message::Query(query) });
    assert!(world.bye_to(1) && !world.bye_to(2));
    assert_eq!(world.nodes[0].counters().misplaced, 1);
}

#[test]
fn filters_that_cannot_be_are_counted_and_end_the_link() {
    // (bits, offset, bytes) one after the other; the last one is the mistake.
    let cases: [&[(u8, u32, usize)]; 9] = [
        &[(9, 0, 64)],
        &[(21, 0, 1024)],
        &[(255, 0, 1)],
        &[(0, 0, 1)],
        &[(10, 64, 64)],
        &[(10, 0, 64), (10, 65, 63)],
        &[(10, 0, 64), (11, 64, 64)],
        &[(10, 0, 129)],
        &[(10, 0, 128), (10, 128, 1)],
    ];
    for case in cases {
        let mut world = family();
        for (log2_bits, offset, len) in case {
            assert!(!world.bye_to(1), "{case:?}");
            world.send_filter(1, *log2_bits, *offset, *len);
        }
        assert!(world.bye_to(1) && !world.bye_to(2), "{case:?}");
        assert_eq!(world.nodes[0].counters().inconsistent, 1);
    }
}

#[test]
fn until_a_filter_is_whole_and_when_it_comes_too_often_everything_is_handed() {
    let mut world = family();
    // With an empty filter the leaf gets nothing.
    let handed = |world: &mut World| {
        let before = world.nodes[2].counters().queries;
        world.search(1, "song 2", 7, Delivery::Direct);
        world.run(6 * SECOND);
        world.nodes[2].counters().queries - before
    };
    assert_eq!(handed(&mut world), 1);
    world.send_filter(2, 11, 0, 256);
    assert_eq!(handed(&mut world), 0);
    world.send_filter(2, 11, 0, 128);
    assert_eq!(handed(&mut world), 1);
    for _ in 0..50 {
        world.send_filter(2, 10, 0, 128);
    }
    assert!(world.nodes[0].counters().limited > 30);
    assert_eq!(handed(&mut world), 1);
    world.send_filter(2, 0, 0, 0);
    assert_eq!(handed(&mut world), 1);
    assert!(!world.bye_to(2));
}

#[test]
fn a_neighbor_that_keeps_asking_to_be_dialled_back_takes_nothing_from_others() {
    let mut world = family();
    for (leaf, questions, answers) in [(1, 100, 3), (2, 1, 1), (1, 1, 0)] {
        let before = world.nodes[leaf].counters().stale;
        for n in 0..questions {
            let question = Reach { guid: Guid([n; 16]), reached: None };
            let (link, message) = (world.link_of(leaf), Message::Reach(question));
            world.input(0, Input::Message { link, message });
        }
        world.run(SECOND);
        assert_eq!(world.nodes[leaf].counters().stale - before, answers, "answers to questions never asked");
    }
    assert_eq!(world.nodes[0].counters().limited, 97 + 1);
}

#[test]
fn of_what_a_neighbor_tells_of_itself_too_often_the_last_counts() {
    let mut world = World::new(2, Config { only_peers: true, ..pinned(RoleChoice::Ultrapeer) });
    world.link(0, 1);
    world.run(SECOND);
    let status = |free_slots| {
        let (topology, role) = (TopologyKind::Ultrapeer, Role::Ultrapeer);
        Message::Status(Status { topology, role, serves: false, score: 700, free_slots })
    };
    let link = world.nodes[0].links[0].id;
    for n in 1..=100 {
        world.input(0, Input::Message { link, message: status(n) });
    }
    assert!(world.nodes[0].counters().limited > 70 && world.nodes[0].links[0].fitness() < Some((700, 30)));
    world.run(SECOND * 3 / 5);
    assert_eq!(world.nodes[0].links[0].fitness(), Some((700, 100)));
}

#[test]
fn what_has_no_place_on_a_link_is_counted() {
    let mut world = family();
    let link = world.link_of(1);
    let message = || Message::Ultra(UltraMessage::Alternatives(vec![addr(7)]));
    world.input(0, Input::Message { link, message: message() });
    assert_eq!((world.nodes[0].counters().misplaced, world.bye_to(1)), (1, false));
    let up = world.nodes[1].links[0].id;
    world.input(1, Input::Message { link: up, message: message() });
    assert_eq!(world.nodes[1].known_hosts(), 0, "with named links only it learns nothing");
}

#[test]
fn alternatives_are_bounded_checked_and_limited() {
    let mut world = World::new(2, pinned(RoleChoice::Leaf));
    world.start(0, pinned(RoleChoice::Ultrapeer));
    world.link(1, 0);
    world.run(SECOND);
    let link = world.nodes[1].links[0].id;
    let nowhere = PeerAddr("0.0.0.0:1".parse().unwrap());
    for round in 0..40 {
        let addrs = (0..30).map(|n| addr(100 + round * 30 + n)).chain([nowhere, addr(1)]).rev().collect();
        let message = Message::Ultra(UltraMessage::Alternatives(addrs));
        world.input(1, Input::Message { link, message });
        if round % 10 == 9 {
            world.now = world.now + 5 * SECOND;
        }
    }
    let status = world.nodes[1].ultra_status(&world.config).unwrap();
    assert!((8..=30).contains(&status.alternatives), "{}", status.alternatives);
    assert!(world.nodes[1].known_hosts() < 120 && world.nodes[1].counters().limited >= 28);
    world.run(60 * SECOND);
    assert_eq!(world.nodes[1].count(Class::Ultrapeer), 1);
}

#[test]
fn an_ultra_peer_that_lies_about_its_slots_is_left_for_others() {
    let mut world = World::new(3, pinned(RoleChoice::Leaf));
    // 0 lies, 1 has room; 2 looks for ultra-peers and knows the liar by name.
    world.start(0, pinned(RoleChoice::Ultrapeer));
    world.start(1, pinned(RoleChoice::Ultrapeer));
    world.input(2, Input::Hosts { addrs: vec![addr(0), addr(1)], source: HostSource::Configured });
    for _ in 0..6_000 {
        world.run(SECOND / 10);
        if let Some(index) = world.nodes[0].link_to(&node_id(2)) {
            let link = world.nodes[0].links[index].id;
            let their = world.ends[&(0, link)].1;
            for message in [
                Message::Status(Status {
                    topology: TopologyKind::Ultrapeer,
                    role: Role::Ultrapeer,
                    serves: false,
                    score: 1_000,
                    free_slots: 30,
                }),
                Message::Bye(Bye { reason: ByeReason::Full, text: "full".into(), hosts: Vec::new() }),
            ] {
                world.input(2, Input::Message { link: their, message });
            }
        }
    }
    let lies = world.nodes[2].counters().inconsistent;
    assert!((1..=6).contains(&lies), "{lies} times in ten minutes");
    assert_eq!(world.nodes[2].count(Class::Ultrapeer), 1);
}

#[test]
fn an_ultra_peer_that_lies_makes_another_step_down_only_once() {
    let mut world = World::new(2, ultra());
    world.start(0, Config { max_leaves: 0, ..pinned(RoleChoice::Ultrapeer) });
    world.run(30 * SECOND);
    assert_eq!(world.nodes[1].role(), Role::Ultrapeer);
    let boast = Status {
        topology: TopologyKind::Ultrapeer,
        role: Role::Ultrapeer,
        serves: false,
        score: 1_000,
        free_slots: 30,
    };
    for _ in 0..600 {
        if world.nodes[0].link_to(&node_id(1)).is_none() {
            world.link(0, 1);
        }
        world.run(SECOND / 2);
        let linked = world.nodes[1].links.first().map(|link| (link.id, link.class));
        match linked {
            Some((link, Class::Neighbor)) => world.input(1, Input::Message { link, message: Message::Status(boast) }),
            Some((link, _)) => {
                let bye = Bye { reason: ByeReason::Full, text: "full".into(), hosts: Vec::new() };
                world.input(1, Input::Message { link, message: Message::Bye(bye) });
            }
            None => {}
        }
    }
    let story = |event: &Event| matches!(event, Event::Topology { why, .. } if why.starts_with("stepped down"));
    let step_downs = world.events.iter().filter(|(n, event)| *n == 1 && story(event)).count();
    assert_eq!((step_downs, world.nodes[1].role()), (1, Role::Ultrapeer), "in five minutes");
}

#[test]
fn a_leaf_passes_no_hits_on() {
    let mut world = World::new(3, Config { only_peers: true, ..pinned(RoleChoice::Ultrapeer) });
    world.start(2, Config { only_peers: true, ..pinned(RoleChoice::Leaf) });
    world.shares[2].0.push("song".into());
    world.link(2, 0);
    world.link(2, 1);
    world.run(SECOND);
    let guid = world.search(0, "song", 7, Delivery::Reverse);
    world.run(SECOND);
    let sent = world.sent_by[&2];
    let body = Arc::new(HitBody { node: Some(node_id(1)), ..HitBody::default() });
    let hit = HitMessage { guid, travel: Travel::way_back(), body };
    let link = world.nodes[2].links[world.nodes[2].link_to(&node_id(1)).unwrap()].id;
    world.input(2, Input::Message { link, message: Message::Hit(hit) });
    let counters = world.nodes[2].counters();
    assert_eq!((world.sent_by[&2], counters.hits_relayed, counters.unroutable), (sent, 0, 1));
}

#[test]
fn private_ultra_peers_are_not_told_to_a_leaf_outside() {
    for local in [true, false] {
        let mut world = World::new(3, pinned(RoleChoice::Ultrapeer));
        world.start(1, Config { max_leaves: 0, ..pinned(RoleChoice::Ultrapeer) });
        world.start(2, pinned(RoleChoice::Leaf));
        world.link(0, 1);
        world.link(2, 0);
        world.run(SECOND / 100);
        let index = world.nodes[0].link_to(&node_id(2)).unwrap();
        Arc::make_mut(&mut world.nodes[0].links[index].peer).local = local;
        world.run(SECOND);
        let alternatives = world.nodes[2].ultra_status(&world.config).unwrap().alternatives;
        assert_eq!(alternatives, usize::from(local));
    }
}
