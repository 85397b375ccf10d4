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
    pub lesson_text: TextSize,
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
            lesson_text: TextSize::default(),
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

/// How large the text of lessons is: a class reads it from a projector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextSize {
    #[default]
    Normal,
    Large,
    Larger,
    Largest,
}

impl TextSize {
    const ALL: [Self; 4] = [Self::Normal, Self::Large, Self::Larger, Self::Largest];

    /// Times the size of other text.
    pub fn factor(self) -> f32 {
        match self {
            Self::Normal => 1.0,
            Self::Large => 1.25,
            Self::Larger => 1.6,
            Self::Largest => 2.0,
        }
    }

    /// `None`: there is none.
    pub fn larger(self) -> Option<Self> {
        Self::ALL.into_iter().find(|size| size.factor() > self.factor())
    }

    /// `None`: there is none.
    pub fn smaller(self) -> Option<Self> {
        let mut sizes = Self::ALL.into_iter().rev();
        sizes.find(|size| size.factor() < self.factor())
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_grows_up_to_the_largest_and_shrinks_back_to_the_normal_size() {
        let mut size = TextSize::default();
        let mut steps = 0;
        while let Some(larger) = size.larger() {
            assert!(larger.factor() > size.factor() && larger.smaller() == Some(size));
            size = larger;
            steps += 1;
        }
        assert_eq!((size, steps), (TextSize::Largest, 3));
        assert_eq!(TextSize::Normal.smaller(), None);
    }
}
