//! The command in what helps against a difference, ready to be copied.

use super::Drift;

/// How one begins; SQL ends with a semicolon.
const BEGINNINGS: [(&str, bool); 4] = [
    ("pgcascade ", false),
    ("pg_ctl ", false),
    ("ALTER SYSTEM ", true),
    ("SELECT ", true),
];

/// What stands in a fix for the cluster's folder.
const FOLDER: &str = " DIR";

/// What begins the fix of a server that a failover left behind.
pub(super) const REJOIN: &str = "Bring it back as a standby";

impl Drift {
    /// The first command of what helps, for the cluster in this folder (as a shell reads it); `None`: it is no command.
    pub fn command(&self, folder: &str) -> Option<String> {
        let fix = self.fix.as_deref()?;
        let begins = BEGINNINGS
            .iter()
            .filter_map(|(words, is_sql)| Some((fix.find(words)?, *is_sql)));
        let (at, is_sql) = begins.min()?;
        let (before, command) = fix.split_at_checked(at)?;
        if is_sql {
            let (sql, _) = command.rsplit_once(';')?;
            return Some(format!("{sql};"));
        }
        let line = if before.ends_with('(') {
            command.split(')').next()?
        } else {
            command.trim_end_matches('.')
        };
        Some(line.replacen(FOLDER, &format!(" {folder}"), 1))
    }

    /// True for a server that is down and is rejoined, not just started.
    pub fn needs_rejoin(&self) -> bool {
        self.rule == "server-down" && self.fix.as_deref().is_some_and(|fix| fix.starts_with(REJOIN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(fix: &str, command: Option<&str>) {
        let one = Drift {
            rule: "x",
            server: None,
            message: String::new(),
            fix: Some(fix.to_owned()),
            repair: None,
            slot: None,
        };
        assert_eq!(one.command("'/b c'").as_deref(), command);
    }

    #[test]
    fn the_command_is_cut_out_of_its_sentence() {
        check(
            "Start it: pgcascade start DIR a",
            Some("pgcascade start '/b c' a"),
        );
        check(
            "Start m, which is down (pgcascade start DIR m), or let a standby take over (pgcascade failover DIR).",
            Some("pgcascade start '/b c' m"),
        );
        check(
            "On a: ALTER SYSTEM RESET work_mem; SELECT pg_reload_conf();",
            Some("ALTER SYSTEM RESET work_mem; SELECT pg_reload_conf();"),
        );
        check(
            "On a: ALTER SYSTEM RESET port; then restart it",
            Some("ALTER SYSTEM RESET port;"),
        );
        check("Stop it: pg_ctl stop -D /b/x.", Some("pg_ctl stop -D /b/x"));
        check("Check the disk.", None);
    }
}
