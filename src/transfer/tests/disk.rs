//! Kills, full disks and leftovers.

use std::fs::File;
use std::sync::atomic::{AtomicI64, Ordering};

use proptest::prelude::*;

use super::super::partial::{Blob, Partial};
use super::super::verify::{GROUP, GroupList};
use super::*;

/// A disk that is full after so many bytes.
#[derive(Debug)]
struct Full {
    file: File,
    room: Arc<AtomicI64>,
}

impl Blob for Full {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let length = bytes.len() as i64;
        if self.room.fetch_sub(length, Ordering::Relaxed) < length {
            // As a real disk does: a part of it gets there.
            self.file.write_at(&bytes[..bytes.len() / 2], offset)?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file.write_at(bytes, offset)
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_is_said_clearly_and_loses_nothing() {
    let world = World::default();
    let (server, client) = (Home::new(&world), Home::new(&world));
    let uploads = server.start();
    world.serve(1, &uploads);
    let bytes = content(6 * MIB + 1);
    let magnet = server.share("big", &bytes, 1);
    let room = Arc::new(AtomicI64::new(3 * MIB as i64 + 1_000));
    let folder = Folder::with_blobs(
        client.settings.downloads.clone(),
        Arc::new(move |file| Box::new(Full { file, room: Arc::clone(&room) })),
    );
    let (why, verified) = fail(&client.start_with(folder), &magnet).await;
    assert!(why.contains("the disk is full; free some space"), "{why}");
    assert_eq!(verified, 3 * MIB as u64);
    let before = uploads.totals().uploaded;
    assert_eq!(get(&client.start(), &magnet).await, "big");
    assert_eq!(client.downloaded("big"), bytes);
    assert_eq!(uploads.totals().uploaded - before, bytes.len() as u64 - verified);
}

#[tokio::test(start_paused = true)]
async fn what_a_run_left_is_listed_and_a_cancelled_one_can_be_thrown_away() {
    let world = World::default();
    let client = Home::new(&world);
    let bytes = content(3 * MIB);
    let (id, _) = describe(&bytes);
    let magnet = Magnet { id, name: "x".into(), size: None, sources: vec![source(1)] };
    let sent = bytes.clone();
    // Two groups, and then it holds its breath.
    world.raw(1, move |head| honest(&sent, head, |_, body| body.truncate(2 * MIB + 5)));
    let downloads = client.start();
    let number = downloads.start(magnet.clone()).unwrap();
    until(&downloads, number, |line| line.bytes == 2 * MIB as u64).await;
    downloads.shutdown().await;
    let line = line(&downloads, number);
    assert!(line.state == TransferState::Failed && line.why.as_deref().unwrap().contains("node stopped"), "{line:?}");
    assert_eq!(downloads.start(magnet.clone()), Err(StartError::Stopping));

    let downloads = client.start();
    let [left] = &downloads.interrupted()[..] else { panic!("one was left") };
    assert_eq!((left.magnet.id, left.bytes, left.stopped), (id, 2 * MIB as u64, false));
    assert_eq!(left.magnet.sources, magnet.sources);
    let number = downloads.start(left.magnet.clone()).unwrap();
    until(&downloads, number, |line| line.state == TransferState::Active && line.bytes == 2 * MIB as u64).await;
    downloads.cancel(number).unwrap();
    assert_eq!(end(&downloads, number).await.state, TransferState::Cancelled);
    assert!(downloads.interrupted()[0].stopped);
    downloads.cancel(number).unwrap();
    downloads.shutdown().await;
    assert!(downloads.list().is_empty() && downloads.interrupted().is_empty());
    assert!(!client.incomplete(&id, "part").exists());
}

#[tokio::test(start_paused = true)]
async fn a_link_with_a_wrong_size_does_not_destroy_what_is_here() {
    let world = World::default();
    let (server, client) = (Home::new(&world), Home::new(&world));
    let uploads = server.start();
    world.serve(1, &uploads);
    let bytes = content(3 * MIB);
    let magnet = server.share("x", &bytes, 1);
    let groups = GroupList::check(&magnet.id, bytes.len() as u64, describe(&bytes).1).unwrap();
    let partial = Partial::create(&Folder::new(client.settings.downloads.clone()), &magnet, groups).unwrap();
    assert!(partial.store(1, &bytes[MIB..2 * MIB]).unwrap());
    drop(partial);
    let downloads = client.start();
    let (why, _) = fail(&downloads, &Magnet { size: Some(3 * GROUP - 1), ..magnet.clone() }).await;
    assert!(why.contains("one of them is wrong"), "{why}");
    get(&downloads, &magnet).await;
    assert_eq!(uploads.totals().uploaded, 2 * GROUP);
}

#[test]
fn a_file_is_written_by_one_download_at_a_time() {
    let home = Home::new(&World::default());
    let folder = Folder::new(home.settings.downloads.clone());
    let bytes = content(MIB);
    let (id, values) = describe(&bytes);
    let magnet = Magnet { id, name: "x".into(), size: None, sources: vec![] };
    let groups = GroupList::check(&id, GROUP, values).unwrap();
    let partial = Partial::create(&folder, &magnet, groups.clone()).unwrap();
    assert_eq!(Partial::open(&folder, &id).unwrap_err().kind(), io::ErrorKind::ResourceBusy);
    assert_eq!(Partial::create(&folder, &magnet, groups).unwrap_err().kind(), io::ErrorKind::ResourceBusy);
    assert_eq!(folder.discard(&id).unwrap_err().kind(), io::ErrorKind::ResourceBusy);
    drop(partial);
    assert!(Partial::open(&folder, &id).unwrap().is_some());
}

/// What happens to a download before the power fails.
#[derive(Clone, Debug)]
enum Op {
    Store(u32),
    Sync,
    Reopen,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The journal is cut anywhere, and what was not forced to the disk may be anything: no wrong group is trusted, and
    /// no right one whose record is whole is lost.
    #[test]
    fn a_crash_at_any_write_trusts_nothing_wrong_and_loses_nothing_right(
        ops in prop::collection::vec(prop_oneof![6 => (0u32..4).prop_map(Op::Store), 1 => Just(Op::Sync), 1 => Just(Op::Reopen)], 1..12),
        cut in 0usize..400, spoiled in 0u32..16
    ) {
        let home = Home::new(&World::default());
        let folder = Folder::new(home.settings.downloads.clone());
        let bytes = content(3 * MIB + 11);
        let (id, values) = describe(&bytes);
        let group = |index: u32| &bytes[index as usize * MIB..(index as usize * MIB + MIB).min(bytes.len())];
        let magnet = Magnet { id, name: "x".into(), size: None, sources: vec![] };
        let groups = GroupList::check(&id, bytes.len() as u64, values).unwrap();
        let mut partial = Partial::create(&folder, &magnet, groups).unwrap();
        let journal = home.incomplete(&id, "journal");
        let length = || fs::metadata(&journal).unwrap().len() as usize;
        // Where each record of a stored group ends, and how long the journal was at its last sync.
        let (mut stored, mut synced) = (vec![], 0);
        for op in ops {
            match op {
                Op::Store(index) => {
                    prop_assert!(partial.store(index, group(index)).unwrap());
                    prop_assert!(!partial.store(index, &vec![7; group(index).len()]).unwrap());
                    stored.push((index, length()));
                }
                Op::Sync => {
                    partial.sync().unwrap();
                    synced = length();
                }
                Op::Reopen => {
                    drop(partial);
                    partial = Partial::open(&folder, &id).unwrap().unwrap().0;
                }
            }
        }
        drop(partial);
        let cut = length().saturating_sub(cut).max(synced);
        File::options().write(true).open(&journal).unwrap().set_len(cut as u64).unwrap();
        let part = File::options().write(true).open(home.incomplete(&id, "part")).unwrap();
        let safe = |index: u32| stored.iter().any(|(known, end)| *known == index && *end <= synced);
        let spoiled: Vec<u32> = (0..4).filter(|index| spoiled & (1 << index) != 0 && !safe(*index)).collect();
        for index in &spoiled {
            Blob::write_at(&part, b"garbage", u64::from(*index) * GROUP).unwrap();
        }
        let recorded: Vec<u32> = stored.iter().filter(|(_, end)| *end <= cut).map(|(index, _)| *index).collect();
        // Twice: what the first look found out has to be written down.
        for _ in 0..2 {
            let Some((_, plan, _)) = Partial::open(&folder, &id).unwrap() else {
                prop_assert!(recorded.is_empty());
                return Ok(());
            };
            let expected: u64 = (0..4).filter(|i| recorded.contains(i) && !spoiled.contains(i)).map(|i| group(i).len() as u64).sum();
            prop_assert_eq!(plan.bytes(), expected);
        }
    }
}
