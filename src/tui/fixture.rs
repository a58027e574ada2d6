//! A believable node, made up: what pictures, tests and the frame benchmark draw. No clock, no randomness but a seed.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::{
    Action, Direction, Excluded, FileId, FileRow, FilesPage, Guid, Hit, HopReport, HopRow, LibraryStatus, LogLevel,
    LogLine, Neighbor, NodeId, NodeStatus, PeerAddr, QueryRow, QueryState, Role, RoleStatus, RootStatus, Search,
    Snapshot, TopologyKind, Traffic, Transfer, TransferState, Untrusted, Via, Warning, WatchStatus,
};

/// The node's age in a fixture: 2 h 14 min 33 s.
const UPTIME_MS: u64 = (2 * 3600 + 14 * 60 + 33) * 1000;

/// How much a fixture holds, and how well-behaved its strings are.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Neighbors.
    pub neighbors: usize,
    /// Queries of others.
    pub relayed: usize,
    /// Own searches.
    pub searches: usize,
    /// Hits of each own search.
    pub hits: usize,
    /// Transfers.
    pub transfers: usize,
    /// Lines of the log.
    pub log: usize,
    /// Whether every string of others is an attack.
    pub hostile: bool,
}

impl Shape {
    /// What a busy evening looks like.
    pub const BUSY: Self =
        Self { neighbors: 9, relayed: 11, searches: 2, hits: 34, transfers: 5, log: 60, hostile: false };
    /// A node that has just started and knows nobody.
    pub const EMPTY: Self =
        Self { neighbors: 0, relayed: 0, searches: 0, hits: 0, transfers: 0, log: 0, hostile: false };
    /// As much as the limits allow.
    pub const FULL: Self =
        Self { neighbors: 256, relayed: 500, searches: 32, hits: 2_000, transfers: 300, log: 1_000, hostile: false };
}

const NAMES: [&str; 12] = [
    "mallard",
    "kestrel",
    "wren-laptop",
    "osprey",
    "heron",
    "avocet",
    "Zoë's NAS",
    "lab-07",
    "lab-12",
    "dunlin",
    "siskin",
    "北京-node",
];
const FILES: [(&str, u64); 10] = [
    ("ubuntu-24.04.3-desktop-amd64.iso", 6_100_000_000),
    ("bach - bwv 1007 - cello suite no 1 in G.flac", 84_231_912),
    ("annual report 2025 (final).pdf", 2_411_724),
    ("lecture 07 - overlay topologies.mp4", 734_003_200),
    ("notes.tar.zst", 5_242_880),
    ("Björk – Jóga (live).flac", 31_457_280),
    ("dataset-snap-gnutella08.txt.gz", 94_371),
    ("photos-2019-kyoto.zip", 1_288_490_188),
    ("debian-13.1.0-amd64-netinst.iso", 702_545_920),
    ("the-art-of-computer-programming-v4b.epub", 18_874_368),
];
const FOUND: [(&str, u64); 9] = [
    ("ubuntu-24.04.3-desktop-amd64.iso", 6_345_887_744),
    ("ubuntu-24.04.3-live-server-amd64.iso", 3_303_444_480),
    ("ubuntu-24.04.3-desktop-amd64.iso.torrent", 501_422),
    ("kubuntu-24.04.3-desktop-amd64.iso", 4_509_715_660),
    ("ubuntu-24.04-wsl-amd64.iso", 371_195_904),
    ("Ubuntu 24.04 – Handbuch für Einsteiger (iso-8859-1).epub", 9_437_184),
    ("xubuntu-24.04.3-minimal-amd64.iso", 2_881_536_000),
    ("ubuntu-24.04.3-preinstalled-server-riscv64.iso", 1_181_116_006),
    ("how to verify ubuntu 24.04 iso.md", 4_812),
];
const QUERIES: [&str; 8] = [
    "bach bwv 1007 flac",
    "\"annual report\" pdf",
    "lecture notes topology",
    "kubernetes in action ext:epub",
    "field recordings dawn chorus",
    "type:video size:>1G documentary",
    "snap gnutella",
    "linux -ubuntu ext:iso",
];
const HOSTILE: [&str; 6] = [
    "\x1b[2J\x1b]0;owned\x07evil\u{202e}fdp.exe",
    "a\u{200b}\u{200d}b\r\n\t\0\u{7f}\u{9b}31m",
    "",
    "\u{301}\u{301}\u{301}",
    "家族👨‍👩‍👧‍👦🏳️‍🌈e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}.flac",
    "ｗｉｄｅ\u{1f1e9}\u{1f1ea}\u{fffd}\u{ad}",
];

/// Builds one snapshot after another.
pub struct Fixture {
    rng: Rng,
    shape: Shape,
}

/// The node of the pictures.
#[must_use]
pub fn busy() -> Snapshot {
    Fixture::new(Shape::BUSY, 7).snapshot()
}

impl Fixture {
    /// A fixture that follows from its shape and seed.
    #[must_use]
    pub fn new(shape: Shape, seed: u64) -> Self {
        Self { rng: Rng::new(seed), shape }
    }

    /// Another snapshot.
    pub fn snapshot(&mut self) -> Snapshot {
        let searches: Vec<Arc<Search>> = (0..self.shape.searches).map(|i| Arc::new(self.search(i))).collect();
        let mut queries: Vec<QueryRow> = searches.iter().rev().map(|search| search.row.clone()).collect();
        queries.extend((0..self.shape.relayed).map(|i| self.relayed(i)));
        let neighbors: Vec<Neighbor> = (0..self.shape.neighbors).map(|i| self.neighbor(i)).collect();
        Snapshot {
            node: Arc::new(self.node()),
            uptime_ms: UPTIME_MS,
            role: self.role(neighbors.len()),
            neighbors,
            queries,
            searches,
            transfers: (0..self.shape.transfers).map(|i| Arc::new(self.transfer(i))).collect(),
            library: Arc::new(self.library()),
            traffic: self.traffic(),
            log: (0..self.shape.log).map(|i| self.log_line(i)).collect(),
            warnings: self.warnings(),
        }
    }

    /// A part of the list of files, as the engine would answer.
    pub fn page(&mut self, offset: u64, limit: usize) -> FilesPage {
        let total = if self.shape.hits == 0 { 0 } else { 20_000 };
        let count = limit.min(usize::try_from(total - offset.min(total)).unwrap_or(0));
        let files = (0..count).map(|i| {
            let (name, size) = FILES[(offset as usize + i) % FILES.len()];
            let hash = FileId(self.id());
            let path = self.text(&format!("music/{:05}/{name}", offset as usize + i));
            FileRow { path, size, hash, magnet: magnet(&hash, name) }
        });
        FilesPage { total, offset, files: files.collect() }
    }

    fn id<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.rng.next_u64() as u8)
    }

    fn text(&mut self, friendly: &str) -> Untrusted {
        if self.shape.hostile { HOSTILE[self.rng.below(HOSTILE.len())].into() } else { friendly.into() }
    }

    fn history(&mut self, level: u64) -> Vec<u64> {
        (0..60).map(|i| self.rng.range(0..level.max(1)) * (60 + i % 17) / 60).collect()
    }

    fn addr(&mut self, i: usize) -> PeerAddr {
        let text = if i % 3 == 2 {
            format!("[2001:db8::{:x}]:6346", i + 2)
        } else {
            format!("198.51.100.{}:6346", (i * 7 + 7) % 250)
        };
        text.parse().map_or_else(|_| std::net::SocketAddr::from(([192, 0, 2, 1], 6346)).into(), PeerAddr)
    }

    fn node(&mut self) -> NodeStatus {
        NodeStatus {
            node: NodeId(self.id()),
            name: self.text("plover"),
            addr: PeerAddr(std::net::SocketAddr::from(([192, 0, 2, 44], 6346))),
            control: Some(PathBuf::from("/run/user/1000/hopscope/control.sock")),
            version: "0.1.0".into(),
            started: "2026-11-22T10:12:04Z".into(),
            ttl: 4,
            hop_delay_ms: 0,
            downloads: PathBuf::from("/home/ada/Downloads"),
        }
    }

    fn role(&mut self, neighbors: usize) -> RoleStatus {
        RoleStatus {
            topology: TopologyKind::Flood,
            role: Role::Peer,
            why: "every node of a flooding overlay is equal".into(),
            since_ms: 1_200,
            neighbors,
            min_neighbors: 4,
            max_neighbors: 16,
            known_hosts: if neighbors == 0 { 0 } else { 310 },
        }
    }

    fn neighbor(&mut self, i: usize) -> Neighbor {
        let dialling = i % 9 == 8;
        let queries_in = self.rng.range(900..90_000);
        let level = if dialling { 1 } else { self.rng.range(20..420) };
        Neighbor {
            node: (!dialling).then(|| NodeId(self.id())),
            name: if dialling { Untrusted::default() } else { self.text(NAMES[i % NAMES.len()]) },
            addr: Some(self.addr(i)),
            kind: (!dialling).then_some(Role::Peer),
            inbound: i % 4 == 1,
            rtt_ms: (!dialling).then(|| 0.4 + self.rng.fraction() * 140.0),
            in_per_s: if dialling { 0.0 } else { level as f64 * 0.93 },
            out_per_s: if dialling { 0.0 } else { level as f64 * 0.7 },
            messages_in: queries_in * 3,
            messages_out: queries_in * 2,
            bytes_in: queries_in * 260,
            bytes_out: queries_in * 190,
            queries_in: if dialling { 0 } else { queries_in },
            duplicates: if dialling { 0 } else { queries_in * self.rng.range(0..45) / 100 },
            dropped: if i % 5 == 4 { 12 } else { 0 },
            files: (!dialling).then(|| self.rng.range(0..20_000)),
            since_ms: self.rng.range(0..UPTIME_MS),
            history: self.history(level).into_iter().map(|value| value as u16).collect(),
        }
    }

    fn relayed(&mut self, i: usize) -> QueryRow {
        let state = match i % 6 {
            0 | 1 => QueryState::Live,
            4 => QueryState::Expired,
            5 => QueryState::Held,
            _ => QueryState::Passed,
        };
        let ttl = 3 + (i % 5) as u8;
        let ttl_left = if state == QueryState::Expired { 0 } else { ttl - 1 - (i % 2) as u8 };
        QueryRow {
            guid: Guid(self.id()),
            text: self.text(QUERIES[i % QUERIES.len()]),
            own: false,
            ttl,
            ttl_left,
            nodes: self.rng.range(0..9) as u32,
            duplicates: self.rng.range(0..6),
            hits: u32::from(i % 4 == 0) * 2,
            age_ms: 400 + 2_700 * i as u64,
            state,
        }
    }

    fn search(&mut self, i: usize) -> Search {
        let last = i + 1 == self.shape.searches;
        let guid = Guid(self.id());
        let by_hop = hop_rows(self.shape.searches > 0);
        let sum = |part: fn(&HopRow) -> u32| by_hop.iter().map(part).sum::<u32>();
        let text = self.text(if last { "ubuntu 24.04 iso" } else { "bach cello suite" });
        let hits: Arc<[Arc<Hit>]> = (0..self.shape.hits).map(|n| Arc::new(self.hit(guid, n))).collect();
        let row = QueryRow {
            guid,
            text,
            own: true,
            ttl: 7,
            ttl_left: 1,
            nodes: sum(|row| row.new),
            duplicates: sum(|row| row.duplicates).into(),
            hits: hits.len() as u32,
            age_ms: if last { 1_800 } else { 184_000 },
            state: if last { QueryState::Live } else { QueryState::Done },
        };
        let hops = self.reports(&by_hop);
        Search {
            row,
            hits,
            sent_here: 5,
            messages: sum(|row| row.sent).into(),
            bytes: u64::from(sum(|row| row.sent)) * 142,
            first_hit_ms: Some(41),
            elapsed_ms: if last { 1_800 } else { 10_000 },
            ended: (!last).then_some(crate::app::DoneWhy::Deadline),
            traced: true,
            lost_reports: 0,
            hops,
            by_hop,
        }
    }

    fn reports(&mut self, by_hop: &[HopRow]) -> Arc<[Arc<HopReport>]> {
        let copies = by_hop.iter().flat_map(|row| std::iter::repeat_n(row, row.sent as usize).enumerate());
        copies
            .map(|(i, row)| {
                Arc::new(HopReport {
                    node: NodeId(self.id()),
                    name: self.text(NAMES[i % NAMES.len()]),
                    from: NodeId(self.id()),
                    hop: row.hop,
                    ttl: row.ttl,
                    action: if i < row.new as usize { Action::Forwarded } else { Action::Duplicate },
                    hits: u16::from(i < row.hits as usize),
                    sent: if i < row.new as usize { 4 } else { 0 },
                    at_ms: row.p50_ms.unwrap_or(0),
                })
            })
            .collect()
    }

    fn hit(&mut self, guid: Guid, n: usize) -> Hit {
        // A few files that many have, as in a real overlay: the smaller of two ranks drawn at random.
        let ranks = FOUND.len().max(self.shape.hits / 3);
        let rank = self.rng.below(ranks).min(self.rng.below(ranks));
        let (name, size) = FOUND[rank % FOUND.len()];
        let hash = FileId(std::array::from_fn(|byte| (rank * 31 + byte) as u8));
        Hit {
            guid,
            name: self.text(name),
            size: size + (rank / FOUND.len()) as u64,
            hash,
            magnet: magnet(&hash, name),
            node: NodeId(self.id()),
            node_name: self.text(NAMES[n % NAMES.len()]),
            addr: Some(self.addr(n)),
            hops: 1 + (n % 4) as u8,
            via: if n % 5 == 4 { Via::Reverse } else { Via::Direct },
            at_ms: 41 + 33 * n as u64,
        }
    }

    fn transfer(&mut self, i: usize) -> Transfer {
        let (name, size) = FILES[i % FILES.len()];
        let state = [
            TransferState::Active,
            TransferState::Active,
            TransferState::Active,
            TransferState::Done,
            TransferState::Failed,
            TransferState::Queued,
            TransferState::Verifying,
            TransferState::Cancelled,
        ][i % 8];
        let percent = [64, 18, 91, 100, 37, 0, 100, 12][i % 8];
        Transfer {
            id: i as u64 + 1,
            direction: if i % 8 == 2 { Direction::Upload } else { Direction::Download },
            name: self.text(name),
            hash: FileId(self.id()),
            bytes: size / 100 * percent,
            size,
            rate: if state == TransferState::Active { [3_040_000, 524_288, 812_000][i % 3] } else { 0 },
            sources: 1,
            state,
            why: match state {
                TransferState::Done => Some("/home/ada/Downloads/lecture 07 - overlay topologies.mp4".into()),
                TransferState::Failed => Some("the other node is gone".into()),
                _ => None,
            },
            peer: self.text(NAMES[(i + 1) % NAMES.len()]),
        }
    }

    fn library(&mut self) -> LibraryStatus {
        if self.shape.hits == 0 {
            return LibraryStatus::default();
        }
        let root = |alias: &str, path: &str, files, watch| RootStatus {
            alias: alias.into(),
            path: PathBuf::from(path),
            files,
            watch,
        };
        let excluded = |path: &str, why: &str| Excluded { path: PathBuf::from(path), why: why.into() };
        LibraryStatus {
            files: 20_000,
            bytes: 412_316_860_416,
            roots: vec![
                root("music", "/home/ada/Music", 18_204, WatchStatus::Watched),
                root("papers", "/home/ada/Papers", 1_796, WatchStatus::Watched),
                root(
                    "nas",
                    "/mnt/nas/shared",
                    0,
                    WatchStatus::Polled { why: "the system's watch limit is reached; scanned every 5 min".into() },
                ),
            ],
            hashing_files: 12,
            hashing_bytes: 3_221_225_472,
            hash_rate: 1_288_490_188,
            hashing_now: Some(self.text("music/live/2024-06-11 soundboard.wav")),
            scanning: false,
            excluded: vec![
                excluded("/home/ada/Music/.DS_Store", "a dotfile"),
                excluded("/home/ada/Papers/old/link-to-home", "a symbolic link out of the share"),
                excluded("/home/ada/Music/private", "permission denied"),
            ],
            excluded_count: 14,
            version: 3,
            ..LibraryStatus::default()
        }
    }

    fn traffic(&mut self) -> Traffic {
        let quiet = self.shape.neighbors == 0;
        Traffic {
            overlay_in: if quiet { 0 } else { 48_211_000 },
            overlay_out: if quiet { 0 } else { 61_020_000 },
            content_in: if quiet { 0 } else { 4_511_000_000 },
            content_out: if quiet { 0 } else { 812_000_000 },
            overlay_history: if quiet { Vec::new() } else { self.history(64_000) },
            content_history: if quiet { Vec::new() } else { self.history(3_600_000) },
            queries_per_s: if quiet { 0.0 } else { 1_240.0 },
            duplicate_share: if quiet { 0.0 } else { 0.31 },
            dropped: if quiet { 0 } else { 24 },
        }
    }

    fn log_line(&mut self, i: usize) -> LogLine {
        let (level, target, text) = [
            (LogLevel::Info, "net", "198.51.100.7:6346 is a neighbor now: mallard"),
            (LogLevel::Debug, "overlay", "query 9c1e77a0 forwarded to 4 of 5 neighbors, ttl 5"),
            (LogLevel::Warn, "share", "/mnt/nas/shared cannot be watched: the system's limit is reached"),
            (LogLevel::Info, "transfer", "bach - bwv 1007 - cello suite no 1 in G.flac: 18 % from kestrel"),
            (LogLevel::Error, "net", "192.0.2.33:6346 does not answer: connection refused; next try in 16 s"),
            (LogLevel::Info, "share", "3 files added below music/live"),
        ][i % 6];
        let text = self.text(text);
        LogLine { at_ms: 1_000 + 7_300 * i as u64 / 3, level, target: target.into(), text }
    }

    fn warnings(&self) -> Arc<[Warning]> {
        if self.shape.log < 1_000 {
            return Arc::default();
        }
        Arc::new([Warning {
            code: "no-watch".into(),
            message: "the share nas is scanned every 5 min because it cannot be watched".into(),
            hint: "raise fs.inotify.max_user_watches".into(),
        }])
    }
}

fn hop_rows(any: bool) -> Vec<HopRow> {
    let rows = [
        (5, 5, 0, 0, 1, Some(18)),
        (23, 19, 4, 0, 4, Some(61)),
        (61, 44, 17, 0, 6, Some(140)),
        (53, 37, 15, 1, 3, Some(310)),
        (37, 20, 17, 0, 2, Some(520)),
        (11, 6, 5, 0, 0, Some(701)),
    ];
    let rows = rows.into_iter().zip(1..).filter(|_| any);
    rows.map(|((sent, new, duplicates, dropped, hits, p50_ms), hop)| HopRow {
        hop,
        ttl: 7 - hop,
        sent,
        new,
        duplicates,
        dropped,
        hits,
        p50_ms,
    })
    .collect()
}

fn magnet(hash: &FileId, name: &str) -> String {
    format!("magnet:?xt=urn:blake3:{hash}&dn={}", name.replace(' ', "+"))
}

/// A small generator with a seed (SplitMix64), so that a fixture is the same on every machine.
struct Rng(u64);

impl Rng {
    const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next_u64() % bound.max(1) as u64) as usize
    }

    fn range(&mut self, range: std::ops::Range<u64>) -> u64 {
        range.start + self.next_u64() % (range.end - range.start).max(1)
    }

    fn fraction(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }
}
