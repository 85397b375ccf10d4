//! The audit to send to a colleague: Markdown, and one HTML file with the drawing inside, without scripts and without anything
//! that a browser would fetch.

use super::{Audit, Found};
use crate::model::diagram::{self, PictureStyle};
use crate::model::simulate::survives::{Cell, Survival};
use crate::model::topology::Severity;
use crate::model::visible::visible;
use crate::model::words::{counted, listed};

/// What is asked of each failure.
const QUESTIONS: [&str; 4] = ["Failure", "Writes go on", "Reads go on", "Nothing lost"];

pub fn markdown(audit: &Audit) -> String {
    let mut text = format!(
        "# Audit of {}\n\n{}\n\n",
        md(audit.document.topology().name()),
        md(&summary(audit))
    );
    text += &format!(
        "```mermaid\n{}```\n\n",
        diagram::mermaid(&audit.document, PictureStyle::default())
    );
    text += "## Findings\n\n";
    if audit.findings.is_empty() {
        text += "No findings.\n";
    }
    for (found, number) in audit.findings.iter().zip(1..) {
        text += &format!(
            "{number}. **{}** {}{}\n",
            found.severity,
            server_of(found, md),
            md(&sentence(&found.message))
        );
        for line in &found.evidence {
            text += &format!("   - {}\n", md(line));
        }
        if let Some(fix) = &found.fix {
            text += &format!("   - What to do: {}\n", md(fix));
        }
    }
    text += "\n## What it survives\n\n";
    text += &format!(
        "| {} |\n|{}\n",
        QUESTIONS.join(" | "),
        " --- |".repeat(QUESTIONS.len())
    );
    for one in &audit.survives {
        let cells = row(one).map(|cell| md(&cell).replace('|', "\\|"));
        text += &format!("| {} |\n", cells.join(" | "));
    }
    for (title, lines) in rest(audit) {
        text += &format!("\n## {title}\n\n");
        for line in lines {
            text += &format!("- {}\n", md(&line));
        }
    }
    text
}

pub fn html(audit: &Audit) -> String {
    let name = escaped(audit.document.topology().name());
    let mut body = format!(
        "<h1>Audit of {name}</h1>\n<p>{}</p>\n{}\n",
        escaped(&summary(audit)),
        drawing(audit)
    );
    body += "<h2>Findings</h2>\n";
    if audit.findings.is_empty() {
        body += "<p>No findings.</p>\n";
    } else {
        body += "<ol>\n";
        for found in &audit.findings {
            body += &format!(
                "<li><strong class=\"{0}\">{0}</strong> {1}{2}",
                found.severity,
                server_of(found, escaped),
                escaped(&sentence(&found.message))
            );
            if !found.evidence.is_empty() || found.fix.is_some() {
                body += "<ul>";
                for line in &found.evidence {
                    body += &format!("<li><code>{}</code></li>", escaped(line));
                }
                if let Some(fix) = &found.fix {
                    body += &format!("<li>What to do: {}</li>", escaped(fix));
                }
                body += "</ul>";
            }
            body += "</li>\n";
        }
        body += "</ol>\n";
    }
    body += "<h2>What it survives</h2>\n<table>\n<tr>";
    for question in QUESTIONS {
        body += &format!("<th>{question}</th>");
    }
    body += "</tr>\n";
    for one in &audit.survives {
        let cells = row(one).map(|cell| format!("<td>{}</td>", escaped(&cell)));
        body += &format!("<tr>{}</tr>\n", cells.concat());
    }
    body += "</table>\n";
    for (title, lines) in rest(audit) {
        body += &format!("<h2>{title}</h2>\n<ul>\n");
        for line in lines {
            body += &format!("<li>{}</li>\n", escaped(&line));
        }
        body += "</ul>\n";
    }
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>Audit of {name}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )
}

const STYLE: &str = "body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2530;background:#fff}\
svg{max-width:100%;height:auto}li{margin:.4rem 0}code{background:#eef1f4;padding:.1rem .3rem;overflow-wrap:anywhere}\
table{border-collapse:collapse}td,th{border:1px solid #c5ccd3;padding:.3rem .6rem;text-align:left;vertical-align:top}\
.error{color:#b3261e}.warning{color:#8a5a00}.note{color:#40566b}";

/// The drawing as part of the page: no declaration, no namespace (HTML knows SVG), and no design that is taken along.
fn drawing(audit: &Audit) -> String {
    let svg = diagram::svg(&audit.document, PictureStyle::default());
    let from = svg.find("<svg").unwrap_or(0);
    let mut svg =
        svg.get(from..)
            .unwrap_or_default()
            .replacen(" xmlns=\"http://www.w3.org/2000/svg\"", "", 1);
    if let (Some(start), Some(end)) = (svg.find("<metadata"), svg.find("</metadata>")) {
        svg.replace_range(start..end + "</metadata>".len(), "");
    }
    svg
}

/// "5 servers of PostgreSQL 15: 1 error, 2 warnings."
fn summary(audit: &Audit) -> String {
    let topology = audit.document.topology();
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
        "nothing was found that is wrong".to_owned()
    } else {
        listed(&counts)
    };
    let how = if audit.is_live {
        "The servers were asked."
    } else {
        "Only files were read: what the servers do nobody looked at."
    };
    format!(
        "{} of PostgreSQL {}: {found}. {how}",
        counted(topology.servers().len(), "server"),
        topology.postgres()
    )
}

fn server_of(found: &Found, written: fn(&str) -> String) -> String {
    found
        .server
        .as_ref()
        .map(|name| format!("{}: ", written(name)))
        .unwrap_or_default()
}

fn sentence(text: &str) -> String {
    let text = text.trim_end();
    if text.ends_with(['.', '!', '?']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

fn row(one: &Survival) -> [String; 4] {
    let cell = |cell: &Cell| {
        let word = if cell.holds { "yes" } else { "NO" };
        format!("{word}: {}", cell.said.sentence)
    };
    [
        one.failure.join(" + "),
        cell(&one.writes),
        cell(&one.reads),
        cell(&one.nothing_lost),
    ]
}

/// What else has to be known: guesses, servers that nobody reached, lines that the drawing does not say.
fn rest(audit: &Audit) -> Vec<(&'static str, Vec<String>)> {
    let asked = audit
        .asked
        .iter()
        .map(|one| format!("{} Taken for: {}.", one.question, one.guess));
    let unreached = audit.unreached.iter().map(|one| {
        let place = one.server.clone().or(one.host.clone()).unwrap_or_default();
        format!("{place}: {}", one.message)
    });
    let losses = audit.losses.iter().map(|one| {
        let line = if one.line.is_empty() {
            String::new()
        } else {
            format!("{}: ", one.line)
        };
        format!("{}: {line}{}", one.place, one.message)
    });
    [
        ("Guessed", asked.collect::<Vec<_>>()),
        ("Not reached", unreached.collect()),
        ("Not in the drawing", losses.collect()),
    ]
    .into_iter()
    .filter(|(_, lines)| !lines.is_empty())
    .collect()
}

fn escaped(text: &str) -> String {
    visible(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// What Markdown would take for a mark is text.
fn md(text: &str) -> String {
    let mut written = String::new();
    for letter in visible(text).chars() {
        if matches!(letter, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#') {
            written.push('\\');
        }
        written.push(letter);
    }
    written
}
