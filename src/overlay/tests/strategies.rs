//! What rings and walkers do that a flood does not: rounds that end, ways that are drawn, and what each costs.

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const ONE: Strategy = Strategy::Walk { walkers: 1 };

impl World {
    /// The TTLs of a ring's rounds after the first.
    fn rounds(&self, guid: Guid) -> Vec<u8> {
        let round = |event: &Event| match event {
            Event::Round { guid: g, ttl, .. } if *g == guid => Some(*ttl),
            _ => None,
        };
        self.events.iter().filter_map(|(_, event)| round(event)).collect()
    }

    /// What each node told of each copy of an own query: who, and what.
    fn told(&self, guid: Guid) -> Vec<(NodeId, Hop)> {
        let hop = |event: &Event| match event {
            Event::Hop { guid: g, node, hop, .. } if *g == guid => Some((*node, *hop)),
            _ => None,
        };
        self.events.iter().filter_map(|(_, event)| hop(event)).collect()
    }

    /// The nodes that the one walker of a search came to, step by step.
    fn path(&self, guid: Guid) -> Vec<NodeId> {
        let mut steps = self.told(guid);
        steps.sort_by_key(|(_, hop)| hop.hop);
        assert!(steps.iter().zip(1..).all(|((_, hop), step)| hop.hop == step), "a step at each hop: {steps:?}");
        let from_the_last = steps.windows(2).all(|pair| pair[1].1.from == pair[0].0);
        assert!(from_the_last, "each from where the one before led: {steps:?}");
        steps.into_iter().map(|(node, _)| node).collect()
    }
}

fn costs(world: &World, guid: Guid) -> (u32, u64, u64, DoneWhy) {
    let (cost, why) = world.done(guid);
    assert_eq!(cost.messages, u64::from(cost.reached) + cost.duplicates);
    (cost.reached, cost.messages, cost.duplicates, why)
}

#[test]
fn a_ring_ends_with_the_round_that_found_enough() {
    // On a line a round of TTL n takes n copies, and all but those to new nodes are duplicates.
    let of = |file: usize| {
        let mut world = line(10);
        world.ring_enough = 1;
        let sent = world.queries_sent;
        let guid = world.search_by(Strategy::Ring, 0, &format!("\"song {file}\""), 7, Delivery::Direct, true);
        world.run(10 * SECOND);
        let costs = costs(&world, guid);
        assert_eq!(costs.1, world.queries_sent - sent, "what it says it cost is what was sent");
        (world.rounds(guid), world.found(guid).len(), costs)
    };
    assert_eq!(of(1), (vec![], 1, (1, 1, 0, DoneWhy::Enough)));
    assert_eq!(of(2), (vec![2], 1, (2, 3, 1, DoneWhy::Enough)));
    assert_eq!(of(3), (vec![2, 4], 1, (4, 7, 3, DoneWhy::Enough)));
    assert_eq!(of(6), (vec![2, 4, 7], 1, (7, 14, 7, DoneWhy::Enough)));
    assert_eq!(of(9), (vec![2, 4, 7], 0, (7, 14, 7, DoneWhy::Complete)), "beyond the horizon");
}

#[test]
fn a_ring_has_no_round_beyond_the_highest_ttl() {
    let config = Config { max_ttl: 2, ..only_peers() };
    let mut world = world(6, &[(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)], config);
    let guid = world.search_by(Strategy::Ring, 0, "nothing", 7, Delivery::Direct, true);
    world.run(10 * SECOND);
    assert_eq!((world.rounds(guid), costs(&world, guid)), (vec![2], (2, 3, 1, DoneWhy::Complete)));
}

#[test]
fn a_round_brings_all_of_its_hits() {
    let mut world = line(6);
    world.ring_enough = 3;
    let guid = world.search_by(Strategy::Ring, 0, "song", 7, Delivery::Reverse, true);
    world.run(10 * SECOND);
    // The round of TTL 2 found two, and that of TTL 4 two more.
    let nodes: Vec<NodeId> = world.found(guid).into_iter().map(|(node, ..)| node).collect();
    assert_eq!((world.rounds(guid), nodes), (vec![2, 4], (1..=4).map(node_id).collect()));
    assert_eq!(world.done(guid).1, DoneWhy::Enough);
}

#[test]
fn a_ring_that_nobody_reports_on_goes_on_by_the_clock() {
    let mut world = line(6);
    world.ring_enough = 1;
    let started = world.now;
    let guid = world.search_by(Strategy::Ring, 0, "\"song 3\"", 7, Delivery::Direct, false);
    world.run(10 * SECOND);
    assert_eq!((world.rounds(guid), world.found(guid).len()), (vec![2, 4], 1));
    let (cost, why) = world.done(guid);
    assert_eq!(why, DoneWhy::Enough);
    let waits = Strategy::Ring.takes_longer(4, Duration::ZERO);
    assert_eq!(cost.elapsed, waits, "a wait for each of the three rounds");
    assert!(world.now > started + waits);
}

#[test]
fn a_ring_waits_longer_where_queries_are_held() {
    let config = Config { hop_delay: Duration::from_millis(100), ..only_peers() };
    let mut world = world(5, &[(0, 1), (1, 2), (2, 3), (3, 4)], config);
    world.ring_enough = 1;
    let guid = world.search_by(Strategy::Ring, 0, "\"song 4\"", 4, Delivery::Direct, true);
    world.run(10 * SECOND);
    assert_eq!((world.rounds(guid), world.found(guid).len()), (vec![2, 4], 1));
    assert_eq!(costs(&world, guid), (4, 7, 3, DoneWhy::Enough));
}

#[test]
fn a_walker_goes_where_links_lead_and_never_back_over_the_one_it_came_on() {
    for seed in 0..40 {
        let mut rng = Rng::new(seed);
        let edges = random_edges(12, 14, &mut rng);
        let mut world = world(12, &edges, only_peers());
        let guid = world.search_by(ONE, 0, "nothing", 30, Delivery::Direct, true);
        world.run(10 * SECOND);
        let path: Vec<usize> = [node_id(0)].into_iter().chain(world.path(guid)).map(number).collect();
        let linked = |a: usize, b: usize| edges.contains(&(a, b)) || edges.contains(&(b, a));
        assert!(path.windows(2).all(|step| linked(step[0], step[1])), "{path:?}");
        assert!(path.windows(3).all(|steps| steps[0] != steps[2]), "it never turns back: {path:?}");
        let (_, messages, _, why) = costs(&world, guid);
        assert_eq!((messages as usize, why), (path.len() - 1, DoneWhy::Complete));
        let last = *path.last().unwrap();
        let ways = (0..12).filter(|other| linked(last, *other)).count();
        assert!(messages == 30 || ways == 1, "it ends early only in a dead end: {path:?}");
    }
}

/// What number a node of these tests has.
fn number(id: NodeId) -> usize {
    (0..1_000).find(|n| node_id(*n) == id).expect("one of them")
}

#[test]
fn walkers_cost_a_message_a_step_and_are_all_accounted_for() {
    for seed in 0..30 {
        let mut rng = Rng::new(seed);
        let mut world = world(20, &random_edges(20, 20, &mut rng), only_peers());
        let sent = world.queries_sent;
        let (walkers, ttl) = (1 + (seed % 16) as u8, 1 + (seed % 25) as u8);
        let guid = world.search_by(Strategy::Walk { walkers }, 0, "nothing", ttl, Delivery::Direct, true);
        world.run(10 * SECOND);
        let (_, messages, _, why) = costs(&world, guid);
        assert_eq!((messages, why), (world.queries_sent - sent, DoneWhy::Complete));
        assert!(messages <= u64::from(walkers) * u64::from(ttl));
        let begun = world.told(guid).into_iter().filter(|(_, hop)| hop.hop == 1 && hop.from == node_id(0)).count();
        assert_eq!(begun, usize::from(walkers), "as many as were asked for, whatever the number of neighbors");
    }
}

#[test]
fn a_walker_ends_where_it_finds_something_and_goes_on_where_it_was_before() {
    // A triangle: the walker goes round and round, through the origin as well.
    let triangle = [(0, 1), (1, 2), (2, 0)];
    let mut world = world(3, &triangle, only_peers());
    let guid = world.search_by(ONE, 0, "nothing", 9, Delivery::Direct, true);
    world.run(10 * SECOND);
    assert_eq!(costs(&world, guid), (2, 9, 7, DoneWhy::Complete));
    let found = world.search_by(ONE, 0, "song", 9, Delivery::Direct, true);
    world.run(10 * SECOND);
    assert_eq!((world.found(found).len(), costs(&world, found)), (1, (1, 1, 0, DoneWhy::Complete)));
}

#[test]
fn a_walk_that_is_over_ends_its_walkers_at_home() {
    let mut world = world(3, &[(0, 1), (1, 2), (2, 0)], only_peers());
    let sent = world.queries_sent;
    let guid = world.search_by(ONE, 0, "nothing", 128, Delivery::Direct, true);
    world.run(Duration::from_millis(7));
    world.input(0, Input::Command(Command::Cancel(guid)));
    world.run(10 * SECOND);
    assert!(world.queries_sent - sent <= 10, "it came home within three steps and went no further");
}

#[test]
fn hits_of_a_walk_come_back_however_long_its_way_was() {
    let mut world = line(60);
    world.direct_works = false;
    let guid = world.search_by(ONE, 0, "\"song 50\"", 128, Delivery::Direct, true);
    world.run(10 * SECOND);
    assert_eq!(world.found(guid), [(node_id(50), 50, Delivery::Reverse)]);
    assert_eq!(costs(&world, guid), (50, 50, 0, DoneWhy::Complete));
}

#[test]
fn the_slow_motion_holds_each_step() {
    let config = Config { hop_delay: Duration::from_millis(400), ..only_peers() };
    let mut world = world(4, &[(0, 1), (1, 2), (2, 3)], config);
    let guid = world.search_by(ONE, 0, "nothing", 128, Delivery::Direct, true);
    world.run(10 * SECOND);
    let (cost, why) = world.done(guid);
    assert_eq!((cost.reached, why), (3, DoneWhy::Complete));
    assert!((800..1_000).contains(&cost.elapsed.as_millis()), "{:?}", cost.elapsed);
}

#[test]
fn a_forged_ttl_is_clamped_by_the_limit_of_its_kind() {
    for (walk, most) in [(false, 7), (true, limits::MAX_WALK_TTL)] {
        let mut world = line(3);
        let body = QueryBody::new("nothing", Some(addr(0)), Delivery::Direct, false);
        let body = Arc::new(if walk { body.for_walkers() } else { body });
        let link = world.nodes[1].links[0].id;
        for (hops, onward) in [(0, Some(most - 1)), (most - 2, Some(1)), (most - 1, None), (most, None), (255, None)] {
            let guid = Guid([hops ^ most; 16]);
            let query = QueryMessage { guid, travel: Travel::from_wire(255, hops), body: Arc::clone(&body) };
            let mut out = Vec::new();
            let (now, config) = (world.now, world.config.clone());
            let mut cx = Context { now, config: &config, library: &Names::default(), registry: None, out: &mut out };
            world.nodes[1].handle(Input::Message { link, message: Message::Query(query) }, &mut cx);
            let sent = out.iter().find_map(|output| match output {
                Output::Relay(relay) => Some(relay.query.travel),
                Output::Send { message: Message::Query(query), .. } => Some(query.travel),
                _ => None,
            });
            assert_eq!(sent.map(Travel::ttl), onward, "walk {walk}, {hops} hops");
        }
    }
}

proptest! {
    #[test]
    fn a_ring_finds_what_a_flood_finds_each_once(seed: u64, ttl in 1u8..8, slow in 1u64..40) {
        let mut rng = Rng::new(seed);
        let edges = random_edges(25, 20, &mut rng);
        let run = |strategy| {
            let mut world = world(25, &edges, only_peers());
            let mut rng = Rng::new(seed);
            world.delay = Box::new(move |_, _| Duration::from_millis(1 + rng.below(slow as usize) as u64));
            let guid = world.search_by(strategy, 0, "song", ttl, Delivery::Direct, true);
            world.run(20 * SECOND);
            let (reached, messages, duplicates, why) = costs(&world, guid);
            let found: Vec<NodeId> = world.found(guid).into_iter().map(|(node, ..)| node).collect();
            (found, reached, messages - duplicates, why)
        };
        prop_assert_eq!(run(Strategy::Ring), run(Strategy::Flood));
    }
}
