//! The screen in a terminal: its keys, and that the terminal is given back.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use vt100::{MouseProtocolMode, Parser};

use crate::support::{PATIENCE, folder};

/// What a terminal is asked for before it is drawn on, and the answer.
const WHERE: (&[u8], &[u8]) = (b"\x1b[6n", b"\x1b[1;1R");

/// A terminal with a node's screen in it.
struct Screen {
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    written: Receiver<Vec<u8>>,
    parser: Parser,
}

impl Screen {
    fn start(home: &Path) -> Self {
        let home = home.to_str().expect("a plain path");
        Self::run(&["--no-discovery", "--listen", "127.0.0.1:0", "--home", home])
    }

    /// Runs the program with these arguments.
    fn run(arguments: &[&str]) -> Self {
        let pair = native_pty_system().openpty(size(30, 100)).expect("there are terminals");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_hopscope"));
        for (variable, _) in std::env::vars_os() {
            if variable.to_string_lossy().starts_with("HOPSCOPE_") {
                command.env_remove(variable);
            }
        }
        command.env("TERM", "xterm-256color");
        command.args(arguments);
        let child = pair.slave.spawn_command(command).expect("the program starts");
        let mut output = pair.master.try_clone_reader().expect("it can be read");
        let keys = pair.master.take_writer().expect("it can be written");
        let (sender, written) = sync_channel(10_000);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // A terminal that nobody holds any more is an error to read.
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { master: pair.master, child, keys, written, parser: Parser::new(30, 100, 0) }
    }

    fn type_keys(&mut self, keys: &[u8]) {
        self.keys.write_all(keys).expect("the terminal is open");
    }

    fn resize(&mut self, rows: u16, columns: u16) {
        self.parser.screen_mut().set_size(rows, columns);
        self.master.resize(size(rows, columns)).expect("terminals have sizes");
    }

    /// Waits until the screen shows what a test waits for.
    fn wait_for(&mut self, what: &str, shown: impl Fn(&vt100::Screen) -> bool) {
        while !shown(self.parser.screen()) {
            let Ok(bytes) = self.written.recv_timeout(PATIENCE) else {
                panic!("no {what} on\n{}", self.parser.screen().contents());
            };
            self.parser.process(&bytes);
            if bytes.windows(WHERE.0.len()).any(|part| part == WHERE.0) {
                self.type_keys(WHERE.1);
            }
        }
    }

    fn wait_for_text(&mut self, text: &str) {
        self.wait_for(text, |screen| screen.contents().contains(text));
    }

    /// Waits until the terminal is as it was before.
    fn wait_for_the_old_terminal(&mut self) {
        self.wait_for("old terminal", |screen| {
            !screen.alternate_screen()
                && !screen.bracketed_paste()
                && !screen.hide_cursor()
                && screen.mouse_protocol_mode() == MouseProtocolMode::None
        });
    }

    /// Whether keys come at once and without an echo.
    fn is_raw(&self) -> bool {
        use rustix::termios::LocalModes;
        let modes = self.master.get_termios().expect("terminals have modes").local_flags.bits();
        modes & (LocalModes::ICANON | LocalModes::ECHO).bits() == 0
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn size(rows: u16, cols: u16) -> PtySize {
    PtySize { rows, cols, ..PtySize::default() }
}

#[test]
fn the_first_key_after_a_change_of_size_counts_and_the_terminal_is_given_back() {
    let folder = folder();
    let mut screen = Screen::start(folder.path());
    screen.wait_for_text("Neighbors");
    assert!(screen.is_raw());
    for (columns, key, title) in [(110, b"5", "Shares"), (90, b"1", "Role"), (120, b"6", "Log")] {
        screen.resize(30, columns);
        // The frame of the new size: what comes from now on comes after crossterm has been told of it.
        screen.wait_for("frame of the new size", |screen| {
            (1..30).any(|row| {
                screen.cell(row, columns - 1).is_some_and(|cell| cell.contents() == "╮" || cell.contents() == "┓")
            })
        });
        screen.type_keys(key);
        screen.wait_for_text(title);
    }
    screen.type_keys(b"q");
    screen.wait_for_the_old_terminal();
    assert!(screen.child.wait().expect("it is our child").success());
    assert!(!screen.is_raw());
}

#[test]
fn more_keys_at_once_than_one_read_takes_all_count() {
    let folder = folder();
    let mut screen = Screen::start(folder.path());
    screen.wait_for_text("Neighbors");
    screen.type_keys(&[[b'5'; 1500].as_slice(), b"6"].concat());
    screen.wait_for_text("following");
}

#[test]
fn a_node_that_is_killed_leaves_the_terminal_as_it_was() {
    let folder = folder();
    let mut screen = Screen::start(folder.path());
    screen.wait_for_text("Neighbors");
    let shepherd = screen.child.process_id().expect("it runs");
    let children = std::fs::read_to_string(format!("/proc/{shepherd}/task/{shepherd}/children")).expect("it runs");
    let node = children.split_whitespace().next().and_then(|pid| pid.parse().ok()).and_then(Pid::from_raw);
    kill_process(node.expect("the node is its child"), Signal::KILL).expect("it runs");
    screen.wait_for_text("killed by signal 9");
    screen.wait_for_the_old_terminal();
    assert_eq!(screen.child.wait().expect("it is our child").exit_code(), 128 + 9);
    assert!(!screen.is_raw());
}

#[test]
fn a_recorded_flood_is_played_on_the_same_screen_and_says_that_it_is_one() {
    let folder = folder();
    let trace = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/traces/flood.ndjson");
    let mut screen = Screen::run(&["replay", trace, "--home", folder.path().to_str().expect("a plain path")]);
    screen.wait_for_text("recorded: no network");
    // A third of the way, by hops: three nodes and no more.
    screen.type_keys(b".");
    screen.wait_for_text("up to hop 1");
    // On from there in slow motion, back from wherever that is to before the first hop, and on to the last.
    screen.type_keys(b"<<< ");
    screen.wait_for_text("replay");
    screen.type_keys(b",");
    screen.wait_for_text("by hop");
    screen.type_keys(b",,,,,");
    screen.wait_for_text("up to hop 0");
    screen.type_keys(b".....");
    screen.wait_for_text("up to hop 5");
    screen.type_keys(b"/");
    screen.wait_for_text("This is a recording");
    screen.type_keys(b"q");
    screen.wait_for_the_old_terminal();
    assert!(screen.child.wait().expect("it is our child").success());
}

#[test]
fn a_simulated_world_is_looked_into_stopped_and_stepped() {
    let folder = folder();
    let scenario = folder.path().join("small.toml");
    let text = "nodes = 60\n[graph]\nkind = \"regular\"\ndegree = 4\n[searches]\nfrom = \"5s\"\nevery = \"1h\"\n";
    std::fs::write(&scenario, text).expect("it can be written");
    let plain = |path: &Path| path.to_str().expect("a plain path").to_owned();
    let mut screen =
        Screen::run(&["sim", "watch", &plain(&scenario), "--paused", "--node", "17", "--home", &plain(folder.path())]);
    screen.wait_for_text("SIMULATED small");
    screen.wait_for_text("node 17 of 60");
    screen.wait_for_text("0:05.000 paused");
    // A flood, and as far as its first hop.
    screen.type_keys(b"/f0\r");
    screen.wait_for_text("f0");
    screen.type_keys(b"E3");
    screen.wait_for_text("hop 1");
    // Its neighbor's own screen.
    screen.type_keys(b"1@");
    screen.wait_for_text("Look at a node");
    screen.type_keys(b"10.0.0.3\r");
    screen.wait_for_text("node 3 of 60");
    screen.type_keys(b"@nobody\r");
    screen.wait_for_text("there is no node nobody here");
    screen.type_keys(b"w");
    screen.wait_for("running clock", |screen| !screen.contents().contains("paused"));
    screen.type_keys(b"q");
    screen.wait_for_the_old_terminal();
    screen.wait_for_text("SIMULATED small: node 3 of 60, seed 1");
    assert!(screen.child.wait().expect("it is our child").success());
}
