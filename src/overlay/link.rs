//! A neighbor, as the core keeps it.

use std::sync::Arc;
use std::time::Duration;

use super::io::{LinkId, Peer};
use super::limit::Bucket;
use super::message::Status;
use super::topology::Class;
use crate::base::Time;
use crate::proto::{Guid, NodeId};

/// A live link, and what came and went over it. It begins with what each copy of a query needs, see [`Node`](super::Node).
#[derive(Debug)]
#[repr(C)]
pub struct Link {
    pub(super) last_heard: Time,
    /// Apart, because a relayed query needs none of it and a simulation may do without.
    pub(super) signs: Option<Box<Signs>>,
    pub(super) id: LinkId,
    /// These two stop at four billion, which no link lives to see.
    pub(super) queries_in: u32,
    pub(super) duplicates: u32,
    /// See [`tag`].
    pub(super) tag: u16,
    pub(super) class: Class,
    pub(super) since: Time,
    pub(super) peer: Arc<Peer>,
}

// A simulation holds eight million of them.
const _: () = assert!(size_of::<Link>() <= 48);

/// What signs of life were asked for and came.
#[derive(Debug)]
pub(super) struct Signs {
    pub(super) ping: Option<(Guid, Time)>,
    pub(super) rtt: Option<Duration>,
    pub(super) shares: Option<(u64, u64)>,
    pub(super) pings_allowed: Bucket,
    /// How fit it says it is to be an ultra-peer, in thousandths, and how many leaves it says it has room for.
    pub(super) fitness: Option<(u16, u16)>,
    pub(super) status_allowed: Bucket,
    /// The last that came too soon.
    pub(super) late_status: Option<Status>,
    /// Looks whether it can be reached.
    pub(super) looks_allowed: Bucket,
    /// When an unanswered probe ends the link before the usual silence does.
    pub(super) probed_until: Option<Time>,
}

/// The first bytes of a node's id: what tells most nodes apart without looking any further.
pub(super) fn tag(node: &NodeId) -> u16 {
    let [a, b, ..] = node.0;
    u16::from_be_bytes([a, b])
}

/// Queries over one link, in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkCounts {
    /// Query copies from the neighbor.
    pub queries_in: u64,
    /// Those of them that had been seen before.
    pub duplicates: u64,
}

impl Link {
    pub(super) fn new(id: LinkId, class: Class, peer: Arc<Peer>, now: Time) -> Self {
        let tag = tag(&peer.id);
        Self { id, tag, class, peer, since: now, last_heard: now, queries_in: 0, duplicates: 0, signs: None }
    }

    pub(super) fn signs_mut(&mut self) -> &mut Signs {
        self.signs.get_or_insert_with(|| {
            Box::new(Signs {
                ping: None,
                rtt: None,
                shares: None,
                pings_allowed: Bucket::FULL,
                fitness: None,
                status_allowed: Bucket::FULL,
                late_status: None,
                looks_allowed: Bucket::FULL,
                probed_until: None,
            })
        })
    }

    /// The last ping, and when it was sent.
    pub(super) fn asked(&self) -> Option<(Guid, Time)> {
        self.signs.as_ref()?.ping
    }

    pub(super) fn probed_until(&self) -> Option<Time> {
        self.signs.as_ref()?.probed_until
    }

    /// The driver's name of it.
    #[must_use]
    pub const fn id(&self) -> LinkId {
        self.id
    }

    /// Who is at the other end.
    #[must_use]
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Since when.
    #[must_use]
    pub const fn since(&self) -> Time {
        self.since
    }

    /// Round trip of the last ping.
    #[must_use]
    pub fn rtt(&self) -> Option<Duration> {
        self.signs.as_ref()?.rtt
    }

    /// Queries, in all.
    #[must_use]
    pub fn counts(&self) -> LinkCounts {
        LinkCounts { queries_in: self.queries_in.into(), duplicates: self.duplicates.into() }
    }

    /// How fit the neighbor says it is to be an ultra-peer, in thousandths, and how many leaves it says it has room for.
    #[must_use]
    pub fn fitness(&self) -> Option<(u16, u16)> {
        self.signs.as_ref()?.fitness
    }

    /// Files and bytes that the neighbor shares, as it says.
    #[must_use]
    pub fn shares(&self) -> Option<(u64, u64)> {
        self.signs.as_ref()?.shares
    }
}
