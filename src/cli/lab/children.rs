//! The processes of a lab: each a `daemon` or the `directory` of this very program, which dies with its parent.

use std::fs::OpenOptions;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child as Process, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::super::failure::Failure;
use super::plan::{Plan, flags_of_all};
use crate::app::{DirectoryState, Event, Home, NodeId, PeerAddr, Role, TopologyKind, UpDown};
use crate::control::Client;

/// For a child to listen. A busy machine needs a while for the last of two hundred.
const START: Duration = Duration::from_secs(30);
/// For a child to say its goodbyes.
const GOODBYE: Duration = Duration::from_secs(2);
/// Lines of a log that are shown when a child does not start.
const LAST_LINES: usize = 5;

/// What a child has said so far.
#[derive(Clone, Debug, Default)]
struct Said {
    listening: Option<Event>,
    topology: TopologyKind,
    role: Role,
    neighbors: Vec<(NodeId, Role)>,
    /// Whether it is registered with a directory.
    registered: bool,
    /// Files that can be found.
    files: u64,
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
            .args(&plan.arguments)
            .args(flags_of_all(&plan))
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

    /// Its role now.
    pub(super) fn role(&self) -> Role {
        self.said.borrow().role
    }

    /// Its first line, as it would be now.
    pub(super) fn listening_now(&self) -> Event {
        let (now_topology, now_role) = {
            let said = self.said.borrow();
            (said.topology, said.role)
        };
        match self.listening.clone() {
            Event::Listening { node, addr, control, .. } => {
                Event::Listening { node, addr, control, topology: now_topology, role: now_role }
            }
            other => other,
        }
    }

    /// Returns when it is linked as its topology has it, flooding to so many others, and so many files can be found; false
    /// if it ended before.
    pub(super) async fn settled(&self, neighbors: usize, files: u64) -> bool {
        self.said.clone().wait_for(|said| said.is_settled(neighbors, files)).await.is_ok()
    }

    /// Whether that holds now.
    pub(super) fn is_settled(&self, neighbors: usize, files: u64) -> bool {
        self.said.borrow().is_settled(neighbors, files)
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
        if let Ok(event) = serde_json::from_str(&line) {
            said.send_if_modified(|said| said.take(event));
        }
    }
    name
}

impl Said {
    fn is_settled(&self, neighbors: usize, files: u64) -> bool {
        let linked = match (self.topology, self.role) {
            (TopologyKind::Central, _) => self.registered,
            (TopologyKind::Ultrapeer, Role::Leaf) => self.neighbors.iter().any(|(_, kind)| *kind == Role::Ultrapeer),
            (TopologyKind::Ultrapeer, _) => true,
            (TopologyKind::Flood, _) => self.neighbors.len() >= neighbors,
        };
        linked && self.files >= files
    }

    /// Takes in what the child said; returns whether that is of interest.
    fn take(&mut self, event: Event) -> bool {
        match event {
            Event::Listening { topology, role, .. } => {
                (self.topology, self.role) = (topology, role);
                self.listening = Some(event);
            }
            Event::Topology { topology, role, .. } => (self.topology, self.role) = (topology, role),
            Event::Directory { state, .. } => self.registered = state == DirectoryState::Registered,
            Event::Library { files, hashing, .. } => self.files = if hashing == 0 { files } else { 0 },
            Event::Neighbor { event, node, kind, .. } => {
                self.neighbors.retain(|&(other, _)| other != node);
                if event == UpDown::Up {
                    self.neighbors.push((node, kind));
                }
            }
            _ => return false,
        }
        true
    }
}
