//! Stories as texts: to a file and from one, kept with the design, and told again.

use egui::{Align, Id, Layout, TextEdit, Ui};

use crate::app::Outbox;
use crate::app::{Message, Session, WhatIf, WhatIfMessage};
use crate::ui::theme::GAP_SMALL;

use super::super::parts::note_ui;

pub fn kept_ui(ui: &mut Ui, session: &Session, what_if: &WhatIf, outbox: &mut Outbox) {
    let mut send = |message| outbox.send(Message::WhatIf(message));
    ui.horizontal(|ui| {
        let save = ui
            .button("Save…")
            .on_hover_text("Save as a text file, one event per line");
        if save.clicked() {
            send(WhatIfMessage::Export);
        }
        let open = ui.button("Open…").on_hover_text("Replay a saved story");
        if open.clicked() {
            send(WhatIfMessage::Import);
        }
        let has_story = what_if.in_time().is_none() && what_if.moments().0.len() > 1;
        let in_time = "Play the story with its commits and WAL, one second per moment";
        if has_story && ui.button("Play in time").on_hover_text(in_time).clicked() {
            send(WhatIfMessage::PlayStory);
        }
    });
    let id = Id::new("name of a story");
    let mut name = ui.data(|data| data.get_temp::<String>(id)).unwrap_or_default();
    let row = egui::vec2(ui.available_width(), ui.spacing().interact_size.y);
    ui.allocate_ui_with_layout(row, Layout::right_to_left(Align::Center), |ui| {
        let hint = "Save in the design file under [[scenario]] (can be undone)";
        let keep = ui.button("Save in the design").on_hover_text(hint);
        let edit = TextEdit::singleline(&mut name)
            .hint_text("Name of this story")
            .margin(egui::Margin::symmetric(8, 4))
            .desired_width(f32::INFINITY);
        let field = ui.add(edit);
        ui.ctx()
            .accesskit_node_builder(field.id, |node| node.set_label("Name of this story"));
        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        if keep.clicked() || entered {
            send(WhatIfMessage::Keep(std::mem::take(&mut name)));
        }
    });
    ui.data_mut(|data| data.insert_temp(id, name));
    let kept = session.desk.document.scenarios();
    if kept.is_empty() {
        return;
    }
    ui.add_space(GAP_SMALL);
    note_ui(ui, "Saved in the design:");
    for story in kept {
        ui.horizontal(|ui| {
            let tell = ui
                .button(&story.name)
                .on_hover_text(format!("Play it again\n\n{}", story.text));
            if tell.clicked() {
                send(WhatIfMessage::Replay(story.name.clone()));
            }
            let words = format!("Remove the story {}", story.name);
            let remove = ui.small_button("🗑").on_hover_text(&words);
            remove.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, &words));
            if remove.clicked() {
                send(WhatIfMessage::Drop(story.name.clone()));
            }
        });
    }
}
