//! Searches by a directory: pages, hops, and when one ends.

use super::*;

#[test]
fn what_is_shared_is_found_with_one_request_and_one_answer() {
    let mut world = central(10, 1);
    world.run(Duration::from_secs(2));
    for n in 1..10 {
        assert_eq!(world.state(n), DirectoryState::Registered, "{:?}", world.nodes[n].client_status());
        assert_eq!(world.nodes[n].client_status().unwrap().reachable, Some(true));
        assert_eq!(world.nodes[n].links().len(), 1, "it is linked to its directory only");
    }
    let before = world.sent;
    let guid = world.search(3, "song", 7, Delivery::Direct);
    world.run(Duration::from_millis(100));
    let (cost, why) = world.done(guid);
    assert_eq!((cost.reached, cost.messages, cost.duplicates, cost.hits), (1, 1, 0, 8));
    assert_eq!((why, world.sent - before), (DoneWhy::Complete, 2));
    assert!(cost.bytes > 0);
    assert!(world.found(guid).iter().all(|(_, hops, via)| (*hops, *via) == (1, Delivery::Directory)));
    assert_eq!(world.nodes[0].directory_status().unwrap().clients, 9);
    assert_eq!(world.nodes[0].counters().dropped(), 0);
    assert!(world.nodes.iter().all(|node| node.counters().dropped() == 0));
}

/// What was told of the hops of a search.
fn hops(world: &World, guid: Guid) -> Vec<(NodeId, Option<Role>, Hop)> {
    let told = world.events.iter().filter_map(|(_, event)| match event {
        Event::Hop { guid: g, node, role, hop, .. } if *g == guid => Some((*node, *role, *hop)),
        _ => None,
    });
    told.collect()
}

#[test]
fn a_look_up_has_one_hop_to_the_directory_as_its_answer_tells() {
    let mut world = central(4, 1);
    world.run(Duration::from_secs(2));
    let sent = |world: &World| world.sent_by.values().sum::<u64>();
    let before = sent(&world);
    let (found, missed) =
        (world.search(1, "song 2", 7, Delivery::Direct), world.search(1, "none", 7, Delivery::Direct));
    world.run(Duration::from_secs(1));
    assert_eq!(sent(&world) - before, 4, "two requests and two answers: no report travels");
    let hop =
        Hop { from: node_id(1), hop: 1, ttl: 0, action: Action::Answered, hits: 1, sent: 0, leaves: 0, filtered: 0 };
    assert_eq!(hops(&world, found), [(node_id(0), Some(Role::Directory), hop)]);
    let hop = Hop { action: Action::Expired, hits: 0, ..hop };
    assert_eq!(hops(&world, missed), [(node_id(0), Some(Role::Directory), hop)]);
    // Its own directory is no hop away, and one that says nothing told nothing.
    let own = world.search(0, "song", 7, Delivery::Direct);
    world.kill(0);
    let dead = world.search(1, "song", 7, Delivery::Direct);
    world.run(Duration::from_secs(10));
    assert_eq!([hops(&world, own), hops(&world, dead)], [[], []]);
}

#[test]
fn a_directory_looks_up_in_itself_and_answers_with_its_own_files() {
    let mut world = central(4, 1);
    world.shares[0].0 = (0..70).map(|n| format!("own song {n}")).collect();
    world.run(Duration::from_secs(2));
    assert_eq!(world.nodes[0].role(), Role::Directory);
    let guid = world.search(0, "song", 7, Delivery::Direct);
    assert_eq!(world.done(guid), (world.done(guid).0, DoneWhy::Complete));
    assert_eq!((world.found(guid).len(), world.done(guid).0.messages), (3, 0));
    let guid = world.search(1, "song", 7, Delivery::Direct);
    world.run(Duration::from_secs(1));
    let found = world.found(guid);
    let own = found.iter().filter(|(node, ..)| *node == node_id(0)).count();
    assert_eq!((own, found.len()), (64, 66), "as many as one node names, and the songs of the other two");
    assert_eq!(world.done(guid).1, DoneWhy::Complete);
}

#[test]
fn a_directory_that_searches_takes_one_page_of_its_own_at_a_time() {
    let mut world = central(3, 1);
    world.shares[1].0 = (0..500).map(|i| format!("song {i}")).collect();
    world.run(Duration::from_secs(2));
    let guids = [world.search(0, "song", 7, Delivery::Direct), world.search(0, "song", 7, Delivery::Direct)];
    let found = |world: &World| guids.map(|guid| world.found_names(guid).len());
    assert_eq!(found(&world), [MAX_HITS_A_MESSAGE; 2]);
    for _ in 0..10 {
        let before: usize = found(&world).iter().sum();
        world.now = world.now + Duration::from_millis(5);
        world.input(0, Input::Wake);
        assert!(found(&world).iter().sum::<usize>() <= before + MAX_HITS_A_MESSAGE);
        let [one, two] = found(&world);
        assert!(one.abs_diff(two) <= MAX_HITS_A_MESSAGE, "they take turns");
    }
    world.run(Duration::from_secs(1));
    assert_eq!(found(&world), [501; 2]);
    assert!(guids.iter().all(|guid| world.done(*guid).1 == DoneWhy::Complete));
}

#[test]
fn pages_have_everything_once() {
    let mut world = central(4, 1);
    for n in 1..3 {
        world.shares[n].0 = (0..250).map(|i| format!("song {n} {i}")).collect();
    }
    world.run(Duration::from_secs(2));
    let guid = world.search(3, "song", 7, Delivery::Direct);
    world.run(Duration::from_secs(1));
    let mut names = world.found_names(guid);
    assert_eq!(names.len(), 500);
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 500, "nothing twice");
    let (cost, why) = world.done(guid);
    assert_eq!((cost.messages, why), (500_u64.div_ceil(MAX_HITS_A_MESSAGE as u64), DoneWhy::Complete));
}

#[test]
fn enough_ends_a_look_up_and_cancelling_does_too() {
    let mut world = central(3, 1);
    world.shares[1].0 = (0..250).map(|i| format!("song {i}")).collect();
    world.run(Duration::from_secs(2));
    let body = Arc::new(QueryBody::new("song", None, Delivery::Direct, false));
    let spec = |guid| SearchSpec {
        guid,
        body: body.clone(),
        ttl: 7,
        strategy: Strategy::Flood,
        timeout: Duration::from_secs(5),
        enough: 40,
    };
    world.input(2, Input::Command(Command::Search(spec(Guid([1; 16])))));
    world.input(2, Input::Command(Command::Search(spec(Guid([2; 16])))));
    world.input(2, Input::Command(Command::Cancel(Guid([2; 16]))));
    world.run(Duration::from_secs(1));
    assert_eq!(world.done(Guid([1; 16])).1, DoneWhy::Enough);
    assert_eq!(world.done(Guid([1; 16])).0.messages, 2);
    assert_eq!(world.done(Guid([2; 16])).1, DoneWhy::Cancelled);
    assert_eq!(world.nodes[2].counters().unroutable, 1, "the answer that nobody waits for");
}

#[test]
fn a_flood_finds_exactly_what_a_directory_finds() {
    let texts = ["song", "song -1", "\"song 3\"", "so*", "ext:mp3", "nothing"];
    let names = |n: usize| vec![format!("song {n}"), format!("song {}.mp3", n % 3), "jazz".to_owned()];
    let search_all = |world: &mut World, n: usize| -> Vec<Vec<(NodeId, u64)>> {
        let mut all = Vec::new();
        for text in texts {
            let guid = world.search(n, text, 7, Delivery::Direct);
            world.run(Duration::from_secs(8));
            let mut found: Vec<_> = world
                .events
                .iter()
                .flat_map(|(_, event)| match event {
                    Event::Hit { guid: g, node, files, .. } if *g == guid => {
                        files.iter().map(|file| (*node, tag(file.name.raw()))).collect()
                    }
                    _ => Vec::new(),
                })
                .collect();
            found.sort_unstable();
            all.push(found);
        }
        all
    };
    let count = 12;
    let mut flood = world(count, &random_edges(count, 8, &mut Rng::new(3)), only_peers());
    (0..count).for_each(|n| flood.shares[n].0 = names(n));
    let mut world = central(count, 1);
    (0..count).for_each(|n| world.shares[n].0 = names(n));
    world.run(Duration::from_secs(2));
    assert_eq!(search_all(&mut world, 4), search_all(&mut flood, 4));
}
