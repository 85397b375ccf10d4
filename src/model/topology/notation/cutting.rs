//! Some of the servers as text, for the clipboard: several lines may stand at the margin.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::words::{lines, name_and_port, quote, setting};
use super::{NotationError, NotationProblem};
use crate::model::topology::{
    ApplyDelay, DraftServer, Host, LinkTerms, Refusal, ServerTerms, Settings, SiteName,
};

/// Writes a cutting: each server below its upstream, those that follow nobody at the margin.
pub fn print_cutting(cutting: &[DraftServer]) -> String {
    let mut text = String::new();
    let mut depths: BTreeMap<&str, usize> = BTreeMap::new();
    for server in cutting {
        let above = server.follows.as_deref().and_then(|name| depths.get(name));
        let depth = above.map_or(0, |depth| depth + 1);
        depths.insert(server.name.as_str(), depth);
        let name = quote(server.name.as_str());
        let _ = write!(text, "{}{name} {}", "  ".repeat(depth), server.port);
        if let Some(priority) = server.sync_priority {
            let _ = write!(text, " priority {priority}");
        }
        if let Some(delay) = &server.apply_delay {
            let _ = write!(text, " delay {delay}");
        }
        if server.slot == Some(false) {
            text.push_str(" no-slot");
        }
        if server.host != Host::default() {
            let _ = write!(text, " host {}", server.host);
        }
        if let Some(site) = &server.site {
            let _ = write!(text, " site {}", quote(site.as_str()));
        }
        for (name, value) in &server.settings {
            let _ = write!(text, " set {}", quote(&format!("{name}={value}")));
        }
        text.push('\n');
    }
    text
}

/// Reads some servers, or a whole notation: what only a whole cluster has (its version, what commits wait for) is
/// passed over.
///
/// # Errors
///
/// At the first line that cannot be read, with its number.
pub fn parse_cutting(text: &str) -> Result<Vec<DraftServer>, NotationError> {
    let mut cutting: Vec<DraftServer> = Vec::new();
    let mut names: BTreeSet<String> = BTreeSet::new();
    // The way to the line before, from the margin.
    let mut path: Vec<(usize, String)> = Vec::new();
    for line in lines(text) {
        let line = line?;
        if cutting.is_empty() && matches!(line.header(), Some(Ok(_))) {
            continue;
        }
        path.retain(|(depth, _)| *depth < line.indent);
        let follows = path.last().map(|(_, name)| name.clone());
        let server = draft(&line.words, follows).map_err(|problem| line.error(problem))?;
        if !names.insert(server.name.to_string()) {
            return Err(line.error(Refusal::NameTaken(server.name)));
        }
        path.push((line.indent, server.name.to_string()));
        cutting.push(server);
    }
    if cutting.is_empty() {
        return Err(NotationError::EMPTY);
    }
    Ok(cutting)
}

/// One line of a cutting.
fn draft(words: &[String], follows: Option<String>) -> Result<DraftServer, NotationProblem> {
    let (name, port, rest) = name_and_port(words)?;
    let mut server = DraftServer {
        name,
        host: Host::default(),
        port,
        site: None,
        follows,
        sync_priority: None,
        slot: None,
        apply_delay: None,
        settings: Settings::new(),
        terms: ServerTerms::default(),
        link: LinkTerms::default(),
        also_follows: Vec::new(),
    };
    let mut rest = rest.iter();
    while let Some(word) = rest.next() {
        let mut value = || rest.next().ok_or_else(|| NotationProblem::Value(word.clone()));
        match word.as_str() {
            "sync" => drop((value()?, value()?)),
            "commit" => drop(value()?),
            "priority" => {
                let number = value()?;
                let priority = number
                    .parse()
                    .map_err(|_| NotationProblem::Word(number.clone()))?;
                if priority == 0 {
                    return Err(Refusal::PriorityZero.into());
                }
                server.sync_priority = Some(priority);
            }
            "delay" => server.apply_delay = Some(ApplyDelay::parse(value()?)?),
            "no-slot" => server.slot = Some(false),
            "host" => server.host = Host::parse(value()?)?,
            "site" => server.site = Some(SiteName::parse(value()?)?),
            "set" => server.settings.extend([setting(value()?)?]),
            other => return Err(NotationProblem::Word(other.to_owned())),
        }
    }
    Ok(server)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cutting_is_some_of_the_servers_with_everything_they_have() {
        let text = "\
relay 5433 priority 1 no-slot host db1 set \"search_path=a, b\"
  \"far away\" 5434 delay 10min site \"rack 4\"
other 5435 set work_mem=64MB
";
        assert_eq!(print_cutting(&parse_cutting(text).unwrap()), text);
        // A whole cluster is a cutting too.
        let whole = parse_cutting("postgres 15\nmaster 5432 sync first 1\n  a 5433\n").unwrap();
        assert_eq!(print_cutting(&whole), "master 5432\n  a 5433\n");
        for (text, sentence) in [
            ("", "line 1: there is no server"),
            ("Dear all,", "line 1: \"all,\" is not a port"),
            ("a 1\nb 2\na 3", "line 3: a server named"),
            ("a 1 priority 0", "line 1: a priority"),
            ("a 1 set work_mem", "line 1: \"set\" must be followed by a value"),
        ] {
            let error = parse_cutting(text).unwrap_err().to_string();
            assert!(error.starts_with(sentence), "{error}");
        }
    }
}
