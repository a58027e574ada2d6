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
use crate::base::Time;
use crate::overlay::{Dedup, Strategy, TopologyKind};
use crate::proto::limits::LEASE;

/// Within that time after the last fault the overlay is whole again: more than the longest that the core leaves an address
/// alone after failures, which is seven and a half minutes.
const HEALING: Duration = Duration::from_secs(15 * 60);
/// Between two looks whether it is.
const LOOK: Duration = Duration::from_secs(5);
/// Nobody takes another role for that long, several times the shortest that a role is held,
const SETTLED: Duration = Duration::from_secs(120);
/// and that comes about within so many times of it: nodes still find others again that they lost.
const SETTLING: u32 = 6;
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
    let mut scenario = draw(seed);
    if topology != TopologyKind::Flood {
        // Only flooding keeps to links that are laid out.
        scenario.graph = None;
    } else if scenario.graph.is_some() {
        scenario.faults.retain(|fault| !fault.kind.mixes());
    }
    // Some graphs do not come out of some seeds; the next one is as good.
    let made = (0..8).find_map(|attempt| World::new(&scenario, topology, seed.wrapping_add(attempt << 56)).ok());
    let Some(mut world) = made else {
        return Ok(Checked { events: 0, hash: String::new(), searches: 0 });
    };
    pass(&mut world, scenario.duration.0)?;
    world.heal();
    world.revive_some();
    let healed = world.now();
    come_together(&mut world, &scenario)?;
    match topology {
        TopologyKind::Flood => {}
        TopologyKind::Ultrapeer => settle(&mut world)?,
        TopologyKind::Central => outlive(&mut world, healed)?,
    }
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
    while let Some(missing) = world.missing(scenario) {
        if world.now() >= until {
            let Broken { rule, detail } = missing;
            return Err(Violation { rule, detail, node: None, at: world.now() });
        }
        pass(world, LOOK)?;
    }
    Ok(())
}

/// U5: an overlay in which nothing happens settles, and then nobody changes its role any more. A change costs links, and
/// who goes back and forth never has any.
fn settle(world: &mut World) -> Result<(), Violation> {
    let mut changed = None;
    for _ in 0..SETTLING {
        let before = world.roles();
        pass(world, SETTLED)?;
        let after = world.roles();
        changed = (0u32..).zip(before.into_iter().zip(after)).find(|(_, (before, after))| before != after);
        if changed.is_none() {
            return Ok(());
        }
    }
    changed.map_or(Ok(()), |(node, (before, after))| {
        Err(Violation {
            rule: "roles settle when nothing happens any more",
            detail: format!("{before:?} became {after:?}"),
            node: Some(node),
            at: world.now(),
        })
    })
}

/// C2, once whatever was on its way when things went wrong has arrived, and the leases that it renewed are over.
fn outlive(world: &mut World, healed: Time) -> Result<(), Violation> {
    let over = healed + LEASE + CALM;
    pass(world, over.since(world.now()))?;
    let at = world.now();
    world.ghost().map_or(Ok(()), |Broken { rule, detail }| Err(Violation { rule, detail, node: None, at }))
}

/// A search finds everybody who has the file and can be reached, over links that were up all the time; in the central
/// topology everybody who was registered, wherever it is.
fn search(world: &mut World, scenario: &Scenario) -> Result<(), Violation> {
    let nodes = world.all_online();
    let origin = nodes[world.rng.watch.below(nodes.len())];
    let wanted: Vec<u32> =
        nodes.iter().filter(|&&n| n != origin).flat_map(|&n| world.catalogue.of(n)).copied().collect();
    let Some(&file) = wanted.get(world.rng.watch.below(wanted.len())) else { return Ok(()) };
    let ttl = scenario.settings.max_ttl.0 as u8;
    let before = Ways::of(world);
    // A ring that never has enough asks everybody whom a flood asks; walkers promise nothing.
    let rings = scenario.searches.strategy.contains(&Strategy::Ring);
    let strategy = if rings { Strategy::Ring } else { Strategy::Flood };
    let guid = world.search(origin, file, ttl, strategy, usize::MAX);
    pass(world, scenario.searches.timeout.0 + CALM)?;
    let after = Ways::of(world);
    // The plain rule lets a fast long path spend a query that a short slow one would have carried further.
    let hops = if scenario.settings.dedup == Dedup::First { 1 } else { ttl };
    let reached = match world.topology {
        TopologyKind::Central => nodes,
        _ => before.reached(&after, origin, hops),
    };
    let holders = world.catalogue.holders(file).iter().copied();
    let expected: Vec<u32> = holders.filter(|node| *node != origin && reached.contains(node)).collect();
    let longest = longest_way(scenario, ttl) + strategy.takes_longer(ttl, Duration::ZERO);
    let in_time = longest < scenario.searches.timeout.0;
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
    // Out hop by hop and to a leaf, and back the same way, or by a connection that takes four.
    (slowest + links.jitter.0) * (2 * (u32::from(ttl) + 1) + 4)
}

/// The ways that a query can take.
struct Ways {
    links: Vec<Vec<u32>>,
    leaves: Vec<bool>,
}

impl Ways {
    fn of(world: &World) -> Self {
        let nodes = 0..world.slots.len() as u32;
        Self {
            links: nodes.clone().map(|node| world.neighbors(node)).collect(),
            leaves: nodes.map(|node| world.is_leaf(node)).collect(),
        }
    }

    /// Who is reached within so many hops by ways that are still there later. A leaf passes nothing on, and is one hop
    /// further than the last ultra-peer.
    fn reached(&self, later: &Self, origin: u32, hops: u8) -> Vec<u32> {
        let far = distances(origin, |node| {
            let relays = node == origin || !self.leaves[node as usize];
            let stays = |other: &u32| {
                later.links[node as usize].contains(other)
                    && [node, *other].iter().all(|&end| self.leaves[end as usize] == later.leaves[end as usize])
            };
            self.links[node as usize].iter().copied().filter(|other| relays && stays(other)).collect()
        });
        let within = |(node, far): (u32, u8)| (far <= hops + u8::from(self.leaves[node as usize])).then_some(node);
        far.into_iter().filter_map(within).collect()
    }
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

#[cfg(test)]
mod tests {
    use super::super::tests::calm;
    use super::super::units::Span;
    use super::*;

    #[test]
    fn nodes_that_change_after_the_overlay_settled_are_seen() {
        for (secs, holds) in [(1, true), (1_000, false)] {
            let mut scenario = calm(60);
            scenario.join.over = Span::secs(secs);
            let mut world = World::new(&scenario, TopologyKind::Ultrapeer, 3).unwrap();
            assert_eq!(settle(&mut world).is_ok(), holds, "nodes start within {secs} s");
        }
    }

    #[test]
    fn a_query_goes_through_ultra_peers_and_down_to_leaves_one_hop_further() {
        // Two ultra-peers, 0 and 1, with the leaves 2 and 3; 4 is a leaf of both.
        let links = vec![vec![1, 2, 4], vec![0, 3, 4], vec![0], vec![1], vec![0, 1]];
        let ways = |leaves: [bool; 5]| Ways { links: links.clone(), leaves: leaves.to_vec() };
        let now = ways([false, false, true, true, true]);
        let reached = |origin, hops| now.reached(&now, origin, hops);
        assert_eq!(reached(2, 1), [2, 0, 4], "the leaf of the first is one hop further");
        assert_eq!(reached(2, 2), [2, 0, 1, 4, 3]);
        assert_eq!(reached(0, 0), [0, 2, 4]);
        assert_eq!(now.reached(&ways([false, true, true, true, true]), 2, 2), [2, 0, 4], "1 changed meanwhile");
    }
}
