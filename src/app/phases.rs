//! A plan's steps in groups that a person can take in: the plan before it runs and the run show the same ones.
//!
//! Steps keep their order: a group is a stretch of steps that do the same kind of thing.

use std::ops::Range;

use super::job::Item;
use crate::model::plan::{Outcome, Progress, StepState};
use crate::model::words::counted;

/// More servers than this are counted, and not named.
const MOST_NAMES: usize = 3;

/// A stretch of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    pub title: &'static str,
    /// Places in the plan's steps.
    pub steps: Range<usize>,
}

/// How far a run is with a phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhaseState {
    /// The state of its steps that says most.
    pub worst: StepState,
    pub done: usize,
    /// Something happens in it, or went wrong: worth a look.
    pub is_active: bool,
}

/// What stands above each stretch. Where several have the same title, the servers tell them apart: "Start the servers:
/// slave1, slave2".
pub fn titles(items: &[Item<'_>], stretches: &[Stretch]) -> Vec<String> {
    let words = |stretch: &Stretch| {
        let same = stretches.iter().filter(|other| other.title == stretch.title);
        if same.count() < 2 {
            return stretch.title.to_owned();
        }
        let steps = items.get(stretch.steps.clone()).unwrap_or_default();
        let mut names: Vec<&str> = Vec::new();
        for name in steps.iter().filter_map(|step| step.server) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        match names.len() {
            0 => stretch.title.to_owned(),
            many if many > MOST_NAMES => format!("{}: {}", stretch.title, counted(many, "server")),
            _ => format!("{}: {}", stretch.title, names.join(", ")),
        }
    };
    stretches.iter().map(words).collect()
}

/// All steps, each in one stretch.
pub fn phases(items: &[Item<'_>]) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    let mut last = None;
    for (place, item) in items.iter().enumerate() {
        let is_of = Some((item.phase, item.turn));
        match stretches.last_mut().filter(|_| last == is_of) {
            Some(stretch) => stretch.steps.end = place + 1,
            None => stretches.push(Stretch {
                title: item.phase,
                steps: place..place + 1,
            }),
        }
        last = is_of;
    }
    stretches
}

impl Stretch {
    pub fn state(&self, progress: &Progress) -> PhaseState {
        let of = |place: usize| state_of(progress, place);
        let states: Vec<StepState> = self.steps.clone().map(of).collect();
        let has = |state| states.contains(&state);
        let worst = [StepState::Failed, StepState::Running, StepState::Undone]
            .into_iter()
            .find(|state| has(*state))
            .unwrap_or_else(|| {
                if states.iter().all(|state| *state == StepState::Done) {
                    StepState::Done
                } else {
                    StepState::Pending
                }
            });
        let is_next = !progress.unwinding
            && !progress.is_finished()
            && (0..self.steps.start).all(|place| of(place) == StepState::Done)
            && worst != StepState::Done;
        let is_half_undone = has(StepState::Undone) && has(StepState::Done) && !progress.is_finished();
        PhaseState {
            worst,
            done: states.iter().filter(|state| **state == StepState::Done).count(),
            is_active: is_next || is_half_undone || has(StepState::Running) || has(StepState::Failed),
        }
    }
}

/// The state of one step, by its place. A step that has nothing of its own to undo (a file goes with its
/// folder) is undone too, once all is.
pub fn state_of(progress: &Progress, place: usize) -> StepState {
    let state = progress
        .steps
        .get(place)
        .map_or(StepState::Pending, |step| step.1);
    let is_all_back = matches!(
        &progress.outcome,
        Some(Outcome::Cancelled { remains } | Outcome::Failed { remains, .. }) if remains.is_empty()
    );
    match state {
        StepState::Done | StepState::Running if is_all_back => StepState::Undone,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::job::items;
    use crate::model::plan::{Action, Head, Kind, Make, Phase, Plan, StepId, StepSummary};

    fn sample() -> Plan {
        let step = |(place, phase)| crate::model::plan::Step {
            id: StepId(place),
            server: None,
            phase,
            title: String::new(),
            why: String::new(),
            action: Action::Make(Make::Complete),
            lasts: false,
            undo: None,
            stays_with_rest: None,
            after: Vec::new(),
            deadline_secs: 1,
        };
        let phases = [
            Phase::Folders,
            Phase::Folders,
            Phase::Files,
            Phase::Start,
            Phase::Sync,
            Phase::Prove,
        ];
        Plan {
            cluster: "c".to_owned(),
            folder: "/tmp/c".to_owned(),
            head: Head::of(Kind::Deploy),
            steps: phases.into_iter().enumerate().map(step).collect(),
        }
    }

    #[test]
    fn every_step_is_in_one_phase_and_in_order() {
        let phases: Vec<(&str, Range<usize>)> = phases(&items(&sample()))
            .into_iter()
            .map(|phase| (phase.title, phase.steps))
            .collect();
        let expected = vec![
            ("Create folders and passwords", 0..2),
            ("Install the configuration", 2..3),
            ("Start the servers", 3..4),
            ("Switch on synchronous replication", 4..5),
            ("Verify", 5..6),
        ];
        assert_eq!(phases, expected);
    }

    #[test]
    fn when_all_is_taken_back_nothing_is_called_done() {
        let summary = StepSummary {
            step: StepId(0),
            server: None,
            title: String::new(),
        };
        let mut progress = Progress {
            steps: vec![(summary.clone(), StepState::Undone), (summary, StepState::Done)],
            unwinding: true,
            ..Progress::default()
        };
        let phase = Stretch {
            title: "",
            steps: 0..2,
        };
        assert!(phase.state(&progress).is_active);
        progress.outcome = Some(Outcome::Cancelled { remains: Vec::new() });
        let state = phase.state(&progress);
        assert_eq!(
            (state.worst, state.done, state.is_active),
            (StepState::Undone, 0, false)
        );
    }

    #[test]
    fn what_runs_or_comes_next_is_worth_a_look() {
        let plan = sample();
        let look = |states: [StepState; 6]| -> Vec<bool> {
            let summary = StepSummary {
                step: StepId(0),
                server: None,
                title: String::new(),
            };
            let progress = Progress {
                steps: states.into_iter().map(|state| (summary.clone(), state)).collect(),
                ..Progress::default()
            };
            phases(&items(&plan))
                .iter()
                .map(|phase| phase.state(&progress).is_active)
                .collect()
        };
        use StepState::{Done, Failed, Pending, Running};
        let none = [false; 5];
        assert!(look([Pending; 6])[0]);
        assert_eq!(
            look([Done, Done, Running, Pending, Pending, Pending]),
            [false, true, false, false, false]
        );
        assert!(look([Done, Done, Done, Failed, Pending, Pending])[2]);
        assert_eq!(look([Done; 6]), none);
    }
}
