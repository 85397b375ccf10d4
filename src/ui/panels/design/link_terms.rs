//! What a design says of one server and of its link besides the drawing, folded: where it listens, slots, fallback upstreams,
//! options of its connection, tablespaces.

use egui::{Button, ComboBox, Ui};

use crate::app::drafts::{Drafts, Field, TermField};
use crate::app::{Outbox, Session};
use crate::model::topology::{Edit, LinkTerms, Server, ServerId, ServerTerms, Standby};
use crate::model::words::as_sentence;

use super::super::parts::{field_row, fold_ui, form_ui, note_ui, sign_button};
use super::terms::{new_ui, removable_ui, send};

/// Where it listens, slots of its own, tablespaces; of a standby its link too.
pub fn server_terms_ui(
    ui: &mut Ui,
    session: &Session,
    drafts: &mut Drafts,
    server: &Server,
    outbox: &mut Outbox,
) {
    let id = server.id();
    let terms = server.terms();
    let of_link = server.standby().map(Standby::link);
    let is_used =
        *terms != ServerTerms::default() || of_link.is_some_and(|link| *link != LinkTerms::default());
    let content = |ui: &mut Ui| {
        form_ui(ui, "server's terms", |ui| {
            let mut row = |ui: &mut Ui, label: &str, hint: &str, field| {
                field_row(ui, session, drafts, outbox, label, hint, &Field::Terms(field));
            };
            row(ui, "Listens on", "as drawn, or *", TermField::Listen(id));
            row(
                ui,
                "Address in pg_hba.conf",
                "its host, or 10.0.0.0/24",
                TermField::HbaAddress(id),
            );
            if session.desk.document.topology().postgres().has_slots() {
                row(ui, "Extra slots", "barman, other", TermField::Slots(id));
            }
        });
        if let Some(standby) = server.standby() {
            link_rows(ui, session, drafts, server, standby, outbox);
        }
        note_ui(ui, "Tablespaces");
        for name in terms.tablespaces.keys() {
            let label = format!("Tablespace {name}");
            note_ui(ui, name.as_str());
            let field = TermField::Tablespace(id, name.clone());
            if removable_ui(ui, session, drafts, outbox, &label, &field) {
                let mut terms = terms.clone();
                terms.tablespaces.remove(name);
                let words = format!("Change the tablespaces of {}", server.name());
                send(outbox, &words, Edit::SetServerTerms { server: id, terms });
            }
        }
        let words = ("Add a tablespace", "fast = /mnt/fast/pg");
        new_ui(ui, session, drafts, outbox, words, &TermField::NewTablespace(id));
    };
    // Each server is open or folded by itself.
    ui.push_id(id.number(), |ui| fold_ui(ui, "More", is_used, content));
}

/// The same of the link alone, in its own panel.
pub fn link_terms_ui(
    ui: &mut Ui,
    session: &Session,
    drafts: &mut Drafts,
    below: &Server,
    outbox: &mut Outbox,
) {
    if let Some(standby) = below.standby() {
        let is_used = *standby.link() != LinkTerms::default();
        ui.push_id(below.id().number(), |ui| {
            fold_ui(ui, "More about the link", is_used, |ui| {
                link_rows(ui, session, drafts, below, standby, outbox);
            });
        });
    }
}

fn link_rows(
    ui: &mut Ui,
    session: &Session,
    drafts: &mut Drafts,
    below: &Server,
    standby: &Standby,
    outbox: &mut Outbox,
) {
    let topology = session.desk.document.topology();
    let (id, link) = (below.id(), standby.link());
    if topology.uses_slot(id) {
        form_ui(ui, "slot's name", |ui| {
            let (label, field) = ("Slot name", Field::Terms(TermField::SlotName(id)));
            let usual = topology.slot_name(id);
            field_row(ui, session, drafts, outbox, label, &usual, &field);
        });
    }
    kinds_ui(ui, session, below, link, outbox);
    if topology.postgres().has_several_hosts() {
        fallbacks_ui(ui, session, below, standby, outbox);
    } else {
        note_ui(ui, "Fallback upstreams need PostgreSQL 10 or later.");
    }
    note_ui(ui, "Options of the connection (primary_conninfo)");
    for name in link.conninfo.keys() {
        note_ui(ui, name.as_str());
        let field = TermField::Conninfo(id, name.clone());
        if removable_ui(ui, session, drafts, outbox, name, &field) {
            let mut link = link.clone();
            link.conninfo.remove(name);
            let words = format!("Change the connection of {}", below.name());
            send(outbox, &words, Edit::SetLinkTerms { server: id, link });
        }
    }
    let words = ("Add an option", "keepalives_idle = 30");
    new_ui(ui, session, drafts, outbox, words, &TermField::NewConninfo(id));
}

/// How it gets its WAL, and what it is.
fn kinds_ui(ui: &mut Ui, session: &Session, below: &Server, link: &LinkTerms, outbox: &mut Outbox) {
    let can = !session.is_locked();
    let mut by_archive = link.is_by_archive;
    let box_of = egui::Checkbox::new(&mut by_archive, "Fed by the archive alone");
    let response = ui.add_enabled(can && !link.is_receiver, box_of);
    let hover = "Read WAL with restore_command only; nothing streams, so it is late by a segment or more";
    let response = response.on_hover_text(hover).on_disabled_hover_text(if can {
        "A receiver streams: it cannot be fed by the archive"
    } else {
        session.locked_words()
    });
    if response.changed() {
        let link = LinkTerms {
            is_by_archive: by_archive,
            ..link.clone()
        };
        let words = format!("Change how {} gets its WAL", below.name());
        send(
            outbox,
            &words,
            Edit::SetLinkTerms {
                server: below.id(),
                link,
            },
        );
    }
    let mut receiver = link.is_receiver;
    let is_relay = session.desk.document.topology().is_relay(below.id());
    let box_of = egui::Checkbox::new(&mut receiver, "Receives WAL only (pg_receivewal)");
    let can_be = !is_relay && !link.is_by_archive || link.is_receiver;
    let response = ui.add_enabled(can && can_be, box_of);
    let hover = "Draw pg_receivewal or Barman: it is not a server, serves no reads and cannot be promoted";
    let response = response.on_hover_text(hover).on_disabled_hover_text(if !can {
        session.locked_words()
    } else if is_relay {
        "Others follow it, and a receiver sends no WAL"
    } else {
        "A receiver streams: it cannot be fed by the archive"
    });
    if response.changed() {
        let link = LinkTerms {
            is_receiver: receiver,
            ..link.clone()
        };
        let words = if receiver {
            format!("Make {} a receiver of WAL only", below.name())
        } else {
            format!("Make {} a standby", below.name())
        };
        send(
            outbox,
            &words,
            Edit::SetLinkTerms {
                server: below.id(),
                link,
            },
        );
    }
}

/// Whom it turns to while its upstream does not answer, in order; and a list to add one from.
fn fallbacks_ui(ui: &mut Ui, session: &Session, below: &Server, standby: &Standby, outbox: &mut Outbox) {
    let topology = session.desk.document.topology();
    let (id, link) = (below.id(), standby.link());
    if link.is_by_archive {
        return;
    }
    let change = |also_follows: Vec<ServerId>| {
        let link = LinkTerms {
            also_follows,
            ..link.clone()
        };
        let words = format!("Change the fallbacks of {}", below.name());
        (words, Edit::SetLinkTerms { server: id, link })
    };
    note_ui(ui, "Fallback upstreams, while its own is away");
    for (place, other) in link.also_follows.iter().enumerate() {
        let Some(name) = topology.server(*other).map(Server::name) else {
            continue;
        };
        ui.horizontal(|ui| {
            ui.label(format!("{}. {name}", place + 1));
            if sign_button(
                ui,
                !session.is_locked(),
                "✖",
                &format!("Remove the fallback {name}"),
            )
            .clicked()
            {
                let mut all = link.also_follows.clone();
                all.remove(place);
                let (words, edit) = change(all);
                send(outbox, &words, edit);
            }
        });
    }
    let combo = ComboBox::from_id_salt("fallback")
        .width(ui.available_width())
        .selected_text("Add a fallback…");
    let combo = ui.add_enabled_ui(!session.is_locked(), |ui| {
        combo.show_ui(ui, |ui| {
            for other in topology.in_tree_order() {
                let Some(server) = topology.server(other) else {
                    continue;
                };
                if other == id || other == standby.upstream() || link.also_follows.contains(&other) {
                    continue;
                }
                let below_it = topology.subtree(id).contains(&other);
                let refusal = if below_it {
                    Some("it follows this one")
                } else {
                    server.is_receiver().then_some("a receiver sends no WAL")
                };
                let button = Button::selectable(false, server.name().as_str());
                let response = ui.add_enabled(refusal.is_none(), button);
                if response.clicked() {
                    let all = link.also_follows.iter().copied().chain([other]);
                    let (words, edit) = change(all.collect());
                    send(outbox, &words, edit);
                }
                if let Some(refusal) = refusal {
                    response.on_disabled_hover_text(as_sentence(refusal));
                }
            }
        })
    });
    combo
        .inner
        .response
        .widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::ComboBox, true, "Add a fallback"));
}
