//! What a simulated flood costs a copy as the overlay grows, beside a plain search of the same graph:
//! `cargo bench --no-default-features --bench flood [-- NODES...]`.
//!
//! The best of several runs, in wall time and in processor time. TTL 7, 8-regular graphs, links of 20 to 80 ms.

use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use hopscope::base::Rng;
use hopscope::overlay::{Dedup, Delivery, QueryBody};
use hopscope::sim::{Delay, Flood, Graph, Kind, breadth_first, make};
use rustix::time::{ClockId, clock_gettime};

/// Overlays that are measured unless others are named.
const NODES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// Hops.
const TTL: u8 = 7;

/// Nanoseconds of wall and of processor time.
#[derive(Clone, Copy)]
struct Took {
    wall: f64,
    cpu: f64,
}

fn main() {
    let named: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if named.is_empty() { NODES.to_vec() } else { named };
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    println!(
        "     nodes dedup        threads    copies  ns a copy    cpu ns   copies/s  setup ms   cpu ms  bfs ns    ratio"
    );
    for nodes in sizes {
        let Ok(graph) = make(Kind::Regular, nodes, 8, &mut Rng::new(1)) else { continue };
        let search = best(runs(nodes), || (), |_| breadth_first(&graph, 0, TTL.into()).messages);
        for dedup in [Dedup::HighestTtl, Dedup::First] {
            for threads in if threads == 1 { vec![1] } else { vec![1, threads] } {
                measure(&graph, dedup, threads, &search);
            }
        }
    }
}

/// More runs of small floods.
fn runs(nodes: usize) -> usize {
    (500_000 / nodes).clamp(4, 50)
}

fn measure(graph: &Graph, dedup: Dedup, threads: usize, search: &(Took, u64)) {
    let delay = Delay::new(Duration::from_millis(20), Duration::from_millis(80)).expect("these are delays");
    let body = Arc::new(QueryBody::new("grateful dead live", None, Delivery::Direct, false));
    let flood = Flood { origin: 0, ttl: TTL, delay, dedup, seed: 1, body };
    let mut setup = Took { wall: f64::MAX, cpu: f64::MAX };
    let prepare = || {
        let began = now();
        let prepared = flood.prepare_for(graph, threads).expect("it can be simulated");
        setup = least(setup, since(began));
        prepared
    };
    let (took, copies) = best(runs(graph.nodes()), prepare, |prepared| prepared.run().messages);
    let (nanos, of_search) = (took.wall / copies as f64, search.0.wall / search.1 as f64);
    println!(
        "{:10} {:12} {threads:7} {copies:9} {nanos:10.1} {:9.1} {:10.0} {:9.1} {:8.1} {of_search:7.2} {:8.1}",
        graph.nodes(),
        format!("{dedup:?}"),
        took.cpu / copies as f64,
        1e9 / nanos,
        setup.wall / 1e6,
        setup.cpu / 1e6,
        nanos / of_search,
    );
}

/// The least time of several runs, and what the work came to.
fn best<T>(runs: usize, mut before: impl FnMut() -> T, work: impl Fn(&mut T) -> u64) -> (Took, u64) {
    let mut took = Took { wall: f64::MAX, cpu: f64::MAX };
    let mut copies = 0;
    for _ in 0..runs {
        let mut input = before();
        let began = now();
        copies = work(&mut input);
        took = least(took, since(began));
    }
    (took, copies)
}

fn now() -> Took {
    let nanos = |id| {
        let time = clock_gettime(id);
        time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
    };
    Took { wall: nanos(ClockId::Monotonic), cpu: nanos(ClockId::ProcessCPUTime) }
}

fn since(began: Took) -> Took {
    let now = now();
    Took { wall: now.wall - began.wall, cpu: now.cpu - began.cpu }
}

fn least(a: Took, b: Took) -> Took {
    Took { wall: a.wall.min(b.wall), cpu: a.cpu.min(b.cpu) }
}
