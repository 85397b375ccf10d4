//! Where what runs differs from its design: one line above the drawing, and all of it in the cluster's panel.

use egui::{Label, RichText, Ui};

use super::super::parts::{note_ui, section_ui};
use crate::app::Outbox;
use crate::app::glance::Glance;
use crate::app::remedy::Remedy;
use crate::app::{ClusterMessage, Message, Session, Tab, ViewMessage};
use crate::model::drift::Drift;
use crate::model::words::counted;
use crate::ui::theme::{GAP_SMALL, Tokens};

const ADOPT: &str = "Adopt…";
const ADOPT_HOVER: &str = "Make what is running the design; shows the changes first";

/// What differs; nothing of a cluster that was stopped, whose panel says so.
pub fn differences(session: &Session) -> &[Drift] {
    let cluster = session.live.cluster.as_ref();
    let cluster = cluster.filter(|cluster| cluster.busy.is_none());
    match cluster.and_then(|cluster| cluster.seen.as_ref()) {
        Some(seen) if !seen.is_stopped() => &seen.drift,
        _ => &[],
    }
}

/// The worst of it, in one line; draws nothing if there is none.
/// `can_adopt`: pgcascade made the cluster.
pub fn differs_ui(ui: &mut Ui, session: &Session, drift: &[Drift], can_adopt: bool, outbox: &mut Outbox) {
    let Some(first) = drift.iter().min_by_key(|one| (!one.is_grave(), one.rank())) else {
        return;
    };
    let colour = colour(ui, first);
    ui.horizontal(|ui| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let hover = "List every difference between the running cluster and its design, with fixes";
            if ui.button("Show all").on_hover_text(hover).clicked() {
                outbox.send(Message::View(ViewMessage::Show(Tab::Deploy)));
            }
            if can_adopt && ui.button(ADOPT).on_hover_text(ADOPT_HOVER).clicked() {
                outbox.send(Message::Cluster(ClusterMessage::AskAdopt));
            }
            if let Some(remedy) = session.remedies(first).first() {
                remedy_ui(ui, session, remedy, outbox);
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let sign = RichText::new(sign(first)).color(colour).strong();
                ui.add(Label::new(sign).selectable(false));
                let more = match drift.len() {
                    1 => String::new(),
                    all => format!(" · {} more", all - 1),
                };
                let words = format!("{}{more}", first.message);
                ui.add(Label::new(words).truncate()).on_hover_text(&first.message);
            });
        });
    });
}

/// All of it, with what helps.
pub fn drift_ui(ui: &mut Ui, session: &Session, seen: &Glance, outbox: &mut Outbox) {
    if seen.is_stopped() {
        return;
    }
    if seen.drift.is_empty() {
        let ok = Tokens::of(ui.visuals()).ok;
        ui.colored_label(ok, "✔ As designed");
        return;
    }
    section_ui(
        ui,
        &format!(
            "Differs from its design: {}",
            counted(seen.drift.len(), "finding")
        ),
    );
    for one in &seen.drift {
        let colour = colour(ui, one);
        ui.horizontal_top(|ui| {
            ui.add(Label::new(RichText::new(sign(one)).color(colour)).selectable(false));
            ui.vertical(|ui| {
                ui.add(Label::new(&one.message).wrap());
                if let Some(fix) = &one.fix {
                    note_ui(ui, fix.as_str());
                }
                let remedies = session.remedies(one);
                if !remedies.is_empty() {
                    ui.horizontal_wrapped(|ui| {
                        for remedy in &remedies {
                            remedy_ui(ui, session, remedy, outbox);
                        }
                    });
                }
            });
        });
        ui.add_space(GAP_SMALL);
    }
}

/// A button that does it.
pub(in crate::ui::panels) fn remedy_ui(ui: &mut Ui, session: &Session, remedy: &Remedy, outbox: &mut Outbox) {
    if ui
        .button(&remedy.words)
        .on_hover_text(remedy.explained.as_str())
        .clicked()
    {
        session
            .to_do(remedy)
            .into_iter()
            .for_each(|message| outbox.send(message));
    }
}

fn sign(one: &Drift) -> &'static str {
    if one.is_grave() { "⊗" } else { "⚠" }
}

fn colour(ui: &Ui, one: &Drift) -> egui::Color32 {
    let tokens = Tokens::of(ui.visuals());
    if one.is_grave() {
        tokens.error
    } else {
        tokens.warning
    }
}
