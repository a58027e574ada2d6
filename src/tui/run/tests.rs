//! The loop under a clock of its own: nobody waits, whatever it says it waits for.

use std::convert::Infallible;
use std::sync::Mutex;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tokio::sync::broadcast;
use tokio::time::{advance, sleep};

use super::*;
use crate::app::{Command, Guid};
use crate::tui::fixture::{self, Fixture, Shape};
use crate::tui::input::QUEUE;
use crate::tui::options::{Environment, TuiOptions};
use crate::tui::start;

/// What a test sees of the terminal.
#[derive(Default)]
struct Seen {
    frames: usize,
    sent: Vec<String>,
    screen: String,
    entered: usize,
    left: usize,
}

struct Fake {
    terminal: Terminal<TestBackend>,
    seen: Arc<Mutex<Seen>>,
}

impl Device for Fake {
    type Backend = TestBackend;

    fn terminal(&mut self) -> &mut Terminal<TestBackend> {
        &mut self.terminal
    }

    fn send(&mut self, sequence: &str) -> std::io::Result<()> {
        let mut seen = self.seen.lock().unwrap();
        if sequence == END_FRAME {
            seen.frames += 1;
            seen.screen = self.terminal.backend().to_string();
        } else if sequence != BEGIN_FRAME {
            seen.sent.push(sequence.to_owned());
        }
        Ok(())
    }

    fn enter(&mut self) -> std::io::Result<()> {
        self.seen.lock().unwrap().entered += 1;
        self.terminal.clear().map_err(|never: Infallible| match never {})
    }

    fn leave(&mut self) {
        self.seen.lock().unwrap().left += 1;
    }
}

struct NoShell;

impl Suspend for NoShell {
    fn suspend(&mut self) -> std::io::Result<()> {
        Ok(())
    }

    fn resume(&mut self) -> std::io::Result<bool> {
        Ok(true)
    }
}

/// A screen on a made-up node, and the ends that a test holds.
struct Stage {
    seen: Arc<Mutex<Seen>>,
    keys: mpsc::Sender<Outside>,
    node: watch::Sender<Arc<Snapshot>>,
    commands: mpsc::Receiver<Command>,
    events: broadcast::Sender<app::Event>,
    ended: tokio::task::JoinHandle<anyhow::Result<(Ended, Model)>>,
    home: tempfile::TempDir,
}

fn stage(snapshot: Snapshot) -> Stage {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("keymaps")).unwrap();
    let options = TuiOptions {
        keymap: "default".into(),
        theme: "dark".into(),
        ascii: Some(false),
        config_dir: home.path().into(),
        environment: Environment { term: Some("xterm-direct".into()), ..Environment::default() },
    };
    let (to, commands) = mpsc::channel(16);
    let (node, snapshots) = watch::channel(Arc::new(snapshot));
    let events = broadcast::channel(16).0;
    let handle = Handle::new(to, snapshots, events.clone());
    let (keys, outside) = mpsc::channel(QUEUE);
    let (files, read) = Files::load(&options, &keys);
    let seen = Arc::new(Mutex::new(Seen::default()));
    let device = Fake { terminal: Terminal::new(TestBackend::new(120, 38)).unwrap(), seen: Arc::clone(&seen) };
    let model = start::first(&handle, read, (120, 38).into(), &options);
    let on = Loop { device, model, handle, outside, files, suspend: NoShell };
    Stage { seen, keys, node, commands, events, ended: tokio::spawn(on.run()), home }
}

impl Stage {
    async fn key(&self, code: KeyCode) {
        self.event(KeyEvent::from(code)).await;
    }

    async fn event(&self, key: KeyEvent) {
        self.keys.send(Outside::Terminal(Event::Key(key))).await.unwrap();
    }

    async fn types(&self, text: &str) {
        for c in text.chars() {
            self.key(KeyCode::Char(c)).await;
        }
        // Under a paused clock this returns when everybody else waits.
        sleep(FRAME * 2).await;
    }

    fn frames(&self) -> usize {
        self.seen.lock().unwrap().frames
    }

    fn shows(&self, text: &str) -> bool {
        self.seen.lock().unwrap().screen.contains(text)
    }
}

fn quiet() -> Snapshot {
    Fixture::new(Shape::EMPTY, 1).snapshot()
}

#[tokio::test(start_paused = true)]
async fn a_search_goes_from_the_keys_to_the_node_and_back_to_the_screen() {
    let mut stage = stage(fixture::busy());
    stage.types("/dawn chorus").await;
    assert!(stage.shows("dawn chorus"));
    stage.key(KeyCode::Enter).await;
    let Some(Command::Search(request, reply)) = stage.commands.recv().await else { panic!("a search") };
    assert_eq!((request.text.as_str(), request.ttl), ("dawn chorus", Some(4)));
    let guid: Guid = stage.node.borrow().searches[0].row.guid;
    reply.send(Ok(guid)).unwrap();
    sleep(FRAME * 2).await;
    assert!(stage.shows("Results"));
    stage.event(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)).await;
    assert_eq!(stage.ended.await.unwrap().unwrap().0, Ended::Quit);
}

#[tokio::test(start_paused = true)]
async fn a_change_of_topology_is_told_and_its_answer_is_what_one_reads_last() {
    let mut stage = stage(fixture::busy());
    stage.types("t").await;
    assert!(stage.shows("Changing to ultrapeer"));
    let Some(Command::SetTopology(topology, reply)) = stage.commands.recv().await else { panic!("a change") };
    assert_eq!(topology, app::TopologyKind::Ultrapeer);
    let told = app::Event::Topology { topology, role: app::Role::Leaf, why: "its score is too low".into() };
    stage.events.send(told.clone()).unwrap();
    reply.send(Ok(())).unwrap();
    sleep(FRAME * 2).await;
    assert!(stage.shows("Now in ultrapeer") && stage.shows("press t twice to go back to flood"));
    stage.events.send(told).unwrap();
    sleep(FRAME * 2).await;
    assert!(stage.shows("Now a leaf in ultrapeer") && stage.shows("its score is too low"));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_drawn_when_nothing_changes_and_never_more_than_thirty_times_a_second() {
    let stage = stage(quiet());
    sleep(Duration::from_millis(100)).await;
    assert_eq!(stage.frames(), 1, "the first frame comes at once");
    sleep(Duration::from_secs(600)).await;
    assert!(stage.frames() <= 12, "{} frames in ten idle minutes", stage.frames());
    let before = stage.frames();
    let mut fixture = Fixture::new(Shape::EMPTY, 3);
    for _ in 0..1_000 {
        stage.node.send_replace(Arc::new(fixture.snapshot()));
        advance(Duration::from_millis(1)).await;
        tokio::task::yield_now().await;
    }
    let drawn = stage.frames() - before;
    assert!((10..=31).contains(&drawn), "{drawn} frames in a second of changes");
}

#[tokio::test(start_paused = true)]
async fn a_frozen_screen_is_not_drawn_again() {
    let stage = stage(quiet());
    stage.types(" ").await;
    assert!(stage.shows("frozen"));
    let before = stage.frames();
    for _ in 0..50 {
        stage.node.send_replace(Arc::new(fixture::busy()));
        sleep(FRAME * 2).await;
    }
    assert_eq!(stage.frames(), before);
}

#[tokio::test(start_paused = true)]
async fn it_ends_when_anything_that_it_stands_on_ends() {
    let stopped = stage(quiet());
    drop(stopped.node);
    assert_eq!(stopped.ended.await.unwrap().unwrap().0, Ended::NodeStopped);
    let closed = stage(quiet());
    closed.keys.send(Outside::Closed).await.unwrap();
    assert_eq!(closed.ended.await.unwrap().unwrap().0, Ended::Closed);
    let ended = stage(quiet());
    ended.keys.send(Outside::End("SIGTERM")).await.unwrap();
    assert_eq!(ended.ended.await.unwrap().unwrap().0, Ended::Signal("SIGTERM"));
}

#[tokio::test(start_paused = true)]
async fn a_stop_gives_the_terminal_back_and_draws_nothing_until_it_goes_on() {
    let stage = stage(quiet());
    sleep(FRAME).await;
    stage.event(KeyEvent::new(KeyCode::Char('z'), KeyModifiers::CONTROL)).await;
    sleep(FRAME * 2).await;
    let before = stage.frames();
    stage.node.send_replace(Arc::new(fixture::busy()));
    sleep(Duration::from_secs(200)).await;
    assert_eq!((stage.frames(), stage.seen.lock().unwrap().left), (before, 1));
    stage.keys.send(Outside::Continue).await.unwrap();
    sleep(FRAME * 2).await;
    assert!(stage.frames() > before && stage.shows("mallard"));
    assert_eq!(stage.seen.lock().unwrap().entered, 1);
}

#[tokio::test(start_paused = true)]
async fn copying_goes_through_the_terminal_and_titles_are_safe() {
    let mut snapshot = fixture::busy();
    let mut node = (*snapshot.node).clone();
    node.name = "evil\x07\x1b]0;x".into();
    snapshot.node = Arc::new(node);
    let stage = stage(snapshot);
    stage.types("y").await;
    let sent = stage.seen.lock().unwrap().sent.clone();
    assert_eq!(sent[0], "\x1b]2;hopscope evil␇␛]0;x\x07");
    assert_eq!(sent[1], terminal::copy("198.51.100.7:6346").unwrap());
    assert!(terminal::copy(&"x".repeat(100_000)).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_keymap_is_read_again_when_it_is_saved() {
    let stage = stage(quiet());
    let file = stage.home.path().join("keymaps/default.toml");
    std::fs::write(&file, "[keys.global]\nF9 = \"screen 6\"\n").unwrap();
    stage.keys.send(Outside::Saved).await.unwrap();
    sleep(Duration::from_millis(200)).await;
    stage.key(KeyCode::F(9)).await;
    sleep(FRAME * 2).await;
    assert!(stage.shows("Nothing has happened yet"));
    std::fs::write(&file, "[keys.global]\nF9 = \"scren 6\"\n").unwrap();
    stage.keys.send(Outside::Saved).await.unwrap();
    sleep(Duration::from_millis(200)).await;
    assert!(stage.shows("1 problem: !"), "{}", stage.seen.lock().unwrap().screen);
}
