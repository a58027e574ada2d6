//! Joining, staying and leaving: who becomes a neighbor of whom, and who is told of whom.

use super::*;

#[test]
fn a_link_gives_way_to_another_of_the_same_node_only_if_that_is_of_use() {
    let mut world = world(2, &[(1, 0)], Config { max_neighbors: 1, ..Config::default() });
    let old = world.nodes[0].links[0].id;
    for (role, stays) in [(Role::Leaf, true), (Role::Peer, false)] {
        let mut peer = world.nodes[0].links[0].peer().clone();
        (peer.role, peer.dialled) = (role, Some(addr(1)));
        world.input(0, Input::LinkUp { link: LinkId(900), peer: Arc::new(peer) });
        assert_eq!((world.nodes[0].links.len(), world.nodes[0].links[0].id == old), (1, stays), "{role:?}");
    }
}

#[test]
fn one_node_and_one_address_are_enough_to_find_the_others() {
    let config = Config { min_neighbors: 3, max_neighbors: 5, ..Config::default() };
    let mut world = World::new(20, config);
    for n in 1..20 {
        world.input(n, Input::Hosts { addrs: vec![addr(0)], source: HostSource::Configured });
    }
    world.run(Duration::from_secs(120));
    for (n, node) in world.nodes.iter().enumerate() {
        let links = node.links().len();
        assert!((3..=5).contains(&links), "node {n} has {links} neighbors");
        let mut peers: Vec<_> = node.links().iter().map(|link| link.peer().id).collect();
        peers.sort();
        peers.dedup();
        assert_eq!(peers.len(), links, "node {n} is linked twice to the same node");
        assert!(!peers.contains(&node.id()));
    }
    let changes = world.events.len();
    world.run(Duration::from_secs(300));
    let later = world.events[changes..].iter().filter(|(_, e)| matches!(e, Event::NeighborUp { .. })).count();
    assert_eq!(later, 0, "the overlay has settled");
}

#[test]
fn two_that_dial_each_other_at_once_keep_one_link() {
    let mut world = World::new(2, Config::default());
    world.link(0, 1);
    world.link(1, 0);
    world.run(Duration::from_secs(60));
    assert_eq!((world.nodes[0].links().len(), world.nodes[1].links().len()), (1, 1));
    let end = world.ends[&(0, world.nodes[0].links()[0].id())];
    assert_eq!(end, (1, world.nodes[1].links()[0].id()), "and both the same one");
}

#[test]
fn a_dead_neighbor_is_noticed_and_replaced() {
    let config = Config { min_neighbors: 1, max_neighbors: 4, ..Config::default() };
    let mut world = World::new(3, config);
    world.input(0, Input::Hosts { addrs: vec![addr(1)], source: HostSource::Configured });
    world.run(Duration::from_secs(1));
    world.input(0, Input::Hosts { addrs: vec![addr(2)], source: HostSource::Told });
    world.ends.clear();
    world.run(Duration::from_secs(60));
    let down = world
        .events
        .iter()
        .any(|(n, event)| *n == 0 && matches!(event, Event::NeighborDown { node, .. } if *node == node_id(1)));
    assert!(down);
    assert!(!world.nodes[0].links().is_empty(), "another link is up");
}

/// Nobody gets through from one half to the other for so long; returns the links between the two a while after.
fn links_between_halves_parted_for(long: Duration) -> usize {
    let config = Config { min_neighbors: 3, max_neighbors: 8, ..Config::default() };
    let mut world = World::new(12, config);
    for n in 1..12 {
        world.input(n, Input::Hosts { addrs: vec![addr(0)], source: HostSource::Configured });
    }
    world.run(Duration::from_secs(60));
    let half = |n: usize| n % 2;
    world.parted = Some(half);
    world.ends.retain(|(n, _), (other, _)| half(*n) == half(*other));
    world.run(long);
    world.parted = None;
    world.run(Duration::from_secs(600));
    let id = |n: usize| world.nodes[n].id;
    let to_odd = |n: usize| {
        world.nodes[n].links().iter().filter(|link| (0..12).any(|m| half(m) == 1 && id(m) == link.peer().id)).count()
    };
    (0..12).filter(|n| half(*n) == 0).map(to_odd).sum()
}

#[test]
fn an_overlay_that_was_torn_into_halves_becomes_one_again() {
    for hours in [1, 24] {
        let links = links_between_halves_parted_for(Duration::from_secs(hours * 3_600));
        assert!(links > 0, "after {hours} h");
    }
}

#[test]
fn a_full_node_names_others() {
    let config = Config { min_neighbors: 1, max_neighbors: 2, ..Config::default() };
    let mut world = World::new(5, config);
    world.link(0, 1);
    world.link(0, 2);
    world.run(Duration::from_secs(1));
    world.input(3, Input::Hosts { addrs: vec![addr(0)], source: HostSource::Configured });
    world.run(Duration::from_secs(10));
    assert!(world.nodes[3].known_hosts() > 1, "the refusal named others");
    assert!(!world.nodes[3].links().is_empty(), "and they had room");
}

#[test]
fn those_who_find_everybody_full_are_told_of_each_other() {
    let config = Config { min_neighbors: 2, max_neighbors: 2, ..Config::default() };
    let mut world = World::new(7, config);
    world.link(0, 1);
    world.link(1, 2);
    world.link(2, 0);
    world.run(Duration::from_secs(1));
    for n in 3..7 {
        world.input(n, Input::Hosts { addrs: vec![addr(0)], source: HostSource::Configured });
    }
    world.run(Duration::from_secs(300));
    // Three of them may have closed a triangle: then there is no room for the fourth.
    let links = |n: usize| world.nodes[n].links().len();
    let alone: Vec<usize> = (3..7).filter(|n| links(*n) == 0).collect();
    assert!((3..7).all(|n| alone == [n] || links(n) == 2 || alone.is_empty()), "{alone:?}: somebody has room for them");
}

#[test]
fn only_peers_learns_nothing_and_keeps_trying_the_named_ones() {
    let mut world = World::new(3, only_peers());
    world.link(0, 1);
    world.link(1, 2);
    world.input(0, Input::Hosts { addrs: vec![addr(200)], source: HostSource::Configured });
    world.input(0, Input::Hosts { addrs: vec![addr(2)], source: HostSource::Discovered });
    world.run(Duration::from_secs(300));
    assert_eq!((world.nodes[0].known_hosts(), world.nodes[0].links().len()), (1, 1));
}

#[test]
fn leaving_says_goodbye_and_ends_searches() {
    let mut world = line(3);
    let guid = world.search(1, "nothing", 7, Delivery::Direct);
    world.input(1, Input::Command(Command::Leave));
    assert_eq!(world.done(guid).1, DoneWhy::Shutdown);
    world.run(Duration::from_millis(100));
    assert!(world.nodes.iter().all(|node| node.links().is_empty()));
    assert_eq!(world.nodes[1].next_wake(), Time::NEVER);
}

#[test]
fn a_node_that_lost_a_link_unnoticed_by_the_other_is_back_within_seconds() {
    let mut world = line(2);
    let ours = world.nodes[0].links[0].id;
    let (_, theirs) = world.ends.remove(&(0, ours)).unwrap();
    world.ends.remove(&(1, theirs));
    world.input(0, Input::LinkDown { link: ours, why: "the cable".into() });
    world.input(0, Input::Hosts { addrs: vec![addr(1)], source: HostSource::Configured });
    world.run(Duration::from_secs(12));
    assert_eq!((world.nodes[0].links().len(), world.nodes[1].links().len()), (1, 1));
    assert_ne!(world.nodes[1].links()[0].id, theirs);
}

#[test]
fn private_addresses_are_not_told_to_strangers() {
    let mut world = World::new(3, Config { min_neighbors: 1, ..Config::default() });
    world.link(0, 1);
    world.link(0, 2);
    world.run(Duration::from_millis(10));
    for local in [true, false] {
        let link = world.nodes[0].links.iter_mut().find(|link| link.peer.id == node_id(2)).unwrap();
        Arc::make_mut(&mut link.peer).local = local;
        let link = link.id;
        let ping = Message::Ping(Ping { guid: Guid([1; 16]), wants_hosts: true });
        let mut out = Vec::new();
        let mut cx =
            Context { now: world.now, config: &world.config, library: &world.shares[0], registry: None, out: &mut out };
        world.nodes[0].handle(Input::Message { link, message: ping }, &mut cx);
        let told = out.iter().any(|output| {
            matches!(output, Output::Send { message: Message::Pong(pong), .. } if pong.hosts.contains(&addr(1)))
        });
        assert_eq!(told, local);
    }
}

#[test]
fn what_a_node_became_is_told_again_where_it_got_lost() {
    let mut world = world(2, &[(0, 1)], Config::default());
    world.input(1, Input::Command(Command::Change(TopologyKind::Ultrapeer)));
    world.on_the_way.retain(|_, (_, input)| !matches!(input, Input::Message { message: Message::Status(_), .. }));
    let role = |world: &World| world.nodes[0].links().first().map(|link| link.peer().role);
    world.run(Duration::from_secs(1));
    assert_eq!((role(&world), world.nodes[1].role()), (Some(Role::Peer), Role::Ultrapeer), "it got lost");
    world.run(Duration::from_secs(15));
    assert_eq!(role(&world), Some(Role::Ultrapeer));
}

#[test]
fn who_dials_a_node_that_has_become_a_client_of_its_directory_looks_on() {
    let config = Config { min_neighbors: 1, ..Config::default() };
    let mut world = World::new(2, config.clone());
    world.start(0, Config { serve_directory: true, ..config.clone() });
    // It turns to nobody by itself, so that node 0 has to.
    world.start(1, Config { only_peers: true, ..config });
    world.input(1, Input::Command(Command::Change(TopologyKind::Central)));
    world.input(1, Input::Directories(vec![addr(0)]));
    world.run(Duration::from_secs(5));
    assert_eq!(world.nodes[1].client_status().map(|status| status.state), Some(DirectoryState::Registered));
    world.input(0, Input::Hosts { addrs: vec![addr(1)], source: HostSource::Configured });
    world.run(Duration::from_secs(5));
    world.input(1, Input::Command(Command::Change(TopologyKind::Flood)));
    world.run(Duration::from_secs(600));
    assert_eq!(world.nodes[0].links().len(), 1);
}
