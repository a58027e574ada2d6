//! What a core tells of its links and its place, as a line of the log and as an event for faces.

use std::sync::Arc;

use super::event::{Event, UpDown};
use crate::overlay::{self, Peer};

/// Words for what a core tells.
#[derive(Debug, Default)]
pub(super) struct Teller {
    /// The neighbors, so that one that goes has a name.
    names: Vec<Arc<Peer>>,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Told {
    /// For the log, fit to be shown.
    pub(super) line: String,
    /// For faces.
    pub(super) event: Event,
}

impl Teller {
    /// What an event says; nothing for one of a search, which has its book.
    pub(super) fn tell(&mut self, event: overlay::Event) -> Option<Told> {
        let told = match event {
            overlay::Event::NeighborUp { peer, .. } => {
                let told = neighbor(UpDown::Up, &peer, None);
                self.knows(peer);
                told
            }
            overlay::Event::NeighborDown { node, why, .. } => {
                let index = self.names.iter().position(|known| known.id == node)?;
                neighbor(UpDown::Down, &self.names.swap_remove(index), Some(why))
            }
            overlay::Event::Topology { topology, role, why } => Told {
                line: format!("{} in {}: {why}", role.name(), topology.name()),
                event: Event::Topology { topology, role, why },
            },
            overlay::Event::Proposed { node, topology, followed, why } => {
                let goes = if followed { "this node goes along" } else { "this node does not" };
                Told {
                    line: format!("{} proposes {}; {goes}: {why}", node.short(), topology.name()),
                    event: Event::Proposal { node, topology, followed, why: why.to_owned() },
                }
            }
            overlay::Event::Directory { state, addr, why } => {
                Told { line: format!("directory: {why}"), event: Event::Directory { state, addr, why } }
            }
            overlay::Event::Started { .. }
            | overlay::Event::Round { .. }
            | overlay::Event::Report { .. }
            | overlay::Event::Hop { .. }
            | overlay::Event::Hit { .. }
            | overlay::Event::Explained { .. }
            | overlay::Event::Done { .. } => return None,
        };
        Some(told)
    }

    /// Takes in a neighbor that was one before anybody listened.
    pub(super) fn knows(&mut self, peer: Arc<Peer>) {
        self.names.retain(|known| known.id != peer.id);
        self.names.push(peer);
    }
}

fn neighbor(event: UpDown, peer: &Peer, why: Option<String>) -> Told {
    let addr = peer.listen.map_or_else(|| peer.id.short(), |addr| addr.to_string());
    let name = format!("{} ({addr})", peer.name.visible(40));
    let line = match &why {
        None => format!("neighbor {name} is up"),
        Some(why) => format!("neighbor {name} is gone: {why}"),
    };
    let event =
        Event::Neighbor { event, node: peer.id, addr: peer.listen, name: peer.name.clone(), kind: peer.role, why };
    Told { line, event }
}
