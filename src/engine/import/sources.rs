//! What a person names to be imported, and the design that comes of it.

use std::path::{Path, PathBuf};

use super::disk::{Disk, is_tarball, unpacked};
use super::exported::own_export;
use crate::engine::desk::store::{self, OpenError};
use crate::model::document::{Document, format};
use crate::model::health::Up;
use crate::model::import::{self, Asked, Facts, Files, Found, Loss, NoImport, OfTools, Unreached};
use crate::report::Report;

/// What is to be imported.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub sources: Vec<String>,
    /// Configuration folders, one for each server.
    pub configs: Vec<PathBuf>,
    /// Addresses where other servers may answer: `host:port`.
    pub also: Vec<String>,
}

/// What a word on the command line means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Path(PathBuf),
    Connection(String),
}

/// A design that was brought in, and everything that it does not say.
#[derive(Clone, Debug)]
pub struct Brought {
    pub document: Document,
    pub asked: Vec<Asked>,
    pub losses: Vec<Loss>,
    pub unreached: Vec<Unreached>,
    /// What was found of each server; empty where the source is a design.
    pub facts: Vec<Facts>,
    /// What the design calls each of them.
    pub names: Vec<String>,
    /// What each of them showed, where it runs and answered.
    pub seen: Vec<Option<Box<Up>>>,
}

/// A file or a folder that is there is one; else a connection string or an address of one.
///
/// # Errors
///
/// If it is neither.
pub fn source_of(word: &str) -> Result<Source, Report> {
    let path = PathBuf::from(word);
    if word.starts_with("postgres://") || word.starts_with("postgresql://") {
        return Ok(Source::Connection(word.to_owned()));
    }
    if path.exists() {
        return Ok(Source::Path(path));
    }
    if word.contains('=') {
        return Ok(Source::Connection(word.to_owned()));
    }
    Err(Report::new(format!("\"{word}\" is not a file, a folder or a connection string.")).hint(
        "Name a data directory, a configuration folder, a tarball, or a server, for example: pgcascade import \
         'host=db1 user=monitor'",
    ))
}

/// Reads files only: every source is a path.
///
/// # Errors
///
/// If one cannot be read, none of them holds a server, or the servers form no tree.
pub fn from_files(paths: &[PathBuf], configs: &[PathBuf]) -> Result<Brought, Report> {
    if let ([only], []) = (paths, configs)
        && is_design(only)
    {
        return design(only);
    }
    let mut found = Found::default();
    for path in paths.iter().chain(configs) {
        let (mut below, own) = looked_through(path)?;
        if let ([_], []) = (paths, configs)
            && let Some(document) = own
        {
            return Ok(of_own_export(document));
        }
        if below.servers.is_empty() && below.of_tools.is_empty() {
            return Err(nothing_in(path));
        }
        found.servers.append(&mut below.servers);
        found.of_tools.append(&mut below.of_tools);
        found.design = found.design.or(below.design);
    }
    let name = name_for(paths, configs);
    if found.servers.is_empty() {
        let of_tools = import::read_tools(&found.of_tools);
        if of_tools.facts.is_empty() {
            let path = paths.iter().chain(configs).next();
            return Err(nothing_in(path.map_or(Path::new(""), PathBuf::as_path)));
        }
        return of_tool(&name, of_tools);
    }
    drawn(&name, found)
}

fn nothing_in(path: &Path) -> Report {
    Report::new(format!("{} holds no server's files.", path.display())).hint(
        "Name the folder that postgresql.conf lies in, such as /etc/postgresql/15/main, the data directory, or the files of Patroni, \
         repmgr, CloudNativePG or compose.",
    )
}

/// An export that nobody changed says what its design says.
fn of_own_export(document: Document) -> Brought {
    Brought {
        names: Vec::new(),
        document,
        asked: Vec::new(),
        losses: Vec::new(),
        unreached: Vec::new(),
        facts: Vec::new(),
        seen: Vec::new(),
    }
}

/// The design of another tool's files.
fn of_tool(name: &str, mut found: OfTools) -> Result<Brought, Report> {
    let name = found.name.take().unwrap_or_else(|| name.to_owned());
    let mut imported = import::draw(&name, &found.facts).map_err(|error| not_drawn(&error))?;
    imported.asked.append(&mut found.asked);
    imported.losses.append(&mut found.losses);
    Ok(Brought {
        names: imported.names,
        document: Document::new(imported.topology),
        asked: imported.asked,
        losses: imported.losses,
        unreached: imported.unreached,
        facts: found.facts,
        seen: Vec::new(),
    })
}

fn is_design(path: &Path) -> bool {
    let ending = path
        .extension()
        .and_then(|ending| ending.to_str())
        .unwrap_or_default();
    path.is_file() && matches!(ending.to_ascii_lowercase().as_str(), "toml" | "svg" | "png")
}

/// A design file, or a picture of one.
fn design(path: &Path) -> Result<Brought, Report> {
    let document = store::open(path).map_err(|error| match error {
        OpenError::File(report) => report,
        OpenError::Design(problems) => {
            Report::of_problems(format!("{} is not a valid design.", path.display()), &problems)
        }
    })?;
    Ok(Brought {
        document,
        asked: Vec::new(),
        losses: Vec::new(),
        unreached: Vec::new(),
        facts: Vec::new(),
        names: Vec::new(),
        seen: Vec::new(),
    })
}

/// What a path holds, and the design of an export that pgcascade wrote there.
fn looked_through(path: &Path) -> Result<(Found, Option<Document>), Report> {
    let unreadable = |cause: String| {
        let mut report = Report::new(format!("{} could not be read.", path.display()));
        report.causes = vec![cause];
        report
    };
    let text = path.to_string_lossy();
    if path.is_dir() || !is_tarball(path) {
        let is_conf = path.extension().is_some_and(|ending| ending == "conf");
        if path.is_file() && !is_conf && !import::may_be_of_a_tool(&text) {
            return Err(unreadable(
                "it is not a folder, a tarball, a *.conf or YAML file, or a design".to_owned(),
            ));
        }
        let trimmed = text.trim_end_matches('/');
        let start = if trimmed.is_empty() { "/" } else { trimmed };
        let found = import::find(&Disk, start).map_err(|error| unreadable(error.to_string()))?;
        let own = own_export(&Disk, &found);
        return Ok((found, own));
    }
    let files = unpacked(path).map_err(|error| unreadable(error.to_string()))?;
    if files.is_empty() {
        return Ok((Found::default(), None));
    }
    let found = import::find(&files as &dyn Files, "").map_err(|error| unreadable(error.to_string()))?;
    let own = own_export(&files, &found);
    Ok((found, own))
}

/// The design of what was found; of pgcascade's own files their design, if it still says what they say.
fn drawn(name: &str, found: Found) -> Result<Brought, Report> {
    let mut losses = Vec::new();
    let mut name = name.to_owned();
    if let Some((path, text)) = &found.design
        && let Ok(document) = format::read(text)
    {
        if import::is_written_by(document.topology(), &found.servers) {
            return Ok(Brought {
                names: import::names_in(document.topology(), &found.servers),
                document,
                asked: Vec::new(),
                losses,
                unreached: Vec::new(),
                facts: found.servers,
                seen: Vec::new(),
            });
        }
        document.topology().name().clone_into(&mut name);
        losses.push(Loss {
            place: path.clone(),
            line: String::new(),
            message: "The servers' files do not say what this design says: the files count, and what only the design knows \
                      (positions, sites, scenarios) is not read."
                .to_owned(),
        });
    }
    let mut imported = import::draw(&name, &found.servers).map_err(|error| not_drawn(&error))?;
    losses.append(&mut imported.losses);
    Ok(Brought {
        names: imported.names,
        document: Document::new(imported.topology),
        asked: imported.asked,
        losses,
        unreached: imported.unreached,
        facts: found.servers,
        seen: Vec::new(),
    })
}

/// Why there is no design, for people.
pub(super) fn not_drawn(error: &NoImport) -> Report {
    match error {
        NoImport::Nothing => {
            Report::new("No server was found.").hint("Name a folder that holds postgresql.conf, or a server.")
        }
        NoImport::NoTree(problems) => {
            let mut report = Report::new("The servers do not form one tree.");
            report.causes = problems.iter().map(ToString::to_string).collect();
            report.hint("Name only the servers of one cluster.")
        }
    }
}

/// What the design is called: after the folder or the file it came from.
fn name_for(paths: &[PathBuf], configs: &[PathBuf]) -> String {
    let name = match (paths, configs) {
        ([only], []) => only
            .canonicalize()
            .unwrap_or_else(|_| only.clone())
            .file_name()
            .map(|name| name.to_string_lossy().into_owned()),
        _ => None,
    };
    let name = name.unwrap_or_else(|| "imported".to_owned());
    let plain = [".tar.gz", ".tgz", ".tar", ".conf"]
        .iter()
        .find_map(|ending| name.strip_suffix(ending));
    plain.map_or(name.clone(), str::to_owned)
}
