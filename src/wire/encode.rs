//! Messages to frames.

use serde::Serialize;
use serde_bytes::Bytes;

use super::envelope::kind;
use super::{LENGTH_BYTES, OLDEST_VERSION, VERSION, body};
use crate::overlay::{Delivery, Hello, HitBody, Message, QueryBody, ReportBody};
use crate::proto::{Guid, NodeId, Travel};

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
    });
    frame(out, Guid([0; 16]), Travel::start(1, 1), kind::HELLO, &body);
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
            frame(out, Guid([0; 16]), neighbor, kind::BYE, &pack(&body));
        }
    }
}

/// A query's body as bytes, encoded now unless it was before: so that its size is known before it travels.
pub fn seal_query(query: &QueryBody) -> &[u8] {
    query.sealed().get_or_seal(|| {
        pack(&body::Query {
            text: &query.text,
            origin: query.origin,
            reverse: query.delivery == Delivery::Reverse,
            traced: query.traced,
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
            hops: report.hops.iter().map(body::HopEntry::from).collect(),
        })
    })
}

#[expect(clippy::expect_used, reason = "a Vec takes every write, and no body holds what MessagePack cannot write")]
fn pack(body: &impl Serialize) -> Box<[u8]> {
    rmp_serde::to_vec_named(body).expect("bodies are plain data").into()
}

#[expect(clippy::expect_used, reason = "a Vec takes every write")]
fn frame(out: &mut Vec<u8>, guid: Guid, travel: Travel, kind: u16, body: &[u8]) {
    let start = out.len();
    out.extend_from_slice(&[0; LENGTH_BYTES]);
    rmp_serde::encode::write(out, &(guid, travel.ttl(), travel.hops(), kind, Bytes::new(body)))
        .expect("an envelope is plain data");
    let length = out.len() - start - LENGTH_BYTES;
    out[start..start + LENGTH_BYTES].copy_from_slice(&(length as u32).to_be_bytes());
}
