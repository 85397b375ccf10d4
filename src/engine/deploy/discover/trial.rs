//! Whether PostgreSQL itself takes the settings of a design: they are read by the real program before anything is stopped
//! for them. A server that does not take one does not start.
//!
//! `postgres -C` reads the file, checks every value and prints one; nothing is started, no library is loaded, no data
//! directory is needed. What pgcascade decides by itself is loaded by real servers in its tests, so that a design without
//! settings of its own costs no time here.

use std::io::{Seek as _, Write as _};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::task::JoinSet;

use crate::engine::desk::log::command_line;
use crate::engine::system::files::Owner;
use crate::model::configuration::Configuration;
use crate::model::plan::RefusedSettings;
use crate::model::topology::{Server, Topology};

/// Reading a file takes some milliseconds.
const ANSWER: Duration = Duration::from_secs(5);
/// What the program says at the end, of which the lines before say why.
const SUMMARY: &str = "contains errors";

/// The servers whose settings the program does not take; none where it cannot be asked.
pub(super) async fn refused(topology: &Topology, program: &Path, owner: Option<Owner>) -> Vec<RefusedSettings> {
    let has_own = |server: &&Server| {
        let settings = topology.settings().iter().chain(server.settings().iter());
        !server.is_receiver() && settings.count() > 0
    };
    let configuration = Configuration::in_cluster_folder(topology);
    let mut asking = JoinSet::new();
    for (at, server) in topology.servers().iter().filter(has_own).enumerate() {
        let files = configuration.files(server);
        let text = files.iter().find(|(name, _)| *name == "postgresql.conf");
        let Some((_, text)) = text else { continue };
        let (text, name, program) = (text.contents.clone(), server.name().to_string(), program.to_owned());
        asking.spawn(async move {
            let why = ask(&text, &program, owner).await?;
            Some((at, RefusedSettings { server: name, why }))
        });
    }
    let mut found: Vec<(usize, RefusedSettings)> = asking.join_all().await.into_iter().flatten().collect();
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, refused)| refused).collect()
}

/// What the program says against a file, if it does.
async fn ask(text: &str, program: &Path, owner: Option<Owner>) -> Option<Vec<String>> {
    // Nameless and ours alone; the program reads it twice, which no pipe allows.
    let mut file = tempfile::tempfile().ok()?;
    file.write_all(text.as_bytes()).ok()?;
    file.rewind().ok()?;
    if let Some(owner) = owner {
        std::os::unix::fs::fchown(&file, Some(owner.uid), Some(owner.gid)).ok()?;
    }
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
    let answer = tokio::time::timeout(ANSWER, command.output()).await.ok()?.ok()?;
    tracing::debug!("ran {}: {}", command_line(command.as_std()), answer.status);
    if answer.status.success() {
        return None;
    }
    complaints(&String::from_utf8_lossy(&answer.stderr))
}

/// The sentences of a log that say what is wrong, each once; `None`: the file itself could not be read.
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
        if words.starts_with("could not open") {
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
