//! The one task that owns the core. It never waits for a peer: what comes in waits for it in a bounded queue, what goes out
//! goes into bounded queues or is dropped and counted.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;

use super::direct::DirectPool;
use super::inbox::{Batch, Note, Origin};
use super::limits::{ACTOR_BATCH, MAX_CHECKS_AT_ONCE, MAX_DIALS_AT_ONCE, RETELL, SHUTDOWN_DEADLINE, SLICE};
use super::link::{LinkTasks, NewLink};
use super::outbox::Frames;
use super::own_addr::{OwnAddr, outward};
use super::resolve::Lookup;
use super::send_queue::{Outlet, SendQueue};
use super::settings::{NetCommand, NetSettings};
use super::shared::Shared;
use super::status::Publisher;
use crate::base::{Map, Rng, Time, seed};
use crate::overlay::{
    self, Command, Context, Event, Hello, HostSource, Input, LinkId, LinkTraffic, Node, Output, Peer, Role, Spent,
    Trace,
};
use crate::proto::PeerAddr;

/// What a node shares, as the driver keeps it.
pub type SharedLibrary = Arc<dyn overlay::Library + Send + Sync>;

/// What a directory keeps, as the driver holds it.
pub type SharedRegistry = Box<dyn overlay::Registry + Send>;

/// What the core asks.
pub(super) struct Keeps {
    pub(super) library: SharedLibrary,
    pub(super) registry: Option<SharedRegistry>,
}

/// A link, as the driver keeps it.
pub(super) struct Entry {
    pub(super) outlet: Outlet,
    pub(super) traffic: LinkTraffic,
    /// Of the bytes that its queue took, what they are for.
    pub(super) spent: Spent,
    /// Cut: the connection ends at once.
    pub(super) cut: CancellationToken,
    /// Whether something was collected for it since queues were flushed.
    pub(super) touched: bool,
    /// Whether it is being closed: what still comes from it is not read any more.
    pub(super) closing: bool,
    /// Why this node ended it, where its tasks cannot know.
    pub(super) why: Option<&'static str>,
}

/// Addresses that are known at the start.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) peers: Vec<PeerAddr>,
    pub(super) directories: Vec<PeerAddr>,
    pub(super) remembered: Vec<PeerAddr>,
}

/// Where the actor tells what happens.
pub(super) struct Channels {
    pub(super) events: mpsc::Sender<Event>,
    pub(super) traces: mpsc::Sender<Trace>,
    pub(super) lookups: mpsc::Sender<Lookup>,
    /// What new links are told of this node.
    pub(super) hello: watch::Sender<Hello>,
}

/// The task's state.
pub(super) struct Actor {
    pub(super) node: Node,
    pub(super) config: overlay::Config,
    pub(super) keeps: Keeps,
    max_links: usize,
    pub(super) shared: Shared,
    pub(super) channels: Channels,
    /// Places for connections being opened.
    pub(super) dialling: Arc<Semaphore>,
    /// Places for looking whether others can be reached.
    pub(super) checking: Arc<Semaphore>,
    pub(super) direct: DirectPool,
    pub(super) own: OwnAddr,
    pub(super) publisher: Publisher,
    pub(super) links: Map<LinkId, Entry>,
    /// Traffic of links that are gone.
    pub(super) past: LinkTraffic,
    pub(super) next_link: u32,
    /// Links with something collected for them.
    pub(super) touched: Vec<LinkId>,
    pub(super) frames: Frames,
    /// Room for the links of one relayed query, empty in between.
    pub(super) relayed_to: Vec<LinkId>,
    /// Dial tasks under way.
    pub(super) dials: usize,
    /// Addresses that the user named, with how often they could not be reached lately, and why.
    pub(super) named: Map<PeerAddr, (u32, String)>,
    /// Those of them that turned out to be directories alone, or leaves.
    pub(super) particular: Vec<(PeerAddr, Role)>,
    pub(super) now: Time,
    pub(super) out: Vec<Output>,
    /// Events of this batch.
    pub(super) events: VecDeque<Event>,
    /// What is left of batches whose time was up; at most those that links own.
    pub(super) put_off: VecDeque<Batch>,
    /// What carrying out an output led to, for the core once the outbox is drained.
    pub(super) again: VecDeque<Input>,
    pub(super) left: Option<Time>,
}

impl Actor {
    /// An actor that knows nobody yet. `settings.listen` is the address as it was bound.
    pub(super) fn new(
        shared: Shared,
        settings: NetSettings,
        keeps: Keeps,
        max_links: usize,
        channels: Channels,
        publisher: Publisher,
        rng: &mut Rng,
    ) -> Self {
        let name = shared.hello.borrow().name.clone();
        let node = Node::new(settings.identity.node(), name, rng.fork(), &settings.core);
        channels.hello.send_modify(|hello| hello.role = node.role());
        Self {
            node,
            config: settings.core,
            keeps,
            max_links,
            direct: DirectPool::new(rng.next_u64(), shared.clone()),
            own: OwnAddr::new(settings.listen, outward()),
            publisher,
            links: Map::with_hasher(seed(rng.next_u64())),
            past: LinkTraffic::default(),
            next_link: 0,
            touched: Vec::new(),
            frames: Frames::default(),
            relayed_to: Vec::new(),
            dials: 0,
            dialling: Arc::new(Semaphore::new(MAX_DIALS_AT_ONCE)),
            checking: Arc::new(Semaphore::new(MAX_CHECKS_AT_ONCE)),
            named: Map::with_hasher(seed(rng.next_u64())),
            particular: Vec::new(),
            now: Time::ZERO,
            out: Vec::new(),
            events: VecDeque::new(),
            put_off: VecDeque::new(),
            again: VecDeque::new(),
            left: None,
            channels,
            shared,
        }
    }

    /// Runs until the node has left. `known` is what it knows at its start.
    pub(super) async fn run(
        mut self,
        mut inbox: mpsc::Receiver<Note>,
        mut commands: mpsc::Receiver<NetCommand>,
        known: Known,
    ) {
        let mut notes = Vec::with_capacity(ACTOR_BATCH);
        let mut timer = std::pin::pin!(sleep_until(self.shared.clock.instant(Time::ZERO)));
        self.begin(known);
        while !self.has_left() {
            let deadline = self.shared.clock.instant(self.deadline());
            if timer.deadline() != deadline {
                timer.as_mut().reset(deadline);
            }
            tokio::select! {
                // In this order: what is due must not wait behind a flood.
                biased;
                () = &mut timer => {}
                () = self.shared.leave.cancelled(), if self.left.is_none() => self.leave(),
                command = commands.recv(), if self.left.is_none() => {
                    self.now = self.shared.clock.now();
                    match command {
                        Some(command) => self.on_command(command),
                        None => self.leave(),
                    }
                }
                _ = inbox.recv_many(&mut notes, ACTOR_BATCH) => {
                    for note in notes.drain(..) {
                        self.now = self.shared.clock.now();
                        self.on_note(note);
                    }
                }
                () = std::future::ready(()), if !self.put_off.is_empty() => {
                    if let Some(batch) = self.put_off.pop_front() {
                        self.now = self.shared.clock.now();
                        self.work_on(batch);
                    }
                }
            }
            self.settle();
        }
        self.publish();
        self.shared.cut.cancel();
    }

    fn begin(&mut self, known: Known) {
        self.now = self.shared.clock.now();
        if let Some(addr) = self.own.get() {
            self.feed(Input::OwnAddr(addr));
        }
        self.feed(Input::Directories(known.directories));
        self.on_hosts(known.peers, HostSource::Configured);
        self.on_hosts(known.remembered, HostSource::Remembered);
        self.settle();
    }

    fn deadline(&self) -> Time {
        let leaving = self.left.map_or(Time::NEVER, |left| left + SHUTDOWN_DEADLINE);
        let telling = if self.events.is_empty() { Time::NEVER } else { self.now + RETELL };
        self.node.next_wake().min(self.publisher.due()).min(telling).min(leaving)
    }

    /// After each batch: what is due, then what was collected goes to the writers, in one piece a link.
    fn settle(&mut self) {
        self.now = self.shared.clock.now();
        if self.node.next_wake() <= self.now {
            self.feed(Input::Wake);
            self.publisher.touch();
        }
        self.flush();
        if self.publisher.due() <= self.now {
            self.publish();
        }
        self.tell();
    }

    /// Gives the core an input and carries out what it wants, and what that leads to.
    pub(super) fn feed(&mut self, input: Input) {
        self.call(input);
        while let Some(input) = self.again.pop_front() {
            self.call(input);
        }
    }

    fn call(&mut self, input: Input) {
        let mut out = std::mem::take(&mut self.out);
        let mut cx = Context {
            now: self.now,
            config: &self.config,
            library: &*self.keeps.library,
            registry: self.keeps.registry.as_mut().map(|registry| &mut **registry as &mut dyn overlay::Registry),
            out: &mut out,
        };
        self.node.handle(input, &mut cx);
        for output in out.drain(..) {
            self.carry_out(output);
        }
        self.out = out;
    }

    fn on_note(&mut self, note: Note) {
        self.publisher.touch();
        match note {
            Note::Batch(batch) => self.on_batch(batch),
            Note::LinkUp(new) => self.on_link_up(*new),
            Note::LinkDown { link, why } => self.on_link_down(link, why),
            Note::DialFailed { addr, why } => self.on_dial_failed(addr, &why),
            Note::Checked { addr, node, reached } => self.feed(Input::Checked { addr, node, reached }),
            Note::DirectFailed(message, why) => self.feed(Input::DirectFailed { message, why }),
            Note::Hosts(addrs, source) => self.on_hosts(addrs, source),
            Note::Directories(addrs) => self.feed(Input::Directories(addrs)),
            Note::Counted => {}
        }
    }

    fn on_batch(&mut self, batch: Batch) {
        let traffic = match batch.origin {
            Origin::Link(link) => self.links.get_mut(&link).map(|entry| &mut entry.traffic),
            Origin::Direct(_) => Some(&mut self.past),
        };
        if let Some(traffic) = traffic {
            traffic.bytes_in += batch.bytes;
            traffic.search_in += batch.spent.search;
            traffic.report_in += batch.spent.report;
            traffic.messages_in += batch.messages.len() as u64;
        }
        self.work_on(batch);
    }

    /// Handles the messages of a batch, and puts off what is left when its time is up: a neighbor whose queries are dear
    /// to look up waits for the others then, not they for it.
    fn work_on(&mut self, mut batch: Batch) {
        let until = self.now + SLICE;
        let mut messages = batch.messages.drain(..);
        while let Some(message) = messages.next() {
            match batch.origin {
                Origin::Direct(from) => self.feed(Input::Direct { from, message }),
                // On a link that is about to close too: answers to a search count, and the core counts what leads to nothing.
                Origin::Link(link) => self.feed(Input::Message { link, message }),
            }
            if messages.len() > 0 && self.shared.clock.now() >= until {
                let rest = messages.collect();
                self.put_off.push_back(Batch { messages: rest, ..batch });
                return;
            }
        }
        drop(messages);
        // Its reader waits for it; if that is gone, so is the batch.
        let _ = batch.back.try_send(batch.messages);
    }

    fn on_link_up(&mut self, new: NewLink) {
        if let Some(addr) = new.peer.dialled {
            self.dials -= 1;
            if let Some(failures) = self.named.get_mut(&addr) {
                *failures = (0, String::new());
                self.note_role(addr, &new.peer);
            }
        }
        if self.left.is_some() || self.links.len() >= self.max_links {
            match new.peer.dialled {
                Some(addr) => self.feed(Input::DialFailed { addr }),
                None => self.shared.tally.no_room.up(),
            }
            return;
        }
        let link = LinkId(self.next_link);
        self.next_link += 1;
        let queue = Arc::new(SendQueue::default());
        let cut = self.shared.cut.child_token();
        let entry = Entry {
            outlet: Outlet::new(Arc::clone(&queue)),
            traffic: LinkTraffic::default(),
            spent: Spent::default(),
            cut: cut.clone(),
            touched: false,
            closing: false,
            why: None,
        };
        self.links.insert(link, entry);
        if let Some(addr) = self.own.vote(link, new.remote, new.observed) {
            self.feed(Input::OwnAddr(addr));
        }
        let peer = new.peer.clone();
        let (notes, tally) = (self.shared.notes.clone(), Arc::clone(&self.shared.tally));
        self.shared.tracker.spawn(LinkTasks { link, queue, cut, notes, tally }.run(new));
        self.feed(Input::LinkUp { link, peer: Arc::new(peer) });
    }

    fn on_link_down(&mut self, link: LinkId, why: String) {
        let Some(entry) = self.links.remove(&link) else { return };
        self.past += entry.total();
        if let Some(addr) = self.own.forget(link) {
            self.feed(Input::OwnAddr(addr));
        }
        self.feed(Input::LinkDown { link, why: entry.why.map_or(why, str::to_owned) });
    }

    /// Remembers whether a peer that the user named plays a role that others than its like have no use for: no neighbor
    /// then, but not out of reach either.
    fn note_role(&mut self, addr: PeerAddr, peer: &Peer) {
        self.particular.retain(|(known, _)| *known != addr);
        if matches!(peer.role, Role::Directory | Role::Leaf) {
            self.particular.push((addr, peer.role));
        }
    }

    /// Remembers why a peer that the user named cannot be reached.
    fn on_dial_failed(&mut self, addr: PeerAddr, why: &str) {
        self.dials -= 1;
        tracing::debug!("no link to {addr}: {why}");
        if let Some((failures, last)) = self.named.get_mut(&addr) {
            *failures += 1;
            *last = why.to_owned();
        }
        let _ = self.channels.lookups.try_send(Lookup::Failed(addr));
        self.feed(Input::DialFailed { addr });
    }

    pub(super) fn on_hosts(&mut self, addrs: Vec<PeerAddr>, source: HostSource) {
        if source == HostSource::Configured {
            for addr in &addrs {
                if self.named.len() < crate::proto::limits::MAX_HOSTS {
                    self.named.insert(*addr, (0, String::new()));
                }
            }
        }
        self.feed(Input::Hosts { addrs, source });
    }

    /// Says goodbye on every link. The loop goes on until they are closed, or until the deadline.
    fn leave(&mut self) {
        self.now = self.shared.clock.now();
        self.publisher.renew_hosts();
        self.publish();
        self.left = Some(self.now);
        self.feed(Input::Command(Command::Leave));
        self.shared.leave.cancel();
    }

    fn has_left(&self) -> bool {
        self.left.is_some_and(|left| self.links.is_empty() || self.now >= left + SHUTDOWN_DEADLINE)
    }
}

impl Entry {
    /// Everything that went over it.
    pub(super) fn total(&self) -> LinkTraffic {
        LinkTraffic {
            bytes_out: self.outlet.bytes,
            search_out: self.spent.search,
            report_out: self.spent.report,
            dropped: self.outlet.dropped,
            ..self.traffic
        }
    }
}
