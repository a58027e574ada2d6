//! The same flood from many sources, through the real core.

use super::lab::{Lab, Stop};
use super::row::Row;
use crate::base::Rng;
use crate::overlay::Dedup;
use crate::sim::{Delay, Flood, Graph, Report};

/// A mean of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Mean {
    pub(super) value: f64,
    /// Its standard error.
    pub(super) error: f64,
}

impl Mean {
    pub(super) fn of(sample: &[f64]) -> Self {
        let size = sample.len().max(1) as f64;
        let value = sample.iter().sum::<f64>() / size;
        let squares: f64 = sample.iter().map(|one| (one - value).powi(2)).sum();
        Self { value, error: (squares / (size - 1.0).max(1.0) / size).sqrt() }
    }
}

/// How the floods of a survey go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) ttl: u8,
    pub(super) delay: Delay,
    pub(super) dedup: Dedup,
}

impl Plan {
    /// Plain suppression of duplicates over links that all take the same time.
    pub(super) fn plain(ttl: u8) -> Self {
        Self { ttl, delay: Delay::default(), dedup: Dedup::First }
    }
}

/// What floods from many sources came to.
#[derive(Debug)]
pub(super) struct Survey {
    pub(super) reports: Vec<Report>,
    nodes: usize,
}

/// Distinct nodes, drawn at random: all of them if there are fewer.
pub(super) fn sources(graph: &Graph, count: usize, rng: &mut Rng) -> Vec<u32> {
    let mut nodes: Vec<u32> = (0..graph.nodes() as u32).collect();
    let count = count.min(nodes.len());
    for at in 0..count {
        let other = at + rng.below(nodes.len() - at);
        nodes.swap(at, other);
    }
    nodes.truncate(count);
    nodes
}

impl Survey {
    /// Floods a graph from each of so many random sources.
    pub(super) fn take(
        lab: &mut Lab<'_>,
        what: &str,
        part: u64,
        graph: &Graph,
        count: usize,
        plan: Plan,
    ) -> Result<Self, Stop> {
        let sources = sources(graph, count, &mut lab.rng(part));
        let mut reports = Vec::with_capacity(sources.len());
        for (at, &origin) in sources.iter().enumerate() {
            lab.done(what, at, sources.len())?;
            let Plan { ttl, delay, dedup } = plan;
            let seed = lab.flood_seed(part << 32 | at as u64);
            let flood = Flood { origin, ttl, delay, dedup, seed, body: lab.body.clone() };
            reports.push(flood.prepare(graph)?.run());
        }
        Ok(Self { reports, nodes: graph.nodes() })
    }

    /// Nodes reached within a TTL. A flood over even delays is, in its first hops, the flood of a lower TTL (the study
    /// `exact` checks it), so one serves for all.
    pub(super) fn reached(&self, ttl: usize) -> Mean {
        self.mean(|report| reached(report, ttl))
    }

    /// Copies sent within a TTL.
    pub(super) fn messages(&self, ttl: usize) -> Mean {
        self.mean(|report| messages(report, ttl))
    }

    /// The percentage of all copies within a TTL that were duplicates.
    pub(super) fn duplicates(&self, ttl: usize) -> Mean {
        let all = self.messages(ttl).value;
        let share = 1.0 - self.reached(ttl).value / all;
        // The error of a ratio of two sums, from what each flood adds to it.
        let off = self.mean(|report| {
            let messages = messages(report, ttl);
            (messages - reached(report, ttl) - share * messages) / all
        });
        Mean { value: 100.0 * share, error: 100.0 * off.error }
    }

    /// Hops to a node, on average over the nodes that were reached.
    pub(super) fn mean_hops(&self) -> Mean {
        self.mean(|report| {
            let hops: u64 = report.per_hop.iter().enumerate().map(|(hop, nodes)| hop as u64 * nodes).sum();
            hops as f64 / report.reached.max(1) as f64
        })
    }

    /// The chance that one of so many copies, placed at random on other nodes, lies within a TTL.
    pub(super) fn success(&self, ttl: usize, copies: usize) -> Mean {
        self.mean(|report| 1.0 - self.missed(report, ttl, copies))
    }

    /// Copies of the query that rings of TTL 1, 3, 5, … send until one finds a copy of the file.
    pub(super) fn ring(&self, copies: usize) -> Mean {
        self.mean(|report| {
            let last = report.per_hop.len() + 1;
            let cost = |ttl: usize| messages(report, ttl) * self.missed(report, ttl.saturating_sub(2), copies);
            (1..=last).step_by(2).map(cost).sum()
        })
    }

    /// The chance that none of so many copies lies within a TTL: each of them lands on one of the nodes left.
    fn missed(&self, report: &Report, ttl: usize, copies: usize) -> f64 {
        let (others, ball) = ((self.nodes - 1) as f64, reached(report, ttl));
        (0..copies).map(|at| ((others - ball - at as f64) / (others - at as f64)).max(0.0)).product()
    }

    fn mean(&self, each: impl Fn(&Report) -> f64) -> Mean {
        Mean::of(&self.reports.iter().map(each).collect::<Vec<_>>())
    }
}

fn reached(report: &Report, ttl: usize) -> f64 {
    report.per_hop.iter().take(ttl + 1).skip(1).sum::<u64>() as f64
}

fn messages(report: &Report, ttl: usize) -> f64 {
    report.messages_per_hop.iter().take(ttl + 1).sum::<u64>() as f64
}

impl Lab<'_> {
    /// Widens a row's tolerance by statistics, unless as many sources were drawn as it was meant for.
    pub(super) fn sampled(&self, row: Row, mean: Mean) -> Row {
        if self.is_full() { row } else { row.sampled(mean.error) }
    }
}
