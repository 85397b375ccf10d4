//! The clusters of this machine: how they are, and what can be done with them.

use egui::{Label, RichText, Ui};

use crate::app::Outbox;
use crate::app::{ClusterMessage, Message, Session, StartMessage, ViewMessage};
use crate::model::desk::{Condition, Listed};
use crate::model::words::listed as all_of;
use crate::ui::fonts::strong;
use crate::ui::theme::{TEXT_SMALL, Tokens};

use super::{entry_ui, part_ui, small_ui};
use crate::model::words::counted;

pub fn clusters_ui(ui: &mut Ui, session: &Session, outbox: &mut Outbox) {
    part_ui(ui, "Clusters on this machine");
    if session.start.clusters.is_empty() {
        small_ui(ui, "Deployed clusters are listed here until you tear them down");
    }
    for cluster in &session.start.clusters {
        entry_ui(ui, |ui| cluster_ui(ui, session, cluster, outbox));
    }
}

fn cluster_ui(ui: &mut Ui, session: &Session, cluster: &Listed, outbox: &mut Outbox) {
    let busy = busy(session, cluster);
    ui.horizontal(|ui| {
        let name = RichText::new(&cluster.name).family(strong(ui));
        let name_width = ui.available_width() - 170.0;
        ui.scope(|ui| {
            ui.set_max_width(name_width);
            ui.add(Label::new(name).truncate());
        });
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            state_ui(ui, cluster, busy);
        });
    });
    let servers = counted(cluster.servers, "server");
    small_ui(
        ui,
        &format!(
            "PostgreSQL {} · {servers} · {}",
            cluster.version,
            cluster.folder.display()
        ),
    );
    let is_offered = session
        .live
        .left_over
        .iter()
        .any(|record| record.folder == cluster.folder);
    let can_go_on = is_offered && cluster.state.is_left_over();
    ui.horizontal_wrapped(|ui| buttons_ui(ui, cluster, busy.is_some(), can_go_on, outbox));
}

/// A sign and a word, so that it does not rest on the colour.
fn state_ui(ui: &mut Ui, cluster: &Listed, busy: Option<&str>) {
    let tokens = Tokens::of(ui.visuals());
    if let Some(verb) = busy {
        ui.label(RichText::new(verb).size(TEXT_SMALL));
        ui.spinner();
        return;
    }
    let (sign, colour) = match cluster.state {
        Condition::Running if !cluster.split.is_empty() => ("⊗", tokens.error),
        Condition::Running if cluster.servers_up == cluster.servers => ("●", tokens.ok),
        Condition::Running => ("◐", tokens.warning),
        Condition::Stopped => ("○", tokens.text_weak),
        Condition::Building | Condition::Changing | Condition::Removing => ("…", tokens.accent),
        Condition::HalfBuilt
        | Condition::BetweenDesigns
        | Condition::HalfRemoved
        | Condition::HalfSwitched
        | Condition::NotCleared => ("⚠", tokens.warning),
    };
    let mut words = format!("{sign} {}", cluster.state.words());
    if cluster.state == Condition::Running {
        words += &format!(", {} of {} up", cluster.servers_up, cluster.servers);
    }
    if !cluster.split.is_empty() {
        words += &format!(", {} accept writes", all_of(&cluster.split));
    }
    ui.label(RichText::new(words).size(TEXT_SMALL).color(colour));
}

fn buttons_ui(ui: &mut Ui, cluster: &Listed, is_busy: bool, can_go_on: bool, outbox: &mut Outbox) {
    let folder = || cluster.folder.clone();
    let mut button = |ui: &mut Ui, words: &str, hint: &str, message: Message| {
        let response = ui.add_enabled(!is_busy, egui::Button::new(words));
        let name = format!("{words} {}", cluster.name);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, !is_busy, &name));
        if response.on_hover_text(hint).clicked() {
            outbox.send(message);
        }
    };
    if cluster.state.is_whole() {
        let hint = "Open the deployed design with its live state";
        button(
            ui,
            "Open",
            hint,
            Message::Start(StartMessage::OpenCluster(folder())),
        );
        if cluster.servers_up < cluster.servers {
            let hint = "Start the servers that are down";
            button(
                ui,
                "Start",
                hint,
                Message::Start(StartMessage::StartCluster(folder())),
            );
        }
        if cluster.servers_up > 0 {
            let hint = "Stop all its servers; the data is kept";
            button(
                ui,
                "Stop",
                hint,
                Message::Start(StartMessage::StopCluster(folder())),
            );
        }
    }
    if can_go_on {
        let hint = "Finish the interrupted work; completed steps are kept";
        button(
            ui,
            "Resume",
            hint,
            Message::Cluster(ClusterMessage::GoOn(folder())),
        );
        let hint = "Leave it as it is and stop offering to resume it";
        button(ui, "Keep", hint, Message::Cluster(ClusterMessage::Keep(folder())));
    }
    if cluster.state.is_whole() || cluster.state.is_left_over() {
        let hint = "Stop its processes and remove everything created there; asks first";
        button(
            ui,
            "Tear down…",
            hint,
            Message::Cluster(ClusterMessage::AskTeardown(folder())),
        );
    }
    let hint = "Open in the file manager";
    button(
        ui,
        "Show folder",
        hint,
        Message::View(ViewMessage::OpenFolder(folder())),
    );
}

/// What is being done to it by this window.
fn busy<'a>(session: &'a Session, cluster: &Listed) -> Option<&'a str> {
    if session.live.removing.contains(&cluster.folder) {
        return Some("Tearing down");
    }
    let shown = session.live.cluster.as_ref();
    let of_window = shown.filter(|shown| shown.folder == cluster.folder);
    let elsewhere = session.start.busy.get(&cluster.folder).copied();
    of_window.and_then(|shown| shown.busy.as_deref()).or(elsewhere)
}
