//! The nodes that are observed, each with its books: the one that is looked at, and those that were lately, so that what
//! was begun there goes on and is found again.

use std::sync::Arc;

use super::place;
use crate::app::simulated::{Identity, Living, News, Simulated};
use crate::app::{LinkTraffic, LogLevel, Snapshot, Ttl, Warning, WorldStatus};
use crate::base::Time;
use crate::overlay::{LinkId, Node};
use crate::sim::live::{MAX_OBSERVED, Seen, Sight, World};

/// One node and its books.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) node: u32,
    pub(super) books: Simulated,
    /// Since when it is observed.
    pub(super) since: Time,
    /// Which of its runs the books are of; 0 while it is away.
    run: u32,
}

impl Desk {
    fn open(node: u32, world: &World, ttl: Ttl) -> Self {
        let shares = world.files(node).fold((0, 0), |(files, bytes), file| (files + 1, bytes + file.size));
        let who = Identity { id: world.id_of(node), addr: world.addr_of(node), ttl, shares, number: node };
        let mut books = Simulated::new(&who, place::name);
        if let Some(core) = world.core(node) {
            books.begin(core, world.now());
        }
        let run = if world.core(node).is_some() { world.runs_of(node) } else { 0 };
        Self { node, books, since: world.now(), run }
    }

    /// Takes in that the node went away, or came back.
    fn follow(&mut self, world: &World) {
        let over = self.run != world.runs_of(self.node) || world.core(self.node).is_none();
        if over && self.run > 0 {
            self.books.cut(world.now());
        }
        if over {
            self.run = if world.core(self.node).is_some() { world.runs_of(self.node) } else { 0 };
            self.books.is_now(world.id_of(self.node));
        }
    }

    fn saw(&mut self, what: Sight, at: Time, world: &World) -> News {
        match what {
            Sight::Asked(spec) => {
                let topology = world.core(self.node).map_or(world.settings(self.node).topology, Node::topology);
                News { events: vec![self.books.asked(&spec, topology, at)], of: Some(spec.guid), hop: 0 }
            }
            Sight::Event(event) => self.books.told(event, at),
            Sight::Trace(trace) => {
                self.books.traced(&trace, at);
                News::default()
            }
        }
    }

    fn second_passed(&mut self, world: &mut World) {
        self.follow(world);
        let (traffic, total) = world.flows(self.node);
        self.books.second_passed(&living(world, self.node, &traffic, total));
    }

    /// The node as faces see it.
    pub(super) fn snapshot(&mut self, world: &mut World, status: WorldStatus, warnings: Arc<[Warning]>) -> Snapshot {
        self.follow(world);
        let (traffic, total) = world.flows(self.node);
        self.books.snapshot(&living(world, self.node, &traffic, total), status, warnings)
    }
}

/// All of them.
#[derive(Debug)]
pub(super) struct Desks {
    /// The one that is looked at.
    pub(super) shown: Desk,
    /// Those that were, the one before last.
    others: Vec<Desk>,
    /// Room for what was seen, empty in between.
    seen: Vec<Seen>,
    /// TTL of a search that names none.
    ttl: Ttl,
}

impl Desks {
    /// Looks at a first node.
    pub(super) fn new(node: u32, world: &mut World, ttl: Ttl) -> Self {
        world.observe(node);
        Self { shown: Desk::open(node, world, ttl), others: Vec::new(), seen: Vec::new(), ttl }
    }

    /// Looks at another node. When there are too many, the one that was not looked at for longest is let go.
    pub(super) fn look(&mut self, node: u32, world: &mut World) {
        let next = match self.others.iter().position(|desk| desk.node == node) {
            Some(at) => self.others.remove(at),
            None => {
                if self.others.len() + 1 >= MAX_OBSERVED {
                    world.ignore(self.others.remove(0).node);
                }
                world.observe(node);
                Desk::open(node, world, self.ttl)
            }
        };
        self.others.push(std::mem::replace(&mut self.shown, next));
    }

    /// Takes in what was seen since the last time, and passes on the news of the one that is looked at.
    pub(super) fn read(&mut self, world: &mut World, mut each: impl FnMut(News)) {
        let mut seen = std::mem::take(&mut self.seen);
        let lost = world.sights(&mut seen);
        for Seen { at, node, what } in seen.drain(..) {
            let mut all = std::iter::once(&mut self.shown).chain(&mut self.others);
            let Some(desk) = all.find(|desk| desk.node == node) else { continue };
            let news = desk.saw(what, at, world);
            if self.shown.node == node {
                each(news);
            }
        }
        self.seen = seen;
        if lost > 0 {
            let said = format!("{lost} things that nodes told came too fast to be noted");
            self.shown.books.say(LogLevel::Warn, said, world.now());
        }
    }

    /// A second of the world has passed.
    pub(super) fn second_passed(&mut self, world: &mut World) {
        self.shown.second_passed(world);
        self.others.iter_mut().for_each(|desk| desk.second_passed(world));
    }
}

fn living<'a>(world: &'a World, node: u32, traffic: &'a [(LinkId, LinkTraffic)], total: LinkTraffic) -> Living<'a> {
    Living {
        core: world.core(node),
        config: world.settings(node),
        at: world.now(),
        traffic,
        total,
        registered: world.registered_at(node),
    }
}
