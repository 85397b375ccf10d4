//! A cluster that somebody else made: what its servers show, and the commands to copy. Nothing is done to it.

use egui::{RichText, Ui, WidgetInfo, WidgetType};

use crate::app::{ClusterMessage, ClusterView, Message, Outbox, Session, ViewMessage};
use crate::model::configuration::Control;
use crate::model::health::Conninfo;
use crate::model::operation::{Deed, Operation};
use crate::model::quoting;
use crate::model::topology::Server;
use crate::ui::fonts::strong;
use crate::ui::theme::{GAP_SMALL, Tokens};

use super::super::parts::{note_ui, section_ui};
use super::cluster::{seen_ui, state_in_words};

/// What somebody may want to do, as text to copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    pub words: &'static str,
    pub text: String,
}

pub(super) fn foreign_ui(ui: &mut Ui, session: &Session, outbox: &mut Outbox) {
    let Some(cluster) = &session.live.cluster else {
        return;
    };
    let name = cluster.deployed.topology().name();
    ui.label(RichText::new(format!("🔒 Cluster {name}")).heading());
    note_ui(ui, state_in_words(cluster));
    note_ui(ui, cluster.folder.display().to_string());
    let accent = Tokens::of(ui.visuals()).accent;
    ui.colored_label(accent, "Read-only");
    note_ui(
        ui,
        "pgcascade did not make this cluster: it only looks. The menu of each server has commands to copy.",
    );
    ui.add_space(GAP_SMALL);
    if ui.button("Stop watching").clicked() {
        outbox.send(Message::Cluster(ClusterMessage::LetGo));
    }
    seen_ui(ui, session, cluster, outbox);
    section_ui(ui, "Commands to copy");
    for server in cluster.deployed.topology().servers() {
        server_ui(ui, cluster, server, outbox);
    }
}

fn server_ui(ui: &mut Ui, cluster: &ClusterView, server: &Server, outbox: &mut Outbox) {
    let name = server.name().as_str();
    ui.label(RichText::new(name).family(strong(ui)));
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = GAP_SMALL;
        for command in commands(cluster, name) {
            let button = ui.small_button(command.words).on_hover_text(&command.text);
            let words = format!("{} of {name}", command.words);
            button.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, &words));
            if button.clicked() {
                outbox.send(Message::View(ViewMessage::CopyText(command.text)));
            }
        }
    });
    ui.add_space(GAP_SMALL);
}

/// What can be done with a server, as its administrator types it.
pub fn commands(cluster: &ClusterView, name: &str) -> Vec<Command> {
    let topology = cluster.deployed.topology();
    let Some(server) = topology.by_name(name) else {
        return Vec::new();
    };
    let of = |deed: Deed| {
        let lines = Operation::new(name, deed).lines(topology.postgres(), Control::PgCtl);
        lines.join("\n")
    };
    let mut all = vec![
        Command {
            words: "psql",
            text: psql(cluster, server),
        },
        Command {
            words: "Reload",
            text: of(Deed::Reload),
        },
        Command {
            words: "Restart",
            text: of(Deed::Restart),
        },
        Command {
            words: "Stop",
            text: of(Deed::Stop),
        },
        Command {
            words: "Start",
            text: of(Deed::Start),
        },
    ];
    if !server.is_primary() {
        all.push(Command {
            words: "Promote",
            text: of(Deed::Promote),
        });
        let paused = cluster.seen.as_ref().and_then(|seen| seen.told(name));
        if paused.is_some_and(|told| told.is_paused) {
            all.push(Command {
                words: "Resume replay",
                text: of(Deed::ResumeReplay),
            });
        }
    }
    all
}

/// How to connect to it, as the same user; without a password.
pub fn psql(cluster: &ClusterView, server: &Server) -> String {
    let source = cluster
        .foreign
        .as_ref()
        .map(|imported| imported.source.conninfo());
    let known = source.and_then(|text| Conninfo::parse(&text));
    let user = known.as_ref().and_then(|known| known.get("user"));
    let user = user.map_or_else(String::new, |user| format!(" user={}", quoting::conninfo(user)));
    let host = quoting::conninfo(&server.host().to_string());
    let text = format!("host={host} port={}{user} dbname=postgres", server.port());
    format!("psql {}", quoting::shell_word(&text))
}
