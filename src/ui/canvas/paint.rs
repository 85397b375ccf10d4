//! The drawing itself: dots, links, cards, in this order; what is dragged comes last, and its target above it.

use egui::{Painter, Rect, Stroke, StrokeKind, pos2};
use egui_graphs::{DisplayEdge as _, DisplayNode as _, DrawContext, MetadataFrame, SettingsStyle};

use super::drag::PLACE_SHARE;
use super::frame::{Frame, on_screen};
use super::sites::paint_sites;
use super::verdict::Zone;
use super::{fold, handle};
use crate::app::WhatIf;
use crate::model::topology::ServerId;
use crate::ui::theme::Tokens;

impl Frame<'_> {
    pub(super) fn paint(&mut self) {
        let tokens = Tokens::of(self.ui.visuals());
        let painter = self.ui.painter_at(self.canvas);
        painter.rect_filled(self.canvas, 0.0, tokens.canvas);
        let meta = self.state.view.on_screen(self.canvas);
        dots(&painter, self.canvas, &meta, tokens);
        paint_sites(&painter, tokens, &meta, self.state.projection.sites());
        let style = SettingsStyle::new();
        let ctx = self.ui.ctx().clone();
        let context = DrawContext {
            ctx: &ctx,
            painter: &painter,
            style: &style,
            is_directed: true,
            meta: &meta,
        };
        self.state.projection.each_node(|_, node| {
            let props = node.props().clone();
            node.display_mut().update(&props);
        });
        self.paint_selected_link(&painter, tokens, &meta);
        self.paint_links(&context);
        // The card below the dragged one is painted last: what is chosen must be readable.
        let target = self.state.gesture.drag().and_then(|drag| Some(drag.over?.0));
        let mut order = self.state.projection.in_paint_order();
        order.sort_by_key(|id| Some(*id) == target);
        for id in order {
            if let Some(node) = self.state.projection.node_mut(id) {
                let card = on_screen(&meta, node.display().rect());
                let server = std::sync::Arc::clone(node.payload());
                fold::paint_pile(&painter, tokens, card, meta.zoom, &server);
                painter.extend(node.display_mut().shapes(&context));
                fold::paint_sign(&painter, tokens, card, meta.zoom, &server);
            }
            self.paint_handle(&painter, tokens, &meta, id);
        }
        if let Some(time) = self.session.what_if.as_ref().and_then(WhatIf::in_time) {
            self.paint_traffic(&painter, &meta, time);
        }
        self.paint_zones(&painter, tokens, &meta);
        if let Some(band) = self.state.gesture.band() {
            let stroke = Stroke::new(1.0, tokens.accent);
            let fill = tokens.accent.gamma_multiply(0.10);
            painter.rect(on_screen(&meta, band), 2.0, fill, stroke, StrokeKind::Inside);
        }
    }

    fn paint_handle(&self, painter: &Painter, tokens: &Tokens, meta: &MetadataFrame, id: ServerId) {
        let projection = &self.state.projection;
        let count = projection.downstreams_of_relay(id);
        if let (true, Some(count), Some(card)) =
            (handle::is_shown(meta.zoom), count, projection.card_rect(id))
        {
            handle::paint_handle(painter, tokens, on_screen(meta, card), meta.zoom, count);
        }
    }

    /// The two parts of the card that something is dropped upon: the one that is hit stands out.
    fn paint_zones(&self, painter: &Painter, tokens: &Tokens, meta: &MetadataFrame) {
        let Some(drag) = self
            .state
            .gesture
            .drag()
            .filter(|drag| drag.verdicts.can_take_place())
        else {
            return;
        };
        let hit = drag.over.and_then(|(target, zone)| {
            let card = self.state.projection.card_rect(target)?;
            Some((on_screen(meta, card), zone, drag.verdicts.on(target, zone)?))
        });
        let Some((card, zone, verdict)) = hit else {
            return;
        };
        let colour = match &verdict {
            Ok(consequences) if consequences.is_empty() => tokens.drop_allowed,
            Ok(_) => tokens.drop_consequence,
            Err(_) => tokens.drop_refused,
        };
        let (above, below) = card.split_top_bottom_at_fraction(PLACE_SHARE);
        let part = match zone {
            Zone::Above => above,
            Zone::Below => below,
        };
        painter.rect_filled(part.shrink(3.0), 6.0, colour.gamma_multiply(0.16));
        let line = [above.left_bottom(), above.right_bottom()];
        painter.extend(egui::Shape::dashed_line(
            &line,
            Stroke::new(1.0, colour),
            4.0,
            3.0,
        ));
    }

    fn paint_links(&mut self, context: &DrawContext<'_>) {
        let projection = &mut self.state.projection;
        let leaving = self.state.gesture.drag().and_then(|drag| {
            let (target, zone) = drag.over?;
            let is_allowed = zone == Zone::Below && matches!(drag.verdicts.on(target, zone), Some(Ok(_)));
            is_allowed.then(|| drag.verdicts.heads())
        });
        for (edge, above, below) in projection.links() {
            let graph = projection.graph();
            let (Some(above), Some(below)) = (graph.node(above).cloned(), graph.node(below).cloned()) else {
                continue;
            };
            let Some(edge) = projection.edge_mut(edge) else {
                continue;
            };
            let props = edge.props().clone();
            let shape = edge.display_mut();
            shape.update(&props);
            shape.is_leaving = leaving
                .as_ref()
                .is_some_and(|leaving| leaving.contains(&below.payload().id));
            context.painter.extend(shape.shapes(&above, &below, context));
        }
    }
}

/// A quiet grid that moves and grows with the drawing; it thins out before it becomes a haze.
fn dots(painter: &Painter, canvas: Rect, meta: &MetadataFrame, tokens: &Tokens) {
    const GRID: f32 = 28.0;
    let mut step = GRID * meta.zoom;
    while step < 18.0 {
        step *= 2.0;
    }
    while step > 56.0 {
        step /= 2.0;
    }
    let first = |from: f32, pan: f32| from + (pan - from).rem_euclid(step);
    let mut y = first(canvas.top(), meta.pan.y);
    while y < canvas.bottom() {
        let mut x = first(canvas.left(), meta.pan.x);
        while x < canvas.right() {
            // A square, not a circle: a hundred times cheaper to tessellate, and the same to the eye.
            let dot = Rect::from_center_size(pos2(x, y), egui::Vec2::splat(1.6));
            painter.rect_filled(dot, 0.0, tokens.canvas_dot);
            x += step;
        }
        y += step;
    }
}
