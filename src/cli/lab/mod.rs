//! `hopscope demo`: an overlay on this machine, each node its own process, with generated files to share.

mod catalogue;
mod children;
mod graph;
mod words;

use std::path::Path;
use std::time::Duration;

use clap::ArgMatches;
use futures_util::future::{join_all, try_join_all};
use serde::Serialize;
use tokio::task::JoinSet;

use self::catalogue::LabFile;
use self::children::{Child, Plan};
use self::graph::Graph;
use super::failure::{Exit, Failure};
use super::format::count;
use super::grammar::is_set;
use super::logging::{self, Target};
use super::node::{self, Node, Signals};
use super::output::{Out, Style, left, right};
use super::resolve::Resolved;
use super::scratch::Scratch;
use super::settings;
use crate::app::{Event, Home, LogRing, MAX_LINKS, Settings};
use crate::base::Rng;
use crate::trace::Tape;
use crate::tui::ExitSummary;

/// For the links of a lab to come up. What is missing then is said, and the lab goes on.
const LINKING: Duration = Duration::from_secs(10);
/// Links of the node in the terminal.
const OWN_LINKS: usize = 3;

/// Neighbors that a node accepts, if the graph gives it no more: room for those that join by hand.
const MAX_NEIGHBORS: usize = 16;

/// Said once, before anybody downloads anything.
const FLEETING: &str = "all of this lab, downloads too, is gone when it ends";

/// Settings that a lab's nodes share with the command line.
const PASSED_ON: &[&str] = &["topology", "ttl", "dedup", "hop-delay", "hits"];

/// Starts the lab, and ends it with the terminal or with a signal.
pub(super) fn run(resolved: &Resolved, arguments: &ArgMatches, verbosity: u8) -> Result<Exit, Failure> {
    let json = is_set(arguments, "json");
    let headless = json || is_set(arguments, "headless");
    if !headless {
        node::needs_terminal("run `hopscope demo --headless` for a lab without a screen")?;
    }
    let (settings, screen) = (settings::settings(resolved)?, settings::screen(resolved)?);
    if headless && resolved.text("record").is_some() {
        return Err(Failure::usage("a lab without a screen searches nothing", "leave --record out, or --headless"));
    }
    let tape = node::tape(resolved, &settings)?;
    let mut rng = Rng::new(arguments.get_one::<u64>("seed").copied().unwrap_or_default());
    let graph = graph(arguments, &mut rng)?;
    let log = logging::start(resolved, verbosity, if headless { Target::Errors } else { Target::Screen })?;
    node::run(async {
        let mut signals = Signals::catch()?;
        let scratch = Scratch::new("demo")?;
        if !headless {
            eprintln!("{FLEETING}");
        }
        let starting = Lab::start(&scratch, graph, flags(resolved, verbosity), &mut rng);
        let mut lab = tokio::select! {
            lab = starting => lab?,
            () = signals.wait() => return Ok(Exit::Done),
        };
        let result = if headless {
            lab.show(json)?;
            lab.wait(&mut signals).await;
            Ok(())
        } else {
            let own = Own { settings, tape, screen, config_dir: &resolved.places.folders.config };
            lab.join(own, scratch.path(), log, &mut rng).await
        };
        lab.end().await;
        result.map(|()| Exit::Done)
    })
}

fn graph(arguments: &ArgMatches, rng: &mut Rng) -> Result<Graph, Failure> {
    if let Some(path) = arguments.get_one::<String>("graph") {
        return Graph::read(Path::new(path));
    }
    let nodes = arguments.get_one::<usize>("nodes").copied().unwrap_or(1);
    let name = |node: usize| match node / words::BIRDS.len() {
        0 => words::BIRDS[node].to_owned(),
        flock => format!("{}-{}", words::BIRDS[node % words::BIRDS.len()], flock + 1),
    };
    Ok(Graph::random((0..nodes).map(name).collect(), rng))
}

/// The flags that every child gets from this command line, its configuration and its environment.
fn flags(resolved: &Resolved, verbosity: u8) -> Vec<String> {
    let value = |key: &&str| resolved.text(key).map(|value| format!("--{key}={value}"));
    let mut flags: Vec<String> = PASSED_ON.iter().filter_map(value).collect();
    if let Some(row) = resolved.row("passphrase-file")
        && let Some(text) = row.values.last()
    {
        let path = resolved.places.path(text, &resolved.base(&row.origin));
        flags.push(format!("--passphrase-file={}", path.display()));
    }
    flags.extend(std::iter::repeat_n("-v".to_owned(), verbosity.into()));
    flags
}

/// A running lab.
struct Lab {
    graph: Graph,
    /// As many as the graph has nodes, in its order.
    children: Vec<Child>,
    /// Files of each.
    files: Vec<usize>,
    /// Each ends with its child.
    readers: JoinSet<String>,
    logs: std::path::PathBuf,
}

impl Lab {
    async fn start(scratch: &Scratch, graph: Graph, flags: Vec<String>, rng: &mut Rng) -> Result<Self, Failure> {
        let logs = scratch.path().join("logs");
        let plans: Vec<Plan> = graph
            .names
            .iter()
            .enumerate()
            .map(|(node, name)| {
                let home = scratch.path().join(name);
                Plan {
                    name: name.clone(),
                    share: home.join("share"),
                    log: logs.join(format!("{name}.log")),
                    home,
                    max_neighbors: (graph.degree(node) + OWN_LINKS).clamp(MAX_NEIGHBORS, MAX_LINKS),
                    flags: flags.clone(),
                }
            })
            .collect();
        let files = fill(&plans, &logs, rng).map_err(|error| {
            Failure::failed(
                format!("the files of the lab cannot be written: {error}"),
                "set TMPDIR to a folder with room",
            )
        })?;
        let executable = std::env::current_exe().map_err(|error| {
            Failure::failed(format!("this program does not find itself: {error}"), "give its whole path")
        })?;
        let mut readers = JoinSet::new();
        let mut starting = Vec::with_capacity(plans.len());
        for plan in plans {
            starting.push(Child::start(plan, &executable, &mut readers).await?);
        }
        let children = try_join_all(starting.into_iter().map(children::Starting::ready)).await?;
        let lab = Self { graph, children, files, readers, logs };
        lab.link().await?;
        Ok(lab)
    }

    /// Has each node dial its neighbors: ports are known only now.
    async fn link(&self) -> Result<(), Failure> {
        let dial =
            self.graph.links.iter().map(|&(a, b)| async move {
                self.children[a].client().add_peer(&self.children[b].addr.to_string()).await
            });
        try_join_all(dial).await?;
        let up = self.children.iter().enumerate().map(|(node, child)| child.linked(self.graph.degree(node)));
        if tokio::time::timeout(LINKING, join_all(up)).await.is_err() {
            Failure::failed("some links of the lab are not up yet", "look at the logs").report();
        }
        Ok(())
    }

    fn show(&self, json: bool) -> Result<(), Failure> {
        let mut out = Out::new();
        let names = |node| self.graph.neighbors(node).map(|other| self.graph.names[other].clone());
        if json {
            return self.children.iter().enumerate().try_for_each(|(node, child)| {
                out.json(&LabNode {
                    listening: &child.listening,
                    name: &child.plan.name,
                    pid: child.pid(),
                    home: child.plan.home.display().to_string(),
                    log: child.plan.log.display().to_string(),
                    files: self.files[node],
                    links: names(node).collect(),
                })
            });
        }
        let rows: Vec<Vec<String>> = self
            .children
            .iter()
            .enumerate()
            .map(|(node, child)| {
                let links = names(node).collect::<Vec<_>>().join(" ");
                vec![child.plan.name.clone(), child.addr.to_string(), self.files[node].to_string(), links]
            })
            .collect();
        out.table(&[left("node"), left("address"), right("files"), left("links")], &rows)?;
        let parts = match self.graph.parts() {
            1 => "connected".to_owned(),
            parts => format!("in {parts} parts that cannot reach each other"),
        };
        let summary = format!(
            "{}, {}, {parts}; logs in {}",
            count(self.children.len() as u64, "node"),
            count(self.graph.links.len() as u64, "link"),
            self.logs.display()
        );
        out.line("")?;
        out.line(summary)?;
        out.line(FLEETING)?;
        if let Some(child) = self.children.first() {
            let example =
                format!("try: hopscope --home {} search bach   (ctrl-c ends the lab)", child.plan.home.display());
            let example = out.paint(Style::Faint, &example);
            out.line(example)?;
        }
        Ok(())
    }

    /// Returns at a signal; says which nodes end meanwhile.
    async fn wait(&mut self, signals: &mut Signals) {
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

    /// One more node, of this process, with the terminal on it.
    async fn join(&self, own: Own<'_>, scratch: &Path, log: LogRing, rng: &mut Rng) -> Result<(), Failure> {
        let mut peers: Vec<String> = self.children.iter().map(|child| child.addr.to_string()).collect();
        rng.shuffle(&mut peers);
        peers.truncate(OWN_LINKS);
        let home = scratch.join("you");
        let (node, _) = Node::start(settings_of(own.settings, &home, peers), false, log, own.tape).await?;
        let handle = node.handle.clone();
        let result = node::open_screen(handle.clone(), own.screen, own.config_dir).await;
        node.stop().await;
        // What was downloaded goes with the lab.
        eprint!("{}", ExitSummary { downloaded: Vec::new(), ..node::summary(result?, &handle) });
        Ok(())
    }

    async fn end(mut self) {
        // All at once first, so that nobody redials a neighbor that is about to go.
        self.children.iter_mut().for_each(Child::release);
        join_all(self.children.into_iter().map(Child::end)).await;
    }
}

/// What the node in the terminal starts with.
struct Own<'a> {
    settings: Settings,
    tape: Option<Tape>,
    screen: settings::ScreenSettings,
    config_dir: &'a Path,
}

/// The settings of the node in the terminal.
fn settings_of(settings: Settings, home: &Path, peers: Vec<String>) -> Settings {
    Settings {
        home: Home { config: home.into(), state: home.into(), socket: home.join("control.sock") },
        shares: Vec::new(),
        downloads: home.join("downloads"),
        listen: std::net::SocketAddr::from((std::net::Ipv4Addr::LOCALHOST, 0)),
        name: "you".into(),
        peers,
        only_peers: true,
        discovery: false,
        min_neighbors: OWN_LINKS,
        max_neighbors: MAX_NEIGHBORS,
        ..settings
    }
}

/// Writes the shares; returns how many files each node has.
fn fill(plans: &[Plan], logs: &Path, rng: &mut Rng) -> std::io::Result<Vec<usize>> {
    std::fs::create_dir(logs)?;
    plans.iter().try_for_each(|plan| std::fs::create_dir_all(&plan.share))?;
    let files = catalogue::catalogue(plans.len(), rng);
    let owners = catalogue::spread(files.len(), plans.len(), rng);
    let mut counts = vec![0; plans.len()];
    for (file, owners) in files.iter().zip(&owners) {
        let content = catalogue::content(file);
        for &owner in owners {
            write(&plans[owner].share, file, &content)?;
            counts[owner] += 1;
        }
    }
    Ok(counts)
}

fn write(share: &Path, file: &LabFile, content: &[u8]) -> std::io::Result<()> {
    let path = share.join(&file.path);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, content)
}

/// A node's `listening` line, with what only the lab knows.
#[derive(Serialize)]
struct LabNode<'a> {
    #[serde(flatten)]
    listening: &'a Event,
    name: &'a str,
    pid: Option<u32>,
    home: String,
    log: String,
    files: usize,
    links: Vec<String>,
}
