//! What a node waits for: a deadline a purpose, one wake for all of them.

use crate::base::Time;

/// What a deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Timer {
    /// Dial somebody.
    Join,
    /// Ask the neighbors for a sign of life.
    Ping,
    /// End a search, or look whether it is over.
    Search,
    /// Pass on queries that the slow motion held.
    Held,
    /// Send collected reports.
    Report,
    /// Age the table of GUIDs.
    Seen,
    /// See whether the role still fits, and tell the ultra-peers what is shared.
    Role,
    /// Register with a directory, and keep the lease.
    Register,
    /// Drop what ran out in the directory that this node serves.
    Lease,
    /// Give up waiting for the answer to a question.
    Explain,
    /// Try somebody again with whom contact was lost.
    Explore,
}

impl Timer {
    pub(super) const ON_WAKE: [Self; 11] = [
        Self::Ping,
        Self::Search,
        Self::Held,
        Self::Report,
        Self::Seen,
        Self::Role,
        Self::Register,
        Self::Lease,
        Self::Explain,
        Self::Explore,
        Self::Join,
    ];
}

/// One deadline for each [`Timer`].
#[derive(Debug)]
pub(super) struct Timers([Time; Timer::ON_WAKE.len()]);

impl Timers {
    pub(super) const fn new() -> Self {
        Self([Time::NEVER; Timer::ON_WAKE.len()])
    }

    /// Sets a deadline, or brings it forward; a later one than is set changes nothing.
    pub(super) fn at_latest(&mut self, timer: Timer, at: Time) {
        let slot = &mut self.0[timer as usize];
        *slot = at.min(*slot);
    }

    /// Whether a deadline is set.
    pub(super) fn is_set(&self, timer: Timer) -> bool {
        self.0[timer as usize] < Time::NEVER
    }

    /// Waits no more.
    pub(super) fn clear(&mut self, timer: Timer) {
        self.0[timer as usize] = Time::NEVER;
    }

    /// Takes a deadline that has passed; false if it has not.
    pub(super) fn take_due(&mut self, timer: Timer, now: Time) -> bool {
        let slot = &mut self.0[timer as usize];
        let due = *slot <= now;
        if due {
            *slot = Time::NEVER;
        }
        due
    }

    /// The earliest deadline.
    pub(super) fn next(&self) -> Time {
        self.0.iter().copied().min().unwrap_or(Time::NEVER)
    }
}
