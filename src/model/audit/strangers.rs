//! An audit to show to strangers: the same findings, with nothing in them that somebody named.

use super::Audit;
use crate::model::diagram::anonymous;

/// The audit without names of servers, hosts, files, roles and commands.
pub fn without_names(audit: &Audit) -> Audit {
    let document = anonymous(&audit.document);
    let mut names: Vec<(String, String)> = Vec::new();
    let (before, after) = (audit.document.topology(), document.topology());
    for (own, other) in before.servers().iter().zip(after.servers()) {
        names.push((own.name().to_string(), other.name().to_string()));
        if !own.host().is_loopback() {
            names.push((own.host().to_string(), other.host().to_string()));
        }
    }
    names.push((before.name().to_owned(), after.name().to_owned()));
    // The longest first: "db1" is part of "db1.example".
    names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    let plain = |text: &str| unnamed(text, &names);
    let mut audit = audit.clone();
    for found in &mut audit.findings {
        found.message = plain(&found.message);
        found.server = found.server.as_deref().map(plain);
        found.fix = found.fix.as_deref().map(plain);
        // Lines of files hold paths, roles and addresses.
        found.evidence = found
            .evidence
            .iter()
            .map(|line| plain(line.split(" (").next().unwrap_or_default()))
            .collect();
        found
            .evidence
            .retain(|line| !line.contains('/') && !line.contains("conninfo"));
    }
    for survival in &mut audit.survives {
        survival.failure = survival.failure.iter().map(|text| plain(text)).collect();
        for cell in [
            &mut survival.writes,
            &mut survival.reads,
            &mut survival.nothing_lost,
        ] {
            cell.said.sentence = plain(&cell.said.sentence);
            cell.said.why = plain(&cell.said.why);
        }
    }
    // What they say of files and addresses is names all the way.
    audit.losses.clear();
    audit.asked.clear();
    audit.unreached.clear();
    audit.document = document;
    audit
}

/// The text with every name replaced, where it stands as a word of its own; quoted values of commands that hold paths go.
fn unnamed(text: &str, names: &[(String, String)]) -> String {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mut read = String::new();
    let mut rest = text;
    'text: while let Some(letter) = rest.chars().next() {
        if !is_part(read.chars().next_back()) {
            for (name, other) in names {
                if let Some(after) = rest.strip_prefix(name.as_str()).filter(|_| !name.is_empty())
                    && !is_part(after.chars().next())
                {
                    read.push_str(other);
                    rest = after;
                    continue 'text;
                }
            }
        }
        read.push(letter);
        rest = rest.get(letter.len_utf8()..).unwrap_or_default();
    }
    read
}
