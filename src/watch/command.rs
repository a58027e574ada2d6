//! What faces ask of a world and of the node that they look at.

use std::sync::Arc;

use tokio::time::Instant;

use super::engine::{Engine, Faces};
use super::place;
use crate::app::simulated::files;
use crate::app::{Command, FilesPage, Look, MAX_HITS_A_SEARCH, Refusal, SearchRequest, WorldCommand, seal_query};
use crate::overlay::{self, QueryBody, SearchSpec, Strategy};
use crate::proto::{Guid, MagnetSource, NodeId};
use crate::sim::live::World;

impl Engine {
    /// Does what is asked, shows what it did, and answers.
    pub(super) fn command(&mut self, command: Command, faces: &Faces) {
        // What is done here is seen before the answer is read. Nobody to answer is no error.
        macro_rules! answer {
            ($reply:expr, $result:expr) => {{
                let result = $result;
                self.read();
                self.publish(faces);
                let _ = $reply.send(result);
            }};
        }
        match command {
            Command::Search(request, reply) => answer!(reply, self.search(&request)),
            Command::CancelSearch(guid, reply) => answer!(reply, self.cancel(guid)),
            Command::AddPeer(addr, reply) => answer!(reply, self.add_peer(&addr)),
            Command::DropNeighbor(node, reply) => answer!(reply, self.drop_neighbor(node)),
            Command::SetTopology(topology, reply) => answer!(reply, self.tell(overlay::Command::Change(topology))),
            Command::ProposeTopology(topology, reply) => answer!(reply, self.tell(overlay::Command::Propose(topology))),
            Command::Files(filter, offset, limit, reply) => answer!(reply, Ok(self.files(&filter, offset, limit))),
            Command::World(WorldCommand::Step(step), reply) => match self.must_hold() {
                Ok(()) => self.step(step, reply),
                refused => answer!(reply, refused),
            },
            Command::World(command, reply) => answer!(reply, self.steer(command)),
            Command::FindNode(_, reply) => answer!(reply, Err(no_questions())),
            Command::Explain(_, reply) => answer!(reply, Err(no_questions())),
            Command::Get(_, reply) => answer!(reply, Err(no_files())),
            Command::CancelTransfer(_, reply) | Command::Rescan(reply) => answer!(reply, Err(no_files())),
            // The loop ends with it.
            Command::Shutdown(_) => {}
        }
    }

    fn steer(&mut self, command: WorldCommand) -> Result<(), Refusal> {
        let stepped = self.goal.is_some();
        if command == WorldCommand::Pause {
            self.must_hold()?;
            self.give_up_step();
        }
        match command {
            WorldCommand::Pause => self.clock.runs = !self.clock.runs && !stepped,
            WorldCommand::Faster(by) => self.clock.speed = self.clock.speed.faster(by),
            WorldCommand::Look(look) => return self.look(look),
            WorldCommand::Step(_) => {}
        }
        self.clock.anew(Instant::now(), self.world.now());
        Ok(())
    }

    fn look(&mut self, look: Look) -> Result<(), Refusal> {
        let (now, nodes) = (self.shown_node(), self.world.population());
        let node = match look {
            Look::Next => (now + 1) % nodes,
            Look::Previous => (now + nodes - 1) % nodes,
            Look::Node(id) => place::find(&self.world, &id.to_string())?,
            Look::Named(text) => place::find(&self.world, &text)?,
            Look::Asking => self.world.youngest_origin().ok_or_else(|| {
                Refusal::new("no_search", "Nobody has searched yet in this world", "let it run, or search from here")
            })?,
        };
        if node != now {
            self.read();
            self.forget_told();
            self.desks.look(node, &mut self.world);
        }
        Ok(())
    }

    /// Has the node's core do something.
    fn tell(&mut self, command: overlay::Command) -> Result<(), Refusal> {
        self.must_hold()?;
        let node = self.shown_node();
        self.meddle(|world| world.command(node, command))
    }

    /// Does something to the world from outside, if the node is there for it.
    fn meddle(&mut self, what: impl FnOnce(&mut World) -> bool) -> Result<(), Refusal> {
        let done = what(&mut self.world);
        self.meddled |= done;
        if done { Ok(()) } else { Err(away()) }
    }

    fn search(&mut self, request: &SearchRequest) -> Result<Guid, Refusal> {
        let plan = &self.scenario.searches;
        let usual = plan.ttl.first().map_or(1, |ttl| ttl.0 as u8);
        let dedup = self.world.settings(self.shown_node()).dedup;
        let (strategy, ttl) = request.checked(usual, dedup)?;
        let (delivery, timeout) = (request.hits.unwrap_or(plan.delivery), request.timeout.unwrap_or(plan.timeout.0));
        let enough = if strategy == Strategy::Ring { Strategy::RING_ENOUGH } else { MAX_HITS_A_SEARCH };
        let enough = request.enough.unwrap_or(enough).clamp(1, MAX_HITS_A_SEARCH);
        let origin = self.world.addr_of(self.shown_node());
        // Always traced: that is what it is for here.
        let body = QueryBody::new(&request.text, Some(origin), delivery, true);
        let body = Arc::new(if strategy.walkers().is_some() { body.for_walkers() } else { body });
        seal_query(&body);
        let (high, low) = (self.rng.next_u64().to_be_bytes(), self.rng.next_u64().to_be_bytes());
        let guid = Guid(std::array::from_fn(|i| if i < 8 { high[i] } else { low[i - 8] }));
        self.tell(overlay::Command::Search(SearchSpec { guid, body, ttl, strategy, timeout, enough }))?;
        Ok(guid)
    }

    fn cancel(&mut self, guid: Guid) -> Result<(), Refusal> {
        self.desks.shown.books.must_run(&guid)?;
        self.tell(overlay::Command::Cancel(guid))
    }

    fn add_peer(&mut self, text: &str) -> Result<(), Refusal> {
        let addr = place::address(text.trim()).filter(|addr| self.world.node_at(*addr).is_some()).ok_or_else(|| {
            let hint = "write one of this world, for example 10.0.0.17";
            Refusal::new("bad_peer", "no node of this world listens at that address", hint)
        })?;
        self.must_hold()?;
        let node = self.shown_node();
        self.meddle(|world| world.name_peer(node, addr))
    }

    fn drop_neighbor(&mut self, node: NodeId) -> Result<(), Refusal> {
        let core = self.shown_core().ok_or_else(away)?;
        if !core.links().iter().any(|link| link.peer().id == node) {
            return Err(Refusal::no_neighbor(node));
        }
        self.tell(overlay::Command::Disconnect(node))
    }

    fn files(&self, filter: &str, offset: u64, limit: usize) -> FilesPage {
        let node = self.shown_node();
        let source = MagnetSource { addr: self.world.addr_of(node), node: Some(self.world.id_of(node)) };
        files(self.world.files(node), source, filter, offset, limit)
    }
}

fn away() -> Refusal {
    Refusal::new("away", "This node is away", "let the world run until it returns, or look at another")
}

fn no_files() -> Refusal {
    let message =
        "In a simulation there are no files, only their names and sizes: nothing can be downloaded or scanned";
    Refusal::new("simulated", message, "start a node with `hopscope`, or a lab with `hopscope demo`")
}

fn no_questions() -> Refusal {
    let message = "In a simulation nobody need be asked why something was not found";
    Refusal::new("simulated", message, "look at that node: its files, its neighbors and its floods are on its screens")
}
