//! Clusters from a seed: designs of a few families, without errors and warnings, that challenges and quiz questions begin with.

use std::fmt::Write as _;

use super::dice::Dice;
use crate::model::topology::{Topology, notation};

const NAMES: [&str; 16] = [
    "berlin", "oslo", "paris", "lisbon", "vienna", "dublin", "prague", "riga", "madrid", "athens", "bern",
    "warsaw", "sofia", "tallinn", "rome", "vilnius",
];

/// How the standbys follow each other: for each one the place of its upstream.
fn shape(dice: &mut Dice, most: usize) -> Vec<usize> {
    let count = 2 + dice.below(most.saturating_sub(2).max(1));
    match dice.below(4) {
        // Side by side.
        0 => vec![0; count],
        // One after the other.
        1 => (0..count).collect(),
        // Two relays that share the others.
        2 => {
            let mut shape = vec![0, 0];
            shape.extend((2..count).map(|place| 1 + place % 2));
            shape
        }
        // Any tree.
        _ => (0..count).map(|place| dice.below(place + 1)).collect(),
    }
}

/// A cluster of 3 to `most` servers.
pub(super) fn cluster(dice: &mut Dice, most: usize) -> Option<Topology> {
    let mut names = NAMES.to_vec();
    dice.shuffle(&mut names);
    let shape = shape(dice, most);
    let direct = shape.iter().filter(|upstream| **upstream == 0).count();
    let candidates = direct.min(2 + dice.below(2));
    let (is_sync, is_any) = (
        candidates > 1 && !dice.one_in(4),
        candidates > 2 && dice.one_in(3),
    );
    let mut text = format!("{} 5432", names.first()?);
    if is_sync {
        let _ = write!(text, " sync {} 1", if is_any { "any" } else { "first" });
    }
    text.push('\n');
    let mut priority = 0;
    write(&mut text, &shape, &names, 0, 1, &mut |is_direct| {
        if !is_sync || !is_direct || priority == candidates {
            return None;
        }
        priority += 1;
        Some(priority)
    });
    notation::parse(&text).ok()
}

/// The servers below one, each with those below it.
fn write(
    text: &mut String,
    shape: &[usize],
    names: &[&str],
    upstream: usize,
    depth: usize,
    priority: &mut impl FnMut(bool) -> Option<usize>,
) {
    for (place, above) in shape.iter().enumerate() {
        if *above != upstream {
            continue;
        }
        let (number, name) = (place + 1, names.get(place + 1).copied().unwrap_or("spare"));
        let _ = write!(text, "{}{name} {}", "  ".repeat(depth), 5432 + number);
        if let Some(priority) = priority(depth == 1) {
            let _ = write!(text, " priority {priority}");
        }
        text.push('\n');
        write(text, shape, names, number, depth + 1, priority);
    }
}
