//! Bodies as they lie on the wire: maps with keys of one letter. Every field that may be missing has a default, and
//! fields that are not known are skipped.

use serde::{Deserialize, Serialize};

use crate::overlay::{Action, ByeReason, Delivery, FoundFile, Hop, Role, TopologyKind};
use crate::proto::{FileId, NodeId, PeerAddr, Untrusted};

#[derive(Serialize, Deserialize)]
pub(super) struct Hello {
    #[serde(rename = "v")]
    pub(super) version: u16,
    #[serde(rename = "m")]
    pub(super) oldest: u16,
    #[serde(rename = "n", default)]
    pub(super) name: Untrusted,
    #[serde(rename = "a", default)]
    pub(super) agent: Untrusted,
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub(super) listen: Option<PeerAddr>,
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub(super) observed: Option<PeerAddr>,
    #[serde(rename = "t")]
    pub(super) topology: u8,
    #[serde(rename = "r")]
    pub(super) role: u8,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Ping {
    #[serde(rename = "w", default)]
    pub(super) wants_hosts: bool,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Pong {
    #[serde(rename = "f", default)]
    pub(super) files: u64,
    #[serde(rename = "b", default)]
    pub(super) bytes: u64,
    #[serde(rename = "h", default)]
    pub(super) hosts: Vec<PeerAddr>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Query<'a> {
    #[serde(rename = "t", borrow)]
    pub(super) text: &'a str,
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub(super) origin: Option<PeerAddr>,
    #[serde(rename = "r", default)]
    pub(super) reverse: bool,
    #[serde(rename = "x", default)]
    pub(super) traced: bool,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Hit {
    #[serde(rename = "n")]
    pub(super) node: NodeId,
    #[serde(rename = "m", default)]
    pub(super) name: Untrusted,
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub(super) addr: Option<PeerAddr>,
    #[serde(rename = "h")]
    pub(super) hops: u8,
    #[serde(rename = "f")]
    pub(super) files: Vec<File>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct File {
    #[serde(rename = "n")]
    name: Untrusted,
    #[serde(rename = "s")]
    size: u64,
    #[serde(rename = "h")]
    id: FileId,
}

impl From<&FoundFile> for File {
    fn from(file: &FoundFile) -> Self {
        Self { name: file.name.clone(), size: file.size, id: file.id }
    }
}

impl From<File> for FoundFile {
    fn from(file: File) -> Self {
        Self { name: file.name, size: file.size, id: file.id }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct Report {
    #[serde(rename = "n")]
    pub(super) node: NodeId,
    #[serde(rename = "m", default)]
    pub(super) name: Untrusted,
    #[serde(rename = "r")]
    pub(super) hops: Vec<HopEntry>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct HopEntry {
    #[serde(rename = "f")]
    from: NodeId,
    #[serde(rename = "h")]
    hop: u8,
    #[serde(rename = "t")]
    ttl: u8,
    #[serde(rename = "a")]
    action: u8,
    #[serde(rename = "m", default)]
    hits: u16,
    #[serde(rename = "s", default)]
    sent: u16,
}

impl From<&Hop> for HopEntry {
    fn from(hop: &Hop) -> Self {
        Self {
            from: hop.from,
            hop: hop.hop,
            ttl: hop.ttl,
            action: code_of(&ACTIONS, hop.action),
            hits: hop.hits,
            sent: hop.sent,
        }
    }
}

impl HopEntry {
    /// The entry, unless it tells of an action that this version does not know.
    pub(super) fn into_hop(self) -> Option<Hop> {
        let action = *ACTIONS.get(usize::from(self.action))?;
        Some(Hop { from: self.from, hop: self.hop, ttl: self.ttl, action, hits: self.hits, sent: self.sent })
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct Bye {
    #[serde(rename = "c")]
    pub(super) reason: u8,
    #[serde(rename = "t", default)]
    pub(super) text: Untrusted,
    #[serde(rename = "h", default)]
    pub(super) hosts: Vec<PeerAddr>,
}

// An enum's number on the wire is its place in its table. The tables may grow at the end, nothing else.
pub(super) const TOPOLOGIES: [TopologyKind; 1] = [TopologyKind::Flood];
pub(super) const ROLES: [Role; 1] = [Role::Peer];
const ACTIONS: [Action; 5] = [Action::Forwarded, Action::Answered, Action::Duplicate, Action::Expired, Action::Refused];
const REASONS: [ByeReason; 9] = [
    ByeReason::Other,
    ByeReason::Shutdown,
    ByeReason::Requested,
    ByeReason::Full,
    ByeReason::Already,
    ByeReason::Silent,
    ByeReason::Slow,
    ByeReason::Protocol,
    ByeReason::Myself,
];

/// A value's place in its table.
pub(super) fn code_of<T: PartialEq>(table: &[T], value: T) -> u8 {
    table.iter().position(|entry| *entry == value).unwrap_or_default() as u8
}

pub(super) fn reason_code(reason: ByeReason) -> u8 {
    code_of(&REASONS, reason)
}

/// A reason of a newer version is still a goodbye.
pub(super) fn reason_of(code: u8) -> ByeReason {
    REASONS.get(usize::from(code)).copied().unwrap_or(ByeReason::Other)
}

pub(super) fn delivery_of(reverse: bool) -> Delivery {
    if reverse { Delivery::Reverse } else { Delivery::Direct }
}
