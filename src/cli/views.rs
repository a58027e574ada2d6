//! The commands that show one view of the running node.

use clap::ArgMatches;

use super::failure::{Exit, Failure};
use super::flags::is_set;
use super::format::{NAME, SHORT, bytes, count, direction, span, state, visible};
use super::output::{Out, Style, left, right};
use super::resolve::Resolved;
use super::role::{self, Row};
use crate::app::{FilesPage, Neighbor, QueryRow, QueryState, RoleStatus, TopologyKind, Transfer, WatchStatus};
use crate::control::{Answer, Client, Status};

/// Asks for a view and prints it.
pub(super) fn run(view: &str, resolved: &Resolved, arguments: &ArgMatches) -> Result<Exit, Failure> {
    let client = Client::new(&resolved.places.folders);
    let (answer, text) = super::block_on(async {
        let asked = match view {
            "files" => files(&client, arguments).await,
            "topology" => topology(&client, arguments).await,
            _ => client.view(view).await,
        };
        Ok(asked?)
    })?;
    let mut out = Out::new();
    if is_set(arguments, "json") {
        // `topology` without a name is a part of the status.
        match answer {
            Answer::Status(status) if view == "topology" => out.json(&Answer::Topology(Box::new(status.role)))?,
            _ => out.line(text)?,
        }
        return Ok(Exit::Done);
    }
    match answer {
        Answer::Status(status) if view == "topology" => {
            show_rows(&mut out, &role::rows(&status.role, status.uptime_ms))?
        }
        Answer::Status(status) => show_status(&mut out, &status)?,
        Answer::Neighbors { neighbors } => show_neighbors(&mut out, &neighbors)?,
        Answer::Queries { queries } => show_queries(&mut out, &queries)?,
        Answer::Transfers { transfers } => show_transfers(&mut out, transfers.iter().map(|transfer| &**transfer))?,
        Answer::Files(page) => show_files(&mut out, &page)?,
        Answer::Topology(_) | Answer::Why(_) | Answer::Accepted { .. } | Answer::Ok => {}
    }
    Ok(Exit::Done)
}

type Asked = Result<(Answer, String), crate::control::ClientError>;

async fn files(client: &Client, arguments: &ArgMatches) -> Asked {
    let number = |name| arguments.get_one::<u64>(name).copied().unwrap_or_default();
    let filter = arguments.get_one::<String>("filter").map_or("", String::as_str);
    client.files(filter, number("offset"), usize::try_from(number("limit")).unwrap_or(usize::MAX)).await
}

/// People read the whole picture after a change, programs its answer.
async fn topology(client: &Client, arguments: &ArgMatches) -> Asked {
    if let Some(name) = arguments.get_one::<String>("name") {
        let changed = client.set_topology(name, is_set(arguments, "propose")).await?;
        if is_set(arguments, "json") {
            return Ok(changed);
        }
    }
    client.view("status").await
}

fn show_status(out: &mut Out, status: &Status) -> Result<(), Failure> {
    let node = &status.node;
    let role = &status.role;
    let slow = if node.hop_delay_ms > 0 {
        format!(", slowed down by {} a hop", span(node.hop_delay_ms))
    } else {
        String::new()
    };
    let traffic = &status.traffic;
    let mut lines = vec![
        Row::new("node", format!("{}  {}", out.paint(Style::Strong, &node.name.visible(SHORT)), node.node)),
        Row::new("address", node.addr.to_string()),
        Row::new("up", format!("{}, version {}", span(status.uptime_ms), visible(&node.version))),
    ];
    lines.extend(role::rows(role, status.uptime_ms));
    lines.extend([
        neighbors(role),
        Row::new("searches", format!("TTL {}{slow}; {} in the list", node.ttl, status.queries)),
        shared(status),
        Row::new("transfers", format!("{} running", status.transfers)),
        Row::new("duplicates", format!("{:.0} % of the searches that came", traffic.duplicate_share * 100.0)),
        role::traffic("messages", traffic.overlay_in, traffic.overlay_out),
        role::traffic("content", traffic.content_in, traffic.content_out),
        Row::new("downloads", visible(&node.downloads.display().to_string())),
    ]);
    show_rows(out, &lines)?;
    let lost = status.library.roots.iter().filter_map(|root| match &root.watch {
        WatchStatus::Watched => None,
        WatchStatus::Polled { why } | WatchStatus::Lost { why } => {
            Some(format!("{}: {}", visible(&root.alias), visible(why)))
        }
    });
    let warnings =
        status.warnings.iter().map(|warning| format!("{}; {}", visible(&warning.message), visible(&warning.hint)));
    for warning in warnings.chain(lost) {
        let name = out.paint(Style::Bad, &format!("{:<10}", "warning"));
        out.line(format!("{name} {warning}"))?;
    }
    Ok(())
}

fn show_rows(out: &mut Out, rows: &[Row]) -> Result<(), Failure> {
    rows.iter().try_for_each(|row| {
        let name = out.paint(row.style(), &format!("{:<10}", row.name));
        out.line(format!("{name} {}", row.text))
    })
}

fn neighbors(role: &RoleStatus) -> Row {
    let known = count(role.known_hosts as u64, "host");
    let text = match role.topology {
        TopologyKind::Flood => {
            format!("{}, wanted {} to {}, {known} known", role.neighbors, role.min_neighbors, role.max_neighbors)
        }
        TopologyKind::Ultrapeer | TopologyKind::Central => format!("{}, {known} known", role.neighbors),
    };
    Row::new("neighbors", text)
}

fn shared(status: &Status) -> Row {
    let text = format!(
        "{}, {} in {}{}",
        count(status.library.files, "file"),
        bytes(status.library.bytes),
        count(status.library.roots.len() as u64, "folder"),
        hashing(status)
    );
    Row::new("shared", text)
}

fn hashing(status: &Status) -> String {
    match status.library.hashing_files {
        0 => String::new(),
        files => format!("; {} more to hash, {}", count(files, "file"), bytes(status.library.hashing_bytes)),
    }
}

fn show_neighbors(out: &mut Out, neighbors: &[Neighbor]) -> Result<(), Failure> {
    let rows: Vec<Vec<String>> = neighbors
        .iter()
        .map(|neighbor| {
            vec![
                neighbor.node.map_or_else(|| "-".into(), |node| node.short()),
                neighbor.name.visible(SHORT),
                neighbor.addr.map_or_else(|| "-".into(), |addr| addr.to_string()),
                neighbor.kind.map_or("dialling", |kind| kind.name()).into(),
                neighbor.rtt_ms.map_or_else(|| "-".into(), |rtt| format!("{rtt:.1} ms")),
                neighbor.messages_in.to_string(),
                neighbor.messages_out.to_string(),
                neighbor.duplicates.to_string(),
            ]
        })
        .collect();
    let head = [
        left("node"),
        left("name"),
        left("address"),
        left("kind"),
        right("rtt"),
        right("in"),
        right("out"),
        right("duplicates"),
    ];
    listed(
        out,
        "no neighbors; see `hopscope status` for what the node waits for: a peer (--peer), or in central a directory \
         (--directory); a directory has clients, which it counts there",
        &head,
        &rows,
    )
}

fn show_queries(out: &mut Out, queries: &[QueryRow]) -> Result<(), Failure> {
    let rows: Vec<Vec<String>> = queries
        .iter()
        .map(|query| {
            vec![
                query.guid.short(),
                if query.own { "own" } else { "relayed" }.into(),
                format!("{}/{}", query.ttl_left, query.ttl),
                query.nodes.to_string(),
                query.duplicates.to_string(),
                query.hits.to_string(),
                span(query.age_ms),
                query_state(query.state).into(),
                query.text.visible(NAME),
            ]
        })
        .collect();
    let head = [
        left("query"),
        left("whose"),
        right("ttl"),
        right("nodes"),
        right("duplicates"),
        right("hits"),
        right("age"),
        left("state"),
        left("text"),
    ];
    listed(out, "no queries yet", &head, &rows)
}

fn query_state(state: QueryState) -> &'static str {
    match state {
        QueryState::Live => "live",
        QueryState::Done => "done",
        QueryState::Passed => "passed",
        QueryState::Expired => "expired",
        QueryState::Held => "held",
    }
}

fn show_transfers<'a>(out: &mut Out, transfers: impl Iterator<Item = &'a Transfer>) -> Result<(), Failure> {
    let rows: Vec<Vec<String>> = transfers
        .map(|transfer| {
            let percent = (transfer.bytes as f64 / transfer.size.max(1) as f64 * 100.0).floor();
            vec![
                transfer.id.to_string(),
                direction(transfer.direction).into(),
                state(transfer.state).into(),
                if transfer.size == 0 { "-".into() } else { format!("{percent:.0} %") },
                bytes(transfer.size),
                format!("{}/s", bytes(transfer.rate)),
                transfer.peer.visible(SHORT),
                transfer.name.visible(NAME),
                transfer.why.as_deref().map(visible).unwrap_or_default(),
            ]
        })
        .collect();
    let head = [
        right("id"),
        left("direction"),
        left("state"),
        right("done"),
        right("size"),
        right("rate"),
        left("peer"),
        left("name"),
        left("why"),
    ];
    listed(out, "no transfers yet", &head, &rows)
}

fn show_files(out: &mut Out, page: &FilesPage) -> Result<(), Failure> {
    let rows: Vec<Vec<String>> =
        page.files.iter().map(|file| vec![bytes(file.size), file.hash.short(), file.path.visible(NAME)]).collect();
    listed(
        out,
        "no shared files that match; share a folder with --share DIR",
        &[right("size"), left("hash"), left("path")],
        &rows,
    )?;
    let shown = page.files.len() as u64;
    if shown > 0 && shown < page.total {
        let range = format!("{} to {} of {}; more with --offset", page.offset + 1, page.offset + shown, page.total);
        let line = out.paint(Style::Faint, &range);
        out.line(line)?;
    }
    Ok(())
}

/// A table, or a sentence where it would be empty.
fn listed(out: &mut Out, empty: &str, head: &[super::output::Column], rows: &[Vec<String>]) -> Result<(), Failure> {
    if rows.is_empty() { out.line(empty) } else { out.table(head, rows) }
}
