//! Where the user looks: pan and zoom of the canvas, kept relative to its own corner.
//!
//! Relative, so that a panel that opens beside the canvas pushes the drawing and does not shift it.

use egui::{Pos2, Rect, Vec2};
use egui_graphs::MetadataFrame;

/// Farther out nothing can be told apart; closer in there is nothing more to see.
pub const ZOOM_LEAST: f32 = 0.05;
pub const ZOOM_MOST: f32 = 4.0;
/// A fit never makes few servers look huge.
const FIT_MOST: f32 = 1.15;
/// Left free around a fitted design, in points: the legend and the zoom buttons stand there.
const FIT_MARGIN: Vec2 = Vec2::new(28.0, 56.0);

#[derive(Debug, Default)]
pub struct View {
    frame: MetadataFrame,
    /// The canvas it was last fitted into; `None` once the user has looked elsewhere by hand.
    fitted_into: Option<Vec2>,
    has_been_fitted: bool,
}

impl View {
    pub fn zoom(&self) -> f32 {
        self.frame.zoom
    }

    /// From canvas units to points on the screen.
    pub fn on_screen(&self, canvas: Rect) -> MetadataFrame {
        let mut frame = self.frame.clone();
        frame.pan += canvas.min.to_vec2();
        frame
    }

    pub fn pan_by(&mut self, points: Vec2) {
        if points != Vec2::ZERO {
            self.frame.pan += points;
            self.fitted_into = None;
        }
    }

    /// What was at `from` is at `to` now (canvas units), and stays where it is on the screen; a fitted view fits anew.
    pub fn stay(&mut self, from: Pos2, to: Pos2) {
        if self.fitted_into.is_none() {
            self.frame.pan += (from - to) * self.frame.zoom;
        }
    }

    /// Zooms so that what is under `at` (from the canvas' corner) stays there.
    pub fn zoom_at(&mut self, factor: f32, at: Vec2) {
        let zoom = (self.frame.zoom * factor).clamp(ZOOM_LEAST, ZOOM_MOST);
        if !zoom.is_finite() || zoom == self.frame.zoom {
            return;
        }
        self.frame.pan = at - (at - self.frame.pan) * (zoom / self.frame.zoom);
        self.frame.zoom = zoom;
        self.fitted_into = None;
    }

    /// Shows all of `content` (canvas units) in the middle of a canvas of this size.
    pub fn fit(&mut self, content: Rect, canvas: Vec2) {
        let room = (canvas - FIT_MARGIN * 2.0).max(Vec2::splat(32.0));
        let share = room / content.size().max(Vec2::splat(1.0));
        self.frame.zoom = share.min_elem().clamp(ZOOM_LEAST, FIT_MOST);
        self.frame.pan = canvas / 2.0 - content.center().to_vec2() * self.frame.zoom;
        self.fitted_into = Some(canvas);
        self.has_been_fitted = true;
    }

    /// A fitted view stays fitted when the canvas changes its size, the tree changes, or a card was put where
    /// it is cut off; until the user looks elsewhere by hand.
    pub fn wants_fit(&self, content: Rect, canvas: Vec2, has_tree_changed: bool) -> bool {
        let Some(size) = self.fitted_into else {
            return !self.has_been_fitted;
        };
        let corners = [content.min, content.max].map(|corner| self.frame.canvas_to_screen_pos(corner));
        let whole = Rect::from_min_size(Pos2::ZERO, canvas);
        size != canvas || has_tree_changed || !corners.into_iter().all(|corner| whole.contains(corner))
    }

    /// Pans as little as shows `target` (canvas units) whole.
    pub fn reveal(&mut self, target: Rect, canvas: Vec2) {
        const MARGIN: f32 = 24.0;
        let min = self.frame.canvas_to_screen_pos(target.min) - Vec2::splat(MARGIN);
        let max = self.frame.canvas_to_screen_pos(target.max) + Vec2::splat(MARGIN);
        let shift = |min: f32, max: f32, size: f32| (-min).max(0.0) + (size - max).min(0.0);
        self.pan_by(Vec2::new(
            shift(min.x, max.x, canvas.x),
            shift(min.y, max.y, canvas.y),
        ));
    }

    /// Pans so that `target` (canvas units) stands in the middle; from far out it also comes near enough to be read.
    pub fn centre(&mut self, target: Rect, canvas: Vec2) {
        const READABLE: f32 = 0.6;
        self.frame.zoom = self.frame.zoom.max(READABLE);
        self.frame.pan = canvas / 2.0 - target.center().to_vec2() * self.frame.zoom;
        self.fitted_into = None;
    }

    /// The point of the canvas under this place of the screen.
    pub fn at(&self, canvas: Rect, on_screen: Pos2) -> Pos2 {
        self.on_screen(canvas).screen_to_canvas_pos(on_screen)
    }
}

#[cfg(test)]
mod tests {
    use egui::{pos2, vec2};

    use super::*;

    const CANVAS: Rect = Rect {
        min: Pos2::new(100.0, 50.0),
        max: Pos2::new(900.0, 650.0),
    };

    fn content() -> Rect {
        Rect::from_min_max(pos2(-88.0, -42.0), pos2(2000.0, 400.0))
    }

    #[test]
    fn a_fit_shows_everything_inside_the_margin() {
        let mut view = View::default();
        assert!(view.wants_fit(content(), CANVAS.size(), false));
        view.fit(content(), CANVAS.size());
        let frame = view.on_screen(CANVAS);
        for corner in [content().min, content().max] {
            assert!(CANVAS.shrink(24.0).contains(frame.canvas_to_screen_pos(corner)));
        }
        assert!(!view.wants_fit(content(), CANVAS.size(), false));
        assert!(view.wants_fit(content(), CANVAS.size(), true));
        assert!(view.wants_fit(content().expand(900.0), CANVAS.size(), false));
    }

    #[test]
    fn what_is_under_the_pointer_stays_there_when_zooming() {
        let mut view = View::default();
        view.pan_by(vec2(13.0, -7.0));
        let pointer = pos2(333.0, 222.0);
        let before = view.at(CANVAS, pointer);
        view.zoom_at(1.7, pointer - CANVAS.min);
        assert!(view.at(CANVAS, pointer).distance(before) < 0.01);
        view.zoom_at(1e9, Vec2::ZERO);
        assert_eq!(view.zoom(), ZOOM_MOST);
        view.zoom_at(1e-9, Vec2::ZERO);
        assert_eq!(view.zoom(), ZOOM_LEAST);
        view.zoom_at(f32::NAN, Vec2::ZERO);
        assert_eq!(view.zoom(), ZOOM_LEAST);
    }

    #[test]
    fn a_view_moved_by_hand_is_left_alone() {
        let mut view = View::default();
        view.fit(content(), CANVAS.size());
        view.pan_by(vec2(1.0, 0.0));
        assert!(!view.wants_fit(content(), vec2(10.0, 10.0), true));
    }

    #[test]
    fn a_hidden_card_is_revealed_and_a_shown_one_does_not_move() {
        let mut view = View::default();
        let far = Rect::from_center_size(pos2(2000.0, 300.0), vec2(176.0, 84.0));
        view.reveal(far, CANVAS.size());
        let frame = view.on_screen(CANVAS);
        assert!(CANVAS.contains(frame.canvas_to_screen_pos(far.max)));
        let pan = view.on_screen(CANVAS).pan;
        view.reveal(far, CANVAS.size());
        assert_eq!(view.on_screen(CANVAS).pan, pan);
    }
}
