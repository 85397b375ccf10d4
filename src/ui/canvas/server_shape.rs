//! A server as a card: the display side of a node. Draws what its [`Card`] says, less of it the smaller it gets.

use std::sync::Arc;

use egui::{Align2, Color32, Pos2, Rect, Shadow, Shape, Vec2, pos2, vec2};
use egui_graphs::{DisplayNode, DrawContext, NodeProps};
use petgraph::Directed;

use super::pen::{Mark, Pen};
use crate::app::cards::Outlook;
use crate::app::cards::{BadgeKind, Card, Life, Link, Look, Work};
use crate::app::dropping::Mood;
use crate::model::document::arrange::CARD;
use crate::model::topology::Severity;
use crate::ui::theme::{RADIUS_CARD, Tokens};

/// Below this zoom a card shows no words but the name; from farther away it is drawn by [`super::far`].
pub const NAME_ONLY_BELOW: f32 = 0.55;

#[derive(Clone, Debug)]
pub struct ServerShape {
    card: Arc<Card>,
    centre: Pos2,
    is_selected: bool,
    pub is_hovered: bool,
    is_dragged: bool,
    pub is_focused: bool,
    pub mood: Mood,
}

impl ServerShape {
    /// The card around a centre, both in canvas units.
    pub fn rect_at(centre: Pos2) -> Rect {
        Rect::from_center_size(centre, Vec2::from(CARD))
    }

    /// In canvas units.
    pub fn rect(&self) -> Rect {
        Self::rect_at(self.centre)
    }

    fn outline(&self, tokens: &Tokens) -> (f32, Color32) {
        let is_marked = self.is_selected || self.is_dragged;
        self.mood.outline(is_marked, self.is_hovered, tokens)
    }
}

impl Mood {
    /// Width and colour of the line around a card; `is_marked`: selected, or in the hand.
    pub fn outline(self, is_marked: bool, is_hovered: bool, tokens: &Tokens) -> (f32, Color32) {
        match self {
            Mood::Allowed {
                has_consequence,
                is_hit,
            } => {
                let colour = if has_consequence {
                    tokens.drop_consequence
                } else {
                    tokens.drop_allowed
                };
                (if is_hit { 3.0 } else { 1.5 }, colour)
            }
            Mood::Refused { is_hit: true } => (2.0, tokens.drop_refused),
            Mood::ComesAlong => (1.5, tokens.accent),
            Mood::Plain if is_marked => (2.0, tokens.accent),
            Mood::Plain if is_hovered => (1.0, tokens.card_stroke_hovered),
            Mood::Plain | Mood::Refused { is_hit: false } => (1.0, tokens.card_stroke),
        }
    }
}

impl From<NodeProps<Arc<Card>>> for ServerShape {
    fn from(props: NodeProps<Arc<Card>>) -> Self {
        Self {
            centre: props.location(),
            card: props.payload,
            is_selected: props.selected,
            is_hovered: props.hovered,
            is_dragged: props.dragged,
            is_focused: false,
            mood: Mood::Plain,
        }
    }
}

impl DisplayNode<Arc<Card>, Arc<Link>, Directed, u32> for ServerShape {
    /// Where a line from the centre in this direction leaves the card.
    fn closest_boundary_point(&self, dir: Vec2) -> Pos2 {
        let half = self.rect().size() / 2.0;
        let reach = |along: f32, half: f32| {
            if along == 0.0 {
                f32::INFINITY
            } else {
                half / along.abs()
            }
        };
        let share = reach(dir.x, half.x).min(reach(dir.y, half.y));
        if share.is_finite() {
            self.centre + dir * share
        } else {
            self.centre
        }
    }

    fn shapes(&mut self, ctx: &DrawContext<'_>) -> Vec<Shape> {
        let zoom = ctx.meta.zoom;
        let rect = Rect::from_center_size(
            ctx.meta.canvas_to_screen_pos(self.centre),
            Vec2::from(CARD) * zoom,
        );
        if !ctx.painter.clip_rect().intersects(rect.expand(8.0)) {
            return Vec::new();
        }
        let is_faded = matches!(self.mood, Mood::Refused { is_hit: false });
        let mut pen = Pen::new(ctx.painter, zoom, is_faded);
        let tokens = pen.tokens;
        let colour = Look::of(&self.card).colour(tokens);
        self.draw_sheet(&mut pen, rect);
        if zoom < NAME_ONLY_BELOW {
            pen.name(
                Align2::CENTER_CENTER,
                rect.center(),
                &self.card.name,
                (26.0, tokens.text),
                rect.width() * 0.88,
            );
        } else {
            draw_head(&mut pen, rect, &self.card, colour);
            draw_foot(&mut pen, rect, &self.card);
        }
        if let Some(work) = self.card.work {
            draw_bar(&mut pen, rect, work);
        }
        pen.shapes
    }

    fn update(&mut self, state: &NodeProps<Arc<Card>>) {
        self.card = Arc::clone(&state.payload);
        self.centre = state.location();
        self.is_selected = state.selected;
        self.is_dragged = state.dragged;
    }

    fn is_inside(&self, pos: Pos2) -> bool {
        self.rect().contains(pos)
    }
}

impl ServerShape {
    /// Shadow, sheet, outline, and the ring of the keyboard's focus.
    fn draw_sheet(&self, pen: &mut Pen<'_>, rect: Rect) {
        let tokens = pen.tokens;
        let radius = f32::from(RADIUS_CARD);
        let lift = if self.is_dragged { 3 } else { 1 };
        let shadow = Shadow {
            offset: [0, 2 * lift],
            blur: 6 * lift as u8,
            spread: 0,
            color: tokens.shadow,
        };
        pen.shapes.push(shadow.as_shape(rect, pen.radius(radius)).into());
        if self.is_focused {
            pen.frame(rect.expand(4.0), radius + 3.0, 1.5, tokens.accent);
        }
        let fill = match self.mood {
            Mood::Allowed {
                is_hit: true,
                has_consequence,
            } => tokens.tint(if has_consequence {
                tokens.drop_consequence
            } else {
                tokens.drop_allowed
            }),
            Mood::Refused { is_hit: true } => tokens.tint(tokens.drop_refused),
            _ => tokens.card,
        };
        pen.fill(rect, radius, fill);
        let (width, colour) = self.outline(tokens);
        pen.frame(rect, radius, width, colour);
    }
}

/// The sign, the name, the role and port, and a mark if there is something to know.
fn draw_head(pen: &mut Pen<'_>, rect: Rect, card: &Card, colour: Color32) {
    let tokens = pen.tokens;
    let zoom = pen.zoom;
    let at = |x: f32, y: f32| rect.min + vec2(x, y) * zoom;
    let tile = Rect::from_min_size(at(10.0, 10.0), Vec2::splat(32.0) * zoom);
    pen.fill(tile, 7.0, tokens.tint(colour));
    let sign = Rect::from_center_size(tile.center(), vec2(14.0, 17.0) * zoom);
    if card.is_receiver {
        pen.tray(sign, colour);
    } else {
        pen.cylinder(sign, colour);
    }

    let mark = match card.severity {
        Some(Severity::Error) => Some((Mark::Diamond, tokens.error)),
        Some(Severity::Warning) => Some((Mark::Triangle, tokens.warning)),
        Some(Severity::Note) | None => None,
    };
    if let Some((mark, colour)) = mark {
        pen.mark(mark, at(160.0, 18.0), 5.0, colour);
    }
    let room = if mark.is_some() { 98.0 } else { 116.0 } * zoom;
    let top_left = Align2::LEFT_CENTER;
    pen.name(top_left, at(51.0, 18.5), &card.name, (14.5, tokens.text), room);
    pen.text(
        top_left,
        at(51.0, 35.5),
        &card.detail,
        (11.5, tokens.text_weak),
        118.0 * zoom,
    );
}

/// The badge on the left; on the right the real server's state, or how far its building is.
fn draw_foot(pen: &mut Pen<'_>, rect: Rect, card: &Card) {
    let tokens = pen.tokens;
    let zoom = pen.zoom;
    let middle = 64.0_f32.mul_add(zoom, rect.top());
    let left = pos2(10.0_f32.mul_add(zoom, rect.left()), middle);
    let badge = pen.pill(left, &card.badge.text, card.badge.kind.colour(tokens));
    let state = match (card.work, &card.life) {
        (Some(work), _) => Some((work_mark(work, tokens), work.word())),
        (None, Life::Drawn) => None,
        (None, life) => Some((life_mark(life, tokens), life.word())),
    };
    if let Some(((mark, colour), word)) = state {
        let right = pos2(10.0_f32.mul_add(-zoom, rect.right()), middle);
        let text = pen.text(
            Align2::RIGHT_CENTER,
            right,
            word,
            (11.5, tokens.text_weak),
            right.x - badge.right() - 15.0 * zoom,
        );
        pen.mark(
            mark,
            pos2(8.0_f32.mul_add(-zoom, text.left()), middle),
            4.0,
            colour,
        );
    }
}

/// A thin bar along the lower edge.
fn draw_bar(pen: &mut Pen<'_>, rect: Rect, work: Work) {
    let tokens = pen.tokens;
    let height = (3.0 * pen.zoom).max(1.5);
    let inset = 9.0 * pen.zoom;
    let track = Rect::from_min_max(
        pos2(
            rect.left() + inset,
            2.0_f32.mul_add(-pen.zoom, rect.bottom() - height),
        ),
        pos2(rect.right() - inset, 2.0_f32.mul_add(-pen.zoom, rect.bottom())),
    );
    pen.fill(track, 2.0, tokens.line);
    let mut done = track;
    done.set_width(track.width() * work.share());
    let (_, colour) = work_mark(work, tokens);
    pen.fill(done, 2.0, colour);
}

pub(super) fn life_mark(life: &Life, tokens: &Tokens) -> (Mark, Color32) {
    match life {
        Life::Running
        | Life::Streaming
        | Life::Behind { is_far: false, .. }
        | Life::Foreseen(Outlook::Well, _) => (Mark::Circle, tokens.ok),
        Life::Connected(_)
        | Life::Paused(_)
        | Life::Behind { is_far: true, .. }
        | Life::Foreseen(Outlook::Waits, _) => (Mark::HalfCircle, tokens.warning),
        Life::Unconnected | Life::Foreseen(Outlook::Stuck, _) => (Mark::Triangle, tokens.warning),
        // The shape of what is not known, in the colour of what wants to be looked at.
        Life::Silent(_) => (Mark::Ring, tokens.warning),
        Life::Down | Life::Otherwise(_) | Life::Foreseen(Outlook::Down, _) => (Mark::Diamond, tokens.error),
        Life::Stopped | Life::Drawn | Life::NotDeployed | Life::Unread => (Mark::Ring, tokens.text_weak),
    }
}

pub fn work_mark(work: Work, tokens: &Tokens) -> (Mark, Color32) {
    match work {
        Work::Pending => (Mark::Ring, tokens.text_weak),
        Work::Building(_) | Work::Changing(_) => (Mark::HalfCircle, tokens.accent),
        Work::Built => (Mark::Circle, tokens.ok),
        Work::Failed => (Mark::Diamond, tokens.error),
    }
}

impl Look {
    /// A card has the colour of what the server is for a commit.
    pub fn colour(self, tokens: &Tokens) -> Color32 {
        if self.is_primary {
            tokens.primary
        } else {
            self.badge.colour(tokens)
        }
    }
}

impl BadgeKind {
    pub fn colour(self, tokens: &Tokens) -> Color32 {
        match self {
            BadgeKind::Policy => tokens.primary,
            BadgeKind::Sync => tokens.sync,
            BadgeKind::Potential => tokens.potential,
            BadgeKind::Quorum => tokens.quorum,
            BadgeKind::Async | BadgeKind::Absent => tokens.asynchronous,
            BadgeKind::Trouble => tokens.error,
        }
    }
}
