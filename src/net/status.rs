//! The driver as others see it: an immutable picture, made a few times a second and only when something happened, and at
//! once when a neighbor came or went.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::limits::{HOSTS_INTERVAL, MAX_CLIENTS_SHOWN, STATUS_INTERVAL};
use super::tally::NetCounters;
use crate::base::Time;
use crate::overlay::{
    ClientStatus, Config, Counters, DirectoryStatus, LinkId, LinkTraffic, Node, Peer, Role, TopologyKind, UltraStatus,
};
use crate::proto::PeerAddr;

/// The driver as it stood at some time.
#[derive(Clone, Debug, Default)]
pub struct NetStatus {
    /// When this was taken, since the driver started.
    pub at: Time,
    /// Where others reach this node, as far as known.
    pub own_addr: Option<PeerAddr>,
    /// The topology.
    pub topology: TopologyKind,
    /// The role.
    pub role: Role,
    /// Since when, and why, for people.
    pub role_since: Time,
    /// See [`NetStatus::role_since`].
    pub role_why: String,
    /// Where it stands among ultra-peers and leaves, in that topology.
    pub ultra: Option<UltraStatus>,
    /// Where it stands with its directory, in the central topology.
    pub client: Option<ClientStatus>,
    /// The directory that it serves, if it does.
    pub served: Option<Served>,
    /// The neighbors, the oldest link first; of those who are linked to the directory that it serves, so many.
    pub links: Vec<LinkStatus>,
    /// Addresses being dialled.
    pub dialling: Vec<PeerAddr>,
    /// Addresses that the user named and that could not be reached several times in a row, with the last reason.
    pub unreachable: Vec<(PeerAddr, String)>,
    /// Addresses that the user named as those of peers, and that are directories alone, or leaves.
    pub particular: Vec<(PeerAddr, Role)>,
    /// Addresses of other nodes known.
    pub known_hosts: usize,
    /// Those worth remembering for the next run; renewed every half a minute.
    pub remember: Arc<[PeerAddr]>,
    /// Everything that went over links so far, links that are gone and connections for direct delivery included.
    pub total: LinkTraffic,
    /// What the core dropped.
    pub core: Counters,
    /// What the driver refused, dropped and lost.
    pub net: NetCounters,
}

impl NetStatus {
    /// What a core tells of itself at a time, in its settings; `traffic` knows what went over each of its links. All else
    /// is the driver's to say.
    pub fn of(node: &Node, config: &Config, at: Time, traffic: impl Fn(LinkId) -> LinkTraffic) -> Self {
        let neighbors = node.links().iter().map(|link| LinkStatus {
            link: link.id(),
            peer: link.peer().clone(),
            since: link.since(),
            rtt: link.rtt(),
            traffic: traffic(link.id()),
            queries_in: link.counts().queries_in,
            duplicates: link.counts().duplicates,
            files: link.shares().map(|(files, _)| files),
            is_client: false,
        });
        let clients = node.clients().take(MAX_CLIENTS_SHOWN).map(|(link, peer, since)| LinkStatus {
            link,
            peer: peer.clone(),
            since,
            rtt: None,
            traffic: traffic(link),
            queries_in: 0,
            duplicates: 0,
            files: None,
            is_client: true,
        });
        let mut links: Vec<LinkStatus> = neighbors.chain(clients).collect();
        links.sort_unstable_by_key(|link| link.link);
        Self {
            at,
            own_addr: node.addr(),
            topology: node.topology(),
            role: node.role(),
            role_since: node.role_story().0,
            role_why: node.role_story().1.to_owned(),
            ultra: node.ultra_status(config),
            client: node.client_status(),
            links,
            dialling: node.dialling().collect(),
            known_hosts: node.known_hosts(),
            core: node.counters(),
            ..Self::default()
        }
    }
}

/// A directory that is served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// What it did.
    pub did: DirectoryStatus,
    /// Nodes registered.
    pub nodes: u64,
    /// Files registered.
    pub files: u64,
}

/// One neighbor.
#[derive(Clone, Debug)]
pub struct LinkStatus {
    /// Its link.
    pub link: LinkId,
    /// Who it is; it dialled us if `peer.dialled` is `None`.
    pub peer: Peer,
    /// Since when.
    pub since: Time,
    /// Round trip of the last sign of life.
    pub rtt: Option<Duration>,
    /// What went over it.
    pub traffic: LinkTraffic,
    /// Query copies from it.
    pub queries_in: u64,
    /// Those of them that had been seen before.
    pub duplicates: u64,
    /// Files that it shares, as it says.
    pub files: Option<u64>,
    /// Whether it is no neighbor in an overlay but a client of the directory that this node serves.
    pub is_client: bool,
}

impl LinkStatus {
    /// Whether it dialled us.
    #[must_use]
    pub const fn inbound(&self) -> bool {
        self.peer.dialled.is_none()
    }
}

/// Decides when a new picture is due.
pub(super) struct Publisher {
    sender: watch::Sender<Arc<NetStatus>>,
    changed: bool,
    last: Option<Time>,
    remember: Arc<[PeerAddr]>,
    remembered: Option<Time>,
}

impl Publisher {
    pub(super) fn new(sender: watch::Sender<Arc<NetStatus>>) -> Self {
        Self { sender, changed: true, last: None, remember: Arc::default(), remembered: None }
    }

    /// Something happened.
    pub(super) fn touch(&mut self) {
        self.changed = true;
    }

    /// Something happened that nobody should have to wait for.
    pub(super) fn hurry(&mut self) {
        (self.changed, self.last) = (true, None);
    }

    /// When the next picture is due; never, while nothing happens.
    pub(super) fn due(&self) -> Time {
        match self.last {
            _ if !self.changed => Time::NEVER,
            None => Time::ZERO,
            Some(last) => last + STATUS_INTERVAL,
        }
    }

    /// Publishes a picture. `hosts` is called only when their list is due as well.
    pub(super) fn publish(&mut self, mut status: NetStatus, hosts: impl FnOnce() -> Arc<[PeerAddr]>) {
        let now = status.at;
        if self.remembered.is_none_or(|at| now.since(at) >= HOSTS_INTERVAL) {
            self.remember = hosts();
            self.remembered = Some(now);
        }
        status.remember = Arc::clone(&self.remember);
        self.sender.send_replace(Arc::new(status));
        (self.changed, self.last) = (false, Some(now));
    }

    /// Makes the next picture carry a fresh list of hosts.
    pub(super) fn renew_hosts(&mut self) {
        self.hurry();
        self.remembered = None;
    }
}
