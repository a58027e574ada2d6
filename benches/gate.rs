//! Fixed amounts of work whose instructions are counted under valgrind: `gate CASE COUNT` does the case that many times.
//! `benches/gate.sh` runs it and holds each case to its limit. The counts are the same in every run of one binary.
//! `gate flood NODES` is for `benches/growth.sh`: one flood in an overlay of that many nodes; it prints the copies.

#[path = "support/core.rs"]
mod support;

use std::time::Duration;

use hopscope::base::Rng;
use hopscope::overlay::{Dedup, Message, QueryMessage};
use hopscope::proto::Travel;
use hopscope::sim::{Delay, Flood, Kind, make};
use hopscope::wire::{Decoder, encode_message};
use support::{Relay, body, guid};

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let case = arguments.next();
    let count: u64 = arguments.next().and_then(|count| count.parse().ok()).unwrap_or(1_000);
    let work = match case.as_deref() {
        Some("relay") => relay(count),
        Some("duplicate") => duplicate(count),
        Some("encode") => encode(count),
        Some("decode") => decode(count),
        Some("flood") => flood(count),
        // `cargo bench` without a case, and `cargo test --benches`: show that each one works.
        _ => relay(1) + duplicate(1) + encode(1) + decode(1) + flood(100),
    };
    println!("{work}");
}

fn relay(count: u64) -> u64 {
    let mut relay = Relay::new(8);
    (0..count).map(|n| relay.query(n, 0, &body()) as u64).sum()
}

fn duplicate(count: u64) -> u64 {
    let mut relay = Relay::new(8);
    let body = body();
    (0..count).map(|_| relay.query(1, 3, &body) as u64).sum()
}

/// One query with TTL 7 through an 8-regular overlay over links of 20 to 80 ms; returns how many copies that makes.
fn flood(nodes: u64) -> u64 {
    let graph = make(Kind::Regular, nodes as usize, 8, &mut Rng::new(1)).expect("there is such a graph");
    let delay = Delay::new(Duration::from_millis(20), Duration::from_millis(80)).expect("these are delays");
    let flood = Flood { origin: 0, ttl: 7, delay, dedup: Dedup::HighestTtl, seed: 1, body: body() };
    flood.prepare(&graph).expect("it can be simulated").run().messages
}

fn message() -> Message {
    Message::Query(QueryMessage { guid: guid(1), travel: Travel::start(5, 7), body: body() })
}

fn encode(count: u64) -> u64 {
    let message = message();
    let mut bytes = Vec::new();
    let mut total = 0;
    for _ in 0..count {
        bytes.clear();
        encode_message(&message, &mut bytes);
        total += bytes.len() as u64;
    }
    total
}

fn decode(count: u64) -> u64 {
    let mut bytes = Vec::new();
    encode_message(&message(), &mut bytes);
    let mut decoder = Decoder::new();
    let mut total = 0;
    for _ in 0..count {
        decoder.feed(&bytes);
        total += u64::from(matches!(decoder.next(), Ok(Some(_))));
    }
    total
}
