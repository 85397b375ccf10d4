//! Colours by meaning, for light and dark. Every text is readable on every background it stands on: a test computes it.

use egui::{Color32, Visuals};

use crate::model::document::sites::SITE_COLOURS;

/// Colours by meaning.
#[derive(Debug)]
pub struct Tokens {
    pub is_dark: bool,

    /// Behind the drawing, and the dots on it.
    pub canvas: Color32,
    pub canvas_dot: Color32,
    /// Behind panels, behind the tool bar and status bar, and lines between them.
    pub panel: Color32,
    pub bar: Color32,
    pub line: Color32,
    /// Behind text that is typed or shown as a file.
    pub field: Color32,
    /// A server's card, and everything else that lies above the canvas.
    pub card: Color32,
    pub card_stroke: Color32,
    pub card_stroke_hovered: Color32,
    pub shadow: Color32,

    pub text: Color32,
    /// Second in rank, still readable.
    pub text_weak: Color32,
    /// What can be pressed, what is selected; and text upon it.
    pub accent: Color32,
    pub on_accent: Color32,
    /// Behind a selected row or card.
    pub selection: Color32,

    /// Roles and synchronisation states: text, line and badge colours.
    pub primary: Color32,
    pub relay: Color32,
    pub sync: Color32,
    pub potential: Color32,
    pub quorum: Color32,
    pub asynchronous: Color32,

    pub ok: Color32,
    pub warning: Color32,
    pub error: Color32,

    /// The pieces of a file: a heading, a name that is set, a text in quotes, a number, a word of the language, a variable.
    pub code_section: Color32,
    pub code_name: Color32,
    pub code_text: Color32,
    pub code_number: Color32,
    pub code_word: Color32,
    pub code_variable: Color32,

    /// A link of the design, and one that streams for real.
    pub link: Color32,
    pub link_live: Color32,

    /// Drop targets: accepted, accepted with a consequence, refused.
    pub drop_allowed: Color32,
    pub drop_consequence: Color32,
    pub drop_refused: Color32,

    /// Sites: names and edges; their grounds are a little of it upon the canvas.
    sites: [Color32; SITE_COLOURS],
}

pub(super) static LIGHT: Tokens = Tokens {
    is_dark: false,
    canvas: rgb(0xF2, 0xF5, 0xF9),
    canvas_dot: rgb(0xD3, 0xDB, 0xE5),
    panel: rgb(0xFA, 0xFB, 0xFD),
    bar: rgb(0xFF, 0xFF, 0xFF),
    line: rgb(0xDD, 0xE3, 0xEB),
    field: rgb(0xFF, 0xFF, 0xFF),
    card: rgb(0xFF, 0xFF, 0xFF),
    card_stroke: rgb(0xC9, 0xD2, 0xDE),
    card_stroke_hovered: rgb(0x8C, 0xA0, 0xB8),
    shadow: Color32::from_rgba_premultiplied(4, 6, 10, 26),
    text: rgb(0x18, 0x21, 0x2E),
    text_weak: rgb(0x55, 0x62, 0x74),
    accent: rgb(0x1F, 0x62, 0xB0),
    on_accent: rgb(0xFF, 0xFF, 0xFF),
    selection: rgb(0xDC, 0xE9, 0xF8),
    primary: rgb(0x1F, 0x5F, 0xAD),
    relay: rgb(0x46, 0x5A, 0x8C),
    sync: rgb(0x0B, 0x6E, 0x66),
    potential: rgb(0x85, 0x57, 0x00),
    quorum: rgb(0x67, 0x45, 0xB8),
    asynchronous: rgb(0x52, 0x60, 0x73),
    ok: rgb(0x14, 0x73, 0x43),
    warning: rgb(0x8A, 0x54, 0x00),
    error: rgb(0xB3, 0x26, 0x1E),
    code_section: rgb(0x67, 0x45, 0xB8),
    code_name: rgb(0x1B, 0x55, 0x9B),
    code_text: rgb(0x14, 0x6B, 0x3F),
    code_number: rgb(0x8E, 0x4A, 0x06),
    code_word: rgb(0x9A, 0x28, 0x66),
    code_variable: rgb(0x0B, 0x66, 0x78),
    link: rgb(0x7B, 0x8B, 0xA0),
    link_live: rgb(0x18, 0x8A, 0x54),
    drop_allowed: rgb(0x18, 0x7F, 0x4C),
    drop_consequence: rgb(0xA8, 0x68, 0x00),
    drop_refused: rgb(0xB3, 0x26, 0x1E),
    sites: [
        rgb(0x0B, 0x6B, 0x7A),
        rgb(0x5A, 0x64, 0x14),
        rgb(0x8A, 0x3E, 0x7C),
        rgb(0x9A, 0x45, 0x26),
        rgb(0x4B, 0x55, 0xB5),
        rgb(0x2A, 0x6E, 0x3F),
        rgb(0x7D, 0x5A, 0x0A),
        rgb(0xA2, 0x36, 0x5A),
    ],
};

pub(super) static DARK: Tokens = Tokens {
    is_dark: true,
    canvas: rgb(0x10, 0x15, 0x1C),
    canvas_dot: rgb(0x26, 0x30, 0x3E),
    panel: rgb(0x17, 0x1D, 0x26),
    bar: rgb(0x1B, 0x22, 0x2C),
    line: rgb(0x2C, 0x36, 0x44),
    field: rgb(0x10, 0x15, 0x1C),
    card: rgb(0x1E, 0x26, 0x32),
    card_stroke: rgb(0x38, 0x45, 0x57),
    card_stroke_hovered: rgb(0x6B, 0x80, 0x9B),
    shadow: Color32::from_rgba_premultiplied(0, 0, 0, 110),
    text: rgb(0xE7, 0xEC, 0xF3),
    text_weak: rgb(0x9F, 0xAC, 0xBE),
    accent: rgb(0x62, 0xA8, 0xF5),
    on_accent: rgb(0x08, 0x14, 0x24),
    selection: rgb(0x20, 0x3A, 0x5A),
    primary: rgb(0x7F, 0xB8, 0xFF),
    relay: rgb(0xA3, 0xB4, 0xE6),
    sync: rgb(0x4C, 0xD0, 0xB6),
    potential: rgb(0xE6, 0xB5, 0x57),
    quorum: rgb(0xBD, 0xA4, 0xFF),
    asynchronous: rgb(0xA6, 0xB4, 0xC7),
    ok: rgb(0x58, 0xCB, 0x8D),
    warning: rgb(0xEA, 0xB0, 0x4C),
    error: rgb(0xFF, 0x8D, 0x84),
    code_section: rgb(0xBD, 0xA4, 0xFF),
    code_name: rgb(0x86, 0xBE, 0xFF),
    code_text: rgb(0x7F, 0xD2, 0x9F),
    code_number: rgb(0xF0, 0xB4, 0x6A),
    code_word: rgb(0xF2, 0x9A, 0xC8),
    code_variable: rgb(0x6F, 0xD0, 0xE0),
    link: rgb(0x66, 0x77, 0x8E),
    link_live: rgb(0x3F, 0xBF, 0x80),
    drop_allowed: rgb(0x4A, 0xCB, 0x87),
    drop_consequence: rgb(0xEA, 0xB0, 0x4C),
    drop_refused: rgb(0xFF, 0x8D, 0x84),
    sites: [
        rgb(0x5C, 0xC3, 0xD3),
        rgb(0xB9, 0xC8, 0x64),
        rgb(0xDD, 0x9F, 0xD4),
        rgb(0xE9, 0xA6, 0x84),
        rgb(0xA9, 0xB1, 0xF4),
        rgb(0x86, 0xCC, 0x9A),
        rgb(0xDF, 0xBA, 0x64),
        rgb(0xF2, 0x98, 0xAE),
    ],
};

impl Tokens {
    /// The tokens of the theme that is shown: `Tokens::of(ui.visuals())`.
    pub fn of(visuals: &Visuals) -> &'static Self {
        if visuals.dark_mode { &DARK } else { &LIGHT }
    }

    /// A quiet background for a badge or a banner in a colour: a little of it upon a card.
    pub fn tint(&self, colour: Color32) -> Color32 {
        mix(self.card, colour, if self.is_dark { 0.16 } else { 0.10 })
    }

    /// The name and the edge of a site; its number is a [`SiteArea`](crate::model::document::sites::SiteArea)'s.
    pub fn site(&self, number: usize) -> Color32 {
        self.sites.get(number).copied().unwrap_or(self.text_weak)
    }

    /// Behind the cards of a site.
    pub fn site_ground(&self, number: usize) -> Color32 {
        mix(
            self.canvas,
            self.site(number),
            if self.is_dark { 0.11 } else { 0.08 },
        )
    }

    /// Behind a link that is selected.
    pub fn band(&self) -> Color32 {
        mix(self.canvas, self.accent, 0.35)
    }

    /// The colour as seen through mist: for what is refused or stands back.
    pub fn faded(&self, colour: Color32) -> Color32 {
        mix(self.canvas, colour, 0.4)
    }
}

/// `share` of `over` upon `under`, both without transparency.
pub(super) fn mix(under: Color32, over: Color32, share: f32) -> Color32 {
    let channel = |below: u8, above: u8| {
        let below = f32::from(below);
        (f32::from(above) - below).mul_add(share, below).round() as u8
    };
    Color32::from_rgb(
        channel(under.r(), over.r()),
        channel(under.g(), over.g()),
        channel(under.b(), over.b()),
    )
}

const fn rgb(red: u8, green: u8, blue: u8) -> Color32 {
    Color32::from_rgb(red, green, blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance as WCAG 2 defines it.
    fn luminance(colour: Color32) -> f32 {
        let linear = |channel: u8| {
            let c = f32::from(channel) / 255.0;
            if c <= 0.04045 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(colour.r()) + 0.7152 * linear(colour.g()) + 0.0722 * linear(colour.b())
    }

    fn contrast(one: Color32, other: Color32) -> f32 {
        let (a, b) = (luminance(one), luminance(other));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn check(what: &str, front: Color32, back: Color32, least: f32) {
        let found = contrast(front, back);
        assert!(
            found >= least,
            "{what}: {front:?} on {back:?} is {found:.2}, needs {least}"
        );
    }

    #[test]
    fn text_is_readable_on_every_background_it_stands_on() {
        for t in [&LIGHT, &DARK] {
            for back in [t.canvas, t.panel, t.bar, t.field, t.card, t.selection] {
                check("text", t.text, back, 7.0);
                check("weak text", t.text_weak, back, 4.5);
            }
            check("text on accent", t.on_accent, t.accent, 4.5);
            for (name, colour) in [
                ("accent", t.accent),
                ("primary", t.primary),
                ("relay", t.relay),
                ("sync", t.sync),
                ("potential", t.potential),
                ("quorum", t.quorum),
                ("asynchronous", t.asynchronous),
                ("ok", t.ok),
                ("warning", t.warning),
                ("error", t.error),
            ] {
                for back in [t.canvas, t.panel, t.card, t.selection, t.tint(colour)] {
                    check(name, colour, back, 4.5);
                }
            }
        }
    }

    #[test]
    fn files_are_readable_on_paper_on_a_lit_line_and_on_one_with_an_error() {
        for t in [&LIGHT, &DARK] {
            for (name, colour) in [
                ("text", t.text),
                ("comment", t.text_weak),
                ("section", t.code_section),
                ("name", t.code_name),
                ("quoted", t.code_text),
                ("number", t.code_number),
                ("word", t.code_word),
                ("variable", t.code_variable),
                ("added", t.ok),
                ("removed", t.error),
            ] {
                for back in [t.field, t.selection, t.tint(t.error), t.tint(t.ok)] {
                    check(name, colour, back, 4.5);
                }
            }
        }
    }

    #[test]
    fn a_sites_name_is_readable_on_its_ground_and_links_can_be_told_from_it() {
        for t in [&LIGHT, &DARK] {
            for number in 0..SITE_COLOURS {
                let ground = t.site_ground(number);
                check("a site's name", t.site(number), ground, 4.5);
                check("a site's name beside it", t.site(number), t.canvas, 4.5);
                check("weak text", t.text_weak, ground, 4.5);
                for mark in [t.link_live, t.drop_allowed, t.drop_consequence, t.drop_refused] {
                    check("mark", mark, ground, 3.0);
                }
            }
        }
    }

    #[test]
    fn lines_and_marks_can_be_told_from_the_canvas() {
        for t in [&LIGHT, &DARK] {
            for colour in [
                t.link,
                t.link_live,
                t.drop_allowed,
                t.drop_consequence,
                t.drop_refused,
            ] {
                check("mark", colour, t.canvas, 3.0);
            }
        }
    }

    /// A picture looks like the canvas it was taken from.
    #[test]
    fn pictures_have_these_colours() {
        use crate::model::diagram;
        for (tokens, palette) in [(&LIGHT, &diagram::LIGHT), (&DARK, &diagram::DARK)] {
            let pairs = [
                (tokens.canvas, palette.canvas),
                (tokens.card, palette.card),
                (tokens.card_stroke, palette.card_stroke),
                (tokens.text, palette.text),
                (tokens.text_weak, palette.text_weak),
                (tokens.primary, palette.primary),
                (tokens.sync, palette.sync),
                (tokens.potential, palette.potential),
                (tokens.quorum, palette.quorum),
                (tokens.asynchronous, palette.asynchronous),
                (tokens.link, palette.link),
            ];
            for (token, colour) in pairs {
                let [r, g, b, _] = token.to_array();
                assert_eq!(format!("#{r:02x}{g:02x}{b:02x}"), colour);
            }
            for (number, colour) in palette.sites.iter().enumerate() {
                let [r, g, b, _] = tokens.site(number).to_array();
                assert_eq!(format!("#{r:02x}{g:02x}{b:02x}"), *colour);
            }
        }
    }
}
