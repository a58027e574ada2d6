//! What a directory does for its clients: it compares, takes changes, keeps leases, answers look-ups.
//!
//! A client has a budget of work. Within it everything is done at once; what goes beyond is done too, once, and the
//! answer says how long to wait before the next change. Who does not wait is refused, and in the end sent away. Look-ups
//! have a budget of their own; beyond it the answer is an empty page that leads back to where it was asked for.

use std::time::Duration;

use super::directory::{MESSAGE_WORK, Registrant, Then, WORK, send};
use super::message::{CentralMessage, Change, Found, FoundAt, Known, Lease, Lookup, Register};
use super::registry::{Registration, Registry};
use crate::base::Time;
use crate::overlay::io::{Context, LinkId};
use crate::overlay::message::{ByeReason, Message};
use crate::overlay::node::Node;
use crate::proto::NodeId;
use crate::proto::limits::{
    MAX_FILES_A_CHANGE, MAX_FILES_A_NODE, MAX_HITS_A_MESSAGE, MAX_HITS_A_NODE, MAX_TAGS_A_MESSAGE,
};

/// Look-ups that a client may make: so many a second, and so many at once.
const LOOKUPS: (u32, u32) = (20, 50);
/// Look-ups beyond that are told to come again, so many; more are dropped.
const BUSY: (u32, u32) = (100, 500);
/// How far beyond its budget a client that waits when it is told to can be: with a change on its way already.
const MAX_DEBT: Duration = Duration::from_millis(
    (2 * (MAX_FILES_A_CHANGE + MAX_TAGS_A_MESSAGE + MESSAGE_WORK as usize) as u64 * 1_000) / WORK.0 as u64 + 1,
);
/// Pages of an answer that begin with this directory's own files. What the registry has follows, so many positions
/// later.
const OWN_PAGES: u64 = MAX_HITS_A_NODE.div_ceil(MAX_HITS_A_MESSAGE) as u64;

impl Registrant {
    /// Does work for a client, unless it has far exceeded its budget; says how long it should wait then.
    fn work(&mut self, now: Time, amount: usize) -> Option<Duration> {
        if self.spent.work.debt(now, WORK.0, WORK.1) > MAX_DEBT {
            return None;
        }
        let amount = u32::try_from(amount).unwrap_or(u32::MAX).min(WORK.1);
        Some(self.spent.work.spend(now, WORK.0, WORK.1, amount.saturating_add(MESSAGE_WORK)))
    }

    /// The next part of what is known of it.
    fn next_known(&mut self, registry: &dyn Registry) -> Known {
        let mut known = Known::default();
        let mut room = MAX_TAGS_A_MESSAGE;
        while room > 0 {
            let (part, mut tags) = match self.untold_tags.take() {
                Some(rest) => rest,
                None => match self.untold.pop() {
                    Some(part) => (part, registry.tags(&self.peer.id, part)),
                    None => break,
                },
            };
            let rest = tags.split_off(tags.len().min(room));
            room -= tags.len();
            known.buckets.push((part, tags));
            if !rest.is_empty() {
                self.untold_tags = Some((part, rest));
            }
        }
        known.last = self.untold.is_empty() && self.untold_tags.is_none();
        known
    }
}

impl Node {
    /// A client tells in short what it has.
    pub(super) fn on_register(&mut self, id: LinkId, register: &Register, cx: &mut Context<'_>) {
        let now = self.now;
        let (Some(directory), Some(registry)) = (self.directory.as_deref_mut(), cx.registry.as_deref_mut()) else {
            return;
        };
        let Some(client) = directory.clients.get_mut(&id) else { return };
        let node = client.peer.id;
        if client.work(now, registry.summary(&node).0 as usize / 8).is_none() {
            return self.over_limit(id, cx);
        }
        // Where it listens its hello said, and the driver took the host from the connection itself.
        let listen = client.peer.listen.filter(|addr| addr.is_dialable());
        let elsewhere = |ip: std::net::IpAddr| !ip.is_unspecified() && listen.is_some_and(|addr| addr.0.ip() != ip);
        if register.addr.is_some_and(|addr| elsewhere(addr.0.ip())) {
            self.counters.inconsistent += 1;
        }
        let addr = registry.get(&node).and_then(|before| before.addr).filter(|addr| Some(*addr) == listen);
        if registry.put(node, Registration { name: client.peer.name.clone(), addr }).is_err() {
            directory.refused += 1;
            let text = "the directory has no room for another node";
            return self.close_client(id, ByeReason::Full, text, Then::Forget, cx);
        }
        registry.renew(&node, cx.config.lease);
        let first = !std::mem::replace(&mut client.registered, true);
        client.untold = parts_that_differ(registry, &node, &register.digests);
        client.untold_tags = None;
        if first {
            client.reachable = match listen {
                Some(_) => addr.map(|_| true),
                None => Some(false),
            };
            directory.check_client_at(id, listen.map(|_| now));
        }
        directory.registrations += 1;
        directory.look_at(node, now + cx.config.lease);
        self.tell_known(id, cx);
        self.look_for_clients(cx);
        self.wait_for_leases();
    }

    /// Tells a client what is known of it, where that differs from what it said: one message now, others one by one,
    /// so that they leave also over a slow line.
    pub(super) fn tell_known(&mut self, id: LinkId, cx: &mut Context<'_>) {
        let (Some(directory), Some(registry)) = (self.directory.as_deref_mut(), cx.registry.as_deref()) else { return };
        directory.telling.remove(&id);
        let Some(client) = directory.clients.get_mut(&id) else { return };
        let known = client.next_known(registry);
        if !known.last {
            directory.telling.insert(id);
        }
        send(id, Message::Central(Box::new(CentralMessage::Known(known))), cx);
    }

    /// A client has new files, or some are gone.
    pub(super) fn on_change(&mut self, id: LinkId, change: Change, cx: &mut Context<'_>) {
        let now = self.now;
        let (Some(directory), Some(registry)) = (self.directory.as_deref_mut(), cx.registry.as_deref_mut()) else {
            return;
        };
        let Some(client) = directory.clients.get_mut(&id) else { return };
        if !client.registered || client.serial.checked_add(1) != Some(change.serial) {
            return self.out_of_place(id, "a change out of order", cx);
        }
        client.serial = change.serial;
        let Change { serial, mut add, remove } = change;
        let node = client.peer.id;
        let offered = add.len();
        let wait = client.work(now, offered + remove.len());
        let mut refused = offered;
        if wait.is_some() {
            registry.remove(&node, &remove);
            add.truncate(MAX_FILES_A_NODE.saturating_sub(registry.summary(&node).0 as usize));
            refused = offered - add.len() + registry.add(&node, &add);
        }
        directory.refused += refused as u64;
        let wait_ms = wait.unwrap_or(MAX_DEBT).as_millis().min(u32::MAX.into()) as u32;
        if let Some(lease) = self.lease_of(id, serial, cx) {
            let lease = Lease { refused: refused as u32, wait_ms, ..lease };
            send(id, Message::Central(Box::new(CentralMessage::Lease(lease))), cx);
        }
        if wait.is_none() {
            self.over_limit(id, cx);
        }
    }

    /// A client shows that it is alive.
    pub(super) fn on_renew(&mut self, id: LinkId, cx: &mut Context<'_>) {
        let (Some(directory), Some(registry)) = (self.directory.as_deref_mut(), cx.registry.as_deref_mut()) else {
            return;
        };
        let Some(client) = directory.clients.get_mut(&id) else { return };
        if !client.registered {
            return self.out_of_place(id, "a renewal before any registration", cx);
        }
        if client.work(self.now, 0).is_none() {
            return self.over_limit(id, cx);
        }
        registry.renew(&client.peer.id, cx.config.lease);
        if let Some(lease) = self.lease_of(id, 0, cx) {
            send(id, Message::Central(Box::new(CentralMessage::Lease(lease))), cx);
        }
    }

    /// What is to be said of a client's registration now.
    pub(super) fn lease_of(&self, id: LinkId, serial: u32, cx: &Context<'_>) -> Option<Lease> {
        let client = self.directory.as_deref()?.clients.get(&id)?;
        let (files, digest) = cx.registry.as_deref()?.summary(&client.peer.id);
        let lease_ms = cx.config.lease.as_millis().min(u32::MAX.into()) as u32;
        Some(Lease { serial, lease_ms, wait_ms: 0, files, digest, refused: 0, reachable: client.reachable })
    }

    /// A client looks something up.
    pub(super) fn on_lookup(&mut self, id: LinkId, lookup: &Lookup, cx: &mut Context<'_>) {
        let now = self.now;
        let Some(directory) = self.directory.as_deref_mut() else { return };
        let Some(client) = directory.clients.get_mut(&id) else { return };
        if !client.registered {
            return self.out_of_place(id, "a look-up before any registration", cx);
        }
        let node = client.peer.id;
        let (nodes, next) = if client.spent.lookups.take(now, LOOKUPS.0, LOOKUPS.1) {
            directory.lookups += 1;
            self.page_for(&node, lookup, cx)
        } else if client.spent.busy.take(now, BUSY.0, BUSY.1) {
            self.counters.limited += 1;
            (Vec::new(), Some(lookup.after))
        } else {
            return self.over_limit(id, cx);
        };
        let found = Found { guid: lookup.guid, nodes, next };
        send(id, Message::Central(Box::new(CentralMessage::Found(found))), cx);
    }

    /// One page of an answer: this directory's own files, then what others registered.
    fn page_for(&mut self, asker: &NodeId, lookup: &Lookup, cx: &mut Context<'_>) -> (Vec<FoundAt>, Option<u64>) {
        let Ok(query) = lookup.body.query() else {
            self.counters.malformed += 1;
            return (Vec::new(), None);
        };
        let mut own = Vec::new();
        if lookup.after < OWN_PAGES {
            cx.library.find(query, MAX_HITS_A_NODE, &mut own);
            own.drain(..own.len().min(lookup.after as usize * MAX_HITS_A_MESSAGE));
        }
        let more = own.len() > MAX_HITS_A_MESSAGE;
        own.truncate(MAX_HITS_A_MESSAGE);
        let room = MAX_HITS_A_MESSAGE - own.len();
        let mut nodes = Vec::new();
        if !own.is_empty() {
            nodes.push(FoundAt { node: self.id, name: self.name.clone(), addr: self.addr, files: own });
        }
        if more || room == 0 {
            let next = if more { lookup.after + 1 } else { OWN_PAGES };
            return (nodes, Some(next));
        }
        let Some(registry) = cx.registry.as_deref() else { return (nodes, None) };
        let (found, next) = registry.find(query, asker, lookup.after.saturating_sub(OWN_PAGES), room);
        nodes.extend(found);
        (nodes, next.and_then(|next| next.checked_add(OWN_PAGES)))
    }
}

/// The parts in which what is known of a node differs from what it has.
fn parts_that_differ(registry: &dyn Registry, node: &NodeId, digests: &[u64]) -> Vec<u8> {
    let differs = |part: &u8| {
        let known = registry.tags(node, *part).into_iter().fold(0, |digest, tag| digest ^ tag);
        digests.get(usize::from(*part)) != Some(&known)
    };
    (0..=u8::MAX).filter(differs).collect()
}
