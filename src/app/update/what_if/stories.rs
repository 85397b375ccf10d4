//! Stories that the design keeps: an edit of the design, and none of its configuration, so that it is allowed in What-if.

use super::super::super::{NoticeKind, Session};
use super::super::desk::show_document;
use super::super::notices::notify;
use super::begin;
use crate::model::document::{Command, KeptScenario};
use crate::model::words::as_sentence;
use crate::report::Report;

/// The story that is looked at, under this name.
pub(super) fn keep(session: &mut Session, name: &str) {
    let name = name.trim();
    let Some(what_if) = session.what_if() else {
        return;
    };
    if name.is_empty() {
        let report = Report::new("A story needs a name").hint("Type one, for example \"the relay dies\"");
        notify(session, NoticeKind::Info, report);
        return;
    }
    let kept = KeptScenario {
        name: name.to_owned(),
        text: what_if.text(),
    };
    if apply(session, &Command::KeepScenario(kept)) {
        let report = Report::new(format!("The story \"{name}\" was added to the design"))
            .hint("Save the design to write it to the file; undo it outside What-if");
        notify(session, NoticeKind::Done, report);
    }
}

/// Told again for the design as it is now: what it says of servers that are gone is left out, and told.
pub(super) fn replay(session: &mut Session, name: &str) {
    let (Some(what_if), Some(kept)) = (session.what_if(), session.desk.document.scenario(name)) else {
        return;
    };
    let (scenario, problems) = what_if.read(&kept.text);
    begin(session, scenario);
    if problems.is_empty() {
        return;
    }
    let mut report = Report::new(format!("Some lines of the story \"{name}\" cannot be played"))
        .hint("These lines are skipped; save the story again to remove them");
    report.causes = problems
        .iter()
        .map(|problem| as_sentence(&problem.to_string()))
        .collect();
    notify(session, NoticeKind::Info, report);
}

pub(super) fn drop_kept(session: &mut Session, name: String) {
    apply(session, &Command::DropScenario(name));
}

/// An edit that leaves the servers alone, so that What-if can go on; false if it changed nothing.
fn apply(session: &mut Session, command: &Command) -> bool {
    let mut after = session.desk.document.clone();
    if after.apply(command).is_err() || after == session.desk.document {
        return false;
    }
    let label = command.label(session.desk.document.topology());
    session.desk.history.record(session.desk.document.clone(), label);
    drop(show_document(session, after));
    true
}
