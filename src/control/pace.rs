//! Slows progress down to what a reader can use, and nothing else: what changes a state passes at once.

use std::collections::BTreeMap;

use super::PROGRESS_A_SECOND;
use crate::app::{Event, TransferState};

const GAP_MS: u64 = 1_000 / PROGRESS_A_SECOND;

/// What progress is about. Of each the latest line counts, so one place for each is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Library,
    Transfer(u64),
}

/// Lets every event pass but progress, of which it lets through the latest of each subject, in turns, at most
/// [`PROGRESS_A_SECOND`] times a second. Time is milliseconds since any epoch.
///
/// Searches are left alone: each hop and hit is a fact of its own, and a reader who draws the flood needs them all.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// States told, of transfers that are not over.
    told: BTreeMap<u64, TransferState>,
    held: BTreeMap<Subject, Event>,
    /// When progress passed last, and whose it was.
    last: Option<(u64, Subject)>,
}

impl Pace {
    /// Passes the event on, or holds it for [`Pace::due`].
    pub(super) fn offer(&mut self, event: Event) -> Option<Event> {
        match &event {
            Event::Transfer(transfer) => {
                let (id, state) = (transfer.id, transfer.state);
                let before = if state.is_final() { self.told.remove(&id) } else { self.told.insert(id, state) };
                if before == Some(state) {
                    self.held.insert(Subject::Transfer(id), event);
                    return None;
                }
                self.held.remove(&Subject::Transfer(id));
                Some(event)
            }
            Event::Library { .. } => {
                self.held.insert(Subject::Library, event);
                None
            }
            _ => Some(event),
        }
    }

    /// The next held event, if its time has come.
    pub(super) fn due(&mut self, now_ms: u64) -> Option<Event> {
        if self.next_due()? > now_ms {
            return None;
        }
        let after = |(_, last): &(u64, Subject)| self.held.range(last..).find(|(subject, _)| *subject != last);
        let turn =
            self.last.as_ref().and_then(after).or_else(|| self.held.first_key_value()).map(|(&subject, _)| subject)?;
        self.last = Some((now_ms, turn));
        self.held.remove(&turn)
    }

    /// When [`Pace::due`] will have something.
    pub(super) fn next_due(&self) -> Option<u64> {
        let earliest = self.last.map_or(0, |(at, _)| at + GAP_MS);
        (!self.held.is_empty()).then_some(earliest)
    }
}

#[cfg(test)]
mod tests {
    use super::Pace;
    use crate::app::{Direction, Event, FileId, Transfer, TransferState, Untrusted};

    fn transfer(id: u64, bytes: u64, state: TransferState) -> Event {
        Event::Transfer(Transfer {
            id,
            direction: Direction::Download,
            name: "a".into(),
            hash: FileId([0; 32]),
            bytes,
            size: 1_000,
            rate: 0,
            sources: 1,
            state,
            why: None,
            peer: Untrusted::default(),
        })
    }

    fn bytes(event: Option<Event>) -> Option<(u64, u64)> {
        match event {
            Some(Event::Transfer(transfer)) => Some((transfer.id, transfer.bytes)),
            _ => None,
        }
    }

    #[test]
    fn states_pass_at_once_and_progress_ten_times_a_second_with_the_latest_number() {
        let mut pace = Pace::default();
        assert!(pace.offer(transfer(1, 0, TransferState::Active)).is_some());
        let mut shown = 0;
        for now in 0..1_000 {
            assert!(pace.offer(transfer(1, now, TransferState::Active)).is_none());
            if let Some((_, latest)) = bytes(pace.due(now)) {
                assert_eq!(latest, now);
                shown += 1;
            }
        }
        assert_eq!(shown, 10);
        assert!(pace.offer(transfer(1, 1_000, TransferState::Done)).is_some());
        assert!(pace.next_due().is_none(), "nothing is told of a transfer after its end");
    }

    #[test]
    fn transfers_take_turns_within_the_same_ten_lines() {
        let mut pace = Pace::default();
        for id in 1..=3 {
            pace.offer(transfer(id, 0, TransferState::Active));
        }
        let mut turns = Vec::new();
        for now in 0..1_000 {
            for id in 1..=3 {
                pace.offer(transfer(id, now, TransferState::Active));
            }
            turns.extend(bytes(pace.due(now)).map(|(id, _)| id));
        }
        assert_eq!(turns, [1, 2, 3, 1, 2, 3, 1, 2, 3, 1]);
    }

    #[test]
    fn the_library_is_held_too_and_errors_are_not() {
        let mut pace = Pace::default();
        let library = |files| Event::Library { files, bytes: 0, hashing: 0 };
        assert!(pace.offer(library(1)).is_none() && pace.offer(library(2)).is_none());
        assert!(matches!(pace.due(0), Some(Event::Library { files: 2, .. })));
        assert!(pace.offer(library(3)).is_none() && pace.due(99).is_none() && pace.due(100).is_some());
        assert!(pace.offer(Event::Error { code: "x".into(), message: "x".into(), hint: "x".into() }).is_some());
    }
}
