//! All keys and gestures.

use egui::{Grid, Label, RichText, Ui};

use crate::app::actions::ACTIONS;
use crate::app::{Dialog, Outbox};
use crate::ui::keys;
use crate::ui::theme::{GAP_LARGE, GAP_SMALL, TEXT_SMALL, Tokens};

use super::super::parts::note_ui;
use super::{close_ui, title_ui};

pub(super) fn help_ui(ui: &mut Ui, dialog: &Dialog, outbox: &mut Outbox) {
    title_ui(ui, "Keys and gestures");
    note_ui(
        ui,
        "Older documentation calls the primary \"master\" and a standby \"slave\".",
    );
    let height = ui.ctx().content_rect().height() * 0.65;
    egui::ScrollArea::vertical()
        .max_height(height)
        .min_scrolled_height(height)
        .show(ui, |ui| {
            ui.spacing_mut().interact_size.y = 20.0;
            Grid::new("keys")
                .num_columns(3)
                .spacing([GAP_LARGE, GAP_SMALL])
                .show(ui, |ui| {
                    for action in &ACTIONS {
                        ui.label(action.words);
                        let all: Vec<String> = keys::keys_of(action.id)
                            .iter()
                            .map(|keys| keys::words(ui.ctx(), keys))
                            .collect();
                        ui.label(RichText::new(all.join(", ")).monospace());
                        weak(ui, action.explained);
                        ui.end_row();
                    }
                    for (gesture, what) in keys::GESTURES {
                        ui.label(gesture);
                        ui.label("");
                        weak(ui, what);
                        ui.end_row();
                    }
                });
        });
    close_ui(ui, dialog, outbox);
}

fn weak(ui: &mut Ui, words: &str) {
    let colour = Tokens::of(ui.visuals()).text_weak;
    let words = RichText::new(words).size(TEXT_SMALL).color(colour);
    // A row of a grid is as high as its first line, unless what stands in it is a column of its own.
    ui.vertical(|ui| ui.add(Label::new(words).wrap()));
}
