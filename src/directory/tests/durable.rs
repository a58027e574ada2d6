//! What is there after a restart, a kill, a crash, a full disk and a damaged file.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use proptest::prelude::*;

use super::disk::Disk;
use super::model::Model;
use super::{Act, STRANGER, TIGHT, act, act_on, check, check_all, check_search, file, node};
use crate::directory::catalogue::Bounds;
use crate::directory::clock::WallClock;
use crate::directory::queue::MAX_WAITING;
use crate::directory::{DurableRegistry, OpenError, open};
use crate::overlay::{FoundFile, Registration, Registry};
use crate::proto::{PeerAddr, Query, any_query};

const LEASE: Duration = Duration::from_secs(60);

fn at(millis: i64) -> (Arc<AtomicI64>, WallClock) {
    let time = Arc::new(AtomicI64::new(millis));
    let clock = time.clone();
    (time, Arc::new(move || clock.load(Ordering::Relaxed)))
}

fn reopened(disk: &Disk, bounds: Bounds) -> DurableRegistry {
    DurableRegistry::open(Path::new("disk"), disk.opener(), LEASE, at(0).1, 1, bounds).unwrap()
}

fn is_like(registry: &DurableRegistry, model: &Model) -> bool {
    registry.totals() == model.totals()
        && (0..4).map(node).all(|node| {
            let tags: Vec<u64> = (0..=255).flat_map(|bucket| registry.tags(&node, bucket)).collect();
            registry.get(&node) == model.get(&node) && tags == model.all_tags(&node)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn on_disk_it_is_the_plain_one(
        acts in prop::collection::vec(act(), 0..40),
        queries in prop::collection::vec((any_query(), 0u8..5, 1usize..6), 1..4),
        tight: bool,
    ) {
        let bounds = if tight { TIGHT } else { Bounds::default() };
        let disk = Disk::default();
        let (mut registry, mut model) = (reopened(&disk, bounds), Model::new(bounds));
        // What a kill may leave: what was the last time that all was written, or anything since.
        let mut history = vec![model.clone()];
        for act in &acts {
            match act {
                Act::Reopen => {
                    drop(registry);
                    registry = reopened(&disk, bounds);
                    history.clear();
                }
                Act::Kill => {
                    registry.kill();
                    registry = reopened(&disk, bounds);
                    let left = history.iter().rposition(|model| is_like(&registry, model));
                    prop_assert!(left.is_some(), "neither before nor after: {:?}", registry);
                    model = history.swap_remove(left.unwrap_or(0));
                    history.clear();
                }
                act => act_on(&mut registry, &mut model, act),
            }
            check(&registry, &model);
            history.push(model.clone());
        }
        check_all(&registry, &model);
        for (query, except, limit) in &queries {
            check_search(&registry, &model, query, &node(*except), *limit);
        }
    }

    #[test]
    fn a_crash_at_any_moment_leaves_what_was_there_at_some_moment(
        acts in prop::collection::vec((act(), any::<bool>()), 1..30), after in 0u64..120,
    ) {
        let disk = Disk::default();
        let (mut registry, mut model) = (reopened(&disk, Bounds::default()), Model::new(Bounds::default()));
        let mut history = vec![model.clone()];
        disk.crash_after(after);
        for (act, flush) in &acts {
            act_on(&mut registry, &mut model, act);
            history.push(model.clone());
            if *flush {
                registry.flush().unwrap();
            }
        }
        drop(registry);
        let registry = reopened(&Disk::of(disk.left()), Bounds::default());
        prop_assert!(history.iter().any(|model| is_like(&registry, model)), "{:?}", registry);
    }
}

#[test]
fn leases_go_on_and_those_that_ran_out_are_gone() {
    let disk = Disk::default();
    let (time, clock) = at(1_000_000);
    let again = || {
        let mut registry =
            DurableRegistry::open(Path::new("disk"), disk.opener(), LEASE, clock.clone(), 1, Bounds::default())
                .unwrap();
        let restored = registry.restored();
        assert!(registry.restored().is_empty(), "told once");
        (registry, restored)
    };
    let (mut registry, _) = again();
    let addr = Some(PeerAddr(([10, 0, 0, 1], 6346).into()));
    for (n, lease) in [(1, 60), (2, 20), (3, 1 << 40)] {
        registry.put(node(n), Registration { name: "n".into(), addr }).unwrap();
        registry.add(&node(n), &[file("bach.mp3", u64::from(n), 1)]);
        registry.renew(&node(n), Duration::from_secs(lease));
    }
    drop(registry);
    time.fetch_add(30_000, Ordering::Relaxed);
    let (registry, restored) = again();
    let left = Duration::from_secs(30);
    assert_eq!(restored, [(node(1), left), (node(3), left)], "no lease is longer than leases are");
    assert_eq!((registry.get(&node(2)), registry.get(&node(1)).unwrap().addr), (None, addr));
    assert_eq!(registry.totals(), (2, 2));
    drop(registry);
    // A clock that is set back neither brings a node back nor makes a lease longer.
    time.store(5_000, Ordering::Relaxed);
    let (registry, restored) = again();
    assert_eq!(restored, [(node(1), LEASE), (node(3), LEASE)]);
    drop(registry);
    time.store(i64::MAX - 5, Ordering::Relaxed);
    let (registry, restored) = again();
    assert_eq!((restored.len(), registry.totals()), (0, (0, 0)));
}

#[test]
fn signs_of_life_are_written_now_and_then() {
    let disk = Disk::default();
    let (time, clock) = at(0);
    let mut registry =
        DurableRegistry::open(Path::new("disk"), disk.opener(), LEASE, clock, 1, Bounds::default()).unwrap();
    registry.put(node(1), Registration::default()).unwrap();
    registry.flush().unwrap();
    let mut writes = disk.writes();
    let mut written = 0;
    for _ in 0..60 {
        time.fetch_add(1_000, Ordering::Relaxed);
        registry.renew(&node(1), LEASE);
        registry.flush().unwrap();
        written += u32::from(disk.writes() > writes);
        writes = disk.writes();
    }
    assert_eq!(written, 4);
}

#[test]
fn a_full_disk_holds_nobody_up_and_is_caught_up_with() {
    let disk = Disk::default();
    let bounds = Bounds::default();
    let (mut registry, mut model) = (reopened(&disk, bounds), Model::new(bounds));
    let put = |registry: &mut DurableRegistry, model: &mut Model, n: u8| {
        act_on(registry, model, &Act::Put(n, "name".into()));
    };
    (0..3).for_each(|n| put(&mut registry, &mut model, n));
    registry.flush().unwrap();
    disk.set_full(true);
    let many: Vec<FoundFile> = (0..MAX_WAITING as u64 + 900).map(|i| file("bach.mp3", i, 1)).collect();
    for (n, files) in many.chunks(1_000).enumerate() {
        act_on(&mut registry, &mut model, &Act::Add(n as u8 % 2, files.to_vec()));
    }
    let error = registry.flush().unwrap_err();
    assert!(error.contains("disk") && registry.trouble() == Some(error), "{:?}", registry.trouble());
    // While nothing can be written: one node goes, one comes, one changes.
    act_on(&mut registry, &mut model, &Act::Forget(2));
    put(&mut registry, &mut model, 3);
    act_on(&mut registry, &mut model, &Act::Add(3, many[..700].to_vec()));
    let some = model.all_tags(&node(0))[..600].to_vec();
    registry.remove(&node(0), &some);
    model.remove(&node(0), &some);
    check(&registry, &model);
    disk.set_full(false);
    registry.flush().unwrap();
    assert_eq!((registry.trouble(), registry.health().trouble()), (None, None));
    drop(registry);
    let registry = reopened(&disk, bounds);
    check_all(&registry, &model);
    let (nodes, _) = registry.find(&Query::parse("bach size:<5").unwrap(), &STRANGER, 0, 100);
    assert!(!nodes.is_empty());
}

#[test]
fn what_there_is_no_room_for_at_a_start_is_gone_on_disk_too() {
    let disk = Disk::default();
    let mut registry = reopened(&disk, Bounds::default());
    for n in 0..4 {
        registry.put(node(n), Registration::default()).unwrap();
        let files: Vec<FoundFile> = (0..10).map(|i| file("bach.mp3", i, n)).collect();
        registry.add(&node(n), &files);
    }
    drop(registry);
    let registry = reopened(&disk, TIGHT);
    assert_eq!(registry.totals(), (3, 12));
    drop(registry);
    assert_eq!(reopened(&disk, Bounds::default()).totals(), (3, 12));
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state/directory.redb");
    let try_open = |path: &Path| open(path, LEASE, at(0).1, 1);
    let mut first = try_open(&path).unwrap();
    first.put(node(1), Registration::default()).unwrap();
    assert!(matches!(try_open(&path), Err(OpenError::InUse { .. })));
    drop(first);

    let other = dir.path().join("other.redb");
    let names = redb::TableDefinition::<&str, u64>::new("names");
    let database = redb::Database::create(&other).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(names).unwrap().insert("a", 1).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let foreign = try_open(&other).unwrap_err();
    assert!(matches!(foreign, OpenError::Foreign { .. }), "{foreign}");
    assert!(foreign.to_string().contains("other.redb") && foreign.to_string().contains("move it away"));

    let database = redb::Database::create(&path).unwrap();
    let about = redb::TableDefinition::<&[u8], u64>::new("hopscope directory");
    let transaction = database.begin_write().unwrap();
    transaction.open_table(about).unwrap().insert(&b"format"[..], 7).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let newer = try_open(&path).unwrap_err();
    assert!(matches!(newer, OpenError::Version { found: 7, .. }), "{newer}");

    std::fs::write(&path, "no database at all").unwrap();
    let damaged = try_open(&path).unwrap_err();
    assert!(
        matches!(damaged, OpenError::Damaged { .. }) && damaged.to_string().contains("directory.redb"),
        "{damaged}"
    );
    let nowhere = try_open(&path.join("below/a.redb")).unwrap_err();
    assert!(matches!(nowhere, OpenError::Io { .. }), "{nowhere}");
}

#[test]
fn damage_anywhere_ends_no_process_and_makes_nothing_up() {
    let disk = Disk::default();
    let mut registry = reopened(&disk, Bounds::default());
    let files: Vec<FoundFile> = (0..300).map(|i| file(&format!("bach {i}.mp3"), i, 1)).collect();
    registry.put(node(1), Registration { name: "one".into(), addr: None }).unwrap();
    registry.add(&node(1), &files);
    drop(registry);
    let bytes = disk.left();
    for at in (0..bytes.len()).step_by(bytes.len() / 80) {
        let mut damaged = bytes.clone();
        let end = (at + 600).min(bytes.len());
        damaged[at..end].iter_mut().for_each(|byte| *byte = byte.wrapping_mul(7) ^ 0xa5);
        let disk = Disk::of(damaged);
        let opened = DurableRegistry::open(
            Path::new("disk"),
            disk.opener(),
            LEASE,
            super::durable::at(0).1,
            1,
            Bounds::default(),
        );
        let Ok(mut registry) = opened else { continue };
        let (nodes, _) = registry.find(&Query::parse("bach").unwrap(), &STRANGER, 0, 1_000);
        assert!(nodes.iter().flat_map(|at| &at.files).all(|file| files.contains(file)));
        registry.put(node(2), Registration::default()).unwrap();
        registry.add(&node(2), &files);
        // Whether it can be written or not, it says so and goes on.
        let _ = registry.flush();
        assert_eq!(registry.summary(&node(2)).0, 300);
    }
}
