//! Turning pages: they stand one below another as they are reached, so a turn scrolls, or reaches one more.

use egui::{Align, Rect, Ui, vec2};

use crate::app::actions::Turn;
use crate::app::{LessonMessage, OpenLesson, Outbox};

use super::send;

/// So little above or below an edge is at the edge, beside the gap that a scroll leaves above what it goes to.
const SLACK: f32 = 2.0;
/// Of the height of the panel, where a page is longer than that.
const LONG_TURN: f32 = 0.9;

/// What was asked for, and where the pages stand.
#[derive(Debug, Default)]
pub(super) struct Pages {
    pub asked: Option<Turn>,
    /// The page that was reached just now, to be scrolled to.
    arriving: Option<usize>,
    /// In this frame, from the first.
    heads: Vec<Rect>,
}

impl Pages {
    pub fn begin(&mut self) {
        self.heads.clear();
    }

    /// A page begins here.
    pub fn head(&mut self, ui: &Ui) {
        self.heads
            .push(Rect::from_min_size(ui.cursor().min, vec2(1.0, 1.0)));
    }

    /// All pages are drawn: scrolls to where it was asked to.
    pub fn end(&mut self, ui: &Ui, open: &OpenLesson, outbox: &mut Outbox) {
        // It is drawn in the frame after the one that reached it.
        if let Some(head) = self.arriving.and_then(|page| self.heads.get(page)) {
            ui.scroll_to_rect(*head, Some(Align::TOP));
            self.arriving = None;
        }
        let (seen, end) = (ui.clip_rect(), ui.cursor().top());
        let slack = ui.spacing().item_spacing.y + SLACK;
        match self.asked.take() {
            None => {}
            Some(Turn::On) => {
                let mut later = self.heads.iter().skip(1);
                let later = later.find(|head| head.top() > seen.top() + slack);
                if end <= seen.bottom() + SLACK {
                    self.reach(open, outbox);
                } else if let Some(head) = later.filter(|head| head.top() < seen.bottom()) {
                    ui.scroll_to_rect(*head, Some(Align::TOP));
                } else {
                    ui.scroll_with_delta(vec2(0.0, -seen.height() * LONG_TURN));
                }
            }
            Some(Turn::Back) => {
                let mut before = self.heads.iter().enumerate().rev();
                let before = before.find(|(_, head)| head.top() < seen.top() - slack);
                match before {
                    // The title stands above the first page.
                    Some((page, head)) if page > 0 => ui.scroll_to_rect(*head, Some(Align::TOP)),
                    _ => ui.scroll_with_delta(vec2(0.0, f32::from(u16::MAX))),
                }
            }
        }
    }

    /// The next page, once what this one asks is done.
    pub fn reach(&mut self, open: &OpenLesson, outbox: &mut Outbox) {
        if open.has_more_pages() {
            self.arriving = Some(open.pages());
            send(outbox, LessonMessage::Page(open.pages()));
        }
    }
}
