//! What can happen in What-if, as menu entries: to a server, to a link, to everything. What cannot happen now says why.

use egui::{Button, Ui};

use crate::app::{Message, WhatIf, WhatIfMessage};
use crate::model::simulate::world::{Action, World};
use crate::model::topology::{Server, ServerId};
use crate::ui::Outbox;
use crate::ui::drafts::as_sentence;

/// What can happen to a server, and what can be done about it.
pub fn server_menu_ui(ui: &mut Ui, what_if: &WhatIf, id: ServerId, outbox: &mut Outbox) {
    let world = what_if.world();
    let Some(state) = world.state(id) else {
        return;
    };
    let mut entry = |ui: &mut Ui, words: &str, action| entry_ui(ui, what_if, words, action, outbox);
    if state.is_up() {
        entry(ui, "Crash", Action::Crash(id));
        entry(ui, "Stop cleanly", Action::Stop(id));
    } else {
        entry(ui, "Come back", Action::ComeBack(id));
    }
    if state.is_paused {
        entry(ui, "Resume replay", Action::Resume(id));
    } else {
        entry(ui, "Pause replay", Action::Pause(id));
    }
    ui.separator();
    entry(ui, "Promote", Action::Promote(id));
    let others = || {
        world
            .topology()
            .servers()
            .iter()
            .filter(move |other| other.id() != id)
    };
    let to_each = |ui: &mut Ui, words: &str, of: &dyn Fn(ServerId) -> Action, outbox: &mut Outbox| {
        ui.menu_button(words, |ui| {
            egui::ScrollArea::vertical().max_height(320.0).show(ui, |ui| {
                for other in others() {
                    entry_ui(ui, what_if, other.name().as_str(), of(other.id()), outbox);
                }
            });
        });
    };
    to_each(
        ui,
        "Re-point to",
        &|upstream| Action::Repoint { server: id, upstream },
        outbox,
    );
    to_each(
        ui,
        "Rebuild from",
        &|upstream| Action::Rebuild { server: id, upstream },
        outbox,
    );
    to_each(
        ui,
        "Make its slot at",
        &|upstream| Action::MakeSlot { server: id, upstream },
        outbox,
    );
    ui.separator();
    to_each(
        ui,
        "Cut the network to",
        &|other| Action::Cut { one: id, other },
        outbox,
    );
    to_each(
        ui,
        "Slow network to",
        &|other| Action::Slow { one: id, other },
        outbox,
    );
    if others().any(|other| is_troubled(world, id, other.id())) {
        to_each(
            ui,
            "Mend the network to",
            &|other| Action::Mend { one: id, other },
            outbox,
        );
    }
    if let Some(upstream) = state.upstream {
        ui.separator();
        link_entries_ui(ui, what_if, id, upstream, outbox);
    }
}

/// What can happen to the link from a server's upstream to it.
pub fn link_menu_ui(ui: &mut Ui, what_if: &WhatIf, below: ServerId, outbox: &mut Outbox) {
    let upstream = what_if.world().state(below).and_then(|state| state.upstream);
    if let Some(upstream) = upstream {
        ui.set_min_width(190.0);
        link_entries_ui(ui, what_if, below, upstream, outbox);
    }
}

fn link_entries_ui(ui: &mut Ui, what_if: &WhatIf, below: ServerId, upstream: ServerId, outbox: &mut Outbox) {
    let world = what_if.world();
    let name = |id| {
        let server = world.topology().server(id);
        server.map_or("", |server: &Server| server.name().as_str())
    };
    let between = format!("{} → {}", name(upstream), name(below));
    let (one, other) = (upstream, below);
    if !world.is_cut_between(one, other) {
        entry_ui(
            ui,
            what_if,
            &format!("Cut the link {between}"),
            Action::Cut { one, other },
            outbox,
        );
    }
    if !world.is_slow_between(one, other) {
        let words = format!("Make the link {between} slow");
        entry_ui(ui, what_if, &words, Action::Slow { one, other }, outbox);
    }
    if is_troubled(world, one, other) {
        entry_ui(
            ui,
            what_if,
            &format!("Mend the link {between}"),
            Action::Mend { one, other },
            outbox,
        );
    }
}

fn is_troubled(world: &World, one: ServerId, other: ServerId) -> bool {
    world.is_cut_between(one, other) || world.is_slow_between(one, other)
}

/// One entry; what cannot happen now says why.
pub fn entry_ui(ui: &mut Ui, what_if: &WhatIf, words: &str, action: Action, outbox: &mut Outbox) {
    let verdict = what_if.world().judge(action);
    let button = ui.add_enabled(verdict.is_ok(), Button::new(words));
    let clicked = button.clicked();
    if let Err(refusal) = verdict {
        button.on_disabled_hover_text(as_sentence(&refusal.to_string()));
    }
    if clicked {
        outbox.send(Message::WhatIf(WhatIfMessage::Do(action)));
        ui.close();
    }
}
