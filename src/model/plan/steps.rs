//! The list of steps that grows: numbers each step, and lets it wait only for steps that are already in the list.

use crate::model::plan::{Action, Step, StepId};
use crate::model::topology::Server;

/// Long enough for anything that only writes a file.
const SHORT_DEADLINE_SECS: u32 = 15;

/// A step without its number.
pub struct New<'a> {
    pub server: Option<&'a Server>,
    pub title: String,
    pub why: String,
    pub action: Action,
    pub undo: Option<Action>,
    pub after: Vec<StepId>,
    pub deadline_secs: u32,
}

impl Default for New<'_> {
    fn default() -> Self {
        Self {
            server: None,
            title: String::new(),
            why: String::new(),
            action: Action::Complete,
            undo: None,
            after: Vec::new(),
            deadline_secs: SHORT_DEADLINE_SECS,
        }
    }
}

#[derive(Default)]
pub struct Steps {
    steps: Vec<Step>,
}

impl Steps {
    pub fn add(&mut self, new: New<'_>) -> StepId {
        let id = StepId(self.steps.len());
        let mut after = new.after;
        after.sort();
        after.dedup();
        self.steps.push(Step {
            id,
            server: new.server.map(|server| server.name().to_string()),
            title: new.title,
            why: new.why,
            action: new.action,
            undo: new.undo,
            after,
            deadline_secs: new.deadline_secs,
        });
        id
    }

    pub fn finish(self) -> Vec<Step> {
        self.steps
    }
}
