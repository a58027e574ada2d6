//! How far a long run is, on standard error if that is a terminal.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use crate::app::Clock;

/// Between two drawings.
const PACE: Duration = Duration::from_millis(100);
/// Columns of the bar.
const WIDTH: usize = 30;

/// A bar. It draws nothing where nobody watches, and nothing about a run that is over at once.
#[derive(Debug)]
pub(super) struct Progress {
    watched: bool,
    clock: Clock,
    drawn: Duration,
    shown: bool,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self { watched: io::stderr().is_terminal(), clock: Clock::start(), drawn: Duration::ZERO, shown: false }
    }

    /// Shows a share between 0 and 1, and some words.
    pub(super) fn show(&mut self, share: f64, words: impl FnOnce() -> String) {
        let now = self.clock.elapsed();
        if !self.watched || now.saturating_sub(self.drawn) < PACE {
            return;
        }
        (self.drawn, self.shown) = (now, true);
        let full = ((share.clamp(0.0, 1.0) * WIDTH as f64) as usize).min(WIDTH);
        let bar = "#".repeat(full) + &".".repeat(WIDTH - full);
        // A terminal that went away is no reason to stop.
        let _ = write!(io::stderr(), "\r\x1b[K[{bar}] {:3.0} %  {}", share * 100.0, words());
    }

    /// Takes the bar away.
    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
