//! The world as its users see it.

use std::time::Duration;

use super::births::Going;
use super::watch::Cue;
use super::*;
use crate::base::Time;
use crate::overlay::{Input, Role, Strategy, TopologyKind};
use crate::sim::make::Kind;

/// Runs a scenario to its end.
fn run(scenario: &Scenario, seed: u64) -> World {
    let mut world = World::new(scenario, TopologyKind::Flood, seed).unwrap();
    match world.run(Time::ZERO + scenario.duration.0, u64::MAX) {
        Ok(finished) => assert!(finished),
        Err(violation) => panic!("seed {seed}: {violation}"),
    }
    world
}

/// Sixty nodes that come and go over links that do everything wrong.
fn rough() -> Scenario {
    let law = |median| Law { law: LawKind::Weibull, median: Span::secs(median), shape: Real(0.5) };
    let share = Fraction::new(0.3);
    let fault = |kind, at, lasts| Fault { kind, at: Span::secs(at), lasts: Span::secs(lasts), share, one_way: false };
    Scenario {
        nodes: Whole(60),
        duration: Span::secs(120),
        links: Links {
            jitter: Span::millis(5),
            capacity: Whole(20_000),
            loss: Fraction::new(0.000_5),
            drop: Fraction::new(0.01),
            duplicate: Fraction::new(0.01),
            reorder: Fraction::new(0.01),
            stray: Fraction::new(0.01),
            ..Links::default()
        },
        churn: Some(Churn {
            session: law(60),
            absence: law(20),
            share: Fraction::new(0.7),
            crash: Fraction::new(0.3),
            vanish: Fraction::new(0.2),
            disk: Fraction::new(0.8),
        }),
        crowds: vec![Crowd { at: Span::secs(50), nodes: Whole(20), over: Span::secs(1) }],
        faults: vec![
            fault(FaultKind::Partition, 30, 20),
            fault(FaultKind::Clog, 40, 5),
            fault(FaultKind::Crash, 60, 10),
            fault(FaultKind::Wipe, 70, 10),
            fault(FaultKind::Vanish, 75, 3),
            fault(FaultKind::Break, 80, 0),
            Fault { one_way: true, ..fault(FaultKind::Partition, 85, 10) },
        ],
        searches: Searches { every: Span::secs(20), traced: true, ..Searches::default() },
        ..Scenario::default()
    }
}

#[test]
fn the_same_seed_gives_the_same_run_and_another_seed_another() {
    let first = run(&rough(), 7).outcome();
    assert_eq!(first, run(&rough(), 7).outcome());
    assert_ne!(first.hash, run(&rough(), 8).outcome().hash);
    let Lives { left, crashed, vanished, .. } = first.lives;
    assert!(left > 0 && crashed > 0 && vanished > 0 && first.events > 10_000, "{first:?}");
}

/// A few nodes that find each other and keep quiet.
pub(super) fn calm(nodes: usize) -> Scenario {
    Scenario {
        nodes: Whole(nodes),
        join: Join { over: Span::secs(1), ..Join::default() },
        searches: Searches { from: Span::secs(100_000), ..Searches::default() },
        ..Scenario::default()
    }
}

pub(super) fn begun(scenario: &Scenario) -> World {
    begun_in(scenario, TopologyKind::Flood)
}

pub(super) fn begun_in(scenario: &Scenario, topology: TopologyKind) -> World {
    let mut world = World::new(scenario, topology, 3).unwrap();
    pass(&mut world, 30);
    world
}

pub(super) fn pass(world: &mut World, secs: u64) {
    let until = world.now() + Duration::from_secs(secs);
    world.run(until, u64::MAX).unwrap();
}

#[test]
fn each_strategy_has_its_hops_to_itself_and_steps_of_walkers_are_none() {
    let graph = Some(Layout { kind: Kind::Tree, degree: Whole(3) });
    let mut world = begun(&Scenario { graph, ..calm(94) });
    for (strategy, ttl) in [(Strategy::Flood, 3), (Strategy::Ring, 3), (Strategy::Walk { walkers: 4 }, 60)] {
        world.search(0, 0, ttl, strategy, usize::MAX);
        pass(&mut world, 60);
    }
    let rows = world.outcome().by_hop;
    let told: Vec<_> = rows.iter().map(|row| (row.strategy, row.hop, row.reached, row.messages)).collect();
    let floods = [("flood", 1, 3.0, 3.0), ("flood", 2, 6.0, 6.0), ("flood", 3, 12.0, 12.0)];
    let rings = [("ring", 1, 3.0, 9.0), ("ring", 2, 6.0, 12.0), ("ring", 3, 12.0, 12.0)];
    assert_eq!(told, [floods, rings].concat(), "a ring goes over its first hop in each of its three rounds");
    assert!(rows.iter().filter(|row| row.hop == 3).all(|row| row.horizon == 21.0 / 93.0), "{rows:?}");
}

#[test]
fn in_a_laid_out_tree_a_search_reaches_every_node_within_its_ttl() {
    let graph = Some(Layout { kind: Kind::Tree, degree: Whole(3) });
    let mut world = begun(&Scenario { graph, ..calm(94) });
    assert_eq!(world.parts(), 1);
    for (ttl, reached) in [(1, 3), (2, 9), (3, 21), (4, 45)] {
        let guid = world.search(0, 0, ttl, Strategy::Flood, usize::MAX);
        pass(&mut world, 10);
        let asked = &world.asked.open[&guid];
        assert_eq!((asked.reached, asked.copies, asked.duplicates), (reached, reached, 0), "TTL {ttl}");
        let holders = world.catalogue.holders(0).iter().filter(|&&node| node > 0 && node <= reached);
        assert_eq!(
            asked.hits as usize,
            holders.count(),
            "filled level by level, so the nearest have the lowest numbers"
        );
    }
}

#[test]
fn a_crash_is_noticed_at_once_and_a_node_without_a_trace_by_its_silence() {
    let linked = |world: &World| world.slots[1].core.as_ref().unwrap().links().len();
    for (going, after_a_second) in [(Going::Leaves, 0), (Going::Crashes, 0), (Going::Vanishes, 1)] {
        let mut world = begun(&calm(2));
        assert_eq!(linked(&world), 1);
        world.death(0, going, true);
        pass(&mut world, 1);
        assert_eq!(linked(&world), after_a_second, "{going:?}");
        pass(&mut world, 45);
        assert_eq!(linked(&world), 0, "{going:?}");
        world.birth(0);
        pass(&mut world, 60);
        assert_eq!(linked(&world), 1, "{going:?}: it is back");
    }
}

#[test]
fn a_disk_keeps_the_key_and_the_addresses_of_neighbors() {
    for keeps in [true, false] {
        let mut world = begun(&calm(6));
        let id = |world: &World| world.slots[5].core.as_ref().unwrap().id();
        let before = id(&world);
        world.death(5, Going::Crashes, keeps);
        assert_eq!(world.slots[5].remembered.is_empty(), !keeps);
        world.birth(5);
        assert_eq!(id(&world) == before, keeps);
    }
}

#[test]
fn a_short_partition_holds_back_and_a_long_one_costs_links() {
    for (lasts, holds) in [(8, true), (60, false)] {
        let (at, share) = (Span::secs(40), Fraction::new(0.5));
        let fault = Fault { kind: FaultKind::Partition, at, lasts: Span::secs(lasts), share, one_way: false };
        let mut world = begun(&Scenario { faults: vec![fault], ..calm(20) });
        let broken = |world: &World| world.traffic.iter().map(|traffic| traffic.broken).sum::<u64>();
        let (links, before) = (world.lives.links, broken(&world));
        pass(&mut world, 100);
        assert_eq!((world.lives.links == links, broken(&world) == before), (holds, holds), "{lasts} s");
    }
}

#[test]
fn narrow_lines_drop_and_broken_ones_break() {
    let lively = Searches { every: Span::secs(1), ..Searches::default() };
    let links = Links { capacity: Whole(1_000), queue: Whole(1_000), ..Links::default() };
    let narrow = run(&Scenario { links, searches: lively.clone(), duration: Span::secs(60), ..calm(20) }, 1);
    assert!(narrow.traffic.iter().any(|traffic| traffic.queue > 0));
    let links = Links { loss: Fraction::new(0.01), ..Links::default() };
    let broken = run(&Scenario { links, searches: lively, duration: Span::secs(60), ..calm(20) }, 1);
    assert!(broken.lives.links > narrow.lives.links && broken.traffic.iter().any(|traffic| traffic.broken > 0));
}

#[test]
fn what_is_not_as_it_should_be_is_seen() {
    let world = || begun(&calm(4));
    let sweep = |world: &World| world.sweep().err().map(|broken| broken.rule);
    assert_eq!(sweep(&world()), None);
    let mut lossy = world();
    lossy.traffic[0].sent += 1;
    assert_eq!(sweep(&lossy), Some("what is sent arrives, is lost for a reason, or is on its way"));
    let mut late = world();
    late.search(1, 0, 3, Strategy::Flood, usize::MAX);
    late.asked.open.values_mut().for_each(|asked| (asked.done, asked.deadline) = (None, Time::ZERO));
    assert_eq!(sweep(&late), Some("a search ends by its deadline"));
    let mut deaf = world();
    let link = deaf.slots[1].ends[0];
    deaf.handle(1, Input::LinkDown { link: crate::overlay::LinkId(link), why: String::new() });
    assert_eq!(sweep(&deaf), Some("a link that is up is known at both ends"));
    let mut full = world();
    full.config.max_neighbors = 0;
    let look = |world: &World, cue| world.look_at(1, &cue).err().map(|broken| broken.rule);
    assert_eq!(look(&full, Cue::Other), Some("tables keep to their bounds"));
    let mut idle = world();
    let wake = idle.slots[1].core.as_ref().unwrap().next_wake();
    idle.clock.now = wake;
    assert_eq!((look(&idle, Cue::Other), look(&idle, Cue::Wake)), (None, Some("the next wake-up lies ahead")));
}

/// More nodes than are looked at all the time.
fn large() -> Scenario {
    let class = |kbps, share| Class { kbps: Whole(kbps), share: Fraction::new(share) };
    Scenario {
        join: Join { bootstrap: Whole(20), known: Whole(3), over: Span::secs(10) },
        capacity: vec![class(64, 0.7), class(6_400, 0.3)],
        settings: Settings { max_hosts: Whole(20), ..Settings::default() },
        ..calm(2_001)
    }
}

#[test]
fn in_a_large_world_the_capable_nodes_are_elected_and_the_run_follows_from_the_seed() {
    let begun = || {
        let mut world = World::new(&large(), TopologyKind::Ultrapeer, 3).unwrap();
        pass(&mut world, 8);
        world
    };
    let mut world = begun();
    assert_eq!(world.hash(), begun().hash());
    pass(&mut world, 52);
    let roles = world.outcome().roles.unwrap();
    assert_eq!((roles.ultrapeers + roles.leaves, world.sweep()), (2_001, Ok(())));
    assert!(roles.leaves_each > 10.0 && roles.ultrapeers_each > 1.5, "{roles:?}");
    let cores = world.slots.iter().filter_map(|slot| slot.core.as_ref());
    let elected = cores.filter(|core| core.role() == Role::Ultrapeer);
    let capable = elected.filter(|core| core.score(&world.config).capacity_kbps == 6_400).count();
    // They are less than a third of all nodes; some of the others come forward where none of them is near.
    assert!(capable * 3 > roles.ultrapeers * 2, "{capable} of {}", roles.ultrapeers);
}

#[test]
fn a_scenario_of_another_size_keeps_its_proportions() {
    let crowds = vec![Crowd { at: Span::secs(5), nodes: Whole(50), over: Span::secs(1) }];
    let scenario = Scenario { crowds, join: Join { bootstrap: Whole(10), ..Join::default() }, ..calm(1_000) };
    let of = |nodes: usize| {
        let scenario = scenario.clone().with_nodes(nodes);
        (scenario.nodes.0, scenario.join.bootstrap.0, scenario.crowds[0].nodes.0)
    };
    assert_eq!([of(1_000), of(5_000), of(10)], [(1_000, 10, 50), (5_000, 50, 250), (10, 1, 1)]);
}

#[test]
fn links_are_laid_out_for_flooding_alone() {
    let graph = Some(Layout { kind: Kind::Tree, degree: Whole(3) });
    let laid_out = |topology: &[TopologyKind]| Scenario { graph, topology: topology.to_vec(), ..calm(20) }.check();
    assert_eq!(laid_out(&[TopologyKind::Flood]), Ok(()));
    assert_eq!(laid_out(&TOPOLOGIES).map_err(|contradiction| contradiction.key), Err("graph"));
    let (at, lasts, share) = (Span::secs(1), Span::secs(1), Fraction::new(0.5));
    let changes = vec![Fault { kind: FaultKind::Change, at, lasts, share, one_way: false }];
    let changing = Scenario { graph, faults: changes, ..calm(20) };
    assert_eq!(changing.check().map_err(|contradiction| contradiction.key), Err("fault"));
}

#[test]
fn some_seeds_of_the_hunt_hold() {
    for seed in 0..16 {
        for topology in TOPOLOGIES {
            if let Err(violation) = check(seed, topology) {
                panic!("seed {seed} in {}: {violation}\n{:?}", topology.name(), draw(seed));
            }
        }
    }
}
