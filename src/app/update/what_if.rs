//! What-if: a mode in which things go wrong and the design stays as it is.

use std::path::{Path, PathBuf};

use super::super::{Effect, Look, NoticeKind, PathPurpose, Session, Survives, Tab, WhatIf, WhatIfMessage};
use super::{file, notify, sentence};
use crate::model::simulate::world::Refusal;
use crate::report::Report;

pub(super) fn update(session: &mut Session, message: WhatIfMessage) -> Vec<Effect> {
    let Some(what_if) = &mut session.what_if else {
        if message == WhatIfMessage::Enter && !session.run.is_running() {
            let topology = session.document.topology();
            session.what_if = Some(WhatIf::new(topology, session.tab));
            session.tab = Tab::WhatIf;
        }
        return Vec::new();
    };
    match message {
        WhatIfMessage::Enter => {}
        WhatIfMessage::Leave => leave(session),
        WhatIfMessage::Do(action) => {
            let happened = what_if.act(action);
            tell(session, happened);
        }
        WhatIfMessage::Try(actions) => {
            let happened = what_if.begin(&actions);
            what_if.look = Look::Verdict;
            tell(session, happened);
        }
        WhatIfMessage::GoTo(moment) => what_if.go_to(moment),
        WhatIfMessage::Tell(story) => what_if.tell(story),
        WhatIfMessage::Look(look) => {
            what_if.look = look;
            work_out(what_if);
        }
        WhatIfMessage::Double(double) => {
            what_if.double = double;
            work_out(what_if);
        }
        WhatIfMessage::StopComparing => what_if.compared = None,
        WhatIfMessage::Compare => return vec![file::ask_path(session, PathPurpose::CompareDesign)],
        WhatIfMessage::Export => return vec![file::ask_path(session, PathPurpose::SaveStory)],
        WhatIfMessage::Import => return vec![file::ask_path(session, PathPurpose::OpenStory)],
    }
    Vec::new()
}

/// Back to the design, which nothing has changed.
pub(super) fn leave(session: &mut Session) {
    if let Some(what_if) = session.what_if.take()
        && session.tab == Tab::WhatIf
    {
        session.tab = what_if.tab_before;
    }
}

/// What cannot happen is said.
fn tell(session: &mut Session, happened: Result<(), Refusal>) {
    if let Err(refusal) = happened {
        let report = Report::new(sentence(&refusal.to_string()));
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
        None => what_if.survives = Some(Survives::of(what_if.world().topology(), double)),
    }
    if let Some(compared) = &mut what_if.compared {
        compared.work_out(double);
    }
}

/// The next file that is read is for this.
pub(super) fn await_file(session: &mut Session, purpose: PathPurpose) {
    if let Some(what_if) = &mut session.what_if {
        what_if.awaited = Some(purpose);
    }
}

/// What the file that was read is for, if it is for What-if.
pub(super) fn awaited(session: &mut Session) -> Option<PathPurpose> {
    session.what_if.as_mut()?.awaited.take()
}

pub(super) fn read(session: &mut Session, purpose: PathPurpose, path: &Path, text: &str) {
    match purpose {
        PathPurpose::CompareDesign => compare(session, path, text),
        PathPurpose::OpenStory => import(session, text),
        // These are no files that What-if waits for.
        PathPurpose::OpenDesign
        | PathPurpose::SaveDesign
        | PathPurpose::ExportBundle
        | PathPurpose::ExportPicture(_)
        | PathPurpose::SaveStory => {}
    }
}

fn compare(session: &mut Session, path: &Path, text: &str) {
    let other = file::parse(session, Some(path), text);
    if let (Some(other), Some(what_if)) = (other, &mut session.what_if) {
        what_if.compared = Some(Survives::of(other.topology(), what_if.double));
        what_if.look = Look::Survives;
        work_out(what_if);
    }
}

fn import(session: &mut Session, text: &str) {
    let Some(what_if) = &mut session.what_if else {
        return;
    };
    match what_if.read(text) {
        Ok(actions) => {
            let happened = what_if.begin(&actions);
            tell(session, happened);
        }
        Err(problems) => {
            let mut report = Report::new("That story cannot be told for this design")
                .hint("A story has one action a line, such as \"crash slave1\"");
            report.causes = problems;
            notify(session, NoticeKind::Problem, report);
        }
    }
}

/// The story that is told, as a file.
pub(super) fn write(session: &Session, path: PathBuf) -> Option<Effect> {
    let text = session.what_if.as_ref()?.text();
    Some(Effect::Write {
        purpose: PathPurpose::SaveStory,
        path,
        bytes: text.into_bytes(),
        text: None,
        expected: None,
    })
}
