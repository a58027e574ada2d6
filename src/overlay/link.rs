//! A neighbor, as the core keeps it.

use std::time::Duration;

use super::io::{LinkId, Peer};
use super::limit::Bucket;
use crate::base::Time;
use crate::proto::Guid;

/// A live link, and what came and went over it.
#[derive(Debug)]
pub struct Link {
    pub(super) id: LinkId,
    pub(super) peer: Peer,
    pub(super) since: Time,
    pub(super) last_heard: Time,
    pub(super) ping: Option<(Guid, Time)>,
    pub(super) rtt: Option<Duration>,
    pub(super) counts: LinkCounts,
    pub(super) shares: Option<(u64, u64)>,
    pub(super) pings_allowed: Bucket,
    /// When an unanswered probe ends the link before the usual silence does.
    pub(super) probed_until: Option<Time>,
}

/// Messages over one link, in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkCounts {
    /// Messages from the neighbor.
    pub messages_in: u64,
    /// Messages to the neighbor.
    pub messages_out: u64,
    /// Query copies from the neighbor.
    pub queries_in: u64,
    /// Those of them that had been seen before.
    pub duplicates: u64,
}

impl Link {
    pub(super) fn new(id: LinkId, peer: Peer, now: Time) -> Self {
        Self {
            id,
            peer,
            since: now,
            last_heard: now,
            ping: None,
            rtt: None,
            counts: LinkCounts::default(),
            shares: None,
            pings_allowed: Bucket::FULL,
            probed_until: None,
        }
    }

    /// The driver's name of it.
    #[must_use]
    pub const fn id(&self) -> LinkId {
        self.id
    }

    /// Who is at the other end.
    #[must_use]
    pub const fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Since when.
    #[must_use]
    pub const fn since(&self) -> Time {
        self.since
    }

    /// Round trip of the last ping.
    #[must_use]
    pub const fn rtt(&self) -> Option<Duration> {
        self.rtt
    }

    /// Messages, in all.
    #[must_use]
    pub const fn counts(&self) -> LinkCounts {
        self.counts
    }

    /// Files and bytes that the neighbor shares, as it says.
    #[must_use]
    pub const fn shares(&self) -> Option<(u64, u64)> {
        self.shares
    }
}
