//! Scenarios that are kept with a design, as text: they outlive changes of it, and name servers as the design does.

use crate::model::topology::notation;

/// One `[[scenario]]` of the design file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptScenario {
    /// Unlike that of any other in the design.
    pub name: String,
    /// As `simulate::time::Scenario::read` takes it. What it says of servers that are gone is found out when it is played.
    pub text: String,
}

/// In place of the one of that name, or behind all others.
pub(super) fn keep(scenarios: &mut Vec<KeptScenario>, kept: &KeptScenario) {
    match scenarios.iter_mut().find(|known| known.name == kept.name) {
        Some(known) => known.text.clone_from(&kept.text),
        None => scenarios.push(kept.clone()),
    }
}

/// What the scenarios say of a server holds under its new name.
pub(super) fn rename(scenarios: &mut [KeptScenario], old: &str, new: &str) {
    for kept in scenarios {
        kept.text = renamed_in(&kept.text, old, new);
    }
}

/// The text of a scenario in which a server is called otherwise: its lines, blanks and comments stay as they are.
fn renamed_in(text: &str, old: &str, new: &str) -> String {
    text.split_inclusive('\n')
        .map(|line| renamed(line, old, new).unwrap_or_else(|| line.to_owned()))
        .collect()
}

/// `None`: the line does not name the server.
fn renamed(line: &str, old: &str, new: &str) -> Option<String> {
    let content = line.trim();
    if content.starts_with('#') {
        return None;
    }
    let words = notation::split(content).ok()?;
    let names = match words.first()?.as_str() {
        "at" => 3..words.len(),
        "seed" | "clients" | "network" => return None,
        "link" => 1..2,
        _ => 1..words.len(),
    };
    let is_name = |(place, word): &(usize, &String)| names.contains(place) && *word == old;
    if !words.iter().enumerate().any(|word| is_name(&word)) {
        return None;
    }
    let written: Vec<String> = words
        .iter()
        .enumerate()
        .map(|word| notation::quote(if is_name(&word) { new } else { word.1 }))
        .collect();
    let begin = line.len() - line.trim_start().len();
    let end = line.trim_end().len();
    Some(format!("{}{}{}", &line[..begin], written.join(" "), &line[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renamed_server_is_renamed_where_it_is_named_and_nowhere_else() {
        let text = "# crash crash\n\nseed 1\n  at 2s crash crash\nat 2s  crash  crash\ncut crash b\nlink crash latency 1ms bandwidth 1MB/s\nat 3s cut b \"crash\"\r\nat 1s crash other";
        let renamed = "# crash crash\n\nseed 1\n  at 2s crash \"far away\"\nat 2s crash \"far away\"\ncut \"far away\" b\nlink \"far away\" latency 1ms bandwidth 1MB/s\nat 3s cut b \"far away\"\r\nat 1s crash other";
        assert_eq!(renamed_in(text, "crash", "far away"), renamed);
        assert_eq!(renamed_in(text, "latency", "x"), text);
    }
}
