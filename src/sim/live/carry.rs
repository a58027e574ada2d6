//! What cores want done: messages sent, links opened and closed, direct deliveries.

use std::sync::Arc;
use std::time::Duration;

use super::agenda::Happening;
use super::links::{End, Held, MAX_HELD, Phase};
use super::population::{addr, listener};
use super::tally::{Lost, bytes, kind};
use super::violation::Broken;
use super::world::World;
use crate::overlay::{Event, Input, LinkId, Message, Output, Peer, Undelivered};
use crate::proto::{NodeId, PeerAddr, Untrusted};

/// Until a dialler gives up on somebody who does not answer at all.
const DIAL_TIMEOUT: Duration = Duration::from_secs(5);
/// Until a dialler knows that there is no such host.
const NO_SUCH_HOST: Duration = Duration::from_millis(100);
/// An end that no node ever has: what a stray message comes on.
pub(super) const NOBODYS: LinkId = LinkId(u32::MAX);

impl World {
    /// Does what a node's core wants done.
    pub(super) fn carry(&mut self, node: u32, output: Output) {
        match output {
            Output::Send { link, message } => self.send(node, link.0, message),
            Output::Relay(relay) => {
                let Some(core) = &self.slots[node as usize].core else { return };
                let mut links = std::mem::take(&mut self.relays);
                links.extend(core.relays_to(&relay));
                links.drain(..).for_each(|link| self.send(node, link.0, Message::Query(relay.query.clone())));
                self.relays = links;
            }
            Output::Check { addr, node: wanted } => self.check_address(node, addr, wanted),
            Output::Direct { to, message } => self.deliver(node, to, message),
            Output::Dial { addr } => self.dial(node, addr),
            Output::Close { link, .. } => {
                if let Some((own, ..)) = self.conns.seen_from(link.0).filter(|(own, ..)| !own.ending) {
                    own.ending = true;
                    self.clock.after(Duration::ZERO, Happening::Down { link: link.0, why: "closed" });
                }
                self.hang_up(link.0, "the other end closed the link");
            }
            Output::Event(Event::Done { guid, why, .. }) => {
                if let Some(asked) = self.asked.open.get_mut(&guid) {
                    asked.done = Some(why);
                }
            }
            Output::Event(Event::Hit { guid, files, at, .. }) => {
                if let Some(asked) = self.asked.open.get_mut(&guid) {
                    asked.hits += files.len() as u32;
                    asked.first_hit.get_or_insert(at);
                }
            }
            Output::Event(_) | Output::Trace(_) => {}
        }
    }

    fn send(&mut self, node: u32, link: u32, message: Message) {
        let traffic = &mut self.traffic[kind(&message)];
        traffic.sent += 1;
        traffic.bytes += bytes(&message);
        let Some(own) = self.conns.end(link).filter(|end| end.node == node && end.phase == Phase::Up) else {
            let detail = format!("end {link}, {}", super::tally::KINDS[kind(&message)]);
            self.breaks(Some(node), Broken::new("a core sends on its own links, while they are up", detail));
            return;
        };
        self.observatory.sent(node, link, &message);
        if own.ending {
            self.traffic[kind(&message)].lose(Lost::Broken);
            return;
        }
        let rates = self.scenario.links;
        if rates.loss.happens(&mut self.rng.links) {
            self.traffic[kind(&message)].lose(Lost::Broken);
            self.break_link(link, "the connection was reset");
        } else if rates.drop.happens(&mut self.rng.links) {
            self.traffic[kind(&message)].lose(Lost::Dropped);
        } else {
            if rates.duplicate.happens(&mut self.rng.links) {
                self.traffic[kind(&message)].doubled += 1;
                self.pass(link, message.clone());
            }
            self.pass(link, message);
        }
    }

    /// Puts a message on the line, or lets it wait while nothing gets through.
    fn pass(&mut self, link: u32, message: Message) {
        let blocked = self.is_blocked(link);
        let Some((own, ..)) = self.conns.seen_from(link) else {
            return self.traffic[kind(&message)].lose(Lost::Gone);
        };
        if !blocked && own.held.is_empty() {
            return self.put_on_line(link, message);
        }
        if own.held.len() >= MAX_HELD {
            self.traffic[kind(&message)].lose(Lost::Queue);
            return self.break_link(link, "its queue stayed full");
        }
        own.held.push(Held::Message(message));
        if own.held.len() == 1 {
            self.conns.holding.push(link);
        }
    }

    fn put_on_line(&mut self, link: u32, message: Message) {
        let rates = self.scenario.links;
        let jitter = u64::try_from(rates.jitter.0.as_micros()).unwrap_or(u64::MAX);
        let jitter = if jitter == 0 { 0 } else { self.rng.links.range(0..jitter + 1) };
        let overtaken = rates.reorder.happens(&mut self.rng.links);
        let now = self.clock.now;
        let Some((own, other, delay)) = self.conns.seen_from(link) else { return };
        if rates.capacity.0 > 0 {
            let capacity = rates.capacity.0 as f64;
            if own.busy.since(now).as_secs_f64() * capacity > rates.queue.0 as f64 {
                self.observatory.dropped(own.node, link);
                return self.traffic[kind(&message)].lose(Lost::Queue);
            }
            own.busy = own.busy.max(now) + Duration::from_secs_f64(bytes(&message) as f64 / capacity);
        }
        let mut at = (own.busy.max(now) + delay + Duration::from_micros(jitter)).max(other.opened);
        if overtaken {
            at = at + delay.mul_f64(4.0 * self.rng.links.fraction());
        } else {
            at = at.max(own.last);
            own.last = at;
        }
        self.clock.agenda.put(at, Happening::Arrival { link: link ^ 1, message });
    }

    pub(super) fn arrival(&mut self, link: u32, message: Message) {
        let Some(end) = self.conns.end(link).filter(|end| end.phase == Phase::Up) else {
            return self.traffic[kind(&message)].lose(Lost::Gone);
        };
        let node = end.node;
        self.traffic[kind(&message)].delivered += 1;
        self.slots[node as usize].handled += 1;
        if self.serves(node) {
            self.heard.message(link, self.clock.now);
        }
        self.observatory.received(node, link, &message);
        let stray = self.scenario.links.stray.happens(&mut self.rng.links).then(|| message.clone());
        self.handle(node, Input::Message { link: LinkId(link), message });
        if let Some(message) = stray {
            let traffic = &mut self.traffic[kind(&message)];
            (traffic.doubled, traffic.delivered) = (traffic.doubled + 1, traffic.delivered + 1);
            self.handle(node, Input::Message { link: NOBODYS, message });
        }
    }

    /// Whether nothing gets through in the direction from this end.
    fn is_blocked(&self, link: u32) -> bool {
        let Some(conn) = self.conns.get(link).filter(|_| self.faults.any()) else { return false };
        let side = (link & 1) as usize;
        self.faults.blocks(conn.ends[side].node, conn.ends[1 - side].node, Some(link & !1))
    }

    /// Sends what was held back where something gets through again.
    pub(super) fn release(&mut self) {
        for link in std::mem::take(&mut self.conns.holding) {
            if self.is_blocked(link) {
                self.conns.holding.push(link);
                continue;
            }
            let held = self.conns.seen_from(link).map(|(own, ..)| std::mem::take(&mut own.held));
            for held in held.into_iter().flatten() {
                match held {
                    Held::Message(message) => self.put_on_line(link, message),
                    Held::End(why) => self.hang_up(link, why),
                }
            }
        }
    }

    /// The other end will learn that this one is gone, after everything that was sent before.
    pub(super) fn hang_up(&mut self, link: u32, why: &'static str) {
        let blocked = self.is_blocked(link);
        let now = self.clock.now;
        let Some((own, other, delay)) = self.conns.seen_from(link) else { return };
        if other.ending || other.phase == Phase::Gone {
            return;
        }
        if blocked || !own.held.is_empty() {
            own.held.push(Held::End(why));
            if own.held.len() == 1 {
                self.conns.holding.push(link);
            }
            return;
        }
        other.ending = true;
        let at = own.last.max(now + delay).max(other.opened);
        self.clock.agenda.put(at, Happening::Down { link: link ^ 1, why });
    }

    /// A link breaks: both ends learn it.
    pub(super) fn break_link(&mut self, link: u32, why: &'static str) {
        let now = self.clock.now;
        let Some((own, other, delay)) = self.conns.seen_from(link) else { return };
        for (end, at, name) in [(own, now, link), (other, now + delay, link ^ 1)] {
            if !end.ending && end.phase != Phase::Gone {
                end.ending = true;
                self.clock.agenda.put(at.max(end.opened), Happening::Down { link: name, why });
            }
        }
    }

    fn dial(&mut self, node: u32, to: PeerAddr) {
        let life = self.slots[node as usize].life;
        match listener(to, self.slots.len()) {
            // One round trip for TCP, and half of one until the other side knows who dials.
            Some(listener) => {
                let delay = self.delay(node, listener);
                self.clock.after(delay * 3, Happening::Knock { node, life, addr: to });
            }
            None => self.clock.after(NO_SUCH_HOST, Happening::DialFailed { node, life, addr: to }),
        }
    }

    /// A dialler reaches a listener, or learns that it does not.
    pub(super) fn knock(&mut self, node: u32, life: u32, to: PeerAddr) {
        let Some(listener) = listener(to, self.slots.len()) else { return };
        let Some(caller) = self.peer(node, life, false) else { return };
        let delay = self.delay(node, listener);
        let blocked = self.faults.blocks(node, listener, None) || self.faults.blocks(listener, node, None);
        let listening = self.slots[listener as usize].life;
        let answer = (!blocked).then(|| self.peer(listener, listening, true)).flatten();
        let Some(answer) = answer else {
            let wait = if blocked { DIAL_TIMEOUT } else { delay };
            return self.clock.after(wait, Happening::DialFailed { node, life, addr: to });
        };
        let now = self.clock.now;
        let link = self.conns.open(delay, End::new(node, life, now + delay), End::new(listener, listening, now));
        self.lives.links += 1;
        self.slots[node as usize].ends.push(link);
        self.slots[listener as usize].ends.push(link + 1);
        self.clock.after(delay, Happening::Up { link, peer: answer });
        self.link_up(link + 1, caller);
    }

    pub(super) fn link_up(&mut self, link: u32, peer: Arc<Peer>) {
        let Some((own, ..)) = self.conns.seen_from(link).filter(|(own, ..)| own.phase == Phase::Opening) else {
            return;
        };
        own.phase = Phase::Up;
        let node = own.node;
        if self.serves(node) {
            self.heard.linked(link, peer.id, self.clock.now);
        }
        self.handle(node, Input::LinkUp { link: LinkId(link), peer });
    }

    pub(super) fn link_down(&mut self, link: u32, why: &'static str) {
        let Some((own, ..)) = self.conns.seen_from(link).filter(|(own, ..)| own.phase != Phase::Gone) else { return };
        own.phase = Phase::Gone;
        let (node, life) = (own.node, own.life);
        self.slots[node as usize].ends.retain(|&end| end != link);
        if self.serves(node) {
            self.heard.unlinked(link);
        }
        self.forget_link(link);
        self.tell(node, life, Input::LinkDown { link: LinkId(link), why: why.to_owned() });
    }

    /// Forgets a link once nobody has an end of it any more.
    pub(super) fn forget_link(&mut self, link: u32) {
        for held in self.conns.forget(link) {
            if let Held::Message(message) = held {
                self.traffic[kind(&message)].lose(Lost::Broken);
            }
        }
    }

    /// Who somebody meets at the other end; `None` if nobody is there. All that meet a node share what they are told of it,
    /// until it is something else.
    fn peer(&mut self, node: u32, life: u32, dialled: bool) -> Option<Arc<Peer>> {
        let serves = self.serves(node);
        let slot = &mut self.slots[node as usize];
        let core = slot.core.as_ref().filter(|_| slot.life == life)?;
        let face = &mut slot.faces[usize::from(dialled)];
        let is_true = |peer: &&mut Arc<Peer>| peer.topology == core.topology() && peer.role == core.role();
        if let Some(peer) = face.as_mut().filter(is_true) {
            return Some(Arc::clone(peer));
        }
        let addr = addr(node);
        let peer = Arc::new(Peer {
            id: core.id(),
            name: Untrusted::default(),
            listen: Some(addr),
            dialled: dialled.then_some(addr),
            local: true,
            topology: core.topology(),
            role: core.role(),
            serves,
        });
        Some(Arc::clone(face.insert(peer)))
    }

    /// Looks for a node at an address: a connection and its handshake.
    fn check_address(&mut self, node: u32, at: PeerAddr, wanted: NodeId) {
        let there = listener(at, self.slots.len());
        let core = there.and_then(|there| self.slots[there as usize].core.as_ref());
        let reached = core.is_some_and(|core| core.id() == wanted);
        let wait = there.map_or(NO_SUCH_HOST, |there| self.delay(node, there) * 3);
        let life = self.slots[node as usize].life;
        self.clock.after(wait, Happening::Checked { node, life, addr: at, wanted, reached });
    }

    fn delay(&self, from: u32, to: u32) -> Duration {
        self.scenario.links.delay(self.run, from, to)
    }

    fn deliver(&mut self, node: u32, to: PeerAddr, message: Message) {
        self.direct.sent += 1;
        let life = self.slots[node as usize].life;
        match listener(to, self.slots.len()) {
            Some(listener) => {
                // A connection and its handshake, and then the message.
                let delay = self.delay(node, listener) * 4;
                self.clock.after(delay, Happening::Direct { from: node, life, node: listener, message });
            }
            None => self.clock.after(NO_SUCH_HOST, Happening::DirectFailed { node, life, message }),
        }
    }

    pub(super) fn direct_arrival(&mut self, from: u32, life: u32, node: u32, message: Message) {
        let blocked = self.faults.blocks(from, node, None) || self.faults.blocks(node, from, None);
        let there = self.slots[node as usize].core.is_some() && !blocked;
        let sender = self.slots[from as usize].core.as_ref().map(|core| core.id());
        match sender.filter(|_| self.slots[from as usize].life == life) {
            None => self.direct.gone += 1,
            Some(from) if there => {
                self.direct.delivered += 1;
                self.slots[node as usize].handled += 1;
                self.observatory.received_direct(node, &message);
                self.handle(node, Input::Direct { from, message });
            }
            Some(_) => {
                let wait = if blocked { DIAL_TIMEOUT } else { self.delay(from, node) };
                self.clock.after(wait, Happening::DirectFailed { node: from, life, message });
            }
        }
    }

    pub(super) fn direct_failed(&mut self, node: u32, life: u32, message: Message) {
        // In a simulation nobody reads the reason.
        let why = Undelivered::Unreachable(String::new());
        if self.tell(node, life, Input::DirectFailed { message, why }) {
            self.direct.failed += 1;
        } else {
            self.direct.gone += 1;
        }
    }
}
