//! What is asked, what is told, and what came of it.

use std::time::Duration;

use crate::overlay::message::{Role, TopologyKind};
use crate::proto::{Guid, NodeId, PeerAddr, Untrusted};

/// "Why did I not find that at you?", and the answer. Neither is ever passed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExplainMessage {
    /// Asks.
    Question(Question),
    /// Answers.
    Account(Account),
}

/// See [`ExplainMessage::Question`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Names the question. Fresh and random: only who was asked knows it.
    pub guid: Guid,
    /// Where the asker can be reached with the account, should the question not come over a link.
    pub reply_to: Option<PeerAddr>,
    /// The query that found nothing there.
    pub query: Guid,
    /// The search as it was typed; at most [`crate::proto::limits::MAX_QUERY_TEXT`] bytes.
    pub text: Box<str>,
    /// A node that the asker looks for, by its name or the beginning of its id; at most
    /// [`crate::proto::limits::MAX_NODE_NAME`] bytes, and empty if it looks for none. An ultra-peer knows leaves that no
    /// search gets to hear of.
    pub whois: Box<str>,
}

/// See [`ExplainMessage::Account`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The question that this answers.
    pub guid: Guid,
    /// Who answers.
    pub node: NodeId,
    /// What it tells, or why it does not.
    pub told: Result<Told, Unwilling>,
}

/// Why a node gives no account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unwilling {
    /// The asker is not on this machine or a private network, and the node tells nobody else.
    Outsider,
    /// It was asked too often lately.
    TooMany,
    /// It cannot read the search.
    NotUnderstood,
}

/// What a node tells of itself and of one search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// What it calls itself.
    pub name: Untrusted,
    /// Its topology.
    pub topology: TopologyKind,
    /// Its role there.
    pub role: Role,
    /// Links that it has.
    pub neighbors: u16,
    /// For how long it has been running, in milliseconds.
    pub up_ms: u64,
    /// Files that it shares.
    pub files: u64,
    /// Of those, files that match; counted up to [`crate::proto::limits::MAX_HITS_A_NODE`].
    pub matches: u16,
    /// If none does: files that have the words, and that the search leaves out for something else (an extension, a size,
    /// a word that is not wanted); counted likewise.
    pub near: u16,
    /// What matches and is not shared, or not yet.
    pub missing: Missing,
    /// What it remembers of the query; `None`: no copy reached it, as far as it remembers.
    pub passed: Option<PassedBy>,
    /// As a leaf with a keyword filter: whether that lets the query through.
    pub let_through: Option<bool>,
    /// The neighbor that was asked for.
    pub knows: Option<Acquaintance>,
    /// Pings, hits and reports that it did not send or pass on since it started, because there were too many.
    pub limited: u64,
    /// Queries that it did not pass on since it started, because its slow motion had no room to hold them.
    pub not_held: u64,
}

/// A neighbor of the node that answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acquaintance {
    /// Who.
    pub node: NodeId,
    /// What it calls itself.
    pub name: Untrusted,
    /// Where it can be reached.
    pub addr: Option<PeerAddr>,
}

/// Files that match a search and are not shared, or not yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// Files that wait to be hashed and indexed.
    pub waiting: u32,
    /// Files that wait too, and whose names were not looked at because they are so many.
    pub unlooked: u32,
    /// Whether shared folders are being gone through, so that there may be more.
    pub scanning: bool,
    /// Entries of shared folders that are left out.
    pub excluded: u32,
    /// Why the first of those is left out; at most [`crate::proto::limits::MAX_REASON`] bytes.
    pub why: Untrusted,
}

/// How a query passed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PassedBy {
    /// Hops that its first copy had travelled.
    pub hop: u8,
    /// The highest TTL that was left of any copy.
    pub ttl: u8,
    /// Files that it was answered with.
    pub hits: u8,
    /// Whether a report on it was sent.
    pub reported: bool,
}

/// Whom to ask about which search.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Names the question; fresh and random.
    pub guid: Guid,
    /// Who is asked; `None` for whoever answers at the address.
    pub node: Option<NodeId>,
    /// Where to ask, if there is no link.
    pub addr: Option<PeerAddr>,
    /// The query that found nothing there.
    pub query: Guid,
    /// The search as it was typed.
    pub text: Box<str>,
    /// See [`Question::whois`].
    pub whois: Box<str>,
    /// How long to wait for the account.
    pub timeout: Duration,
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Explained {
    /// An account.
    Account(Account),
    /// Nobody answers at that address; with the reason, for people.
    Unreachable(String),
    /// Whoever is at that address did not take the question; with the reason, for people.
    TurnedAway(String),
    /// The question went out, and no account came in time.
    Silent,
    /// The question could not be asked; with the reason, for people.
    NotAsked(&'static str),
}

/// Why a message was not delivered over a connection of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undelivered {
    /// This node has too many such connections, or too much waits for this one.
    NoRoom,
    /// Nobody answers at the address; with the reason, for people.
    Unreachable(String),
    /// Somebody is there and did not take it; with the reason, for people.
    TurnedAway(String),
}
