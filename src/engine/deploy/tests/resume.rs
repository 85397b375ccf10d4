//! A deployment that is killed at every step in turn, before, in the middle of and after it, and resumed: the end is
//! that of a run that nobody disturbed. Killed again while it goes on, it is resumed again; a failure takes all back.

use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;

use super::super::Cancel;
use super::ledger::{Books, designs};
use crate::engine::run::run_but;
use crate::engine::run::{Host, Work};
use crate::engine::system::wait::Failure;
use crate::model::plan::{
    Action, Build, Journal, Machine, Make, Outcome, Plan, Resume, Serve, StepId, plan_deploy,
};
use crate::report::Report;

/// When, within its step, something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    Before,
    /// It is half done.
    During,
    After,
}

const MOMENTS: [Moment; 3] = [Moment::Before, Moment::During, Moment::After];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Lives,
    IsKilled(usize, Moment),
    Fails(usize),
}

/// What is on disk: the books, and the journal.
#[derive(Clone, Debug, Default)]
struct Disk {
    books: Books,
    journal: Journal,
}

struct Machinery {
    disk: Mutex<Disk>,
    go_on: Resume,
    is_again: bool,
    fate: Fate,
    cancel: Cancel,
}

impl Machinery {
    fn kills(&self, step: StepId, moment: Moment) -> bool {
        self.fate == Fate::IsKilled(step.0, moment)
    }

    /// What it had begun lies about: servers run on until somebody ends them.
    async fn dies(&self) -> Result<(), Failure> {
        self.cancel.request();
        self.cancel.request();
        std::future::pending().await
    }

    fn act(&self, action: &Action, step: StepId) {
        let mut disk = self.disk.lock().unwrap();
        if !(self.is_again && *action == Action::Build(Build::ClaimFolder)) {
            disk.books.enter(action);
            return;
        }
        disk.books.is_claimed = true;
        disk.books.running.clear();
        for clears in &self.go_on.clears {
            disk.books.enter(clears);
        }
        assert_eq!(step.0, 0);
    }
}

impl Host for Machinery {
    async fn perform(&self, action: &Action, work: &Work) -> Result<(), Failure> {
        let step = work.step;
        let takes_back = matches!(
            action,
            Action::Build(Build::ReleaseFolder)
                | Action::Make(Make::RemoveFolder { .. } | Make::RemoveCertificates { .. })
                | Action::Serve(Serve::Stop { .. })
        );
        if takes_back {
            let mut disk = self.disk.lock().unwrap();
            if *action == Action::Build(Build::ReleaseFolder) && self.is_again {
                // As the real one: with everything in it.
                disk.books.paths.clear();
            }
            disk.books.enter(action);
            return Ok(());
        }
        if self.kills(step, Moment::Before) {
            return self.dies().await;
        }
        {
            let mut disk = self.disk.lock().unwrap();
            disk.journal.begun.insert(step);
            disk.journal.done.remove(&step);
        }
        if self.fate == Fate::Fails(step.0) {
            return Err(Report::new("it broke").into());
        }
        self.act(action, step);
        if self.kills(step, Moment::During) {
            return self.dies().await;
        }
        self.disk.lock().unwrap().journal.done.insert(step);
        if self.kills(step, Moment::After) {
            return self.dies().await;
        }
        Ok(())
    }
}

async fn play(plan: &Plan, disk: Disk, is_again: bool, fate: Fate) -> (Outcome, Disk) {
    let cancel = Cancel::default();
    let go_on = if is_again {
        Resume::of(plan, &disk.journal)
    } else {
        Resume::default()
    };
    let kept = go_on.kept.clone();
    let host = Arc::new(Machinery {
        disk: Mutex::new(disk),
        go_on,
        is_again,
        fate,
        cancel: cancel.clone(),
    });
    let (events, mut told) = mpsc::channel(64);
    let reading = tokio::spawn(async move { while told.recv().await.is_some() {} });
    let outcome = run_but(&kept, 1, plan, Arc::clone(&host), events, cancel).await;
    reading.await.unwrap();
    let disk = host.disk.lock().unwrap().clone();
    (outcome, disk)
}

/// What is left is compared without what only counts calls.
fn left(disk: &Disk) -> (Vec<&String>, Vec<&String>, Vec<&String>) {
    let books = &disk.books;
    (
        books.paths.iter().collect(),
        books.roles.iter().collect(),
        books.running.iter().collect(),
    )
}

#[tokio::test]
async fn a_deployment_that_is_killed_at_any_step_is_gone_on_with() {
    for (number, topology) in designs().into_iter().enumerate() {
        let plan = plan_deploy(&topology, &Machine::portable("/c"));
        let (outcome, undisturbed) = play(&plan, Disk::default(), false, Fate::Lives).await;
        assert_eq!(outcome, Outcome::Done);
        // The first design at every step; what the others add to it are a few steps.
        let each = if number == 0 { 1 } else { 3 };
        for (at, moment) in (0..plan.steps.len())
            .step_by(each)
            .flat_map(|at| MOMENTS.into_iter().map(move |moment| (at, moment)))
        {
            let title = &plan.steps[at].title;
            let place = format!("{title}: {moment:?}");
            let killed = Fate::IsKilled(at, moment);
            let (_, disk) = play(&plan, Disk::default(), false, killed).await;
            let is_again = disk.books.is_claimed;
            let (outcome, end) = play(&plan, disk.clone(), is_again, Fate::Lives).await;
            assert_eq!(outcome, Outcome::Done, "{place}");
            assert_eq!(left(&end), left(&undisturbed), "{place}");
            // What comes twice is tried with one design, and not at all places of all places.
            if number != 0 || at % 9 != 0 || !is_again {
                continue;
            }
            for second in (0..plan.steps.len()).step_by(7) {
                let (_, disk) = play(&plan, disk.clone(), true, Fate::IsKilled(second, moment)).await;
                let (outcome, end) = play(&plan, disk, true, Fate::Lives).await;
                assert_eq!(outcome, Outcome::Done, "{place}, then {second}");
                assert_eq!(left(&end), left(&undisturbed), "{place}, then {second}");
            }
            for fails in (1..plan.steps.len()).step_by(4) {
                let kept = Resume::of(&plan, &disk.journal).kept;
                if kept.contains(&StepId(fails)) {
                    continue;
                }
                let (outcome, end) = play(&plan, disk.clone(), true, Fate::Fails(fails)).await;
                assert!(
                    matches!(&outcome, Outcome::Failed { remains, .. } if remains.is_empty()),
                    "{outcome:?}"
                );
                assert_eq!(left(&end), left(&Disk::default()), "{place}, then {fails} fails");
                assert!(!end.books.is_claimed);
            }
        }
    }
}

#[tokio::test]
async fn what_was_done_is_not_done_again() {
    let plan = plan_deploy(&designs()[0], &Machine::portable("/c"));
    let starts = plan
        .steps
        .iter()
        .position(|step| matches!(step.action, Action::Serve(Serve::Start { .. })));
    let killed = Fate::IsKilled(starts.unwrap(), Moment::Before);
    let (_, disk) = play(&plan, Disk::default(), false, killed).await;
    let kept = Resume::of(&plan, &disk.journal).kept;
    let whole = plan.steps.iter().filter(|step| {
        matches!(
            step.action,
            Action::Build(Build::Initdb { .. } | Build::CreateRole { .. } | Build::CopyData { .. })
        )
    });
    assert!(whole.into_iter().all(|step| kept.contains(&step.id)), "{kept:?}");
}
