//! Whether things may move. Who has asked for less motion sees no moving tokens, and steps instead of playing.

use egui::{Context, Id};

/// Why there is nothing to play.
pub const STILL: &str = "Motion is reduced: step from moment to moment instead";

/// From now on motion is reduced, or not.
pub fn reduce(ctx: &Context, is_reduced: bool) {
    ctx.data_mut(|data| data.insert_temp(id(), is_reduced));
}

pub fn is_reduced(ctx: &Context) -> bool {
    ctx.data(|data| data.get_temp(id())).unwrap_or(false)
}

fn id() -> Id {
    Id::new("reduce motion")
}
