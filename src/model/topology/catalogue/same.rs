//! Do two values say the same to a server? `16MB` in a file is `2048` in pg_settings, whose unit is then `8kB`.

use super::{Kind, Known, Parameter, lookup, value};
use crate::model::topology::PgMajor;

impl Parameter {
    /// Would a server that was given `written` show `shown` in pg_settings, in the parameter's own unit? Where the catalogue
    /// cannot tell, they count as the same.
    pub fn is_shown_as(&self, written: &str, shown: &str, major: PgMajor) -> bool {
        if written == shown {
            return true;
        }
        match &self.kind {
            Kind::Bool => value::parse_bool(written) == value::parse_bool(shown),
            Kind::Integer(range) | Kind::Real(range) => {
                let read = |text| value::number(&self.kind, range, text, major).ok();
                match (read(written), read(shown)) {
                    (Some(written), Some(shown)) => {
                        (written - shown).abs() <= shown.abs() * f64::from(f32::EPSILON)
                    }
                    _ => true,
                }
            }
            // A word that servers take and do not list stands for another one.
            Kind::Enum { hidden, .. } => {
                let is_written = |word: &&str| word.eq_ignore_ascii_case(written);
                written.eq_ignore_ascii_case(shown) || hidden.iter().any(is_written)
            }
            Kind::Text => plain(written) == plain(shown),
            Kind::Absent => true,
        }
    }
}

/// A value of pg_settings with its unit, as SHOW writes it: 2048 of 8 kB is `16MB`.
pub fn in_words(name: &str, value: &str, unit: Option<&str>, major: PgMajor) -> String {
    let (Some(unit), Ok(number)) = (unit, value.parse::<i64>()) else {
        return value.to_owned();
    };
    if number <= 0 {
        return value.to_owned();
    }
    let Known::Here(parameter) = lookup(name, major) else {
        return format!(
            "{value}{}",
            if unit.starts_with(|c: char| c.is_ascii_digit()) {
                ""
            } else {
                unit
            }
        );
    };
    // The largest unit first: the first one that says exactly the same.
    let mut units = value::units(Some(unit), &parameter.kind, major);
    units.reverse();
    let says_the_same = |text: &String| parameter.is_shown_as(text, value, major);
    units
        .iter()
        .filter_map(|word| {
            let factor = value::in_unit(unit, word)?;
            let count = number as f64 * factor;
            (count >= 1.0 && count.fract() == 0.0).then(|| format!("{count}{word}"))
        })
        .find(says_the_same)
        .unwrap_or_else(|| value.to_owned())
}

/// A list without blanks, quotes and capitals: servers write some of them again.
fn plain(text: &str) -> String {
    let letters = text.chars().filter(|c| !c.is_whitespace() && *c != '"');
    letters.collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn same(name: &str, written: &str, shown: &str) -> bool {
        let Known::Here(parameter) = lookup(name, PgMajor::V15) else {
            panic!("{name}");
        };
        parameter.is_shown_as(written, shown, PgMajor::V15)
    }

    #[test]
    fn a_value_with_its_unit_is_written_as_show_writes_it() {
        for (name, value, unit, words) in [
            ("shared_buffers", "2048", Some("8kB"), "16MB"),
            ("shared_buffers", "2049", Some("8kB"), "16392kB"),
            ("max_slot_wal_keep_size", "-1", Some("MB"), "-1"),
            ("recovery_min_apply_delay", "300000", Some("ms"), "5min"),
            ("wal_retrieve_retry_interval", "100", Some("ms"), "100ms"),
            ("max_connections", "100", None, "100"),
        ] {
            assert_eq!(in_words(name, value, unit, PgMajor::V15), words);
        }
    }

    #[test]
    fn units_and_spellings_are_read_as_servers_read_them() {
        for (name, written, shown) in [
            ("shared_buffers", "16MB", "2048"),
            ("shared_buffers", "16384kB", "2048"),
            ("wal_keep_size", "0.5GB", "512"),
            ("max_slot_wal_keep_size", "1GB", "1024"),
            ("recovery_min_apply_delay", "5min", "300000"),
            ("wal_retrieve_retry_interval", "100ms", "100"),
            ("hot_standby", "TRUE", "on"),
            ("hot_standby_feedback", "0", "off"),
            ("synchronous_commit", "Remote_Apply", "remote_apply"),
            ("synchronous_commit", "yes", "on"),
            ("listen_addresses", "localhost, db1", "localhost, db1"),
            ("DateStyle", "iso,dmy", "ISO, DMY"),
            ("checkpoint_completion_target", "0.90", "0.9"),
        ] {
            assert!(same(name, written, shown), "{name}: {written} is {shown}");
        }
        for (name, written, shown) in [
            ("shared_buffers", "16MB", "4096"),
            ("hot_standby", "on", "off"),
            ("synchronous_commit", "on", "off"),
            ("listen_addresses", "localhost", "*"),
            ("max_wal_senders", "10", "5"),
        ] {
            assert!(!same(name, written, shown), "{name}: {written} is not {shown}");
        }
    }
}
