//! `^Z` and `fg`, without the node ceasing to serve.
//!
//! A process that is stopped runs nothing, and a shell takes the terminal back only when the process that it started
//! stops. So that process is not the node: [`shepherd`] starts the same program again as its child, in the same process
//! group, and waits for it. On `^Z` the node gives the terminal back, leaves it alone, and asks the shepherd to stop
//! itself, which is all that the shell sees. `fg` continues the whole group; the node hears that and takes the terminal
//! again. A node that is killed cannot give the terminal back; its shepherd, which outlives it, does. Without a shepherd (somebody else's program, a test) the node stops as any program does.

use std::io::{self, IsTerminal, Write};
use std::process::{ExitCode, ExitStatus};

use rustix::process::{Pid, Signal, getpgrp, getpid, getppid, kill_process, set_parent_process_death_signal};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::input::{Keys, Outside};
use super::run::Suspend;
use super::terminal::Before;

/// Names the shepherd to its child.
const SHEPHERD: &str = "HOPSCOPE_SHEPHERD";

/// The shell's side of the screen: keys are read while the terminal is ours, and not while it is not.
pub(super) struct Shell {
    keys: Option<Keys>,
    to: mpsc::Sender<Outside>,
    shepherd: Option<Pid>,
}

impl Shell {
    /// Reads keys from now on.
    pub(super) fn open(to: mpsc::Sender<Outside>) -> io::Result<Self> {
        Ok(Self { keys: Some(Keys::read(to.clone())?), to, shepherd: own_shepherd() })
    }
}

impl Suspend for Shell {
    fn suspend(&mut self) -> io::Result<()> {
        // Before the shell reads: a process in the background that reads keys is stopped for it.
        self.keys = None;
        let mut out = io::stdout().lock();
        match self.shepherd {
            Some(shepherd) => {
                writeln!(out, "hopscope goes on serving without its screen; `fg` brings it back")?;
                out.flush()?;
                kill_process(shepherd, Signal::USR1)?;
            }
            None => {
                writeln!(out, "hopscope stops and serves nobody until `fg`")?;
                out.flush()?;
                kill_process(getpid(), Signal::STOP)?;
            }
        }
        Ok(())
    }

    fn resume(&mut self) -> io::Result<bool> {
        // `bg` continues too, and the terminal stays the shell's.
        let ours = rustix::termios::tcgetpgrp(io::stdin()).is_ok_and(|group| group == getpgrp());
        if ours && self.keys.is_none() {
            self.keys = Some(Keys::read(self.to.clone())?);
        }
        Ok(ours)
    }
}

/// The process that started this one to be its shepherd.
fn own_shepherd() -> Option<Pid> {
    let named: i32 = std::env::var(SHEPHERD).ok()?.parse().ok()?;
    getppid().filter(|parent| parent.as_raw_nonzero().get() == named)
}

/// Makes this process the shepherd of a child that runs the same command; returns when that ended, with its exit code.
/// `None` in the child, which then does the work, and where there is no terminal that could be given back. To be called
/// before anything else is started.
///
/// # Errors
/// When the program cannot be started again.
pub fn shepherd() -> io::Result<Option<ExitCode>> {
    if own_shepherd().is_some() {
        // A shepherd that is killed takes nobody's terminal with it.
        set_parent_process_death_signal(Some(Signal::TERM))?;
        return Ok(None);
    }
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Ok(None);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(herd()).map(Some)
}

async fn herd() -> io::Result<ExitCode> {
    let mut stop = signal(SignalKind::user_defined1())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut quit = signal(SignalKind::quit())?;
    let before = Before::now()?;
    let mut child = Command::new(std::env::current_exe()?)
        .args(std::env::args_os().skip(1))
        .env(SHEPHERD, getpid().as_raw_nonzero().to_string())
        .spawn()?;
    loop {
        tokio::select! {
            status = child.wait() => return Ok(over(status?, &before)),
            _ = terminate.recv() => tell(&child, Signal::TERM),
            _ = hangup.recv() => tell(&child, Signal::HUP),
            _ = interrupt.recv() => tell(&child, Signal::INT),
            _ = quit.recv() => tell(&child, Signal::QUIT),
            _ = stop.recv() => {
                // TSTP and not STOP: where no shell could continue this group, the system ignores it.
                kill_process(getpid(), Signal::TSTP)?;
                tell(&child, Signal::CONT);
            }
        }
    }
}

/// Passes a signal on. A child that has just ended needs none.
fn tell(child: &Child, signal: Signal) {
    let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    if let Some(pid) = pid {
        let _ = kill_process(pid, signal);
    }
}

/// A child's end as this process's own, as shells write it. One that was killed has left the terminal taken over.
fn over(status: ExitStatus, before: &Before) -> ExitCode {
    use std::os::unix::process::ExitStatusExt;
    if let Some(signal) = status.signal() {
        before.restore();
        eprintln!("hopscope: its node was killed by signal {signal}; the terminal is as it was");
    }
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
