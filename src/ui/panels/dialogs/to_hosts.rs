//! How the design goes to its hosts by Ansible: where the playbook lies, and how the hosts are reached.

use egui::{Align, Key, Layout, TextEdit, Ui};

use crate::app::{Message, Outbox, RunMessage, Session, ToHosts};
use crate::model::words::counted;
use crate::ui::theme::{GAP, GAP_LARGE};

use super::super::parts::{entry_ui, form_ui, main_button, note_ui};
use super::{cancel_ui, title_ui};

/// Of the variables, one per line.
const ROWS: usize = 2;

pub(super) fn to_hosts_ui(
    ui: &mut Ui,
    session: &Session,
    asked: &mut ToHosts,
    is_new: bool,
    outbox: &mut Outbox,
) {
    title_ui(ui, "Deploy to hosts");
    let servers = counted(session.desk.document.topology().servers().len(), "server");
    note_ui(
        ui,
        format!(
            "Ansible builds the {servers} on the hosts that the design names, over ssh. You see the plan before anything \
             happens. Nothing is undone on hosts: a run that was stopped is continued by the next one."
        ),
    );
    ui.add_space(GAP);
    let mut entered = false;
    form_ui(ui, "to hosts", |ui| {
        let edit = entry_ui(ui, "Folder", "", &mut asked.folder, false, |ui, _| {
            note_ui(
                ui,
                "Holds the playbook, its passwords (readable only by you), its log, and what it deployed last.",
            );
        });
        if is_new {
            edit.request_focus();
        }
        entered |= edit.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let hint = "inventory.yml, if Ansible needs more than the addresses";
        let edit = entry_ui(ui, "Inventory", hint, &mut asked.inventory, false, |ui, _| {
            note_ui(
                ui,
                "Who logs in, with which key, and how to become root. Read after the playbook's own inventory, which has the \
                 hosts.",
            );
        });
        entered |= edit.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let label = ui
            .with_layout(Layout::top_down(Align::Min), |ui| ui.label("Variables"))
            .inner;
        ui.vertical(|ui| {
            let edit = TextEdit::multiline(&mut asked.variables)
                .id_salt("variables")
                .hint_text("KEY=VALUE or @FILE, one per line")
                .margin(egui::Margin::symmetric(8, 5))
                .desired_rows(ROWS)
                .desired_width(f32::INFINITY);
            ui.add(edit).labelled_by(label.id);
            note_ui(
                ui,
                "As ansible-playbook takes them after -e. Secrets belong in a file of mode 0600, or a vault.",
            );
        });
        ui.end_row();
    });
    ui.add_space(GAP_LARGE);
    ui.horizontal(|ui| {
        let can = !asked.folder.trim().is_empty();
        if main_button(ui, can, "Show the plan").clicked() || (entered && can) {
            outbox.send(Message::Run(RunMessage::LookToHosts(asked.clone())));
        }
        cancel_ui(ui, outbox);
    });
}
