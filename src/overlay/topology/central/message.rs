//! What a directory and those who register with it say to each other.
//!
//! A client compares its library with what the directory has of it, part by part, and sends only what differs: after a
//! restart of either as much as after one more file. Files are told apart by [`file_tag`].

use std::sync::Arc;

use crate::overlay::message::{FoundFile, QueryBody};
use crate::proto::{FileId, Guid, NodeId, PeerAddr, Untrusted};

/// A message between a directory and a client.
#[derive(Clone, Debug)]
pub enum CentralMessage {
    /// "This is what I have, in short: what do you have of me?"
    Register(Register),
    /// The directory's answer: the parts that differ.
    Known(Known),
    /// Files that are new or gone.
    Change(Change),
    /// A sign of life that keeps the lease.
    Renew(Renew),
    /// The directory's answer to a change or a renewal.
    Lease(Lease),
    /// A search.
    Lookup(Lookup),
    /// One page of the answer.
    Found(Found),
}

/// See [`CentralMessage::Register`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Register {
    /// Where the client can be reached for transfers.
    pub addr: Option<PeerAddr>,
    /// The exclusive-or of the tags in each of [`crate::proto::limits::REGISTER_BUCKETS`] parts; a file's part is the
    /// first byte of its tag.
    pub digests: Vec<u64>,
}

/// See [`CentralMessage::Known`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Parts that differ, each with the tags that the directory has in it. A part may go on in the next message.
    pub buckets: Vec<(u8, Vec<u64>)>,
    /// Whether that was the last message of the answer.
    pub last: bool,
}

/// See [`CentralMessage::Change`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Numbers the changes of a link, from 1.
    pub serial: u32,
    /// Files that are new; at most [`crate::proto::limits::MAX_FILES_A_CHANGE`].
    pub add: Vec<FoundFile>,
    /// Tags of those that are gone; at most [`crate::proto::limits::MAX_TAGS_A_MESSAGE`].
    pub remove: Vec<u64>,
}

/// See [`CentralMessage::Renew`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renew {
    /// The exclusive-or of the tags of all files that the client registered.
    pub digest: u64,
}

/// See [`CentralMessage::Lease`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lease {
    /// The change that this answers; 0 for a renewal.
    pub serial: u32,
    /// How long the directory keeps the files without another sign of life, in milliseconds.
    pub lease_ms: u32,
    /// How long the client is asked to wait before its next change, in milliseconds.
    pub wait_ms: u32,
    /// Files of the client that the directory has.
    pub files: u64,
    /// The exclusive-or of their tags.
    pub digest: u64,
    /// Files of this change that it did not take.
    pub refused: u32,
    /// Whether the client was reached at its address; `None` while that is being tried.
    pub reachable: Option<bool>,
}

/// See [`CentralMessage::Lookup`].
#[derive(Clone, Debug)]
pub struct Lookup {
    /// Names the search.
    pub guid: Guid,
    /// What is searched for.
    pub body: Arc<QueryBody>,
    /// Where the page before this one ended; 0 for the first.
    pub after: u64,
}

/// See [`CentralMessage::Found`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The search.
    pub guid: Guid,
    /// Who has matches; at most [`crate::proto::limits::MAX_NODES_A_PAGE`], with at most
    /// [`crate::proto::limits::MAX_HITS_A_MESSAGE`] files together.
    pub nodes: Vec<FoundAt>,
    /// Where to go on; `None` if that was the last page.
    pub next: Option<u64>,
}

/// One node in a directory's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundAt {
    /// Who has the files.
    pub node: NodeId,
    /// What it calls itself.
    pub name: Untrusted,
    /// Where it can be reached; `None` if the directory could not.
    pub addr: Option<PeerAddr>,
    /// The files.
    pub files: Vec<FoundFile>,
}

/// Tells the files of one node apart. Not secure against collisions, which harm only who makes them; the same on every
/// machine and in every version.
#[must_use]
pub fn file_tag(name: &str, size: u64, id: &FileId) -> u64 {
    const PRIME: u64 = 0x0000_0100_0000_01B3;
    let hash = name
        .bytes()
        .chain(size.to_be_bytes())
        .chain(id.0)
        .fold(0xCBF2_9CE4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
    // FNV-1a alone is weak in its first bits, and those say which part a file is in.
    let mixed = (hash ^ hash >> 32).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ mixed >> 29
}
