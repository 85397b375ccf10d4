//! Who is who when a design is read once more, from a text that was typed in: a server that keeps its name, or its place,
//! keeps its id, and with it its selection and its card. And whether two designs say the same, whatever the ids.

use std::collections::{BTreeMap, BTreeSet};

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::{Role, Server, ServerId, Topology};

/// Ids rise in the design's order. A server that is typed between two others finds one between theirs.
pub(super) const ROOM: u32 = 256;

impl ServerId {
    /// The id of the server at this place, in a design that was just read.
    pub(super) fn at(place: usize) -> Self {
        Self(u32::try_from(place).unwrap_or(u32::MAX).saturating_mul(ROOM))
    }
}

impl Topology {
    /// An id for a server that comes last.
    pub(super) fn take_id(&mut self) -> ServerId {
        let id = ServerId(self.next_id);
        self.next_id = self.next_id.saturating_add(ROOM);
        id
    }

    /// The same cluster with the ids that `before` has for its servers; also which id of this topology became which.
    pub(in crate::model) fn identified_as_in(&self, before: &Self) -> (Self, BTreeMap<ServerId, ServerId>) {
        let known = known_ids(before.servers(), self.servers());
        let (ids, next_id) =
            filled(&known, before.next_id).unwrap_or_else(|| numbered(known.len(), before.next_id));
        let became: BTreeMap<ServerId, ServerId> = self.servers.iter().map(Server::id).zip(ids).collect();
        let new = |id: ServerId| became.get(&id).copied().unwrap_or(id);
        let mut topology = self.clone();
        for server in &mut topology.servers {
            server.id = new(server.id);
            if let Role::Standby(standby) = &mut server.role {
                standby.upstream = new(standby.upstream);
                for other in &mut standby.link.also_follows {
                    *other = new(*other);
                }
            }
        }
        topology.next_id = next_id;
        (topology, became)
    }

    /// True if both describe the same cluster, in the same order: ids may differ.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        let sites = |topology: &Self| -> Vec<_> {
            topology
                .servers
                .iter()
                .map(|server| server.site.clone())
                .collect()
        };
        self.has_same_configuration(other)
            && sites(self) == sites(other)
            && self.terms.has_lab_links == other.terms.has_lab_links
    }
}

/// The id of each server of the second list that is one of the first: by name where the order is kept, and by place where
/// one name stands in place of another.
fn known_ids(before: &[Server], now: &[Server]) -> Vec<Option<u32>> {
    let names = |servers: &[Server]| -> Vec<String> {
        servers.iter().map(|server| server.name().to_string()).collect()
    };
    let (names_before, names_now) = (names(before), names(now));
    let [set_before, set_now] =
        [&names_before, &names_now].map(|names| names.iter().map(String::as_str).collect::<BTreeSet<_>>());
    let mut known = vec![None; now.len()];
    let mut take = |old: usize, new: usize| {
        if let (Some(server), Some(place)) = (before.get(old), known.get_mut(new)) {
            *place = Some(server.id().0);
        }
    };
    for op in capture_diff_slices(Algorithm::Patience, &names_before, &names_now) {
        match op {
            DiffOp::Equal {
                old_index,
                new_index,
                len,
            } => (0..len).for_each(|at| take(old_index + at, new_index + at)),
            DiffOp::Replace {
                old_index,
                old_len,
                new_index,
                new_len,
            } => {
                // A name that only stands elsewhere now was moved, not changed.
                let is_gone = |at: &usize| {
                    names_before
                        .get(*at)
                        .is_some_and(|name| !set_now.contains(name.as_str()))
                };
                let is_new = |at: &usize| {
                    names_now
                        .get(*at)
                        .is_some_and(|name| !set_before.contains(name.as_str()))
                };
                let gone = (old_index..old_index + old_len).filter(is_gone);
                let new = (new_index..new_index + new_len).filter(is_new);
                gone.zip(new).for_each(|(old, new)| take(old, new));
            }
            DiffOp::Delete { .. } | DiffOp::Insert { .. } => {}
        }
    }
    known
}

/// Rising ids for those that have none yet, and the next free one; `None` if there is no room left between two.
fn filled(known: &[Option<u32>], next_id: u32) -> Option<(Vec<ServerId>, u32)> {
    let mut ids: Vec<ServerId> = Vec::new();
    let mut next_id = next_id;
    let mut place = 0;
    while let Some(id) = known.get(place) {
        if let Some(id) = id {
            ids.push(ServerId(*id));
            place += 1;
            continue;
        }
        let new = known.iter().skip(place).take_while(|id| id.is_none()).count();
        // One more than the id before, so that 0 means that there is none.
        let low = ids.last().map_or(0, |id| u64::from(id.0) + 1);
        match known.get(place + new).copied().flatten() {
            None => {
                for _ in 0..new {
                    ids.push(ServerId(next_id));
                    next_id = next_id.checked_add(ROOM)?;
                }
            }
            Some(high) => {
                let room = u64::from(high).checked_sub(low)?;
                let count = new as u64;
                if room < count {
                    return None;
                }
                for nth in 1..=count {
                    ids.push(ServerId(u32::try_from(low + room * nth / (count + 1)).ok()?));
                }
            }
        }
        place += new;
    }
    Some((ids, next_id))
}

/// New ids for all, from the next free one on; from 0 if there are not as many left.
fn numbered(count: usize, next_id: u32) -> (Vec<ServerId>, u32) {
    let filled_from = |next_id| filled(&vec![None; count], next_id);
    filled_from(next_id)
        .or_else(|| filled_from(0))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::topology::{Edit, notation};

    fn design(names: &[&str]) -> Topology {
        let lines = names.iter().enumerate().map(|(at, name)| {
            let indent = if at == 0 { "" } else { "  " };
            format!("{indent}{name} {}\n", at + 1)
        });
        notation::parse(&lines.collect::<String>()).unwrap()
    }

    /// The new names, each with the old one whose id it has.
    #[track_caller]
    fn check(before: &[&str], now: &[&str], expected: &[(&str, &str)]) {
        let before = design(before);
        let read = design(now);
        let (topology, became) = read.identified_as_in(&before);
        assert!(topology.says_the_same_as(&read));
        assert!(topology.servers().is_sorted_by_key(Server::id));
        assert_eq!(became.len(), now.len());
        let kept: Vec<(String, String)> = topology
            .servers()
            .iter()
            .filter_map(|server| {
                Some((
                    server.name().to_string(),
                    before.server(server.id())?.name().to_string(),
                ))
            })
            .collect();
        let expected: Vec<(String, String)> = expected
            .iter()
            .map(|(now, before)| ((*now).to_owned(), (*before).to_owned()))
            .collect();
        assert_eq!(kept, expected);
    }

    #[test]
    fn who_keeps_the_name_or_else_the_place_keeps_the_id() {
        let same = |names: &[&'static str]| names.iter().map(|name| (*name, *name)).collect::<Vec<_>>();
        check(&["m", "a", "b"], &["m", "a", "b"], &same(&["m", "a", "b"]));
        check(
            &["m", "a", "b"],
            &["m", "x", "a", "b", "c"],
            &same(&["m", "a", "b"]),
        );
        check(&["m", "a", "b"], &["m", "b"], &same(&["m", "b"]));
        check(
            &["m", "a", "b"],
            &["m", "a1", "b"],
            &[("m", "m"), ("a1", "a"), ("b", "b")],
        );
        check(
            &["m", "a", "b"],
            &["n", "x", "y"],
            &[("n", "m"), ("x", "a"), ("y", "b")],
        );
        check(&["m"], &["m", "a"], &same(&["m"]));
    }

    #[test]
    fn a_server_that_was_moved_in_the_text_is_a_new_one_and_the_others_stay() {
        let before = design(&["m", "a", "b", "c"]);
        let (after, _) = design(&["m", "b", "c", "a"]).identified_as_in(&before);
        let id = |topology: &Topology, name: &str| topology.by_name(name).unwrap().id();
        for name in ["m", "b", "c"] {
            assert_eq!(id(&before, name), id(&after, name));
        }
        assert_eq!(before.server(id(&after, "a")), None);
    }

    #[test]
    fn also_hundreds_of_servers_typed_at_one_place_find_their_ids() {
        let mut topology = design(&["m", "z"]);
        let mut names = vec!["m".to_owned(), "z".to_owned()];
        for number in 0..600 {
            names.insert(1, format!("s{number}"));
            let list: Vec<&str> = names.iter().map(String::as_str).collect();
            (topology, _) = design(&list).identified_as_in(&topology);
            assert!(
                topology
                    .servers()
                    .is_sorted_by(|one, other| one.id() < other.id())
            );
        }
        let added = Edit::AddStandby {
            upstream: topology.primary().id(),
            name: None,
            port: None,
        };
        topology.apply(&added).unwrap();
        assert!(
            topology
                .servers()
                .is_sorted_by(|one, other| one.id() < other.id())
        );
    }

    #[test]
    fn ids_begin_anew_where_there_are_none_left() {
        let mut before = design(&["m", "a"]);
        before.next_id = u32::MAX - 1;
        let (after, _) = design(&["m", "a", "b", "c"]).identified_as_in(&before);
        assert!(after.servers().is_sorted_by(|one, other| one.id() < other.id()));
        assert!(after.next_id < u32::MAX / 2);
    }

    #[test]
    fn what_is_said_is_compared_and_not_the_ids() {
        let one = notation::parse("m 1\n  a 2\n    b 3\n").unwrap();
        let mut other = one.clone();
        let id = other.by_name("b").unwrap().id();
        let upstream = other.by_name("a").unwrap().id();
        let downstreams = crate::model::topology::Downstreams::Remove;
        other
            .apply(&Edit::Remove {
                server: id,
                downstreams,
            })
            .unwrap();
        assert!(!one.says_the_same_as(&other));
        let name = crate::model::topology::ServerName::parse("b").ok();
        let port = crate::model::topology::Port::new(3).ok();
        other.apply(&Edit::AddStandby { upstream, name, port }).unwrap();
        assert_ne!(one, other);
        assert!(one.says_the_same_as(&other));
    }

    proptest! {
        #[test]
        fn ids_rise_and_are_each_somebodys(
            before in proptest::sample::subsequence((0..12).collect::<Vec<u32>>(), 1..12).prop_shuffle(),
            now in proptest::sample::subsequence((0..12).collect::<Vec<u32>>(), 1..12).prop_shuffle(),
        ) {
            let named = |numbers: &[u32]| {
                let names: Vec<String> = numbers.iter().map(|number| format!("s{number}")).collect();
                design(&names.iter().map(String::as_str).collect::<Vec<_>>())
            };
            let (before, read) = (named(&before), named(&now));
            let (after, _) = read.identified_as_in(&before);
            prop_assert!(after.servers().is_sorted_by(|one, other| one.id() < other.id()));
            prop_assert!(after.says_the_same_as(&read));
            let last = after.servers().last().map(|server| server.id().0);
            prop_assert!(last.is_some_and(|last| last < after.next_id));
        }
    }
}
