//! `audit`: what is wrong with a cluster that somebody runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::import::{bring, tell_place};
use super::{Ending, print};
use crate::engine::desk::output::{Kind, Output};
use crate::engine::import::Request;
use crate::model::audit::{self, Audit, Found, Subject};
use crate::model::import::{Asked, Loss, Unreached};
use crate::model::simulate::survives::Survival;
use crate::model::topology::Severity;
use crate::model::words::counted;
use crate::report::Report;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct AuditArgs {
    /// A server, as a connection string or a URI; or files, as for `import`: then the audit covers only what they say
    #[arg(value_name = "SOURCE", required_unless_present = "config")]
    sources: Vec<String>,
    /// The configuration folder of one server; repeat it for each server
    #[arg(long, value_name = "DIR")]
    config: Vec<PathBuf>,
    /// Another address where a server of the cluster may answer
    #[arg(long, value_name = "HOST:PORT")]
    also: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Also write a report as Markdown
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Also write a report as one HTML file, with the drawing inside
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Leave out every name: of servers, hosts, files and roles
    #[arg(long)]
    anonymous: bool,
    /// Overwrite the files even if they are not reports
    #[arg(long)]
    force: bool,
}

/// The contract's form, and more.
#[derive(Serialize)]
struct Answer<'a> {
    findings: &'a [Found],
    /// By "rule server", or "rule" where it is about the cluster.
    evidence: BTreeMap<String, &'a [String]>,
    survives: &'a [Survival],
    asked: &'a [Asked],
    losses: &'a [Loss],
    unreached: &'a [Unreached],
    /// False: only files were read.
    live: bool,
}

pub(super) fn audit(args: &AuditArgs) -> Result<Ending, Report> {
    let brought = bring(&Request {
        sources: args.sources.clone(),
        configs: args.config.clone(),
        also: args.also.clone(),
    })?;
    let mut audit = audit::audit(&Subject {
        document: &brought.document,
        facts: &brought.facts,
        names: &brought.names,
        seen: &brought.seen,
        asked: &brought.asked,
        losses: &brought.losses,
        unreached: &brought.unreached,
    });
    if args.anonymous {
        audit = audit::without_names(&audit);
    }
    if let Some(path) = &args.markdown {
        write(path, &audit::markdown(&audit), args.force)?;
    }
    if let Some(path) = &args.html {
        write(path, &audit::html(&audit), args.force)?;
    }
    if args.json {
        print::json(&answer(&audit));
    } else {
        show(&audit);
    }
    Ok(if audit.has_errors() {
        Ending::Failed
    } else {
        Ending::Fine
    })
}

fn write(path: &Path, text: &str, is_forced: bool) -> Result<(), Report> {
    let output = Output {
        path,
        kind: Kind::Report,
        input: None,
        is_forced,
    };
    output.write(text.as_bytes())
}

fn answer(audit: &Audit) -> Answer<'_> {
    let key = |found: &Found| match &found.server {
        Some(server) => format!("{} {server}", found.rule),
        None => found.rule.clone(),
    };
    Answer {
        findings: &audit.findings,
        evidence: audit
            .findings
            .iter()
            .map(|found| (key(found), found.evidence.as_slice()))
            .collect(),
        survives: &audit.survives,
        asked: &audit.asked,
        losses: &audit.losses,
        unreached: &audit.unreached,
        live: audit.is_live,
    }
}

fn show(audit: &Audit) {
    for found in &audit.findings {
        let server = found
            .server
            .as_ref()
            .map(|name| format!(" {name}"))
            .unwrap_or_default();
        let text = format!("{} {}{server}: {}", found.severity, found.rule, found.message);
        print::line(print::in_one_line(&text));
        for line in &found.evidence {
            print::line(format_args!("  {}", print::in_one_line(line)));
        }
        if let Some(fix) = &found.fix {
            print::line(format_args!("  fix: {}", print::in_one_line(fix)));
        }
    }
    let fatal: Vec<&Survival> = audit
        .survives
        .iter()
        .filter(|one| one.cells().iter().any(|cell| !cell.holds))
        .collect();
    if !fatal.is_empty() {
        print::line(format_args!(
            "\nIt does not go on as before after {} of {}:",
            fatal.len(),
            counted(audit.survives.len(), "single failure")
        ));
        for one in fatal {
            let sentences: Vec<&str> = one
                .cells()
                .into_iter()
                .filter(|cell| !cell.holds)
                .map(|cell| cell.said.sentence.as_str())
                .collect();
            let text = format!("- {}: {}", one.failure.join(" + "), sentences.join(" "));
            print::line(print::in_one_line(&text));
        }
    }
    let lost = audit.losses.len();
    if lost > 0 {
        print::note(format_args!(
            "{} of the cluster {} not in its drawing: `pgcascade import` lists them",
            counted(lost, "line"),
            if lost == 1 { "is" } else { "are" }
        ));
    }
    for one in &audit.unreached {
        print::note(format_args!("Not reached: {}{}", tell_place(one), one.message));
    }
    print::note(summary(audit));
}

/// "2 errors, 1 warning", or that nothing was found, and how far anybody looked.
fn summary(audit: &Audit) -> String {
    let counts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
        .iter()
        .filter_map(|severity| {
            let number = audit
                .findings
                .iter()
                .filter(|found| found.severity == severity.word())
                .count();
            (number > 0).then(|| counted(number, severity.word()))
        })
        .collect();
    let found = if counts.is_empty() {
        "no findings".to_owned()
    } else {
        counts.join(", ")
    };
    if audit.is_live {
        found
    } else {
        format!("{found}; only files were read, so nothing is known of what the servers do")
    }
}
