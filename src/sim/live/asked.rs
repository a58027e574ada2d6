//! Searches: what each reached and cost, added up by the TTL that it began with.

use std::collections::VecDeque;
use std::time::Duration;

use serde::Serialize;

use super::horizon::Horizons;
use super::watch::Watched;
use crate::base::{Map, Time, seed};
use crate::overlay::{DoneWhy, QueryMessage, Strategy};
use crate::proto::Guid;

/// How long after its deadline a search is still counted for: what is late arrives by then, or is not counted.
pub(super) const LINGER: Duration = Duration::from_secs(30);

/// One search.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) origin: u32,
    pub(super) life: u32,
    pub(super) ttl: u8,
    pub(super) strategy: Strategy,
    pub(super) file: u32,
    pub(super) began: Time,
    pub(super) deadline: Time,
    /// Whether some other node that was online had the file.
    pub(super) possible: bool,
    pub(super) done: Option<DoneWhy>,
    pub(super) hits: u32,
    pub(super) first_hit: Option<Duration>,
    pub(super) reached: u32,
    pub(super) copies: u32,
    pub(super) duplicates: u32,
    /// What the rules need of it, for those that are watched.
    pub(super) watched: Option<Box<Watched>>,
}

/// The searches of one strategy and TTL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ByTtl {
    /// How they spread.
    pub strategy: &'static str,
    /// The TTL that they began with: the last one of a ring, the steps of a walker.
    pub ttl: u8,
    /// How many.
    pub searches: u64,
    /// Those of them for whose file there was another node online that had it.
    pub possible: u64,
    /// Those that found it.
    pub found: u64,
    /// Nodes that they reached, on average.
    pub reached: f64,
    /// Copies that nodes received, on average.
    pub messages: f64,
    /// Those of them that a node had seen, on average.
    pub duplicates: f64,
    /// Until the first hit, on average over those that found something.
    pub first_hit_ms: f64,
}

impl ByTtl {
    /// The share of possible searches that found their file; 1 if there were none.
    #[must_use]
    pub fn success(&self) -> f64 {
        if self.possible == 0 { 1.0 } else { self.found as f64 / self.possible as f64 }
    }

    fn add(&mut self, asked: &Asked) {
        self.searches += 1;
        self.possible += u64::from(asked.possible);
        self.found += u64::from(asked.possible && asked.hits > 0);
        self.reached += f64::from(asked.reached);
        self.messages += f64::from(asked.copies);
        self.duplicates += f64::from(asked.duplicates);
        self.first_hit_ms += asked.first_hit.map_or(0.0, |time| time.as_secs_f64() * 1_000.0);
    }

    fn averaged(mut self) -> Self {
        let searches = self.searches.max(1) as f64;
        self.reached /= searches;
        self.messages /= searches;
        self.duplicates /= searches;
        self.first_hit_ms /= self.found.max(1) as f64;
        self
    }
}

/// All searches: those under way one by one, the others added up.
#[derive(Debug)]
pub(super) struct AskedTable {
    pub(super) open: Map<Guid, Asked>,
    /// By when each may be forgotten.
    order: VecDeque<(Time, Guid)>,
    /// As many as a scenario has strategies and TTLs, in the order in which they ended first.
    by_ttl: Vec<ByTtl>,
    /// How far they came.
    pub(super) horizons: Horizons,
    pub(super) began: u64,
    /// Searches that are watched.
    pub(super) watching: usize,
    /// Where the last one began.
    pub(super) youngest_origin: Option<u32>,
}

impl AskedTable {
    pub(super) fn new(bits: u64) -> Self {
        Self {
            open: Map::with_hasher(seed(bits)),
            order: VecDeque::new(),
            by_ttl: Vec::new(),
            horizons: Horizons::default(),
            began: 0,
            watching: 0,
            youngest_origin: None,
        }
    }

    /// A search begins while so many nodes are online.
    pub(super) fn begin(&mut self, guid: Guid, asked: Asked, online: usize) {
        self.horizons.begin(asked.strategy, online);
        self.began += 1;
        self.youngest_origin = Some(asked.origin);
        self.watching += usize::from(asked.watched.is_some());
        self.order.push_back((asked.deadline + LINGER, guid));
        self.open.insert(guid, asked);
    }

    /// A copy is about to arrive.
    pub(super) fn copy(&mut self, query: &QueryMessage, is_first: bool) {
        let Some(asked) = self.open.get_mut(&query.guid) else { return };
        asked.copies += 1;
        asked.reached += u32::from(is_first);
        asked.duplicates += u32::from(!is_first);
        self.horizons.copy(asked.strategy, query, is_first);
    }

    /// The nodes whose files a watched search was told of, in ascending order.
    pub(super) fn found_by(&self, guid: &Guid) -> Vec<u32> {
        self.open.get(guid).and_then(|asked| asked.watched.as_ref()).map_or_else(Vec::new, |watched| watched.owners())
    }

    /// Adds up the searches that are over for good.
    pub(super) fn forget(&mut self, now: Time) {
        while let Some(&(_, guid)) = self.order.front().filter(|(until, _)| *until <= now) {
            self.order.pop_front();
            if let Some(asked) = self.open.remove(&guid) {
                self.watching -= usize::from(asked.watched.is_some());
                row_of(&mut self.by_ttl, &asked).add(&asked);
            }
        }
    }

    /// Every strategy and TTL that was used, averaged over its searches: also over those that still run, as they are.
    pub(super) fn by_ttl(&self) -> Vec<ByTtl> {
        let mut rows = self.by_ttl.clone();
        for (_, guid) in &self.order {
            if let Some(asked) = self.open.get(guid).filter(|asked| asked.done.is_some()) {
                row_of(&mut rows, asked).add(asked);
            }
        }
        rows.sort_by_key(|row| (row.strategy, row.ttl));
        rows.into_iter().map(ByTtl::averaged).collect()
    }
}

/// The row that a search is added to, which may be new.
fn row_of<'a>(rows: &'a mut Vec<ByTtl>, asked: &Asked) -> &'a mut ByTtl {
    let (strategy, ttl) = (asked.strategy.name(), asked.ttl);
    let known = rows.iter().position(|row| row.strategy == strategy && row.ttl == ttl);
    let at = known.unwrap_or_else(|| {
        rows.push(ByTtl { strategy, ttl, ..ByTtl::default() });
        rows.len() - 1
    });
    &mut rows[at]
}
