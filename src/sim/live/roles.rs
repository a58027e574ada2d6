//! The rules that follow from what a node is: whom it is linked to, to how many, and who must be handed a query.

use std::time::Duration;

use super::asked::AskedTable;
use super::population::index_of;
use super::violation::Broken;
use super::watch::{Cue, Scene};
use super::world::World;
use crate::base::Time;
use crate::overlay::{Config, Event, Link, LinkId, Message, Node, Output, Peer, Role, TopologyKind};
use crate::proto::limits::MAX_ULTRAPEERS;
use crate::proto::{Guid, NodeId};

/// An ultra-peer that was elected stays one for that long.
const HOLD: Duration = Duration::from_secs(20);

/// What a node was before an input.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stance {
    pub(super) topology: TopologyKind,
    pub(super) role: Role,
    since: Time,
}

impl Stance {
    pub(super) fn of(core: &Node) -> Self {
        Self { topology: core.topology(), role: core.role(), since: core.role_story().0 }
    }
}

impl World {
    /// U5: a role holds for a while. One that came with a change of the topology is not yet an election.
    pub(super) fn watch_role(&mut self, node: u32, was: Stance) -> Result<(), Broken> {
        let Some(core) = &self.slots[node as usize].core else { return Ok(()) };
        let is = Stance::of(core);
        if is.topology != was.topology {
            self.entered.insert(node, is.since);
            return Ok(());
        }
        let steps_down = was.role == Role::Ultrapeer && is.role == Role::Leaf;
        if steps_down && is.since < was.since + HOLD && self.entered.get(&node) != Some(&was.since) {
            let detail = format!("since {:?}, and no longer at {:?}", was.since, is.since);
            return Err(Broken::new("who was elected stays an ultra-peer for a while", detail));
        }
        Ok(())
    }
}

/// Whether who is at the other end is a leaf.
pub(super) fn is_leaf(link: &Link) -> bool {
    link.peer().role == Role::Leaf
}

/// Each role has its slots, so that no node carries more than it agreed to (U2).
pub(super) fn slots(core: &Node, config: &Config) -> [(&'static str, usize, usize); 3] {
    // The directory of a client may be served by a leaf.
    let takes_leaves = core.role() != Role::Client;
    let leaves = core.links().iter().filter(|link| takes_leaves && is_leaf(link)).count();
    let (most, most_leaves) = match core.role() {
        Role::Peer => (config.max_neighbors, 0),
        Role::Ultrapeer => (config.max_neighbors, config.max_leaves),
        Role::Leaf => (MAX_ULTRAPEERS, 0),
        Role::Client => (1, 0),
        Role::Directory => (0, 0),
    };
    let clients = core.directory_status().map_or(0, |status| status.clients);
    let most_clients = if config.serve_directory { config.max_clients } else { 0 };
    [
        ("neighbors", core.links().len() - leaves, most),
        ("leaves", leaves, most_leaves),
        ("clients", clients, most_clients),
    ]
}

/// U1: a leaf is spared what relays bear, and a client everything but its directory (C5): neither has a link over which
/// the rest of an overlay could reach it.
pub(super) fn company(core: &Node) -> Result<(), Broken> {
    match core.links().iter().find(|link| !suits(core.role(), link.peer())) {
        Some(link) => {
            let detail = format!("{:?} to a {:?}", link.id(), link.peer().role);
            Err(Broken::new("leaves are linked to ultra-peers only, and clients to their directory", detail))
        }
        None => Ok(()),
    }
}

fn suits(role: Role, peer: &Peer) -> bool {
    match role {
        Role::Leaf => peer.role == Role::Ultrapeer,
        Role::Client => peer.serves,
        _ => true,
    }
}

/// U1: a leaf sends what is its own, and passes on nothing of others.
pub(super) fn watch_sender(scene: &Scene<'_>, of: Option<NodeId>) -> Result<(), Broken> {
    let is_leaf = [scene.was.role, scene.core.role()] == [Role::Leaf; 2];
    if is_leaf && of != Some(scene.core.id()) {
        return Err(Broken::new("a leaf passes on nothing", format!("of {of:?}")));
    }
    Ok(())
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
        let is_client = [scene.was.topology, scene.core.topology()] == [TopologyKind::Central; 2];
        if is_client && out.iter().any(floods) {
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::tests::{begun_in, calm};
    use super::super::watch::{Cue, Scene};
    use super::super::world::World;
    use super::{AskedTable, Stance, company, is_leaf, slots, suits, watch_sender};
    use crate::overlay::{
        Context, Delivery, Input, LinkId, Message, Node, Output, QueryBody, QueryMessage, Role, Strategy, TopologyKind,
    };
    use crate::proto::{Guid, Travel};

    const GUID: Guid = Guid([9; 16]);

    /// The first node that plays a role.
    fn first(world: &World, role: Role) -> u32 {
        world.all_online().into_iter().find(|&node| core(world, node).role() == role).unwrap()
    }

    fn core(world: &World, node: u32) -> &Node {
        world.slots[node as usize].core.as_deref().unwrap()
    }

    fn query(file: u32, ttl: u8, hops: u8) -> QueryMessage {
        let body = Arc::new(QueryBody::new(&super::super::library::wish(file), None, Delivery::Direct, false));
        QueryMessage { guid: GUID, travel: Travel::from_wire(ttl, hops), body }
    }

    #[test]
    fn nobody_has_more_links_than_its_role_allows_or_others() {
        for (topology, role) in [(TopologyKind::Ultrapeer, Role::Ultrapeer), (TopologyKind::Central, Role::Directory)] {
            let mut world = begun_in(&calm(12), topology);
            let fits = |world: &World| {
                slots(core(world, first(world, role)), world.config_of(first(world, role)))
                    .iter()
                    .all(|(_, n, most)| n <= most)
            };
            assert!(fits(&world) && company(core(&world, first(&world, role))).is_ok());
            world.config.max_leaves = 0;
            assert_eq!(fits(&world), role == Role::Directory);
        }
        let world = begun_in(&calm(12), TopologyKind::Ultrapeer);
        let links = core(&world, first(&world, Role::Ultrapeer)).links();
        let leaf = links.iter().find(|link| is_leaf(link)).unwrap().peer();
        assert!(suits(Role::Ultrapeer, leaf) && !suits(Role::Leaf, leaf) && !suits(Role::Client, leaf));
    }

    #[test]
    fn a_leaf_that_is_passed_over_or_that_passes_on_is_seen() {
        let mut world = begun_in(&calm(12), TopologyKind::Ultrapeer);
        let node = first(&world, Role::Ultrapeer);
        // Somebody's leaf that has a file, and a link that a query for it comes on.
        let leaves: Vec<LinkId> =
            core(&world, node).links().iter().filter(|link| is_leaf(link)).map(|l| l.id()).collect();
        let of = |world: &World, link: LinkId| world.conns.end(link.0 ^ 1).unwrap().node;
        let (&from, rest) = leaves.split_first().unwrap();
        let &to = rest.iter().find(|link| !world.catalogue.of(of(&world, **link)).is_empty()).unwrap();
        let file = world.catalogue.of(of(&world, to))[0];
        let asked = world.search(of(&world, from), file, 3, Strategy::Flood, usize::MAX);
        let asked = world.asked.open.remove(&asked).unwrap();
        world.asked.begin(GUID, asked, world.online);
        let World { slots, catalogue, config, asked, .. } = &mut world;
        let core = slots[node as usize].core.as_deref_mut().unwrap();
        let mut out = Vec::new();
        let shelf = catalogue.shelf(node);
        let mut cx = Context { now: crate::base::Time::NEVER, config, library: &shelf, registry: None, out: &mut out };
        let message = Message::Query(query(file, 3, 0));
        core.handle(Input::Message { link: from, message }, &mut cx);
        let mut watch = |core: &Node, known: bool, out: &[Output]| {
            let cue = Cue::Copy { link: from, guid: GUID, travel: Travel::from_wire(3, 0), known };
            let scene = Scene { node, core, config, catalogue, cue: &cue, was: Stance::of(core) };
            asked.watch(&scene, out).err().map(|broken| broken.rule)
        };
        assert_eq!(watch(core, false, &out), None);
        out.retain(|output| matches!(output, Output::Send { .. }));
        assert_eq!(watch(core, true, &out), Some("a leaf is handed a query once by each ultra-peer"));
        out.retain(|output| !matches!(output, Output::Send { link, .. } if *link == to));
        assert_eq!(watch(core, false, &out), Some("a query is handed to every leaf that has what is asked for"));
        let leaf = slots.iter().filter_map(|slot| slot.core.as_deref()).find(|core| core.role() == Role::Leaf).unwrap();
        let copy = Output::Send { link: leaf.links()[0].id(), message: Message::Query(query(file, 2, 1)) };
        assert_eq!(watch(leaf, false, &[copy]), Some("a leaf passes on nothing"));
    }

    #[test]
    fn who_steps_down_too_soon_and_a_leaf_that_sends_what_others_said_are_seen() {
        let mut world = begun_in(&calm(12), TopologyKind::Ultrapeer);
        let node = first(&world, Role::Leaf);
        let is = Stance::of(core(&world, node));
        let was = Stance { role: Role::Ultrapeer, ..is };
        assert!(world.watch_role(node, is).is_ok() && world.watch_role(node, was).is_err());
        world.entered.insert(node, was.since);
        assert!(world.watch_role(node, was).is_ok(), "it changed its topology");
        let World { config, catalogue, .. } = &world;
        let core = core(&world, node);
        let scene = Scene { node, core, config, catalogue, cue: &Cue::Other, was: is };
        assert!(watch_sender(&scene, Some(core.id())).is_ok() && watch_sender(&scene, None).is_err());
    }

    #[test]
    fn a_client_that_asks_anybody_else_is_seen() {
        let world = begun_in(&calm(4), TopologyKind::Central);
        let scene = |core| Scene {
            node: 1,
            core,
            config: &world.config,
            catalogue: &world.catalogue,
            cue: &Cue::Other,
            was: Stance::of(core),
        };
        let copy = || [Output::Send { link: LinkId(0), message: Message::Query(query(1, 2, 0)) }];
        assert!(AskedTable::watch_lookups(&scene(core(&world, 1)), &[]).is_ok());
        assert!(AskedTable::watch_lookups(&scene(core(&world, 1)), &copy()).is_err());
        let world = begun_in(&calm(4), TopologyKind::Flood);
        assert!(AskedTable::watch_lookups(&scene(core(&world, 1)), &copy()).is_ok());
    }
}
