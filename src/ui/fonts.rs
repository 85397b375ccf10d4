//! The fonts of the window: egui's own, where what the font for running text lacks comes from the one for code.

use egui::{Context, FontDefinitions, FontFamily};

/// Arrows, for one, are only in the font for code; a sign that no font has would be drawn as a box.
pub fn install(ctx: &Context) {
    ctx.set_fonts(definitions());
}

fn definitions() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let for_code = fonts.families.get(&FontFamily::Monospace).cloned();
    let for_text = fonts.families.entry(FontFamily::Proportional).or_default();
    for font in for_code.into_iter().flatten() {
        if !for_text.contains(&font) {
            for_text.push(font);
        }
    }
    fonts
}
