//! The lesson that is open, shown on real servers in a folder of its own.

use super::super::{Effect, LessonMessage, Looked, NoticeKind, Proof, Session};
use super::notices::notify;
use crate::model::lessons::On;
use crate::report::Report;

pub(super) fn update(session: &mut Session, message: LessonMessage) -> Vec<Effect> {
    match message {
        LessonMessage::Prove => prove(session),
        LessonMessage::ProofStep(step) => {
            if let Some(proof) = running(session) {
                proof.steps.retain(|one| one.step != step.step);
                proof.steps.push(step);
            }
            Vec::new()
        }
        LessonMessage::ProofEnded(ended) => {
            end(session, ended);
            let progress = Box::new(session.learning.progress.clone());
            vec![Effect::KeepProgress(progress)]
        }
        LessonMessage::CancelProof => {
            let proof = running(session);
            let is_new = proof.is_some_and(|proof| !std::mem::replace(&mut proof.is_cancelled, true));
            is_new.then_some(Effect::CancelProof).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn running(session: &mut Session) -> Option<&mut Proof> {
    let proof = session.lesson.as_mut()?.proof.as_mut();
    proof.filter(|proof| proof.is_running())
}

fn prove(session: &mut Session) -> Vec<Effect> {
    let folder = session.default_folder.clone();
    let Some(open) = &mut session.lesson else {
        return Vec::new();
    };
    if open.proof.as_ref().is_some_and(Proof::is_running) {
        return Vec::new();
    }
    open.proof = Some(Proof::default());
    let lesson = &open.lesson;
    let name = open.file.as_ref().map_or_else(
        || lesson.name.clone(),
        |own| own.path.to_string_lossy().into_owned(),
    );
    vec![Effect::Prove {
        name,
        lesson: Box::new((**lesson).clone()),
        folder: folder.join(format!("proof-{}", lesson.name)),
    }]
}

fn end(session: &mut Session, ended: Result<Vec<String>, Report>) {
    let Some(open) = session.lesson.as_mut() else {
        return;
    };
    let Some(proof) = open.proof.as_mut().filter(|proof| proof.is_running()) else {
        return;
    };
    let is_cancelled = proof.is_cancelled;
    proof.ended = Some(ended.clone());
    let title = open.lesson.title.clone();
    match ended {
        Ok(goals) => {
            let asked = open.lesson.goals.iter().filter(|goal| goal.on == On::Servers);
            open.ticks.held.extend(asked.map(|goal| goal.id.clone()));
            // It is looked at again, with these.
            open.looked = Looked::default();
            let record = session.learning.progress.begin(&open.lesson.name);
            record.proved = record.solved;
            let mut report = Report::new(format!("Proved on real servers: {title}"));
            report.causes = goals;
            notify(session, NoticeKind::Done, report);
        }
        Err(_) if is_cancelled => {}
        Err(report) => notify(session, NoticeKind::Problem, report),
    }
}
