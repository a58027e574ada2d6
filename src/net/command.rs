//! What the driver is told by those who use it.

use std::sync::Arc;

use super::actor::Actor;
use super::random;
use super::resolve::{Lookup, NamedAs, PeerName, PeerNameError};
use super::settings::{NetAsk, NetCommand, NetSearch, SearchError};
use crate::overlay::{Ask, Command, Event, HostSource, Input, QueryBody, SearchSpec, TopologyKind};
use crate::proto::limits::{MAX_NODE_NAME, MAX_QUERY_TEXT};
use crate::proto::{Guid, NodeId};
use crate::wire;

impl Actor {
    pub(super) fn on_command(&mut self, command: NetCommand) {
        self.publisher.touch();
        // A reply that nobody waits for is dropped.
        match command {
            NetCommand::Search(search, reply) => self.on_search(search, |answer| {
                let _ = reply.send(answer);
            }),
            NetCommand::Cancel(guid) => self.feed(Input::Command(Command::Cancel(guid))),
            NetCommand::Ask(ask, reply) => self.on_ask(ask, |answer| {
                let _ = reply.send(answer);
            }),
            NetCommand::AddPeer(name, reply) => {
                let _ = reply.send(self.add_peer(&name));
            }
            NetCommand::ChangeTopology(topology, reply) => {
                self.feed(Input::Command(Command::Change(topology)));
                self.settle_topology();
                let _ = reply.send(());
            }
            NetCommand::ProposeTopology(topology, reply) => {
                let _ = reply.send(self.propose(topology));
            }
            NetCommand::LibraryChanged => self.feed(Input::LibraryChanged),
            NetCommand::Standing(standing) => self.feed(Input::Standing(standing)),
            NetCommand::Disconnect(node, reply) => {
                let _ = reply.send(self.disconnect(node));
            }
        }
    }

    /// Answers before the core begins, so that whoever asked knows the GUID when its first event comes.
    fn on_search(&mut self, search: NetSearch, answer: impl FnOnce(Result<Guid, SearchError>)) {
        match self.prepare(&search) {
            Ok(spec) => {
                answer(Ok(spec.guid));
                self.feed(Input::Command(Command::Search(spec)));
            }
            Err(error) => answer(Err(error)),
        }
    }

    /// The same of a question.
    fn on_ask(&mut self, ask: NetAsk, answer: impl FnOnce(Result<Guid, SearchError>)) {
        let NetAsk { node, addr, query, text, mut whois, timeout } = ask;
        whois.truncate(whois.floor_char_boundary(MAX_NODE_NAME));
        if text.len() > MAX_QUERY_TEXT {
            return answer(Err(SearchError::TooLong(text.len())));
        }
        match random::guid() {
            Ok(guid) => {
                answer(Ok(guid));
                let ask = Ask { guid, node, addr, query, text: text.into(), whois: whois.into(), timeout };
                self.feed(Input::Command(Command::Ask(ask)));
            }
            Err(error) => answer(Err(error.into())),
        }
    }

    fn prepare(&self, search: &NetSearch) -> Result<SearchSpec, SearchError> {
        if search.text.len() > MAX_QUERY_TEXT {
            return Err(SearchError::TooLong(search.text.len()));
        }
        let body = QueryBody::new(&search.text, self.own.get(), search.delivery, search.traced);
        let body = if search.strategy.walkers().is_some() { body.for_walkers() } else { body };
        body.query().map_err(Clone::clone)?;
        wire::seal_query(&body);
        Ok(SearchSpec {
            guid: random::guid()?,
            body: Arc::new(body),
            ttl: search.ttl,
            strategy: search.strategy,
            timeout: search.timeout,
            enough: search.enough,
        })
    }

    fn add_peer(&mut self, name: &str) -> Result<(), PeerNameError> {
        // Who is in a central topology has no use for anybody but a directory.
        let central = self.node.topology() == TopologyKind::Central;
        match PeerName::parse(name)? {
            PeerName::Addr(addr) if central => self.feed(Input::Directories(vec![addr])),
            PeerName::Addr(addr) => self.on_hosts(vec![addr], HostSource::Configured),
            PeerName::Name(name) => {
                let named_as = if central { NamedAs::Directory } else { NamedAs::Peer };
                self.channels.lookups.try_send(Lookup::Add(name, named_as)).map_err(|_| PeerNameError::TooMany)?;
            }
        }
        Ok(())
    }

    fn propose(&mut self, topology: TopologyKind) -> Result<(), &'static str> {
        self.feed(Input::Command(Command::Propose(topology)));
        let own = self.node.id();
        // The last one of this node's own: others may wait to be told.
        let told = self.events.iter().rev().find_map(|event| match event {
            Event::Proposed { node, followed, why, .. } if *node == own => Some((*followed, *why)),
            _ => None,
        });
        self.settle_topology();
        match told {
            Some((false, why)) => Err(why),
            _ => Ok(()),
        }
    }

    /// Whoever asked for a change finds it in the picture of the node.
    fn settle_topology(&mut self) {
        self.publisher.hurry();
        self.publish();
    }

    fn disconnect(&mut self, node: NodeId) -> bool {
        let is_neighbor = self.node.links().iter().any(|link| link.peer().id == node);
        let linked = is_neighbor || self.node.clients().any(|(_, client, _)| client.id == node);
        if linked {
            self.feed(Input::Command(Command::Disconnect(node)));
        }
        linked
    }
}
