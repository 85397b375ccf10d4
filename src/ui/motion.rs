//! Whether things may move. Who has asked for less motion sees no moving tokens, and steps instead of playing.

use egui::Context;

/// Why there is nothing to play.
pub const STILL: &str = "Motion is reduced: step from moment to moment instead";

/// True if motion is to be reduced; egui's own animations then take no time either.
pub fn is_reduced(ctx: &Context) -> bool {
    ctx.global_style().animation_time == 0.0
}
