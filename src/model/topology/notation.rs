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

mod cutting;
mod words;

use std::fmt::Write as _;

pub use cutting::{parse_cutting, print_cutting};
pub use words::{quote, split};

use thiserror::Error;

use super::{
    ApplyDelay, BadValue, CommitLevel, Edit, Host, PgMajor, Refusal, ServerId, SiteName, SyncMethod,
    SyncPolicy, Topology, UnknownMajor,
};
use words::{lines, name_and_port, setting};

/// A line that the notation does not know, by its number from 1.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {problem}")]
pub struct NotationError {
    pub line: usize,
    pub problem: NotationProblem,
}

impl NotationError {
    const EMPTY: Self = Self {
        line: 1,
        problem: NotationProblem::Empty,
    };
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotationProblem {
    #[error("there is no server: the first line names the primary and its port, for example \"master 5432\"")]
    Empty,
    #[error("a line needs a name and a port, for example \"slave1 15432\"")]
    Short,
    #[error(
        "\"{0}\" is not a word of the notation; valid are sync, commit, priority, delay, no-slot, host, \
         site, set"
    )]
    Word(String),
    #[error("\"{0}\" must be followed by a value")]
    Value(String),
    #[error("only the first line, the primary, may start at the margin; indent this line below its upstream")]
    SecondPrimary,
    #[error("a quoted name has no closing quote")]
    OpenQuote,
    #[error(transparent)]
    Major(#[from] UnknownMajor),
    #[error(transparent)]
    Bad(#[from] BadValue),
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// The seed, which is the first of the built-in designs, in the notation: what most tests begin with.
pub const SEED: &str = "master 5432 sync first 1\n  slave1 15432 priority 1\n    slave11 25432\n    slave12 25433\n  slave2 15433 priority 2\n";

/// Reads the notation. The design's name is the primary's.
///
/// # Errors
///
/// At the first line that cannot be read, with its number.
pub fn parse(text: &str) -> Result<Topology, NotationError> {
    let mut postgres = PgMajor::V15;
    let mut has_header = false;
    let mut topology: Option<Topology> = None;
    // The way from the primary to the line before: each server with its indentation.
    let mut path: Vec<(usize, ServerId)> = Vec::new();
    for line in lines(text) {
        let line = line?;
        if let Some(major) = line.header().filter(|_| !has_header && topology.is_none()) {
            postgres = major.map_err(|error| line.error(error))?;
            has_header = true;
            continue;
        }
        let (name, port, rest) = name_and_port(&line.words).map_err(|problem| line.error(problem))?;
        path.retain(|(depth, _)| *depth < line.indent);
        let id = match (&mut topology, path.last()) {
            (None, _) => {
                let made = Topology::new(name.as_str(), postgres, name.clone(), port);
                let id = made.primary().id();
                topology = Some(made);
                id
            }
            (Some(_), None) => return Err(line.error(NotationProblem::SecondPrimary)),
            (Some(topology), Some((_, upstream))) => {
                let edit = Edit::AddStandby {
                    upstream: *upstream,
                    name: Some(name),
                    port: Some(port),
                };
                let applied = topology.apply(&edit).map_err(|error| line.error(error))?;
                let made = applied
                    .created
                    .ok_or_else(|| line.error(NotationProblem::Short))?;
                // A standby that is added stands where its upstream does; here only what is written holds.
                if topology
                    .server(made)
                    .is_some_and(|server| server.site().is_some())
                {
                    let edit = Edit::SetSite {
                        servers: vec![made],
                        site: None,
                    };
                    topology.apply(&edit).map_err(|error| line.error(error))?;
                }
                made
            }
        };
        path.push((line.indent, id));
        if let Some(topology) = &mut topology {
            apply_words(topology, id, rest).map_err(|problem| line.error(problem))?;
        }
    }
    topology.ok_or(NotationError::EMPTY)
}

/// Writes the notation; [`parse`] reads it back as the same tree.
pub fn print(topology: &Topology) -> String {
    let mut text = format!("postgres {}\n", topology.postgres());
    for id in topology.in_tree_order() {
        let Some(server) = topology.server(id) else {
            continue;
        };
        let depth = topology.level(id);
        let _ = write!(
            text,
            "{}{} {}",
            "  ".repeat(depth),
            quote(server.name().as_str()),
            server.port()
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
    fn what_is_wrong_is_named_by_its_line() {
        for (text, sentence) in [
            ("", "line 1: there is no server"),
            ("a 1\nb 2", "line 2: only the first line"),
            ("a 1\n  b", "line 2: a line needs"),
            ("a 1\n  a 2", "line 2: a server named"),
            ("a 1\n  b 2 rank 1", "line 2: \"rank\" is not a word"),
            ("a 0", "line 1: \"0\" is not a port"),
            ("a 1\n  \"b 2", "line 2: a quoted name"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.starts_with(sentence), "{error}");
        }
    }
}
