//! How long a directory keeps what a node registered, and whether that node can be reached where it says.
//!
//! Any message of a client is a sign of life. It is only noted: what is due is looked at when its time comes, and put
//! off if there was a sign of life since. So a message costs nothing here, whatever the number of clients.

use std::time::Duration;

use super::directory::{Directory, MAX_MEMBERS, Registrant, Spent, Then, send};
use super::message::CentralMessage;
use crate::base::Time;
use crate::overlay::io::{Context, LinkId};
use crate::overlay::message::{ByeReason, Message};
use crate::overlay::node::Node;
use crate::overlay::timers::Timer;
use crate::proto::{NodeId, PeerAddr};

/// What a node registered is kept for that long after its link broke without a goodbye: long enough to come back.
const GRACE: Duration = Duration::from_secs(10);
/// A client that does not register within that time has no business here.
const REGISTER_WITHIN: Duration = Duration::from_secs(30);
/// A node that could not be reached is looked for again after the first; that doubles each time, up to the second.
const CHECK_AGAIN: (Duration, Duration) = (Duration::from_secs(300), Duration::from_secs(3_600));
/// Looks for clients under way at once.
const MAX_LOOKING: usize = 64;
/// Until the next look when there were too many.
const CHECK_LATER: Duration = Duration::from_millis(100);
/// Between two rounds of telling clients what is known of them.
const TELL_ON: Duration = Duration::from_millis(200);

/// Someone who is linked, whose lease goes on, or who used up more than was paid since.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) link: Option<LinkId>,
    /// What it used up on earlier links.
    spent: Spent,
    /// Its place in [`Directory::due`].
    due: Time,
}

impl Registrant {
    /// Until when it is taken to be alive.
    fn lives_until(&self, lease: Duration) -> Time {
        let end = if self.registered { self.last_heard + lease } else { self.since() + REGISTER_WITHIN };
        end.min(self.probed_until.unwrap_or(Time::NEVER))
    }
}

impl Directory {
    /// Looks at a member at that time, and not before.
    pub(super) fn look_at(&mut self, node: NodeId, at: Time) {
        if let Some(member) = self.members.get_mut(&node) {
            self.due.remove(&(member.due, node));
            member.due = at;
            self.due.insert((at, node));
        }
    }

    /// A link to a node is up. Returns what it used up before.
    pub(super) fn member_linked(&mut self, node: NodeId, link: LinkId, now: Time) -> Spent {
        let member = self.members.entry(node).or_insert(Member { link: None, spent: Spent::default(), due: now });
        member.link = Some(link);
        let spent = member.spent;
        self.look_at(node, now + REGISTER_WITHIN);
        spent
    }

    /// What a node used up on a link that is gone.
    pub(super) fn member_spent(&mut self, node: NodeId, spent: Spent) {
        if let Some(member) = self.members.get_mut(&node) {
            member.spent = spent;
        }
    }

    /// The link to a node broke: it may be back before its lease ends. That holds for one that had not registered again
    /// yet, too.
    pub(super) fn member_lost(&mut self, node: NodeId, lease_end: Time, now: Time) {
        if let Some(member) = self.members.get_mut(&node) {
            member.link = None;
        }
        self.look_at(node, lease_end.min(now + GRACE));
    }

    /// Nothing that a node registered is kept any more. What it used up is, until that is paid: who goes and comes back
    /// gains nothing.
    pub(super) fn member_gone(&mut self, node: NodeId, now: Time) {
        let is_crowded = self.members.len() > MAX_MEMBERS;
        let Some(member) = self.members.get_mut(&node) else { return };
        let (due, paid_at) = (member.due, member.spent.paid_at());
        member.link = None;
        if paid_at > now && !is_crowded {
            return self.look_at(node, paid_at);
        }
        self.members.remove(&node);
        self.due.remove(&(due, node));
    }

    /// Looks whether a client can be reached at that time, and not before; `None` for no look at all.
    pub(super) fn check_client_at(&mut self, link: LinkId, at: Option<Time>) {
        let Some(client) = self.clients.get_mut(&link) else { return };
        if let Some(before) = std::mem::replace(&mut client.check_at, at) {
            self.checks.remove(&(before, link));
        }
        self.checks.extend(at.map(|at| (at, link)));
    }

    /// The next client that is to be looked for; none while as many looks as may be are under way.
    fn next_check(&self, now: Time) -> Option<(LinkId, NodeId, PeerAddr)> {
        let (_, link) = self.checks.first().filter(|(at, _)| *at <= now && self.looking.len() < MAX_LOOKING)?;
        let peer = &self.clients.get(link)?.peer;
        Some((*link, peer.id, peer.listen?))
    }
}

impl Node {
    /// Takes over what the registry kept from an earlier run; once.
    pub(super) fn restore_leases(&mut self, cx: &mut Context<'_>) {
        let now = self.now;
        let Some(directory) = self.directory.as_deref_mut().filter(|directory| !directory.restored) else { return };
        let Some(registry) = cx.registry.as_deref_mut() else { return };
        directory.restored = true;
        for (node, left) in registry.restored() {
            let due = now + left.min(cx.config.lease);
            directory.members.insert(node, Member { link: None, spent: Spent::default(), due });
            directory.due.insert((due, node));
        }
    }

    /// `Timer::Lease`.
    pub(in crate::overlay) fn check_leases(&mut self, cx: &mut Context<'_>) {
        self.restore_leases(cx);
        let now = self.now;
        while let Some((node, link)) = self.next_due() {
            match link {
                Some(link) => self.look_at_client(node, link, cx),
                None => {
                    self.directory.as_deref_mut().into_iter().for_each(|directory| directory.member_gone(node, now));
                    if let Some(registry) = cx.registry.as_deref_mut() {
                        registry.forget(&node);
                    }
                }
            }
        }
        self.look_for_clients(cx);
        let telling: Vec<LinkId> =
            self.directory.iter().flat_map(|directory| directory.telling.iter().copied()).collect();
        telling.into_iter().for_each(|link| self.tell_known(link, cx));
        self.wait_for_leases();
    }

    fn next_due(&self) -> Option<(NodeId, Option<LinkId>)> {
        let directory = self.directory.as_deref()?;
        let (_, node) = directory.due.first().filter(|(at, _)| *at <= self.now)?;
        Some((*node, directory.members.get(node)?.link))
    }

    /// A client's time is up, unless it was heard of since.
    fn look_at_client(&mut self, node: NodeId, link: LinkId, cx: &mut Context<'_>) {
        let (now, lease) = (self.now, cx.config.lease);
        let Some(directory) = self.directory.as_deref_mut() else { return };
        let Some(client) = directory.clients.get(&link) else { return directory.member_gone(node, now) };
        let end = client.lives_until(lease);
        if end > now {
            return directory.look_at(node, end);
        }
        let text = if client.registered { "no sign of life" } else { "it did not register" };
        // Who was challenged by another link of the same node is probably back on that one.
        let then = if client.probed_until.is_some() { Then::Wait } else { Then::Forget };
        self.close_client(link, ByeReason::Silent, text, then, cx);
    }

    /// Has the driver look for clients at their addresses, as fast as is allowed; none is forgotten. The driver answers
    /// each look: no second one is made for the same node there meanwhile, also if it is back on another link.
    pub(super) fn look_for_clients(&mut self, cx: &mut Context<'_>) {
        while let Some((link, node, addr)) =
            self.directory.as_deref().and_then(|directory| directory.next_check(self.now))
        {
            let is_looking = self.directory.as_deref().is_some_and(|dir| dir.looking.contains(&(node, addr)));
            if !is_looking && !self.check(addr, node, cx) {
                return;
            }
            let Some(directory) = self.directory.as_deref_mut() else { return };
            directory.looking.insert((node, addr));
            directory.check_client_at(link, None);
            if let Some(client) = directory.clients.get_mut(&link) {
                client.checking = Some(addr);
            }
        }
    }

    /// The driver looked for a node at an address.
    pub(in crate::overlay) fn client_checked(
        &mut self,
        addr: PeerAddr,
        node: NodeId,
        reached: bool,
        cx: &mut Context<'_>,
    ) {
        let Some(directory) = self.directory.as_deref_mut() else { return };
        directory.looking.remove(&(node, addr));
        self.note_reachable(addr, node, reached, cx);
        // There is room for another look.
        self.look_for_clients(cx);
        self.wait_for_leases();
    }

    fn note_reachable(&mut self, addr: PeerAddr, node: NodeId, reached: bool, cx: &mut Context<'_>) {
        let now = self.now;
        let Some(directory) = self.directory.as_deref_mut() else { return };
        let Some(link) = directory.members.get(&node).and_then(|member| member.link) else { return };
        let Some(client) = directory.clients.get_mut(&link).filter(|client| client.checking == Some(addr)) else {
            return;
        };
        client.checking = None;
        client.reachable = Some(reached);
        let wait = (CHECK_AGAIN.0 * (1 << client.missed.min(8))).min(CHECK_AGAIN.1);
        client.missed = if reached { 0 } else { client.missed + 1 };
        directory.check_client_at(link, (!reached).then(|| now + wait));
        if let Some(registry) = cx.registry.as_deref_mut()
            && let Some(mut registration) = registry.get(&node)
        {
            registration.addr = reached.then_some(addr);
            // A node that is registered already finds room.
            _ = registry.put(node, registration);
        }
        if let Some(lease) = self.lease_of(link, 0, cx) {
            send(link, Message::Central(Box::new(CentralMessage::Lease(lease))), cx);
        }
    }

    /// Waits for what comes next.
    pub(super) fn wait_for_leases(&mut self) {
        let Some(directory) = self.directory.as_deref() else { return };
        let due = directory.due.first().map_or(Time::NEVER, |(at, _)| *at);
        // Where as many as may be are under way, the next answer comes first.
        let check = directory.checks.first().filter(|_| directory.looking.len() < MAX_LOOKING);
        let check = check.map_or(Time::NEVER, |(at, _)| (*at).max(self.now + CHECK_LATER));
        let telling = if directory.telling.is_empty() { Time::NEVER } else { self.now + TELL_ON };
        // A lease may have ended while its node was given time to answer a challenge.
        let soon = self.now + Duration::from_micros(1);
        self.timers.at_latest(Timer::Lease, due.min(check).min(telling).max(soon));
    }
}
