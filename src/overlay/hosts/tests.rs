//! The table of addresses: its bound, whom it names next, and whom it leaves alone.

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
    hosts.refused(addr(2), now, &mut rng);
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
    for step in
        [Hosts::called as fn(&mut Hosts, PeerAddr), |hosts, addr| hosts.refused(addr, Time::ZERO, &mut Rng::new(3))]
    {
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
        hosts.refused(addr(n), now, &mut rng);
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
    hosts.refused(addr(3), now, &mut Rng::new(1));
    hosts.sent_away(addr(3), now, true);
    (1..=3).for_each(|n| hosts.is_ultrapeer(addr(n), true));
    hosts.role_changed(now);
    assert_eq!(hosts.pick(now, Wish::Anyone, &[], &mut Rng::new(1)), None);
    assert!(hosts.lied_lately(addr(1), now) && hosts.has_lied(addr(1)));
}

#[test]
fn two_that_were_refused_at_the_same_time_do_not_call_again_at_the_same_time() {
    let again = |seed: u64| {
        let mut hosts = Hosts::new(limits::MAX_HOSTS);
        hosts.learn(addr(1), HostSource::Configured);
        hosts.refused(addr(1), Time::ZERO, &mut Rng::new(seed));
        hosts.next_try(Wish::Anyone, &[])
    };
    let (first, second) = (again(1), again(2));
    assert!(first > Time::ZERO && second > Time::ZERO && first != second);
}
