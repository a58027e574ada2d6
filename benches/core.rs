//! What the core and the wire cost a message, to read: `cargo bench --no-default-features --bench core`.
//!
//! On a shared machine the fastest column is the one to quote; `benches/gate.sh` counts instructions instead.

#[path = "support/core.rs"]
mod support;

use divan::{Bencher, black_box};
use hopscope::overlay::{Message, QueryMessage};
use hopscope::proto::Travel;
use hopscope::wire::{Decoder, encode_message};
use support::{Relay, body, guid};

fn main() {
    divan::main();
}

/// A query seen for the first time: looked up in an empty library and passed on to the other seven of eight neighbors.
#[divan::bench]
fn relay_new_query_to_7_neighbors(bencher: Bencher<'_, '_>) {
    let mut relay = Relay::new(8);
    let mut n = 0;
    bencher.with_inputs(body).bench_local_refs(|body| {
        n += 1;
        relay.query(n, 0, body)
    });
}

/// A copy of a query that was seen before.
#[divan::bench]
fn drop_duplicate(bencher: Bencher<'_, '_>) {
    let mut relay = Relay::new(8);
    let body = body();
    relay.query(1, 0, &body);
    bencher.bench_local(|| relay.query(1, 3, black_box(&body)));
}

/// One copy from the core's form to bytes, its body encoded before.
#[divan::bench]
fn encode_query_copy(bencher: Bencher<'_, '_>) {
    let message = Message::Query(QueryMessage { guid: guid(1), travel: Travel::start(5, 7), body: body() });
    let mut bytes = Vec::with_capacity(1 << 10);
    bencher.bench_local(|| {
        bytes.clear();
        encode_message(black_box(&message), &mut bytes);
        bytes.len()
    });
}

/// One copy from bytes to the core's form.
#[divan::bench]
fn decode_query_copy(bencher: Bencher<'_, '_>) {
    let mut bytes = Vec::new();
    encode_message(
        &Message::Query(QueryMessage { guid: guid(1), travel: Travel::start(5, 7), body: body() }),
        &mut bytes,
    );
    let mut decoder = Decoder::new();
    bencher.bench_local(|| {
        decoder.feed(black_box(&bytes));
        decoder.next().is_ok()
    });
}
