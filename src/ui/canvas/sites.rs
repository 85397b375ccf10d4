//! The sites of the design: quiet rounded grounds behind their cards, each with its name.

use egui::{Align2, FontId, Painter, Rect, Stroke, StrokeKind, pos2};
use egui_graphs::MetadataFrame;

use super::frame::on_screen;
use super::overview::PLAIN_BELOW;
use crate::model::document::sites::{Area, SiteArea};
use crate::ui::theme::Tokens;

/// In canvas units; the name never gets smaller than can be read.
const NAME: f32 = 12.5;
const NAME_LEAST: f32 = 10.0;
const RADIUS: f32 = 14.0;

pub fn paint_sites(painter: &Painter, tokens: &Tokens, meta: &MetadataFrame, sites: &[SiteArea]) {
    for site in sites {
        let colour = tokens.site(site.colour);
        let ground = tokens.site_ground(site.colour);
        let stroke = Stroke::new(1.0, tokens.faded(colour));
        for part in &site.parts {
            let rect = on_screen(meta, rect_of(part));
            if !painter.clip_rect().intersects(rect) {
                continue;
            }
            let radius = (RADIUS * meta.zoom).min(f32::from(u8::MAX));
            painter.rect(rect, radius, ground, stroke, StrokeKind::Inside);
            if meta.zoom < PLAIN_BELOW {
                continue;
            }
            let size = ((NAME * meta.zoom).max(NAME_LEAST) * 2.0).round() / 2.0;
            let font = FontId::proportional(size);
            let mut job = egui::text::LayoutJob::simple_singleline(site.site.to_string(), font, colour);
            let inset = (14.0 * meta.zoom).max(5.0);
            job.wrap = egui::text::TextWrapping::truncate_at_width((rect.width() - 2.0 * inset).max(0.0));
            let galley = painter.layout_job(job);
            // Above the words of the links that arrive, where there is room for it at this zoom; else upon its edge.
            let middle = 11.5_f32.mul_add(meta.zoom, rect.top());
            let at = Align2::LEFT_CENTER.anchor_size(pos2(rect.left() + inset, middle), galley.size());
            let at = if galley.size().y > 26.0 * meta.zoom {
                // It would run into the cards.
                Rect::from_min_size(pos2(at.left(), rect.top() - galley.size().y), galley.size())
            } else {
                at
            };
            painter.galley(at.min, galley, colour);
        }
    }
}

fn rect_of(area: &Area) -> Rect {
    let [min, max] = [area.min, area.max].map(|[x, y]| pos2(x, y));
    Rect::from_min_max(min, max)
}
