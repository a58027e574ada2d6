//! `hopscope get`: downloads through the running node, and stays until they are verified.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::Path;
use std::time::Duration;

use clap::ArgMatches;
use tokio::time::Instant;

use super::failure::{Exit, Failure};
use super::flags::is_set;
use super::format;
use super::node::Signals;
use super::output::{Out, Style, cut};
use super::resolve::Resolved;
use crate::app::{Event, Transfer, TransferState, VERIFICATION_FAILED};
use crate::control::{Answer, Client, Lines};

/// Magnet links read from standard input.
const MAX_MAGNETS: usize = 1_000;
/// Bytes of one.
const MAX_MAGNET: usize = 16 * 1024;
/// A deadline for those who set none.
const NEVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Starts the downloads and waits for their ends.
pub(super) fn run(resolved: &Resolved, arguments: &ArgMatches) -> Result<Exit, Failure> {
    let magnets = magnets(arguments.get_many::<String>("magnet").into_iter().flatten())?;
    let timeout = arguments.get_one::<Duration>("timeout").copied();
    let client = Client::new(&resolved.places.folders);
    super::block_on(async {
        let mut signals = Signals::catch()?;
        let mut watch = Watch::start(client, &magnets, is_set(arguments, "json")).await?;
        let deadline = Instant::now() + timeout.unwrap_or(NEVER);
        let early = tokio::select! {
            ended = watch.until_over() => return ended.and_then(|()| verdict(watch.transfers.values().flatten())),
            () = tokio::time::sleep_until(deadline) => {
                let after = format::span(timeout.unwrap_or(NEVER).as_millis() as u64);
                Failure::new(Exit::TimedOut, format!("not done after {after}"), "ask again to go on where it stopped")
            }
            () = signals.wait() => Failure::failed("cancelled", "ask again to go on where it stopped"),
        };
        watch.cancel().await;
        Err(early)
    })
}

fn magnets<'a>(given: impl Iterator<Item = &'a String>) -> Result<Vec<String>, Failure> {
    let mut magnets = Vec::new();
    for text in given {
        if text != "-" {
            magnets.push(text.clone());
            continue;
        }
        let room = (MAX_MAGNETS * MAX_MAGNET) as u64;
        for line in std::io::BufReader::new(std::io::Read::take(std::io::stdin(), room)).lines() {
            let line = line.map_err(|error| Failure::usage(format!("standard input cannot be read: {error}"), ""))?;
            if !line.trim().is_empty() {
                magnets.push(line.trim().to_owned());
            }
        }
    }
    match magnets.len() {
        0 => Err(Failure::usage("there is no magnet link to get", "give one, as `hopscope search` prints them")),
        1..=MAX_MAGNETS => Ok(magnets),
        _ => Err(Failure::usage(format!("these are more than {MAX_MAGNETS} links"), "get them in parts")),
    }
}

/// The downloads of this command.
struct Watch {
    client: Client,
    events: Lines,
    /// By number; `None` until something is known of it.
    transfers: BTreeMap<u64, Option<Transfer>>,
    out: Out,
    json: bool,
}

impl Watch {
    async fn start(client: Client, magnets: &[String], json: bool) -> Result<Self, Failure> {
        // Before the first download begins, so that no end of one is missed.
        let events = client.events().await?;
        let mut watch = Self { client, events, transfers: BTreeMap::new(), out: Out::new(), json };
        for magnet in magnets {
            match watch.client.get(magnet).await {
                Ok(id) => drop(watch.transfers.insert(id, None)),
                Err(error) => {
                    watch.cancel().await;
                    return Err(error.into());
                }
            }
        }
        // One that was complete before says nothing any more.
        watch.refresh().await?;
        Ok(watch)
    }

    async fn until_over(&mut self) -> Result<(), Failure> {
        while self.transfers.values().any(|transfer| transfer.as_ref().is_none_or(|known| !known.state.is_final())) {
            let Some(line) = self.events.next().await? else {
                return Err(Failure::failed(
                    "the node stopped before the download was done",
                    "start it, and ask again",
                ));
            };
            match line.event {
                Some(Event::Transfer(transfer)) => self.news(transfer, Some(&line.text))?,
                Some(Event::Error { .. }) => self.refresh().await?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Reads the list: for the start, and for when events were lost.
    async fn refresh(&mut self) -> Result<(), Failure> {
        let (answer, _) = self.client.view("transfers").await?;
        if let Answer::Transfers { transfers } = answer {
            for transfer in transfers {
                if self.transfers.get(&transfer.id).is_some_and(|known| known.as_ref() != Some(&*transfer)) {
                    self.news(Transfer::clone(&transfer), None)?;
                }
            }
        }
        Ok(())
    }

    fn news(&mut self, transfer: Transfer, text: Option<&str>) -> Result<(), Failure> {
        let Some(place) = self.transfers.get_mut(&transfer.id) else { return Ok(()) };
        if place.as_ref().is_some_and(|known| known.state.is_final()) {
            return Ok(());
        }
        *place = Some(transfer.clone());
        match (self.json, text) {
            (true, Some(text)) => self.out.line(text),
            (true, None) => self.out.json(&Event::Transfer(transfer)),
            (false, _) => self.show(&transfer),
        }
    }

    fn show(&mut self, transfer: &Transfer) -> Result<(), Failure> {
        let bar = self.out.width;
        if let (false, Some(width)) = (transfer.state.is_final(), bar) {
            let others = self.transfers.len() - 1;
            let line = progress(transfer, others, width);
            return self.out.replace(&line);
        }
        if !transfer.state.is_final() {
            return Ok(());
        }
        if bar.is_some() {
            self.out.replace("")?;
        }
        let (name, why) = (transfer.name.visible(format::NAME), transfer.why.as_deref().map(format::visible));
        // For one that is done, the reason is its place.
        let renamed = renamed(transfer);
        let (style, what) = match (transfer.state, why) {
            (TransferState::Done, Some(place)) => (Style::Good, place),
            (TransferState::Done, None) => (Style::Good, name),
            (_, why) => (Style::Bad, [Some(name), why].into_iter().flatten().collect::<Vec<_>>().join(": ")),
        };
        let state = self.out.paint(style, format::state(transfer.state));
        self.out.line(format!("{state}  {:>10}  {what}", format::bytes(transfer.size)))?;
        renamed.map_or(Ok(()), |note| self.out.line(note))
    }

    async fn cancel(&mut self) {
        for (&id, transfer) in &self.transfers {
            if transfer.as_ref().is_none_or(|known| !known.state.is_final()) {
                // It may have ended meanwhile, or the node may be gone.
                self.client.cancel_transfer(id).await.ok();
            }
        }
        if self.out.width.is_some() && !self.json {
            self.out.replace("").ok();
        }
    }
}

/// What to say of a download that lies there under another name than its link's.
fn renamed(transfer: &Transfer) -> Option<String> {
    let place = transfer.why.as_deref().filter(|_| transfer.state == TransferState::Done)?;
    let saved = Path::new(place).file_name()?;
    (saved != transfer.name.raw()).then(|| {
        let asked = transfer.name.visible(format::NAME);
        format!("      not `{asked}`: that name is taken there already, or is none for a file")
    })
}

/// The exit code for all downloads: that of the worst.
fn verdict<'a>(transfers: impl Iterator<Item = &'a Transfer>) -> Result<Exit, Failure> {
    let broken = |transfer: &Transfer| transfer.why.as_deref().is_some_and(|why| why.starts_with(VERIFICATION_FAILED));
    let failed = transfers.filter(|transfer| transfer.state != TransferState::Done);
    let Some(worst) = failed.max_by_key(|transfer| broken(transfer)) else { return Ok(Exit::Done) };
    let exit = if broken(worst) { Exit::Unverified } else { Exit::Failed };
    let why = worst.why.as_deref().unwrap_or_else(|| format::state(worst.state));
    let message = format!("{} was not downloaded: {}", worst.name.visible(format::NAME), format::visible(why));
    Err(Failure::new(exit, message, "search for other nodes that have it, and ask again"))
}

/// `kind of blue.flac ▰▰▰▰▱▱▱▱ 51 %  3.1 MiB/s  0:12 min left`, as wide as the terminal allows.
fn progress(transfer: &Transfer, others: usize, width: usize) -> String {
    const BAR: usize = 20;
    let share = if transfer.size == 0 { 1.0 } else { (transfer.bytes as f64 / transfer.size as f64).clamp(0.0, 1.0) };
    let full = (share * BAR as f64) as usize;
    let bar: String = std::iter::repeat_n('▰', full).chain(std::iter::repeat_n('▱', BAR - full)).collect();
    let left = match transfer.size.saturating_sub(transfer.bytes).checked_div(transfer.rate) {
        Some(seconds) if transfer.state == TransferState::Active => format!("  {} left", format::span(seconds * 1_000)),
        _ => format!("  {}", format::state(transfer.state)),
    };
    let more = if others > 0 { format!("  and {others} more") } else { String::new() };
    let rest = format!("  {bar} {:>3.0} %  {}/s{left}{more}", (share * 100.0).floor(), format::bytes(transfer.rate));
    let room = width.saturating_sub(rest.chars().count() + 1);
    cut(&format!("{}{rest}", cut(&transfer.name.visible(format::NAME), room.max(8))), width.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::{progress, renamed, verdict};
    use crate::app::{Direction, FileId, Transfer, TransferState, Untrusted};
    use crate::cli::failure::Exit;

    fn transfer(state: TransferState, why: Option<&str>) -> Transfer {
        Transfer {
            id: 1,
            direction: Direction::Download,
            name: "Kind of Blue, all of it, remastered again.flac".into(),
            hash: FileId([0; 32]),
            bytes: 999,
            size: 1_000,
            rate: 0,
            sources: 1,
            state,
            why: why.map(str::to_owned),
            peer: Untrusted::default(),
        }
    }

    #[test]
    fn the_worst_download_decides_and_a_lie_is_the_worst() {
        let done = transfer(TransferState::Done, Some("/downloads/a"));
        let failed = transfer(TransferState::Failed, Some("the disk is full"));
        let lied = transfer(TransferState::Failed, Some("verification failed: wrong bytes near 2 MiB"));
        assert!(matches!(verdict([&done].into_iter()), Ok(Exit::Done)));
        assert_eq!(verdict([&done, &failed].into_iter()).unwrap_err().exit, Exit::Failed);
        let failure = verdict([&lied, &failed, &done].into_iter()).unwrap_err();
        assert_eq!(failure.exit, Exit::Unverified);
        assert!(failure.lines[0].contains("wrong bytes near 2 MiB"), "{:?}", failure.lines);
    }

    #[test]
    fn another_name_than_the_asked_one_is_said() {
        let at = |place| renamed(&transfer(TransferState::Done, Some(place)));
        assert_eq!(at("/downloads/Kind of Blue, all of it, remastered again.flac"), None);
        let note = at("/downloads/Kind of Blue, all of it, remastered again (1).flac").unwrap();
        assert!(note.contains("not `Kind of Blue, all of it, remastered again.flac`"), "{note}");
        assert_eq!(renamed(&transfer(TransferState::Failed, Some("the disk is full"))), None);
    }

    #[test]
    fn the_bar_fits_every_terminal_and_never_says_done_too_early() {
        let mut transfer = transfer(TransferState::Active, None);
        for width in [1, 20, 60, 80, 200] {
            assert!(progress(&transfer, 2, width).width() < width.max(2));
        }
        assert!(progress(&transfer, 0, 120).contains(" 99 %"));
        (transfer.bytes, transfer.size) = (0, 0);
        assert!(progress(&transfer, 0, 120).contains("100 %"));
    }
}
