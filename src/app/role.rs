//! Topology and role as the faces see them: what the core says, in the engine's time.

use super::gauge::Gauge;
use super::settings::Settings;
use super::snapshot::{CapacitySource, DirectoryRole, Fitness, RoleStatus, Serving, UltraRole};
use crate::base::Time;
use crate::directory::DirectoryHealth;
use crate::net::NetStatus;
use crate::overlay::{self, ClientStatus, Config, Score, UltraStatus};

/// What a node strives for, as its user set it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Aims {
    min_neighbors: usize,
    max_neighbors: usize,
    follows: bool,
}

impl Aims {
    fn new(only_peers: bool, min_neighbors: usize, max_neighbors: usize, follows: bool) -> Self {
        // With named links only, it strives for no number of them.
        Self { min_neighbors: if only_peers { 0 } else { min_neighbors }, max_neighbors, follows }
    }
}

impl From<&Settings> for Aims {
    fn from(settings: &Settings) -> Self {
        Self::new(settings.only_peers, settings.min_neighbors, settings.max_neighbors, settings.follow)
    }
}

impl From<&Config> for Aims {
    fn from(config: &Config) -> Self {
        Self::new(config.only_peers, config.min_neighbors, config.max_neighbors, config.follow)
    }
}

/// What the engine adds to what the core says of its role.
#[derive(Debug)]
pub(super) struct RoleWatch {
    lookups: Gauge,
    /// Whether the directory that the node serves is written to disk.
    health: Option<DirectoryHealth>,
}

impl RoleWatch {
    /// A watch; `health` if the node serves a directory.
    pub(super) fn new(health: Option<DirectoryHealth>) -> Self {
        Self { lookups: Gauge::default(), health }
    }

    /// Takes the counters of this second; returns whether anything in the picture changed.
    pub(super) fn sample(&mut self, status: &NetStatus) -> bool {
        status.served.as_ref().is_some_and(|served| self.lookups.sample(served.did.lookups))
    }

    /// The picture.
    pub(super) fn picture(&self, status: &NetStatus, aims: Aims) -> RoleStatus {
        let neighbors = status.links.iter().filter(|link| !link.is_client).count();
        RoleStatus {
            topology: status.topology,
            role: status.role,
            why: status.role_why.to_string(),
            since_ms: millis(status.role_since),
            neighbors,
            min_neighbors: aims.min_neighbors,
            max_neighbors: aims.max_neighbors,
            // A neighbor that came in by itself may not be dialled, and is known all the same.
            known_hosts: status.known_hosts.max(neighbors),
            follows: aims.follows,
            ultra: status.ultra.as_ref().map(|ultra| ultra_role(ultra, status.at)),
            directory: status.client.as_ref().map(|client| directory_role(client, status)),
            serving: status.served.as_ref().map(|served| Serving {
                nodes: served.nodes,
                files: served.files,
                clients: served.did.clients,
                lookups: served.did.lookups,
                lookups_per_s: self.lookups.rate(),
                registrations: served.did.registrations,
                refused: served.did.refused,
                trouble: self.health.as_ref().and_then(DirectoryHealth::trouble),
            }),
        }
    }
}

fn ultra_role(ultra: &UltraStatus, now: Time) -> UltraRole {
    UltraRole {
        score: fitness(&ultra.score),
        leaves: ultra.leaves,
        max_leaves: ultra.max_leaves,
        ultrapeers: ultra.ultrapeers,
        alternatives: ultra.alternatives,
        seeking_ms: ultra.seeking_since.map(|since| now.since(since).as_millis() as u64),
        held_until_ms: ultra.held_until.map(millis),
        filter_fill: ultra.filter_fill.map(|(set, bits)| (u64::from(set) * 1_000 / u64::from(bits.max(1))) as u16),
    }
}

fn fitness(score: &Score) -> Fitness {
    Fitness {
        total: score.total,
        threshold: score.threshold,
        capacity: score.capacity,
        max_capacity: Score::MAX_CAPACITY,
        uptime: score.uptime,
        max_uptime: Score::MAX_UPTIME,
        availability: score.availability,
        max_availability: Score::MAX_AVAILABILITY,
        inbound: score.inbound,
        max_inbound: Score::MAX_INBOUND,
        capacity_kbps: score.capacity_kbps,
        capacity_from: match score.capacity_source {
            overlay::CapacitySource::Configured => CapacitySource::Configured,
            overlay::CapacitySource::Measured => CapacitySource::Measured,
            overlay::CapacitySource::Assumed => CapacitySource::Assumed,
        },
        reachable: score.accepts_inbound,
    }
}

fn directory_role(client: &ClientStatus, status: &NetStatus) -> DirectoryRole {
    let linked = status.links.iter().find(|link| client.directory.is_some() && link.peer.listen == client.directory);
    DirectoryRole {
        state: client.state,
        addr: client.directory,
        name: linked.map(|link| link.peer.name.clone()).unwrap_or_default(),
        why: client.why.clone(),
        lease_until_ms: client.lease_until.map(millis),
        files: client.files_registered,
        reachable: client.reachable,
        next_try_ms: client.next_try.filter(|at| *at < Time::NEVER).map(millis),
        known: client.directories.clone(),
    }
}

const fn millis(time: Time) -> u64 {
    time.micros() / 1_000
}
