//! Single nodes of a world, looked at while it runs: what their cores are asked and tell, what goes over their links, and
//! what they are told to do by somebody outside. A world that nobody looks at pays next to nothing for it.

use crate::base::{Map, Time, seed};
use crate::overlay::{
    Command, Config, Event, FoundFile, HostSource, Input, LinkId, LinkTraffic, Message, Node, Output, Registry,
    SearchSpec, Trace,
};
use crate::proto::{NodeId, PeerAddr};

use super::library::found_file;
use super::population::{addr, identity, index_of, listener};
use super::tally::bytes;
use super::world::World;

/// Nodes that are observed at once.
pub const MAX_OBSERVED: usize = 8;
/// Sights that wait to be taken; what comes on top is lost, and counted.
const MAX_SIGHTS: usize = 100_000;

/// What an observed node was asked, or told.
#[derive(Debug)]
pub enum Sight {
    /// It was asked to search, by the workload or from outside.
    Asked(SearchSpec),
    /// Its core told its faces.
    Event(Event),
    /// It handled a copy of somebody else's query.
    Trace(Trace),
}

/// A sight, when and where.
#[derive(Debug)]
pub struct Seen {
    /// When.
    pub at: Time,
    /// At which node.
    pub node: u32,
    /// What.
    pub what: Sight,
}

/// One node that is observed.
#[derive(Debug)]
struct Observed {
    node: u32,
    /// Its settings, with traces.
    config: Config,
    flows: Map<LinkId, LinkTraffic>,
    /// Of links that are gone, and of connections for one delivery.
    past: LinkTraffic,
}

/// All that are observed, and what was seen of them.
#[derive(Debug, Default)]
pub(super) struct Observatory {
    nodes: Vec<Observed>,
    seen: Vec<Seen>,
    lost: u64,
}

impl Observatory {
    fn find(&mut self, node: u32) -> Option<&mut Observed> {
        self.nodes.iter_mut().find(|observed| observed.node == node)
    }

    /// The settings of a node that is observed.
    pub(super) fn config(&self, node: u32) -> Option<&Config> {
        self.nodes.iter().find(|observed| observed.node == node).map(|observed| &observed.config)
    }

    fn see(&mut self, at: Time, node: u32, what: Sight) {
        if self.seen.len() < MAX_SIGHTS {
            self.seen.push(Seen { at, node, what });
        } else {
            self.lost += 1;
        }
    }

    /// Looks at what a node is given.
    pub(super) fn given(&mut self, at: Time, node: u32, input: &Input) {
        if let Input::Command(Command::Search(spec)) = input
            && self.config(node).is_some()
        {
            self.see(at, node, Sight::Asked(spec.clone()));
        }
    }

    /// Looks at what a node made of it.
    pub(super) fn made(&mut self, at: Time, node: u32, out: &[Output]) {
        if self.config(node).is_none() {
            return;
        }
        for output in out {
            match output {
                Output::Event(event) => self.see(at, node, Sight::Event(event.clone())),
                Output::Trace(trace) => self.see(at, node, Sight::Trace(trace.clone())),
                _ => {}
            }
        }
    }

    fn flow(&mut self, node: u32, link: u32) -> Option<&mut LinkTraffic> {
        self.find(node).map(|observed| observed.flows.entry(LinkId(link)).or_default())
    }

    /// A node sends on a link.
    pub(super) fn sent(&mut self, node: u32, link: u32, message: &Message) {
        if let Some(flow) = self.flow(node, link) {
            flow.sent(message, bytes(message));
        }
    }

    /// A message came over a link.
    pub(super) fn received(&mut self, node: u32, link: u32, message: &Message) {
        if let Some(flow) = self.flow(node, link) {
            flow.received(message, bytes(message));
        }
    }

    /// A message came over a connection of its own.
    pub(super) fn received_direct(&mut self, node: u32, message: &Message) {
        if let Some(observed) = self.find(node) {
            observed.past.received(message, bytes(message));
        }
    }

    /// A message found no room in the queue of a link.
    pub(super) fn dropped(&mut self, node: u32, link: u32) {
        if let Some(flow) = self.flow(node, link) {
            flow.dropped += 1;
        }
    }
}

/// Reading a world from outside.
impl World {
    /// Nodes that there will ever be, numbered from 0.
    #[must_use]
    pub fn population(&self) -> u32 {
        self.slots.len() as u32
    }

    /// The core of a node; `None` while it is away, or if there is no such node.
    #[must_use]
    pub fn core(&self, node: u32) -> Option<&Node> {
        self.slots.get(node as usize)?.core.as_deref()
    }

    /// The settings that a node runs with.
    #[must_use]
    pub fn settings(&self, node: u32) -> &Config {
        self.observatory.config(node).unwrap_or_else(|| self.config_of(node))
    }

    /// How often a node was started: what one run of it began is over in the next.
    #[must_use]
    pub fn runs_of(&self, node: u32) -> u32 {
        self.slots.get(node as usize).map_or(0, |slot| slot.life)
    }

    /// Who a node is, or will be when it returns.
    #[must_use]
    pub fn id_of(&self, node: u32) -> NodeId {
        identity(self.run, node, self.slots.get(node as usize).map_or(0, |slot| slot.disk))
    }

    /// Where a node listens.
    #[must_use]
    pub fn addr_of(&self, node: u32) -> PeerAddr {
        addr(node)
    }

    /// The number of a node by its id, whether or not it still has that. Of an id from elsewhere it means nothing.
    #[must_use]
    pub fn number_of(id: &NodeId) -> u32 {
        index_of(id)
    }

    /// The number of the node at an address.
    #[must_use]
    pub fn node_at(&self, addr: PeerAddr) -> Option<u32> {
        listener(addr, self.slots.len())
    }

    /// The files of a node, the most popular first.
    pub fn files(&self, node: u32) -> impl Iterator<Item = FoundFile> + '_ {
        self.catalogue.of(node).iter().map(|&file| found_file(file))
    }

    /// Nodes and files that are registered with a node, if it serves the directory.
    #[must_use]
    pub fn registered_at(&self, node: u32) -> Option<(u64, u64)> {
        self.serves(node).then(|| self.registry.totals())
    }

    /// Where the search began that began last.
    #[must_use]
    pub fn youngest_origin(&self) -> Option<u32> {
        self.asked.youngest_origin
    }

    /// The nodes that are online and linked to a node by links that both ends know, in ascending order.
    #[must_use]
    pub fn linked(&self, node: u32) -> Vec<u32> {
        if node < self.population() { self.neighbors(node) } else { Vec::new() }
    }
}

/// Looking at single nodes, and meddling with them.
impl World {
    /// Observes a node from now on. At most [`MAX_OBSERVED`] are: whoever asks for more lets another one go first.
    /// Returns whether it is observed.
    pub fn observe(&mut self, node: u32) -> bool {
        if self.observatory.config(node).is_some() {
            return true;
        }
        if node >= self.population() || self.observatory.nodes.len() >= MAX_OBSERVED {
            return false;
        }
        let config = Config { trace: true, ..self.config_of(node).clone() };
        let observed = Observed { node, config, flows: Map::with_hasher(seed(0)), past: LinkTraffic::default() };
        self.observatory.nodes.push(observed);
        true
    }

    /// Observes a node no longer.
    pub fn ignore(&mut self, node: u32) {
        self.observatory.nodes.retain(|observed| observed.node != node);
    }

    /// Moves what was seen since the last time to the end of a list, and returns how much was lost meanwhile.
    pub fn sights(&mut self, to: &mut Vec<Seen>) -> u64 {
        to.append(&mut self.observatory.seen);
        std::mem::take(&mut self.observatory.lost)
    }

    /// What went over each link of an observed node, in no order, and over all of them, those that are gone included.
    pub fn flows(&mut self, node: u32) -> (Vec<(LinkId, LinkTraffic)>, LinkTraffic) {
        let Self { observatory, slots, .. } = self;
        let Some(Observed { flows, past, .. }) = observatory.find(node) else { return Default::default() };
        let ends = slots.get(node as usize).map_or(&[][..], |slot| &slot.ends);
        flows.retain(|link, flow| {
            let there = ends.contains(&link.0);
            if !there {
                *past += *flow;
            }
            there
        });
        let mut total = *past;
        flows.values().for_each(|flow| total += *flow);
        (flows.iter().map(|(link, flow)| (*link, *flow)).collect(), total)
    }

    /// A user of a node wants something; whether the node is there to do it.
    pub fn command(&mut self, node: u32, command: Command) -> bool {
        self.meddle(node, Input::Command(command))
    }

    /// A user of a node names an address; whether the node is there to learn it.
    pub fn name_peer(&mut self, node: u32, addr: PeerAddr) -> bool {
        self.meddle(node, Input::Hosts { addrs: vec![addr], source: HostSource::Configured })
    }

    fn meddle(&mut self, node: u32, input: Input) -> bool {
        let there = self.core(node).is_some();
        if there {
            self.handle(node, input);
        }
        there
    }
}
