//! What a client tells its directory, and how much of it: changes, at the pace of the directory, as far as it has room.

use super::*;

#[test]
fn one_more_file_among_many_costs_one_file() {
    let mut world = central(2, 1);
    world.shares[1].0 = (0..10_000).map(|n| format!("song {n}")).collect();
    world.run(Duration::from_secs(60));
    assert_eq!(world.state(1), DirectoryState::Registered);
    let changes = watch_changes(&mut world, |world| {
        world.shares[1].0.push("one more".into());
        world.input(1, Input::LibraryChanged);
        world.input(1, Input::LibraryChanged);
        world.run(Duration::from_secs(2));
    });
    assert_eq!(changes, [(1, 0)]);
    assert_eq!(world.registered(0, 1).len(), 10_001);
    let changes = watch_changes(&mut world, |world| {
        world.shares[1].0.retain(|name| name != "song 77");
        world.input(1, Input::LibraryChanged);
        world.run(Duration::from_secs(60));
    });
    assert_eq!(changes, [(0, 1)]);
    // The same after the client starts again: it compares, and tells nothing but what differs.
    let changes = watch_changes(&mut world, |world| {
        world.kill(1);
        world.run(Duration::from_secs(1));
        world.start(1, client());
        world.shares[1].0.push("and another".into());
        world.input(1, Input::Directories(vec![addr(0)]));
        world.run(Duration::from_secs(5));
    });
    assert_eq!(changes, [(1, 0)]);
    assert_eq!(world.state(1), DirectoryState::Registered);
    assert_eq!(world.registered(0, 1).len(), 10_001);
}

#[test]
fn many_files_are_told_at_the_pace_of_the_directory_and_all_arrive() {
    let mut world = central(2, 1);
    world.shares[1].0 = (0..60_000).map(|n| format!("song {n}")).collect();
    world.run(Duration::from_secs(2));
    assert_eq!(world.state(1), DirectoryState::Registering, "the burst is used up");
    world.run(Duration::from_secs(30));
    assert_eq!(world.state(1), DirectoryState::Registered);
    assert_eq!(world.registered(0, 1).len(), 60_000);
    assert_eq!((world.nodes[0].counters().dropped(), world.nodes[1].counters().dropped()), (0, 0));
}

#[test]
fn a_long_comparison_goes_on_page_by_page() {
    let mut world = central(2, 1);
    world.shares[1].0 = (0..45_000).map(|n| format!("song {n}")).collect();
    world.run(Duration::from_secs(5));
    assert_eq!(world.state(1), DirectoryState::Registered);
    world.kill(1);
    // Some in almost every part.
    world.shares[1].0.retain(|name| !name.ends_with("77"));
    world.run(Duration::from_secs(1));
    world.start(1, client());
    world.input(1, Input::Directories(vec![addr(0)]));
    let mut told = Vec::new();
    let changes = watch_changes(&mut world, |world| {
        for _ in 0..100 {
            let on_the_way = world.on_the_way.values().filter(|(to, input)| {
                let known = |message: &CentralMessage| matches!(message, CentralMessage::Known(_));
                let is_known = |message: &Message| matches!(message, Message::Central(message) if known(message));
                *to == 1 && matches!(input, Input::Message { message, .. } if is_known(message))
            });
            told.push(on_the_way.count());
            world.run(Duration::from_millis(50));
        }
    });
    assert!(told.iter().all(|count| *count <= 1), "a slow line would be overrun");
    assert_eq!(changes, [(0, 450)]);
    assert_eq!((world.state(1), world.registered(0, 1).len()), (DirectoryState::Registered, 44_550));
}

#[test]
fn an_address_counts_once_the_node_was_reached_there() {
    let mut world = central(4, 1);
    world.hidden.insert(2);
    world.run(Duration::from_secs(2));
    let status = world.nodes[2].client_status().unwrap();
    assert_eq!((status.state, status.reachable), (DirectoryState::Registered, Some(false)));
    assert!(status.why.contains("reach"), "{}", status.why);
    let addr_of = |world: &World, n: usize| {
        world.registries[&0].each().find(|(node, ..)| *node == node_id(n)).and_then(|(_, addr, _)| addr)
    };
    assert_eq!((addr_of(&world, 1), addr_of(&world, 2)), (Some(addr(1)), None));
    let guid = world.search(3, "song 2", 7, Delivery::Direct);
    world.run(Duration::from_secs(1));
    assert_eq!(world.found(guid).len(), 1, "it is found, and marked");
    world.hidden.remove(&2);
    world.run(Duration::from_secs(301));
    assert_eq!(addr_of(&world, 2), Some(addr(2)));
    assert_eq!(world.nodes[2].client_status().unwrap().reachable, Some(true));
}

#[test]
fn a_node_that_knows_no_directory_says_so_and_hears_of_one() {
    let mut world = central(3, 1);
    world.start(2, client());
    world.run(Duration::from_secs(1));
    let status = world.nodes[2].client_status().unwrap();
    assert_eq!(status.state, DirectoryState::None);
    assert!(status.why.contains("--directory"), "{}", status.why);
    let guid = world.search(2, "song", 7, Delivery::Direct);
    assert_eq!(world.done(guid).1, DoneWhy::NoDirectory);
    world.input(2, Input::Directories(vec![addr(0)]));
    world.run(Duration::from_secs(1));
    assert_eq!(world.state(2), DirectoryState::Registered);
}

#[test]
fn a_directory_is_remembered_from_an_overlay_where_it_is_a_neighbor() {
    let mut world = World::new(3, Config::default());
    world.start(0, Config { serve_directory: true, ..Config::default() });
    world.shares[1].0.push("song 1".into());
    world.link(1, 0);
    world.link(2, 0);
    world.run(Duration::from_secs(1));
    world.input(1, Input::Command(Command::Change(TopologyKind::Central)));
    world.run(Duration::from_secs(3));
    assert_eq!((world.nodes[1].role(), world.state(1)), (Role::Client, DirectoryState::Registered));
    assert_eq!(world.nodes[0].role(), Role::Peer, "it plays its role among the others besides");
    assert_eq!(world.registered(0, 1), [tag("song 1")]);
    world.input(1, Input::Command(Command::Change(TopologyKind::Flood)));
    world.run(Duration::from_secs(3));
    assert!(world.registered(0, 1).is_empty() && world.nodes[1].client_status().is_none());
    assert!(!world.nodes[1].links().is_empty(), "it is back where it was");
}

#[test]
fn a_directory_that_is_full_says_so_and_takes_what_it_can() {
    let mut world = central(3, 1);
    world.registries.insert(0, MemoryRegistry::with_limits(10, 10));
    world.shares[1].0 = (0..30).map(|n| format!("song {n}")).collect();
    world.shares[2].0.clear();
    world.run(Duration::from_secs(5));
    let status = world.nodes[1].client_status().unwrap();
    assert_eq!((status.state, status.files_registered), (DirectoryState::Registered, 10));
    assert!(status.why.contains("10 of 30"), "{}", status.why);
    let before = world.sent;
    world.run(Duration::from_secs(120));
    assert!(world.sent - before < 200, "it does not offer them again and again");
    world.registries.insert(0, MemoryRegistry::with_limits(1, 10));
    world.kill(0);
    world.run(Duration::from_secs(1));
    world.start(0, directory());
    world.run(Duration::from_secs(60));
    let refused = (1..3).filter(|n| world.state(*n) == DirectoryState::Unreachable).collect::<Vec<_>>();
    assert_eq!(refused.len(), 1);
    assert!(world.nodes[refused[0]].client_status().unwrap().why.contains("no room"));
}
