//! Both ends together, over streams in memory and files in a temporary folder.

mod disk;
mod download;
mod upload;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::partial::Folder;
use super::verify::tests::{content, describe};
use super::*;
use crate::proto::{FileId, Magnet, MagnetSource, NodeId, PeerAddr, Untrusted};

const MIB: usize = 1 << 20;

/// Bytes that a stream in memory holds.
const PIPE: usize = 256 * 1024;

/// A network: what answers at each address.
#[derive(Clone, Default)]
struct World {
    nodes: Arc<Mutex<BTreeMap<PeerAddr, Node>>>,
}

type Node = Arc<dyn Fn(DuplexStream) + Send + Sync>;

impl Dial for World {
    fn dial(&self, addr: PeerAddr, _: Option<NodeId>) -> BoxFuture<'_, io::Result<(BoxStream, NodeId)>> {
        let node = self.nodes.lock().unwrap().get(&addr).cloned();
        Box::pin(async move {
            let node = node.ok_or(io::ErrorKind::ConnectionRefused)?;
            let (ours, theirs) = tokio::io::duplex(PIPE);
            node(theirs);
            // Who answers is told by its port.
            Ok((Box::new(ours) as BoxStream, NodeId([addr.0.port() as u8; 32])))
        })
    }
}

fn addr(port: u16) -> PeerAddr {
    PeerAddr(SocketAddr::from(([127, 0, 0, 1], port)))
}

impl World {
    /// A node that answers as hopscope does.
    fn serve(&self, port: u16, transfers: &Transfers) {
        let transfers = transfers.clone();
        self.add(port, move |stream| {
            let transfers = transfers.clone();
            // The node at the other end: all dials come from one.
            tokio::spawn(async move { transfers.serve(stream, peer(9)).await });
        });
    }

    /// A node that answers every request with whatever bytes `answer` makes of its head, and closes after an empty answer.
    fn raw(&self, port: u16, answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) {
        let answer = Arc::new(answer);
        self.add(port, move |mut stream| {
            let answer = Arc::clone(&answer);
            tokio::spawn(async move {
                while let Some(head) = read_head(&mut stream).await {
                    let bytes = answer(&head);
                    if bytes.is_empty() || stream.write_all(&bytes).await.is_err() {
                        return;
                    }
                }
            });
        });
    }

    fn add(&self, port: u16, node: impl Fn(DuplexStream) + Send + Sync + 'static) {
        self.nodes.lock().unwrap().insert(addr(port), Arc::new(node));
    }
}

/// The files that a node offers.
#[derive(Default)]
struct Shelf(Mutex<BTreeMap<FileId, SharedFile>>);

impl Files for Shelf {
    fn locate(&self, id: &FileId) -> Option<SharedFile> {
        self.0.lock().unwrap().get(id).cloned()
    }
}

/// A node with a folder of its own.
struct Home {
    dir: tempfile::TempDir,
    shelf: Arc<Shelf>,
    world: World,
    settings: TransferSettings,
}

impl Home {
    fn new(world: &World) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let downloads = dir.path().join("downloads");
        let settings = TransferSettings { downloads, parallel_downloads: 2, upload_slots: 2, upload_queue: 4 };
        Self { dir, shelf: Arc::default(), world: world.clone(), settings }
    }

    fn start(&self) -> Transfers {
        Transfers::new(self.settings.clone(), self.shelf.clone(), Arc::new(self.world.clone()))
    }

    fn start_with(&self, folder: Folder) -> Transfers {
        Transfers::with_folder(&self.settings, folder, self.shelf.clone(), Arc::new(self.world.clone()))
    }

    /// Offers a file; returns its link with this node at `port`.
    fn share(&self, name: &str, bytes: &[u8], port: u16) -> Magnet {
        let path = self.dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        let meta = fs::metadata(&path).unwrap();
        let (id, _) = describe(bytes);
        let shared = SharedFile { path, size: meta.len(), mtime: meta.modified().unwrap() };
        self.shelf.0.lock().unwrap().insert(id, shared);
        Magnet { id, name: name.into(), size: Some(meta.len()), sources: vec![source(port)] }
    }

    fn downloaded(&self, name: &str) -> Vec<u8> {
        fs::read(self.settings.downloads.join(name)).unwrap()
    }

    fn incomplete(&self, id: &FileId, extension: &str) -> PathBuf {
        self.settings.downloads.join(".incomplete").join(format!("{id}.{extension}"))
    }
}

fn source(port: u16) -> MagnetSource {
    MagnetSource { addr: addr(port), node: None }
}

fn peer(name: u8) -> PeerInfo {
    PeerInfo { node: NodeId([name; 32]), name: Untrusted::from("peer") }
}

fn line(transfers: &Transfers, id: u64) -> Arc<Transfer> {
    transfers.list().into_iter().find(|transfer| transfer.id == id).unwrap()
}

/// Waits until a transfer is as it should be.
async fn until(transfers: &Transfers, id: u64, wanted: impl Fn(&Transfer) -> bool) -> Arc<Transfer> {
    let mut changes = transfers.changes();
    let reached = async {
        loop {
            let line = line(transfers, id);
            if wanted(&line) {
                return line;
            }
            changes.changed().await.unwrap();
        }
    };
    match tokio::time::timeout(Duration::from_secs(600), reached).await {
        Ok(line) => line,
        Err(_) => panic!("it never happened: {:?}", line(transfers, id)),
    }
}

async fn end(transfers: &Transfers, id: u64) -> Arc<Transfer> {
    until(transfers, id, |transfer| transfer.state.is_final()).await
}

/// Downloads, and expects that to work.
async fn get(transfers: &Transfers, magnet: &Magnet) -> String {
    let id = transfers.start(magnet.clone()).unwrap();
    let line = end(transfers, id).await;
    assert_eq!(line.state, TransferState::Done, "{line:?}");
    assert_eq!(line.bytes, line.size);
    let path = line.why.clone().unwrap();
    Path::new(&path).file_name().unwrap().to_string_lossy().into_owned()
}

/// Downloads, and expects that to fail; returns the reason.
async fn fail(transfers: &Transfers, magnet: &Magnet) -> (String, u64) {
    let id = transfers.start(magnet.clone()).unwrap();
    let line = end(transfers, id).await;
    assert_eq!(line.state, TransferState::Failed, "{line:?}");
    (line.why.clone().unwrap(), line.bytes)
}

/// The head of a request or an answer; `None` at the end of the stream.
async fn read_head(stream: &mut DuplexStream) -> Option<String> {
    let mut head = vec![];
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(head).ok()
}

/// The first and the last byte of the range that a request asks for.
fn asked(head: &str) -> Option<(usize, usize)> {
    let line =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("range: bytes=").map(str::to_owned))?;
    let (first, last) = line.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?))
}

/// What an honest node answers to a request for a file; `tamper` may change the bytes that it sends.
fn honest(bytes: &[u8], head: &str, tamper: impl Fn(usize, &mut Vec<u8>)) -> Vec<u8> {
    let (extra, body) = match asked(head) {
        None => (format!("x-file-size: {}\r\n", bytes.len()), describe(bytes).1.as_flattened().to_vec()),
        Some((first, last)) => {
            let mut body = bytes[first..=last].to_vec();
            tamper(first, &mut body);
            (format!("content-range: bytes {first}-{last}/{}\r\n", bytes.len()), body)
        }
    };
    let status = if extra.starts_with('x') { "200 OK" } else { "206 Partial Content" };
    let length = match asked(head) {
        Some((first, last)) => last - first + 1,
        None => body.len(),
    };
    [format!("HTTP/1.1 {status}\r\n{extra}content-length: {length}\r\n\r\n").into_bytes(), body].concat()
}
