//! The drawing of the design: egui_graphs' graph and drawing traits under a small driver of our own.
//!
//! The canvas is a mirror, never a source. Start with [`canvas_ui`]; `projection` makes the document a graph,
//! `card` says what is to be shown, `server_shape` and `link_shape` draw it, `gesture` turns a drag into at most
//! one command, `verdict` says where a drop is allowed, `view` is pan and zoom, `navigate` their input.
//! An idle canvas asks for no repaint.

mod card;
mod card_widget;
mod gesture;
mod link_shape;
mod menu;
mod navigate;
mod overlay;
mod pen;
mod projection;
mod server_shape;
mod verdict;
mod view;

use egui::{DragAndDrop, Key, Modifiers, Painter, PointerButton, Pos2, Rect, Sense, Ui, pos2};
use egui_graphs::{DisplayEdge as _, DisplayNode as _, DrawContext, MetadataFrame, SettingsStyle};

use self::card_widget::{card_widget, id_of, send};
use self::gesture::{Ending, Fact, Gesture};
use self::link_shape::Curve;
use self::overlay::{Tone, ZoomWish};
pub use self::pen::Mark;
use self::pen::Pen;
use self::projection::Projection;
use self::server_shape::{Mood, ServerShape};
use self::verdict::Verdicts;
use self::view::View;
use crate::app::{Message, Session, ViewMessage};
use crate::model::document::Command;
use crate::model::topology::ServerId;
use crate::ui::Outbox;
use crate::ui::theme::Tokens;

const LOCKED: &str = "Locked while deploying";
const NEEDS_TARGET: &str = "Drop it on the server it should follow";

/// What is dragged from the palette: a standby that does not exist yet.
#[derive(Clone, Debug)]
pub struct NewStandby;

/// What the canvas remembers between frames and the design need not know: the view and a gesture under way.
#[derive(Debug, Default)]
pub struct CanvasState {
    view: View,
    projection: Projection,
    gesture: Gesture,
    wheel: navigate::Wheel,
    is_fit_asked: bool,
    /// Why the last drop did nothing; shown until the next press.
    refusal: Option<String>,
    seen_selected: Option<ServerId>,
    seen_revision: u64,
}

impl CanvasState {
    /// Show the whole design at the next frame.
    pub fn request_fit(&mut self) {
        self.is_fit_asked = true;
    }

    /// Why the last drop did nothing.
    pub fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    /// The view's zoom; 1 draws a canvas unit as one point.
    pub fn zoom(&self) -> f32 {
        self.view.zoom()
    }
}

/// Draws the design and turns what the pointer and the keys do with it into messages.
pub fn canvas_ui(ui: &mut Ui, session: &Session, state: &mut CanvasState, outbox: &mut Outbox) {
    let canvas = ui.available_rect_before_wrap();
    // Not focusable: the cards are.
    let background = ui.allocate_rect(canvas, Sense::CLICK | Sense::DRAG);
    ui.ctx().accesskit_node_builder(background.id, |node| {
        node.set_role(egui::accesskit::Role::Group);
        node.set_label("Drawing of the design");
    });
    let builder = egui::UiBuilder::new().max_rect(canvas);
    ui.scope_builder(builder, |ui| {
        ui.set_clip_rect(canvas.intersect(ui.clip_rect()));
        Frame {
            ui,
            session,
            state,
            outbox,
            canvas,
        }
        .run(&background);
    });
}

/// One frame of the canvas.
struct Frame<'a> {
    ui: &'a mut Ui,
    session: &'a Session,
    state: &'a mut CanvasState,
    outbox: &'a mut Outbox,
    canvas: Rect,
}

impl Frame<'_> {
    fn run(mut self, background: &egui::Response) {
        self.follow_session();
        navigate::navigate(
            self.ui,
            background,
            self.canvas,
            &mut self.state.view,
            &mut self.state.wheel,
        );
        if background.clicked() {
            self.outbox.send(Message::View(ViewMessage::Select(None)));
        }
        background.context_menu(|ui| menu::of_canvas(ui, self.session, self.state, self.outbox));

        self.cards();
        let new_standby = self.palette_drag();
        self.show_gesture(new_standby);
        self.paint();
        self.words_beside_pointer(new_standby);
        self.overlays();
    }

    /// Takes over what changed in the session since the last frame.
    fn follow_session(&mut self) {
        let state = &mut *self.state;
        let have_servers_changed = state.projection.reconcile(self.session);
        if state.seen_revision != self.session.revision {
            state.seen_revision = self.session.revision;
            // What was judged when the drag began may no longer hold.
            state.gesture.take(Fact::Cancelled);
            state.refusal = None;
        }
        let size = self.canvas.size();
        if state.is_fit_asked || state.view.wants_fit(size, have_servers_changed) {
            state.is_fit_asked = false;
            if let Some(bounds) = state.projection.bounds() {
                state.view.fit(bounds, size);
            }
        }
        if state.seen_selected != self.session.selected {
            state.seen_selected = self.session.selected;
            let rect = state.seen_selected.and_then(|id| state.projection.card_rect(id));
            if let Some(rect) = rect {
                state.view.reveal(rect, size);
            }
        }
        let selected = self.session.selected;
        state
            .projection
            .each_node(|id, node| node.set_selected(selected == Some(id)));
    }

    fn pointer(&self) -> Option<Pos2> {
        self.ui.input(|input| input.pointer.latest_pos())
    }

    /// True if nothing lies above the canvas there.
    fn is_on_canvas(&self, at: Pos2) -> bool {
        self.canvas.contains(at)
            && self
                .ui
                .ctx()
                .layer_id_at(at)
                .is_none_or(|layer| layer == self.ui.layer_id())
    }

    /// Puts a widget upon every card that can be seen and feeds the gesture with what is dragged.
    fn cards(&mut self) {
        let escape = !self.state.gesture.is_idle()
            && self
                .ui
                .input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
        if escape {
            self.state.gesture.take(Fact::Cancelled);
        }
        if self.ui.input(|input| input.pointer.any_pressed()) {
            self.state.refusal = None;
        }
        let frame = self.state.view.on_screen(self.canvas);
        for id in self.state.projection.in_paint_order() {
            let Some(node) = self.state.projection.node(id) else {
                continue;
            };
            let rect = on_screen(&frame, ServerShape::rect_at(node.location()));
            let is_dragged = self.state.gesture.drag().is_some_and(|drag| drag.server == id);
            let has_focus = self.ui.memory(|memory| memory.has_focus(id_of(id)));
            if !rect.intersects(self.canvas) && !is_dragged && !has_focus {
                continue;
            }
            let card = std::sync::Arc::clone(node.payload());
            let response = card_widget(self.ui, rect, &card, self.session, self.outbox);
            if response.gained_focus()
                && let Some(rect) = self.state.projection.card_rect(id)
            {
                self.state.view.reveal(rect, self.canvas.size());
            }
            if let Some(node) = self.state.projection.node_mut(id) {
                node.set_hovered(response.hovered());
                node.display_mut().is_focused = response.has_focus();
            }
            if response.dragged_by(PointerButton::Middle) {
                self.state.view.pan_by(response.drag_delta());
            }
            self.drag_card(id, &response);
        }
    }

    fn drag_card(&mut self, id: ServerId, response: &egui::Response) {
        if response.drag_started_by(PointerButton::Primary) {
            self.grab(id);
        }
        let Some(pointer) = self.pointer() else {
            return;
        };
        let at = self.state.view.at(self.canvas, pointer);
        if response.dragged_by(PointerButton::Primary) || response.drag_stopped_by(PointerButton::Primary) {
            let is_inside = self.is_on_canvas(pointer);
            let over = self
                .state
                .projection
                .server_at(at, Some(id))
                .filter(|_| is_inside);
            self.state.gesture.take(Fact::MovedTo { pointer: at, over });
            if response.drag_stopped_by(PointerButton::Primary) {
                let ending = self.state.gesture.take(Fact::Released { is_inside });
                self.end(ending);
            }
        }
    }

    fn grab(&mut self, id: ServerId) {
        let press = self.ui.input(|input| input.pointer.press_origin());
        let home = self.state.projection.home(id);
        let (Some(press), Some(home)) = (press, home) else {
            return;
        };
        self.state.gesture.take(if self.session.run.is_running() {
            Fact::GrabbedLocked(LOCKED)
        } else {
            Fact::Grabbed {
                server: id,
                pressed_at: self.state.view.at(self.canvas, press),
                home,
                verdicts: Verdicts::of(self.session.document.topology(), id),
            }
        });
    }

    fn end(&mut self, ending: Option<Ending>) {
        match ending {
            Some(Ending::Do(command)) => send(self.outbox, command),
            Some(Ending::Click(server)) => self.outbox.send(Message::View(ViewMessage::Select(Some(server)))),
            Some(Ending::Refused(reason)) => self.state.refusal = Some(reason),
            None => {}
        }
        // The frame of the release still shows the card where it was dropped.
        self.ui.ctx().request_repaint();
    }

    /// A new standby from the palette: where it hovers, if it does, and what its drop does.
    fn palette_drag(&mut self) -> Option<Option<ServerId>> {
        DragAndDrop::payload::<NewStandby>(self.ui.ctx())?;
        let pointer = self.pointer().filter(|at| self.is_on_canvas(*at))?;
        let at = self.state.view.at(self.canvas, pointer);
        let over = self.state.projection.server_at(at, None);
        if self.ui.input(|input| input.pointer.any_released()) {
            DragAndDrop::clear_payload(self.ui.ctx());
            match over {
                _ if self.session.run.is_running() => self.state.refusal = Some(LOCKED.to_owned()),
                Some(upstream) => send(self.outbox, Command::Edit(menu::add_standby_below(upstream))),
                None => self.state.refusal = Some(NEEDS_TARGET.to_owned()),
            }
        }
        Some(over)
    }

    /// Puts the dragged card where the pointer has it, and shows on all others what a drop would do.
    fn show_gesture(&mut self, new_standby: Option<Option<ServerId>>) {
        let CanvasState {
            projection, gesture, ..
        } = &mut *self.state;
        let drag = gesture.drag();
        projection.send_home();
        if let Some(drag) = drag {
            projection.place(drag.server, drag.at);
        }
        let is_locked = self.session.run.is_running();
        projection.each_node(|id, node| {
            node.set_dragged(drag.is_some_and(|drag| drag.server == id));
            node.display_mut().mood = match (drag, new_standby) {
                (Some(drag), _) => drag.verdicts.mood(id, drag.over),
                (None, Some(over)) if !is_locked => Mood::Allowed {
                    has_consequence: false,
                    is_hit: over == Some(id),
                },
                _ => Mood::Plain,
            };
        });
    }

    fn paint(&mut self) {
        let tokens = Tokens::of(self.ui.visuals());
        let painter = self.ui.painter_at(self.canvas);
        painter.rect_filled(self.canvas, 0.0, tokens.canvas);
        let meta = self.state.view.on_screen(self.canvas);
        dots(&painter, self.canvas, &meta, tokens);
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
        self.paint_links(&context);
        for id in self.state.projection.in_paint_order() {
            if let Some(node) = self.state.projection.node_mut(id) {
                painter.extend(node.display_mut().shapes(&context));
            }
        }
    }

    fn paint_links(&mut self, context: &DrawContext<'_>) {
        let projection = &mut self.state.projection;
        let promised = self.state.gesture.drag().and_then(|drag| {
            let over = drag
                .over
                .filter(|over| matches!(drag.verdicts.on(*over), Some(Ok(_))))?;
            Some((over, drag.server))
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
            shape.is_leaving = promised.is_some_and(|(_, server)| server == below.payload().id);
            context.painter.extend(shape.shapes(&above, &below, context));
        }
        // The link that a drop would make.
        if let Some((over, server)) = promised
            && let (Some(above), Some(below)) = (projection.card_rect(over), projection.card_rect(server))
        {
            let mut pen = Pen::new(context.painter, context.meta.zoom, false);
            let colour = pen.tokens.drop_allowed;
            Curve::between(above, below).draw(&mut pen, context.meta, (2.0, colour), true);
            context.painter.extend(pen.shapes);
        }
    }

    fn words_beside_pointer(&self, new_standby: Option<Option<ServerId>>) {
        let Some(pointer) = self.pointer() else {
            return;
        };
        let painter = self.ui.painter_at(self.canvas);
        let say = |tone, title: &str, sentence: &str| {
            overlay::pointer_label(&painter, self.canvas, pointer, tone, (title, sentence));
        };
        let topology = self.session.document.topology();
        let name = |id: ServerId| topology.server(id).map_or("", |server| server.name().as_str());
        match (&self.state.gesture, new_standby) {
            (Gesture::Barred(reason), _) => say(Tone::Refused, reason, ""),
            (Gesture::Dragging(drag), _) => match drag.over.map(|over| (over, drag.verdicts.on(over))) {
                Some((over, Some(Ok(consequences)))) => {
                    let tone = if consequences.is_empty() {
                        Tone::Allowed
                    } else {
                        Tone::Consequence
                    };
                    let along: Vec<&str> = drag.verdicts.along().iter().map(|id| name(*id)).collect();
                    let mut sentences = consequences.clone();
                    if !along.is_empty() {
                        sentences.push(format!("Comes along: {}", along.join(", ")));
                    }
                    say(tone, &format!("Follow {}", name(over)), &sentences.join("\n"));
                }
                Some((_, Some(Err(reason)))) => say(Tone::Refused, "Not possible here", reason),
                _ => {}
            },
            (Gesture::Idle, Some(_)) if self.session.run.is_running() => say(Tone::Refused, LOCKED, ""),
            (Gesture::Idle, Some(Some(over))) => {
                say(Tone::Allowed, &format!("Add a standby under {}", name(over)), "");
            }
            (Gesture::Idle, Some(None)) => say(Tone::Refused, NEEDS_TARGET, ""),
            (Gesture::Idle, None) => {}
        }
    }

    fn overlays(&mut self) {
        let tokens = Tokens::of(self.ui.visuals());
        let painter = self.ui.painter_at(self.canvas);
        overlay::legend(&painter, self.canvas, tokens, self.session.cluster.is_some());
        let topology = self.session.document.topology();
        let sentence = match (&self.state.refusal, &self.state.gesture) {
            (Some(reason), _) => reason,
            (None, Gesture::Dragging(_)) => {
                "Drop it on a server to follow that one, beside the cards to move it, Esc to leave it"
            }
            _ if topology.servers().len() == 1 => {
                "Nothing is replicated yet: drag \"Add standby\" onto the server, or use its menu"
            }
            _ => "",
        };
        if !sentence.is_empty() {
            overlay::hint(&painter, self.canvas, sentence);
        }
        let view = &mut self.state.view;
        let middle = self.canvas.size() / 2.0;
        match overlay::zoom_buttons(self.ui, self.canvas, view.zoom()) {
            Some(ZoomWish::Times(factor)) => view.zoom_at(factor, middle),
            Some(ZoomWish::Whole) => view.zoom_at(1.0 / view.zoom(), middle),
            Some(ZoomWish::Fit) => self.state.request_fit(),
            None => return,
        }
        // The view changed after it was drawn.
        self.ui.ctx().request_repaint();
    }
}

fn on_screen(meta: &MetadataFrame, rect: Rect) -> Rect {
    Rect::from_min_max(
        meta.canvas_to_screen_pos(rect.min),
        meta.canvas_to_screen_pos(rect.max),
    )
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
