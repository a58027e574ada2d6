//! Queries relayed through one node with 8 neighbors on loopback: `cargo bench --bench relay [-- SECONDS [COPIES]]`.
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
#[path = "support/nothing.rs"]
mod nothing;

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cpu::cpu_seconds;
use hopscope::net::{Dialer, Identity, Net, NetSettings, Purpose, start};
use hopscope::overlay::{self, Delivery, Hello, Message, QueryBody, QueryMessage, Role, TopologyKind};
use hopscope::proto::{Guid, PeerAddr, Travel};
use hopscope::wire;
use nothing::Nothing;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const NEIGHBORS: u64 = 8;
const RATES: [u64; 7] = [1_000, 10_000, 50_000, 100_000, 200_000, 400_000, 800_000];
/// Between two bursts of a neighbor.
const TICK: Duration = Duration::from_millis(2);

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [command, addr, rate, copies, seconds] = &arguments[..]
        && command == "load"
    {
        return load(PeerAddr(addr.parse()?), rate.parse()?, copies.parse()?, seconds.parse()?);
    }
    let seconds = arguments.first().map_or(Ok(5), |text| text.parse())?;
    let copies = arguments.get(1).map_or(Ok(1), |text| text.parse())?;
    println!("one node, {NEIGHBORS} neighbors, each query sent by {copies} of them, {seconds} s a rate");
    println!(
        "{:>9} {:>9} {:>9} {:>9} {:>9} {:>10} {:>10} {:>8}",
        "asked/s", "in/s", "new/s", "out/s", "dropped", "CPU us/in", "us/copy", "cores"
    );
    let runtime = tokio::runtime::Runtime::new()?;
    idle(&runtime, seconds)?;
    RATES.iter().try_for_each(|&rate| measure(&runtime, rate, copies, seconds))
}

/// One rate: the node here, its neighbors in a child.
fn measure(runtime: &tokio::runtime::Runtime, rate: u64, copies: u64, seconds: u64) -> Result<()> {
    let mut net = runtime.block_on(relay())?;
    let mut child = neighbors(&net, rate, copies, seconds)?;
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
    println!(
        "{rate:>9} {:>9.0} {:>9.0} {:>9.0} {:>9} {:>10.2} {:>10.2} {:>8.2}",
        queries / elapsed,
        queries / copies as f64 / elapsed,
        received as f64 / elapsed,
        status.total.dropped,
        cpu * 1e6 / queries,
        cpu * 1e6 / received as f64,
        cpu / elapsed,
    );
    Ok(())
}

/// What the node costs while its neighbors say nothing but that they live.
fn idle(runtime: &tokio::runtime::Runtime, seconds: u64) -> Result<()> {
    let net = runtime.block_on(relay())?;
    let mut child = neighbors(&net, 0, 1, 4 * seconds)?;
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

async fn relay() -> Result<Net> {
    let settings = NetSettings {
        listen: ([127, 0, 0, 1], 0).into(),
        name: "relay".to_owned(),
        agent: "bench".to_owned(),
        identity: Identity::ephemeral()?,
        peers: Vec::new(),
        directories: Vec::new(),
        remembered: Vec::new(),
        discovery: false,
        passphrase: None,
        core: overlay::Config { only_peers: true, ..overlay::Config::default() },
    };
    Ok(start(settings, Arc::new(Nothing), None).await?)
}

fn neighbors(net: &Net, rate: u64, copies: u64, seconds: u64) -> Result<std::process::Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("load").args([net.bound.to_string(), rate.to_string(), copies.to_string(), seconds.to_string()]);
    Ok(command.stdout(Stdio::piped()).spawn()?)
}

/// The other process: all neighbors, then the count of what they received.
fn load(addr: PeerAddr, rate: u64, copies: u64, seconds: u64) -> Result<()> {
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
            writers.push(tokio::spawn(send(writing, neighbor, rate, copies, seconds)));
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
async fn send(
    mut stream: tokio::io::WriteHalf<hopscope::net::Stream>,
    neighbor: u64,
    rate: u64,
    copies: u64,
    seconds: u64,
) -> Result<()> {
    let group = neighbor / copies;
    let body = Arc::new(QueryBody::new("some words to look for", None, Delivery::Direct, false));
    let begin = tokio::time::Instant::now();
    let (total, mut sent) = (rate * seconds / NEIGHBORS, 0);
    let mut bytes = Vec::new();
    while begin.elapsed() < Duration::from_secs(seconds) {
        let due = (total as f64 * begin.elapsed().as_secs_f64() / seconds as f64) as u64;
        bytes.clear();
        for number in sent..due.min(total) {
            let mut guid = [group as u8; 16];
            guid[8..].copy_from_slice(&number.to_be_bytes());
            let query = QueryMessage { guid: Guid(guid), travel: Travel::start(7, 7), body: Arc::clone(&body) };
            wire::encode_message(&Message::Query(query), &mut bytes);
        }
        sent = due.min(total);
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
