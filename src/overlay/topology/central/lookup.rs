//! Own searches that a directory answers: one request, one answer, page by page.
//!
//! They are searches like those that flood, and end like them: with enough hits, at their deadline, cancelled, and
//! besides with the last page, or at once when the directory is lost. They do not go on with the next directory:
//! positions in one directory's answer mean nothing to another.
//!
//! An empty page that leads back to where it was asked for says that the directory is busy: the request is repeated
//! after a while. A node that serves a directory asks that: a page now, and the others one by one, so that its clients
//! never wait for more than a page.

use std::sync::Arc;
use std::time::Duration;

use super::message::{CentralMessage, Found, Lookup};
use crate::base::{Time, seed};
use crate::overlay::io::{Context, DoneWhy, Event, Output, Peer, SearchCost, SearchSpec};
use crate::overlay::message::Delivery;
use crate::overlay::node::Node;
use crate::overlay::search::{Search, Source};
use crate::overlay::timers::Timer;
use crate::proto::limits::{MAX_HITS_A_MESSAGE, MAX_HITS_A_SEARCH, MAX_REGISTERED_FILES};

/// Files that a page of an honest directory goes past at the least, as long as there are any.
const FILES_A_PAGE: usize = 128;
/// Pages that an answer can have: a directory that goes on beyond that is none.
const MAX_PAGES: u16 = (MAX_REGISTERED_FILES / FILES_A_PAGE) as u16;
/// Until a busy directory is asked again.
const BUSY: Duration = Duration::from_millis(500);
/// Between two pages that a node takes from its own directory.
const OWN_PAGE: Duration = Duration::from_millis(2);

// An honest answer ends before.
const _: () = assert!(MAX_HITS_A_SEARCH / MAX_HITS_A_MESSAGE < MAX_PAGES as usize / 2);

/// Whom a look-up can be put to.
pub(super) enum Answer {
    /// The directory that this node serves itself.
    Own,
    /// The one at the end of the link with that index.
    Directory(usize),
    /// There is none.
    Nobody,
}

/// How far a look-up got.
#[derive(Debug)]
pub(in crate::overlay) struct Pages {
    /// Where the page begins that was asked for last.
    after: u64,
    /// Pages that came, or are awaited.
    pages: u16,
    /// When to ask again; [`Time::NEVER`] while an answer is awaited.
    again_at: Time,
    /// The directory whose first page came, and when.
    answered: Option<(Arc<Peer>, Time)>,
}

impl Pages {
    const fn new() -> Self {
        Self { after: 0, pages: 0, again_at: Time::NEVER, answered: None }
    }

    pub(in crate::overlay) const fn again_at(&self) -> Time {
        self.again_at
    }

    /// The directory that answered, and when; not this node's own.
    pub(in crate::overlay) const fn answered(&self) -> Option<&(Arc<Peer>, Time)> {
        self.answered.as_ref()
    }
}

/// Bytes of a look-up on a link: the query's body with a position, in an envelope.
pub(crate) const fn lookup_bytes(query: u64, after: u64) -> u64 {
    const MARKS: u64 = 7;
    const ENVELOPE: u64 = crate::overlay::search::ENVELOPE_BYTES + 1;
    let position = match after {
        0..=0x7F => 1,
        0x80..=0xFF => 2,
        0x100..=0xFFFF => 3,
        0x1_0000..=0xFFFF_FFFF => 5,
        _ => 9,
    };
    let body = query + MARKS + (query > 255) as u64 + position;
    body + ENVELOPE + (body > 255) as u64
}

impl Node {
    /// A search in this topology.
    pub(in crate::overlay) fn start_lookup(&mut self, spec: SearchSpec, cx: &mut Context<'_>) {
        match self.who_answers() {
            Answer::Nobody => {
                let (guid, cost) = (spec.guid, SearchCost::default());
                cx.out.push(Output::Event(Event::Done { guid, cost, why: DoneWhy::NoDirectory }));
            }
            Answer::Own => self.look_up_here(spec, cx),
            Answer::Directory(link) => {
                let mut search = Search::new(spec, self.now, seed(self.rng.next_u64()));
                search.lookup = Some(Box::new(Pages::new()));
                let copy_bytes = lookup_bytes(search.spec.body.sealed().len() as u64, 0);
                cx.out.push(Output::Event(Event::Started { guid: search.spec.guid, sent: 1, copy_bytes }));
                let guid = search.spec.guid;
                self.searches.push(search);
                self.ask_for_page(self.searches.len() - 1, link, cx);
                self.look_again(&guid, cx);
            }
        }
    }

    /// Answers a search from the directory that this node serves.
    fn look_up_here(&mut self, spec: SearchSpec, cx: &mut Context<'_>) {
        cx.out.push(Output::Event(Event::Started { guid: spec.guid, sent: 0, copy_bytes: 0 }));
        let mut search = Search::new(spec, self.now, seed(self.rng.next_u64()));
        search.lookup = Some(Box::new(Pages::new()));
        self.searches.push(search);
        self.take_own_page(self.searches.len() - 1, cx);
    }

    /// Takes one page from the directory that this node serves; before the next one others have their turn.
    fn take_own_page(&mut self, place: usize, cx: &mut Context<'_>) {
        let (now, own) = (self.now, self.id);
        let search = &mut self.searches[place];
        let body = search.spec.body.clone();
        let (Some(registry), Ok(query)) = (cx.registry.as_deref(), body.query()) else {
            return self.end_search(place, DoneWhy::Complete, cx);
        };
        let enough = search.spec.enough.min(MAX_HITS_A_SEARCH);
        let position = search.lookup.as_ref().map_or(0, |pages| pages.after);
        let (nodes, next) = registry.find(query, &own, position, (enough - search.found()).min(MAX_HITS_A_MESSAGE));
        for at in nodes {
            let source = Source { node: at.node, name: &at.name, addr: at.addr, hops: 1, via: Delivery::Directory };
            search.take(&source, &at.files, now, cx);
        }
        match next.filter(|next| *next > position) {
            None => self.end_search(place, DoneWhy::Complete, cx),
            Some(_) if search.found() >= enough => self.end_search(place, DoneWhy::Enough, cx),
            Some(after) => {
                let (pages, again_at) = (search.lookup.as_ref().map_or(0, |pages| pages.pages) + 1, now + OWN_PAGE);
                search.lookup = Some(Box::new(Pages { after, pages, again_at, answered: None }));
                let guid = search.spec.guid;
                self.look_again(&guid, cx);
            }
        }
    }

    fn ask_for_page(&mut self, place: usize, link: usize, cx: &mut Context<'_>) {
        let search = &mut self.searches[place];
        let Some(pages) = &mut search.lookup else { return };
        pages.again_at = Time::NEVER;
        pages.pages += 1;
        let after = pages.after;
        search.cost.messages += 1;
        search.cost.bytes += lookup_bytes(search.spec.body.sealed().len() as u64, after);
        let lookup = Lookup { guid: search.spec.guid, body: search.spec.body.clone(), after };
        if let Some(session) = self.session_mut() {
            session.asked += 1;
        }
        self.tell_directory(link, CentralMessage::Lookup(lookup), cx);
    }

    /// Asks again where the directory was busy. This node's own gives one page, to the search that had the fewest.
    pub(in crate::overlay) fn go_on_with_lookups(&mut self, cx: &mut Context<'_>) {
        let now = self.now;
        let is_due = |search: &Search| search.lookup.as_ref().is_some_and(|pages| pages.again_at <= now);
        let due: Vec<usize> = (0..self.searches.len()).filter(|place| is_due(&self.searches[*place])).collect();
        match self.who_answers() {
            Answer::Nobody => {}
            Answer::Directory(link) => due.into_iter().for_each(|place| self.ask_for_page(place, link, cx)),
            Answer::Own => {
                for place in &due {
                    self.searches[*place].lookup.iter_mut().for_each(|pages| pages.again_at = now + OWN_PAGE);
                }
                let had = |place: &usize| self.searches[*place].lookup.as_ref().map_or(0, |pages| pages.pages);
                if let Some(place) = due.into_iter().min_by_key(had) {
                    self.take_own_page(place, cx);
                }
            }
        }
    }

    /// A page came from the directory.
    pub(super) fn on_found(&mut self, link: usize, found: Found, cx: &mut Context<'_>) {
        let (now, own) = (self.now, self.id);
        let Some(session) = self.session_mut() else { return };
        if session.asked == 0 {
            self.counters.inconsistent += 1;
            return self.count_nonsense(link, cx);
        }
        session.asked -= 1;
        let awaits = |search: &Search| {
            search.spec.guid == found.guid && search.lookup.as_ref().is_some_and(|pages| pages.again_at == Time::NEVER)
        };
        let Some(place) = self.searches.iter().position(awaits) else {
            // Of a search that is over.
            self.counters.unroutable += 1;
            return;
        };
        let directory = &self.links[link].peer;
        let search = &mut self.searches[place];
        search.cost.reached = 1;
        search.heard(now);
        if let Some(pages) = &mut search.lookup {
            pages.answered.get_or_insert_with(|| (Arc::clone(directory), now));
        }
        let mut strange = 0;
        for at in &found.nodes {
            if at.node == own {
                strange += 1;
                continue;
            }
            let source = Source { node: at.node, name: &at.name, addr: at.addr, hops: 1, via: Delivery::Directory };
            strange += search.take(&source, &at.files, now, cx);
        }
        self.turn_page(place, link, &found, cx);
        if strange > 0 {
            self.counters.inconsistent += strange;
            self.count_nonsense(link, cx);
        }
    }

    /// What comes after a page: the end, or the next.
    fn turn_page(&mut self, place: usize, link: usize, found: &Found, cx: &mut Context<'_>) {
        let search = &mut self.searches[place];
        let enough = search.found() >= search.spec.enough.min(MAX_HITS_A_SEARCH);
        let Some(pages) = &mut search.lookup else { return };
        let busy = found.nodes.is_empty() && found.next == Some(pages.after);
        match found.next {
            _ if enough => self.end_search(place, DoneWhy::Enough, cx),
            Some(_) if busy => {
                pages.pages -= 1;
                pages.again_at = self.now + BUSY;
                self.timers.at_latest(Timer::Search, pages.again_at);
            }
            Some(next) if next > pages.after && pages.pages >= MAX_PAGES => {
                self.counters.inconsistent += 1;
                self.leave_directory(link, "its answer has no end", cx);
            }
            Some(next) if next > pages.after => {
                pages.after = next;
                self.ask_for_page(place, link, cx);
            }
            // The last page; or one that leads backwards, which no honest directory does.
            _ => self.end_search(place, DoneWhy::Complete, cx),
        }
    }
}
