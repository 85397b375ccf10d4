//! How large the lesson's text is: a class reads it from a projector.

use egui::{TextStyle, Ui};

/// Every text of this part, buttons too, is so many times larger.
pub(super) fn enlarge(ui: &mut Ui, factor: f32) {
    for font in ui.style_mut().text_styles.values_mut() {
        font.size *= factor;
    }
}

/// The size of plain text here, in points.
pub(super) fn body(ui: &Ui) -> f32 {
    TextStyle::Body.resolve(ui.style()).size
}
