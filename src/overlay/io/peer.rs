//! A link, and who is at the other end of it.

use crate::overlay::message::{Role, Status, TopologyKind};
use crate::proto::{NodeId, PeerAddr, Untrusted};

/// A link, named by the driver with any number but the highest. Never used again for another link of the same node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u32);

impl LinkId {
    /// What no link is called: where something comes from that came over none.
    pub(in crate::overlay) const NOBODYS: Self = Self(u32::MAX);
}

/// Who is at the other end of a link.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Who it is, as its key says.
    pub id: NodeId,
    /// What it calls itself.
    pub name: Untrusted,
    /// Where it listens, the wildcard already replaced by the address it is seen at.
    pub listen: Option<PeerAddr>,
    /// The address that we dialled to reach it; `None` if it dialled us.
    pub dialled: Option<PeerAddr>,
    /// Whether its connection comes from this machine or a private network, as the socket says and not the peer: where
    /// telling about neighbors tells nobody outside.
    pub local: bool,
    /// Its topology.
    pub topology: TopologyKind,
    /// Its role there.
    pub role: Role,
    /// Whether it serves a directory besides.
    pub serves: bool,
}

impl Peer {
    /// The addresses that it is known by.
    pub fn addrs(&self) -> impl Iterator<Item = PeerAddr> + use<> {
        self.dialled.into_iter().chain(self.listen.filter(|listen| Some(*listen) != self.dialled))
    }

    /// Whether it is what it tells.
    pub(in crate::overlay) fn is_still(&self, status: &Status) -> bool {
        (self.topology, self.role, self.serves) == (status.topology, status.role, status.serves)
    }

    /// It told what it is by now.
    pub(in crate::overlay) fn is_now(&mut self, status: &Status) {
        (self.topology, self.role, self.serves) = (status.topology, status.role, status.serves);
    }
}
