//! Floods against what is known about them: closed forms, counts that hold for any graph, and a plain search of the graph.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::base::Rng;
use crate::overlay::{Dedup, Delivery, QueryBody};

fn delay(shortest: u64, longest: u64) -> Delay {
    Delay::new(Duration::from_millis(shortest), Duration::from_millis(longest)).unwrap()
}

fn flood(origin: u32, ttl: u8) -> Flood {
    let body = Arc::new(QueryBody::new("grateful dead live", None, Delivery::Direct, false));
    Flood { origin, ttl, delay: delay(50, 50), dedup: Dedup::First, seed: 1, body }
}

fn run(graph: &Graph, flood: &Flood) -> Report {
    flood.prepare(graph).unwrap().run()
}

fn graph(kind: Kind, nodes: usize, degree: usize, seed: u64) -> Graph {
    make(kind, nodes, degree, &mut Rng::new(seed)).unwrap()
}

/// Hops from the origin to each node, by plain breadth-first search.
fn distances(graph: &Graph, origin: u32) -> Vec<Option<usize>> {
    let mut hops = vec![None; graph.nodes()];
    hops[origin as usize] = Some(0);
    let mut front = vec![origin];
    for hop in 1.. {
        let mut next = Vec::new();
        for node in front {
            for &other in graph.neighbors(node as usize) {
                if hops[other as usize].is_none() {
                    hops[other as usize] = Some(hop);
                    next.push(other);
                }
            }
        }
        if next.is_empty() {
            break;
        }
        front = next;
    }
    hops
}

/// Ritter's sum: nodes within `ttl` hops of the root of an n-regular tree.
fn ritter(n: u64, ttl: u32) -> u64 {
    (1..=ttl).map(|t| n * (n - 1).pow(t - 1)).sum()
}

#[test]
fn a_tree_is_reached_as_the_closed_form_says() {
    assert_eq!([ritter(4, 7), ritter(8, 5), ritter(8, 7)], [4_372, 22_408, 1_098_056]);
    for (n, ttl) in [(2, 8), (3, 8), (4, 1), (4, 7), (5, 5), (6, 4), (8, 5)] {
        let expected = ritter(n, u32::from(ttl));
        // A level more than the query can reach.
        let nodes = 1 + ritter(n, u32::from(ttl) + 1) as usize;
        let report = run(&graph(Kind::Tree, nodes, n as usize, 1), &flood(0, ttl));
        assert_eq!((report.reached, report.messages, report.duplicates), (expected, expected, 0), "{n} {ttl}");
        assert_eq!(report.per_hop.len(), usize::from(ttl) + 1);
        assert_eq!(report.per_hop, report.per_hop.iter().enumerate().map(level(n)).collect::<Vec<_>>());
    }
}

fn level(n: u64) -> impl Fn((usize, &u64)) -> u64 {
    move |(hop, _)| if hop == 0 { 1 } else { n * (n - 1).pow(hop as u32 - 1) }
}

#[test]
fn a_flood_that_covers_its_graph_costs_twice_the_links_less_the_nodes() {
    let square = graph(Kind::Grid, 10_000, 4, 1);
    let report = run(&square, &flood(0, 255));
    assert_eq!((report.messages, report.duplicates, report.reached), (29_601, 19_602, 9_999));
    assert_eq!(
        (report.per_hop.len(), report.per_hop[198], report.per_hop[199]),
        (200, 1, 0),
        "the last copies are late"
    );
    for (kind, degree) in [(Kind::Regular, 8), (Kind::PowerLaw, 6), (Kind::Grid, 6), (Kind::Tree, 3)] {
        let graph = graph(kind, 3_000, degree, 5);
        for delay in [delay(50, 50), delay(1, 1_000)] {
            let report = run(&graph, &Flood { delay, ..flood(17, 255) });
            let (nodes, links) = (graph.nodes() as u64, graph.links() as u64);
            assert_eq!(report.messages, 2 * links - (nodes - 1), "{kind:?}");
            assert_eq!(report.duplicates, 2 * (links + 1 - nodes), "{kind:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn with_even_delays_a_flood_is_a_breadth_first_search(
        kind in prop::sample::select(vec![Kind::Regular, Kind::Random, Kind::PowerLaw, Kind::Grid]),
        nodes in 8usize..300, half in 1usize..4, ttl in 1u8..9, seed: u64, first: bool
    ) {
        let graph = graph(kind, nodes, 2 * half, seed);
        let origin = (seed % nodes as u64) as u32;
        let dedup = if first { Dedup::First } else { Dedup::HighestTtl };
        let report = run(&graph, &Flood { dedup, seed, ..flood(origin, ttl) });
        let hops = distances(&graph, origin);
        let within = |most: usize| hops.iter().enumerate().filter_map(move |(node, hop)| hop.filter(|&hop| hop <= most).map(|hop| (node, hop)));
        let sends = |(node, hop): (usize, usize)| graph.degree(node) as u64 - u64::from(hop > 0);
        prop_assert_eq!(report.reached, within(ttl.into()).count() as u64 - 1);
        prop_assert_eq!(report.messages, within(usize::from(ttl) - 1).map(sends).sum::<u64>());
        for (hop, &count) in report.per_hop.iter().enumerate() {
            prop_assert_eq!(count, within(hop).filter(|&(_, at)| at == hop).count() as u64);
        }
        prop_assert_eq!(report.virtual_ms, 50.0 * (report.per_hop.len() - 1) as f64);
        let ball = breadth_first(&graph, origin, ttl.into());
        prop_assert_eq!(ball.messages, report.messages);
        // The copies of the last hop may reach nobody new.
        prop_assert!(report.per_hop.starts_with(&ball.per_hop));
        prop_assert!(report.per_hop[ball.per_hop.len()..].iter().all(|&nodes| nodes == 0));
    }

    #[test]
    fn whatever_the_delays_a_higher_ttl_reaches_everybody_within_it(
        nodes in 8usize..300, ttl in 1u8..7, longest in 2u64..400, seed: u64
    ) {
        let graph = graph(Kind::Random, nodes, 4, seed);
        let uneven = Flood { delay: delay(1, longest), dedup: Dedup::HighestTtl, seed, ..flood(0, ttl) };
        let hops = distances(&graph, 0);
        let ball = hops.iter().flatten().filter(|&&hop| hop <= ttl.into()).count() as u64 - 1;
        prop_assert_eq!(run(&graph, &uneven).reached, ball);
        let plain = run(&graph, &Flood { dedup: Dedup::First, ..uneven });
        prop_assert!(plain.reached <= ball && plain.messages <= 2 * graph.links() as u64);
    }
}

#[test]
fn the_same_seed_gives_the_same_events_and_another_seed_others() {
    let uneven = |seed| Flood { delay: delay(10, 100), seed, dedup: Dedup::HighestTtl, ..flood(3, 6) };
    let report = |seed| run(&graph(Kind::Regular, 2_000, 6, seed), &uneven(seed));
    let first = report(7);
    assert_eq!(first, report(7));
    assert_ne!(first.hash, report(8).hash);
    // In debug and release, on every machine.
    assert_eq!((first.messages, first.hash.as_str()), (9_861, "a891be86cf773237"));
}

#[test]
fn threads_share_the_work_and_change_nothing() {
    for (kind, dedup) in [(Kind::Regular, Dedup::HighestTtl), (Kind::PowerLaw, Dedup::First)] {
        let graph = graph(kind, 20_000, 8, 3);
        let flood = Flood { delay: delay(20, 80), dedup, ..flood(19_999, 7) };
        let alone = run(&graph, &flood);
        assert!(alone.messages > 100_000, "enough for threads in most windows: {}", alone.messages);
        for threads in [2, 3, 7] {
            assert_eq!(flood.prepare_for(&graph, threads).unwrap().run(), alone, "{threads} threads");
        }
    }
    let few = Graph::parse("0 1\n1 2\n").unwrap();
    assert_eq!(
        flood(0, 7).prepare_for(&few, MAX_THREADS).unwrap().run(),
        run(&few, &flood(0, 7)),
        "more than there are nodes"
    );
}

#[test]
fn a_random_regular_overlay_is_reached_as_measured_before() {
    // 4-regular, 10,000 nodes: the means of 500 sources, here with few and wider tolerances.
    let graph = graph(Kind::Regular, 10_000, 4, 11);
    for (ttl, reached, share) in [(7, 3_546.0, 0.130), (8, 7_313.0, 0.313)] {
        let reports: Vec<Report> = (0..8).map(|source| run(&graph, &flood(source * 1_200, ttl))).collect();
        let mean = reports.iter().map(|report| report.reached as f64).sum::<f64>() / 8.0;
        let duplicates =
            reports.iter().map(|report| report.duplicates as f64 / report.messages as f64).sum::<f64>() / 8.0;
        assert!((mean / reached - 1.0).abs() < 0.03, "TTL {ttl}: {mean}");
        assert!((duplicates - share).abs() < 0.01, "TTL {ttl}: {duplicates}");
    }
}

#[test]
fn only_the_component_of_the_origin_is_reached() {
    let graph = Graph::parse("0 1\n1 2\n5 6\n").unwrap();
    let report = run(&graph, &flood(0, 7));
    assert_eq!((report.reached, report.messages, report.per_hop), (2, 2, vec![1, 1, 1]));
}

#[test]
fn floods_that_cannot_be_are_refused() {
    let graph = Graph::parse("0 1\n").unwrap();
    assert_eq!(flood(2, 1).prepare(&graph).err(), Some(FloodError::Origin(2, 1)));
    let slow = Flood { delay: delay(1_000, 60_000), ..flood(0, 7) };
    assert_eq!(slow.prepare(&graph).err(), Some(FloodError::TooSlow(7)));
}

#[test]
fn made_graphs_are_what_they_promise() {
    let refused = |kind, nodes, degree| make(kind, nodes, degree, &mut Rng::new(1)).unwrap_err();
    assert_eq!(refused(Kind::Regular, 1, 1), MakeError::Nodes(1));
    assert_eq!(refused(Kind::Regular, 5, 3), MakeError::Odd { nodes: 5, degree: 3 });
    assert_eq!(refused(Kind::Random, 5, 5), MakeError::Degree { nodes: 5, degree: 5 });
    assert_eq!(refused(Kind::Tree, 5, 1), MakeError::Degree { nodes: 5, degree: 1 });
    assert_eq!(refused(Kind::Grid, 9, 3), MakeError::OddDegree(3));
    assert_eq!(refused(Kind::Random, MAX_NODES, 1_000), MakeError::Links { nodes: MAX_NODES, degree: 1_000 });
    for (nodes, degree) in [(2, 1), (9, 8), (10, 7), (10, 5), (9, 4), (50, 3), (1_000, 8)] {
        for seed in 0..20 {
            let graph = graph(Kind::Regular, nodes, degree, seed);
            assert!((0..nodes).all(|node| graph.degree(node) == degree), "{nodes} {degree} {seed}");
        }
    }
    let power_law = graph(Kind::PowerLaw, 5_000, 4, 3);
    let highest = (0..5_000).map(|node| power_law.degree(node)).max().unwrap();
    assert!(highest > 60 && power_law.links().abs_diff(10_000) < 10, "{highest} {}", power_law.links());
    assert_eq!(graph(Kind::Random, 5_000, 4, 3).links(), 10_000);
    for (degree, links) in [(2, 4), (4, 5), (6, 5)] {
        assert_eq!(graph(Kind::Grid, 5, degree, 1).links(), links);
    }
}
