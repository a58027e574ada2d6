//! What happened, as one number.

/// A rolling hash over a run: each event changes it, and so does their order. The same seed gives the same hash, in debug
/// and in release, on every machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rolling(u64);

impl Rolling {
    /// Takes in some words.
    pub(super) fn note(&mut self, words: &[u64]) {
        for word in words {
            let product = u128::from(self.0 ^ word ^ 0x6A09_E667_F3BC_C908) * 0x9E37_79B9_7F4A_7C15;
            self.0 = ((product >> 64) as u64 ^ product as u64).wrapping_add(word.rotate_left(17));
        }
    }

    /// As it is written in reports.
    pub(super) fn text(self) -> String {
        format!("{:016x}", self.0)
    }
}

/// The same random-looking number for the same words: what follows from the seed and a name alone, without a place in any
/// sequence.
pub(super) fn mix(words: &[u64]) -> u64 {
    let mut hash = Rolling::default();
    hash.note(words);
    hash.note(&[words.len() as u64]);
    hash.0
}

/// [`mix`] as a number in [0, 1).
pub(super) fn chance(words: &[u64]) -> f64 {
    (mix(words) >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::{Rolling, chance};

    #[test]
    fn order_counts_and_chances_are_even() {
        let of = |words: &[u64]| {
            let mut hash = Rolling::default();
            hash.note(words);
            hash
        };
        assert_ne!(of(&[1, 2]), of(&[2, 1]));
        assert_ne!(of(&[0]), of(&[0, 0]));
        let below = (0..10_000).filter(|&n| chance(&[7, n]) < 0.3).count();
        assert!((2_850..3_150).contains(&below), "{below}");
    }
}
