//! Addresses of other nodes: where they were learned, how they did, and whom to dial next.

mod host;

#[cfg(test)]
mod tests;

use std::time::Duration;

use super::io::HostSource;
use crate::base::{Rng, Time};
use crate::proto::{PeerAddr, limits};
use host::{Host, Waits};

pub(super) use host::Wish;

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

    /// See [`Node::fetch`](super::Node::fetch); the rest of it follows in order.
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
                *host = Host { proven: host.proven, ultra: host.ultra, dialling, ..Host::new(addr, source) };
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
        self.all.push(Host::new(addr, source));
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
            host.instead = false;
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

    /// It has no room, or goes away: leave it alone for a while, half of it more or less at random. Nodes with room for one
    /// neighbor that dial each other in a circle at the same time would refuse each other for ever.
    pub(super) fn refused(&mut self, addr: PeerAddr, now: Time, rng: &mut Rng) {
        let Some(host) = self.find(addr) else { return };
        let wait = (REFUSED * (1 << host.refusals)).mul_f64(0.5 + rng.fraction());
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
