//! What nodes say to each other. `wire` turns it into bytes; nothing here knows how.

mod answer;
mod link;
mod query;
mod role;

pub use answer::{Action, FoundFile, HitBody, HitMessage, Hop, ReportBody, ReportMessage};
pub use link::{Bye, ByeReason, Hello, Ping, Pong, Proposal, Reach, Status};
pub use query::{Delivery, QueryBody, QueryMessage, Sealed};
pub use role::{Role, TopologyKind};

use super::explain::ExplainMessage;
use super::topology::central::CentralMessage;
use super::topology::ultra::UltraMessage;

/// A message on a link, or delivered direct.
#[derive(Clone, Debug)]
pub enum Message {
    /// "Who are you, and whom do you know?" With TTL 1 the answer is the node itself: the sign of life.
    Ping(Ping),
    /// The answer to a ping.
    Pong(Pong),
    /// A search on its way.
    Query(QueryMessage),
    /// "I have that."
    Hit(HitMessage),
    /// What a node did with a traced query.
    Report(ReportMessage),
    /// The last message before a link closes, and why.
    Bye(Bye),
    /// What the sender is now: its topology and role changed, or what it has room for.
    Status(Status),
    /// "Can you reach me?", and the answer.
    Reach(Reach),
    /// "Let us all change."
    Propose(Proposal),
    /// "Why did I not find that at you?", and the answer.
    Explain(Box<ExplainMessage>),
    /// Between ultra-peers and their leaves.
    Ultra(UltraMessage),
    /// Between a directory and those who register with it.
    Central(Box<CentralMessage>),
}

/// What a message is sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A search: queries and hits, look-ups and their answers.
    Search,
    /// Tracing: reports.
    Report,
    /// Everything else: what keeps links, roles and registrations going.
    Upkeep,
}

impl Message {
    /// What it is for.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        match self {
            Self::Query(_) | Self::Hit(_) => Purpose::Search,
            Self::Report(_) => Purpose::Report,
            Self::Central(message) => match **message {
                CentralMessage::Lookup(_) | CentralMessage::Found(_) => Purpose::Search,
                _ => Purpose::Upkeep,
            },
            _ => Purpose::Upkeep,
        }
    }
}
