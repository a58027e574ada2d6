//! What is printed when the screen is gone.

use std::fmt;

use super::text;
use super::world;
use crate::app::{Direction, Snapshot, TransferState, WorldStatus};

/// Downloads named one by one.
const NAMED: usize = 10;

/// How the screen ended, and what came of the session: everything in it is safe to print.
#[derive(Clone, Debug, Default)]
pub struct ExitSummary {
    /// Why it ended, if not because the user quit.
    pub why: Option<String>,
    /// In which simulation, and how far that came.
    pub simulated: Option<String>,
    /// How long the node ran.
    pub uptime_ms: u64,
    /// Searches of this session.
    pub searches: usize,
    /// Downloads that are complete: name and place.
    pub downloaded: Vec<(String, String)>,
    /// Downloads that are not: the next start goes on with them.
    pub unfinished: usize,
    /// Bytes of content received and sent.
    pub content: (u64, u64),
    /// Bytes of overlay messages received and sent.
    pub overlay: (u64, u64),
    /// What failed inside while the screen was up.
    pub failures: Vec<String>,
}

impl ExitSummary {
    /// What came of a session.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        let downloads = || snapshot.transfers.iter().filter(|row| row.direction == Direction::Download);
        let done = downloads().filter(|row| row.state == TransferState::Done);
        let place = |why: &Option<String>| crate::app::Untrusted::from(why.as_deref().unwrap_or_default()).visible(400);
        let traffic = &snapshot.traffic;
        let of_world = |world: &WorldStatus| {
            let (mark, place, time) = (world::mark(world), world::place(world), world::time(world));
            format!("{mark}: {place}, seed {}, until {time} of its own time", world.seed)
        };
        Self {
            simulated: snapshot.world.as_deref().map(of_world),
            uptime_ms: snapshot.uptime_ms,
            searches: snapshot.searches.len(),
            downloaded: done.map(|row| (row.name.visible(120), place(&row.why))).collect(),
            unfinished: downloads().filter(|row| !row.state.is_final()).count(),
            content: (traffic.content_in, traffic.content_out),
            overlay: (traffic.overlay_in, traffic.overlay_out),
            ..Self::default()
        }
    }
}

impl fmt::Display for ExitSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(why) = &self.why {
            writeln!(f, "hopscope ended: {why}")?;
        }
        if let Some(simulated) = &self.simulated {
            writeln!(f, "{simulated}; nothing of it went over a network")?;
            return self.failures(f);
        }
        let searches = if self.searches == 1 { "1 search".into() } else { format!("{} searches", self.searches) };
        writeln!(
            f,
            "{} up, {searches}; files {} in, {} out; overlay {} in, {} out",
            text::duration(self.uptime_ms),
            text::bytes(self.content.0),
            text::bytes(self.content.1),
            text::bytes(self.overlay.0),
            text::bytes(self.overlay.1),
        )?;
        for (name, place) in self.downloaded.iter().take(NAMED) {
            writeln!(f, "  {name}{}{place}", if place.is_empty() { "" } else { " -> " })?;
        }
        if self.downloaded.len() > NAMED {
            writeln!(f, "  and {} more", self.downloaded.len() - NAMED)?;
        }
        if self.unfinished > 0 {
            writeln!(f, "  {} not finished: started again, they go on where they were", self.unfinished)?;
        }
        self.failures(f)
    }
}

impl ExitSummary {
    fn failures(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.failures.iter().try_for_each(|failure| writeln!(f, "a part of the program failed: {failure}"))
    }
}
