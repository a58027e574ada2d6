//! A download of 1 GiB over loopback with TLS 1.3: hopscope's receiver, which checks every MiB against the file's hash,
//! beside curl and aria2 that fetch the same file from nginx. Each receiver is a process of its own, so that its CPU
//! time is its own; rounds are interleaved, and the best one of each counts, because the machine is shared.
//!
//! `cargo bench --bench transfer`; `HOPSCOPE_BENCH_MIB` and `HOPSCOPE_BENCH_ROUNDS` change size and rounds. Without nginx, curl or
//! aria2 (`apt-get install nginx-light curl aria2`) their lines are left out, and the output says so.

#[path = "support/node.rs"]
mod node;
#[path = "support/nothing.rs"]
mod nothing;

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use hopscope::net::{self, Dialer, Net};
use hopscope::overlay;
use hopscope::proto::{FileId, Magnet, MagnetSource, NodeId, PeerAddr};
use hopscope::transfer::{BoxStream, Dial, Files, PeerInfo, SharedFile, TransferSettings, TransferState, Transfers};
use nothing::Nothing;
use tokio::time::Instant;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Ticks of `/proc/*/stat` a second; Linux has shown user space this number on every machine for decades.
const TICKS: f64 = 100.0;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Runtime::new()?;
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", file] => runtime.block_on(serve(Path::new(file))),
        ["receive", magnet, downloads] => runtime.block_on(receive(magnet.parse()?, downloads.into())),
        _ => compare(),
    }
}

// The two ends of hopscope, each in a process of its own.

struct One(FileId, SharedFile);

impl Files for One {
    fn locate(&self, id: &FileId) -> Option<SharedFile> {
        (*id == self.0).then(|| self.1.clone())
    }
}

struct Dialling(Dialer);

impl Dial for Dialling {
    fn dial(&self, addr: PeerAddr, node: Option<NodeId>) -> BoxFuture<'_, std::io::Result<(BoxStream, NodeId)>> {
        Box::pin(async move {
            let (stream, node) = self.0.file(addr, node).await?;
            Ok((Box::new(stream) as BoxStream, node))
        })
    }
}

async fn start_net() -> Result<Net> {
    let settings = node::settings("bench", overlay::Config { only_peers: true, ..overlay::Config::default() })?;
    Ok(net::start(settings, Arc::new(Nothing), None).await?)
}

fn settings(downloads: PathBuf) -> TransferSettings {
    TransferSettings { downloads, parallel_downloads: 4, upload_slots: 4, upload_queue: 16 }
}

async fn serve(path: &Path) -> Result<()> {
    let meta = fs::metadata(path)?;
    let id = FileId(*blake3::Hasher::new().update_mmap_rayon(path)?.finalize().as_bytes());
    let shared = SharedFile { path: path.into(), size: meta.len(), mtime: meta.modified()? };
    let mut net = start_net().await?;
    let dial = Arc::new(Dialling(net.dialer.clone()));
    let transfers = Transfers::new(settings(path.with_extension("none")), Arc::new(One(id, shared)), dial);
    let source = MagnetSource { addr: PeerAddr(net.bound), node: Some(net.node) };
    println!("{}", Magnet { id, name: "file".into(), size: Some(meta.len()), sources: vec![source] });
    while let Some(incoming) = net.files.recv().await {
        let transfers = transfers.clone();
        let peer = PeerInfo { node: incoming.node, name: incoming.addr.to_string().into() };
        tokio::spawn(async move { transfers.serve(incoming.stream, peer).await });
    }
    Ok(())
}

async fn receive(magnet: Magnet, downloads: PathBuf) -> Result<()> {
    let net = start_net().await?;
    let transfers =
        Transfers::new(settings(downloads), Arc::new(One(FileId([0; 32]), nowhere())), Arc::new(Dialling(net.dialer)));
    let mut changes = transfers.changes();
    let id = transfers.start(magnet)?;
    loop {
        changes.changed().await?;
        let Some(line) = transfers.list().into_iter().find(|line| line.id == id) else { continue };
        match line.state {
            TransferState::Done => return Ok(()),
            state if state.is_final() => return Err(format!("{state:?}: {:?}", line.why).into()),
            _ => {}
        }
    }
}

fn nowhere() -> SharedFile {
    SharedFile { path: PathBuf::new(), size: 0, mtime: std::time::SystemTime::UNIX_EPOCH }
}

// The comparison.

/// One kind of receiver, and its best run.
struct Runner {
    name: &'static str,
    command: Box<dyn Fn(&Path) -> Command>,
    server: u32,
    best_wall: f64,
    best_cpu: f64,
    server_cpu: f64,
}

impl Runner {
    fn new(name: &'static str, server: u32, command: impl Fn(&Path) -> Command + 'static) -> Self {
        let mut runner =
            Self { name, command: Box::new(command), server, best_wall: 0.0, best_cpu: 0.0, server_cpu: 0.0 };
        runner.forget();
        runner
    }

    /// As if it had not run yet.
    fn forget(&mut self) {
        (self.best_wall, self.best_cpu, self.server_cpu) = (f64::INFINITY, f64::INFINITY, f64::INFINITY);
    }

    /// One download into an empty folder; returns what was downloaded.
    fn run(&mut self, folder: &Path) -> Result<PathBuf> {
        let target = folder.join("downloads");
        let _ = fs::remove_dir_all(&target);
        fs::create_dir(&target)?;
        // Nobody pays for what the one before left to be written.
        Command::new("sync").status()?;
        let (own, server) = (cpu("self", true)?, cpu(&self.server.to_string(), false)?);
        let began = Instant::now();
        let status = (self.command)(&target).stdout(Stdio::null()).status()?;
        self.best_wall = self.best_wall.min(began.elapsed().as_secs_f64());
        self.best_cpu = self.best_cpu.min(cpu("self", true)? - own);
        self.server_cpu = self.server_cpu.min(cpu(&self.server.to_string(), false)? - server);
        if !status.success() {
            return Err(format!("{} failed: {status}", self.name).into());
        }
        Ok(target.join("file"))
    }
}

/// CPU seconds of a process, or of the children that it has waited for.
fn cpu(process: &str, children: bool) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let after_name = stat.rsplit_once(") ").ok_or("no name in stat")?.1;
    let fields: Vec<&str> = after_name.split(' ').collect();
    let first = if children { 13 } else { 11 };
    Ok((fields[first].parse::<f64>()? + fields[first + 1].parse::<f64>()?) / TICKS)
}

fn compare() -> Result<()> {
    let number = |name: &str, default| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (mib, rounds): (usize, usize) = (number("HOPSCOPE_BENCH_MIB", 1024), number("HOPSCOPE_BENCH_ROUNDS", 5));
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("shared");
    let (hash, sha256) = make_file(&path, mib)?;
    let (server, own) = start_server(&path)?;
    let mut runners = vec![Runner::new("hopscope, verified, on the disk", server.0.id(), own)];
    let _nginx = add_others(folder.path(), &sha256, &mut runners)?;
    // Memory that the machine has not touched before costs whoever touches it first: that round does not count.
    runners[0].run(folder.path())?;
    runners[0].forget();
    for _ in 0..rounds {
        for runner in &mut runners {
            let file = runner.run(folder.path())?;
            let found = blake3::Hasher::new().update_mmap_rayon(&file)?.finalize();
            if found != hash {
                return Err(format!("{} brought something else", runner.name).into());
            }
        }
    }
    // A sender that nobody has asked for this file before has to compute its list of group values.
    let (fresh_server, own) = start_server(&path)?;
    let mut first = Runner::new("hopscope, first download of a file", fresh_server.0.id(), own);
    first.run(folder.path())?;
    println!("{mib} MiB over loopback, TLS 1.3, best of {rounds} interleaved rounds; CPU in seconds");
    println!("{:<38} {:>8} {:>8} {:>13} {:>11}", "receiver", "wall s", "MiB/s", "receiver CPU", "sender CPU");
    for Runner { name, best_wall, best_cpu, server_cpu, .. } in runners.iter().chain([&first]) {
        let rate = mib as f64 / best_wall;
        println!("{name:<38} {best_wall:>8.2} {rate:>8.0} {best_cpu:>13.2} {server_cpu:>11.2}");
    }
    Ok(())
}

/// Starts a sender of a file; returns it, and what fetches the file from it into a folder.
fn start_server(path: &Path) -> Result<(Guard, impl Fn(&Path) -> Command + 'static)> {
    let exe = std::env::current_exe()?;
    let mut server = Guard(Command::new(&exe).arg("serve").arg(path).stdout(Stdio::piped()).spawn()?);
    let mut magnet = String::new();
    BufReader::new(server.0.stdout.take().ok_or("no stdout")?).read_line(&mut magnet)?;
    let receiver = move |downloads: &Path| {
        let mut command = Command::new(&exe);
        command.args(["receive", magnet.trim()]).arg(downloads);
        command
    };
    Ok((server, receiver))
}

/// Random bytes; returns their BLAKE3 hash, and their SHA-256 hash in hexadecimal.
fn make_file(path: &Path, mib: usize) -> Result<(blake3::Hash, String)> {
    let mut random = blake3::Hasher::new().update(b"transfer bench").finalize_xof();
    let (mut piece, mut file) = (vec![0; 1 << 20], File::create(path)?);
    let (mut blake3, mut sha256) = (blake3::Hasher::new(), ring::digest::Context::new(&ring::digest::SHA256));
    for _ in 0..mib {
        random.fill(&mut piece);
        file.write_all(&piece)?;
        blake3.update(&piece);
        sha256.update(&piece);
    }
    file.sync_all()?;
    let hex = sha256.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((blake3.finalize(), hex))
}

/// Adds curl and aria2 with an nginx for them to fetch from, as far as they are there.
fn add_others(folder: &Path, sha256: &str, runners: &mut Vec<Runner>) -> Result<Option<Guard>> {
    let there = |name: &str| {
        let found = Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
        if !found {
            println!("{name} is not installed: the comparison with it is left out");
        }
        found
    };
    if !there("nginx") || !there("openssl") {
        return Ok(None);
    }
    let (nginx, url) = start_nginx(folder)?;
    let id = nginx.0.id();
    if there("curl") {
        let url = url.clone();
        runners.push(Runner::new("curl, nothing verified", id, move |downloads| {
            let mut command = Command::new("curl");
            command.args(["--silent", "--insecure", "--fail", "--output"]).arg(downloads.join("file")).arg(&url);
            command
        }));
    }
    if there("aria2c") {
        let aria2 = move |extra: Vec<String>| {
            let url = url.clone();
            move |downloads: &Path| {
                let mut command = Command::new("aria2c");
                command.args(["--quiet", "--check-certificate=false", "--file-allocation=none", "--out=file"]);
                command.args(&extra).arg("--dir").arg(downloads).arg(&url);
                command
            }
        };
        runners.push(Runner::new("aria2c, nothing verified", id, aria2(vec![])));
        let checksum = vec![format!("--checksum=sha-256={sha256}")];
        runners.push(Runner::new("aria2c, SHA-256 verified afterwards", id, aria2(checksum)));
    }
    Ok(Some(nginx))
}

fn start_nginx(folder: &Path) -> Result<(Guard, String)> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(folder)
        .stderr(Stdio::null())
        .status()?;
    if !made.success() {
        return Err("openssl could not make a certificate".into());
    }
    let at = folder.display();
    let config = format!(
        "daemon off; master_process off; pid {at}/pid; error_log {at}/error.log;
        events {{}}
        http {{
            access_log off; client_body_temp_path {at}/t1; proxy_temp_path {at}/t2; fastcgi_temp_path {at}/t3;
            uwsgi_temp_path {at}/t4; scgi_temp_path {at}/t5;
            server {{
                listen 127.0.0.1:{port} ssl; ssl_certificate cert.pem; ssl_certificate_key key.pem;
                ssl_protocols TLSv1.3; root {at};
            }}
        }}"
    );
    fs::write(folder.join("nginx.conf"), config)?;
    let mut command = Command::new("nginx");
    command.arg("-p").arg(folder).arg("-c").arg(folder.join("nginx.conf")).arg("-e").arg(folder.join("error.log"));
    let nginx = Guard(command.spawn()?);
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        std::thread::yield_now();
    }
    Ok((nginx, format!("https://127.0.0.1:{port}/shared")))
}

/// A child that ends with this process.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
