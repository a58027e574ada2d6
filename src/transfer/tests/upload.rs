//! What the server says to curl, to the curious, to the slow and to the rude.

use super::*;

/// A server with one file of 3 MiB, and what a raw client says to it.
struct Rig {
    server: Home,
    uploads: Transfers,
    magnet: Magnet,
}

impl Rig {
    fn new() -> Self {
        let server = Home::new(&World::default());
        let (uploads, magnet) = (server.start(), server.share("song", &content(3 * MIB), 1));
        Self { server, uploads, magnet }
    }

    fn connect(&self, name: u8, pipe: usize) -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(pipe);
        let uploads = self.uploads.clone();
        tokio::spawn(async move { uploads.serve(theirs, peer(name)).await });
        ours
    }

    /// One request on a connection of its own: the answer's head and its body.
    async fn ask(&self, request: &str) -> (String, Vec<u8>) {
        let mut stream = self.connect(1, PIPE);
        let request = request.replace("HASH", &self.magnet.id.to_string());
        stream.write_all(format!("{request}\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes()).await.unwrap();
        let head = read_head(&mut stream).await.unwrap().to_ascii_lowercase();
        let mut body = vec![];
        let _ = stream.read_to_end(&mut body).await;
        (head, body)
    }
}

#[tokio::test(start_paused = true)]
async fn http_is_spoken_as_curl_expects_it() {
    let rig = Rig::new();
    let bytes = content(3 * MIB);
    let (head, body) = rig.ask("GET /file/HASH HTTP/1.1").await;
    assert!(head.starts_with("http/1.1 200") && head.contains("accept-ranges: bytes") && body == bytes, "{head}");
    let (head, body) = rig.ask("GET /file/HASH HTTP/1.1\r\nrange: bytes=1048000-2098000").await;
    assert!(
        head.starts_with("http/1.1 206") && head.contains("content-range: bytes 1048000-2098000/3145728"),
        "{head}"
    );
    assert!(body == bytes[1_048_000..=2_098_000]);
    let (head, body) = rig.ask("HEAD /file/HASH HTTP/1.1").await;
    assert!(head.starts_with("http/1.1 200") && head.contains("content-length: 3145728") && body.is_empty(), "{head}");
    let (head, body) = rig.ask("GET /groups/HASH HTTP/1.1").await;
    assert!(head.contains("x-file-size: 3145728") && body == describe(&bytes).1.as_flattened(), "{head}");
    let (head, _) = rig.ask("GET /file/HASH HTTP/1.1\r\nrange: bytes=9999999-").await;
    assert!(head.starts_with("http/1.1 416") && head.contains("content-range: bytes */3145728"), "{head}");
    let (head, _) = rig.ask("POST /file/HASH HTTP/1.1").await;
    assert!(head.starts_with("http/1.1 405") && head.contains("allow: get, head"), "{head}");
}

#[tokio::test(start_paused = true)]
async fn only_shared_files_have_a_path() {
    let rig = Rig::new();
    let other = "0".repeat(64);
    for path in ["/", "/file/", "/file/abc", "/file/../../etc/passwd", "/etc/passwd", "/file/HASH/x", "/groups/%2e%2e"]
    {
        let (head, _) = rig.ask(&format!("GET {path} HTTP/1.1")).await;
        assert!(head.starts_with("http/1.1 404"), "{path}: {head}");
    }
    let (head, body) = rig.ask(&format!("GET /file/{other} HTTP/1.1")).await;
    assert!(head.starts_with("http/1.1 404") && body == b"this node does not share that file\n");
}

#[tokio::test(start_paused = true)]
async fn a_file_that_changed_is_not_sent() {
    let rig = Rig::new();
    let path = rig.server.dir.path().join("song");
    fs::write(&path, content(3 * MIB - 1)).unwrap();
    for kind in ["file", "groups"] {
        let (head, body) = rig.ask(&format!("GET /{kind}/HASH HTTP/1.1")).await;
        assert!(head.starts_with("http/1.1 410"), "{head}");
        assert!(String::from_utf8(body).unwrap().contains("changed since it was hashed"));
    }
    fs::remove_file(&path).unwrap();
    let (head, body) = rig.ask("GET /file/HASH HTTP/1.1").await;
    assert!(head.starts_with("http/1.1 410") && body.starts_with(b"the file is no longer there"), "{head}");
}

#[tokio::test(start_paused = true)]
async fn a_file_whose_time_was_forged_has_no_groups() {
    let rig = Rig::new();
    let shared = rig.server.shelf.locate(&rig.magnet.id).unwrap();
    fs::write(&shared.path, vec![0; 3 * MIB]).unwrap();
    fs::File::options().write(true).open(&shared.path).unwrap().set_modified(shared.mtime).unwrap();
    let (head, _) = rig.ask("GET /groups/HASH HTTP/1.1").await;
    assert!(head.starts_with("http/1.1 410"), "{head}");
}

#[tokio::test(start_paused = true)]
async fn a_file_that_changes_while_it_is_sent_is_cut_off() {
    let rig = Rig::new();
    let mut stream = rig.connect(1, 1_000);
    stream.write_all(format!("GET /file/{} HTTP/1.1\r\nhost: x\r\n\r\n", rig.magnet.id).as_bytes()).await.unwrap();
    read_head(&mut stream).await.unwrap();
    fs::File::options().append(true).open(rig.server.dir.path().join("song")).unwrap().set_len(7).unwrap();
    let mut body = vec![];
    let _ = stream.read_to_end(&mut body).await;
    assert!(body.len() < 3 * MIB, "{}", body.len());
    let line = end(&rig.uploads, 1).await;
    assert_eq!(line.state, TransferState::Failed);
    assert!(line.why.as_deref().unwrap().contains("changed since"), "{line:?}");
}

#[tokio::test(start_paused = true)]
async fn slots_are_given_in_turn_and_the_queue_is_bounded() {
    let rig = Rig::new();
    // Two slots, a queue of four.
    let request = format!("GET /file/{} HTTP/1.1\r\nhost: x\r\n\r\n", rig.magnet.id);
    let mut streams = vec![];
    for name in 1..=7 {
        let mut stream = rig.connect(name, 1_000);
        stream.write_all(request.as_bytes()).await.unwrap();
        let head = read_head(&mut stream).await.unwrap().to_ascii_lowercase();
        match name {
            1..=2 => assert!(head.starts_with("http/1.1 200"), "{head}"),
            3..=6 => assert!(
                head.starts_with("http/1.1 503")
                    && head.contains(&format!("retry-after: {}", name - 2))
                    && head.contains(&format!("x-queue-position: {}", name - 2)),
                "{head}"
            ),
            _ => assert!(head.starts_with("http/1.1 503") && !head.contains("x-queue"), "{head}"),
        }
        streams.push(stream);
    }
}

#[tokio::test(start_paused = true)]
async fn the_slow_and_the_rude_are_cut_off() {
    let rig = Rig::new();
    let began = tokio::time::Instant::now();
    let mut body = vec![];
    // A request that never ends, and a connection that says nothing.
    for beginning in ["GET /file/", ""] {
        let mut stream = rig.connect(1, PIPE);
        stream.write_all(beginning.as_bytes()).await.unwrap();
        let _ = stream.read_to_end(&mut body).await;
    }
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
    // A head without end.
    let mut stream = rig.connect(1, PIPE);
    let _ = stream.write_all(format!("GET / HTTP/1.1\r\nx: {}", "x".repeat(1_000_000)).as_bytes()).await;
    let _ = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut body)).await.unwrap();
    // One that asks and then reads nothing loses its slot.
    let mut stream = rig.connect(1, 1_000);
    stream.write_all(format!("GET /file/{} HTTP/1.1\r\nhost: x\r\n\r\n", rig.magnet.id).as_bytes()).await.unwrap();
    until_listed(&rig.uploads).await;
    let line = end(&rig.uploads, 1).await;
    assert!(line.state == TransferState::Failed && line.why.as_deref().unwrap().contains("went away"), "{line:?}");
}

async fn until_listed(transfers: &Transfers) {
    let mut changes = transfers.changes();
    while transfers.list().is_empty() {
        changes.changed().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_stopped_upload_is_not_taken_up_again() {
    let world = World::default();
    let (server, client) = (Home::new(&world), Home::new(&world));
    let (uploads, downloads) = (server.start(), client.start());
    let magnet = server.share("song", &content(2 * MIB), 1);
    let mut stream = {
        let (ours, theirs) = tokio::io::duplex(1_000);
        let uploads = uploads.clone();
        tokio::spawn(async move { uploads.serve(theirs, peer(9)).await });
        ours
    };
    stream.write_all(format!("GET /file/{} HTTP/1.1\r\nhost: x\r\n\r\n", magnet.id).as_bytes()).await.unwrap();
    read_head(&mut stream).await.unwrap();
    let id = uploads.list()[0].id;
    uploads.cancel(id).unwrap();
    assert_eq!(end(&uploads, id).await.state, TransferState::Cancelled);
    world.serve(1, &uploads);
    let (why, _) = fail(&downloads, &magnet).await;
    assert!(why.contains("the owner of the file stopped this transfer"), "{why}");
}
