//! Steps: what a learner does, as lines. Solutions, wrong attempts, demos and journals are written in them.

use thiserror::Error;

use crate::model::document::Command;
use crate::model::simulate::time::{Micros, read_time};
use crate::model::simulate::world::{BadIncident, Incident, Verb};
use crate::model::topology::{
    BadEdit, Edit, Finding, Server, Subject, Topology, edit_verbs, nearest, notation,
};

/// One step, for the design that it was read for.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Draw(Edit),
    /// The fix of a finding, as its button does it.
    Fix {
        rule: String,
        server: Option<String>,
    },
    Undo,
    /// Begins a story, with what was given.
    WhatIf,
    Happen(Incident),
    /// So many moments of the story.
    Back(usize),
    Leave,
    InTime,
    Play(Micros),
    Answer {
        ask: String,
        values: Vec<String>,
    },
    /// The whole design as text: for what has no words.
    Design(String),
}

/// A line that is not a step.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadStep {
    #[error("nothing is given; write for example \"what-if\"")]
    Empty,
    #[error("\"{word}\" is not a known step{}", near.as_ref().map_or_else(String::new, |near| format!("; did you mean \"{near}\"?")))]
    Verb { word: String, near: Option<String> },
    #[error("the syntax is \"{0}\"")]
    Usage(&'static str),
    #[error(transparent)]
    Edit(#[from] BadEdit),
    #[error(transparent)]
    Incident(#[from] BadIncident),
}

/// The steps that are neither edits nor events.
const USAGES: [&str; 9] = [
    "fix RULE [SERVER]",
    "undo",
    "what-if",
    "back NUMBER",
    "leave",
    "in-time",
    "play TIME",
    "answer QUESTION VALUE …",
    "design TEXT",
];

impl Step {
    /// Reads a step for this design.
    ///
    /// # Errors
    ///
    /// If the line is not a step, or names what the design does not have.
    pub fn parse(text: &str, topology: &Topology) -> Result<Self, BadStep> {
        let words = notation::split(text).map_err(|_| BadEdit::OpenQuote)?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Ok(match words.as_slice() {
            [] => return Err(BadStep::Empty),
            ["fix", rule] => Self::Fix {
                rule: (*rule).to_owned(),
                server: None,
            },
            ["fix", rule, server] => Self::Fix {
                rule: (*rule).to_owned(),
                server: Some((*server).to_owned()),
            },
            ["undo"] => Self::Undo,
            ["what-if"] => Self::WhatIf,
            ["back", number] => Self::Back(number.parse().map_err(|_| BadStep::Usage("back NUMBER"))?),
            ["leave"] => Self::Leave,
            ["in-time"] => Self::InTime,
            ["play", time] => {
                Self::Play(read_time(time).map_err(|_| BadStep::Usage("play TIME, for example play 2s"))?)
            }
            ["answer", ask, values @ ..] if !values.is_empty() => Self::Answer {
                ask: (*ask).to_owned(),
                values: values.iter().map(|value| (*value).to_owned()).collect(),
            },
            ["design", text] => Self::Design((*text).to_owned()),
            [verb, ..] if Verb::parse(verb).is_some() => Self::Happen(Incident::parse(text, topology)?),
            [verb, ..] => {
                if let Some(usage) = of(verb) {
                    return Err(BadStep::Usage(usage));
                }
                known(verb)?;
                Self::Draw(Edit::parse(text, topology)?)
            }
        })
    }

    /// Looks at the word that a line begins with, where the design is not known yet.
    ///
    /// # Errors
    ///
    /// If no step begins with it.
    pub fn check(text: &str) -> Result<(), BadStep> {
        let words = notation::split(text).map_err(|_| BadEdit::OpenQuote)?;
        let verb = words.first().ok_or(BadStep::Empty)?;
        known(verb)
    }

    /// What [`Step::parse`] reads as this step.
    pub fn text(&self, topology: &Topology) -> Option<String> {
        Some(match self {
            Self::Draw(edit) => edit.text(topology)?,
            Self::Fix { rule, server: None } => format!("fix {rule}"),
            Self::Fix {
                rule,
                server: Some(server),
            } => format!("fix {rule} {}", notation::quote(server)),
            Self::Undo => "undo".to_owned(),
            Self::WhatIf => "what-if".to_owned(),
            Self::Happen(incident) => incident.text(topology),
            Self::Back(number) => format!("back {number}"),
            Self::Leave => "leave".to_owned(),
            Self::InTime => "in-time".to_owned(),
            Self::Play(micros) => format!("play {micros}us"),
            Self::Answer { ask, values } => {
                let values: Vec<String> = values.iter().map(|value| notation::quote(value)).collect();
                format!("answer {} {}", notation::quote(ask), values.join(" "))
            }
            Self::Design(text) => format!("design \"{}\"", text.replace('"', "\"\"")),
        })
    }

    /// What a command of the window is called here; what has no words is the design that came of it.
    pub fn of(command: &Command, before: &Topology, after: &str) -> Option<Self> {
        match command {
            Command::Edit(edit) if edit.text(before).is_some() => Some(Self::Draw(edit.clone())),
            Command::Edit(_) | Command::Edits { .. } => Some(Self::Design(after.to_owned())),
            // Where cards stand changes nothing that is asked.
            _ => None,
        }
    }
}

/// The edits of a finding's fix.
pub(super) fn fix<'f>(
    findings: &'f [Finding],
    topology: &Topology,
    rule: &str,
    server: Option<&str>,
) -> Option<&'f [Edit]> {
    let on = server.and_then(|name| topology.by_name(name)).map(Server::id);
    let it = findings.iter().find(|finding| {
        finding.rule == rule
            && (server.is_none() || on.is_some_and(|id| finding.subject == Subject::Server(id)))
    });
    it.and_then(|finding| finding.fix.as_ref())
        .map(|fix| fix.edits.as_slice())
}

fn of(verb: &str) -> Option<&'static str> {
    USAGES
        .into_iter()
        .find(|usage| usage.split(' ').next() == Some(verb))
}

fn known(verb: &str) -> Result<(), BadStep> {
    let own = || USAGES.iter().filter_map(|usage| usage.split(' ').next());
    let all = || own().chain(edit_verbs()).chain(Verb::ALL.map(Verb::word));
    if all().any(|known| known == verb) {
        return Ok(());
    }
    Err(BadStep::Verb {
        word: verb.to_owned(),
        near: nearest(verb, all()).map(str::to_owned),
    })
}
