//! Hits: from the node that has a match to the origin, directly or by the reverse path.

use std::sync::Arc;
use std::time::Duration;

use super::explain::Undelivered;
use super::io::{Context, LinkId, Output};
use super::limit::Bucket;
use super::link::Link;
use super::message::{Delivery, FoundFile, HitBody, HitMessage, Message, QueryMessage, ReportMessage};
use super::node::Node;
use super::seen::Passed;
use crate::base::Time;
use crate::proto::limits::{MAX_HITS_A_MESSAGE, MAX_WALK_BACK, MAX_WAY_BACK};
use crate::proto::{Guid, NodeId, PeerAddr, Travel};

/// A link that is so old was not refused by its other end.
const ACCEPTED: Duration = Duration::from_millis(500);
/// Messages that this node delivers direct: so many a second, and so many at once, to all destinations together. A query
/// may name somebody else's address as its origin; this is what keeps an overlay from being turned against it.
const DIRECT_OVERALL: (u32, u32) = (500, 1_000);
/// The same for one destination.
const DIRECT_EACH: (u32, u32) = (50, 200);
/// Destinations whose rate is remembered: those that could not have as much as at first, before more room is taken. Then the
/// one that was used longest ago gives way.
const MAX_DESTINATIONS: usize = 256;

/// Rates of direct delivery.
#[derive(Debug)]
pub(super) struct DirectLimits {
    overall: Bucket,
    each: Vec<(PeerAddr, Bucket, Time)>,
}

impl Default for DirectLimits {
    fn default() -> Self {
        Self { overall: Bucket::FULL, each: Vec::new() }
    }
}

impl DirectLimits {
    pub(super) fn allow(&mut self, to: PeerAddr, now: Time) -> bool {
        let index = self.each.iter().position(|(addr, ..)| *addr == to).unwrap_or_else(|| {
            if self.each.len() == self.each.capacity() {
                // A bucket that is full again is as good as none.
                self.each.retain(|(_, bucket, _)| bucket.full_at() > now);
            }
            if self.each.len() >= MAX_DESTINATIONS {
                let oldest = self.each.iter().enumerate().min_by_key(|(_, (_, _, used))| *used);
                let oldest = oldest.map_or(0, |(index, _)| index);
                self.each.swap_remove(oldest);
            }
            self.each.push((to, Bucket::FULL, now));
            self.each.len() - 1
        });
        let (_, bucket, used) = &mut self.each[index];
        *used = now;
        bucket.take(now, DIRECT_EACH.0, DIRECT_EACH.1) && self.overall.take(now, DIRECT_OVERALL.0, DIRECT_OVERALL.1)
    }
}

impl Node {
    /// Answers a query with what was found.
    pub(super) fn answer(
        &mut self,
        query: &QueryMessage,
        travel: Travel,
        mut found: Vec<FoundFile>,
        cx: &mut Context<'_>,
    ) {
        while !found.is_empty() {
            let rest = found.split_off(found.len().min(MAX_HITS_A_MESSAGE));
            let body = HitBody {
                node: Some(self.id),
                name: self.name.clone(),
                addr: self.addr,
                hops: travel.hops(),
                files: found,
                ..HitBody::default()
            };
            let hit = HitMessage { guid: query.guid, travel: query.body.way_back(), body: Arc::new(body) };
            self.deliver(query, Message::Hit(hit), cx);
            found = rest;
        }
    }

    /// Sends a hit or report towards the origin of a query: over a link if the origin is at its other end, over a
    /// connection of its own if the query wants that and the rate allows it, else by the reverse path.
    pub(super) fn deliver(&mut self, query: &QueryMessage, message: Message, cx: &mut Context<'_>) {
        let origin = query.body.origin.filter(|addr| addr.is_dialable() && Some(*addr) != self.addr);
        let direct = origin.filter(|_| query.body.delivery == Delivery::Direct);
        // A node that returned with another key may still be remembered under the old one, over a link that is dead.
        let at = |to: PeerAddr| self.links.iter().enumerate().filter(move |(_, link)| link.peer.listen == Some(to));
        // Nor is one to be relied on that came up this moment: its other end may have no room for it.
        let accepted = |(_, link): &(usize, &Link)| self.now.since(link.since) >= ACCEPTED;
        let neighbor = direct.and_then(|to| at(to).filter(accepted).max_by_key(|(_, link)| link.since));
        let neighbor = neighbor.map(|(index, _)| index);
        match (neighbor, direct) {
            (Some(neighbor), _) => self.send(neighbor, message, cx),
            (None, Some(to)) if self.direct.allow(to, self.now) => cx.out.push(Output::Direct { to, message }),
            _ => self.send_back(query.guid, message, cx),
        }
    }

    /// A direct delivery of a hit or report that failed takes the reverse path.
    pub(super) fn on_direct_failed(&mut self, message: Message, why: Undelivered, cx: &mut Context<'_>) {
        let guid = match &message {
            Message::Hit(hit) => hit.guid,
            Message::Report(report) => report.guid,
            Message::Explain(_) => {
                if let Message::Explain(message) = message {
                    self.on_explain_failed(*message, why, cx);
                }
                return;
            }
            _ => return,
        };
        self.send_back(guid, message, cx);
    }

    fn send_back(&mut self, guid: Guid, message: Message, cx: &mut Context<'_>) {
        match self.way_to_origin(&guid).and_then(|link| self.link_index(link)) {
            Some(index) => self.send(index, message, cx),
            None => self.counters.unroutable += 1,
        }
    }

    pub(super) fn way_to_origin(&self, guid: &Guid) -> Option<LinkId> {
        self.seen.get(guid).and_then(|passed| passed.from())
    }

    /// Links that what answers a query may travel on its way back.
    fn longest_way_back(&self, guid: &Guid) -> u8 {
        if self.seen.get(guid).is_some_and(|passed| passed.walk) { MAX_WALK_BACK } else { MAX_WAY_BACK }
    }

    /// A hit came in on a link: for an own search, or to be passed on.
    pub(super) fn on_hit(&mut self, index: usize, hit: &HitMessage, cx: &mut Context<'_>) {
        if self.is_own_search(&hit.guid) {
            let from_itself = hit.body.node == Some(self.links[index].peer.id);
            self.take_hit(hit, from_itself, cx);
            return;
        }
        let passed_on = self
            .pass_back(index, &hit.guid, hit.travel, cx, |travel| Message::Hit(HitMessage { travel, ..hit.clone() }));
        self.counters.hits_relayed += u64::from(passed_on);
    }

    /// A report came in on a link.
    pub(super) fn on_report(&mut self, index: usize, report: &ReportMessage, cx: &mut Context<'_>) {
        if self.is_own_search(&report.guid) {
            // It has come over one link more than its hops say, and over no more than it may travel.
            let links = report.travel.hops().saturating_add(1).min(self.longest_way_back(&report.guid));
            self.take_report(report, links, cx);
            return;
        }
        let way = self.way_to_origin(&report.guid).and_then(|way| self.link_index(way));
        if !cx.config.report_to_public && way.is_some_and(|way| !self.links[way].peer.local) {
            self.counters.limited += 1;
            return;
        }
        self.pass_back(index, &report.guid, report.travel, cx, |travel| {
            Message::Report(ReportMessage { travel, ..report.clone() })
        });
    }

    /// Passes a hit or report on over the reverse of the query's path: one link, and never the one it came from. Who
    /// relayed the query may be a leaf by now, and a leaf passes nothing on.
    fn pass_back(
        &mut self,
        index: usize,
        guid: &Guid,
        travel: Travel,
        cx: &mut Context<'_>,
        onward: impl FnOnce(Travel) -> Message,
    ) -> bool {
        let longest = self.longest_way_back(guid);
        let way = self.way_to_origin(guid);
        let way = way.filter(|way| *way != self.links[index].id && self.role.relays());
        let way = way.and_then(|way| self.link_index(way));
        let travel = travel.arrive(longest).filter(|travel| travel.may_go_on());
        let (Some(way), Some(travel)) = (way, travel) else {
            self.counters.unroutable += 1;
            return false;
        };
        if !self.seen.get_mut(guid).is_some_and(Passed::pass_back) {
            self.counters.limited += 1;
            return false;
        }
        self.send(way, onward(travel), cx);
        true
    }

    /// Something came over a connection of its own; a hit or report only from the node that it names.
    pub(super) fn on_direct(&mut self, from: NodeId, message: Message, cx: &mut Context<'_>) {
        match message {
            Message::Hit(hit) if hit.body.node == Some(from) => self.take_hit(&hit, true, cx),
            Message::Explain(message) => self.on_explain_direct(from, *message, cx),
            Message::Report(report) if report.body.node == Some(from) => self.take_report(&report, 1, cx),
            _ => self.counters.inconsistent += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};
    use std::time::Duration;

    use super::{DIRECT_EACH, DirectLimits};
    use crate::base::Time;

    #[test]
    fn destinations_that_may_have_all_again_take_no_room() {
        let mut limits = DirectLimits::default();
        let to = |n: u32| SocketAddr::from((Ipv4Addr::from(0x0a00_0000 + n), 6346)).into();
        let at = |seconds: u64| Time::ZERO + Duration::from_secs(seconds);
        for n in 0..1_000 {
            assert!(limits.allow(to(n), at(u64::from(n))), "one a second is within every rate");
        }
        assert!(limits.each.capacity() <= 8, "{}", limits.each.capacity());
        let spent = (0..DIRECT_EACH.1 + 10).filter(|_| limits.allow(to(7), at(2_000))).count();
        let others = (0..200).filter(|n| limits.allow(to(100 + n), at(2_000))).count();
        assert_eq!((spent, others), (DIRECT_EACH.1 as usize, 200));
        assert!(!limits.allow(to(7), at(2_000)), "who has spent all is not forgotten");
    }
}
