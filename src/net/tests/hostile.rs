//! Peers that do what no peer should: each is closed, counted, and costs the others nothing.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{OneFile, addr, neighbor_down, neighbor_up, node, settings, status};
use crate::net::{Dialer, Identity, Net, NetStatus, Purpose, Stream, start};
use crate::overlay::{Delivery, Event, Message, Ping, QueryBody, QueryMessage};
use crate::proto::{Guid, Travel};
use crate::wire;

/// Sends bytes over plain TCP and waits until the node closes.
async fn shout(net: &Net, bytes: &[u8]) {
    let mut socket = TcpStream::connect(net.bound).await.unwrap();
    // It may close while we still speak.
    let _ = socket.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(super::PATIENCE, socket.read_to_end(&mut answer)).await.expect("it closes");
    assert!(!String::from_utf8_lossy(&answer).contains("tester"));
}

/// A proven stranger.
async fn stranger(net: &Net, purpose: Purpose) -> Stream {
    let dialer = Dialer::of(&Identity::ephemeral().unwrap()).unwrap();
    dialer.open(addr(net), Some(net.node), purpose).await.unwrap()
}

fn hello() -> Vec<u8> {
    let mut frame = Vec::new();
    wire::encode_hello(&super::hello("mallory"), &mut frame);
    frame
}

async fn closes(mut stream: Stream) {
    let mut rest = Vec::new();
    let _ = tokio::time::timeout(super::PATIENCE, stream.read_to_end(&mut rest)).await.expect("it closes");
}

async fn still_serves(net: &mut Net) {
    let mut friend = node(&[net], "").await;
    assert_eq!(neighbor_up(&mut friend).await, net.node);
}

fn counted(count: impl Fn(&NetStatus) -> u64, wanted: u64) -> impl Fn(&NetStatus) -> bool {
    move |status| count(status) >= wanted
}

#[tokio::test]
async fn garbage_and_http_are_closed_and_counted() {
    let mut net = node(&[], "").await;
    shout(&net, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    shout(&net, &[0xff; 100_000]).await;
    shout(&net, &[0; 100_000]).await;
    // A TLS record that promises more than TLS allows.
    shout(&net, &[0x16, 0x03, 0x01, 0xff, 0xff, 1, 2, 3]).await;
    still_serves(&mut net).await;
    status(&mut net, counted(|status| status.net.foreign, 4)).await;
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_is_closed_in_time() {
    let mut net = node(&[], "").await;
    shout(&net, b"").await;
    shout(&net, &[0x16, 0x03, 0x01]).await;
    let mut nudge = TcpStream::connect(net.bound).await.unwrap();
    nudge.write_all(b"x").await.unwrap();
    still_serves(&mut net).await;
    status(&mut net, counted(|status| status.net.silent, 2)).await;
}

#[tokio::test]
async fn a_link_that_does_not_begin_with_a_hello_is_closed() {
    let mut net = node(&[], "").await;
    let mut ping = Vec::new();
    wire::encode_message(&Message::Ping(Ping { guid: Guid([1; 16]), wants_hosts: true }), &mut ping);
    let nested = [&[0, 0, 1, 0][..], &[0x91; 256]].concat();
    for first in [&ping[..], &[0xff; 64][..], b"\0\0\0\x05hello", &nested] {
        let mut stream = stranger(&net, Purpose::Link).await;
        stream.write_all(first).await.unwrap();
        stream.flush().await.unwrap();
        closes(stream).await;
    }
    still_serves(&mut net).await;
    status(&mut net, counted(|status| status.net.broken, 4)).await;
}

#[tokio::test]
async fn a_huge_length_after_the_hello_ends_the_link() {
    let mut net = node(&[], "").await;
    let mut stream = stranger(&net, Purpose::Link).await;
    stream.write_all(&hello()).await.unwrap();
    stream.flush().await.unwrap();
    neighbor_up(&mut net).await;
    stream.write_all(&u32::MAX.to_be_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    let (_, why) = neighbor_down(&mut net).await;
    assert!(why.contains("broke the protocol"), "{why}");
    closes(stream).await;
    still_serves(&mut net).await;
}

#[tokio::test]
async fn messages_that_break_their_rules_are_counted_and_the_link_lives() {
    let mut net = node(&[], "").await;
    let mut stream = stranger(&net, Purpose::Link).await;
    let mut bytes = hello();
    // [guid, ttl, hops, kind, body]: a query whose body is no map, then a kind that does not exist.
    for kind in [[0xcc, 0x80], [0xcc, 0xee]] {
        let frame = [&[0x95, 0xc4, 16][..], &[9; 16], &[1, 0], &kind, &[0xc4, 1, 0xc1]].concat();
        bytes.extend((frame.len() as u32).to_be_bytes());
        bytes.extend(frame);
    }
    stream.write_all(&bytes).await.unwrap();
    stream.flush().await.unwrap();
    let seen = status(&mut net, |status| status.net.malformed == 1 && status.net.unknown == 1).await;
    assert_eq!(seen.links.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_loses_the_link_and_the_others_do_not_notice() {
    let mut patient = settings(&[]);
    patient.core.silence = std::time::Duration::from_secs(10_000);
    let mut net = start(patient, std::sync::Arc::new(OneFile("")), None).await.unwrap();
    let mut stuck = stranger(&net, Purpose::Link).await;
    stuck.write_all(&hello()).await.unwrap();
    stuck.flush().await.unwrap();
    let stuck_node = neighbor_up(&mut net).await;
    let mut chatty = stranger(&net, Purpose::Link).await;
    chatty.write_all(&hello()).await.unwrap();
    chatty.flush().await.unwrap();
    let chatty_node = neighbor_up(&mut net).await;

    let body = std::sync::Arc::new(QueryBody::new(&"x".repeat(200), None, Delivery::Direct, false));
    let mut number = 0u64;
    // More than its queue and the sockets' buffers hold.
    let down = loop {
        let mut bytes = Vec::new();
        for _ in 0..1_000 {
            number += 1;
            let guid = Guid(std::array::from_fn(|i| if i < 8 { number.to_be_bytes()[i] } else { 0 }));
            let query = QueryMessage { guid, travel: Travel::start(7, 7), body: std::sync::Arc::clone(&body) };
            wire::encode_message(&Message::Query(query), &mut bytes);
        }
        chatty.write_all(&bytes).await.unwrap();
        chatty.flush().await.unwrap();
        if let Ok(Event::NeighborDown { node, why, .. }) = net.events.try_recv() {
            break (node, why);
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    };
    assert_eq!(down, (stuck_node, "it could not be written to fast enough".to_owned()));
    let seen = status(&mut net, |status| status.net.slow == 1 && status.total.dropped > 0).await;
    assert_eq!(seen.links.iter().map(|link| link.peer.id).collect::<Vec<_>>(), [chatty_node]);
}

#[tokio::test]
async fn only_deliveries_are_taken_over_a_direct_connection() {
    let mut net = node(&[], "").await;
    let mut stream = stranger(&net, Purpose::Direct).await;
    let mut ping = Vec::new();
    wire::encode_message(&Message::Ping(Ping { guid: Guid([1; 16]), wants_hosts: true }), &mut ping);
    stream.write_all(&ping).await.unwrap();
    stream.flush().await.unwrap();
    closes(stream).await;
    still_serves(&mut net).await;
    status(&mut net, counted(|status| status.net.broken, 1)).await;
}

#[tokio::test]
async fn without_the_passphrase_there_is_nothing_to_see() {
    let mut private = settings(&[]);
    private.passphrase = Some("open sesame".to_owned());
    let mut net = start(private, std::sync::Arc::new(OneFile("secret.txt")), None).await.unwrap();

    for purpose in [Purpose::Link, Purpose::Direct, Purpose::File] {
        let mut stream = stranger(&net, purpose).await;
        stream.write_all(&hello()).await.unwrap();
        stream.flush().await.unwrap();
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said).await;
        assert!(said.is_empty(), "{said:?}");
    }
    let mut wrong = settings(&[&net]);
    wrong.passphrase = Some("open barley".to_owned());
    let mut thief = start(wrong, std::sync::Arc::new(OneFile("")), None).await.unwrap();
    assert!(thief.dialer.file(addr(&net), None).await.is_err());
    status(&mut net, counted(|status| status.net.strangers, 4)).await;
    assert!(thief.events.try_recv().is_err() && net.events.try_recv().is_err());

    let mut right = settings(&[&net]);
    right.passphrase = Some("open sesame".to_owned());
    let mut member = start(right, std::sync::Arc::new(OneFile("")), None).await.unwrap();
    assert_eq!(neighbor_up(&mut member).await, net.node);
}
