//! A node that serves a directory: the links of its clients. What they register is in `serve`, how long it is kept in
//! `lease`.
//!
//! There can be thousands of clients, so they are kept apart from the neighbors, and nothing that is done for one of
//! them looks at the others.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::lease::Member;
use super::message::CentralMessage;
use super::status::DirectoryStatus;
use crate::base::{Map, Time, seed};
use crate::overlay::io::{Config, Context, Event, LinkId, Output, Peer};
use crate::overlay::limit::Bucket;
use crate::overlay::message::{Bye, ByeReason, Message, Ping, Pong, Proposal, Role};
use crate::overlay::node::Node;
use crate::overlay::timers::Timer;
use crate::proto::limits::{MAX_REASON, MAX_REGISTERED_NODES};
use crate::proto::{NodeId, PeerAddr};

/// Work that a client may ask for, in files compared, added or removed: so many a second, and so many at once.
pub(super) const WORK: (u32, u32) = (2_000, 50_000);
/// What each message costs besides.
pub(super) const MESSAGE_WORK: u32 = 16;
/// Pings that a client may send: so many a second, and so many at once.
const PINGS: (u32, u32) = (1, 5);
/// Proposals that a client may send: one in so many seconds, and so many at once.
const PROPOSALS: (Duration, u32) = (Duration::from_secs(10), 3);
/// Messages over a limit, or out of place, that a client is forgiven: one in so much time, and so many at once.
const STRIKES: (Duration, u32) = (Duration::from_secs(60), 64);
/// Nodes that are kept with what they owe: enough for all clients, and as many that just went.
pub(super) const MAX_MEMBERS: usize = 2 * MAX_REGISTERED_NODES;
/// A link that another of the same node challenges must show life within that time.
const PROBE: Duration = Duration::from_secs(3);
/// Shown to whom comes with a key that is linked already.
const SAME_KEY: &str = "another node with this very key is registered here: give each node a data directory of its own \
                        (if it is this one, restarted, it gets in within seconds)";

/// The directory's side of all registrations.
#[derive(Debug)]
pub(in crate::overlay) struct Directory {
    pub(super) clients: Map<LinkId, Registrant>,
    /// Everyone who is linked or whose lease goes on.
    pub(super) members: Map<NodeId, Member>,
    /// When to look at each member.
    pub(super) due: BTreeSet<(Time, NodeId)>,
    /// When to look whether a client can be reached.
    pub(super) checks: BTreeSet<(Time, LinkId)>,
    /// Looks that the driver has not answered yet.
    pub(super) looking: BTreeSet<(NodeId, PeerAddr)>,
    /// Clients that are yet to be told the rest of what is known of them.
    pub(super) telling: BTreeSet<LinkId>,
    pub(super) restored: bool,
    pub(super) lookups: u64,
    pub(super) registrations: u64,
    pub(super) refused: u64,
}

/// What a node used up of what it may ask for, on all its links: who links again does not begin anew.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spent {
    pub(super) work: Bucket,
    pub(super) lookups: Bucket,
    pub(super) busy: Bucket,
    pings: Bucket,
    proposals: Bucket,
    strikes: Bucket,
}

impl Spent {
    /// When all of it is paid.
    pub(super) fn paid_at(&self) -> Time {
        let Self { work, lookups, busy, pings, proposals, strikes } = self;
        let each = [work, lookups, busy, pings, proposals, strikes].map(Bucket::full_at);
        each.into_iter().max().unwrap_or(Time::ZERO)
    }
}

/// The link of a client.
#[derive(Debug)]
pub(super) struct Registrant {
    pub(super) peer: Arc<Peer>,
    since: Time,
    pub(super) last_heard: Time,
    pub(super) probed_until: Option<Time>,
    pub(super) registered: bool,
    pub(super) serial: u32,
    pub(super) spent: Spent,
    /// Its place in [`Directory::checks`].
    pub(super) check_at: Option<Time>,
    pub(super) checking: Option<PeerAddr>,
    pub(super) reachable: Option<bool>,
    /// Looks in a row that did not find it.
    pub(super) missed: u32,
    /// Parts that it is yet to be told about, the next one last, and what is left of the one before.
    pub(super) untold: Vec<u8>,
    pub(super) untold_tags: Option<(u8, Vec<u64>)>,
}

impl Registrant {
    fn new(peer: Arc<Peer>, spent: Spent, now: Time) -> Self {
        Self {
            peer,
            since: now,
            last_heard: now,
            probed_until: None,
            registered: false,
            serial: 0,
            spent,
            check_at: None,
            checking: None,
            reachable: None,
            missed: 0,
            untold: Vec::new(),
            untold_tags: None,
        }
    }

    pub(super) const fn since(&self) -> Time {
        self.since
    }
}

/// What becomes of what a client registered once its link is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// It goes too.
    Forget,
    /// It stays for a moment: the client may be back.
    Wait,
}

impl Directory {
    fn new(seed_bits: u64) -> Self {
        let state = seed(seed_bits);
        Self {
            clients: Map::with_hasher(state.clone()),
            members: Map::with_hasher(state),
            due: BTreeSet::new(),
            checks: BTreeSet::new(),
            looking: BTreeSet::new(),
            telling: BTreeSet::new(),
            restored: false,
            lookups: 0,
            registrations: 0,
            refused: 0,
        }
    }

    pub(super) fn status(&self) -> DirectoryStatus {
        let Self { lookups, registrations, refused, .. } = *self;
        DirectoryStatus { clients: self.clients.len(), lookups, registrations, refused }
    }

    /// Nodes of which anything is kept.
    #[cfg(test)]
    pub(in crate::overlay) fn members_kept(&self) -> usize {
        self.members.len()
    }

    pub(super) fn linked(&self) -> impl Iterator<Item = (LinkId, &Peer, Time)> {
        self.clients.iter().map(|(id, client)| (*id, &*client.peer, client.since))
    }
}

impl Node {
    /// At the start of a node that serves a directory.
    pub(in crate::overlay) fn begin_directory(&mut self) {
        self.directory = Some(Box::new(Directory::new(self.rng.next_u64())));
        self.timers.at_latest(Timer::Lease, Time::ZERO);
    }

    pub(in crate::overlay) fn has_room_for_client(&self, config: &Config) -> bool {
        self.directory.as_ref().is_some_and(|directory| directory.clients.len() < config.max_clients)
    }

    /// A client's link is up. It is kept in [`Directory`], not among the neighbors.
    pub(in crate::overlay) fn client_up(&mut self, id: LinkId, peer: Arc<Peer>, cx: &mut Context<'_>) {
        self.restore_leases(cx);
        let now = self.now;
        let Some(directory) = self.directory.as_deref_mut() else { return };
        if let Some(older) = directory.members.get(&peer.id).and_then(|member| member.link) {
            // Who tries again and again does not put off the end of its older link.
            let probed_until = directory.clients.get_mut(&older).map(|client| &mut client.probed_until);
            let until = probed_until.map_or(now, |until| *until.get_or_insert(now + PROBE));
            directory.look_at(peer.id, until);
            let ping = Ping { guid: self.random_guid(), wants_hosts: false };
            send(older, Message::Ping(ping), cx);
            say_goodbye(id, ByeReason::Already, SAME_KEY, cx);
            return self.wait_for_leases();
        }
        cx.out.push(Output::Event(Event::NeighborUp { link: id, peer: Arc::clone(&peer) }));
        let spent = directory.member_linked(peer.id, id, now);
        directory.clients.insert(id, Registrant::new(peer, spent, now));
        self.wait_for_leases();
    }

    /// A link that is not among the neighbors' is gone.
    pub(in crate::overlay) fn client_down(&mut self, id: LinkId, why: &str, cx: &mut Context<'_>) {
        self.client_gone(id, why, Then::Wait, cx);
    }

    /// A message came in on a link that is not among the neighbors'.
    pub(in crate::overlay) fn on_client_message(&mut self, id: LinkId, message: Message, cx: &mut Context<'_>) {
        let now = self.now;
        let client = self.directory.as_deref_mut().and_then(|directory| directory.clients.get_mut(&id));
        let Some(client) = client else {
            self.counters.stale += 1;
            return;
        };
        client.last_heard = now;
        client.probed_until = None;
        match message {
            Message::Central(message) => self.on_central(id, *message, cx),
            Message::Ping(ping) if client.spent.pings.take(now, PINGS.0, PINGS.1) => {
                let (files, bytes) = cx.library.totals();
                send(id, Message::Pong(Pong { guid: ping.guid, files, bytes, hosts: Vec::new() }), cx);
            }
            Message::Propose(proposal) if client.spent.proposals.take_every(now, PROPOSALS.0, PROPOSALS.1) => {
                self.on_proposal(id, &proposal, cx);
            }
            Message::Ping(_) | Message::Propose(_) => self.over_limit(id, cx),
            Message::Pong(_) => {}
            Message::Status(status) if status.role == Role::Client => {}
            Message::Status(_) => {
                self.close_client(id, ByeReason::Role, "it has to link again for that", Then::Forget, cx)
            }
            Message::Bye(bye) => {
                let why = bye.text.visible(MAX_REASON);
                cx.out.push(Output::Close { link: id, why: bye.reason });
                self.client_gone(id, &why, Then::Forget, cx);
            }
            Message::Query(_)
            | Message::Hit(_)
            | Message::Report(_)
            | Message::Reach(_)
            | Message::Explain(_)
            | Message::Ultra(_) => {
                self.counters.misplaced += 1;
                self.strike(id, cx);
            }
        }
    }

    fn on_central(&mut self, id: LinkId, message: CentralMessage, cx: &mut Context<'_>) {
        match message {
            CentralMessage::Register(register) => self.on_register(id, &register, cx),
            CentralMessage::Change(change) => self.on_change(id, change, cx),
            CentralMessage::Renew(_) => self.on_renew(id, cx),
            CentralMessage::Lookup(lookup) => self.on_lookup(id, &lookup, cx),
            CentralMessage::Known(_) | CentralMessage::Lease(_) | CentralMessage::Found(_) => {
                self.out_of_place(id, "this is a directory, and its client is none", cx);
            }
        }
    }

    /// A message that the protocol has no place for here.
    pub(super) fn out_of_place(&mut self, id: LinkId, text: &str, cx: &mut Context<'_>) {
        self.counters.misplaced += 1;
        self.close_client(id, ByeReason::Protocol, text, Then::Forget, cx);
    }

    /// A message over a limit.
    pub(super) fn over_limit(&mut self, id: LinkId, cx: &mut Context<'_>) {
        self.counters.limited += 1;
        self.strike(id, cx);
    }

    fn strike(&mut self, id: LinkId, cx: &mut Context<'_>) {
        let now = self.now;
        let Some(directory) = self.directory.as_deref_mut() else { return };
        directory.refused += 1;
        let Some(client) = directory.clients.get_mut(&id) else { return };
        if !client.spent.strikes.take_every(now, STRIKES.0, STRIKES.1) {
            self.close_client(id, ByeReason::Protocol, "it sends far more than a directory takes", Then::Forget, cx);
        }
    }

    /// Says goodbye to a client and forgets its link.
    pub(super) fn close_client(&mut self, id: LinkId, reason: ByeReason, text: &str, then: Then, cx: &mut Context<'_>) {
        say_goodbye(id, reason, text, cx);
        self.client_gone(id, text, then, cx);
    }

    fn client_gone(&mut self, id: LinkId, why: &str, then: Then, cx: &mut Context<'_>) {
        let (now, lease) = (self.now, cx.config.lease);
        let Some(directory) = self.directory.as_deref_mut() else { return };
        let Some(client) = directory.clients.remove(&id) else { return };
        directory.telling.remove(&id);
        if let Some(at) = client.check_at {
            directory.checks.remove(&(at, id));
        }
        let node = client.peer.id;
        directory.member_spent(node, client.spent);
        // That may also be from before this link.
        let has_registered = cx.registry.as_deref().is_some_and(|registry| registry.get(&node).is_some());
        if then == Then::Wait && has_registered {
            directory.member_lost(node, client.last_heard + lease, now);
        } else {
            directory.member_gone(node, now);
            if let Some(registry) = cx.registry.as_deref_mut() {
                registry.forget(&node);
            }
        }
        cx.out.push(Output::Event(Event::NeighborDown { link: id, node, why: why.to_owned() }));
        self.wait_for_leases();
    }

    /// The user closes the link to a node: if it is a client, it is sent away.
    pub(in crate::overlay) fn send_client_away(&mut self, node: &NodeId, cx: &mut Context<'_>) {
        let member = self.directory.as_deref().and_then(|directory| directory.members.get(node));
        if let Some(id) = member.and_then(|member| member.link) {
            self.close_client(id, ByeReason::Requested, "the user closed the link", Then::Forget, cx);
        }
    }

    /// Passes a proposal to all clients but the one at `from`.
    pub(in crate::overlay) fn tell_clients(&mut self, from: Option<LinkId>, proposal: &Proposal, cx: &mut Context<'_>) {
        for id in self.client_links() {
            if Some(id) != from {
                send(id, Message::Propose(proposal.clone()), cx);
            }
        }
    }

    /// The node shuts down: says goodbye to all clients. What they registered stays, for the next run.
    pub(in crate::overlay) fn close_directory(&mut self, cx: &mut Context<'_>) {
        for id in self.client_links() {
            self.close_client(id, ByeReason::Shutdown, "the directory shuts down", Then::Wait, cx);
        }
    }

    /// All clients' links, in order.
    fn client_links(&self) -> Vec<LinkId> {
        let mut links: Vec<LinkId> =
            self.directory.iter().flat_map(|directory| directory.clients.keys().copied()).collect();
        links.sort_unstable();
        links
    }
}

pub(super) fn send(link: LinkId, message: Message, cx: &mut Context<'_>) {
    cx.out.push(Output::Send { link, message });
}

fn say_goodbye(link: LinkId, reason: ByeReason, text: &str, cx: &mut Context<'_>) {
    send(link, Message::Bye(Bye { reason, text: text.into(), hosts: Vec::new() }), cx);
    cx.out.push(Output::Close { link, why: reason });
}
