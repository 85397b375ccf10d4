//! Finds PostgreSQL's programs, by running them: a folder counts if the servers' user can run what is in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::task::JoinHandle;

use crate::engine::desk::log::command_line;
use crate::engine::system::files::Owner;
use crate::model::plan::Tools;
use crate::model::topology::PgMajor;

/// What a deployment needs; nothing else is.
const PROGRAMS: [&str; 3] = ["initdb", "pg_ctl", "postgres"];
/// Where packages put one folder for each major, around its number.
const FOLDERS: [(&str, &str, &str); 5] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/opt/homebrew/opt", "postgresql", "bin"),
    ("/usr/local/opt", "postgresql", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
];
/// For `postgres --version`, and the like.
const ANSWER: Duration = Duration::from_secs(5);

/// Every usable set of programs; the design's major first, then the newest.
pub(super) async fn find(wanted: PgMajor, given: Option<&Path>, owner: Option<Owner>) -> Vec<Tools> {
    let candidates = match given {
        Some(bin) => vec![bin.to_owned()],
        None => candidates(),
    };
    let mut real: Vec<PathBuf> = Vec::new();
    for candidate in candidates {
        if let Ok(path) = candidate.canonicalize()
            && !real.contains(&path)
            && PROGRAMS.iter().all(|program| path.join(program).is_file())
        {
            real.push(path);
        }
    }
    let asking: Vec<JoinHandle<Option<Tools>>> = real
        .into_iter()
        .map(|bin| tokio::spawn(async move { ask(&bin, owner).await }))
        .collect();
    let mut found = Vec::new();
    for asked in asking {
        found.extend(asked.await.ok().flatten());
    }
    found.sort_by_key(|tools| (tools.major != wanted, std::cmp::Reverse(tools.major)));
    found
}

fn candidates() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for (base, prefix, bin) in FOLDERS {
        let Ok(entries) = fs::read_dir(base) else {
            continue;
        };
        let mut versions: Vec<PathBuf> = entries
            .filter_map(Result::ok)
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
            .map(|entry| entry.path().join(bin))
            .collect();
        versions.sort();
        found.extend(versions);
    }
    if let Some(path) = std::env::var_os("PATH") {
        // A program in PATH may be a link into its real folder, where the others are.
        found.extend(std::env::split_paths(&path).filter_map(|folder| {
            let program = folder.join("postgres").canonicalize().ok()?;
            program.parent().map(Path::to_owned)
        }));
    }
    found
}

/// What the programs say they are; `None` if they cannot be run, or are of no version that we know.
async fn ask(bin: &Path, owner: Option<Owner>) -> Option<Tools> {
    let (said, parameters) = tokio::join!(say(bin, owner, "--version"), say(bin, owner, "--describe-config"));
    let (major, version) = version(&said?)?;
    Some(Tools {
        bin: bin.to_str()?.to_owned(),
        major,
        version,
        has_tls: parameters.as_deref().and_then(has_tls),
    })
}

/// What `postgres` prints, asked with one argument.
async fn say(bin: &Path, owner: Option<Owner>, argument: &str) -> Option<String> {
    let mut command = Command::new(bin.join("postgres"));
    command
        .arg(argument)
        .env_clear()
        .env("LC_ALL", "C")
        .current_dir("/")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    if let Some(owner) = owner {
        command.uid(owner.uid).gid(owner.gid);
    }
    let answer = tokio::time::timeout(ANSWER, command.output()).await.ok()?.ok()?;
    tracing::debug!("ran {}: {}", command_line(command.as_std()), answer.status);
    Some(String::from_utf8_lossy(&answer.stdout).into_owned())
}

/// Built without OpenSSL, a server knows `ssl_ciphers` all the same, and its value is "none" (guc.c, from 9.4 on).
/// A line of the description is name, context, group, type and the value that is built in, with tabs between.
fn has_tls(parameters: &str) -> Option<bool> {
    let mut lines = parameters.lines().map(|line| line.split('\t'));
    let ciphers = lines.find_map(|mut columns| {
        let is_it = columns.next()? == "ssl_ciphers";
        is_it.then(|| columns.nth(3)).flatten()
    });
    ciphers.map(|built_in| built_in != "none")
}

/// Reads `postgres (PostgreSQL) 15.18 (Debian 15.18-1)`; a beta counts as its major.
fn version(line: &str) -> Option<(PgMajor, String)> {
    let text = line.split_whitespace().nth(2)?;
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let number = text.get(..end)?.trim_end_matches('.');
    Some((PgMajor::parse(number).ok()?, text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_programs_print_them() {
        for (line, major, text) in [
            (
                "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n",
                PgMajor::V15,
                "15.18",
            ),
            ("postgres (PostgreSQL) 9.6.24\n", PgMajor::V9_6, "9.6.24"),
            ("postgres (PostgreSQL) 18beta1\n", PgMajor::V18, "18beta1"),
            ("postgres (PostgreSQL) 19devel\n", PgMajor::V19, "19devel"),
        ] {
            assert_eq!(version(line), Some((major, text.to_owned())), "{line}");
        }
        assert_eq!(version("command not found"), None);
    }

    #[test]
    fn programs_tell_whether_they_know_tls() {
        let told = |ciphers: &str| {
            has_tls(&format!(
                "ssl\tsighup\tSSL\tBOOLEAN\tFALSE\t\t\tEnables SSL connections.\t\nssl_ciphers\tsighup\tSSL\tSTRING\t{ciphers}\t\t\tSets the list.\t\n"
            ))
        };
        assert_eq!(told("HIGH:MEDIUM:+3DES:!aNULL"), Some(true));
        assert_eq!(told("none"), Some(false));
        assert_eq!(has_tls(""), None);
        assert_eq!(has_tls("ssl_ciphers\n"), None);
    }
}
