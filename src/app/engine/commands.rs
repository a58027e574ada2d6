//! What faces ask the engine for: each command done, or refused with what to do instead.

use std::time::Duration;

use tokio::sync::oneshot;

use super::{Engine, Faces};
use crate::app::event::Event;
use crate::app::handle::{AskRequest, Command, Refusal, SearchRequest};
use crate::app::nodes::KnownNode;
use crate::app::searches::Opened;
use crate::app::snapshot::Spread;
use crate::net::{NetAsk, NetCommand, NetSearch};
use crate::overlay::{Explained, Strategy, is_begun, is_named};
use crate::proto::{Guid, Magnet, NodeId, Untrusted, limits};

/// For a node to say why something was not found there: a connection and a look into its library take a moment.
const ASK_TIMEOUT: Duration = Duration::from_secs(8);

impl Engine {
    pub(super) async fn command(&mut self, command: Command, faces: &Faces) {
        match command {
            Command::Search(request, reply) => {
                let result = self.search(request, faces).await;
                self.answer(reply, result, faces);
            }
            Command::FindNode(at, reply) => {
                let result = self.find_node(&at);
                self.answer(reply, result, faces);
            }
            Command::Explain(request, reply) => self.explain(request, reply).await,
            Command::CancelSearch(guid, reply) => {
                let result = self.cancel_search(guid).await;
                self.answer(reply, result, faces);
            }
            Command::Get(magnet, reply) => {
                let result = self.get(&magnet);
                self.answer(reply, result, faces);
            }
            Command::CancelTransfer(id, reply) => {
                let result = self.parts.cancel_transfer(id);
                self.answer(reply, result, faces);
            }
            Command::AddPeer(addr, reply) => {
                let result = self.parts.add_peer(addr).await;
                self.answer(reply, result, faces);
            }
            Command::DropNeighbor(node, reply) => {
                let result = self.drop_neighbor(node).await;
                self.answer(reply, result, faces);
            }
            Command::SetTopology(topology, reply) => {
                let result = self.parts.change_topology(topology).await;
                self.answer(reply, result, faces);
            }
            Command::ProposeTopology(topology, reply) => {
                let result = self.parts.propose_topology(topology).await;
                self.answer(reply, result, faces);
            }
            Command::Files(filter, offset, limit, reply) => self.parts.list_files(filter, offset, limit, reply),
            Command::Rescan(reply) => {
                self.parts.rescan();
                self.answer(reply, Ok(()), faces);
            }
            Command::World(_, reply) => self.answer(reply, Err(Refusal::not_simulated()), faces),
            Command::Shutdown(_) => {}
        }
    }

    /// Lets the faces see what a command did, then answers it.
    fn answer<T>(&mut self, reply: oneshot::Sender<Result<T, Refusal>>, result: Result<T, Refusal>, faces: &Faces) {
        self.publish(faces);
        // A face that no longer waits for its answer is no error.
        let _ = reply.send(result);
    }

    async fn search(&mut self, request: SearchRequest, faces: &Faces) -> Result<Guid, Refusal> {
        let (strategy, ttl) = request.checked(self.settings.ttl, self.settings.dedup)?;
        // A ring that is told no number goes no further than it must.
        let usual = if strategy == Strategy::Ring { Strategy::RING_ENOUGH } else { self.settings.search_enough };
        let enough = request.enough.unwrap_or(usual);
        let search = NetSearch {
            text: request.text.clone(),
            ttl,
            strategy,
            timeout: request.timeout.unwrap_or_else(|| {
                // What others take on purpose is no part of a search's patience.
                self.settings.search_timeout + strategy.takes_longer(ttl, self.settings.hop_delay)
            }),
            enough: enough.clamp(1, limits::MAX_HITS_A_SEARCH),
            delivery: request.hits.unwrap_or(self.settings.hits),
            traced: self.settings.trace,
        };
        let (reply, answer) = oneshot::channel();
        self.parts.tell(NetCommand::Search(search, reply)).await?;
        let started = answer.await.map_err(|_| Refusal::stopped())?;
        let guid = started.map_err(|error| Refusal::new("bad_query", error.to_string(), "shorten the search"))?;
        let topology = self.parts.status().topology;
        let opened = Opened { text: &request.text, ttl, strategy, topology, traced: self.settings.trace };
        self.searches.open(guid, opened, self.now_ms());
        let text = Untrusted::new(request.text);
        let spread = Spread::of(strategy, topology);
        tracing::info!("search {} ({}) began with TTL {ttl}: {}", guid.short(), spread.name(), text.visible(80));
        let walkers = strategy.walkers().filter(|_| spread == Spread::Walk);
        faces.emit(Event::Query { guid, text, ttl, strategy: spread.name().to_owned(), walkers });
        Ok(guid)
    }

    fn find_node(&self, at: &str) -> Result<KnownNode, Refusal> {
        let found = self.nodes.find(at);
        let own = &self.node;
        let is_own = match &found {
            Ok(found) => found.addr == Some(own.addr),
            Err(_) => is_named(at, &own.name) || is_begun(at, &own.node),
        };
        if is_own {
            return Err(Refusal::new(
                "this_node",
                "that is this node itself",
                "see `hopscope files` for what it shares",
            ));
        }
        found
    }

    async fn explain(&mut self, request: AskRequest, reply: oneshot::Sender<Result<Explained, Refusal>>) {
        let AskRequest { node, addr, query, text, whois } = request;
        let (named, name) = oneshot::channel();
        let ask = NetAsk { node, addr, query, text, whois, timeout: ASK_TIMEOUT };
        let asked = match self.parts.tell(NetCommand::Ask(ask, named)).await {
            Ok(()) => name.await.map_err(|_| Refusal::stopped()),
            Err(refusal) => Err(refusal),
        };
        let refused = match asked {
            Ok(Ok(guid)) => return self.asking.push((guid, reply)),
            Ok(Err(error)) => Refusal::new("bad_query", error.to_string(), "shorten the search"),
            Err(refusal) => refusal,
        };
        // A face that no longer waits for its answer is no error.
        let _ = reply.send(Err(refused));
    }

    async fn cancel_search(&mut self, guid: Guid) -> Result<(), Refusal> {
        self.searches.must_run(&guid)?;
        self.parts.tell(NetCommand::Cancel(guid)).await
    }

    async fn drop_neighbor(&mut self, node: NodeId) -> Result<(), Refusal> {
        let (reply, answer) = oneshot::channel();
        self.parts.tell(NetCommand::Disconnect(node, reply)).await?;
        if answer.await.map_err(|_| Refusal::stopped())? {
            return Ok(());
        }
        Err(Refusal::no_neighbor(node))
    }

    fn get(&mut self, magnet: &str) -> Result<u64, Refusal> {
        let bad = |error: crate::proto::MagnetError| {
            Refusal::new("bad_magnet", error.to_string(), "copy the link from a search result with y")
        };
        let mut magnet: Magnet = magnet.trim().parse().map_err(bad)?;
        for source in self.searches.sources_of(&magnet.id) {
            if !magnet.sources.iter().any(|known| known.addr == source.addr) {
                magnet.sources.push(source);
            }
        }
        if magnet.sources.is_empty() {
            let message = "the link does not say who has the file, and no search here found it";
            return Err(Refusal::new("no_source", message, "search for it first, then get it again"));
        }
        self.parts.download(magnet)
    }
}
