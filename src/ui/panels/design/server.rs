//! One server: name, address, whom it follows and how, its own settings.

use egui::{Button, ComboBox, RichText, Ui};

use crate::app::Outbox;
use crate::app::drafts::{Drafts, Field};
use crate::app::edits::{edit, remove_words, role_in_words, targets, toggle_synchronous};
use crate::app::{DesignMessage, Message, Session};
use crate::model::topology::{Edit, Server, SiteName, Standby};
use crate::model::words::as_sentence;
use crate::ui::theme::{GAP, GAP_SMALL, TEXT_SMALL};

use super::super::live::link_runs_ui;
use super::super::parts::{field_row, form_ui, note_ui, section_ui, severity_sign};
use super::link_terms::server_terms_ui;
use super::settings::settings_ui;

/// So many sites are offered below the field; the action "Site…" has all.
const SITES_OFFERED: usize = 6;

pub fn server_ui(ui: &mut Ui, session: &Session, drafts: &mut Drafts, server: &Server, outbox: &mut Outbox) {
    let topology = session.desk.document.topology();
    let id = server.id();
    ui.add(egui::Label::new(RichText::new(server.name().as_str()).heading()).truncate());
    note_ui(ui, as_sentence(&role_in_words(topology, id)));
    ui.add_space(GAP);
    form_ui(ui, "server", |ui| {
        let mut row = |ui: &mut Ui, label, hint, field| {
            field_row(ui, session, drafts, outbox, label, hint, &field);
        };
        row(ui, "Name", "", Field::Name(id));
        row(ui, "Host", "localhost", Field::Host(id));
        row(ui, "Port", "5432", Field::Port(id));
        row(ui, "Site", "location", Field::Site(id));
        known_sites_row(ui, session, server, outbox);
        if let Some(standby) = server.standby() {
            standby_rows(ui, session, drafts, server, standby, outbox);
        }
    });
    for (_, finding) in session.findings_of(id) {
        let (sign, colour) = severity_sign(ui, finding.severity);
        ui.horizontal_wrapped(|ui| {
            ui.colored_label(colour, format!("{sign} {}", finding.severity.word()));
            ui.label(as_sentence(&finding.message));
        });
    }
    if !server.is_primary() {
        link_runs_ui(ui, session, id);
    }
    server_terms_ui(ui, session, drafts, server, outbox);
    section_ui(ui, "Settings of this server");
    settings_ui(ui, session, drafts, Some(id), outbox);
    ui.add_space(GAP);
    if !server.is_primary() {
        ui.add_enabled_ui(!session.is_locked(), |ui| {
            ui.horizontal(|ui| {
                if ui.button("Make primary").clicked() {
                    outbox.send(edit(Edit::Promote { server: id }));
                }
                if ui.button(remove_words(session, &[id])).clicked() {
                    outbox.send(Message::Design(DesignMessage::AskRemove(vec![id])));
                }
            });
        });
    }
}

/// The design's other sites: a press puts the server there.
fn known_sites_row(ui: &mut Ui, session: &Session, server: &Server, outbox: &mut Outbox) {
    let sites = session.desk.document.topology().sites();
    let others: Vec<&SiteName> = sites
        .keys()
        .copied()
        .filter(|site| Some(*site) != server.site())
        .collect();
    if others.is_empty() || session.is_locked() {
        return;
    }
    ui.label("");
    // A row of a grid is as high as its first line, unless what stands in it is a column of its own.
    ui.vertical(|ui| {
        ui.horizontal_wrapped(|ui| site_chips_ui(ui, server, &others, outbox));
    });
    ui.end_row();
}

fn site_chips_ui(ui: &mut Ui, server: &Server, others: &[&SiteName], outbox: &mut Outbox) {
    ui.spacing_mut().item_spacing = egui::vec2(GAP_SMALL, GAP_SMALL);
    for site in others.iter().take(SITES_OFFERED) {
        let button = ui.add(Button::new(RichText::new(site.as_str()).size(TEXT_SMALL)).small());
        let words = format!("Put {} into {site}", server.name());
        button.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, words.as_str()));
        if button.on_hover_text(words.as_str()).clicked() {
            outbox.send(edit(Edit::SetSite {
                servers: vec![server.id()],
                site: Some((*site).clone()),
            }));
        }
    }
}

fn standby_rows(
    ui: &mut Ui,
    session: &Session,
    drafts: &mut Drafts,
    server: &Server,
    standby: &Standby,
    outbox: &mut Outbox,
) {
    follows_row(ui, session, server, standby, outbox);
    synchronous_row(ui, session, server, standby, outbox);
    let id = server.id();
    if standby.sync_priority().is_some() {
        field_row(
            ui,
            session,
            drafts,
            outbox,
            "Priority",
            "1",
            &Field::SyncPriority(id),
        );
    }
    slot_row(ui, session, server, outbox);
    if session.desk.document.topology().postgres().has_apply_delay() {
        let field = Field::ApplyDelay(id);
        field_row(
            ui,
            session,
            drafts,
            outbox,
            "Apply delay",
            "none, or 10min",
            &field,
        );
    }
}

fn follows_row(ui: &mut Ui, session: &Session, server: &Server, standby: &Standby, outbox: &mut Outbox) {
    let topology = session.desk.document.topology();
    let upstream = topology.server(standby.upstream());
    let label = ui.label("Follows");
    let combo = ComboBox::from_id_salt("follows")
        .width(ui.available_width())
        .truncate()
        .selected_text(upstream.map_or("?", |upstream| upstream.name().as_str()));
    let combo = ui.add_enabled_ui(!session.is_locked(), |ui| {
        combo.show_ui(ui, |ui| {
            for (target, name, verdict) in targets(topology, server.id()) {
                let current = target == standby.upstream();
                let button = Button::selectable(current, name);
                let response = ui.add_enabled(current || verdict.is_ok(), button);
                let clicked = response.clicked() && !current;
                match verdict {
                    Err(refusal) => drop(response.on_disabled_hover_text(as_sentence(&refusal.to_string()))),
                    Ok(consequences) if !consequences.is_empty() => {
                        drop(response.on_hover_text(consequences.join("\n")));
                    }
                    Ok(_) => {}
                }
                if clicked {
                    outbox.send(edit(Edit::Attach {
                        server: server.id(),
                        upstream: target,
                    }));
                }
            }
        })
    });
    combo.inner.response.labelled_by(label.id);
    ui.end_row();
}

fn synchronous_row(ui: &mut Ui, session: &Session, server: &Server, standby: &Standby, outbox: &mut Outbox) {
    let topology = session.desk.document.topology();
    ui.label("");
    let toggle = toggle_synchronous(topology, server.id());
    let mut checked = standby.sync_priority().is_some();
    let can = toggle.is_ok() && !session.is_locked();
    let response = ui.add_enabled(can, egui::Checkbox::new(&mut checked, "Synchronous"));
    let why_not = match &toggle {
        Err(reason) => reason.as_str(),
        Ok(_) => session.locked_words(),
    };
    let response = response.on_disabled_hover_text(why_not);
    if response.changed()
        && let Ok(message) = toggle
    {
        outbox.send(message);
    }
    ui.end_row();
}

pub(super) fn slot_row(ui: &mut Ui, session: &Session, server: &Server, outbox: &mut Outbox) {
    let topology = session.desk.document.topology();
    ui.label("");
    let mut checked = topology.uses_slot(server.id());
    let has_slots = topology.postgres().has_slots();
    let slot = egui::Checkbox::new(&mut checked, "Replication slot");
    let response = ui.add_enabled(has_slots && !session.is_locked(), slot);
    let why_not = if has_slots {
        session.locked_words()
    } else {
        "Replication slots need PostgreSQL 9.4 or later"
    };
    let name = topology.slot_name(server.id());
    let response = response
        .on_disabled_hover_text(why_not)
        .on_hover_text(format!("The upstream retains WAL for it in the slot \"{name}\""));
    if response.changed() {
        outbox.send(edit(Edit::SetSlot {
            server: server.id(),
            slot: Some(checked),
        }));
    }
    ui.end_row();
}
