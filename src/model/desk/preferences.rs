//! What a user likes and lasts from session to session.

use serde::{Deserialize, Serialize};

use crate::model::topology::Downstreams;

/// In which every lesson is told.
pub const ENGLISH: &str = "en";

/// To add one: a field here, its usual value in `Default`. It must serialise to something also when it is not set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferences {
    pub theme: Theme,
    /// Nothing moves by itself.
    pub reduce_motion: bool,
    /// The whole design in small, in a corner of the canvas: for designs that are large enough.
    pub minimap: bool,
    /// What the signs of the drawing mean, in another corner.
    pub legend: bool,
    /// The panels beside the drawing.
    pub left_side: bool,
    pub right_side: bool,
    /// What becomes of downstreams when relays are removed; `None`: it is asked each time.
    pub removal: Option<Removal>,
    /// The language in which lessons are told that have it, as a code: "de".
    pub lesson_language: String,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            theme: Theme::default(),
            reduce_motion: false,
            minimap: true,
            legend: true,
            left_side: true,
            right_side: true,
            removal: None,
            lesson_language: ENGLISH.to_owned(),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Theme {
    /// As the desktop has it.
    #[default]
    Desktop,
    Light,
    Dark,
}

/// [`Downstreams`], as it is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Removal {
    Reattach,
    Remove,
}

impl From<Downstreams> for Removal {
    fn from(downstreams: Downstreams) -> Self {
        match downstreams {
            Downstreams::Reattach => Self::Reattach,
            Downstreams::Remove => Self::Remove,
        }
    }
}

impl From<Removal> for Downstreams {
    fn from(removal: Removal) -> Self {
        match removal {
            Removal::Reattach => Self::Reattach,
            Removal::Remove => Self::Remove,
        }
    }
}
