//! Names that a target restricts, derived from the servers' names; where one is another than the drawn, the report says so.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::topology::{ServerId, Topology};

/// What a target takes.
#[derive(Clone, Copy, Debug)]
pub enum Spelling {
    /// A DNS label: lower case, digits and `-`.
    Dns { most: usize },
    /// `[a-z_][a-z0-9_]*`.
    Word,
}

/// A name for each server as the target takes it, different for each, also without regard to capitals.
pub fn derived(topology: &Topology, spelling: Spelling, taken: &[&str]) -> BTreeMap<ServerId, String> {
    let mut known: BTreeSet<String> = taken.iter().map(|name| (*name).to_owned()).collect();
    let wishes = topology
        .servers()
        .iter()
        .map(|server| (server.id(), wish(server.name().as_str(), spelling)));
    let (kept, odd): (Vec<_>, Vec<_>) = wishes.partition(|(id, wish)| {
        topology
            .server(*id)
            .is_some_and(|server| server.name().as_str() == wish)
    });
    let mut names = BTreeMap::new();
    // The next number to try behind a wish: counted on, since thousands of names can come to the same wish.
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    for (id, wish) in kept.into_iter().chain(odd) {
        let mut name = wish.clone();
        while known.contains(&name) {
            let number = numbers.entry(wish.clone()).or_insert(2);
            name = match spelling {
                Spelling::Dns { most } => {
                    let behind = format!("-{number}");
                    let room = most.saturating_sub(behind.len());
                    format!(
                        "{}{behind}",
                        wish.chars().take(room).collect::<String>().trim_end_matches('-')
                    )
                }
                Spelling::Word => format!("{wish}_{number}"),
            };
            *number += 1;
        }
        known.insert(name.clone());
        names.insert(id, name);
    }
    names
}

fn wish(name: &str, spelling: Spelling) -> String {
    let other = match spelling {
        Spelling::Dns { .. } => '-',
        Spelling::Word => '_',
    };
    let plain: String = name
        .chars()
        .map(|c| c.to_ascii_lowercase())
        .map(|c| {
            if c.is_ascii_lowercase() || c.is_ascii_digit() {
                c
            } else {
                other
            }
        })
        .collect();
    match spelling {
        Spelling::Dns { most } => {
            let plain = plain.trim_matches('-');
            let plain = if plain.starts_with(|c: char| c.is_ascii_digit()) {
                format!("s{plain}")
            } else {
                plain.to_owned()
            };
            let cut: String = plain.chars().take(most).collect();
            let cut = cut.trim_end_matches('-');
            if cut.is_empty() {
                "server".to_owned()
            } else {
                cut.to_owned()
            }
        }
        Spelling::Word => {
            let plain: String = plain.trim_matches('_').chars().take(57).collect();
            if plain.is_empty() {
                "server".to_owned()
            } else if plain.starts_with(|c: char| c.is_ascii_digit()) {
                format!("s{plain}")
            } else {
                plain
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation;

    #[test]
    fn every_server_gets_a_name_of_its_own() {
        let topology = notation::parse("M1 1\n  \"a b\" 2\n  a-b 3\n  \"é\" 4\n  all 5\n  1x 6\n").unwrap();
        let names = |spelling| -> Vec<String> {
            let names = derived(&topology, spelling, &["all"]);
            topology
                .servers()
                .iter()
                .map(|server| names[&server.id()].clone())
                .collect()
        };
        assert_eq!(
            names(Spelling::Word),
            ["m1", "a_b", "a_b_2", "server", "all_2", "s1x"]
        );
        assert_eq!(
            names(Spelling::Dns { most: 50 }),
            ["m1", "a-b-2", "a-b", "server", "all-2", "s1x"]
        );
    }
}
