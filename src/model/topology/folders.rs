//! Names that PostgreSQL or the file system restrict, derived from server names: folders and slots.

use std::collections::{BTreeMap, BTreeSet};

use super::{NAME_BYTES, Server, ServerId, Topology};

/// Those of all servers. They hang on one another, since no two may be equal, so they are made together.
#[derive(Debug)]
pub(super) struct Derived {
    folders: BTreeMap<ServerId, String>,
    slots: BTreeMap<ServerId, String>,
}

impl Topology {
    /// Each server's folder: its name where that is a plain file name, else a plain one made from it.
    /// Different for every server, also on file systems that do not tell capitals apart.
    pub fn folders(&self) -> &BTreeMap<ServerId, String> {
        &self.servers.derived().folders
    }

    /// The slot that each server uses at its upstream. PostgreSQL allows a–z, 0–9 and _, at most 63 bytes.
    /// One that the design names itself is taken as it is.
    pub fn slot_names(&self) -> &BTreeMap<ServerId, String> {
        &self.servers.derived().slots
    }

    /// Every slot that a server has to have, once: those of its downstreams, each with whom it is for, and those that the
    /// design asks for besides.
    pub fn slots_at(&self, id: ServerId) -> Vec<(String, Option<&Server>)> {
        if !self.postgres.has_slots() {
            return Vec::new();
        }
        let mut slots: Vec<(String, Option<&Server>)> = self
            .downstreams(id)
            .filter(|below| self.uses_slot(below.id))
            .map(|below| (self.slot_name(below.id), Some(below)))
            .collect();
        for own in self.server(id).into_iter().flat_map(|server| &server.terms.slots) {
            if !slots.iter().any(|(name, _)| name == own.as_str()) {
                slots.push((own.to_string(), None));
            }
        }
        slots
    }

    /// One server's folder.
    pub fn folder(&self, id: ServerId) -> String {
        self.folders().get(&id).cloned().unwrap_or_default()
    }

    /// One server's slot.
    pub fn slot_name(&self, id: ServerId) -> String {
        self.slot_names().get(&id).cloned().unwrap_or_default()
    }
}

impl Derived {
    pub(super) fn of(servers: &[Server]) -> Self {
        let mut slots = tell_apart(servers, plain_slot);
        for server in servers {
            let link = server.standby().map(|standby| &standby.link);
            if let Some(name) = link.and_then(|link| link.slot_name.as_ref()) {
                slots.insert(server.id, name.to_string());
            }
        }
        Self {
            folders: tell_apart(servers, plain_folder),
            slots,
        }
    }
}

fn plain_folder(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') {
                c
            } else {
                '_'
            }
        })
        .take(NAME_BYTES)
        .collect();
    if plain.starts_with(['.', '-']) {
        format!("_{plain}")
    } else {
        plain
    }
}

fn plain_slot(name: &str) -> String {
    name.chars()
        .map(|c| c.to_ascii_lowercase())
        .map(|c| {
            if c.is_ascii_lowercase() || c.is_ascii_digit() {
                c
            } else {
                '_'
            }
        })
        .take(NAME_BYTES - 6)
        .collect()
}

/// Makes a restricted name for each server in order, and tells equal ones apart by a number behind.
/// Servers whose own name already is the restricted one come first, so that no other takes it from them.
fn tell_apart(servers: &[Server], restrict: fn(&str) -> String) -> BTreeMap<ServerId, String> {
    let wishes = servers
        .iter()
        .map(|server| (server, restrict(server.name.as_str())));
    let (plain, odd): (Vec<_>, Vec<_>) = wishes.partition(|(server, wish)| server.name.as_str() == wish);
    let mut taken = BTreeSet::new();
    let mut names = BTreeMap::new();
    // The next number to try behind a wish: counted on, since thousands of names can come to the same wish.
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    for (server, wish) in plain.into_iter().chain(odd) {
        let mut made = wish.clone();
        while !taken.insert(made.to_ascii_lowercase()) {
            let number = numbers.entry(wish.to_ascii_lowercase()).or_insert(2);
            made = format!("{wish}_{number}");
            *number += 1;
        }
        names.insert(server.id, made);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::super::notation;

    #[test]
    fn folders_and_slots_differ_whatever_the_names() {
        let topology =
            notation::parse("m 5432\n  \"A b\" 5433\n  a_b 5434\n  \"a b\" 5435\n  ../x 5436\n").unwrap();
        let folders: Vec<_> = topology
            .servers()
            .iter()
            .map(|s| topology.folder(s.id()))
            .collect();
        assert_eq!(folders, ["m", "A_b_2", "a_b", "a_b_3", "_.._x"]);
        let slots: Vec<_> = topology
            .servers()
            .iter()
            .map(|s| topology.slot_name(s.id()))
            .collect();
        assert_eq!(slots, ["m", "a_b_2", "a_b", "a_b_3", "___x"]);
    }
}
