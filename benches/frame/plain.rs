//! The contender: egui_graphs as it comes, with its own view and its default shapes, on the same tree.

use std::collections::BTreeMap;

use egui::{Pos2, RawInput, Ui, Vec2, pos2};
use egui_graphs::{
    DisplayEdge, DisplayNode, Graph, GraphView, Layout, LayoutState, MetadataFrame, SettingsInteraction,
    SettingsNavigation,
};
use petgraph::EdgeType;
use petgraph::stable_graph::IndexType;
use pgcascade::model::document::Document;

use super::scene::{SCREEN, Scene, View, dragged, measured, moved};

/// Every node stays where it was put: the layouts that egui_graphs brings would move them.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
struct Still;

impl LayoutState for Still {}

impl Layout<Self> for Still {
    fn from_state(_: Self) -> impl Layout<Self> {
        Self
    }
    fn next<N: Clone, E: Clone, Ty: EdgeType, Ix: IndexType, Dn, De>(
        &mut self,
        _: &mut Graph<N, E, Ty, Ix, Dn, De>,
        _: &Ui,
    ) where
        Dn: DisplayNode<N, E, Ty, Ix>,
        De: DisplayEdge<N, E, Ty, Ix, Dn>,
    {
    }
    fn state(&self) -> Self {
        Self
    }
}

pub struct Plain {
    context: egui::Context,
    graph: Graph<(), ()>,
    dragged: Pos2,
    is_near: bool,
    is_dragging: bool,
    at: Pos2,
}

impl Plain {
    pub fn on(document: &Document) -> Self {
        let mut graph: Graph<(), ()> = Graph::new();
        let positions = document.positions();
        let place = |id| positions.get(&id).map_or(Pos2::ZERO, |[x, y]| pos2(*x, *y));
        let topology = document.topology();
        let index: BTreeMap<_, _> = topology
            .servers()
            .iter()
            .map(|server| {
                let name = server.name().to_string();
                let place = place(server.id());
                let index = graph.add_node_with_label_and_location((), name, place);
                (server.id(), index)
            })
            .collect();
        for server in topology.servers() {
            if let Some(upstream) = server.upstream() {
                graph.add_edge(index[&upstream], index[&server.id()], ());
            }
        }
        let context = egui::Context::default();
        pgcascade::ui::prepare(&context);
        Self {
            context,
            graph,
            dragged: place(dragged(document)),
            is_near: false,
            is_dragging: false,
            at: pos2(SCREEN.x / 2.0, SCREEN.y / 2.0),
        }
    }

    fn pass(&mut self, input: RawInput) -> f64 {
        let navigation = SettingsNavigation::new().with_fit_to_screen_enabled(!self.is_near);
        let interaction = SettingsInteraction::new().with_dragging_enabled(self.is_dragging);
        let graph = &mut self.graph;
        measured(&self.context, input, |ui| {
            GraphView::<Still, Still>::new()
                .with_navigations(&navigation)
                .with_interactions(&interaction)
                .show(ui, graph);
        })
        .0
    }
}

impl Scene for Plain {
    fn look(&mut self, view: View) {
        self.is_near = view == View::Near;
        if !self.is_near {
            return;
        }
        let mut frame = MetadataFrame::default();
        frame.zoom = super::scene::NEAR;
        frame.pan = SCREEN / 2.0 - self.dragged.to_vec2() * frame.zoom;
        self.pass(RawInput::default());
        self.pass(super::scene::input(Vec::new()));
        // Kept where the view looks for it.
        self.context
            .data_mut(|data| data.insert_persisted(frame.get_id(), frame));
    }

    /// It never rests: it asks for the next frame in every frame.
    fn settles(&mut self) -> bool {
        for _ in 0..4 {
            self.pass(super::scene::input(Vec::new()));
        }
        true
    }

    fn grab(&mut self) {
        self.is_dragging = true;
        let frame: MetadataFrame = self
            .context
            .data_mut(|data| data.get_persisted(MetadataFrame::default().get_id()))
            .unwrap_or_default();
        self.at = frame.canvas_to_screen_pos(self.dragged);
        for events in super::scene::press(self.at) {
            self.pass(super::scene::input(events));
        }
    }

    fn frame(&mut self, round: usize) -> f64 {
        let at = self.at + Vec2::splat(20.0 + (round % 8) as f32);
        self.pass(super::scene::input(moved(at)))
    }
}
