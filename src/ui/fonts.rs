//! The fonts of the window: Noto Sans for running text, as in pictures; behind it egui's own for signs and for code, and at
//! last those of the machine that have letters which all of these lack.

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{Color32, Context, FontData, FontDefinitions, FontFamily, FontId, Painter, TextStyle, Ui};

use crate::model::desk::FontFile;
use crate::model::diagram::face;
use crate::model::words;

const TEXT: &str = "NotoSans-Regular";
const BOLD: &str = "NotoSans-Bold";

/// The family of headings.
pub fn bold() -> FontFamily {
    FontFamily::Name("bold".into())
}

/// The family of words that stand out in a text; the usual one until the theme is there, which is a frame after the window.
pub fn strong(ui: &Ui) -> FontFamily {
    let heading = ui.style().text_styles.get(&TextStyle::Heading);
    if heading.is_some_and(|font| font.family == bold()) {
        bold()
    } else {
        FontFamily::Proportional
    }
}

/// A name as it fits into `room`, cut in its middle if need be.
pub fn name_within(painter: &Painter, name: &str, font: &FontId, room: f32) -> String {
    // Letters that are drawn are hinted, and a little narrower or wider than the font says.
    let whole = painter.layout_no_wrap(name.to_owned(), font.clone(), Color32::PLACEHOLDER);
    if whole.size().x <= room {
        return name.to_owned();
    }
    painter.fonts_mut(|fonts| words::name_within(room, name, |letter| fonts.glyph_width(font, letter)))
}

/// `found`: fonts of this machine, to be asked when no other has a letter.
pub fn install(ctx: &Context, found: &[FontFile]) {
    ctx.set_fonts(definitions(found));
}

/// The letters of a text that would be drawn as boxes.
pub fn missing(ctx: &Context, text: &str) -> BTreeSet<char> {
    let mut foreign: BTreeSet<char> = text
        .chars()
        .filter(|letter| !face::has(*letter) && !letter.is_whitespace())
        .collect();
    if !foreign.is_empty() {
        // Not `has_glyph`: it denies all letters of the font that the box itself comes from.
        ctx.fonts_mut(|fonts| {
            let mut font = fonts.fonts.font(&FontFamily::Proportional);
            let known = font.characters();
            foreign.retain(|letter| !known.contains_key(letter));
        });
    }
    foreign
}

fn definitions(found: &[FontFile]) -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    for (name, bytes) in [(TEXT, face::REGULAR), (BOLD, face::BOLD)] {
        let data = FontData::from_static(bytes);
        fonts.font_data.insert(name.to_owned(), Arc::new(data));
    }
    for font in found {
        let mut data = FontData::from_owned(font.bytes.to_vec());
        data.index = font.index;
        fonts.font_data.insert(font.name.clone(), Arc::new(data));
    }
    let of = |family| fonts.families.get(&family).cloned().unwrap_or_default();
    let (signs, code) = (of(FontFamily::Proportional), of(FontFamily::Monospace));
    let last: Vec<String> = found.iter().map(|font| font.name.clone()).collect();
    let in_order = |first: &[String], then: &[String]| {
        let mut names: Vec<String> = Vec::new();
        // Arrows, for one, are only in the font for code.
        for name in first.iter().chain(then).chain(&last) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    };
    let both = in_order(&signs, &code);
    let text = in_order(&[TEXT.to_owned()], &both);
    fonts.families.insert(bold(), in_order(&[BOLD.to_owned()], &text));
    fonts
        .families
        .insert(FontFamily::Monospace, in_order(&code, &text));
    fonts.families.insert(FontFamily::Proportional, text);
    fonts
}
