//! A cluster that somebody runs on its way into the window: what is asked for, what came of it.

use std::path::PathBuf;
use std::sync::Arc;

use crate::engine::import::Brought;
use crate::model::audit::Audit;
use crate::model::desk::Password;
use crate::model::import::{Asked, Unreached};
use crate::report::Report;

/// What can happen while a cluster is imported.
#[derive(Clone, Debug, PartialEq)]
pub enum ImportMessage {
    /// Ask where it is; with this in the fields.
    Ask(ImportSource),
    /// Ask the desktop for a folder, or else for a file; with what is typed by now.
    Choose {
        source: ImportSource,
        is_folder: bool,
    },
    Start(ImportSource),
    /// Give up the one that is under way.
    Cancel,
    Done(Box<Imported>),
    Failed(u64, Report),
    /// Look again, at these addresses, too.
    LookAlso(Vec<String>),
    /// Back to the fields.
    Back,
    /// Put what was found on the canvas.
    Open,
    /// Ask where the audit's report goes.
    SaveReport(ReportStyle),
}

/// Where the cluster is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportSource {
    /// Else one of its servers is asked.
    pub from_files: bool,
    /// As it was typed.
    pub connection: String,
    pub password: Password,
    /// Other addresses, as they were typed.
    pub also: String,
    pub paths: Vec<PathBuf>,
    /// Watch it as soon as it is drawn.
    pub watch: bool,
}

/// The dialog.
#[derive(Clone, Debug, PartialEq)]
pub struct Importing {
    /// What the fields begin with.
    pub source: ImportSource,
    pub stage: ImportStage,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ImportStage {
    /// The fields are filled in; with what came of the last try.
    Filling(Option<Report>),
    /// The import of this number is under way.
    Running(u64),
    /// Something could not be seen: it is asked before the design opens.
    Questions(Arc<Imported>),
}

/// What came of an import.
#[derive(Clone, Debug)]
pub struct Imported {
    /// Its number in this session.
    pub number: u64,
    pub source: ImportSource,
    pub brought: Brought,
    pub audit: Audit,
}

/// An audit's report as a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportStyle {
    /// Else it is one HTML file with the drawing inside.
    pub is_markdown: bool,
    pub is_anonymous: bool,
}

impl ReportStyle {
    pub fn extension(self) -> &'static str {
        if self.is_markdown { "md" } else { "html" }
    }
}

impl PartialEq for Imported {
    /// Each import has a number of its own.
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Imported {
    /// True if somebody has to look at something before the design is right.
    pub fn has_questions(&self) -> bool {
        !self.brought.asked.is_empty() || !self.brought.unreached.is_empty()
    }

    /// What the design does not say, as text to copy.
    pub fn text(&self) -> String {
        let brought = &self.brought;
        let mut lines = vec![format!("Imported from {}", self.source.words())];
        let mut part = |title: &str, all: Vec<String>| {
            if !all.is_empty() {
                lines.push(format!("\n{title}:"));
                lines.extend(all.into_iter().map(|one| format!("- {one}")));
            }
        };
        let asked = |one: &Asked| format!("{} Now: {}", one.question, one.guess);
        part(
            "Guessed; look at these",
            brought.asked.iter().map(asked).collect(),
        );
        let unreached = |one: &Unreached| format!("{}{}", one.place(), one.message);
        part("Not reached", brought.unreached.iter().map(unreached).collect());
        let losses = brought.losses.iter().map(|loss| {
            let line = if loss.line.is_empty() {
                String::new()
            } else {
                format!("{}: ", loss.line)
            };
            format!("{}: {line}{}", loss.place, loss.message)
        });
        part("Not in the design", losses.collect());
        lines.join("\n") + "\n"
    }
}

impl ImportSource {
    /// The connection as libpq reads it: a bare `db3` or `db3:5433` is a host.
    pub fn conninfo(&self) -> String {
        let text = self.connection.trim();
        let is_bare = !text.is_empty() && !text.contains(['=', '/']) && !text.contains(char::is_whitespace);
        if !is_bare {
            return text.to_owned();
        }
        let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, rest)) => (host, rest.strip_prefix(':')),
            // More than one colon is an address of its own.
            None => match text.rsplit_once(':') {
                Some((host, port)) if !host.contains(':') => (host, Some(port)),
                _ => (text, None),
            },
        };
        let port = port.map(|port| format!(" port={port}")).unwrap_or_default();
        format!("host={host}{port}")
    }

    /// The other addresses, one by one.
    pub fn others(&self) -> Vec<String> {
        let words = self.also.split([',', ' ', '\n', ';']);
        words
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// For people; without a password.
    pub fn words(&self) -> String {
        if self.from_files {
            let paths: Vec<String> = self.paths.iter().map(|path| path.display().to_string()).collect();
            paths.join(", ")
        } else {
            crate::model::import::without_password(&self.conninfo())
        }
    }

    /// What is missing before anything can be looked at.
    pub(super) fn problem(&self) -> Option<Report> {
        if self.from_files && self.paths.is_empty() {
            let report = Report::new("No files are named");
            return Some(report.hint("Add the data directory or the configuration folder of each server"));
        }
        if !self.from_files && self.connection.trim().is_empty() {
            let report = Report::new("No server is named");
            return Some(report.hint(
                "Type the connection to any server of the cluster, for example host=db1 user=monitor",
            ));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_host_is_a_connection() {
        let of = |text: &str| {
            let source = ImportSource {
                connection: text.to_owned(),
                ..ImportSource::default()
            };
            source.conninfo()
        };
        assert_eq!(of(" db3 "), "host=db3");
        assert_eq!(of("db3:5433"), "host=db3 port=5433");
        assert_eq!(of("[::1]:5433"), "host=::1 port=5433");
        assert_eq!(of("fe80::1"), "host=fe80::1");
        for whole in ["host=db3 user=m", "postgresql://db3/", "service=x", ""] {
            assert_eq!(of(whole), whole);
        }
    }

    #[test]
    fn nothing_shows_a_password() {
        let source = ImportSource {
            connection: "host=a password=hunter2".to_owned(),
            password: Password::new("hunter2".to_owned()),
            ..ImportSource::default()
        };
        assert!(!source.words().contains("hunter2"));
        assert!(!format!("{:?}", source.password).contains("hunter2"));
    }
}
