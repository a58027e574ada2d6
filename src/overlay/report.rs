//! Reports on traced queries: what this node did with each copy, for the origin to build the flood from.
//!
//! The first report on a query goes out at once, so that a flood is seen while it runs; those on its duplicates are
//! collected for a moment.

use std::sync::Arc;
use std::time::Duration;

use super::io::Context;
use super::limit::Bucket;
use super::message::{Hop, Message, QueryMessage, ReportBody, ReportMessage};
use super::node::Node;
use super::timers::Timer;
use crate::proto::limits::MAX_REPORTS_A_MESSAGE;

/// Traced queries that a node reports on: so many new ones a second, and so many at once.
const TRACED: (u32, u32) = (20, 100);
/// Queries whose further reports are being collected.
const MAX_PENDING: usize = 256;
/// How long they are collected.
const COLLECT: Duration = Duration::from_millis(40);

/// Reports that wait.
#[derive(Debug)]
pub(super) struct Reports {
    allowed: Bucket,
    pending: Vec<(QueryMessage, Vec<Hop>)>,
}

impl Default for Reports {
    fn default() -> Self {
        Self { allowed: Bucket::FULL, pending: Vec::new() }
    }
}

impl Node {
    /// Reports on one copy of a traced query.
    pub(super) fn report(&mut self, index: usize, query: &QueryMessage, hop: Hop, cx: &mut Context<'_>) {
        let stays_at_home = self.links[index].peer.local && query.body.origin.is_none_or(|origin| origin.is_local());
        if !stays_at_home && !cx.config.report_to_public {
            return;
        }
        let Some(passed) = self.seen.get_mut(&query.guid) else { return };
        if passed.reported {
            self.collect(query, hop, cx);
        } else if self.reports.allowed.take(self.now, TRACED.0, TRACED.1) {
            passed.reported = true;
            self.send_report(query, vec![hop], cx);
        } else {
            self.counters.limited += 1;
        }
    }

    fn collect(&mut self, query: &QueryMessage, hop: Hop, cx: &mut Context<'_>) {
        let pending = &mut self.reports.pending;
        match pending.iter().position(|(other, _)| other.guid == query.guid) {
            Some(index) => {
                pending[index].1.push(hop);
                if pending[index].1.len() >= MAX_REPORTS_A_MESSAGE {
                    let (query, hops) = pending.swap_remove(index);
                    self.send_report(&query, hops, cx);
                }
            }
            None if pending.len() < MAX_PENDING => pending.push((query.clone(), vec![hop])),
            None => self.counters.limited += 1,
        }
        self.timers.at_latest(Timer::Report, self.now + COLLECT);
    }

    /// Sends what was collected.
    pub(super) fn flush_reports(&mut self, cx: &mut Context<'_>) {
        for (query, hops) in std::mem::take(&mut self.reports.pending) {
            self.send_report(&query, hops, cx);
        }
    }

    fn send_report(&mut self, query: &QueryMessage, hops: Vec<Hop>, cx: &mut Context<'_>) {
        let body = ReportBody {
            node: Some(self.id),
            name: self.name.clone(),
            addr: self.addr,
            role: Some(self.role),
            hops,
            ..ReportBody::default()
        };
        let report = ReportMessage { guid: query.guid, travel: query.body.way_back(), body: Arc::new(body) };
        self.deliver(query, Message::Report(report), cx);
    }
}
