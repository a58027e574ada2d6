//! Well-known peers by name: read, resolved, and resolved again while that fails or when their address stops to answer.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::net::lookup_host;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::inbox::Note;
use super::limits::{MAX_ADDRS_A_NAME, MAX_NAMES, RESOLVE_AGAIN_AFTER, RESOLVE_BACKOFF, RESOLVE_TIMEOUT};
use crate::overlay::HostSource;
use crate::proto::PeerAddr;

/// Why a text names no peer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeerNameError {
    /// The port is missing.
    #[error("`{0}` has no port: write it as host:port, an IPv6 address as [address]:port")]
    NoPort(String),
    /// The port is no port, or 0.
    #[error("`{0}` has no usable port: it must be a number from 1 to 65535")]
    BadPort(String),
    /// The host is none.
    #[error("`{0}` names no host that can be dialled")]
    BadHost(String),
    /// Too many names.
    #[error("too many names of peers; {MAX_NAMES} are kept")]
    TooMany,
}

/// A peer as somebody typed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PeerName {
    /// An address that needs no resolving.
    Addr(PeerAddr),
    /// `host:port`.
    Name(Box<str>),
}

impl PeerName {
    /// Reads `host:port`.
    pub(super) fn parse(text: &str) -> Result<Self, PeerNameError> {
        let text = text.trim();
        let shown = || text.chars().take(80).collect::<String>();
        if let Ok(addr) = text.parse::<SocketAddr>() {
            let addr = PeerAddr::from(addr);
            return match addr {
                _ if addr.0.port() == 0 => Err(PeerNameError::BadPort(shown())),
                _ if addr.is_dialable() => Ok(Self::Addr(addr)),
                _ => Err(PeerNameError::BadHost(shown())),
            };
        }
        let (host, port) = text.rsplit_once(':').ok_or_else(|| PeerNameError::NoPort(shown()))?;
        if host.contains(':') {
            return Err(PeerNameError::NoPort(shown()));
        }
        if port.parse::<u16>().is_ok_and(|port| port != 0) {
            let is_label = |c: char| c.is_alphanumeric() || "-_.".contains(c);
            let is_name = !host.is_empty() && host.len() <= 253 && host.chars().all(is_label);
            if is_name { Ok(Self::Name(text.into())) } else { Err(PeerNameError::BadHost(shown())) }
        } else {
            Err(PeerNameError::BadPort(shown()))
        }
    }
}

/// Whether a text can name a peer: `host:port`. Whether there is such a host is asked when it is dialled.
///
/// # Errors
/// What is wrong with it.
pub fn check_peer(text: &str) -> Result<(), PeerNameError> {
    PeerName::parse(text).map(|_| ())
}

/// What somebody named a host as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NamedAs {
    /// A well-known peer.
    Peer,
    /// A directory.
    Directory,
}

/// What the resolver is told.
#[derive(Debug)]
pub(super) enum Lookup {
    /// Keep and resolve that name.
    Add(Box<str>, NamedAs),
    /// That address did not answer: if a name led to it, the name may lead elsewhere by now.
    Failed(PeerAddr),
}

struct Name {
    text: Box<str>,
    named_as: NamedAs,
    addrs: Vec<PeerAddr>,
    /// When it was last resolved; `None` if that never worked.
    resolved: Option<Instant>,
    failures: u32,
    due: Option<Instant>,
}

/// Resolves names until the node stops. Without anything due it sleeps.
pub(super) async fn resolve(mut lookups: mpsc::Receiver<Lookup>, notes: mpsc::Sender<Note>, stop: CancellationToken) {
    let mut names: Vec<Name> = Vec::new();
    loop {
        let due = names.iter().filter_map(|name| name.due).min();
        tokio::select! {
            () = stop.cancelled() => return,
            lookup = lookups.recv() => match lookup {
                Some(lookup) => note_lookup(&mut names, lookup),
                None => return,
            },
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                let Some(()) = stop.run_until_cancelled(resolve_due(&mut names, &notes)).await else { return };
            }
        }
    }
}

fn note_lookup(names: &mut Vec<Name>, lookup: Lookup) {
    let now = Instant::now();
    match lookup {
        Lookup::Add(text, named_as) => {
            match names.iter().position(|name| name.text == text && name.named_as == named_as) {
                // Named again: all of its addresses are to be tried again.
                Some(index) => names[index] = Name::new(text, named_as, now),
                None if names.len() < MAX_NAMES => names.push(Name::new(text, named_as, now)),
                None => tracing::warn!("{}", PeerNameError::TooMany),
            }
        }
        Lookup::Failed(addr) => {
            let stale = |name: &&mut Name| name.addrs.contains(&addr) && name.due.is_none();
            for name in names.iter_mut().filter(stale) {
                name.due = Some(name.resolved.map_or(now, |at| at + RESOLVE_AGAIN_AFTER).max(now));
            }
        }
    }
}

/// Resolves all that are due at once, so that a dead name server costs the others nothing.
async fn resolve_due(names: &mut [Name], notes: &mpsc::Sender<Note>) {
    let now = Instant::now();
    let due = names.iter_mut().filter(|name| name.due.is_some_and(|due| due <= now));
    let resolving = due.map(|name| async move {
        name.due = None;
        let found = match look_up(&name.text).await {
            Ok(addrs) => name.found(addrs),
            Err(why) => name.failed(&why),
        };
        (name.named_as, found)
    });
    for (named_as, found) in join_all(resolving).await {
        let note = match named_as {
            _ if found.is_empty() => continue,
            NamedAs::Peer => Note::Hosts(found, HostSource::Configured),
            NamedAs::Directory => Note::Directories(found),
        };
        let _ = notes.send(note).await;
    }
}

async fn look_up(name: &str) -> Result<Vec<PeerAddr>, String> {
    let found = match timeout(RESOLVE_TIMEOUT, lookup_host(name)).await {
        Ok(found) => found.map_err(|error| error.to_string())?,
        Err(_) => return Err("the name server did not answer in time".to_owned()),
    };
    let addrs: Vec<PeerAddr> =
        found.map(PeerAddr::from).filter(|addr| addr.is_dialable()).take(MAX_ADDRS_A_NAME).collect();
    if addrs.is_empty() { Err("it has no address that can be dialled".to_owned()) } else { Ok(addrs) }
}

impl Name {
    fn new(text: Box<str>, named_as: NamedAs, now: Instant) -> Self {
        Self { text, named_as, addrs: Vec::new(), resolved: None, failures: 0, due: Some(now) }
    }

    /// The addresses that are new; those that are known would only be dialled sooner than their back-off says.
    fn found(&mut self, addrs: Vec<PeerAddr>) -> Vec<PeerAddr> {
        if self.failures > 0 {
            tracing::info!("{} resolves now", self.text);
        }
        (self.failures, self.resolved) = (0, Some(Instant::now()));
        let fresh = addrs.iter().filter(|addr| !self.addrs.contains(addr)).copied().collect();
        self.addrs = addrs;
        fresh
    }

    fn failed(&mut self, why: &str) -> Vec<PeerAddr> {
        let wait = RESOLVE_BACKOFF.0.saturating_mul(1 << self.failures.min(16)).min(RESOLVE_BACKOFF.1);
        self.due = Some(Instant::now() + wait);
        if self.failures == 0 {
            tracing::warn!("{} cannot be resolved: {why}; trying again (is it spelled right?)", self.text);
        }
        self.failures += 1;
        debug_assert!(wait > Duration::ZERO, "a retry without a wait would never rest");
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;
    use tokio_util::sync::CancellationToken;

    use super::{Lookup, NamedAs, PeerName, PeerNameError, resolve};
    use crate::net::inbox::Note;
    use crate::overlay::HostSource;

    #[test]
    fn names_and_addresses_are_told_apart_and_mistakes_are_named() {
        assert!(matches!(PeerName::parse("127.0.0.1:7"), Ok(PeerName::Addr(_))));
        assert!(matches!(PeerName::parse("[::1]:7"), Ok(PeerName::Addr(_))));
        assert!(matches!(PeerName::parse(" peer.example:7 "), Ok(PeerName::Name(name)) if &*name == "peer.example:7"));
        for (text, error) in [
            ("peer.example", PeerNameError::NoPort("peer.example".into())),
            ("::1", PeerNameError::NoPort("::1".into())),
            ("", PeerNameError::NoPort(String::new())),
            ("peer:0", PeerNameError::BadPort("peer:0".into())),
            ("peer:70000", PeerNameError::BadPort("peer:70000".into())),
            ("127.0.0.1:0", PeerNameError::BadPort("127.0.0.1:0".into())),
            (":7", PeerNameError::BadHost(":7".into())),
            ("0.0.0.0:7", PeerNameError::BadHost("0.0.0.0:7".into())),
            ("a b:7", PeerNameError::BadHost("a b:7".into())),
            ("http://peer:7", PeerNameError::NoPort("http://peer:7".into())),
        ] {
            assert_eq!(PeerName::parse(text), Err(error), "{text}");
        }
    }

    #[tokio::test]
    async fn a_name_resolves_and_a_bad_one_does_not_hold_it_up() {
        let (lookups, inbox) = mpsc::channel(4);
        let (notes, mut told) = mpsc::channel(4);
        let stop = CancellationToken::new();
        let task = tokio::spawn(resolve(inbox, notes, stop.clone()));
        lookups.send(Lookup::Add("localhost:7".into(), NamedAs::Peer)).await.unwrap();
        lookups.send(Lookup::Add("nobody.invalid:7".into(), NamedAs::Peer)).await.unwrap();
        let Some(Note::Hosts(addrs, HostSource::Configured)) = told.recv().await else { panic!("no hosts") };
        assert!(addrs.iter().all(|addr| addr.0.ip().is_loopback() && addr.0.port() == 7));
        stop.cancel();
        task.await.unwrap();
    }
}
