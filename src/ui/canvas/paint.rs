//! The drawing itself: dots, links, cards, in this order; what is dragged comes last, and its target above it.

use std::sync::Arc;

use egui::emath::GuiRounding as _;
use egui::{Painter, Rect, Stroke, StrokeKind, pos2};
use egui_graphs::{DisplayNode as _, DrawContext, MetadataFrame, SettingsStyle};

use super::drag::PLACE_SHARE;
use super::frame::{Frame, on_screen};
use super::link_shape::fallback_shapes;
use super::overview::{FAR_BELOW, Far, Marks};
use super::sites::paint_sites;
use super::{fold, handle};
use crate::app::dropping::Zone;
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
        self.paint_selected_link(&painter, tokens, &meta);
        let part = self.state.view.part(self.canvas);
        // The card below the dragged one is painted last: what is chosen must be readable.
        let target = self.state.gesture.drag().and_then(|drag| Some(drag.over?.0));
        if meta.zoom < FAR_BELOW {
            self.paint_far(&painter, tokens, &meta, (part, target));
        } else {
            self.paint_links(&context, part);
            let shown = self.state.projection.places().in_view(part);
            let mut order: Vec<ServerId> = shown.iter().map(|card| card.id).collect();
            order.sort_by_key(|id| Some(*id) == target);
            for id in order {
                self.paint_card(&context, id);
                self.paint_handle(&painter, tokens, &meta, id);
            }
        }
        if let Some(time) = self.session.mode.in_time() {
            self.paint_traffic(&painter, &meta, time);
        }
        self.paint_zones(&painter, tokens, &meta);
        if let Some(band) = self.state.gesture.band() {
            let stroke = Stroke::new(1.0, tokens.accent);
            let fill = tokens.accent.gamma_multiply(0.10);
            painter.rect(on_screen(&meta, band), 2.0, fill, stroke, StrokeKind::Inside);
        }
    }

    fn paint_card(&mut self, context: &DrawContext<'_>, id: ServerId) {
        let mood = self.mood(id);
        let is_hovered = self.state.hovered == Some(id);
        let is_focused = self.state.focused == Some(id);
        let projection = &mut self.state.projection;
        let Some(server) = projection.node(id).map(|node| Arc::clone(node.payload())) else {
            return;
        };
        let Some(shape) = projection.card_shape(id) else {
            return;
        };
        shape.mood = mood;
        shape.is_hovered = is_hovered;
        shape.is_focused = is_focused;
        let (painter, zoom) = (context.painter, context.meta.zoom);
        let tokens = Tokens::of(self.ui.visuals());
        let card = on_screen(context.meta, shape.rect());
        fold::paint_pile(painter, tokens, card, zoom, &server);
        painter.extend(shape.shapes(context));
        fold::paint_sign(painter, tokens, card, zoom, &server);
    }

    /// From far away: everything in one piece. `target` is painted last.
    fn paint_far(
        &self,
        painter: &Painter,
        tokens: &Tokens,
        meta: &MetadataFrame,
        (part, target): (Rect, Option<ServerId>),
    ) {
        let mut far = Far::new(painter, meta, tokens);
        let places = self.state.projection.places();
        let leaving = self.leaving();
        for (link, above, below) in places.links_in_view(part) {
            if let Some(curve) = link.curve(above, below) {
                far.link(curve, link.look, leaving.contains(&below.id));
            }
        }
        let marks = |id: ServerId| Marks {
            mood: self.mood(id),
            is_hovered: self.state.hovered == Some(id),
            is_focused: self.state.focused == Some(id),
        };
        let shown = places.in_view(part);
        for card in shown.iter().filter(|card| Some(card.id) != target) {
            far.card(card, marks(card.id));
        }
        if let Some(card) = target.and_then(|target| places.card(target)) {
            far.card(card, marks(card.id));
        }
        far.paint(painter);
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

    /// The servers whose links would be replaced by the drop.
    fn leaving(&self) -> Vec<ServerId> {
        let leaving = self.state.gesture.drag().and_then(|drag| {
            let (target, zone) = drag.over?;
            let is_allowed = zone == Zone::Below && matches!(drag.verdicts.on(target, zone), Some(Ok(_)));
            is_allowed.then(|| drag.verdicts.heads())
        });
        leaving.unwrap_or_default()
    }

    fn paint_links(&mut self, context: &DrawContext<'_>, part: Rect) {
        let leaving = self.leaving();
        let projection = &mut self.state.projection;
        // Below the links: they are what runs.
        for (fallback, server) in projection.fallbacks() {
            context.painter.extend(fallback_shapes(fallback, server, context));
        }
        let shown = projection.places().links_in_view(part);
        let shown: Vec<_> = shown
            .map(|(link, above, below)| (link.edge, link.curve(above, below), below.id))
            .collect();
        for (edge, curve, server) in shown {
            if let Some(shape) = projection.link_shape(edge) {
                shape.is_leaving = leaving.contains(&server);
                context.painter.extend(shape.shapes_along(curve, context));
            }
        }
    }
}

/// A quiet grid that moves and grows with the drawing; it thins out before it becomes a haze.
fn dots(painter: &Painter, canvas: Rect, meta: &MetadataFrame, tokens: &Tokens) {
    const GRID: f32 = 28.0;
    const SIZE: f32 = 1.6;
    let mut mesh = egui::Mesh::default();
    let pixels_per_point = painter.pixels_per_point();
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
            // A square on whole pixels: as sharp as a circle to the eye, and one mesh of them costs next to nothing.
            let dot = Rect::from_center_size(pos2(x, y), egui::Vec2::splat(SIZE));
            mesh.add_colored_rect(dot.round_to_pixels(pixels_per_point), tokens.canvas_dot);
            x += step;
        }
        y += step;
    }
    painter.add(mesh);
}
