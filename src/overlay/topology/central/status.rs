//! What faces show of a directory and of those who register with it.

use super::directory::Directory;
use crate::base::Time;
use crate::overlay::io::{DirectoryState, LinkId, Peer};
use crate::overlay::message::TopologyKind;
use crate::overlay::node::Node;
use crate::proto::PeerAddr;

/// Where a node stands with its directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientStatus {
    /// The state.
    pub state: DirectoryState,
    /// The directory that it is about.
    pub directory: Option<PeerAddr>,
    /// Since when.
    pub since: Time,
    /// Why, and what to do about it; for people.
    pub why: String,
    /// Until when the directory keeps this node's files without another sign of life.
    pub lease_until: Option<Time>,
    /// Files of this node that the directory has, as it says.
    pub files_registered: u64,
    /// Whether the directory reached this node at its address; `None` while that is not known.
    pub reachable: Option<bool>,
    /// When the next directory is tried, if none is linked or being dialled.
    pub next_try: Option<Time>,
    /// The directories that it knows.
    pub directories: Vec<PeerAddr>,
}

/// What a directory did so far. How much it holds, its registry says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DirectoryStatus {
    /// Nodes that are linked to it.
    pub clients: usize,
    /// Pages that it was asked for.
    pub lookups: u64,
    /// Registrations, each node's anew after each link.
    pub registrations: u64,
    /// Messages and files that it did not take: over a limit, or no room.
    pub refused: u64,
}

impl Node {
    /// Where it stands with its directory; `None` outside of the central topology.
    #[must_use]
    pub fn client_status(&self) -> Option<ClientStatus> {
        let client = self.client.as_ref().filter(|_| self.kind == TopologyKind::Central)?;
        let session = client.session.as_ref();
        let waits = client.stand.state == DirectoryState::Unreachable && client.dialling.is_none();
        Some(ClientStatus {
            state: client.stand.state,
            // This node's own address may have become known since.
            directory: if client.stand.state == DirectoryState::Own { self.addr } else { client.stand.addr },
            since: client.stand.since,
            why: client.stand.why.clone(),
            lease_until: session.and_then(|session| session.leased_until()),
            files_registered: session.map_or(0, |session| session.files),
            reachable: session.and_then(|session| session.reachable),
            next_try: waits.then(|| client.directories.next_try()),
            directories: self.directories_known().collect(),
        })
    }

    /// What its directory did; `None` if it serves none.
    #[must_use]
    pub fn directory_status(&self) -> Option<DirectoryStatus> {
        self.directory.as_deref().map(Directory::status)
    }

    /// Those who are linked to its directory, and since when; in no order.
    pub fn clients(&self) -> impl Iterator<Item = (LinkId, &Peer, Time)> {
        self.directory.iter().flat_map(|directory| directory.linked())
    }
}
