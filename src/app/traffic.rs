//! The meter of query traffic against content traffic.

use super::gauge::{FlowGauge, Gauge};
use super::snapshot::{Flow, Traffic};
use crate::net::NetStatus;

/// The counters of this second.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reading {
    pub(super) content_in: u64,
    pub(super) content_out: u64,
}

/// Rates of the whole node.
#[derive(Debug, Default)]
pub(super) struct Meter {
    overlay: Gauge,
    content: Gauge,
    query: FlowGauge,
    tracing: FlowGauge,
    queries: Gauge,
    duplicates: Gauge,
}

impl Meter {
    /// Takes the counters of this second; returns whether anything in the picture changed.
    pub(super) fn sample(&mut self, status: &NetStatus, reading: Reading) -> bool {
        let changes = [
            self.overlay.sample(status.total.bytes_in + status.total.bytes_out),
            self.content.sample(reading.content_in + reading.content_out),
            self.query.sample((status.total.search_in, status.total.search_out)),
            self.tracing.sample((status.total.report_in, status.total.report_out)),
            self.queries.sample(status.core.queries),
            self.duplicates.sample(status.core.duplicates),
        ];
        changes.contains(&true)
    }

    /// The meter as it stands.
    pub(super) fn read(&self, status: &NetStatus, reading: Reading) -> Traffic {
        let queries_per_s = self.queries.rate();
        let duplicate_share = if queries_per_s > 0.0 { self.duplicates.rate() / queries_per_s } else { 0.0 };
        Traffic {
            overlay_in: status.total.bytes_in,
            overlay_out: status.total.bytes_out,
            messages_in: status.total.messages_in,
            messages_out: status.total.messages_out,
            content_in: reading.content_in,
            content_out: reading.content_out,
            overlay_history: self.overlay.history().collect(),
            content_history: self.content.history().collect(),
            query: Flow { bytes_in: status.total.search_in, bytes_out: status.total.search_out, ..self.query.read() },
            tracing: Flow {
                bytes_in: status.total.report_in,
                bytes_out: status.total.report_out,
                ..self.tracing.read()
            },
            queries_per_s,
            duplicate_share: duplicate_share.clamp(0.0, 1.0),
            dropped: status.total.dropped + status.core.dropped() + status.net.malformed + status.net.no_room,
        }
    }
}
