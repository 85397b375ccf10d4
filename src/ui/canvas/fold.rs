//! Folded subtrees: what a card that stands for hidden servers says of them, the sign that folds, and how both look.

use std::collections::BTreeMap;

use egui::accesskit::Action;
use egui::{Align2, CursorIcon, FontId, Id, Painter, Pos2, Rect, Response, Sense, Stroke, StrokeKind};
use egui::{Ui, Vec2, WidgetInfo, WidgetType, pos2, vec2};
use egui_graphs::MetadataFrame;

use super::handle;
use super::overview::FAR_BELOW;
use super::pen::{Mark, Pen};
use super::server_shape::NAME_ONLY_BELOW;
use crate::app::Message;
use crate::app::Outbox;
use crate::app::cards::Outlook;
use crate::app::cards::{Card, Fold, Life, Link};
use crate::app::{Session, ViewMessage};
use crate::model::topology::{ServerId, Severity, Subject};
use crate::model::words::counted;
use crate::ui::theme::{RADIUS_CARD, Tokens};

/// The sign of an unfolded card, in canvas units.
const SIGN: f32 = 16.0;
/// The counter of a folded one.
const COUNTER_HEIGHT: f32 = 20.0;
/// How far the sheets behind a folded card reach out below it.
const PILE: f32 = 5.0;

/// Takes the hidden servers out, and lets the cards that stand for them count them.
pub fn fold_up(session: &Session, described: Vec<(Card, Option<Link>)>) -> Vec<(Card, Option<Link>)> {
    let mut folds: BTreeMap<ServerId, Fold> = session
        .desk
        .document
        .topology()
        .servers()
        .iter()
        .filter_map(|server| Some((server.upstream()?, Fold::default())))
        .collect();
    folds.extend(folds_of(session));
    if session.looks.folding.is_any_folded() {
        count_lives(session, &described, &mut folds);
    }
    described
        .into_iter()
        .filter(|(card, _)| !session.looks.folding.is_hidden(card.id))
        .map(|(mut card, link)| {
            card.fold = folds.remove(&card.id);
            if let Some(fold) = card.fold.as_ref().filter(|fold| fold.hidden > 0) {
                card.description = format!("{}, {}", card.description, fold.words());
            }
            (card, link)
        })
        .collect()
}

/// Every card that stands for others, with how many those are and what the rules found about them.
pub fn folds_of(session: &Session) -> BTreeMap<ServerId, Fold> {
    let mut folds: BTreeMap<ServerId, Fold> = BTreeMap::new();
    let hidden = session.looks.folding.hidden();
    for stands in hidden.values() {
        folds.entry(*stands).or_default().hidden += 1;
    }
    // What-if shows no findings: it is not about what is unwise, but about what becomes of it.
    let findings = session.derived.findings.iter();
    for finding in findings.filter(|_| session.mode.shows_findings()) {
        let Subject::Server(id) = finding.subject else {
            continue;
        };
        if let Some(fold) = hidden.get(&id).and_then(|stands| folds.get_mut(stands)) {
            match finding.severity {
                Severity::Error => fold.errors += 1,
                Severity::Warning => fold.warnings += 1,
                Severity::Note => fold.notes += 1,
            }
        }
    }
    folds
}

/// What the real servers show, or what becomes of them in What-if.
fn count_lives(session: &Session, described: &[(Card, Option<Link>)], folds: &mut BTreeMap<ServerId, Fold>) {
    let hidden = session.looks.folding.hidden();
    for (card, _) in described {
        let Some(fold) = hidden.get(&card.id).and_then(|stands| folds.get_mut(stands)) else {
            continue;
        };
        match card.life {
            Life::Down | Life::Foreseen(Outlook::Down, _) => fold.down += 1,
            Life::Unconnected
            | Life::Silent(_)
            | Life::Otherwise(_)
            | Life::Paused(_)
            | Life::Behind { is_far: true, .. }
            | Life::Foreseen(Outlook::Stuck | Outlook::Waits, _) => {
                fold.troubled += 1;
            }
            _ => {}
        }
    }
}

impl Fold {
    /// "12 servers hidden, 1 down, 2 errors, 1 note".
    pub fn words(&self) -> String {
        let mut words = vec![format!("{} hidden", counted(self.hidden, "server"))];
        for (number, what) in [(self.down, "down"), (self.troubled, "in trouble")] {
            if number > 0 {
                words.push(format!("{number} {what}"));
            }
        }
        for (number, what) in [
            (self.errors, "error"),
            (self.warnings, "warning"),
            (self.notes, "note"),
        ] {
            if number > 0 {
                words.push(counted(number, what));
            }
        }
        words.join(", ")
    }

    /// The worst of what is hidden: its mark, its colour, how many there are.
    fn worst(&self, tokens: &Tokens) -> Option<(Mark, egui::Color32, usize)> {
        let errors = self.down + self.errors;
        let warnings = self.troubled + self.warnings;
        match (errors, warnings, self.notes) {
            (0, 0, 0) => None,
            (0, 0, notes) => Some((Mark::Ring, tokens.accent, notes)),
            (0, warnings, _) => Some((Mark::Triangle, tokens.warning, warnings)),
            (errors, ..) => Some((Mark::Diamond, tokens.error, errors)),
        }
    }
}

/// The screen's rectangle of the sign, below the card; `None` where it is too small to be hit.
fn sign_rect(card: Rect, zoom: f32, server: &Card) -> Option<Rect> {
    let fold = server.fold.as_ref()?;
    if fold.hidden > 0 {
        let unit = unit(zoom)?;
        let width = counter_width(fold);
        return Some(Rect::from_center_size(
            card.center_bottom(),
            vec2(width, COUNTER_HEIGHT) * unit,
        ));
    }
    if !handle::is_shown(zoom) {
        return None;
    }
    // Beside the handle, which a primary has none of.
    let beside = if server.is_primary { 0.0 } else { 31.0 };
    let centre = card.center_bottom() + vec2(beside, 0.0) * zoom;
    Some(Rect::from_center_size(centre, Vec2::splat(SIGN) * zoom))
}

/// From farther away a counter is drawn larger than its card: it says what the card no longer can.
fn unit(zoom: f32) -> Option<f32> {
    (zoom >= FAR_BELOW).then(|| zoom.max(NAME_ONLY_BELOW * 1.15))
}

fn counter_width(fold: &Fold) -> f32 {
    let digits = |number: usize| number.to_string().len() as f32 * 7.0;
    let findings = [fold.down + fold.errors, fold.troubled + fold.warnings, fold.notes];
    let worst = findings.into_iter().find(|number| *number > 0);
    34.0 + digits(fold.hidden) + worst.map_or(0.0, |worst| 20.0 + digits(worst))
}

/// What makes the painted sign a widget, and what it asks for when it is clicked.
pub fn sign_widget(
    ui: &Ui,
    session: &Session,
    frame: &MetadataFrame,
    rect: Rect,
    card: &Card,
    outbox: &mut Outbox,
) -> Option<Response> {
    let fold = card.fold.as_ref()?;
    let rect = sign_rect(rect, frame.zoom, card)?;
    let is_folded = session.looks.folding.is_folded(card.id);
    let words = if is_folded {
        format!("Unfold {}: {}", card.name, fold.words())
    } else {
        format!("Fold {}", card.name)
    };
    // Not focusable: the card is, and the key of the action folds it.
    let response = ui.interact(rect, Id::new(("canvas", "fold", card.id.number())), Sense::CLICK);
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, words.as_str()));
    let response = response
        .on_hover_cursor(CursorIcon::PointingHand)
        .on_hover_text(words);
    if response.clicked() {
        outbox.send(Message::View(ViewMessage::Fold(card.id, !is_folded)));
    }
    Some(response)
}

/// Tells a screen reader whether it is folded, and does what one asks for.
pub fn tell_expanded(ui: &Ui, widget: Id, is_folded: Option<bool>, server: ServerId, outbox: &mut Outbox) {
    let Some(is_folded) = is_folded else {
        return;
    };
    ui.ctx().accesskit_node_builder(widget, |node| {
        node.set_expanded(!is_folded);
        node.add_action(if is_folded {
            Action::Expand
        } else {
            Action::Collapse
        });
    });
    let asks = |action| ui.input(|input| input.has_accesskit_action_request(widget, action));
    if asks(Action::Expand) {
        outbox.send(Message::View(ViewMessage::Fold(server, false)));
    } else if asks(Action::Collapse) {
        outbox.send(Message::View(ViewMessage::Fold(server, true)));
    }
}

/// Behind a folded card: the edges of a pile of cards.
pub fn paint_pile(painter: &Painter, tokens: &Tokens, card: Rect, zoom: f32, server: &Card) {
    if server.fold.as_ref().is_none_or(|fold| fold.hidden == 0)
        || !painter.clip_rect().intersects(card.expand(16.0))
    {
        return;
    }
    let step = (PILE * zoom).max(1.5);
    for sheet in [2.0_f32, 1.0] {
        let shift = step * sheet;
        let rect = Rect::from_min_max(
            pos2(card.left() + shift, card.top() + shift),
            pos2(card.right() - shift, card.bottom() + shift),
        );
        let radius = (f32::from(RADIUS_CARD) * zoom).round();
        painter.rect(
            rect,
            radius,
            tokens.card,
            Stroke::new(1.0, tokens.card_stroke_hovered),
            StrokeKind::Inside,
        );
    }
}

/// "−" on a card whose downstreams are shown; on a folded one "+ 12 ◆ 2": how many it hides, and the worst of it.
pub fn paint_sign(painter: &Painter, tokens: &Tokens, card: Rect, zoom: f32, server: &Card) {
    let (Some(fold), Some(rect)) = (&server.fold, sign_rect(card, zoom, server)) else {
        return;
    };
    if !painter.clip_rect().intersects(rect) {
        return;
    }
    let is_folded = fold.hidden > 0;
    let radius = rect.height() / 2.0;
    let stroke = if is_folded { tokens.accent } else { tokens.relay };
    painter.rect(
        rect,
        radius,
        tokens.card,
        Stroke::new(1.0, stroke),
        StrokeKind::Inside,
    );
    let unit = if is_folded {
        unit(zoom).unwrap_or(zoom)
    } else {
        zoom
    };
    let thick = Stroke::new(
        (1.4 * unit).max(1.0),
        if is_folded {
            tokens.accent
        } else {
            tokens.text_weak
        },
    );
    let arm = 4.0 * unit;
    let sign = if is_folded {
        rect.left_center() + vec2(radius, 0.0)
    } else {
        rect.center()
    };
    painter.line_segment([sign - vec2(arm, 0.0), sign + vec2(arm, 0.0)], thick);
    if !is_folded {
        return;
    }
    painter.line_segment([sign - vec2(0.0, arm), sign + vec2(0.0, arm)], thick);
    let number = |at: Pos2, number: usize, colour| {
        let size = (11.5 * unit * 2.0).round() / 2.0;
        painter.text(
            at,
            Align2::LEFT_CENTER,
            number,
            FontId::proportional(size),
            colour,
        )
    };
    let drawn = number(sign + vec2(8.0 * unit, 0.0), fold.hidden, tokens.text);
    if let Some((mark, colour, many)) = fold.worst(tokens) {
        let mut pen = Pen::new(painter, unit, false);
        let at = pos2(drawn.right() + 10.0 * unit, rect.center().y);
        pen.mark(mark, at, 4.5, colour);
        painter.extend(pen.shapes);
        number(at + vec2(7.0 * unit, 0.0), many, colour);
    }
}
