//! The processes of a lab: each a `daemon` of this very program, with a home of its own, which dies with its parent.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child as Process, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::super::failure::Failure;
use crate::app::{Event, Home, NodeId, PeerAddr, UpDown};
use crate::control::Client;

/// For a child to listen. A busy machine needs a while for the last of two hundred.
const START: Duration = Duration::from_secs(30);
/// For a child to say its goodbyes.
const GOODBYE: Duration = Duration::from_secs(2);
/// Lines of a log that are shown when a child does not start.
const LAST_LINES: usize = 5;

/// How to start a child.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) name: String,
    pub(super) home: PathBuf,
    pub(super) share: PathBuf,
    pub(super) log: PathBuf,
    pub(super) max_neighbors: usize,
    /// Flags that all children have.
    pub(super) flags: Vec<String>,
}

/// What a child has said so far.
#[derive(Clone, Debug, Default)]
struct Said {
    listening: Option<Event>,
    neighbors: Vec<NodeId>,
}

/// A running child.
#[derive(Debug)]
pub(super) struct Child {
    pub(super) plan: Plan,
    pub(super) addr: PeerAddr,
    /// Its first line.
    pub(super) listening: Event,
    process: Process,
    /// Its life line: it ends when this closes, whoever closes it.
    stdin: Option<ChildStdin>,
    said: watch::Receiver<Said>,
}

impl Child {
    /// Starts a child and waits until it listens. `readers` get the task that reads what it says, which ends with it.
    ///
    /// # Errors
    /// When it cannot be started or ends at once; with the last lines of its log.
    pub(super) async fn start(
        plan: Plan,
        executable: &Path,
        readers: &mut JoinSet<String>,
    ) -> Result<Starting, Failure> {
        let failed =
            |why: String| Failure::failed(format!("node {} does not start: {why}", plan.name), "look at `ulimit -a`");
        let log =
            OpenOptions::new().create(true).append(true).open(&plan.log).map_err(|error| failed(error.to_string()))?;
        let mut command = Command::new(executable);
        command
            .args(["daemon", "--json", "--exit-with-stdin", "--only-peers", "--no-discovery", "--listen=127.0.0.1:0"])
            .arg(format!("--max-neighbors={}", plan.max_neighbors))
            .arg(format!("--name={}", plan.name))
            .arg(format!("--home={}", plan.home.display()))
            .arg(format!("--share={}", plan.share.display()))
            .arg(format!("--log-file={}", plan.log.display()))
            .args(&plan.flags)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            // A ctrl-c is for the parent, which ends its children in order.
            .process_group(0)
            .kill_on_drop(true);
        for (variable, _) in std::env::vars_os() {
            // What the user set is for the user's node.
            if variable.to_string_lossy().starts_with("HOPSCOPE_") {
                command.env_remove(variable);
            }
        }
        let mut process = command.spawn().map_err(|error| failed(error.to_string()))?;
        let (stdin, stdout) = (process.stdin.take(), process.stdout.take());
        let (sender, said) = watch::channel(Said::default());
        if let Some(stdout) = stdout {
            readers.spawn(read(stdout, sender, plan.name.clone()));
        }
        Ok(Starting { plan, process, stdin, said })
    }

    /// The number of its process.
    pub(super) fn pid(&self) -> Option<u32> {
        self.process.id()
    }

    /// Asks it over its control socket.
    pub(super) fn client(&self) -> Client {
        let home = &self.plan.home;
        Client::new(&Home { config: home.clone(), state: home.clone(), socket: home.join("control.sock") })
    }

    /// Returns when it has that many neighbors; false if it ended before.
    pub(super) async fn linked(&self, degree: usize) -> bool {
        self.said.clone().wait_for(|said| said.neighbors.len() >= degree).await.is_ok()
    }

    /// Lets go of its life line.
    pub(super) fn release(&mut self) {
        self.stdin = None;
    }

    /// Waits for its end, and brings it about if that takes too long.
    pub(super) async fn end(mut self) {
        self.release();
        if tokio::time::timeout(GOODBYE, self.process.wait()).await.is_err() {
            // It is gone afterwards, or was before.
            self.process.kill().await.ok();
        }
    }
}

/// A child that was started and has not said yet where it listens.
#[derive(Debug)]
pub(super) struct Starting {
    plan: Plan,
    process: Process,
    stdin: Option<ChildStdin>,
    said: watch::Receiver<Said>,
}

impl Starting {
    /// Waits for its first line.
    ///
    /// # Errors
    /// When it ends without one, or needs too long; with the last lines of its log.
    pub(super) async fn ready(self) -> Result<Child, Failure> {
        let mut said = self.said.clone();
        let first = tokio::time::timeout(START, said.wait_for(|said| said.listening.is_some())).await;
        let listening = match first {
            Ok(Ok(said)) => said.listening.clone(),
            Ok(Err(_)) => None,
            Err(_) => return Err(self.stillborn(&format!("it does not listen after {} s", START.as_secs()))),
        };
        match listening {
            Some(listening @ Event::Listening { addr, .. }) => {
                let Self { plan, process, stdin, said } = self;
                Ok(Child { plan, addr, listening, process, stdin, said })
            }
            _ => Err(self.stillborn("it ended")),
        }
    }

    fn stillborn(&self, why: &str) -> Failure {
        let log = std::fs::read_to_string(&self.plan.log).unwrap_or_default();
        let last: Vec<&str> = log.lines().rev().take(LAST_LINES).collect();
        let mut failure = Failure::failed(format!("node {} did not start: {why}", self.plan.name), "its last words:");
        failure.lines.extend(last.into_iter().rev().map(super::super::format::visible));
        failure
    }
}

/// Reads what a child says until it ends; returns its name.
async fn read(stdout: ChildStdout, said: watch::Sender<Said>, name: String) -> String {
    let mut lines = BufReader::new(stdout).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        match serde_json::from_str(&line) {
            Ok(event @ Event::Listening { .. }) => said.send_modify(|said| said.listening = Some(event)),
            Ok(Event::Neighbor { event, node, .. }) => said.send_modify(|said| {
                said.neighbors.retain(|&other| other != node);
                if event == UpDown::Up {
                    said.neighbors.push(node);
                }
            }),
            _ => {}
        }
    }
    name
}
