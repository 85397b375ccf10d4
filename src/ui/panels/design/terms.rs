//! What a design says of all servers besides the drawing, folded: the role, certificates, lines of pg_hba.conf, initdb.

use egui::Ui;

use crate::app::drafts::{Drafts, Field, TermField};
use crate::app::{DesignMessage, Message, Outbox, Session};
use crate::model::document::Command;
use crate::model::topology::terms::{Initdb, TlsMode, TlsTerms};
use crate::model::topology::{ClusterTerms, Edit};

use super::super::parts::{field_row, field_ui, fold_ui, form_ui, note_ui, sign_button};
use super::cluster_settings::choice_row;

/// Beside a field, for the button that removes its row.
const FOR_BUTTON: f32 = 40.0;
const NARROWEST: f32 = 60.0;

pub fn cluster_terms_ui(ui: &mut Ui, session: &Session, drafts: &mut Drafts, outbox: &mut Outbox) {
    let topology = session.desk.document.topology();
    let terms = topology.terms();
    let is_used = terms.role.is_some() || !terms.hba.is_empty() || terms.tls != TlsTerms::default();
    fold_ui(ui, "More about access", is_used, |ui| {
        access_ui(ui, session, drafts, outbox);
    });
    let is_used = terms.initdb != Initdb::default();
    fold_ui(ui, "Data directory (initdb)", is_used, |ui| {
        initdb_ui(ui, session, drafts, outbox);
    });
    fold_ui(ui, "Laboratory", terms.has_lab_links, |ui| {
        let mut on = terms.has_lab_links;
        let words = "Links that can be cut and slowed";
        let checkbox = ui.add_enabled(!session.is_locked(), egui::Checkbox::new(&mut on, words));
        let hover = "Put a relay in front of each upstream, on this machine only; never part of an export";
        if checkbox.on_hover_text(hover).changed() {
            let changed = ClusterTerms {
                has_lab_links: on,
                ..terms.clone()
            };
            send(outbox, "Change the laboratory", Edit::SetClusterTerms(changed));
        }
    });
}

fn access_ui(ui: &mut Ui, session: &Session, drafts: &mut Drafts, outbox: &mut Outbox) {
    let topology = session.desk.document.topology();
    let terms = topology.terms();
    form_ui(ui, "access", |ui| {
        let mut row = |ui: &mut Ui, label: &str, hint: &str, field| {
            field_row(ui, session, drafts, outbox, label, hint, &Field::Terms(field));
        };
        row(ui, "Replication role", "replicator", TermField::Role);
        if !topology.has_tls() {
            return;
        }
        let hint = "ca = \"/…\", cert = \"/…\", key = \"/…\"";
        row(ui, "Certificates", hint, TermField::Certificates);
        let modes = TlsMode::ALL.map(|mode| (mode, mode.word().to_owned()));
        choice_row(
            ui,
            session,
            "Standbys check",
            terms.tls.mode(),
            &modes,
            |mode| {
                let files = terms.tls.files.clone();
                let (ca, cert, key) = match files {
                    Some(files) => (files.ca, Some(files.cert), Some(files.key)),
                    None => (None, None, None),
                };
                TlsTerms::of(Some(mode), ca, cert, key)
                    .err()
                    .map(|bad| bad.to_string())
            },
            |mode| {
                let changed = ClusterTerms {
                    tls: TlsTerms {
                        mode: Some(mode),
                        ..terms.tls.clone()
                    },
                    ..terms.clone()
                };
                send(
                    outbox,
                    "Change how certificates are checked",
                    Edit::SetClusterTerms(changed),
                );
            },
        );
    });
    note_ui(ui, "Lines of pg_hba.conf, after the derived ones");
    for place in 0..terms.hba.len() {
        let field = TermField::Hba(place);
        let label = format!("Line {} of pg_hba.conf", place + 1);
        let removed = removable_ui(ui, session, drafts, outbox, &label, &field);
        if removed {
            let mut changed = terms.clone();
            changed.hba.remove(place);
            send(
                outbox,
                "Change the lines of pg_hba.conf",
                Edit::SetClusterTerms(changed),
            );
        }
    }
    new_ui(
        ui,
        session,
        drafts,
        outbox,
        ("Add a line", "host app app 10.0.0.0/8 scram-sha-256"),
        &TermField::NewHba,
    );
}

fn initdb_ui(ui: &mut Ui, session: &Session, drafts: &mut Drafts, outbox: &mut Outbox) {
    let topology = session.desk.document.topology();
    let terms = topology.terms();
    form_ui(ui, "initdb", |ui| {
        let mut row = |ui: &mut Ui, label: &str, hint: &str, field| {
            field_row(ui, session, drafts, outbox, label, hint, &Field::Terms(field));
        };
        row(ui, "WAL segment size", "16MB", TermField::SegmentSize);
        row(ui, "Locale", "automatic, or C.UTF-8", TermField::Locale);
        row(ui, "Encoding", "the locale's, or UTF8", TermField::Encoding);
        let choices = [
            (None, "as the version does"),
            (Some(true), "on"),
            (Some(false), "off"),
        ];
        let choices = choices.map(|(choice, words)| (choice, words.to_owned()));
        choice_row(
            ui,
            session,
            "Data checksums",
            terms.initdb.data_checksums,
            &choices,
            |_| None,
            |data_checksums| {
                let initdb = Initdb {
                    data_checksums,
                    ..terms.initdb.clone()
                };
                let changed = ClusterTerms {
                    initdb,
                    ..terms.clone()
                };
                send(
                    outbox,
                    "Change the options of initdb",
                    Edit::SetClusterTerms(changed),
                );
            },
        );
    });
    note_ui(ui, "pgcascade sets these once, when it builds the cluster.");
}

/// One edit under words of its own.
pub(super) fn send(outbox: &mut Outbox, label: &str, edit: Edit) {
    let command = Command::Edits {
        label: label.to_owned(),
        edits: vec![edit],
    };
    outbox.send(Message::Design(DesignMessage::Do(command)));
}

/// A field with a button that removes its row; true if that was pressed.
pub(super) fn removable_ui(
    ui: &mut Ui,
    session: &Session,
    drafts: &mut Drafts,
    outbox: &mut Outbox,
    label: &str,
    field: &TermField,
) -> bool {
    ui.horizontal(|ui| {
        let width = (ui.available_width() - FOR_BUTTON).max(NARROWEST);
        ui.vertical(|ui| {
            ui.set_width(width);
            let field = Field::Terms(field.clone());
            let response = field_ui(ui, session, drafts, outbox, "", width, &field);
            ui.ctx()
                .accesskit_node_builder(response.id, |node| node.set_label(label));
        });
        sign_button(ui, !session.is_locked(), "✖", &format!("Remove {label}")).clicked()
    })
    .inner
}

/// A field that adds a row.
pub(super) fn new_ui(
    ui: &mut Ui,
    session: &Session,
    drafts: &mut Drafts,
    outbox: &mut Outbox,
    (words, hint): (&str, &str),
    field: &TermField,
) {
    let label = note_ui(ui, words);
    let width = ui.available_width();
    let field = Field::Terms(field.clone());
    field_ui(ui, session, drafts, outbox, hint, width, &field).labelled_by(label.id);
}
