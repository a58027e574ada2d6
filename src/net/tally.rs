//! What was refused, dropped and lost, by reason, and what went beside the links: each is counted, and told in the log
//! as long as that does not flood it.

use std::sync::atomic::{AtomicU64, Ordering};

/// Lines about refused connections that may go to the log in one [`LOG_SPAN_MICROS`]; the rest is counted only.
const LOG_LINES: u64 = 20;
const LOG_SPAN_MICROS: u64 = 10_000_000;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What this room refused, dropped and lost since it started, and what it sent beside the links.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct NetCounters {
            $($(#[$doc])* pub $name: u64,)*
        }

        /// The same, while it is being counted by many tasks.
        #[derive(Debug, Default)]
        pub(super) struct Tally {
            $(pub(super) $name: Count,)*
            logged: AtomicU64,
        }

        impl Tally {
            /// All counts as they stand.
            pub(super) fn read(&self) -> NetCounters {
                NetCounters { $($name: self.$name.0.load(Ordering::Relaxed),)* }
            }
        }
    };
}

counters! {
    /// Inbound connections accepted.
    accepted,
    /// Inbound connections closed because too many came from their address.
    crowded,
    /// Inbound connections that did not finish their handshake in time: they said nothing, or too little.
    silent,
    /// Inbound connections that spoke something else: garbage, HTTP, another version of TLS.
    foreign,
    /// Inbound connections that did not know the passphrase.
    strangers,
    /// Connections that broke the protocol after their handshake.
    broken,
    /// Inbound links, deliveries and file requests for which there was no room.
    no_room,
    /// Messages of known kinds that broke their rules, dropped.
    malformed,
    /// Messages of kinds that this version does not know, skipped.
    unknown,
    /// Bytes of hits sent over connections of their own.
    direct_hit_bytes,
    /// Bytes of reports sent over connections of their own.
    direct_report_bytes,
    /// Bytes of questions and accounts sent over connections of their own.
    direct_question_bytes,
    /// Links closed because they could not be written to fast enough.
    slow,
    /// Events that nobody took in time.
    events_lost,
    /// Traces that nobody took in time.
    traces_lost,
}

/// One number that only grows.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    /// Counts one more.
    pub(super) fn up(&self) {
        self.add(1);
    }

    /// Counts so many more.
    pub(super) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }
}

impl Tally {
    /// Whether one more line about a stranger may go to the log at that time, in microseconds.
    pub(super) fn may_log(&self, now_micros: u64) -> bool {
        // The span's number in the upper half, the lines of it so far in the lower one.
        let span = (now_micros / LOG_SPAN_MICROS) << 32;
        let step = |logged: u64| Some(if logged & !0xffff_ffff == span { logged + 1 } else { span + 1 });
        let before = self.logged.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step).unwrap_or_default();
        before & !0xffff_ffff != span || before & 0xffff_ffff < LOG_LINES
    }
}

#[cfg(test)]
mod tests {
    use super::{LOG_LINES, LOG_SPAN_MICROS, Tally};

    #[test]
    fn the_log_takes_so_many_lines_a_span() {
        let tally = Tally::default();
        for span in 1..4 {
            let now = span * LOG_SPAN_MICROS;
            assert_eq!((0..100).filter(|n| tally.may_log(now + n)).count() as u64, LOG_LINES);
        }
    }
}
