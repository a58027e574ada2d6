//! Asking: the overlay, and the node.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::facts::{Facts, Flood, link_to};
use super::verdict::{Judged, judge};
use super::{About, Evidence, Verdict, Why, WhyRequest, lines};
use crate::app::handle::{AskRequest, Handle, Refusal, SearchRequest};
use crate::app::nodes::{KnownNode, NO_SUCH_NODE};
use crate::app::snapshot::{HopReport, Search, Spread};
use crate::overlay::{Account, DoneWhy, Explained, Role, Told, TopologyKind};
use crate::proto::limits::{MAX_HITS_A_SEARCH, MAX_TTL};
use crate::proto::{Guid, NodeId, Query, Untrusted};

/// Nodes that are asked whether they know the one that is meant: as many as may be asked at once, and a few left for others.
const MAX_INTRODUCERS: usize = 12;

/// Whether a search went all the way that its TTL says, so that who did not get it tells something. A walk goes by chance,
/// and one that ended early may have been under way.
fn tells_like_a_flood(search: &Search) -> bool {
    let whole = !matches!(search.ended, None | Some(DoneWhy::Enough | DoneWhy::Cancelled | DoneWhy::Cut));
    whole && matches!(search.row.strategy, Spread::Flood | Spread::Lookup)
}

impl Handle {
    /// Finds out why a search does not find something at a node. Takes as long as two searches and a question to the
    /// node take; dropping it early leaves a search behind, which ends by itself.
    ///
    /// # Errors
    /// When the words are no query, when the node could be several or is this one, when the search that is named is not
    /// known or runs, or when the node has stopped.
    pub async fn why(&self, request: WhyRequest) -> Result<Why, Refusal> {
        if self.is_recording() {
            return Err(Refusal::recorded());
        }
        Query::parse(&request.text).map_err(|error| {
            Refusal::new("bad_query", error.to_string(), "words, \"phrases\", -not, prefix*, ext:ogg, size:>10M")
        })?;
        // As it was known before anything is asked: what is heard of it now says nothing about then.
        let before = self.known(&request.at).await?;
        let asked_at = self.uptime_ms();
        let first = self.first(&request).await?;
        let (mut node, mut wide) = (self.known(&request.at).await?, None);
        if node.is_none() && self.goes_wider(&first) {
            wide = Some(self.flood(&request.text, Some(MAX_TTL)).await?);
            node = self.known(&request.at).await?;
        }
        if node.is_none() {
            self.look_for(&request, wide.as_ref().unwrap_or(&first)).await?;
            node = self.known(&request.at).await?;
        }
        let Some(mut node) = node else { return Ok(unknown_node(&request, &first, wide.as_deref())) };
        let asked = self.explained(&request, &node, first.row.guid).await?;
        if let Explained::Account(account) = &asked {
            node.node = Some(account.node);
            node.name = account.told.as_ref().map_or(node.name, |told| told.name.clone());
        }
        let own = Flood::of(&first, node.node);
        if wide.is_none() && !own.got_there() && self.goes_wider(&first) {
            wide = Some(self.flood(&request.text, Some(MAX_TTL)).await?);
        }
        let snapshot = self.snapshot();
        let facts = Facts {
            topology: first.topology,
            first: own,
            wide: wide.map(|wide| Flood::of(&wide, node.node)),
            link: link_to(&snapshot, node.node),
            seen_ago_ms: before.and_then(|known| known.seen_ms).map(|seen| asked_at.saturating_sub(seen)),
            asked,
            node,
        };
        Ok(answer(&facts))
    }

    /// The search that is asked about: the one that is named, or the same words sent now.
    async fn first(&self, request: &WhyRequest) -> Result<Arc<Search>, Refusal> {
        let Some(guid) = request.search else { return self.flood(&request.text, request.ttl).await };
        let snapshot = self.snapshot();
        let search = snapshot.searches.iter().find(|search| search.row.guid == guid);
        match search {
            Some(search) if tells_like_a_flood(search) => Ok(Arc::clone(search)),
            Some(search) if search.ended.is_some() => {
                self.flood(&request.text, request.ttl.map(|ttl| ttl.min(MAX_TTL))).await
            }
            Some(_) => Err(Refusal::new("search_runs", "this search is not over yet", "wait for its end, or end it")),
            None => Err(Refusal::new("no_such_query", "no search of that name is known", "see the list of queries")),
        }
    }

    /// Whether the same search may reach nodes that it did not reach.
    fn goes_wider(&self, search: &Search) -> bool {
        search.topology != TopologyKind::Central && search.row.ttl < MAX_TTL
    }

    /// A search to its end. Nothing but its time ends it early, so that all who report are heard.
    async fn flood(&self, text: &str, ttl: Option<u8>) -> Result<Arc<Search>, Refusal> {
        let enough = Some(MAX_HITS_A_SEARCH);
        let request = SearchRequest { text: text.to_owned(), ttl, enough, ..SearchRequest::default() };
        let mut snapshots = self.snapshots();
        let guid = self.search(request).await?;
        let of = |search: &&Arc<Search>| search.row.guid == guid;
        let is_over = |searches: &[Arc<Search>]| searches.iter().find(of).is_none_or(|search| search.ended.is_some());
        let snapshot = snapshots.wait_for(|snapshot| is_over(&snapshot.searches)).await;
        let over = snapshot.map_err(|_| Refusal::stopped())?.searches.iter().find(of).map(Arc::clone);
        over.ok_or_else(|| {
            Refusal::new("too_many_searches", "the search gave way to others before it was over", "try again")
        })
    }

    /// The node that is meant; `None` if nobody of that name is known.
    async fn known(&self, at: &str) -> Result<Option<KnownNode>, Refusal> {
        match self.find_node(at).await {
            Ok(node) => Ok(Some(node)),
            Err(refusal) if refusal.code == NO_SUCH_NODE => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }

    async fn explained(&self, request: &WhyRequest, node: &KnownNode, query: Guid) -> Result<Explained, Refusal> {
        let (text, addr) = (request.text.clone(), node.addr);
        self.explain(AskRequest { node: node.node, addr, query, text, whois: String::new() }).await
    }

    /// Asks those who had the search whether a node of that name is their neighbor: an ultra-peer knows its leaves, of
    /// which it spared those whose filters let nothing through. Whoever is named is known from then on.
    async fn look_for(&self, request: &WhyRequest, search: &Search) -> Result<(), Refusal> {
        let mut asked: Vec<NodeId> = self.snapshot().neighbors.iter().filter_map(|neighbor| neighbor.node).collect();
        // Ultra-peers first: only they know whom nobody else heard of.
        let ultra = |report: &&Arc<HopReport>| report.role == Some(Role::Ultrapeer);
        for report in search.hops.iter().filter(ultra).chain(search.hops.iter()) {
            if !asked.contains(&report.node) && report.node != self.snapshot().node.node {
                asked.push(report.node);
            }
        }
        let mut answers: FuturesUnordered<_> = asked
            .into_iter()
            .take(MAX_INTRODUCERS)
            .map(|node| self.introduction(request, node, search.row.guid))
            .collect();
        while let Some(named) = answers.next().await {
            if named? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Asks one of them; returns whether it named somebody.
    async fn introduction(&self, request: &WhyRequest, node: NodeId, query: Guid) -> Result<bool, Refusal> {
        let addr = self.find_node(&node.to_string()).await.ok().and_then(|known| known.addr);
        let (text, whois) = (request.text.clone(), request.at.clone());
        let told = self.explain(AskRequest { node: Some(node), addr, query, text, whois }).await?;
        Ok(matches!(told, Explained::Account(Account { told: Ok(Told { knows: Some(_), .. }), .. })))
    }
}

fn answer(facts: &Facts) -> Why {
    let Judged { verdict, needs_ttl, sentence } = judge(facts);
    let KnownNode { node, name, addr, .. } = facts.node.clone();
    Why { verdict, sentence, node, name, addr, needs_ttl, evidence: lines::evidence(facts) }
}

fn unknown_node(request: &WhyRequest, first: &Search, wide: Option<&Search>) -> Why {
    let at = Untrusted::from(request.at.trim()).visible(40);
    let line = |about, search: &Search| Evidence {
        about,
        text: format!("The search with TTL {} reached {} nodes, none called `{at}`", search.row.ttl, search.row.nodes),
    };
    let evidence = [Some(line(About::Query, first)), wide.map(|wide| line(About::WideQuery, wide))];
    Why {
        verdict: Verdict::UnknownNode,
        sentence: format!("Nobody here has heard of a node `{at}`: name it by its address, IP:PORT, if you know that"),
        node: None,
        name: Untrusted::default(),
        addr: None,
        needs_ttl: None,
        evidence: evidence.into_iter().flatten().collect(),
    }
}
