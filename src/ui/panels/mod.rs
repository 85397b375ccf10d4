//! The panels around the canvas, one function each: they read the session and put what is wanted into the outbox.
//!
//! What they remember between frames is no part of the design: half-typed texts and the like, in [`PanelState`].

mod change;
mod changed;
mod cluster;
mod cluster_settings;
mod comparison;
mod deploy;
mod file_text;
mod files;
mod findings;
mod in_time;
mod inspector;
mod kept;
mod left_over;
mod link;
mod modals;
mod moments;
mod notices;
mod outline;
mod parts;
mod picker;
mod picture;
mod plan;
mod run;
mod server;
mod settings;
mod status_bar;
mod survives;
mod sync_order;
mod text;
mod text_editor;
mod time_line;
mod top_bar;
mod what_if;

pub use deploy::deploy_ui;
pub use files::files_ui;
pub use findings::findings_ui;
pub use in_time::speed_rows;
pub use inspector::inspector_ui;
pub use left_over::left_over_ui;
pub use modals::modals_ui;
pub use moments::moments_ui;
pub use notices::notices_ui;
pub use outline::outline_ui;
pub use parts::sign_button;
pub use picker::picker_ui;
pub use status_bar::status_bar_ui;
pub use text::text_ui;
pub use time_line::time_line_ui;
pub use top_bar::{menu_bar_ui, tool_bar_ui};
pub use what_if::what_if_ui;

use crate::app::drafts::Drafts;
use crate::model::plan::Progress;

/// What the panels remember between frames.
#[derive(Debug, Default)]
pub struct PanelState {
    pub drafts: Drafts,
    pub modal: modals::ModalText,
    pub picker: picker::PickerState,
    pub run_clock: RunClock,
    pub notices: notices::FirstSeen,
    pub files: files::ToReveal,
    pub text: text::TextState,
}

/// The time a run has taken, also between two of its events.
#[derive(Debug, Default)]
pub struct RunClock {
    run: u64,
    told_ms: u64,
    told_at_secs: f64,
}

impl RunClock {
    /// `now_secs` is the window's time.
    pub fn elapsed_ms(&mut self, run: u64, progress: &Progress, now_secs: f64) -> u64 {
        if self.run != run || self.told_ms != progress.elapsed_ms {
            *self = Self {
                run,
                told_ms: progress.elapsed_ms,
                told_at_secs: now_secs,
            };
        }
        if progress.is_finished() {
            return progress.elapsed_ms;
        }
        let since = (now_secs - self.told_at_secs).max(0.0);
        self.told_ms + (since * 1000.0) as u64
    }
}
