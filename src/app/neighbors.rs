//! Neighbors as the faces see them: the driver's counters with the engine's rates.

use std::collections::BTreeMap;

use super::gauge::{FlowGauge, Gauge};
use super::snapshot::{Flow, Neighbor};
use crate::base::{Map, seed};
use crate::net::{LinkStatus, NetStatus};
use crate::overlay::LinkId;
use crate::proto::{NodeId, PeerAddr, Untrusted};
use crate::transfer::Moved;

/// Rates of each link.
#[derive(Debug)]
pub(super) struct Neighbors {
    gauges: Map<LinkId, LinkGauges>,
}

#[derive(Debug)]
struct LinkGauges {
    messages_in: Gauge,
    messages_out: Gauge,
    both: Gauge,
    query: FlowGauge,
    tracing: FlowGauge,
    content: FlowGauge,
}

impl Default for Neighbors {
    fn default() -> Self {
        Self { gauges: Map::with_hasher(seed(0)) }
    }
}

impl Neighbors {
    /// Takes the counters of this second, and what moved between this node and each other one; returns whether anything
    /// in the picture changed.
    pub(super) fn sample(&mut self, status: &NetStatus, moved: &BTreeMap<NodeId, Moved>) -> bool {
        self.gauges.retain(|link, _| status.links.iter().any(|known| known.link == *link));
        let mut changed = false;
        for link in &status.links {
            let traffic = &link.traffic;
            let (into, out) = (traffic.messages_in, traffic.messages_out);
            let (query, tracing) = ((traffic.search_in, traffic.search_out), (traffic.report_in, traffic.report_out));
            let moved = moved.get(&link.peer.id).copied().unwrap_or_default();
            let content = (moved.received, moved.sent);
            let gauges = self.gauges.entry(link.link).or_insert_with(|| LinkGauges {
                messages_in: Gauge::starting_at(into),
                messages_out: Gauge::starting_at(out),
                both: Gauge::starting_at(into + out),
                query: FlowGauge::starting_at(query),
                tracing: FlowGauge::starting_at(tracing),
                content: FlowGauge::starting_at(content),
            });
            gauges.messages_in.sample(into);
            gauges.messages_out.sample(out);
            let changes = [
                gauges.both.sample(into + out),
                gauges.query.sample(query),
                gauges.tracing.sample(tracing),
                gauges.content.sample(content),
            ];
            changed |= changes.contains(&true);
        }
        changed
    }

    /// The rows: neighbors, the oldest link first, then the addresses being dialled.
    pub(super) fn rows(&self, status: &NetStatus) -> Vec<Neighbor> {
        let linked = status.links.iter().map(|link| self.row(link));
        linked.chain(status.dialling.iter().map(|addr| dialled(*addr))).collect()
    }

    fn row(&self, link: &LinkStatus) -> Neighbor {
        let gauges = self.gauges.get(&link.link);
        let both = gauges.map(|gauges| gauges.both.history().map(|second| u16::try_from(second).unwrap_or(u16::MAX)));
        Neighbor {
            node: Some(link.peer.id),
            name: link.peer.name.clone(),
            addr: link.peer.listen.or(link.peer.dialled),
            kind: Some(link.peer.role),
            inbound: link.inbound(),
            rtt_ms: link.rtt.map(|rtt| rtt.as_secs_f64() * 1e3),
            in_per_s: gauges.map_or(0.0, |gauges| gauges.messages_in.rate()),
            out_per_s: gauges.map_or(0.0, |gauges| gauges.messages_out.rate()),
            messages_in: link.traffic.messages_in,
            messages_out: link.traffic.messages_out,
            bytes_in: link.traffic.bytes_in,
            bytes_out: link.traffic.bytes_out,
            queries_in: link.queries_in,
            duplicates: link.duplicates,
            dropped: link.traffic.dropped,
            files: link.files,
            since_ms: link.since.micros() / 1_000,
            history: both.into_iter().flatten().collect(),
            query: gauges.map_or_else(Flow::default, |gauges| gauges.query.read()),
            tracing: gauges.map_or_else(Flow::default, |gauges| gauges.tracing.read()),
            content: gauges.map_or_else(Flow::default, |gauges| gauges.content.read()),
        }
    }
}

fn dialled(addr: PeerAddr) -> Neighbor {
    Neighbor {
        node: None,
        name: Untrusted::default(),
        addr: Some(addr),
        kind: None,
        inbound: false,
        rtt_ms: None,
        in_per_s: 0.0,
        out_per_s: 0.0,
        messages_in: 0,
        messages_out: 0,
        bytes_in: 0,
        bytes_out: 0,
        queries_in: 0,
        duplicates: 0,
        dropped: 0,
        files: None,
        since_ms: 0,
        history: Vec::new(),
        query: Flow::default(),
        tracing: Flow::default(),
        content: Flow::default(),
    }
}
