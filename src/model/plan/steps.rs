//! The list of steps that grows: numbers each step, and lets it wait only for steps that are already in the list.

use crate::model::plan::{Action, Make, Phase, Step, StepId};
use crate::model::topology::Server;

/// Long enough for anything that only writes a file.
const SHORT_DEADLINE_SECS: u32 = 15;

/// A step without its number.
pub struct New<'a> {
    pub server: Option<&'a Server>,
    pub title: String,
    pub why: String,
    pub action: Action,
    pub lasts: bool,
    pub undo: Option<Action>,
    pub stays_with_rest: Option<&'static str>,
    pub after: Vec<StepId>,
    pub deadline_secs: u32,
}

impl Default for New<'_> {
    fn default() -> Self {
        Self {
            server: None,
            title: String::new(),
            why: String::new(),
            action: Action::Make(Make::Complete),
            lasts: false,
            undo: None,
            stays_with_rest: None,
            after: Vec::new(),
            deadline_secs: SHORT_DEADLINE_SECS,
        }
    }
}

#[derive(Default)]
pub struct Steps {
    steps: Vec<Step>,
    phase: Phase,
}

impl Steps {
    /// What is added from here on belongs to this phase.
    pub fn enter(&mut self, phase: Phase) {
        self.phase = phase;
    }

    pub fn add(&mut self, new: New<'_>) -> StepId {
        let id = StepId(self.steps.len());
        let mut after = new.after;
        after.sort();
        after.dedup();
        self.steps.push(Step {
            id,
            server: new.server.map(|server| server.name().to_string()),
            phase: self.phase,
            title: new.title,
            why: new.why,
            action: new.action,
            lasts: new.lasts,
            undo: new.undo,
            stays_with_rest: new.stays_with_rest,
            after,
            deadline_secs: new.deadline_secs,
        });
        id
    }

    pub fn finish(self) -> Vec<Step> {
        self.steps
    }
}
