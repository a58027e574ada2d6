//! The terminal itself: taking it over, and giving it back as it was, whatever happens.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use data_encoding::BASE64;
use ratatui::Terminal;
use ratatui::backend::{Backend, CrosstermBackend};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};

use super::options::TuiOptions;
use crate::app::{CHECK_THREAD, Untrusted};

/// Alternate screen, the title saved, presses of mouse buttons with coordinates beyond 223, pasted text marked. Motion of
/// the mouse is not asked for: nobody needs it, and each step would wake the program.
const ENTER: &str = "\x1b[?1049h\x1b[22;2t\x1b[?1000h\x1b[?1006h\x1b[?2004h\x1b[H\x1b[2J";
/// All of that undone, and what a frame may have left open: a synchronized update, a style, a hidden cursor.
const LEAVE: &str = "\x1b[?2026l\x1b[0m\x1b[?2004l\x1b[?1006l\x1b[?1000l\x1b[23;2t\x1b[?1049l\x1b[?25h";
/// Bytes that are copied at most: terminals refuse more.
const MAX_COPY: usize = 74_000;
/// What failed elsewhere while the screen was up, kept until it is down.
const MAX_FAILURES: usize = 8;

/// Whether the terminal is taken over.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// Held while the terminal's mode is changed.
static MODE: Mutex<()> = Mutex::new(());
static HOOK: Once = Once::new();
static FAILURES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The name of the thread that draws.
pub(super) const THREAD: &str = "screen";

/// Where frames go, and what a frame does not hold.
pub(super) trait Device {
    /// What draws.
    type Backend: Backend;

    /// Where frames go.
    fn terminal(&mut self) -> &mut Terminal<Self::Backend>;

    /// Sends something that is no part of a frame.
    fn send(&mut self, sequence: &str) -> io::Result<()>;

    /// Takes the terminal over.
    fn enter(&mut self) -> io::Result<()>;

    /// Gives the terminal back.
    fn leave(&mut self);
}

/// The terminal of this process. It gives itself back when it goes.
pub(super) struct Tty {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
}

impl Tty {
    /// Takes the terminal over.
    pub(super) fn open() -> io::Result<Self> {
        restore_on_panic();
        take()?;
        // A frame is some thousands of small writes.
        let writer = BufWriter::with_capacity(1 << 16, io::stdout());
        match Terminal::new(CrosstermBackend::new(writer)) {
            Ok(terminal) => Ok(Self { terminal }),
            Err(error) => {
                restore();
                Err(error)
            }
        }
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        restore();
    }
}

impl Device for Tty {
    type Backend = CrosstermBackend<BufWriter<Stdout>>;

    fn terminal(&mut self) -> &mut Terminal<Self::Backend> {
        &mut self.terminal
    }

    fn send(&mut self, sequence: &str) -> io::Result<()> {
        let backend = self.terminal.backend_mut();
        backend.write_all(sequence.as_bytes())?;
        Write::flush(backend)
    }

    fn enter(&mut self) -> io::Result<()> {
        take()?;
        self.terminal.clear()
    }

    fn leave(&mut self) {
        restore();
    }
}

fn changing_mode() -> MutexGuard<'static, ()> {
    MODE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn take() -> io::Result<()> {
    let mode = changing_mode();
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    drop(mode);
    let mut out = io::stdout().lock();
    out.write_all(ENTER.as_bytes())?;
    out.flush()
}

/// Gives the terminal back as it was. Harmless when it already is.
pub(super) fn restore() {
    let mode = changing_mode();
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    // The mode first: it takes effect even if the terminal has stopped reading. A terminal that is gone needs nothing.
    let _ = disable_raw_mode();
    drop(mode);
    let mut out = io::stdout().lock();
    let _ = out.write_all(LEAVE.as_bytes());
    let _ = out.flush();
}

/// Drops what was written and not read.
pub(super) fn discard() {
    use rustix::termios::{Action, QueueSelector, tcflow, tcflush};
    // A terminal that is gone holds nobody up.
    let _ = tcflow(io::stdout(), Action::OOff);
    let _ = tcflush(io::stdout(), QueueSelector::OFlush);
    // Going on is what wakes a writer; the room alone does not.
    let _ = tcflow(io::stdout(), Action::OOn);
}

/// Gives only the terminal's mode back: for one that has stopped reading, to which every write waits.
pub(super) fn restore_mode() {
    let _mode = changing_mode();
    let _ = disable_raw_mode();
}

/// Makes the terminal tell of keys that wait to be read to whoever waits for such news: setting its mode, though it stays
/// as it is, wakes all readers. Does nothing while the terminal is not taken over.
pub(super) fn tell_again() -> io::Result<()> {
    let _mode = changing_mode();
    if TAKEN.load(Ordering::SeqCst) {
        tcsetattr(io::stdin(), OptionalActions::Now, &tcgetattr(io::stdin())?)?;
    }
    Ok(())
}

/// The terminal's mode before another process takes the terminal over: for when that process cannot give it back.
pub(super) struct Before(Termios);

impl Before {
    /// The mode as it is now.
    pub(super) fn now() -> io::Result<Self> {
        Ok(Self(tcgetattr(io::stdin())?))
    }

    /// Gives the terminal back as it was, unless a shell has it already. A terminal that is gone needs nothing.
    pub(super) fn restore(&self) {
        if !tcgetpgrp(io::stdin()).is_ok_and(|group| group == rustix::process::getpgrp()) {
            return;
        }
        // What was typed for the screen is not meant for a shell.
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.0);
        let mut out = io::stdout().lock();
        let _ = out.write_all(LEAVE.as_bytes());
        let _ = out.flush();
    }
}

/// A panic of the screen, or of the whole program, is read on the terminal as it was. One of another task ends only
/// that task: its text is kept for later, because printed now it would stand across the picture.
fn restore_on_panic() {
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let thread = std::thread::current();
            if thread.name() == Some(CHECK_THREAD) {
                return;
            }
            let ours = matches!(thread.name(), Some(THREAD | "main"));
            if ours || !TAKEN.load(Ordering::SeqCst) {
                restore();
                return before(info);
            }
            let mut failures = FAILURES.lock().unwrap_or_else(PoisonError::into_inner);
            if failures.len() < MAX_FAILURES {
                failures.push(Untrusted::from(info.to_string()).visible(500));
            }
        }));
    });
}

/// What failed elsewhere while the screen was up.
pub(super) fn failures() -> Vec<String> {
    std::mem::take(&mut *FAILURES.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Why there is no terminal to draw on, and what to do.
pub(super) fn check(options: &TuiOptions) -> anyhow::Result<()> {
    let without = "run `hopscope daemon` for a node without a screen";
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        anyhow::bail!("the screen needs a terminal for both input and output; {without}");
    }
    match options.environment.term.as_deref() {
        Some("dumb") => anyhow::bail!("TERM=dumb says that this terminal cannot place a cursor; {without}"),
        Some("") | None => {
            anyhow::bail!("TERM is not set, so what this terminal can do is unknown; set it, or {without}")
        }
        Some(_) => Ok(()),
    }
}

/// What sets the window's title. The text is made safe by the caller.
pub(super) fn title(text: &str) -> String {
    format!("\x1b]2;{text}\x07")
}

/// What puts a text on the clipboard of the terminal's user, also through ssh (OSC 52); `None` for one that is too long.
pub(super) fn copy(text: &str) -> Option<String> {
    (text.len() <= MAX_COPY).then(|| format!("\x1b]52;c;{}\x07", BASE64.encode(text.as_bytes())))
}
