//! *Break it*: what can be broken on purpose on servers that run, as menu entries of a card, of a link and of the cluster. What
//! cannot be done now says why; what is broken already can be repaired at the same place.

use egui::{Button, Ui};

use crate::app::breaking::{BreakingMessage, Laboratory, Made};
use crate::app::{Outbox, Session};
use crate::model::fault::Fault;
use crate::model::topology::{Server, ServerId};

/// For a server of the drawing, if it runs.
pub fn server_ui(ui: &mut Ui, session: &Session, drawn: ServerId, outbox: &mut Outbox) {
    let Some((laboratory, id)) = session.laboratory().zip(deployed(session, drawn)) else {
        return;
    };
    ui.menu_button("Break it", |ui| {
        ui.set_min_width(190.0);
        faults_ui(ui, &laboratory, &laboratory.of_server(id), outbox);
    });
    let is_of_this = |made: &&Made| made.fault.and_then(Fault::server) == Some(id);
    repairs_ui(ui, &laboratory, is_of_this, outbox);
}

/// For the link above a standby of the drawing, if it runs.
pub fn link_ui(ui: &mut Ui, session: &Session, drawn: ServerId, outbox: &mut Outbox) {
    let Some((laboratory, below)) = session.laboratory().zip(deployed(session, drawn)) else {
        return;
    };
    let faults = laboratory.of_link(below);
    let Some(first) = faults.first() else {
        return;
    };
    ui.separator();
    // Without a laboratory none of them can be done: said once, where one looks for them.
    match laboratory.cannot_ever(*first) {
        Some(reason) => {
            let button = ui.add_enabled(false, Button::new("Break the link"));
            button.on_disabled_hover_text(reason);
        }
        None => drop(ui.menu_button("Break the link", |ui| {
            ui.set_min_width(190.0);
            faults_ui(ui, &laboratory, &faults, outbox);
        })),
    }
    let is_of_this = |made: &&Made| {
        let is_like = |fault: &Fault| made.fault.is_some_and(|made| made.is_on_link_of(*fault));
        faults.iter().any(is_like)
    };
    repairs_ui(ui, &laboratory, is_of_this, outbox);
}

/// For the cluster as a whole.
pub fn cluster_ui(ui: &mut Ui, laboratory: &Laboratory, outbox: &mut Outbox) {
    let hover =
        "Break something of the whole cluster on purpose; a server's and a link's own menu breaks that one";
    let answer = laboratory.may_repair();
    let button = ui.add_enabled_ui(answer.is_ok(), |ui| {
        let menu = ui.menu_button("Break…", |ui| {
            faults_ui(ui, laboratory, &Laboratory::of_cluster(), outbox);
        });
        menu.response
    });
    match answer {
        Ok(()) => drop(button.inner.on_hover_text(hover)),
        Err(reason) => drop(button.inner.on_disabled_hover_text(reason)),
    }
}

fn faults_ui(ui: &mut Ui, laboratory: &Laboratory, faults: &[Fault], outbox: &mut Outbox) {
    for fault in faults {
        let words = laboratory.words(*fault);
        let answer = laboratory.may(*fault);
        let button = ui.add_enabled(answer.is_ok(), Button::new(words.entry.as_str()));
        match answer {
            Err(reason) => drop(button.on_disabled_hover_text(reason)),
            Ok(()) => {
                if button.on_hover_text(words.explained()).clicked() {
                    outbox.send(BreakingMessage::Make(*fault).into());
                    ui.close();
                }
            }
        }
    }
}

/// What is broken there already.
fn repairs_ui(ui: &mut Ui, laboratory: &Laboratory, is_here: impl Fn(&&Made) -> bool, outbox: &mut Outbox) {
    let answer = laboratory.may_repair();
    for made in laboratory.made().iter().filter(is_here) {
        let button = Button::new(format!("Repair: {}", made.sentence));
        let button = ui.add_enabled(answer.is_ok(), button);
        if let Err(reason) = &answer {
            button.on_disabled_hover_text(reason);
        } else if button.clicked() {
            outbox.send(BreakingMessage::Repair(Some(made.text.clone())).into());
            ui.close();
        }
    }
}

/// The server of the deployed design that runs as this one of the drawing.
fn deployed(session: &Session, drawn: ServerId) -> Option<ServerId> {
    let cluster = session.live.cluster.as_ref()?;
    let drawn = session.desk.document.topology().server(drawn)?;
    let name = cluster.running_name(drawn)?;
    cluster.deployed.topology().by_name(name).map(Server::id)
}
