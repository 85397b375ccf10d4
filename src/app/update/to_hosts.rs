//! The design goes to its hosts by Ansible: how, what the playbook would do, and how it ended.

use super::super::{
    Dialog, Effect, HostsPlan, ImportMessage, ImportSource, Message, NoticeKind, RunView, Session, Tab,
    ToHosts,
};
use super::notices::notify_with_folder;
use super::paths::files_folder;
use super::{deploy, unsaved};
use crate::app::job::Job;
use crate::engine::ansible::Prospect;
use crate::model::plan::{Outcome, Progress};
use crate::report::Report;

pub(super) fn ask(session: &mut Session) -> Vec<Effect> {
    if session.live.run.is_running() || is_taken(session) {
        return Vec::new();
    }
    session.dialog = Some(Dialog::ToHosts(suggested(session)));
    Vec::new()
}

pub(super) fn look(session: &mut Session, asked: ToHosts) -> Vec<Effect> {
    if matches!(session.dialog, Some(Dialog::ToHosts(_))) {
        session.dialog = None;
    }
    if session.live.run.is_running() || is_taken(session) || asked.folder.trim().is_empty() {
        return Vec::new();
    }
    session.looks.tab = Tab::Deploy;
    session.live.to_hosts = Some(asked.clone());
    session.live.run = RunView::HostsLooking { asked: asked.clone() };
    vec![Effect::LookToHosts {
        document: Box::new(session.desk.document.clone()),
        asked,
    }]
}

pub(super) fn looked(
    session: &mut Session,
    asked: ToHosts,
    planned: Result<Box<HostsPlan>, Report>,
) -> Vec<Effect> {
    // An answer to a question that nobody asks any more is not shown.
    let is_awaited = matches!(&session.live.run, RunView::HostsLooking { asked: now } if *now == asked);
    // A card that was moved meanwhile changes no server: nobody looks again for it.
    let drawn = session.desk.document.topology();
    let is_of_drawing = planned.as_ref().map_or(true, |planned| {
        planned.prospect.document.topology().has_same_configuration(drawn)
    });
    if is_awaited && is_of_drawing {
        session.live.run = RunView::HostsPlanned { asked, planned };
    }
    Vec::new()
}

pub(super) fn confirm(session: &mut Session) -> Vec<Effect> {
    if is_taken(session) {
        return Vec::new();
    }
    let RunView::HostsPlanned {
        planned: Ok(planned), ..
    } = &session.live.run
    else {
        return Vec::new();
    };
    let planned = planned.clone();
    let run = session.live.next_run;
    session.live.next_run += 1;
    session.live.run = RunView::Run {
        run,
        job: Job::Playbook(Box::new(planned.prospect.clone())),
        progress: Progress::default(),
        cancelling: false,
    };
    session.looks.tab = Tab::Deploy;
    vec![Effect::StartPlaybook { run, planned }]
}

/// How the playbook ended.
pub(super) fn settled(session: &mut Session, prospect: &Prospect, outcome: Outcome) {
    let name = prospect.document.topology().name();
    let (kind, mut report, remains) = match outcome {
        Outcome::Done => {
            let headline = format!("\"{name}\" runs on its hosts as drawn and is verified");
            (NoticeKind::Done, Report::new(headline), Vec::new())
        }
        Outcome::Failed {
            reason,
            hints,
            remains,
        } => {
            let mut report = Report::new("The playbook failed");
            report.causes.push(reason);
            report.hints = hints;
            (NoticeKind::Problem, report, remains)
        }
        Outcome::Cancelled { remains } => (
            NoticeKind::Info,
            Report::new("The playbook was cancelled"),
            remains,
        ),
    };
    report.causes.extend(remains);
    let folder = prospect.project.folder().to_owned();
    notify_with_folder(session, kind, report, Some(folder));
}

/// Asks how its servers are reached from here; from then on they are watched like anybody else's.
pub(super) fn watch(session: &mut Session) -> Vec<Effect> {
    let primary = session.desk.document.topology().primary();
    let source = ImportSource {
        connection: format!(
            "host={} port={} user=postgres dbname=postgres",
            primary.host(),
            primary.port()
        ),
        watch: true,
        ..ImportSource::default()
    };
    unsaved::ask(session, Message::Import(ImportMessage::Ask(source)))
}

/// One window has one cluster. One that is only watched may be the one on these hosts.
fn is_taken(session: &mut Session) -> bool {
    !session.live.is_foreign() && deploy::refuse_second(session)
}

/// What was asked for last; else beside the design's file, as the command line does.
fn suggested(session: &Session) -> ToHosts {
    session.live.to_hosts.clone().unwrap_or_else(|| {
        let unsaved = || files_folder(session).join(session.file_stem());
        let folder = session.desk.path.clone().unwrap_or_else(unsaved);
        let folder = folder.with_extension("ansible");
        ToHosts {
            folder: folder.to_string_lossy().into_owned(),
            ..ToHosts::default()
        }
    })
}
