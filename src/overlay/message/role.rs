//! What a node is: its topology, and its role there.

use serde::{Deserialize, Serialize};

/// The overlay's shape, as a node plays it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TopologyKind {
    /// Every query floods from neighbor to neighbor (Gnutella 0.4).
    #[default]
    Flood,
    /// Capable nodes flood among themselves and answer for their leaves (KaZaA, Gnutella 0.6).
    Ultrapeer,
    /// A directory knows who shares what (Napster).
    Central,
}

impl TopologyKind {
    /// The name that settings, screen and JSON use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flood => "flood",
            Self::Ultrapeer => "ultrapeer",
            Self::Central => "central",
        }
    }

    /// The one that a keystroke leads to.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Flood => Self::Ultrapeer,
            Self::Ultrapeer => Self::Central,
            Self::Central => Self::Flood,
        }
    }
}

/// What a node is in its topology.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Equal among equals: every node of a flooding overlay.
    #[default]
    Peer,
    /// Linked to up to three ultra-peers and nobody else; never relays.
    Leaf,
    /// Relays among its like, and answers for its leaves.
    Ultrapeer,
    /// Registered, or about to be, with one directory.
    Client,
    /// Serves a directory, and looks things up in it.
    Directory,
}

impl Role {
    /// Whether it passes on what others sent.
    pub(in crate::overlay) const fn relays(self) -> bool {
        matches!(self, Self::Peer | Self::Ultrapeer)
    }

    /// The name that screen and JSON use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Peer => "peer",
            Self::Leaf => "leaf",
            Self::Ultrapeer => "ultrapeer",
            Self::Client => "client",
            Self::Directory => "directory",
        }
    }
}
