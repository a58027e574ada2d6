//! Queries, hits and reports in a flooding overlay: how far they go, what they cost, and who may lie.

use super::*;

#[test]
fn a_ttl_reaches_that_many_hops_and_no_further() {
    for delivery in [Delivery::Direct, Delivery::Reverse] {
        for ttl in 1..=7 {
            let mut world = line(10);
            let guid = world.search(0, "song", ttl, delivery);
            world.run(Duration::from_secs(10));
            let found = world.found(guid);
            let nodes: Vec<NodeId> = found.iter().map(|(node, ..)| *node).collect();
            assert_eq!(nodes, (1..=usize::from(ttl)).map(node_id).collect::<Vec<_>>());
            assert!(found.iter().enumerate().all(|(i, (_, hops, _))| usize::from(*hops) == i + 1));
            // A hit that came over the link of the node that has it was delivered direct in any case.
            assert!(found.iter().skip(1).all(|(.., via)| *via == delivery), "{found:?}");
            let (cost, why) = world.done(guid);
            assert_eq!((cost.reached, cost.messages, cost.duplicates), (u32::from(ttl), u64::from(ttl), 0));
            assert_eq!(why, DoneWhy::Complete);
        }
    }
}

#[test]
fn a_hit_that_cannot_be_delivered_direct_goes_back_hop_by_hop() {
    let mut world = line(5);
    world.direct_works = false;
    let guid = world.search(0, "song", 7, Delivery::Direct);
    world.run(Duration::from_secs(10));
    let found = world.found(guid);
    assert_eq!(found.len(), 4);
    assert!(found[1..].iter().all(|(.., via)| *via == Delivery::Reverse));
    assert_eq!(world.done(guid).0.reached, 4);
}

#[test]
fn a_search_without_neighbors_ends_at_once_and_says_why() {
    let mut world = World::new(1, only_peers());
    let guid = world.search(0, "song", 7, Delivery::Direct);
    assert_eq!(world.done(guid).1, DoneWhy::NoNeighbors);
}

#[test]
fn a_search_ends_at_its_deadline_when_a_node_keeps_silent() {
    let mut world = line(4);
    let last = world.ends[&(2, world.nodes[2].links[1].id)];
    world.ends.remove(&last);
    let link = world.nodes[2].links[1].id;
    world.ends.remove(&(2, link));
    let started = world.now;
    let guid = world.search(0, "song", 7, Delivery::Direct);
    world.run(Duration::from_secs(20));
    let (cost, why) = world.done(guid);
    assert_eq!((why, cost.elapsed), (DoneWhy::Deadline, Duration::from_secs(5)));
    assert!(cost.messages > u64::from(cost.reached) + cost.duplicates, "the copy to the silent node is missing");
    assert!(world.now > started + Duration::from_secs(5));
}

#[test]
fn copies_that_come_back_before_a_report_do_not_end_a_search() {
    // The more links a copy comes by, the sooner it is at node 2, which passes it on to the origin each time the TTL is
    // higher: as many copies come back as were sent, before node 4 has said anything.
    let edges = [(0, 1), (0, 2), (1, 2), (1, 3), (3, 2), (1, 4)];
    for traced in [false, true] {
        let mut world = world(5, &edges, only_peers());
        world.delay = Box::new(|from, to| match (from.min(to), from.max(to)) {
            (0, 2) => Duration::from_millis(100),
            (1, 2) => Duration::from_millis(50),
            (1, 4) => Duration::from_millis(1_000),
            _ => Duration::from_millis(1),
        });
        let guid = Guid([9; 16]);
        let body = Arc::new(QueryBody::new("song 4", None, Delivery::Reverse, traced));
        let spec = SearchSpec {
            guid,
            body,
            ttl: 7,
            strategy: Strategy::Flood,
            timeout: Duration::from_secs(5),
            enough: 1_000,
        };
        world.input(0, Input::Command(Command::Search(spec)));
        world.run(Duration::from_secs(10));
        assert_eq!(world.found(guid).len(), 1, "traced: {traced}");
        let why = if traced { DoneWhy::Complete } else { DoneWhy::Deadline };
        assert_eq!(world.done(guid).1, why, "untraced, nobody says that it is over");
    }
}

#[test]
fn enough_hits_end_a_search_and_late_ones_are_counted() {
    let mut world = line(6);
    let guid = Guid([9; 16]);
    let body = Arc::new(QueryBody::new("song", Some(addr(0)), Delivery::Direct, true));
    let spec = SearchSpec { guid, body, ttl: 7, strategy: Strategy::Flood, timeout: Duration::from_secs(5), enough: 2 };
    world.input(0, Input::Command(Command::Search(spec)));
    world.run(Duration::from_secs(10));
    assert_eq!((world.done(guid).1, world.found(guid).len()), (DoneWhy::Enough, 2));
    assert!(world.nodes[0].counters().unroutable > 0);
}

#[test]
fn a_hit_over_a_link_that_was_closed_meanwhile_counts() {
    let mut world = line(3);
    let guid = world.search(1, "song", 7, Delivery::Direct);
    let link = world.nodes[1].link_to(&node_id(0)).map(|index| world.nodes[1].links[index].id()).unwrap();
    world.input(1, Input::Command(Command::Disconnect(node_id(0))));
    let file = FoundFile { name: "song 0".into(), size: 1, id: file_id("song 0") };
    let body = HitBody { node: Some(node_id(0)), hops: 1, files: vec![file], ..HitBody::default() };
    let hit = HitMessage { guid, travel: Travel::way_back(), body: Arc::new(body) };
    let stale = world.nodes[1].counters().stale;
    world.input(1, Input::Message { link, message: Message::Hit(hit.clone()) });
    assert_eq!(world.found(guid), [(node_id(0), 1, Delivery::Reverse)]);
    // One for somebody else's search is as late as it ever was.
    let other = HitMessage { guid: Guid([3; 16]), ..hit };
    world.input(1, Input::Message { link, message: Message::Hit(other) });
    assert_eq!((world.nodes[1].counters().stale, world.found(guid).len()), (stale + 1, 1));
}

#[test]
fn who_answers_for_ever_is_heard_for_a_while() {
    let mut world = line(3);
    let guid = world.search(0, "nothing", 7, Delivery::Reverse);
    world.run(Duration::from_secs(1));
    let link = world.nodes[1].link_to(&node_id(2)).map(|index| world.nodes[1].links[index].id()).unwrap();
    let hit = HitMessage { guid, travel: Travel::way_back(), body: Arc::new(HitBody::default()) };
    let before = world.nodes[1].counters().hits_relayed;
    for _ in 0..60_000 {
        world.input(1, Input::Message { link, message: Message::Hit(hit.clone()) });
    }
    let relayed = world.nodes[1].counters().hits_relayed - before;
    assert!((51_990..=52_000).contains(&relayed), "{relayed}, and the reports that came before");
    assert_eq!(world.nodes[1].counters().limited, 60_000 - relayed);
}

#[test]
fn what_reports_cost_is_counted_apart_on_each_link_that_they_come_over() {
    let mut costs = Vec::new();
    for delivery in [Delivery::Direct, Delivery::Reverse] {
        let mut world = line(4);
        let guid = world.search(0, "song", 7, delivery);
        world.run(Duration::from_secs(10));
        let told = world.events.iter().filter_map(|(_, event)| match event {
            Event::Report { guid: g, bytes } if *g == guid => Some(*bytes),
            _ => None,
        });
        let (cost, _) = world.done(guid);
        assert_eq!(told.sum::<u64>(), cost.report_bytes);
        costs.push((cost.reports, cost.report_bytes / report_bytes(0), cost.bytes));
    }
    // Three nodes report once each: over a connection of their own, or over one, two and three links.
    assert_eq!(costs, [(3, 3, costs[0].2), (3, 6, costs[0].2)], "and the query costs the same both times");
}

#[test]
fn liars_are_counted_and_change_nothing() {
    let mut world = line(3);
    let guid = world.search(0, "song 2", 7, Delivery::Direct);
    let file = |name: &str| FoundFile { name: name.into(), size: 1, id: file_id(name) };
    let hit = |node: usize, name: &str| {
        let body = HitBody { node: Some(node_id(node)), files: vec![file(name)], ..HitBody::default() };
        Message::Hit(HitMessage { guid, travel: Travel::start(3, 7), body: Arc::new(body) })
    };
    let told = |hop, ttl, (leaves, filtered)| {
        let (from, action, hits, sent) = (node_id(1), Action::Forwarded, 0, 3);
        let hop = Hop { from, hop, ttl, action, hits, sent, leaves, filtered };
        let body = ReportBody { node: Some(node_id(7)), hops: vec![hop], ..ReportBody::default() };
        Message::Report(ReportMessage { guid, travel: Travel::start(3, 7), body: Arc::new(body) })
    };
    let report = |hop, ttl| told(hop, ttl, (0, 0));
    let lies = [
        (node_id(8), hit(7, "song 2")),       // brought by somebody else than it names
        (node_id(7), hit(7, "unasked for")),  // does not match
        (node_id(7), report(0, 7)),           // nobody is at hop 0
        (node_id(7), report(6, 6)),           // farther than the query may go
        (node_id(7), told(1, 6, (4, 0))),     // more copies to leaves than copies
        (node_id(7), told(1, 6, (0, 9_999))), // more leaves than a node can have
        (node_id(0), hit(0, "song 2")),       // this node's own id
    ];
    let count = lies.len() as u64;
    for (from, message) in lies {
        world.input(0, Input::Direct { from, message });
    }
    assert_eq!(world.nodes[0].counters().inconsistent, count);
    world.run(Duration::from_secs(10));
    assert_eq!(world.found(guid).len(), 1);
    assert_eq!(world.done(guid).0.reached, 2);
}

#[test]
fn a_hit_goes_to_the_link_that_lives_where_a_node_returned_with_another_key() {
    let mut world = World::new(2, only_peers());
    world.shares[1].0.push("song".into());
    let link = |world: &mut World, name: u32, id: usize| {
        let (id, listen, name) = (node_id(id), Some(addr(0)), LinkId(name));
        let (topology, role) = (TopologyKind::Flood, Role::Peer);
        let peer =
            Peer { id, name: Untrusted::default(), listen, dialled: None, local: true, topology, role, serves: false };
        world.input(1, Input::LinkUp { link: name, peer: Arc::new(peer) });
        world.now = world.now + Duration::from_secs(1);
    };
    link(&mut world, 10, 7);
    link(&mut world, 11, 0);
    let body = Arc::new(QueryBody::new("song", Some(addr(0)), Delivery::Direct, false));
    let query = QueryMessage { guid: Guid([3; 16]), travel: Travel::start(1, 7), body };
    let mut out = Vec::new();
    let mut cx =
        Context { now: world.now, config: &world.config, library: &world.shares[1], registry: None, out: &mut out };
    world.nodes[1].handle(Input::Message { link: LinkId(11), message: Message::Query(query) }, &mut cx);
    let hits = out.iter().filter_map(|output| match output {
        Output::Send { link, message: Message::Hit(_) } => Some(*link),
        _ => None,
    });
    assert_eq!(hits.collect::<Vec<_>>(), [LinkId(11)]);
}

#[test]
fn a_dense_graph_accounts_for_every_copy() {
    let edges: Vec<_> = (0..50).flat_map(|a| (0..a).map(move |b| (b, a))).collect();
    let mut world = world(50, &edges, only_peers());
    let guid = world.search(0, "song", 7, Delivery::Direct);
    world.run(Duration::from_secs(6));
    let (cost, why) = world.done(guid);
    assert_eq!((cost.reached, why), (49, DoneWhy::Complete));
    assert_eq!(cost.messages, u64::from(cost.reached) + cost.duplicates);
}

#[test]
fn a_query_that_cannot_be_read_goes_on_to_those_who_may() {
    let mut world = line(3);
    let before = world.queries_sent;
    world.search(0, "type:hologram", 7, Delivery::Direct);
    world.run(Duration::from_secs(1));
    assert_eq!((world.queries_sent - before, world.nodes[1].counters().malformed), (2, 1));
}

#[test]
fn the_slow_motion_holds_each_hop() {
    let config = Config { hop_delay: Duration::from_millis(400), ..only_peers() };
    let mut world = world(4, &[(0, 1), (1, 2), (2, 3)], config);
    let guid = world.search(0, "song", 7, Delivery::Direct);
    world.run(Duration::from_secs(10));
    let mut times: Vec<(u8, u128)> = world
        .events
        .iter()
        .filter_map(|(_, event)| match event {
            Event::Hop { guid: g, hop, at, .. } if *g == guid => Some((hop.hop, at.as_millis())),
            _ => None,
        })
        .collect();
    times.sort_unstable();
    assert!(times[0].1 < 100 && (400..500).contains(&times[1].1) && (800..900).contains(&times[2].1), "{times:?}");
    assert_eq!(world.done(guid).1, DoneWhy::Complete);
}

#[test]
fn reports_stay_at_home_when_the_origin_is_public() {
    let mut world = line(3);
    let body =
        Arc::new(QueryBody::new("song", Some(PeerAddr("198.51.100.7:1".parse().unwrap())), Delivery::Reverse, true));
    let spec = SearchSpec {
        guid: Guid([5; 16]),
        body,
        ttl: 7,
        strategy: Strategy::Flood,
        timeout: Duration::from_secs(1),
        enough: 100,
    };
    world.input(0, Input::Command(Command::Search(spec)));
    world.run(Duration::from_secs(5));
    let (cost, why) = world.done(Guid([5; 16]));
    assert_eq!((cost.reached, cost.hits, why), (0, 2, DoneWhy::Deadline));
}

#[test]
fn a_forged_origin_is_not_flooded_with_hits() {
    let mut world = line(2);
    let victim = addr(1);
    let link = world.nodes[0].links[0].id;
    world.shares[0].0 = (0..60).map(|n| format!("song {n}")).collect();
    let peer = Peer { listen: None, ..(*world.nodes[0].links[0].peer).clone() };
    world.nodes[0].links[0].peer = Arc::new(peer);
    let mut direct = 0;
    for n in 0..2_000u32 {
        let mut guid = [0; 16];
        guid[..4].copy_from_slice(&n.to_be_bytes());
        let body = Arc::new(QueryBody::new("song", Some(victim), Delivery::Direct, false));
        let query = QueryMessage { guid: Guid(guid), travel: Travel::start(7, 7), body };
        let mut out = Vec::new();
        let mut cx =
            Context { now: world.now, config: &world.config, library: &world.shares[0], registry: None, out: &mut out };
        world.nodes[0].handle(Input::Message { link, message: Message::Query(query) }, &mut cx);
        direct += out.iter().filter(|output| matches!(output, Output::Direct { .. })).count();
    }
    assert_eq!(direct, 200, "the burst for one destination, then the reverse path");
}

#[test]
fn stale_and_unknown_input_is_a_counted_no_op() {
    let mut world = line(2);
    let nowhere = LinkId(77);
    world.input(
        0,
        Input::Message { link: nowhere, message: Message::Ping(Ping { guid: Guid([0; 16]), wants_hosts: true }) },
    );
    world.input(0, Input::LinkDown { link: nowhere, why: String::new() });
    world.input(0, Input::DialFailed { addr: addr(99) });
    world.input(0, Input::Command(Command::Cancel(Guid([3; 16]))));
    world.input(0, Input::Command(Command::Disconnect(node_id(99))));
    world.input(0, Input::Wake);
    assert_eq!(world.nodes[0].counters().stale, 1);
    assert_eq!(world.nodes[0].links().len(), 1);
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let run = || {
        let config = Config { min_neighbors: 3, max_neighbors: 6, ..Config::default() };
        let mut world = World::new(15, config);
        for n in 1..15 {
            world.shares[n].0.push(format!("song {n}"));
            world.input(n, Input::Hosts { addrs: vec![addr(n / 2)], source: HostSource::Configured });
        }
        world.run(Duration::from_secs(60));
        world.search(3, "song", 7, Delivery::Direct);
        world.run(Duration::from_secs(60));
        (world.sent, format!("{:?}", world.events))
    };
    assert_eq!(run(), run());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_flood_reaches_exactly_its_ball_whatever_the_delays(
        seed: u64, count in 2usize..40, more in 0usize..60, ttl in 1u8..=7, uneven: bool
    ) {
        let mut rng = Rng::new(seed);
        let edges = random_edges(count, more, &mut rng);
        let mut world = world(count, &edges, only_peers());
        if uneven {
            let mut jitter = rng.fork();
            world.delay = Box::new(move |_, _| Duration::from_micros(jitter.range(100..100_000)));
        }
        let before = world.queries_sent;
        let guid = world.search(0, "song", ttl, Delivery::Reverse);
        world.run(Duration::from_secs(8));
        let distance = distances(count, &edges, 0);
        let ball = distance.iter().filter(|d| (1..=usize::from(ttl)).contains(*d)).count();
        let (cost, why) = world.done(guid);
        prop_assert_eq!(cost.reached as usize, ball);
        prop_assert_eq!(world.found(guid).len(), ball);
        prop_assert_eq!(cost.messages, u64::from(cost.reached) + cost.duplicates);
        prop_assert_eq!(cost.messages, world.queries_sent - before, "what the reports say is what was sent");
        prop_assert_eq!(why, DoneWhy::Complete);
    }

    #[test]
    fn with_plain_dedup_a_guid_goes_over_a_link_at_most_once_a_direction(seed: u64, count in 2usize..30, more in 0usize..60) {
        let mut rng = Rng::new(seed);
        let edges = random_edges(count, more, &mut rng);
        let mut world = world(count, &edges, Config { dedup: Dedup::First, ..only_peers() });
        let mut jitter = rng.fork();
        world.delay = Box::new(move |_, _| Duration::from_micros(jitter.range(100..100_000)));
        let before = world.queries_sent;
        world.search(0, "song", 7, Delivery::Direct);
        world.run(Duration::from_secs(8));
        prop_assert!(world.queries_sent - before <= 2 * edges.len() as u64 - (count as u64 - 1));
    }
}
