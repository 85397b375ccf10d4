//! What PostgreSQL itself says against a configuration, before anything is stopped for it: a server that does not take one
//! of its settings does not start, and takes none of a file that it reads again.
//!
//! `postgres -C` reads the files, checks every value and prints one. Nothing is started, no library is loaded, and a server
//! that runs on the same data directory does not notice.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::engine::cluster::site::Site;
use crate::engine::desk::log::command_line;
use crate::engine::system::files::Owner;
use crate::report::Report;

/// Reading some files takes some milliseconds.
const ANSWER: Duration = Duration::from_secs(5);
/// What the program says at the end, of which the lines before say why.
const SUMMARY: &str = "contains errors";

/// What PostgreSQL says of a configuration.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    Taken,
    /// Why not, in its words.
    Refused(Vec<String>),
    /// The program could not be asked, or does not say why it failed.
    Unknown,
}

/// What is said of the text of a postgresql.conf.
pub async fn of_text(text: &str, program: &Path, owner: Option<Owner>) -> Verdict {
    let Ok(file) = nameless(text, owner) else {
        return Verdict::Unknown;
    };
    let mut command = Command::new(program);
    command
        .args(["-D", "/", "--config_file=/dev/stdin", "-C", "port"])
        .env_clear()
        .env("LC_ALL", "C")
        .current_dir("/")
        .stdin(Stdio::from(file))
        .kill_on_drop(true);
    if let Some(owner) = owner {
        command.uid(owner.uid).gid(owner.gid);
    }
    ask(command).await
}

/// A file that has no name and is the reader's alone. The program reads it twice, which no pipe allows.
fn nameless(text: &str, owner: Option<Owner>) -> std::io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(text.as_bytes())?;
    file.rewind()?;
    if let Some(owner) = owner {
        std::os::unix::fs::fchown(&file, Some(owner.uid), Some(owner.gid))?;
    }
    Ok(file)
}

/// Lets the files of a server be read as they are now, changed by hand or not. `false`: nobody knows what comes of it.
///
/// # Errors
///
/// If PostgreSQL would not start the server with them, in its words.
pub async fn of_server(site: &Site, name: &str, folder: &str) -> Result<bool, Report> {
    let Some(data) = site.own_data(folder) else {
        return Ok(false);
    };
    let mut command = site.program("postgres", &data);
    command
        .arg("-D")
        .arg(&data)
        .args(["-C", "port"])
        .kill_on_drop(true);
    let why = match ask(command).await {
        Verdict::Taken => return Ok(true),
        Verdict::Unknown => return Ok(false),
        Verdict::Refused(why) => why,
    };
    let mut report = Report::new(format!("PostgreSQL refuses the configuration of {name}."));
    report.causes = why;
    Err(report.hint(format!(
        "Correct it in {} or with ALTER SYSTEM. No server was touched.",
        data.display()
    )))
}

async fn ask(mut command: Command) -> Verdict {
    let Ok(Ok(answer)) = tokio::time::timeout(ANSWER, command.output()).await else {
        return Verdict::Unknown;
    };
    tracing::debug!("ran {}: {}", command_line(command.as_std()), answer.status);
    if answer.status.success() {
        return Verdict::Taken;
    }
    complaints(&String::from_utf8_lossy(&answer.stderr)).map_or(Verdict::Unknown, Verdict::Refused)
}

/// The sentences of a log that say what is wrong; `None`: it does not say, or the text could not be opened.
fn complaints(log: &str) -> Option<Vec<String>> {
    let mut found: Vec<String> = Vec::new();
    for line in log.lines() {
        let said = |levels: &[&str]| {
            let words = levels.iter().find_map(|level| line.split_once(level));
            words.map(|(_, words)| words.trim().to_owned())
        };
        if let Some((more, last)) = said(&["DETAIL:", "HINT:"]).zip(found.last_mut()) {
            *last += &format!(" ({})", more.trim_end_matches('.'));
        }
        let Some(words) = said(&["LOG:", "FATAL:", "ERROR:"]) else {
            continue;
        };
        if words.starts_with("could not open") && words.contains("/dev/stdin") {
            return None;
        }
        if !words.contains(SUMMARY) && !words.starts_with("skipping") {
            found.push(words.replace(" in file \"/dev/stdin\"", ""));
        }
    }
    (!found.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_heard_without_its_decoration() {
        let log = "2026-11-29 17:31:05.472 GMT [29468] LOG:  invalid value for parameter \"log_destination\": \"bogus\"\n\
                   2026-11-29 17:31:05.472 GMT [29468] DETAIL:  Unrecognized key word: \"bogus\".\n\
                   2026-11-29 17:31:05.472 GMT [29468] LOG:  skipping missing configuration file \"/postgresql.auto.conf\"\n\
                   2026-11-29 17:31:05.472 GMT [29468] FATAL:  configuration file \"/dev/stdin\" contains errors\n";
        assert_eq!(
            complaints(log),
            Some(vec![
                "invalid value for parameter \"log_destination\": \"bogus\" (Unrecognized key word: \"bogus\")"
                    .to_owned()
            ])
        );
        assert_eq!(
            complaints("x LOG:  could not open configuration file \"/dev/stdin\": Permission denied\n"),
            None
        );
        assert_eq!(complaints("Segmentation fault\n"), None);
    }
}
