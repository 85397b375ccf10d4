//! What can happen in What-if, as menu entries: to a server, to a link, to the whole. What cannot happen now says why.

use egui::containers::menu::{MenuConfig, SubMenuButton};
use egui::{Button, PopupCloseBehavior, Ui};

use crate::app::Outbox;
use crate::app::{InTime, Message, TimeMessage, WhatIf, WhatIfMessage};
use crate::model::simulate::world::{Incident, State, World};
use crate::model::topology::{Server, ServerId};
use crate::model::words::as_sentence;
use crate::ui::panels::speed_rows;

/// What can happen to a server, and what can be done about it.
pub fn server_menu_ui(ui: &mut Ui, what_if: &WhatIf, server: ServerId, outbox: &mut Outbox) {
    let world = what_if.world();
    let Some(state) = world.state(server) else {
        return;
    };
    let mut menu = Entries { ui, world, outbox };
    if state.is_up() {
        menu.entry("Crash", Incident::Crash(server));
        menu.entry("Stop cleanly", Incident::Stop(server));
    } else {
        menu.entry("Come back", Incident::ComeBack(server));
    }
    if state.is_paused {
        menu.entry("Resume replay", Incident::Resume(server));
    } else {
        menu.entry("Pause replay", Incident::Pause(server));
    }
    // A primary has no link above it.
    if state.upstream.is_some() {
        menu.ui.separator();
    }
    menu.link(server, state);
    if let Some(time) = what_if.in_time().filter(|_| state.upstream.is_some()) {
        menu.speed(time, server);
    }
    menu.ui.separator();
    menu.entry("Promote", Incident::Promote(server));
    menu.of_each(server, "Re-point to", |upstream| Incident::Repoint {
        server,
        upstream,
    });
    menu.of_each(server, "Create its slot on", |upstream| Incident::MakeSlot {
        server,
        upstream,
    });
    // On one machine everybody is let in already.
    if !world.topology().is_all_loopback() {
        menu.of_each(server, "Allow it to connect to", |upstream| Incident::LetIn {
            server,
            upstream,
        });
    }
    menu.of_each(server, "Rebuild from", |upstream| Incident::Rebuild {
        server,
        upstream,
    });
}

/// What can happen to the link from a server's upstream to it.
pub fn link_menu_ui(ui: &mut Ui, what_if: &WhatIf, below: ServerId, outbox: &mut Outbox) {
    let world = what_if.world();
    if let Some(state) = world.state(below) {
        ui.set_min_width(190.0);
        let mut menu = Entries { ui, world, outbox };
        menu.link(below, state);
        if let Some(time) = what_if.in_time() {
            menu.speed(time, below);
        }
        ui.separator();
    }
}

/// What can happen to no server in particular.
pub fn cluster_menu_ui(ui: &mut Ui, what_if: &WhatIf, outbox: &mut Outbox) {
    let world = what_if.world();
    let mut menu = Entries { ui, world, outbox };
    menu.entry("Write a lot of WAL", Incident::WriteMuch);
    menu.entry("Write more WAL than slots may retain", Incident::OutgrowSlots);
    if world.is_archive_full() {
        menu.entry("Free space in the archive", Incident::FreeArchive);
    } else {
        menu.entry("Fill the archive's disk", Incident::FillArchive);
    }
    ui.separator();
}

/// A menu that is being written.
struct Entries<'a> {
    ui: &'a mut Ui,
    world: &'a World,
    outbox: &'a mut Outbox,
}

impl Entries<'_> {
    fn entry(&mut self, words: &str, incident: Incident) {
        entry_ui(self.ui, self.world, words, incident, self.outbox);
    }

    /// A menu of all other servers.
    fn of_each(&mut self, server: ServerId, words: &str, incident: impl Fn(ServerId) -> Incident) {
        let Self { ui, world, outbox } = self;
        ui.menu_button(words, |ui| {
            egui::ScrollArea::vertical().max_height(320.0).show(ui, |ui| {
                let servers = world.topology().servers().iter();
                for other in servers.filter(|other| other.id() != server) {
                    entry_ui(ui, world, other.name().as_str(), incident(other.id()), outbox);
                }
            });
        });
    }

    /// What the network between a server and its upstream can do.
    fn link(&mut self, below: ServerId, state: &State) {
        let Some(upstream) = state.upstream else {
            return;
        };
        let server = self.world.topology().server(upstream).map(Server::name);
        let name = server.map_or("", |name| name.as_str());
        let (one, other) = (upstream, below);
        let is_cut = self.world.is_cut_between(one, other);
        let is_slow = self.world.is_slow_between(one, other);
        if !is_cut {
            self.entry(&format!("Cut the link from {name}"), Incident::Cut { one, other });
        }
        if !is_cut && !is_slow {
            let words = format!("Slow down the link from {name}");
            self.entry(&words, Incident::Slow { one, other });
        }
        if is_cut || is_slow {
            self.entry(
                &format!("Repair the link from {name}"),
                Incident::Mend { one, other },
            );
        }
    }

    /// In time: how fast the link to a standby is.
    fn speed(&mut self, time: &InTime, below: ServerId) {
        let Self { ui, outbox, .. } = self;
        let mut send = |speed| {
            let message = TimeMessage::Link(below, speed);
            outbox.send(Message::WhatIf(WhatIfMessage::Time(message)));
        };
        // What is dragged and typed in it must not close it.
        let stays = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        let menu = SubMenuButton::new("Latency and bandwidth").config(stays);
        menu.ui(ui, |ui| {
            let mut speed = time.scenario().speed_of(below);
            egui::Grid::new("speed of a link").num_columns(2).show(ui, |ui| {
                if speed_rows(ui, &mut speed) {
                    send(Some(speed));
                }
            });
            let is_own = time.scenario().speeds.contains_key(&below);
            if ui.add_enabled(is_own, Button::new("Use the default")).clicked() {
                send(None);
            }
        });
    }
}

/// One entry; what cannot happen now says why.
fn entry_ui(ui: &mut Ui, world: &World, words: &str, incident: Incident, outbox: &mut Outbox) {
    let verdict = world.judge(incident);
    let button = ui.add_enabled(verdict.is_ok(), Button::new(words));
    let clicked = button.clicked();
    if let Err(refusal) = verdict {
        button.on_disabled_hover_text(as_sentence(&refusal.to_string()));
    }
    if clicked {
        outbox.send(Message::WhatIf(WhatIfMessage::Do(incident)));
        ui.close();
    }
}
