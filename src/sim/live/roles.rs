//! The rules that follow from what a node is: whom it is linked to, to how many, and who must be handed a query.

use super::asked::AskedTable;
use super::population::index_of;
use super::violation::Broken;
use super::watch::{Cue, Scene};
use crate::overlay::{Config, Event, Link, LinkId, Message, Node, Output, Role, TopologyKind};
use crate::proto::Guid;
use crate::proto::limits::{MAX_REGISTERED_NODES, MAX_ULTRAPEERS};

/// Whether who is at the other end is a leaf.
pub(super) fn is_leaf(link: &Link) -> bool {
    link.peer().role == Role::Leaf
}

/// Each role has its slots, so that no node carries more than it agreed to (U2).
pub(super) fn slots(core: &Node, config: &Config) -> [(&'static str, usize, usize); 3] {
    let leaves = core.links().iter().filter(|link| is_leaf(link)).count();
    let (most, most_leaves) = match core.role() {
        Role::Peer => (config.max_neighbors, 0),
        Role::Ultrapeer => (config.max_neighbors, config.max_leaves),
        Role::Leaf => (MAX_ULTRAPEERS, 0),
        Role::Client => (1, 0),
        Role::Directory => (0, 0),
    };
    let clients = core.directory_status().map_or(0, |status| status.clients);
    let most_clients = if core.role() == Role::Directory { MAX_REGISTERED_NODES } else { 0 };
    [
        ("neighbors", core.links().len() - leaves, most),
        ("leaves", leaves, most_leaves),
        ("clients", clients, most_clients),
    ]
}

/// U1: a leaf is spared what relays bear, and a client everything but its directory (C5): neither has a link over which
/// the rest of an overlay could reach it.
pub(super) fn company(core: &Node) -> Result<(), Broken> {
    let fits = |link: &&Link| match core.role() {
        Role::Leaf => link.peer().role == Role::Ultrapeer,
        Role::Client => link.peer().serves,
        _ => true,
    };
    match core.links().iter().find(|link| !fits(link)) {
        Some(link) => {
            let detail = format!("{:?} to a {:?}", link.id(), link.peer().role);
            Err(Broken::new("leaves are linked to ultra-peers only, and clients to their directory", detail))
        }
        None => Ok(()),
    }
}

impl AskedTable {
    /// C5: where a directory answers, nobody else is asked; what an overlay spends on searches is saved.
    pub(super) fn watch_lookups(scene: &Scene<'_>, out: &[Output]) -> Result<(), Broken> {
        let floods = |output: &Output| match output {
            Output::Send { message, .. } | Output::Direct { message, .. } => {
                matches!(message, Message::Query(_) | Message::Hit(_) | Message::Report(_))
            }
            Output::Relay(_) => true,
            _ => false,
        };
        if scene.core.topology() == TopologyKind::Central && out.iter().any(floods) {
            return Err(Broken::new("a search of a client is requests to its directory alone", ""));
        }
        Ok(())
    }

    /// U3: a filter may let pass what does not match, and never keeps back what does. So a query that reaches an
    /// ultra-peer for the first time goes to every leaf that has the file: one whose filter is not there yet gets
    /// everything. Libraries do not change in this world, so that no filter is out of date.
    pub(super) fn watch_leaves(&self, scene: &Scene<'_>, out: &[Output]) -> Result<(), Broken> {
        let Some((guid, from)) = first_copy(scene, out).filter(|_| scene.core.role() == Role::Ultrapeer) else {
            return Ok(());
        };
        let Some(asked) = self.open.get(&guid).filter(|asked| asked.watched.is_some()) else { return Ok(()) };
        let handed = |link: LinkId| {
            let is_it = |output: &Output| match output {
                Output::Send { link: to, message: Message::Query(query) } => *to == link && query.guid == guid,
                _ => false,
            };
            out.iter().any(is_it)
        };
        let has_it = |link: &&Link| scene.catalogue.has(index_of(&link.peer().id), asked.file);
        let mut others = scene.core.links().iter().filter(|link| is_leaf(link) && Some(link.id()) != from);
        match others.find(|link| has_it(link) && !handed(link.id())) {
            Some(missed) => {
                let detail = format!("file {} at node {}", asked.file, index_of(&missed.peer().id));
                Err(Broken::new("a query is handed to every leaf that has what is asked for", detail))
            }
            None => Ok(()),
        }
    }
}

/// The query that reached this node for the first time, and where from: its own came from nowhere.
fn first_copy(scene: &Scene<'_>, out: &[Output]) -> Option<(Guid, Option<LinkId>)> {
    if let Cue::Copy { link, guid, known: false, .. } = scene.cue {
        return scene.core.remembers(guid).then_some((*guid, Some(*link)));
    }
    out.iter().find_map(|output| match output {
        Output::Event(Event::Started { guid, .. }) => Some((*guid, None)),
        _ => None,
    })
}
