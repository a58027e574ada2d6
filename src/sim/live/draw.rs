//! A scenario drawn from a seed: settings that nobody would choose, tiny tables among them, and faults of which each kind is
//! on or off, because some mistakes show only where one fault acts alone (the swarm of Groce and others, 2012).

use super::faults::{Fault, FaultKind};
use super::law::{Kind as LawKind, Law};
use super::library::{Replication, Shares};
use super::links::Links;
use super::scenario::{Churn, Crowd, Join, Layout, Scenario, Searches, Settings};
use super::units::{Fraction, Real, Span, Spread, Whole};
use crate::base::Rng;
use crate::overlay::{Dedup, Delivery, Strategy};
use crate::sim::make::Kind;

/// Nodes, at most: mistakes of thousands show among a few too, and sooner.
const MAX_NODES: usize = 16;
/// How long things go wrong.
const TROUBLE: Span = Span::secs(60);
/// The highest TTL among nodes that remember next to nothing.
const FORGETFUL_TTL: usize = 2;
/// Faults that are planned, at most.
const MAX_FAULTS: usize = 4;

/// The scenario of a seed.
#[must_use]
pub fn draw(seed: u64) -> Scenario {
    let mut rng = Rng::new(seed);
    let rng = &mut rng;
    let nodes = between(rng, 2, MAX_NODES);
    let graph = coin(rng).then(|| layout(nodes, rng)).flatten();
    let crowd = Crowd { at: seconds(rng, 5, 50), nodes: Whole(between(rng, 1, 8)), over: seconds(rng, 0, 3) };
    let mut scenario = Scenario {
        name: format!("seed {seed}"),
        seed,
        nodes: Whole(nodes),
        duration: TROUBLE,
        join: Join {
            bootstrap: Whole(between(rng, 1, 3)),
            known: Whole(between(rng, 1, 3)),
            over: seconds(rng, 0, 20),
        },
        graph,
        links: links(rng),
        churn: coin(rng).then(|| churn(rng)),
        crowds: if graph.is_none() && coin(rng) { vec![crowd] } else { Vec::new() },
        faults: (0..rng.below(MAX_FAULTS + 1)).map(|_| fault(rng)).collect(),
        library: Shares {
            files: Whole(between(rng, 1, 50)),
            mean: Real(between(rng, 1, 10) as f64),
            free_riders: Fraction::new(rng.fraction() * 0.8),
            replication: pick(rng, &[Replication::Uniform, Replication::Proportional, Replication::SquareRoot]),
            zipf: Real(rng.fraction() * 2.0),
        },
        searches: searches(rng),
        settings: settings(nodes, rng),
        ..Scenario::default()
    };
    scenario.searches.strategy = strategies(scenario.settings.dedup, rng);
    scenario.searches.walkers = Whole(between(rng, 1, 8));
    scenario.searches.steps = Whole(between(rng, 1, 40));
    scenario.faults.extend(clocks_and_changes(rng));
    scenario
}

/// Some of the strategies, in any number but none. Where only first copies count there are no rings.
fn strategies(dedup: Dedup, rng: &mut Rng) -> Vec<Strategy> {
    let fits = |strategy: &Strategy| *strategy != Strategy::Ring || dedup == Dedup::HighestTtl;
    let drawn: Vec<Strategy> = Strategy::ALL.into_iter().filter(|strategy| fits(strategy) && coin(rng)).collect();
    if drawn.is_empty() { vec![Strategy::Flood] } else { drawn }
}

fn layout(nodes: usize, rng: &mut Rng) -> Option<Layout> {
    let kind = pick(rng, &[Kind::Regular, Kind::Random, Kind::PowerLaw, Kind::Grid, Kind::Tree]);
    let degree = pick(rng, &[2, 4]);
    // In a smaller graph there is no room for so many links.
    (nodes > degree + 1).then_some(Layout { kind, degree: Whole(degree) })
}

fn links(rng: &mut Rng) -> Links {
    let shortest = pick(rng, &[1, 10, 50]);
    let latency = Spread::millis(shortest, shortest * pick(rng, &[1, 2, 10]));
    let mut rate = |most: f64| if coin(rng) { Fraction::new(rng.fraction() * most) } else { Fraction::default() };
    let (loss, drop, duplicate) = (rate(0.01), rate(0.1), rate(0.1));
    let (reorder, stray) = (rate(0.1), rate(0.05));
    Links {
        latency,
        regions: Whole(between(rng, 1, 3)),
        across: coin(rng).then_some(Spread::millis(100, 250)),
        jitter: if coin(rng) { Span::millis(20) } else { Span::default() },
        capacity: Whole(if coin(rng) { between(rng, 1_000, 50_000) } else { 0 }),
        queue: Whole(between(rng, 1_000, 20_000)),
        loss,
        drop,
        duplicate,
        reorder,
        stray,
    }
}

fn churn(rng: &mut Rng) -> Churn {
    let mut law = |least: u64, most: u64| Law {
        law: pick(rng, &[LawKind::Exponential, LawKind::Weibull, LawKind::Pareto]),
        median: seconds(rng, least, most),
        shape: Real(0.3 + rng.fraction()),
    };
    let (session, absence) = (law(5, 60), law(1, 30));
    let mut share = || Fraction::new(rng.fraction());
    Churn { session, absence, share: share(), crash: share(), vanish: share(), disk: share() }
}

fn fault(rng: &mut Rng) -> Fault {
    use FaultKind::{Break, Clog, Crash, Partition, Vanish, Wipe};
    Fault {
        kind: pick(rng, &[Partition, Partition, Clog, Crash, Wipe, Vanish, Break]),
        at: seconds(rng, 1, 55),
        lasts: seconds(rng, 0, 60),
        share: Fraction::new(rng.fraction()),
        one_way: coin(rng),
    }
}

/// Clocks that jump in half of the runs, and other topologies in a third of them.
fn clocks_and_changes(rng: &mut Rng) -> Vec<Fault> {
    let jumps = if coin(rng) { between(rng, 1, 2) } else { 0 };
    let changes = if rng.below(3) == 0 { between(rng, 1, 3) } else { 0 };
    let jump = |rng: &mut Rng| {
        let by = pick(rng, &[1, 20, 60, 600, 7_200]);
        Fault { kind: FaultKind::Jump, lasts: seconds(rng, 0, by), ..fault(rng) }
    };
    let change = |rng: &mut Rng| {
        let kind = pick(rng, &[FaultKind::Change, FaultKind::Propose]);
        Fault { kind, ..fault(rng) }
    };
    let jumps: Vec<Fault> = (0..jumps).map(|_| jump(rng)).collect();
    jumps.into_iter().chain((0..changes).map(|_| change(rng))).collect()
}

fn searches(rng: &mut Rng) -> Searches {
    Searches {
        every: seconds(rng, 3, 60),
        ttl: (0..between(rng, 1, 3)).map(|_| Whole(between(rng, 1, 7))).collect(),
        timeout: seconds(rng, 1, 30),
        delivery: pick(rng, &[Delivery::Direct, Delivery::Reverse]),
        traced: coin(rng),
        zipf: Real(rng.fraction() * 2.0),
        from: seconds(rng, 0, 20),
        ..Searches::default()
    }
}

/// Half of the settings leave room for everybody to be linked to everybody, and let nobody be content in a half of the
/// overlay: there it must become one again.
fn settings(nodes: usize, rng: &mut Rng) -> Settings {
    let roomy = coin(rng);
    let least = if roomy { nodes } else { between(rng, 1, 6) };
    let most = if roomy { 256 } else { least + rng.below(6) };
    let ping_interval = seconds(rng, 2, 10);
    let max_ttl = between(rng, 1, 7);
    let dedup = pick(rng, &[Dedup::HighestTtl, Dedup::HighestTtl, Dedup::First]);
    let silence = Span(ping_interval.0 * (2 + rng.below(3) as u32));
    let seen_capacity = pick(rng, &[1, 2, 4, 64, 65_536]);
    // Where nodes forget queries that are still under way, each copy goes on like the first: links to the power of the TTL.
    let max_ttl = if seen_capacity < 64 { max_ttl.min(FORGETFUL_TTL) } else { max_ttl };
    Settings {
        min_neighbors: Whole(least),
        max_neighbors: Whole(most),
        max_ttl: Whole(max_ttl),
        dedup,
        ping_interval,
        silence,
        seen_capacity: Whole(seen_capacity),
        ..Settings::default()
    }
}

fn coin(rng: &mut Rng) -> bool {
    rng.below(2) == 0
}

fn between(rng: &mut Rng, least: usize, most: usize) -> usize {
    least + rng.below(most - least + 1)
}

fn seconds(rng: &mut Rng, least: u64, most: u64) -> Span {
    Span::millis(rng.range(least * 1_000..most * 1_000 + 1))
}

fn pick<T: Copy>(rng: &mut Rng, from: &[T]) -> T {
    from[rng.below(from.len())]
}
