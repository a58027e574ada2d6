//! What the engine hears from its parts: kept for the next snapshot, and told to the faces as events.

use std::sync::Arc;

use super::{Engine, Faces};
use crate::app::event::Event;
use crate::app::searches::{self, FoundBy};
use crate::app::snapshot::{NodeStatus, Warning};
use crate::app::told::Told;
use crate::net::NetCommand;
use crate::overlay::{self, Explained};
use crate::share::LibraryStatus;

impl Engine {
    pub(super) fn take_traces(&mut self, traces: &mut Vec<overlay::Trace>) {
        let now_ms = self.now_ms();
        for trace in traces.drain(..) {
            self.relayed.trace(&trace, now_ms, self.node.hop_delay_ms);
        }
        self.dirty = true;
    }

    pub(super) fn core_event(&mut self, event: overlay::Event, faces: &Faces) {
        self.dirty = true;
        match event {
            overlay::Event::Started { guid, sent, copy_bytes } => self.searches.started(&guid, sent, copy_bytes),
            overlay::Event::Report { guid, bytes } => self.searches.reported(&guid, bytes),
            overlay::Event::Round { guid, ttl, sent, at } => faces.emit(self.searches.round(guid, ttl, sent, at)),
            overlay::Event::Hop { guid, node, name, addr, role, hop, at } => {
                if node != self.parts.node {
                    self.nodes.saw(node, &name, addr, self.now_ms());
                }
                let report = searches::report(node, name, role, &hop, at);
                self.searches.hop(self.parts.node, &guid, report.clone());
                faces.emit(Event::Hop { guid, report });
            }
            overlay::Event::Hit { guid, node, name, addr, hops, via, files, at } => {
                self.nodes.saw(node, &name, addr, self.now_ms());
                let found = FoundBy { guid, node, name, addr, hops, via, at };
                self.searches.hit(found, files).into_iter().for_each(|event| faces.emit(event));
            }
            overlay::Event::Explained { guid, outcome } => {
                self.introduced(&outcome);
                if let Some(place) = self.asking.iter().position(|(asked, _)| *asked == guid) {
                    // A face that no longer waits for its answer is no error.
                    let _ = self.asking.swap_remove(place).1.send(Ok(*outcome));
                }
            }
            overlay::Event::Done { guid, cost, why } => {
                let event = self.searches.done(guid, cost, why);
                let (hits, nodes) = (counted(cost.hits, "hit"), counted(cost.reached, "node"));
                tracing::info!("search {} ended: {hits}, {nodes} reached", guid.short());
                self.publish(faces);
                faces.emit(event);
            }
            event => {
                if let overlay::Event::NeighborUp { peer, .. } = &event {
                    self.nodes.saw(peer.id, &peer.name, peer.addrs().next(), self.now_ms());
                }
                if let overlay::Event::NeighborDown { node, .. } = &event {
                    self.nodes.left(node, self.now_ms());
                }
                if let Some(Told { line, event }) = self.teller.tell(event) {
                    tracing::info!("{line}");
                    self.publish(faces);
                    faces.emit(event);
                }
            }
        }
    }

    /// A node named a neighbor of its own.
    fn introduced(&mut self, outcome: &Explained) {
        let Explained::Account(account) = outcome else { return };
        if let Some(known) = account.told.as_ref().ok().and_then(|told| told.knows.as_ref())
            && known.node != self.parts.node
        {
            self.nodes.saw(known.node, &known.name, known.addr, self.now_ms());
        }
    }

    pub(super) fn net_changed(&mut self, faces: &Faces) {
        self.dirty = true;
        self.tell_of_warnings(faces);
        let addr = self.parts.own_addr();
        if addr != self.node.addr {
            self.node = Arc::new(NodeStatus { addr, ..NodeStatus::clone(&self.node) });
        }
    }

    pub(super) async fn library_changed(&mut self, faces: &Faces) {
        self.dirty = true;
        self.library = self.parts.library_status();
        self.publish(faces);
        let LibraryStatus { files, bytes, hashing_files: hashing, .. } = *self.library;
        self.tell_of_warnings(faces);
        if self.library_told != Some((files, bytes, hashing)) {
            self.library_told = Some((files, bytes, hashing));
            faces.emit(Event::Library { files, bytes, hashing });
            // A driver that is gone needs to know nothing more.
            let _ = self.parts.tell(NetCommand::LibraryChanged).await;
        }
    }

    /// Each warning once, when it begins to hold.
    fn tell_of_warnings(&mut self, faces: &Faces) {
        let warnings = self.parts.warnings(&self.library);
        for warning in warnings.iter().filter(|warning| !self.warned.contains(warning)) {
            tracing::warn!("{}", warning.message);
            let Warning { code, message, hint } = warning.clone();
            faces.emit(Event::Error { code, message, hint });
        }
        self.warned = warnings;
    }

    pub(super) fn transfers_changed(&mut self, faces: &Faces) {
        let (news, moved_on) = self.transfers.news(&self.parts.list_transfers());
        if moved_on {
            self.publish(faces);
        }
        self.dirty = true;
        news.into_iter().for_each(|transfer| faces.emit(Event::Transfer(transfer)));
    }

    pub(super) async fn second_passed(&mut self) {
        self.past.up_at(self.log.clock().hour());
        self.past.uploaded(self.reading().content_out);
        let standing = self.past.standing();
        if self.standing.replace(standing) != Some(standing) {
            // A driver that is gone needs to know nothing more.
            let _ = self.parts.tell(NetCommand::Standing(standing)).await;
        }
        let status = self.parts.status();
        let links = self.neighbors.sample(&status, &self.parts.moved());
        let traffic = self.meter.sample(&status, self.reading());
        self.dirty |= self.role.sample(&status);
        self.dirty |= links || traffic || self.searches.any_live() || self.relayed.any_live();
        self.dirty |= self.log.newer_than(self.log_seen).is_some();
    }
}

/// A number of things, in words.
fn counted(count: u32, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
