//! Whole nodes over real loopback sockets.

mod delivery;
mod hostile;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::{Identity, Net, NetCommand, NetError, NetSearch, NetSettings, NetStatus, SearchError, start};
use crate::overlay::{self, Delivery, Event, FoundFile, Hello, Library, Role, Strategy, TopologyKind};
use crate::proto::{FileId, Guid, NodeId, PeerAddr, Query};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Shares one file, which matches every query that its name contains.
struct OneFile(&'static str);

impl Library for OneFile {
    fn find(&self, query: &Query, _: usize, found: &mut Vec<FoundFile>) {
        if !self.0.is_empty() && self.0.contains(query.text()) {
            found.push(FoundFile { name: self.0.into(), size: 7, id: FileId([7; 32]) });
        }
    }

    fn totals(&self) -> (u64, u64) {
        (u64::from(!self.0.is_empty()), 7)
    }

    fn each(&self, visit: &mut dyn FnMut(&str, u64, &FileId)) {
        if !self.0.is_empty() {
            visit(self.0, 7, &FileId([7; 32]));
        }
    }
}

/// Settings of a node on loopback that links to `peers` only.
fn settings(peers: &[&Net]) -> NetSettings {
    NetSettings {
        listen: ([127, 0, 0, 1], 0).into(),
        name: "tester".to_owned(),
        agent: "hopscope/test".to_owned(),
        identity: Identity::ephemeral().unwrap(),
        peers: peers.iter().map(|peer| peer.bound.to_string()).collect(),
        directories: Vec::new(),
        remembered: Vec::new(),
        discovery: false,
        passphrase: None,
        core: overlay::Config { only_peers: true, ..overlay::Config::default() },
    }
}

/// What a plain peer says of itself.
fn hello(name: &str) -> Hello {
    Hello {
        name: name.into(),
        agent: "".into(),
        listen: None,
        observed: None,
        topology: TopologyKind::Flood,
        role: Role::Peer,
        serves: false,
    }
}

async fn node(peers: &[&Net], file: &'static str) -> Net {
    start(settings(peers), Arc::new(OneFile(file)), None).await.unwrap()
}

/// The first event that `pick` wants; the others are dropped.
async fn event<T>(net: &mut Net, pick: impl Fn(Event) -> Option<T>) -> T {
    let wanted = async {
        loop {
            let event = net.events.recv().await.expect("the driver runs");
            if let Some(found) = pick(event) {
                return found;
            }
        }
    };
    timeout(PATIENCE, wanted).await.expect("the event comes")
}

async fn neighbor_up(net: &mut Net) -> NodeId {
    event(net, |event| if let Event::NeighborUp { peer, .. } = event { Some(peer.id) } else { None }).await
}

async fn neighbor_down(net: &mut Net) -> (NodeId, String) {
    event(net, |event| if let Event::NeighborDown { node, why, .. } = event { Some((node, why)) } else { None }).await
}

/// Waits for a status that `holds`.
async fn status(net: &mut Net, holds: impl Fn(&NetStatus) -> bool) -> Arc<NetStatus> {
    let found = timeout(PATIENCE, net.status.wait_for(|status| holds(status))).await;
    Arc::clone(&found.expect("the status comes").expect("the driver runs"))
}

fn query(text: &str, delivery: Delivery) -> NetSearch {
    NetSearch {
        text: text.to_owned(),
        ttl: 7,
        strategy: Strategy::Flood,
        timeout: Duration::from_secs(30),
        enough: 1,
        delivery,
        traced: false,
    }
}

async fn search(net: &Net, query: NetSearch) -> Result<Guid, SearchError> {
    let (reply, answer) = oneshot::channel();
    net.commands.send(NetCommand::Search(query, reply)).await.unwrap();
    answer.await.unwrap()
}

fn addr(net: &Net) -> PeerAddr {
    PeerAddr::from(net.bound)
}

#[tokio::test]
async fn two_nodes_link_up_and_see_each_other() {
    let mut alice = node(&[], "").await;
    let mut bob = node(&[&alice], "song.ogg").await;
    assert_eq!(neighbor_up(&mut bob).await, alice.node);
    assert_eq!(neighbor_up(&mut alice).await, bob.node);
    assert_eq!(alice.status.borrow().links.len(), 1, "the status is never behind the events");
    let seen = status(&mut alice, |status| status.links.iter().any(|link| link.rtt.is_some())).await;
    let link = &seen.links[0];
    assert_eq!((link.peer.id, link.peer.listen, link.inbound()), (bob.node, Some(addr(&bob)), true));
    assert_eq!((link.peer.name.raw(), link.files), ("tester", Some(1)));
    assert!(link.traffic.bytes_in > 0 && link.traffic.bytes_out > 0 && link.traffic.messages_in >= 2);
    assert_eq!(seen.own_addr, Some(addr(&alice)));
}

#[tokio::test]
async fn a_search_finds_a_file_two_hops_away_whichever_way_the_hit_comes() {
    let mut alice = node(&[], "").await;
    let mut bob = node(&[&alice], "").await;
    let mut carol = node(&[&bob], "song.ogg").await;
    assert_eq!(neighbor_up(&mut carol).await, bob.node);
    assert_eq!(neighbor_up(&mut alice).await, bob.node);
    // Alice's events come in order, so both of bob's links are up once carol is his neighbor.
    status(&mut bob, |status| status.links.len() == 2).await;
    for delivery in [Delivery::Direct, Delivery::Reverse] {
        let guid = search(&alice, query("song", delivery)).await.unwrap();
        let (found, node, via, hops) = event(&mut alice, |event| match event {
            Event::Hit { guid: of, node, via, hops, .. } if of == guid => Some((of, node, via, hops)),
            _ => None,
        })
        .await;
        assert_eq!((found, node, via, hops), (guid, carol.node, delivery, 2));
    }
}

#[tokio::test]
async fn a_search_that_is_none_is_refused() {
    let alice = node(&[], "").await;
    assert!(matches!(search(&alice, query("  ", Delivery::Direct)).await, Err(SearchError::Query(_))));
    assert!(matches!(search(&alice, query(&"x".repeat(300), Delivery::Direct)).await, Err(SearchError::TooLong(300))));
}

#[tokio::test]
async fn shutdown_says_goodbye_and_leaves_nothing_behind() {
    let mut alice = node(&[], "").await;
    let mut bob = node(&[&alice], "").await;
    neighbor_up(&mut alice).await;
    neighbor_up(&mut bob).await;
    timeout(PATIENCE, bob.shutdown.run()).await.expect("it ends");
    assert_eq!(bob.shutdown.tasks(), 0);
    let (gone, why) = neighbor_down(&mut alice).await;
    assert_eq!((gone, why.as_str()), (bob.node, "the node shuts down"));
    tokio::net::TcpListener::bind(bob.bound).await.expect("the port is free again");
    assert!(bob.commands.is_closed());
}

#[tokio::test]
async fn dropping_the_commands_ends_it_too() {
    let Net { commands, shutdown, .. } = node(&[], "").await;
    drop(commands);
    let gone = async {
        while shutdown.tasks() > 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, gone).await.expect("every task ends");
}

#[tokio::test]
async fn a_peer_can_be_added_by_name_and_sent_away() {
    let mut alice = node(&[], "").await;
    let bob = node(&[], "").await;
    let (reply, answer) = oneshot::channel();
    let name = format!("localhost:{}", bob.bound.port());
    alice.commands.send(NetCommand::AddPeer(name, reply)).await.unwrap();
    answer.await.unwrap().unwrap();
    assert_eq!(neighbor_up(&mut alice).await, bob.node);
    let disconnect = async |node| {
        let (reply, answer) = oneshot::channel();
        alice.commands.send(NetCommand::Disconnect(node, reply)).await.unwrap();
        answer.await.unwrap()
    };
    assert!(disconnect(bob.node).await);
    assert!(!disconnect(NodeId([0; 32])).await);
    assert_eq!(neighbor_down(&mut alice).await.0, bob.node);
    let (reply, answer) = oneshot::channel();
    alice.commands.send(NetCommand::AddPeer("nonsense".to_owned(), reply)).await.unwrap();
    assert!(answer.await.unwrap().unwrap_err().to_string().contains("host:port"));
}

#[tokio::test]
async fn a_node_does_not_stay_linked_to_itself() {
    // Listening on all addresses it does not know yet that this is one of them.
    let mut open = settings(&[]);
    open.listen = ([0, 0, 0, 0], 0).into();
    let mut alice = start(open, Arc::new(OneFile("")), None).await.unwrap();
    let (reply, answer) = oneshot::channel();
    let own = format!("127.0.0.1:{}", alice.bound.port());
    alice.commands.send(NetCommand::AddPeer(own, reply)).await.unwrap();
    answer.await.unwrap().unwrap();
    let seen = status(&mut alice, |status| status.net.accepted > 0 && status.dialling.is_empty()).await;
    assert!(seen.links.is_empty());
}

#[tokio::test]
async fn a_port_in_use_and_a_bad_peer_are_said_clearly() {
    let alice = node(&[], "").await;
    let mut taken = settings(&[]);
    taken.listen = alice.bound;
    let error = start(taken, Arc::new(OneFile("")), None).await.err().unwrap();
    assert!(matches!(error, NetError::InUse(_)));
    assert!(error.hint().contains("--listen"), "{error}: {}", error.hint());

    let mut bad = settings(&[]);
    bad.peers = vec!["peer.example".to_owned()];
    let error = start(bad, Arc::new(OneFile("")), None).await.err().unwrap();
    assert_eq!(error.code(), "bad_peer");

    let mut elsewhere = settings(&[]);
    elsewhere.listen = "192.0.2.1:0".parse().unwrap();
    let error = start(elsewhere, Arc::new(OneFile("")), None).await.err().unwrap();
    assert!(matches!(error, NetError::NotLocal(_)));
}

#[tokio::test]
async fn a_wildcard_listener_knows_or_learns_an_address_at_which_it_answers() {
    let alice = node(&[], "").await;
    let mut open = settings(&[&alice]);
    open.listen = ([0, 0, 0, 0], 0).into();
    let mut bob = start(open, Arc::new(OneFile("")), None).await.unwrap();
    let seen = status(&mut bob, |status| status.own_addr.is_some()).await;
    assert_eq!(seen.own_addr.unwrap().0.port(), bob.bound.port());
    alice.dialer.file(seen.own_addr.unwrap(), Some(bob.node)).await.expect("it is reached there");
}

#[tokio::test]
async fn a_long_name_is_cut_between_characters() {
    let alice = node(&[], "").await;
    let mut long = settings(&[&alice]);
    long.name = format!("x{}", "é".repeat(100));
    let mut bob = start(long, Arc::new(OneFile("")), None).await.unwrap();
    neighbor_up(&mut bob).await;
    let mut alice = alice;
    let seen = status(&mut alice, |status| !status.links.is_empty()).await;
    assert_eq!(seen.links[0].peer.name.raw(), format!("x{}", "é".repeat(31)));
}

#[tokio::test]
async fn nodes_on_one_network_find_each_other_unless_they_are_told_not_to() {
    let discovering = || {
        let mut settings = settings(&[]);
        (settings.discovery, settings.core.only_peers) = (true, false);
        settings
    };
    let mut alice = start(discovering(), Arc::new(OneFile("")), None).await.unwrap();
    let bob = start(discovering(), Arc::new(OneFile("")), None).await.unwrap();
    // Other nodes may be on this machine as well.
    let found = async { while neighbor_up(&mut alice).await != bob.node {} };
    timeout(PATIENCE, found).await.expect("they find each other");
    let found_bob = alice.status.borrow().clone();
    assert!(found_bob.net.events_lost == 0);
    timeout(PATIENCE, alice.shutdown.run()).await.expect("discovery ends too");
}

#[tokio::test]
async fn an_empty_passphrase_does_not_open_a_private_overlay() {
    let mut private = settings(&[]);
    private.passphrase = Some(" \n".to_owned());
    assert!(matches!(start(private, Arc::new(OneFile("")), None).await.err(), Some(NetError::EmptyPassphrase)));
}
