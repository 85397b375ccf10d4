//! Which major version a folder's files are for, where no `PG_VERSION` says so.

use crate::model::topology::PgMajor;
use crate::model::topology::catalogue::{Known, is_unseen, lookup};

/// The newest version that knows every one of these settings (or most of them, where none knows all); one that was not seen as
/// it was released only where no other knows as many.
pub fn oldest_that_knows(names: &[&str], is_before_12: bool, is_after_11: bool) -> PgMajor {
    let fits = |major: &PgMajor| {
        let has_signal = major.has_standby_signal();
        major.has_known_parameters() && !(is_before_12 && has_signal) && (!is_after_11 || has_signal)
    };
    let known = |major: PgMajor| {
        let knows = |name: &&&str| {
            name.contains('.') || matches!(lookup(name, major), Known::Here(_) | Known::Perhaps(_))
        };
        names.iter().filter(knows).count()
    };
    let candidates = PgMajor::ALL.into_iter().filter(fits);
    candidates
        .max_by_key(|major| (known(*major), !is_unseen(*major), *major))
        .unwrap_or(PgMajor::V15)
}

/// `15` in `/etc/postgresql/15/main`, or in the head of a file that pgcascade wrote: "for PostgreSQL 15".
pub fn said_by(path: &str, text: &str) -> Option<PgMajor> {
    let parts: Vec<&str> = path.split('/').collect();
    let of_path = parts.windows(2).find_map(|pair| match pair {
        ["postgresql" | "pgsql" | "postgres", number] => PgMajor::parse(number).ok(),
        _ => None,
    });
    let of_head = || {
        let comments = text.lines().take_while(|line| line.starts_with('#'));
        let head = comments.map(|line| line.trim_start_matches('#').trim());
        let head = head.collect::<Vec<_>>().join(" ");
        let (_, after) = head.rsplit_once("for PostgreSQL ")?;
        let number = after.split(|c: char| !c.is_ascii_digit() && c != '.').next()?;
        PgMajor::parse(number.trim_end_matches('.')).ok()
    };
    of_head().or(of_path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_said_or_follows_from_the_names() {
        let said = |path, text| said_by(path, text).map(|major| major.to_string());
        assert_eq!(said("/etc/postgresql/13/main", ""), Some("13".to_owned()));
        assert_eq!(
            said(
                "x",
                "# postgresql.conf of \"a\", the primary, for\n# PostgreSQL 9.6\n# Made by\n"
            ),
            Some("9.6".to_owned())
        );
        assert_eq!(said("/srv/data", "# PostgreSQL configuration file\n"), None);
        let guess = |names: &[&str], before, after| oldest_that_knows(names, before, after).to_string();
        assert_eq!(guess(&["port", "my.thing"], false, false), "18");
        assert_eq!(
            guess(&["wal_keep_segments", "primary_conninfo"], false, true),
            "12"
        );
        assert_eq!(
            guess(&["promote_trigger_file", "wal_keep_size"], false, true),
            "15"
        );
        assert_eq!(guess(&["port"], true, false), "11");
    }
}
