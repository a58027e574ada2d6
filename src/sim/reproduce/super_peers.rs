//! Yang and Garcia-Molina, 2003: super-peers that hold the index of their clients. The accounts of a super-peer are a model;
//! floods among super-peers go through the core.

use super::graphs::{largest_component, uniform};
use super::lab::{Lab, Stop};
use super::row::{Basis, Row};
use super::survey::{Plan, Survey};
use crate::sim::Kind;

/// Peers of the paper's network.
const PEERS: f64 = 10_000.0;
/// Queries of a peer a second.
const QUERIES: f64 = 9.26e-3;
/// Seconds that a peer stays: ten queries long.
const SESSION: f64 = 1_080.0;
/// Results of a query for each peer that it is held against: 270 of 3,000.
const RESULTS: f64 = 0.09;
/// Of those peers, how many have a result at all.
const RESPONDERS: f64 = 0.03;
/// Files of a peer.
const FILES: f64 = 168.0;
/// Bytes of a query; of a response, of each address and of each result in it; of a join and of each file in it.
const QUERY_BYTES: f64 = 94.0;
const RESPONSE_BYTES: f64 = 80.0;
const ADDRESS_BYTES: f64 = 28.0;
const RESULT_BYTES: f64 = 76.0;
const JOIN_BYTES: f64 = 80.0;
const FILE_BYTES: f64 = 72.0;

/// Bytes a second of one cluster where every super-peer is linked to every other and queries go one hop.
#[derive(Clone, Copy, Debug)]
struct Accounts {
    /// Results that come in for queries of the cluster's own peers, and the addresses of who has them: what the paper's
    /// f(1-f) is about.
    results_in: f64,
    /// The heads of the messages that bring them, one from each other cluster.
    heads_in: f64,
    /// Queries that come in, from other clusters and from clients.
    queries_in: f64,
    /// Everything that goes out.
    out: f64,
    /// Joins that come in.
    joins: f64,
    /// What the clients send and receive, joins without.
    clients: f64,
}

impl Accounts {
    fn of(cluster: f64, partners: f64) -> Self {
        let (clients, others) = (cluster - partners, PEERS - cluster);
        let own = cluster * QUERIES;
        let results = |peers: f64| peers * (RESULTS * RESULT_BYTES + RESPONDERS * ADDRESS_BYTES);
        let response = |peers: f64, messages: f64| results(peers) + messages * RESPONSE_BYTES;
        let far = others / cluster;
        let answered = others * QUERIES * response(cluster, 1.0);
        let from_clients = clients * QUERIES * QUERY_BYTES;
        let to_clients = clients * QUERIES * response(PEERS, 1.0 + far);
        Self {
            results_in: own * results(others),
            heads_in: own * far * RESPONSE_BYTES,
            queries_in: from_clients + others * QUERIES * QUERY_BYTES,
            out: own * far * QUERY_BYTES + answered + to_clients,
            joins: clients / SESSION * (JOIN_BYTES + FILES * FILE_BYTES),
            clients: from_clients + to_clients,
        }
    }

    /// Of one partner: everything is shared between partners, but each takes all joins.
    fn individual(&self, partners: f64) -> f64 {
        (self.results_in + self.heads_in + self.queries_in + self.out) / partners + self.joins
    }

    /// Of all super-peers and clients of the cluster.
    fn aggregate(&self, partners: f64) -> f64 {
        partners * self.individual(partners) + self.clients + partners * self.joins
    }
}

pub(super) fn run(lab: &mut Lab<'_>) -> Result<(), Stop> {
    cluster_size(lab)?;
    redundancy(lab)?;
    redesign(lab)?;
    path_length(lab)?;
    if lab.by_effort(false, true, true) { ultra_peers(lab) } else { Ok(()) }
}

fn cluster_size(lab: &mut Lab<'_>) -> Result<(), Stop> {
    let share = |cluster: f64| (cluster / PEERS) * (1.0 - cluster / PEERS);
    let row = Row::formula("f(1-f), cluster of 50 to 100", 1.99, share(100.0) / share(50.0)).from(Basis::Extract);
    lab.row(row.percent(5.0).shown(2, "x"))?;
    let (small, large) = (Accounts::of(50.0, 1.0), Accounts::of(100.0, 1.0));
    let row = Row::model("results that come in, cluster of 50 to 100", 1.99, large.results_in / small.results_in);
    lab.row(row.from(Basis::Extract).percent(5.0).shown(2, "x"))?;
    let all = |it: Accounts| it.results_in + it.heads_in + it.queries_in + it.joins;
    let row = Row::model("all that comes in, cluster of 50 to 100", 1.99, all(large) / all(small)).from(Basis::Extract);
    let why = "f(1-f) is of results; besides, each query of the network comes in once whatever the size of the cluster, \
               and answers have heads, of which larger clusters send fewer";
    lab.row(row.shown(2, "x").open(why))?;
    let most = (1..=99).map(|percent| PEERS * f64::from(percent) / 100.0);
    let most = most.max_by(|a, b| share(*a).total_cmp(&share(*b))).unwrap_or_default();
    lab.row(Row::formula("cluster with the most incoming results", 5_000.0, most).from(Basis::Extract))
}

fn redundancy(lab: &mut Lab<'_>) -> Result<(), Stop> {
    let (alone, shared) = (Accounts::of(100.0, 1.0), Accounts::of(100.0, 2.0));
    let change = |after: f64, before: f64| 100.0 * (after / before - 1.0);
    let row = |what, published, ours| Row::model(what, published, ours).from(Basis::Extract).shown(1, "%");
    let individual = change(shared.individual(2.0), alone.individual(1.0));
    lab.row(row("two partners, cluster of 100: load of each", -48.0, individual).points(3.0))?;
    let aggregate = change(shared.aggregate(2.0), alone.aggregate(1.0));
    let why = format!(
        "what grows is only the joins, which go to both partners; they weigh by files a peer, which is not told where the \
         figures could be read: here {FILES}"
    );
    lab.row(row("two partners, cluster of 100: load of all", 2.5, aggregate).open(why))
}

/// The paper's redesign: 20,000 peers in clusters of 10, TTL 2, the reach of 3,000 peers kept.
fn redesign(lab: &mut Lab<'_>) -> Result<(), Stop> {
    let graph = lab.graph(1, Kind::Regular, 2_000, 18)?;
    let count = lab.by_effort(5, 200, 2_000);
    let survey = Survey::take(lab, "redesign", 1, &graph, count, Plan::plain(2))?;
    let mean = survey.reached(2);
    let row = Row::core("redesign, 18 links, TTL 2: super-peers reached", 300.0, mean.value).from(Basis::Extract);
    lab.row(lab.sampled(row.at_least().note("300 clusters of 10 are the reach of 3,000 that is kept"), mean))?;
    let mean = survey.mean_hops();
    let row = Row::core("redesign, 18 links, TTL 2: mean hops of an answer", 1.9, mean.value).from(Basis::Extract);
    lab.row(lab.sampled(row.points(0.05).shown(2, ""), mean))
}

/// Mean hops of an answer among the super-peers of clusters of 20, by links a super-peer.
fn path_length(lab: &mut Lab<'_>) -> Result<(), Stop> {
    for (part, links, published, why) in [
        (2, 775, 5.4, "the paper's graph is a power-law one (PLOD) of 3.1 links on average, this one is purely random"),
        (
            3,
            2_500,
            3.0,
            "the paper's graph is a power-law one (PLOD) of 10 links on average, this one is purely random",
        ),
    ] {
        let graph = largest_component(&uniform(500, links, &mut lab.rng(part)));
        let count = lab.by_effort(20, 500, 500);
        let survey = Survey::take(lab, "path length", part, &graph, count, Plan::plain(7))?;
        let mean = survey.mean_hops();
        let what = format!("{:.1} links on average, TTL 7: mean hops of an answer", links as f64 / 250.0);
        let row = Row::core(what, published, mean.value).from(Basis::Extract).percent(6.0);
        lab.row(lab.sampled(row.shown(2, "").note(why), mean))?;
    }
    Ok(())
}

/// Ultra-peers of 32 links each, as many as a network of a million has.
fn ultra_peers(lab: &mut Lab<'_>) -> Result<(), Stop> {
    let nodes = 90_909;
    let graph = lab.graph(4, Kind::Regular, nodes, 32)?;
    let count = lab.by_effort(0, 3, 20);
    let survey = Survey::take(lab, "ultra-peers", 4, &graph, count, Plan::plain(4))?;
    for (ttl, reached, off, again, points) in [(3, 26_817.0, 1.0, 15.1, 0.3), (4, 90_906.0, 0.1, 89.1, 0.3)] {
        let name = |what| format!("90,909 ultra-peers of 32 links, TTL {ttl}: {what}");
        let mean = survey.reached(ttl);
        lab.row(lab.sampled(Row::core(name("reached"), reached, mean.value).percent(off), mean))?;
        let mean = survey.duplicates(ttl);
        let row = Row::core(name("duplicates"), again, mean.value).points(points).shown(2, "%");
        lab.row(lab.sampled(row, mean))?;
    }
    Ok(())
}
