//! A directory with ten thousand nodes of a hundred files each, beside a plain list that is gone through from the start.
//!
//! `cargo bench --bench directory [-- NODES]`. Times of look-ups are the best of three passes over all of them, one page of
//! 32 files each, as they go over a link.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::unwrap_used, reason = "a benchmark has no input but its own")]

#[path = "support/clients.rs"]
mod clients;
#[path = "names.rs"]
mod names;

#[path = "support/memory.rs"]
mod memory;

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use clients::{Clients, body};
use hopscope::directory::{Catalogue, open, wall_clock};
use hopscope::overlay::{FoundFile, Registration, Registry};
use hopscope::proto::limits::{LEASE, MAX_FILES_A_CHANGE, MAX_HITS_A_MESSAGE};
use hopscope::proto::{FileId, Folded, NodeId, PeerAddr, Query};
use memory::resident;
use names::{Names, percentiles, time};

const FILES_A_NODE: usize = 100;
const SEARCHES: usize = 3_000;
/// Searches of the plain list: each takes a good part of a second.
const PLAIN_SEARCHES: usize = 12;
const PASSES: usize = 3;
/// Files of the node that goes away at once.
const LARGE: usize = 100_000;
const PAGE: usize = MAX_HITS_A_MESSAGE;

/// The plain list.
#[derive(Default)]
struct Plain {
    files: Vec<(NodeId, FoundFile)>,
}

impl Plain {
    /// The first page.
    fn find(&self, query: &Query, except: &NodeId) -> Vec<&(NodeId, FoundFile)> {
        let mut folded = Folded::default();
        let matches = |(node, file): &&(NodeId, FoundFile)| {
            folded.set(file.name.raw());
            node != except && query.matches_file(file.size, &file.id) && query.matches_name(&folded)
        };
        self.files.iter().filter(matches).take(PAGE).collect()
    }
}

fn main() {
    let nodes = std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(10_000);
    let mut names = Names::new(nodes * FILES_A_NODE);
    let count = names.paths.len();
    println!("{nodes} nodes, {count} files");
    println!("{:56} {:>12} {:>12}", "", "directory", "plain list");

    let before = resident();
    let mut catalogue = Catalogue::new(1);
    let adds = register(&mut catalogue, &names, nodes);
    let resident_bytes = resident() - before;
    let before = resident();
    let (plain, plain_took) = plain(&names, nodes);
    let plain_bytes = resident() - before;
    row("register all, ms", millis(adds.iter().sum()), Some(millis(plain_took)));
    row(
        "  files a second, thousands",
        count as f64 / millis(adds.iter().sum()),
        Some(count as f64 / millis(plain_took)),
    );
    let (middle, high) = percentiles(adds.clone());
    row("  a node's hundred files, us, p50", middle, None);
    row("  a node's hundred files, us, p99", high, None);
    row("memory, resident MB", mega(resident_bytes), Some(mega(plain_bytes)));
    row("  bytes a file, name and all", resident_bytes as f64 / count as f64, Some(plain_bytes as f64 / count as f64));
    let (name_bytes, heap) = catalogue.heap_bytes();
    row("  of these names", name_bytes as f64 / count as f64, None);
    row("  by the directory's own count", heap as f64 / count as f64, None);

    look_ups(&catalogue, &plain, &mut names);
    hard(&catalogue, &plain);
    pages(&catalogue);
    drop(plain);
    forget(&mut catalogue, &names);
    drop(catalogue);
    through_the_core(&mut names, nodes);
    on_disk(&names, nodes);
}

/// The same, asked by clients over their links: what the whole directory takes but the bytes and their encryption.
fn through_the_core(names: &mut Names, nodes: usize) {
    let mut clients = Clients::new();
    let joins = time_each(0..nodes, |n| clients.join(n, node(n)));
    row("through the core: a client comes, us, p50", percentiles(joins.clone()).0, None);
    row("  us, p99", percentiles(joins).1, None);
    let changes = (0..nodes).map(|n| (n, files(names, n)));
    let adds: Vec<Duration> = changes
        .map(|(n, files)| {
            let start = Instant::now();
            clients.add(n, 1, files);
            start.elapsed()
        })
        .collect();
    row(
        "  registrations of a hundred files a second",
        nodes as f64 / adds.iter().sum::<Duration>().as_secs_f64(),
        None,
    );
    row("  one, us, p99", percentiles(adds).1, None);
    let texts = (1..=3).flat_map(|words| names.searches(SEARCHES / 3, words));
    let bodies: Vec<(usize, _)> = texts.enumerate().map(|(i, words)| (i, body(&words.join(" ")))).collect();
    let times = time(&bodies, PASSES, |(i, body)| {
        black_box(clients.look_up(i * 37 % nodes, body));
    });
    row("  look-ups of 1 to 3 words a second", times.len() as f64 / times.iter().sum::<Duration>().as_secs_f64(), None);
    let (middle, high) = percentiles(times);
    row("  one, us, p50", middle, None);
    row("  one, us, p99", high, None);
}

/// Registers all nodes; what each one's files took.
fn register(registry: &mut impl Registry, names: &Names, nodes: usize) -> Vec<Duration> {
    (0..nodes)
        .map(|n| {
            let (registration, files) = (registration(n), files(names, n));
            let start = Instant::now();
            registry.put(node(n), registration).unwrap();
            assert_eq!(registry.add(&node(n), &files), 0);
            registry.renew(&node(n), LEASE);
            start.elapsed()
        })
        .collect()
}

fn plain(names: &Names, nodes: usize) -> (Plain, Duration) {
    let mut plain = Plain::default();
    let mut took = Duration::ZERO;
    for n in 0..nodes {
        let files = files(names, n);
        let start = Instant::now();
        plain.files.extend(files.into_iter().map(|file| (node(n), file)));
        took += start.elapsed();
    }
    (plain, took)
}

fn look_ups(catalogue: &Catalogue, plain: &Plain, names: &mut Names) {
    for words in 1..=3 {
        let searches: Vec<Query> =
            names.searches(SEARCHES, words).iter().map(|words| query(&words.join(" "))).collect();
        look_up(&format!("{words} word{}", if words > 1 { "s" } else { "" }), catalogue, plain, &searches);
    }
    // Six words of one name: that name, and hardly another.
    let rare: Vec<Query> = names.searches(SEARCHES, 6).iter().map(|words| query(&words.join(" "))).collect();
    look_up("rare", catalogue, plain, &rare);
    let none: Vec<Query> = rare.iter().map(|rare| query(&format!("{} nosuchword", rare.text()))).collect();
    look_up("nothing", catalogue, plain, &none);
    let beginnings: Vec<Query> = names.prefixes(SEARCHES).iter().map(|prefix| query(&format!("{prefix}*"))).collect();
    look_up("beginning of a word", catalogue, plain, &beginnings);
    let hashes: Vec<Query> = (0..SEARCHES).map(|i| query(&format!("hash:{}", id(i * 331)))).collect();
    look_up("hash", catalogue, plain, &hashes);
}

fn look_up(what: &str, catalogue: &Catalogue, plain: &Plain, searches: &[Query]) {
    let ours = time(searches, PASSES, |query| drop(black_box(catalogue.find(query, &node(0), 0, PAGE))));
    let some = &searches[..PLAIN_SEARCHES.min(searches.len())];
    let theirs = time(some, 1, |query| drop(black_box(plain.find(query, &node(0)))));
    for query in some {
        let (found, next) = catalogue.find(query, &node(0), 0, PAGE);
        let found: usize = found.iter().map(|at| at.files.len()).sum();
        assert!(found == plain.find(query, &node(0)).len() || next.is_some(), "{}", query.text());
    }
    let a_second = |times: &[Duration]| times.len() as f64 / times.iter().sum::<Duration>().as_secs_f64();
    row(&format!("look-up, {what}: a second"), a_second(&ours), Some(a_second(&theirs)));
    let (ours, theirs) = (percentiles(ours), percentiles(theirs));
    row("  us, p50", ours.0, Some(theirs.0));
    row("  us, p99", ours.1, Some(theirs.1));
}

/// What somebody would send who wants the directory to suffer.
fn hard(catalogue: &Catalogue, plain: &Plain) {
    let texts = [
        "mp3 -ext:mp3",
        "b* d* k* -mp3 -flac -mkv -pdf -zip -jpg",
        "b* size:>100T",
        "mp3 size:>100T",
        "type:audio -mp3 -flac",
        "ba* de* ki* lo* mu* ra* se*",
    ];
    for text in texts {
        let query = query(text);
        let (found, next) = catalogue.find(&query, &node(0), 0, PAGE);
        let found: usize = found.iter().map(|at| at.files.len()).sum();
        let query = [query];
        let ours = time(&query, 10, |query| drop(black_box(catalogue.find(query, &node(0), 0, PAGE))));
        let theirs = time(&query, 1, |query| drop(black_box(plain.find(query, &node(0)))));
        let what = format!("`{text}`, {found} found{}, us", if next.is_some() { ", goes on" } else { "" });
        row(&what, percentiles(ours).0, Some(percentiles(theirs).0));
    }
}

/// A search with more matches than anybody reads, to its end.
fn pages(catalogue: &Catalogue) {
    for text in ["mp3", "ba*"] {
        let query = query(text);
        let (mut after, mut positions, mut found) = (Some(0), Vec::new(), 0);
        while let Some(position) = after {
            let (nodes, next) = catalogue.find(&query, &node(0), position, PAGE);
            found += nodes.iter().map(|at| at.files.len()).sum::<usize>();
            positions.push(position);
            after = next;
        }
        let times = time(&positions, PASSES, |&after| drop(black_box(catalogue.find(&query, &node(0), after, PAGE))));
        let worst = times.iter().max().copied().unwrap_or_default();
        let (middle, high) = percentiles(times);
        row(&format!("page of `{text}`, {found} found in {}: us, p50", positions.len()), middle, None);
        row("  us, p99", high, None);
        row("  us, worst", worst.as_secs_f64() * 1e6, None);
    }
}

/// A node with very many files comes and goes.
fn forget(catalogue: &mut Catalogue, names: &Names) {
    let large = NodeId([255; 32]);
    let other = |i: usize| FoundFile { size: 7, ..file(names, i % names.paths.len()) };
    let files: Vec<FoundFile> = (0..LARGE).map(other).collect();
    catalogue.put(large, registration(0)).unwrap();
    let start = Instant::now();
    let adds = time_each(files.chunks(MAX_FILES_A_CHANGE), |files| assert_eq!(catalogue.add(&large, files), 0));
    row("a node of 100,000 files comes, ms", millis(start.elapsed()), None);
    row("  longest call, us", adds.iter().max().unwrap().as_secs_f64() * 1e6, None);
    row("  128 files, us, p50", percentiles(adds.clone()).0, None);
    row("  128 files, us, p99", percentiles(adds).1, None);
    let start = Instant::now();
    catalogue.forget(&large);
    row("and goes: the call, us", start.elapsed().as_secs_f64() * 1e6, None);
    let calls = time_each(0..LARGE / 32, |_| catalogue.renew(&large, LEASE));
    row("  clearing away, all calls, ms", millis(calls.iter().sum()), None);
    row("  one, us, p50", percentiles(calls.clone()).0, None);
    row("  the longest, us", calls.iter().max().unwrap().as_secs_f64() * 1e6, None);
}

/// The same, kept on disk.
fn on_disk(names: &Names, nodes: usize) {
    let dir = tempfile::tempdir_in(".").unwrap();
    let path = dir.path().join("directory.redb");
    let open = |path: &Path| open(path, LEASE, wall_clock(), 1).unwrap();
    let mut registry = open(&path);
    let start = Instant::now();
    let adds = register(&mut registry, names, nodes);
    row("on disk: register all, ms", millis(adds.iter().sum()), None);
    row("  a node's hundred files, us, p99", percentiles(adds).1, None);
    registry.flush().unwrap();
    row("  all written after, ms", millis(start.elapsed()), None);
    let size = std::fs::metadata(&path).unwrap().len();
    row("  file, MB", mega(size as usize), None);
    let totals = registry.totals();
    let start = Instant::now();
    drop(registry);
    row("  ended, ms", millis(start.elapsed()), None);
    let before = resident();
    let start = Instant::now();
    // Registering took longer than a lease lasts on a busy machine: the clock stands still for this.
    let mut registry = hopscope::directory::open(&path, LEASE, std::sync::Arc::new(|| 0), 1).unwrap();
    row("  started again, ms", millis(start.elapsed()), None);
    row("  memory then, MB", mega(resident().saturating_sub(before)), None);
    assert_eq!((registry.totals(), registry.restored().len()), (totals, nodes));
}

fn files(names: &Names, n: usize) -> Vec<FoundFile> {
    (n * FILES_A_NODE..(n + 1) * FILES_A_NODE).map(|i| file(names, i)).collect()
}

fn file(names: &Names, i: usize) -> FoundFile {
    FoundFile { name: names.name(i).into(), size: 1_000 + i as u64, id: id(i) }
}

fn id(i: usize) -> FileId {
    FileId(blake3::hash(&i.to_le_bytes()).into())
}

fn node(n: usize) -> NodeId {
    NodeId(blake3::hash(&[&b"node"[..], &n.to_le_bytes()].concat()).into())
}

fn registration(n: usize) -> Registration {
    let [a, b] = (n as u16).to_be_bytes();
    Registration { name: format!("node {n}").into(), addr: Some(PeerAddr(([10, 0, a, b], 6346).into())) }
}

fn query(text: &str) -> Query {
    Query::parse(text).unwrap()
}

fn time_each<T>(items: impl Iterator<Item = T>, mut run: impl FnMut(T)) -> Vec<Duration> {
    items
        .map(|item| {
            let start = Instant::now();
            run(item);
            start.elapsed()
        })
        .collect()
}

fn row(what: &str, ours: f64, plain: Option<f64>) {
    match plain {
        Some(plain) => println!("{what:56} {ours:>12.1} {plain:>12.1}"),
        None => println!("{what:56} {ours:>12.1}"),
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn mega(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}
