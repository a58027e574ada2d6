//! The whole face over a real socket, with an engine that answers from a script.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, mpsc, watch};

use super::{Answer, Claim, Client, ClientError, Lines, SearchBody, Server};
use crate::app::{
    Command, Direction, Done, DoneWhy, Event, FileId, FilesPage, Guid, Handle, Home, LibraryStatus, NodeId, NodeStatus,
    Refusal, Role, RoleStatus, Snapshot, TopologyKind, Traffic, Transfer, TransferState, Untrusted,
};

const GUID: Guid = Guid([7; 16]);
/// Events that the engine keeps for a reader that is behind.
const BACKLOG: usize = 16;
/// For what must happen; nothing waits that long unless it is broken.
const PATIENCE: Duration = Duration::from_secs(20);

struct World {
    home: Home,
    server: Option<Server>,
    commands: mpsc::Receiver<Command>,
    events: broadcast::Sender<Event>,
    snapshots: watch::Sender<Arc<Snapshot>>,
    _folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let home = Home { config: path.clone(), state: path.clone(), socket: path.join("control.sock") };
        let (sender, commands) = mpsc::channel(8);
        let (snapshots, receiver) = watch::channel(Arc::new(snapshot()));
        let (events, _) = broadcast::channel(BACKLOG);
        let handle = Handle::new(sender, receiver, events.clone());
        let server = Server::start(Claim::take(&home).unwrap(), handle).unwrap();
        Self { home, server: Some(server), commands, events, snapshots, _folder: folder }
    }

    fn client(&self) -> Client {
        Client::new(&self.home)
    }

    async fn command(&mut self) -> Command {
        tokio::time::timeout(PATIENCE, self.commands.recv()).await.unwrap().unwrap()
    }

    /// A request as it goes over the wire, and all of the answer.
    async fn raw(&self, request: impl Into<Vec<u8>>) -> String {
        let (socket, request) = (self.home.socket.clone(), request.into());
        let talk = move || {
            let mut stream = UnixStream::connect(socket).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            // A server that has heard enough closes before the last byte is sent.
            let _ = stream.write_all(&request);
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            String::from_utf8(answer).unwrap()
        };
        tokio::task::spawn_blocking(talk).await.unwrap()
    }
}

fn snapshot() -> Snapshot {
    let role = RoleStatus {
        topology: TopologyKind::Flood,
        role: Role::Peer,
        why: "equal among equals".into(),
        since_ms: 0,
        neighbors: 0,
        min_neighbors: 4,
        max_neighbors: 16,
        known_hosts: 0,
        follows: false,
        ultra: None,
        directory: None,
        serving: None,
    };
    let node = NodeStatus {
        node: NodeId([1; 32]),
        name: "mallard".into(),
        addr: "127.0.0.1:6346".parse::<std::net::SocketAddr>().unwrap().into(),
        control: None,
        version: "0.1.0".into(),
        started: "2026-01-01T00:00:00Z".into(),
        ttl: 7,
        hop_delay_ms: 0,
        downloads: "/d".into(),
    };
    Snapshot {
        node: Arc::new(node),
        uptime_ms: 5,
        neighbors: Vec::new(),
        queries: Vec::new(),
        searches: Vec::new(),
        role,
        transfers: vec![Arc::new(transfer(3, 10, TransferState::Active))],
        library: Arc::new(LibraryStatus::default()),
        traffic: Traffic::default(),
        log: Arc::new([]),
        warnings: Arc::new([]),
        world: None,
        recorded: None,
    }
}

fn transfer(id: u64, bytes: u64, state: TransferState) -> Transfer {
    Transfer {
        id,
        direction: Direction::Download,
        name: "a\u{1b}.flac".into(),
        hash: FileId([0; 32]),
        bytes,
        size: 100,
        rate: 0,
        sources: 1,
        state,
        why: None,
        peer: Untrusted::default(),
    }
}

fn query() -> Event {
    Event::Query { guid: GUID, text: "blue".into(), ttl: 3, strategy: "flood".into(), walkers: None }
}

fn done() -> Event {
    Event::Done(Done {
        guid: GUID,
        hits: 0,
        reached: 2,
        messages: 2,
        duplicates: 0,
        bytes: 60,
        reports: 2,
        report_bytes: 300,
        first_hit_ms: None,
        elapsed_ms: 9,
        strategy: crate::app::Spread::Flood,
        topology: TopologyKind::Flood,
        why: DoneWhy::Deadline,
    })
}

#[tokio::test]
async fn views_come_with_their_type_first() {
    let world = World::new();
    let (answer, text) = world.client().view("status").await.unwrap();
    assert!(text.starts_with(r#"{"type":"status","node":"0101"#), "{text}");
    assert!(matches!(answer, Answer::Status(status) if status.transfers == 1 && status.uptime_ms == 5));
    let (_, text) = world.client().view("transfers").await.unwrap();
    assert!(text.contains(r#""name":"a\u001b.flac""#), "JSON carries names raw, escaped: {text}");
    for view in ["neighbors", "queries"] {
        let (_, text) = world.client().view(view).await.unwrap();
        assert_eq!(text, format!(r#"{{"type":"{view}","{view}":[]}}"#));
    }
}

#[tokio::test]
async fn files_pass_their_parameters_on_and_a_page_is_bounded() {
    let mut world = World::new();
    let client = world.client();
    let asked = tokio::spawn(async move { client.files("a b&c=é", 20, 1_000_000).await });
    let Command::Files(filter, offset, limit, reply) = world.command().await else { panic!("another command") };
    assert_eq!((filter.as_str(), offset, limit), ("a b&c=é", 20, super::MAX_FILES_A_PAGE));
    reply.send(Ok(FilesPage { total: 21, offset, files: Vec::new() })).unwrap();
    assert!(matches!(asked.await.unwrap().unwrap().0, Answer::Files(page) if page.total == 21));
    let answer = world.raw("GET /v1/files?sort=size HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("no parameter `sort`"), "{answer}");
}

#[tokio::test]
async fn a_search_streams_its_own_events_and_ends_with_done() {
    let mut world = World::new();
    let client = world.client();
    let asked = tokio::spawn(async move {
        let body = SearchBody { text: "blue".into(), ttl: Some(3), timeout_ms: Some(50), ..SearchBody::default() };
        let mut lines = client.search(&body).await.unwrap();
        let mut texts = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            texts.push(line.text);
        }
        texts
    });
    let Command::Search(request, reply) = world.command().await else { panic!("another command") };
    assert_eq!(
        (request.text.as_str(), request.ttl, request.timeout),
        ("blue", Some(3), Some(Duration::from_millis(50)))
    );
    // The first event may come before the answer does.
    world.events.send(query()).unwrap();
    reply.send(Ok(GUID)).unwrap();
    world
        .events
        .send(Event::Query {
            guid: Guid([8; 16]),
            text: "other".into(),
            ttl: 1,
            strategy: "flood".into(),
            walkers: None,
        })
        .unwrap();
    world.events.send(Event::Transfer(transfer(3, 20, TransferState::Done))).unwrap();
    world.events.send(done()).unwrap();
    let texts = asked.await.unwrap();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(
        texts[0].starts_with(r#"{"type":"query","guid":"0707"#) && texts[1].contains(r#""why":"deadline""#),
        "{texts:?}"
    );
}

async fn search_for_x(client: Client) -> Lines {
    client.search(&SearchBody { text: "x".into(), ..SearchBody::default() }).await.unwrap()
}

#[tokio::test]
async fn closing_the_connection_cancels_the_search() {
    let mut world = World::new();
    let asked = tokio::spawn(search_for_x(world.client()));
    let Command::Search(_, reply) = world.command().await else { panic!("another command") };
    reply.send(Ok(GUID)).unwrap();
    drop(asked.await.unwrap());
    let Command::CancelSearch(guid, _) = world.command().await else { panic!("another command") };
    assert_eq!(guid, GUID);
}

#[tokio::test]
async fn a_slow_reader_is_told_what_it_lost_and_its_search_still_ends() {
    let mut world = World::new();
    let asked = tokio::spawn(search_for_x(world.client()));
    let Command::Search(_, reply) = world.command().await else { panic!("another command") };
    // More than the engine keeps, before the stream is read for the first time; `done` is among the lost.
    world.events.send(done()).unwrap();
    for _ in 0..BACKLOG + 4 {
        world.events.send(Event::Transfer(transfer(9, 1, TransferState::Active))).unwrap();
    }
    let mut snapshot = snapshot();
    snapshot.searches = vec![Arc::new(ended())];
    reply.send(Ok(GUID)).unwrap();
    let mut lines = asked.await.unwrap();
    let lost = lines.next().await.unwrap().unwrap();
    assert!(lost.text.contains(r#""code":"events_lost","message":"5 events"#), "{}", lost.text);
    world.snapshots.send_replace(Arc::new(snapshot));
    assert!(
        matches!(lines.next().await.unwrap().unwrap().event, Some(Event::Done(done)) if done.why == DoneWhy::Enough)
    );
    assert!(lines.next().await.unwrap().is_none());
}

fn ended() -> crate::app::Search {
    let row = crate::app::QueryRow {
        guid: GUID,
        text: "x".into(),
        own: true,
        ttl: 7,
        ttl_left: 0,
        nodes: 0,
        duplicates: 0,
        hits: 0,
        age_ms: 0,
        state: crate::app::QueryState::Done,
        strategy: crate::app::Spread::Flood,
        round: None,
    };
    crate::app::Search {
        topology: TopologyKind::Flood,
        strategy: crate::app::Strategy::Flood,
        rounds: Vec::new(),
        row,
        hits: Arc::new([]),
        by_hop: Vec::new(),
        sent_here: 0,
        messages: 0,
        bytes: 0,
        reports: 2,
        report_bytes: 300,
        first_hit_ms: None,
        elapsed_ms: 0,
        ended: Some(DoneWhy::Enough),
        traced: true,
        lost_reports: 0,
        hops: Arc::new([]),
    }
}

#[tokio::test]
async fn events_stream_until_the_node_stops() {
    let mut world = World::new();
    let mut lines = world.client().events().await.unwrap();
    world.events.send(query()).unwrap();
    assert!(matches!(lines.next().await.unwrap().unwrap().event, Some(Event::Query { .. })));
    world.events.send(done()).unwrap();
    world.server.take().unwrap().stop().await;
    assert!(matches!(lines.next().await.unwrap().unwrap().event, Some(Event::Done(_))), "said before the stop");
    assert!(lines.next().await.unwrap().is_none());
    assert!(!world.home.socket.exists());
    assert!(matches!(world.client().view("status").await, Err(ClientError::NoNode(_))));
}

#[tokio::test]
async fn refusals_keep_their_words_and_get_a_status() {
    let mut world = World::new();
    let client = world.client();
    let asked = tokio::spawn(async move { client.get("magnet:?x").await });
    let Command::Get(magnet, reply) = world.command().await else { panic!("another command") };
    assert_eq!(magnet, "magnet:?x");
    reply.send(Err(Refusal::new("bad_magnet", "that is no magnet link", "copy one"))).unwrap();
    let Err(ClientError::Refused { code, message, hint }) = asked.await.unwrap() else { panic!("not refused") };
    assert_eq!((code.as_str(), message.as_str(), hint.as_str()), ("bad_magnet", "that is no magnet link", "copy one"));
    let client = world.client();
    let asked = tokio::spawn(async move { client.cancel_transfer(77).await });
    let Command::CancelTransfer(77, reply) = world.command().await else { panic!("another command") };
    reply.send(Ok(())).unwrap();
    asked.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_topology_is_changed_or_proposed_and_the_answer_tells_what_holds() {
    let mut world = World::new();
    let client = world.client();
    let asked = tokio::spawn(async move { client.set_topology("central", false).await });
    let Command::SetTopology(TopologyKind::Central, reply) = world.command().await else { panic!("another command") };
    let mut changed = snapshot();
    (changed.role.topology, changed.role.role) = (TopologyKind::Central, Role::Client);
    world.snapshots.send_replace(Arc::new(changed));
    reply.send(Ok(())).unwrap();
    let (answer, text) = asked.await.unwrap().unwrap();
    assert!(matches!(answer, Answer::Topology(role) if role.role == Role::Client), "{text}");
    assert!(text.starts_with(r#"{"type":"topology","topology":"central","role":"client""#), "{text}");
    let client = world.client();
    let asked = tokio::spawn(async move { client.set_topology("flood", true).await });
    let Command::ProposeTopology(TopologyKind::Flood, reply) = world.command().await else { panic!("another command") };
    reply.send(Err(Refusal::new("proposal", "too many of them", "wait"))).unwrap();
    assert!(matches!(asked.await.unwrap(), Err(ClientError::Refused { code, .. }) if code == "proposal"));
}

#[tokio::test]
async fn what_makes_no_sense_gets_a_fitting_status_and_json() {
    let world = World::new();
    let post = |path: &str, body: &str| {
        format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    };
    let cases = [
        ("GET /v2/status HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(), "404", "no_such_path"),
        ("GET /v1/status/x HTTP/1.1\r\nhost: x\r\n\r\n".into(), "404", "no_such_path"),
        ("PUT /v1/status HTTP/1.1\r\nhost: x\r\n\r\n".into(), "405", "it takes GET"),
        ("GET /v1/transfers/3 HTTP/1.1\r\nhost: x\r\n\r\n".into(), "405", "it takes DELETE"),
        ("DELETE /v1/neighbors/xyz HTTP/1.1\r\nhost: x\r\n\r\n".into(), "400", "64 hexadecimal digits"),
        (post("/v1/search", "{"), "400", "EOF"),
        (post("/v1/search", r#"{"text":"a","tll":3}"#), "400", "unknown field `tll`"),
        (post("/v1/search", r#"{"text":"a","ttl":0}"#), "400", "a TTL of 0 reaches nobody"),
        (post("/v1/search", r#"{"text":"a","ttl":300}"#), "400", "u8"),
        (post("/v1/topology", r#"{"topology":"telepathy"}"#), "400", "it has flood, ultrapeer and central"),
        (post("/v1/topology", r#"{"topology":"flood","propse":true}"#), "400", "unknown field `propse`"),
        (post("/v1/get", &format!(r#"{{"magnet":"{}"}}"#, "x".repeat(super::MAX_BODY))), "413", "too_large"),
    ];
    for (request, status, words) in cases {
        let shown = request.chars().take(60).collect::<String>();
        let answer = world.raw(request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{shown:?}: {answer}");
        assert!(answer.contains(r#"{"type":"error","code":""#) && answer.contains(words), "{shown:?}: {answer}");
    }
    let heads = format!("GET /v1/status HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(1_000));
    assert!(world.raw(heads).await.starts_with("HTTP/1.1 431"));
    let head = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(1 << 20));
    assert!(world.raw(head).await.starts_with("HTTP/1.1 4"));
    assert!(world.raw(b"\x16\x03\x01 garbage\r\n\r\n".to_vec()).await.starts_with("HTTP/1.1 400"));
}

#[tokio::test]
async fn more_connections_than_there_is_room_for_are_told_so() {
    let world = World::new();
    let mut streams = Vec::new();
    for _ in 0..super::MAX_CONNECTIONS {
        streams.push(world.client().events().await.unwrap());
    }
    let answer = world.raw("GET /v1/status HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains(r#""code":"busy""#), "{answer}");
    streams.clear();
    // Room comes back as the server notices, which the last of them makes it do.
    let status = async {
        while world.client().view("status").await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, status).await.unwrap();
}
