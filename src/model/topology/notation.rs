//! The indented text form of a topology: what tests, lessons and the terminal read and write.
//!
//! ```text
//! postgres 15
//! master 5432 sync first 1
//!   slave1 15432 priority 1
//!     slave11 25432 delay 10min
//!   "far away" 15433 no-slot host db2.example site Oslo
//! ```
//! Indentation means "follows". Names with blanks or quotes stand in double quotes, `""` for a quote.
//! A server's own settings stand behind `set`: `set work_mem=64MB`, `set "search_path=a, b"`.
//! The cluster's settings, the archive and authentication are not part of it; the design file has all.
//! [`print_cutting`] and [`parse_cutting`] are for some of the servers: several lines may stand at the margin.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use thiserror::Error;

use super::{
    ApplyDelay, BadValue, CommitLevel, DraftServer, Edit, Host, PgMajor, Port, Refusal, ServerId, ServerName,
    Settings, SiteName, SyncMethod, SyncPolicy, Topology, UnknownMajor, check_setting_name,
    check_setting_value,
};

/// A line that the notation does not know, by its number from 1.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {problem}")]
pub struct NotationError {
    pub line: usize,
    pub problem: NotationProblem,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotationProblem {
    #[error("there is no server: the first line names the primary and its port, for example \"master 5432\"")]
    Empty,
    #[error("a line needs a name and a port, for example \"slave1 15432\"")]
    Short,
    #[error(
        "\"{0}\" is no word of the notation; known are sync, commit, priority, delay, no-slot, host, site, set"
    )]
    Word(String),
    #[error("\"{0}\" needs a value behind it")]
    Value(String),
    #[error(
        "only the first line may stand at the margin: there is one primary; indent this line below its upstream"
    )]
    SecondPrimary,
    #[error("a name in double quotes does not end")]
    OpenQuote,
    #[error(transparent)]
    Major(#[from] UnknownMajor),
    #[error(transparent)]
    Bad(#[from] BadValue),
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Reads the notation. The design's name is the primary's.
pub fn parse(text: &str) -> Result<Topology, NotationError> {
    let mut postgres = PgMajor::V15;
    let mut has_header = false;
    let mut topology: Option<Topology> = None;
    // The way from the primary to the line before: each server with its indentation.
    let mut path: Vec<(usize, ServerId)> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let at = |problem: NotationProblem| NotationError {
            line: index + 1,
            problem,
        };
        let content = line.trim_start();
        if content.trim_end().is_empty() || content.starts_with('#') {
            continue;
        }
        let words = split(content).map_err(at)?;
        if !has_header && topology.is_none() && words.len() == 2 && words[0] == "postgres" {
            postgres = PgMajor::parse(&words[1]).map_err(|error| at(error.into()))?;
            has_header = true;
            continue;
        }
        let [name, port, rest @ ..] = words.as_slice() else {
            return Err(at(NotationProblem::Short));
        };
        let name = ServerName::parse(name).map_err(|error| at(error.into()))?;
        let port = Port::parse(port).map_err(|error| at(error.into()))?;
        let indent = line.len() - content.len();
        path.retain(|(depth, _)| *depth < indent);
        let id = match (&mut topology, path.last()) {
            (None, _) => {
                let made = Topology::new(name.as_str(), postgres, name.clone(), port);
                let id = made.primary().id();
                topology = Some(made);
                id
            }
            (Some(_), None) => return Err(at(NotationProblem::SecondPrimary)),
            (Some(topology), Some((_, upstream))) => {
                let edit = Edit::AddStandby {
                    upstream: *upstream,
                    name: Some(name),
                    port: Some(port),
                };
                let applied = topology.apply(&edit).map_err(|error| at(error.into()))?;
                let made = applied.created.ok_or_else(|| at(NotationProblem::Short))?;
                // A standby that is added stands where its upstream does; here only what is written holds.
                if topology
                    .server(made)
                    .is_some_and(|server| server.site().is_some())
                {
                    let edit = Edit::SetSite {
                        servers: vec![made],
                        site: None,
                    };
                    topology.apply(&edit).map_err(|error| at(error.into()))?;
                }
                made
            }
        };
        path.push((indent, id));
        if let Some(topology) = &mut topology {
            apply_words(topology, id, rest).map_err(at)?;
        }
    }
    topology.ok_or(NotationError {
        line: 1,
        problem: NotationProblem::Empty,
    })
}

/// Writes the notation; [`parse`] reads it back as the same tree.
pub fn print(topology: &Topology) -> String {
    let mut text = format!("postgres {}\n", topology.postgres());
    for id in topology.in_tree_order() {
        let Some(server) = topology.server(id) else {
            continue;
        };
        let depth = topology.upstreams(id).len();
        let _ = write!(
            text,
            "{:indent$}{} {}",
            "",
            quote(server.name().as_str()),
            server.port(),
            indent = depth * 2
        );
        if server.is_primary()
            && let Some(policy) = topology.sync()
        {
            let _ = write!(text, " sync {} {}", policy.method.word(), policy.count);
            if policy.commit != CommitLevel::On {
                let _ = write!(text, " commit {}", policy.commit.word());
            }
        }
        if let Some(standby) = server.standby() {
            if let Some(priority) = standby.sync_priority() {
                let _ = write!(text, " priority {priority}");
            }
            if let Some(delay) = standby.apply_delay() {
                let _ = write!(text, " delay {delay}");
            }
            if standby.slot() == Some(false) {
                text.push_str(" no-slot");
            }
        }
        if *server.host() != Host::default() {
            let _ = write!(text, " host {}", server.host());
        }
        if let Some(site) = server.site() {
            let _ = write!(text, " site {}", quote(site.as_str()));
        }
        text.push('\n');
    }
    text
}

fn apply_words(topology: &mut Topology, server: ServerId, words: &[String]) -> Result<(), NotationProblem> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = || {
            words
                .next()
                .map(String::as_str)
                .ok_or_else(|| NotationProblem::Value(word.clone()))
        };
        let edit = match word.as_str() {
            "sync" => {
                let method = value()?;
                let method =
                    SyncMethod::parse(method).ok_or_else(|| NotationProblem::Word(method.to_owned()))?;
                let count = value()?;
                let count = count
                    .parse()
                    .map_err(|_| NotationProblem::Word(count.to_owned()))?;
                Edit::SetSync(Some(SyncPolicy {
                    method,
                    count,
                    ..SyncPolicy::default()
                }))
            }
            "commit" => {
                let level = value()?;
                let commit =
                    CommitLevel::parse(level).ok_or_else(|| NotationProblem::Word(level.to_owned()))?;
                let policy = topology.sync().cloned().unwrap_or_default();
                Edit::SetSync(Some(SyncPolicy { commit, ..policy }))
            }
            "priority" => {
                let number = value()?;
                let priority = number
                    .parse()
                    .map_err(|_| NotationProblem::Word(number.to_owned()))?;
                Edit::SetSyncPriority {
                    server,
                    priority: Some(priority),
                }
            }
            "delay" => Edit::SetApplyDelay {
                server,
                delay: Some(ApplyDelay::parse(value()?)?),
            },
            "no-slot" => Edit::SetSlot {
                server,
                slot: Some(false),
            },
            "host" => Edit::SetHost {
                server,
                host: Host::parse(value()?)?,
            },
            "site" => Edit::SetSite {
                servers: vec![server],
                site: Some(SiteName::parse(value()?)?),
            },
            "set" => {
                let (name, value) = setting(value()?)?;
                Edit::SetSetting {
                    server: Some(server),
                    name,
                    value: Some(value),
                }
            }
            other => return Err(NotationProblem::Word(other.to_owned())),
        };
        topology.apply(&edit)?;
    }
    Ok(())
}

/// Writes a cutting: each server below its upstream, those that follow nobody at the margin.
pub fn print_cutting(cutting: &[DraftServer]) -> String {
    let mut text = String::new();
    let mut depths: BTreeMap<&str, usize> = BTreeMap::new();
    for server in cutting {
        let above = server.follows.as_deref().and_then(|name| depths.get(name));
        let depth = above.map_or(0, |depth| depth + 1);
        depths.insert(server.name.as_str(), depth);
        let name = quote(server.name.as_str());
        let _ = write!(text, "{:indent$}{name} {}", "", server.port, indent = depth * 2);
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
pub fn parse_cutting(text: &str) -> Result<Vec<DraftServer>, NotationError> {
    let mut cutting: Vec<DraftServer> = Vec::new();
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut path: Vec<(usize, String)> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let at = |problem: NotationProblem| NotationError {
            line: index + 1,
            problem,
        };
        let content = line.trim_start();
        if content.trim_end().is_empty() || content.starts_with('#') {
            continue;
        }
        let words = split(content).map_err(at)?;
        if cutting.is_empty()
            && let [word, major] = words.as_slice()
            && word == "postgres"
            && PgMajor::parse(major).is_ok()
        {
            continue;
        }
        let indent = line.len() - content.len();
        path.retain(|(depth, _)| *depth < indent);
        let follows = path.last().map(|(_, name)| name.clone());
        let server = draft(&words, follows).map_err(at)?;
        if !names.insert(server.name.to_string()) {
            return Err(at(Refusal::NameTaken(server.name).into()));
        }
        path.push((indent, server.name.to_string()));
        cutting.push(server);
    }
    if cutting.is_empty() {
        return Err(NotationError {
            line: 1,
            problem: NotationProblem::Empty,
        });
    }
    Ok(cutting)
}

/// One line of a cutting.
fn draft(words: &[String], follows: Option<String>) -> Result<DraftServer, NotationProblem> {
    let [name, port, rest @ ..] = words else {
        return Err(NotationProblem::Short);
    };
    let mut server = DraftServer {
        name: ServerName::parse(name)?,
        host: Host::default(),
        port: Port::parse(port)?,
        site: None,
        follows,
        sync_priority: None,
        slot: None,
        apply_delay: None,
        settings: Settings::new(),
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

/// "work_mem=64MB" as name and value.
fn setting(text: &str) -> Result<(String, String), NotationProblem> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| NotationProblem::Value("set".to_owned()))?;
    check_setting_name(name)?;
    check_setting_value(name, value)?;
    Ok((name.to_owned(), value.to_owned()))
}

/// The name as one word of a line: in double quotes where it needs them.
pub fn quote(name: &str) -> String {
    if name.contains([' ', '"', '#']) || name.chars().any(char::is_whitespace) {
        format!("\"{}\"", name.replace('"', "\"\""))
    } else {
        name.to_owned()
    }
}

/// Splits a line at blanks, except inside double quotes.
pub fn split(line: &str) -> Result<Vec<String>, NotationProblem> {
    let mut words = Vec::new();
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_whitespace() {
            continue;
        }
        let mut word = String::new();
        if c == '"' {
            loop {
                match chars.next() {
                    Some('"') if chars.peek() == Some(&'"') => word.extend(chars.next()),
                    Some('"') => break,
                    Some(other) => word.push(other),
                    None => return Err(NotationProblem::OpenQuote),
                }
            }
        } else {
            word.push(c);
            while let Some(next) = chars.next_if(|next| !next.is_whitespace()) {
                word.push(next);
            }
        }
        words.push(word);
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_reads_back() {
        let text = "\
postgres 9.6
\"my master\" 5432 sync first 2 commit remote_write
  \"say \"\"hi\"\"\" 5433 priority 1 delay 10min no-slot
    x 5434 host db1 site Oslo
  y 5435 priority 2 site \"rack 4\"
";
        assert_eq!(print(&parse(text).unwrap()), text);
    }

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
            ("Dear all,", "line 1: \"all,\" is no port"),
            ("a 1\nb 2\na 3", "line 3: there is a server called"),
            ("a 1 priority 0", "line 1: a priority"),
            ("a 1 set work_mem", "line 1: \"set\" needs a value"),
        ] {
            let error = parse_cutting(text).unwrap_err().to_string();
            assert!(error.starts_with(sentence), "{error}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_by_its_line() {
        for (text, sentence) in [
            ("", "line 1: there is no server"),
            ("a 1\nb 2", "line 2: only the first line"),
            ("a 1\n  b", "line 2: a line needs"),
            ("a 1\n  a 2", "line 2: there is a server called"),
            ("a 1\n  b 2 rank 1", "line 2: \"rank\" is no word"),
            ("a 0", "line 1: \"0\" is no port"),
            ("a 1\n  \"b 2", "line 2: a name in double quotes"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.starts_with(sentence), "{error}");
        }
    }
}
