//! Nodes and commands as processes.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use serde_json::Value;
use tempfile::TempDir;

/// For what must happen; a passing test never waits that long, not even on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// Lines of a process that a test may leave unread.
const LINES: usize = 10_000;

/// This program, away from whatever the tester has configured.
pub(crate) fn hopscope() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hopscope"));
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("HOPSCOPE_") {
            command.env_remove(variable);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// A process whose lines on standard output are JSON. It is killed at the end of its test.
pub(crate) struct Process {
    pub(crate) child: Child,
    lines: Receiver<Value>,
}

impl Process {
    pub(crate) fn start(command: &mut Command) -> Self {
        // What it warns of is of no interest; a test looks at the errors of commands.
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts");
        let stdout = child.stdout.take().expect("it was asked for");
        let (sender, lines) = sync_channel(LINES);
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line}"));
                if sender.send(value).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    /// The next line; `None` when there are no more.
    pub(crate) fn line(&self) -> Option<Value> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => None,
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => panic!("the process says nothing"),
        }
    }

    /// Reads on to the line that a test waits for.
    pub(crate) fn wait_for(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut seen = Vec::new();
        while let Some(line) = self.line() {
            if wanted(&line) {
                return line;
            }
            seen.push(line.to_string());
        }
        panic!("it ended before {what}; it said\n{}", seen.join("\n"));
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id() as i32).expect("processes have numbers");
        kill_process(pid, signal).expect("it runs");
    }

    /// Waits for its end.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        await_end(self.child.id());
        self.child.wait().expect("it is our child")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for the end of any process, our child or not.
pub(crate) fn await_end(pid: u32) {
    let Ok(process) = pidfd_open(Pid::from_raw(pid as i32).expect("processes have numbers"), PidfdFlags::empty())
    else {
        return;
    };
    let mut polled = [PollFd::new(&process, PollFlags::IN)];
    let patience = Timespec { tv_sec: PATIENCE.as_secs() as i64, tv_nsec: 0 };
    let ready = poll(&mut polled, Some(&patience)).expect("it can be watched");
    assert_eq!(ready, 1, "process {pid} does not end");
}

/// A daemon with a home of its own.
pub(crate) struct Node {
    pub(crate) process: Process,
    pub(crate) home: PathBuf,
    pub(crate) addr: String,
}

impl Node {
    /// Starts a node that talks to these peers only, and shares `<home>/share`.
    pub(crate) fn start(home: &Path, peers: &[&Node]) -> Self {
        std::fs::create_dir_all(home.join("share")).expect("the folder can be made");
        let mut command = daemon(home);
        command.arg("--share").arg(home.join("share"));
        for peer in peers {
            command.args(["--peer", &peer.addr]);
        }
        Self::run(home, &mut command)
    }

    /// Starts a daemon and waits until it listens.
    pub(crate) fn run(home: &Path, command: &mut Command) -> Self {
        let process = Process::start(command);
        let listening = process.line().expect("it says where it listens");
        assert_eq!(listening["type"], "listening", "{listening}");
        let addr = listening["addr"].as_str().expect("an address").to_owned();
        Self { process, home: home.to_owned(), addr }
    }

    /// Starts a node with these settings, which shares `<home>/share`; it finds others as any node does, but for those on
    /// the local network.
    pub(crate) fn free(home: &Path, settings: &[&str]) -> Self {
        std::fs::create_dir_all(home.join("share")).expect("the folder can be made");
        let mut command = hopscope();
        command.args(["daemon", "--json", "--no-discovery", "--listen", "127.0.0.1:0"]).arg("--home").arg(home);
        command.arg("--share").arg(home.join("share")).args(settings);
        Self::run(home, &mut command)
    }

    /// Starts a directory alone.
    pub(crate) fn directory(home: &Path, listen: &str) -> Self {
        let mut command = hopscope();
        command.args(["directory", "--json", "--listen", listen]).arg("--home").arg(home);
        Self::run(home, &mut command)
    }

    /// Ends it at once, without a goodbye.
    pub(crate) fn kill(&mut self) {
        self.process.signal(Signal::KILL);
        self.process.ended();
    }

    /// What `GET /v1/status` says.
    pub(crate) fn status(&self) -> Value {
        json(&self.command(&["status", "--json"])).swap_remove(0)
    }

    /// The names of the files that a search finds, in order.
    pub(crate) fn found(&self, words: &str) -> Vec<String> {
        let found = json(&self.command(&["search", words, "--timeout", "3s", "--json"]));
        let hits = found.iter().filter(|line| line["type"] == "hit");
        let mut names: Vec<String> = hits.map(|hit| hit["name"].as_str().expect("a name").to_owned()).collect();
        names.sort();
        names
    }

    /// Waits until it is registered with a directory; returns that directory's address.
    pub(crate) fn wait_until_registered(&self) -> String {
        let line = self
            .process
            .wait_for("its registration", |line| line["type"] == "directory" && line["state"] == "registered");
        line["addr"].as_str().expect("an address").to_owned()
    }

    pub(crate) fn share(&self, name: &str, content: &[u8]) {
        std::fs::write(self.home.join("share").join(name), content).expect("the share can be written");
    }

    /// Waits until so many neighbors have come up from now on.
    pub(crate) fn wait_for_neighbors(&self, count: usize) {
        for _ in 0..count {
            self.process.wait_for("a neighbor", |line| line["type"] == "neighbor" && line["event"] == "up");
        }
    }

    /// Waits until it shares exactly so many files.
    pub(crate) fn wait_for_files(&self, count: u64) {
        self.process
            .wait_for("its files", |line| line["type"] == "library" && line["files"] == count && line["hashing"] == 0);
    }

    /// A one-shot command for this node.
    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        run(hopscope().arg("--home").arg(&self.home).args(arguments))
    }

    /// Has it dial an address.
    pub(crate) fn add_peer(&self, addr: &str) -> String {
        self.request_with("POST /v1/neighbors", &format!(r#"{{"addr":"{addr}"}}"#))
    }

    /// A request to its control socket, and all of the answer.
    pub(crate) fn request(&self, request: &str) -> String {
        self.request_with(request, "")
    }

    pub(crate) fn request_with(&self, request: &str, body: &str) -> String {
        let mut stream = UnixStream::connect(self.home.join("control.sock")).expect("the socket answers");
        stream.set_read_timeout(Some(PATIENCE)).expect("it has a timeout");
        let length = body.len();
        write!(stream, "{request} HTTP/1.1\r\nhost: hopscope\r\ncontent-length: {length}\r\n\r\n{body}")
            .expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    }
}

/// Asks again until it holds: for what no event tells of.
pub(crate) fn eventually(what: &str, holds: impl FnMut() -> bool) {
    within(PATIENCE, what, holds);
}

/// The same for what is promised within a time.
#[expect(clippy::disallowed_methods, reason = "real processes take real time")]
pub(crate) fn within(time: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    while !holds() {
        assert!(start.elapsed() < time, "{what}: it does not come about within {time:?}");
    }
}

/// Waits for something, and says how long that took.
#[expect(clippy::disallowed_methods, reason = "real processes take real time")]
pub(crate) fn timed<T>(wait: impl FnOnce() -> T) -> (T, Duration) {
    let start = std::time::Instant::now();
    let result = wait();
    (result, start.elapsed())
}

/// The command of a daemon that talks to nobody, unless more is added.
pub(crate) fn daemon(home: &Path) -> Command {
    let mut command = hopscope();
    command.args(["daemon", "--json", "--only-peers", "--listen", "127.0.0.1:0"]).arg("--home").arg(home);
    command
}

/// Runs a command to its end, which must come.
pub(crate) fn run(command: &mut Command) -> Output {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let pid = Pid::from_raw(child.id() as i32).expect("processes have numbers");
    let (sender, output) = sync_channel(1);
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    match output.recv_timeout(PATIENCE) {
        Ok(output) => output.expect("its output can be read"),
        Err(_) => {
            let _ = kill_process(pid, Signal::KILL);
            panic!("it does not end: {command:?}");
        }
    }
}

/// Standard output, a JSON object a line.
pub(crate) fn json(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).expect("it is UTF-8");
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"))).collect()
}

pub(crate) fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

pub(crate) fn folder() -> TempDir {
    tempfile::Builder::new().prefix("hop").tempdir().expect("there is a folder for temporary files")
}
