//! The rules that a search must keep, looked at from outside: whatever a core is given and whatever it sends.
//!
//! Nothing here asks a core for its own opinion but one thing: whether it remembers a query. A node whose table was too
//! small may have forgotten one, and then treats it as new, rightly.

use super::asked::AskedTable;
use super::carry::NOBODYS;
use super::library::{Catalogue, file_of, found_file};
use super::population::index_of;
use super::roles::{Stance, is_leaf, watch_sender};
use super::violation::Broken;
use crate::base::{Map, Rng, seed};
use crate::overlay::{
    Command, Config, Dedup, Event, FoundFile, HitMessage, Input, LinkId, Message, Node, Output, QueryMessage,
    ReportMessage, Role, Strategy,
};
use crate::proto::limits::MAX_WALK_TTL;
use crate::proto::{Guid, NodeId, Travel};

/// What the rules need of one search.
#[derive(Debug)]
pub(super) struct Watched {
    /// The end on which each node's first copy came: the way back.
    from: Map<u32, LinkId>,
    /// The TTL that a copy last had when it was sent from an end; none when it was handed to a leaf.
    sent: Map<LinkId, u8>,
    /// What the search was told of, and the hops to there.
    told: Map<(NodeId, u32), u8>,
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

    /// The same with the hops to each.
    pub(super) fn found(&self) -> Vec<(u32, u8)> {
        let mut found: Vec<(u32, u8)> = self.told.iter().map(|((node, _), hops)| (index_of(node), *hops)).collect();
        found.sort_unstable();
        found
    }
}

/// What is kept of an input while the core handles it.
#[derive(Debug)]
pub(super) enum Cue {
    /// A copy of a query, and whether the node knew the query.
    Copy { link: LinkId, guid: Guid, travel: Travel, known: bool },
    /// A search that begins, and how many walkers it sends.
    Search { guid: Guid, walkers: u8 },
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
            Input::Command(Command::Search(spec)) => {
                Self::Search { guid: spec.guid, walkers: spec.strategy.walkers().unwrap_or(0) }
            }
            // What answers a search of its own counts whatever became of the link.
            Input::Message { message: Message::Hit(HitMessage { guid, .. }), .. }
            | Input::Message { message: Message::Report(ReportMessage { guid, .. }), .. }
                if core.is_own_search(guid) =>
            {
                Self::Other
            }
            Input::Message { link, .. } if is_stray(core, *link) => Self::Stray { stale: core.counters().stale },
            Input::Message { link, message: Message::Query(query) } => {
                let QueryMessage { guid, travel, .. } = query;
                Self::Copy { link: *link, guid: *guid, travel: *travel, known: core.remembers(guid) }
            }
            _ => Self::Other,
        }
    }
}

/// Whether a link is none of a node's. A leaf hears out who has no use for it, and a directory has more clients than can
/// be gone through at each message: to these only what no link brought is strange.
fn is_stray(core: &Node, link: LinkId) -> bool {
    let has_others = core.role() == Role::Leaf || core.directory_status().is_some();
    if has_others { link == NOBODYS } else { !core.links().iter().any(|own| own.id() == link) }
}

/// Who is looked at, and what is known about it from elsewhere.
pub(super) struct Scene<'a> {
    pub(super) node: u32,
    pub(super) core: &'a Node,
    pub(super) config: &'a Config,
    pub(super) catalogue: &'a Catalogue,
    pub(super) cue: &'a Cue,
    pub(super) was: Stance,
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
        Self::watch_lookups(scene, out)?;
        self.watch_leaves(scene, out)?;
        self.watch_walkers(scene, out)?;
        for output in out {
            match output {
                Output::Send { link, message: Message::Query(query) } => self.watch_copy(scene, *link, query)?,
                Output::Relay(relay) if self.watched(&relay.query.guid).is_some() => {
                    scene.core.relays_to(relay).try_for_each(|link| self.watch_copy(scene, link, &relay.query))?;
                }
                Output::Send { link, message: Message::Hit(hit) } => {
                    watch_sender(scene, hit.body.node)?;
                    self.watch_way_back(scene, *link, &hit.guid)?;
                }
                Output::Send { link, message: Message::Report(report) } => {
                    watch_sender(scene, report.body.node)?;
                    self.watch_way_back(scene, *link, &report.guid)?;
                }
                Output::Event(Event::Hit { guid, node, files, hops, .. }) => {
                    self.watch_hit(scene, guid, (*node, *hops), files)?;
                }
                Output::Event(Event::Done { guid, .. }) => self.watch_done(scene, guid)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// A walker that comes leads to one that goes on at the most, and a search to as many as it asked for: so a walk costs no
    /// more than its steps.
    fn watch_walkers(&self, scene: &Scene<'_>, out: &[Output]) -> Result<(), Broken> {
        let leaves = |link: LinkId| scene.core.links().iter().any(|own| own.id() == link && is_leaf(own));
        let walker = |output: &Output| match output {
            Output::Send { link, message: Message::Query(query) } if query.body.walk && !leaves(*link) => {
                Some(query.guid)
            }
            _ => None,
        };
        let Some(guid) = out.iter().find_map(walker) else { return Ok(()) };
        let most = match scene.cue {
            Cue::Copy { guid: came, .. } if *came == guid => 1,
            Cue::Search { guid: own, walkers } if *own == guid => *walkers,
            _ => 0,
        };
        let went = out.iter().filter(|output| walker(output).is_some()).count();
        if went <= most.into() {
            return Ok(());
        }
        Err(Broken::new("a walker is one message at each step", format!("{went} went on instead of {most}")))
    }

    fn watched(&mut self, guid: &Guid) -> Option<&mut Watched> {
        self.open.get_mut(guid)?.watched.as_deref_mut()
    }

    /// F1 and F2: a GUID goes over a link once, again only with a higher TTL, and never back to where that copy came from;
    /// with each hop the TTL falls and hops rise, and their sum does not grow. A leaf is the end of the way, and spends no
    /// TTL: it is handed a query once by each ultra-peer (U4), whatever TTL a later copy has, and passes on none (U1).
    /// A ring's origin sends its query again, each time with a higher TTL; walkers take a link as often as they come to it.
    fn watch_copy(&mut self, scene: &Scene<'_>, link: LinkId, query: &QueryMessage) -> Result<(), Broken> {
        let Some(asked) = self.open.get_mut(&query.guid) else { return Ok(()) };
        let (origin, is_ring) = (asked.origin, asked.strategy == Strategy::Ring);
        let Some(watched) = asked.watched.as_deref_mut() else { return Ok(()) };
        let walks = query.body.walk;
        let to_leaf = scene.core.links().iter().any(|own| own.id() == link && is_leaf(own));
        let again = match scene.cue {
            Cue::Copy { link: from, guid, travel, known } if *guid == query.guid => {
                if *from == link {
                    return Err(Broken::new("a query never goes back to where that copy came from", ""));
                }
                if scene.core.role() == Role::Leaf {
                    return Err(Broken::new("a leaf passes on nothing", format!("{travel:?} over {link:?}")));
                }
                let onward = travel.arrive(if walks { MAX_WALK_TTL } else { scene.config.max_ttl });
                let expected = if to_leaf { onward.map(to_last) } else { onward.filter(|onward| onward.may_go_on()) };
                if expected != Some(query.travel) {
                    let detail = format!("{travel:?} became {:?}", query.travel);
                    return Err(Broken::new("TTL falls and hops rise by one, and their sum never grows", detail));
                }
                *known
            }
            _ if query.travel.hops() != 0 || scene.node != origin => {
                return Err(Broken::new("a query is passed on when a copy of it comes", format!("{:?}", query.travel)));
            }
            _ => false,
        };
        if again && to_leaf {
            return Err(Broken::new("a leaf is handed a query once by each ultra-peer", format!("over {link:?}")));
        }
        if walks {
            return Ok(());
        }
        // What a leaf was handed spent no TTL: should it be an ultra-peer by the next copy, that is its first to pass on.
        let ttl = if to_leaf { 0 } else { query.travel.ttl() };
        let before = watched.sent.insert(link, ttl);
        let higher = before.is_none_or(|before| ttl > before);
        let is_own = query.travel.hops() == 0;
        if is_own && before.is_some() && !(is_ring && higher) {
            let detail = format!("over {link:?} with TTL {before:?}, then {ttl}");
            return Err(Broken::new("the origin sends a query once, a ring again with a higher TTL", detail));
        }
        let may = scene.config.dedup == Dedup::HighestTtl && higher;
        if again && !may {
            let detail = format!("over {link:?} with TTL {before:?}, then {ttl}");
            return Err(Broken::new("a query goes over a link once, again only with a higher TTL", detail));
        }
        Ok(())
    }

    /// F5: hits and reports take the exact reverse of the query's path; a neighbor that asked itself may be told at once.
    fn watch_way_back(&mut self, scene: &Scene<'_>, link: LinkId, guid: &Guid) -> Result<(), Broken> {
        let Some(asked) = self.open.get(guid) else { return Ok(()) };
        let Some(watched) = &asked.watched else { return Ok(()) };
        // A node that leaves sends what it collected, and forgets its links in the same step.
        let Some(own) = scene.core.links().iter().find(|own| own.id() == link) else { return Ok(()) };
        let at = index_of(&own.peer().id);
        let way = watched.from.get(&scene.node).copied();
        if way == Some(link) || at == asked.origin {
            return Ok(());
        }
        let detail = format!("over {link:?} instead of {way:?}");
        Err(Broken::new("hits and reports take the reverse of their query's path", detail))
    }

    /// A7: a hit names what its owner has and what was asked for, and is told once.
    fn watch_hit(
        &mut self,
        scene: &Scene<'_>,
        guid: &Guid,
        (node, hops): (NodeId, u8),
        files: &[FoundFile],
    ) -> Result<(), Broken> {
        let Some(asked) = self.open.get_mut(guid) else { return Ok(()) };
        let Some(watched) = asked.watched.as_deref_mut() else { return Ok(()) };
        for file in files {
            let number = file_of(&file.id);
            let owner = index_of(&node);
            if *file != found_file(number) || number != asked.file || !scene.catalogue.has(owner, number) {
                let detail = format!("node {owner} and file {number}; asked for {}", asked.file);
                return Err(Broken::new("a hit names a file that its owner has and that was asked for", detail));
            }
            if watched.told.insert((node, number), hops).is_some() {
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

/// As a copy is handed to a leaf.
fn to_last(travel: Travel) -> Travel {
    Travel::from_wire(1, travel.hops())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::super::asked::{Asked, AskedTable};
    use super::super::library::{Catalogue, Shares, found_file};
    use super::super::population::{addr, identity};
    use super::super::units::{Fraction, Real, Whole};
    use super::{Cue, Scene, Stance, Watched};
    use crate::base::{Rng, Time};
    use crate::overlay::{
        Config, Context, Delivery, DoneWhy, Event, HitBody, HitMessage, Input, LinkId, Message, Node, Output, Peer,
        QueryBody, QueryMessage, SearchCost, Strategy,
    };
    use crate::proto::{Guid, Travel, Untrusted};

    const GUID: Guid = Guid([7; 16]);
    const OWN: u32 = 5;
    const ORIGIN: u32 = 3;

    /// A node with links 10 to 12, the first of them to node 6, and a search of node 3 for a file of node 6.
    struct Stage {
        core: Node,
        config: Config,
        catalogue: Catalogue,
        asked: AskedTable,
        file: u32,
    }

    impl Stage {
        fn new() -> Self {
            let config = Config::default();
            let shares =
                Shares { files: Whole(20), mean: Real(5.0), free_riders: Fraction::new(0.0), ..Shares::default() };
            let catalogue = Catalogue::new(10, &shares, &mut Rng::new(1));
            let mut core = Node::new(identity(1, OWN, 0), Untrusted::default(), Rng::new(2), &config);
            for link in 0..3 {
                let peer = Arc::new(Peer {
                    id: identity(1, 6 + link, 0),
                    name: Untrusted::default(),
                    listen: Some(addr(6 + link)),
                    dialled: None,
                    local: true,
                    topology: core.topology(),
                    role: core.role(),
                    serves: false,
                });
                let (library, mut out) = (catalogue.shelf(OWN), Vec::new());
                let mut cx =
                    Context { now: Time::ZERO, config: &config, library: &library, registry: None, out: &mut out };
                core.handle(Input::LinkUp { link: LinkId(10 + link), peer }, &mut cx);
            }
            let file = catalogue.of(6)[0];
            let watched = Some(Watched::new(&mut Rng::new(3)));
            let deadline = Time::ZERO + Duration::from_secs(9);
            let asked = Asked {
                origin: ORIGIN,
                life: 1,
                ttl: 7,
                strategy: Strategy::Flood,
                file,
                began: Time::ZERO,
                deadline,
                possible: true,
                done: None,
                hits: 0,
                first_hit: None,
                reached: 0,
                copies: 0,
                duplicates: 0,
                watched,
            };
            let mut table = AskedTable::new(1);
            table.begin(GUID, asked, 2);
            Self { core, config, catalogue, asked: table, file }
        }

        /// The rule that a core breaks by doing this on that.
        fn broken(&mut self, node: u32, cue: &Cue, out: Output) -> Option<&'static str> {
            let Self { core, config, catalogue, asked, .. } = self;
            let scene = Scene { node, core, config, catalogue, cue, was: Stance::of(core) };
            asked.watch(&scene, &[out]).err().map(|broken| broken.rule)
        }
    }

    fn came(link: u32, ttl: u8, known: bool) -> Cue {
        Cue::Copy { link: LinkId(link), guid: GUID, travel: Travel::from_wire(ttl, 7 - ttl), known }
    }

    fn copy(link: u32, ttl: u8, hops: u8) -> Output {
        let body = Arc::new(QueryBody::new("f1", None, Delivery::Direct, false));
        let query = QueryMessage { guid: GUID, travel: Travel::from_wire(ttl, hops), body };
        Output::Send { link: LinkId(link), message: Message::Query(query) }
    }

    #[test]
    fn copies_that_break_a_rule_are_seen() {
        let mut stage = Stage::new();
        assert_eq!(stage.broken(OWN, &came(10, 5, false), copy(11, 4, 3)), None);
        let again = "a query goes over a link once, again only with a higher TTL";
        assert_eq!(stage.broken(OWN, &came(12, 5, true), copy(11, 4, 3)), Some(again));
        assert_eq!(stage.broken(OWN, &came(12, 6, true), copy(11, 5, 2)), None, "a higher TTL");
        assert_eq!(stage.broken(OWN, &came(10, 5, false), copy(11, 4, 3)), None, "it was forgotten");
        let back = "a query never goes back to where that copy came from";
        assert_eq!(stage.broken(OWN, &came(10, 5, false), copy(10, 4, 3)), Some(back));
        let grows = "TTL falls and hops rise by one, and their sum never grows";
        for (ttl, hops) in [(5, 3), (4, 2), (5, 2), (3, 3)] {
            assert_eq!(stage.broken(OWN, &came(10, 5, false), copy(11, ttl, hops)), Some(grows));
        }
        let idle = "a query is passed on when a copy of it comes";
        assert_eq!(stage.broken(OWN, &Cue::Wake, copy(11, 4, 3)), Some(idle));
        stage.config.dedup = crate::overlay::Dedup::First;
        assert_eq!(
            stage.broken(OWN, &came(12, 7, true), copy(11, 6, 1)),
            Some(again),
            "never where the first one counts"
        );
    }

    #[test]
    fn hits_that_break_a_rule_are_seen() {
        let mut stage = Stage::new();
        let hit = |link: u32| {
            let hit = HitMessage { guid: GUID, travel: Travel::way_back(), body: Arc::new(HitBody::default()) };
            Output::Send { link: LinkId(link), message: Message::Hit(hit) }
        };
        let way = "hits and reports take the reverse of their query's path";
        assert_eq!(stage.broken(OWN, &Cue::Other, hit(10)), Some(way), "nothing came from there");
        let told = |owner: u32, file: u32| Event::Hit {
            guid: GUID,
            node: identity(1, owner, 0),
            name: Untrusted::default(),
            addr: None,
            hops: 1,
            via: Delivery::Direct,
            files: vec![found_file(file)],
            at: Duration::ZERO,
        };
        let file = stage.file;
        let truth = "a hit names a file that its owner has and that was asked for";
        let without = (0..10).find(|&node| !stage.catalogue.has(node, file)).unwrap();
        assert_eq!(stage.broken(ORIGIN, &Cue::Other, Output::Event(told(without, file))), Some(truth));
        assert_eq!(stage.broken(ORIGIN, &Cue::Other, Output::Event(told(6, file + 1))), Some(truth));
        assert_eq!(stage.broken(ORIGIN, &Cue::Other, Output::Event(told(6, file))), None);
        assert_eq!(stage.broken(ORIGIN, &Cue::Other, Output::Event(told(6, file))), Some("a hit is told once"));
    }

    #[test]
    fn ends_and_strays_that_break_a_rule_are_seen() {
        let mut stage = Stage::new();
        let done = || Event::Done { guid: GUID, cost: SearchCost::default(), why: DoneWhy::Deadline };
        let once = "a search ends once, where it began";
        assert_eq!(stage.broken(OWN, &Cue::Wake, Output::Event(done())), Some(once));
        assert_eq!(stage.broken(ORIGIN, &Cue::Wake, Output::Event(done())), None);
        stage.asked.open.get_mut(&GUID).unwrap().done = Some(DoneWhy::Deadline);
        assert_eq!(stage.broken(ORIGIN, &Cue::Wake, Output::Event(done())), Some(once));
        let stray = Cue::Stray { stale: stage.core.counters().stale };
        let counted = "a message on a link that is gone is counted and leads to nothing";
        assert_eq!(stage.broken(OWN, &stray, Output::Dial { addr: addr(1) }), Some(counted));
    }
}
