//! The signs of the drawing that the legend explains, each drawn from the same tokens and shapes as in the drawing.

use egui::{Align2, Rect, Stroke, pos2, vec2};

use super::pen::{Mark, Pen};
use super::server_shape::life_mark;
use super::traffic::Moving;
use crate::app::cards::Outlook;
use crate::app::cards::{Badge, BadgeKind, Card, Life, Link, Trouble};
use crate::model::topology::Severity;

/// A sign that occurs in the drawing.
#[derive(Clone, Debug, PartialEq)]
pub enum Sign {
    Line { is_dashed: bool, is_live: bool },
    ByArchive,
    Fallback,
    Receiver,
    Trouble(Trouble),
    Badge(Badge),
    Life(Life),
    Finding(Severity),
    Folded,
    Handle,
    Site,
    Moving(Moving),
}

/// The signs of these cards, each once, in the order of the list.
pub fn signs(described: &[(Card, Option<Link>)], has_sites: bool) -> Vec<Sign> {
    let mut signs: Vec<Sign> = Vec::new();
    let mut add = |sign: Sign| {
        if !signs.iter().any(|known| known.words() == sign.words()) {
            signs.push(sign);
        }
    };
    for (card, link) in described {
        if let Some(link) = link {
            let is_live = link.is_streaming;
            let is_dashed = !link.is_candidate;
            add(if link.is_by_archive {
                Sign::ByArchive
            } else {
                Sign::Line {
                    is_dashed,
                    is_live: false,
                }
            });
            if is_live {
                add(Sign::Line {
                    is_dashed: false,
                    is_live,
                });
            }
            link.trouble.into_iter().map(Sign::Trouble).for_each(&mut add);
        }
        // What becomes of commits in What-if is said beside the drawing.
        let is_said = card.badge.kind == BadgeKind::Policy && card.badge.text.starts_with("commits");
        let has_policy = card.badge.kind == BadgeKind::Policy && !is_said;
        if !card.is_primary || has_policy || card.badge.kind == BadgeKind::Trouble {
            add(Sign::Badge(card.badge.clone()));
        }
        if !card.fallbacks.is_empty() {
            add(Sign::Fallback);
        }
        if card.is_receiver {
            add(Sign::Receiver);
        }
        if card.life != Life::Drawn {
            add(Sign::Life(card.life.clone()));
        }
        let shown = card.severity.filter(|severity| *severity != Severity::Note);
        shown.into_iter().map(Sign::Finding).for_each(&mut add);
        if let Some(fold) = &card.fold {
            if fold.hidden > 0 {
                add(Sign::Folded);
            } else if !card.is_primary {
                add(Sign::Handle);
            }
        }
    }
    if has_sites {
        add(Sign::Site);
    }
    signs.sort_by_key(Sign::rank);
    signs
}

impl Sign {
    /// What moves in What-if in time.
    pub const TRAFFIC: [Self; 4] = [
        Self::Moving(Moving::Commit),
        Self::Moving(Moving::Written),
        Self::Moving(Moving::OnDisk),
        Self::Moving(Moving::Answer),
    ];

    fn rank(&self) -> (u8, u8) {
        match self {
            Self::Badge(badge) => (0, badge.kind as u8),
            Self::Line { is_dashed, is_live } => (1, u8::from(*is_dashed) + 2 * u8::from(*is_live)),
            Self::ByArchive => (1, 4),
            Self::Fallback => (1, 5),
            Self::Receiver => (1, 6),
            Self::Trouble(trouble) => (2, *trouble as u8),
            Self::Life(life) => (3, life_rank(life)),
            Self::Finding(severity) => (4, *severity as u8),
            Self::Folded => (5, 0),
            Self::Handle => (6, 0),
            Self::Site => (7, 0),
            Self::Moving(moving) => (8, *moving as u8),
        }
    }

    pub(super) fn words(&self) -> &'static str {
        match self {
            Self::Line { is_live: true, .. } => "streaming now",
            Self::Line { is_dashed: false, .. } => "may be synchronous",
            Self::Line { .. } => "asynchronous",
            Self::ByArchive => "fed by the archive",
            Self::Fallback => "fallback upstream",
            Self::Receiver => "takes WAL; not a server",
            Self::Trouble(Trouble::Broken) => "link is down",
            Self::Trouble(Trouble::Slow) => "a slow link",
            Self::Badge(badge) => match badge.kind {
                BadgeKind::Policy => "how many standbys a commit waits for",
                BadgeKind::Sync => "commits wait for it",
                BadgeKind::Potential => "next, if a synchronous standby fails",
                BadgeKind::Quorum => "commits wait for some of these",
                BadgeKind::Async => "no commit waits for it",
                BadgeKind::Absent => "not in its upstream's pg_stat_replication",
                BadgeKind::Trouble if badge.text == "writes fail" => "no server accepts writes",
                BadgeKind::Trouble => "every commit hangs",
            },
            Self::Life(life) => match life {
                Life::Running
                | Life::Streaming
                | Life::Behind { is_far: false, .. }
                | Life::Foreseen(Outlook::Well, _) => "up",
                Life::Connected(_)
                | Life::Paused(_)
                | Life::Behind { is_far: true, .. }
                | Life::Foreseen(Outlook::Waits, _) => "behind or catching up",
                Life::Unconnected | Life::Foreseen(Outlook::Stuck, _) => "running, not receiving",
                Life::Silent(_) => "no answer",
                Life::Otherwise(_) => "differs from the drawing",
                Life::Down | Life::Foreseen(Outlook::Down, _) => "down",
                Life::Stopped => "stopped",
                Life::NotDeployed => "drawn, not deployed yet",
                Life::Drawn | Life::Unread => "not read yet",
            },
            Self::Finding(Severity::Error) => "an error in the design",
            Self::Finding(Severity::Warning) => "a warning",
            Self::Finding(Severity::Note) => "a note",
            Self::Folded => "number of hidden servers",
            Self::Handle => "drag it: all downstreams move",
            Self::Site => "a site",
            Self::Moving(moving) => moving.words(),
        }
    }

    pub(super) fn draw(&self, pen: &mut Pen<'_>, place: Rect) {
        let tokens = pen.tokens;
        let middle = place.center().y;
        let left = place.left();
        match self {
            Self::Line { is_dashed, is_live } => {
                let colour = if *is_live { tokens.link_live } else { tokens.link };
                let line = [pos2(left, middle), pos2(left + 34.0, middle)];
                let stroke = Stroke::new(2.0, colour);
                if *is_dashed {
                    pen.shapes
                        .extend(egui::Shape::dashed_line(&line, stroke, 5.0, 3.5));
                } else {
                    pen.shapes.push(egui::Shape::line_segment(line, stroke));
                }
            }
            Self::ByArchive | Self::Fallback => {
                let line = [pos2(left, middle), pos2(left + 34.0, middle)];
                let (width, dash, gap) = match self {
                    Self::Fallback => (1.0, 3.5, 5.0),
                    _ => (2.0, 1.8, 4.2),
                };
                let stroke = Stroke::new(width, tokens.link);
                let dashes = egui::Shape::dashed_line(&line, stroke, dash, gap);
                pen.shapes.extend(dashes);
            }
            Self::Receiver => {
                let sign = Rect::from_center_size(pos2(left + 17.0, middle), vec2(12.0, 13.0));
                pen.tray(sign, tokens.asynchronous);
            }
            Self::Trouble(Trouble::Broken) => {
                pen.mark(Mark::Cross, pos2(left + 17.0, middle), 5.0, tokens.error);
            }
            Self::Trouble(Trouble::Slow) => {
                pen.mark(Mark::Triangle, pos2(left + 17.0, middle), 4.5, tokens.warning);
            }
            Self::Badge(badge) => drop(pen.pill(pos2(left, middle), &badge.text, badge.kind.colour(tokens))),
            Self::Life(life) => {
                let (mark, colour) = life_mark(life, tokens);
                pen.mark(mark, pos2(left + 17.0, middle), 4.0, colour);
            }
            Self::Moving(moving) => {
                let (mark, colour) = moving.look(tokens);
                pen.mark(mark, pos2(left + 17.0, middle), 4.6, colour);
            }
            Self::Finding(severity) => {
                let (mark, colour) = match severity {
                    Severity::Error => (Mark::Diamond, tokens.error),
                    _ => (Mark::Triangle, tokens.warning),
                };
                pen.mark(mark, pos2(left + 17.0, middle), 5.0, colour);
            }
            Self::Folded | Self::Handle => {
                let pill = Rect::from_center_size(pos2(left + 17.0, middle), vec2(34.0, 15.0));
                let colour = if *self == Self::Folded {
                    tokens.accent
                } else {
                    tokens.relay
                };
                pen.fill(pill, 8.0, tokens.card);
                pen.frame(pill, 8.0, 1.0, colour);
                let (words, at) = if *self == Self::Folded {
                    ("+ 3", pill.center())
                } else {
                    for dot in 0..6_u8 {
                        let step = vec2(f32::from(dot % 2), f32::from(dot / 2) - 1.0) * 3.4;
                        let dot = Rect::from_center_size(
                            pill.left_center() + vec2(9.0, 0.0) + step,
                            vec2(1.8, 1.8),
                        );
                        pen.fill(dot, 0.0, tokens.text_weak);
                    }
                    ("2", pill.center() + vec2(6.0, 0.0))
                };
                pen.text(Align2::CENTER_CENTER, at, words, (10.5, tokens.text_weak), 30.0);
            }
            Self::Site => {
                let ground = Rect::from_center_size(pos2(left + 17.0, middle), vec2(34.0, 14.0));
                pen.fill(ground, 4.0, tokens.site_ground(0));
                pen.frame(ground, 4.0, 1.0, tokens.faded(tokens.site(0)));
            }
        }
    }
}

fn life_rank(life: &Life) -> u8 {
    match life {
        Life::Running
        | Life::Streaming
        | Life::Behind { is_far: false, .. }
        | Life::Foreseen(Outlook::Well, _) => 0,
        Life::Connected(_)
        | Life::Paused(_)
        | Life::Behind { is_far: true, .. }
        | Life::Foreseen(Outlook::Waits, _) => 1,
        Life::Unconnected | Life::Foreseen(Outlook::Stuck, _) => 2,
        Life::Silent(_) => 3,
        Life::Down | Life::Foreseen(Outlook::Down, _) => 4,
        Life::Otherwise(_) => 5,
        Life::Stopped | Life::Drawn | Life::NotDeployed | Life::Unread => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fold::fold_up;
    use super::*;
    use crate::app::cards::describe;
    use crate::app::{Message, Session, ViewMessage, update};
    use crate::model::document::Document;
    use crate::model::topology::notation;

    fn words(session: &Session) -> Vec<&'static str> {
        let described = fold_up(session, describe(session));
        let has_sites = !session.desk.document.topology().sites().is_empty();
        signs(&described, has_sites).iter().map(Sign::words).collect()
    }

    fn session(text: &str) -> Session {
        Session::new(Document::new(notation::parse(text).unwrap()), None)
    }

    #[test]
    fn only_what_occurs_is_explained() {
        assert_eq!(words(&session("m 1024\n")), [""; 0]);
        assert_eq!(
            words(&session("m 1024\n  a 1025\n")),
            ["no commit waits for it", "asynchronous"]
        );
        let mut seed =
            session("m 1024 sync first 1 site A\n  a 1025 priority 1\n    c 1027\n  b 1026 priority 2\n");
        let mut expected = vec![
            "how many standbys a commit waits for",
            "commits wait for it",
            "next, if a synchronous standby fails",
            "no commit waits for it",
            "may be synchronous",
            "asynchronous",
            "drag it: all downstreams move",
            "a site",
        ];
        assert_eq!(words(&seed), expected);
        let a = seed.desk.document.topology().by_name("a").unwrap().id();
        update(&mut seed, Message::View(ViewMessage::Fold(a, true)));
        expected.retain(|words| !["no commit waits for it", "asynchronous"].contains(words));
        expected[4] = "number of hidden servers";
        assert_eq!(words(&seed), expected);
        let quorum = session("m 1024 sync any 1\n  a 1025 priority 1\n  b 1025 priority 2\n");
        assert_eq!(
            words(&quorum),
            [
                "how many standbys a commit waits for",
                "commits wait for some of these",
                "may be synchronous",
                "an error in the design"
            ]
        );
    }
}
