//! Clusters that somebody else runs, as they were looked at last: by their connections, without passwords.

use egui::{Align, Button, Layout, RichText, Ui, WidgetInfo, WidgetType};

use crate::app::{ImportMessage, ImportSource, Message, Outbox, Session, StartMessage};
use crate::model::desk::RecentConnection;
use crate::model::words::ago;
use crate::ui::theme::{GAP, Tokens};

use super::super::panels::sign_button;
use super::{part_ui, send};

/// Nothing, if there are none.
pub fn connections_ui(ui: &mut Ui, session: &Session, outbox: &mut Outbox) {
    if session.start.connections.is_empty() {
        return;
    }
    part_ui(ui, "Clusters elsewhere");
    for connection in &session.start.connections {
        connection_ui(ui, connection, outbox);
    }
    ui.add_space(GAP * 2.0);
}

fn connection_ui(ui: &mut Ui, connection: &RecentConnection, outbox: &mut Outbox) {
    let text = &connection.text;
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let words = format!("Remove {text} from the list");
            if sign_button(ui, true, "×", &words).clicked() {
                send(outbox, StartMessage::ForgetConnection(text.clone()));
            }
            let mut begin = |watch: bool| {
                let source = ImportSource {
                    connection: text.clone(),
                    watch,
                    ..ImportSource::default()
                };
                outbox.send(Message::Import(ImportMessage::Ask(source)));
            };
            let watch = ui.small_button("Watch");
            let words = format!("Watch {text}");
            watch.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, &words));
            let hint = "Import it again and show live what its servers say; read-only";
            if watch.on_hover_text(hint).clicked() {
                begin(true);
            }
            let weak = Tokens::of(ui.visuals()).text_weak;
            ui.label(RichText::new(ago(connection.age_secs)).small().color(weak));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let button = Button::new(text.as_str()).frame_when_inactive(false).truncate();
                let hint = format!("Import it again: {text}");
                if ui.add(button).on_hover_text(hint).clicked() {
                    begin(false);
                }
            });
        });
    });
}
