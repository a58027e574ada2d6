//! What the core wants done, done: frames into queues, dials, deliveries, events, and the picture of it all.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::mpsc::error::TrySendError;

use super::actor::Actor;
use super::inbox::Note;
use super::limits::{CHECK_TIMEOUT, LINGER, MAX_DIALS, WORTH_TELLING};
use super::link::{self, TOO_SLOW, matters};
use super::send_queue::Sent;
use super::status::{NetStatus, Served};
use super::tls::Purpose;
use crate::overlay::{Bye, ByeReason, Event, Input, LinkId, Message, Output, QueryMessage, Relay, Spent, Undelivered};
use crate::proto::{NodeId, PeerAddr};
use crate::wire;

/// Encoded messages. A query goes to many links in a row, so its frame is kept until another message comes.
#[derive(Debug, Default)]
pub(super) struct Frames {
    bytes: Vec<u8>,
    query: Option<QueryMessage>,
}

impl Frames {
    /// The frame of a message.
    fn of(&mut self, message: &Message) -> &[u8] {
        let Message::Query(query) = message else {
            self.query = None;
            return self.encode(message);
        };
        let kept = self.query.as_ref();
        // The body's address names it: the one that is kept cannot be used for another meanwhile.
        let same = kept.is_some_and(|kept| {
            Arc::ptr_eq(&kept.body, &query.body) && kept.guid == query.guid && kept.travel == query.travel
        });
        if same {
            return &self.bytes;
        }
        self.query = Some(query.clone());
        self.encode(message)
    }

    fn encode(&mut self, message: &Message) -> &[u8] {
        self.bytes.clear();
        wire::encode_message(message, &mut self.bytes);
        &self.bytes
    }
}

/// Drops events that nobody had room for and that can be done without: nobody misses some of many hops, nor where a
/// registration stood before. But a search must end for those who wait for it, and a neighbor go: what stays grows with
/// own searches, their hits, and links that come and go.
fn thin_out(events: &mut VecDeque<Event>, mut lost: impl FnMut()) {
    let last_stand = events.iter().rposition(|event| matches!(event, Event::Directory { .. }));
    let mut place = 0;
    events.retain(|event| {
        let stays = match event {
            // The end of the search has the sums.
            Event::Hop { .. } | Event::Report { .. } => false,
            Event::Directory { .. } => Some(place) == last_stand,
            _ => true,
        };
        place += 1;
        if !stays {
            lost();
        }
        stays
    });
}

impl Actor {
    pub(super) fn carry_out(&mut self, output: Output) {
        match output {
            Output::Send { link, message } => self.send(link, &message),
            Output::Relay(relay) => self.relay(relay),
            Output::Direct { to, message } => {
                if let Err(message) = self.direct.deliver(to, message) {
                    self.again.push_back(Input::DirectFailed { message, why: Undelivered::NoRoom });
                }
            }
            Output::Dial { addr } => self.dial(addr),
            Output::Check { addr, node } => self.check(addr, node),
            Output::Close { link, .. } => self.close(link),
            Output::Event(event) => {
                match &event {
                    Event::NeighborUp { .. } | Event::NeighborDown { .. } | Event::Directory { .. } => {
                        self.publisher.hurry();
                    }
                    Event::Topology { topology, role, .. } => {
                        self.channels.hello.send_modify(|hello| (hello.topology, hello.role) = (*topology, *role));
                        self.publisher.hurry();
                    }
                    _ => {}
                }
                self.events.push_back(event);
            }
            Output::Trace(trace) => {
                if let Err(TrySendError::Full(_)) = self.channels.traces.try_send(trace) {
                    self.shared.tally.traces_lost.up();
                }
            }
        }
    }

    fn send(&mut self, link: LinkId, message: &Message) {
        let Some(entry) = self.links.get_mut(&link).filter(|entry| !entry.closing) else { return };
        let frame = self.frames.of(message);
        match entry.outlet.send(frame, matters(message), self.now) {
            Sent::Queued => {
                entry.traffic.messages_out += 1;
                entry.spent += Spent::on(message, frame.len() as u64);
            }
            Sent::Dropped => {}
            Sent::Hopeless => return self.give_up(link),
        }
        if !entry.touched {
            entry.touched = true;
            self.touched.push(link);
        }
    }

    /// One frame, copied into the queue of each link.
    fn relay(&mut self, relay: Relay) {
        let mut links = std::mem::take(&mut self.relayed_to);
        links.extend(self.node.relays_to(&relay));
        let message = Message::Query(relay.query);
        for link in links.drain(..) {
            self.send(link, &message);
        }
        self.relayed_to = links;
    }

    /// Ends a link that nothing gets through: what waits for it is thrown away, and it has a moment to hear why.
    fn give_up(&mut self, link: LinkId) {
        let Some(entry) = self.links.get_mut(&link) else { return };
        let bye = Bye { reason: ByeReason::Slow, text: TOO_SLOW.into(), hosts: Vec::new() };
        entry.outlet.queue().finish_with(self.frames.encode(&Message::Bye(bye)));
        self.frames.query = None;
        (entry.closing, entry.why) = (true, Some(TOO_SLOW));
        self.shared.tally.slow.up();
        let cut = entry.cut.clone();
        self.shared.tracker.spawn(async move {
            let _ = tokio::time::timeout(LINGER, cut.cancelled()).await;
            cut.cancel();
        });
    }

    fn close(&mut self, link: LinkId) {
        let Some(entry) = self.links.get_mut(&link).filter(|entry| !entry.closing) else { return };
        entry.outlet.flush();
        entry.outlet.queue().finish();
        entry.closing = true;
    }

    fn unreachable(&self) -> Vec<(PeerAddr, String)> {
        let often = self.named.iter().filter(|(_, (failures, _))| *failures >= WORTH_TELLING);
        let mut unreachable: Vec<_> = often.map(|(addr, (_, why))| (*addr, why.clone())).collect();
        unreachable.sort_unstable();
        unreachable
    }

    /// Tells what happened, after the picture that shows it was published: whoever hears of a neighbor finds it there.
    pub(super) fn tell(&mut self) {
        while let Some(event) = self.events.pop_front() {
            if let Err(TrySendError::Full(event)) = self.channels.events.try_send(event) {
                self.events.push_front(event);
                break;
            }
        }
        thin_out(&mut self.events, || self.shared.tally.events_lost.up());
    }

    /// Hands over what was collected for each link.
    pub(super) fn flush(&mut self) {
        for link in self.touched.drain(..) {
            if let Some(entry) = self.links.get_mut(&link) {
                entry.touched = false;
                if !entry.closing {
                    entry.outlet.flush();
                }
            }
        }
    }

    fn dial(&mut self, addr: PeerAddr) {
        if self.dials >= MAX_DIALS || self.left.is_some() {
            self.again.push_back(Input::DialFailed { addr });
            return;
        }
        self.dials += 1;
        let (places, endpoint) = (Arc::clone(&self.dialling), Arc::clone(&self.shared.endpoint));
        let (hello, notes) = (self.shared.hello.borrow().clone(), self.shared.notes.clone());
        let leave = self.shared.leave.clone();
        let dial = async move {
            let Ok(_place) = places.acquire().await else { return };
            let new = match endpoint.dial(addr, Purpose::Link).await {
                Ok(connection) => link::greet(connection, hello, Some(addr)).await.map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            let note = match new {
                Ok(new) => Note::LinkUp(Box::new(new)),
                Err(why) => Note::DialFailed { addr, why },
            };
            let _ = notes.send(note).await;
        };
        self.shared.tracker.spawn(async move { leave.run_until_cancelled(dial).await });
    }

    /// Looks whether a node answers at an address.
    fn check(&mut self, addr: PeerAddr, node: NodeId) {
        let (places, endpoint) = (Arc::clone(&self.checking), Arc::clone(&self.shared.endpoint));
        let (notes, leave) = (self.shared.notes.clone(), self.shared.leave.clone());
        let check = async move {
            let Ok(_place) = places.acquire().await else { return };
            // Such a connection may end without having brought anything.
            let answered = tokio::time::timeout(CHECK_TIMEOUT, endpoint.dial(addr, Purpose::Direct)).await;
            let reached = matches!(answered, Ok(Ok(connection)) if connection.node == node);
            let _ = notes.send(Note::Checked { addr, node, reached }).await;
        };
        self.shared.tracker.spawn(async move { leave.run_until_cancelled(check).await });
    }

    fn served(&self) -> Option<Served> {
        let did = self.node.directory_status()?;
        let (nodes, files) = self.keeps.registry.as_ref().map_or((0, 0), |registry| registry.totals());
        Some(Served { did, nodes, files })
    }

    /// Makes a new picture for those who watch.
    pub(super) fn publish(&mut self) {
        let (node, links) = (&self.node, &self.links);
        let mut total = self.past;
        links.values().for_each(|entry| total += entry.total());
        let net = self.shared.tally.read();
        total.bytes_out += net.direct_hit_bytes + net.direct_report_bytes + net.direct_question_bytes;
        total.search_out += net.direct_hit_bytes;
        total.report_out += net.direct_report_bytes;
        let traffic = |link: LinkId| links.get(&link).map(super::actor::Entry::total).unwrap_or_default();
        let status = NetStatus {
            served: self.served(),
            unreachable: self.unreachable(),
            particular: self.particular.clone(),
            total,
            net,
            ..NetStatus::of(node, &self.config, self.now, traffic)
        };
        self.publisher.publish(status, || node.hosts_to_remember().collect());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::thin_out;
    use crate::overlay::{DirectoryState, DoneWhy, Event, SearchCost};
    use crate::proto::Guid;

    #[test]
    fn of_events_that_nobody_takes_only_those_stay_that_somebody_waits_for() {
        let stand = |n: usize| Event::Directory { state: DirectoryState::None, addr: None, why: n.to_string() };
        let mut events: VecDeque<Event> = (0..100).map(stand).collect();
        let done = Event::Done { guid: Guid([1; 16]), cost: SearchCost::default(), why: DoneWhy::Complete };
        events.insert(50, done);
        let mut lost = 0;
        thin_out(&mut events, || lost += 1);
        assert_eq!((lost, events.len()), (99, 2));
        assert!(matches!(&events[0], Event::Done { .. }));
        assert!(matches!(&events[1], Event::Directory { why, .. } if why == "99"), "where it stands now");
    }
}
