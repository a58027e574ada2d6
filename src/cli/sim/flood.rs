//! `hopscope sim flood`: one query through one graph.

use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use clap::ArgMatches;
use serde::Serialize;

use super::millis;
use super::process::peak_memory;
use crate::app::{Clock, Dedup, Delivery, PeerAddr, QueryBody, seal_query};
use crate::base::Rng;
use crate::cli::failure::{Exit, Failure};
use crate::cli::flags::is_set;
use crate::cli::format::{bytes, count, span};
use crate::cli::graph_file;
use crate::cli::output::{Out, right};
use crate::cli::settings::duration;
use crate::sim::{Delay, Flood, Graph, Kind, MAX_THREADS, Report, breadth_first, make};

/// What is asked: eighteen letters, as in the query that Ritter counted the bytes of.
const TEXT: &str = "grateful dead live";
/// Bytes of a graph file.
const MAX_GRAPH: u64 = 2 * 1024 * 1024 * 1024;

/// What one run took, for `--json`.
#[derive(Debug, Serialize)]
struct Run {
    #[serde(flatten)]
    report: Report,
    /// Nodes to which no way leads from the origin, whatever the TTL.
    unreachable: u64,
    /// Threads that shared the work.
    threads: usize,
    /// Time to read or make the graph.
    graph_ms: f64,
    /// Time to make the nodes and link them up.
    setup_ms: f64,
    /// Time that the flood itself took: from the first copy to the last, and summing up what the nodes counted.
    wall_ms: f64,
    messages_per_s: u64,
    /// Time that a plain breadth-first search of the same graph took, on one thread.
    bfs_wall_ms: f64,
    /// Links that it looked along, one for each copy of a flood over links that are equally slow.
    bfs_messages_per_s: u64,
    /// How many times as long a copy takes as a link in that search.
    bfs_ratio: f64,
    /// `null` where the system does not tell.
    peak_rss_bytes: Option<u64>,
}

/// Runs one flood and prints what it came to.
pub(super) fn flood(arguments: &ArgMatches) -> Result<Exit, Failure> {
    let seed = arguments.get_one::<u64>("seed").copied().unwrap_or_default();
    let clock = Clock::start();
    let graph = graph(arguments, &mut Rng::new(seed))?;
    let flood = Flood {
        origin: origin(arguments, &graph)?,
        ttl: arguments.get_one::<u8>("ttl").copied().unwrap_or(1),
        delay: arguments.get_one::<Delay>("delay").copied().unwrap_or_default(),
        dedup: arguments.get_one::<Dedup>("dedup").copied().unwrap_or_default(),
        seed,
        body: body(),
    };
    let made = clock.elapsed();
    let threads = threads(arguments);
    let mut prepared = flood
        .prepare_for(&graph, threads)
        .map_err(|error| Failure::usage(error.to_string(), "choose a lower TTL, or shorter delays"))?;
    let ready = clock.elapsed();
    let report = prepared.run();
    let took = clock.elapsed().saturating_sub(ready);
    let peak_rss_bytes = peak_memory();
    let search = clock.elapsed();
    let ball = breadth_first(&graph, flood.origin, flood.ttl.into());
    let searched = clock.elapsed().saturating_sub(search);
    let (copies, links) = (per_second(report.messages, took), per_second(ball.messages, searched));
    let part: u64 = breadth_first(&graph, flood.origin, graph.nodes()).per_hop.iter().sum();
    let run = Run {
        unreachable: graph.nodes() as u64 - part,
        threads,
        graph_ms: millis(made),
        setup_ms: millis(ready.saturating_sub(made)),
        wall_ms: millis(took),
        messages_per_s: copies.round() as u64,
        bfs_wall_ms: millis(searched),
        bfs_messages_per_s: links.round() as u64,
        bfs_ratio: (10.0 * links / copies).round() / 10.0,
        peak_rss_bytes,
        report,
    };
    let mut out = Out::new();
    if is_set(arguments, "json") {
        out.json(&run)?
    } else {
        show(&mut out, &run)?
    }
    // A million nodes take a while to take apart, and nobody is to wait for it.
    std::mem::forget(prepared);
    Ok(Exit::Done)
}

fn per_second(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64().max(1e-9)
}

/// One for each processor that this process may use, unless told otherwise.
fn threads(arguments: &ArgMatches) -> usize {
    let given = arguments.get_one::<usize>("threads").copied();
    given.unwrap_or_else(|| available_parallelism().map_or(1, NonZero::get).min(MAX_THREADS))
}

/// A query as a real node sends it, its bytes known.
fn body() -> Arc<QueryBody> {
    let origin = PeerAddr(([192, 0, 2, 1], 6346).into());
    let body = QueryBody::new(TEXT, Some(origin), Delivery::Direct, false);
    seal_query(&body);
    Arc::new(body)
}

fn graph(arguments: &ArgMatches, rng: &mut Rng) -> Result<Graph, Failure> {
    if let Some(path) = arguments.get_one::<String>("graph") {
        let path = Path::new(path);
        let text = graph_file::read(path, MAX_GRAPH)?;
        return Graph::parse(&text).map_err(|mistakes| graph_file::mistaken(path, mistakes));
    }
    let number = |name: &str| arguments.get_one::<usize>(name).copied().unwrap_or_default();
    let kind = arguments.get_one::<Kind>("kind").copied().unwrap_or_default();
    make(kind, number("nodes"), number("degree"), rng)
        .map_err(|error| Failure::usage(error.to_string(), "choose other --nodes or another --degree"))
}

/// Who asks: by the number that the graph file gives it; the first node unless told otherwise.
fn origin(arguments: &ArgMatches, graph: &Graph) -> Result<u32, Failure> {
    let Some(&label) = arguments.get_one::<u64>("origin") else { return Ok(0) };
    let place = arguments.get_one::<String>("graph").map_or("the graph", String::as_str);
    graph.node(label).ok_or_else(|| {
        let last = graph.label((graph.nodes() - 1) as u32);
        Failure::usage(
            format!("--origin: there is no node {label} in {place}"),
            format!("choose one of its {} nodes, {} to {last}", graph.nodes(), graph.label(0)),
        )
    })
}

/// Reads `40ms` or `10ms..200ms`.
pub(super) fn delay(text: &str) -> Result<Delay, String> {
    let (shortest, longest) = text.split_once("..").unwrap_or((text, text));
    Delay::new(duration(shortest)?, duration(longest)?).map_err(|error| error.to_string())
}

fn show(out: &mut Out, run: &Run) -> Result<(), Failure> {
    let Report { nodes, edges, origin, ttl, ref per_hop, ref messages_per_hop, .. } = run.report;
    out.line(format!(
        "simulated: {} and {}, node {origin} asks with TTL {ttl}",
        count(nodes as u64, "node"),
        count(edges as u64, "link"),
    ))?;
    let mut so_far = 0;
    let rows: Vec<Vec<String>> = per_hop
        .iter()
        .zip(messages_per_hop)
        .enumerate()
        .map(|(hop, (&reached, &messages))| {
            so_far += reached;
            [hop as u64, reached, so_far, messages].iter().map(u64::to_string).collect()
        })
        .collect();
    out.table(&[right("hop"), right("nodes"), right("so far"), right("messages")], &rows)?;
    let Report { reached, messages, duplicates, bytes: size, virtual_ms, ref hash, .. } = run.report;
    let share = duplicates as f64 * 100.0 / messages.max(1) as f64;
    out.line(format!(
        "reached {} with {}, {} of them duplicates ({share:.1} %), {}, in {} of virtual time",
        count(reached, "node"),
        count(messages, "message"),
        duplicates,
        bytes(size),
        span(virtual_ms as u64),
    ))?;
    if run.unreachable > 0 {
        let nodes = count(run.unreachable, "node");
        out.line(format!("the graph is not connected: no way leads from node {origin} to {nodes}, whatever the TTL"))?;
    }
    let memory = run.peak_rss_bytes.map(|peak| format!(", {} of memory", bytes(peak))).unwrap_or_default();
    out.line(format!(
        "{:.1} ms on {}, after {:.1} ms for the graph and {:.1} ms for the nodes: {} messages a second{memory}; hash {hash}",
        run.wall_ms,
        count(run.threads as u64, "thread"),
        run.graph_ms,
        run.setup_ms,
        run.messages_per_s,
    ))?;
    out.line(format!(
        "a plain breadth-first search on one thread: {:.1} ms, {} links a second, {:.1} times as many",
        run.bfs_wall_ms, run.bfs_messages_per_s, run.bfs_ratio,
    ))
}

#[cfg(test)]
mod tests {
    use super::{body, delay};

    #[test]
    fn delays_are_one_time_or_a_range() {
        assert_eq!(delay("50ms"), delay("50ms..50ms"));
        assert!(delay("10ms..1s").is_ok());
        for bad in ["", "..", "5", "10ms..", "..10ms", "0ms", "20ms..10ms", "1us..1h", "-1ms", "1ms..2ms..3ms"] {
            assert!(delay(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_bytes_of_the_query_are_known() {
        assert!(body().sealed().len() > 18);
    }
}
