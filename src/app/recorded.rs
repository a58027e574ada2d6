//! A node that is only on record: its searches summed up as the engine sums up those of a running one, and a handle that
//! shows them and refuses everything else.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::event::{Done, Hit};
use super::searches::{Opened, Searches};
use super::snapshot::{HopReport, NodeStatus, RoleStatus, RoundRow, Search, Snapshot, Traffic};
use crate::overlay::{DoneWhy, Role, SearchCost, Strategy, TopologyKind};
use crate::proto::{Guid, NodeId, PeerAddr, Untrusted};
use crate::share::LibraryStatus;

/// No search takes longer, so an end that claims more does not make a time that cannot be added to.
const LONGEST_MS: u64 = 24 * 3_600_000;

/// Whose searches were recorded.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Its id.
    pub node: NodeId,
    /// Its name.
    pub name: Untrusted,
    /// Program and version that recorded it.
    pub version: String,
    /// When the recording began, RFC 3339.
    pub started: String,
    /// The topology that it was in.
    pub topology: TopologyKind,
    /// What it was in that, as the youngest search of those that tell does; `None` if none does.
    pub role: Option<Role>,
    /// How long it held each query; 0 when not slowed down.
    pub hop_delay_ms: u64,
}

/// One search as it was recorded.
#[derive(Clone, Debug)]
pub struct RecordedSearch {
    /// Its name.
    pub guid: Guid,
    /// As typed.
    pub text: Untrusted,
    /// Its TTL.
    pub ttl: u8,
    /// How it spread.
    pub strategy: Strategy,
    /// Copies that the origin sent itself, those of later rounds left out.
    pub sent: u16,
    /// The later rounds of a ring.
    pub rounds: Vec<RoundRow>,
    /// What the nodes reported, in the order of arrival.
    pub hops: Vec<HopReport>,
    /// What was found.
    pub hits: Vec<Hit>,
    /// Reports that were lost on the way to the recording.
    pub lost: u64,
    /// Its end, if that was recorded.
    pub done: Option<Done>,
}

/// Sums a search up from its reports. Of what its recorded end claims only the times, the bytes and the reason are
/// taken: all else is counted.
#[must_use]
pub fn sum_up(origin: &Origin, recorded: RecordedSearch) -> Option<Arc<Search>> {
    let RecordedSearch { guid, text, ttl, strategy, sent, rounds, hops, hits, lost, done } = recorded;
    let elapsed_ms = done.as_ref().map_or_else(|| hops.last().map_or(0, |hop| hop.at_ms), |done| done.elapsed_ms);
    // In which topology it began only its end tells; until then the one of the header is as good as any.
    let topology = done.as_ref().map_or(origin.topology, |done| done.topology);
    let mut searches = Searches::default();
    searches.open(guid, Opened { text: text.raw(), ttl, strategy, topology, traced: true }, 0);
    searches.started(&guid, sent, 0);
    for RoundRow { ttl, sent, at_ms } in rounds {
        searches.round(guid, ttl, sent, Duration::from_millis(at_ms));
    }
    for report in hops {
        searches.hop(origin.node, &guid, report);
    }
    hits.into_iter().for_each(|hit| searches.found(hit));
    searches.lost(&guid, lost);
    let counted = searches.publish(0).pop()?;
    let cost = SearchCost {
        reached: counted.row.nodes,
        messages: counted.messages,
        duplicates: counted.row.duplicates,
        bytes: done.as_ref().map_or(0, |done| done.bytes),
        reports: done.as_ref().map_or(0, |done| done.reports),
        report_bytes: done.as_ref().map_or(0, |done| done.report_bytes),
        hits: counted.row.hits,
        first_hit: counted.first_hit_ms.map(Duration::from_millis),
        elapsed: Duration::from_millis(elapsed_ms.min(LONGEST_MS)),
    };
    // A search without an end was cut with its recording; nothing of it runs.
    searches.done(guid, cost, done.map_or(DoneWhy::Shutdown, |done| done.why));
    searches.publish(0).pop()
}

/// What a face shows of a recording: its origin and its searches; nothing else was recorded.
#[must_use]
pub fn snapshot(origin: &Origin, searches: Vec<Arc<Search>>) -> Snapshot {
    let node = NodeStatus {
        node: origin.node,
        name: origin.name.clone(),
        addr: PeerAddr(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))),
        control: None,
        version: origin.version.clone(),
        started: origin.started.clone(),
        ttl: searches.last().map_or(1, |search| search.row.ttl),
        hop_delay_ms: origin.hop_delay_ms,
        downloads: PathBuf::new(),
    };
    let role = RoleStatus { topology: origin.topology, role: origin.role.unwrap_or_default(), ..RoleStatus::default() };
    Snapshot {
        node: Arc::new(node),
        // Of when it searched only the durations are known.
        uptime_ms: 0,
        neighbors: Vec::new(),
        queries: searches.iter().rev().map(|search| search.row.clone()).collect(),
        searches,
        role,
        transfers: Vec::new(),
        library: Arc::new(LibraryStatus::default()),
        traffic: Traffic::default(),
        log: Arc::default(),
        warnings: Arc::default(),
        world: None,
        recorded: Some(Arc::new(origin.clone())),
    }
}
