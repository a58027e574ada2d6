//! Reads a trace: what holds of it, and what about it cannot be true.

use std::collections::BTreeMap;
use std::io::{self, BufRead};
use std::sync::Arc;

use serde::Serialize;

use super::draft::Draft;
use super::line::{DoneMore, Header, Kind, Line, VERSION};
use super::lines::{Lines, Next};
use super::{MAX_HITS, MAX_REPORTS, MAX_SEARCHES};
use crate::app::recorded::{self, Origin};
use crate::app::{
    Event, Guid, Hit, HopReport, MAX_FILE_NAME, MAX_HITS_A_SEARCH, MAX_HOPS_A_SEARCH, MAX_LINKS, MAX_NODE_NAME,
    MAX_QUERY_TEXT, MAX_TTL, Magnet, RoundRow, Search, Snapshot, Strategy,
};

/// Why a file is no trace that can be read.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// Its first line is no header.
    #[error("it is no trace: its first line does not say whose searches follow")]
    NoHeader,
    /// Somebody wrote it who means other things by the same names.
    #[error("it is a trace of version {0}, and this program reads version {VERSION}")]
    Version(u64),
    /// No search can be read of it.
    #[error("there is no search in it that can be read")]
    Empty,
}

/// What about a trace is not as a recorder writes it. Zero everywhere for one that nobody touched and nothing cut.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Doubts {
    /// Lines that are no JSON object of the kind that they say, or with values that nothing can have.
    pub malformed: u64,
    /// Lines longer than any that a recorder writes.
    pub too_long: u64,
    /// Lines about a search that no line says anybody made.
    pub no_query: u64,
    /// Lines that say again what another one said.
    pub repeated: u64,
    /// Reports and hits after the end of their search.
    pub after_end: u64,
    /// Searches whose end claims other sums than their reports make.
    pub sums: u64,
    /// Lines beyond what is read of one trace.
    pub left_out: u64,
    /// Events that the recorder lost.
    pub lost: u64,
    /// Whether the end is missing.
    pub cut: bool,
    /// Whether there is more in the file than is read of one.
    pub unread: bool,
}

impl Doubts {
    /// Whether somebody changed it, or wrote it so.
    #[must_use]
    pub const fn inconsistent(&self) -> bool {
        self.malformed + self.too_long + self.no_query + self.repeated + self.after_end + self.sums > 0
    }

    /// Whether something is missing.
    #[must_use]
    pub const fn incomplete(&self) -> bool {
        self.left_out > 0 || self.lost > 0 || self.cut || self.unread
    }

    /// All of it in words, each with its number; empty when all is well.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let counted = [
            (self.malformed, "not a line of a trace"),
            (self.too_long, "too long a line"),
            (self.no_query, "about a search that is not there"),
            (self.repeated, "told twice"),
            (self.after_end, "after the end of its search"),
            (self.sums, "an end with other sums than its reports"),
            (self.left_out, "beyond what is read of one trace"),
            (self.lost, "lost by the recorder"),
        ];
        let found = counted.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
        let whole = [(self.cut, "its end is missing"), (self.unread, "the rest of the file is not read")];
        found.chain(whole.into_iter().filter(|(is, _)| *is).map(|(_, what)| what.to_owned())).collect()
    }
}

/// A search of a trace.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// As the engine would show it.
    pub search: Arc<Search>,
    /// Whether its end was recorded.
    pub ended: bool,
    /// Bytes of its copies, as its end says; nobody else counted them.
    pub bytes: Option<u64>,
}

/// What a trace tells.
#[derive(Debug)]
pub struct Recording {
    /// Whose searches.
    pub origin: Origin,
    /// The searches, the oldest first.
    pub searches: Vec<Recorded>,
    /// What about it is not as it should be.
    pub doubts: Doubts,
    /// Lines of the file that were read.
    pub lines: u64,
}

impl Recording {
    /// What a face shows of it.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        recorded::snapshot(&self.origin, self.searches.iter().map(|recorded| Arc::clone(&recorded.search)).collect())
    }
}

/// Reads a trace from its first line to its last, or to where more would be too much.
///
/// # Errors
/// When it is none, or one of another version. A damaged one is read as far as it makes sense.
pub fn read(from: impl BufRead) -> Result<Recording, TraceError> {
    let mut lines = Lines::new(from);
    let header = match lines.next()? {
        Next::Line(line) | Next::Open(line) => header(line)?,
        Next::TooLong | Next::Full | Next::End => return Err(TraceError::NoHeader),
    };
    let origin = header.clone().origin().ok_or(TraceError::NoHeader)?;
    let mut reader = Reader {
        header,
        drafts: Vec::new(),
        places: BTreeMap::new(),
        doubts: Doubts::default(),
        held: Held::default(),
    };
    loop {
        match lines.next()? {
            Next::Line(line) => reader.line(line),
            Next::Open(line) => reader.last_words(line),
            Next::TooLong => reader.doubts.too_long += 1,
            Next::Full => {
                reader.doubts.unread = true;
                break;
            }
            Next::End => break,
        }
    }
    reader.finish(origin, lines.count())
}

/// How a search spread that a line tells of; `None` for numbers that no search has. What a newer version calls by a name
/// that this one does not know is shown like a flood.
fn strategy_of(name: &str, walkers: Option<u8>) -> Option<Strategy> {
    let Some(strategy) = Strategy::named(name) else { return Some(Strategy::Flood) };
    walkers.map_or(Some(strategy), |walkers| strategy.with_walkers(walkers))
}

fn header(line: &[u8]) -> Result<Header, TraceError> {
    // The version first: a header of another one may have other fields.
    #[derive(serde::Deserialize)]
    struct Version {
        version: u64,
    }
    let kind: Kind = serde_json::from_slice(line).map_err(|_| TraceError::NoHeader)?;
    let Version { version } = serde_json::from_slice(line).map_err(|_| TraceError::NoHeader)?;
    match serde_json::from_slice(line) {
        _ if kind.name != "trace" => Err(TraceError::NoHeader),
        _ if version != VERSION => Err(TraceError::Version(version)),
        Ok(Line::Trace(header)) => Ok(header),
        _ => Err(TraceError::NoHeader),
    }
}

/// What is held of all searches together, so that it has a bound.
#[derive(Debug, Default)]
struct Held {
    reports: usize,
    hits: usize,
    /// Whether the last line was the recorder's last word.
    ended: bool,
}

struct Reader {
    header: Header,
    drafts: Vec<(Guid, Draft)>,
    places: BTreeMap<Guid, usize>,
    doubts: Doubts,
    held: Held,
}

impl Reader {
    fn line(&mut self, line: &[u8]) {
        self.held.ended = false;
        if line.trim_ascii().is_empty() {
            return;
        }
        let Ok(Kind { name }) = serde_json::from_slice(line) else { return self.doubts.malformed += 1 };
        let known = match name.as_str() {
            "trace" | "lost" | "end" => self.mark(line),
            "query" | "round" | "hop" | "hit" | "done" => self.event(line),
            // A newer version's, which says nothing to this one.
            _ => Some(()),
        };
        self.doubts.malformed += u64::from(known.is_none());
    }

    /// A last line without an end: what is no line of a trace was cut off in the middle, which is said once.
    fn last_words(&mut self, line: &[u8]) {
        let before = self.doubts.malformed;
        self.line(line);
        self.doubts.malformed = before;
    }

    /// A line that only traces have; `None` if it makes no sense.
    fn mark(&mut self, line: &[u8]) -> Option<()> {
        match serde_json::from_slice(line).ok()? {
            // Two traces of one node, one after the other, are one; those of two are none.
            Line::Trace(header) => return (header == self.header).then_some(()),
            Line::Lost { events } => self.doubts.lost = self.doubts.lost.saturating_add(events),
            Line::End { .. } => self.held.ended = true,
        }
        Some(())
    }

    /// A line about a search; `None` if it makes no sense.
    fn event(&mut self, line: &[u8]) -> Option<()> {
        match serde_json::from_slice(line).ok()? {
            Event::Query { guid, text, ttl, strategy, walkers } => {
                let strategy = strategy_of(&strategy, walkers)?;
                let most = strategy.max_ttl(MAX_TTL);
                let fits = text.raw().len() <= MAX_QUERY_TEXT && (1..=most).contains(&ttl);
                fits.then_some(())?;
                if let Some(draft) = self.draft(guid) {
                    let again = draft.query.is_some();
                    draft.query.get_or_insert((text, ttl, strategy));
                    self.doubts.repeated += u64::from(again);
                }
            }
            Event::Round { guid, ttl, sent, at_ms } => {
                let fits = (1..=MAX_TTL).contains(&ttl) && usize::from(sent) <= MAX_LINKS;
                fits.then_some(())?;
                if let Some(draft) = self.draft(guid) {
                    let fresh = draft.round(RoundRow { ttl, sent, at_ms });
                    self.doubts.repeated += u64::from(!fresh);
                }
            }
            Event::Hop { guid, report } => {
                (report.name.raw().len() <= MAX_NODE_NAME).then_some(())?;
                self.hop(guid, report);
            }
            Event::Hit(hit) => {
                let short = hit.name.raw().len() <= MAX_FILE_NAME && hit.node_name.raw().len() <= MAX_NODE_NAME;
                let magnet = hit.magnet.parse::<Magnet>().ok().filter(|_| short)?.to_string();
                self.hit(Hit { magnet, ..hit });
            }
            Event::Done(done) => {
                let more: DoneMore = serde_json::from_slice(line).ok()?;
                if let Some(draft) = self.draft(done.guid) {
                    let again = draft.done.is_some();
                    draft.done.get_or_insert((done, more));
                    self.doubts.repeated += u64::from(again);
                }
            }
            _ => return None,
        }
        Some(())
    }

    /// The search of that name, which may be new; `None` when there are too many.
    fn draft(&mut self, guid: Guid) -> Option<&mut Draft> {
        if !self.places.contains_key(&guid) {
            if self.drafts.len() >= MAX_SEARCHES {
                self.doubts.left_out += 1;
                return None;
            }
            self.places.insert(guid, self.drafts.len());
            self.drafts.push((guid, Draft::default()));
        }
        let place = *self.places.get(&guid)?;
        self.drafts.get_mut(place).map(|(_, draft)| draft)
    }

    fn hop(&mut self, guid: Guid, report: HopReport) {
        let full = self.held.reports >= MAX_REPORTS;
        let Some(draft) = self.draft(guid) else { return };
        let late = draft.done.is_some();
        let fresh = !full && draft.hop(report);
        self.held.reports += usize::from(fresh);
        self.doubts.after_end += u64::from(late);
        self.doubts.left_out += u64::from(full);
        self.doubts.repeated += u64::from(!full && !fresh);
    }

    fn hit(&mut self, hit: Hit) {
        let full = self.held.hits >= MAX_HITS;
        let Some(draft) = self.draft(hit.guid) else { return };
        let late = draft.done.is_some();
        let fresh = !full && draft.hit(hit);
        self.held.hits += usize::from(fresh);
        self.doubts.after_end += u64::from(late);
        self.doubts.left_out += u64::from(full);
        self.doubts.repeated += u64::from(!full && !fresh);
    }

    fn finish(self, mut origin: Origin, lines: u64) -> Result<Recording, TraceError> {
        let mut doubts = self.doubts;
        doubts.cut = !self.held.ended && !doubts.unread;
        let whole = !doubts.incomplete() && !doubts.inconsistent();
        let mut searches = Vec::new();
        for (guid, draft) in self.drafts {
            let told = draft.lines();
            origin.role = draft.role(origin.node).or(origin.role);
            let Some(recorded) = draft.finish(guid, origin.node) else {
                doubts.no_query += told;
                continue;
            };
            let claimed = recorded.done.clone();
            let Some(search) = recorded::sum_up(&origin, recorded) else { continue };
            let full = search.lost_reports > 0 || search.hops.len() >= MAX_HOPS_A_SEARCH;
            if let Some(done) = &claimed {
                let counted = (search.row.nodes, search.messages, search.row.duplicates, search.row.hits);
                let hits = done.hits.min(MAX_HITS_A_SEARCH as u32);
                let agree = counted == (done.reached, done.messages, done.duplicates, hits);
                // Where lines are missing the end knows more than they.
                doubts.sums += u64::from(!agree && whole && !full);
            }
            searches.push(Recorded { search, ended: claimed.is_some(), bytes: claimed.map(|done| done.bytes) });
        }
        if searches.is_empty() {
            return Err(TraceError::Empty);
        }
        Ok(Recording { origin, searches, doubts, lines })
    }
}
