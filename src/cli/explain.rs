//! `bundle --explain`: which element of the drawing and which decision made each line of the configuration, and what a
//! running server needs for a change.

use std::collections::BTreeSet;

use serde::Serialize;

use super::print;
use super::table::{numbers, table, words};
use crate::model::bundle::{Bundle, BundleFile};
use crate::model::configuration::ClusterFolder;
use crate::model::configuration::{Decision, Element, Origin, Provenance};
use crate::model::topology::catalogue::Effect;
use crate::model::topology::{Server, ServerId, Topology, nearest};
use crate::report::Report;

/// The answer as JSON; for people it is folded into tables.
#[derive(Serialize)]
struct Explanation<'a> {
    files: Vec<FileRow<'a>>,
    /// The decisions that made what is shown.
    decisions: Vec<DecisionRow>,
}

#[derive(Serialize)]
struct FileRow<'a> {
    path: &'a str,
    /// For a file that is explained as a whole: then there are no lines.
    #[serde(flatten)]
    whole: Option<OriginRow<'a>>,
    lines: Vec<LineRow<'a>>,
}

#[derive(Serialize)]
struct LineRow<'a> {
    /// Its number, from 1.
    line: usize,
    text: &'a str,
    #[serde(flatten)]
    origin: OriginRow<'a>,
}

#[derive(Serialize)]
struct OriginRow<'a> {
    from: Vec<ElementRow<'a>>,
    decision: &'static str,
    reason: &'a str,
    /// What a running server needs for a change: "reload" or "restart"; `None` where no server reads it.
    needs: Option<&'static str>,
    #[serde(skip)]
    words: String,
}

#[derive(Serialize)]
struct ElementRow<'a> {
    element: &'static str,
    server: Option<&'a str>,
    /// Of a link: the server streams from it.
    upstream: Option<&'a str>,
}

#[derive(Serialize)]
struct DecisionRow {
    id: &'static str,
    title: &'static str,
    source: &'static str,
}

/// Prints where every file comes from; with a server, its own files and what comes from it in the others'.
pub(super) fn explain(
    topology: &Topology,
    bundle: &Bundle,
    server: Option<&str>,
    as_json: bool,
) -> Result<(), Report> {
    let server = server.map(|name| find(topology, name)).transpose()?;
    let explanation = explanation(topology, bundle, server);
    if as_json {
        print::json(&explanation);
        return Ok(());
    }
    for file in &explanation.files {
        print_file(file);
    }
    let columns = [words("decision"), words("what"), words("rests on")];
    let rows: Vec<Vec<String>> = explanation
        .decisions
        .iter()
        .map(|row| [row.id, row.title, row.source].map(str::to_owned).to_vec())
        .collect();
    print::line(table(&columns, &rows));
    Ok(())
}

fn find<'a>(topology: &'a Topology, name: &str) -> Result<&'a Server, Report> {
    topology.by_name(name).ok_or_else(|| {
        let report = Report::new(format!("The design has no server \"{name}\""));
        let names = topology.servers().iter().map(|server| server.name().as_str());
        match nearest(name, names) {
            Some(near) => report.hint(format!("Did you mean \"{near}\"?")),
            None => report.hint("List them with: pgcascade show FILE"),
        }
    })
}

fn explanation<'a>(topology: &'a Topology, bundle: &'a Bundle, server: Option<&Server>) -> Explanation<'a> {
    let folders = topology.folders();
    let own = server.map(|server| {
        let folder = folders.get(&server.id()).map_or("", String::as_str);
        (server.id(), format!("{}/", ClusterFolder::server(folder)))
    });
    let mut decisions = BTreeSet::new();
    let mut files = Vec::new();
    for file in &bundle.files {
        // Everything of its own files; of the others what comes from it.
        let only = own
            .as_ref()
            .filter(|(_, folder)| !file.path.starts_with(folder.as_str()))
            .map(|(id, _)| *id);
        if let Some(row) = file_row(topology, file, only, &mut decisions) {
            files.push(row);
        }
    }
    let decisions = decisions.into_iter().map(|decision| DecisionRow {
        id: decision.id(),
        title: decision.title(),
        source: decision.source(),
    });
    Explanation {
        files,
        decisions: decisions.collect(),
    }
}

/// What the file holds of the server, or (`only: None`) all of it; `None` if there is nothing.
fn file_row<'a>(
    topology: &'a Topology,
    file: &'a BundleFile,
    only: Option<ServerId>,
    decisions: &mut BTreeSet<Decision>,
) -> Option<FileRow<'a>> {
    let is_wanted = |origin: &Origin| only.is_none_or(|server| origin.is_of(server));
    let mut row = |origin: &'a Origin, reason: &'a str, effect: Option<Effect>| {
        decisions.insert(origin.decision);
        origin_row(topology, origin, reason, effect)
    };
    let (whole, lines) = match &file.provenance {
        Provenance::Whole { origin, reason } => {
            let whole = is_wanted(origin).then(|| row(origin, reason, file.effect()));
            (whole, Vec::new())
        }
        Provenance::Lines(lines) => {
            let texts: Vec<&str> = file.contents.lines().collect();
            let wanted = lines.iter().filter(|line| is_wanted(&line.origin));
            let rows = wanted.map(|line| {
                let text = texts.get(line.line()).copied().unwrap_or_default();
                let effect = file.effect_of_line(text, topology.postgres());
                LineRow {
                    line: line.line() + 1,
                    text,
                    origin: row(&line.origin, &line.reason, effect),
                }
            });
            (None, rows.collect())
        }
    };
    (whole.is_some() || !lines.is_empty()).then_some(FileRow {
        path: &file.path,
        whole,
        lines,
    })
}

fn origin_row<'a>(
    topology: &'a Topology,
    origin: &Origin,
    reason: &'a str,
    effect: Option<Effect>,
) -> OriginRow<'a> {
    let elements = origin
        .elements
        .iter()
        .map(|element| element_row(topology, *element));
    OriginRow {
        from: elements.collect(),
        decision: origin.decision.id(),
        reason,
        needs: effect.map(Effect::needs),
        words: origin.words(topology),
    }
}

fn element_row(topology: &Topology, element: Element) -> ElementRow<'_> {
    let name = |id| topology.server(id).map(|server| server.name().as_str());
    let (element, server) = match element {
        Element::Cluster => ("cluster", None),
        Element::Server(id) => ("server", Some(id)),
        Element::Link { downstream } => ("link", Some(downstream)),
    };
    let above = server
        .filter(|_| element == "link")
        .and_then(|id| topology.server(id)?.upstream());
    ElementRow {
        element,
        server: server.and_then(name),
        upstream: above.and_then(name),
    }
}

fn print_file(file: &FileRow<'_>) {
    if let Some(whole) = &file.whole {
        let from = print::in_one_line(&whole.words);
        let OriginRow { decision, reason, .. } = whole;
        let needs = whole.needs.map(|needs| format!(" Changing it needs a {needs}."));
        print::line(format_args!(
            "{}: from {from}, {decision}. {reason}{}\n",
            file.path,
            needs.unwrap_or_default()
        ));
        return;
    }
    // The text comes last: it can be long, and nothing has to stand to the right of it.
    let columns = [
        numbers("line"),
        words("from"),
        words("decision"),
        words("needs"),
        words("text"),
    ];
    let rows: Vec<Vec<String>> = file
        .lines
        .iter()
        .map(|line| {
            vec![
                line.line.to_string(),
                print::in_one_line(&line.origin.words),
                line.origin.decision.to_owned(),
                line.origin.needs.unwrap_or_default().to_owned(),
                print::in_one_line(line.text.trim_end()),
            ]
        })
        .collect();
    print::line(format_args!("{}\n{}\n", file.path, table(&columns, &rows)));
}
