//! The panels around the canvas, one function each: they read the session and put what is wanted into the outbox.
//!
//! What they remember between frames is no part of the design: half-typed texts and the like, in [`PanelState`].

mod design;
mod dialogs;
mod files;
mod imported;
mod lesson;
mod live;
mod notices;
mod outline;
mod parts;
mod status_bar;
mod text;
mod top_bar;
mod what_if;

pub use design::{findings_ui, inspector_ui};
pub use dialogs::{modals_ui, picker_ui};
pub use files::files_ui;
pub use imported::imported_ui;
pub use lesson::{choose_ui, lesson_strip_ui, lesson_ui, told_ui};
pub use live::{Command, commands, connect_command, deploy_ui, differences, differs_ui, left_over_ui, psql};
pub use notices::notices_ui;
pub use outline::outline_ui;
pub use parts::sign_button;
pub use status_bar::status_bar_ui;
pub use text::text_ui;
pub use top_bar::{menu_bar_ui, tool_bar_ui};
pub use what_if::{moments_ui, speed_rows, time_line_ui, what_if_ui};

use crate::app::drafts::Drafts;
use crate::model::plan::Progress;

/// What the panels remember between frames.
#[derive(Debug, Default)]
pub struct PanelState {
    pub drafts: Drafts,
    pub modal: dialogs::ModalText,
    pub picker: dialogs::PickerState,
    pub run_clock: RunClock,
    pub notices: notices::FirstSeen,
    pub files: files::ToReveal,
    pub text: text::TextState,
    pub lesson: lesson::LessonState,
    pub report: imported::ReportChoice,
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
