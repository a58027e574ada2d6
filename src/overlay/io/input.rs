//! What goes into the core: what links bring, what the driver finds out, and what the user wants.

use std::sync::Arc;
use std::time::Duration;

use super::{LinkId, Peer};
use crate::overlay::explain::{Ask, Undelivered};
use crate::overlay::message::{Message, QueryBody, TopologyKind};
use crate::overlay::strategy::Strategy;
use crate::proto::{Guid, NodeId, PeerAddr, Ttl};

/// What a driver tells the core. After each one the driver drains the outbox before it calls again.
#[derive(Debug)]
pub enum Input {
    /// A link came up: keys proven, hellos exchanged.
    LinkUp {
        /// Its name from now on.
        link: LinkId,
        /// Who is at the other end; shared, because a simulation tells all neighbors of a node about it.
        peer: Arc<Peer>,
    },
    /// A link is gone. The driver says so once for each `LinkUp`, also after [`super::Output::Close`].
    LinkDown {
        /// Which.
        link: LinkId,
        /// Why, for people.
        why: String,
    },
    /// A message came in on a link.
    Message {
        /// On which.
        link: LinkId,
        /// The message, its sizes checked.
        message: Message,
    },
    /// A hit, a report, a question or an account came in over a connection of its own.
    Direct {
        /// Who brought it, as its key says.
        from: NodeId,
        /// The message, its sizes checked.
        message: Message,
    },
    /// An [`super::Output::Direct`] could not be delivered.
    DirectFailed {
        /// What was to be delivered.
        message: Message,
        /// Why it was not.
        why: Undelivered,
    },
    /// An [`super::Output::Dial`] led to no link.
    DialFailed {
        /// The address that was dialled.
        addr: PeerAddr,
    },
    /// Addresses of other nodes became known.
    Hosts {
        /// The addresses.
        addrs: Vec<PeerAddr>,
        /// Where from.
        source: HostSource,
    },
    /// The node's own address became known or changed.
    OwnAddr(PeerAddr),
    /// Directories that the user named.
    Directories(Vec<PeerAddr>),
    /// An [`super::Output::Check`] is done.
    Checked {
        /// The address.
        addr: PeerAddr,
        /// Whether that node answered there.
        reached: bool,
        /// Which node was looked for.
        node: NodeId,
    },
    /// What the node shares is not what it was.
    LibraryChanged,
    /// What the driver knows of the machine's past: how fit the node is to be an ultra-peer.
    Standing(Standing),
    /// The user or a program wants something.
    Command(Command),
    /// The time of [`crate::overlay::Node::next_wake`] has come. Early and late ones do no harm.
    Wake,
}

/// See [`Input::Standing`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Upload bandwidth as measured, in kbit/s; `None` before anything was measured.
    pub capacity_kbps: Option<u32>,
    /// Share of the past days that the node was up, in thousandths; `None` on its first day.
    pub availability: Option<u16>,
}

/// Where an address was learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostSource {
    /// Named by the user: `--peer`, the configuration, the `a` key. Kept for ever, dialled first.
    Configured,
    /// Remembered from an earlier run.
    Remembered,
    /// Found on the local network.
    Discovered,
    /// Told by another node.
    Told,
}

/// What the user or a program wants.
#[derive(Debug)]
pub enum Command {
    /// Start a search. Its GUID is fresh; [`super::Event::Done`] ends it.
    Search(SearchSpec),
    /// End a search before its time.
    Cancel(Guid),
    /// Ask a node why a search did not find anything there; [`super::Event::Explained`] answers.
    Ask(Ask),
    /// Close the link to a node.
    Disconnect(NodeId),
    /// Change the topology of this node.
    Change(TopologyKind),
    /// Change it, and propose the same to all others.
    Propose(TopologyKind),
    /// Say goodbye on every link and do nothing more.
    Leave,
}

/// One search.
#[derive(Clone, Debug)]
pub struct SearchSpec {
    /// Its name, random.
    pub guid: Guid,
    /// The body that travels, sealed by the driver so that its size is known.
    pub body: Arc<QueryBody>,
    /// How far it goes: in hops, or in steps of each walker.
    pub ttl: Ttl,
    /// How it spreads. The body of a walk says so as well: see [`QueryBody::for_walkers`].
    pub strategy: Strategy,
    /// When it ends at the latest.
    pub timeout: Duration,
    /// It ends when that many hits came; a ring when that many came by the end of a round.
    pub enough: usize,
}
