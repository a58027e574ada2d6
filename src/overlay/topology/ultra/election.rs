//! Who becomes an ultra-peer, and who stops being one.
//!
//! A leaf that finds no ultra-peer stands for election by itself: it waits, the shorter the fitter it is, and when there
//! is still none it is one. It then dials all it knows, so that of a crowd that starts together the first few collect the
//! others before those have waited long enough. A fit leaf that has an ultra-peer, and finds no slot at another, becomes one
//! too while it is new, so that slots are made before all are taken. Those that were elected in excess step down later, one after the other.
//! Both happen only when something changed: an overlay that is left alone settles and stays as it is.

use std::time::Duration;

use super::score::fraction;
use super::{Class, Score, Task, Ultra};
use crate::base::Time;
use crate::overlay::hosts::Wish;
use crate::overlay::io::{Config, Context, RoleChoice};
use crate::overlay::link::Link;
use crate::overlay::message::Role;
use crate::overlay::node::Node;
use crate::overlay::timers::Timer;
use crate::proto::PeerAddr;

/// How long a leaf looks for an ultra-peer before it stands for election, at the least.
const WAIT: Duration = Duration::from_millis(500);
/// For each thousandth that its score lacks.
const WAIT_A_POINT: Duration = Duration::from_millis(1);
/// And at random, so that equals do not come forward together: the greatest of three draws, because what matters is that
/// the first few come alone.
const WAIT_JITTER: Duration = Duration::from_millis(1_500);
/// How long a leaf that is not eligible waits for somebody who is, at the least.
const LAST_RESORT: Duration = Duration::from_secs(5);
/// For each thousandth that its score lacks.
const LAST_RESORT_A_POINT: Duration = Duration::from_millis(3);
/// Ultra-peers that were heard of are tried before a leaf stands for election, but not for longer than that, and no more once
/// it was refused by enough.
const TRY_OTHERS: Duration = Duration::from_secs(3);
/// Between two looks whether that is over.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// A link to an ultra-peer that is gone sooner was a refusal.
const REFUSAL: Duration = Duration::from_secs(1);
/// Refusals after which a leaf takes it that there is hardly a free slot, and asks on slowly: each refusal names more to try,
/// and in an overlay of many thousands there is no end of them.
const REFUSALS_ENOUGH: u8 = 6;

/// A leaf that has an ultra-peer and finds no slot at another stands for election only so long after it came, or lost an
/// ultra-peer: an overlay that is left alone settles.
const NEWS: Duration = Duration::from_secs(20);
/// Who stepped down was not needed, and does not stand again for want of slots for so long: or roles would go back and forth.
const NOT_NEEDED: Duration = Duration::from_secs(3_600);

/// An elected ultra-peer stays one for that long. With a minute the overlay would not be settled a minute after the last
/// change, as it has to be.
const HOLD: Duration = Duration::from_secs(20);
/// A node that changed its topology among neighbors that do the same is an ultra-peer like all of them. The least fit
/// step down first: after that time,
const ENTERED: Duration = Duration::from_millis(500);
/// and so much more for each thousandth of its score.
const ENTERED_A_POINT: Duration = Duration::from_micros(1_500);
/// Between a change among leaves and neighbors and the look whether that makes this ultra-peer superfluous.
const RECONSIDER: Duration = Duration::from_secs(3);
/// At random on top of that, so that neighbors do not step down together.
const STEP_DOWN_JITTER: Duration = Duration::from_secs(3);
/// With more leaves an ultra-peer never steps down.
const FEW_LEAVES: usize = 2;
/// A score counts as higher with so much more. Less is a tie, which the node ids break, so that of many equals some
/// step down.
const MARGIN: u16 = 50;

/// A leaf without an ultra-peer.
#[derive(Debug)]
pub(super) struct Seeking {
    pub(super) since: Time,
    /// When it becomes an ultra-peer though it is not eligible.
    last_resort: Time,
    /// Ultra-peers that had no slot for it.
    refusals: u8,
}

impl Seeking {
    /// Whether it has been refused so often that there is no use in haste.
    pub(super) const fn is_refused(&self) -> bool {
        self.tries_left() == 0
    }

    /// Ultra-peers that it still tries in haste.
    pub(super) const fn tries_left(&self) -> u8 {
        REFUSALS_ENOUGH.saturating_sub(self.refusals)
    }
}

impl Node {
    /// The role at the start of a node in this topology.
    pub(in crate::overlay) fn begin_ultra(&mut self, config: &Config) -> Role {
        self.ultra = Some(Box::default());
        let (role, why) = match config.role {
            RoleChoice::Ultrapeer => (Role::Ultrapeer, "the settings make it an ultra-peer"),
            RoleChoice::Leaf => (Role::Leaf, "the settings make it a leaf"),
            RoleChoice::Auto => (Role::Leaf, "started, and looking for an ultra-peer"),
        };
        self.role_why = why.into();
        // The time is not known yet: the first wake-up starts the search for an ultra-peer.
        self.plan(Task::Election, Time::ZERO);
        role
    }

    /// The node changes to this topology.
    pub(in crate::overlay) fn enter_ultra(&mut self, why: &str, cx: &mut Context<'_>) {
        self.ultra = Some(Box::default());
        let score = self.score(cx.config);
        let has_room = |link: &Link| {
            link.peer.role == Role::Ultrapeer && link.fitness().is_none_or(|(_, free_slots)| free_slots > 0)
        };
        let (role, because) = match cx.config.role {
            RoleChoice::Ultrapeer => (Role::Ultrapeer, "the settings make it an ultra-peer".to_owned()),
            RoleChoice::Leaf => (Role::Leaf, "the settings make it a leaf".to_owned()),
            RoleChoice::Auto if self.links.iter().any(has_room) => {
                (Role::Leaf, "there are ultra-peers among its neighbors".to_owned())
            }
            RoleChoice::Auto if !self.links.is_empty() && score.eligible => {
                (Role::Ultrapeer, format!("there is no ultra-peer among its neighbors; {}", of_the_needed(&score)))
            }
            RoleChoice::Auto => (Role::Leaf, "it looks for an ultra-peer".to_owned()),
        };
        self.take_role(role, &format!("{why}; {because}"), cx);
        if role == Role::Ultrapeer {
            let wait = ENTERED + ENTERED_A_POINT * u32::from(score.total) + WAIT.mul_f64(self.rng.fraction());
            self.plan(Task::StepDown, self.now + wait);
        }
    }

    /// The node changes to another topology.
    pub(in crate::overlay) fn leave_ultra(&mut self, cx: &mut Context<'_>) {
        self.cut_farewells(cx);
        self.ultra = None;
        self.timers.clear(Timer::Role);
    }

    fn take_role(&mut self, role: Role, why: &str, cx: &mut Context<'_>) {
        self.cut_farewells(cx);
        if let Some(ultra) = &mut self.ultra {
            let (alternatives, not_needed_until) =
                (std::mem::take(&mut ultra.attached.alternatives), ultra.not_needed_until);
            **ultra = Ultra { not_needed_until, ..Ultra::default() };
            ultra.attached.alternatives = alternatives;
        }
        self.become_role(role, why, cx);
        for index in 0..self.links.len() {
            self.ultra_link_up(index, cx);
        }
        match role {
            Role::Leaf if self.count(Class::Ultrapeer) == 0 => self.start_seeking(cx.config),
            Role::Ultrapeer => self.plan_step_down(),
            _ => {}
        }
    }

    /// A leaf has no ultra-peer: when to stand for election.
    pub(super) fn start_seeking(&mut self, config: &Config) {
        let lacks = u32::from(1_000 - self.score(config).total.min(1_000));
        let jitter = (0..3).map(|_| self.rng.fraction()).fold(0.0, f64::max);
        let wait = WAIT + WAIT_A_POINT * lacks + WAIT_JITTER.mul_f64(jitter);
        let last_resort = LAST_RESORT + LAST_RESORT_A_POINT * lacks + WAIT_JITTER.mul_f64(jitter);
        let since = self.now;
        if let Some(ultra) = &mut self.ultra {
            ultra.seeking = Some(Seeking { since, last_resort: since + last_resort, refusals: 0 });
            ultra.attached.changed = since;
            ultra.stands = false;
        }
        self.plan(Task::Election, since + wait);
        self.timers.at_latest(Timer::Join, since);
    }

    /// Whether a link to an ultra-peer that is gone was there for a moment only.
    pub(in crate::overlay) fn was_refusal(&self, link: &Link) -> bool {
        self.now.since(link.since) < REFUSAL
    }

    /// A leaf lost its last ultra-peer. One that was there for a moment only had refused it: the search goes on.
    pub(super) fn lost_last_ultrapeer(&mut self, link: &Link, config: &Config) {
        let seeking = self.ultra.as_mut().and_then(|ultra| ultra.seeking.as_mut());
        match seeking.filter(|_| self.now.since(link.since) < REFUSAL) {
            Some(seeking) => seeking.refusals = seeking.refusals.saturating_add(1),
            None => self.start_seeking(config),
        }
    }

    pub(super) fn check_election(&mut self, cx: &mut Context<'_>) {
        if self.role != Role::Leaf {
            return;
        }
        if let Some(since) = self.attached_since() {
            if self.ultra.as_mut().is_some_and(|ultra| std::mem::take(&mut ultra.stands)) {
                return self.stand_for_slots(cx);
            }
            let sure = since + REFUSAL;
            if sure > self.now {
                return self.plan(Task::Election, sure);
            }
            if let Some(ultra) = &mut self.ultra {
                ultra.seeking = None;
            }
            return;
        }
        let Some(ultra) = &self.ultra else { return };
        let Some(seeking) = ultra.seeking.as_ref() else { return self.start_seeking(cx.config) };
        let (since, last_resort) = (seeking.since, seeking.last_resort);
        if cx.config.role == RoleChoice::Auto {
            self.stand_for_election(since, last_resort, cx);
        }
    }

    /// A leaf that has an ultra-peer finds no slot at another: if it could serve others it stands for election. Without that
    /// there were ever as few slots as can be, because who has no ultra-peer at all is elected only when all are taken; and
    /// leaves would look for one all the time.
    pub(in crate::overlay) fn consider_standing(&mut self, config: &Config) {
        let Some(ultra) = &self.ultra else { return };
        if self.role != Role::Leaf || self.count(Class::Ultrapeer) == 0 {
            return;
        }
        let is_news = self.now.since(ultra.attached.changed) < NEWS;
        let is_asked = config.role == RoleChoice::Auto && !config.only_peers;
        let may = is_news && is_asked && self.now >= ultra.not_needed_until;
        if may && self.score(config).eligible {
            if let Some(ultra) = &mut self.ultra {
                ultra.stands = true;
            }
            self.plan(Task::Election, self.now);
        }
    }

    fn stand_for_slots(&mut self, cx: &mut Context<'_>) {
        let score = self.score(cx.config);
        let why = format!("elected: ultra-peers have no slots left for more leaves; {}", of_the_needed(&score));
        self.take_role(Role::Ultrapeer, &why, cx);
    }

    fn stand_for_election(&mut self, since: Time, last_resort: Time, cx: &mut Context<'_>) {
        let wish = if cx.config.only_peers { Wish::NamedUltrapeers } else { Wish::Ultrapeers };
        let is_refused = self.ultra.as_ref().and_then(|ultra| ultra.seeking.as_ref()).is_some_and(Seeking::is_refused);
        if !is_refused && self.now < since + TRY_OTHERS && self.hosts.has_ultrapeer_to_try(self.now, wish, &[]) {
            return self.plan(Task::Election, self.now + LOOK_AGAIN);
        }
        let score = self.score(cx.config);
        let found_none = "elected: no ultra-peer with a free slot was found";
        if score.eligible {
            self.take_role(Role::Ultrapeer, &format!("{found_none}; {}", of_the_needed(&score)), cx);
        } else if self.now >= last_resort {
            let why = format!("{found_none}, and nobody fitter came forward; {}", of_the_needed(&score));
            self.take_role(Role::Ultrapeer, &why, cx);
        } else {
            // It may become eligible meanwhile: somebody gets through to it.
            self.plan(Task::Election, last_resort.min(self.now + REFUSAL));
        }
    }

    /// Since when a leaf has had an ultra-peer.
    fn attached_since(&self) -> Option<Time> {
        self.links.iter().filter(|link| link.class == Class::Ultrapeer).map(|link| link.since).min()
    }

    /// As an elected ultra-peer: it does not step down before then.
    pub(super) fn held_until(&self, config: &Config) -> Option<Time> {
        let until = self.role_since + HOLD;
        (self.role == Role::Ultrapeer && config.role == RoleChoice::Auto && until > self.now).then_some(until)
    }

    /// Something changed that may make this ultra-peer superfluous. Neighbors change all the time, and most ultra-peers have
    /// too many leaves for that to mean anything.
    pub(super) fn plan_step_down(&mut self) {
        let planned = self.ultra.as_ref().is_none_or(|ultra| ultra.tasks.is_planned(Task::StepDown));
        if self.role == Role::Ultrapeer && !planned && self.count(Class::Leaf) <= FEW_LEAVES {
            let earliest = (self.role_since + HOLD).max(self.now + RECONSIDER);
            let jitter = STEP_DOWN_JITTER.mul_f64(self.rng.fraction());
            self.plan(Task::StepDown, earliest + jitter);
        }
    }

    pub(super) fn check_step_down(&mut self, cx: &mut Context<'_>) {
        if self.role != Role::Ultrapeer || cx.config.role != RoleChoice::Auto {
            return;
        }
        let leaves = self.count(Class::Leaf);
        let score = self.score(cx.config).total;
        let better = self.ultrapeer_neighbors().filter(|link| self.can_replace(link, score, leaves));
        let Some((fitness, link)) = better.filter_map(|link| Some((link.fitness()?, link.id))).max() else { return };
        let Some(addr) = self.link_index(link).and_then(|index| self.links[index].peer.listen) else { return };
        self.step_down(score, leaves, addr, fitness.0, cx);
    }

    /// Whether a neighbor could take this ultra-peer and its few leaves, and is the fitter of the two. One that once
    /// told of room that it did not have is not believed again, or it could have this node step down over and over.
    fn can_replace(&self, link: &Link, score: u16, leaves: usize) -> bool {
        let Some((theirs, free_slots)) = link.fitness() else { return false };
        let higher = theirs > score.saturating_add(MARGIN);
        let tie = theirs.abs_diff(score) <= MARGIN && link.peer.id > self.id;
        let liar = link.peer.addrs().any(|addr| self.hosts.has_lied(addr));
        leaves <= FEW_LEAVES && usize::from(free_slots) > leaves && (higher || tie) && !liar
    }

    fn step_down(&mut self, score: u16, leaves: usize, to: PeerAddr, theirs: u16, cx: &mut Context<'_>) {
        self.tell_alternatives(cx);
        if let Some(ultra) = &mut self.ultra {
            ultra.not_needed_until = self.now + NOT_NEEDED;
        }
        // Those with room come first, so that they are the ones that the new leaf keeps.
        self.links.sort_by_key(|link| {
            let (score, free_slots) = link.fitness().unwrap_or_default();
            (free_slots == 0, std::cmp::Reverse(score))
        });
        let count = match leaves {
            0 => "no leaf".to_owned(),
            1 => "only one leaf".to_owned(),
            more => format!("only {more} leaves"),
        };
        let why = format!(
            "stepped down: it had {count}, and the ultra-peer at {to} has room and a score of {} against {}",
            fraction(theirs),
            fraction(score)
        );
        self.take_role(Role::Leaf, &why, cx);
    }

    /// A node that could be elected has to know whether others get through to it.
    pub(super) fn look_whether_reachable(&mut self, cx: &mut Context<'_>) {
        let score = self.score(cx.config);
        let if_reachable = score.total - score.inbound + Score::MAX_INBOUND;
        if self.is_among_local_addresses() || if_reachable < score.threshold {
            return;
        }
        if let Some(next) = self.ask_whether_reachable(cx) {
            self.plan(Task::Reach, next);
        }
    }
}

fn of_the_needed(score: &Score) -> String {
    format!("score {} of the {} needed", fraction(score.total), fraction(score.threshold))
}
