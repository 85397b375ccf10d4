//! What a learner does is noted as steps, so that it can be played again.

use super::super::{DesignMessage, Look, Message, Session, WhatIfMessage};
use crate::model::lessons::Step;
use crate::model::simulate::time::{Happened, Run, What};
use crate::model::simulate::world::Incident;
use crate::model::topology::Server;

/// What was there before a message, for the step that it is.
#[derive(Debug)]
pub(super) struct Before {
    step: Option<String>,
    revision: u64,
    what_if: Option<u64>,
    time: Option<u64>,
}

/// `None`: no lesson is open.
pub(super) fn before(session: &Session, message: &Message) -> Option<Before> {
    session.lesson.as_ref()?;
    Some(Before {
        step: step(session, message),
        revision: session.desk.revision,
        what_if: session.what_if().map(super::super::WhatIf::revision),
        time: run(session).map(Run::now),
    })
}

/// Notes the step if anything came of it.
pub(super) fn note(session: &mut Session, before: Option<Before>) {
    let Some(before) = before else {
        return;
    };
    let mut steps = Vec::new();
    let is_drawn = before.revision != session.desk.revision;
    let is_told = before.what_if != session.what_if().map(super::super::WhatIf::revision);
    match before.step {
        Some(step) if is_drawn || is_told => steps.push(step),
        _ if is_drawn => {
            let text = session.desk.document.text();
            steps.extend(Step::Design(text).text(session.desk.document.topology()));
        }
        _ => {}
    }
    match (before.time, run(session)) {
        (Some(then), Some(run)) if run.now() > then => steps.push(format!("play {}us", run.now() - then)),
        (Some(then), Some(run)) if run.now() < then => steps.extend(again(session, run)),
        (None, Some(run)) if run.now() > 0 => steps.extend(again(session, run)),
        _ => {}
    }
    if let Some(open) = session.lesson.as_mut().filter(|open| !open.ticks.is_shown) {
        for step in steps {
            open.journal.push(step);
        }
    }
}

fn run(session: &Session) -> Option<&Run> {
    Some(session.what_if()?.in_time()?.run())
}

fn step(session: &Session, message: &Message) -> Option<String> {
    let topology = session.desk.document.topology();
    match message {
        Message::Design(DesignMessage::Do(command)) => {
            let crate::model::document::Command::Edit(edit) = command else {
                return None;
            };
            edit.text(topology)
        }
        Message::Design(DesignMessage::Undo) => Some("undo".to_owned()),
        Message::Design(DesignMessage::Fix(place)) => {
            let finding = session.derived.findings.get(*place)?;
            let server = match finding.subject {
                crate::model::topology::Subject::Cluster => None,
                crate::model::topology::Subject::Server(id) => topology.server(id).map(Server::name),
            };
            let step = Step::Fix {
                rule: finding.rule.to_owned(),
                server: server.map(ToString::to_string),
            };
            step.text(topology)
        }
        Message::WhatIf(message) => of_story(session, message),
        _ => None,
    }
}

fn of_story(session: &Session, message: &WhatIfMessage) -> Option<String> {
    let topology = session.desk.document.topology();
    let what_if = session.what_if();
    Some(match message {
        WhatIfMessage::Enter => "what-if".to_owned(),
        WhatIfMessage::EnterInTime => "in-time".to_owned(),
        WhatIfMessage::Look(Look::Time) if what_if?.time.is_none() => "in-time".to_owned(),
        WhatIfMessage::Leave => "leave".to_owned(),
        WhatIfMessage::Do(incident) => incident.text(topology),
        WhatIfMessage::GoTo(moment) => {
            let back = what_if?.moments().1.checked_sub(*moment)?;
            format!("back {back}")
        }
        _ => return None,
    })
}

/// Time is not played backwards: the run from its beginning, with what the learner let happen.
fn again(session: &Session, run: &Run) -> Vec<String> {
    let topology = session.desk.document.topology();
    let given = session.lesson.as_ref().map(|open| {
        let scenario = crate::model::lessons::scenario(&open.lesson, &session.desk.document);
        scenario.events
    });
    let is_given = |at: u64, incident: Incident| {
        let mut events = given.iter().flatten();
        events.any(|event| event.at == at && event.incident == incident)
    };
    let mut steps = vec!["in-time".to_owned()];
    let mut now = 0;
    for Happened { at, what, outcome } in run.happened() {
        let What::Event(incident) = what else {
            continue;
        };
        if outcome.is_err() || is_given(*at, *incident) {
            continue;
        }
        // It happens with the next tick.
        let wait = at
            .saturating_sub(now)
            .saturating_sub(crate::model::simulate::time::TICK);
        if wait > 0 {
            steps.push(format!("play {wait}us"));
        }
        steps.push(incident.text(topology));
        now = *at;
    }
    if run.now() > now {
        steps.push(format!("play {}us", run.now() - now));
    }
    steps
}
