//! Direct delivery and file connections.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{PATIENCE, addr, hello, node};
use crate::net::admission::Admission;
use crate::net::clock::Clock;
use crate::net::direct::{DirectIn, DirectPool};
use crate::net::endpoint::{Connection, Endpoint};
use crate::net::inbox::{Batch, Note, Origin};
use crate::net::shared::Shared;
use crate::net::{Identity, tally::Tally};
use crate::overlay::{HitBody, HitMessage, Message};
use crate::proto::{Guid, NodeId, PeerAddr, Travel};

fn hit(number: u8) -> Message {
    let body = HitBody { node: Some(NodeId([1; 32])), ..HitBody::default() };
    Message::Hit(HitMessage { guid: Guid([number; 16]), travel: Travel::start(1, 7), body: Arc::new(body) })
}

fn number(message: &Message) -> u8 {
    match message {
        Message::Hit(hit) => hit.guid.0[0],
        other => panic!("not a hit: {other:?}"),
    }
}

fn endpoint() -> Arc<Endpoint> {
    Arc::new(Endpoint::new(&Identity::ephemeral().unwrap(), None).unwrap())
}

fn pool(notes: mpsc::Sender<Note>) -> DirectPool {
    let shared = Shared {
        clock: Clock::start(),
        endpoint: endpoint(),
        hello: tokio::sync::watch::channel(hello("")).1,
        notes,
        tally: Arc::default(),
        tracker: TaskTracker::new(),
        leave: CancellationToken::new(),
        cut: CancellationToken::new(),
    };
    DirectPool::new(1, shared)
}

/// A listener that proves itself and hands the connection out.
async fn accept(listener: &TcpListener) -> Connection {
    let (socket, remote) = listener.accept().await.unwrap();
    let admission = Admission::new(64, 1);
    let slot = admission.admit(admission.place().await.unwrap(), remote.ip()).unwrap();
    endpoint().answer(socket, remote, slot).await.unwrap()
}

async fn listener() -> (TcpListener, PeerAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = PeerAddr::from(listener.local_addr().unwrap());
    (listener, addr)
}

async fn failed(notes: &mut mpsc::Receiver<Note>) -> u8 {
    match timeout(PATIENCE, notes.recv()).await.expect("it fails").unwrap() {
        Note::DirectFailed(message, _) => number(&message),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_nobody_takes_comes_back() {
    let (notes, mut inbox) = mpsc::channel(64);
    let mut pool = pool(notes);
    let (closed, to) = listener().await;
    drop(closed);
    pool.deliver(to, hit(1)).unwrap();
    pool.deliver(to, hit(2)).unwrap();
    assert_eq!((failed(&mut inbox).await, failed(&mut inbox).await), (1, 2));
}

#[tokio::test]
async fn what_was_sent_but_not_acknowledged_comes_back() {
    let (notes, mut inbox) = mpsc::channel(64);
    let mut pool = pool(notes);
    let (listener, to) = listener().await;
    pool.deliver(to, hit(1)).unwrap();
    let mut connection = accept(&listener).await;
    let mut some = [0; 10];
    connection.stream.read_exact(&mut some).await.unwrap();
    drop(connection);
    assert_eq!(failed(&mut inbox).await, 1);
}

#[tokio::test]
async fn what_is_taken_is_acknowledged_and_the_connection_is_used_again() {
    let (notes, mut failures) = mpsc::channel(64);
    let mut pool = pool(notes);
    let (listener, to) = listener().await;
    let (taken, mut inbox) = mpsc::channel(64);
    let receiver = DirectIn::new(taken, Arc::new(Tally::default()));
    for round in 0..3 {
        pool.deliver(to, hit(round)).unwrap();
        if round == 0 {
            let connection = accept(&listener).await;
            let receiver = receiver.clone();
            tokio::spawn(async move { receiver.serve(connection).await });
        }
        let note = timeout(PATIENCE, inbox.recv()).await.expect("it arrives").unwrap();
        let Note::Batch(Batch { origin: Origin::Direct(_), mut messages, back, .. }) = note else { panic!("{note:?}") };
        assert_eq!(messages.iter().map(number).collect::<Vec<_>>(), [round]);
        messages.clear();
        back.try_send(messages).unwrap();
    }
    assert!(failures.try_recv().is_err());
}

#[tokio::test]
async fn files_travel_between_proven_nodes_only() {
    let (mut alice, bob) = (node(&[], "").await, node(&[], "").await);
    let (mut stream, found) = bob.dialer.file(addr(&alice), Some(alice.node)).await.unwrap();
    let mut incoming = timeout(PATIENCE, alice.files.recv()).await.unwrap().unwrap();
    assert_eq!((incoming.node, found), (bob.node, alice.node));
    stream.write_all(b"which file?").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut asked = String::new();
    incoming.stream.read_to_string(&mut asked).await.unwrap();
    assert_eq!(asked, "which file?");

    let error = bob.dialer.file(addr(&alice), Some(bob.node)).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied);
    let (closed, to) = listener().await;
    drop(closed);
    assert!(bob.dialer.file(to, None).await.is_err());
}
