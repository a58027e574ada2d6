//! The rules that a search must keep, looked at from outside: whatever a core is given and whatever it sends.
//!
//! Nothing here asks a core for its own opinion but one thing: whether it remembers a query. A node whose table was too
//! small may have forgotten one, and then treats it as new, rightly.

use super::asked::AskedTable;
use super::library::{Catalogue, file_of, found_file};
use super::population::index_of;
use super::violation::Broken;
use crate::base::{Map, Rng, seed};
use crate::overlay::{Config, Dedup, Event, FoundFile, Input, LinkId, Message, Node, Output, QueryMessage};
use crate::proto::{Guid, NodeId, Travel};

/// What the rules need of one search.
#[derive(Debug)]
pub(super) struct Watched {
    /// The end on which each node's first copy came: the way back.
    from: Map<u32, LinkId>,
    /// The TTL that a copy last had when it was sent from an end.
    sent: Map<LinkId, u8>,
    /// What the search was told of.
    told: Map<(NodeId, u32), ()>,
}

impl Watched {
    pub(super) fn new(rng: &mut Rng) -> Box<Self> {
        let state = seed(rng.next_u64());
        let (from, sent) = (Map::with_hasher(state.clone()), Map::with_hasher(state.clone()));
        Box::new(Self { from, sent, told: Map::with_hasher(state) })
    }

    /// The nodes whose files the search was told of, in ascending order.
    pub(super) fn owners(&self) -> Vec<u32> {
        let mut owners: Vec<u32> = self.told.keys().map(|(node, _)| index_of(node)).collect();
        owners.sort_unstable();
        owners
    }
}

/// What is kept of an input while the core handles it.
#[derive(Debug)]
pub(super) enum Cue {
    /// A copy of a query, and whether the node knew the query.
    Copy { link: LinkId, guid: Guid, travel: Travel, known: bool },
    /// A wake-up.
    Wake,
    /// Something on a link that is not the node's.
    Stray { stale: u64 },
    /// Anything else.
    Other,
}

impl Cue {
    /// Looks at an input before the core does.
    pub(super) fn of(input: &Input, core: &Node) -> Self {
        match input {
            Input::Wake => Self::Wake,
            Input::Message { link, .. } if !core.links().iter().any(|own| own.id() == *link) => {
                Self::Stray { stale: core.counters().stale }
            }
            Input::Message { link, message: Message::Query(query) } => {
                let QueryMessage { guid, travel, .. } = query;
                Self::Copy { link: *link, guid: *guid, travel: *travel, known: core.remembers(guid) }
            }
            _ => Self::Other,
        }
    }
}

/// Who is looked at, and what is known about it from elsewhere.
pub(super) struct Scene<'a> {
    pub(super) node: u32,
    pub(super) core: &'a Node,
    pub(super) config: &'a Config,
    pub(super) catalogue: &'a Catalogue,
    pub(super) cue: &'a Cue,
}

impl AskedTable {
    /// Looks at what a core made of an input.
    pub(super) fn watch(&mut self, scene: &Scene<'_>, out: &[Output]) -> Result<(), Broken> {
        if let Cue::Stray { stale } = scene.cue {
            let counted = scene.core.counters().stale == stale + 1;
            let answered = out.iter().any(|output| matches!(output, Output::Send { .. } | Output::Direct { .. }));
            if answered || !counted {
                return Err(Broken::new("a message on a link that is gone is counted and leads to nothing", ""));
            }
        }
        if let Cue::Copy { link, guid, known: false, .. } = scene.cue
            && scene.core.remembers(guid)
            && let Some(watched) = self.watched(guid)
        {
            watched.from.insert(scene.node, *link);
            // A node that forgot the query begins anew.
            for own in scene.core.links() {
                watched.sent.remove(&own.id());
            }
        }
        for output in out {
            match output {
                Output::Send { link, message: Message::Query(query) } => self.watch_copy(scene, *link, query)?,
                Output::Send { link, message: Message::Hit(hit) } => self.watch_way_back(scene, *link, &hit.guid)?,
                Output::Send { link, message: Message::Report(report) } => {
                    self.watch_way_back(scene, *link, &report.guid)?;
                }
                Output::Event(Event::Hit { guid, node, files, .. }) => self.watch_hit(scene, guid, *node, files)?,
                Output::Event(Event::Done { guid, .. }) => self.watch_done(scene, guid)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn watched(&mut self, guid: &Guid) -> Option<&mut Watched> {
        self.open.get_mut(guid)?.watched.as_deref_mut()
    }

    /// F1 and F2: a GUID goes over a link once, again only with a higher TTL, and never back to where that copy came from;
    /// with each hop the TTL falls and hops rise, and their sum does not grow.
    fn watch_copy(&mut self, scene: &Scene<'_>, link: LinkId, query: &QueryMessage) -> Result<(), Broken> {
        let Some(watched) = self.watched(&query.guid) else { return Ok(()) };
        let again = match scene.cue {
            Cue::Copy { link: from, guid, travel, known } if *guid == query.guid => {
                if *from == link {
                    return Err(Broken::new("a query never goes back to where that copy came from", ""));
                }
                if travel.arrive(scene.config.max_ttl) != Some(query.travel) {
                    let detail = format!("{travel:?} became {:?}", query.travel);
                    return Err(Broken::new("TTL falls and hops rise by one, and their sum never grows", detail));
                }
                *known
            }
            _ if query.travel.hops() != 0 => {
                return Err(Broken::new("a query is passed on when a copy of it comes", format!("{:?}", query.travel)));
            }
            _ => false,
        };
        let before = watched.sent.insert(link, query.travel.ttl());
        let may = scene.config.dedup == Dedup::HighestTtl && before.is_none_or(|ttl| query.travel.ttl() > ttl);
        if again && !may {
            let detail = format!("over {link:?} with TTL {before:?}, then {}", query.travel.ttl());
            return Err(Broken::new("a query goes over a link once, again only with a higher TTL", detail));
        }
        Ok(())
    }

    /// F5: hits and reports take the exact reverse of the query's path; a neighbor that asked itself may be told at once.
    fn watch_way_back(&mut self, scene: &Scene<'_>, link: LinkId, guid: &Guid) -> Result<(), Broken> {
        let Some(asked) = self.open.get(guid) else { return Ok(()) };
        let Some(watched) = &asked.watched else { return Ok(()) };
        let at = scene.core.links().iter().find(|own| own.id() == link).map(|own| index_of(&own.peer().id));
        let way = watched.from.get(&scene.node).copied();
        if way == Some(link) || at == Some(asked.origin) {
            return Ok(());
        }
        let detail = format!("over {link:?} instead of {way:?}");
        Err(Broken::new("hits and reports take the reverse of their query's path", detail))
    }

    /// A7: a hit names what its owner has and what was asked for, and is told once.
    fn watch_hit(&mut self, scene: &Scene<'_>, guid: &Guid, node: NodeId, files: &[FoundFile]) -> Result<(), Broken> {
        let Some(asked) = self.open.get_mut(guid) else { return Ok(()) };
        let Some(watched) = asked.watched.as_deref_mut() else { return Ok(()) };
        for file in files {
            let number = file_of(&file.id);
            let owner = index_of(&node);
            if *file != found_file(number) || number != asked.file || !scene.catalogue.has(owner, number) {
                let detail = format!("node {owner} and file {number}; asked for {}", asked.file);
                return Err(Broken::new("a hit names a file that its owner has and that was asked for", detail));
            }
            if watched.told.insert((node, number), ()).is_some() {
                return Err(Broken::new("a hit is told once", format!("file {number} of node {owner}")));
            }
        }
        Ok(())
    }

    /// A6: a search ends once.
    fn watch_done(&mut self, scene: &Scene<'_>, guid: &Guid) -> Result<(), Broken> {
        match self.open.get(guid) {
            Some(asked) if asked.done.is_some() || asked.origin != scene.node => {
                Err(Broken::new("a search ends once, where it began", format!("{guid:?}")))
            }
            _ => Ok(()),
        }
    }
}
