//! The whole program, as a user has it: `cargo bench --bench node`.
//!
//! First frame in a terminal, memory and idle processor time with 20,000 shared files, and how soon a file that is dropped
//! into a share is found from another node. Reads `/proc`, so it runs on Linux only.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::unwrap_used, reason = "a benchmark has no input but its own")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_hopscope");
const FRAMES: usize = 11;
const FILES: usize = 20_000;
const DROPS: usize = 11;
const IDLE: Duration = Duration::from_secs(30);

fn main() {
    let folder = tempfile::tempdir().unwrap();
    first_frame(folder.path());
    many_files(folder.path());
    dropped_file(folder.path());
}

/// From the start of the process to the first drawn pane, on a new home.
fn first_frame(folder: &Path) {
    let mut times: Vec<Duration> = (0..FRAMES).map(|n| frame_once(&folder.join(format!("frame-{n}")))).collect();
    times.sort_unstable();
    println!(
        "first frame at 200x60, of {FRAMES} starts: median {:.0?}, slowest {:.0?}",
        times[FRAMES / 2],
        times[FRAMES - 1]
    );
}

fn frame_once(home: &Path) -> Duration {
    let size = PtySize { rows: 60, cols: 200, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut writer = pair.master.take_writer().unwrap();
    let mut command = CommandBuilder::new(PROGRAM);
    command.args(["--listen", "127.0.0.1:0", "--no-discovery", "--home"]);
    command.arg(home);
    command.env("TERM", "xterm-256color");
    let start = Instant::now();
    let mut child = pair.slave.spawn_command(command).unwrap();
    let (mut seen, mut buffer) = (Vec::new(), [0; 65_536]);
    let drawn = loop {
        let count = reader.read(&mut buffer).unwrap();
        seen.extend_from_slice(&buffer[..count]);
        if seen.windows(4).any(|bytes| bytes == b"\x1b[6n") {
            writer.write_all(b"\x1b[1;1R").unwrap();
        }
        if seen.windows(9).any(|bytes| bytes == b"Neighbors") {
            break start.elapsed();
        }
    };
    writer.write_all(b"\x03").unwrap();
    drop(writer);
    // The program waits for a terminal that takes what it says at its end.
    std::thread::spawn(move || while reader.read(&mut buffer).is_ok_and(|count| count > 0) {});
    child.wait().unwrap();
    drawn
}

/// Memory and idle processor time of a daemon that shares many files.
fn many_files(folder: &Path) {
    let share = folder.join("many");
    for n in 0..FILES {
        let place = share.join(format!("artist {}", n % 200));
        fs::create_dir_all(&place).unwrap();
        let name = format!("{n:05} - some words of an ordinary title {}.flac", n * 7919 % 10_007);
        fs::write(place.join(name), n.to_le_bytes()).unwrap();
    }
    let node = Daemon::start(&folder.join("many-home"), &["--share", share.to_str().unwrap()]);
    node.wait(|line| line["type"] == "library" && line["files"] == FILES && line["hashing"] == 0);
    let before = node.cpu_seconds();
    std::thread::sleep(IDLE);
    let idle = node.cpu_seconds() - before;
    println!("{FILES} shared files: {} resident", node.status("VmRSS"));
    println!("idle with them: {:.3} % of a core over {IDLE:?}", 100.0 * idle / IDLE.as_secs_f64());
}

/// From the writing of a file into a node's share to its first hit at another node.
fn dropped_file(folder: &Path) {
    let share = folder.join("drop");
    fs::create_dir_all(&share).unwrap();
    let giver = Daemon::start(&folder.join("giver"), &["--share", share.to_str().unwrap()]);
    let seeker = Daemon::start(&folder.join("seeker"), &["--peer", &giver.addr]);
    seeker.wait(|line| line["type"] == "neighbor");
    let mut times: Vec<Duration> = (0..DROPS)
        .map(|n| {
            let word = format!("dropped{n}");
            let start = Instant::now();
            fs::write(share.join(format!("{word}.bin")), vec![n as u8; 1 << 20]).unwrap();
            loop {
                let search = ["search", &word, "--home", folder.join("seeker").to_str().unwrap(), "--enough", "1"]
                    .map(str::to_owned);
                let found = Command::new(PROGRAM).args(search).stdout(Stdio::null()).status().unwrap();
                if found.success() {
                    break start.elapsed();
                }
            }
        })
        .collect();
    times.sort_unstable();
    println!(
        "1 MiB dropped into a share, found from another node, of {DROPS}: median {:.0?}, slowest {:.0?} (a search that finds nothing takes {:.0?} of it)",
        times[DROPS / 2],
        times[DROPS - 1],
        Duration::from_millis(250)
    );
}

/// A node of its own process; killed when dropped.
struct Daemon {
    child: Child,
    addr: String,
    lines: Receiver<Value>,
}

impl Daemon {
    fn start(home: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(PROGRAM);
        command
            .args(["daemon", "--json", "--listen", "127.0.0.1:0", "--only-peers", "--home"])
            .arg(home)
            .args(arguments);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = sync_channel(100_000);
        std::thread::spawn(move || {
            let values = stdout.lines().map_while(Result::ok).filter_map(|line| serde_json::from_str(&line).ok());
            values.take_while(|value: &Value| sender.send(value.clone()).is_ok()).for_each(drop);
        });
        let listening = lines.recv().unwrap();
        Self { child, addr: listening["addr"].as_str().unwrap().to_owned(), lines }
    }

    fn wait(&self, wanted: impl Fn(&Value) -> bool) {
        while !wanted(&self.lines.recv().unwrap()) {}
    }

    fn status(&self, field: &str) -> String {
        let text = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        line.unwrap_or_default().trim().to_owned()
    }

    /// User and system time; the kernel counts in hundredths.
    fn cpu_seconds(&self) -> f64 {
        let text = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let after_name = text.rsplit_once(')').unwrap().1;
        let ticks: u64 =
            after_name.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum();
        ticks as f64 / 100.0
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
