//! Resolved texts to the types that the engine takes; every value that makes no sense is said at once, with its origin.

use std::fmt::Display;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use serde::de::value::Error as WordError;
use serde::de::{DeserializeOwned, IntoDeserializer};

use super::failure::{Exit, Failure};
use super::resolve::{Origin, Resolved, Row};
use crate::app::{Passphrase, Settings, SharedFolder, check_peer};

/// The highest TTL that travels.
const MAX_TTL: u8 = crate::app::MAX_TTL;
/// Neighbors that the settings may ask for.
const MAX_NEIGHBORS: usize = crate::app::MAX_LINKS;
/// Bytes of a node's name.
const MAX_NAME: usize = crate::app::MAX_NODE_NAME;
/// Bytes of a passphrase's file.
const MAX_PASSPHRASE: u64 = 4 * 1024;
/// The longest time that a setting may name.
const MAX_DURATION: Duration = Duration::from_secs(24 * 60 * 60);

/// The settings that the screen takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ScreenSettings {
    /// A built-in keymap's name, or a file.
    pub(super) keymap: String,
    /// A built-in theme's name, or a file.
    pub(super) theme: String,
    /// Draw with ASCII only; `None` where the terminal decides.
    pub(super) ascii: Option<bool>,
}

/// What the engine starts with.
///
/// # Errors
/// All values that make no sense.
pub(super) fn settings(resolved: &Resolved) -> Result<Settings, Failure> {
    let mut read = Reader { resolved, mistakes: Vec::new() };
    let settings = read.settings();
    read.finish(settings)
}

/// What the screen starts with.
///
/// # Errors
/// All values that make no sense.
pub(super) fn screen(resolved: &Resolved) -> Result<ScreenSettings, Failure> {
    let mut read = Reader { resolved, mistakes: Vec::new() };
    let (keymap, theme) = (read.one("keymap", text), read.one("theme", text));
    let ascii = read.one("ascii", |text| if text == "auto" { Ok(None) } else { yes_or_no(text).map(Some) });
    let settings = keymap.zip(theme).zip(ascii).map(|((keymap, theme), ascii)| ScreenSettings { keymap, theme, ascii });
    read.finish(settings)
}

/// All values that make no sense, of the engine's settings and of the screen's.
pub(super) fn mistakes(resolved: &Resolved) -> Vec<String> {
    let of_both = [settings(resolved).err(), screen(resolved).err()];
    of_both.into_iter().flatten().flat_map(|failure| failure.lines).collect()
}

struct Reader<'a> {
    resolved: &'a Resolved,
    mistakes: Vec<String>,
}

impl Reader<'_> {
    /// Reads everything before it gives up on anything, so that all mistakes are found.
    fn settings(&mut self) -> Option<Settings> {
        let shares = self.shares();
        let downloads = self.path("downloads");
        let listen = self.one("listen", listen);
        let name = self.one("name", name);
        let peers = self.each("peer", peer);
        let only_peers = self.one("only-peers", yes_or_no);
        let discovery = self.one("discovery", yes_or_no);
        let min_neighbors = self.one("min-neighbors", |text| number(text, 0, MAX_NEIGHBORS));
        let max_neighbors = self.one("max-neighbors", |text| number(text, 1, MAX_NEIGHBORS));
        let topology = self.one("topology", word);
        let role = self.one("role", word);
        let capacity_kbps = self.optional("capacity", |text| number(text, 1, 100_000_000));
        let max_leaves = self.one("max-leaves", |text| number(text, 0, MAX_NEIGHBORS));
        let advertise_all = self.one("advertise-all", yes_or_no);
        let directories = self.each("directory", peer);
        let serve_directory = self.one("serve-directory", yes_or_no);
        let follow = self.one("follow", yes_or_no);
        let ttl = self.one("ttl", |text| number(text, 1, MAX_TTL));
        let dedup = self.one("dedup", word);
        let hop_delay = self.one("hop-delay", duration);
        let hits = self.one("hits", word);
        let trace = self.one("trace", yes_or_no);
        let passphrase = self.passphrase();
        let search_timeout = self.one("search-timeout", duration);
        let search_enough = self.one("search-enough", |text| number(text, 1, usize::MAX));
        let upload_slots = self.one("upload-slots", |text| number(text, 1, 1_000));
        let upload_queue = self.one("upload-queue", |text| number(text, 0, 10_000));
        let hash_rate = self.optional("hash-rate", size);
        if let (Some(min), Some(max)) = (min_neighbors, max_neighbors)
            && min > max
        {
            self.mistakes
                .push(format!("min-neighbors is {min} and max-neighbors only {max}; raise one or lower the other"));
        }
        Some(Settings {
            home: self.resolved.places.folders.clone(),
            shares: shares?,
            downloads: downloads?,
            listen: listen?,
            name: name?,
            peers: peers?,
            only_peers: only_peers?,
            discovery: discovery? && !only_peers?,
            min_neighbors: min_neighbors?,
            max_neighbors: max_neighbors?,
            topology: topology?,
            role: role?,
            capacity_kbps: capacity_kbps?,
            max_leaves: max_leaves?,
            advertise_all: advertise_all?,
            directories: directories?,
            serve_directory: serve_directory?,
            follow: follow?,
            ttl: ttl?,
            dedup: dedup?,
            hop_delay: hop_delay?,
            hits: hits?,
            trace: trace?,
            passphrase: passphrase?,
            search_timeout: search_timeout?,
            search_enough: search_enough?,
            upload_slots: upload_slots?,
            upload_queue: upload_queue?,
            hash_rate: hash_rate?,
        })
    }

    fn finish<T>(self, value: Option<T>) -> Result<T, Failure> {
        match value {
            Some(value) if self.mistakes.is_empty() => Ok(value),
            _ => Err(Failure { exit: Exit::Usage, lines: self.mistakes }),
        }
    }

    fn each<T>(&mut self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<Vec<T>> {
        let row = self.resolved.row(key)?;
        let parsed: Vec<_> =
            row.values.iter().map(|value| parse(value).map_err(|why| mistake(row, value, &why))).collect();
        let (good, bad): (Vec<_>, Vec<_>) = parsed.into_iter().partition(Result::is_ok);
        let whole = bad.is_empty();
        self.mistakes.extend(bad.into_iter().filter_map(Result::err));
        whole.then(|| good.into_iter().flatten().collect())
    }

    /// A setting that always has a value; of several the last one counts.
    fn one<T>(&mut self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let values = self.each(key, parse)?;
        let last = values.into_iter().next_back();
        if last.is_none() {
            self.mistakes.push(format!("{key} has no value; give it one"));
        }
        last
    }

    fn optional<T>(&mut self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<Option<T>> {
        self.each(key, parse).map(|values| values.into_iter().next_back())
    }

    fn path(&mut self, key: &str) -> Option<PathBuf> {
        let (resolved, row) = (self.resolved, self.resolved.row(key)?);
        self.one(key, |text| Ok(resolved.places.path(text, &resolved.base(&row.origin))))
    }

    fn shares(&mut self) -> Option<Vec<SharedFolder>> {
        let (resolved, row) = (self.resolved, self.resolved.row("share")?);
        let base = resolved.base(&row.origin);
        self.each("share", |text| {
            let share = share(text, |path| resolved.places.path(path, &base))?;
            // What was just typed is a slip; what stands in a file may be a disk that comes back, and the engine says so.
            let typed = matches!(row.origin, Origin::Flag(_));
            if typed && !share.path.exists() { Err("there is no such folder".into()) } else { Ok(share) }
        })
    }

    fn passphrase(&mut self) -> Option<Option<Passphrase>> {
        let resolved = self.resolved;
        let base = resolved.base(&resolved.row("passphrase-file")?.origin);
        self.optional("passphrase-file", |text| passphrase(&resolved.places.path(text, &base)))
    }
}

fn mistake(row: &Row, value: &str, why: &str) -> String {
    let shown: String = value.chars().filter(|c| !c.is_control()).take(80).collect();
    format!("{}: `{}` cannot be `{shown}`: {why}", row.origin, row.option.key)
}

fn text(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

fn listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "it is an address and a port, for example 0.0.0.0:6346 or [::]:0".into())
}

fn name(text: &str) -> Result<String, String> {
    let text = text.trim();
    match text.len() {
        0 => Err("a node needs a name".into()),
        1..=MAX_NAME if !text.chars().any(char::is_control) => Ok(text.to_owned()),
        1..=MAX_NAME => Err("it has control characters".into()),
        _ => Err(format!("a name has at most {MAX_NAME} bytes")),
    }
}

/// Checks the form only: who that is, is asked when it is dialled.
pub(super) fn peer(text: &str) -> Result<String, String> {
    match check_peer(text) {
        Ok(()) => Ok(text.to_owned()),
        Err(why) => Err(format!("{why}; write a host and a port, for example 192.168.1.7:6346 or [2001:db8::1]:6346")),
    }
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err("it is true or false".into()),
    }
}

pub(super) fn number<T: FromStr + PartialOrd + Display + Copy>(text: &str, least: T, most: T) -> Result<T, String> {
    match text.parse() {
        Ok(number) if number >= least && number <= most => Ok(number),
        _ => Err(format!("it is a number from {least} to {most}")),
    }
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let expected = "it is a time with its unit, for example 400ms or 10s, a day at the most";
    match humantime::parse_duration(text) {
        Ok(duration) if duration <= MAX_DURATION => Ok(duration),
        _ => Err(expected.into()),
    }
}

/// A number of bytes, with `K`, `M` or `G` for the powers of 1024.
fn size(text: &str) -> Result<u64, String> {
    let (digits, shift) = match text.to_ascii_uppercase().trim_end_matches('B').trim_end_matches('I') {
        number if number.ends_with('K') => (number.trim_end_matches('K').to_owned(), 10),
        number if number.ends_with('M') => (number.trim_end_matches('M').to_owned(), 20),
        number if number.ends_with('G') => (number.trim_end_matches('G').to_owned(), 30),
        number => (number.to_owned(), 0),
    };
    let bytes = digits.trim().parse::<u64>().ok().and_then(|number| number.checked_mul(1 << shift));
    bytes.filter(|&bytes| bytes > 0).ok_or_else(|| "it is a number of bytes, for example 50M".into())
}

/// A word that a type knows; the type says which others there are.
pub(super) fn word<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    T::deserialize(text.into_deserializer()).map_err(|error: WordError| {
        let error = error.to_string();
        let known = error.split_once("expected ").map_or("", |(_, known)| known);
        format!("this version knows {}", known.trim_start_matches("one of ").replace('`', ""))
    })
}

/// `ALIAS=DIR`, or a folder whose own name is the alias. What is before the `=` is no alias if it looks like a path.
fn share(text: &str, path: impl Fn(&str) -> PathBuf) -> Result<SharedFolder, String> {
    let (alias, folder) = match text.split_once('=') {
        Some((alias, folder)) if !alias.contains('/') => (Some(alias.trim()), folder),
        Some((_, folder)) if !path(text).exists() && path(folder).is_dir() => {
            return Err("an alias has no slash; write ALIAS=DIR, for example music=/srv/music".into());
        }
        _ => (None, text),
    };
    let path = path(folder);
    if folder.is_empty() {
        return Err("it names no folder".into());
    }
    let own =
        || path.canonicalize().ok().and_then(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()));
    let alias = alias.map(str::to_owned).or_else(own).unwrap_or_else(|| "share".into());
    if alias.is_empty() || alias.len() > MAX_NAME || alias.chars().any(char::is_control) {
        return Err("its alias is empty, too long, or has control characters".into());
    }
    Ok(SharedFolder { alias, path })
}

fn passphrase(path: &Path) -> Result<Passphrase, String> {
    let metadata = std::fs::metadata(path).map_err(|error| format!("it cannot be read: {error}"))?;
    if !metadata.is_file() || metadata.len() > MAX_PASSPHRASE {
        return Err(format!("it is no file of at most {MAX_PASSPHRASE} bytes"));
    }
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err("others may read it; run `chmod 600` on it".into());
    }
    let text = std::fs::read_to_string(path).map_err(|error| format!("it cannot be read: {error}"))?;
    match text.trim() {
        "" => Err("it is empty".into()),
        secret => Ok(Passphrase::new(secret)),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;

    use super::{passphrase, peer, screen, settings, share, size, word};
    use crate::app::{Dedup, TopologyKind};
    use crate::cli::resolve::{Flags, Resolved};

    fn resolved(pairs: &[(&'static str, &str)]) -> Resolved {
        let folder = tempfile::tempdir().unwrap();
        let mut flags = Flags::from([("home", vec![folder.path().display().to_string()])]);
        for (key, value) in pairs {
            flags.entry(key).or_default().push((*value).to_owned());
        }
        Resolved::new(&flags, |_| None).unwrap()
    }

    #[test]
    fn the_defaults_make_sense_and_values_arrive() {
        let plain = settings(&resolved(&[])).unwrap();
        assert_eq!((plain.ttl, plain.dedup, plain.discovery), (7, Dedup::HighestTtl, true));
        assert_eq!(screen(&resolved(&[])).unwrap().ascii, None);
        let set = resolved(&[
            ("hop-delay", "400ms"),
            ("dedup", "first"),
            ("only-peers", "true"),
            ("hash-rate", "2M"),
            ("ascii", "true"),
        ]);
        assert_eq!(screen(&set).unwrap().ascii, Some(true));
        let set = settings(&set).unwrap();
        assert_eq!((set.hop_delay, set.dedup), (Duration::from_millis(400), Dedup::First));
        assert_eq!((set.only_peers, set.discovery, set.hash_rate), (true, false, Some(2 << 20)));
    }

    #[test]
    fn all_mistakes_are_listed_with_their_origin() {
        let failure = settings(&resolved(&[
            ("ttl", "8"),
            ("listen", "here"),
            ("peer", "x"),
            ("peer", "y"),
            ("min-neighbors", "20"),
        ]))
        .unwrap_err();
        assert_eq!(failure.lines.len(), 5, "{:?}", failure.lines);
        assert!(failure.lines.contains(&"--ttl: `ttl` cannot be `8`: it is a number from 1 to 7".to_owned()));
    }

    #[test]
    fn words_that_this_version_lacks_are_refused_with_those_it_has() {
        assert_eq!(word::<TopologyKind>("flood"), Ok(TopologyKind::Flood));
        assert_eq!(word::<TopologyKind>("telepathy").unwrap_err(), "this version knows flood, ultrapeer, central");
        assert_eq!(word::<Dedup>("").unwrap_err(), "this version knows highest-ttl or first");
    }

    #[test]
    fn peers_and_sizes_are_read_leniently_but_not_guessed() {
        for good in ["127.0.0.1:1", "[::1]:6346", "mallard.local:6346"] {
            assert!(peer(good).is_ok(), "{good}");
        }
        for bad in ["", ":1", "a:0", "a:70000", "a b:1", "127.0.0.1:0", "http://a:1"] {
            assert!(peer(bad).is_err(), "{bad}");
        }
        assert_eq!([size("512"), size("3k"), size("2GiB")], [Ok(512), Ok(3 << 10), Ok(2 << 30)]);
        assert!(size("0").is_err() && size("-1").is_err() && size("99999999999G").is_err() && size("é").is_err());
    }

    #[test]
    fn a_share_has_an_alias_or_its_own_name() {
        let read = |text| share(text, |path| path.into()).map(|share| (share.alias, share.path.display().to_string()));
        assert_eq!(read("music=/tmp").unwrap(), ("music".into(), "/tmp".into()));
        assert_eq!(read("/tmp").unwrap().0, "tmp");
        assert_eq!(read("/tmp/a=b").unwrap().1, "/tmp/a=b");
        assert!(read("=/tmp").is_err() && read("x=").is_err());
        assert!(read("a/b=/tmp").unwrap_err().contains("no slash"));
    }

    #[test]
    fn a_passphrase_that_others_can_read_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, "  open sesame \n").unwrap();
        let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        mode(0o644);
        assert!(passphrase(&path).unwrap_err().contains("chmod 600"));
        mode(0o600);
        assert_eq!(passphrase(&path).unwrap().reveal(), "open sesame");
        std::fs::write(&path, " \n").unwrap();
        assert!(passphrase(&path).is_err() && passphrase(folder.path()).is_err());
    }
}
