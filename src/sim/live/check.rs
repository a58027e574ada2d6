//! The hunt for mistakes: a scenario drawn from a seed, in which things go wrong while rules are looked at; then nothing goes
//! wrong any more, and the overlay has to come together again and to find what is there.
//!
//! Faults alone would heal themselves by luck, and hide a node that never comes back by its own strength; that is what the
//! second part is for.

use std::time::Duration;

use super::draw::draw;
use super::scenario::Scenario;
use super::violation::{Broken, Violation};
use super::world::World;
use crate::overlay::{Dedup, TopologyKind};

/// Seeds that once failed. They are run before all others. A change of [`super::draw`] makes other scenarios of them; what
/// they found has its own test beside the code that it was in.
///
/// 34, 43, 111: nodes that a full one sent away never heard of each other.
pub const FOUND: &[u64] = &[34, 43, 111];
/// Within that time after the last fault the overlay is whole again: more than the longest that the core leaves an address
/// alone after failures, which is seven and a half minutes.
const HEALING: Duration = Duration::from_secs(15 * 60);
/// Between two looks whether it is.
const LOOK: Duration = Duration::from_secs(5);
/// Searches that must find what can be reached.
const SEARCHES: usize = 3;
/// Time for what is on its way to arrive.
const CALM: Duration = Duration::from_secs(10);

/// What may happen in all in the run of one seed: a hundred times what is usual. More is a flood that feeds itself.
const MAX_EVENTS: u64 = 1_000_000;

/// What one seed took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Things that happened.
    pub events: u64,
    /// Everything that happened, as one number.
    pub hash: String,
    /// Searches that began.
    pub searches: u64,
}

/// Runs the scenario of a seed in a topology, and what must follow once nothing goes wrong any more.
///
/// # Errors
/// The rule that was broken.
pub fn check(seed: u64, topology: TopologyKind) -> Result<Checked, Violation> {
    let scenario = draw(seed);
    // Some graphs do not come out of some seeds; the next one is as good.
    let made = (0..8).find_map(|attempt| World::new(&scenario, topology, seed.wrapping_add(attempt << 56)).ok());
    let Some(mut world) = made else {
        return Ok(Checked { events: 0, hash: String::new(), searches: 0 });
    };
    pass(&mut world, scenario.duration.0)?;
    world.heal();
    world.revive_some();
    come_together(&mut world, &scenario)?;
    // Until the last link to a node that vanished is given up.
    pass(&mut world, scenario.settings.silence.0 + scenario.settings.ping_interval.0 + CALM)?;
    for _ in 0..SEARCHES {
        search(&mut world, &scenario)?;
    }
    Ok(Checked { events: world.events(), hash: world.hash(), searches: world.asked.began })
}

/// Lets time pass.
fn pass(world: &mut World, span: Duration) -> Result<(), Violation> {
    let until = world.now() + span;
    if world.run(until, MAX_EVENTS.saturating_sub(world.events()))? {
        return Ok(());
    }
    let detail = format!("more than {MAX_EVENTS} events");
    Err(Violation { rule: "what a few nodes do comes to an end", detail, node: None, at: world.now() })
}

/// Waits until the overlay is whole.
fn come_together(world: &mut World, scenario: &Scenario) -> Result<(), Violation> {
    let until = world.now() + HEALING;
    while let Some(missing) = missing(world, scenario) {
        if world.now() >= until {
            let Broken { rule, detail } = missing;
            return Err(Violation { rule, detail, node: None, at: world.now() });
        }
        pass(world, LOOK)?;
    }
    Ok(())
}

/// What is missing until the overlay is whole. Where links are laid out, that is all of them between nodes that run. Where
/// nodes find each other: that nobody is alone while somebody has room, and where there is room for all and nobody is
/// content with a part, that there is one part.
fn missing(world: &World, scenario: &Scenario) -> Option<Broken> {
    let settings = &scenario.settings;
    let online = |node: &u32| world.slots[*node as usize].core.is_some();
    let nodes: Vec<u32> = (0..world.slots.len() as u32).filter(online).collect();
    if let Some(graph) = &world.graph {
        let lacks = |&(a, b): &(u32, u32)| !world.neighbors(a).contains(&b);
        let laid = nodes.iter().flat_map(|&a| graph.neighbors(a as usize).iter().map(move |&b| (a, b)));
        let lacking = laid.filter(|(_, b)| online(b)).find(lacks);
        return lacking.map(|(a, b)| Broken::new("links that are laid out come up again", format!("{a} to {b}")));
    }
    let has_room = |node: &u32| world.neighbors(*node).len() < settings.max_neighbors.0;
    // Who knows no address can only wait to be found, and nobody looks for it who has neighbors enough.
    let knows = |node: u32| world.slots[node as usize].core.as_ref().is_some_and(|core| core.known_hosts() > 0);
    let alone = nodes.iter().copied().find(|&node| world.neighbors(node).is_empty() && knows(node));
    if let Some(alone) = alone.filter(|alone| nodes.iter().any(|node| node != alone && has_room(node))) {
        return Some(Broken::new("nobody stays alone while somebody has room", format!("node {alone}")));
    }
    let crowded = settings.max_neighbors.0 < nodes.len() || settings.min_neighbors.0 < nodes.len().div_ceil(2);
    let parts = world.parts();
    let apart = !crowded && parts > 1;
    apart.then(|| Broken::new("the overlay becomes one again", format!("{parts} parts of {} nodes", nodes.len())))
}

/// A search finds everybody who has the file and can be reached, over links that were up all the time.
fn search(world: &mut World, scenario: &Scenario) -> Result<(), Violation> {
    let nodes: Vec<u32> = (0..world.slots.len() as u32).filter(|&n| world.slots[n as usize].core.is_some()).collect();
    let origin = nodes[world.rng.watch.below(nodes.len())];
    let wanted: Vec<u32> =
        nodes.iter().filter(|&&n| n != origin).flat_map(|&n| world.catalogue.of(n)).copied().collect();
    let Some(&file) = wanted.get(world.rng.watch.below(wanted.len())) else { return Ok(()) };
    let ttl = scenario.settings.max_ttl.0 as u8;
    let before = links(world);
    let guid = world.search(origin, file, ttl);
    pass(world, scenario.searches.timeout.0 + CALM)?;
    let after = links(world);
    // The plain rule lets a fast long path spend a query that a short slow one would have carried further.
    let hops = if scenario.settings.dedup == Dedup::First { 1 } else { ttl };
    let far = distances(origin, |node| {
        before[node as usize].iter().copied().filter(|other| after[node as usize].contains(other)).collect()
    });
    let in_time = longest_way(scenario, ttl) < scenario.searches.timeout.0;
    let within = |node: &u32| far.iter().any(|&(other, hop)| other == *node && hop > 0 && hop <= hops);
    let expected: Vec<u32> = world.catalogue.holders(file).iter().copied().filter(within).collect();
    let found = world.asked.found_by(&guid);
    match expected.iter().find(|node| !found.contains(node)) {
        Some(missed) if in_time => Err(Violation {
            rule: "a search finds what can be reached",
            detail: format!("file {file} at node {missed}, TTL {ttl}; found at {found:?} of {expected:?}"),
            node: Some(origin),
            at: world.now(),
        }),
        _ => Ok(()),
    }
}

/// How long a query and its answer may take.
fn longest_way(scenario: &Scenario, ttl: u8) -> Duration {
    let links = &scenario.links;
    let slowest = links.across.map_or(links.latency.longest(), |across| across.longest().max(links.latency.longest()));
    // Out hop by hop, and back the same way, or by a connection that takes four.
    (slowest + links.jitter.0) * (2 * u32::from(ttl) + 4)
}

fn links(world: &World) -> Vec<Vec<u32>> {
    (0..world.slots.len() as u32).map(|node| world.neighbors(node)).collect()
}

/// The hops to every node that can be reached.
fn distances(origin: u32, neighbors: impl Fn(u32) -> Vec<u32>) -> Vec<(u32, u8)> {
    let mut far = vec![(origin, 0u8)];
    let mut next = 0;
    while let Some(&(node, hops)) = far.get(next) {
        next += 1;
        for other in neighbors(node) {
            if far.iter().all(|(known, _)| *known != other) {
                far.push((other, hops.saturating_add(1)));
            }
        }
    }
    far
}
