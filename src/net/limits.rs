//! Every bound on what strangers can make this room hold or wait for, by name. What the core and two nodes must agree on
//! is in [`crate::proto::limits`].

use std::time::Duration;

use crate::proto::limits::MAX_LINKS;

/// Open files that a directory keeps for other things than its clients.
pub(super) const SPARE_FILES: usize = 512;
/// Inbound connections of all kinds at once, besides those of a directory's clients; the rest waits in the system's own backlog.
pub(super) const MAX_INBOUND: usize = 512;
/// Inbound connections at once from one IP address (IPv6: from one /64). Loopback is exempt: who runs programs on this
/// machine has simpler ways to harm it, and a lab runs a hundred nodes there.
pub(super) const MAX_INBOUND_AN_IP: u32 = 32;
/// Inbound connections at once whose keys are not proven yet.
pub(super) const MAX_HANDSHAKES: usize = 64;
/// For TLS, the proof of the passphrase and the hello together. Who says nothing holds a place for that long.
pub(super) const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// For a TCP connection to come up.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The first and the longest wait after the system refused to accept (no file descriptors left, no memory).
pub(super) const ACCEPT_BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// How long the actor works on one batch before it looks at those of others.
pub(super) const SLICE: Duration = Duration::from_millis(5);
/// Failures in a row after which the user is told that a peer that was named cannot be reached: nodes that start together
/// miss each other once or twice.
pub(super) const WORTH_TELLING: u32 = 3;
/// Until events that nobody had room for are offered again.
pub(super) const RETELL: Duration = Duration::from_millis(20);
/// Links being dialled or waiting for their turn.
pub(super) const MAX_DIALS: usize = 64;
/// Of those, TCP connections being opened at once.
pub(super) const MAX_DIALS_AT_ONCE: usize = 16;

/// Looks whether others can be reached, at once. What waits for its turn is bounded too: the core has so many under way
/// at most, and starts no other before one is answered.
pub(super) const MAX_CHECKS_AT_ONCE: usize = 64;
/// For one such look: who takes longer to answer could not be fetched from either.
pub(super) const CHECK_TIMEOUT: Duration = Duration::from_secs(3);

/// Plain bytes read from a link at once: at first, and at the most, which is four TLS records. A buffer that was filled
/// doubles: a quiet link, and a directory has thousands of them, takes little.
pub(super) const READ_BUFFER: std::ops::RangeInclusive<usize> = 2 * 1024..=64 * 1024;
/// Batches of messages that one link may have before the actor at once. A reader whose batches are all there waits, and so
/// does its socket: a chatty peer holds as much of the actor as a quiet one may.
pub(super) const BATCHES_A_LINK: usize = 2;
/// Messages in one batch.
pub(super) const MAX_BATCH: usize = 512;
/// Things that wait for the actor, taken at one wake-up.
pub(super) const ACTOR_BATCH: usize = 32;

/// Bytes that wait to be written to one link.
pub(super) const MAX_SEND_BYTES: usize = 1024 * 1024;
/// Messages that wait to be written to one link.
pub(super) const MAX_SEND_MESSAGES: usize = 16 * 1024;
/// More bytes, and as many messages more as fit, for what is not a query: signs of life, hits and goodbyes get through
/// where a flood filled the queue.
pub(super) const SEND_RESERVE_BYTES: usize = 128 * 1024;
/// A buffer larger than that is given back once it is empty.
pub(super) const KEEP_BUFFER: usize = 128 * 1024;
/// A link whose queue was full for that long, or whose socket took nothing for that long, loses its life.
pub(super) const SLOW_AFTER: Duration = Duration::from_secs(10);
/// For the last messages of a closing link to leave, and for its peer to close too.
pub(super) const LINGER: Duration = Duration::from_secs(1);

/// Connections for direct delivery to others at once.
pub(super) const MAX_DIRECT_OUT: usize = 64;
/// Messages that wait for one of them or are not acknowledged yet.
pub(super) const MAX_DIRECT_QUEUE: usize = 128;
/// A connection for direct delivery closes when nothing was sent for that long.
pub(super) const DIRECT_IDLE: Duration = Duration::from_secs(10);
/// For the other end to take what was delivered.
pub(super) const DIRECT_ACK_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections at once over which others deliver.
pub(super) const MAX_DIRECT_IN: usize = 128;
/// One of them closes when nothing came for that long; longer than [`DIRECT_IDLE`], so that the sender closes first.
pub(super) const DIRECT_SILENCE: Duration = Duration::from_secs(30);

/// Inbound file connections that nobody took yet.
pub(super) const MAX_FILES_WAITING: usize = 32;
/// Commands that wait for the actor.
pub(super) const COMMANDS: usize = 64;
/// Events that nobody took yet; more are counted and lost.
pub(super) const EVENTS: usize = 8 * 1024;
/// Traces that nobody took yet; more are counted and lost.
pub(super) const TRACES: usize = 4 * 1024;

/// Between two statuses: ten a second at most but for neighbors that come or go, and none while nothing changes.
pub(super) const STATUS_INTERVAL: Duration = Duration::from_millis(100);
/// Clients of a directory that a status lists: a person reads a few, and a status is made ten times a second.
pub(super) const MAX_CLIENTS_SHOWN: usize = 100;
/// Between two copies of the list of hosts in the status.
pub(super) const HOSTS_INTERVAL: Duration = Duration::from_secs(30);
/// Until every link said goodbye; what is left then is cut.
pub(super) const SHUTDOWN_DEADLINE: Duration = Duration::from_secs(2);

/// Names of well-known peers that are kept and resolved.
pub(super) const MAX_NAMES: usize = 64;
/// Addresses taken from one name.
pub(super) const MAX_ADDRS_A_NAME: usize = 8;
/// For one name to resolve.
pub(super) const RESOLVE_TIMEOUT: Duration = Duration::from_secs(5);
/// The first and the longest wait before a name that did not resolve is tried again.
pub(super) const RESOLVE_BACKOFF: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(300));
/// A name is not resolved again sooner than that because its address did not answer.
pub(super) const RESOLVE_AGAIN_AFTER: Duration = Duration::from_secs(30);
/// Services remembered from the local network.
pub(super) const MAX_DISCOVERED: usize = 256;
/// Addresses taken from one of them.
pub(super) const MAX_ADDRS_A_SERVICE: usize = 4;

const _: () = assert!(MAX_INBOUND > MAX_LINKS && MAX_SEND_BYTES > 2 * crate::proto::limits::MAX_FRAME);
const _: () = assert!(SEND_RESERVE_BYTES > crate::proto::limits::MAX_FRAME + 4);
