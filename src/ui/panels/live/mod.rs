//! Deploying: where to, what stands in the way, what will be done, what happens, and what came of it.

mod broken;
mod change;
pub(super) mod cluster;
mod drift;
mod foreign;
mod hosts;
mod left_over;
mod load;
mod plan;
mod run;
mod trail;

pub use cluster::connect_command;
pub(super) use drift::remedy_ui;
pub use drift::{differences, differs_ui};
pub use foreign::{Command, commands, psql};
pub use left_over::left_over_ui;
pub(super) use trail::link_runs_ui;

use egui::{RichText, ScrollArea, Ui};

use crate::app::Outbox;
use crate::app::{Message, RunMessage, RunView, Session};
use crate::ui::PanelState;
use crate::ui::theme::{GAP, GAP_LARGE};

use self::change::change_ui;
use self::cluster::cluster_ui;
use self::foreign::foreign_ui;
use self::hosts::{after_ui, hosts_ui};
use self::load::load_ui;
use self::plan::plan_ui;
use self::run::{details_ui, run_ui};
use super::parts::{main_button, note_ui};

pub fn deploy_ui(ui: &mut Ui, session: &Session, state: &mut PanelState, outbox: &mut Outbox) {
    match &session.live.run {
        RunView::Idle => {
            scrolled(ui, |ui| {
                // One window has one cluster: while it is there, nothing else can be deployed.
                if session.live.is_foreign() {
                    foreign_ui(ui, session, outbox);
                } else if session.live.cluster.is_some() {
                    cluster_ui(ui, session, outbox);
                } else {
                    idle_ui(ui, outbox);
                }
            });
        }
        RunView::Discovering { folder } | RunView::Looking { folder } => {
            ui.horizontal(|ui| {
                ui.spinner();
                ui.label(if matches!(session.live.run, RunView::Looking { .. }) {
                    "Reading the cluster"
                } else {
                    "Checking this machine"
                });
            });
            note_ui(ui, folder.display().to_string());
            if ui.button("Back").clicked() {
                outbox.send(Message::Run(RunMessage::Close));
            }
        }
        RunView::Planned {
            machine,
            checks,
            plan,
        } => plan_ui(ui, session, machine, checks, plan.as_ref(), outbox),
        RunView::ChangePlanned { plan, .. } => change_ui(ui, plan, outbox),
        RunView::HostsLooking { asked } => {
            ui.horizontal(|ui| {
                ui.spinner();
                ui.label("Reading the playbook's folder");
            });
            note_ui(ui, asked.folder.trim());
            if ui.button("Back").clicked() {
                outbox.send(Message::Run(RunMessage::Close));
            }
        }
        RunView::HostsPlanned { asked, planned } => hosts_ui(ui, asked, planned, outbox),
        RunView::Run {
            run,
            job,
            progress,
            cancelling,
        } => {
            if !progress.is_finished() {
                // What its clients are told meanwhile is what one looks at.
                load_ui(ui, session, false, outbox);
                return run_ui(ui, *run, job, progress, *cancelling, state, outbox);
            }
            scrolled(ui, |ui| {
                run_ui(ui, *run, job, progress, *cancelling, state, outbox);
                if let Some(log) = job.log() {
                    after_ui(ui, session, progress, &log, outbox);
                }
                ui.separator();
                if session.live.cluster.is_some() {
                    cluster_ui(ui, session, outbox);
                    ui.separator();
                }
                details_ui(ui, job, progress);
            });
        }
    }
}

fn scrolled(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    ScrollArea::vertical()
        .id_salt("deploy")
        .auto_shrink(false)
        .show(ui, contents);
}

fn idle_ui(ui: &mut Ui, outbox: &mut Outbox) {
    ui.label(RichText::new("Deploy on this machine").heading());
    ui.add_space(GAP);
    note_ui(
        ui,
        "Build all servers of the drawing in one folder, start them and verify that they replicate as \
         drawn. You see every step and its reason before anything happens, and everything can be rolled \
         back.",
    );
    ui.add_space(GAP);
    if main_button(ui, true, "Choose a folder…").clicked() {
        outbox.send(Message::Run(RunMessage::Ask));
    }
    ui.add_space(GAP_LARGE);
    ui.label(RichText::new("Deploy to hosts").heading());
    ui.add_space(GAP);
    note_ui(
        ui,
        "Let Ansible build every server on the host that the design names, over ssh. Needs ansible-playbook on this machine.",
    );
    ui.add_space(GAP);
    if ui.button("Deploy to hosts…").clicked() {
        outbox.send(Message::Run(RunMessage::AskHosts));
    }
}
