//! Whether things may move. Who has asked for less motion sees no moving tokens, and steps instead of playing.

use egui::Context;

/// Why there is nothing to play.
pub const STILL: &str = "Motion is reduced: step through the moments instead";

/// True if nothing may move by itself: the theme has told egui so, whose own widgets heed it too.
pub fn is_reduced(ctx: &Context) -> bool {
    ctx.global_style().animation_time <= 0.0
}
