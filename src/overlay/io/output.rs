//! What comes out of the core: what the driver is to do, and what it is shown.

use std::sync::Arc;

use super::{Event, LinkId};
use crate::base::Time;
use crate::overlay::message::{Action, ByeReason, Message, QueryBody, QueryMessage};
use crate::proto::{Guid, NodeId, PeerAddr};

/// What the core wants done.
#[derive(Debug)]
pub enum Output {
    /// Send on a link.
    Send {
        /// On which.
        link: LinkId,
        /// What.
        message: Message,
    },
    /// Send copies of a query on, one over each link that [`crate::overlay::Node::relays_to`] names. One output however many copies
    /// that makes: most of what a node does.
    Relay(Relay),
    /// Deliver over a connection of its own; [`super::Input::DirectFailed`] if that is not possible.
    Direct {
        /// Where to.
        to: PeerAddr,
        /// A hit, a report, a question or an account.
        message: Message,
    },
    /// Open a link; [`super::Input::LinkUp`] or [`super::Input::DialFailed`] answers.
    Dial {
        /// To whom.
        addr: PeerAddr,
    },
    /// See whether a node answers at an address, over a connection that ends at once; [`super::Input::Checked`] answers.
    Check {
        /// Where.
        addr: PeerAddr,
        /// Who should answer.
        node: NodeId,
    },
    /// Send what is queued, then close.
    Close {
        /// Which.
        link: LinkId,
        /// Why, for people.
        why: ByeReason,
    },
    /// Something that faces show.
    Event(Event),
    /// Something that happened to a query of somebody else. Only with [`super::Config::trace`].
    Trace(Trace),
}

/// See [`Output::Relay`].
#[derive(Clone, Debug)]
pub struct Relay {
    /// What each copy says.
    pub query: QueryMessage,
    /// The link that the query came on, which gets none.
    pub(in crate::overlay) from: LinkId,
    /// When it came: links that are younger get none.
    pub(in crate::overlay) arrived: Time,
}

/// Something that happened to a query of somebody else, for those who watch.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The query.
    pub guid: Guid,
    /// The link that this copy came on.
    pub link: LinkId,
    /// Hops travelled on arrival.
    pub hop: u8,
    /// TTL that remained on arrival.
    pub ttl: u8,
    /// What was done with it.
    pub action: Action,
    /// Files that it was answered with.
    pub hits: u16,
    /// Copies sent on.
    pub sent: u16,
    /// The query itself, with the first copy only.
    pub body: Option<Arc<QueryBody>>,
}
