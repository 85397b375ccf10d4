//! The start page: what there is to begin with, and to go on with.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;

use super::Effect;
use crate::model::desk::Listed;
use crate::model::desk::{RecentConnection, RecentDesign, Unsaved};

/// What the start page knows.
#[derive(Debug, Default)]
pub struct Start {
    /// It lies over the drawing, which stays as it is.
    pub is_shown: bool,
    /// It was there when the window opened: what is to be recovered is a part of it, and no question in the way.
    pub was_first: bool,
    /// Unsaved designs that earlier sessions left, still to be offered.
    pub recoverable: VecDeque<Unsaved>,
    pub recent: Vec<RecentDesign>,
    /// Clusters that somebody else runs, as they were looked at last.
    pub connections: Vec<RecentConnection>,
    pub clusters: Vec<Listed>,
    /// What is being done to clusters that this window does not show: "Stopping".
    pub busy: BTreeMap<PathBuf, &'static str>,
}

impl Start {
    /// What is on the page is out of date; nobody looks at a page that is not shown.
    pub(super) fn look_again(&self) -> Vec<Effect> {
        if self.is_shown {
            vec![Effect::ListClusters]
        } else {
            Vec::new()
        }
    }
}
