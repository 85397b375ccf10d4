//! A lesson proved on real servers: its solution is deployed in a folder of its own, what the lesson does to servers is done to
//! them, its goals are asked of what runs, and everything is removed again.
//!
//! `steps` performs the lesson's own steps; `rows` writes a row and looks for it.

mod rows;
mod steps;

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::engine::cluster;
use crate::engine::deploy::{self, Cancel, Request, Run};
use crate::engine::system::wait::{Failure, Wait};
use crate::model::bundle;
use crate::model::document::{Command, Document};
use crate::model::lessons::{self, Bench, Goal, Lesson, Live, On, ProofStep};
use crate::model::plan::{self, Check, Machine, Outcome, RunEvent};
use crate::model::topology::{Edit, Severity, check, digest};
use crate::report::Report;
use steps::Lab;

/// For servers to show what they are asked for: a standby that has to connect again may need most of it.
const PATIENCE: Duration = Duration::from_mins(1);
/// A proof is the only run of its cluster at a time.
const RUN: u64 = 1;
/// The predicate for which the cluster is verified.
const VERIFIED: &str = "proved";
/// More than a burst of output lines.
const EVENTS: usize = 256;

/// Where and with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub folder: PathBuf,
    /// `None`: the lesson's version among the installed ones, or else the newest.
    pub bin: Option<PathBuf>,
    /// The directory that initdb makes is kept here for the next run.
    pub cache: Option<PathBuf>,
    /// The servers stay when it is over, however it ended.
    pub keeps: bool,
}

/// Proves the lesson. The sentences are what was asked and found.
///
/// # Errors
///
/// If the machine cannot run the servers, a step cannot be done, or the servers do not show what the lesson says.
pub async fn prove(
    lesson: &Lesson,
    place: &Place,
    told: mpsc::Sender<ProofStep>,
    cancel: Cancel,
) -> Result<Vec<String>, Report> {
    if !lesson.asks_servers() && lesson.lab.is_empty() {
        return Err(Report::new("This lesson asks nothing of servers.")
            .hint("What it says is proved in What-if alone."));
    }
    let (document, machine) = for_this_machine(lesson, place).await?;
    let listener = Listener {
        told,
        of: lesson.lab.len() + 2 + usize::from(!place.keeps),
    };
    let servers = document.topology().servers().len();
    let what = format!(
        "Deploy {} in {}",
        crate::model::words::counted(servers, "server"),
        place.folder.display()
    );
    listener.begin(1, &what).await;
    deployed(&document, machine, place, &cancel).await?;
    listener.done(1, &what).await;
    let proved = on_servers(lesson, place, &listener, &cancel).await;
    if place.keeps {
        return proved;
    }
    let what = "Remove the servers again";
    listener.begin(listener.of, what).await;
    // Also after a cancel: nothing of it is to stay.
    let removed = cluster::teardown(&place.folder, Cancel::default().soft).await;
    let proved = proved?;
    removed?;
    listener.done(listener.of, what).await;
    Ok(proved)
}

struct Listener {
    told: mpsc::Sender<ProofStep>,
    of: usize,
}

impl Listener {
    async fn begin(&self, step: usize, text: &str) {
        self.tell(step, text, false).await;
    }

    async fn done(&self, step: usize, text: &str) {
        self.tell(step, text, true).await;
    }

    async fn tell(&self, step: usize, text: &str, is_done: bool) {
        tracing::info!(
            "proof, step {step}: {text}{}",
            if is_done { ": done" } else { "" }
        );
        let told = ProofStep {
            step,
            of: self.of,
            text: text.to_owned(),
            is_done,
        };
        // Nobody may listen.
        let _ = self.told.send(told).await;
    }
}

/// What the lesson does to servers, and then its goals.
async fn on_servers(
    lesson: &Lesson,
    place: &Place,
    listener: &Listener,
    cancel: &Cancel,
) -> Result<Vec<String>, Report> {
    let mut lab = Lab::new(&place.folder, cancel);
    for (number, line) in (2..).zip(&lesson.lab) {
        listener.begin(number, &line.text).await;
        lab.perform(&line.text).await.map_err(|mut report| {
            let headline = format!("\"{}\" did not end as the lesson says.", line.text);
            report
                .causes
                .insert(0, std::mem::replace(&mut report.headline, headline));
            report
        })?;
        listener.done(number, &line.text).await;
    }
    let number = lesson.lab.len() + 2;
    let what = "Ask the servers for the goals";
    listener.begin(number, what).await;
    let found = goals(lesson, &place.folder, cancel).await?;
    listener.done(number, what).await;
    Ok(found)
}

/// The goals on servers, until they hold.
async fn goals(lesson: &Lesson, folder: &Path, cancel: &Cancel) -> Result<Vec<String>, Report> {
    let wait = Wait::new(PATIENCE, cancel.soft.clone());
    let of_servers = |goal: &&Goal| goal.on == On::Servers;
    let all = lesson.goals.iter().filter(of_servers);
    let is_verified = all
        .flat_map(|goal| &goal.holds)
        .any(|holds| holds.text() == VERIFIED);
    if is_verified {
        cluster::verify(folder, cancel.soft.clone()).await?;
    }
    loop {
        let document = cluster::design(folder)?;
        let board = cluster::observe(folder).await?.board();
        let mut bench = Bench::on(lesson, document);
        bench.answer_all();
        bench.look_at_servers(&Live {
            board: &board,
            is_proved: is_verified,
        });
        let goals = lesson.goals.iter().zip(&bench.state().goals);
        let asked: Vec<_> = goals.filter(|(goal, _)| goal.on == On::Servers).collect();
        if asked.iter().all(|(_, state)| state.is_met) {
            return Ok(asked.iter().map(|(goal, _)| goal.text.clone()).collect());
        }
        if !wait.next().await.map_err(Failure::into_report)? {
            let mut report = Report::new("The servers do not show what the lesson says.");
            let open = asked.iter().filter(|(_, state)| !state.is_met);
            report.causes = open
                .map(|(goal, state)| format!("{}: {}", goal.text, state.found.join("; ")))
                .collect();
            return Err(report);
        }
    }
}

/// The design that the solution ends with, as it can run here: in a version that is installed, on ports that are free.
async fn for_this_machine(lesson: &Lesson, place: &Place) -> Result<(Document, Machine), Report> {
    let mut document = lessons::solved(lesson);
    let request = Request {
        folder: place.folder.clone(),
        bin: place.bin.clone(),
        run_as: None,
    };
    let mut machine = deploy::discover(document.topology(), &request).await;
    if let Some(tools) = machine.tools.first()
        && tools.major != document.topology().postgres()
    {
        document = document.in_version(tools.major);
        machine = deploy::discover(document.topology(), &request).await;
    }
    let free = plan::other_ports(document.topology(), &machine);
    if !free.is_empty() {
        let edits = free
            .into_iter()
            .map(|(server, port)| Edit::SetPort { server, port });
        let command = Command::Edits {
            label: "Free ports".to_owned(),
            edits: edits.collect(),
        };
        document
            .apply(&command)
            .map_err(|refusal| Report::of("The design cannot be moved to free ports.", &refusal))?;
        machine = deploy::discover(document.topology(), &request).await;
    }
    let findings = check(document.topology());
    if let Some(error) = findings
        .iter()
        .find(|finding| finding.severity == Severity::Error)
    {
        let major = document.topology().postgres();
        return Err(Report::new(format!(
            "PostgreSQL {major} cannot run this lesson's design: {}.",
            error.message
        ))
        .hint("Install a newer PostgreSQL, or name its programs with --bin"));
    }
    // What comes with the program is its own; anyone else's design is asked about like any other.
    if lessons::find(&lesson.name) == Some(lesson) {
        machine.trusted.push(digest(&document.topology().hazards()));
    }
    let checks = plan::preflight(document.topology(), &machine);
    let failed: Vec<&Check> = checks.iter().filter(|check| !check.ok).collect();
    if !failed.is_empty() {
        let mut report = Report::new("The lesson's servers cannot run on this machine.");
        report.causes = failed.iter().map(|check| check.message.clone()).collect();
        return Err(failed
            .iter()
            .filter_map(|check| check.fix.clone())
            .fold(report, Report::hint));
    }
    Ok((document, machine))
}

async fn deployed(
    document: &Document,
    machine: Machine,
    place: &Place,
    cancel: &Cancel,
) -> Result<(), Report> {
    let run = Run {
        number: RUN,
        plan: plan::plan_deploy(document.topology(), &machine),
        bundle: bundle::generate(document),
        machine,
        document: document.clone(),
        cache: place.cache.clone(),
    };
    ended(|events| deploy::run_here(run, events, cancel.clone())).await
}

/// A run to its end; its events are nobody's.
async fn ended<F: Future<Output = Outcome>>(
    run: impl FnOnce(mpsc::Sender<RunEvent>) -> F,
) -> Result<(), Report> {
    let (sender, mut events) = mpsc::channel(EVENTS);
    let ear = async { while events.recv().await.is_some() {} };
    match tokio::join!(run(sender), ear).0 {
        Outcome::Done => Ok(()),
        Outcome::Failed {
            reason,
            hints,
            remains,
        } => {
            let mut report = Report::new(reason);
            report.causes = remains;
            Err(hints.into_iter().fold(report, Report::hint))
        }
        Outcome::Cancelled { remains } => {
            let mut report = Report::new("It was cancelled.");
            report.causes = remains;
            Err(report)
        }
    }
}
