//! An overlay of real cores in virtual time, one query in it, and the threads that share the work.

use std::ops::Range;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::delay::Delay;
use super::graph::Graph;
use super::part::{Part, Shared, peers};
use super::report::Report;
use crate::base::{Rng, Time};
use crate::overlay::{Config, QueryBody, SearchSpec, Strategy};
use crate::proto::{Guid, Ttl};

/// The most threads that share the work. Each copy looks for its part among as many.
pub const MAX_THREADS: usize = 64;
/// Copies of a window, and nodes, from which on threads are worth their start: they take a millisecond or so.
const WORTH_THREADS: usize = 4_096;

/// The nodes in parts, one for each thread, and the time.
#[derive(Debug)]
pub(super) struct World<'a> {
    shared: Shared<'a>,
    parts: Vec<Part>,
    /// The number of the current window since the epoch.
    window: u64,
}

impl<'a> World<'a> {
    /// Makes the nodes, and tells each one its links. What happens later is the same however many threads there are.
    pub(super) fn new(
        graph: &'a Graph,
        config: Config,
        delay: Delay,
        seed: u64,
        body: &QueryBody,
        threads: usize,
    ) -> Self {
        let mut rng = Rng::new(seed);
        let (high, low) = (rng.next_u64().to_be_bytes(), rng.next_u64().to_be_bytes());
        let guid = Guid(std::array::from_fn(|i| if i < 8 { high[i] } else { low[i - 8] }));
        let (delays, ids) = (rng.next_u64(), rng.next_u64());
        let nodes = graph.nodes() as u32;
        let bounds = bounds(graph, threads.clamp(1, MAX_THREADS));
        let starts = std::iter::once(0).chain(bounds.iter().copied());
        let ranges: Vec<Range<u32>> = starts.zip(bounds.iter().copied().chain([nodes])).map(|(a, b)| a..b).collect();
        let shared = Shared { graph, config, delay, delays, guid, bounds };
        let at_once = graph.nodes() >= WORTH_THREADS;
        let peers = each(ranges.clone(), at_once, |nodes| peers(nodes, ids));
        let parts = each(ranges, at_once, |nodes| Part::new(nodes, ids, body, &peers, &shared));
        Self { shared, parts, window: 0 }
    }

    /// Lets a node ask.
    pub(super) fn search(&mut self, origin: u32, ttl: Ttl, body: &Arc<QueryBody>) {
        let guid = self.shared.guid;
        let spec = SearchSpec {
            guid,
            body: Arc::clone(body),
            ttl,
            strategy: Strategy::Flood,
            timeout: Duration::MAX,
            enough: usize::MAX,
        };
        if let Some(part) = self.parts.iter_mut().find(|part| part.holds(origin)) {
            part.search(origin, spec, &self.shared);
        }
    }

    /// Delivers copies until none is on its way.
    pub(super) fn settle(&mut self) {
        while self.parts.iter().any(|part| part.wheel.waiting() > 0) {
            while self.parts.iter().all(|part| part.wheel.is_empty(self.window)) {
                self.window += 1;
            }
            let copies = self.exchange();
            let (window, shared) = (self.window, &self.shared);
            each(self.parts.iter_mut(), copies >= WORTH_THREADS, |part| part.work(window, shared));
            self.window += 1;
        }
    }

    /// Hands each part what the others sent it for the current window; returns how many copies that are.
    fn exchange(&mut self) -> usize {
        let mut copies = 0;
        for to in 0..self.parts.len() {
            for from in 0..self.parts.len() {
                let mut list = std::mem::take(&mut self.parts[to].incoming[from]);
                self.parts[from].wheel.take(self.window, to, &mut list);
                copies += list.len();
                self.parts[to].incoming[from] = list;
            }
        }
        copies
    }

    /// Sums up what the nodes counted.
    pub(super) fn report(&self, origin: u32, ttl: Ttl) -> Report {
        let graph = self.shared.graph;
        let counted = each(self.parts.iter(), graph.nodes() >= WORTH_THREADS, Part::counted);
        let (received, duplicates) = counted.iter().fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
        let (mut nearest, mut by_hop) = ([0; 256], [0; 256]);
        let (mut copy_bytes, mut last, mut hash) = (0, Time::ZERO, 0u64);
        for tally in self.parts.iter().map(|part| &part.tally) {
            tally.nearest_by_hop(&mut nearest);
            tally.sent_by_hop(&mut by_hop);
            copy_bytes = tally.copy_bytes.max(copy_bytes);
            last = tally.last.max(last);
            hash = hash.wrapping_add(tally.hash);
        }
        let messages: u64 = by_hop.iter().sum();
        let reached = nearest[1..].iter().sum();
        assert_eq!(messages, received, "every copy that was sent came");
        assert_eq!(messages, reached + duplicates, "every copy was the first one at a node, or a duplicate");
        let hops = by_hop.iter().rposition(|&copies| copies > 0).unwrap_or(0) + 1;
        Report {
            nodes: graph.nodes(),
            edges: graph.links(),
            origin: graph.label(origin),
            ttl,
            per_hop: nearest[..hops].to_vec(),
            messages_per_hop: by_hop[..hops].to_vec(),
            reached,
            messages,
            duplicates,
            bytes: messages * copy_bytes,
            virtual_ms: last.micros() as f64 / 1_000.0,
            hash: format!("{hash:016x}"),
        }
    }
}

/// The first nodes of all parts but the first, so that each part has about as many ends of links: that is the work.
fn bounds(graph: &Graph, parts: usize) -> Vec<u32> {
    let ends = 2 * graph.links();
    (1..parts).map(|part| graph.node_of_end((ends * part / parts) as u32)).collect()
}

/// Does the same to each of some things, on a thread each if that is worth it.
fn each<T: Send, R: Send>(things: impl IntoIterator<Item = T>, at_once: bool, what: impl Fn(T) -> R + Sync) -> Vec<R> {
    let mut things = things.into_iter();
    if !at_once {
        return things.map(what).collect();
    }
    // This thread does the first one itself.
    let Some(first) = things.next() else { return Vec::new() };
    let what = &what;
    thread::scope(|scope| {
        let others: Vec<_> = things.map(|thing| scope.spawn(move || what(thing))).collect();
        let first = what(first);
        let results =
            others.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        std::iter::once(first).chain(results).collect()
    })
}
