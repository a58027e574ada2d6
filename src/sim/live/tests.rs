//! The world as its users see it.

use super::*;
use crate::base::Time;
use crate::overlay::TopologyKind;

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

#[test]
fn some_seeds_of_the_hunt_hold() {
    for seed in (0..24).chain(FOUND.iter().copied()) {
        if let Err(violation) = check(seed, TopologyKind::Flood) {
            panic!("seed {seed}: {violation}\n{:?}", draw(seed));
        }
    }
}
