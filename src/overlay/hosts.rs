//! Addresses of other nodes: where they were learned, how they did, and whom to dial next.

use std::time::Duration;

use super::io::HostSource;
use crate::base::{Rng, Time};
use crate::proto::{PeerAddr, limits};

/// Wait after the first failure; it doubles with each further one.
const BACK_OFF: Duration = Duration::from_millis(500);
/// The longest wait for a host that the user named.
const LONGEST_CONFIGURED: Duration = Duration::from_secs(20);
/// The longest wait for any other.
const LONGEST_OTHER: Duration = Duration::from_secs(300);
/// Wait after a node said that it is full, or that it goes away; it doubles with each further time.
const REFUSED: Duration = Duration::from_secs(20);
/// The longest of these waits, as a power of two of the first one.
const MAX_REFUSALS: u8 = 4;
/// The same for a node that had told of room.
const MAX_LIES: u8 = 6;
/// Wait after either side closed a link on purpose.
const SENT_AWAY: Duration = Duration::from_secs(600);
/// Failures after which a host that was only heard of is forgotten.
const FORGET_AFTER: u8 = 6;

/// One address.
#[derive(Clone, Debug)]
pub(super) struct Host {
    pub(super) addr: PeerAddr,
    source: HostSource,
    failures: u8,
    /// How often in a row it had no room.
    refusals: u8,
    /// How often it had told of room and then had none; that is not forgiven.
    lies: u8,
    next_try: Time,
    waits: Waits,
    /// Whether a link to it was up at some time: what is worth remembering and telling.
    proven: bool,
    /// Whether it called on this node since it could not be reached last: it is there, and looks for neighbors.
    called: bool,
    dialling: bool,
    /// Whether the user sent it away: not dialled until it is named again.
    sent_away: bool,
    /// Whether it is an ultra-peer, as far as known.
    ultra: bool,
    /// Whether an ultra-peer without room named it instead of itself, and it was not dialled since.
    instead: bool,
    /// Whether the user named it and no link to it was up since: dialled even by a node with neighbors enough.
    wished_for: bool,
}

// Most of what a node of a large simulation remembers.
const _: () = assert!(size_of::<Host>() <= 56);

/// Why a host waits for its next try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waits {
    /// Only because the roles of the two did not go together.
    Unfit,
    /// It had no room, or went away.
    Refused,
    /// One of the two closed the link on purpose.
    SentAway,
    /// For something that has nothing to do with roles.
    Other,
}

/// Whom a node looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Anybody: it has too few neighbors.
    Anyone,
    /// Those that the user named, and no others.
    Named,
    /// Those that the user named and that it has not met yet: it has neighbors enough.
    Unmet,
    /// Those with whom contact was lost without a word, in this run or since an earlier one.
    Lost,
    /// Anybody at all, and nobody before others.
    Whoever,
    /// Those that it never met.
    Strangers,
    /// Ultra-peers.
    Ultrapeers,
    /// Ultra-peers that the user named.
    NamedUltrapeers,
}

/// The table.
#[derive(Debug)]
pub(super) struct Hosts {
    all: Vec<Host>,
    /// Addresses that it takes; at most [`limits::MAX_HOSTS`].
    most: usize,
}

impl Hosts {
    /// An empty table for at most so many addresses.
    pub(super) fn new(most: usize) -> Self {
        Self { all: Vec::new(), most: most.clamp(1, limits::MAX_HOSTS) }
    }

    /// See [`super::Node::fetch`]; the rest of it follows in order.
    pub(super) fn fetch(&self) -> u64 {
        self.all.first().map_or(0, |host| host.next_try.micros())
    }

    fn find(&mut self, addr: PeerAddr) -> Option<&mut Host> {
        self.all.iter_mut().find(|host| host.addr == addr)
    }

    /// Takes an address in; one that the user names again is forgiven everything.
    pub(super) fn learn(&mut self, addr: PeerAddr, source: HostSource) {
        if !addr.is_dialable() {
            return;
        }
        if let Some(host) = self.find(addr) {
            if source == HostSource::Configured {
                let dialling = host.dialling;
                *host = Host { proven: host.proven, ultra: host.ultra, dialling, ..new_host(addr, source) };
            }
            return;
        }
        if self.all.len() >= self.most {
            let worst = self.all.iter().enumerate().filter(|(_, host)| host.source != HostSource::Configured);
            match worst.max_by_key(|(_, host)| (host.failures, !host.proven && !host.instead, !host.ultra)) {
                Some((index, _)) => self.all.swap_remove(index),
                None => return,
            };
        }
        if self.all.len() == self.all.capacity() {
            // Twice as much room, but none that is never used: a simulation holds a million of these tables.
            self.all.reserve_exact(self.all.len().max(4).min(self.most - self.all.len()));
        }
        self.all.push(new_host(addr, source));
    }

    /// Forgets an address, because it is this node's own.
    pub(super) fn forget(&mut self, addr: PeerAddr) {
        self.all.retain(|host| host.addr != addr);
    }

    /// Whom to dial: a host that the user named before any other, then one that a full ultra-peer named instead of itself, then
    /// one that was a neighbor and never failed since, at random among equals, never one of `linked`.
    /// It counts as being dialled from then on.
    pub(super) fn pick(&mut self, now: Time, wish: Wish, linked: &[PeerAddr], rng: &mut Rng) -> Option<PeerAddr> {
        let ready = |host: &Host| host.next_try <= now && host.may_dial(wish, linked);
        let (mut best, mut candidates) = (u8::MAX, 0);
        for rank in self.all.iter().filter(|host| ready(host)).map(|host| host.rank(wish)) {
            candidates = if rank == best {
                candidates + 1
            } else {
                candidates * usize::from(rank > best) + usize::from(rank < best)
            };
            best = best.min(rank);
        }
        let wants = |host: &&mut Host| host.rank(wish) == best && ready(host);
        let host = self.all.iter_mut().filter(wants).nth(rng.below(candidates))?;
        (host.dialling, host.instead) = (true, false);
        Some(host.addr)
    }

    /// Whether there is a host that the user named and that was not met yet.
    pub(super) fn has_unmet(&self) -> bool {
        self.all.iter().any(|host| host.wished_for)
    }

    /// When the next host may be dialled.
    pub(super) fn next_try(&self, wish: Wish, linked: &[PeerAddr]) -> Time {
        let waiting = self.all.iter().filter(|host| host.may_dial(wish, linked));
        waiting.map(|host| host.next_try).min().unwrap_or(Time::NEVER)
    }

    /// A link to it is up.
    pub(super) fn connected(&mut self, addr: PeerAddr) {
        if let Some(host) = self.find(addr) {
            host.dialling = false;
            host.proven = true;
            host.wished_for = false;
        }
    }

    /// It looks for neighbors, and found no room here. That makes up for no failure, but the next one that is sent away
    /// is told of it: otherwise those that found everybody full would never hear of each other.
    pub(super) fn called(&mut self, addr: PeerAddr) {
        if let Some(host) = self.find(addr) {
            (host.dialling, host.proven, host.called) = (false, true, true);
        }
    }

    /// It answered as a neighbor. Only that makes up for failures: a link that closes at once is no success.
    pub(super) fn answered(&mut self, addr: PeerAddr) {
        if let Some(host) = self.find(addr) {
            (host.failures, host.refusals) = (0, 0);
        }
    }

    /// It could not be reached, or its link broke.
    pub(super) fn failed(&mut self, addr: PeerAddr, now: Time, rng: &mut Rng) {
        let Some(host) = self.find(addr) else { return };
        (host.dialling, host.called, host.waits) = (false, false, Waits::Other);
        let longest = if host.source == HostSource::Configured { LONGEST_CONFIGURED } else { LONGEST_OTHER };
        let wait = (BACK_OFF * (1 << host.failures.min(12))).min(longest);
        host.next_try = now + wait.mul_f64(0.5 + rng.fraction());
        host.failures = host.failures.saturating_add(1);
        let forgettable = matches!(host.source, HostSource::Told | HostSource::Discovered) && !host.proven;
        if host.failures >= FORGET_AFTER && forgettable {
            self.forget(addr);
        }
    }

    /// It has no room, or goes away: leave it alone for a while.
    pub(super) fn refused(&mut self, addr: PeerAddr, now: Time) {
        let Some(host) = self.find(addr) else { return };
        let wait = REFUSED * (1 << host.refusals);
        if host.source != HostSource::Configured {
            host.refusals = (host.refusals + 1).min(MAX_REFUSALS);
        }
        host.wait(Waits::Refused, now + wait);
    }

    /// It had told of room and then had none: the others come first from now on, and it waits long.
    pub(super) fn lied(&mut self, addr: PeerAddr, now: Time) {
        let Some(host) = self.find(addr) else { return };
        host.lies = (host.lies + 1).min(MAX_LIES);
        let wait = REFUSED * (1 << host.lies);
        self.wait(addr, now + wait);
    }

    /// Whether it lied, and still waits for that.
    pub(super) fn lied_lately(&self, addr: PeerAddr, now: Time) -> bool {
        self.all.iter().any(|host| host.addr == addr && host.lies > 0 && host.next_try > now)
    }

    /// Whether it ever lied.
    pub(super) fn has_lied(&self, addr: PeerAddr) -> bool {
        self.all.iter().any(|host| host.addr == addr && host.lies > 0)
    }

    /// It has no use for this node in the roles that the two play now: it waits that long, or until the roles change.
    pub(super) fn unfit(&mut self, addr: PeerAddr, until: Time) {
        if let Some(host) = self.find(addr) {
            host.wait(Waits::Unfit, until);
            host.ultra = false;
        }
    }

    /// This node plays another role now: those that had no use for it may have one, and ultra-peers that had no room for
    /// another leaf may have some for another of their like. Those that lied or were sent away gain nothing by it.
    pub(super) fn role_changed(&mut self, now: Time) {
        let by_role = |host: &&mut Host| host.waits == Waits::Unfit || host.waits == Waits::Refused && host.ultra;
        for host in self.all.iter_mut().filter(by_role).filter(|host| host.lies == 0) {
            (host.waits, host.next_try) = (Waits::Other, now);
        }
    }

    /// Whether it is an ultra-peer, as it says itself or as another one says.
    pub(super) fn is_ultrapeer(&mut self, addr: PeerAddr, ultra: bool) {
        if let Some(host) = self.find(addr) {
            if ultra && host.waits == Waits::Unfit && host.lies == 0 {
                (host.waits, host.next_try) = (Waits::Other, Time::ZERO);
            }
            host.ultra = ultra;
        }
    }

    /// An ultra-peer that had no room named it instead of itself: what that tells is newer than all that is known otherwise.
    pub(super) fn is_named_instead(&mut self, addr: PeerAddr) {
        self.is_ultrapeer(addr, true);
        if let Some(host) = self.find(addr) {
            host.instead = true;
        }
    }

    /// Whether there is an ultra-peer that was not tried yet, or is being tried.
    pub(super) fn has_ultrapeer_to_try(&self, now: Time, wish: Wish, linked: &[PeerAddr]) -> bool {
        let candidates = self.all.iter().filter(|host| host.fits(wish) && !linked.contains(&host.addr));
        candidates.filter(|host| host.ultra && !host.sent_away).any(|host| host.dialling || host.next_try <= now)
    }

    /// It is not dialled before then.
    pub(super) fn wait(&mut self, addr: PeerAddr, until: Time) {
        if let Some(host) = self.find(addr) {
            host.wait(Waits::Other, until);
        }
    }

    /// One of the two closed the link on purpose; `by_us` until the user names it again.
    pub(super) fn sent_away(&mut self, addr: PeerAddr, now: Time, by_us: bool) {
        if let Some(host) = self.find(addr) {
            host.wait(Waits::SentAway, now + SENT_AWAY);
            host.sent_away |= by_us;
        }
    }

    /// A link to it was closed because this node changes its topology: the first to turn to on the way back.
    pub(super) fn left(&mut self, addr: PeerAddr, now: Time) {
        self.wait(addr, now);
    }

    /// Addresses of nodes that are there, as far as known, and that fit, in random order: what a pong tells. `ultra`: those
    /// of ultra-peers only, or those of all others only.
    pub(super) fn sample(&self, ultra: Option<bool>, fits: impl Fn(PeerAddr) -> bool, rng: &mut Rng) -> Vec<PeerAddr> {
        let proven =
            self.all.iter().filter(|host| host.proven && (host.failures == 0 || host.called) && fits(host.addr));
        let proven = proven.filter(|host| ultra.is_none_or(|ultra| ultra == host.ultra));
        let mut proven: Vec<PeerAddr> = proven.map(|host| host.addr).collect();
        rng.shuffle(&mut proven);
        proven
    }

    pub(super) fn dialling(&self) -> impl Iterator<Item = PeerAddr> + '_ {
        self.all.iter().filter(|host| host.dialling).map(|host| host.addr)
    }

    /// Addresses worth remembering for the next run: those that were linked, and those that the user named.
    pub(super) fn worth_remembering(&self) -> impl Iterator<Item = PeerAddr> + '_ {
        self.all.iter().filter(|host| host.proven).map(|host| host.addr)
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

impl Host {
    fn wait(&mut self, why: Waits, until: Time) {
        (self.dialling, self.waits) = (false, why);
        self.next_try = if self.lies > 0 { until.max(self.next_try) } else { until };
    }

    /// The lower, the sooner it is dialled. A node that needs nobody gives each the same chance: those that come first may
    /// be gone for good.
    fn rank(&self, wish: Wish) -> u8 {
        match self.source {
            _ if self.lies > 0 => 4,
            _ if matches!(wish, Wish::Lost | Wish::Whoever | Wish::Strangers) => 0,
            HostSource::Configured => 0,
            _ if self.instead => 1,
            _ if self.proven && self.failures == 0 => 2,
            _ => 3,
        }
    }

    fn may_dial(&self, wish: Wish, linked: &[PeerAddr]) -> bool {
        self.fits(wish) && !self.dialling && !self.sent_away && !linked.contains(&self.addr)
    }

    /// Whether it was a neighbor, and its link broke or it could not be reached since: either it is gone, or something
    /// came between the two.
    fn is_lost(&self) -> bool {
        let was_linked = self.proven || self.source == HostSource::Remembered;
        was_linked && self.failures > 0 && self.waits == Waits::Other
    }

    fn fits(&self, wish: Wish) -> bool {
        let named = self.source == HostSource::Configured;
        match wish {
            Wish::Anyone | Wish::Whoever => true,
            Wish::Named => named,
            Wish::Unmet => self.wished_for,
            Wish::Lost => self.is_lost(),
            Wish::Strangers => !self.proven,
            Wish::Ultrapeers => self.ultra,
            Wish::NamedUltrapeers => self.ultra && named,
        }
    }
}

fn new_host(addr: PeerAddr, source: HostSource) -> Host {
    let wished_for = source == HostSource::Configured;
    let next_try = Time::ZERO;
    Host {
        addr,
        source,
        failures: 0,
        refusals: 0,
        lies: 0,
        next_try,
        waits: Waits::Other,
        proven: false,
        called: false,
        dialling: false,
        sent_away: false,
        ultra: false,
        instead: false,
        wished_for,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{HostSource, Hosts, Wish};
    use crate::base::{Rng, Time};
    use crate::proto::{PeerAddr, limits};

    fn addr(n: u32) -> PeerAddr {
        PeerAddr((std::net::Ipv4Addr::from(0x0a00_0000 + n), 6346).into())
    }

    #[test]
    fn hosts_that_the_user_named_come_first_and_wait_longer_after_each_failure() {
        let mut hosts = Hosts::new(limits::MAX_HOSTS);
        let mut rng = Rng::new(1);
        (1..50).for_each(|n| hosts.learn(addr(n), HostSource::Told));
        hosts.learn(addr(99), HostSource::Configured);
        let mut now = Time::ZERO;
        let mut waits = Vec::new();
        for _ in 0..5 {
            assert_eq!(hosts.pick(now, Wish::Named, &[], &mut rng), Some(addr(99)));
            assert_eq!(hosts.pick(now, Wish::Named, &[], &mut rng), None, "it is being dialled");
            hosts.failed(addr(99), now, &mut rng);
            let next = hosts.next_try(Wish::Named, &[]);
            waits.push(next.since(now));
            now = next;
        }
        assert!(waits[4] > waits[0] * 4, "{waits:?}");
        assert!(waits.iter().all(|wait| *wait < Duration::from_secs(31)));
    }

    #[test]
    fn the_table_is_bounded_and_keeps_what_the_user_named() {
        for (most, kept) in [(usize::MAX, limits::MAX_HOSTS), (32, 32), (0, 1)] {
            let mut hosts = Hosts::new(most);
            hosts.learn(addr(0), HostSource::Configured);
            (1..5_000).for_each(|n| hosts.learn(addr(n), HostSource::Told));
            assert_eq!(hosts.len(), kept);
            assert_eq!(hosts.pick(Time::ZERO, Wish::Named, &[], &mut Rng::new(1)), Some(addr(0)));
        }
    }

    #[test]
    fn who_was_sent_away_is_left_alone_until_named_again() {
        let mut hosts = Hosts::new(limits::MAX_HOSTS);
        let mut rng = Rng::new(1);
        hosts.learn(addr(1), HostSource::Configured);
        hosts.sent_away(addr(1), Time::ZERO, true);
        let much_later = Time::ZERO + Duration::from_secs(86_400);
        assert_eq!(hosts.pick(much_later, Wish::Anyone, &[], &mut rng), None);
        hosts.learn(addr(1), HostSource::Configured);
        assert_eq!(hosts.pick(Time::ZERO, Wish::Unmet, &[], &mut rng), Some(addr(1)));
    }

    #[test]
    fn lost_are_those_that_were_linked_and_broke_off_without_a_word() {
        let mut hosts = Hosts::new(limits::MAX_HOSTS);
        let mut rng = Rng::new(1);
        let now = Time::ZERO;
        for n in 1..=6 {
            hosts.learn(addr(n), if n == 6 { HostSource::Remembered } else { HostSource::Told });
        }
        (1..=4).for_each(|n| hosts.connected(addr(n)));
        [1, 2, 3, 5, 6].into_iter().for_each(|n| hosts.failed(addr(n), now, &mut rng));
        hosts.refused(addr(2), now);
        hosts.sent_away(addr(3), now, false);
        let later = now + Duration::from_secs(3_600);
        let mut lost: Vec<_> = std::iter::from_fn(|| hosts.pick(later, Wish::Lost, &[], &mut rng)).collect();
        lost.sort();
        assert_eq!(lost, [addr(1), addr(6)], "2 went away, 3 wants no link, 4 never broke off, 5 was never met");
    }

    #[test]
    fn who_calls_is_told_of_until_it_cannot_be_reached() {
        let mut hosts = Hosts::new(limits::MAX_HOSTS);
        let mut rng = Rng::new(1);
        hosts.learn(addr(1), HostSource::Told);
        hosts.connected(addr(1));
        let told = |hosts: &Hosts| hosts.sample(None, |_| true, &mut Rng::new(2)).len();
        let mut seen = vec![told(&hosts)];
        for step in [Hosts::called as fn(&mut Hosts, PeerAddr), |hosts, addr| hosts.refused(addr, Time::ZERO)] {
            hosts.failed(addr(1), Time::ZERO, &mut rng);
            step(&mut hosts, addr(1));
            seen.push(told(&hosts));
        }
        assert_eq!(seen, [1, 1, 0]);
    }

    #[test]
    fn an_ultrapeer_that_refused_a_leaf_is_tried_again_in_another_role() {
        let mut hosts = Hosts::new(limits::MAX_HOSTS);
        let mut rng = Rng::new(1);
        let now = Time::ZERO;
        for (n, ultra) in [(1, true), (2, false)] {
            hosts.learn(addr(n), HostSource::Told);
            hosts.connected(addr(n));
            hosts.is_ultrapeer(addr(n), ultra);
            hosts.failed(addr(n), now, &mut rng);
            hosts.refused(addr(n), now);
        }
        assert_eq!(hosts.pick(now, Wish::Anyone, &[], &mut rng), None);
        hosts.role_changed(now);
        let picked = [0; 2].map(|_| hosts.pick(now, Wish::Anyone, &[], &mut rng));
        assert_eq!(picked, [Some(addr(1)), None]);
    }

    #[test]
    fn who_is_named_by_a_full_ultra_peer_is_tried_before_old_acquaintances_and_kept_where_there_is_no_room() {
        let mut hosts = Hosts::new(3);
        let mut rng = Rng::new(1);
        (1..=3).for_each(|n| hosts.learn(addr(n), HostSource::Told));
        [1, 2].into_iter().for_each(|n| hosts.connected(addr(n)));
        hosts.is_named_instead(addr(3));
        hosts.failed(addr(1), Time::ZERO, &mut rng);
        hosts.learn(addr(4), HostSource::Told);
        assert_eq!(hosts.pick(Time::ZERO, Wish::Ultrapeers, &[], &mut rng), Some(addr(3)), "and not 4 in its place");
        hosts.connected(addr(3));
        let second = hosts.pick(Time::ZERO, Wish::Anyone, &[addr(3)], &mut rng);
        assert_eq!(second, Some(addr(2)), "once tried it is one like others");
    }

    #[test]
    fn another_role_is_no_new_chance_for_who_lied_or_was_sent_away() {
        let mut hosts = Hosts::new(limits::MAX_HOSTS);
        let now = Time::ZERO;
        for n in [1, 2, 3] {
            hosts.learn(addr(n), HostSource::Told);
            hosts.is_ultrapeer(addr(n), true);
        }
        hosts.lied(addr(1), now);
        hosts.unfit(addr(1), now);
        hosts.unfit(addr(2), now + Duration::from_secs(30));
        hosts.sent_away(addr(2), now, false);
        hosts.refused(addr(3), now);
        hosts.sent_away(addr(3), now, true);
        (1..=3).for_each(|n| hosts.is_ultrapeer(addr(n), true));
        hosts.role_changed(now);
        assert_eq!(hosts.pick(now, Wish::Anyone, &[], &mut Rng::new(1)), None);
        assert!(hosts.lied_lately(addr(1), now) && hosts.has_lied(addr(1)));
    }
}
