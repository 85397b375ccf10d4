//! Links as something to select: what is clicked, what a screen reader finds, how the selected one stands out.

use egui::{CursorIcon, Id, Painter, Rect, Response, Sense, Stroke, Vec2, WidgetInfo, WidgetType};
use egui_graphs::MetadataFrame;

use super::curve::Curve;
use super::frame::Frame;
use super::handle;
use super::link_shape::label_place;
use super::pen::Pen;
use super::server_shape::NAME_ONLY_BELOW;
use crate::app::{Message, ViewMessage};
use crate::model::topology::{Server, ServerId};
use crate::ui::server_menu::link_menu_ui;
use crate::ui::theme::Tokens;

/// Around the middle of a link, in canvas units.
const GRIP: f32 = 22.0;
/// So far beside what is seen, in canvas units, may the lower end of a link be whose middle is looked for.
const NEAR: f32 = 400.0;
/// The band behind the selected link, in canvas units.
const BAND: f32 = 7.0;

impl Frame<'_> {
    /// Puts a widget on the middle of every link that can be seen; the rest of the line is hit by
    /// [`Projection::link_at`](super::projection::Projection::link_at).
    pub(super) fn links(&mut self) {
        if !self.session.mode.edits_the_drawing() || !handle::is_shown(self.state.view.zoom()) {
            return;
        }
        let frame = self.state.view.on_screen(self.canvas);
        let topology = self.session.desk.document.topology();
        // Of a link whose lower end is far away the line can still be clicked.
        let corners = [self.canvas.min, self.canvas.max].map(|at| frame.screen_to_canvas_pos(at));
        let near = Rect::from_two_pos(corners[0], corners[1]).expand(NEAR);
        let servers = self.state.projection.touched_by(near);
        for server in servers.into_iter().filter_map(|id| topology.server(id)) {
            let Some(curve) = self.link_above(server) else {
                continue;
            };
            self.words_of_link(server.id(), curve, &frame);
            let middle = frame.canvas_to_screen_pos(curve.middle());
            let grip = Rect::from_center_size(middle, Vec2::splat(GRIP * frame.zoom));
            if !self.canvas.intersects(grip) {
                continue;
            }
            let upstream = server.upstream().and_then(|id| topology.server(id));
            let above = upstream.map_or("?", |upstream| upstream.name().as_str());
            let words = format!("Link from {above} to {}", server.name());
            let response = self.link_widget(grip, server.id(), &words);
            let (session, outbox) = (self.session, &mut *self.outbox);
            response.context_menu(|ui| link_menu_ui(ui, session, server.id(), outbox));
        }
    }

    /// What the words beside a link mean, for who rests the pointer on them.
    fn words_of_link(&self, below: ServerId, curve: Curve, frame: &MetadataFrame) {
        let Some(link) = self.state.projection.link(below) else {
            return;
        };
        let place = label_place(curve, &link.label, frame);
        if frame.zoom < NAME_ONLY_BELOW || !self.canvas.intersects(place) {
            return;
        }
        let id = Id::new(("canvas", "words of link", below.number()));
        self.ui
            .interact(place, id, Sense::hover())
            .on_hover_ui(|ui| drop(ui.label(link.meaning())));
    }

    fn link_widget(&mut self, grip: Rect, below: ServerId, words: &str) -> Response {
        let is_selected = self.session.looks.link == Some(below);
        // Not focusable: a key selects it from its standby.
        let response = self
            .ui
            .interact(grip, Id::new(("canvas", "link", below.number())), Sense::CLICK);
        response.widget_info(|| WidgetInfo::selected(WidgetType::SelectableLabel, true, is_selected, words));
        if response.clicked() || (response.secondary_clicked() && !is_selected) {
            self.outbox.send(Message::View(ViewMessage::SelectLink(below)));
        }
        response.on_hover_cursor(CursorIcon::PointingHand)
    }

    /// Where the link to a server runs now, if both of its ends are shown and not upon each other.
    fn link_above(&self, server: &Server) -> Option<Curve> {
        self.state.projection.places().curve_above(server.id())
    }

    /// A band behind the selected link.
    pub(super) fn paint_selected_link(&self, painter: &Painter, tokens: &Tokens, meta: &MetadataFrame) {
        let below = self
            .session
            .looks
            .link
            .filter(|_| self.session.mode.edits_the_drawing());
        let server = below.and_then(|id| self.session.desk.document.topology().server(id));
        if let Some(curve) = server.and_then(|server| self.link_above(server)) {
            let mut pen = Pen::new(painter, meta.zoom, false);
            let width = (BAND * meta.zoom).max(4.0);
            pen.shapes
                .push(curve.band(meta, Stroke::new(width, tokens.band())));
            painter.extend(pen.shapes);
        }
    }
}
