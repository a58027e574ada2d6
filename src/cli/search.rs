//! `hopscope search`: through the running node, or through one that joins for a moment.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use clap::ArgMatches;

use super::failure::{Exit, Failure};
use super::flags::is_set;
use super::format;
use super::logging::{self, Target};
use super::node::{self, Node, Signals};
use super::output::{Out, Style};
use super::resolve::Resolved;
use super::scratch::Scratch;
use super::settings;
use crate::app::{
    DirectoryState, Done, DoneWhy, Event, Handle, Home, LogRing, RoleChoice, Settings, Snapshot, TopologyKind,
};
use crate::control::{Client, Line, SearchBody};

/// For the link of `--join` to come up.
const JOIN_TIMEOUT: Duration = Duration::from_secs(10);
/// How the engine calls its warning that a peer that it was given cannot be reached.
const PEER_UNREACHABLE: &str = "peer_unreachable";
/// The same of a peer that is a directory, and of one that is a leaf.
const PEER_IS_DIRECTORY: &str = "peer_is_directory";
const PEER_IS_LEAF: &str = "peer_is_leaf";

/// Searches, prints hits as they come, then the cost.
pub(super) fn run(resolved: &Resolved, verbosity: u8, arguments: &ArgMatches) -> Result<Exit, Failure> {
    let log = logging::start(resolved, verbosity, Target::Errors)?;
    let body = body(resolved, arguments)?;
    let json = is_set(arguments, "json");
    match arguments.get_one::<String>("join") {
        None => super::block_on(ask(Client::new(&resolved.places.folders), body, json)),
        Some(peer) => {
            let scratch = Scratch::new("search")?;
            let settings = temporary(settings::settings(resolved)?, &scratch, peer);
            node::run(joined(settings, log, async |client| ask(client, body, json).await))
        }
    }
}

fn body(resolved: &Resolved, arguments: &ArgMatches) -> Result<SearchBody, Failure> {
    // Checks what was typed here; what was not is the running node's to say.
    let typed = settings::settings(resolved)?;
    let given = |key| !resolved.is_default(key);
    let strategy = arguments.get_one::<String>("strategy").cloned();
    // The setting is in hops, and means nothing to walkers.
    let usual = (given("ttl") && strategy.as_deref() != Some("walk")).then_some(typed.ttl);
    let timeout = arguments.get_one::<Duration>("timeout");
    Ok(SearchBody {
        text: query(arguments.get_many::<String>("words").into_iter().flatten().map(String::as_str)),
        ttl: arguments.get_one::<u8>("reach").copied().or(usual),
        timeout_ms: timeout.map(|timeout| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX)),
        enough: arguments.get_one::<usize>("enough").copied(),
        hits: given("hits").then_some(typed.hits),
        strategy,
        walkers: arguments.get_one::<u8>("walkers").copied(),
    })
}

/// The query that some arguments make. The shell has taken the quotes away: a single argument is the whole query, as it
/// is; of several, one with a space was quoted to stay together.
pub(super) fn query<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<&str> = words.collect();
    if let [whole] = words[..] {
        return whole.to_owned();
    }
    let quoted = |word: &str| match word.strip_prefix('-') {
        _ if !word.contains(char::is_whitespace) || word.contains('"') => word.to_owned(),
        Some(rest) => format!("-\"{rest}\""),
        None => format!("\"{word}\""),
    };
    words.into_iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// A node that shares nothing, remembers nothing, and has one link. What the address is, a node or a directory, is not
/// known yet, so it is named as both; only one of them has a meaning in a topology.
pub(super) fn temporary(settings: Settings, scratch: &Scratch, at: &str) -> Settings {
    let folder = scratch.path();
    Settings {
        home: Home { config: folder.into(), state: folder.into(), socket: folder.join("control.sock") },
        downloads: folder.join("downloads"),
        shares: Vec::new(),
        listen: SocketAddr::new(reachable_from(at), 0),
        peers: vec![at.to_owned()],
        directories: vec![at.to_owned()],
        serve_directory: false,
        role: RoleChoice::Leaf,
        // It goes where the address sends it: a leaf names its ultra-peers. One link is enough.
        only_peers: false,
        min_neighbors: 1,
        max_neighbors: 1,
        discovery: false,
        ..settings
    }
}

/// Where to listen so that the nodes around the peer can answer: those on this machine's loopback interface believe in no
/// other address there.
fn reachable_from(peer: &str) -> IpAddr {
    let host = peer.rsplit_once(':').map_or(peer, |(host, _)| host);
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) if ip.is_loopback() => Ipv4Addr::LOCALHOST.into(),
        Ok(IpAddr::V6(ip)) if ip.is_loopback() => Ipv6Addr::LOCALHOST.into(),
        Ok(IpAddr::V6(_)) => Ipv6Addr::UNSPECIFIED.into(),
        Err(_) if host.eq_ignore_ascii_case("localhost") => Ipv4Addr::LOCALHOST.into(),
        Ok(IpAddr::V4(_)) | Err(_) => Ipv4Addr::UNSPECIFIED.into(),
    }
}

/// Joins for a moment and asks: through the socket even here, so that both ways are one.
pub(super) async fn joined(
    settings: Settings,
    log: LogRing,
    ask: impl AsyncFnOnce(Client) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let (home, at) = (settings.home.clone(), settings.peers.join(", "));
    let (node, _) = Node::start(settings, false, log, None).await?;
    let joined = async {
        tokio::time::timeout(JOIN_TIMEOUT, linked(&node.handle)).await.unwrap_or_else(|_| {
            let message = format!("{at} gave no link within {} s", JOIN_TIMEOUT.as_secs());
            let hint =
                "look whether a node listens there, and its passphrase; if it is a directory, say --topology central";
            Err(Failure::new(Exit::TimedOut, message, hint))
        })?;
        ask(Client::new(&home)).await
    };
    let result = joined.await;
    node.stop().await;
    result
}

/// Returns when there is somebody to ask; becomes a client if the address is that of a directory, and a leaf if it is that
/// of a leaf, which names its ultra-peers.
///
/// # Errors
/// When the address cannot be reached; with the reason.
async fn linked(handle: &Handle) -> Result<(), Failure> {
    let mut snapshots = handle.snapshots();
    let told = |snapshot: &Snapshot| is_linked(snapshot) || better(snapshot).is_some() || refused(snapshot).is_some();
    loop {
        let snapshot = match snapshots.wait_for(|snapshot| told(snapshot)).await {
            Ok(snapshot) => snapshot.clone(),
            Err(_) => return Err(Failure::failed("the node stopped", "try again")),
        };
        if is_linked(&snapshot) {
            return Ok(());
        }
        match better(&snapshot) {
            Some(topology) => handle.set_topology(topology).await?,
            None => return refused(&snapshot).map_or(Ok(()), Err),
        }
    }
}

/// The topology in which the address is of use, if it turned out to be another one.
fn better(snapshot: &Snapshot) -> Option<TopologyKind> {
    let of = |code| match code {
        PEER_IS_DIRECTORY => Some(TopologyKind::Central),
        PEER_IS_LEAF => Some(TopologyKind::Ultrapeer),
        _ => None,
    };
    snapshot.warnings.iter().find_map(|warning| of(warning.code.as_str()))
}

fn is_linked(snapshot: &Snapshot) -> bool {
    match &snapshot.role.directory {
        Some(directory) => directory.state == DirectoryState::Registered,
        None => snapshot.neighbors.iter().any(|neighbor| neighbor.node.is_some()),
    }
}

/// Why there will be no link.
fn refused(snapshot: &Snapshot) -> Option<Failure> {
    let hint = "look whether a node listens there";
    let warning = snapshot.warnings.iter().find(|warning| warning.code == PEER_UNREACHABLE);
    let of_peer = warning.map(|warning| Failure::failed(format::visible(&warning.message), hint));
    let directory = snapshot.role.directory.as_ref();
    let unreachable = directory.filter(|directory| directory.state == DirectoryState::Unreachable);
    of_peer.or_else(|| unreachable.map(|directory| Failure::failed(format::visible(&directory.why), hint)))
}

async fn ask(client: Client, body: SearchBody, json: bool) -> Result<Exit, Failure> {
    let mut out = Out::new();
    let mut signals = Signals::catch()?;
    let mut lines = client.search(&body).await?;
    loop {
        let line = tokio::select! {
            line = lines.next() => line?,
            // Dropping the lines ends the search at the node.
            () = signals.wait() => return Err(Failure::failed("the search was cancelled", "")),
        };
        let Some(Line { text, event }) = line else {
            return Err(Failure::failed("the node ended the search without a word", "look whether it still runs"));
        };
        if json {
            out.line(&text)?;
        }
        match event {
            Some(Event::Hit(hit)) if !json => {
                out.line(format::hit(&hit, out.width.is_some()))?;
                let magnet = out.paint(Style::Faint, &format!("{:>10}  {}", "", format::whole(&hit.magnet)));
                out.line(magnet)?;
            }
            Some(Event::Error { message, hint, .. }) if !json => {
                Failure::failed(format::visible(&message), hint).report()
            }
            Some(Event::Done(done)) => return finish(&mut out, &done, json),
            _ => {}
        }
    }
}

fn finish(out: &mut Out, done: &Done, json: bool) -> Result<Exit, Failure> {
    if !json {
        let style = if done.hits > 0 { Style::Good } else { Style::Plain };
        let cost = out.paint(style, &format::cost(done));
        out.line(cost)?;
    }
    match done.why {
        _ if done.hits > 0 => Ok(Exit::Done),
        DoneWhy::NoNeighbors => Err(Failure::new(
            Exit::NothingFound,
            "nothing found: the node has no neighbor to ask",
            "wait for `hopscope neighbors` to show one, or name one with --peer",
        )),
        DoneWhy::NoDirectory => Err(Failure::new(
            Exit::Failed,
            "the node reaches no directory, and its topology has nobody else to ask",
            "see `hopscope status`; name a directory with --directory, or change with `hopscope topology flood`",
        )),
        DoneWhy::Cut | DoneWhy::Cancelled | DoneWhy::Shutdown | DoneWhy::TooMany => {
            Err(Failure::failed("the search was cut short", "try again"))
        }
        DoneWhy::Deadline | DoneWhy::Enough | DoneWhy::Complete => Ok(Exit::NothingFound),
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::{query, reachable_from};

    #[test]
    fn a_node_that_joins_listens_where_its_peer_can_reach_it() {
        let cases = [
            ("127.0.0.1:7", "127.0.0.1"),
            ("127.1.2.3:7", "127.0.0.1"),
            ("localhost:7", "127.0.0.1"),
            ("[::1]:7", "::1"),
            ("192.0.2.7:6346", "0.0.0.0"),
            ("mallard.local:6346", "0.0.0.0"),
            ("[2001:db8::1]:6346", "::"),
        ];
        for (peer, listen) in cases {
            assert_eq!(reachable_from(peer), listen.parse::<IpAddr>().unwrap(), "{peer}");
        }
    }

    #[test]
    fn the_shells_quotes_are_put_back_where_they_meant_something() {
        let made = |words: &[&str]| query(words.iter().copied());
        assert_eq!(made(&["miles davis -live"]), "miles davis -live");
        assert_eq!(made(&["kind of blue", "ext:flac", "-live at"]), "\"kind of blue\" ext:flac -\"live at\"");
        assert_eq!(made(&["\"kind of\" blue", "x"]), "\"kind of\" blue x");
    }
}
