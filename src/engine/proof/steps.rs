//! The steps of a lesson on servers that run, one after the other.

use std::path::{Path, PathBuf};

use super::rows::Rows;
use super::{PATIENCE, RUN, ended};
use crate::engine::deploy::{self, Cancel, Change, Refused};
use crate::engine::system::wait::{Failure, Wait};
use crate::engine::{cluster, lab};
use crate::model::document::{Command, Document};
use crate::model::lessons::{LabStep, Live, On, Predicate, Seen, look};
use crate::model::plan::{Check, Wish, plan_apply};
use crate::model::simulate::world::World;
use crate::model::topology::{Edit, check};
use crate::report::Report;

/// A cluster to which a lesson does something.
pub(super) struct Lab {
    folder: PathBuf,
    cancel: Cancel,
    rows: Rows,
}

impl Lab {
    pub(super) fn new(folder: &Path, cancel: &Cancel) -> Self {
        Self {
            folder: folder.to_owned(),
            cancel: cancel.clone(),
            rows: Rows::new(folder),
        }
    }

    pub(super) async fn perform(&mut self, text: &str) -> Result<(), Report> {
        let step = LabStep::parse(text).map_err(|error| Report::new(error.to_string()))?;
        let (folder, soft) = (&self.folder, self.cancel.soft.clone());
        match step {
            LabStep::Fail(event) => lab::fail(folder, &event, soft).await.map(drop),
            LabStep::Repair(event) => lab::repair(folder, event.as_deref(), soft).await.map(drop),
            LabStep::Failover(heir) => self.steer(Wish::Failover { heir }).await,
            LabStep::Switchover(heir) => self.steer(Wish::Switchover { heir }).await,
            LabStep::Rejoin(server) => self.steer(Wish::Rejoin { server }).await,
            LabStep::Apply(edits) => self.apply(&edits).await,
            LabStep::Write => self.rows.write(&self.wait()).await,
            LabStep::Sees(server) => self.rows.sees(&server, &self.wait()).await,
            LabStep::Lacks(server) => self.rows.lacks(&server, &self.wait()).await,
            LabStep::Expect(predicate) => self.expect(&predicate).await,
        }
    }

    fn wait(&self) -> Wait {
        Wait::new(PATIENCE, self.cancel.soft.clone())
    }

    async fn steer(&self, wish: Wish) -> Result<(), Report> {
        let steered = deploy::look_to_steer(&self.folder, &wish, RUN).await;
        let steered = steered.map_err(|refused| match refused {
            Refused::Report(report) => report,
            Refused::Checks(checks) => of_checks(&checks),
        })?;
        self.change(steered.change).await
    }

    async fn change(&self, change: Change) -> Result<(), Report> {
        ended(|events| deploy::apply_here(change, events, self.cancel.clone())).await
    }

    async fn apply(&self, edits: &[String]) -> Result<(), Report> {
        let mut wanted = cluster::design(&self.folder)?;
        for text in edits {
            let edit =
                Edit::parse(text, wanted.topology()).map_err(|error| Report::new(error.to_string()))?;
            wanted
                .apply(&Command::Edit(edit))
                .map_err(|refusal| Report::of("The design does not allow this.", &refusal))?;
        }
        let found = deploy::look(&self.folder, &wanted).await?;
        let plan = plan_apply(
            found.running.topology(),
            wanted.topology(),
            &found.machine,
            &found.standing,
        )
        .map_err(|checks| of_checks(&checks))?;
        self.change(Change {
            number: RUN,
            plan: plan.plan,
            found,
            wanted,
        })
        .await
    }

    /// Waits until the servers say so.
    async fn expect(&self, predicate: &Predicate) -> Result<(), Report> {
        let wait = self.wait();
        let document = cluster::design(&self.folder)?;
        let looked = Looked::of(&document);
        loop {
            let board = cluster::observe(&self.folder).await?.board();
            let live = Live {
                board: &board,
                is_proved: false,
            };
            let found = looked.ask(predicate, live);
            if found.as_ref().is_some_and(|found| found.holds) {
                return Ok(());
            }
            if !wait.next().await.map_err(Failure::into_report)? {
                let found = found.map_or_else(
                    || "it cannot be asked of servers".to_owned(),
                    |found| found.sentence,
                );
                return Err(Report::new(format!("The servers say: {found}.")));
            }
        }
    }
}

/// A design, for predicates about the servers that run with it.
struct Looked<'d> {
    document: &'d Document,
    drawn: World,
}

impl<'d> Looked<'d> {
    fn of(document: &'d Document) -> Self {
        Self {
            document,
            drawn: World::new(document.topology()),
        }
    }

    fn ask(&self, predicate: &Predicate, live: Live<'_>) -> Option<crate::model::lessons::Found> {
        let topology = self.document.topology();
        let findings = check(topology);
        let seen = Seen {
            topology,
            findings: &findings,
            drawn: &self.drawn,
            story: None,
            time: None,
            live: Some(live),
        };
        look(predicate, On::Servers, &seen)
    }
}

fn of_checks(checks: &[Check]) -> Report {
    let mut report = Report::new("The cluster cannot be changed now.");
    report.causes = checks.iter().map(|check| check.message.clone()).collect();
    checks
        .iter()
        .filter_map(|check| check.fix.clone())
        .fold(report, Report::hint)
}
