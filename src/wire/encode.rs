//! Messages to frames.

use serde::Serialize;
use serde_bytes::{ByteBuf, Bytes};

use super::envelope::kind;
use super::{LENGTH_BYTES, OLDEST_VERSION, VERSION, body, explain};
use crate::overlay::{CentralMessage, Delivery, Hello, HitBody, Message, QueryBody, ReportBody, UltraMessage};
use crate::proto::{Guid, NodeId, Travel};

/// In the envelope of what needs no name.
const NO_GUID: Guid = Guid([0; 16]);

/// Appends a hello as one frame.
pub fn encode_hello(hello: &Hello, out: &mut Vec<u8>) {
    let body = pack(&body::Hello {
        version: VERSION,
        oldest: OLDEST_VERSION,
        name: hello.name.clone(),
        agent: hello.agent.clone(),
        listen: hello.listen,
        observed: hello.observed,
        topology: body::code_of(&body::TOPOLOGIES, hello.topology),
        role: body::code_of(&body::ROLES, hello.role),
        serves: hello.serves,
    });
    frame(out, NO_GUID, Travel::start(1, 1), kind::HELLO, &body);
}

/// Appends a message as one frame. A query's, hit's or report's body is encoded at its first copy only.
pub fn encode_message(message: &Message, out: &mut Vec<u8>) {
    let neighbor = Travel::start(1, 1);
    match message {
        Message::Ping(ping) => {
            frame(out, ping.guid, neighbor, kind::PING, &pack(&body::Ping { wants_hosts: ping.wants_hosts }));
        }
        Message::Pong(pong) => {
            let body = body::Pong { files: pong.files, bytes: pong.bytes, hosts: pong.hosts.clone() };
            frame(out, pong.guid, neighbor, kind::PONG, &pack(&body));
        }
        Message::Query(query) => frame(out, query.guid, query.travel, kind::QUERY, seal_query(&query.body)),
        Message::Hit(hit) => frame(out, hit.guid, hit.travel, kind::HIT, seal_hit(&hit.body)),
        Message::Report(report) => {
            frame(out, report.guid, report.travel, kind::REPORT, seal_report(&report.body));
        }
        Message::Bye(bye) => {
            let body =
                body::Bye { reason: body::reason_code(bye.reason), text: bye.text.clone(), hosts: bye.hosts.clone() };
            frame(out, NO_GUID, neighbor, kind::BYE, &pack(&body));
        }
        Message::Status(status) => {
            let body = body::Status {
                topology: body::code_of(&body::TOPOLOGIES, status.topology),
                role: body::code_of(&body::ROLES, status.role),
                serves: status.serves,
                score: status.score,
                free_slots: status.free_slots,
            };
            frame(out, NO_GUID, neighbor, kind::STATUS, &pack(&body));
        }
        Message::Reach(reach) => {
            frame(out, reach.guid, neighbor, kind::REACH, &pack(&body::Reach { reached: reach.reached }));
        }
        Message::Propose(proposal) => {
            let body = body::Proposal {
                node: proposal.node,
                topology: body::code_of(&body::TOPOLOGIES, proposal.topology),
                directories: proposal.directories.clone(),
            };
            frame(out, proposal.guid, neighbor, kind::PROPOSE, &pack(&body));
        }
        Message::Explain(message) => explain::encode(message, out),
        Message::Ultra(message) => encode_ultra(message, out),
        Message::Central(message) => encode_central(message, out),
    }
}

fn encode_ultra(message: &UltraMessage, out: &mut Vec<u8>) {
    let (kind, body) = match message {
        UltraMessage::Filter(part) => {
            let body =
                body::Filter { log2_bits: part.log2_bits, offset: part.offset, bytes: part.bytes.clone().into() };
            (kind::FILTER, pack(&body))
        }
        UltraMessage::Alternatives(hosts) => (kind::ALTERNATIVES, pack(&body::Hosts { hosts: hosts.clone() })),
    };
    frame(out, NO_GUID, Travel::start(1, 1), kind, &body);
}

fn encode_central(message: &CentralMessage, out: &mut Vec<u8>) {
    let (guid, kind, body) = match message {
        CentralMessage::Register(register) => {
            let body = body::Register { addr: register.addr, digests: register.digests.clone() };
            (NO_GUID, kind::REGISTER, pack(&body))
        }
        CentralMessage::Known(known) => {
            (NO_GUID, kind::KNOWN, pack(&body::Known { buckets: known.buckets.clone(), last: known.last }))
        }
        CentralMessage::Change(change) => {
            let add = change.add.iter().map(body::File::from).collect();
            let body = body::Change { serial: change.serial, add, remove: change.remove.clone() };
            (NO_GUID, kind::CHANGE, pack(&body))
        }
        CentralMessage::Renew(renew) => (NO_GUID, kind::RENEW, pack(&body::Renew { digest: renew.digest })),
        CentralMessage::Lease(lease) => (NO_GUID, kind::LEASE, pack(&body::Lease::from(lease))),
        CentralMessage::Lookup(lookup) => {
            let query = ByteBuf::from(seal_query(&lookup.body));
            (lookup.guid, kind::LOOKUP, pack(&body::Lookup { query, after: lookup.after }))
        }
        CentralMessage::Found(found) => {
            let nodes = found.nodes.iter().map(body::FoundAt::from).collect();
            (found.guid, kind::FOUND, pack(&body::Found { nodes, next: found.next }))
        }
    };
    frame(out, guid, Travel::start(1, 1), kind, &body);
}

/// A query's body as bytes, encoded now unless it was before: so that its size is known before it travels.
pub fn seal_query(query: &QueryBody) -> &[u8] {
    query.sealed().get_or_seal(|| {
        pack(&body::Query {
            text: &query.text,
            origin: query.origin,
            reverse: query.delivery == Delivery::Reverse,
            traced: query.traced,
            walk: query.walk,
        })
    })
}

fn seal_hit(hit: &HitBody) -> &[u8] {
    hit.sealed.get_or_seal(|| {
        pack(&body::Hit {
            node: hit.node.unwrap_or(NodeId([0; 32])),
            name: hit.name.clone(),
            addr: hit.addr,
            hops: hit.hops,
            files: hit.files.iter().map(body::File::from).collect(),
        })
    })
}

fn seal_report(report: &ReportBody) -> &[u8] {
    report.sealed.get_or_seal(|| {
        pack(&body::Report {
            node: report.node.unwrap_or(NodeId([0; 32])),
            name: report.name.clone(),
            addr: report.addr,
            role: report.role.map(|role| body::code_of(&body::ROLES, role)),
            hops: report.hops.iter().map(body::HopEntry::from).collect(),
        })
    })
}

#[expect(clippy::expect_used, reason = "a Vec takes every write, and no body holds what MessagePack cannot write")]
pub(super) fn pack(body: &impl Serialize) -> Box<[u8]> {
    rmp_serde::to_vec_named(body).expect("bodies are plain data").into()
}

#[expect(clippy::expect_used, reason = "a Vec takes every write")]
pub(super) fn frame(out: &mut Vec<u8>, guid: Guid, travel: Travel, kind: u16, body: &[u8]) {
    let start = out.len();
    out.extend_from_slice(&[0; LENGTH_BYTES]);
    rmp_serde::encode::write(out, &(guid, travel.ttl(), travel.hops(), kind, Bytes::new(body)))
        .expect("an envelope is plain data");
    let length = out.len() - start - LENGTH_BYTES;
    out[start..start + LENGTH_BYTES].copy_from_slice(&(length as u32).to_be_bytes());
}
