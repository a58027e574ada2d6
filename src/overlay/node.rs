//! One node: its state, and which part handles which input.

use std::borrow::Cow;
use std::mem::offset_of;
use std::sync::Arc;

use super::answer::DirectLimits;
use super::explain::Explains;
use super::hosts::Hosts;
use super::io::{Command, Config, Context, DoneWhy, Event, HostSource, Input, LinkId, Output, Standing};
use super::link::{Link, LinkCounts, tag};
use super::message::{Bye, ByeReason, Message, Role, TopologyKind};
use super::reach::Reachability;
use super::report::Reports;
use super::search::Search;
use super::seen::Seen;
use super::timers::{Timer, Timers};
use super::topology::{Class, Client, Directory, Flood, Proposals, Ultra};
use crate::base::{Rng, Time};
use crate::proto::{Guid, NodeId, PeerAddr, Untrusted};

/// One node of the overlay, as a state machine without IO: [`Node::handle`] takes an input and fills the outbox,
/// [`Node::next_wake`] says when it wants [`Input::Wake`]. That is the whole interface; the rest only reads.
///
/// In memory it begins with what every copy of a query needs, so that a simulation waits for two cache lines a duplicate and
/// one more a new query, besides the link's.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct Node {
    pub(super) now: Time,
    pub(super) links: Vec<Link>,
    pub(super) searches: Vec<Search>,
    /// The link that came up when there was no other.
    pub(super) first_link: LinkId,
    pub(super) leaving: bool,
    pub(super) kind: TopologyKind,
    pub(super) role: Role,
    pub(super) seen: Seen,
    /// Copies of queries over all links, also those that are gone; apart from what happens to few.
    pub(super) copies: LinkCounts,
    pub(super) timers: Timers,
    pub(super) ultra: Option<Box<Ultra>>,
    pub(super) counters: Counters,
    /// The time of the first input.
    pub(super) started: Time,
    pub(super) id: NodeId,
    pub(super) name: Untrusted,
    pub(super) addr: Option<PeerAddr>,
    pub(super) rng: Rng,
    pub(super) hosts: Hosts,
    pub(super) reports: Reports,
    pub(super) direct: DirectLimits,
    pub(super) flood: Flood,
    pub(super) role_since: Time,
    /// Why it plays this role, for people.
    pub(super) role_why: Cow<'static, str>,
    pub(super) standing: Standing,
    /// Strangers that it tried as a leaf that needs nobody, as far as that counts.
    pub(super) explored: u8,
    // What not every node has is apart.
    pub(super) reach: Reachability,
    pub(super) proposals: Option<Box<Proposals>>,
    pub(super) client: Option<Box<Client>>,
    pub(super) directory: Option<Box<Directory>>,
    pub(super) explains: Option<Box<Explains>>,
}

// A simulation holds a million of them.
const _: () = assert!(size_of::<Node>() <= 704);
// Two cache lines: the second one ends with the timer that each input looks at. The other timers are the third.
const _: () = assert!(offset_of!(Node, seen) == 64 && offset_of!(Node, timers) == 120 && Timer::Join as usize == 0);

/// What a node handled and what it dropped, and why: every input that led to nothing is in one of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Query copies received.
    pub queries: u64,
    /// Those of them that had been seen before.
    pub duplicates: u64,
    /// Messages of links that are gone, wakes without need, failures of things not asked for.
    pub stale: u64,
    /// Queries with TTL 0, or with their hops used up.
    pub expired: u64,
    /// Queries that could not be read, and so were passed on without a look at the library.
    pub malformed: u64,
    /// Hits, reports and accounts without a way back, or for no search or question of this node.
    pub unroutable: u64,
    /// Pings, hits, reports and questions over their limit.
    pub limited: u64,
    /// Hits, reports, accounts and filters that contradict themselves or who brought them, and ultra-peers that had told of room
    /// and then had none.
    pub inconsistent: u64,
    /// Queries forgotten before their time, because the table of GUIDs was full.
    pub forgotten: u64,
    /// Queries that the slow motion had no room to hold, or that had nowhere left to go when it let them on.
    pub not_held: u64,
    /// Hits that were passed on for others.
    pub hits_relayed: u64,
    /// Messages that have no place on their link in the roles that the two ends play.
    pub misplaced: u64,
    /// Copies that leaves were spared because their filters said that nothing matches there. Nothing was dropped.
    pub filtered: u64,
}

impl Counters {
    /// Everything that was dropped.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.stale + self.expired + self.unroutable + self.limited + self.inconsistent + self.not_held + self.misplaced
    }
}

impl Node {
    /// A node that knows nobody yet. Everything random about it follows from `rng`.
    #[must_use]
    pub fn new(id: NodeId, name: Untrusted, mut rng: Rng, config: &Config) -> Self {
        let seen = Seen::new(&mut rng);
        let mut node = Self {
            id,
            name,
            addr: None,
            rng,
            now: Time::ZERO,
            started: Time::ZERO,
            links: Vec::new(),
            first_link: LinkId(0),
            hosts: Hosts::new(config.max_hosts),
            seen,
            searches: Vec::new(),
            reports: Reports::default(),
            direct: DirectLimits::default(),
            flood: Flood::default(),
            timers: Timers::new(),
            copies: LinkCounts::default(),
            counters: Counters::default(),
            leaving: false,
            kind: config.topology,
            role: Role::Peer,
            role_since: Time::ZERO,
            role_why: Cow::default(),
            standing: Standing::default(),
            explored: 0,
            reach: Reachability::default(),
            proposals: None,
            ultra: None,
            client: None,
            directory: None,
            explains: None,
        };
        node.begin(config);
        node
    }

    /// Takes the role that the settings give it.
    fn begin(&mut self, config: &Config) {
        if config.serve_directory {
            self.begin_directory();
        }
        self.role = match self.kind {
            TopologyKind::Flood => {
                self.role_why = "every node of a flooding overlay is a peer: it relays for all its neighbors".into();
                Role::Peer
            }
            TopologyKind::Ultrapeer => self.begin_ultra(config),
            TopologyKind::Central => self.begin_central(config),
        };
        self.timers.at_latest(Timer::Join, Time::ZERO);
    }

    /// Takes one input. The outbox must be drained before the next call.
    pub fn handle(&mut self, input: Input, cx: &mut Context<'_>) {
        debug_assert!(cx.out.is_empty(), "the outbox is drained between two inputs");
        let first = self.now == Time::ZERO;
        if first {
            self.started = cx.now;
        }
        self.now = self.now.max(cx.now);
        match input {
            Input::Message { link, message } => self.on_message(link, message, cx),
            Input::Direct { from, message } => self.on_direct(from, message, cx),
            Input::DirectFailed { message, why } => self.on_direct_failed(message, why, cx),
            Input::LinkUp { link, peer } => self.on_link_up(link, peer, cx),
            Input::LinkDown { link, why } => self.on_link_down(link, &why, cx),
            Input::DialFailed { addr } => self.on_dial_failed(addr),
            Input::Hosts { addrs, source } => self.on_hosts(addrs, source, cx.config),
            Input::OwnAddr(addr) => self.on_own_addr(addr),
            Input::Directories(addrs) => self.on_directories(&addrs),
            Input::Checked { addr, node, reached } => self.on_checked(addr, node, reached, cx),
            Input::LibraryChanged => self.on_library_changed(cx),
            Input::Standing(standing) => self.standing = standing,
            Input::Command(command) => self.on_command(command, cx),
            Input::Wake => self.on_wake(cx),
        }
        if first {
            // What it was to do from its start on is due: it did not know the time before.
            self.on_wake(cx);
        }
        // Whatever happened may have left a place to fill. Last, so that the next wake-up always lies ahead.
        if self.timers.take_due(Timer::Join, self.now) {
            self.join(cx);
        }
    }

    /// Reads a part of what most inputs need, and changes nothing: who has very many nodes waits for the memory of several at
    /// once when it calls this for each of them, first with 0 and then with 1.
    #[must_use]
    pub fn fetch(&self, stage: u8) -> u64 {
        if stage == 0 {
            let near = self.links.len() as u64 ^ self.timers.next().micros() ^ self.counters.filtered;
            return near ^ self.hosts.len() as u64 ^ self.role_since.micros() ^ u64::from(self.id.0[0]);
        }
        let [first, .., last] = &self.links[..] else { return 0 };
        let links = first.since.micros() ^ last.since.micros();
        let ultra = self.ultra.as_ref().map_or(0, |ultra| ultra.fetch());
        links ^ ultra ^ self.hosts.fetch()
    }

    /// When it wants [`Input::Wake`]; [`Time::NEVER`] if it waits for nothing.
    #[must_use]
    pub fn next_wake(&self) -> Time {
        self.timers.next()
    }

    fn on_wake(&mut self, cx: &mut Context<'_>) {
        for timer in Timer::ON_WAKE {
            if !self.timers.take_due(timer, self.now) {
                continue;
            }
            match timer {
                Timer::Ping => self.check_links(cx),
                Timer::Search => self.check_searches(cx),
                Timer::Held => self.release_held(cx),
                Timer::Report => self.flush_reports(cx),
                Timer::Seen => {
                    let next = self.seen.age(self.now, cx.config.seen_capacity);
                    self.timers.at_latest(Timer::Seen, next);
                }
                Timer::Role => self.check_role(cx),
                Timer::Register => self.check_registration(cx),
                Timer::Lease => self.check_leases(cx),
                Timer::Explain => self.check_explains(cx),
                Timer::Explore => self.explore(cx),
                Timer::Join => self.join(cx),
            }
        }
    }

    fn on_message(&mut self, link: LinkId, message: Message, cx: &mut Context<'_>) {
        let Some(index) = self.link_index(link) else {
            return match &message {
                // Its sender had not heard yet that this node has no use for the link. The answer is as good as ever.
                Message::Hit(hit) if self.is_own_search(&hit.guid) => self.take_hit(hit, false, cx),
                Message::Report(report) if self.is_own_search(&report.guid) => self.take_report(report, 1, cx),
                _ if self.on_farewell(link, &message, cx) => {}
                _ => self.on_client_message(link, message, cx),
            };
        };
        let from = &mut self.links[index];
        from.last_heard = self.now;
        if let Some(signs) = &mut from.signs {
            signs.probed_until = None;
        }
        match message {
            Message::Ping(ping) => self.on_ping(index, &ping, cx),
            Message::Pong(pong) => self.on_pong(index, pong, cx.config),
            Message::Query(query) if query.body.walk => self.on_walker(index, &query, cx),
            Message::Query(query) => self.on_query(index, &query, cx),
            Message::Hit(hit) => self.on_hit(index, &hit, cx),
            Message::Report(report) => self.on_report(index, &report, cx),
            Message::Bye(bye) => self.on_bye(index, &bye, cx),
            Message::Status(status) => self.on_status(index, status, cx),
            Message::Reach(reach) => self.on_reach(index, reach, cx),
            Message::Propose(proposal) => self.on_proposal(link, &proposal, cx),
            Message::Explain(message) => self.on_explain_link(index, *message, cx),
            Message::Ultra(message) => self.on_ultra(index, message, cx),
            Message::Central(message) => self.on_directory_message(index, *message, cx),
        }
    }

    fn on_command(&mut self, command: Command, cx: &mut Context<'_>) {
        match command {
            Command::Search(spec) => self.start_search(spec, cx),
            Command::Cancel(guid) => self.cancel_search(guid, cx),
            Command::Ask(ask) => self.ask(ask, cx),
            Command::Disconnect(node) => {
                if let Some(index) = self.link_to(&node) {
                    self.leave_alone(&Arc::clone(&self.links[index].peer), true);
                    self.close(index, ByeReason::Requested, "the user closed the link", cx);
                    self.timers.at_latest(Timer::Join, self.now);
                }
                self.send_client_away(&node, cx);
            }
            Command::Change(topology) => self.change_topology(topology, "chosen by the user", cx),
            Command::Propose(topology) => self.propose(topology, cx),
            Command::Leave => self.leave(cx),
        }
    }

    fn on_hosts(&mut self, addrs: Vec<PeerAddr>, source: HostSource, config: &Config) {
        if config.only_peers && source != HostSource::Configured {
            return;
        }
        for addr in addrs {
            if Some(addr) != self.addr {
                self.hosts.learn(addr, source);
            }
        }
        self.timers.at_latest(Timer::Join, self.now);
    }

    fn leave(&mut self, cx: &mut Context<'_>) {
        self.leaving = true;
        self.end_searches_where(DoneWhy::Shutdown, cx, |_| true);
        self.end_explains(cx);
        self.flush_reports(cx);
        while !self.links.is_empty() {
            self.close(self.links.len() - 1, ByeReason::Shutdown, "the node shuts down", cx);
        }
        self.cut_farewells(cx);
        self.close_directory(cx);
        self.timers = Timers::new();
    }

    fn on_own_addr(&mut self, addr: PeerAddr) {
        self.addr = Some(addr);
    }

    fn on_library_changed(&mut self, cx: &mut Context<'_>) {
        self.client_library_changed();
        self.leaf_library_changed(cx);
    }

    /// Ends the link of a neighbor that breaks the protocol, and leaves it alone for a while.
    pub(super) fn break_off(&mut self, index: usize, text: &'static str, cx: &mut Context<'_>) {
        let peer = Arc::clone(&self.links[index].peer);
        self.close(index, ByeReason::Protocol, text, cx);
        self.leave_alone(&peer, false);
        self.timers.at_latest(Timer::Join, self.now);
    }

    /// Says goodbye on a link, forgets it, and asks the driver to close it.
    pub(super) fn close(&mut self, index: usize, reason: ByeReason, text: &str, cx: &mut Context<'_>) {
        let bye = Bye { reason, text: text.into(), hosts: Vec::new() };
        self.send(index, Message::Bye(bye), cx);
        let link = self.links.swap_remove(index);
        cx.out.push(Output::Close { link: link.id, why: reason });
        cx.out.push(Output::Event(Event::NeighborDown { link: link.id, node: link.peer.id, why: text.to_owned() }));
        self.link_gone(&link, text, cx);
    }

    /// What a topology does about a neighbor that is gone, whoever ended the link.
    pub(super) fn link_gone(&mut self, link: &Link, why: &str, cx: &mut Context<'_>) {
        match link.class {
            Class::Directory => self.directory_gone(link, why, cx),
            Class::Leaf | Class::Ultrapeer | Class::Neighbor => self.ultra_link_gone(link, cx),
            Class::Client => {}
        }
    }

    pub(super) fn link_index(&self, id: LinkId) -> Option<usize> {
        // Links that came up one after the other, none of which went: the place follows from the number.
        let guess = id.0.wrapping_sub(self.first_link.0) as usize;
        if self.links.get(guess).is_some_and(|link| link.id == id) {
            return Some(guess);
        }
        self.links.iter().position(|link| link.id == id)
    }

    /// The link to a node. A part of the id is compared first: it lies in the link itself.
    pub(super) fn link_to(&self, node: &NodeId) -> Option<usize> {
        let wanted = tag(node);
        self.links.iter().position(|link| link.tag == wanted && link.peer.id == *node)
    }

    pub(super) fn send(&mut self, index: usize, message: Message, cx: &mut Context<'_>) {
        cx.out.push(Output::Send { link: self.links[index].id, message });
    }

    pub(super) fn random_guid(&mut self) -> Guid {
        let (high, low) = (self.rng.next_u64().to_be_bytes(), self.rng.next_u64().to_be_bytes());
        Guid(std::array::from_fn(|i| if i < 8 { high[i] } else { low[i - 8] }))
    }

    /// Who it is.
    #[must_use]
    pub const fn id(&self) -> NodeId {
        self.id
    }

    /// Where it can be reached, as far as known.
    #[must_use]
    pub const fn addr(&self) -> Option<PeerAddr> {
        self.addr
    }

    /// Its topology.
    #[must_use]
    pub const fn topology(&self) -> TopologyKind {
        self.kind
    }

    /// Its role there.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Since when it plays that role, and why, for people.
    #[must_use]
    pub fn role_story(&self) -> (Time, &str) {
        (self.role_since, &self.role_why)
    }

    /// Its neighbors.
    #[must_use]
    #[inline]
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// Addresses that are being dialled.
    pub fn dialling(&self) -> impl Iterator<Item = PeerAddr> + '_ {
        self.hosts.dialling()
    }

    /// Addresses of other nodes known.
    #[must_use]
    pub fn known_hosts(&self) -> usize {
        self.hosts.len()
    }

    /// Addresses worth remembering for the next run: nodes that were neighbors.
    pub fn hosts_to_remember(&self) -> impl Iterator<Item = PeerAddr> + '_ {
        self.hosts.worth_remembering()
    }

    /// What was dropped, and why.
    #[must_use]
    #[inline]
    pub const fn counters(&self) -> Counters {
        let LinkCounts { queries_in, duplicates } = self.copies;
        Counters { queries: queries_in, duplicates, ..self.counters }
    }

    /// Whether a query is remembered.
    #[must_use]
    #[inline]
    pub fn remembers(&self, guid: &Guid) -> bool {
        self.seen.get(guid).is_some()
    }

    /// Queries remembered, so that their duplicates are known.
    #[must_use]
    pub fn queries_remembered(&self) -> usize {
        self.seen.len()
    }
}
