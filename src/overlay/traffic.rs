//! What goes over links, counted by what it is for. The drivers of real and of simulated links share it.

use super::message::{Message, Purpose};

/// Messages and bytes of one link or of all. Bytes are those of frames, TLS's own left out; of simulated
/// links about as many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkTraffic {
    /// Messages received.
    pub messages_in: u64,
    /// Messages queued to be sent.
    pub messages_out: u64,
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes queued to be sent.
    pub bytes_out: u64,
    /// Of the bytes received, those for which somebody searches.
    pub search_in: u64,
    /// Of the bytes to be sent, the same.
    pub search_out: u64,
    /// Of the bytes received, those of reports: what tracing costs.
    pub report_in: u64,
    /// Of the bytes to be sent, the same.
    pub report_out: u64,
    /// Messages not sent because the queue was full.
    pub dropped: u64,
}

impl std::ops::AddAssign for LinkTraffic {
    fn add_assign(&mut self, other: Self) {
        self.messages_in += other.messages_in;
        self.messages_out += other.messages_out;
        self.bytes_in += other.bytes_in;
        self.bytes_out += other.bytes_out;
        self.search_in += other.search_in;
        self.search_out += other.search_out;
        self.report_in += other.report_in;
        self.report_out += other.report_out;
        self.dropped += other.dropped;
    }
}

impl LinkTraffic {
    /// Counts a message of so many bytes that came.
    pub fn received(&mut self, message: &Message, bytes: u64) {
        let spent = Spent::on(message, bytes);
        self.messages_in += 1;
        self.bytes_in += bytes;
        self.search_in += spent.search;
        self.report_in += spent.report;
    }

    /// Counts a message of so many bytes that goes.
    pub fn sent(&mut self, message: &Message, bytes: u64) {
        let spent = Spent::on(message, bytes);
        self.messages_out += 1;
        self.bytes_out += bytes;
        self.search_out += spent.search;
        self.report_out += spent.report;
    }
}

/// Bytes of some messages by what they are for, upkeep left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Those for which somebody searches.
    pub search: u64,
    /// Those of reports: what tracing costs.
    pub report: u64,
}

impl Spent {
    /// What one message of so many bytes comes to.
    #[must_use]
    pub fn on(message: &Message, bytes: u64) -> Self {
        match message.purpose() {
            Purpose::Search => Self { search: bytes, report: 0 },
            Purpose::Report => Self { search: 0, report: bytes },
            Purpose::Upkeep => Self::default(),
        }
    }
}

impl std::ops::AddAssign for Spent {
    fn add_assign(&mut self, other: Self) {
        self.search += other.search;
        self.report += other.report;
    }
}
