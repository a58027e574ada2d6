//! Numbers, times and events for people.

use crate::app::{Done, DoneWhy, Event, Hit, TopologyKind, TransferState, UpDown};

/// Bytes of somebody's name that are shown.
pub(super) const NAME: usize = 120;
/// Bytes of an address or another short text.
pub(super) const SHORT: usize = 64;

/// Bytes, with a unit that keeps it to four digits.
pub(super) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    // From 1023.95 on it would be shown as 1024.0.
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if bytes < 1024 { format!("{bytes} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

/// Milliseconds, in the two units that matter.
pub(super) fn span(ms: u64) -> String {
    let seconds = ms / 1_000;
    match seconds {
        0 if ms == 0 => "<1 ms".to_owned(),
        0 => format!("{ms} ms"),
        1..60 => format!("{seconds}.{} s", ms % 1_000 / 100),
        60..3_600 => format!("{}:{:02} min", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}:{:02} h", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// `1 hop`, `2 hops`.
pub(super) fn count(number: u64, what: &str) -> String {
    let plural = match what.strip_suffix('y') {
        _ if number == 1 => what.to_owned(),
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if what.ends_with("ch") => format!("{what}es"),
        _ => format!("{what}s"),
    };
    format!("{number} {plural}")
}

/// A hit, on one line; for a terminal a long name is cut.
pub(super) fn hit(hit: &Hit, terminal: bool) -> String {
    let who = match hit.node_name.visible(SHORT) {
        name if name.is_empty() => hit.node.short(),
        name => name,
    };
    let name = if terminal { hit.name.visible(NAME) } else { whole(hit.name.raw()) };
    format!("{:>10}  {:<6}  {who:<16}  {name}", bytes(hit.size), count(hit.hops.into(), "hop"))
}

/// What a search cost, in a sentence.
pub(super) fn cost(done: &Done) -> String {
    let first = done.first_hit_ms.map(|ms| format!(", the first after {}", span(ms))).unwrap_or_default();
    if done.topology == TopologyKind::Central {
        return looked_up(done, &first);
    }
    format!(
        "{} in {}{first}; {} reached with {}, {}, {}{}; {}",
        count(done.hits.into(), "hit"),
        span(done.elapsed_ms),
        count(done.reached.into(), "node"),
        count(done.messages, "message"),
        count(done.duplicates, "duplicate"),
        bytes(done.bytes),
        tracing(done),
        ending(done.why),
    )
}

/// What it took to know all this, apart from what the search itself took.
fn tracing(done: &Done) -> String {
    if done.reports == 0 {
        return String::new();
    }
    format!(", and {} of {} to know it", count(done.reports, "report"), bytes(done.report_bytes))
}

/// The same of a search that asked a directory.
fn looked_up(done: &Done, first: &str) -> String {
    let (hits, took) = (count(done.hits.into(), "hit"), span(done.elapsed_ms));
    match done.why {
        // The directory that this node serves itself is asked without a message.
        DoneWhy::Complete if done.messages == 0 => {
            format!("{hits} in {took}{first}; that is all that its own directory knows")
        }
        DoneWhy::Complete => {
            let requests = count(done.messages, "request");
            format!("{hits} in {took}{first}; {requests}, {}; that is all that the directory knows", bytes(done.bytes))
        }
        why => format!("{hits} in {took}{first}; {}", ending(why)),
    }
}

fn ending(why: DoneWhy) -> &'static str {
    match why {
        DoneWhy::Deadline => "its time was up",
        DoneWhy::Enough => "that was enough",
        DoneWhy::Complete => "every node that it reached has answered",
        DoneWhy::Cancelled => "cancelled",
        DoneWhy::NoNeighbors => "there was no neighbor to ask",
        DoneWhy::NoDirectory => "there was no directory to ask",
        DoneWhy::Cut => "the node changed its topology",
        DoneWhy::Shutdown => "the node stopped",
        DoneWhy::TooMany => "too many searches run already",
    }
}

/// An event as a line of a daemon's plain output; `None` for those that come by the hundred.
pub(super) fn event(event: &Event) -> Option<String> {
    Some(match event {
        Event::Listening { node, addr, control, topology, .. } => {
            format!("node {} listens on {addr}, topology {}; control socket {control}", node.short(), topology.name())
        }
        Event::Neighbor { event: UpDown::Up, node, addr, name, kind, .. } => {
            let addr = addr.map(|addr| format!(" at {addr}")).unwrap_or_default();
            format!("neighbor up: {} {} ({}){addr}", kind.name(), name.visible(SHORT), node.short())
        }
        Event::Neighbor { event: UpDown::Down, node, name, why, .. } => {
            let why = why.as_ref().map(|why| format!(": {}", visible(why))).unwrap_or_default();
            format!("neighbor down: {} ({}){why}", name.visible(SHORT), node.short())
        }
        Event::Topology { topology, role, why } => format!("topology {}, role {}: {why}", topology.name(), role.name()),
        Event::Proposal { node, topology, followed, why } => {
            let goes = if *followed { "follows" } else { "does not follow" };
            format!("{} proposes {}; this node {goes}: {}", node.short(), topology.name(), visible(why))
        }
        Event::Directory { why, .. } => format!("directory: {}", visible(why)),
        Event::Library { files, bytes: size, hashing } => {
            format!("library: {}, {}, {hashing} to hash", count(*files, "file"), bytes(*size))
        }
        Event::Query { guid, text, ttl, strategy, .. } => {
            format!("search {}: `{}` by {} with TTL {ttl}", guid.short(), text.visible(NAME), visible(strategy))
        }
        Event::Done(done) => format!("search {}: {}", done.guid.short(), cost(done)),
        Event::Transfer(transfer) if transfer.state.is_final() => {
            let why = transfer.why.as_ref().map(|why| format!(": {}", visible(why))).unwrap_or_default();
            let name = transfer.name.visible(NAME);
            format!("{} {}: {name}{why}", direction(transfer.direction), state(transfer.state))
        }
        Event::Error { message, hint, .. } => format!("error: {}; {hint}", visible(message)),
        Event::Round { guid, ttl, .. } => format!("search {}: goes on with TTL {ttl}", guid.short()),
        Event::Hop { .. } | Event::Hit(_) | Event::Transfer(_) => return None,
    })
}

/// A sentence that may quote another node.
pub(super) fn visible(text: &str) -> String {
    crate::app::Untrusted::from(text).visible(400)
}

/// The same for what is worth nothing with its end missing: a link.
pub(super) fn whole(text: &str) -> String {
    crate::app::Untrusted::from(text).visible(usize::MAX)
}

/// The word for a direction.
pub(super) fn direction(direction: crate::app::Direction) -> &'static str {
    match direction {
        crate::app::Direction::Download => "download",
        crate::app::Direction::Upload => "upload",
    }
}

/// The word for a transfer's state.
pub(super) fn state(state: TransferState) -> &'static str {
    match state {
        TransferState::Queued => "queued",
        TransferState::Active => "active",
        TransferState::Verifying => "verifying",
        TransferState::Done => "done",
        TransferState::Failed => "failed",
        TransferState::Cancelled => "cancelled",
    }
}

#[cfg(test)]
mod tests {
    use super::{bytes, count, span, visible, whole};

    #[test]
    fn numbers_read_well_at_their_edges() {
        assert_eq!(
            [0, 1023, 1024, 1_048_575, 1_048_576].map(bytes),
            ["0 B", "1023 B", "1.0 KiB", "1.0 MiB", "1.0 MiB"]
        );
        assert_eq!(bytes(u64::MAX), "16.0 EiB");
        assert_eq!(
            [0, 999, 1_000, 59_999, 60_000, 7_200_000, 90_000_000].map(span),
            ["<1 ms", "999 ms", "1.0 s", "59.9 s", "1:00 min", "2:00 h", "1 d 1 h"]
        );
        assert_eq!([count(1, "hop"), count(0, "hop"), count(2, "query")], ["1 hop", "0 hops", "2 queries"]);
        assert_eq!(count(3, "search"), "3 searches");
    }

    #[test]
    fn quoted_text_cannot_move_the_cursor() {
        for shown in [visible("a\x1b[2Jb\nc"), whole("a\x1b[2Jb\nc")] {
            assert!(!shown.chars().any(char::is_control), "{shown:?}");
        }
    }

    #[test]
    fn a_link_is_never_cut() {
        let link = format!("magnet:?dn={}", "%20a".repeat(2_000));
        assert_eq!(whole(&link), link);
    }
}
