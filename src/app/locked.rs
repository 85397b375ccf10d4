//! Why the drawing must stay as it is: one sentence for each reason, wherever it is said.

use super::Session;
use crate::report::Report;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locked {
    /// A deployment or a change is under way, or is rolled back.
    Deploying,
    WhatIf,
    /// The text is newer than the drawing, and is not a design.
    BrokenText,
    /// A lesson in which only What-if changes anything.
    Lesson,
}

impl Locked {
    /// For a hint, beside the pointer, and in a notice.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Deploying => "The design is locked while it is being deployed",
            Self::WhatIf => "The design cannot change in What-if",
            Self::BrokenText => "The text has an error; the drawing shows the last valid version",
            Self::Lesson => "In this lesson the cluster stays as it is",
        }
    }

    /// What to do about it.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Deploying => "Wait until the deployment is done, or cancel it",
            Self::WhatIf => "Leave What-if to change the design",
            Self::BrokenText => "Fix the text or revert it to the drawing, both in the Text panel",
            Self::Lesson => "What-if shows what can be done with it",
        }
    }

    pub fn report(self) -> Report {
        Report::new(self.sentence()).hint(self.hint())
    }
}

impl Session {
    /// Why the design must stay as it is, if it must.
    pub fn held(&self) -> Option<Locked> {
        if self.live.run.is_running() {
            return Some(Locked::Deploying);
        }
        self.mode.holds()
    }

    /// Why the drawing must stay as it is: the design is held, or its text is newer and not a design.
    pub fn locked(&self) -> Option<Locked> {
        let broken = || self.is_text_broken().then_some(Locked::BrokenText);
        self.held().or_else(broken)
    }

    pub fn is_held(&self) -> bool {
        self.held().is_some()
    }

    /// The same as it would be in no other mode than that of the drawing.
    pub fn kept_in_design(&self) -> Option<Locked> {
        if self.live.run.is_running() {
            return Some(Locked::Deploying);
        }
        if self.is_text_broken() {
            return Some(Locked::BrokenText);
        }
        let open = self.lesson.as_ref();
        open.filter(|open| open.is_locked()).map(|_| Locked::Lesson)
    }

    /// Why nothing of the drawing can be edited now: the same, or a lesson.
    pub fn kept(&self) -> Option<Locked> {
        let by_lesson = || {
            let open = self.lesson.as_ref();
            open.filter(|open| open.is_locked()).map(|_| Locked::Lesson)
        };
        self.locked().or_else(by_lesson)
    }

    pub fn is_locked(&self) -> bool {
        self.kept().is_some()
    }

    /// Why nothing can be edited now; empty if it can.
    pub fn locked_words(&self) -> &'static str {
        self.kept().map_or("", Locked::sentence)
    }
}
