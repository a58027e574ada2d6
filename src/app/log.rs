//! The last lines of the log, kept for the screen.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::clock::Clock;
use super::snapshot::{LogLevel, LogLine};
use crate::proto::Untrusted;

/// Lines kept.
const MAX_LINES: usize = 1_000;
/// Bytes kept of one line.
const MAX_LINE: usize = 1_024;

/// A bounded, shared list of log lines, and the subscriber's layer that fills it.
#[derive(Clone, Debug)]
pub struct LogRing {
    clock: Clock,
    lines: Arc<Mutex<Lines>>,
}

#[derive(Debug, Default)]
struct Lines {
    kept: VecDeque<LogLine>,
    /// Lines written, in all: tells a reader whether there is anything new.
    written: u64,
}

impl LogRing {
    /// An empty list whose lines are stamped by this clock.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self { clock, lines: Arc::default() }
    }

    /// The clock that stamps the lines: the engine's too, so that ages and lines agree.
    #[must_use]
    pub const fn clock(&self) -> Clock {
        self.clock
    }

    /// The lines, the oldest first, if any came since `seen` were written; with them the new number of lines written.
    #[must_use]
    pub fn newer_than(&self, seen: u64) -> Option<(u64, Arc<[LogLine]>)> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        (lines.written > seen).then(|| (lines.written, lines.kept.iter().cloned().collect()))
    }

    fn push(&self, line: LogLine) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.kept.len() >= MAX_LINES {
            lines.kept.pop_front();
        }
        lines.kept.push_back(line);
        lines.written += 1;
    }
}

impl<S: Subscriber> Layer<S> for LogRing {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = LineText::default();
        event.record(&mut text);
        let level = match *event.metadata().level() {
            Level::ERROR => LogLevel::Error,
            Level::WARN => LogLevel::Warn,
            Level::INFO => LogLevel::Info,
            Level::DEBUG => LogLevel::Debug,
            Level::TRACE => LogLevel::Trace,
        };
        let target = event.metadata().target().trim_start_matches("hopscope::").to_owned();
        let text = Untrusted::new(text.finish());
        self.push(LogLine { at_ms: self.clock.millis(), level, target, text });
    }
}

/// The message first, then the fields as `name=value`.
#[derive(Default)]
struct LineText {
    message: String,
    fields: String,
}

impl LineText {
    fn finish(mut self) -> String {
        self.message.push_str(&self.fields);
        let end = self.message.floor_char_boundary(MAX_LINE);
        self.message.truncate(end);
        self.message
    }
}

impl Visit for LineText {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        // Writing to a String cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let _ = match field.name() {
            "message" => write!(self.message, "{value}"),
            name => write!(self.fields, " {name}={value}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::{LogRing, MAX_LINES};
    use crate::app::clock::Clock;

    #[test]
    fn lines_come_with_their_fields_and_the_oldest_give_way() {
        let ring = LogRing::new(Clock::start());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(ring.clone()), || {
            tracing::warn!(peer = "kestrel", tries = 3, "cannot be dialled");
            let (written, lines) = ring.newer_than(0).unwrap();
            assert_eq!((written, lines[0].text.raw()), (1, "cannot be dialled peer=kestrel tries=3"));
            assert!(ring.newer_than(written).is_none());
            for n in 0..2 * MAX_LINES {
                tracing::info!("line {n}");
            }
        });
        let (_, lines) = ring.newer_than(1).unwrap();
        assert_eq!((lines.len(), lines[0].text.raw()), (MAX_LINES, "line 1000"));
    }
}
