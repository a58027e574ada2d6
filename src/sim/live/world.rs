//! The world: nodes, links and a clock, and what happens next.

use std::time::Duration;

use super::agenda::{Clock, Happening};
use super::asked::AskedTable;
use super::capacity::Capacities;
use super::directory::Heard;
use super::faults::Faults;
use super::hash::{Rolling, mix};
use super::library::{Catalogue, Zipf};
use super::links::Conns;
use super::observe::Observatory;
use super::outcome::Outcome;
use super::population::Slot;
use super::roles::Stance;
use super::scenario::Scenario;
use super::tally::{Direct, KINDS, Lives, Traffic, bytes, kind};
use super::violation::{Broken, Violation};
use super::watch::{Cue, Scene};
use crate::base::{Map, Rng, Time, seed as hasher};
use crate::overlay::{
    Config, Context, ExplainMessage, Input, LinkId, MemoryRegistry, Message, Output, Registry, TopologyKind,
};
use crate::proto::Guid;
use crate::sim::graph::Graph;
use crate::sim::make::{MakeError, make};

/// Up to so many nodes, everything is looked at all the time; above, links and searches in samples.
pub(super) const ALL_WATCHED: usize = 2_000;

/// Up to so many nodes, whoever took an input is looked at after each.
const TOUCHED_WATCHED: usize = 100_000;

/// One in so many inputs to a larger world is followed by a look at all the tables and links of the node that took it: it costs
/// many times what the input does. A prime, so that no rhythm of the nodes keeps step with it.
const LOOK_EVERY: u64 = 61;

/// Events between two sweeps at least.
const SWEEP: u64 = 256;
/// Events for each node between two sweeps of a large world.
const SWEEP_A_NODE: u64 = 64;

/// Any number of cores in virtual time, with everything that a real one meets: links of all sorts, dials, direct deliveries,
/// crashes and returns. The same scenario, topology and seed give the same run, down to the order of events.
#[derive(Debug)]
pub struct World {
    pub(super) scenario: Scenario,
    pub(super) topology: TopologyKind,
    pub(super) seed: u64,
    /// What everything that has no place in a sequence follows from.
    pub(super) run: u64,
    pub(super) config: Config,
    /// The settings of the node that serves the directory.
    pub(super) directory_config: Config,
    /// Whether the first node serves a directory.
    pub(super) has_directory: bool,
    /// What that keeps, over its restarts.
    pub(super) registry: MemoryRegistry,
    /// When the directory heard of whom.
    pub(super) heard: Heard,
    pub(super) clock: Clock,
    /// How much the clocks of nodes are ahead.
    pub(super) ahead: Map<u32, Duration>,
    /// When nodes came to this topology, of those that changed while they ran.
    pub(super) entered: Map<u32, Time>,
    pub(super) slots: Vec<Slot>,
    pub(super) online: usize,
    pub(super) conns: Conns,
    pub(super) faults: Faults,
    pub(super) capacities: Capacities,
    pub(super) catalogue: Catalogue,
    pub(super) wishes: Zipf,
    pub(super) graph: Option<Graph>,
    pub(super) rng: Streams,
    pub(super) traffic: [Traffic; KINDS.len()],
    pub(super) direct: Direct,
    pub(super) lives: Lives,
    pub(super) asked: AskedTable,
    /// Whether the workload goes on.
    pub(super) lively: bool,
    /// The nodes that somebody looks at.
    pub(super) observatory: Observatory,
    pub(super) events: u64,
    hash: Rolling,
    out: Vec<Output>,
    /// Where a query is passed on to; empty between two outputs, like `out` between two inputs.
    pub(super) relays: Vec<LinkId>,
    /// The nodes that are read ahead for; empty between two events.
    pub(super) fetched: Vec<u32>,
    broken: Option<Violation>,
    next_sweep: u64,
}

/// The node that serves the directory, where one is served.
pub(super) const DIRECTORY: u32 = 0;

/// Randomness, apart for each purpose: what one draws does not change what another does.
#[derive(Debug)]
pub(super) struct Streams {
    pub(super) nodes: Rng,
    pub(super) links: Rng,
    pub(super) lives: Rng,
    pub(super) searches: Rng,
    pub(super) watch: Rng,
}

impl World {
    /// A world in which nothing has happened yet.
    ///
    /// # Errors
    /// When the graph that the scenario asks for cannot be.
    pub fn new(scenario: &Scenario, topology: TopologyKind, seed: u64) -> Result<Self, MakeError> {
        let mut root = Rng::new(seed);
        let rng = Streams {
            nodes: root.fork(),
            links: root.fork(),
            lives: root.fork(),
            searches: root.fork(),
            watch: root.fork(),
        };
        let run = root.next_u64();
        let nodes = scenario.population();
        let graph = scenario.graph.map(|layout| make(layout.kind, nodes, layout.degree.0, &mut root.fork()));
        let mut world = Self {
            topology,
            seed,
            run,
            directory_config: Config { serve_directory: true, ..scenario.config(topology) },
            config: scenario.config(topology),
            registry: MemoryRegistry::default(),
            has_directory: topology == TopologyKind::Central || scenario.mixes(),
            heard: Heard::new(mix(&[run, 2])),
            clock: Clock::new(),
            ahead: Map::with_hasher(hasher(mix(&[run, 3]))),
            entered: Map::with_hasher(hasher(mix(&[run, 4]))),
            slots: (0..nodes).map(|_| Slot::default()).collect(),
            online: 0,
            conns: Conns::new(),
            capacities: Capacities::new(&scenario.capacity, root.next_u64()),
            faults: Faults::new(&scenario.faults, mix(&[run, 1])),
            catalogue: Catalogue::new(nodes, &scenario.library, &mut root.fork()),
            wishes: Zipf::new(scenario.library.files.0, scenario.searches.zipf.0),
            graph: graph.transpose()?,
            rng,
            traffic: Default::default(),
            direct: Direct::default(),
            lives: Lives::default(),
            asked: AskedTable::new(root.next_u64()),
            lively: true,
            observatory: Observatory::default(),
            events: 0,
            hash: Rolling::default(),
            out: Vec::new(),
            relays: Vec::new(),
            fetched: Vec::new(),
            broken: None,
            next_sweep: 0,
            scenario: scenario.clone(),
        };
        world.plan_births();
        world.plan_faults();
        world.plan_searches();
        Ok(world)
    }

    /// Lets happen what happens until a time, but at most so many events; whether that was all of it.
    ///
    /// # Errors
    /// When a rule was broken. The world is of no further use then, but to be looked at.
    pub fn run(&mut self, until: Time, most: u64) -> Result<bool, Violation> {
        for _ in 0..most {
            let Some((at, what)) = self.clock.agenda.take(until) else {
                self.clock.now = self.clock.now.max(until);
                return Ok(true);
            };
            self.clock.now = self.clock.now.max(at);
            self.events += 1;
            self.fetch();
            self.happen(what);
            if self.events >= self.next_sweep && self.broken.is_none() {
                self.next_sweep = self.events + self.sweep_after();
                self.asked.forget(self.clock.now);
                if let Err(broken) = self.sweep() {
                    self.breaks(None, broken);
                }
            }
            if let Some(violation) = self.broken.clone() {
                return Err(violation);
            }
        }
        Ok(false)
    }

    /// Events until the next sweep, which costs as much as there are nodes and messages.
    fn sweep_after(&self) -> u64 {
        let nodes = self.slots.len() as u64;
        if self.slots.len() <= ALL_WATCHED { (nodes / 4).max(SWEEP) } else { nodes * SWEEP_A_NODE }
    }

    fn happen(&mut self, what: Happening) {
        match what {
            Happening::Birth { node } if self.lively => self.birth(node),
            Happening::Birth { .. } => {}
            Happening::Death { node, life } => self.session_over(node, life),
            Happening::Wake { node } => self.wake(node),
            Happening::Knock { node, life, addr } => self.knock(node, life, addr),
            Happening::DialFailed { node, life, addr } => {
                self.lives.dials_failed += 1;
                self.tell(node, life, Input::DialFailed { addr });
            }
            Happening::Checked { node, life, addr, wanted, reached } => {
                self.tell(node, life, Input::Checked { addr, node: wanted, reached });
            }
            Happening::Up { link, peer } => self.link_up(link, peer),
            Happening::Down { link, why } => self.link_down(link, why),
            Happening::Arrival { link, message } => self.arrival(link, message),
            Happening::Direct { from, life, node, message } => self.direct_arrival(from, life, node, message),
            Happening::DirectFailed { node, life, message } => self.direct_failed(node, life, message),
            Happening::Search => self.maybe_search(),
            Happening::Begin { .. } | Happening::End { .. } if self.faults.are_over() => {}
            Happening::Begin { fault } => self.fault_begins(fault),
            Happening::End { fault } => self.fault_ends(fault),
        }
    }

    /// Gives an input to a node if it still lives the same life; whether it does.
    pub(super) fn tell(&mut self, node: u32, life: u32, input: Input) -> bool {
        let slot = &self.slots[node as usize];
        let alive = slot.life == life && slot.core.is_some();
        if alive {
            self.handle(node, input);
        }
        alive
    }

    fn wake(&mut self, node: u32) {
        let slot = &mut self.slots[node as usize];
        if slot.wake != self.clock.now {
            return;
        }
        slot.wake = Time::NEVER;
        let now = self.time_of(node);
        let slot = &self.slots[node as usize];
        let due = slot.core.as_ref().is_some_and(|core| core.next_wake() <= now);
        if due { self.handle(node, Input::Wake) } else { self.rewake(node) }
    }

    /// A node takes an input; what it wants done is done, and what it did is looked at.
    pub(super) fn handle(&mut self, node: u32, input: Input) {
        let (now, serves) = (self.time_of(node), self.serves(node));
        let slot = &mut self.slots[node as usize];
        let Some(core) = slot.core.as_deref_mut() else { return };
        note(&mut self.hash, self.clock.now, node, &input);
        if let Input::Message { message: Message::Query(query), .. } = &input {
            self.asked.copy(query, !core.remembers(&query.guid));
        }
        let (cue, was) = (Cue::of(&input, core), Stance::of(core));
        self.observatory.given(now, node, &input);
        let shelf = self.catalogue.shelf(node);
        let usual = if serves { &self.directory_config } else { &self.config };
        let config = self.observatory.config(node).unwrap_or(usual);
        let registry = serves.then_some(&mut self.registry as &mut dyn Registry);
        core.handle(input, &mut Context { now, config, library: &shelf, registry, out: &mut self.out });
        let scene = Scene { node, core, config, catalogue: &self.catalogue, cue: &cue, was };
        if let Err(broken) = self.asked.watch(&scene, &self.out) {
            self.breaks(Some(node), broken);
        }
        self.observatory.made(self.clock.now, node, &self.out);
        let mut out = std::mem::take(&mut self.out);
        out.drain(..).for_each(|output| self.carry(node, output));
        self.out = out;
        let looks = self.slots.len() <= TOUCHED_WATCHED || self.events.is_multiple_of(LOOK_EVERY);
        let seen = if looks { self.look_at(node, &cue) } else { Ok(()) };
        if let Err(broken) = seen.and_then(|()| self.watch_role(node, was)) {
            self.breaks(Some(node), broken);
        }
        self.rewake(node);
    }

    /// Whether a node serves the directory: where there is one the first one does.
    pub(super) fn serves(&self, node: u32) -> bool {
        self.has_directory && node == DIRECTORY
    }

    /// The settings of a node.
    pub(super) fn config_of(&self, node: u32) -> &Config {
        if self.serves(node) { &self.directory_config } else { &self.config }
    }

    /// Puts down when a node is to be looked at next.
    pub(super) fn rewake(&mut self, node: u32) {
        let Some(core) = &self.slots[node as usize].core else { return };
        let wake = self.when(node, core.next_wake());
        let slot = &mut self.slots[node as usize];
        if wake < slot.wake {
            slot.wake = wake.max(self.clock.now);
            self.clock.agenda.put(slot.wake, Happening::Wake { node });
        }
    }

    /// A rule was broken. The first one counts: the others may follow from it.
    pub(super) fn breaks(&mut self, node: Option<u32>, broken: Broken) {
        let Broken { rule, detail } = broken;
        self.broken.get_or_insert(Violation { rule, detail, node, at: self.clock.now });
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Time {
        self.clock.now
    }

    /// Inputs that nodes were given and other things that happened.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Nodes that run.
    #[must_use]
    pub fn online(&self) -> usize {
        self.online
    }

    /// A hash over every input that any node was given, and when.
    #[must_use]
    pub fn hash(&self) -> String {
        self.hash.text()
    }

    /// What came of it so far.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        Outcome::of(self)
    }
}

/// Takes an input into the hash: when, where, what.
fn note(hash: &mut Rolling, now: Time, node: u32, input: &Input) {
    let when = [now.micros(), node.into()];
    hash.note(&when);
    match input {
        Input::LinkUp { link, .. } => hash.note(&[1, link.0.into()]),
        Input::LinkDown { link, .. } => hash.note(&[2, link.0.into()]),
        Input::Message { link, message } => {
            hash.note(&[3, link.0.into()]);
            note_message(hash, message);
        }
        Input::Direct { message, .. } => {
            hash.note(&[4]);
            note_message(hash, message);
        }
        Input::DirectFailed { message, .. } => {
            hash.note(&[5]);
            note_message(hash, message);
        }
        Input::DialFailed { .. } => hash.note(&[6]),
        Input::Hosts { addrs, .. } => hash.note(&[7, addrs.len() as u64]),
        Input::OwnAddr(_) => hash.note(&[8]),
        Input::Command(_) => hash.note(&[9]),
        Input::Wake => hash.note(&[10]),
        Input::Directories(addrs) => hash.note(&[11, addrs.len() as u64]),
        Input::Checked { reached, .. } => hash.note(&[12, (*reached).into()]),
        Input::LibraryChanged => hash.note(&[13]),
        Input::Standing(_) => hash.note(&[14]),
    }
}

fn note_message(hash: &mut Rolling, message: &Message) {
    let nobody = Guid([0; 16]);
    let (guid, more) = match message {
        Message::Ping(ping) => (ping.guid, u64::from(ping.wants_hosts)),
        Message::Pong(pong) => (pong.guid, pong.hosts.len() as u64),
        Message::Query(query) => (query.guid, u64::from(query.travel.ttl()) << 8 | u64::from(query.travel.hops())),
        Message::Hit(hit) => (hit.guid, hit.body.files.len() as u64),
        Message::Report(report) => (report.guid, report.body.hops.len() as u64),
        Message::Bye(bye) => (nobody, bye.reason as u64),
        Message::Status(status) => (nobody, u64::from(status.score) << 16 | u64::from(status.free_slots)),
        Message::Reach(reach) => (reach.guid, reach.reached.map_or(2, u64::from)),
        Message::Propose(proposal) => (proposal.guid, proposal.topology as u64),
        Message::Explain(explain) => match &**explain {
            ExplainMessage::Question(question) => (question.guid, 0),
            ExplainMessage::Account(account) => (account.guid, 1 + u64::from(account.told.is_ok())),
        },
        Message::Ultra(_) | Message::Central(_) => (nobody, bytes(message)),
    };
    let (high, low) = guid.0.split_at(8);
    let word = |bytes: &[u8]| bytes.iter().fold(0u64, |word, byte| word << 8 | u64::from(*byte));
    hash.note(&[kind(message) as u64, word(high), word(low), more]);
}
