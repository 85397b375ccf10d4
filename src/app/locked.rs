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
}

impl Locked {
    /// For a hint, beside the pointer, and in a notice.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Deploying => "The design is locked while it is being deployed",
            Self::WhatIf => "The design cannot change in What-if",
            Self::BrokenText => "The text has an error; the drawing shows the last valid version",
        }
    }

    /// What to do about it.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Deploying => "Wait until the deployment is done, or cancel it",
            Self::WhatIf => "Leave What-if to change the design",
            Self::BrokenText => "Fix the text or revert it to the drawing, both in the Text panel",
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

    pub fn is_locked(&self) -> bool {
        self.locked().is_some()
    }

    /// Why nothing can be edited now; empty if it can.
    pub fn locked_words(&self) -> &'static str {
        self.locked().map_or("", Locked::sentence)
    }
}
