//! What-if: a mode in which things go wrong and the design stays as it is.

mod in_time;
mod stories;

use std::path::{Path, PathBuf};

use super::super::{
    Effect, InTime, Look, Mode, NoticeKind, Pace, PathPurpose, Session, Survives, Tab, WhatIf, WhatIfMessage,
};
use super::desk::parse;
use super::notices::notify;
use super::paths::ask_path;
use crate::model::lessons;
use crate::model::simulate::time::Scenario;
use crate::model::simulate::world::{Refusal, World};
use crate::model::words::as_sentence;
use crate::report::Report;

pub(super) fn update(session: &mut Session, message: WhatIfMessage) -> Vec<Effect> {
    let Some(what_if) = session.mode.what_if_mut() else {
        let enters = matches!(message, WhatIfMessage::Enter | WhatIfMessage::EnterInTime);
        if enters && !session.live.run.is_running() {
            let mut what_if = begun(session);
            if message == WhatIfMessage::EnterInTime {
                show(&mut what_if, Look::Time);
            }
            session.mode = Mode::WhatIf(Box::new(what_if));
            session.looks.tab = Tab::WhatIf;
        }
        return Vec::new();
    };
    match message {
        WhatIfMessage::Enter | WhatIfMessage::EnterInTime => {}
        WhatIfMessage::Leave => leave(session),
        WhatIfMessage::Do(incident) => {
            let happened = match what_if.time.as_mut().filter(|_| what_if.look == Look::Time) {
                Some(time) => time.happen(incident),
                None => what_if.act(incident),
            };
            tell(session, happened);
        }
        WhatIfMessage::Try(incidents) => {
            show(what_if, Look::Verdict);
            let happened = what_if.begin(&incidents);
            tell(session, happened);
        }
        WhatIfMessage::GoTo(moment) => what_if.go_to(moment),
        WhatIfMessage::Tell(story) => what_if.tell(story),
        WhatIfMessage::Look(look) => show(what_if, look),
        WhatIfMessage::PlayStory => {
            let (topology, story) = (what_if.topology().clone(), what_if.story_in_time());
            match &mut what_if.time {
                Some(time) => time.begin(&topology, story),
                None => what_if.time = Some(InTime::new(&topology, story)),
            }
            show(what_if, Look::Time);
        }
        WhatIfMessage::Time(message) => {
            let problem = what_if
                .time
                .as_mut()
                .and_then(|time| in_time::update(time, message));
            if let Some(problem) = problem {
                notify(session, NoticeKind::Info, problem);
            }
        }
        WhatIfMessage::Keep(name) => stories::keep(session, &name),
        WhatIfMessage::Replay(name) => stories::replay(session, &name),
        WhatIfMessage::Drop(name) => stories::drop_kept(session, name),
        WhatIfMessage::Double(double) => {
            what_if.double = double;
            work_out(what_if);
        }
        WhatIfMessage::StopComparing => what_if.compared = None,
        WhatIfMessage::Compare => return vec![ask_path(session, PathPurpose::CompareDesign)],
        WhatIfMessage::Export => return vec![ask_path(session, PathPurpose::SaveStory)],
        WhatIfMessage::Import => return vec![ask_path(session, PathPurpose::OpenStory)],
    }
    follow(session);
    Vec::new()
}

/// The mode for the design as it is, or for the lesson that the design belongs to.
fn begun(session: &Session) -> WhatIf {
    let document = &session.desk.document;
    let Some(open) = &session.lesson else {
        return WhatIf::new(document.topology(), session.looks.tab);
    };
    let drawn = World::new(document.topology());
    let (world, given) = lessons::given_with_words(&open.lesson, &drawn);
    let has_time = !open.lesson.scenario.is_empty();
    let scenario = has_time.then(|| lessons::scenario(&open.lesson, document));
    WhatIf::from(world, given, scenario, session.looks.tab)
}

/// What is looked at in time may have changed: the cards follow.
fn follow(session: &mut Session) {
    if let Some(what_if) = session.mode.what_if_mut()
        && what_if.time.as_mut().is_some_and(InTime::look)
    {
        what_if.has_changed();
    }
}

/// Shows another side of the panel. What is only worked out when it is looked at is worked out now.
fn show(what_if: &mut WhatIf, look: Look) {
    if look == Look::Time && what_if.time.is_none() {
        let scenario = what_if.scenario.clone();
        let scenario = scenario.unwrap_or_else(|| what_if.story_in_time());
        let mut time = InTime::new(what_if.topology(), scenario);
        if what_if.scenario.is_some() {
            time.pace = Pace::OF_LESSON;
        }
        what_if.time = Some(time);
    }
    if look != Look::Time
        && let Some(time) = &mut what_if.time
    {
        time.play(false);
    }
    what_if.look = look;
    what_if.has_changed();
    work_out(what_if);
}

/// Back to the design, which nothing has changed.
pub(super) fn leave(session: &mut Session) {
    if let Mode::WhatIf(what_if) = std::mem::take(&mut session.mode)
        && session.looks.tab == Tab::WhatIf
    {
        session.looks.tab = what_if.tab_before;
    }
}

/// What cannot happen is said.
fn tell(session: &mut Session, happened: Result<(), Refusal>) {
    if let Err(refusal) = happened {
        let report = Report::new(as_sentence(&refusal.to_string()));
        notify(session, NoticeKind::Info, report);
    }
}

/// What is survived is worked out when it is looked at, and not before.
fn work_out(what_if: &mut WhatIf) {
    if what_if.look != Look::Survives {
        return;
    }
    let double = what_if.double;
    match &mut what_if.survives {
        Some(survives) => survives.work_out(double),
        None => what_if.survives = Some(Survives::of(what_if.topology(), double)),
    }
    if let Some(compared) = &mut what_if.compared {
        compared.work_out(double);
    }
}

/// The next file that is read is for this.
pub(super) fn await_file(session: &mut Session, purpose: PathPurpose) {
    if let Some(what_if) = session.mode.what_if_mut() {
        what_if.awaited = Some(purpose);
    }
}

/// What the file that was read is for, if it is for What-if.
pub(super) fn awaited(session: &mut Session) -> Option<PathPurpose> {
    session.mode.what_if_mut()?.awaited.take()
}

pub(super) fn read(session: &mut Session, purpose: PathPurpose, path: &Path, text: &str) {
    match purpose {
        PathPurpose::CompareDesign => compare(session, path, text),
        PathPurpose::OpenStory => import(session, text),
        // These are no files that What-if waits for.
        PathPurpose::OpenDesign
        | PathPurpose::SaveDesign
        | PathPurpose::ExportBundle
        | PathPurpose::ExportFolder(_)
        | PathPurpose::Import { .. }
        | PathPurpose::SaveReport(_)
        | PathPurpose::ExportPicture(..)
        | PathPurpose::SaveStory
        | PathPurpose::OpenLesson
        | PathPurpose::ExportProgress
        | PathPurpose::ImportProgress => {}
    }
}

fn compare(session: &mut Session, path: &Path, text: &str) {
    let other = parse(session, Some(path), text);
    if let (Some(other), Some(what_if)) = (other, session.mode.what_if_mut()) {
        what_if.compared = Some(Survives::of(other.topology(), what_if.double));
        what_if.look = Look::Survives;
        work_out(what_if);
    }
}

fn import(session: &mut Session, text: &str) {
    let Some(what_if) = session.what_if() else {
        return;
    };
    let (scenario, problems) = what_if.read(text);
    if problems.is_empty() {
        begin(session, scenario);
        return;
    }
    let mut report = Report::new("That story does not fit this design").hint(
        "A story has one event per line, such as \"crash slave1\" or, with a time, \"at 2s crash \
             slave1\"",
    );
    report.causes = problems.iter().map(ToString::to_string).collect();
    notify(session, NoticeKind::Problem, report);
}

/// Tells a story on the side that is looked at: in time, or moment by moment.
fn begin(session: &mut Session, scenario: Scenario) {
    let Some(what_if) = session.mode.what_if_mut() else {
        return;
    };
    let topology = what_if.topology().clone();
    if let Some(time) = what_if.time.as_mut().filter(|_| what_if.look == Look::Time) {
        time.begin(&topology, scenario);
        follow(session);
        return;
    }
    let incidents: Vec<_> = scenario.events.iter().map(|event| event.incident).collect();
    what_if.look = Look::Verdict;
    let happened = what_if.begin(&incidents);
    tell(session, happened);
}

/// The story that is told, as a file.
pub(super) fn write(session: &Session, path: PathBuf) -> Option<Effect> {
    let text = session.what_if()?.text();
    Some(Effect::Write {
        purpose: PathPurpose::SaveStory,
        path,
        bytes: text.into_bytes(),
        text: None,
        expected: None,
    })
}
