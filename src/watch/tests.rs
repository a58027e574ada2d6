//! A world behind its handle, without a terminal. Its clock stands but for the steps that a test takes.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, oneshot, watch};

use super::engine::{Engine, Faces};
use super::{View, start};
use crate::app::{
    Command, Handle, Look, Pace, Refusal, Reply, SearchRequest, Snapshot, Speed, Step, Strategy, TopologyKind,
    WorldCommand, WorldStatus,
};
use crate::base::Time;
use crate::proto::Guid;
use crate::sim::Kind;
use crate::sim::live::{Layout, Links, Scenario, Searches, Span, Spread, Whole, World};

const NODE: u32 = 200;
/// When the links that are laid out are up.
const FROM: Time = Time::from_micros(5_000_000);

/// Four hundred nodes with four links each, all as long, and nobody who searches but whoever watches.
fn laid_out() -> Scenario {
    let wait = Duration::from_millis(50);
    Scenario {
        nodes: Whole(400),
        graph: Some(Layout { kind: Kind::Regular, degree: Whole(4) }),
        links: Links { latency: Spread::new(wait, wait).unwrap(), ..Links::default() },
        searches: Searches { from: Span::secs(10_000), ..Searches::default() },
        ..Scenario::default()
    }
}

fn world(scenario: &Scenario, topology: TopologyKind) -> World {
    World::new(scenario, topology, 7).unwrap()
}

/// A handle on a world that stands at a time.
async fn watched(scenario: &Scenario, topology: TopologyKind, node: u32, from: Time) -> Handle {
    let view = View { node, speed: Speed::default(), paused: true, from };
    let handle = start(world(scenario, topology), scenario, 7, view).unwrap();
    let mut snapshots = handle.snapshots();
    snapshots.wait_for(|now| of(now).pace == Pace::Paused).await.unwrap();
    handle
}

fn of(snapshot: &Snapshot) -> &WorldStatus {
    snapshot.world.as_deref().unwrap()
}

fn now_us(handle: &Handle) -> u64 {
    of(&handle.snapshot()).now_us
}

async fn step(handle: &Handle, step: Step) -> Result<(), Refusal> {
    handle.steer(WorldCommand::Step(step)).await
}

async fn look(handle: &Handle, name: &str) -> Result<(), Refusal> {
    handle.steer(WorldCommand::Look(Look::Named(name.into()))).await
}

async fn search(handle: &Handle, text: &str, ttl: u8) -> Result<Guid, Refusal> {
    handle.search(SearchRequest { text: text.into(), ttl: Some(ttl), ..SearchRequest::default() }).await
}

/// Nodes by the hops that they are away, from 1.
fn layers(world: &World, from: u32) -> Vec<u32> {
    let mut known = BTreeSet::from([from]);
    let mut edge = vec![from];
    let mut layers = Vec::new();
    while !edge.is_empty() {
        let near: Vec<u32> = edge.iter().flat_map(|node| world.linked(*node)).collect();
        edge = near.into_iter().filter(|node| known.insert(*node)).collect();
        layers.push(edge.len() as u32);
    }
    layers
}

/// That world at the time at which it is looked at first.
fn same_world() -> World {
    let mut same = world(&laid_out(), TopologyKind::Flood);
    same.run(FROM, u64::MAX).unwrap();
    same
}

#[tokio::test]
async fn a_flood_comes_to_each_hop_as_the_graph_has_it() {
    let handle = watched(&laid_out(), TopologyKind::Flood, NODE, FROM).await;
    search(&handle, "f0", 5).await.unwrap();
    handle.steer(WorldCommand::Faster(100)).await.unwrap();
    step(&handle, Step::Time).await.unwrap();
    let expected: Vec<u32> = layers(&same_world(), NODE).into_iter().take(5).collect();
    let search = Arc::clone(handle.snapshot().searches.last().unwrap());
    let told: Vec<u32> = search.by_hop.iter().map(|row| row.new).collect();
    assert_eq!(told, expected);
    assert_eq!((search.row.nodes, search.lost_reports), (expected.iter().sum(), 0));
    assert!(search.traced && search.ended.is_some() && search.row.hits > 0);
}

#[tokio::test]
async fn rings_and_walks_spread_as_from_any_node_and_break_no_rule() {
    let handle = watched(&laid_out(), TopologyKind::Flood, NODE, FROM).await;
    handle.steer(WorldCommand::Faster(100)).await.unwrap();
    for strategy in [Strategy::Ring, Strategy::Walk { walkers: 4 }] {
        let request = SearchRequest { text: "f0".into(), strategy: Some(strategy), ..SearchRequest::default() };
        handle.search(request).await.unwrap();
        step(&handle, Step::Time).await.unwrap();
        let snapshot = handle.snapshot();
        let search = snapshot.searches.last().unwrap();
        assert_eq!(search.strategy, strategy);
        assert!(search.ended.is_some() && search.row.nodes > 0, "{:?}", snapshot.warnings);
    }
}

#[tokio::test]
async fn the_clock_stands_runs_and_moves_by_exactly_its_steps() {
    let handle = watched(&laid_out(), TopologyKind::Flood, NODE, FROM).await;
    assert_eq!(now_us(&handle), 5_000_000);
    step(&handle, Step::Time).await.unwrap();
    assert_eq!(now_us(&handle), 5_100_000);
    handle.steer(WorldCommand::Faster(-3)).await.unwrap();
    step(&handle, Step::Time).await.unwrap();
    assert_eq!(now_us(&handle), 5_110_000);
    handle.steer(WorldCommand::Faster(6)).await.unwrap();
    handle.steer(WorldCommand::Pause).await.unwrap();
    let mut snapshots = handle.snapshots();
    snapshots.wait_for(|now| of(now).now_us > 6_000_000).await.unwrap();
    handle.steer(WorldCommand::Pause).await.unwrap();
    let stopped = now_us(&handle);
    assert_eq!(of(&handle.snapshot()).pace, Pace::Paused);
    search(&handle, "f1", 3).await.unwrap();
    look(&handle, "3").await.unwrap();
    assert_eq!(now_us(&handle), stopped, "whatever is done meanwhile");
}

#[tokio::test]
async fn a_step_goes_to_the_next_news_or_to_the_next_hop() {
    let handle = watched(&laid_out(), TopologyKind::Flood, NODE, FROM).await;
    assert_eq!(step(&handle, Step::Hop).await.unwrap_err().code, "no_search");
    search(&handle, "f0", 4).await.unwrap();
    let seen = |handle: &Handle| {
        let snapshot = handle.snapshot();
        let search = snapshot.searches.last().unwrap();
        let farthest = search.by_hop.iter().filter(|row| row.new > 0).map(|row| row.hop).max();
        (search.hops.len() + search.hits.len(), farthest.unwrap_or(0))
    };
    assert_eq!(seen(&handle), (0, 0));
    for hop in 1..=4 {
        step(&handle, Step::Hop).await.unwrap();
        assert_eq!(seen(&handle).1, hop);
        let (before, at) = (seen(&handle).0, now_us(&handle));
        step(&handle, Step::News).await.unwrap();
        assert!(seen(&handle).0 > before && now_us(&handle) - at <= 50_000, "at hop {hop}");
    }
}

#[tokio::test]
async fn another_node_has_nothing_of_the_first_and_the_way_back_is_there() {
    let handle = watched(&laid_out(), TopologyKind::Flood, NODE, FROM).await;
    let guid = search(&handle, "f0", 5).await.unwrap();
    step(&handle, Step::Hop).await.unwrap();
    let first = handle.snapshot();
    look(&handle, "node 7").await.unwrap();
    let other = handle.snapshot();
    assert_eq!((of(&other).node, other.node.name.raw()), (7, "node 7"));
    assert_ne!(other.node.node, first.node.node);
    assert!(other.searches.is_empty() && other.queries.iter().all(|row| !row.own));
    assert!(!other.log.iter().any(|line| line.text.raw().contains(&guid.short())));
    let same = same_world();
    let mut linked: Vec<u32> = other.neighbors.iter().map(|row| World::number_of(&row.node.unwrap())).collect();
    linked.sort_unstable();
    assert_eq!(linked, same.linked(7));
    assert_eq!((other.library.files, other.node.addr), (same.files(7).count() as u64, same.addr_of(7)));
    // Its flood goes on meanwhile, and is whole when one returns.
    handle.steer(WorldCommand::Faster(100)).await.unwrap();
    step(&handle, Step::Time).await.unwrap();
    assert!(handle.snapshot().queries.iter().all(|row| row.guid != guid || !row.own));
    look(&handle, &first.node.node.to_string()).await.unwrap();
    let search = Arc::clone(handle.snapshot().searches.last().unwrap());
    let expected: u32 = layers(&same, NODE).into_iter().take(5).sum();
    assert_eq!((search.row.guid, search.row.nodes, search.lost_reports), (guid, expected, 0));
}

#[tokio::test]
async fn nodes_are_found_as_people_call_them_and_go_round() {
    let handle = watched(&laid_out(), TopologyKind::Flood, 0, FROM).await;
    let node = |handle: &Handle| of(&handle.snapshot()).node;
    handle.steer(WorldCommand::Look(Look::Previous)).await.unwrap();
    assert_eq!(node(&handle), 399);
    let id = handle.snapshot().node.node;
    handle.steer(WorldCommand::Look(Look::Next)).await.unwrap();
    assert_eq!(node(&handle), 0);
    for (name, number) in [("12", 12), ("node 13", 13), ("10.0.0.14", 14), ("10.0.0.15:6346", 15), (" #16 ", 16)] {
        look(&handle, name).await.unwrap();
        assert_eq!(node(&handle), number, "{name}");
    }
    look(&handle, &format!("{id}")[..12]).await.unwrap();
    assert_eq!(node(&handle), 399);
    for name in ["400", "-1x", "10.0.9.9", "zzzz", "", "18446744073709551616", "\u{1b}[2J"] {
        assert_eq!(look(&handle, name).await.unwrap_err().code, "no_such_node", "{name}");
    }
    assert_eq!(node(&handle), 399);
}

#[tokio::test]
async fn what_a_simulation_has_not_is_refused_and_what_a_core_does_is_done() {
    let handle = watched(&laid_out(), TopologyKind::Flood, NODE, FROM).await;
    assert_eq!(handle.get("magnet:?xt=urn:x").await.unwrap_err().code, "simulated");
    assert_eq!(handle.rescan().await.unwrap_err().code, "simulated");
    assert_eq!(handle.add_peer("192.0.2.1:6346").await.unwrap_err().code, "bad_peer");
    assert_eq!(handle.cancel_search(Guid([1; 16])).await.unwrap_err().code, "no_such_query");
    assert_eq!(search(&handle, "", 3).await.unwrap_err().code, "bad_query");
    assert_eq!(search(&handle, "f0", 9).await.unwrap_err().code, "bad_ttl");
    let guid = search(&handle, "f0", 7).await.unwrap();
    handle.cancel_search(guid).await.unwrap();
    assert!(handle.snapshot().searches.last().unwrap().ended.is_some());
    let (neighbor, links) = (handle.snapshot().neighbors[0].node.unwrap(), handle.snapshot().neighbors.len());
    handle.drop_neighbor(neighbor).await.unwrap();
    assert_eq!(handle.drop_neighbor(neighbor).await.unwrap_err().code, "no_such_neighbor");
    let linked = handle.snapshot().neighbors.iter().filter(|row| row.node.is_some()).count();
    assert_eq!(linked, links - 1);
    let page = handle.files("SIMULATED", 0, 5).await.unwrap();
    assert_eq!(page.total, handle.snapshot().library.files);
    assert_eq!(handle.files("nothing is called that", 0, 5).await.unwrap().total, 0);
    handle.shutdown().await.unwrap();
    assert_eq!(search(&handle, "f0", 3).await.unwrap_err().code, "stopped");
}

/// Asks an engine for something, and hears what it says at once.
fn asked<T>(engine: &mut Engine, ask: impl FnOnce(Reply<T>) -> Command) -> Result<T, Refusal> {
    let (snapshots, _) = watch::channel(Arc::new(engine.snapshot()));
    let faces = Faces { snapshots, events: broadcast::channel(1).0 };
    let (reply, mut told) = oneshot::channel();
    engine.command(ask(reply), &faces);
    told.try_recv().expect("it is answered at once")
}

#[tokio::test]
async fn after_a_broken_rule_every_key_says_that_the_world_stands_and_how_to_come_there_again() {
    let typed = SearchRequest { text: "f0".into(), ttl: Some(3), ..SearchRequest::default() };
    for meddles in [false, true] {
        let scenario = laid_out();
        let view = View { node: NODE, speed: Speed::default(), paused: false, from: Time::ZERO };
        let mut ahead = world(&scenario, TopologyKind::Flood);
        ahead.run(FROM, u64::MAX).unwrap();
        let mut engine = Engine::new(ahead, &scenario, 7, view);
        if meddles {
            asked(&mut engine, |reply| Command::Search(typed.clone(), reply)).unwrap();
        }
        engine.breaks("no node may be late".to_owned());
        let way = if meddles { "sim watch` with --seed 7 --topology flood" } else { "sim run` with --seed 7" };
        assert!(engine.snapshot().warnings[0].hint.contains(way), "{:?}", engine.snapshot().warnings);
        for command in [WorldCommand::Pause, WorldCommand::Step(Step::Time), WorldCommand::Step(Step::Hop)] {
            let refusal = asked(&mut engine, |reply| Command::World(command, reply)).unwrap_err();
            assert!(refusal.code == "broken" && refusal.hint.contains(way), "{refusal:?}");
        }
        let refusal = asked(&mut engine, |reply| Command::Search(typed.clone(), reply)).unwrap_err();
        assert_eq!(refusal.code, "broken", "a search would never end");
        asked(&mut engine, |reply| Command::World(WorldCommand::Look(Look::Next), reply)).unwrap();
    }
}

#[tokio::test]
async fn a_node_that_is_not_there_says_so_and_comes() {
    let scenario = Scenario { graph: None, nodes: Whole(60), ..laid_out() };
    let mut world = world(&scenario, TopologyKind::Flood);
    world.run(FROM, u64::MAX).unwrap();
    let late = (0..60).find(|node| world.core(*node).is_none()).unwrap();
    let handle = watched(&scenario, TopologyKind::Flood, late, FROM).await;
    let snapshot = handle.snapshot();
    assert!(of(&snapshot).away && snapshot.neighbors.is_empty());
    assert_eq!(snapshot.warnings[0].code, "away");
    assert_eq!(search(&handle, "f0", 3).await.unwrap_err().code, "away");
    handle.steer(WorldCommand::Faster(100)).await.unwrap();
    step(&handle, Step::Time).await.unwrap();
    let snapshot = handle.snapshot();
    assert!(!of(&snapshot).away && snapshot.warnings.is_empty() && !snapshot.neighbors.is_empty());
}

#[tokio::test]
async fn whoever_searched_last_is_seen_with_its_flood() {
    let searches = Searches { from: Span::secs(6), every: Span::secs(300), traced: true, ..Searches::default() };
    let scenario = Scenario { searches, ..laid_out() };
    let handle = watched(&scenario, TopologyKind::Flood, NODE, FROM).await;
    assert_eq!(handle.steer(WorldCommand::Look(Look::Asking)).await.unwrap_err().code, "no_search");
    // Five seconds, and then fifty.
    handle.steer(WorldCommand::Faster(5)).await.unwrap();
    step(&handle, Step::Time).await.unwrap();
    handle.steer(WorldCommand::Look(Look::Asking)).await.unwrap();
    let begun = Arc::clone(handle.snapshot().searches.last().unwrap());
    assert!(begun.row.text.raw().starts_with('f') && begun.ended.is_none());
    handle.steer(WorldCommand::Faster(3)).await.unwrap();
    step(&handle, Step::Time).await.unwrap();
    let snapshot = handle.snapshot();
    let over = snapshot.searches.iter().find(|known| known.row.guid == begun.row.guid).unwrap();
    assert_eq!(over.lost_reports, begun.lost_reports, "only what came before is missing");
    assert!(over.ended.is_some() && over.hops.len() > begun.hops.len());
}

#[tokio::test]
async fn a_node_changes_its_topology_and_the_rules_of_the_world_hold() {
    let scenario = Scenario { graph: None, nodes: Whole(60), ..laid_out() };
    for world in [TopologyKind::Flood, TopologyKind::Ultrapeer, TopologyKind::Central] {
        let handle = watched(&scenario, world, 30, Time::from_micros(30_000_000)).await;
        // Steps of twenty seconds.
        handle.steer(WorldCommand::Faster(7)).await.unwrap();
        for _ in 0..4 {
            let next = handle.snapshot().role.topology.next();
            handle.set_topology(next).await.unwrap();
            assert_eq!(handle.snapshot().role.topology, next);
            step(&handle, Step::Time).await.unwrap();
            assert_eq!(handle.snapshot().warnings.first().map(|warning| warning.message.clone()), None, "{world:?}");
        }
    }
}
