//! What could be learned about one search and one node.

use crate::app::nodes::KnownNode;
use crate::app::snapshot::{HopReport, Search, Snapshot};
use crate::overlay::{Action, DoneWhy, Explained, Role, Told, TopologyKind};
use crate::proto::{NodeId, Ttl};

/// All of it. What is `None` is not known.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    /// The node.
    pub(super) node: KnownNode,
    /// The topology of this node.
    pub(super) topology: TopologyKind,
    /// The search as it was asked about.
    pub(super) first: Flood,
    /// The same search at the highest TTL.
    pub(super) wide: Option<Flood>,
    /// What came of asking the node itself.
    pub(super) asked: Explained,
    /// The link to it, if there is one.
    pub(super) link: Option<LinkFacts>,
    /// How long ago it was heard of last, in milliseconds; before it was asked.
    pub(super) seen_ago_ms: Option<u64>,
}

impl Facts {
    /// What the node told.
    pub(super) fn told(&self) -> Option<&Told> {
        match &self.asked {
            Explained::Account(account) => account.told.as_ref().ok(),
            _ => None,
        }
    }
}

/// A link of this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LinkFacts {
    /// Messages that could not be sent on it because its queue was full.
    pub(super) dropped: u64,
}

/// One search, as far as it concerns the node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Flood {
    /// Its TTL.
    pub(super) ttl: Ttl,
    /// Why it ended; `None` if it was still running.
    pub(super) ended: Option<DoneWhy>,
    /// Whether reports were asked for.
    pub(super) traced: bool,
    /// Nodes reached, as far as reports tell.
    pub(super) reached: u32,
    /// Reports that are not here any more.
    pub(super) lost_reports: u64,
    /// Files that it found at the node.
    pub(super) hits: u32,
    /// The name of one of them.
    pub(super) hit: Option<String>,
    /// The fewest hops that a copy travelled there, by reports and hits.
    pub(super) hop: Option<u8>,
    /// What the node reported.
    pub(super) report: Option<Reported>,
    /// Whether it reported as a leaf.
    pub(super) is_leaf: bool,
    /// Copies that ultra-peers spared their leaves, because the filters say that nothing matches there.
    pub(super) spared: u32,
}

/// What a node did with a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reported {
    /// With the first copy, if it told of that.
    pub(super) action: Action,
    /// TTL left on arrival.
    pub(super) ttl: Ttl,
    /// Files that it answered with.
    pub(super) hits: u16,
}

impl Flood {
    /// A search, as far as it concerns that node; `None` for a node whose id is not known.
    pub(super) fn of(search: &Search, node: Option<NodeId>) -> Self {
        let is_meant = |other: NodeId| node == Some(other);
        let reports: Vec<&HopReport> = search.hops.iter().map(|hop| &**hop).filter(|hop| is_meant(hop.node)).collect();
        let hits: Vec<_> = search.hits.iter().filter(|hit| is_meant(hit.node)).collect();
        // A look-up in a directory travels no hops.
        let by_hits = hits.iter().map(|hit| hit.hops).filter(|hops| *hops > 0);
        let first = reports.iter().find(|report| report.action != Action::Duplicate).or(reports.first());
        Self {
            ttl: search.row.ttl,
            ended: search.ended,
            traced: search.traced,
            reached: search.row.nodes,
            lost_reports: search.lost_reports,
            hits: hits.len() as u32,
            hit: hits.first().map(|hit| hit.name.visible(80)),
            hop: reports.iter().map(|report| report.hop).chain(by_hits).min(),
            is_leaf: reports.iter().any(|report| report.role == Some(Role::Leaf)),
            spared: search.hops.iter().map(|report| u32::from(report.filtered)).sum(),
            report: first.map(|report| Reported { action: report.action, ttl: report.ttl, hits: report.hits }),
        }
    }

    /// Whether the node had a copy, by what it reported or answered.
    pub(super) const fn got_there(&self) -> bool {
        self.report.is_some() || self.hits > 0
    }
}

/// The link to a node.
pub(super) fn link_to(snapshot: &Snapshot, node: Option<NodeId>) -> Option<LinkFacts> {
    let node = node?;
    let row = snapshot.neighbors.iter().find(|row| row.node == Some(node))?;
    Some(LinkFacts { dropped: row.dropped })
}
