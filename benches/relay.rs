//! Queries relayed through one node with 8 neighbors on loopback: `cargo bench --bench relay [-- SECONDS [COPIES]]`, and what
//! tracing adds: `cargo bench --bench relay -- tracing [SECONDS]`.
//!
//! The node is the real thing: sockets, TLS, wire, core. Its neighbors are the lightest that can be, in a process of their
//! own, so that the node's processor time is its own: they send queries made beforehand at a set rate and only count what
//! they receive. With COPIES 1 (the default) every query is new and goes to the 7 other neighbors: the dearest case. With 8
//! each query comes from every neighbor, as in a real flood, and 7 of 8 are duplicates.
//!
//! It shares the processor with its neighbors: read the microseconds of CPU a query, and the queries a second only as what
//! this machine reached.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

#[path = "support/cpu.rs"]
mod cpu;
#[path = "support/node.rs"]
mod node;
#[path = "support/nothing.rs"]
mod nothing;

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cpu::cpu_seconds;
use hopscope::net::{Dialer, Identity, Net, Purpose, start};
use hopscope::overlay::{self, Delivery, Hello, Message, QueryBody, QueryMessage, Role, TopologyKind};
use hopscope::proto::{Guid, PeerAddr, Travel};
use hopscope::wire;
use nothing::Nothing;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const NEIGHBORS: u64 = 8;
/// Queries a second, none of them traced, beside which tracing is measured,
const BESIDE: u64 = 10_000;
/// and how many traced ones come on top from each neighbor: twice as many as a node reports on.
const TRACED: u64 = 5;
/// Pairs of measurements of it.
const PAIRS: usize = 5;
const RATES: [u64; 7] = [1_000, 10_000, 50_000, 100_000, 200_000, 400_000, 800_000];
/// Between two bursts of a neighbor.
const TICK: Duration = Duration::from_millis(2);

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [command, addr, load @ ..] = &arguments[..]
        && command == "load"
    {
        return neighbors(PeerAddr(addr.parse()?), Load::parse(load)?);
    }
    let runtime = tokio::runtime::Runtime::new()?;
    if arguments.first().is_some_and(|command| command == "tracing") {
        return tracing(&runtime, arguments.get(1).map_or(Ok(5), |text| text.parse())?);
    }
    let seconds = arguments.first().map_or(Ok(5), |text| text.parse())?;
    let copies = arguments.get(1).map_or(Ok(1), |text| text.parse())?;
    println!("one node, {NEIGHBORS} neighbors, each query sent by {copies} of them, {seconds} s a rate");
    println!(
        "{:>9} {:>9} {:>9} {:>9} {:>9} {:>10} {:>10} {:>8}",
        "asked/s", "in/s", "new/s", "out/s", "dropped", "CPU us/in", "us/copy", "cores"
    );
    idle(&runtime, seconds)?;
    RATES.iter().try_for_each(|&rate| {
        let measured = measure(&runtime, Load { rate, copies, seconds, traced: 0 }, false)?;
        measured.print(rate, copies);
        Ok(())
    })
}

/// What the neighbors do.
#[derive(Clone, Copy)]
struct Load {
    /// Queries a second, of all of them together.
    rate: u64,
    /// Neighbors that send the same query.
    copies: u64,
    seconds: u64,
    /// Traced queries a second on top, from each neighbor.
    traced: u64,
}

impl Load {
    fn parse(arguments: &[String]) -> Result<Self> {
        let [rate, copies, seconds, traced] = arguments else { return Err("four numbers are a load".into()) };
        Ok(Self { rate: rate.parse()?, copies: copies.parse()?, seconds: seconds.parse()?, traced: traced.parse()? })
    }

    fn arguments(&self) -> [String; 4] {
        [self.rate, self.copies, self.seconds, self.traced].map(|number| number.to_string())
    }
}

/// What a node did in its time.
struct Measured {
    queries: f64,
    received: f64,
    dropped: u64,
    cpu: f64,
    elapsed: f64,
}

impl Measured {
    fn cpu_us(&self) -> f64 {
        self.cpu * 1e6 / self.queries
    }

    fn print(&self, rate: u64, copies: u64) {
        let Self { queries, received, dropped, cpu, elapsed } = self;
        println!(
            "{rate:>9} {:>9.0} {:>9.0} {:>9.0} {dropped:>9} {:>10.2} {:>10.2} {:>8.2}",
            queries / elapsed,
            queries / copies as f64 / elapsed,
            received / elapsed,
            self.cpu_us(),
            cpu * 1e6 / received,
            cpu / elapsed,
        );
    }
}

/// The processor time of a node that relays untraced queries: alone, with its faces watching every one, and with as many
/// traced ones on top that it reports on all that it may. One after the other, several times.
fn tracing(runtime: &tokio::runtime::Runtime, seconds: u64) -> Result<()> {
    println!("{BESIDE} untraced queries a second, {seconds} s each: CPU us a query");
    println!("{:>9} {:>9} {:>18}", "alone", "watched", "and reported on");
    let mut ratios = Vec::new();
    for _ in 0..PAIRS {
        let load = Load { rate: BESIDE, copies: 1, seconds, traced: 0 };
        let alone = measure(runtime, load, false)?.cpu_us();
        let watched = measure(runtime, load, true)?.cpu_us();
        let reported = measure(runtime, Load { traced: TRACED, ..load }, true)?.cpu_us();
        println!("{alone:>9.2} {watched:>9.2} {reported:>18.2}");
        ratios.push((watched / alone, reported / alone));
    }
    let mut watched: Vec<f64> = ratios.iter().map(|ratio| ratio.0).collect();
    let mut reported: Vec<f64> = ratios.iter().map(|ratio| ratio.1).collect();
    watched.sort_by(f64::total_cmp);
    reported.sort_by(f64::total_cmp);
    let middle = PAIRS / 2;
    println!(
        "ratio to alone, median of {PAIRS}: watched {:.3}, and reported on {:.3}",
        watched[middle], reported[middle]
    );
    Ok(())
}

/// One load: the node here, its neighbors in a child.
fn measure(runtime: &tokio::runtime::Runtime, load: Load, watched: bool) -> Result<Measured> {
    let mut net = runtime.block_on(relay(watched))?;
    let mut child = start_neighbors(&net, load)?;
    let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
    let mut next = || -> Result<String> { Ok(lines.next().ok_or("the neighbors are gone")??) };
    assert_eq!(next()?, "begin");
    let (cpu, began) = (cpu_seconds(), Instant::now());
    let received: u64 = next()?.parse()?;
    let (cpu, elapsed) = (cpu_seconds() - cpu, began.elapsed().as_secs_f64());
    child.wait()?;
    runtime.block_on(net.shutdown.run());
    let status = net.status.borrow_and_update().clone();
    let queries = status.total.messages_in.saturating_sub(2 * NEIGHBORS) as f64;
    Ok(Measured { queries, received: received as f64, dropped: status.total.dropped, cpu, elapsed })
}

/// What the node costs while its neighbors say nothing but that they live.
fn idle(runtime: &tokio::runtime::Runtime, seconds: u64) -> Result<()> {
    let net = runtime.block_on(relay(false))?;
    let mut child = start_neighbors(&net, Load { rate: 0, copies: 1, seconds: 4 * seconds, traced: 0 })?;
    let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
    lines.next().ok_or("the neighbors are gone")??;
    let (cpu, began) = (cpu_seconds(), Instant::now());
    lines.next().ok_or("the neighbors are gone")??;
    let share = (cpu_seconds() - cpu) / began.elapsed().as_secs_f64() * 100.0;
    child.wait()?;
    runtime.block_on(net.shutdown.run());
    println!("idle with {NEIGHBORS} neighbors: {share:.2} % of a core");
    Ok(())
}

/// The node; if it is watched, somebody takes what it tells of each query, as its faces do.
async fn relay(watched: bool) -> Result<Net> {
    let settings =
        node::settings("relay", overlay::Config { only_peers: true, trace: watched, ..overlay::Config::default() })?;
    let mut net = start(settings, Arc::new(Nothing), None).await?;
    let (_, nothing) = tokio::sync::mpsc::channel(1);
    let mut traces = std::mem::replace(&mut net.traces, nothing);
    tokio::spawn(async move { while traces.recv().await.is_some() {} });
    Ok(net)
}

fn start_neighbors(net: &Net, load: Load) -> Result<std::process::Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("load").arg(net.bound.to_string()).args(load.arguments());
    Ok(command.stdout(Stdio::piped()).spawn()?)
}

/// The other process: all neighbors, then the count of what they received.
fn neighbors(addr: PeerAddr, load: Load) -> Result<()> {
    tokio::runtime::Runtime::new()?.block_on(async {
        let received = Arc::new(AtomicU64::new(0));
        let mut streams = Vec::new();
        for _ in 0..NEIGHBORS {
            streams.push(link(addr).await?);
        }
        println!("begin");
        std::io::stdout().flush()?;
        let mut writers = Vec::new();
        for (neighbor, stream) in (0..NEIGHBORS).zip(streams) {
            let (reading, writing) = tokio::io::split(stream);
            tokio::spawn(count(reading, Arc::clone(&received)));
            writers.push(tokio::spawn(send(writing, neighbor, load)));
        }
        for writer in writers {
            writer.await??;
        }
        // What is on its way arrives before the count is told.
        let mut before = u64::MAX;
        while before != received.load(Ordering::Relaxed) {
            before = received.load(Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        println!("{before}");
        Ok(())
    })
}

async fn link(addr: PeerAddr) -> Result<hopscope::net::Stream> {
    let dialer = Dialer::of(&Identity::ephemeral()?)?;
    let mut stream = dialer.open(addr, None, Purpose::Link).await?;
    let mut frame = Vec::new();
    let hello = Hello {
        name: "load".into(),
        agent: "".into(),
        listen: None,
        observed: None,
        topology: TopologyKind::Flood,
        role: Role::Peer,
        serves: false,
    };
    wire::encode_hello(&hello, &mut frame);
    stream.write_all(&frame).await?;
    stream.flush().await?;
    Ok(stream)
}

/// Sends this neighbor's part of the queries, evenly over the time. With copies, several neighbors send the same.
async fn send(mut stream: tokio::io::WriteHalf<hopscope::net::Stream>, neighbor: u64, load: Load) -> Result<()> {
    let Load { rate, copies, seconds, traced } = load;
    let group = neighbor / copies;
    let plain = Arc::new(QueryBody::new("some words to look for", None, Delivery::Direct, false));
    let asks_for_reports = Arc::new(QueryBody::new("some words to look for", None, Delivery::Reverse, true));
    let begin = tokio::time::Instant::now();
    let mut kinds = [(&plain, rate * seconds / NEIGHBORS, 0), (&asks_for_reports, traced * seconds, 0)];
    let mut bytes = Vec::new();
    while begin.elapsed() < Duration::from_secs(seconds) {
        let gone = begin.elapsed().as_secs_f64() / seconds as f64;
        bytes.clear();
        for (kind, (body, total, sent)) in (0u8..).zip(&mut kinds) {
            let due = ((*total as f64 * gone) as u64).min(*total);
            for number in *sent..due {
                let mut guid = [group as u8; 16];
                guid[7] = kind;
                guid[8..].copy_from_slice(&number.to_be_bytes());
                let query = QueryMessage { guid: Guid(guid), travel: Travel::start(7, 7), body: Arc::clone(body) };
                wire::encode_message(&Message::Query(query), &mut bytes);
            }
            *sent = due;
        }
        stream.write_all(&bytes).await?;
        stream.flush().await?;
        tokio::time::sleep(TICK).await;
    }
    // Keeps the link until the count is told.
    std::mem::forget(stream);
    Ok(())
}

/// Counts frames by their lengths alone; looking into them would only load the machine.
async fn count(mut stream: tokio::io::ReadHalf<hopscope::net::Stream>, received: Arc<AtomicU64>) -> Result<()> {
    let mut buffer = vec![0; 256 * 1024];
    let mut filled = 0;
    loop {
        filled += match stream.read(&mut buffer[filled..]).await? {
            0 => return Ok(()),
            count => count,
        };
        let (mut start, mut frames) = (0, 0);
        while let Some(length) = buffer[start..filled].first_chunk::<4>() {
            let end = start + 4 + u32::from_be_bytes(*length) as usize;
            if end > filled {
                break;
            }
            // A query's envelope is longer than a ping's: its body has words in it.
            frames += u64::from(end - start > 40);
            start = end;
        }
        received.fetch_add(frames, Ordering::Relaxed);
        buffer.copy_within(start..filled, 0);
        filled -= start;
    }
}
