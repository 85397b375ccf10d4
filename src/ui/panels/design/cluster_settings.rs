//! What all servers have in common: version, authentication, encryption, synchronous replication, archive, settings.

use egui::{Button, ComboBox, RichText, Ui};

use crate::app::Outbox;
use crate::app::Session;
use crate::app::drafts::{Drafts, Field};
use crate::app::edits::edit;
use crate::model::simulate::promise::{refused_level, refused_method};
use crate::model::topology::{Auth, CommitLevel, Edit, PgMajor, SyncMethod, SyncPolicy};
use crate::ui::theme::{GAP, GAP_SMALL};

use super::super::parts::{field_row, form_ui, note_ui, section_ui};
use super::archive::archive_ui;
use super::settings::settings_ui;
use super::sync_order::{promise_ui, sync_order_ui};
use super::terms::cluster_terms_ui;
use crate::model::words::counted;

/// All versions are in view at once.
const LONGEST_LIST: f32 = 500.0;

pub fn cluster_settings_ui(ui: &mut Ui, session: &Session, drafts: &mut Drafts, outbox: &mut Outbox) {
    let topology = session.desk.document.topology();
    ui.add(egui::Label::new(RichText::new(topology.name()).heading()).truncate());
    let servers = counted(topology.servers().len(), "server");
    note_ui(ui, format!("{servers}; select one to see its own values"));
    ui.add_space(GAP);
    form_ui(ui, "cluster", |ui| {
        field_row(ui, session, drafts, outbox, "Name", "", &Field::ClusterName);
        let majors: Vec<(PgMajor, String)> = PgMajor::ALL
            .iter()
            .rev()
            .map(|major| (*major, major.to_string()))
            .collect();
        let postgres = topology.postgres();
        choice_row(
            ui,
            session,
            "PostgreSQL",
            postgres,
            &majors,
            |_| None,
            |major| {
                outbox.send(edit(Edit::SetPostgres(major)));
            },
        );
        let auths: Vec<(Auth, String)> = Auth::ALL.map(|auth| (auth, auth.word().to_owned())).to_vec();
        let refuse = |auth: Auth| {
            (auth == Auth::Scram && !postgres.has_scram())
                .then(|| "SCRAM passwords need PostgreSQL 10: choose 10 or later, or md5".to_owned())
        };
        let auth = topology.auth().unwrap_or_else(|| topology.effective_auth());
        choice_row(ui, session, "Authentication", auth, &auths, refuse, |auth| {
            outbox.send(edit(Edit::SetAuth(Some(auth))));
        });
    });
    tls_ui(ui, session, outbox);
    section_ui(ui, "Synchronous replication");
    sync_ui(ui, session, drafts, outbox);
    section_ui(ui, "WAL archive");
    archive_ui(ui, session, drafts, outbox);
    section_ui(ui, "More");
    cluster_terms_ui(ui, session, drafts, outbox);
    section_ui(ui, "Settings of every server");
    settings_ui(ui, session, drafts, None, outbox);
}

fn tls_ui(ui: &mut Ui, session: &Session, outbox: &mut Outbox) {
    let mut on = session.desk.document.topology().has_tls();
    let checkbox = egui::Checkbox::new(&mut on, "Encrypt replication links (TLS)");
    let response = ui.add_enabled(!session.is_locked(), checkbox);
    let response = response.on_hover_text(
        "Both ends of a link present a certificate; the deployment creates them with the cluster's own \
         authority",
    );
    if response.changed() {
        outbox.send(edit(Edit::SetTls(on)));
    }
}

fn sync_ui(ui: &mut Ui, session: &Session, drafts: &mut Drafts, outbox: &mut Outbox) {
    let topology = session.desk.document.topology();
    let mut on = topology.sync().is_some();
    let words = "Commits wait for standbys";
    if ui
        .add_enabled(!session.is_locked(), egui::Checkbox::new(&mut on, words))
        .changed()
    {
        outbox.send(edit(Edit::SetSync(on.then(SyncPolicy::default))));
    }
    let Some(policy) = topology.sync() else {
        promise_ui(ui, session);
        return;
    };
    ui.add_space(GAP_SMALL);
    let postgres = topology.postgres();
    form_ui(ui, "sync", |ui| {
        let methods = [
            (SyncMethod::First, "first: by priority".to_owned()),
            (SyncMethod::Any, "any: a quorum".to_owned()),
        ];
        let refuse = |method: SyncMethod| refused_method(postgres, method);
        choice_row(ui, session, "Method", policy.method, &methods, refuse, |method| {
            let policy = SyncPolicy {
                method,
                ..policy.clone()
            };
            outbox.send(edit(Edit::SetSync(Some(policy))));
        });
        field_row(
            ui,
            session,
            drafts,
            outbox,
            "Standbys to wait for",
            "1",
            &Field::SyncCount,
        );
        let levels = CommitLevel::ALL.map(|level| (level, level.word().to_owned()));
        let refuse = |level: CommitLevel| refused_level(postgres, level);
        choice_row(
            ui,
            session,
            "Commit level",
            policy.commit,
            &levels,
            refuse,
            |commit| {
                let policy = SyncPolicy {
                    commit,
                    ..policy.clone()
                };
                outbox.send(edit(Edit::SetSync(Some(policy))));
            },
        );
    });
    ui.add_space(GAP_SMALL);
    sync_order_ui(ui, session, outbox);
    promise_ui(ui, session);
}

/// A row with a combo box. `refuse` says why a choice cannot be made.
pub(super) fn choice_row<T: Copy + PartialEq>(
    ui: &mut Ui,
    session: &Session,
    label: &str,
    current: T,
    choices: &[(T, String)],
    refuse: impl Fn(T) -> Option<String>,
    mut choose: impl FnMut(T),
) {
    let label_response = ui.label(label);
    let shown = choices
        .iter()
        .find(|(choice, _)| *choice == current)
        .map_or("", |(_, words)| words.as_str());
    let combo = ComboBox::from_id_salt(label)
        .width(ui.available_width())
        .height(LONGEST_LIST)
        .selected_text(shown);
    let combo = ui.add_enabled_ui(!session.is_locked(), |ui| {
        combo.show_ui(ui, |ui| {
            for (choice, words) in choices {
                let refusal = refuse(*choice);
                let button = Button::selectable(*choice == current, words.as_str());
                let response = ui.add_enabled(refusal.is_none(), button);
                if response.clicked() && *choice != current {
                    choose(*choice);
                }
                if let Some(refusal) = refusal {
                    response.on_disabled_hover_text(refusal);
                }
            }
        })
    });
    combo.inner.response.labelled_by(label_response.id);
    ui.end_row();
}
