//! A position in the WAL, as servers write it: `16/B374D848`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A byte of the WAL, counted from the first one of the cluster's life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lsn(u64);

/// The text is not two hexadecimal numbers of at most 32 bits with a slash between.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\"{0}\" is not a WAL position such as 16/B374D848")]
pub struct NotAnLsn(pub String);

impl Lsn {
    pub const fn new(byte: u64) -> Self {
        Self(byte)
    }

    pub const fn byte(self) -> u64 {
        self.0
    }

    /// How many bytes this one is ahead of the other: negative if it is behind.
    pub fn ahead_of(self, other: Self) -> i64 {
        let distance = i64::try_from(self.0.abs_diff(other.0)).unwrap_or(i64::MAX);
        if self < other { -distance } else { distance }
    }
}

impl FromStr for Lsn {
    type Err = NotAnLsn;

    fn from_str(text: &str) -> Result<Self, NotAnLsn> {
        let half = |digits: &str| {
            // `from_str_radix` would take a sign, too.
            let is_plain = (1..=8).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
            is_plain.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
        };
        let halves = text.split_once('/');
        halves
            .and_then(|(high, low)| Some(Self(u64::from(half(high)?) << 32 | u64::from(half(low)?))))
            .ok_or_else(|| NotAnLsn(text.to_owned()))
    }
}

impl fmt::Display for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:X}/{:X}", self.0 >> 32, self.0 & 0xFFFF_FFFF)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Lsn {
        text.parse().unwrap()
    }

    #[test]
    fn it_reads_as_it_prints() {
        for text in ["0/0", "0/1651588", "16/B374D848", "FFFFFFFF/FFFFFFFF"] {
            assert_eq!(at(text).to_string(), text);
        }
        assert_eq!(
            at("00000016/0b374d848".replace("0b", "b").as_str()),
            at("16/B374D848")
        );
        for text in [
            "",
            "0",
            "/",
            "0/",
            "/1",
            "0/1/2",
            "x/1",
            "0/+1",
            "0/-1",
            "0/123456789",
            " 0/1",
        ] {
            assert_eq!(text.parse::<Lsn>(), Err(NotAnLsn(text.to_owned())));
        }
    }

    #[test]
    fn positions_compare_as_numbers_across_the_slash() {
        assert!(at("0/FFFFFFFF") < at("1/0"));
        assert!(at("0/3000148") > at("0/3000060"));
        assert_eq!(at("1/0").ahead_of(at("0/FFFFFFFF")), 1);
        assert_eq!(at("0/FFFFFFFF").ahead_of(at("1/0")), -1);
        assert_eq!(at("FFFFFFFF/0").ahead_of(at("0/0")), i64::MAX);
        assert_eq!(at("0/0").ahead_of(at("FFFFFFFF/0")), -i64::MAX);
    }
}
