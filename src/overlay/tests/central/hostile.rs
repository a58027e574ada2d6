//! Clients that break the rules, by mistake or on purpose: a counted drop, a closed link with a reason, and nobody else
//! notices.

use super::*;

/// A directory, two honest clients of it, and a puppet that is a client too.
fn with_bad_client() -> (World, Puppet) {
    let mut world = central(4, 1);
    world.kill(3);
    world.run(Duration::from_secs(2));
    let puppet = Puppet::new(&mut world, 3, 0);
    (world, puppet)
}

fn files(range: std::ops::Range<usize>) -> Vec<FoundFile> {
    let name = |n: usize| format!("junk {n}");
    range.map(|n| FoundFile { name: name(n).into(), size: 1, id: file_id(&name(n)) }).collect()
}

fn change(serial: u32, add: Vec<FoundFile>) -> CentralMessage {
    CentralMessage::Change(Change { serial, add, remove: Vec::new() })
}

fn register(addr: Option<PeerAddr>) -> CentralMessage {
    CentralMessage::Register(Register { addr, digests: vec![0; REGISTER_BUCKETS] })
}

fn lookup() -> CentralMessage {
    let body = Arc::new(QueryBody::new("song", None, Delivery::Direct, false));
    CentralMessage::Lookup(Lookup { guid: Guid([1; 16]), body, after: 0 })
}

fn leases(world: &World, puppet: &Puppet) -> Vec<Lease> {
    puppet.heard(world, |message| match message {
        CentralMessage::Lease(lease) => Some(lease.clone()),
        _ => None,
    })
}

fn the_others_notice_nothing(world: &mut World) {
    assert_eq!(world.state(1), DirectoryState::Registered);
    let guid = world.search(1, "song 2", 7, Delivery::Direct);
    world.run(Duration::from_millis(10));
    assert_eq!((world.done(guid).1, world.found(guid).len()), (DoneWhy::Complete, 1));
}

#[test]
fn a_million_files_of_one_node_are_refused_beyond_its_share() {
    let (mut world, puppet) = with_bad_client();
    puppet.say(&mut world, register(None));
    for n in 0..MAX_FILES_A_NODE / MAX_FILES_A_CHANGE + 20 {
        let range = n * MAX_FILES_A_CHANGE..(n + 1) * MAX_FILES_A_CHANGE;
        puppet.say(&mut world, change(n as u32 + 1, files(range)));
        world.run(Duration::from_millis(80));
        let told = world.unread.len();
        world.unread.drain(..told - 1);
    }
    assert!(puppet.is_linked(&world), "it keeps to the pace");
    assert_eq!(world.registered(0, 3).len(), MAX_FILES_A_NODE);
    assert_eq!(leases(&world, &puppet)[0].refused as usize, MAX_FILES_A_CHANGE);
    assert!(world.nodes[0].directory_status().unwrap().refused > 0);
    the_others_notice_nothing(&mut world);
}

#[test]
fn a_client_that_is_challenged_as_its_lease_ends_is_forgotten_in_the_future() {
    let (mut world, first) = with_bad_client();
    first.say(&mut world, register(None));
    world.run(Duration::from_secs(58));
    Puppet::new(&mut world, 3, 0);
    for _ in 0..50 {
        world.run(Duration::from_millis(100));
        assert!(world.nodes[0].next_wake() > world.now);
    }
    assert!(!first.is_linked(&world) && world.registered(0, 3).is_empty());
    the_others_notice_nothing(&mut world);
}

#[test]
fn endless_changes_are_answered_with_a_wait_then_refused_then_end_the_link() {
    let (mut world, puppet) = with_bad_client();
    puppet.say(&mut world, register(None));
    (1..2_000).for_each(|serial| puppet.say(&mut world, change(serial, files(0..MAX_FILES_A_CHANGE))));
    let goodbye = puppet.goodbye(&mut world).expect("it is sent away");
    assert_eq!(goodbye, (ByeReason::Protocol, "it sends far more than a directory takes".to_owned()));
    assert!(!puppet.is_linked(&world) && world.registered(0, 3).is_empty());
    let leases = leases(&world, &puppet);
    assert!(leases.iter().any(|lease| lease.wait_ms > 0 && lease.refused == 0), "it was told to wait first");
    assert!(leases.iter().all(|lease| lease.wait_ms < 10_000), "no wait is for ever");
    assert!(world.nodes[0].counters().limited > 0);
    the_others_notice_nothing(&mut world);
}

#[test]
fn what_has_no_place_ends_the_link_with_a_reason() {
    let lies: [(bool, CentralMessage); 9] = [
        (false, change(1, files(0..1))),
        (false, CentralMessage::Renew(Renew { digest: 0 })),
        (false, lookup()),
        (true, change(2, files(0..1))),
        (true, change(0, files(0..1))),
        (true, change(u32::MAX, files(0..1))),
        (true, CentralMessage::Known(Known { buckets: Vec::new(), last: true })),
        (true, CentralMessage::Lease(Lease::default())),
        (true, CentralMessage::Found(Found { guid: Guid([1; 16]), nodes: Vec::new(), next: None })),
    ];
    for (registered, lie) in lies {
        let (mut world, puppet) = with_bad_client();
        if registered {
            puppet.say(&mut world, register(None));
        }
        puppet.say(&mut world, lie.clone());
        assert_eq!(world.nodes[0].counters().misplaced, 1, "{lie:?}");
        assert_eq!(puppet.goodbye(&mut world).expect("it is sent away").0, ByeReason::Protocol, "{lie:?}");
        assert!(world.registered(0, 3).is_empty() && !puppet.is_linked(&world));
        the_others_notice_nothing(&mut world);
    }
}

#[test]
fn a_client_that_relays_is_counted_and_then_sent_away() {
    let (mut world, puppet) = with_bad_client();
    puppet.say(&mut world, register(None));
    let body = Arc::new(QueryBody::new("song", None, Delivery::Reverse, false));
    for n in 0..100 {
        let query = QueryMessage { guid: Guid([n; 16]), travel: Travel::start(7, 7), body: body.clone() };
        puppet.say_plain(&mut world, Message::Query(query));
    }
    assert_eq!(puppet.goodbye(&mut world).map(|(reason, _)| reason), Some(ByeReason::Protocol));
    assert!(world.nodes[0].counters().misplaced > 50);
    the_others_notice_nothing(&mut world);
}

#[test]
fn who_never_registers_is_sent_away() {
    let (mut world, puppet) = with_bad_client();
    for _ in 0..40 {
        let ping = Ping { guid: Guid([1; 16]), wants_hosts: false };
        puppet.say_plain(&mut world, Message::Ping(ping));
        world.run(Duration::from_secs(1));
    }
    assert_eq!(puppet.goodbye(&mut world), Some((ByeReason::Silent, "it did not register".to_owned())));
}

#[test]
fn somebody_elses_address_is_never_handed_out() {
    let (mut world, puppet) = with_bad_client();
    world.hidden.insert(3);
    puppet.say(&mut world, register(Some(PeerAddr("203.0.113.5:6346".parse().unwrap()))));
    assert_eq!(world.nodes[0].counters().inconsistent, 1, "another host than the one it is seen at");
    // The port of another node on its own host: somebody answers there, but not this one.
    let link = LinkId(900);
    let peer = (*world.nodes[1].links()[0].peer).clone();
    let peer =
        Peer { listen: Some(addr(1)), dialled: None, id: node_id(77), role: Role::Client, serves: false, ..peer };
    world.input(0, Input::LinkUp { link, peer: Arc::new(peer) });
    let claim = Message::Central(Box::new(register(Some(addr(1)))));
    world.input(0, Input::Message { link, message: claim });
    world.run(Duration::from_secs(1));
    let known = world.registries[&0].each().filter(|(node, ..)| [node_id(3), node_id(77)].contains(node));
    assert!(known.map(|(_, addr, _)| addr).eq([None, None]));
    assert_eq!(leases(&world, &puppet).last().unwrap().reachable, Some(false));
}

#[test]
fn an_address_is_not_kept_when_the_node_comes_back_from_another() {
    let mut world = central(3, 1);
    world.run(Duration::from_secs(2));
    let before = world.nodes[2].links()[0].peer.clone();
    world.kill(2);
    world.run(Duration::from_secs(1));
    let addr_of = |world: &World| world.registries[&0].each().find(|(node, ..)| *node == node_id(2)).unwrap().1;
    assert_eq!(addr_of(&world), Some(addr(2)), "it may be back");
    let link = LinkId(900);
    let back = Peer {
        listen: Some(addr(40)),
        dialled: None,
        id: node_id(2),
        role: Role::Client,
        serves: false,
        ..(*before).clone()
    };
    world.input(0, Input::LinkUp { link, peer: Arc::new(back) });
    world.input(0, Input::Message { link, message: Message::Central(Box::new(register(None))) });
    assert_eq!((addr_of(&world), world.registered(0, 2).len()), (None, 1));
}

#[test]
fn looks_at_addresses_are_made_at_a_bounded_rate_and_none_is_forgotten() {
    let mut world = World::new(800, client());
    world.start(0, directory());
    (1..800).for_each(|n| world.input(n, Input::Directories(vec![addr(0)])));
    world.run(Duration::from_secs(1));
    let reached = |world: &World| world.registries[&0].each().filter(|(_, addr, _)| addr.is_some()).count();
    assert!((500..=610).contains(&reached(&world)), "{} looked at in a second", reached(&world));
    world.run(Duration::from_secs(10));
    assert_eq!(reached(&world), 799);
}

#[test]
fn looks_that_take_long_do_not_pile_up_and_none_is_forgotten() {
    let count = 300;
    let mut world = World::new(count, client());
    world.start(0, directory());
    world.check_takes = Duration::from_secs(5);
    (1..count).for_each(|n| world.input(n, Input::Directories(vec![addr(0)])));
    let mut most = 0;
    for _ in 0..300 {
        world.run(Duration::from_millis(100));
        let under_way = world.on_the_way.values().filter(|(_, input)| matches!(input, Input::Checked { .. })).count();
        most = most.max(under_way);
    }
    assert_eq!(most, 64);
    assert!(world.registries[&0].each().all(|(_, addr, _)| addr.is_some()), "each was looked for");
}

#[test]
fn who_is_not_reached_is_looked_for_less_and_less() {
    let mut world = central(2, 1);
    world.hidden.insert(1);
    let looks = |world: &mut World, span: u64| {
        let before = world.checks;
        world.run(Duration::from_secs(span));
        world.checks - before
    };
    assert_eq!(looks(&mut world, 60), 1);
    // After 5, 10, 20, 40 minutes, and from then on once an hour.
    assert_eq!(looks(&mut world, 80 * 60), 4);
    assert_eq!(looks(&mut world, 5 * 3_600), 5);
}

#[test]
fn of_two_nodes_with_one_key_the_first_stays_and_the_second_is_told() {
    let mut world = central(4, 1);
    world.kill(3);
    world.run(Duration::from_secs(2));
    world.nodes[3].id = node_id(1);
    world.start(3, client());
    world.input(3, Input::Directories(vec![addr(0)]));
    let before = world.states(1).len();
    world.run(Duration::from_secs(120));
    assert_eq!((world.state(1), world.states(1).len()), (DirectoryState::Registered, before), "it stays as it was");
    let status = world.nodes[3].client_status().unwrap();
    assert_eq!(status.state, DirectoryState::Unreachable);
    assert!(status.why.contains("this very key"), "{}", status.why);
    // Once the first is gone, also without a word, the second gets in.
    world.kill(1);
    world.run(Duration::from_secs(40));
    assert_eq!(world.state(3), DirectoryState::Registered);
}

#[test]
fn a_client_that_died_unnoticed_gets_in_again_within_seconds() {
    let mut world = central(2, 1);
    world.run(Duration::from_secs(2));
    world.ends.clear();
    world.start(1, client());
    world.input(1, Input::Directories(vec![addr(0)]));
    world.run(Duration::from_secs(6));
    assert_eq!(world.state(1), DirectoryState::Registered);
}

#[test]
fn too_many_look_ups_are_put_off_and_then_dropped() {
    let (mut world, puppet) = with_bad_client();
    puppet.say(&mut world, register(None));
    (0..400).for_each(|_| puppet.say(&mut world, lookup()));
    world.run(Duration::from_millis(10));
    let found = puppet.heard(&world, |message| match message {
        CentralMessage::Found(found) => Some((found.nodes.len(), found.next)),
        _ => None,
    });
    let count = |wanted| found.iter().filter(|page| **page == wanted).count();
    assert_eq!((count((2, None)), count((0, Some(0)))), (50, 350), "the answer, then: come again");
    (0..400).for_each(|_| puppet.say(&mut world, lookup()));
    assert_eq!(puppet.goodbye(&mut world).map(|(reason, _)| reason), Some(ByeReason::Protocol));
    the_others_notice_nothing(&mut world);
}

#[test]
fn who_links_again_does_not_begin_anew() {
    let (mut world, puppet) = with_bad_client();
    puppet.say(&mut world, register(None));
    (0..50).for_each(|_| puppet.say(&mut world, lookup()));
    let limited = world.nodes[0].counters().limited;
    let bye = Message::Bye(Bye { reason: ByeReason::Shutdown, text: "".into(), hosts: Vec::new() });
    puppet.say_plain(&mut world, bye);
    assert!(world.registered(0, 3).is_empty() && !puppet.is_linked(&world));
    let puppet = Puppet::new(&mut world, 3, 0);
    puppet.say(&mut world, register(None));
    (0..50).for_each(|_| puppet.say(&mut world, lookup()));
    assert!(world.nodes[0].counters().limited - limited > 45, "its look-ups are used up");
    // Strikes count on, too: two links have no more of them than one.
    let misplaced = Message::Reach(Reach { guid: Guid([1; 16]), reached: Some(true) });
    (0..40).for_each(|_| puppet.say_plain(&mut world, misplaced.clone()));
    assert!(puppet.is_linked(&world));
    puppet.say(&mut world, CentralMessage::Lease(Lease::default()));
    let puppet = Puppet::new(&mut world, 3, 0);
    (0..40).for_each(|_| puppet.say_plain(&mut world, misplaced.clone()));
    assert!(!puppet.is_linked(&world), "its strikes are used up");
    // All is paid in the end, and then nothing is kept of it.
    world.run(Duration::from_secs(70 * 60));
    assert_eq!(world.nodes[0].directory.as_ref().unwrap().members_kept(), 2);
    let puppet = Puppet::new(&mut world, 3, 0);
    (0..40).for_each(|_| puppet.say_plain(&mut world, misplaced.clone()));
    assert!(puppet.is_linked(&world));
}

#[test]
fn a_directory_with_room_for_few_takes_few_and_says_so() {
    let mut world = World::new(4, client());
    world.start(0, Config { max_clients: 2, ..directory() });
    (1..4).for_each(|n| world.input(n, Input::Directories(vec![addr(0)])));
    world.run(Duration::from_secs(2));
    let (inside, outside): (Vec<_>, Vec<_>) = (1..4).partition(|n| world.state(*n) == DirectoryState::Registered);
    assert_eq!((inside.len(), outside.len()), (2, 1));
    let status = world.nodes[outside[0]].client_status().unwrap();
    assert!(status.why.contains("no room"), "{}", status.why);
}

#[test]
fn a_message_for_a_directory_on_the_link_of_two_neighbors_ends_it() {
    let mut world = line(2);
    let link = world.nodes[0].links()[0].id();
    let message = Message::Central(Box::new(CentralMessage::Renew(Renew { digest: 0 })));
    world.input(0, Input::Message { link, message });
    assert_eq!((world.nodes[0].counters().misplaced, world.nodes[0].links().len()), (1, 0));
}
