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
/// By so much of the free height a fitted drawing stands above the middle.
const FIT_RAISED: f32 = 0.22;

/// A view on its way is nine tenths there after so many seconds: quick, and the eye can follow.
const FLIGHT: f32 = 0.12;

#[derive(Debug, Default)]
pub struct View {
    frame: MetadataFrame,
    /// Where it is on its way to.
    goal: Option<Goal>,
    /// The canvas it was last fitted into; `None` once the user has looked elsewhere by hand.
    fitted_into: Option<Vec2>,
    has_been_fitted: bool,
}

#[derive(Clone, Copy, Debug)]
struct Goal {
    zoom: f32,
    pan: Vec2,
}

impl View {
    pub fn zoom(&self) -> f32 {
        self.frame.zoom
    }

    /// Where it will be: what a next step starts from.
    pub fn zoom_to_come(&self) -> f32 {
        self.goal.map_or(self.frame.zoom, |goal| goal.zoom)
    }

    /// Goes where `change` would jump to, in several frames.
    pub fn fly(&mut self, change: impl FnOnce(&mut Self)) {
        let (zoom, pan) = (self.frame.zoom, self.frame.pan);
        if let Some(goal) = self.goal.take() {
            (self.frame.zoom, self.frame.pan) = (goal.zoom, goal.pan);
        }
        change(self);
        self.goal = Some(Goal {
            zoom: self.frame.zoom,
            pan: self.frame.pan,
        });
        (self.frame.zoom, self.frame.pan) = (zoom, pan);
    }

    /// A frame later. True if it is still on its way. `is_calm`: without a flight.
    pub fn advance(&mut self, seconds: f32, is_calm: bool, canvas: Vec2) -> bool {
        let Some(goal) = self.goal else {
            return false;
        };
        let share = 1.0 - 0.1_f32.powf(seconds / FLIGHT);
        let middle = |zoom: f32, pan: Vec2| (canvas / 2.0 - pan) / zoom;
        // Straight in these two: so whatever stands still on the screen at both ends does so all the way.
        let scale = egui::lerp(1.0 / self.frame.zoom..=1.0 / goal.zoom, share);
        let from = middle(self.frame.zoom, self.frame.pan);
        let at = from + (middle(goal.zoom, goal.pan) - from) * share;
        let zoom = 1.0 / scale;
        let pan = canvas / 2.0 - at * zoom;
        let is_there = (pan - goal.pan).length() < 0.5 && (zoom / goal.zoom - 1.0).abs() < 0.002;
        if is_calm || is_there {
            self.goal = None;
            (self.frame.zoom, self.frame.pan) = (goal.zoom, goal.pan);
        } else {
            (self.frame.zoom, self.frame.pan) = (zoom, pan);
        }
        self.goal.is_some()
    }

    /// From canvas units to points on the screen.
    pub fn on_screen(&self, canvas: Rect) -> MetadataFrame {
        let mut frame = self.frame.clone();
        frame.pan += canvas.min.to_vec2();
        frame
    }

    pub fn pan_by(&mut self, points: Vec2) {
        if points != Vec2::ZERO {
            self.goal = None;
            self.frame.pan += points;
            self.fitted_into = None;
        }
    }

    /// What was at `from` is at `to` now (canvas units), and stays where it is on the screen; a fitted view fits again.
    pub fn stay(&mut self, from: Pos2, to: Pos2) {
        if self.fitted_into.is_none() {
            self.frame.pan += (from - to) * self.frame.zoom;
        }
    }

    /// Zooms so that what is under `at` (from the canvas' corner) stays there.
    pub fn zoom_at(&mut self, factor: f32, at: Vec2) {
        // A large design is fitted from farther away than one would go by hand.
        let least = ZOOM_LEAST.min(self.frame.zoom);
        let zoom = (self.frame.zoom * factor).clamp(least, ZOOM_MOST);
        if !zoom.is_finite() || zoom == self.frame.zoom {
            return;
        }
        self.goal = None;
        self.frame.pan = at - (at - self.frame.pan) * (zoom / self.frame.zoom);
        self.frame.zoom = zoom;
        self.fitted_into = None;
    }

    /// Shows all of `content` (canvas units) on a canvas of this size: in the middle from side to side, and somewhat above
    /// it, since the legend and the buttons stand at the lower edge.
    pub fn fit(&mut self, content: Rect, canvas: Vec2) {
        self.goal = None;
        let room = (canvas - FIT_MARGIN * 2.0).max(Vec2::splat(32.0));
        let share = room / content.size().max(Vec2::splat(1.0));
        // All of it is shown, however little of each card can be seen then.
        self.frame.zoom = share.min_elem().min(FIT_MOST);
        let free = canvas.y - content.height() * self.frame.zoom;
        let middle = Vec2::new(canvas.x / 2.0, canvas.y / 2.0 - free * FIT_RAISED);
        self.frame.pan = middle - content.center().to_vec2() * self.frame.zoom;
        self.fitted_into = Some(canvas);
        self.has_been_fitted = true;
    }

    /// A fitted view stays fitted when the canvas changes its size, the tree changes, or a card was put where
    /// it is cut off; until the user looks elsewhere by hand.
    pub fn wants_fit(&self, content: Rect, canvas: Vec2, has_tree_changed: bool) -> bool {
        let Some(size) = self.fitted_into else {
            return !self.has_been_fitted;
        };
        if self.goal.is_some() {
            return size != canvas || has_tree_changed;
        }
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

    /// Pans so that this point (canvas units) stands in the middle.
    pub fn look_at(&mut self, point: Pos2, canvas: Vec2) {
        self.goal = None;
        self.frame.pan = canvas / 2.0 - point.to_vec2() * self.frame.zoom;
        self.fitted_into = None;
    }

    /// Pans so that `target` (canvas units) stands in the middle; from far out it also comes near enough to be read.
    pub fn centre(&mut self, target: Rect, canvas: Vec2) {
        const READABLE: f32 = 0.6;
        self.goal = None;
        self.frame.zoom = self.frame.zoom.max(READABLE);
        self.frame.pan = canvas / 2.0 - target.center().to_vec2() * self.frame.zoom;
        self.fitted_into = None;
    }

    /// The part of the drawing that can be seen, in canvas units.
    pub fn part(&self, canvas: Rect) -> Rect {
        Rect::from_min_max(self.at(canvas, canvas.min), self.at(canvas, canvas.max))
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
    fn a_flight_arrives_exactly_where_a_jump_would_and_ends() {
        let size = CANVAS.size();
        let (mut flown, mut jumped) = (View::default(), View::default());
        for view in [&mut flown, &mut jumped] {
            view.fit(content(), size);
        }
        let still = flown.at(CANVAS, CANVAS.min + vec2(10.0, 20.0));
        jumped.zoom_at(3.0, vec2(10.0, 20.0));
        flown.fly(|view| view.zoom_at(3.0, vec2(10.0, 20.0)));
        let mut frames = 0;
        while flown.advance(1.0 / 60.0, false, size) {
            // What is zoomed at stays where it is all the way.
            assert!(flown.at(CANVAS, CANVAS.min + vec2(10.0, 20.0)).distance(still) < 0.5);
            frames += 1;
            assert!(frames < 60);
        }
        assert!(frames > 5, "{frames}");
        assert_eq!(flown.zoom(), jumped.zoom());
        assert_eq!(flown.on_screen(CANVAS).pan, jumped.on_screen(CANVAS).pan);
    }

    #[test]
    fn a_hand_ends_a_flight_and_calm_needs_none() {
        let mut view = View::default();
        view.fly(|view| view.zoom_at(2.0, Vec2::ZERO));
        view.pan_by(vec2(1.0, 0.0));
        assert!(!view.advance(1.0, false, CANVAS.size()));
        assert_eq!(view.zoom(), 1.0);
        view.fly(|view| view.zoom_at(2.0, Vec2::ZERO));
        assert!(!view.advance(0.0, true, CANVAS.size()));
        assert_eq!(view.zoom(), 2.0);
    }

    #[test]
    fn a_fit_shows_a_design_of_any_size() {
        let mut view = View::default();
        let huge = Rect::from_min_size(pos2(0.0, 0.0), vec2(2e6, 9e5));
        view.fit(huge, CANVAS.size());
        assert!(view.zoom() < ZOOM_LEAST);
        assert!(!view.wants_fit(huge, CANVAS.size(), false));
        let zoom = view.zoom();
        view.zoom_at(0.5, Vec2::ZERO);
        assert_eq!(view.zoom(), zoom);
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
