//! A scenario: everything about a run but its seed, as data. A file of one is read by serde; each number refuses by itself
//! what makes no sense, so that a mistake has its line.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::capacity::{Class, MAX_CLASSES, TOLERANCE};
use super::faults::Fault;
use super::law::Law;
use super::library::{MAX_COPIES, Shares};
use super::links::Links;
use super::units::{Fraction, Span, Whole};
use crate::overlay::{Config, Dedup, Delivery, Strategy, TopologyKind};
use crate::proto::limits::{MAX_HOSTS, MAX_TTL, MAX_WALK_TTL, MAX_WALKERS, SEEN_CAPACITY};
use crate::sim::make::Kind;

/// The topologies that there are.
pub const TOPOLOGIES: [TopologyKind; 3] = [TopologyKind::Flood, TopologyKind::Ultrapeer, TopologyKind::Central];
/// Nodes of a scenario.
pub const MAX_LIVE_NODES: usize = 1_000_000;
/// Faults of a scenario.
pub const MAX_FAULTS: usize = 1_000;
/// Searches a second, of all nodes together.
const MAX_SEARCH_RATE: f64 = 100_000.0;
/// Crowds of a scenario.
const MAX_CROWDS: usize = 100;
/// Nodes that are known to everybody, at most.
const MAX_BOOTSTRAP: usize = 1_000;

/// A run, but for its seed.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scenario {
    /// What it is called.
    pub name: String,
    /// What it shows.
    pub about: String,
    /// The topologies that are run, one after the other and side by side in the report.
    #[serde(deserialize_with = "one_or_many")]
    pub topology: Vec<TopologyKind>,
    /// The seed, unless the command line names another.
    pub seed: u64,
    /// Nodes that start with the run.
    pub nodes: Whole<2, MAX_LIVE_NODES>,
    /// How long it runs, in virtual time.
    pub duration: Span,
    /// How nodes find each other.
    pub join: Join,
    /// Links that are laid out beforehand; nodes then keep exactly these.
    pub graph: Option<Layout>,
    /// What links are like.
    pub links: Links,
    /// Who comes and goes.
    pub churn: Option<Churn>,
    /// Who comes in crowds.
    #[serde(rename = "crowd", deserialize_with = "crowds")]
    pub crowds: Vec<Crowd>,
    /// What breaks when.
    #[serde(rename = "fault", deserialize_with = "faults")]
    pub faults: Vec<Fault>,
    /// How much nodes can upload: classes of them, whose shares add up to at most 1.
    #[serde(deserialize_with = "classes")]
    pub capacity: Vec<Class>,
    /// Who shares what.
    pub library: Shares,
    /// Who asks for what.
    pub searches: Searches,
    /// The settings of the nodes.
    pub settings: Settings,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            name: String::new(),
            about: String::new(),
            topology: vec![TopologyKind::default()],
            seed: 1,
            nodes: Whole(100),
            duration: Span::secs(300),
            join: Join::default(),
            graph: None,
            links: Links::default(),
            churn: None,
            crowds: Vec::new(),
            faults: Vec::new(),
            capacity: Vec::new(),
            library: Shares::default(),
            searches: Searches::default(),
            settings: Settings::default(),
        }
    }
}

impl Scenario {
    /// Nodes that there will ever be.
    #[must_use]
    pub fn population(&self) -> usize {
        self.nodes.0 + self.crowds.iter().map(|crowd| crowd.nodes.0).sum::<usize>()
    }

    /// The same with so many nodes at the start; crowds and nodes that are known to everybody change in proportion.
    #[must_use]
    pub fn with_nodes(mut self, nodes: usize) -> Self {
        let scaled = |count: usize| (count as f64 * nodes as f64 / self.nodes.0 as f64).round() as usize;
        self.join.bootstrap = Whole(scaled(self.join.bootstrap.0).clamp(1, MAX_BOOTSTRAP));
        self.crowds.iter_mut().for_each(|crowd| crowd.nodes = Whole(scaled(crowd.nodes.0).clamp(1, MAX_LIVE_NODES)));
        self.nodes = Whole(nodes);
        self
    }

    /// The settings that all nodes share in a topology.
    pub(super) fn config(&self, topology: TopologyKind) -> Config {
        let config = Config {
            min_neighbors: self.settings.min_neighbors.0,
            max_neighbors: if self.graph.is_some() { usize::MAX } else { self.settings.max_neighbors.0 },
            only_peers: self.graph.is_some(),
            follow: self.mixes(),
            max_ttl: self.settings.max_ttl.0 as u8,
            dedup: self.settings.dedup,
            ping_interval: self.settings.ping_interval.0,
            silence: self.settings.silence.0,
            seen_capacity: self.settings.seen_capacity.0,
            max_hosts: self.settings.max_hosts.0,
            ..Config::default()
        };
        Config { topology, ..config }
    }

    /// Whether faults bring nodes into other topologies.
    pub(super) fn mixes(&self) -> bool {
        self.faults.iter().any(|fault| fault.kind.mixes())
    }

    /// What no single number shows to be wrong.
    ///
    /// # Errors
    /// The first contradiction.
    pub fn check(&self) -> Result<(), Contradiction> {
        let population = self.population();
        let no = |key: &'static str, why: String| Err(Contradiction { key, why });
        if population > MAX_LIVE_NODES {
            return no(
                "crowd",
                format!("{population} nodes with all crowds are too many; the most is {MAX_LIVE_NODES}"),
            );
        }
        if self.graph.is_some() && !self.crowds.is_empty() {
            return no("crowd", "a crowd has no place in a graph that is laid out; leave one of the two out".into());
        }
        if self.graph.is_some() && self.topology.iter().any(|topology| *topology != TopologyKind::Flood) {
            return no(
                "graph",
                "only flooding keeps to links that are laid out; leave the graph or the others out".into(),
            );
        }
        if self.graph.is_some() && self.mixes() {
            return no(
                "fault",
                "in a graph that is laid out nobody changes the topology; leave one of the two out".into(),
            );
        }
        if self.settings.min_neighbors.0 > self.settings.max_neighbors.0 {
            return no("settings", "min_neighbors must not exceed max_neighbors".into());
        }
        if self.settings.silence <= self.settings.ping_interval {
            return no("settings", "silence must be longer than ping_interval, or every neighbor seems dead".into());
        }
        if self.searches.ttl.is_empty() {
            return no("searches", "ttl needs at least one number".into());
        }
        let classed: f64 = self.capacity.iter().map(|class| class.share.get()).sum();
        if classed > 1.0 + TOLERANCE {
            return no("capacity", format!("the shares of all classes add up to {classed:.2}; they make at most 1"));
        }
        if self.searches.strategy.contains(&Strategy::Ring) && self.settings.dedup == Dedup::First {
            return no(
                "searches",
                "a ring sends one query again and again, which dedup = \"first\" drops; leave one of the two out"
                    .into(),
            );
        }
        let rate = population as f64 / self.searches.every.0.as_secs_f64();
        if rate > MAX_SEARCH_RATE {
            return no("searches", format!("{rate:.0} searches a second are too many; the most is {MAX_SEARCH_RATE}"));
        }
        let copies = population as f64 * self.library.mean.0;
        if copies > MAX_COPIES as f64 / 2.0 {
            return no("library", format!("{copies:.0} shared files are too many; the most is {}", MAX_COPIES / 2));
        }
        self.check_times()
    }

    fn check_times(&self) -> Result<(), Contradiction> {
        let no = |key: &'static str, why: String| Err(Contradiction { key, why });
        if let Some(fault) = self.faults.iter().find(|fault| fault.at > self.duration) {
            return no("fault", format!("a fault at {} comes after the end of the run at {}", fault.at, self.duration));
        }
        if let Some(crowd) = self.crowds.iter().find(|crowd| crowd.at > self.duration) {
            return no("crowd", format!("a crowd at {} comes after the end of the run at {}", crowd.at, self.duration));
        }
        let shortest = self.churn.map(|churn| churn.session.median.min(churn.absence.median));
        if shortest.is_some_and(|shortest| shortest < Span::secs(1)) {
            return no("churn", "medians of less than a second are no sessions".into());
        }
        Ok(())
    }
}

/// Two settings of a scenario that do not go together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The key at the top of the file that it is about.
    pub key: &'static str,
    /// What is wrong.
    pub why: String,
}

/// How nodes find each other.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Join {
    /// The first so many nodes are known to everybody; they are never part of churn.
    pub bootstrap: Whole<1, MAX_BOOTSTRAP>,
    /// How many of them each node is told when it starts, as if its user had named them.
    pub known: Whole<1, MAX_HOSTS>,
    /// The first nodes start within this time.
    pub over: Span,
}

impl Default for Join {
    fn default() -> Self {
        Self { bootstrap: Whole(3), known: Whole(3), over: Span::secs(10) }
    }
}

/// A graph of links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// Its kind, as `hopscope sim flood` makes it.
    #[serde(deserialize_with = "kind", serialize_with = "kind_name")]
    pub kind: Kind,
    /// Links of each node, or on average.
    pub degree: Whole<1, 1_000>,
}

/// Who comes and goes.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Churn {
    /// How long a node stays.
    pub session: Law,
    /// How long it is away.
    pub absence: Law,
    /// The share of nodes that take part; the others stay.
    #[serde(default = "all")]
    pub share: Fraction,
    /// Sessions that end in a crash: links are reset, nobody says goodbye.
    #[serde(default)]
    pub crash: Fraction,
    /// Sessions that end without a trace, as when a cable is pulled: neighbors have to notice by themselves.
    #[serde(default)]
    pub vanish: Fraction,
    /// Returns with what lay on the disk: the key and the remembered addresses. The others return as new nodes.
    #[serde(default = "all")]
    pub disk: Fraction,
}

fn all() -> Fraction {
    Fraction::new(1.0)
}

/// Nodes that start together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Crowd {
    /// When the first starts.
    pub at: Span,
    /// How many.
    pub nodes: Whole<1, MAX_LIVE_NODES>,
    /// All start within this time.
    #[serde(default)]
    pub over: Span,
}

/// Who asks for what.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Searches {
    /// Between two searches of one node, on average; they come as a Poisson process.
    pub every: Span,
    /// The TTLs that searches start with, each as often as the others.
    pub ttl: Vec<Whole<1, { MAX_TTL as usize }>>,
    /// How searches spread: a strategy, or a list of those that come as often as each other.
    #[serde(deserialize_with = "strategies", serialize_with = "strategy_names")]
    pub strategy: Vec<Strategy>,
    /// Walkers of a walk.
    pub walkers: Whole<1, { MAX_WALKERS as usize }>,
    /// Steps of each walker, where other searches have a TTL.
    pub steps: Whole<1, { MAX_WALK_TTL as usize }>,
    /// When a search ends at the latest.
    pub timeout: Span,
    /// How hits travel.
    pub delivery: Delivery,
    /// Whether nodes report on them.
    pub traced: bool,
    /// How uneven wishes are: the file of rank r is asked for as often as 1/r to this power.
    pub zipf: super::units::Real<0, 10>,
    /// No search before this time: the overlay comes together first.
    pub from: Span,
}

impl Default for Searches {
    fn default() -> Self {
        Self {
            every: Span::secs(60),
            ttl: vec![Whole(4)],
            strategy: vec![Strategy::default()],
            walkers: Whole(Strategy::WALKERS.into()),
            steps: Whole(Strategy::WALK_TTL.into()),
            timeout: Span::secs(30),
            delivery: Delivery::Direct,
            traced: false,
            zipf: super::units::Real(0.8),
            from: Span::secs(20),
        }
    }
}

impl Searches {
    /// A search as it begins: with the number of walkers, and with their steps as its TTL.
    pub(super) fn begun(&self, strategy: Strategy, ttl: u8) -> (Strategy, u8) {
        match strategy {
            Strategy::Flood | Strategy::Ring => (strategy, ttl),
            Strategy::Walk { .. } => (Strategy::Walk { walkers: self.walkers.0 as u8 }, self.steps.0 as u8),
        }
    }
}

/// The settings of the nodes: those of [`Config`] that a run may vary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// See [`Config::min_neighbors`].
    pub min_neighbors: Whole<1, 256>,
    /// See [`Config::max_neighbors`].
    pub max_neighbors: Whole<1, 256>,
    /// See [`Config::max_ttl`].
    pub max_ttl: Whole<1, { MAX_TTL as usize }>,
    /// See [`Config::dedup`].
    pub dedup: Dedup,
    /// See [`Config::ping_interval`].
    pub ping_interval: Span,
    /// See [`Config::silence`].
    pub silence: Span,
    /// See [`Config::seen_capacity`].
    pub seen_capacity: Whole<1, SEEN_CAPACITY>,
    /// See [`Config::max_hosts`].
    pub max_hosts: Whole<8, MAX_HOSTS>,
}

impl Default for Settings {
    fn default() -> Self {
        let config = Config::default();
        Self {
            min_neighbors: Whole(config.min_neighbors),
            max_neighbors: Whole(config.max_neighbors),
            max_ttl: Whole(config.max_ttl.into()),
            dedup: config.dedup,
            ping_interval: Span(config.ping_interval),
            silence: Span(config.silence),
            seen_capacity: Whole(config.seen_capacity),
            max_hosts: Whole(config.max_hosts),
        }
    }
}

/// One topology, or a list of them.
fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<TopologyKind>, D::Error> {
    let read = |name: &str| {
        TopologyKind::deserialize(de::value::StrDeserializer::<de::value::Error>::new(name)).map_err(|e| e.to_string())
    };
    names(deserializer, "topology", read)
}

/// One strategy, or a list of them.
fn strategies<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Strategy>, D::Error> {
    let read = |name: &str| {
        let known = Strategy::ALL.map(Strategy::name).join(", ");
        Strategy::named(name).ok_or_else(|| format!("there is no such strategy; this version knows {known}"))
    };
    names(deserializer, "strategy", read)
}

fn strategy_names<S: Serializer>(strategies: &[Strategy], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(strategies.iter().map(|strategy| strategy.name()))
}

/// A name of a `what`, or a list of names without doubles.
fn names<'de, T: PartialEq, D: Deserializer<'de>>(
    deserializer: D,
    what: &'static str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Names {
        One(String),
        Many(Vec<String>),
    }
    let names = match Names::deserialize(deserializer) {
        Ok(Names::One(name)) => vec![name],
        Ok(Names::Many(names)) if names.is_empty() => {
            return Err(de::Error::custom(format_args!("name at least one {what}")));
        }
        Ok(Names::Many(names)) => names,
        Err(_) => return Err(de::Error::custom(format_args!("the name of a {what}, or a list of names"))),
    };
    let mut known = Vec::new();
    for name in &names {
        let value = read(name).map_err(de::Error::custom)?;
        if known.contains(&value) {
            return Err(de::Error::custom(format_args!("`{name}` is there twice")));
        }
        known.push(value);
    }
    Ok(known)
}

fn bounded<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
    most: usize,
    what: &str,
) -> Result<Vec<T>, D::Error> {
    let list = Vec::<T>::deserialize(deserializer)?;
    if list.len() > most {
        return Err(de::Error::custom(format_args!("{} {what} are too many; the most is {most}", list.len())));
    }
    Ok(list)
}

fn faults<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Fault>, D::Error> {
    bounded(deserializer, MAX_FAULTS, "faults")
}

fn classes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Class>, D::Error> {
    bounded(deserializer, MAX_CLASSES, "classes of capacity")
}

fn crowds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Crowd>, D::Error> {
    bounded(deserializer, MAX_CROWDS, "crowds")
}

fn kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Kind, D::Error> {
    let name = String::deserialize(deserializer)?;
    Kind::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, kind)| kind).ok_or_else(|| {
        let known = Kind::ALL.map(|(name, _)| name).join(", ");
        de::Error::custom(format_args!("there is no such kind of graph; this version knows {known}"))
    })
}

fn kind_name<S: Serializer>(kind: &Kind, serializer: S) -> Result<S::Ok, S::Error> {
    let name = Kind::ALL.into_iter().find(|(_, known)| known == kind).map_or("", |(name, _)| name);
    serializer.serialize_str(name)
}
