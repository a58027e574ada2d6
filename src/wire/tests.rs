use std::net::SocketAddr;
use std::sync::Arc;

use proptest::prelude::*;

use super::{Decoder, Incoming, WireError, encode_hello, encode_message};
use crate::overlay::{
    Account, Acquaintance, Action, Bye, ByeReason, Delivery, ExplainMessage, FoundFile, Hello, HitBody, HitMessage,
    Hop, Message, Missing, PassedBy, Ping, Pong, QueryBody, QueryMessage, Question, ReportBody, ReportMessage, Role,
    Told, TopologyKind, Unwilling,
};
use crate::proto::{FileId, Guid, NodeId, PeerAddr, Travel, limits};

fn addr() -> PeerAddr {
    PeerAddr("192.0.2.7:6346".parse::<SocketAddr>().unwrap())
}

fn explain(message: ExplainMessage) -> Message {
    Message::Explain(Box::new(message))
}

fn told() -> Told {
    let why = "hidden: names that begin with a dot are not shared".into();
    Told {
        name: "kestrel".into(),
        topology: TopologyKind::Ultrapeer,
        role: Role::Leaf,
        neighbors: 3,
        up_ms: 1 << 40,
        files: 70_000,
        matches: 64,
        near: 0,
        missing: Missing { waiting: 1, unlooked: 2, scanning: true, excluded: 3, why },
        passed: Some(PassedBy { hop: 4, ttl: 3, hits: 64, reported: true }),
        let_through: Some(false),
        knows: Some(Acquaintance { node: NodeId([8; 32]), name: "wren".into(), addr: Some(addr()) }),
        limited: 7,
        not_held: u64::MAX,
    }
}

fn samples() -> Vec<Message> {
    let guid = Guid([7; 16]);
    let travel = Travel::from_wire(4, 3);
    let node = Some(NodeId([9; 32]));
    let file = |i: u8| FoundFile { name: format!("file {i}.ogg").into(), size: 1 << 40, id: FileId([i; 32]) };
    let from = NodeId([1; 32]);
    let hop = |action| Hop { from, hop: 2, ttl: 5, action, hits: 3, sent: 4, leaves: 1, filtered: 23 };
    vec![
        Message::Ping(Ping { guid, wants_hosts: true }),
        Message::Pong(Pong { guid, files: 12, bytes: u64::MAX, hosts: vec![addr(); 10] }),
        Message::Query(QueryMessage {
            guid,
            travel,
            body: Arc::new(QueryBody::new("bach bwv 1007", Some(addr()), Delivery::Reverse, true)),
        }),
        Message::Hit(HitMessage {
            guid,
            travel,
            body: Arc::new(HitBody {
                node,
                name: "kestrel".into(),
                addr: Some(addr()),
                hops: 2,
                files: (0..10).map(file).collect(),
                ..HitBody::default()
            }),
        }),
        Message::Report(ReportMessage {
            guid,
            travel,
            body: Arc::new(ReportBody {
                node,
                name: "wren".into(),
                addr: Some(addr()),
                role: Some(Role::Ultrapeer),
                hops: vec![hop(Action::Forwarded), hop(Action::Duplicate), hop(Action::Refused)],
                ..ReportBody::default()
            }),
        }),
        Message::Bye(Bye { reason: ByeReason::Full, text: "no room".into(), hosts: vec![addr()] }),
        explain(ExplainMessage::Question(Question {
            guid,
            reply_to: Some(addr()),
            query: Guid([3; 16]),
            text: "bach bwv 1007".into(),
            whois: "kestrel".into(),
        })),
        explain(ExplainMessage::Account(Account { guid, node: NodeId([9; 32]), told: Ok(told()) })),
        explain(ExplainMessage::Account(Account { guid, node: NodeId([9; 32]), told: Err(Unwilling::TooMany) })),
    ]
}

fn encoded(message: &Message) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_message(message, &mut bytes);
    bytes
}

fn decoded(bytes: &[u8]) -> Result<Option<Incoming>, WireError> {
    let mut decoder = Decoder::new();
    decoder.feed(bytes);
    decoder.next()
}

/// Frames a body of our own making.
fn framed(kind: u16, body: &[u8]) -> Vec<u8> {
    let envelope = rmp_serde::to_vec(&(Guid([7; 16]), 4u8, 3u8, kind, serde_bytes::Bytes::new(body))).unwrap();
    [&(envelope.len() as u32).to_be_bytes()[..], &envelope].concat()
}

/// What matters of a message, to compare two: the cached encoding is no part of it.
fn shown(message: &Message) -> String {
    match message {
        Message::Query(m) => {
            format!(
                "{:?} {:?} {:?}",
                (m.guid, m.travel),
                (&m.body.text, m.body.origin),
                (m.body.delivery, m.body.traced, m.body.walk)
            )
        }
        Message::Hit(m) => format!(
            "{:?} {:?} {:?}",
            (m.guid, m.travel),
            (m.body.node, &m.body.name, m.body.addr),
            (m.body.hops, &m.body.files)
        ),
        Message::Report(m) => {
            format!(
                "{:?} {:?}",
                (m.guid, m.travel),
                (m.body.node, &m.body.name, (m.body.addr, m.body.role), &m.body.hops)
            )
        }
        other => format!("{other:?}"),
    }
}

#[test]
fn every_message_comes_back_as_it_was_in_any_portions() {
    let messages = samples();
    let bytes: Vec<u8> = messages.iter().flat_map(encoded).collect();
    for portion in [1, 3, 7, 100, bytes.len()] {
        let mut decoder = Decoder::new();
        let mut read = Vec::new();
        for part in bytes.chunks(portion) {
            decoder.feed(part);
            while let Some(Incoming::Message(message)) = decoder.next().unwrap() {
                read.push(shown(&message));
            }
        }
        assert_eq!(read, messages.iter().map(shown).collect::<Vec<_>>());
    }
}

#[test]
fn a_hello_comes_back_as_it_was() {
    let hello = Hello {
        name: "kestrel".into(),
        agent: "hopscope/0.1.0".into(),
        listen: Some(addr()),
        observed: None,
        topology: TopologyKind::Flood,
        role: Role::Peer,
        serves: false,
    };
    let mut bytes = Vec::new();
    encode_hello(&hello, &mut bytes);
    assert!(matches!(decoded(&bytes), Ok(Some(Incoming::Hello(read))) if read == hello));
}

#[test]
fn a_relayed_body_keeps_fields_of_a_newer_version() {
    let body =
        rmp_serde::to_vec_named(&serde_json::json!({"t": "jazz", "new": [1, {"deep": true}], "x": true})).unwrap();
    let bytes = framed(0x80, &body);
    let Ok(Some(Incoming::Message(message))) = decoded(&bytes) else { panic!("a newer query is a query") };
    assert_eq!(encoded(&message), bytes);
}

#[test]
fn a_report_of_another_version_is_read_and_no_role_is_made_up_for_it() {
    let hop = serde_json::json!({"f": vec![1u8; 32], "h": 2, "t": 5, "a": 0, "m": 0, "s": 4});
    let older = serde_json::json!({"n": vec![9u8; 32], "m": "wren", "r": [hop]});
    let mut newer = older.clone();
    newer["p"] = 99.into();
    for body in [older, newer] {
        let bytes = framed(0x101, &rmp_serde::to_vec_named(&body).unwrap());
        let Ok(Some(Incoming::Message(Message::Report(report)))) = decoded(&bytes) else { panic!("it is a report") };
        assert_eq!((report.body.role, report.body.hops.len()), (None, 1));
        assert_eq!((report.body.hops[0].leaves, report.body.hops[0].filtered), (0, 0));
    }
}

#[test]
fn a_walker_is_one_at_the_next_node_and_a_query_as_ever_to_an_older_one() {
    let of = |walk: bool| {
        let body = QueryBody::new("jazz", Some(addr()), Delivery::Direct, false);
        let body = Arc::new(if walk { body.for_walkers() } else { body });
        encoded(&Message::Query(QueryMessage { guid: Guid([7; 16]), travel: Travel::from_wire(32, 1), body }))
    };
    let walks = |bytes: &[u8]| match decoded(bytes) {
        Ok(Some(Incoming::Message(Message::Query(query)))) => (query.body.walk, query.travel.ttl()),
        other => panic!("no query: {other:?}"),
    };
    assert_eq!([walks(&of(false)), walks(&of(true))], [(false, 32), (true, 32)]);
    // What does not walk has the bytes that it had before there were walkers; one that does has a field more, which an
    // older version skips like any other that it does not know.
    #[derive(serde::Serialize)]
    struct Older {
        t: &'static str,
        o: PeerAddr,
        r: bool,
        x: bool,
    }
    let older = rmp_serde::to_vec_named(&Older { t: "jazz", o: addr(), r: false, x: false }).unwrap();
    assert!(of(false).ends_with(&older) && !of(true).ends_with(&older));
    assert_eq!(of(true).len(), of(false).len() + 3);
}

#[test]
fn a_query_costs_its_body_and_its_envelope() {
    let Message::Query(query) = &samples()[2] else { panic!("the third sample is a query") };
    let message = Message::Query(query.clone());
    assert_eq!(encoded(&message).len(), query.body.sealed().len() + crate::overlay::ENVELOPE_BYTES as usize);
}

#[test]
fn a_report_costs_what_the_core_says() {
    let Message::Report(report) = &samples()[4] else { panic!("the fifth sample is a report") };
    for copies in [1, 3, 40] {
        let body =
            ReportBody { node: report.body.node, hops: vec![report.body.hops[0]; copies], ..ReportBody::default() };
        let message = Message::Report(ReportMessage { body: Arc::new(body), ..report.clone() });
        let bytes = encoded(&message);
        let Message::Report(report) = &message else { panic!("it is a report") };
        assert_eq!(bytes.len() as u64, crate::overlay::report_bytes(report.body.sealed.len() as u64), "{copies}");
        let mut decoder = Decoder::new();
        decoder.feed(&bytes);
        assert!(decoder.next().is_ok_and(|message| message.is_some()));
        assert_eq!(decoder.last_bytes(), bytes.len());
    }
}

#[test]
fn a_look_up_costs_what_the_core_says() {
    for (text, after) in
        [("jazz".to_owned(), 0), ("x".repeat(250), 200), ("y".repeat(255), 70_000), ("z".into(), 1 << 40)]
    {
        let body = std::sync::Arc::new(QueryBody::new(&text, None, Delivery::Direct, true));
        let lookup = crate::overlay::Lookup { guid: Guid([1; 16]), body: body.clone(), after };
        let message = Message::Central(Box::new(crate::overlay::CentralMessage::Lookup(lookup)));
        let bytes = encoded(&message).len() as u64;
        assert_eq!(bytes, crate::overlay::lookup_bytes(body.sealed().len() as u64, after), "{text} from {after}");
    }
}

#[test]
fn a_newer_envelope_and_a_newer_kind_are_skipped_and_the_next_message_is_read() {
    let newer =
        rmp_serde::to_vec(&(Guid([1; 16]), 1u8, 0u8, 0x999u16, serde_bytes::Bytes::new(b"?"), "more", 7)).unwrap();
    let mut bytes = [&(newer.len() as u32).to_be_bytes()[..], &newer].concat();
    bytes.extend(encoded(&samples()[0]));
    let mut decoder = Decoder::new();
    decoder.feed(&bytes);
    assert!(matches!(decoder.next(), Ok(Some(Incoming::Unknown(0x999)))));
    assert!(matches!(decoder.next(), Ok(Some(Incoming::Message(Message::Ping(_))))));
}

#[test]
fn a_version_that_shares_nothing_with_this_one_is_named() {
    let body = rmp_serde::to_vec_named(&serde_json::json!({"v": 9, "m": 8, "t": 0, "r": 0})).unwrap();
    assert!(matches!(decoded(&framed(0x100, &body)), Err(WireError::Version { oldest: 8, version: 9 })));
}

#[test]
fn hostile_bodies_are_malformed_and_do_not_end_the_stream() {
    let file = |name: &str| serde_json::json!({"n": name, "s": 1, "h": vec![0u8; 32]});
    let hit = |files: Vec<serde_json::Value>| serde_json::json!({"n": vec![0u8; 32], "h": 1, "f": files});
    let long = "x".repeat(65_000);
    let bodies: Vec<(u16, Vec<u8>)> = [
        (0x80, serde_json::json!({"t": "x".repeat(limits::MAX_QUERY_TEXT + 1)})),
        (0x80, serde_json::json!({"o": 1})),
        (0x81, hit(vec![file("../../etc/passwd")])),
        (0x81, hit(vec![file("")])),
        (0x81, hit(vec![file(&long[..300])])),
        (0x81, hit(vec![file("a"); limits::MAX_HITS_A_MESSAGE + 1])),
        (0x02, serde_json::json!({"c": 1, "t": long})),
        (0x105, serde_json::json!({"q": vec![0u8; 16], "t": "x".repeat(limits::MAX_QUERY_TEXT + 1)})),
        (0x105, serde_json::json!({"q": vec![0u8; 16], "t": "x", "i": "y".repeat(limits::MAX_NODE_NAME + 1)})),
        (0x106, serde_json::json!({"n": vec![0u8; 32]})),
        (0x106, serde_json::json!({"n": vec![0u8; 32], "x": 200})),
        (0x106, serde_json::json!({"n": vec![0u8; 32], "x": 0, "t": {"t": 0, "r": 0}})),
        (0x106, serde_json::json!({"n": vec![0u8; 32], "t": {"t": 0, "r": 0, "n": &long[..100]}})),
        (0x106, serde_json::json!({"n": vec![0u8; 32], "t": {"t": 0, "r": 0, "y": &long[..300]}})),
        (0x106, serde_json::json!({"n": vec![0u8; 32], "t": {"t": 0, "r": 0, "m": 70_000}})),
    ]
    .into_iter()
    .map(|(kind, value)| (kind, rmp_serde::to_vec_named(&value).unwrap()))
    .chain([
        (0x80, vec![0x81, 0xa1, b't', 0xa2, 0xff, 0xfe]), // a text that is not UTF-8
        (0x80, [&[0x82, 0xa1, b'z'][..], &[0x91; 5_000], &[0xc0, 0xa1, b't', 0xa1, b'a']].concat()), // nested deep
        (0x01, vec![0x81, 0xa1, b'h', 0xdd, 0xff, 0xff, 0xff, 0xff]), // four thousand million addresses
    ])
    .collect();
    for (kind, body) in bodies {
        let mut decoder = Decoder::new();
        decoder.feed(&framed(kind, &body));
        decoder.feed(&encoded(&samples()[0]));
        let first = decoder.next();
        assert!(matches!(first, Ok(Some(Incoming::Malformed { kind: k, .. })) if k == kind), "{first:?}");
        assert!(matches!(decoder.next(), Ok(Some(Incoming::Message(Message::Ping(_))))));
    }
}

#[test]
fn a_frame_of_four_gigabytes_ends_the_stream_before_a_byte_of_it_is_kept() {
    assert!(matches!(decoded(&[0xff; 8]), Err(WireError::TooLong(u32::MAX))));
}

proptest! {
    #[test]
    fn messages_damaged_on_the_way_never_panic(
        which in 0usize..9, flips in prop::collection::vec((0usize..2_000, any::<u8>()), 0..6), cut in 0usize..2_000
    ) {
        let mut bytes = encoded(&samples()[which]);
        for (at, value) in flips {
            let at = at % bytes.len();
            bytes[at] = value;
        }
        bytes.truncate(cut.max(1));
        let mut decoder = Decoder::new();
        decoder.feed(&bytes);
        while let Ok(Some(_)) = decoder.next() {}
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut decoder = Decoder::new();
        decoder.feed(&bytes);
        while let Ok(Some(_)) = decoder.next() {}
    }
}
