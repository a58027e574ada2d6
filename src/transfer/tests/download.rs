//! Getting files from good, bad, busy and dead sources.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

#[tokio::test(start_paused = true)]
async fn a_file_arrives_whole_and_both_ends_say_so() {
    let world = World::default();
    let (server, client) = (Home::new(&world), Home::new(&world));
    let (uploads, downloads) = (server.start(), client.start());
    world.serve(1, &uploads);
    let bytes = content(3 * MIB + 500_000);
    let magnet = server.share("Jóga.flac", &bytes, 1);
    assert_eq!(get(&downloads, &magnet).await, "Jóga.flac");
    assert_eq!(client.downloaded("Jóga.flac"), bytes);
    assert!(!client.incomplete(&magnet.id, "journal").exists());
    let upload = end(&uploads, 1).await;
    assert_eq!((upload.state, upload.bytes, upload.direction), (TransferState::Done, upload.size, Direction::Upload));
    let length = bytes.len() as u64;
    assert_eq!(downloads.totals(), Totals { downloaded: length, uploaded: 0 });
    assert_eq!(uploads.totals(), Totals { downloaded: 0, uploaded: length });
}

#[tokio::test(start_paused = true)]
async fn files_of_every_size_come_with_and_without_their_size_in_the_link() {
    let world = World::default();
    let (server, client) = (Home::new(&world), Home::new(&world));
    let (uploads, downloads) = (server.start(), client.start());
    world.serve(1, &uploads);
    for length in [0, 1, MIB - 1, MIB, MIB + 1, 2 * MIB] {
        let bytes = content(length);
        let magnet = server.share("file.bin", &bytes, 1);
        let unsized_link = Magnet { size: None, ..magnet.clone() };
        let (first, second) = (get(&downloads, &magnet).await, get(&downloads, &unsized_link).await);
        assert_ne!(first, second, "a name is never taken twice");
        assert!(client.downloaded(&first) == bytes && client.downloaded(&second) == bytes, "{length}");
    }
}

#[tokio::test(start_paused = true)]
async fn hostile_names_stay_in_the_folder() {
    let world = World::default();
    let (server, client) = (Home::new(&world), Home::new(&world));
    let (uploads, downloads) = (server.start(), client.start());
    world.serve(1, &uploads);
    let magnet = server.share("a", b"hello", 1);
    for name in ["../../../etc/passwd", "..", "/", "a\0b\x1b[2J", &"x".repeat(70_000), "", ".hidden"] {
        let placed = get(&downloads, &Magnet { name: name.into(), ..magnet.clone() }).await;
        assert_eq!(client.downloaded(&placed), b"hello", "{name:?}");
    }
    assert_eq!(fs::read_dir(client.dir.path()).unwrap().count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_liar_is_caught_at_the_first_bad_group_and_an_honest_source_finishes() {
    let world = World::default();
    let (server, client) = (Home::new(&world), Home::new(&world));
    let (uploads, downloads) = (server.start(), client.start());
    let bytes = content(4 * MIB + 9);
    let magnet = server.share("song", &bytes, 1);
    let lie = bytes.clone();
    world.raw(2, move |head| honest(&lie, head, |first, body| body[2 * MIB - first + 77] ^= 1));
    let (why, verified) = fail(&downloads, &Magnet { sources: vec![source(2)], ..magnet.clone() }).await;
    assert!(
        why.starts_with(VERIFICATION_FAILED) && why.contains("wrong bytes near 2 MiB") && why.contains("127.0.0.1:2"),
        "{why}"
    );
    // Groups after the bad one may have been right and count; the bad one never does.
    assert!(verified <= 3 * MIB as u64 + 9, "{verified}");
    assert!(!client.settings.downloads.join("song").exists());
    world.serve(1, &uploads);
    let both = Magnet { sources: vec![source(2), source(1)], ..magnet };
    assert_eq!(get(&downloads, &both).await, "song");
    assert_eq!(client.downloaded("song"), bytes);
    assert!(uploads.totals().uploaded < bytes.len() as u64, "what the liar sent right was not fetched again");
}

#[tokio::test(start_paused = true)]
async fn lies_about_lists_sizes_and_ranges_are_refused_with_a_reason() {
    let world = World::default();
    let client = Home::new(&world);
    let downloads = client.start();
    let bytes = content(2 * MIB + 1);
    let (id, _) = describe(&bytes);
    let magnet = Magnet { id, name: "x".into(), size: Some(bytes.len() as u64), sources: vec![source(1)] };
    let answer = |headers: &str, body: &str| format!("HTTP/1.1 {headers}\r\n\r\n{body}").into_bytes();
    let list = describe(&bytes).1.as_flattened().to_vec();
    let part = move |headers: &'static str| {
        let good = list.clone();
        move |head: &str| match asked(head) {
            None => [&b"HTTP/1.1 200 OK\r\nx-file-size: 2097153\r\ncontent-length: 96\r\n\r\n"[..], &good].concat(),
            Some(_) => answer(headers, ""),
        }
    };
    let wrong_list = format!("200 OK\r\nx-file-size: 2097153\r\ncontent-length: 96\r\n\r\n{}", "x".repeat(96));
    world.raw(1, move |_| answer(&wrong_list, ""));
    assert!(fail(&downloads, &magnet).await.0.contains("does not belong to the file"));
    world.raw(1, move |_| answer("200 OK\r\nx-file-size: 2097153\r\ncontent-length: 99999999", "x"));
    assert!(fail(&downloads, &magnet).await.0.contains("of the wrong length"));
    world.raw(1, move |_| answer("200 OK\r\nx-file-size: 5\r\ncontent-length: 0", ""));
    assert!(fail(&downloads, &magnet).await.0.contains("one of them is wrong"), "a wrong xl is caught");
    let unsized_link = Magnet { size: None, ..magnet.clone() };
    world.raw(1, move |_| answer("200 OK\r\nx-file-size: 18446744073709551615\r\ncontent-length: 0", ""));
    assert!(fail(&downloads, &unsized_link).await.0.contains("too large"));
    world.raw(1, part("206 Partial Content\r\ncontent-range: bytes 1-2097152/2097153\r\ncontent-length: 2097152"));
    assert!(fail(&downloads, &magnet).await.0.contains("another part"));
    world.raw(
        1,
        part("206 Partial Content\r\ncontent-range: bytes 0-9/2097153\r\ncontent-length: 10\r\n\r\n0123456789"),
    );
    assert!(fail(&downloads, &magnet).await.0.contains("less than a piece"));
    world.raw(1, part("206 Partial Content\r\ncontent-length: 10"));
    assert!(fail(&downloads, &magnet).await.0.contains("which part"));
    world.raw(1, part("404 Not Found\r\ncontent-length: 14\r\n\r\n\x1b[2Jno such file"));
    assert!(fail(&downloads, &magnet).await.0.contains("␛[2Jno such"), "its words are shown, its tricks are not");
    world.raw(1, |_| b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec());
    assert!(fail(&downloads, &magnet).await.0.contains("does not speak HTTP"));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_always_breaks_is_resumed_where_it_broke() {
    let world = World::default();
    let client = Home::new(&world);
    let downloads = client.start();
    let bytes = content(5 * MIB + 3);
    let (id, _) = describe(&bytes);
    let magnet = Magnet { id, name: "x".into(), size: None, sources: vec![source(1)] };
    let starts = Arc::new(Mutex::new(vec![]));
    let (seen, whole) = (Arc::clone(&starts), bytes.clone());
    // Each connection brings one and a half groups, then breaks.
    world.add(1, move |mut stream| {
        let (seen, whole) = (Arc::clone(&seen), whole.clone());
        tokio::spawn(async move {
            while let Some(head) = read_head(&mut stream).await {
                let answer = honest(&whole, &head, |_, body| body.truncate(MIB + MIB / 2));
                let _ = stream.write_all(&answer).await;
                if let Some((first, _)) = asked(&head) {
                    seen.lock().unwrap().push(first / MIB);
                    return;
                }
            }
        });
    });
    assert_eq!(get(&downloads, &magnet).await, "x");
    assert_eq!(client.downloaded("x"), bytes);
    assert_eq!(*starts.lock().unwrap(), [0, 1, 2, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn a_dead_source_is_given_up_after_a_bounded_number_of_tries() {
    let world = World::default();
    let client = Home::new(&world);
    let downloads = client.start();
    let magnet = Magnet { id: FileId([1; 32]), name: "x".into(), size: None, sources: vec![source(1)] };
    let began = tokio::time::Instant::now();
    let (why, _) = fail(&downloads, &magnet).await;
    assert!(why.contains("127.0.0.1:1 cannot be reached") && why.contains("tried 7 times"), "{why}");
    assert!(began.elapsed() < Duration::from_secs(90));
    // One that accepts and then says nothing.
    let silent = Arc::new(Mutex::new(vec![]));
    let held = Arc::clone(&silent);
    world.add(1, move |stream| held.lock().unwrap().push(stream));
    let (why, _) = fail(&downloads, &magnet).await;
    assert!(why.contains("did not answer"), "{why}");
    assert_eq!(downloads.start(Magnet { sources: vec![], ..magnet }), Err(StartError::NoSource));
}

#[tokio::test(start_paused = true)]
async fn only_so_many_run_at_once_and_one_file_is_one_download() {
    let world = World::default();
    let client = Home::new(&world);
    let downloads = client.start();
    let connections = Arc::new(AtomicUsize::new(0));
    let (count, held) = (Arc::clone(&connections), Arc::new(Mutex::new(vec![])));
    world.add(1, move |stream| {
        count.fetch_add(1, Ordering::Relaxed);
        held.lock().unwrap().push(stream);
    });
    let magnet = |id: u8| Magnet { id: FileId([id; 32]), name: "x".into(), size: None, sources: vec![source(1)] };
    let ids: Vec<u64> = (0..5).map(|id| downloads.start(magnet(id)).unwrap()).collect();
    assert_eq!(downloads.start(magnet(0)), Ok(ids[0]));
    until(&downloads, ids[4], |t| t.why.as_deref() == Some("waits for other downloads")).await;
    for id in &ids[..2] {
        until(&downloads, *id, |t| t.why.as_deref() == Some("connecting")).await;
    }
    assert_eq!(connections.load(Ordering::Relaxed), 2);
    for id in &ids {
        downloads.cancel(*id).unwrap();
        assert_eq!(end(&downloads, *id).await.state, TransferState::Cancelled);
    }
    assert_eq!(downloads.cancel(99), Err(NoTransfer(99)));
}

#[tokio::test(start_paused = true)]
async fn a_full_server_queues_the_download_and_serves_it_in_turn() {
    let world = World::default();
    let (mut server, client) = (Home::new(&world), Home::new(&world));
    server.settings.upload_slots = 1;
    let (uploads, downloads) = (server.start(), client.start());
    world.serve(1, &uploads);
    let magnet = server.share("song", &content(2 * MIB), 1);
    // Somebody else holds the only slot and reads nothing.
    let (mut holder, theirs) = tokio::io::duplex(1_000);
    let serving = uploads.clone();
    tokio::spawn(async move { serving.serve(theirs, peer(1)).await });
    holder.write_all(format!("GET /file/{} HTTP/1.1\r\nhost: x\r\n\r\n", magnet.id).as_bytes()).await.unwrap();
    assert!(read_head(&mut holder).await.unwrap().starts_with("HTTP/1.1 200"));
    let id = downloads.start(magnet).unwrap();
    let queued = until(&downloads, id, |t| t.state == TransferState::Queued && t.why.is_some()).await;
    assert!(queued.why.as_deref().unwrap().contains("place 1 in its queue"), "{queued:?}");
    drop(holder);
    assert_eq!(end(&downloads, id).await.state, TransferState::Done);
}
