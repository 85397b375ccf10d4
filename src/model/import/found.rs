//! Servers by their files: a data directory, a folder of configuration files as Debian has them, a bundle, a folder of several.

use super::conf_file::{Conf, ConfProblem, is_conf, read as read_conf};
use super::facts::{Facts, is_on};
use super::files::{Files, Unread, folder_of, join, last_part, locate};
use super::redact::redacted;
use super::version::{oldest_that_knows, said_by};
use super::{Loss, hba_file, tools};
use crate::model::topology::PgMajor;

/// What lies below a path.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub servers: Vec<Facts>,
    /// The text of a design.toml beside them, with its path.
    pub design: Option<(String, String)>,
    /// Files that may be another tool's: they count where no server's own are.
    pub of_tools: Vec<(String, String)>,
}

/// Folders are looked through so deep, and so many of them: a home is not a cluster.
const MOST_LEVELS: usize = 6;
const MOST_FOLDERS: usize = 4000;
/// A file of another tool is not larger, and a tool has not more of them.
const LARGEST_OF_TOOLS: usize = 128 * 1024;
const MOST_OF_TOOLS: usize = 400;

/// Looks for servers at a path and below it.
///
/// # Errors
///
/// If the path itself cannot be read.
pub fn find(files: &dyn Files, path: &str) -> Result<Found, Unread> {
    if tools::may_be(path) && files.has(path) {
        let mut found = Found::default();
        keep(files, path, &mut found);
        if !is_conf(path) || found.of_tools.iter().any(|(_, text)| text.contains("node_id")) {
            // Who names one file means the folder: its nodes, its scripts, its configuration.
            return Ok(found);
        }
    }
    if is_conf(path) && files.has(path) {
        let folder = folder_of(path);
        let conf = if last_part(path) == "recovery.conf" {
            join(folder, "postgresql.conf")
        } else {
            path.to_owned()
        };
        return Ok(Found {
            servers: vec![server(files, folder, &conf)],
            ..Found::default()
        });
    }
    files.list(path)?;
    let mut found = Found::default();
    let mut left = MOST_FOLDERS;
    look(files, path, 0, &mut left, &mut found);
    Ok(found)
}

fn look(files: &dyn Files, folder: &str, level: usize, left: &mut usize, found: &mut Found) {
    let Ok(entries) = files.list(folder) else { return };
    *left = left.saturating_sub(1);
    let has = |name: &str| entries.iter().any(|entry| entry.name == name && !entry.is_folder);
    if found.design.is_none()
        && has("design.toml")
        && let Ok(text) = files.read(&join(folder, "design.toml"))
    {
        let text = String::from_utf8_lossy(&text).into_owned();
        found.design = Some((join(folder, "design.toml"), text));
    }
    if has("postgresql.conf") || has("recovery.conf") {
        // An Ansible project switches synchronous replication on last, by a file of its own.
        let last = has("postgresql.sync.conf").then_some("postgresql.sync.conf");
        let conf = join(folder, last.unwrap_or("postgresql.conf"));
        found.servers.push(server(files, folder, &conf));
        return;
    }
    for entry in entries
        .iter()
        .filter(|entry| !entry.is_folder && tools::may_be(&entry.name))
    {
        keep(files, &join(folder, &entry.name), found);
    }
    if level >= MOST_LEVELS {
        return;
    }
    let mut below: Vec<&str> = entries
        .iter()
        .filter(|entry| entry.is_folder && !entry.name.starts_with('.'))
        .map(|entry| entry.name.as_str())
        .collect();
    below.sort_unstable();
    for name in below {
        if *left > 0 {
            look(files, &join(folder, name), level + 1, left, found);
        }
    }
}

/// Keeps the text of a file that may be another tool's.
fn keep(files: &dyn Files, path: &str, found: &mut Found) {
    if found.of_tools.len() < MOST_OF_TOOLS
        && let Ok(text) = files.read(path)
        && text.len() <= LARGEST_OF_TOOLS
    {
        let text = String::from_utf8_lossy(&text).into_owned();
        found.of_tools.push((path.to_owned(), text));
    }
}

/// Reads one server's files.
fn server(files: &dyn Files, folder: &str, conf_path: &str) -> Facts {
    let mut facts = Facts {
        place: if folder.is_empty() { "." } else { folder }.to_owned(),
        label: label(folder),
        sees_access: true,
        sees_link: true,
        ..Facts::default()
    };
    let conf = match read_conf(files, conf_path) {
        Ok(conf) => conf,
        Err(error) => {
            facts.losses.push(Loss {
                place: conf_path.to_owned(),
                line: String::new(),
                message: format!("The file cannot be read: {error}."),
            });
            Conf::default()
        }
    };
    let data = data_folder(files, folder, &conf);
    let recovery_path = join(&data, "recovery.conf");
    let recovery = read_conf(files, &recovery_path).ok();
    let has_signal = files.has(&join(&data, "standby.signal"));
    // Debian's folder is a copy without its data directory: a signal may have been copied beside it.
    let has_signal = has_signal || (data != folder && files.has(&join(folder, "standby.signal")));
    let auto = read_conf(files, &join(&data, "postgresql.auto.conf")).unwrap_or_default();
    let head = files.read(conf_path).unwrap_or_default();
    facts.major = major_of(files, folder, &data, &String::from_utf8_lossy(&head));
    if facts.major.is_none() {
        let names: Vec<&str> = conf
            .lines
            .iter()
            .chain(&auto.lines)
            .map(|line| line.name.as_str())
            .collect();
        let is_after_11 = has_signal
            || names
                .iter()
                .any(|name| name.eq_ignore_ascii_case("primary_conninfo"));
        facts.major = Some(oldest_that_knows(
            &names,
            recovery.is_some(),
            is_after_11 && recovery.is_none(),
        ));
        facts.is_major_guessed = true;
    }
    let has_signals = facts.major.is_some_and(PgMajor::has_standby_signal);
    take(&mut facts, &conf);
    take(&mut facts, &auto);
    match &recovery {
        Some(recovery) if has_signals => facts.losses.push(about(
            &recovery_path,
            "PostgreSQL 12 and later refuse to start with a recovery.conf: nothing of it was read.",
            recovery,
        )),
        Some(recovery) => take_recovery(&mut facts, recovery, &recovery_path),
        None => {}
    }
    if has_signals {
        facts.is_standby = has_signal;
    } else if has_signal {
        facts.losses.push(Loss {
            place: join(&data, "standby.signal"),
            line: String::new(),
            message: "Up to 11, PostgreSQL ignores this file: recovery.conf makes a standby.".to_owned(),
        });
    }
    leftovers(files, &data, &mut facts);
    super::directory::look(files, &data, &mut facts);
    super::shell::look(files, folder, &mut facts);
    let ident = facts
        .value("ident_file")
        .and_then(|path| locate(files, folder, &join(&data, path)))
        .filter(|path| files.has(path))
        .unwrap_or_else(|| join(folder, "pg_ident.conf"));
    facts.ident = super::directory::identities(files, &ident);
    let hba = facts
        .value("hba_file")
        .and_then(|path| locate(files, folder, &join(&data, path)));
    let hba = hba
        .filter(|path| files.has(path))
        .unwrap_or_else(|| join(folder, "pg_hba.conf"));
    if files.has(&hba) {
        let (access, problems) = hba_file::read(files, &hba);
        facts.access = access;
        facts.losses.extend(problems.into_iter().map(Loss::of_problem));
    } else {
        facts.sees_access = false;
    }
    facts
}

/// Where the data directory is: what data_directory says if it is there, else the folder itself.
fn data_folder(files: &dyn Files, folder: &str, conf: &Conf) -> String {
    let Some(named) = conf.last("data_directory") else {
        return folder.to_owned();
    };
    let Some(data) = locate(files, folder, &named.value) else {
        return folder.to_owned();
    };
    let marks = [
        "PG_VERSION",
        "postgresql.auto.conf",
        "standby.signal",
        "recovery.conf",
    ];
    if marks.iter().any(|mark| files.has(&join(&data, mark))) {
        data
    } else {
        folder.to_owned()
    }
}

fn major_of(files: &dyn Files, folder: &str, data: &str, head: &str) -> Option<PgMajor> {
    let of_file = |folder: &str| {
        let text = files.read(&join(folder, "PG_VERSION")).ok()?;
        PgMajor::of_server(String::from_utf8_lossy(&text).trim())
    };
    of_file(data)
        .or_else(|| of_file(folder))
        .or_else(|| said_by(folder, head))
}

/// Takes every line in its order: a later one of the same name wins, and the earlier one is told of.
fn take(facts: &mut Facts, conf: &Conf) {
    for line in &conf.lines {
        let place = format!("{}:{}", line.file, line.number);
        let key = line.name.to_ascii_lowercase();
        if let Some(before) = facts.settings.get(&key)
            && before.value != line.value
        {
            let loss = before.loss(format!("This line has no effect: {place} overrides it."));
            facts.losses.push(loss);
        }
        facts.set(&line.name, &line.value, place);
    }
    facts
        .losses
        .extend(conf.problems.iter().cloned().map(Loss::of_problem));
}

/// Names are case-sensitive here, and without standby_mode the server becomes a primary.
fn take_recovery(facts: &mut Facts, recovery: &Conf, path: &str) {
    const KNOWN: [&str; 18] = [
        "standby_mode",
        "primary_conninfo",
        "primary_slot_name",
        "trigger_file",
        "restore_command",
        "archive_cleanup_command",
        "recovery_end_command",
        "recovery_min_apply_delay",
        "recovery_target",
        "recovery_target_name",
        "recovery_target_time",
        "recovery_target_xid",
        "recovery_target_lsn",
        "recovery_target_inclusive",
        "recovery_target_timeline",
        "recovery_target_action",
        "pause_at_recovery_target",
        "recovery_target_immediate",
    ];
    let is_standby = recovery
        .lines
        .iter()
        .rev()
        .find(|line| line.name == "standby_mode")
        .is_some_and(|line| is_on(&line.value));
    let mut known = recovery.clone();
    known.lines.retain(|line| {
        let is_known = KNOWN.contains(&line.name.as_str());
        if !is_known {
            facts.losses.push(Loss {
                place: format!("{}:{}", line.file, line.number),
                line: redacted(&line.name, &line.value),
                message: "PostgreSQL refuses recovery.conf for this name: names are case-sensitive there."
                    .to_owned(),
            });
        }
        is_known && line.name != "standby_mode"
    });
    facts.is_standby = is_standby;
    if is_standby {
        take(facts, &known);
    } else {
        let message =
            "Without standby_mode = on, the server recovers once from its archive and becomes a primary.";
        facts.losses.push(about(path, message, recovery));
    }
}

/// Files that say something about the server's past or next start.
fn leftovers(files: &dyn Files, data: &str, facts: &mut Facts) {
    for (name, message) in [
        (
            "recovery.signal",
            "The server recovers up to a target and then becomes a primary; a design cannot say that.",
        ),
        (
            "recovery.done",
            "An earlier recovery ended here: the server was restored or promoted, and the file has no effect.",
        ),
        (
            "backup_label",
            "The directory is a copy from a base backup that was not started yet.",
        ),
    ] {
        let path = join(data, name);
        if files.has(&path) {
            facts.losses.push(Loss {
                place: path,
                line: String::new(),
                message: message.to_owned(),
            });
        }
    }
}

fn about(path: &str, message: &str, conf: &Conf) -> Loss {
    let lines = conf.lines.iter().map(|line| redacted(&line.name, &line.value));
    Loss {
        place: path.to_owned(),
        line: lines.collect::<Vec<_>>().join("; "),
        message: message.to_owned(),
    }
}

impl Loss {
    pub(super) fn of_problem(problem: ConfProblem) -> Self {
        Self {
            place: format!("{}:{}", problem.file, problem.number),
            line: problem.word,
            message: problem.message,
        }
    }
}

/// A folder's own name, past the names that every server's folder has.
fn label(folder: &str) -> String {
    const EVERYONES: [&str; 13] = [
        "data",
        "main",
        "pgdata",
        "conf",
        "config",
        "etc",
        "postgresql",
        "postgres",
        "pgsql",
        "var",
        "lib",
        ".",
        "..",
    ];
    let is_own = |part: &&str| {
        let lower = part.to_ascii_lowercase();
        !part.is_empty() && !EVERYONES.contains(&lower.as_str()) && PgMajor::parse(part).is_err()
    };
    let own = folder.split('/').rev().find(is_own).unwrap_or_default();
    // An export for hosts numbers its folders: `hosts/02-slave1`.
    let named = own.split_once('-').filter(|(number, _)| {
        folder.contains("hosts/") && number.len() > 1 && number.chars().all(|c| c.is_ascii_digit())
    });
    named.map_or(own, |(_, name)| name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_called_by_its_own_name() {
        for (folder, name) in [
            ("/tmp/copy/db1/etc/postgresql/15/main", "db1"),
            ("servers/slave1/data", "slave1"),
            ("seed/servers/a_b", "a_b"),
            ("x/hosts/02-slave1", "slave1"),
            ("x/02-slave1", "02-slave1"),
            ("/var/lib/pgsql/14/data", ""),
        ] {
            assert_eq!(label(folder), name);
        }
    }
}
