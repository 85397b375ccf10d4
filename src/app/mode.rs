//! What the window is for just now: drawing a design, or trying on a world beside it what goes wrong.
//!
//! A new mode is a variant here; every `match` that has to know of it fails to compile until it does.

use super::{InTime, Locked, Tab, WhatIf};

#[derive(Debug, Default)]
pub enum Mode {
    #[default]
    Design,
    WhatIf(Box<WhatIf>),
}

impl Mode {
    pub fn what_if(&self) -> Option<&WhatIf> {
        match self {
            Self::Design => None,
            Self::WhatIf(what_if) => Some(what_if),
        }
    }

    pub(super) fn what_if_mut(&mut self) -> Option<&mut WhatIf> {
        match self {
            Self::Design => None,
            Self::WhatIf(what_if) => Some(what_if),
        }
    }

    /// Why the design stays as it is in this mode, if it does.
    pub fn holds(&self) -> Option<Locked> {
        match self {
            Self::Design => None,
            Self::WhatIf(_) => Some(Locked::WhatIf),
        }
    }

    /// The tab of its own that the right-hand panel has in this mode.
    pub fn tab(&self) -> Option<(Tab, &'static str)> {
        match self {
            Self::Design => None,
            Self::WhatIf(_) => Some((Tab::WhatIf, "What-if")),
        }
    }

    /// Whether links, a relay's handle and several servers at once can be grabbed and selected on the canvas.
    pub fn edits_the_drawing(&self) -> bool {
        match self {
            Self::Design => true,
            Self::WhatIf(_) => false,
        }
    }

    /// Whether findings are shown: What-if is not about what is unwise, but about what becomes of it.
    pub fn shows_findings(&self) -> bool {
        match self {
            Self::Design => true,
            Self::WhatIf(_) => false,
        }
    }

    /// The moment in time that the canvas shows, if it shows one.
    pub fn in_time(&self) -> Option<&InTime> {
        match self {
            Self::Design => None,
            Self::WhatIf(what_if) => what_if.in_time(),
        }
    }

    /// Moves with everything that changes what is to be seen of the mode; `None` if only the design is seen.
    pub fn revision(&self) -> Option<u64> {
        match self {
            Self::Design => None,
            Self::WhatIf(what_if) => Some(what_if.revision()),
        }
    }
}
