//! Continuing a deployment whose pgcascade was ended in the middle: which of its steps stay done, and what is taken
//! away before the others are done again.
//!
//! Only what lasts is kept: folders, passwords, certificates, data directories that are whole. Servers were ended with
//! the rest of the earlier run, so that everything about running servers is done again; it costs what it costs anyway.

use std::collections::BTreeSet;

use super::{Action, Build, Kind, Plan, Serve, Step, StepId};
use crate::model::configuration::ClusterFolder;

/// What is known of the steps of a run that did not come to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journal {
    pub begun: BTreeSet<StepId>,
    pub done: BTreeSet<StepId>,
}

/// How a plan is resumed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resume {
    /// Steps that stay done, with everything that they wait for.
    pub kept: BTreeSet<StepId>,
    /// What takes away whatever may be half made, last first; nothing is said of what is not there.
    pub clears: Vec<Action>,
}

impl Resume {
    /// The plan of a deployment as the run that resumes it performs it: its first step is another one, and takes longer.
    pub fn plan(mut plan: Plan) -> Plan {
        /// Servers that hang are made to end one after the other.
        const DEADLINE_SECS: u32 = 180;
        plan.head.kind = Kind::Resume;
        for step in plan.steps.iter_mut().filter(|step| is_the_claim(step)) {
            "Take over the folder".clone_into(&mut step.title);
            "Leftover processes of the earlier run are stopped, and unfinished parts are removed and \
             created again; finished parts are kept"
                .clone_into(&mut step.why);
            step.deadline_secs = DEADLINE_SECS;
        }
        plan
    }

    pub fn of(plan: &Plan, journal: &Journal) -> Self {
        let mut spoiled = spoiled(plan, journal);
        let mut kept = kept(plan, journal, &spoiled);
        let read = copied_from_a_started_one(plan, journal, &kept);
        if !read.is_empty() {
            spoiled.extend(read);
            kept = self::kept(plan, journal, &spoiled);
        }
        let made_anew = plan.steps.iter().rev();
        let made_anew = made_anew.filter(|step| step.lasts && !kept.contains(&step.id));
        Self {
            clears: made_anew.filter_map(|step| step.undo.clone()).collect(),
            kept,
        }
    }
}

/// Steps that are done, last, and rest on such steps only.
fn kept(plan: &Plan, journal: &Journal, spoiled: &BTreeSet<&str>) -> BTreeSet<StepId> {
    let mut kept = BTreeSet::new();
    for step in &plan.steps {
        // The claim is made again, and stands for all that was claimed.
        let stands = |before: &StepId| kept.contains(before) || is_claim(plan, *before);
        let is_whole = made(&step.action).is_none_or(|path| !spoiled.contains(path));
        if journal.done.contains(&step.id) && step.lasts && is_whole && step.after.iter().all(stands) {
            kept.insert(step.id);
        }
    }
    kept
}

fn is_claim(plan: &Plan, step: StepId) -> bool {
    let step = plan.steps.get(step.0);
    step.is_some_and(is_the_claim)
}

fn is_the_claim(step: &Step) -> bool {
    step.action == Action::Build(Build::ClaimFolder)
}

/// Data directories in which a step was at work, or is to be still: what it needs to know of the step before is gone.
fn spoiled<'a>(plan: &'a Plan, journal: &Journal) -> BTreeSet<&'a str> {
    let not_done = plan.steps.iter().filter(|step| !journal.done.contains(&step.id));
    not_done.filter_map(|step| worked_in(&step.action)).collect()
}

/// Data directories that are to be copied cold, and are not cold any more.
fn copied_from_a_started_one<'a>(
    plan: &'a Plan,
    journal: &Journal,
    kept: &BTreeSet<StepId>,
) -> BTreeSet<&'a str> {
    let was_started = |data: &str| {
        let starts = |step: &&Step| matches!(&step.action, Action::Serve(Serve::Start { folder, .. }) if ClusterFolder::data(folder) == data);
        let mut started = plan.steps.iter().filter(starts);
        started.any(|step| journal.begun.contains(&step.id) || journal.done.contains(&step.id))
    };
    let copies = plan.steps.iter().filter(|step| !kept.contains(&step.id));
    copies
        .filter_map(|step| match &step.action {
            Action::Build(Build::CopyData { from, .. }) => Some(from.as_str()),
            _ => None,
        })
        .filter(|from| was_started(from))
        .collect()
}

/// The path that a step makes, where something may be half made.
fn made(action: &Action) -> Option<&str> {
    match action {
        Action::Build(Build::Initdb { data: path, .. } | Build::CopyData { to: path, .. }) => Some(path),
        _ => None,
    }
}

/// The data directory that a step changes without having made it.
fn worked_in(action: &Action) -> Option<&str> {
    match action {
        Action::Build(Build::CreateRole { data, .. }) => Some(data),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::plan::{Machine, Make, plan_deploy};
    use crate::model::topology::notation;

    fn plan() -> Plan {
        let topology = notation::parse("m 1\n  a 2\n    b 3\n").unwrap();
        plan_deploy(&topology, &Machine::portable("/c"))
    }

    fn is_made_again<'a>(plan: &'a Plan, go_on: &Resume) -> Vec<&'a str> {
        let again = plan.steps.iter().filter(|step| !go_on.kept.contains(&step.id));
        again.map(|step| step.title.as_str()).collect()
    }

    /// Everything up to the step of this title is done, and it is begun itself.
    fn until(plan: &Plan, title: &str) -> Journal {
        let at = plan.steps.iter().position(|step| step.title == title).unwrap();
        let ids = |end: usize| plan.steps.iter().take(end).map(|step| step.id).collect();
        Journal {
            begun: ids(at + 1),
            done: ids(at),
        }
    }

    #[test]
    fn what_is_whole_is_kept_and_the_rest_is_made_again() {
        let plan = plan();
        let copying = Resume::of(&plan, &until(&plan, "Copy m to a"));
        let again = is_made_again(&plan, &copying);
        assert!(again.contains(&"Copy m to a") && again.contains(&"Copy m to b"));
        assert!(!again.contains(&"Create the data directory of m"));
        let remove = |path: &str| {
            Action::Make(Make::RemoveFolder {
                path: path.to_owned(),
            })
        };
        assert_eq!(
            copying.clears,
            [remove("servers/b/data"), remove("servers/a/data")]
        );

        // The first start was at work in it.
        let priming = Resume::of(&plan, &until(&plan, "Create the replication role on m"));
        assert!(is_made_again(&plan, &priming).contains(&"Create the data directory of m"));
        assert_eq!(priming.clears.last(), Some(&remove("servers/m/data")));

        // With servers, all data directories stay, and all that is about servers is done again.
        let starting = Resume::of(&plan, &until(&plan, "Start b"));
        let again = is_made_again(&plan, &starting);
        assert!(again.contains(&"Start m") && again.contains(&"Claim the folder"));
        assert!(again.iter().all(|title| !title.starts_with("Copy")), "{again:?}");
        assert_eq!(starting.clears, []);
    }

    #[test]
    fn nothing_is_copied_from_a_directory_that_ran() {
        let plan = plan();
        let mut journal = until(&plan, "Start b");
        let copy = plan
            .steps
            .iter()
            .find(|step| step.title == "Copy m to b")
            .unwrap();
        journal.done.remove(&copy.id);
        let again = Resume::of(&plan, &journal);
        assert!(is_made_again(&plan, &again).contains(&"Create the data directory of m"));
    }

    #[test]
    fn without_a_journal_all_is_made_again() {
        let plan = plan();
        let go_on = Resume::of(&plan, &Journal::default());
        assert!(go_on.kept.is_empty());
        assert_eq!(
            go_on.clears.last(),
            Some(&Action::Make(Make::RemoveFolder {
                path: "secrets".to_owned()
            }))
        );
    }
}
