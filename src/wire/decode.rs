//! Frames to messages, from bytes that come in any portions.

use std::sync::Arc;

use serde::Deserialize;

use super::envelope::{Envelope, kind};
use super::{LENGTH_BYTES, MAX_DEPTH, OLDEST_VERSION, VERSION, body, explain};
use crate::overlay::{
    Bye, CentralMessage, Change, FilterPart, Found, FoundAt, FoundFile, Hello, HitBody, HitMessage, Known, Lookup,
    Message, Ping, Pong, Proposal, QueryBody, QueryMessage, Reach, Register, Renew, ReportBody, ReportMessage, Status,
    UltraMessage,
};
use crate::proto::{Travel, Untrusted, limits};

/// Bytes of decoded frames that may lie before the rest of the buffer until it is moved to the front.
const COMPACT_AT: usize = 64 * 1024;

/// Why a stream of bytes cannot be read any further.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// A frame longer than the protocol allows: nothing after it can be trusted.
    #[error("a message of {0} bytes, more than the {max} that are allowed", max = limits::MAX_FRAME)]
    TooLong(u32),
    /// A frame that is no envelope.
    #[error("not a message of this protocol: {0}")]
    Envelope(String),
    /// The other end speaks only versions that this one does not.
    #[error("it speaks versions {oldest} to {version} of the protocol, this program {OLDEST_VERSION} to {VERSION}")]
    Version {
        /// The oldest that it understands.
        oldest: u16,
        /// The one that it speaks.
        version: u16,
    },
}

/// What came in.
#[derive(Debug)]
pub enum Incoming {
    /// The first message of a link.
    Hello(Hello),
    /// A message.
    Message(Message),
    /// A kind of message that this version does not know: to be counted and skipped.
    Unknown(u16),
    /// A known kind with a body that breaks its rules: to be counted and dropped.
    Malformed {
        /// Its kind.
        kind: u16,
        /// What is wrong.
        why: String,
    },
}

/// Collects bytes and gives out what they say. It holds at most one frame and what was fed with it.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    start: usize,
    last: usize,
}

impl Decoder {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds bytes as they came.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.start == self.buffer.len() {
            self.buffer.clear();
            self.start = 0;
        } else if self.start >= COMPACT_AT {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next message; `None` until more bytes are fed.
    ///
    /// # Errors
    /// When the stream cannot be read any further and the link has to close.
    #[expect(clippy::should_implement_trait, reason = "an iterator would end at the first `None`; this one goes on")]
    pub fn next(&mut self) -> Result<Option<Incoming>, WireError> {
        let pending = &self.buffer[self.start..];
        let Some((length, rest)) = pending.split_first_chunk::<LENGTH_BYTES>() else { return Ok(None) };
        let length = u32::from_be_bytes(*length);
        if length as usize > limits::MAX_FRAME {
            return Err(WireError::TooLong(length));
        }
        let Some(frame) = rest.get(..length as usize) else { return Ok(None) };
        let incoming = decode_frame(frame)?;
        self.last = LENGTH_BYTES + length as usize;
        self.start += self.last;
        Ok(Some(incoming))
    }

    /// Bytes of the message that was given out last, its length included.
    #[must_use]
    pub const fn last_bytes(&self) -> usize {
        self.last
    }
}

fn decode_frame(frame: &[u8]) -> Result<Incoming, WireError> {
    let envelope: Envelope<'_> = unpack(frame).map_err(|error| WireError::Envelope(error.to_string()))?;
    if envelope.kind == kind::HELLO {
        return decode_hello(&envelope);
    }
    Ok(match decode_message(&envelope) {
        Ok(Some(message)) => Incoming::Message(message),
        Ok(None) => Incoming::Unknown(envelope.kind),
        Err(why) => Incoming::Malformed { kind: envelope.kind, why },
    })
}

fn unpack<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, rmp_serde::decode::Error> {
    let mut deserializer = rmp_serde::Deserializer::from_read_ref(bytes);
    deserializer.set_max_depth(MAX_DEPTH);
    T::deserialize(&mut deserializer)
}

fn decode_hello(envelope: &Envelope<'_>) -> Result<Incoming, WireError> {
    let malformed = |why: String| Ok(Incoming::Malformed { kind: kind::HELLO, why });
    let hello: body::Hello = match unpack(envelope.body) {
        Ok(hello) => hello,
        Err(error) => return malformed(error.to_string()),
    };
    if hello.oldest > VERSION || hello.version < OLDEST_VERSION {
        return Err(WireError::Version { oldest: hello.oldest, version: hello.version });
    }
    // Those of a newer version take part as peers, as far as this version can tell.
    let (topology, role) = (body::topology_of(hello.topology), body::role_of(hello.role));
    let (name, agent) = (within(hello.name, limits::MAX_NODE_NAME), within(hello.agent, limits::MAX_NODE_NAME));
    Ok(match (name, agent) {
        (Ok(name), Ok(agent)) => Incoming::Hello(Hello {
            name,
            agent,
            listen: hello.listen.filter(|addr| addr.0.port() != 0),
            observed: hello.observed,
            topology,
            role,
            serves: hello.serves,
        }),
        (Err(why), _) | (_, Err(why)) => return malformed(why),
    })
}

/// `None` for a kind that is not known.
fn decode_message(envelope: &Envelope<'_>) -> Result<Option<Message>, String> {
    let guid = envelope.guid;
    let message = match envelope.kind {
        kind::PING => {
            let body: body::Ping = read(envelope)?;
            Message::Ping(Ping { guid, wants_hosts: body.wants_hosts })
        }
        kind::PONG => {
            let body: body::Pong = read(envelope)?;
            let hosts = at_most(body.hosts, limits::MAX_ADDRS_A_MESSAGE, "addresses")?;
            Message::Pong(Pong { guid, files: body.files, bytes: body.bytes, hosts })
        }
        kind::QUERY => decode_query(envelope)?,
        kind::HIT => decode_hit(envelope)?,
        kind::REPORT => decode_report(envelope)?,
        kind::BYE => {
            let body: body::Bye = read(envelope)?;
            let hosts = at_most(body.hosts, limits::MAX_ADDRS_A_MESSAGE, "addresses")?;
            let text = within(body.text, limits::MAX_REASON)?;
            Message::Bye(Bye { reason: body::reason_of(body.reason), text, hosts })
        }
        kind::STATUS => {
            let body: body::Status = read(envelope)?;
            Message::Status(Status {
                topology: body::topology_of(body.topology),
                role: body::role_of(body.role),
                serves: body.serves,
                score: body.score.min(1_000),
                free_slots: body.free_slots,
            })
        }
        kind::REACH => Message::Reach(Reach { guid, reached: read::<body::Reach>(envelope)?.reached }),
        kind::PROPOSE => {
            let body: body::Proposal = read(envelope)?;
            let topology = body::known_topology(body.topology).ok_or("a topology of a newer version")?;
            let directories = at_most(body.directories, limits::MAX_ADDRS_A_MESSAGE, "directories")?;
            Message::Propose(Proposal { guid, node: body.node, topology, directories })
        }
        kind::ASK | kind::ACCOUNT => Message::Explain(Box::new(explain::decode(envelope)?)),
        kind::FILTER => {
            let body: body::Filter = read(envelope)?;
            let bytes = at_most(body.bytes.into_vec(), limits::MAX_FILTER_PART, "bytes of a filter")?;
            Message::Ultra(UltraMessage::Filter(FilterPart { log2_bits: body.log2_bits, offset: body.offset, bytes }))
        }
        kind::ALTERNATIVES => {
            let body: body::Hosts = read(envelope)?;
            Message::Ultra(UltraMessage::Alternatives(at_most(body.hosts, limits::MAX_ADDRS_A_MESSAGE, "addresses")?))
        }
        _ => match decode_central(envelope)? {
            Some(message) => Message::Central(Box::new(message)),
            None => return Ok(None),
        },
    };
    Ok(Some(message))
}

/// `None` for a kind that is not known.
fn decode_central(envelope: &Envelope<'_>) -> Result<Option<CentralMessage>, String> {
    Ok(Some(match envelope.kind {
        kind::REGISTER => {
            let body: body::Register = read(envelope)?;
            if body.digests.len() != limits::REGISTER_BUCKETS {
                return Err(format!("{} digests instead of {}", body.digests.len(), limits::REGISTER_BUCKETS));
            }
            let addr = body.addr.filter(|addr| addr.0.port() != 0);
            CentralMessage::Register(Register { addr, digests: body.digests })
        }
        kind::KNOWN => {
            let body: body::Known = read(envelope)?;
            let tags = body.buckets.iter().map(|(_, tags)| tags.len()).sum::<usize>();
            if tags > limits::MAX_TAGS_A_MESSAGE || body.buckets.len() > limits::REGISTER_BUCKETS {
                return Err(format!("{tags} tags in {} parts", body.buckets.len()));
            }
            CentralMessage::Known(Known { buckets: body.buckets, last: body.last })
        }
        kind::CHANGE => {
            let body: body::Change = read(envelope)?;
            let add = files(at_most(body.add, limits::MAX_FILES_A_CHANGE, "files")?)?;
            let remove = at_most(body.remove, limits::MAX_TAGS_A_MESSAGE, "tags")?;
            CentralMessage::Change(Change { serial: body.serial, add, remove })
        }
        kind::RENEW => CentralMessage::Renew(Renew { digest: read::<body::Renew>(envelope)?.digest }),
        kind::LEASE => CentralMessage::Lease(read::<body::Lease>(envelope)?.into()),
        kind::LOOKUP => {
            let body: body::Lookup = read(envelope)?;
            let query = decode_query_body(&body.query)?;
            CentralMessage::Lookup(Lookup { guid: envelope.guid, body: Arc::new(query), after: body.after })
        }
        kind::FOUND => {
            let body: body::Found = read(envelope)?;
            let nodes = at_most(body.nodes, limits::MAX_NODES_A_PAGE, "nodes")?;
            let nodes = nodes.into_iter().map(decode_found_at).collect::<Result<Vec<_>, _>>()?;
            let count = nodes.iter().map(|at| at.files.len()).sum::<usize>();
            if count > limits::MAX_HITS_A_MESSAGE {
                return Err(format!("{count} files, more than {}", limits::MAX_HITS_A_MESSAGE));
            }
            CentralMessage::Found(Found { guid: envelope.guid, nodes, next: body.next })
        }
        _ => return Ok(None),
    }))
}

fn decode_found_at(at: body::FoundAt) -> Result<FoundAt, String> {
    Ok(FoundAt {
        node: at.node,
        name: within(at.name, limits::MAX_NODE_NAME)?,
        addr: at.addr.filter(|addr| addr.is_dialable()),
        files: files(at.files)?,
    })
}

/// Files with names that can be those of files.
fn files(files: Vec<body::File>) -> Result<Vec<FoundFile>, String> {
    let files: Vec<FoundFile> = files.into_iter().map(Into::into).collect();
    match files.iter().map(|file| file.name.raw()).find(|name| !is_file_name(name)) {
        Some(bad) => Err(format!("a file name of {} bytes that is no file name", bad.len())),
        None => Ok(files),
    }
}

fn decode_query(envelope: &Envelope<'_>) -> Result<Message, String> {
    let body = decode_query_body(envelope.body)?;
    let travel = Travel::from_wire(envelope.ttl, envelope.hops);
    Ok(Message::Query(QueryMessage { guid: envelope.guid, travel, body: Arc::new(body) }))
}

fn decode_query_body(bytes: &[u8]) -> Result<QueryBody, String> {
    if bytes.len() > limits::MAX_QUERY_BODY {
        return Err(format!("a query of {} bytes, more than {}", bytes.len(), limits::MAX_QUERY_BODY));
    }
    let query: body::Query<'_> = unpack(bytes).map_err(|error| error.to_string())?;
    if query.text.len() > limits::MAX_QUERY_TEXT {
        return Err(too_long(query.text.len(), limits::MAX_QUERY_TEXT));
    }
    let origin = query.origin.filter(|addr| addr.is_dialable());
    let body = QueryBody::new(query.text, origin, body::delivery_of(query.reverse), query.traced);
    let body = if query.walk { body.for_walkers() } else { body };
    body.sealed().get_or_seal(|| bytes.into());
    Ok(body)
}

fn decode_hit(envelope: &Envelope<'_>) -> Result<Message, String> {
    let hit: body::Hit = read(envelope)?;
    let files = files(at_most(hit.files, limits::MAX_HITS_A_MESSAGE, "files")?)?;
    let body = HitBody {
        node: Some(hit.node),
        name: within(hit.name, limits::MAX_NODE_NAME)?,
        addr: hit.addr.filter(|addr| addr.is_dialable()),
        hops: hit.hops,
        files,
        ..HitBody::default()
    };
    body.sealed.get_or_seal(|| envelope.body.into());
    let travel = Travel::from_wire(envelope.ttl, envelope.hops);
    Ok(Message::Hit(HitMessage { guid: envelope.guid, travel, body: Arc::new(body) }))
}

/// A name of one entry of one folder: what a share can hold, and nothing that climbs out of a downloads folder.
fn is_file_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= limits::MAX_FILE_NAME
        && name != "."
        && name != ".."
        && !name.contains(['/', '\\', '\0'])
}

fn decode_report(envelope: &Envelope<'_>) -> Result<Message, String> {
    let report: body::Report = read(envelope)?;
    let hops = at_most(report.hops, limits::MAX_REPORTS_A_MESSAGE, "reports")?;
    let body = ReportBody {
        node: Some(report.node),
        name: within(report.name, limits::MAX_NODE_NAME)?,
        addr: report.addr.filter(|addr| addr.is_dialable()),
        role: report.role.and_then(body::known_role),
        hops: hops.into_iter().filter_map(body::HopEntry::into_hop).collect(),
        ..ReportBody::default()
    };
    body.sealed.get_or_seal(|| envelope.body.into());
    let travel = Travel::from_wire(envelope.ttl, envelope.hops);
    Ok(Message::Report(ReportMessage { guid: envelope.guid, travel, body: Arc::new(body) }))
}

pub(super) fn read<'a, T: Deserialize<'a>>(envelope: &Envelope<'a>) -> Result<T, String> {
    unpack(envelope.body).map_err(|error| error.to_string())
}

fn at_most<T>(items: Vec<T>, max: usize, what: &str) -> Result<Vec<T>, String> {
    if items.len() > max { Err(format!("{} {what}, more than {max}", items.len())) } else { Ok(items) }
}

pub(super) fn within(text: Untrusted, max: usize) -> Result<Untrusted, String> {
    if text.raw().len() > max { Err(too_long(text.raw().len(), max)) } else { Ok(text) }
}

pub(super) fn too_long(length: usize, max: usize) -> String {
    format!("a text of {length} bytes, more than {max}")
}
