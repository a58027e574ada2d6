//! What the nodes of a lab share: generated files with names as people give them, and who has which. A search looks at
//! file names only, not at folders, so that each name says by itself what the file is.

use super::words::*;
use crate::base::Rng;

/// Different files for each node of the lab.
const FILES_A_NODE: usize = 5;
/// How fast copies become rarer with a file's rank: a bit flatter than Zipf's own 1, so that a small lab has a tail.
const ZIPF_EXPONENT: f64 = 0.9;

/// A file of the lab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LabFile {
    /// Its place in a share, with `/`.
    pub(super) path: String,
    pub(super) size: usize,
    /// What its content follows from.
    pub(super) seed: u64,
}

/// So many different files, from the best known to the least. The best known one is of Bach in every lab: it is what the
/// README has newcomers search for.
pub(super) fn catalogue(nodes: usize, rng: &mut Rng) -> Vec<LabFile> {
    let wanted = (nodes * FILES_A_NODE).max(FILES_A_NODE);
    let mut files: Vec<LabFile> = Vec::with_capacity(wanted);
    while files.len() < wanted {
        let file = match rng.below(10) {
            _ if files.is_empty() => classical(BACH, rng),
            0..=2 => music(rng),
            3 if rng.below(2) == 0 => classical(BACH, rng),
            3 => classical(CLASSICAL, rng),
            4..=5 => paper(rng),
            6 => lecture(rng),
            7..=8 => photo(rng),
            _ => software(rng),
        };
        if files.iter().all(|other| other.path != file.path) {
            files.push(file);
        }
    }
    files
}

/// Which nodes have a copy of each file, by rank: by Zipf's law, everybody's favourite on half of the nodes and the
/// tail on one.
pub(super) fn spread(files: usize, nodes: usize, rng: &mut Rng) -> Vec<Vec<usize>> {
    let mut owners: Vec<usize> = (0..nodes).collect();
    (1..=files)
        .map(|rank| {
            rng.shuffle(&mut owners);
            owners[..copies(rank, nodes)].to_vec()
        })
        .collect()
}

fn copies(rank: usize, nodes: usize) -> usize {
    let most = (nodes as f64 / 2.0).max(1.0);
    ((most / (rank as f64).powf(ZIPF_EXPONENT)).round() as usize).clamp(1, nodes)
}

/// The bytes of a file: the right beginning for its kind, then noise.
pub(super) fn content(file: &LabFile) -> Vec<u8> {
    let mut rng = Rng::new(file.seed);
    let magic: &[u8] = match file.path.rsplit('.').next() {
        Some("flac") => b"fLaC\0\0\0\x22",
        Some("mp3") => b"ID3\x04\0\0\0\0\0\0",
        Some("ogg") => b"OggS\0\x02",
        Some("pdf") => b"%PDF-1.5\n",
        Some("jpg") => b"\xff\xd8\xff\xe0\0\x10JFIF\0",
        Some("mp4") => b"\0\0\0\x18ftypmp42",
        Some("gz") => b"\x1f\x8b\x08\0",
        Some("AppImage") => b"\x7fELF\x02\x01\x01\0AI\x02",
        _ => b"",
    };
    let mut bytes = Vec::with_capacity(file.size + 8);
    bytes.extend_from_slice(magic);
    while bytes.len() < file.size {
        bytes.extend_from_slice(&rng.next_u64().to_le_bytes());
    }
    bytes.truncate(file.size);
    bytes
}

fn pick<'a>(rng: &mut Rng, words: &[&'a str]) -> &'a str {
    words.get(rng.below(words.len())).copied().unwrap_or_default()
}

fn file(path: String, sizes: std::ops::Range<u64>, rng: &mut Rng) -> LabFile {
    // Sizes of files spread over orders of magnitude: many small ones, few large ones.
    let (low, high) = (sizes.start as f64, sizes.end as f64);
    let size = low * (high / low).powf(rng.fraction());
    LabFile { path, size: size as usize, seed: rng.next_u64() }
}

const KIB: u64 = 1024;

fn music(rng: &mut Rng) -> LabFile {
    let (artist, album) = (pick(rng, ARTISTS), pick(rng, ALBUMS));
    let (track, title, ending) = (rng.range(1..13), pick(rng, SONGS), pick(rng, &["flac", "mp3", "mp3", "ogg"]));
    let path = match rng.below(3) {
        0 => format!("music/{artist}/{album}/{artist} - {album} - {track:02} - {title}.{ending}"),
        1 => format!("music/{artist} - {album} - {track:02} - {title}.{ending}"),
        _ => format!("music/{artist} - {title}.{ending}"),
    };
    file(path, 80 * KIB..1_800 * KIB, rng)
}

fn classical(recordings: &[Recording], rng: &mut Rng) -> LabFile {
    let (composer, work, movements) = recordings[rng.below(recordings.len())];
    let (at, ending) = (rng.below(movements.len()), pick(rng, &["flac", "flac", "mp3", "ogg"]));
    let (number, movement) = (at + 1, movements[at]);
    let path = format!("music/classical/{composer} - {work} - {number:02} - {movement}.{ending}");
    file(path, 80 * KIB..1_800 * KIB, rng)
}

fn paper(rng: &mut Rng) -> LabFile {
    let (author, other) = (pick(rng, SURNAMES), pick(rng, SURNAMES));
    let (year, topic, approach) = (rng.range(1994..2025), pick(rng, TOPICS), pick(rng, APPROACHES));
    let authors = match rng.below(3) {
        0 => author.to_owned(),
        1 if author != other => format!("{author} and {other}"),
        _ => format!("{author} et al"),
    };
    file(format!("papers/{authors} {year} - {approach} {topic}.pdf"), 24 * KIB..400 * KIB, rng)
}

fn lecture(rng: &mut Rng) -> LabFile {
    let (course, number, topic) = (pick(rng, COURSES), rng.range(1..15), pick(rng, TOPICS));
    let (kind, sizes) = match rng.below(3) {
        0 => ("notes.pdf", 30 * KIB..300 * KIB),
        1 => ("slides.pdf", 60 * KIB..500 * KIB),
        _ => ("recording.mp4", 600 * KIB..3_000 * KIB),
    };
    file(format!("lectures/{course}/{course} - Lecture {number:02} - {topic} - {kind}"), sizes, rng)
}

fn photo(rng: &mut Rng) -> LabFile {
    let (place, scene) = (pick(rng, PLACES), pick(rng, SCENES));
    let (year, month, day) = (rng.range(2009..2025), rng.range(1..13), rng.range(1..29));
    let path = match rng.below(3) {
        0 => format!("photos/{year}/{year}-{month:02}-{day:02} {place}, {scene}.jpg"),
        1 => format!("photos/{place}/{place}, {scene} {:03}.jpg", rng.range(1..200)),
        _ => format!("photos/{place} {year}/{place} {year} IMG_{:04}.jpg", rng.range(1..10_000)),
    };
    file(path, 40 * KIB..500 * KIB, rng)
}

fn software(rng: &mut Rng) -> LabFile {
    let (name, major, minor, patch) = (pick(rng, PROGRAMS), rng.range(0..5), rng.range(0..20), rng.range(0..10));
    let ending = pick(rng, &["tar.gz", "x86_64.AppImage", "aarch64.tar.gz"]);
    let separator = if ending.starts_with('t') { "." } else { "-" };
    file(format!("software/{name}-{major}.{minor}.{patch}{separator}{ending}"), 60 * KIB..1_500 * KIB, rng)
}

#[cfg(test)]
mod tests {
    use super::{LabFile, catalogue, content, copies, spread};
    use crate::base::Rng;

    #[test]
    fn the_same_seed_gives_the_same_files_and_no_name_twice() {
        let files = catalogue(200, &mut Rng::new(3));
        assert_eq!(files, catalogue(200, &mut Rng::new(3)));
        assert_ne!(files, catalogue(200, &mut Rng::new(4)));
        let mut paths: Vec<_> = files.iter().map(|file| &file.path).collect();
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), 1_000);
        for file in &files {
            assert!((20 * 1024..4 << 20).contains(&file.size), "{file:?}");
            assert!(!file.path.starts_with('/') && !file.path.contains("..") && !file.path.contains("/."), "{file:?}");
        }
    }

    #[test]
    fn names_tell_artists_and_titles_and_bach_is_in_every_lab() {
        for seed in 0..20 {
            for nodes in [1, 12] {
                let files = catalogue(nodes, &mut Rng::new(seed));
                assert!(name(&files[0]).starts_with("Johann Sebastian Bach - "), "{:?}", files[0]);
                for file in files.iter().filter(|file| file.path.starts_with("music/")) {
                    assert!(name(file).contains(" - "), "{file:?}");
                }
            }
        }
    }

    fn name(file: &LabFile) -> &str {
        file.path.rsplit('/').next().unwrap_or_default()
    }

    #[test]
    fn copies_follow_zipf_and_lie_on_different_nodes() {
        let by_rank: Vec<usize> = [1, 2, 3, 4, 10, 60].map(|rank| copies(rank, 12)).to_vec();
        assert_eq!(by_rank, [6, 3, 2, 2, 1, 1]);
        assert_eq!(copies(1, 1), 1);
        let owners = spread(60, 12, &mut Rng::new(1));
        for (at, nodes) in owners.iter().enumerate() {
            let mut distinct = nodes.clone();
            distinct.sort_unstable();
            distinct.dedup();
            assert_eq!((distinct.len(), nodes.len()), (copies(at + 1, 12), copies(at + 1, 12)));
        }
        let ones = owners.iter().filter(|nodes| nodes.len() == 1).count();
        assert!(ones > 40, "most files are rare: {ones}");
    }

    #[test]
    fn content_has_its_size_and_begins_as_its_kind_does() {
        for file in catalogue(12, &mut Rng::new(9)) {
            let bytes = content(&file);
            assert_eq!(bytes.len(), file.size);
            assert_eq!(bytes, content(&file));
            assert!(!file.path.ends_with(".pdf") || bytes.starts_with(b"%PDF"));
        }
    }
}
