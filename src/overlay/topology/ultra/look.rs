//! A leaf's side: whom it dials when it looks for ultra-peers, how many at once and how often.

use std::time::Duration;

use super::Class;
use super::election::Seeking;
use crate::base::Time;
use crate::overlay::hosts::Wish;
use crate::overlay::io::{Config, Context, Output};
use crate::overlay::membership::MAX_DIALLING;
use crate::overlay::node::Node;
use crate::overlay::timers::Timer;
use crate::proto::PeerAddr;
use crate::proto::limits::MAX_ULTRAPEERS;

/// Dials of a leaf without an ultra-peer: so many a second, and so many at once.
const DIALS: (u32, u32) = (16, 24);
/// The same of one that was refused by so many that there is hardly a free slot: it waits for somebody to be elected.
const REFUSED_DIALS: (u32, u32) = (1, 1);
/// A leaf without an ultra-peer dials as many at once as it has room for, and one more each time that so long went by
/// without any: more would be sent away again, and fewer might all be dead.
const HEDGE: Duration = Duration::from_millis(500);
/// Between two dials of a leaf that has an ultra-peer and looks for more; half of it again at random. It doubles with each
/// look: where all slots are taken, leaves that go on looking keep ultra-peers busier than searches do.
const LOOK_FOR_MORE: Duration = Duration::from_secs(3);
/// How often it doubles at most. When an ultra-peer is lost the leaf looks at once, and half as many of them are undone.
const MAX_LOOKS: u8 = 7;

impl Node {
    /// Dials ultra-peers until the leaf has enough: quickly while it has none, one after the other once it has.
    pub(in crate::overlay) fn join_ultrapeers(&mut self, cx: &mut Context<'_>) {
        let have = self.count(Class::Ultrapeer);
        let busy = self.hosts.dialling().count() >= MAX_DIALLING;
        if self.hosts.is_empty() || busy {
            return;
        }
        if have >= MAX_ULTRAPEERS {
            return self.plan_to_explore(cx.config);
        }
        if have > 0 { self.look_for_more(cx) } else { self.look_for_any(cx) }
    }

    fn look_for_any(&mut self, cx: &mut Context<'_>) {
        let (known, any) = wishes(cx.config, Wish::Anyone, Wish::Named);
        let mut under_way = self.hosts.dialling().count();
        let seeking = self.ultra.as_ref().and_then(|ultra| ultra.seeking.as_ref());
        let (tries_left, since) = seeking.map_or((u8::MAX, self.now), |seeking| (seeking.tries_left(), seeking.since));
        let hedges = self.now.since(since).div_duration_f64(HEDGE) as usize;
        let most = MAX_DIALLING.min(tries_left.max(1).into());
        if MAX_ULTRAPEERS + hedges < most {
            self.timers.at_latest(Timer::Join, since + HEDGE * (hedges as u32 + 1));
        }
        while under_way < most.min(MAX_ULTRAPEERS + hedges) {
            let next = self.hosts.next_try(any, &[]);
            if next > self.now {
                self.timers.at_latest(Timer::Join, next);
                return;
            }
            let now = self.now;
            let Some(ultra) = &mut self.ultra else { return };
            let refused = ultra.seeking.as_ref().is_some_and(Seeking::is_refused);
            let (rate, burst) = if refused { REFUSED_DIALS } else { DIALS };
            if !ultra.attached.dials.take(now, rate, burst) {
                self.timers.at_latest(Timer::Join, now + Duration::from_secs(1) / rate);
                return;
            }
            let known = self.hosts.pick(now, known, &[], &mut self.rng);
            let Some(addr) = known.or_else(|| self.hosts.pick(now, any, &[], &mut self.rng)) else { return };
            under_way += 1;
            cx.out.push(Output::Dial { addr });
        }
    }

    /// Tries one more, less and less often. One time out of two that is anybody: who is no ultra-peer may know one of which
    /// this leaf's own have never heard, and so two parts of an overlay become one.
    fn look_for_more(&mut self, cx: &mut Context<'_>) {
        let (known, unmet) = wishes(cx.config, Wish::Unmet, Wish::Unmet);
        let anybody = if cx.config.only_peers { unmet } else { Wish::Whoever };
        let linked: Vec<PeerAddr> = self.links.iter().flat_map(|link| link.peer.addrs()).collect();
        let next = [known, unmet, anybody].map(|wish| self.hosts.next_try(wish, &linked)).into_iter().min();
        let Some(ultra) = &mut self.ultra else { return };
        let next = next.unwrap_or(Time::NEVER).max(ultra.attached.next_look);
        if next > self.now {
            self.timers.at_latest(Timer::Join, next);
            return;
        }
        let wait = (LOOK_FOR_MORE * (1 << ultra.attached.looks)).mul_f64(1.0 + self.rng.fraction() / 2.0);
        ultra.attached.next_look = self.now + wait;
        ultra.attached.looks = (ultra.attached.looks + 1).min(MAX_LOOKS);
        let order = if self.rng.below(2) == 0 { [known, unmet, anybody] } else { [anybody, known, unmet] };
        let found = order.into_iter().find_map(|wish| self.hosts.pick(self.now, wish, &linked, &mut self.rng));
        cx.out.extend(found.map(|addr| Output::Dial { addr }));
        self.timers.at_latest(Timer::Join, self.now + wait);
    }
}

/// Known ultra-peers, and others; those that the user named only, where nobody else is dialled.
fn wishes(config: &Config, others: Wish, named: Wish) -> (Wish, Wish) {
    if config.only_peers { (Wish::NamedUltrapeers, named) } else { (Wish::Ultrapeers, others) }
}
