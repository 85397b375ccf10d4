//! `[layout]`: where the cards stand on the canvas.

use std::collections::BTreeMap;

use toml_edit::{Item, TableLike, Value};

use super::fields::{Reader, key_span};
use crate::model::document::PointOnCanvas;
use crate::model::topology::{ServerId, Topology};

pub(super) type Layout = BTreeMap<ServerId, PointOnCanvas>;

impl Reader {
    pub(super) fn layout(&mut self, top: &dyn TableLike, topology: &Topology) -> Layout {
        let mut layout = Layout::new();
        let Some(item) = top.get("layout") else {
            return layout;
        };
        let Some(table) = item.as_table_like() else {
            self.wrong_type(item, "layout", "a table of positions, name = [x, y]");
            return layout;
        };
        for (key, item) in table.iter() {
            let Some(server) = topology.by_name(key) else {
                let near = self.guesses.nearest(
                    key,
                    topology.servers().iter().map(|server| server.name().as_str()),
                );
                self.problem(
                    "unknown-key",
                    key_span(table, key),
                    format!("[layout] has a position for \"{key}\", but there is no server with that name"),
                    Some(near.map_or_else(
                        || "remove the line".to_owned(),
                        |near| format!("did you mean \"{near}\"? Otherwise remove the line"),
                    )),
                );
                continue;
            };
            match point(item) {
                Some(at) => drop(layout.insert(server.id(), at)),
                None => self.wrong_type(item, key, "two numbers, for example [0.0, 160.0]"),
            }
        }
        layout
    }
}

fn point(item: &Item) -> Option<PointOnCanvas> {
    let array = item.as_array()?;
    let number = |value: &Value| {
        let number = value
            .as_float()
            .or_else(|| value.as_integer().map(|number| number as f64))?;
        // Far outside any canvas, or no number at all: a card there could never be found again.
        (number.abs() < 1e6).then_some(number as f32)
    };
    match array.iter().map(number).collect::<Option<Vec<f32>>>()?.as_slice() {
        [x, y] => Some([*x, *y]),
        _ => None,
    }
}
