//! A running lab: started, linked, watched, ended.

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use tokio::task::JoinSet;

use super::children::{Child, Starting};
use super::files::fill;
use super::graph::Graph;
use super::list::{self, Entry};
use super::plan::{Common, Plan};
use crate::app::TopologyKind;
use crate::base::Rng;
use crate::cli::failure::Failure;
use crate::cli::node::Signals;
use crate::control::{Answer, Status};

/// For the links of a lab to come up, its roles to be found and its files to be registered. What is missing then is said,
/// and the lab goes on.
const SETTLING: Duration = Duration::from_secs(20);
/// A leaf that has had its ultra-peer for so long is not refused any more.
const CALM: Duration = Duration::from_millis(1_200);
/// Nodes of a central lab that the others know.
const WELL_KNOWN: usize = 2;
/// Between two looks at what the directory knows.
const LOOK: Duration = Duration::from_millis(50);

/// A running lab.
pub(super) struct Lab {
    graph: Graph,
    topology: TopologyKind,
    /// As many as the graph has nodes, in its order.
    pub(super) children: Vec<Child>,
    pub(super) directory: Child,
    /// Files of each node.
    files: Vec<usize>,
    /// Each ends with its child.
    readers: JoinSet<String>,
    logs: PathBuf,
}

impl Lab {
    /// Starts all of it; returns when it has settled, or should have.
    ///
    /// # Errors
    /// When the files cannot be written, or a process does not start.
    pub(super) async fn start(common: &Common, graph: Graph, rng: &mut Rng) -> Result<Self, Failure> {
        let executable = std::env::current_exe().map_err(|error| {
            Failure::failed(format!("this program does not find itself: {error}"), "give its whole path")
        })?;
        let unwritable = |error: std::io::Error| {
            let message = format!("the files of the lab cannot be written: {error}");
            Failure::failed(message, "set TMPDIR to a folder with room")
        };
        let logs = common.logs();
        std::fs::create_dir_all(&logs).map_err(unwritable)?;
        let mut readers = JoinSet::new();
        let directory = common.directory();
        let directory = Child::start(directory, &executable, &mut readers).await?.ready().await?;
        // Drawn after the files, which are the same in every topology.
        let mut later = rng.fork();
        let plans = common.nodes(&graph, &directory.addr.to_string(), &mut later);
        let files = fill(&plans, rng).map_err(unwritable)?;
        let children = match common.topology {
            TopologyKind::Central => start_around(plans, &executable, &mut readers).await?,
            TopologyKind::Flood | TopologyKind::Ultrapeer => start_all(plans, &executable, &mut readers).await?,
        };
        let lab = Self { graph, topology: common.topology, children, directory, files, readers, logs };
        lab.link().await?;
        lab.settle().await;
        Ok(lab)
    }

    /// Has each node dial its neighbors: ports are known only now. In a central lab they need none.
    async fn link(&self) -> Result<(), Failure> {
        if self.topology == TopologyKind::Central {
            return Ok(());
        }
        let dial = self.graph.dials().into_iter().enumerate().map(|(node, neighbors)| async move {
            for neighbor in neighbors {
                self.children[node].client().add_peer(&self.children[neighbor].addr.to_string()).await?;
            }
            Ok::<(), Failure>(())
        });
        try_join_all(dial).await.map(drop)
    }

    /// Waits until everybody is linked to somebody and can be found, and stays so: a leaf may be refused a moment later.
    async fn settle(&self) {
        let linked = async {
            let each = || self.children.iter().enumerate();
            loop {
                join_all(each().map(|(node, child)| child.settled(self.degree(node), self.files[node] as u64))).await;
                if self.topology != TopologyKind::Ultrapeer {
                    break;
                }
                tokio::time::sleep(CALM).await;
                if each().all(|(node, child)| child.is_settled(self.degree(node), self.files[node] as u64)) {
                    break;
                }
            }
            if self.topology == TopologyKind::Central {
                self.registered().await;
            }
        };
        if tokio::time::timeout(SETTLING, linked).await.is_err() {
            Failure::failed("some nodes of the lab have no links yet", "look at the logs").report();
        }
    }

    fn degree(&self, node: usize) -> usize {
        self.graph.degree(node)
    }

    /// Returns when the directory knows all files.
    async fn registered(&self) {
        let wanted: usize = self.files.iter().sum();
        loop {
            let answer = self.directory.client().view("status").await;
            let Ok((Answer::Status(status), _)) = answer else { return };
            let Status { role, .. } = *status;
            if role.serving.is_none_or(|serving| serving.files >= wanted as u64) {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Prints its processes.
    ///
    /// # Errors
    /// When one of them does not answer, or nobody reads.
    pub(super) async fn show(&self, json: bool) -> Result<(), Failure> {
        let nodes = self.children.iter().zip(&self.files).map(|(child, &files)| Entry::ask(child, files));
        let mut entries = try_join_all(nodes).await?;
        entries.push(Entry::ask(&self.directory, 0).await?);
        match json {
            true => list::json(&entries),
            false => list::table(&entries, &self.graph, self.topology, &self.logs),
        }
    }

    /// Returns at a signal; says which nodes end meanwhile.
    pub(super) async fn wait(&mut self, signals: &mut Signals) {
        loop {
            tokio::select! {
                () = signals.wait() => return,
                Some(ended) = self.readers.join_next() => {
                    let name = ended.unwrap_or_default();
                    let log = self.logs.join(format!("{name}.log"));
                    Failure::failed(format!("node {name} ended"), format!("its log is {}", log.display())).report();
                }
            }
        }
    }

    /// Ends all processes and waits for them.
    pub(super) async fn end(mut self) {
        // All at once first, so that nobody redials a neighbor that is about to go.
        self.children.iter_mut().for_each(Child::release);
        self.directory.release();
        join_all(self.children.into_iter().chain([self.directory]).map(Child::end)).await;
    }
}

/// Starts some first, which all others are told of: clients of a directory have no other way to know whom to turn to when
/// they leave it for an overlay.
async fn start_around(
    mut plans: Vec<Plan>,
    executable: &Path,
    readers: &mut JoinSet<String>,
) -> Result<Vec<Child>, Failure> {
    let others = plans.split_off(plans.len().min(WELL_KNOWN));
    let first = start_all(plans, executable, readers).await?;
    let known: Vec<String> = first.iter().map(|child| format!("--peer={}", child.addr)).collect();
    let told = others.into_iter().map(|plan| Plan { arguments: [plan.arguments, known.clone()].concat(), ..plan });
    let others = start_all(told.collect(), executable, readers).await?;
    Ok(first.into_iter().chain(others).collect())
}

async fn start_all(plans: Vec<Plan>, executable: &Path, readers: &mut JoinSet<String>) -> Result<Vec<Child>, Failure> {
    let mut starting = Vec::with_capacity(plans.len());
    for plan in plans {
        starting.push(Child::start(plan, executable, readers).await?);
    }
    try_join_all(starting.into_iter().map(Starting::ready)).await
}
