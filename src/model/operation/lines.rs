//! An operation as one would type it: a line for the shell, SQL, or a line of a file, as each version takes it.
//! `$PGDATA` is the server's own data directory.

use super::{Deed, Operation};
use crate::model::configuration::Control;
use crate::model::quoting::{self, literal};
use crate::model::topology::PgMajor;

impl Operation {
    /// Each line with its server in front.
    pub fn lines(&self, major: PgMajor, control: Control) -> Vec<String> {
        let lines = self.deed.lines(major, control).into_iter();
        lines.map(|line| format!("{}: {line}", self.server)).collect()
    }
}

impl Deed {
    fn lines(&self, major: PgMajor, control: Control) -> Vec<String> {
        let one = |line: String| vec![line];
        match self {
            Self::Start => one(control.start().to_owned()),
            Self::Stop => one(control.stop().to_owned()),
            Self::StopIfRunning => one(format!("{}   # if it runs", control.stop())),
            Self::Restart => one(control.restart().to_owned()),
            Self::Reload => one("SELECT pg_reload_conf();".to_owned()),
            Self::Promote if major.has_promote_function() => one("SELECT pg_promote();".to_owned()),
            Self::Promote => one(control.promote().to_owned()),
            Self::ResumeReplay => one(format!("SELECT {}();", major.resume_function())),
            // Without it a slot retains nothing until its standby connects.
            Self::CreateSlot { slot } if major.can_reserve_at_slot() => one(format!(
                "SELECT pg_create_physical_replication_slot({}, true);",
                literal(slot)
            )),
            Self::CreateSlot { slot } => one(format!(
                "SELECT pg_create_physical_replication_slot({});",
                literal(slot)
            )),
            Self::DropSlot { slot } => one(format!("SELECT pg_drop_replication_slot({});", literal(slot))),
            Self::LetIn { line } => one(format!("in pg_hba.conf: {line}")),
            // Up to 11 recovery.conf has it, which ALTER SYSTEM does not write.
            Self::SetUpstream { conninfo } if major.has_standby_signal() => one(format!(
                "ALTER SYSTEM SET primary_conninfo = {};",
                literal(conninfo)
            )),
            Self::SetUpstream { conninfo } => one(format!(
                "in recovery.conf: primary_conninfo = {}",
                quoting::conf(conninfo)
            )),
            Self::SetSyncNames { names } if major.has_alter_system() => one(format!(
                "ALTER SYSTEM SET synchronous_standby_names = {};",
                literal(names)
            )),
            Self::SetSyncNames { names } => one(format!(
                "in postgresql.conf: synchronous_standby_names = {}",
                quoting::conf(names)
            )),
            // Nobody connects to a server in single-user mode: it could be written to.
            Self::Recover => one(
                "postgres --single -D \"$PGDATA\" template1 </dev/null   # crash recovery and a clean stop; before 13 pg_rewind needs it"
                    .to_owned(),
            ),
            Self::Checkpoint => one("CHECKPOINT;".to_owned()),
            Self::Rewind { source } => one(format!(
                "{}pg_rewind --target-pgdata=\"$PGDATA\" --source-server={}   # needs data checksums or wal_log_hints = on; else pg_basebackup into an empty folder",
                at_home(source.contains("sslkey=")),
                quoting::shell_word(source)
            )),
            Self::RestoreOwnFiles => one(
                "restore its own postgresql.conf and pg_hba.conf: pg_rewind copies those of its source"
                    .to_owned(),
            ),
            Self::Copy {
                host,
                port,
                role,
                tls,
            } => one(format!(
                "{}   # into an empty folder",
                copy(major, host, *port, role, tls)
            )),
            Self::BecomeStandby { conninfo } if major.has_standby_signal() => vec![
                format!(
                    "in postgresql.conf: primary_conninfo = {}",
                    quoting::conf(conninfo)
                ),
                "touch \"$PGDATA/standby.signal\"".to_owned(),
            ],
            Self::BecomeStandby { conninfo } => vec![
                "in recovery.conf: standby_mode = on".to_owned(),
                format!("in recovery.conf: primary_conninfo = {}", quoting::conf(conninfo)),
                "in recovery.conf: recovery_target_timeline = latest".to_owned(),
            ],
        }
    }
}

/// Where relative paths of certificates lead to them.
fn at_home(names_files: bool) -> &'static str {
    if names_files { "cd \"$PGDATA\" && " } else { "" }
}

/// `pg_basebackup`; up to 9.2 it takes no conninfo, and reads what is more from the environment.
fn copy(major: PgMajor, host: &str, port: u16, role: &str, tls: &[(String, String)]) -> String {
    let (go, to) = (at_home(!tls.is_empty()), "-D \"$PGDATA\"");
    if tls.is_empty() || !major.has_copy_by_conninfo() {
        let variables: String = tls
            .iter()
            .map(|(option, value)| format!("PG{}={} ", option.to_uppercase(), quoting::shell_word(value)))
            .collect();
        let (host, role) = (quoting::shell_word(host), quoting::shell_word(role));
        return format!("{go}{variables}pg_basebackup -h {host} -p {port} -U {role} {to}");
    }
    let mut words = vec![
        format!("host={}", quoting::conninfo(host)),
        format!("port={port}"),
        format!("user={role}"),
    ];
    words.extend(
        tls.iter()
            .map(|(option, value)| format!("{option}={}", quoting::conninfo(value))),
    );
    format!(
        "{go}pg_basebackup -d {} {to}",
        quoting::shell_word(&words.join(" "))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(deed: Deed, major: &str, lines: &[&str]) {
        let major = PgMajor::parse(major).unwrap();
        let expected: Vec<String> = lines.iter().map(|line| format!("s: {line}")).collect();
        assert_eq!(Operation::new("s", deed).lines(major, Control::PgCtl), expected);
    }

    #[test]
    fn each_version_takes_it_in_its_own_way() {
        let upstream = || Deed::SetUpstream {
            conninfo: "host=db2 application_name='it\\'s'".to_owned(),
        };
        check(
            upstream(),
            "11",
            &[r"in recovery.conf: primary_conninfo = 'host=db2 application_name=''it\\''s'''"],
        );
        check(
            upstream(),
            "12",
            &[r"ALTER SYSTEM SET primary_conninfo = E'host=db2 application_name=''it\\''s''';"],
        );
        check(Deed::Promote, "11", &["pg_ctl promote -D \"$PGDATA\""]);
        check(Deed::Promote, "12", &["SELECT pg_promote();"]);
        check(Deed::ResumeReplay, "9.6", &["SELECT pg_xlog_replay_resume();"]);
        let copy = |tls: &[(&str, &str)]| Deed::Copy {
            host: "db2".to_owned(),
            port: 5432,
            role: "r".to_owned(),
            tls: tls
                .iter()
                .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
                .collect(),
        };
        let tls = [("sslmode", "verify-full"), ("sslrootcert", "../ca.crt")];
        check(
            copy(&[]),
            "15",
            &["pg_basebackup -h db2 -p 5432 -U r -D \"$PGDATA\"   # into an empty folder"],
        );
        check(
            copy(&tls),
            "9.4",
            &[
                "cd \"$PGDATA\" && pg_basebackup -d 'host=db2 port=5432 user=r sslmode=verify-full sslrootcert=../ca.crt' -D \"$PGDATA\"   # into an empty folder",
            ],
        );
        check(
            copy(&tls),
            "9.2",
            &[
                "cd \"$PGDATA\" && PGSSLMODE=verify-full PGSSLROOTCERT=../ca.crt pg_basebackup -h db2 -p 5432 -U r -D \"$PGDATA\"   # into an empty folder",
            ],
        );
        let names = || Deed::SetSyncNames {
            names: "\"it's\"".to_owned(),
        };
        check(
            names(),
            "9.3",
            &["in postgresql.conf: synchronous_standby_names = '\"it''s\"'"],
        );
        check(
            names(),
            "9.4",
            &["ALTER SYSTEM SET synchronous_standby_names = '\"it''s\"';"],
        );
    }
}
