//! A directory with ten thousand clients over real links on loopback: `cargo bench --bench directory_links [-- CLIENTS]`.
//!
//! The directory is the real thing: sockets, TLS, wire, core, and a file on disk. Its clients are the lightest that can be,
//! in a process of their own, so that the directory's processor time and memory are its own: each has a key, a link and a
//! hundred files, renews its lease, and looks things up. They share the processor with the directory: read the CPU a
//! look-up, and the times only as what this machine reached with both on it.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

#[path = "names.rs"]
#[expect(dead_code, reason = "the benchmark of the index uses more of it")]
mod names;

#[path = "support/cpu.rs"]
mod cpu;
#[path = "support/memory.rs"]
mod memory;
#[path = "support/node.rs"]
mod node;
#[path = "support/nothing.rs"]
mod nothing;

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cpu::cpu_seconds;
use hopscope::directory::{open, wall_clock};
use hopscope::net::{Dialer, Identity, Purpose, Stream, start};
use hopscope::overlay::{
    self, CentralMessage, Change, Delivery, FoundFile, Hello, Lookup, Message, QueryBody, Register, Renew, Role,
    TopologyKind,
};
use hopscope::proto::limits::{LEASE, REGISTER_BUCKETS};
use hopscope::proto::{FileId, Guid, PeerAddr};
use hopscope::wire::{self, Decoder, Incoming};
use memory::resident;
use names::Names;
use nothing::Nothing;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Semaphore, mpsc};

const FILES_A_NODE: usize = 100;
/// Clients that link up at once: as many as the directory shakes hands with.
const AT_ONCE: usize = 64;
/// Look-ups a second, by all clients together.
const RATES: [usize; 5] = [1_000, 2_000, 5_000, 10_000, 20_000];
const SECONDS: usize = 10;
/// Between two signs of life of a client.
const SIGN_OF_LIFE: Duration = Duration::from_secs(9);

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [command, addr, clients] = &arguments[..]
        && command == "clients"
    {
        return tokio::runtime::Runtime::new()?.block_on(all_clients(PeerAddr(addr.parse()?), clients.parse()?));
    }
    let clients = arguments.first().map_or(Ok(10_000), |text| text.parse())?;
    tokio::runtime::Runtime::new()?.block_on(directory(clients))
}

/// The directory, and what it took for each thing that the clients in the child say they did.
async fn directory(clients: usize) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let settings = node::settings(
        "directory",
        overlay::Config {
            topology: TopologyKind::Central,
            serve_directory: true,
            only_peers: true,
            ..overlay::Config::default()
        },
    )?;
    let registry = open(&folder.path().join("directory.redb"), LEASE, wall_clock(), 1)?;
    let before = resident();
    let net = start(settings, Arc::new(Nothing), Some(Box::new(registry))).await?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("clients").args([net.bound.to_string(), clients.to_string()]);
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let output = child.stdout.take().ok_or("no output")?;
    let (lines, mut said) = mpsc::unbounded_channel();
    let reader = tokio::task::spawn_blocking(move || -> Result<()> {
        for line in BufReader::new(output).lines() {
            lines.send(line?)?;
        }
        Ok(())
    });
    let (mut cpu, mut began) = (cpu_seconds(), Instant::now());
    while let Some(line) = said.recv().await {
        let (used, took) = (cpu_seconds() - cpu, began.elapsed().as_secs_f64());
        let resident = (resident() - before) as f64 / 1e6;
        println!("{line}; directory: {used:.1} s CPU in {took:.1} s, {resident:.0} MB resident");
        (cpu, began) = (cpu_seconds(), Instant::now());
    }
    reader.await??;
    child.wait()?;
    let served = net.status.borrow().served.clone().ok_or("it serves a directory")?;
    println!("at the end: {} nodes, {} files, {} look-ups", served.nodes, served.files, served.did.lookups);
    net.shutdown.run().await;
    Ok(())
}

/// The other process: all clients.
async fn all_clients(addr: PeerAddr, count: usize) -> Result<()> {
    let say = |line: String| -> Result<()> {
        println!("{line}");
        Ok(std::io::stdout().flush()?)
    };
    let mut names = Names::new(count * FILES_A_NODE);
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut linking = Vec::new();
    for n in 0..count {
        let place = Arc::clone(&places).acquire_owned().await?;
        let files = (0..FILES_A_NODE).map(|i| file(&names, n * FILES_A_NODE + i)).collect();
        linking.push(tokio::spawn(async move {
            let client = Client::register(addr, n, files).await;
            drop(place);
            client
        }));
    }
    let mut waiting = Vec::new();
    for client in linking {
        let (orders, inbox) = mpsc::channel(4);
        tokio::spawn(client.await??.live(inbox));
        waiting.push(orders);
    }
    say(format!("{count} clients linked and registered {FILES_A_NODE} files each"))?;
    let texts: Vec<String> =
        (1..=3).flat_map(|words| names.searches(1_000, words)).map(|words| words.join(" ")).collect();
    for rate in RATES {
        let (done, mut times) = mpsc::unbounded_channel();
        let begin = tokio::time::Instant::now();
        let behind = AtomicUsize::new(0);
        for i in 0..rate * SECONDS {
            tokio::time::sleep_until(begin + Duration::from_secs_f64(i as f64 / rate as f64)).await;
            let order = (texts[i * 7 % texts.len()].clone(), done.clone());
            if waiting[i * 37 % count].try_send(order).is_err() {
                behind.fetch_add(1, Ordering::Relaxed);
            }
        }
        drop(done);
        let mut all = Vec::new();
        while let Some(time) = times.recv().await {
            all.push(time);
        }
        let took = begin.elapsed().as_secs_f64();
        let answered = all.len() as f64 / took;
        let (middle, high) = names::percentiles(all);
        say(format!(
            "{rate} look-ups/s asked, {answered:.0} answered, p50 {:.2} ms, p99 {:.2} ms, {} not asked in time",
            middle / 1e3,
            high / 1e3,
            behind.into_inner(),
        ))?;
    }
    Ok(())
}

fn file(names: &Names, i: usize) -> FoundFile {
    let mut id = [0; 32];
    id[..8].copy_from_slice(&(i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
    FoundFile { name: names.name(i).into(), size: i as u64 + 1, id: FileId(id) }
}

/// What a client is told to look up, and where the time that it took goes.
type Order = (String, mpsc::UnboundedSender<Duration>);

struct Client {
    stream: Stream,
    decoder: Decoder,
    digest: u64,
}

impl Client {
    async fn register(addr: PeerAddr, number: usize, files: Vec<FoundFile>) -> Result<Self> {
        let dialer = Dialer::of(&Identity::ephemeral()?)?;
        let stream = dialer.open(addr, None, Purpose::Link).await?;
        let mut client = Self { stream, decoder: Decoder::new(), digest: 0 };
        let mut digests = vec![0; REGISTER_BUCKETS];
        for file in &files {
            let tag = overlay::file_tag(file.name.raw(), file.size, &file.id);
            digests[usize::from(tag.to_be_bytes()[0])] ^= tag;
            client.digest ^= tag;
        }
        let mut bytes = Vec::new();
        let hello = Hello {
            name: format!("client {number}").as_str().into(),
            agent: "".into(),
            listen: None,
            observed: None,
            topology: TopologyKind::Central,
            role: Role::Client,
            serves: false,
        };
        wire::encode_hello(&hello, &mut bytes);
        client.write(&bytes).await?;
        client.say(CentralMessage::Register(Register { addr: None, digests })).await?;
        while !matches!(client.hear().await?, CentralMessage::Known(known) if known.last) {}
        client.say(CentralMessage::Change(Change { serial: 1, add: files, remove: Vec::new() })).await?;
        loop {
            if let CentralMessage::Lease(lease) = client.hear().await?
                && lease.serial == 1
            {
                assert_eq!((lease.files as usize, lease.refused), (FILES_A_NODE, 0));
                return Ok(client);
            }
        }
    }

    /// Renews the lease and looks up what it is told, until nobody tells it anything any more.
    async fn live(mut self, mut orders: mpsc::Receiver<Order>) -> Result<()> {
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    Some((text, done)) => {
                        let start = Instant::now();
                        self.look_up(&text).await?;
                        done.send(start.elapsed())?;
                    }
                    None => return Ok(()),
                },
                () = tokio::time::sleep(SIGN_OF_LIFE) => {
                    self.say(CentralMessage::Renew(Renew { digest: self.digest })).await?;
                    while !matches!(self.hear().await?, CentralMessage::Lease(_)) {}
                }
            }
        }
    }

    async fn look_up(&mut self, text: &str) -> Result<()> {
        let body = Arc::new(QueryBody::new(text, None, Delivery::Direct, false));
        self.say(CentralMessage::Lookup(Lookup { guid: Guid([7; 16]), body, after: 0 })).await?;
        while !matches!(self.hear().await?, CentralMessage::Found(_)) {}
        Ok(())
    }

    async fn say(&mut self, message: CentralMessage) -> Result<()> {
        let mut bytes = Vec::new();
        wire::encode_message(&Message::Central(Box::new(message)), &mut bytes);
        self.write(&bytes).await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes).await?;
        Ok(self.stream.flush().await?)
    }

    /// The next message of the directory's protocol; others are skipped.
    async fn hear(&mut self) -> Result<CentralMessage> {
        let mut buffer = [0; 4096];
        loop {
            match self.decoder.next()? {
                Some(Incoming::Message(Message::Central(message))) => return Ok(*message),
                Some(Incoming::Message(Message::Bye(bye))) => return Err(bye.text.visible(200).into()),
                Some(_) => {}
                None => match self.stream.read(&mut buffer).await? {
                    0 => return Err("the directory closed the link".into()),
                    count => self.decoder.feed(&buffer[..count]),
                },
            }
        }
    }
}
