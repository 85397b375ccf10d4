//! Something of the watched cluster is broken on purpose, or repaired. The list of what is broken comes with what the watcher
//! sees, so that a failure leaves it as it is.

use std::path::{Path, PathBuf};

use super::super::breaking::{Breaking, BreakingMessage};
use super::super::{Effect, NoticeKind, Session};
use super::notices::{notify, notify_with_folder};
use super::one_at_a_time::{cluster_in, put_away_run};
use crate::model::fault::Fault;
use crate::report::Report;

pub(super) fn update(session: &mut Session, message: BreakingMessage) -> Vec<Effect> {
    match message {
        BreakingMessage::Make(fault) => make(session, fault),
        BreakingMessage::Repair(text) => repair(session, text),
        BreakingMessage::Cancel => cancel(session),
        BreakingMessage::Made(folder, said) => made(session, &folder, &said),
        BreakingMessage::Repaired(folder, said) => repaired(session, &folder, &said),
        BreakingMessage::Failed(folder, report) => failed(session, &folder, report),
    }
}

fn make(session: &mut Session, fault: Fault) -> Vec<Effect> {
    let Some(laboratory) = session.laboratory() else {
        return Vec::new();
    };
    if let Err(reason) = laboratory.may(fault) {
        notify(session, NoticeKind::Info, refusal(&reason));
        return Vec::new();
    }
    let text = laboratory.text(fault);
    let doing = laboratory.words(fault).doing;
    begin(session, doing, Some(fault), |folder| Effect::Break {
        folder,
        fault: text,
    })
}

/// One, by its text; or else all.
fn repair(session: &mut Session, text: Option<String>) -> Vec<Effect> {
    let Some(laboratory) = session.laboratory() else {
        return Vec::new();
    };
    if let Err(reason) = laboratory.may_repair() {
        notify(session, NoticeKind::Info, refusal(&reason));
        return Vec::new();
    }
    let subject = match &text {
        None => "everything".to_owned(),
        Some(text) => {
            let made = laboratory.made().iter().find(|made| made.text == *text);
            let fault = made.and_then(|made| made.fault);
            fault.map_or_else(|| text.clone(), |fault| laboratory.words(fault).subject)
        }
    };
    begin(session, format!("Repairing {subject}"), None, |folder| {
        Effect::Repair { folder, fault: text }
    })
}

fn begin(
    session: &mut Session,
    doing: String,
    fault: Option<Fault>,
    effect: impl FnOnce(PathBuf) -> Effect,
) -> Vec<Effect> {
    let Some(cluster) = &mut session.live.cluster else {
        return Vec::new();
    };
    cluster.busy = Some(doing);
    let folder = cluster.folder.clone();
    session.live.breaking = Some(Breaking {
        folder: folder.clone(),
        fault,
        is_cancelling: false,
    });
    put_away_run(session);
    vec![effect(folder)]
}

fn cancel(session: &mut Session) -> Vec<Effect> {
    match &mut session.live.breaking {
        Some(breaking) if !breaking.is_cancelling => {
            breaking.is_cancelling = true;
            vec![Effect::CancelBreaking]
        }
        _ => Vec::new(),
    }
}

/// It is broken; the engine says what it did.
fn made(session: &mut Session, folder: &Path, said: &[String]) -> Vec<Effect> {
    let fault = ended(session, folder).and_then(|breaking| breaking.fault);
    let words = fault.and_then(|fault| Some(session.laboratory()?.words(fault)));
    let done = match &words {
        Some(words) => words.done.clone(),
        None => without_stop(said.first().map_or("It is done.", String::as_str)),
    };
    let mut report = Report::new(done);
    report.hints.extend(words.map(|words| words.seen));
    settle(session, folder, report)
}

fn repaired(session: &mut Session, folder: &Path, said: &[String]) -> Vec<Effect> {
    ended(session, folder);
    let report = match said {
        [] => Report::new("There was nothing to repair"),
        [one] => Report::new(without_stop(one)),
        several => {
            let mut report = Report::new("Everything is repaired");
            report.causes = several.to_vec();
            report
        }
    };
    settle(session, folder, report)
}

fn settle(session: &mut Session, folder: &Path, report: Report) -> Vec<Effect> {
    if let Some(cluster) = cluster_in(session, folder) {
        cluster.busy = None;
        notify(session, NoticeKind::Done, report);
    }
    session.start.look_again()
}

/// What is broken stays listed. A cancel is not a problem.
fn failed(session: &mut Session, folder: &Path, why: Report) -> Vec<Effect> {
    let is_cancelled = ended(session, folder).is_some_and(|breaking| breaking.is_cancelling);
    let doing = cluster_in(session, folder).and_then(|cluster| cluster.busy.take());
    let (kind, report) = match doing {
        Some(doing) if is_cancelled => (NoticeKind::Info, Report::new(format!("{doing} was cancelled"))),
        Some(doing) => {
            let mut report = Report::new(format!("{doing} failed"));
            report.causes.push(why.headline);
            report.causes.extend(why.causes);
            report.hints = why.hints;
            (NoticeKind::Problem, report)
        }
        None => (NoticeKind::Problem, why),
    };
    notify_with_folder(session, kind, report, Some(folder.to_owned()));
    session.start.look_again()
}

/// What was under way on this cluster is not any more, whatever came of it.
fn ended(session: &mut Session, folder: &Path) -> Option<Breaking> {
    session
        .live
        .breaking
        .take_if(|breaking| breaking.folder == folder)
}

/// The reason, and in the lines after it what makes it possible.
fn refusal(reason: &str) -> Report {
    let mut lines = reason.lines();
    let report = Report::new(without_stop(lines.next().unwrap_or_default()));
    lines.fold(report, Report::hint)
}

/// Headlines of notices have no full stop.
fn without_stop(sentence: &str) -> String {
    sentence.trim_end_matches('.').to_owned()
}
