//! Do two values say the same to a server? `16MB` in a file is `2048` in pg_settings, whose unit is then `8kB`.

use super::{Kind, Parameter, value};
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

/// A list without blanks, quotes and capitals: servers write some of them anew.
fn plain(text: &str) -> String {
    let letters = text.chars().filter(|c| !c.is_whitespace() && *c != '"');
    letters.collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::super::{Known, lookup};
    use super::*;

    #[track_caller]
    fn same(name: &str, written: &str, shown: &str) -> bool {
        let Known::Here(parameter) = lookup(name, PgMajor::V15) else {
            panic!("{name}");
        };
        parameter.is_shown_as(written, shown, PgMajor::V15)
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
