//! The deployed cluster: what its servers show, how to connect, and what can be done with it.

use egui::{Grid, Label, RichText, Ui, WidgetInfo, WidgetType};

use crate::app::Outbox;
use crate::app::breaking::Laboratory;
use crate::app::glance::{Glance, Told};
use crate::app::{ClusterMessage, ClusterView, Message, RunMessage, Session, ViewMessage};
use crate::model::configuration::ClusterFolder;
use crate::model::health::Reading;
use crate::model::quoting::shell_path;
use crate::model::topology::{Auth, Server};
use crate::model::words::counted;
use crate::ui::breaking_menu;
use crate::ui::fonts::strong;
use crate::ui::theme::{GAP, GAP_SMALL, TEXT_SMALL, Tokens};

use super::super::parts::{main_button, note_ui, section_ui};
use super::broken::broken_ui;
use super::drift::drift_ui;
use super::load::load_ui;
use super::trail::events_ui;

pub fn cluster_ui(ui: &mut Ui, session: &Session, outbox: &mut Outbox) {
    let Some(cluster) = &session.live.cluster else {
        return;
    };
    let name = cluster.deployed.topology().name();
    ui.label(RichText::new(format!("Cluster {name}")).heading());
    note_ui(ui, state_in_words(cluster));
    note_ui(ui, cluster.folder.display().to_string());
    if ui
        .link(RichText::new("Show in folder").size(TEXT_SMALL))
        .clicked()
    {
        let folder = cluster.folder.clone();
        outbox.send(Message::View(ViewMessage::OpenFolder(folder)));
    }
    if session.differs_from_deployed() {
        let warning = Tokens::of(ui.visuals()).warning;
        let words = "⚠ The drawing differs from the running cluster";
        ui.add(Label::new(RichText::new(words).color(warning).size(TEXT_SMALL)).wrap());
        ui.add_space(GAP_SMALL);
        let hint = "Show the changes and interruptions before applying anything";
        let apply = main_button(ui, cluster.busy.is_none(), "Apply the changes…");
        if apply.on_hover_text(hint).clicked() {
            outbox.send(Message::Run(RunMessage::AskChange));
        }
    }
    ui.add_space(GAP_SMALL);
    let laboratory = session.laboratory();
    let spins = cluster.busy.is_some() && session.live.breaking.is_none();
    buttons_ui(ui, cluster, laboratory.as_ref(), spins, outbox);
    if let Some(laboratory) = &laboratory {
        broken_ui(ui, session, laboratory, outbox);
    }
    // Once there is one, it is what one looks at.
    if session.live.load.is_some() {
        load_ui(ui, session, cluster.busy.is_none(), outbox);
    }
    seen_ui(ui, session, cluster, outbox);
    if session.live.load.is_none() {
        load_ui(ui, session, cluster.busy.is_none(), outbox);
    }
    section_ui(ui, "How to connect");
    connect_ui(ui, cluster, outbox);
}

/// What its servers last showed, or why they cannot be read.
pub(super) fn seen_ui(ui: &mut Ui, session: &Session, cluster: &ClusterView, outbox: &mut Outbox) {
    if let Some(report) = &cluster.unseen {
        let warning = Tokens::of(ui.visuals()).warning;
        ui.colored_label(warning, format!("⚠ {}", report.headline));
        report
            .hints
            .iter()
            .for_each(|hint| drop(note_ui(ui, hint.as_str())));
    }
    if let Some(seen) = &cluster.seen {
        drift_ui(ui, session, seen, outbox);
        let board = &seen.board;
        section_ui(ui, "pg_stat_replication");
        // Five columns of PostgreSQL's own names: in a narrow panel they are scrolled to.
        egui::ScrollArea::horizontal()
            .id_salt("board")
            .show(ui, |ui| board_ui(ui, seen));
        let commits = match board.commits.outcome.as_str() {
            "acknowledged" if board.commits.waits_for.is_empty() => {
                "Commits do not wait for a standby".to_owned()
            }
            "acknowledged" => format!("Commits wait for {}", board.commits.waits_for.join(", ")),
            "waiting" => "⚠ Commits would hang: too few synchronous standbys are streaming".to_owned(),
            "unknown" => "⚠ The primary does not answer: the state of commits is unknown".to_owned(),
            _ => "There is no primary: writes are not possible".to_owned(),
        };
        ui.add_space(GAP_SMALL);
        note_ui(ui, commits);
        if let Some(waiting) = seen.waiting.filter(|waiting| *waiting > 0) {
            let warning = Tokens::of(ui.visuals()).warning;
            let verb = if waiting == 1 { "waits" } else { "wait" };
            let words = format!("⚠ {} {verb} for a standby now", counted(waiting, "commit"));
            ui.colored_label(warning, words);
        }
        events_ui(ui, &seen.trail, None);
    }
}

/// The cluster's state in one sentence, also for the status bar.
pub fn state_in_words(cluster: &ClusterView) -> String {
    if let Some(busy) = &cluster.busy {
        return format!("{busy}…");
    }
    match running(cluster) {
        None if cluster.unseen.is_some() => "Cannot be read now".to_owned(),
        None => "Not read yet".to_owned(),
        Some((0, _)) => "Stopped".to_owned(),
        Some((up, all)) => {
            let words = match (up, all) {
                (1, 1) => "The server runs".to_owned(),
                (2, 2) => "Both servers run".to_owned(),
                _ if up == all => format!("All {all} servers run"),
                _ => format!("{up} of {all} servers run"),
            };
            match silent(cluster) {
                0 => words,
                1 => format!("{words}, 1 does not answer"),
                many => format!("{words}, {many} do not answer"),
            }
        }
    }
}

/// How many servers run, of how many.
fn running(cluster: &ClusterView) -> Option<(usize, usize)> {
    let servers = &cluster.board()?.servers;
    let up = servers.iter().filter(|reading| reading.running).count();
    Some((up, servers.len()))
}

/// How many of those that run, as far as anybody knows, do not answer.
fn silent(cluster: &ClusterView) -> usize {
    let servers = cluster.board().into_iter().flat_map(|board| &board.servers);
    servers
        .filter(|reading| reading.running && !reading.answers)
        .count()
}

fn buttons_ui(
    ui: &mut Ui,
    cluster: &ClusterView,
    laboratory: Option<&Laboratory>,
    spins: bool,
    outbox: &mut Outbox,
) {
    let idle = cluster.busy.is_none();
    let (up, all) = running(cluster).unwrap_or((1, 2));
    ui.horizontal_wrapped(|ui| {
        let mut button = |ui: &mut Ui, enabled: bool, words: &str, message: Message| {
            if ui.add_enabled(enabled, egui::Button::new(words)).clicked() {
                outbox.send(message);
            }
        };
        let folder = cluster.folder.clone();
        button(ui, idle && up > 0, "Stop", Message::Cluster(ClusterMessage::Stop));
        button(
            ui,
            idle && up < all,
            "Start",
            Message::Cluster(ClusterMessage::Start),
        );
        let teardown = Message::Cluster(ClusterMessage::AskTeardown(folder));
        button(ui, idle, "Tear down…", teardown);
        if let Some(laboratory) = laboratory {
            breaking_menu::cluster_ui(ui, laboratory, outbox);
        }
        if spins {
            ui.spinner();
        }
    });
}

fn board_ui(ui: &mut Ui, seen: &Glance) {
    Grid::new("board")
        .num_columns(5)
        .striped(true)
        .spacing([GAP * 1.25, GAP_SMALL])
        .show(ui, |ui| {
            // The view's column names, but for the first: "application_name" would leave no room for the last.
            let colour = Tokens::of(ui.visuals()).text_weak;
            let head = |word| RichText::new(word).size(TEXT_SMALL).color(colour);
            for word in ["standby", "state", "priority", "sync_state"] {
                ui.label(head(word));
            }
            last_cell(ui, head("behind"));
            ui.end_row();
            for reading in &seen.board.servers {
                if reading.replication.is_empty() && reading.answers {
                    continue;
                }
                reading_rows(ui, seen, reading);
            }
        });
}

fn reading_rows(ui: &mut Ui, seen: &Glance, reading: &Reading) {
    let tokens = Tokens::of(ui.visuals());
    ui.label(RichText::new(format!("on {}", reading.name)).family(strong(ui)));
    if !reading.running {
        let (word, colour) = if seen.is_stopped() {
            ("stopped", tokens.text_weak)
        } else {
            ("down", tokens.error)
        };
        ui.colored_label(colour, word);
    } else if !reading.answers {
        ui.colored_label(tokens.warning, "does not answer");
    }
    ui.end_row();
    for row in &reading.replication {
        ui.label(&row.application_name);
        let state_colour = if row.state == "streaming" {
            tokens.ok
        } else {
            tokens.warning
        };
        ui.colored_label(state_colour, &row.state);
        ui.label(row.sync_priority.to_string());
        let sync_colour = match row.sync_state.as_str() {
            "sync" => tokens.sync,
            "potential" => tokens.potential,
            "quorum" => tokens.quorum,
            _ => tokens.asynchronous,
        };
        ui.colored_label(sync_colour, &row.sync_state);
        // Rows go by the name that the standby gives; most of the time it is the server's.
        let told = seen.told(&row.application_name);
        let behind = told.and_then(Told::lag_words);
        last_cell(ui, behind.unwrap_or_else(|| "unknown".to_owned()).into());
        ui.end_row();
    }
}

/// The stripes of the rows end behind it, not at its last letter.
fn last_cell(ui: &mut Ui, words: RichText) {
    ui.horizontal(|ui| {
        ui.label(words);
        ui.add_space(GAP_SMALL);
    });
}

fn connect_ui(ui: &mut Ui, cluster: &ClusterView, outbox: &mut Outbox) {
    let topology = cluster.deployed.topology();
    let asks_password = topology.effective_auth() != Auth::Trust;
    Grid::new("connect")
        .num_columns(3)
        .spacing([GAP, GAP_SMALL])
        .show(ui, |ui| {
            for server in topology.servers() {
                let command = connect_command(cluster, server);
                let short = format!("psql -h {} -p {} …", server.host().from_itself(), server.port());
                ui.label(server.name().as_str());
                ui.label(RichText::new(short).monospace()).on_hover_text(&command);
                let copy = ui.small_button("Copy").on_hover_text(&command);
                let words = format!("Copy how to connect to {}", server.name());
                copy.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, words.as_str()));
                if copy.clicked() {
                    outbox.send(Message::View(ViewMessage::CopyText(command)));
                }
                ui.end_row();
            }
        });
    if asks_password {
        ui.add_space(GAP);
        let file = cluster.folder.join(ClusterFolder::PGPASS);
        note_ui(
            ui,
            format!("The password is in {}, which only you can read", file.display()),
        );
    }
}

/// How to connect to a server in a terminal.
pub fn connect_command(cluster: &ClusterView, server: &Server) -> String {
    let asks_password = cluster.deployed.topology().effective_auth() != Auth::Trust;
    let psql = format!(
        "psql -h {} -p {} -U {} -d postgres",
        server.host().from_itself(),
        server.port(),
        ClusterFolder::SUPERUSER
    );
    if asks_password {
        let file = cluster.folder.join(ClusterFolder::PGPASS);
        format!("PGPASSFILE={} {psql}", shell_path(&file))
    } else {
        psql
    }
}
