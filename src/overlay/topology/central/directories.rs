//! The directories that a node knows, and which one to turn to next.

use std::time::Duration;

use crate::base::{Rng, Time};
use crate::proto::PeerAddr;
use crate::proto::limits::MAX_DIRECTORIES;

/// Wait after the first failure; it doubles with each further one.
const BACK_OFF: Duration = Duration::from_millis(500);
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(20);
/// Failures that a directory starts with after it broke the protocol: enough for the longest wait.
const LIED: u8 = 6;
/// Failures in a row after which one that others told of, and that never proved to be a directory, is forgotten.
const HOPELESS: u8 = 6;

/// One directory.
#[derive(Clone, Debug)]
struct Known {
    addr: PeerAddr,
    /// Whether the user named it.
    named: bool,
    /// Whether it ever had what this node shares.
    proven: bool,
    /// Failures since it last answered as a directory.
    failures: u8,
    next_try: Time,
}

impl Known {
    const fn new(addr: PeerAddr, named: bool) -> Self {
        Self { addr, named, proven: false, failures: 0, next_try: Time::ZERO }
    }
}

/// The list; at most [`MAX_DIRECTORIES`].
#[derive(Debug, Default)]
pub(super) struct Directories(Vec<Known>);

impl Directories {
    /// Takes an address in. One that the user names is forgiven everything, and finds room where others gave way.
    pub(super) fn learn(&mut self, addr: PeerAddr, named: bool) {
        if !addr.is_dialable() {
            return;
        }
        if let Some(known) = self.find(addr) {
            if named {
                *known = Known { proven: known.proven, ..Known::new(addr, named) };
            }
            return;
        }
        if self.0.len() >= MAX_DIRECTORIES {
            let worst = self.0.iter().enumerate().filter(|(_, known)| !known.named && (named || known.failures > 0));
            match worst.max_by_key(|(_, known)| known.failures) {
                Some((place, _)) => self.0.swap_remove(place),
                None => return,
            };
        }
        self.0.push(Known::new(addr, named));
    }

    /// Whom to dial now: one that the user named before any other, at random among equals; and whether it failed before.
    pub(super) fn pick(&self, now: Time, rng: &mut Rng) -> Option<(PeerAddr, bool)> {
        let ready = || self.0.iter().filter(|known| known.next_try <= now);
        let named = ready().any(|known| known.named);
        let candidates: Vec<&Known> = ready().filter(|known| known.named == named).collect();
        candidates.get(rng.below(candidates.len())).map(|known| (known.addr, known.failures > 0))
    }

    /// When the next one may be dialled.
    pub(super) fn next_try(&self) -> Time {
        self.0.iter().map(|known| known.next_try).min().unwrap_or(Time::NEVER)
    }

    /// It could not be reached, refused, or is gone. Addresses that somebody made up do not stay for ever.
    pub(super) fn failed(&mut self, addr: PeerAddr, now: Time, rng: &mut Rng) {
        let Some(known) = self.find(addr) else { return };
        let wait = (BACK_OFF * (1 << known.failures.min(12))).min(LONGEST);
        known.next_try = now + wait.mul_f64(0.5 + rng.fraction());
        known.failures = known.failures.saturating_add(1);
        if !known.named && !known.proven && known.failures >= HOPELESS {
            self.forget(addr);
        }
    }

    /// It broke the protocol: the next failure counts as many.
    pub(super) fn lied(&mut self, addr: PeerAddr) {
        if let Some(known) = self.find(addr) {
            known.failures = known.failures.max(LIED);
        }
    }

    /// It answered as a directory. Only that makes up for failures, if it does so for a while (`steady`): a link that
    /// closes at once is no success.
    pub(super) fn answered(&mut self, addr: PeerAddr, steady: bool) {
        if let Some(known) = self.find(addr) {
            known.proven = true;
            known.failures = if steady { 0 } else { known.failures };
        }
    }

    /// It turned out to be this node itself, or nothing at all.
    pub(super) fn forget(&mut self, addr: PeerAddr) {
        self.0.retain(|known| known.addr != addr);
    }

    pub(super) fn knows(&self, addr: PeerAddr) -> bool {
        self.0.iter().any(|known| known.addr == addr)
    }

    pub(super) fn addrs(&self) -> impl Iterator<Item = PeerAddr> + '_ {
        self.0.iter().map(|known| known.addr)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    fn find(&mut self, addr: PeerAddr) -> Option<&mut Known> {
        self.0.iter_mut().find(|known| known.addr == addr)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Directories, MAX_DIRECTORIES};
    use crate::base::{Rng, Time};
    use crate::proto::PeerAddr;

    fn addr(n: u32) -> PeerAddr {
        PeerAddr((std::net::Ipv4Addr::from(0x0a00_0000 + n), 6346).into())
    }

    #[test]
    fn the_named_ones_come_first_and_one_that_fails_gives_way_to_the_next() {
        let (mut list, mut rng) = (Directories::default(), Rng::new(1));
        (0..10).for_each(|n| list.learn(addr(n), false));
        list.learn(addr(20), true);
        list.learn(addr(21), true);
        let (first, failed_before) = list.pick(Time::ZERO, &mut rng).unwrap();
        assert!(!failed_before && (first == addr(20) || first == addr(21)));
        list.failed(first, Time::ZERO, &mut rng);
        let (second, _) = list.pick(Time::ZERO, &mut rng).unwrap();
        assert!(second != first && (second == addr(20) || second == addr(21)));
        list.failed(second, Time::ZERO, &mut rng);
        assert!(list.pick(Time::ZERO, &mut rng).is_some_and(|(next, _)| next != first && next != second));
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let (mut list, mut rng) = (Directories::default(), Rng::new(1));
        list.learn(addr(1), true);
        let mut now = Time::ZERO;
        for step in 0..20 {
            assert!(list.pick(now, &mut rng).is_some());
            list.failed(addr(1), now, &mut rng);
            assert!(list.pick(now, &mut rng).is_none());
            let wait = list.next_try().since(now);
            let middle = Duration::from_millis(500 << step.min(6)).min(Duration::from_secs(20));
            assert!(wait >= middle / 2 && wait < middle * 3 / 2, "{wait:?} after {step} failures");
            now = list.next_try();
        }
    }

    #[test]
    fn only_what_nobody_named_and_what_never_answered_is_given_up() {
        let (mut list, mut rng) = (Directories::default(), Rng::new(1));
        list.learn(addr(1), true);
        (2..5).for_each(|n| list.learn(addr(n), false));
        list.answered(addr(2), false);
        list.lied(addr(4));
        for n in 1..5 {
            let tries = if n == 4 { 1 } else { 5 };
            (0..tries).for_each(|_| list.failed(addr(n), Time::ZERO, &mut rng));
        }
        assert_eq!(list.addrs().collect::<Vec<_>>(), [addr(1), addr(2), addr(3)]);
        (1..4).for_each(|n| list.failed(addr(n), Time::ZERO, &mut rng));
        assert_eq!(list.addrs().collect::<Vec<_>>(), [addr(1), addr(2)]);
    }

    #[test]
    fn the_list_is_bounded_and_keeps_what_the_user_named() {
        let mut list = Directories::default();
        (0..1_000).for_each(|n| list.learn(addr(n), false));
        assert_eq!(list.len(), MAX_DIRECTORIES);
        list.learn(addr(5_000), true);
        assert_eq!((list.len(), list.addrs().any(|known| known == addr(5_000))), (MAX_DIRECTORIES, true));
    }
}
