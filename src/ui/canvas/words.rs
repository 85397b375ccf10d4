//! What the canvas says in words: beside the pointer while something is dragged, and at its edges.

use super::frame::{Frame, Incoming};
use super::gesture::Gesture;
use super::overlay::{self, Tone, ZoomWish};
use super::{LOCKED, NEEDS_TARGET};
use crate::model::topology::ServerId;
use crate::ui::theme::Tokens;

impl Frame<'_> {
    pub(super) fn words_beside_pointer(&self, incoming: Incoming) {
        let Some(pointer) = self.pointer() else {
            return;
        };
        let painter = self.ui.painter_at(self.canvas);
        let say = |tone, title: &str, sentence: &str| {
            overlay::pointer_label(&painter, self.canvas, pointer, tone, (title, sentence));
        };
        let topology = self.session.document.topology();
        let name = |id: ServerId| topology.server(id).map_or("", |server| server.name().as_str());
        match (&self.state.gesture, incoming) {
            (Gesture::Barred(reason), _) => say(Tone::Refused, reason, ""),
            (Gesture::Dragging(drag), _) => match drag.over.map(|over| (over, drag.verdicts.on(over))) {
                Some((over, Some(Ok(consequences)))) => {
                    let tone = if consequences.is_empty() {
                        Tone::Allowed
                    } else {
                        Tone::Consequence
                    };
                    let along: Vec<&str> = drag.verdicts.along().iter().map(|id| name(*id)).collect();
                    let mut sentences = consequences.clone();
                    if !along.is_empty() {
                        sentences.push(format!("Comes along: {}", along.join(", ")));
                    }
                    say(tone, &format!("Follow {}", name(over)), &sentences.join("\n"));
                }
                Some((_, Some(Err(reason)))) => say(Tone::Refused, "Not possible here", reason),
                _ => {}
            },
            (Gesture::Panning, _) | (Gesture::Idle, Incoming::None) => {}
            (Gesture::Idle, _) if self.session.is_locked() => say(Tone::Refused, LOCKED, ""),
            (Gesture::Idle, Incoming::Over(over)) => {
                say(Tone::Allowed, &format!("Add a standby under {}", name(over)), "");
            }
            (Gesture::Idle, Incoming::BesideCards) => say(Tone::Refused, NEEDS_TARGET, ""),
        }
    }

    pub(super) fn overlays(&mut self) {
        let tokens = Tokens::of(self.ui.visuals());
        let painter = self.ui.painter_at(self.canvas);
        let is_live = self.session.cluster.is_some() || self.session.what_if.is_some();
        overlay::legend(&painter, self.canvas, tokens, is_live);
        let topology = self.session.document.topology();
        let sentence = match (&self.state.refusal, &self.state.gesture) {
            (Some(reason), _) => reason,
            (None, Gesture::Dragging(_)) => {
                "Drop it on a server to follow that one, beside the cards to move it, Esc to leave it"
            }
            _ if topology.servers().len() == 1 => {
                "Nothing is replicated yet: drag \"Add standby\" onto the server, or use its menu"
            }
            _ => "",
        };
        if !sentence.is_empty() {
            overlay::hint(&painter, self.canvas, sentence);
        }
        let view = &mut self.state.view;
        let middle = self.canvas.size() / 2.0;
        match overlay::zoom_buttons(self.ui, self.canvas, view.zoom()) {
            Some(ZoomWish::Times(factor)) => view.zoom_at(factor, middle),
            Some(ZoomWish::Whole) => view.zoom_at(1.0 / view.zoom(), middle),
            Some(ZoomWish::Fit) => self.state.request_fit(),
            None => return,
        }
        // The view changed after it was drawn.
        self.ui.ctx().request_repaint();
    }
}
