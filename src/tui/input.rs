//! What comes from outside: keys, signals, files that were saved. All of it on one bounded queue, which in a test somebody
//! else fills.
//!
//! Keys are read on a thread of their own, which looks for the end of the terminal before it lets crossterm read:
//! crossterm's own stream reads for ever at an end of file. And crossterm waits for edges: when it reports a change of
//! size, or stops after a full buffer, it forgets that keys are waiting as well, until the next one comes. So a terminal
//! that has keys of which crossterm knows nothing is made to tell of them once more.

use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crossterm::event::{self, Event};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use super::terminal;

/// Things from outside that may wait: more than anybody types between two frames.
pub(super) const QUEUE: usize = 256;

/// Something from outside.
#[derive(Debug)]
pub(super) enum Outside {
    /// From the terminal.
    Terminal(Event),
    /// The terminal is gone.
    Closed,
    /// Somebody wants the program to end: the signal's name.
    End(&'static str),
    /// Somebody wants the program to stop for a while.
    Stop,
    /// It goes on after a stop.
    Continue,
    /// The terminal has another size.
    Size,
    /// A file of keymap or theme was saved.
    Saved,
}

/// Reads keys until it is dropped.
pub(super) struct Keys {
    stop: UnixStream,
}

impl Keys {
    /// Starts to read.
    pub(super) fn read(to: mpsc::Sender<Outside>) -> io::Result<Self> {
        let (stop, stopped) = UnixStream::pair()?;
        std::thread::Builder::new().name("keys".into()).spawn(move || {
            if let Err(error) = read(&stopped, &to) {
                tracing::warn!(%error, "the terminal cannot be read");
                let _ = to.blocking_send(Outside::Closed);
            }
        })?;
        Ok(Self { stop })
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        // The other end may be gone already.
        let _ = self.stop.write_all(&[0]);
    }
}

fn read(stopped: &UnixStream, to: &mpsc::Sender<Outside>) -> io::Result<()> {
    let stdin = io::stdin();
    loop {
        let mut ready = [PollFd::new(stopped, PollFlags::IN), PollFd::new(&stdin, PollFlags::IN)];
        match poll(&mut ready, None) {
            Err(Errno::INTR) => continue,
            other => other?,
        };
        if !ready[0].revents().is_empty() {
            return Ok(());
        }
        if ready[1].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
            let _ = to.blocking_send(Outside::Closed);
            return Ok(());
        }
        if ready[1].revents().contains(PollFlags::IN) && !event::poll(Duration::ZERO)? {
            terminal::tell_again()?;
        }
        while event::poll(Duration::ZERO)? {
            if to.blocking_send(Outside::Terminal(event::read()?)).is_err() {
                return Ok(());
            }
        }
    }
}

/// Passes signals on, for as long as somebody listens.
pub(super) fn signals(to: &mpsc::Sender<Outside>) -> io::Result<()> {
    let kinds: [(SignalKind, fn() -> Outside); 7] = [
        (SignalKind::terminate(), || Outside::End("SIGTERM")),
        (SignalKind::hangup(), || Outside::End("SIGHUP")),
        (SignalKind::interrupt(), || Outside::End("SIGINT")),
        (SignalKind::quit(), || Outside::End("SIGQUIT")),
        (SignalKind::window_change(), || Outside::Size),
        (SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()), || Outside::Stop),
        (SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()), || Outside::Continue),
    ];
    for (kind, said) in kinds {
        tokio::spawn(pass_on(signal(kind)?, said, to.clone()));
    }
    Ok(())
}

async fn pass_on(mut signal: Signal, said: fn() -> Outside, to: mpsc::Sender<Outside>) {
    while signal.recv().await.is_some() {
        if to.send(said()).await.is_err() {
            return;
        }
    }
}
