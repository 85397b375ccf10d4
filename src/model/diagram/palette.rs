//! The colours of a picture: the window's own, so that a picture looks like the canvas it was taken from.
//!
//! `ui::theme` has the same ones as tokens; a test there compares the two.

use super::Tone;
use crate::model::document::sites::SITE_COLOURS;

/// Colours as `#rrggbb`.
#[derive(Debug)]
pub struct Palette {
    pub canvas: &'static str,
    pub card: &'static str,
    pub card_stroke: &'static str,
    pub text: &'static str,
    pub text_weak: &'static str,
    pub primary: &'static str,
    pub sync: &'static str,
    pub potential: &'static str,
    pub quorum: &'static str,
    pub asynchronous: &'static str,
    pub link: &'static str,
    pub sites: [&'static str; SITE_COLOURS],
}

pub static LIGHT: Palette = Palette {
    canvas: "#f2f5f9",
    card: "#ffffff",
    card_stroke: "#c9d2de",
    text: "#18212e",
    text_weak: "#556274",
    primary: "#1f5fad",
    sync: "#0b6e66",
    potential: "#855700",
    quorum: "#6745b8",
    asynchronous: "#526073",
    link: "#7b8ba0",
    sites: [
        "#0b6b7a", "#5a6414", "#8a3e7c", "#9a4526", "#4b55b5", "#2a6e3f", "#7d5a0a", "#a2365a",
    ],
};

pub static DARK: Palette = Palette {
    canvas: "#10151c",
    card: "#1e2632",
    card_stroke: "#384557",
    text: "#e7ecf3",
    text_weak: "#9facbe",
    primary: "#7fb8ff",
    sync: "#4cd0b6",
    potential: "#e6b557",
    quorum: "#bda4ff",
    asynchronous: "#a6b4c7",
    link: "#66778e",
    sites: [
        "#5cc3d3", "#b9c864", "#dd9fd4", "#e9a684", "#a9b1f4", "#86cc9a", "#dfba64", "#f298ae",
    ],
};

impl Palette {
    pub(super) fn site(&self, number: usize) -> &'static str {
        self.sites.get(number).copied().unwrap_or(self.text_weak)
    }

    pub(super) fn of(&self, tone: Tone) -> &'static str {
        match tone {
            Tone::Primary => self.primary,
            Tone::Sync => self.sync,
            Tone::Potential => self.potential,
            Tone::Quorum => self.quorum,
            Tone::Async => self.asynchronous,
        }
    }
}
