//! What of the design is looked at: no part of it, and no undo step.

use std::collections::BTreeSet;

use crate::app::{Against, Folding};
use crate::model::topology::ServerId;

#[derive(Debug, Default)]
pub struct Looks {
    pub selected: Option<ServerId>,
    /// What is selected besides; [`Session::selection`](crate::app::Session::selection) has all.
    pub also_selected: BTreeSet<ServerId>,
    /// The selected link, by the server at its lower end; then no server is selected.
    pub link: Option<ServerId>,
    /// The standby that was added last, while nothing else is selected since: the next one is added beside it.
    pub(in crate::app) just_added: Option<ServerId>,
    /// What is folded.
    pub folding: Folding,
    /// The server whose name is being typed on the canvas.
    pub renaming: Option<ServerId>,
    /// The path inside the bundle that the files panel shows.
    pub shown_file: Option<String>,
    pub tab: Tab,
    /// What the files panel compares the design's files with.
    pub compared: Option<Against>,
}

impl Looks {
    /// Another design has come: what was selected, folded or shown of the one before means nothing in it.
    pub(in crate::app) fn forget_the_design(&mut self) {
        *self = Self {
            tab: self.tab,
            compared: self.compared,
            ..Self::default()
        };
    }
}

/// What the right-hand panel shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    #[default]
    Inspector,
    Files,
    Deploy,
    /// The design's own text.
    Text,
    /// Only in that mode.
    WhatIf,
    /// Only while one is open.
    Lesson,
    /// Only of a design that was imported.
    Imported,
}
