//! The library as a whole, on real folders. Waiting is for a status, never for a time; the time is how long a broken
//! library takes to fail.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use super::{LibraryStatus, ShareError, ShareSettings, SharedFolder, Shares, WatchStatus};
use crate::overlay::Library as _;
use crate::proto::{FileId, Query};

struct World {
    home: TempDir,
    shares: Option<Shares>,
}

impl World {
    fn new(files: &[(&str, &str)]) -> Self {
        let world = Self { home: tempfile::tempdir().unwrap(), shares: None };
        fs::create_dir(world.share()).unwrap();
        files.iter().for_each(|(path, content)| world.write(path, content));
        world
    }

    fn share(&self) -> PathBuf {
        self.home.path().join("share")
    }

    fn path(&self, path: &str) -> PathBuf {
        self.share().join(path)
    }

    fn write(&self, path: &str, content: &str) {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        fs::write(self.path(path), content).unwrap();
    }

    fn settings(&self) -> ShareSettings {
        let folder = SharedFolder { alias: "music".to_owned(), path: self.share() };
        ShareSettings { folders: vec![folder], state: self.home.path().join("state"), hash_rate: None }
    }

    /// Starts, or starts again, and waits for the first scan.
    async fn start(&mut self) -> Arc<LibraryStatus> {
        self.shares = None;
        self.shares = Some(Shares::start(self.settings()).unwrap());
        self.until(|status| status.scans > 0 && status.is_idle()).await
    }

    async fn rescan(&self) -> Arc<LibraryStatus> {
        let shares = self.shares.as_ref().unwrap();
        let scans = shares.status().borrow().scans;
        shares.rescan();
        self.until(|status| status.scans > scans && status.is_idle()).await
    }

    async fn until(&self, is_so: impl Fn(&LibraryStatus) -> bool) -> Arc<LibraryStatus> {
        let mut status = self.shares.as_ref().unwrap().status();
        let found = tokio::time::timeout(Duration::from_secs(20), status.wait_for(|status| is_so(status))).await;
        match found {
            Ok(found) => found.unwrap().clone(),
            Err(_) => panic!("it stayed {:#?}", self.shares.as_ref().unwrap().status().borrow()),
        }
    }

    /// Waits until exactly these names are found by a query.
    async fn until_found(&self, query: &str, names: &[&str]) {
        self.until(|_| self.find(query) == names).await;
    }

    fn find(&self, query: &str) -> Vec<String> {
        let mut found = Vec::new();
        let library = self.shares.as_ref().unwrap().library();
        library.find(&Query::parse(query).unwrap(), 100, &mut found);
        let mut names: Vec<String> = found.iter().map(|file| file.name.raw().to_owned()).collect();
        names.sort();
        names
    }

    fn locate(&self, content: &str) -> Option<super::SharedFile> {
        self.shares.as_ref().unwrap().library().locate(&id(content))
    }
}

fn id(content: &str) -> FileId {
    FileId(blake3::hash(content.as_bytes()).into())
}

/// Changes a byte and keeps size and time: whoever knows the old hash afterwards has not read the file again.
fn change_unnoticed(path: &Path) {
    let modified = fs::metadata(path).unwrap().modified().unwrap();
    let mut file = File::options().write(true).open(path).unwrap();
    file.write_all(b"x").unwrap();
    file.set_modified(modified).unwrap();
}

#[tokio::test]
async fn files_are_found_located_and_listed() {
    let mut world =
        World::new(&[("Wu-Tang/C.R.E.A.M.mp3", "cream"), ("a.txt", "text"), (".hidden", "h"), ("b.part", "p")]);
    symlink("/etc/passwd", world.path("passwd")).unwrap();
    let status = world.start().await;
    assert_eq!((status.files, status.bytes, status.excluded_count), (2, 9, 3));
    assert_eq!(status.roots[0].files, 2);
    assert_eq!(world.find("wu cream"), Vec::<String>::new());
    assert_eq!(world.find("c-r-e-a-m"), ["C.R.E.A.M.mp3"]);
    let file = world.locate("cream").unwrap();
    assert_eq!((fs::read(&file.path).unwrap(), file.size), (b"cream".to_vec(), 5));
    let library = world.shares.as_ref().unwrap().library();
    let page = library.files("", 1, 5, &[]);
    assert_eq!((page.total, page.files.len(), page.files[0].path.raw()), (2, 1, "music/Wu-Tang/C.R.E.A.M.mp3"));
    assert!(page.files[0].magnet.starts_with(&format!("magnet:?xt=urn:blake3:{}", id("cream"))));
    assert_eq!((library.files("TANG mp", 0, 9, &[]).total, library.files("none", 0, 9, &[]).total), (1, 0));
}

#[tokio::test]
async fn live_changes_are_noticed() {
    let mut world = World::new(&[("old.txt", "old")]);
    assert_eq!(world.start().await.roots[0].watch, WatchStatus::Watched);
    world.write("new.txt", "new");
    world.until_found("txt", &["new.txt", "old.txt"]).await;
    world.write("new.txt", "changed");
    world.until(|_| world.locate("changed").is_some()).await;
    assert_eq!(world.locate("new"), None);
    fs::rename(world.path("new.txt"), world.path("renamed.txt")).unwrap();
    world.until_found("txt", &["old.txt", "renamed.txt"]).await;
    fs::remove_file(world.path("old.txt")).unwrap();
    world.until_found("txt", &["renamed.txt"]).await;
    world.until(LibraryStatus::is_idle).await;
}

#[tokio::test]
async fn folders_come_move_and_go_with_all_that_is_in_them() {
    let mut world = World::new(&[]);
    world.start().await;
    for i in 0..300 {
        world.write(&format!("a/{}/{}/{i}.txt", i % 7, i % 5), &i.to_string());
    }
    world.until(|status| status.files == 300 && status.is_idle()).await;
    fs::rename(world.path("a"), world.path("b")).unwrap();
    world.until(|_| world.locate("7").is_some_and(|file| file.path.starts_with(world.path("b")))).await;
    world.until(|status| status.files == 300 && status.is_idle()).await;
    fs::remove_dir_all(world.path("b")).unwrap();
    world.until(|status| status.files == 0).await;
}

#[tokio::test]
async fn an_unchanged_library_is_not_hashed_again() {
    let mut world = World::new(&[("a.txt", "a"), ("folder/b.txt", "b")]);
    world.start().await;
    world.shares = None;
    change_unnoticed(&world.path("a.txt"));
    world.start().await;
    assert_eq!(world.find("txt"), ["a.txt", "b.txt"]);
    assert!(world.locate("a").is_some(), "the hash came from the cache");
    world.rescan().await;
    fs::rename(world.path("a.txt"), world.path("folder/c.txt")).unwrap();
    world.until_found("txt", &["b.txt", "c.txt"]).await;
    assert!(world.locate("a").is_some(), "a rename needs no hashing");
}

#[tokio::test]
async fn what_changed_while_the_node_was_off_is_noticed() {
    let mut world = World::new(&[("gone.txt", "gone"), ("changed.txt", "before"), ("same.txt", "same")]);
    world.start().await;
    world.shares = None;
    fs::remove_file(world.path("gone.txt")).unwrap();
    world.write("changed.txt", "afterwards");
    world.write("new.txt", "new");
    world.start().await;
    assert_eq!(world.find("txt"), ["changed.txt", "new.txt", "same.txt"]);
    assert!(world.locate("before").is_none() && world.locate("afterwards").is_some());
}

#[tokio::test]
async fn a_file_that_is_still_written_is_not_shared() {
    let mut world = World::new(&[("marker.txt", "m")]);
    world.start().await;
    let mut file = File::create(world.path("growing.txt")).unwrap();
    file.write_all(b"half").unwrap();
    // What is written and closed later is found earlier.
    world.write("other.txt", "other");
    world.until_found("txt", &["marker.txt", "other.txt"]).await;
    assert_eq!(world.find("growing"), Vec::<String>::new());
    file.write_all(b" and whole").unwrap();
    drop(file);
    world.until_found("growing", &["growing.txt"]).await;
    assert!(world.locate("half").is_none() && world.locate("half and whole").is_some());
}

#[tokio::test]
async fn a_file_that_changed_unnoticed_is_not_sent() {
    let mut world = World::new(&[("a/a.txt", "before")]);
    world.start().await;
    let outside = world.home.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::copy(world.path("a/a.txt"), outside.join("a.txt")).unwrap();
    fs::rename(world.path("a"), world.home.path().join("b")).unwrap();
    symlink(&outside, world.path("a")).unwrap();
    assert_eq!(world.locate("before"), None, "a link leads out of the share");
    world.until(|status| status.files == 0).await;
}

#[tokio::test]
async fn a_folder_that_is_lost_comes_back_with_its_hashes() {
    let mut world = World::new(&[("a.txt", "a"), ("b/c.txt", "c")]);
    world.start().await;
    let away = world.home.path().join("away");
    fs::rename(world.share(), &away).unwrap();
    let status = world.rescan().await;
    let status = if status.files == 0 { status } else { world.until(|status| status.files == 0).await };
    assert!(
        matches!(&status.roots[0].watch, WatchStatus::Lost { why } if why.contains("mount its disk")),
        "{status:?}"
    );
    world.shares = None;
    // The mount point alone is not the disk.
    fs::create_dir(world.share()).unwrap();
    let status = world.start().await;
    assert!(matches!(&status.roots[0].watch, WatchStatus::Lost { why } if why.contains("empty")), "{status:?}");
    fs::remove_dir(world.share()).unwrap();
    change_unnoticed(&away.join("a.txt"));
    fs::rename(&away, world.share()).unwrap();
    world.until(|status| status.files == 2 && status.is_idle()).await;
    assert!(world.locate("a").is_some(), "the hash came from the cache");
    assert_eq!(world.shares.as_ref().unwrap().status().borrow().roots[0].watch, WatchStatus::Watched);
}

#[tokio::test]
async fn a_damaged_cache_is_said_and_replaced() {
    let mut world = World::new(&[("a.txt", "a")]);
    world.start().await;
    world.shares = None;
    let cache = world.settings().state.join("library.redb");
    let mut bytes = fs::read(&cache).unwrap();
    bytes.iter_mut().skip(8).for_each(|byte| *byte ^= 0x5a);
    fs::write(&cache, bytes).unwrap();
    let status = world.start().await;
    assert!(status.cache_note.as_ref().is_some_and(|note| note.contains("hashed again")), "{:?}", status.cache_note);
    assert_eq!(world.find("txt"), ["a.txt"]);
}

#[test]
fn what_can_never_be_shared_is_refused_with_a_way_out() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    symlink("/", dir.path().join("root")).unwrap();
    let start = |folders: &[(&str, PathBuf)]| {
        let folder = |(alias, path): &(&str, PathBuf)| SharedFolder { alias: (*alias).to_owned(), path: path.clone() };
        let folders = folders.iter().map(folder).collect();
        Shares::start(ShareSettings { folders, state: dir.path().join("state"), hash_rate: None }).unwrap_err()
    };
    let here = || dir.path().to_owned();
    assert!(matches!(start(&[("a", "/".into())]), ShareError::WholeDisk(_)));
    assert!(matches!(start(&[("a", dir.path().join("root"))]), ShareError::WholeDisk(_)));
    assert!(matches!(start(&[("a", "/tmp/..".into())]), ShareError::WholeDisk(_)));
    assert!(matches!(start(&[("a", dir.path().join("file"))]), ShareError::NotAFolder(_)));
    assert!(matches!(start(&[("a/b", here())]), ShareError::Alias(_)));
    assert!(matches!(start(&[("a", here()), ("a", dir.path().join("x"))]), ShareError::SameAlias(_)));
    assert!(matches!(start(&[("a", here()), ("b", dir.path().join("."))]), ShareError::SameFolder(_)));
    for error in [start(&[("a", "/".into())]), start(&[("a", dir.path().join("file"))]), start(&[("", here())])] {
        assert!(error.to_string().contains(": "), "{error} says what to do");
    }
}

#[tokio::test]
async fn a_folder_that_is_missing_at_the_start_is_shared_when_it_comes() {
    let mut world = World::new(&[]);
    fs::remove_dir(world.share()).unwrap();
    let status = world.start().await;
    assert!(matches!(&status.roots[0].watch, WatchStatus::Lost { why } if why.contains("does not exist")));
    world.write("a.txt", "a");
    world.until_found("a", &["a.txt"]).await;
}

#[tokio::test]
async fn who_looks_for_a_file_is_told_that_it_waits_or_is_left_out_and_why() {
    let mut world = World::new(&[(".winter diary.txt", "private"), ("winter.flac.part", "half")]);
    fs::write(world.path("first.bin"), vec![7; 4 << 20]).unwrap();
    world.shares = Some(Shares::start(ShareSettings { hash_rate: Some(1), ..world.settings() }).unwrap());
    // The first one is hashed at once; at a byte a second the next one is never done.
    world.until(|status| status.files == 1 && status.scans > 0 && status.is_idle()).await;
    world.write("winter light.flac", &"sound".repeat(1_000));
    world.until(|status| status.hashing_files == 1).await;
    let missing =
        |world: &World, query: &str| world.shares.as_ref().unwrap().library().missing(&Query::parse(query).unwrap());
    let winter = missing(&world, "winter");
    assert_eq!((winter.waiting, winter.excluded, winter.unlooked), (1, 2, 0));
    assert!(winter.why.raw().starts_with("hidden") || winter.why.raw().starts_with("a partial"), "{:?}", winter.why);
    assert_eq!((missing(&world, "winter size:<1k").waiting, missing(&world, "summer").excluded), (0, 0));
    // Left out while it runs, and gone again.
    world.write(".summer.txt", "private");
    world.until(|status| status.excluded_count == 3).await;
    assert_eq!(missing(&world, "summer").excluded, 1);
    fs::remove_file(world.path(".summer.txt")).unwrap();
    world.until(|status| status.excluded_count == 2).await;
    fs::remove_file(world.path("winter light.flac")).unwrap();
    world.until(LibraryStatus::is_idle).await;
    assert_eq!(missing(&world, "winter").waiting, 0);
}
