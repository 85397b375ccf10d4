//! What is wrong with a cluster that somebody runs, in the order of what would hurt first: every rule on its design, what its files
//! say and it does not do, what its servers show, what it would survive. Each with its evidence and what a DBA would type.
//!
//! Start with [`audit`]; `report` writes it as Markdown and as one HTML file, `strangers` takes the names out.

mod evidence;
mod files;
mod report;
mod running;
mod strangers;

pub use report::{html, markdown};
pub use strangers::without_names;

use serde::Serialize;

use super::document::Document;
use super::health::Up;
use super::import::{Asked, Facts, Loss, Unreached};
use super::simulate::survives::{Survival, single_failures};
use super::topology::{self, Edit, Finding, Severity, Topology, catalogue};

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub document: &'a Document,
    pub facts: &'a [Facts],
    /// What the design calls each of them.
    pub names: &'a [String],
    /// What each of them showed; shorter, or `None`, where nobody asked.
    pub seen: &'a [Option<Box<Up>>],
    pub asked: &'a [Asked],
    pub losses: &'a [Loss],
    pub unreached: &'a [Unreached],
}

/// One thing that is wrong, in the form of `check`, and what shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    pub rule: String,
    pub severity: &'static str,
    pub server: Option<String>,
    pub message: String,
    pub fix: Option<String>,
    /// `on db2: max_connections = 100 (postgresql.conf:12)`.
    #[serde(skip)]
    pub evidence: Vec<String>,
}

/// All that was found, worst first.
#[derive(Clone, Debug)]
pub struct Audit {
    pub document: Document,
    pub findings: Vec<Found>,
    pub survives: Vec<Survival>,
    pub asked: Vec<Asked>,
    pub losses: Vec<Loss>,
    pub unreached: Vec<Unreached>,
    /// True: servers were asked; else only their files were read.
    pub is_live: bool,
}

impl Audit {
    pub fn has_errors(&self) -> bool {
        self.findings
            .iter()
            .any(|found| found.severity == Severity::Error.word())
    }
}

/// Among the errors, then among the warnings: what loses data or stops commits comes before what may do so one day.
const FIRST: [&str; 23] = [
    "two-primaries",
    "no-primary",
    "ring",
    "commits-differ",
    "name-used-twice",
    "sync-name-unknown",
    "sync-count-above-candidates",
    "slot-lost",
    "stale-copy",
    "other-timeline",
    "link-missing",
    "archive-failing",
    "files-refused",
    "anyone-gets-in",
    "slot-endangered",
    "slot-inactive",
    "replay-paused",
    "standby-behind",
    "link-silent",
    "server-not-reached",
    "setting-pending",
    "file-not-loaded",
    "slots-unlimited",
];

/// Looks at everything.
pub fn audit(subject: &Subject<'_>) -> Audit {
    let topology = subject.document.topology();
    let mut findings: Vec<Found> = topology::check(topology)
        .into_iter()
        .map(|one| of_finding(topology, one))
        .collect();
    findings.extend(files::findings(subject));
    findings.extend(running::findings(subject));
    for found in &mut findings {
        evidence::add(found, subject);
    }
    let rank = |found: &Found| {
        FIRST
            .iter()
            .position(|rule| *rule == found.rule)
            .unwrap_or(FIRST.len())
    };
    let severity = |found: &Found| match found.severity {
        "error" => 0,
        "warning" => 1,
        _ => 2,
    };
    findings.sort_by_key(|found| (severity(found), rank(found)));
    let mut kept: Vec<Found> = Vec::new();
    for found in findings {
        if !kept.iter().any(|other| {
            other.rule == found.rule && other.server == found.server && other.message == found.message
        }) {
            kept.push(found);
        }
    }
    Audit {
        document: subject.document.clone(),
        findings: kept,
        survives: single_failures(topology),
        asked: subject.asked.to_vec(),
        losses: subject.losses.to_vec(),
        unreached: subject.unreached.to_vec(),
        is_live: subject.seen.iter().any(Option::is_some),
    }
}

fn of_finding(topology: &Topology, finding: Finding) -> Found {
    let name = |id| topology.server(id).map(|server| server.name().to_string());
    let server = match finding.subject {
        topology::Subject::Cluster => None,
        topology::Subject::Server(id) => name(id),
    };
    let fix = finding.fix.map(|fix| {
        let lines: Vec<String> = fix
            .edits
            .iter()
            .filter_map(|edit| command(topology, edit))
            .collect();
        if lines.is_empty() {
            fix.label
        } else {
            lines.join(" ")
        }
    });
    Found {
        rule: finding.rule.to_owned(),
        severity: finding.severity.word(),
        server,
        message: finding.message,
        fix,
        evidence: Vec::new(),
    }
}

/// An edit of a setting as what a DBA types on the server.
fn command(topology: &Topology, edit: &Edit) -> Option<String> {
    let Edit::SetSetting { server, name, value } = edit else {
        return None;
    };
    let place = match server.and_then(|id| topology.server(id)) {
        Some(server) => format!("On {}", server.name()),
        None => "On every server".to_owned(),
    };
    let effect = match catalogue::lookup(name, topology.postgres()) {
        catalogue::Known::Here(parameter) | catalogue::Known::Perhaps(parameter) => parameter.takes_effect(),
        catalogue::Known::Elsewhere { .. } | catalogue::Known::Nowhere => None,
    };
    let then = match effect.map(catalogue::Effect::needs) {
        Some("restart") => " Then restart the server.",
        Some(_) => " Then: SELECT pg_reload_conf();",
        None => "",
    };
    Some(match value {
        Some(value) => format!(
            "{place}: ALTER SYSTEM SET {name} = {};{then}",
            super::quoting::literal(value)
        ),
        None => format!("{place}: remove {name} from the configuration.{then}"),
    })
}

#[cfg(test)]
mod tests;
