//! Directories and clients that go away, with and without a word, and those that come back.

use super::*;

#[test]
fn the_operator_of_a_directory_can_send_a_client_away() {
    let mut world = central(3, 1);
    world.run(Duration::from_secs(2));
    world.input(0, Input::Command(Command::Disconnect(node_id(1))));
    assert!(world.registered(0, 1).is_empty());
    assert_eq!(world.nodes[0].clients().count(), 1);
}

#[test]
fn the_directory_killed_is_noticed_at_once_and_searches_fail_at_once() {
    let mut world = central(3, 1);
    world.run(Duration::from_secs(2));
    world.kill(0);
    world.run(Duration::from_millis(4));
    assert_eq!(world.state(1), DirectoryState::Unreachable);
    let status = world.nodes[1].client_status().unwrap();
    assert!(status.why.contains("--directory") && status.next_try.is_some(), "{status:?}");
    let guid = world.search(1, "song", 7, Delivery::Direct);
    let (cost, why) = world.done(guid);
    assert_eq!((why, cost), (DoneWhy::NoDirectory, SearchCost::default()));
    world.run(Duration::from_secs(300));
    assert_eq!(world.state(1), DirectoryState::Unreachable);
    let tries = world.states(1).len();
    assert!(tries < 8, "trying again is no news: {:?}", world.states(1));
    world.start(0, directory());
    world.run(Duration::from_secs(35));
    assert_eq!((world.state(1), world.state(2)), (DirectoryState::Registered, DirectoryState::Registered));
}

#[test]
fn a_look_up_under_way_ends_when_the_directory_is_lost() {
    let mut world = central(3, 1);
    world.run(Duration::from_secs(2));
    let guid = world.search(1, "song", 7, Delivery::Direct);
    world.kill(0);
    world.run(Duration::from_millis(10));
    assert_eq!(world.done(guid).1, DoneWhy::NoDirectory);
}

#[test]
fn the_next_directory_takes_over_at_once() {
    let mut world = central(12, 3);
    world.run(Duration::from_secs(2));
    let mut homes: Vec<_> = (3..12).filter_map(|n| world.directory_of(n)).collect();
    homes.sort_unstable();
    homes.dedup();
    assert!(homes.len() > 1, "clients spread over the directories");
    let gone = world.directory_of(5).unwrap();
    world.kill(gone);
    world.run(Duration::from_millis(500));
    for n in 3..12 {
        assert_eq!(world.state(n), DirectoryState::Registered);
        assert_ne!(world.directory_of(n), Some(gone));
    }
    assert!(!world.states(5).contains(&DirectoryState::Unreachable));
}

#[test]
fn who_says_goodbye_is_forgotten_at_once_and_who_does_not_after_a_moment() {
    let mut world = central(4, 1);
    world.run(Duration::from_secs(2));
    world.input(1, Input::Command(Command::Leave));
    world.input(2, Input::Command(Command::Change(TopologyKind::Flood)));
    world.run(Duration::from_millis(20));
    assert!(world.registered(0, 1).is_empty() && world.registered(0, 2).is_empty());
    world.kill(3);
    world.run(Duration::from_secs(5));
    assert_eq!(world.registered(0, 3), [tag("song 3")], "it may be back");
    world.run(Duration::from_secs(6));
    assert!(world.registered(0, 3).is_empty());
}

#[test]
fn a_silent_node_is_gone_with_its_lease() {
    let mut world = central(3, 1);
    world.run(Duration::from_secs(2));
    // The link dies, and nobody is told.
    world.ends.clear();
    world.dead.insert(2);
    world.run(LEASE - Duration::from_secs(5));
    assert_eq!(world.registered(0, 2), [tag("song 2")]);
    world.run(Duration::from_secs(6));
    assert!(world.registered(0, 2).is_empty());
    assert_eq!(world.registered(0, 1), [tag("song 1")], "and the other found its way back");
}

#[test]
fn a_directory_that_starts_again_knows_what_it_knew_minus_what_ran_out() {
    let mut world = central(6, 1);
    world.run(Duration::from_secs(2));
    world.kill(0);
    world.kill(5);
    world.run(Duration::from_secs(1));
    world.start(0, directory());
    let changes = watch_changes(&mut world, |world| world.run(Duration::from_secs(20)));
    assert!(changes.is_empty(), "nothing had to be told again");
    for n in 1..5 {
        assert_eq!(world.state(n), DirectoryState::Registered);
        assert_eq!(world.registered(0, n), [tag(&format!("song {n}"))]);
    }
    assert_eq!(world.registered(0, 5).len(), 1);
    world.run(LEASE);
    assert!(world.registered(0, 5).is_empty(), "who did not come back");
    // Without what it kept, it is complete again as soon.
    world.kill(0);
    world.registries.clear();
    world.run(Duration::from_secs(1));
    world.start(0, directory());
    world.run(Duration::from_secs(10));
    assert!((1..5).all(|n| world.registered(0, n).len() == 1));
}
