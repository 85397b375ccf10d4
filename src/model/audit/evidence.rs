//! What shows a finding: the settings that it speaks of, on every server, with their places; else what the server is.

use super::running::seen;
use super::{Found, Subject};
use crate::model::import::redacted;

/// More lines nobody reads.
const MOST: usize = 12;

pub(super) fn add(found: &mut Found, subject: &Subject<'_>) {
    let mut lines = settings(found, subject);
    if lines.is_empty() && found.evidence.is_empty() {
        lines = standing(found, subject);
    }
    found.evidence.extend(lines.into_iter().take(MOST));
}

/// Each setting that the message names, as every server has it: the server's own first.
fn settings(found: &Found, subject: &Subject<'_>) -> Vec<String> {
    let words: Vec<&str> = found
        .message
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.contains('_') || *word == "fsync" || *word == "ssl")
        .collect();
    let mut lines = Vec::new();
    let mut pairs: Vec<_> = subject.facts.iter().zip(subject.names).collect();
    pairs.sort_by_key(|(_, name)| found.server.as_ref() != Some(*name));
    for (facts, name) in pairs {
        for word in &words {
            if let Some(given) = facts.settings.get(&word.to_ascii_lowercase())
                && !given.place.is_empty()
            {
                let line = format!(
                    "on {name}: {} ({})",
                    redacted(&given.name, &given.value),
                    given.place
                );
                if !lines.contains(&line) {
                    lines.push(line);
                }
            }
        }
    }
    lines
}

/// What the server showed of itself.
fn standing(found: &Found, subject: &Subject<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, up) in seen(subject) {
        if found.server.as_ref().is_none_or(|server| server == name) {
            let rows = up.senders.as_ref().map_or(0, Vec::len);
            lines.push(format!(
                "on {name}: {}, PostgreSQL {}, {rows} in pg_stat_replication",
                up.role.word(),
                up.version
            ));
        }
    }
    if lines.is_empty() {
        let topology = subject.document.topology();
        let server = found.server.as_ref().and_then(|name| topology.by_name(name));
        lines
            .extend(server.map(|server| format!("{} at {}:{}", server.name(), server.host(), server.port())));
    }
    lines
}
