//! What a lab prints of itself: its nodes, what each is, and who is linked to whom.

use std::path::Path;

use serde::Serialize;

use super::FLEETING;
use super::children::Child;
use super::graph::Graph;
use crate::app::{Event, Neighbor, TopologyKind};
use crate::cli::failure::Failure;
use crate::cli::format::{SHORT, count};
use crate::cli::output::{Out, Style, left, right};
use crate::control::Answer;

/// One process of the lab as it is now.
pub(super) struct Entry<'a> {
    child: &'a Child,
    files: usize,
    links: Vec<String>,
}

impl<'a> Entry<'a> {
    /// Asks a node who its neighbors are.
    ///
    /// # Errors
    /// When it does not answer.
    pub(super) async fn ask(child: &'a Child, files: usize) -> Result<Self, Failure> {
        let (answer, _) = child.client().view("neighbors").await?;
        let Answer::Neighbors { neighbors } = answer else { return Ok(Self { child, files, links: Vec::new() }) };
        let linked = neighbors.iter().filter(|neighbor| neighbor.node.is_some());
        let name = |neighbor: &Neighbor| neighbor.name.visible(SHORT);
        let mut links: Vec<String> = linked.map(name).collect();
        links.sort_unstable();
        Ok(Self { child, files, links })
    }
}

/// A process's `listening` line as it would be now, with what only the lab knows.
#[derive(Serialize)]
struct LabNode<'a> {
    #[serde(flatten)]
    listening: Event,
    name: &'a str,
    pid: Option<u32>,
    home: String,
    log: String,
    files: usize,
    links: &'a [String],
}

/// One object a process, the directory last.
pub(super) fn json(entries: &[Entry<'_>]) -> Result<(), Failure> {
    let mut out = Out::new();
    entries.iter().try_for_each(|Entry { child, files, links }| {
        out.json(&LabNode {
            listening: child.listening_now(),
            name: &child.plan.name,
            pid: child.pid(),
            home: child.plan.home.display().to_string(),
            log: child.plan.log.display().to_string(),
            files: *files,
            links,
        })
    })
}

/// A table and a summary for people.
pub(super) fn table(entries: &[Entry<'_>], graph: &Graph, topology: TopologyKind, logs: &Path) -> Result<(), Failure> {
    let mut out = Out::new();
    let row = |entry: &Entry<'_>| {
        let child = entry.child;
        let (name, role) = (child.plan.name.clone(), child.role().name().to_owned());
        vec![name, child.addr.to_string(), role, entry.files.to_string(), entry.links.join(" ")]
    };
    let rows: Vec<Vec<String>> = entries.iter().map(row).collect();
    out.table(&[left("node"), left("address"), left("role"), right("files"), left("links")], &rows)?;
    out.line("")?;
    let nodes = count(graph.names.len() as u64, "node");
    let parts = match (topology, graph.parts()) {
        (TopologyKind::Flood, parts @ 2..) => format!(", in {parts} parts that cannot reach each other"),
        _ => String::new(),
    };
    out.line(format!("{}: {nodes} and a directory{parts}; logs in {}", topology.name(), logs.display()))?;
    out.line(FLEETING)?;
    if let Some(entry) = entries.first() {
        let home = entry.child.plan.home.display();
        let example = format!("try: hopscope --home {home} search bach   (ctrl-c ends the lab)");
        let example = out.paint(Style::Faint, &example);
        out.line(example)?;
    }
    Ok(())
}
