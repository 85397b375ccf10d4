//! What-if in time on the canvas: commits as tokens along the links, who is waited for at the primary, and how far behind
//! each server is. Where they are says the model; here they are only put upon the curves.
//!
//! Told apart by shape: a disc is on its way, a half disc is written, a diamond is on disk, a triangle is an answer.

use egui::{Align2, Color32, Mesh, Painter, Pos2, Rect, Shape, Vec2, pos2, vec2};
use egui_graphs::MetadataFrame;

use super::frame::{Frame, on_screen};
use super::overview::FAR_BELOW;
use super::pen::{Mark, Pen};
use super::server_shape::NAME_ONLY_BELOW;
use crate::app::InTime;
use crate::model::simulate::time::{Leg, Run, Stage, Token, Traffic, Waits, in_words};
use crate::model::topology::ServerId;
use crate::model::words::counted;
use crate::ui::motion;
use crate::ui::theme::Tokens;

/// So many tokens are drawn on the whole canvas; of more, those that are near each other become one.
const MOST: usize = 600;
/// So many of one leg of a link, however few links there are.
const MOST_OF_LEG: usize = 10;

impl Frame<'_> {
    pub(super) fn paint_traffic(&self, painter: &Painter, meta: &MetadataFrame, time: &InTime) {
        let run = time.run();
        if meta.zoom >= NAME_ONLY_BELOW {
            self.paint_lags(painter, meta, run);
        }
        let links = self.visible_links(meta);
        let traffic = run.traffic(time.since_tick());
        if motion::is_reduced(self.ui.ctx()) {
            paint_counts(painter, meta, &traffic, &links);
        } else {
            paint_tokens(painter, meta, &traffic, &links);
        }
        // What would only flash up is left out.
        let shortest = time.pace.micros() / 10;
        for waits in run.waits() {
            let is_seen = waits.hangs || waits.longest >= shortest || !time.is_playing();
            if let Some(card) = self.state.projection.card_rect(waits.on).filter(|_| is_seen) {
                paint_waits(painter, meta, self.canvas, on_screen(meta, card), run, &waits);
            }
        }
    }

    /// The links that can be seen, each with the server below it.
    fn visible_links(&self, meta: &MetadataFrame) -> Vec<Way> {
        let part = self.state.view.part(self.canvas);
        let links = self.state.projection.places().links_in_view(part);
        links
            .filter_map(|(link, above, below)| {
                Some(Way {
                    below: below.id,
                    curve: link.curve(above, below)?.on_screen(meta),
                    card: on_screen(meta, below.rect),
                })
            })
            .collect()
    }

    /// In place of the port, which nobody asks for in What-if.
    fn paint_lags(&self, painter: &Painter, meta: &MetadataFrame, run: &Run) {
        let mut pen = Pen::new(painter, meta.zoom, false);
        for (server, _) in run.world().servers() {
            let card = self.state.projection.card_rect(server.id());
            let Some(card) = card.map(|card| on_screen(meta, card)) else {
                continue;
            };
            if !painter.clip_rect().intersects(card) {
                continue;
            }
            if let Some(said) = run.lag_said(server.id()) {
                let at = card.min + vec2(51.0, 35.5) * meta.zoom;
                let style = (11.5, pen.tokens.text_weak);
                pen.text(Align2::LEFT_CENTER, at, &said.sentence, style, 118.0 * meta.zoom);
            }
        }
        painter.extend(pen.shapes);
    }
}

/// A link on the screen.
struct Way {
    below: ServerId,
    curve: egui::epaint::CubicBezierShape,
    card: Rect,
}

impl Way {
    /// Where the token is: on the curve, or inside the card on its way to the disk.
    fn place(&self, token: &Token, zoom: f32) -> Pos2 {
        let beside = |share: f32, side: f32| {
            let (at, next) = (
                self.curve.sample(share),
                self.curve.sample((share + 0.02).min(1.0)),
            );
            let before = self.curve.sample((share - 0.02).max(0.0));
            at + (next - before).normalized().rot90() * side * zoom
        };
        match token.leg {
            Leg::Down => beside(token.way, 0.0),
            // Answers keep to the side of the road.
            Leg::Up => beside(1.0 - token.way, 8.0),
            // Along the edge of the card, and down to its disk: nothing it shows is covered.
            Leg::Here => {
                let disk = self.card.min + vec2(26.0, 26.0) * zoom;
                let above = pos2(disk.x, self.curve.sample(1.0).y);
                if token.way < 0.5 {
                    self.curve.sample(1.0).lerp(above, token.way * 2.0)
                } else {
                    above.lerp(disk, (token.way - 0.5) * 1.6)
                }
            }
        }
    }
}

fn paint_tokens(painter: &Painter, meta: &MetadataFrame, traffic: &Traffic<'_>, links: &[Way]) {
    let most = (MOST / links.len().max(1)).clamp(1, MOST_OF_LEG);
    let mut pen = Pen::new(painter, meta.zoom, false);
    // From far away a token is a dot, all of them one shape.
    let mut dots = Mesh::default();
    for way in links {
        for token in traffic.of(way.below, most) {
            let at = way.place(&token, meta.zoom);
            let (mark, colour) = Moving::of(&token).look(pen.tokens);
            if meta.zoom < FAR_BELOW {
                let size = Vec2::splat(if token.commits == 0 { 2.0 } else { 4.0 });
                dots.add_colored_rect(Rect::from_center_size(at, size), colour);
            } else {
                paint_token(&mut pen, at, &token, mark, colour);
            }
        }
    }
    painter.add(Shape::mesh(dots));
    painter.extend(pen.shapes);
}

/// What a token stands for, each with a shape of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moving {
    Commit,
    Written,
    OnDisk,
    Answer,
}

impl Moving {
    fn of(token: &Token) -> Self {
        match (token.leg, token.stage) {
            (Leg::Up, _) => Self::Answer,
            (_, Stage::Written) => Self::Written,
            (_, Stage::Flushed | Stage::Replayed) => Self::OnDisk,
            (_, Stage::NotSent | Stage::Sent) => Self::Commit,
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Self::Commit => "a commit on its way",
            Self::Written => "written by standby",
            Self::OnDisk => "on standby's disk",
            Self::Answer => "the answer",
        }
    }

    pub fn look(self, tokens: &Tokens) -> (Mark, Color32) {
        match self {
            Self::Commit => (Mark::Circle, tokens.accent),
            Self::Written => (Mark::HalfCircle, tokens.quorum),
            Self::OnDisk => (Mark::Diamond, tokens.ok),
            Self::Answer => (Mark::Triangle, tokens.primary),
        }
    }
}

fn paint_token(pen: &mut Pen<'_>, at: Pos2, token: &Token, mark: Mark, colour: Color32) {
    let radius = match token.commits {
        0 => 2.2,
        1 => 4.6,
        _ => 6.0,
    };
    let sheet = Rect::from_center_size(at, Vec2::splat((radius + 2.0) * 2.0) * pen.zoom);
    let background = if token.leg == Leg::Here {
        pen.tokens.card
    } else {
        pen.tokens.canvas
    };
    pen.fill(sheet, radius + 2.0, background);
    pen.mark(mark, at, radius, colour);
    if token.commits > 1 && pen.zoom >= NAME_ONLY_BELOW {
        let beside = at + vec2(radius + 4.0, 0.0) * pen.zoom;
        let words = format!("{}", token.commits);
        let sheet_at = pen.shapes.len();
        let text = pen.text(
            Align2::LEFT_CENTER,
            beside,
            &words,
            (10.5, pen.tokens.text),
            f32::INFINITY,
        );
        let sheet = Shape::rect_filled(text.expand(1.0), 2.0, background);
        pen.shapes.insert(sheet_at, sheet);
    }
}

/// Nothing that moves: on each link how many commits are on their way.
fn paint_counts(painter: &Painter, meta: &MetadataFrame, traffic: &Traffic<'_>, links: &[Way]) {
    if meta.zoom < NAME_ONLY_BELOW {
        return;
    }
    let mut pen = Pen::new(painter, meta.zoom, false);
    for way in links.iter().filter(|way| traffic.flows(way.below)) {
        let tokens = traffic.of(way.below, 1);
        let of = |leg: Leg| -> usize {
            tokens
                .iter()
                .filter(|token| token.leg == leg)
                .map(|token| token.commits)
                .sum()
        };
        let words = match (of(Leg::Down), of(Leg::Up)) {
            (0, 0) => continue,
            (down, 0) => format!("{down} on their way"),
            (0, up) => format!("{up} answered"),
            (down, up) => format!("{down} on their way, {up} answered"),
        };
        let style = (11.0, pen.tokens.accent);
        let sheet_at = pen.shapes.len();
        let text = pen.text(
            Align2::CENTER_CENTER,
            way.curve.sample(0.4),
            &words,
            style,
            f32::INFINITY,
        );
        let sheet = Shape::rect_filled(text.expand(3.0), pen.radius(4.0), pen.tokens.canvas);
        pen.shapes.insert(sheet_at, sheet);
    }
    painter.extend(pen.shapes);
}

/// Above the primary: how many clients wait, for how long, and for whom. What hangs is a warning.
fn paint_waits(painter: &Painter, meta: &MetadataFrame, canvas: Rect, card: Rect, run: &Run, waits: &Waits) {
    let tokens = Tokens::of(&painter.ctx().global_style().visuals);
    let (sign, verb, colour) = if waits.hangs {
        ("⚠", "hang", tokens.error)
    } else {
        ("…", "wait", tokens.text)
    };
    let title = format!(
        "{sign} {} {verb}{}, {}",
        counted(waits.count, "commit"),
        if waits.count == 1 { "s" } else { "" },
        in_words(waits.longest)
    );
    let size = (12.5 * meta.zoom).clamp(10.5, 14.0);
    let mut job = egui::text::LayoutJob::default();
    let format = |size: f32, color| egui::TextFormat {
        font_id: egui::FontId::proportional((size * 2.0).round() / 2.0),
        color,
        ..egui::TextFormat::default()
    };
    job.append(&title, 0.0, format(size, colour));
    // From far away only what hangs is worth so much room.
    if meta.zoom >= NAME_ONLY_BELOW || waits.hangs {
        job.append("\n", 0.0, format(size - 1.5, tokens.text_weak));
        job.append(&run.awaited(waits), 0.0, format(size - 1.5, tokens.text_weak));
    }
    job.halign = egui::Align::LEFT;
    job.wrap.max_width = 300.0;
    let galley = painter.layout_job(job);
    let sheet_size = galley.size() + vec2(16.0, 8.0);
    let mut sheet = Rect::from_min_size(
        Align2::CENTER_BOTTOM
            .anchor_size(card.center_top() - vec2(0.0, 6.0), sheet_size)
            .min,
        sheet_size,
    );
    if sheet.top() < canvas.top() + 4.0 {
        // No room above: beside it.
        sheet = Rect::from_min_size(card.right_top() + vec2(8.0, 0.0), sheet_size);
    }
    let stroke = egui::Stroke::new(1.0, if waits.hangs { colour } else { tokens.card_stroke });
    painter.rect(
        sheet,
        6.0,
        tokens.tint(if waits.hangs { colour } else { tokens.accent }),
        stroke,
        egui::StrokeKind::Inside,
    );
    painter.galley(sheet.min + vec2(8.0, 4.0), galley, tokens.text);
}
