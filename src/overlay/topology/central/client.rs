//! A node that registers with a directory: which one it turns to, and where it stands.
//!
//! One directory at a time. When it is lost, or refuses, the next of the list is dialled at once; when none of them is
//! left, the node says so and tries again, after waits that grow.

use std::time::Duration;

use super::directories::Directories;
use super::lookup::Answer;
use super::message::CentralMessage;
use super::session::Session;
use crate::base::Time;
use crate::overlay::io::{Config, Context, DirectoryState, DoneWhy, Event, Output, Peer};
use crate::overlay::limit::Bucket;
use crate::overlay::link::Link;
use crate::overlay::message::{ByeReason, Message, Role, TopologyKind};
use crate::overlay::node::Node;
use crate::overlay::timers::Timer;
use crate::overlay::topology::Class;
use crate::proto::PeerAddr;

/// Shown when no directory is known.
const NO_DIRECTORY: &str = "no directory is known: name one (--directory ADDRESS), or serve one (--serve-directory)";

/// Events about a registration whose state stays what it is: one in so much time, and so many at once. A directory that
/// says something else each time is no news.
const NEWS: (Duration, u32) = (Duration::from_secs(10), 5);

/// What a node keeps of directories, in any topology: those that it heard of are worth knowing later.
#[derive(Debug, Default)]
pub(in crate::overlay) struct Client {
    pub(super) directories: Directories,
    pub(super) dialling: Option<PeerAddr>,
    pub(super) session: Option<Session>,
    pub(super) stand: Stand,
    /// Why the last attempt came to nothing.
    trouble: String,
    /// Events about a registration whose state stays what it is.
    news: Bucket,
}

/// Where a node stands with its directory, as faces show it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stand {
    pub(super) state: DirectoryState,
    pub(super) addr: Option<PeerAddr>,
    pub(super) why: String,
    pub(super) since: Time,
}

impl Node {
    /// The role at the start of a node in this topology.
    pub(in crate::overlay) fn begin_central(&mut self, config: &Config) -> Role {
        if !config.serve_directory {
            self.role_why = "it registers with a directory, which answers its searches".into();
            return Role::Client;
        }
        self.role_why = "it serves a directory, and asks that".into();
        let (state, addr, why) = self.own_stand();
        self.client_mut().stand = Stand { state, addr, why, since: Time::ZERO };
        Role::Directory
    }

    /// The node changes to this topology.
    pub(in crate::overlay) fn enter_central(&mut self, why: &str, cx: &mut Context<'_>) {
        if cx.config.serve_directory {
            self.become_role(Role::Directory, why, cx);
            let (state, addr, why) = self.own_stand();
            self.stand_with_directory(state, addr, why, cx);
        } else {
            self.become_role(Role::Client, why, cx);
        }
    }

    fn own_stand(&self) -> (DirectoryState, Option<PeerAddr>, String) {
        (DirectoryState::Own, self.addr, "this node serves a directory, and asks that".to_owned())
    }

    /// The node changes to another topology: says goodbye to the directory and forgets the registration.
    pub(in crate::overlay) fn leave_central(&mut self, cx: &mut Context<'_>) {
        self.end_searches_where(DoneWhy::Cut, cx, |search| search.is_lookup());
        if let Some(index) = self.directory_index() {
            self.close(index, ByeReason::Topology, "the node leaves the central topology", cx);
        }
        if let Some(client) = &mut self.client {
            client.dialling = None;
            client.session = None;
            client.stand = Stand { since: self.now, ..Stand::default() };
        }
        self.timers.clear(Timer::Register);
    }

    /// Dials a directory, unless one is linked or being dialled.
    pub(in crate::overlay) fn join_directory(&mut self, cx: &mut Context<'_>) {
        let now = self.now;
        let Some(client) = self.client.as_mut().filter(|client| client.directories.len() > 0) else {
            return self.stand_with_directory(DirectoryState::None, None, NO_DIRECTORY.to_owned(), cx);
        };
        if client.session.is_some() || client.dialling.is_some() {
            return;
        }
        let Some((addr, failed_before)) = client.directories.pick(now, &mut self.rng) else {
            let next = client.directories.next_try();
            let why = unreachable(client.directories.len(), &client.trouble);
            self.timers.at_latest(Timer::Join, next);
            return self.stand_with_directory(DirectoryState::Unreachable, None, why, cx);
        };
        client.dialling = Some(addr);
        cx.out.push(Output::Dial { addr });
        // Trying again what failed before is no news.
        if !failed_before || client.stand.state != DirectoryState::Unreachable {
            let why = match client.trouble.as_str() {
                "" => "it is being dialled".to_owned(),
                trouble => format!("it is being dialled; the one before: {trouble}"),
            };
            self.stand_with_directory(DirectoryState::Connecting, Some(addr), why, cx);
        }
    }

    /// Some address could not be dialled: a directory's, or another node's.
    pub(in crate::overlay) fn directory_unreachable(&mut self, addr: PeerAddr) {
        let Some(client) = self.client.as_mut().filter(|client| client.dialling == Some(addr)) else { return };
        client.dialling = None;
        client.trouble = format!("{addr} could not be reached");
        client.directories.failed(addr, self.now, &mut self.rng);
    }

    /// A link came up that has no use here: if it was to be the one to a directory, the next is dialled.
    pub(in crate::overlay) fn directory_refused(&mut self, peer: &Peer, why: &str) {
        let own = self.id == peer.id;
        let Some(client) = &mut self.client else { return };
        let Some(addr) = client.dialling.filter(|addr| peer.dialled == Some(*addr)) else { return };
        client.dialling = None;
        if own {
            return client.directories.forget(addr);
        }
        client.trouble =
            if peer.serves { format!("{addr}: {why}") } else { format!("the node at {addr} serves no directory") };
        client.directories.failed(addr, self.now, &mut self.rng);
    }

    /// Whether a peer is a directory that this node turned to: one that it dialled at an address of its list. Anybody
    /// else could make itself the one that answers all searches of this node, by dialling it.
    pub(in crate::overlay) fn is_chosen_directory(&self, peer: &Peer) -> bool {
        let Some((addr, client)) = peer.dialled.zip(self.client.as_ref()) else { return false };
        // The one that it is registered with may have given way to others in the list.
        let is_current = client.session.as_ref().is_some_and(|session| session.addr == Some(addr));
        peer.serves && (is_current || client.directories.knows(addr))
    }

    /// A peer came up or told its status: one that serves a directory is worth knowing, if this node dialled it.
    pub(in crate::overlay) fn learn_directory(&mut self, peer: &Peer, config: &Config) {
        let Some(addr) = peer.dialled.filter(|_| peer.serves && !config.only_peers) else { return };
        if peer.id != self.id {
            self.client_mut().directories.learn(addr, false);
        }
    }

    /// A proposal that this node follows named directories.
    pub(in crate::overlay) fn learn_directories(&mut self, addrs: &[PeerAddr]) {
        let own = self.addr;
        for addr in addrs.iter().filter(|addr| Some(**addr) != own) {
            self.client_mut().directories.learn(*addr, false);
        }
    }

    /// The user named directories.
    pub(in crate::overlay) fn on_directories(&mut self, addrs: &[PeerAddr]) {
        for addr in addrs {
            self.client_mut().directories.learn(*addr, true);
        }
        self.timers.at_latest(Timer::Join, self.now);
    }

    /// The addresses of directories, that of the one that this node is registered with first.
    pub(in crate::overlay) fn directories_known(&self) -> impl Iterator<Item = PeerAddr> + '_ {
        let client = self.client.iter();
        client.flat_map(|client| {
            let current = client.session.as_ref().and_then(|session| session.addr);
            current.into_iter().chain(client.directories.addrs().filter(move |addr| Some(*addr) != current))
        })
    }

    /// The link to the directory is up: register.
    pub(in crate::overlay) fn directory_up(&mut self, index: usize, cx: &mut Context<'_>) {
        let link = &self.links[index];
        let (id, addr, now) = (link.id, link.peer.dialled, self.now);
        let client = self.client_mut();
        if addr.is_some() && client.dialling == addr {
            client.dialling = None;
        }
        client.session = Some(Session::new(id, addr, now));
        self.register(index, cx);
    }

    /// The link to the directory is gone.
    pub(in crate::overlay) fn directory_gone(&mut self, link: &Link, why: &str, cx: &mut Context<'_>) {
        let ours = |client: &&mut Box<Client>| client.session.as_ref().is_some_and(|session| session.link == link.id);
        let Some(client) = self.client.as_mut().filter(ours) else { return };
        client.trouble = match client.session.take().and_then(|session| session.addr) {
            Some(addr) => {
                client.directories.failed(addr, self.now, &mut self.rng);
                format!("{addr}: {why}")
            }
            None => why.to_owned(),
        };
        self.timers.clear(Timer::Register);
        self.timers.at_latest(Timer::Join, self.now);
        if !self.leaving {
            self.end_searches_where(DoneWhy::NoDirectory, cx, |search| search.is_lookup());
        }
    }

    /// A central message came in on a link of `self.links`: from the directory, or out of place.
    pub(in crate::overlay) fn on_directory_message(
        &mut self,
        index: usize,
        message: CentralMessage,
        cx: &mut Context<'_>,
    ) {
        if self.directory_index() != Some(index) {
            self.counters.misplaced += 1;
            return self.break_off(index, "this link is none between a directory and its client", cx);
        }
        match message {
            CentralMessage::Known(known) => self.on_known(index, &known, cx),
            CentralMessage::Lease(lease) => self.on_lease(index, &lease, cx),
            CentralMessage::Found(found) => self.on_found(index, found, cx),
            CentralMessage::Register(_)
            | CentralMessage::Change(_)
            | CentralMessage::Renew(_)
            | CentralMessage::Lookup(_) => {
                self.counters.misplaced += 1;
                self.leave_directory(index, "it takes this node for a directory", cx);
            }
        }
    }

    /// Gives up a directory that breaks the protocol: it is the last to be tried again.
    pub(super) fn leave_directory(&mut self, index: usize, why: &'static str, cx: &mut Context<'_>) {
        if let Some(client) = &mut self.client
            && let Some(addr) = client.session.as_ref().and_then(|session| session.addr)
        {
            client.directories.lied(addr);
        }
        self.break_off(index, why, cx);
    }

    /// The link to the directory, if it is up.
    pub(super) fn directory_index(&self) -> Option<usize> {
        let link = self.client.as_ref()?.session.as_ref()?.link;
        self.link_index(link).filter(|index| self.links[*index].class == Class::Directory)
    }

    pub(super) fn client_mut(&mut self) -> &mut Client {
        self.client.get_or_insert_default()
    }

    /// Notes where the node stands with its directory, and tells if that is news.
    pub(super) fn stand_with_directory(
        &mut self,
        state: DirectoryState,
        addr: Option<PeerAddr>,
        why: String,
        cx: &mut Context<'_>,
    ) {
        if self.kind != TopologyKind::Central {
            return;
        }
        let now = self.now;
        let Client { stand, news, .. } = self.client_mut();
        if (stand.state, stand.addr, &stand.why) == (state, addr, &why) {
            return;
        }
        let stays = (stand.state, stand.addr) == (state, addr);
        let since = if stays { stand.since } else { now };
        *stand = Stand { state, addr, why: why.clone(), since };
        if !stays || news.take_every(now, NEWS.0, NEWS.1) {
            cx.out.push(Output::Event(Event::Directory { state, addr, why }));
        }
    }

    /// Sends a message to the directory.
    pub(super) fn tell_directory(&mut self, index: usize, message: CentralMessage, cx: &mut Context<'_>) {
        self.send(index, Message::Central(Box::new(message)), cx);
    }

    /// Whom a look-up can be put to.
    pub(super) fn who_answers(&self) -> Answer {
        match self.role {
            Role::Directory => Answer::Own,
            _ => self.directory_index().map_or(Answer::Nobody, Answer::Directory),
        }
    }
}

/// For people: nobody answers, and what to do.
fn unreachable(known: usize, trouble: &str) -> String {
    let who = if known == 1 {
        "the directory does not answer".to_owned()
    } else {
        format!("none of {known} directories answers")
    };
    format!("{who} ({trouble}): trying again; see that it runs, or name another (--directory ADDRESS)")
}
