//! Words: how a number, a list, a sentence, a length of time and an amount read. The only place where that is decided,
//! so that window, terminal and files say the same thing in the same way.

use std::fmt::Display;

/// Names of a list that are shown; a longer one ends with how many more there are.
const LISTED: usize = 6;

/// "1 server", "3 servers".
pub fn counted<N: Copy + Display + PartialEq + From<u8>>(number: N, what: &str) -> String {
    let ending = if number == N::from(1) { "" } else { "s" };
    format!("{number} {what}{ending}")
}

/// "one server", "3 servers": as [`counted`], for the middle of a sentence.
pub fn counted_in_text(number: usize, what: &str) -> String {
    match number {
        1 => format!("one {what}"),
        _ => counted(number, what),
    }
}

/// "a", "a and b", "a, b and c"; of more than seven the first six and a number.
pub fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        names if names.len() > LISTED + 1 => {
            let shown: Vec<&str> = names.iter().map(String::as_str).take(LISTED).collect();
            format!("{} and {} more", shown.join(", "), names.len() - LISTED)
        }
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// "a port is …" by itself: "A port is …". A name that a program reads keeps its letters: "pg_rewind needs …".
pub fn as_sentence(text: &str) -> String {
    let mut words = text.split_whitespace();
    let first = words.next().unwrap_or_default();
    if is_identifier(first) || words.next() == Some("=") {
        return text.to_owned();
    }
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// True for what is written in one way only: a setting, a function, a file, a program.
fn is_identifier(word: &str) -> bool {
    /// Programs and settings that look like words.
    const PLAIN: [&str; 10] = [
        "pgcascade",
        "patronictl",
        "repmgr",
        "psql",
        "initdb",
        "systemd",
        "libpq",
        "etcd",
        "fsync",
        "hostssl",
    ];
    let word = word.trim_end_matches(['.', ',', ':', ';', '!', '?', ')']);
    PLAIN.contains(&word)
        || word.contains(|letter: char| matches!(letter, '_' | '.' | '/' | '=') || letter.is_ascii_digit())
}

/// A length of time: `900 µs`, `3.1 ms`, `12.4 s`, `3 min 2 s`.
pub fn duration(micros: u64) -> String {
    let tenths = |value: u64, unit: u64| match value % unit * 10 / unit {
        0 => format!("{}", value / unit),
        tenth => format!("{}.{tenth}", value / unit),
    };
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{} ms", tenths(micros, 1_000)),
        1_000_000..60_000_000 => format!("{} s", tenths(micros, 1_000_000)),
        _ => format!(
            "{} min {} s",
            micros / 60_000_000,
            micros % 60_000_000 / 1_000_000
        ),
    }
}

/// Seconds with one digit behind the point, always: `0.4 s`, `75.0 s`. A clock that runs must not change its shape.
pub fn seconds(milliseconds: u64) -> String {
    let tenths = milliseconds / 100;
    format!("{}.{} s", tenths / 10, tenths % 10)
}

/// "just now", "3 hours ago".
pub fn ago(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [
        (86_400 * 30, "month"),
        (86_400, "day"),
        (3_600, "hour"),
        (60, "minute"),
    ];
    let unit = UNITS.iter().find(|(length, _)| seconds >= *length);
    unit.map_or_else(
        || "just now".to_owned(),
        |(length, word)| format!("{} ago", counted(seconds / length, word)),
    )
}

/// An amount of data, rounded: `12 kB`, `2.8 MB`.
pub fn size(bytes: u64) -> String {
    // From here on it is 1024 of its unit, when it is rounded.
    const KILO_ENDS: u64 = (1 << 20) - (1 << 9);
    const MEGA_ENDS: u64 = (1 << 30) - (1 << 20) / 20;
    let tenths = |shift: u32, unit: &str| {
        let half = 1_u128 << (shift - 1);
        let tenths = (u128::from(bytes) * 10 + half) >> shift;
        format!("{}.{} {unit}", tenths / 10, tenths % 10)
    };
    match bytes {
        0..1_024 => format!("{bytes} bytes"),
        1_024..KILO_ENDS => format!("{} kB", (bytes + 512) >> 10),
        KILO_ENDS..MEGA_ENDS => tenths(20, "MB"),
        _ => tenths(30, "GB"),
    }
}

/// A text of at most so many letters, with "…" for the rest.
pub fn elided(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// A name that is no wider than `room`, with "…" for what is left out of its middle: names often differ only at their ends.
/// `width` says how wide a letter is.
pub fn name_within(room: f32, name: &str, mut width: impl FnMut(char) -> f32) -> String {
    let letters: Vec<(char, f32)> = name.chars().map(|letter| (letter, width(letter))).collect();
    if letters.iter().map(|(_, width)| width).sum::<f32>() <= room {
        return name.to_owned();
    }
    let mut left = room - width('…');
    let mut middle = letters.as_slice();
    // From both ends in turns, the last letter first.
    let (mut head, mut tail) = (String::new(), Vec::new());
    loop {
        let is_tail = tail.len() <= head.chars().count();
        let taken = if is_tail {
            middle.split_last()
        } else {
            middle.split_first()
        };
        let Some(((letter, wide), rest)) = taken.filter(|((_, wide), _)| *wide <= left) else {
            break;
        };
        left -= wide;
        middle = rest;
        if is_tail {
            tail.push(*letter);
        } else {
            head.push(*letter);
        }
    }
    let tail: String = tail.into_iter().rev().collect();
    format!("{}…{}", head.trim_end(), tail.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_at_their_ends_still_do_when_they_are_cut() {
        let within = |room: f32, name: &str| name_within(room, name, |_| 1.0);
        assert_eq!(within(18.0, "db-ha-postgresql-0"), "db-ha-postgresql-0");
        assert_eq!(within(12.0, "db-ha-postgresql-0"), "db-ha…esql-0");
        assert_eq!(within(12.0, "db-ha-postgresql-1"), "db-ha…esql-1");
        assert_eq!(within(2.0, "ab cd"), "…d");
        assert_eq!(within(0.0, "ab cd"), "…");
        assert_eq!(
            name_within(5.0, "llllm", |letter| if letter == 'm' { 3.0 } else { 1.0 }),
            "l…m"
        );
    }

    #[test]
    fn a_long_text_ends_with_an_ellipsis() {
        assert_eq!(elided("pgcascade", 9), "pgcascade");
        assert_eq!(elided("psql -h é", 9), "psql -h é");
        assert_eq!(elided("psql -h é 5432", 9), "psql -h…");
    }

    #[test]
    fn numbers_and_their_nouns_agree() {
        for (number, words) in [(0, "0 servers"), (1, "1 server"), (2, "2 servers")] {
            assert_eq!(counted(number, "server"), words);
        }
        assert_eq!(counted_in_text(1, "server"), "one server");
        assert_eq!(counted_in_text(2, "server"), "2 servers");
    }

    #[test]
    fn lists_end_with_and_and_long_ones_with_a_number() {
        let names =
            |count: usize| -> Vec<String> { (1..=count).map(|number| format!("s{number}")).collect() };
        for (count, words) in [
            (0, ""),
            (1, "s1"),
            (2, "s1 and s2"),
            (3, "s1, s2 and s3"),
            (7, "s1, s2, s3, s4, s5, s6 and s7"),
            (8, "s1, s2, s3, s4, s5, s6 and 2 more"),
        ] {
            assert_eq!(listed(&names(count)), words);
        }
    }

    #[test]
    fn sentences_begin_with_a_capital() {
        for (text, sentence) in [
            ("a port", "A port"),
            ("", ""),
            ("\"s\" is", "\"s\" is"),
            ("é", "É"),
            ("so, what", "So, what"),
            (
                "synchronous_standby_names is set per server",
                "synchronous_standby_names is set per server",
            ),
            ("postgresql.conf, too", "postgresql.conf, too"),
            ("pg_rewind() …", "pg_rewind() …"),
            ("slave11 is down", "slave11 is down"),
            ("fsync, which", "fsync, which"),
            ("postgres = 12.0 has", "postgres = 12.0 has"),
        ] {
            assert_eq!(as_sentence(text), sentence);
        }
    }

    #[test]
    fn times_and_amounts_have_the_unit_that_fits() {
        for (micros, words) in [
            (0, "0 µs"),
            (999, "999 µs"),
            (3_100, "3.1 ms"),
            (12_400_000, "12.4 s"),
            (182_000_000, "3 min 2 s"),
        ] {
            assert_eq!(duration(micros), words);
        }
        assert_eq!((seconds(0), seconds(75_049)), ("0.0 s".into(), "75.0 s".into()));
        for (bytes, words) in [
            (500, "500 bytes"),
            (1_023, "1023 bytes"),
            (2_022, "2 kB"),
            (12_300, "12 kB"),
            (1_048_063, "1023 kB"),
            (1_048_064, "1.0 MB"),
            (3_000_000, "2.9 MB"),
            (1_073_689_395, "1023.9 MB"),
            (1_073_689_396, "1.0 GB"),
            (5 << 30, "5.0 GB"),
        ] {
            assert_eq!(size(bytes), words);
        }
    }

    #[test]
    fn ages_are_said_as_people_say_them() {
        for (secs, words) in [
            (0, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (7_200, "2 hours ago"),
            (86_400 * 3, "3 days ago"),
            (86_400 * 70, "2 months ago"),
        ] {
            assert_eq!(ago(secs), words);
        }
    }
}
