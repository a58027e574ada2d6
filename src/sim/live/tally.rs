//! What was sent, and what became of it.

use serde::Serialize;

use crate::overlay::{CentralMessage, ExplainMessage, Message, UltraMessage};

/// The kinds of messages.
pub(super) const KINDS: [&str; 12] =
    ["ping", "pong", "query", "hit", "report", "bye", "status", "reach", "propose", "ultra", "central", "explain"];

/// The place of a message's kind in [`KINDS`].
pub(super) const fn kind(message: &Message) -> usize {
    match message {
        Message::Ping(_) => 0,
        Message::Pong(_) => 1,
        Message::Query(_) => 2,
        Message::Hit(_) => 3,
        Message::Report(_) => 4,
        Message::Bye(_) => 5,
        Message::Status(_) => 6,
        Message::Reach(_) => 7,
        Message::Propose(_) => 8,
        Message::Ultra(_) => 9,
        Message::Central(_) => 10,
        Message::Explain(_) => 11,
    }
}

/// About how many bytes a message takes on a link, without TLS's own: the envelope, and what is in the body.
pub(super) fn bytes(message: &Message) -> u64 {
    const ENVELOPE: usize = 29;
    const ADDRESS: usize = 8;
    const FILE: usize = 60;
    const HOP: usize = 44;
    let body = match message {
        Message::Ping(_) => 4,
        Message::Pong(pong) => 16 + ADDRESS * pong.hosts.len(),
        Message::Query(query) => 16 + query.body.text.len(),
        Message::Hit(hit) => 60 + FILE * hit.body.files.len(),
        Message::Report(report) => 48 + HOP * report.body.hops.len(),
        Message::Bye(bye) => 8 + ADDRESS * bye.hosts.len(),
        Message::Status(_) => 16,
        Message::Reach(_) => 4,
        Message::Propose(proposal) => 40 + ADDRESS * proposal.directories.len(),
        Message::Ultra(UltraMessage::Filter(part)) => 12 + part.bytes.len(),
        Message::Ultra(UltraMessage::Alternatives(hosts)) => 4 + ADDRESS * hosts.len(),
        Message::Central(message) => central_bytes(message),
        Message::Explain(message) => match &**message {
            ExplainMessage::Question(question) => 40 + question.text.len(),
            ExplainMessage::Account(_) => 120,
        },
    };
    (ENVELOPE + body) as u64
}

/// The same of a body between a directory and a client.
fn central_bytes(message: &CentralMessage) -> usize {
    const TAG: usize = 9;
    const FILE: usize = 60;
    match message {
        CentralMessage::Register(register) => 12 + TAG * register.digests.len(),
        CentralMessage::Known(known) => 8 + known.buckets.iter().map(|(_, tags)| 4 + TAG * tags.len()).sum::<usize>(),
        CentralMessage::Change(change) => 12 + FILE * change.add.len() + TAG * change.remove.len(),
        CentralMessage::Renew(_) => 12,
        CentralMessage::Lease(_) => 40,
        CentralMessage::Lookup(lookup) => 24 + lookup.body.text.len(),
        CentralMessage::Found(found) => 16 + found.nodes.iter().map(|at| 60 + FILE * at.files.len()).sum::<usize>(),
    }
}

/// Why a message did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// A fault dropped it.
    Dropped,
    /// It broke the link, or the link broke.
    Broken,
    /// It found no room in the queue.
    Queue,
    /// The other end was gone.
    Gone,
}

/// The messages of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Traffic {
    /// Sent by cores.
    pub sent: u64,
    /// Put in on top by faults.
    pub doubled: u64,
    /// Given to cores.
    pub delivered: u64,
    /// Dropped by faults.
    pub dropped: u64,
    /// Lost with their link.
    pub broken: u64,
    /// Dropped because a queue was full.
    pub queue: u64,
    /// Arrived where nobody was any more.
    pub gone: u64,
    /// Bytes that cores sent, without TLS's own.
    pub bytes: u64,
}

impl Traffic {
    pub(super) fn lose(&mut self, why: Lost) {
        *match why {
            Lost::Dropped => &mut self.dropped,
            Lost::Broken => &mut self.broken,
            Lost::Queue => &mut self.queue,
            Lost::Gone => &mut self.gone,
        } += 1;
    }

    /// What must be on its way: everything that came and did not go.
    pub(super) const fn in_flight(&self) -> u64 {
        (self.sent + self.doubled).wrapping_sub(self.delivered + self.dropped + self.broken + self.queue + self.gone)
    }
}

/// Deliveries over connections of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Direct {
    /// Wanted by cores.
    pub sent: u64,
    /// Given to cores.
    pub delivered: u64,
    /// Impossible, and the sender was told.
    pub failed: u64,
    /// Impossible, and the sender was gone itself.
    pub gone: u64,
}

impl Direct {
    pub(super) const fn in_flight(&self) -> u64 {
        self.sent.wrapping_sub(self.delivered + self.failed + self.gone)
    }
}

/// What happened to the population.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Lives {
    /// Nodes started, again included.
    pub births: u64,
    /// Nodes that said goodbye.
    pub left: u64,
    /// Nodes that crashed.
    pub crashed: u64,
    /// Nodes that vanished without a trace.
    pub vanished: u64,
    /// Links that came up.
    pub links: u64,
    /// Dials that led to nobody.
    pub dials_failed: u64,
}
