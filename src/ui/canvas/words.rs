//! What the canvas says in words: beside the pointer while something is dragged, and at its edges.

use egui::Rect;

use super::NEEDS_TARGET;
use super::frame::{Frame, Incoming};
use super::gesture::{FIX_KEY, Gesture};
use super::legend::legend_ui;
use super::overlay::{self, Tone, ZoomWish};
use super::sign::Sign;
use crate::app::dropping::Zone;
use crate::model::topology::ServerId;
use crate::model::words::as_sentence;

/// So many servers that come along are named.
const NAMED: usize = 6;

impl Frame<'_> {
    pub(super) fn words_beside_pointer(&self, incoming: Incoming) {
        let Some(pointer) = self.pointer() else {
            return;
        };
        let painter = self.ui.painter_at(self.canvas);
        let say = |tone, title: &str, sentence: &str| {
            overlay::pointer_label(&painter, self.canvas, pointer, tone, (title, sentence));
        };
        let topology = self.session.desk.document.topology();
        let name = |id: ServerId| topology.server(id).map_or("", |server| server.name().as_str());
        match (&self.state.gesture, incoming) {
            (Gesture::Barred(reason), _) => say(Tone::Refused, reason, ""),
            (Gesture::Dragging(drag), _) => match drag
                .over
                .map(|(over, zone)| (over, zone, drag.verdicts.on(over, zone)))
            {
                Some((over, zone, Some(_)))
                    if self.ui.input(|input| input.modifiers.command)
                        && drag.verdicts.only_drawing(over, zone).is_some() =>
                {
                    match drag.verdicts.only_drawing(over, zone) {
                        Some((title, Ok(besides))) => say(Tone::Consequence, &title, &besides.join("\n")),
                        Some((_, Err(reason))) => {
                            say(Tone::Refused, "Not possible here", &as_sentence(&reason));
                        }
                        None => {}
                    }
                }
                Some((over, zone, Some(Ok(consequences)))) => {
                    let tone = if consequences.is_empty() {
                        Tone::Allowed
                    } else {
                        Tone::Consequence
                    };
                    let mut sentences = consequences;
                    if zone == Zone::Above {
                        say(tone, &drag.verdicts.title(over, zone), &sentences.join("\n"));
                        return;
                    }
                    let along = drag.verdicts.along();
                    if !along.is_empty() {
                        let names: Vec<&str> = along.iter().take(NAMED).map(|id| name(*id)).collect();
                        let more = along.len().saturating_sub(NAMED);
                        let ending = if more > 0 {
                            format!(" and {more} more")
                        } else {
                            String::new()
                        };
                        sentences.push(format!("Moves along: {}{ending}", names.join(", ")));
                    }
                    if self.session.looks.folding.is_folded(over) {
                        sentences.push(format!("{} is folded and will hide it", name(over)));
                    }
                    say(tone, &drag.verdicts.title(over, zone), &sentences.join("\n"));
                }
                Some((over, zone, Some(Err(reason)))) => match drag.verdicts.fix(over, zone) {
                    // With the key held it is no longer refused.
                    Some(fix) if self.ui.input(|input| input.modifiers.command) => {
                        say(
                            Tone::Consequence,
                            &fix.label,
                            &format!("Then follow {}", name(over)),
                        );
                    }
                    Some(fix) => {
                        let sentence = format!("{}\n{FIX_KEY}: {}", as_sentence(&reason), fix.label);
                        say(Tone::Refused, "Not possible here", &sentence);
                    }
                    None => say(Tone::Refused, "Not possible here", &as_sentence(&reason)),
                },
                _ => {}
            },
            (Gesture::Panning | Gesture::Banding(_), _) | (Gesture::Idle, Incoming::None) => {}
            (Gesture::Idle, _) if self.session.is_locked() => {
                say(Tone::Refused, self.session.locked_words(), "");
            }
            (Gesture::Idle, Incoming::Over(over)) => {
                say(Tone::Allowed, &format!("Add a standby under {}", name(over)), "");
            }
            (Gesture::Idle, Incoming::BesideCards) => say(Tone::Refused, NEEDS_TARGET, ""),
        }
    }

    fn is_nothing_in_view(&self) -> bool {
        let part = self.state.view.part(self.canvas);
        let cards = self.state.projection.places().in_view(part);
        !cards.iter().any(|card| card.rect.intersects(part))
    }

    pub(super) fn overlays(&mut self) {
        let painter = self.ui.painter_at(self.canvas);
        if self.session.preferences.legend {
            let in_time = self.session.mode.in_time();
            let signs = match in_time {
                Some(_) => &Sign::TRAFFIC,
                None => self.state.projection.signs(),
            };
            let (view, canvas) = (&self.state.view, self.canvas);
            let places = self.state.projection.places();
            let covers = |sheet: Rect| {
                let part = Rect::from_two_pos(view.at(canvas, sheet.min), view.at(canvas, sheet.max));
                let cards = places.in_view(part);
                cards.iter().any(|card| card.rect.intersects(part))
            };
            let is_dragging = self.state.gesture.drag().is_some();
            legend_ui(self.ui, canvas, signs, covers, is_dragging, self.outbox);
        }
        let topology = self.session.desk.document.topology();
        let sentence = match (&self.state.refusal, &self.state.gesture) {
            (Some(reason), _) => reason,
            (None, Gesture::Dragging(drag)) => drag.verdicts.hint(),
            _ if topology.servers().len() == 1 => {
                "Nothing is replicated yet: drag \"Add standby\" onto the server, or use its menu"
            }
            _ if self.is_nothing_in_view() => "No server is in view: Fit shows all of them",
            _ => "",
        };
        if !sentence.is_empty() {
            overlay::hint(&painter, self.canvas, sentence);
        }
        self.minimap();
        let view = &mut self.state.view;
        let middle = self.canvas.size() / 2.0;
        match overlay::zoom_buttons(self.ui, self.canvas, view.zoom_to_come()) {
            Some(ZoomWish::Times(factor)) => view.fly(|view| view.zoom_at(factor, middle)),
            Some(ZoomWish::Whole) => view.fly(|view| view.zoom_at(1.0 / view.zoom(), middle)),
            Some(ZoomWish::Fit) => self.state.request_fit(),
            None => return,
        }
        // The view moves from the next frame on.
        self.ui.ctx().request_repaint();
    }
}
