//! Clusters as other tools have them in their files: Patroni, repmgr, CloudNativePG, compose. Each is read as facts of servers
//! like any other; what only the tool knows is told as lost.

mod cloudnativepg;
mod compose;
mod patroni;
mod repmgr;
mod yaml;

use super::conf_file::is_conf;
use super::facts::Facts;
use super::files::last_part;
use super::{Asked, Loss};
use crate::model::quoting;

/// What was found in the files of a tool.
#[derive(Clone, Debug, Default)]
pub struct OfTools {
    pub name: Option<String>,
    pub facts: Vec<Facts>,
    pub asked: Vec<Asked>,
    pub losses: Vec<Loss>,
}

/// True for a file that a tool may have: it is looked into only where no server's own files are.
pub fn may_be(name: &str) -> bool {
    let name = last_part(name);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_servers = matches!(
        name,
        "postgresql.conf" | "recovery.conf" | "pg_hba.conf" | "pg_ident.conf"
    );
    matches!(ending, "yml" | "yaml" | "sh") || is_conf(name) && !is_servers
}

/// Reads the files of one tool: of several, the one with the most servers.
pub fn read(texts: &[(String, String)]) -> OfTools {
    let mut losses = Vec::new();
    let mut documents = Vec::new();
    for (path, text) in texts {
        if !last_part(path).contains(".y") {
            continue;
        }
        match yaml::documents(path, text) {
            Ok(all) => documents.extend(all),
            Err(why) => losses.push(Loss {
                place: path.clone(),
                line: String::new(),
                message: format!("The file is not YAML: {why}."),
            }),
        }
    }
    let all = [
        patroni::read(&documents),
        cloudnativepg::read(&documents),
        repmgr::read(texts),
        compose::read(&documents),
    ];
    let mut found = all
        .into_iter()
        .rev()
        .max_by_key(|one| one.facts.len())
        .unwrap_or_default();
    found.losses.append(&mut losses);
    found
}

/// A connection string of these words; those without a value are left out.
fn conninfo(words: &[(&str, Option<&str>)]) -> String {
    let given = words.iter().filter_map(|(name, value)| Some((name, (*value)?)));
    let words: Vec<String> = given
        .map(|(name, value)| format!("{name}={}", quoting::conninfo(value)))
        .collect();
    words.join(" ")
}

/// `host:5432`, `[::1]:5432` or `host` as a place.
fn place_of(text: &str) -> Option<(String, u16)> {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':').unwrap_or("5432")),
        None => text.rsplit_once(':').unwrap_or((text, "5432")),
    };
    Some((host.to_owned(), port.parse().ok()?))
}

#[cfg(test)]
mod tests;
