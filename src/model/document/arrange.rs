//! The tidy tree: leaves take columns from left to right, an upstream stands centred above its downstreams.
//! Many leaves under one upstream stand in a block of several rows, or a wide tree would shrink to dots; in a very wide
//! tree whole subtrees do, so that ten thousand servers are a picture and not a line.

use std::collections::BTreeMap;

use super::PointOnCanvas;
use crate::model::topology::{Server, ServerId, Topology};

/// Width and height of a server's card, in canvas units.
pub const CARD: [f32; 2] = [176.0, 84.0];

/// From the centre of one card to the next one, across and down.
const STEP: [f32; 2] = [CARD[0] + 44.0, CARD[1] + 76.0];

/// So many leaves of one upstream stand side by side; more are put in rows.
const MOST_ABREAST: usize = 8;

/// In a tree that would be wider than this, subtrees stand in rows below each other.
const MOST_COLUMNS: f32 = 32.0;

/// How many columns a picture has to a row, to be about as wide as a screen is to its height.
const COLUMNS_TO_ROW: f32 = 1.2;

/// The centre of every server's card; the primary's column is centred over all.
pub fn tidy(topology: &Topology) -> BTreeMap<ServerId, PointOnCanvas> {
    tidy_shown(topology, |_| true)
}

/// The same for those that are shown, which leaves no room for the others; what is below a hidden one is hidden.
pub fn tidy_shown(
    topology: &Topology,
    is_shown: impl Fn(ServerId) -> bool,
) -> BTreeMap<ServerId, PointOnCanvas> {
    let mut downstreams: BTreeMap<ServerId, Vec<ServerId>> = BTreeMap::new();
    for server in topology.servers().iter().filter(|server| is_shown(server.id())) {
        if let Some(upstream) = server.upstream() {
            downstreams.entry(upstream).or_default().push(server.id());
        }
    }
    let mut blocks: BTreeMap<ServerId, Block> = BTreeMap::new();
    let mut positions: BTreeMap<ServerId, PointOnCanvas> = BTreeMap::new();
    let mut depths: BTreeMap<ServerId, f32> = BTreeMap::new();
    let mut column = 0.0;
    let mut order = topology.in_tree_order();
    order.retain(|id| is_shown(*id));
    for id in &order {
        let above = topology.server(*id).and_then(Server::upstream);
        let depth = above
            .and_then(|above| depths.get(&above))
            .map_or(0.0, |depth| depth + 1.0);
        depths.insert(*id, depth);
        if downstreams.contains_key(id) {
            continue;
        }
        let Some(above) = above else {
            positions.insert(*id, [0.0, 0.0]);
            continue;
        };
        let block = blocks.entry(above).or_insert_with(|| {
            let leaves = downstreams.get(&above).into_iter().flatten();
            let block = Block::of(
                leaves.filter(|leaf| !downstreams.contains_key(leaf)).count(),
                column,
            );
            column += block.columns as f32;
            block
        });
        let (across, down) = block.next();
        positions.insert(*id, [across * STEP[0], (depth + down) * STEP[1]]);
    }
    if column > MOST_COLUMNS {
        return packed(&order, &downstreams);
    }
    // Downstreams come after their upstream in tree order, so that backwards they are all placed before it.
    for id in order.iter().rev() {
        if let Some(below) = downstreams.get(id) {
            let columns = || below.iter().filter_map(|id| positions.get(id)).map(|at| at[0]);
            let (first, last) = (
                columns().fold(f32::MAX, f32::min),
                columns().fold(f32::MIN, f32::max),
            );
            let depth = depths.get(id).copied().unwrap_or(0.0);
            positions.insert(*id, [first.midpoint(last), depth * STEP[1]]);
        }
    }
    positions
}

/// The tree with every subtree in a box of its own, filled with the boxes of the subtrees below it, row by row.
fn packed(
    order: &[ServerId],
    downstreams: &BTreeMap<ServerId, Vec<ServerId>>,
) -> BTreeMap<ServerId, PointOnCanvas> {
    let mut sizes: BTreeMap<ServerId, [f32; 2]> = BTreeMap::new();
    // Each box's corner inside the one around it, and the column of each server in its own box.
    let mut corners: BTreeMap<ServerId, [f32; 2]> = BTreeMap::new();
    let mut heads: BTreeMap<ServerId, f32> = BTreeMap::new();
    for id in order.iter().rev() {
        let below = downstreams.get(id).map_or(&[][..], Vec::as_slice);
        let size = |id: &ServerId| sizes.get(id).copied().unwrap_or([1.0, 1.0]);
        let area: f32 = below.iter().map(|id| size(id)[0] * size(id)[1]).sum();
        let widest = (2.0 * COLUMNS_TO_ROW * area)
            .sqrt()
            .ceil()
            .max(MOST_ABREAST as f32);
        let (mut across, mut down, mut row) = (0.0_f32, 1.0_f32, 0.0_f32);
        let (mut width, mut first_row) = (1.0_f32, 1.0_f32);
        for below in below {
            let [columns, rows] = size(below);
            if across > 0.0 && across + columns > widest {
                down += row;
                (across, row) = (0.0, 0.0);
            }
            corners.insert(*below, [across, down]);
            across += columns;
            row = row.max(rows);
            width = width.max(across);
            if down == 1.0 {
                first_row = across;
            }
        }
        heads.insert(*id, (first_row - 1.0) / 2.0);
        sizes.insert(*id, [width, down + row]);
    }
    let mut positions = BTreeMap::new();
    for id in order {
        let [x, y] = corners.get(id).copied().unwrap_or_default();
        let head = heads.get(id).copied().unwrap_or_default();
        positions.insert(*id, [(x + head) * STEP[0], y * STEP[1]]);
        for below in downstreams.get(id).into_iter().flatten() {
            if let Some(corner) = corners.get_mut(below) {
                *corner = [corner[0] + x, corner[1] + y];
            }
        }
    }
    positions
}

/// The leaves of one upstream, filled row by row.
struct Block {
    first_column: f32,
    columns: usize,
    placed: usize,
}

impl Block {
    fn of(leaves: usize, first_column: f32) -> Self {
        // About as wide as a screen is to its height, given how far cards stand apart.
        let columns = if leaves > MOST_ABREAST {
            (COLUMNS_TO_ROW * leaves as f32).sqrt().ceil() as usize
        } else {
            leaves
        };
        Self {
            first_column,
            columns: columns.max(1),
            placed: 0,
        }
    }

    /// The next place: its column, and its row from the first one down.
    fn next(&mut self) -> (f32, f32) {
        let place = self.placed;
        self.placed += 1;
        (
            self.first_column + (place % self.columns) as f32,
            (place / self.columns) as f32,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation;

    #[test]
    fn an_upstream_stands_centred_above_its_downstreams() {
        let topology = notation::parse("m 1\n  a 2\n    b 3\n    c 4\n  d 5\n").unwrap();
        let at = |name: &str| tidy(&topology)[&topology.by_name(name).unwrap().id()];
        assert_eq!(at("a")[0], at("b")[0].midpoint(at("c")[0]));
        assert_eq!(at("m")[0], at("a")[0].midpoint(at("d")[0]));
        assert!(at("b")[1] > at("a")[1] && at("a")[1] == at("d")[1]);
    }

    #[test]
    fn a_very_wide_tree_is_a_picture_and_not_a_line() {
        let mut text = "m 1\n".to_owned();
        let mut port = 1;
        for relay in 0..60 {
            text += &format!("  r{relay} {}\n", port + 1);
            for leaf in 0..relay % 12 {
                text += &format!("    r{relay}l{leaf} {}\n", port + 2 + leaf);
            }
            port += 20;
        }
        let topology = notation::parse(&text).unwrap();
        let positions = tidy(&topology);
        assert_eq!(positions.len(), topology.servers().len());
        let reach = |axis: usize| positions.values().map(|at| at[axis]).fold(0.0, f32::max);
        let shape = reach(0) / reach(1);
        assert!((0.8..3.0).contains(&shape), "{shape}");
        for server in topology.servers() {
            let Some(upstream) = server.upstream() else {
                continue;
            };
            assert!(
                positions[&server.id()][1] > positions[&upstream][1],
                "{}",
                server.name()
            );
        }
        let places: Vec<_> = positions.values().collect();
        for (number, one) in places.iter().enumerate() {
            for other in &places[..number] {
                assert!((one[0] - other[0]).abs() >= CARD[0] || (one[1] - other[1]).abs() >= CARD[1]);
            }
        }
    }

    #[test]
    fn what_is_hidden_leaves_no_room() {
        let topology = notation::parse("m 1\n  a 2\n    b 3\n    c 4\n  d 5\n").unwrap();
        let id = |name: &str| topology.by_name(name).unwrap().id();
        let hidden = [id("b"), id("c")];
        let folded = tidy_shown(&topology, |id| !hidden.contains(&id));
        let without = notation::parse("m 1\n  a 2\n  d 5\n").unwrap();
        let expected: Vec<PointOnCanvas> = tidy(&without).into_values().collect();
        assert_eq!(
            folded.keys().copied().collect::<Vec<_>>(),
            ["m", "a", "d"].map(id)
        );
        assert_eq!(folded.into_values().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn many_leaves_stand_in_rows_and_nowhere_on_each_other() {
        let mut text = "m 1\n  relay 2\n".to_owned();
        for number in 0..40 {
            text += &format!("    r{number} {}\n", 100 + number);
        }
        for number in 0..40 {
            text += &format!("  d{number} {}\n", 200 + number);
        }
        let positions = tidy(&notation::parse(&text).unwrap());
        let width = positions.values().map(|at| at[0]).fold(0.0, f32::max);
        assert!(width <= 14.0 * STEP[0], "{width}");
        let places: Vec<_> = positions.values().collect();
        for (number, one) in places.iter().enumerate() {
            for other in &places[..number] {
                assert!((one[0] - other[0]).abs() >= CARD[0] || (one[1] - other[1]).abs() >= CARD[1]);
            }
        }
    }
}
