//! Believable file names: 5 to 8 words of a Zipf vocabulary of 80,000, and an extension; twenty files a folder.

use std::time::{Duration, Instant};

use hopscope::base::Rng;

/// Words of the vocabulary.
pub(crate) const VOCABULARY: usize = 80_000;

/// Names, and the words to ask for.
pub(crate) struct Names {
    /// `folder/name.ext`.
    pub(crate) paths: Vec<String>,
    rng: Rng,
}

impl Names {
    /// So many names, always the same.
    pub(crate) fn new(count: usize) -> Self {
        let mut rng = Rng::new(2026);
        let words: Vec<String> = (0..VOCABULARY).map(|i| word(i, &mut rng)).collect();
        let mut weights = Vec::with_capacity(VOCABULARY);
        let mut sum = 0.0;
        for rank in 1..=VOCABULARY {
            sum += 1.0 / rank as f64;
            weights.push(sum);
        }
        let draw = |rng: &mut Rng| {
            let at = rng.fraction() * sum;
            words[weights.partition_point(|&weight| weight < at).min(VOCABULARY - 1)].as_str()
        };
        let extensions = ["mp3", "mp3", "mp3", "flac", "mkv", "pdf", "zip", "jpg"];
        let mut paths = Vec::with_capacity(count);
        let mut folder = String::new();
        for i in 0..count {
            if i % 20 == 0 {
                folder = format!("{} {}/{}", draw(&mut rng), i / 2000, i / 20);
            }
            let length = rng.range(5..9) as usize;
            let separator = [" ", " ", "_", ".", "-"][rng.below(5)];
            let name = (0..length).map(|_| draw(&mut rng)).collect::<Vec<_>>().join(separator);
            paths.push(format!("{folder}/{name}.{}", extensions[rng.below(extensions.len())]));
        }
        Self { paths, rng }
    }

    /// The name alone.
    pub(crate) fn name(&self, i: usize) -> &str {
        self.paths[i].rsplit('/').next().unwrap_or_default()
    }

    /// Searches for this many different words of one random name each, so that each finds something.
    pub(crate) fn searches(&mut self, count: usize, words: usize) -> Vec<Vec<String>> {
        (0..count)
            .map(|_| {
                let i = self.rng.below(self.paths.len());
                let stem = self.name(i).rsplit_once('.').map_or("", |(stem, _)| stem).to_owned();
                let mut all: Vec<String> = stem.split([' ', '_', '.', '-']).map(str::to_owned).collect();
                self.rng.shuffle(&mut all);
                all.sort();
                all.dedup();
                self.rng.shuffle(&mut all);
                all.truncate(words);
                all
            })
            .collect()
    }

    /// Beginnings of two to four letters of words of random names.
    pub(crate) fn prefixes(&mut self, count: usize) -> Vec<String> {
        let words = self.searches(count, 1);
        words.into_iter().flatten().map(|word| word.chars().take(2 + self.rng.below(3)).collect()).collect()
    }
}

/// Word number `i`: common words are short, and no two are alike.
fn word(i: usize, rng: &mut Rng) -> String {
    let syllables = ["ba", "de", "ki", "lo", "mu", "ra", "se", "ti", "no", "vu", "shi", "tra", "ple", "go", "ne", "ca"];
    let mut word = String::new();
    for _ in 0..1 + (i + 1).ilog2() / 6 + rng.below(2) as u32 {
        word.push_str(syllables[rng.below(syllables.len())]);
    }
    // The number in letters makes it unique.
    let mut rest = i;
    while rest > 0 {
        word.push(char::from(b'a' + (rest % 26) as u8));
        rest /= 26;
    }
    word
}

/// Times a run for each item, in several passes over all of them, and keeps the best time of each: what other programs on
/// the machine cost is left out, while the caches are as cold as among so many others.
pub(crate) fn time<T>(items: &[T], passes: usize, mut run: impl FnMut(&T)) -> Vec<Duration> {
    let mut best = vec![Duration::MAX; items.len()];
    for _ in 0..passes {
        for (item, best) in items.iter().zip(&mut best) {
            let start = Instant::now();
            run(item);
            *best = start.elapsed().min(*best);
        }
    }
    best
}

/// The middle and the 99th of a hundred, in microseconds.
pub(crate) fn percentiles(mut times: Vec<Duration>) -> (f64, f64) {
    times.sort_unstable();
    let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)].as_nanos() as f64 / 1000.0;
    (at(50), at(99))
}
