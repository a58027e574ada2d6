//! Directories that answer garbage: it is dropped and counted, the client turns to another, and every search ends.

use super::*;

/// A client that is linked to a puppet of a directory, and knows an honest one besides.
fn with_bad_directory() -> (World, Puppet) {
    let mut world = World::new(3, client());
    world.start(0, directory());
    world.start(1, directory());
    world.dead.insert(1);
    world.shares[2].0 = vec!["song 2".into()];
    world.input(2, Input::Directories(vec![addr(1)]));
    let puppet = Puppet::dialled(&mut world, 1, 2);
    world.input(2, Input::Directories(vec![addr(0)]));
    assert_eq!(world.state(2), DirectoryState::Registering);
    (world, puppet)
}

fn turns_to_the_honest_one(mut world: World, puppet: &Puppet) {
    assert!(!puppet.is_linked(&world));
    world.run(Duration::from_secs(2));
    assert_eq!((world.state(2), world.directory_of(2)), (DirectoryState::Registered, Some(0)));
}

fn nothing_known() -> CentralMessage {
    CentralMessage::Known(Known { buckets: Vec::new(), last: true })
}

#[test]
fn a_directory_that_dials_a_node_does_not_become_its_directory() {
    let mut world = World::new(2, client());
    world.start(0, directory());
    let stranger = Puppet::new(&mut world, 0, 1);
    assert!(!stranger.is_linked(&world));
    world.run(Duration::from_secs(60));
    let status = world.nodes[1].client_status().unwrap();
    assert_eq!((status.state, status.directories), (DirectoryState::None, Vec::new()), "nor does it hear of it so");
    // Also one that says that it is at the address of the real one, while that is being dialled.
    world.input(1, Input::Directories(vec![addr(0)]));
    let stranger = Puppet::new(&mut world, 0, 1);
    assert!(!stranger.is_linked(&world));
    assert_eq!(world.state(1), DirectoryState::Connecting);
}

#[test]
fn a_directory_that_invents_files_is_left() {
    let too_many = (0..=MAX_FILES_A_NODE / MAX_TAGS_A_MESSAGE).map(|_| (0, (0..MAX_TAGS_A_MESSAGE as u64).collect()));
    for buckets in [vec![(3, vec![u64::MAX])], too_many.collect()] {
        let (mut world, puppet) = with_bad_directory();
        for bucket in buckets {
            puppet.say(&mut world, CentralMessage::Known(Known { buckets: vec![bucket], last: false }));
        }
        assert_eq!(world.nodes[2].counters().inconsistent, 1);
        turns_to_the_honest_one(world, &puppet);
    }
}

#[test]
fn a_directory_that_answers_what_nobody_asked_is_left() {
    let nonsense = [
        nothing_known(),
        CentralMessage::Lease(Lease { serial: 77, ..Lease::default() }),
        CentralMessage::Found(Found { guid: Guid([1; 16]), nodes: Vec::new(), next: None }),
        CentralMessage::Register(Register { addr: None, digests: vec![0; REGISTER_BUCKETS] }),
    ];
    for message in nonsense {
        let (mut world, puppet) = with_bad_directory();
        (0..40).for_each(|_| puppet.say(&mut world, message.clone()));
        assert!(world.nodes[2].counters().inconsistent + world.nodes[2].counters().misplaced > 0);
        turns_to_the_honest_one(world, &puppet);
    }
}

#[test]
fn a_directory_that_never_has_what_it_was_told_is_left() {
    let (mut world, puppet) = with_bad_directory();
    let mut registrations = 0;
    for _ in 0..100 {
        let asked = puppet.heard(&world, |message| match message {
            CentralMessage::Register(_) => Some(None),
            CentralMessage::Change(change) => Some(Some(change.serial)),
            CentralMessage::Renew(_) => Some(Some(0)),
            _ => None,
        });
        world.unread.clear();
        registrations += asked.iter().filter(|serial| serial.is_none()).count();
        for serial in asked {
            let lease =
                |serial| CentralMessage::Lease(Lease { serial, lease_ms: 60_000, digest: 1, ..Lease::default() });
            puppet.say(&mut world, serial.map_or_else(nothing_known, lease));
        }
        world.run(Duration::from_secs(1));
    }
    assert!((2..10).contains(&registrations), "{registrations} registrations");
    turns_to_the_honest_one(world, &puppet);
}

#[test]
fn the_two_compare_again_only_when_nothing_is_on_its_way() {
    let (mut world, puppet) = with_bad_directory();
    puppet.say(&mut world, nothing_known());
    let told = |serial, digest| CentralMessage::Lease(Lease { serial, lease_ms: 60_000, digest, ..Lease::default() });
    puppet.say(&mut world, told(0, 1));
    // They disagree, and compare again in two seconds; a change is sent just before.
    world.run(Duration::from_millis(1_400));
    world.share(2, &["song 2", "song 3"]);
    world.unread.clear();
    world.run(Duration::from_secs(3));
    let heard = |world: &World| {
        puppet.heard(world, |message| match message {
            CentralMessage::Change(_) => Some("change"),
            CentralMessage::Register(_) => Some("register"),
            _ => None,
        })
    };
    assert_eq!(heard(&world), ["change"]);
    puppet.say(&mut world, told(1, 1));
    world.run(Duration::from_secs(1));
    assert_eq!(heard(&world), ["change", "register"]);
    assert!(puppet.is_linked(&world));
}

#[test]
fn a_directory_that_answers_nothing_is_left() {
    let (mut world, puppet) = with_bad_directory();
    for _ in 0..35 {
        puppet.say_plain(&mut world, Message::Ping(Ping { guid: Guid([1; 16]), wants_hosts: false }));
        world.run(Duration::from_secs(1));
    }
    turns_to_the_honest_one(world, &puppet);
}

#[test]
fn a_directory_that_keeps_the_lease_but_never_says_what_it_has_is_left() {
    let (mut world, puppet) = with_bad_directory();
    for _ in 0..35 {
        let lease = Lease { lease_ms: 3_000, ..Lease::default() };
        puppet.say(&mut world, CentralMessage::Lease(lease));
        world.run(Duration::from_secs(1));
    }
    turns_to_the_honest_one(world, &puppet);
}

#[test]
fn answers_that_do_not_fit_are_dropped_and_the_search_ends() {
    let (mut world, puppet) = with_bad_directory();
    let at = |node: usize, names: &[&str]| FoundAt {
        node: node_id(node),
        name: "x".into(),
        addr: None,
        files: names.iter().map(|name| FoundFile { name: (*name).into(), size: 1, id: file_id(name) }).collect(),
    };
    let page = |guid, nodes, next| CentralMessage::Found(Found { guid, nodes, next });
    let guid = world.search(2, "song", 7, Delivery::Direct);
    let nodes = vec![at(7, &["song a", "jazz"]), at(2, &["song 2"]), at(7, &["song a"])];
    puppet.say(&mut world, page(guid, nodes, Some(5)));
    assert_eq!(world.found(guid).len(), 1);
    assert_eq!(world.nodes[2].counters().inconsistent, 2, "one that does not match, and one of this node's own");
    puppet.say(&mut world, page(guid, vec![at(8, &["song b"])], Some(4)));
    assert_eq!((world.done(guid).1, world.found(guid).len()), (DoneWhy::Complete, 2), "pages do not lead backwards");
    world.run(Duration::from_millis(1));
    let guid = world.search(2, "song", 7, Delivery::Direct);
    (1..1_000).for_each(|next| puppet.say(&mut world, page(guid, vec![at(9, &["song c"])], Some(next))));
    assert!(puppet.is_linked(&world), "an honest directory may have many pages with little in them");
    (1_000..40_000).for_each(|next| puppet.say(&mut world, page(guid, vec![at(9, &["song c"])], Some(next))));
    assert_eq!(world.done(guid).1, DoneWhy::NoDirectory, "pages without end are no directory's");
    turns_to_the_honest_one(world, &puppet);
}

#[test]
fn a_search_outlasts_a_busy_directory() {
    let (mut world, puppet) = with_bad_directory();
    let guid = Guid([9; 16]);
    let body = Arc::new(QueryBody::new("song", None, Delivery::Direct, false));
    let spec =
        SearchSpec { guid, body, ttl: 7, strategy: Strategy::Flood, timeout: Duration::from_secs(100_000), enough: 40 };
    world.input(2, Input::Command(Command::Search(spec)));
    let page = |nodes, next| CentralMessage::Found(Found { guid, nodes, next });
    puppet.say(&mut world, nothing_known());
    for n in 0..40_000 {
        puppet.say(&mut world, page(Vec::new(), Some(0)));
        if n % 20 == 0 {
            let lease = Lease { lease_ms: 60_000, digest: tag("song 2"), files: 1, ..Lease::default() };
            puppet.say(&mut world, CentralMessage::Lease(lease));
        }
        world.now = world.now + Duration::from_millis(500);
        world.input(2, Input::Wake);
    }
    puppet.say(&mut world, page(Vec::new(), None));
    assert_eq!(world.done(guid).1, DoneWhy::Complete);
}

#[test]
fn leases_that_nobody_asked_for_are_borne_at_a_bounded_rate() {
    let unasked =
        |reachable| Lease { lease_ms: 60_000, digest: tag("song 2"), files: 1, reachable, ..Lease::default() };
    let (mut world, puppet) = with_bad_directory();
    puppet.say(&mut world, nothing_known());
    puppet.say(&mut world, CentralMessage::Lease(unasked(None)));
    let before = world.states(2).len();
    for n in 0..120 {
        world.run(Duration::from_secs(1));
        puppet.say(&mut world, CentralMessage::Lease(unasked(Some(n % 2 == 0))));
    }
    assert!(puppet.is_linked(&world));
    assert!(world.states(2).len() - before < 20, "{} events", world.states(2).len() - before);
    (0..40).for_each(|_| puppet.say(&mut world, CentralMessage::Lease(unasked(None))));
    turns_to_the_honest_one(world, &puppet);
}

#[test]
fn nonsense_is_forgiven_with_time() {
    let (mut world, puppet) = with_bad_directory();
    puppet.say(&mut world, nothing_known());
    let told = |serial| CentralMessage::Lease(Lease { serial, digest: tag("song 2"), files: 1, ..Lease::default() });
    for _ in 0..100 {
        puppet.say(&mut world, told(0));
        puppet.say(&mut world, told(77));
        world.run(Duration::from_secs(30));
        puppet.say(&mut world, told(0));
        world.run(Duration::from_secs(30));
    }
    assert!(puppet.is_linked(&world), "one a minute is no reason to leave");
}

#[test]
fn a_directory_that_is_always_busy_costs_a_search_its_time_only() {
    let (mut world, puppet) = with_bad_directory();
    let guid = world.search(2, "song", 7, Delivery::Direct);
    for _ in 0..100 {
        let asked = puppet.heard(&world, |message| matches!(message, CentralMessage::Lookup(_)).then_some(()));
        world.unread.clear();
        for () in asked {
            puppet.say(&mut world, CentralMessage::Found(Found { guid, nodes: Vec::new(), next: Some(0) }));
        }
        world.run(Duration::from_millis(100));
    }
    let (cost, why) = world.done(guid);
    assert_eq!((why, cost.elapsed), (DoneWhy::Deadline, Duration::from_secs(5)));
    assert!(cost.messages <= 10, "{} requests", cost.messages);
}

#[test]
fn leases_and_waits_that_nobody_can_mean_are_taken_as_the_nearest_sensible_ones() {
    for (lease_ms, wait_ms) in [(0, 0), (u32::MAX, u32::MAX), (0, u32::MAX)] {
        let (mut world, puppet) = with_bad_directory();
        puppet.say(&mut world, nothing_known());
        let told = |serial| Lease { serial, lease_ms, wait_ms, files: 1, digest: tag("song 2"), ..Lease::default() };
        puppet.say(&mut world, CentralMessage::Lease(told(0)));
        assert_eq!(world.state(2), DirectoryState::Registered);
        world.run(Duration::from_millis(10));
        world.unread.clear();
        for _ in 0..70 {
            world.run(Duration::from_secs(1));
            puppet.say(&mut world, CentralMessage::Lease(told(0)));
        }
        let renewals = puppet.heard(&world, |message| matches!(message, CentralMessage::Renew(_)).then_some(()));
        assert!(renewals.len() <= 220, "{} renewals in 70 s", renewals.len());
        assert_eq!(world.state(2), DirectoryState::Registered);
    }
}

#[test]
fn a_clock_that_jumps_costs_a_link_at_most() {
    let mut world = central(3, 1);
    world.run(Duration::from_secs(2));
    // The machine slept: hours pass at once.
    world.now = world.now + Duration::from_secs(36_000);
    world.run(Duration::from_secs(60));
    for n in 1..3 {
        assert_eq!((world.state(n), world.registered(0, n).len()), (DirectoryState::Registered, 1));
    }
    // Time that goes backwards counts as standing still.
    let now = std::mem::replace(&mut world.now, Time::from_micros(5));
    (0..3).for_each(|n| world.input(n, Input::Wake));
    world.now = now;
    world.run(Duration::from_secs(30));
    assert_eq!(world.state(1), DirectoryState::Registered);
}

#[test]
fn a_node_that_serves_no_directory_is_not_taken_for_one() {
    let mut world = World::new(2, client());
    world.start(0, Config::default());
    world.input(1, Input::Directories(vec![addr(0)]));
    world.run(Duration::from_secs(30));
    let status = world.nodes[1].client_status().unwrap();
    assert_eq!(status.state, DirectoryState::Unreachable);
    assert!(status.why.contains("serves no directory"), "{}", status.why);
}
