//! "Why did I not find it at that node?": asked of the node itself, over a link or a connection of its own.
//!
//! A flood tells what the nodes that it reached did. What it cannot tell is why a node was silent: whether it shares such a
//! file at all, whether one waits to be hashed, whether the query ever came by. So the node is asked. It answers whom it
//! reports to: askers on this machine or a private network, unless [`Config::report_to_public`] says otherwise; others get
//! a bare refusal. The account goes back over the link that the question came on, else to the address that the question
//! names, under the limits of every direct delivery: a forged address gets no more than one small message for one.

mod message;

pub use message::{
    Account, Acquaintance, Ask, ExplainMessage, Explained, Missing, PassedBy, Question, Told, Undelivered, Unwilling,
};

use super::io::{Config, Context, Event, Output};
use super::limit::Bucket;
use super::link::Link;
use super::message::Message;
use super::node::Node;
use super::timers::Timer;
use super::topology::Class;
use crate::base::Time;
use crate::proto::limits::{MAX_HITS_A_NODE, MAX_LINKS, MAX_REGISTERED_NODES, MAX_WALK_TTL};
use crate::proto::{NodeId, PeerAddr, Query, Untrusted};

/// Questions of this node that wait for their account.
const MAX_ASKED: usize = 16;
/// Accounts that a node gives: so many a second, and so many at once. Each looks the library up.
const ACCOUNTS: (u32, u32) = (10, 50);
/// The same for one asker.
const ACCOUNTS_EACH: (u32, u32) = (2, 20);
/// Refusals that it gives; beyond that it is silent.
const REFUSALS: (u32, u32) = (10, 50);
/// Hexadecimal digits of an id that say whose it is.
const MIN_ID_DIGITS: usize = 4;
/// Askers whose rate is remembered; the one that asked longest ago gives way.
const MAX_ASKERS: usize = 64;

/// What a node keeps of questions, its own and those of others.
#[derive(Debug)]
pub(super) struct Explains {
    asked: Vec<(Ask, Time)>,
    accounts: Bucket,
    refusals: Bucket,
    askers: Vec<(NodeId, Bucket, Time)>,
}

impl Default for Explains {
    fn default() -> Self {
        Self { asked: Vec::new(), accounts: Bucket::FULL, refusals: Bucket::FULL, askers: Vec::new() }
    }
}

impl Explains {
    fn allow(&mut self, asker: NodeId, now: Time) -> bool {
        let index = self.askers.iter().position(|(node, ..)| *node == asker).unwrap_or_else(|| {
            if self.askers.len() >= MAX_ASKERS {
                let oldest = self.askers.iter().enumerate().min_by_key(|(_, (_, _, asked))| *asked);
                let oldest = oldest.map_or(0, |(index, _)| index);
                self.askers.swap_remove(oldest);
            }
            self.askers.push((asker, Bucket::FULL, now));
            self.askers.len() - 1
        });
        let (_, bucket, asked) = &mut self.askers[index];
        *asked = now;
        bucket.take(now, ACCOUNTS_EACH.0, ACCOUNTS_EACH.1) && self.accounts.take(now, ACCOUNTS.0, ACCOUNTS.1)
    }
}

/// How the other end of a question or an account is reached.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// Over the link of that index.
    Link(usize),
    /// Over a connection of its own.
    Direct(PeerAddr),
}

impl Way {
    /// Whether what is told there stays at home.
    fn is_local(self, node: &Node) -> bool {
        match self {
            Self::Link(index) => node.links[index].peer.local,
            Self::Direct(addr) => addr.is_local(),
        }
    }
}

impl Node {
    /// Asks another node about a search. [`Event::Explained`] always follows.
    pub(super) fn ask(&mut self, ask: Ask, cx: &mut Context<'_>) {
        let way = if self.explains.as_ref().is_some_and(|kept| kept.asked.len() >= MAX_ASKED) {
            Err("too many questions wait for their answers already")
        } else {
            self.way_to_asked(&ask)
        };
        let way = match way {
            Ok(way) => way,
            Err(why) => return tell(&ask, Explained::NotAsked(why), cx),
        };
        let (guid, query, text, whois) = (ask.guid, ask.query, ask.text.clone(), ask.whois.clone());
        let question = Question { guid, reply_to: self.addr, query, text, whois };
        let until = self.now + ask.timeout;
        self.explains.get_or_insert_default().asked.push((ask, until));
        self.timers.at_latest(Timer::Explain, until);
        self.send_explain(way, ExplainMessage::Question(question), cx);
    }

    fn way_to_asked(&self, ask: &Ask) -> Result<Way, &'static str> {
        let is_asked = |index: &usize| match ask.node {
            Some(node) => self.links[*index].peer.id == node,
            None => self.links[*index].peer.addrs().any(|addr| Some(addr) == ask.addr),
        };
        // A directory and its clients speak of nothing else over their link.
        let talks = |index: &usize| !matches!(self.links[*index].class, Class::Directory | Class::Client);
        if let Some(index) = (0..self.links.len()).find(|index| talks(index) && is_asked(index)) {
            return Ok(Way::Link(index));
        }
        match ask.addr.filter(|addr| addr.is_dialable()) {
            Some(addr) if self.addr.is_some() => Ok(Way::Direct(addr)),
            Some(_) => Err("this node does not know the address at which an answer would reach it"),
            None => Err("no address of it is known"),
        }
    }

    fn send_explain(&mut self, way: Way, message: ExplainMessage, cx: &mut Context<'_>) {
        let message = Message::Explain(Box::new(message));
        match way {
            Way::Link(index) => self.send(index, message, cx),
            Way::Direct(to) => cx.out.push(Output::Direct { to, message }),
        }
    }

    /// A question or an account came in on the link of that index.
    pub(super) fn on_explain_link(&mut self, index: usize, message: ExplainMessage, cx: &mut Context<'_>) {
        let from = self.links[index].peer.id;
        match message {
            ExplainMessage::Question(question) => self.on_question(from, Way::Link(index), &question, cx),
            ExplainMessage::Account(account) => self.on_account(from, account, cx),
        }
    }

    /// A question or an account came over a connection of its own.
    pub(super) fn on_explain_direct(&mut self, from: NodeId, message: ExplainMessage, cx: &mut Context<'_>) {
        match message {
            ExplainMessage::Question(question) => {
                let way = question.reply_to.filter(|addr| addr.is_dialable() && Some(*addr) != self.addr);
                let Some(to) = way.filter(|to| self.direct.allow(*to, self.now)) else {
                    self.counters.limited += 1;
                    return;
                };
                self.on_question(from, Way::Direct(to), &question, cx);
            }
            ExplainMessage::Account(account) => self.on_account(from, account, cx),
        }
    }

    fn on_question(&mut self, from: NodeId, way: Way, question: &Question, cx: &mut Context<'_>) {
        let now = self.now;
        let told = if !way.is_local(self) && !cx.config.report_to_public {
            Err(Unwilling::Outsider)
        } else if self.explains.get_or_insert_default().allow(from, now) {
            Query::parse(&question.text)
                .map(|query| self.tell_of(&query, question, cx))
                .map_err(|_| Unwilling::NotUnderstood)
        } else {
            Err(Unwilling::TooMany)
        };
        if told.is_err() {
            self.counters.limited += 1;
            if !self.explains.get_or_insert_default().refusals.take(now, REFUSALS.0, REFUSALS.1) {
                return;
            }
        }
        let account = Account { guid: question.guid, node: self.id, told };
        self.send_explain(way, ExplainMessage::Account(account), cx);
    }

    fn tell_of(&self, query: &Query, question: &Question, cx: &Context<'_>) -> Told {
        let count = |query: &Query| {
            let mut found = Vec::new();
            cx.library.find(query, MAX_HITS_A_NODE, &mut found);
            found.len() as u16
        };
        let matches = count(query);
        let near = if matches == 0 { query.words_only().as_ref().map_or(0, count) } else { 0 };
        // Own queries are remembered too, and came from nobody.
        let passed = self.seen.get(&question.query).filter(|passed| !passed.is_own());
        Told {
            name: self.name.clone(),
            topology: self.kind,
            role: self.role,
            neighbors: self.links.len().min(usize::from(u16::MAX)) as u16,
            up_ms: self.now.since(self.started).as_millis() as u64,
            files: cx.library.totals().0,
            matches,
            near,
            missing: cx.library.missing(query),
            passed: passed.map(|passed| PassedBy {
                hop: passed.hops,
                ttl: passed.ttl,
                hits: passed.hits,
                reported: passed.reported,
            }),
            let_through: self.lets_through(query),
            knows: self.neighbor_called(&question.whois),
            limited: self.counters.limited,
            not_held: self.counters.not_held,
        }
    }

    fn neighbor_called(&self, whois: &str) -> Option<Acquaintance> {
        let called = |link: &&Link| is_named(whois, &link.peer.name) || is_begun(whois, &link.peer.id);
        let peer = &self.links.iter().find(called)?.peer;
        Some(Acquaintance { node: peer.id, name: peer.name.clone(), addr: peer.listen })
    }

    /// Takes an account: of a question that waits, from the node that was asked, and possible.
    fn on_account(&mut self, from: NodeId, account: Account, cx: &mut Context<'_>) {
        let asked = self.explains.as_mut().map(|kept| &mut kept.asked);
        let place = asked.as_ref().and_then(|asked| asked.iter().position(|(ask, _)| ask.guid == account.guid));
        let (Some(asked), Some(place)) = (asked, place) else {
            self.counters.unroutable += 1;
            return;
        };
        let is_asked = account.node == from && asked[place].0.node.is_none_or(|node| node == from);
        if !is_asked || !account.told.as_ref().map_or(true, |told| is_plausible(told, cx.config)) {
            self.counters.inconsistent += 1;
            return;
        }
        let (ask, _) = asked.swap_remove(place);
        tell(&ask, Explained::Account(account), cx);
    }

    /// A question or an account could not be delivered. An account has no other way: who forges a question's address is
    /// told nothing.
    pub(super) fn on_explain_failed(&mut self, message: ExplainMessage, why: Undelivered, cx: &mut Context<'_>) {
        let asked = self.explains.as_mut().map(|kept| &mut kept.asked);
        let ExplainMessage::Question(question) = message else {
            self.counters.unroutable += 1;
            return;
        };
        let Some(asked) = asked else { return };
        let Some(place) = asked.iter().position(|(ask, _)| ask.guid == question.guid) else {
            self.counters.stale += 1;
            return;
        };
        let (ask, _) = asked.swap_remove(place);
        let outcome = match why {
            Undelivered::NoRoom => Explained::NotAsked("this node delivers too much already"),
            Undelivered::Unreachable(why) => Explained::Unreachable(why),
            Undelivered::TurnedAway(why) => Explained::TurnedAway(why),
        };
        tell(&ask, outcome, cx);
    }

    /// Gives up waiting for accounts whose time is up.
    pub(super) fn check_explains(&mut self, cx: &mut Context<'_>) {
        let Some(kept) = &mut self.explains else { return };
        while let Some(place) = kept.asked.iter().position(|(_, until)| *until <= self.now) {
            let (ask, _) = kept.asked.swap_remove(place);
            tell(&ask, Explained::Silent, cx);
        }
        let next = kept.asked.iter().map(|(_, until)| *until).min();
        self.timers.at_latest(Timer::Explain, next.unwrap_or(Time::NEVER));
    }

    /// Gives up waiting for all of them, because the node leaves.
    pub(super) fn end_explains(&mut self, cx: &mut Context<'_>) {
        for (ask, _) in self.explains.take().map(|kept| kept.asked).unwrap_or_default() {
            tell(&ask, Explained::NotAsked("the node shuts down"), cx);
        }
    }
}

/// Whether that name is meant, in whatever case.
#[must_use]
pub fn is_named(wanted: &str, name: &Untrusted) -> bool {
    let wanted = wanted.trim();
    !wanted.is_empty() && name.raw().to_lowercase() == wanted.to_lowercase()
}

/// Whether the id is meant that begins so, in hexadecimal.
#[must_use]
pub fn is_begun(wanted: &str, node: &NodeId) -> bool {
    let wanted = wanted.trim();
    wanted.len() >= MIN_ID_DIGITS && node.to_string().starts_with(&wanted.to_ascii_lowercase())
}

fn tell(ask: &Ask, outcome: Explained, cx: &mut Context<'_>) {
    cx.out.push(Output::Event(Event::Explained { guid: ask.guid, outcome: Box::new(outcome) }));
}

/// Whether an account can be true.
fn is_plausible(told: &Told, config: &Config) -> bool {
    let most = MAX_HITS_A_NODE as u16;
    // It may have been a walker. A leaf is one hop further than the last ultra-peer.
    let farthest = config.max_ttl.max(MAX_WALK_TTL).saturating_add(1);
    let passed = told.passed.is_none_or(|passed| {
        passed.hop >= 1 && passed.hop.saturating_add(passed.ttl) <= farthest && u16::from(passed.hits) <= most
    });
    told.matches <= most
        && told.near <= most
        && (told.matches == 0 || told.near == 0)
        && u64::from(told.matches.max(told.near)) <= told.files
        && usize::from(told.neighbors) <= MAX_LINKS + MAX_REGISTERED_NODES
        && passed
}
