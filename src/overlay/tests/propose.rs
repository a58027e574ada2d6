//! Proposals: they flood once, take along who follows, and move nobody for long however many there are.

use super::*;

/// Flooding nodes that follow proposals and keep the links that they are given.
fn followers() -> Config {
    Config { follow: true, only_peers: true, ..Config::default() }
}

/// Nodes linked as `links` says.
fn linked(count: usize, links: &[(usize, usize)], config: Config) -> World {
    let mut world = World::new(count, config);
    for (a, b) in links {
        world.link(*a, *b);
    }
    world.run(Duration::from_secs(1));
    world
}

/// A proposal as a node could make it up, of somebody who may not exist.
fn made_up(n: u64, topology: TopologyKind) -> Message {
    let (mut guid, mut node) = ([7; 16], [9; 32]);
    guid[..8].copy_from_slice(&n.to_be_bytes());
    node[..8].copy_from_slice(&n.to_be_bytes());
    Message::Propose(Proposal { guid: Guid(guid), node: NodeId(node), topology, directories: vec![addr(200)] })
}

impl World {
    /// `from` sends a message of its own making to a neighbor, if the two are still linked.
    fn forge(&mut self, from: usize, to: usize, message: Message) {
        let link = self.nodes[from].links.iter().find(|link| link.peer.id == node_id(to)).map(|link| link.id);
        if let Some(link) = link {
            self.output(from, Output::Send { link, message });
        }
    }

    /// How often a node changed its topology.
    fn changes_of(&self, n: usize) -> usize {
        self.events.iter().filter(|(m, event)| *m == n && matches!(event, Event::Topology { .. })).count()
    }

    fn is_linked(&self, a: usize, b: usize) -> bool {
        self.nodes[a].links.iter().any(|link| link.peer.id == node_id(b))
    }
}

#[test]
fn a_proposal_reaches_everybody_once_and_takes_those_along_that_follow() {
    let ring = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)];
    let mut world = linked(5, &ring, followers());
    world.own_configs.insert(2, Config { follow: false, ..followers() });
    world.input(0, Input::Command(Command::Propose(TopologyKind::Ultrapeer)));
    world.run(Duration::from_secs(1));
    for n in 1..5 {
        let heard: Vec<bool> = world
            .events
            .iter()
            .filter_map(|(m, event)| match event {
                Event::Proposed { followed, .. } if *m == n => Some(*followed),
                _ => None,
            })
            .collect();
        assert_eq!(heard, [n != 2], "node {n}");
    }
    let topologies: Vec<TopologyKind> = world.nodes.iter().map(Node::topology).collect();
    let (there, here) = (TopologyKind::Ultrapeer, TopologyKind::Flood);
    assert_eq!(topologies, [there, there, here, there, there]);
}

#[test]
fn who_knows_no_directory_neither_proposes_central_nor_follows_there() {
    let mut world = linked(2, &[(0, 1)], followers());
    world.input(0, Input::Command(Command::Propose(TopologyKind::Central)));
    world.run(Duration::from_secs(1));
    let nowhere = Proposal {
        guid: Guid([1; 16]),
        node: node_id(0),
        topology: TopologyKind::Central,
        directories: vec![PeerAddr(([0, 0, 0, 0], 0).into()), addr(1)],
    };
    world.forge(0, 1, Message::Propose(nowhere));
    world.run(Duration::from_secs(1));
    assert!(world.nodes.iter().all(|node| node.topology() == TopologyKind::Flood));
    let refusals: Vec<&str> = world
        .events
        .iter()
        .filter_map(|(_, event)| match event {
            Event::Proposed { followed: false, why, .. } => Some(*why),
            _ => None,
        })
        .collect();
    assert!(refusals.len() == 2 && refusals.iter().all(|why| why.contains("directory")), "{refusals:?}");
}

#[test]
fn who_sends_a_storm_of_proposals_loses_its_link_and_nobody_else_does() {
    let mut world = linked(3, &[(0, 1), (1, 2)], Config { only_peers: true, ..Config::default() });
    for n in 0..200 {
        world.forge(0, 1, made_up(n, TopologyKind::Ultrapeer));
    }
    world.run(Duration::from_secs(1));
    assert!(!world.is_linked(1, 0) && world.is_linked(1, 2));
    let why = world.events.iter().find_map(|(n, event)| match event {
        Event::NeighborDown { why, .. } if *n == 0 => Some(why.as_str()),
        _ => None,
    });
    assert_eq!(why, Some("a storm of proposals"));
    assert!(world.nodes[1].counters().limited >= 32);
    assert!(world.nodes[2].counters().limited == 0, "what is over the limit is not passed on");
}

#[test]
fn two_who_are_told_different_proposals_do_not_take_each_other_for_a_storm() {
    let mut world = linked(3, &[(0, 1), (0, 2), (1, 2)], Config { only_peers: true, ..Config::default() });
    for n in 0..180 {
        world.forge(0, 1, made_up(2 * n, TopologyKind::Ultrapeer));
        world.forge(0, 2, made_up(2 * n + 1, TopologyKind::Ultrapeer));
        world.run(Duration::from_secs(20));
    }
    assert!(world.is_linked(1, 2) && world.is_linked(2, 1), "an hour of that");
}

#[test]
fn proposals_without_end_do_not_make_an_overlay_flap() {
    let mut world = linked(3, &[(0, 1), (1, 2)], followers());
    for n in 0..540 {
        let topology = if n % 2 == 0 { TopologyKind::Ultrapeer } else { TopologyKind::Flood };
        world.forge(0, 1, made_up(n, topology));
        world.run(Duration::from_secs(20));
    }
    // Three hours of it, a proposal each time the rate allows one.
    assert!((1..=24).contains(&world.changes_of(1)), "{} changes", world.changes_of(1));
}

#[test]
fn who_comes_out_of_a_central_topology_proposes_to_those_that_it_finds() {
    let mut world =
        linked(3, &[(0, 1), (0, 2), (1, 2)], Config { follow: true, min_neighbors: 1, ..Config::default() });
    for n in [1, 2] {
        world.input(n, Input::Command(Command::Change(TopologyKind::Ultrapeer)));
    }
    world.input(0, Input::Directories(vec![addr(200)]));
    world.input(0, Input::Command(Command::Change(TopologyKind::Central)));
    world.run(Duration::from_secs(3));
    assert_eq!(world.nodes[0].links().len(), 0);
    world.input(0, Input::Command(Command::Propose(TopologyKind::Flood)));
    world.run(Duration::from_secs(5));
    assert!(world.nodes.iter().all(|node| node.topology() == TopologyKind::Flood));
}
