//! What a node's past says of it, for the election of ultra-peers: how regularly it was online in the past days, and how
//! fast it uploads. Kept in a file of the state folder, a line for each hour in which the node was up.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::overlay::Standing;

/// The file's name in the state folder.
const FILE: &str = "availability";
/// Hours that count: a week.
const WINDOW: u64 = 7 * 24;
/// Hours that have to be known before they say anything: until then the node is on its first day.
const FIRST_DAY: u64 = 24;
/// Bytes of the file that are read; a week's hours take a fifth.
const MAX_BYTES: u64 = 16 * 1024;
/// Seconds over which an upload rate is averaged.
const RATE_SECONDS: usize = 5;
/// A rate below this, in kbit/s, says more about those who download than about this node.
const LEAST_RATE: u32 = 64;

/// The file, and what it says.
#[derive(Clone, Debug)]
pub(super) struct Past {
    path: PathBuf,
    /// Hours since 1970 in which the node was up, ascending.
    hours: VecDeque<u64>,
    capacity_kbps: Option<u32>,
    /// Whether the file says something else.
    changed: bool,
    /// Bytes uploaded in each of the last seconds, and in all.
    uploads: VecDeque<u64>,
    uploaded: Option<u64>,
}

impl Past {
    /// Reads the file of a state folder; `hour` is the hour now, since 1970. Lines that make no sense are skipped:
    /// somebody may have edited it, and the clock may have been wrong.
    pub(super) fn load(state: &Path, hour: u64) -> Self {
        let path = state.join(FILE);
        let mut text = String::new();
        // Without a file it is the node's first hour.
        let _ = fs::File::open(&path).and_then(|file| file.take(MAX_BYTES).read_to_string(&mut text));
        let mut hours: Vec<u64> = text.lines().filter_map(|line| line.trim().parse().ok()).collect();
        hours.retain(|known| (hour.saturating_sub(WINDOW)..=hour).contains(known));
        hours.sort_unstable();
        hours.dedup();
        let kbps = text.lines().find_map(|line| line.strip_prefix("kbps "));
        let mut past = Self {
            path,
            hours: hours.into(),
            capacity_kbps: kbps.and_then(|kbps| kbps.trim().parse().ok()),
            changed: false,
            uploads: VecDeque::with_capacity(RATE_SECONDS),
            uploaded: None,
        };
        past.up_at(hour);
        past
    }

    /// The node is up in this hour. A clock that was set back adds nothing and takes nothing away.
    pub(super) fn up_at(&mut self, hour: u64) {
        if self.hours.back().is_none_or(|last| *last < hour) {
            self.hours.push_back(hour);
            self.changed = true;
        }
        while self.hours.front().is_some_and(|first| first + WINDOW < hour) {
            self.hours.pop_front();
        }
    }

    /// A second has passed, and so many bytes were uploaded in all.
    pub(super) fn uploaded(&mut self, bytes: u64) {
        let second = bytes.saturating_sub(self.uploaded.replace(bytes).unwrap_or(bytes));
        if self.uploads.len() == RATE_SECONDS {
            self.uploads.pop_front();
        }
        self.uploads.push_back(second);
        if self.uploads.len() < RATE_SECONDS {
            return;
        }
        let rate = self.uploads.iter().sum::<u64>() / RATE_SECONDS as u64 * 8 / 1_000;
        let rate = u32::try_from(rate).unwrap_or(u32::MAX);
        if rate >= LEAST_RATE && self.capacity_kbps.is_none_or(|known| known < rate) {
            self.capacity_kbps = Some(rate);
            self.changed = true;
        }
    }

    /// What the core is told: of the hours since the first known one, how many the node was up.
    pub(super) fn standing(&self) -> Standing {
        let known = self.hours.front().zip(self.hours.back()).map(|(first, last)| last - first + 1);
        let availability = known.filter(|known| *known > FIRST_DAY).map(|known| {
            let up = self.hours.len() as u64 * 1_000 / known;
            up.min(1_000) as u16
        });
        Standing { capacity_kbps: self.capacity_kbps, availability }
    }

    /// A copy to be saved, if the file says something else; for a thread that may wait for the disk.
    pub(super) fn unsaved(&mut self) -> Option<Self> {
        std::mem::take(&mut self.changed).then(|| self.clone())
    }

    /// Writes the file anew.
    pub(super) fn save(&self) -> io::Result<()> {
        let kbps = self.capacity_kbps.map(|kbps| format!("kbps {kbps}\n")).unwrap_or_default();
        let hours: String = self.hours.iter().map(|hour| format!("{hour}\n")).collect();
        let fresh = self.path.with_extension("new");
        let mut file = fs::File::create(&fresh)?;
        file.write_all((kbps + &hours).as_bytes())?;
        file.sync_data()?;
        fs::rename(&fresh, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::{FILE, Past};

    const NOW: u64 = 494_000;

    #[test]
    fn availability_is_the_share_of_hours_since_the_first_known_one() {
        let state = tempfile::tempdir().unwrap();
        let mut past = Past::load(state.path(), NOW);
        assert_eq!(past.standing().availability, None, "its first day says nothing");
        for hour in (NOW..NOW + 48).step_by(2) {
            past.up_at(hour);
        }
        past.up_at(NOW + 47);
        past.save().unwrap();
        let again = Past::load(state.path(), NOW + 47);
        assert_eq!(again.standing().availability, Some(520), "25 of 48 hours");
    }

    #[test]
    fn a_week_ago_is_forgotten_and_clocks_that_jump_do_no_harm() {
        let state = tempfile::tempdir().unwrap();
        let mut past = Past::load(state.path(), NOW);
        past.up_at(NOW + 10_000);
        past.up_at(NOW + 10_001);
        assert_eq!(past.hours.len(), 2, "{:?}", past.hours);
        past.up_at(NOW);
        assert_eq!(past.hours.len(), 2, "set back");
        past.save().unwrap();
        let back = Past::load(state.path(), NOW);
        assert_eq!(back.hours, [NOW], "what lies in the future was no hour of this node");
    }

    #[test]
    fn an_edited_or_broken_file_is_read_as_far_as_it_makes_sense() {
        let state = tempfile::tempdir().unwrap();
        let hours: String = (0..30).map(|back| format!("{}\n", NOW - back)).collect();
        std::fs::write(state.path().join(FILE), format!("kbps 800\nx\n-1\n{}\n\n{hours}{hours}", u64::MAX)).unwrap();
        let past = Past::load(state.path(), NOW);
        assert_eq!((past.standing().capacity_kbps, past.standing().availability), (Some(800), Some(1_000)));
        std::fs::write(state.path().join(FILE), [0xff; 100]).unwrap();
        assert_eq!(Past::load(state.path(), NOW).hours, [NOW]);
    }

    #[test]
    fn the_fastest_five_seconds_are_the_capacity() {
        let state = tempfile::tempdir().unwrap();
        let mut past = Past::load(state.path(), NOW);
        let mut total = 10_000_000;
        (0..20).for_each(|_| past.uploaded(total));
        assert_eq!(past.standing().capacity_kbps, None, "nothing was uploaded since it runs");
        for _ in 0..10 {
            total += 125_000;
            past.uploaded(total);
        }
        assert_eq!(past.standing().capacity_kbps, Some(1_000));
        (0..10).for_each(|_| past.uploaded(total));
        assert_eq!(past.standing().capacity_kbps, Some(1_000), "slower is no news");
    }
}
