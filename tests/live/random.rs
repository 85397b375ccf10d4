//! Randomness of the tests: seeded, so that a failure can be looked at again.

/// SplitMix64: the same numbers for the same seed, everywhere.
pub struct Random(u64);

impl Random {
    /// One of the many cases of a test; `PGCASCADE_SEED` makes other ones.
    pub fn new(case: u64) -> Self {
        const SEED: u64 = 20_120_910;
        let seed = number("PGCASCADE_SEED").unwrap_or(SEED);
        Self(seed.wrapping_mul(1_000_003).wrapping_add(case))
    }

    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }

    pub fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    pub fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }

    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        for end in (1..values.len()).rev() {
            values.swap(end, self.below(end + 1));
        }
    }

    /// A text of this many pieces.
    pub fn text(&mut self, pieces: &[&str], length: usize) -> String {
        (0..length).map(|_| self.pick(pieces)).collect()
    }
}

/// A number that anyone who runs the tests gives in the environment.
pub fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}
