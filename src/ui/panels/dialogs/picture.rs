//! The question before a picture is exported: which format, how it looks, what it gives away.

use egui::{Checkbox, Ui};

use crate::app::Outbox;
use crate::app::{Dialog, FileMessage, Message, ViewMessage};
use crate::model::diagram::{PictureFormat, PictureStyle};
use crate::ui::theme::{GAP, GAP_LARGE};

use super::super::parts::{is_entered, main_button, note_ui};

pub fn picture_ui(ui: &mut Ui, format: PictureFormat, style: PictureStyle, outbox: &mut Outbox) {
    let mut wanted = (format, style);
    ui.horizontal(|ui| {
        for format in PictureFormat::ALL {
            ui.selectable_value(&mut wanted.0, format, format.word());
        }
    });
    note_ui(ui, explained(wanted.0));
    ui.add_space(GAP);
    // Mermaid and DOT are coloured by who draws them.
    ui.add_enabled_ui(wanted.0.embeds_design(), |ui| {
        ui.horizontal(|ui| {
            ui.selectable_value(&mut wanted.1.is_dark, false, "Light");
            ui.selectable_value(&mut wanted.1.is_dark, true, "Dark");
        });
    });
    ui.add_space(GAP);
    ui.add(Checkbox::new(&mut wanted.1.is_anonymous, "Without names"));
    note_ui(
        ui,
        "Replace the names of servers and hosts and leave out free text and comments; the tree, ports and \
         plain settings are kept.",
    );
    ui.add_space(GAP_LARGE);
    ui.horizontal(|ui| {
        if main_button(ui, true, "Choose a file…").clicked() || is_entered(ui) {
            outbox.send(Message::File(FileMessage::ExportPicture(wanted.0, wanted.1)));
        }
        if ui.button("Cancel").clicked() {
            outbox.send(Message::View(ViewMessage::Dialog(None)));
        }
    });
    if wanted != (format, style) {
        let (format, style) = wanted;
        outbox.send(Message::View(ViewMessage::Dialog(Some(Dialog::Picture {
            format,
            style,
        }))));
    }
}

fn explained(format: PictureFormat) -> &'static str {
    match format {
        PictureFormat::Svg => "Sharp at every size. Embeds the design, so pgcascade can open it again.",
        PictureFormat::Png => {
            "Pixels, for slides and tickets. Embeds the design, so pgcascade can open it again."
        }
        PictureFormat::Mermaid => "Text that Markdown viewers show as a diagram.",
        PictureFormat::Dot => "Text for Graphviz: dot -Tsvg draws it.",
    }
}
