//! Bodies as they lie on the wire: maps with keys of one letter. Every field that may be missing has a default, and
//! fields that are not known are skipped.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::overlay::{self, Action, ByeReason, Delivery, FoundFile, Hop, Role, TopologyKind};
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
    #[serde(rename = "d", default, skip_serializing_if = "is_false")]
    pub(super) serves: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
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
    #[serde(rename = "w", default, skip_serializing_if = "is_false")]
    pub(super) walk: bool,
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
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub(super) addr: Option<PeerAddr>,
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<u8>,
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
    #[serde(rename = "l", default, skip_serializing_if = "is_zero")]
    leaves: u16,
    #[serde(rename = "x", default, skip_serializing_if = "is_zero")]
    filtered: u16,
}

fn is_zero(count: &u16) -> bool {
    *count == 0
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
            leaves: hop.leaves,
            filtered: hop.filtered,
        }
    }
}

impl HopEntry {
    /// The entry, unless it tells of an action that this version does not know.
    pub(super) fn into_hop(self) -> Option<Hop> {
        let Self { from, hop, ttl, hits, sent, leaves, filtered, .. } = self;
        let action = *ACTIONS.get(usize::from(self.action))?;
        Some(Hop { from, hop, ttl, action, hits, sent, leaves, filtered })
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

#[derive(Serialize, Deserialize)]
pub(super) struct Status {
    #[serde(rename = "t")]
    pub(super) topology: u8,
    #[serde(rename = "r")]
    pub(super) role: u8,
    #[serde(rename = "d", default)]
    pub(super) serves: bool,
    #[serde(rename = "s", default)]
    pub(super) score: u16,
    #[serde(rename = "f", default)]
    pub(super) free_slots: u16,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Reach {
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub(super) reached: Option<bool>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Proposal {
    #[serde(rename = "n")]
    pub(super) node: NodeId,
    #[serde(rename = "t")]
    pub(super) topology: u8,
    #[serde(rename = "d", default)]
    pub(super) directories: Vec<PeerAddr>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Filter {
    #[serde(rename = "l")]
    pub(super) log2_bits: u8,
    #[serde(rename = "o", default)]
    pub(super) offset: u32,
    #[serde(rename = "b", default)]
    pub(super) bytes: ByteBuf,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Hosts {
    #[serde(rename = "h")]
    pub(super) hosts: Vec<PeerAddr>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Register {
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub(super) addr: Option<PeerAddr>,
    #[serde(rename = "d")]
    pub(super) digests: Vec<u64>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Known {
    #[serde(rename = "b", default)]
    pub(super) buckets: Vec<(u8, Vec<u64>)>,
    #[serde(rename = "l", default)]
    pub(super) last: bool,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Change {
    #[serde(rename = "s")]
    pub(super) serial: u32,
    #[serde(rename = "f", default)]
    pub(super) add: Vec<File>,
    #[serde(rename = "g", default)]
    pub(super) remove: Vec<u64>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Renew {
    #[serde(rename = "d")]
    pub(super) digest: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Lease {
    #[serde(rename = "s", default)]
    serial: u32,
    #[serde(rename = "l")]
    lease_ms: u32,
    #[serde(rename = "w", default)]
    wait_ms: u32,
    #[serde(rename = "f", default)]
    files: u64,
    #[serde(rename = "d", default)]
    digest: u64,
    #[serde(rename = "x", default)]
    refused: u32,
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    reachable: Option<bool>,
}

impl From<&overlay::Lease> for Lease {
    fn from(lease: &overlay::Lease) -> Self {
        let overlay::Lease { serial, lease_ms, wait_ms, files, digest, refused, reachable } = *lease;
        Self { serial, lease_ms, wait_ms, files, digest, refused, reachable }
    }
}

impl From<Lease> for overlay::Lease {
    fn from(lease: Lease) -> Self {
        let Lease { serial, lease_ms, wait_ms, files, digest, refused, reachable } = lease;
        Self { serial, lease_ms, wait_ms, files, digest, refused, reachable }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct Lookup {
    /// A query's body, as it travels in a flood.
    #[serde(rename = "q")]
    pub(super) query: ByteBuf,
    #[serde(rename = "p", default)]
    pub(super) after: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Found {
    #[serde(rename = "n", default)]
    pub(super) nodes: Vec<FoundAt>,
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<u64>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct FoundAt {
    #[serde(rename = "n")]
    pub(super) node: NodeId,
    #[serde(rename = "m", default)]
    pub(super) name: Untrusted,
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub(super) addr: Option<PeerAddr>,
    #[serde(rename = "f")]
    pub(super) files: Vec<File>,
}

impl From<&overlay::FoundAt> for FoundAt {
    fn from(at: &overlay::FoundAt) -> Self {
        let files = at.files.iter().map(File::from).collect();
        Self { node: at.node, name: at.name.clone(), addr: at.addr, files }
    }
}

// An enum's number on the wire is its place in its table. The tables may grow at the end, nothing else.
pub(super) const TOPOLOGIES: [TopologyKind; 3] = [TopologyKind::Flood, TopologyKind::Ultrapeer, TopologyKind::Central];
pub(super) const ROLES: [Role; 5] = [Role::Peer, Role::Leaf, Role::Ultrapeer, Role::Client, Role::Directory];
const ACTIONS: [Action; 5] = [Action::Forwarded, Action::Answered, Action::Duplicate, Action::Expired, Action::Refused];
const REASONS: [ByeReason; 11] = [
    ByeReason::Other,
    ByeReason::Shutdown,
    ByeReason::Requested,
    ByeReason::Full,
    ByeReason::Already,
    ByeReason::Silent,
    ByeReason::Slow,
    ByeReason::Protocol,
    ByeReason::Myself,
    ByeReason::Topology,
    ByeReason::Role,
];

pub(super) fn known_topology(code: u8) -> Option<TopologyKind> {
    TOPOLOGIES.get(usize::from(code)).copied()
}

/// Who plays something newer takes part as a peer, as far as this version can tell.
pub(super) fn topology_of(code: u8) -> TopologyKind {
    known_topology(code).unwrap_or_default()
}

pub(super) fn known_role(code: u8) -> Option<Role> {
    ROLES.get(usize::from(code)).copied()
}

pub(super) fn role_of(code: u8) -> Role {
    known_role(code).unwrap_or_default()
}

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
