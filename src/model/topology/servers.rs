//! The servers of a topology in the design's order, and where each is found: by its name, and below its upstream.
//!
//! Questions about the tree are asked for every server ("who is below it?"), so looking through all servers for each answer
//! would take the square of their number; so would making all names of folders and slots for each file that holds one.
//! What is looked up is made when it is first asked for, and forgotten by every change: nothing can be changed but through
//! [`DerefMut`], which forgets it.

use std::ops::{Deref, DerefMut, Range};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use super::folders::Derived;
use super::{Server, ServerId};

/// So many names are looked for one by one before their index is made: a change asks for one or two.
const ASKED_BY_LOOKING: u32 = 8;

#[derive(Debug, Default)]
pub(super) struct Servers {
    list: Vec<Server>,
    tree: OnceLock<Arc<Tree>>,
    by_name: OnceLock<Arc<Vec<usize>>>,
    derived: OnceLock<Arc<Derived>>,
    names_asked: AtomicU32,
}

/// Places in the list.
#[derive(Debug)]
struct Tree {
    primary: usize,
    /// For each server the range of `below` that holds its downstreams.
    ranges: Vec<Range<usize>>,
    /// The downstreams of all servers, each in the design's order.
    below: Vec<usize>,
    /// How many links lie between the server and the primary.
    levels: Vec<usize>,
}

impl Servers {
    pub(super) fn place(&self, id: ServerId) -> Option<usize> {
        // Servers stand in the order of their ids: ids rise, and a new server comes last.
        self.list.binary_search_by_key(&id, Server::id).ok()
    }

    pub(super) fn primary(&self) -> usize {
        self.tree().primary
    }

    /// The places of the servers that follow this one.
    pub(super) fn below(&self, id: ServerId) -> &[usize] {
        let tree = self.tree();
        let range = self.place(id).and_then(|place| tree.ranges.get(place).cloned());
        range.and_then(|range| tree.below.get(range)).unwrap_or_default()
    }

    pub(super) fn level(&self, id: ServerId) -> usize {
        let place = self.place(id);
        place
            .and_then(|place| self.tree().levels.get(place).copied())
            .unwrap_or(0)
    }

    pub(super) fn by_name(&self, name: &str) -> Option<&Server> {
        if self.by_name.get().is_none() && self.names_asked.fetch_add(1, Ordering::Relaxed) < ASKED_BY_LOOKING
        {
            return self.list.iter().find(|server| server.name.as_str() == name);
        }
        let name_at = |place: usize| self.list.get(place).map_or("", |server| server.name.as_str());
        let sorted = self.by_name.get_or_init(|| {
            let mut places: Vec<usize> = (0..self.list.len()).collect();
            places.sort_by_key(|place| name_at(*place));
            Arc::new(places)
        });
        let found = sorted.binary_search_by_key(&name, |place| name_at(*place)).ok()?;
        self.list.get(*sorted.get(found)?)
    }

    /// The names of folders and slots.
    pub(super) fn derived(&self) -> &Derived {
        self.derived.get_or_init(|| Arc::new(Derived::of(&self.list)))
    }

    fn tree(&self) -> &Tree {
        self.tree.get_or_init(|| Arc::new(self.make_tree()))
    }

    fn make_tree(&self) -> Tree {
        let above: Vec<Option<usize>> = self
            .list
            .iter()
            .map(|server| server.upstream().and_then(|upstream| self.place(upstream)))
            .collect();
        let mut counts = vec![0; self.list.len()];
        for upstream in above.iter().flatten() {
            counts[*upstream] += 1;
        }
        let mut ranges = Vec::with_capacity(counts.len());
        let mut end = 0;
        for count in counts {
            ranges.push(end..end);
            end += count;
        }
        let mut below = vec![0; end];
        for (place, upstream) in above.iter().enumerate() {
            if let Some(upstream) = upstream {
                below[ranges[*upstream].end] = place;
                ranges[*upstream].end += 1;
            }
        }
        let primary = self.list.iter().position(Server::is_primary).unwrap_or(0);
        let mut levels = vec![0; self.list.len()];
        let mut next = vec![primary];
        while let Some(place) = next.pop() {
            let Some(range) = ranges.get(place).cloned() else {
                continue;
            };
            for downstream in &below[range] {
                levels[*downstream] = levels[place] + 1;
                next.push(*downstream);
            }
        }
        Tree {
            primary,
            ranges,
            below,
            levels,
        }
    }
}

impl From<Vec<Server>> for Servers {
    fn from(list: Vec<Server>) -> Self {
        Self {
            list,
            ..Self::default()
        }
    }
}

impl Clone for Servers {
    fn clone(&self) -> Self {
        Self {
            list: self.list.clone(),
            tree: self.tree.clone(),
            by_name: self.by_name.clone(),
            derived: self.derived.clone(),
            names_asked: AtomicU32::new(0),
        }
    }
}

impl PartialEq for Servers {
    fn eq(&self, other: &Self) -> bool {
        self.list == other.list
    }
}

impl Eq for Servers {}

impl Deref for Servers {
    type Target = Vec<Server>;

    fn deref(&self) -> &Self::Target {
        &self.list
    }
}

impl DerefMut for Servers {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.tree.take();
        self.by_name.take();
        self.derived.take();
        *self.names_asked.get_mut() = 0;
        &mut self.list
    }
}

impl<'a> IntoIterator for &'a Servers {
    type Item = &'a Server;
    type IntoIter = std::slice::Iter<'a, Server>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl<'a> IntoIterator for &'a mut Servers {
    type Item = &'a mut Server;
    type IntoIter = std::slice::IterMut<'a, Server>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use crate::model::topology::{Edit, Server, ServerName, Topology, notation};

    /// What the indexes answer, beside what looking through all servers finds.
    #[track_caller]
    fn check(topology: &Topology) {
        for server in topology.servers() {
            let below: Vec<_> = topology.downstreams(server.id()).map(Server::id).collect();
            let looked = topology
                .servers()
                .iter()
                .filter(|other| other.upstream() == Some(server.id()));
            assert_eq!(below, looked.map(Server::id).collect::<Vec<_>>());
            assert_eq!(topology.level(server.id()), topology.upstreams(server.id()).len());
            for _ in 0..10 {
                assert_eq!(topology.by_name(server.name().as_str()), Some(server));
            }
        }
        let afresh = Topology {
            servers: topology.servers().to_vec().into(),
            ..topology.clone()
        };
        assert_eq!(topology.folders(), afresh.folders());
        assert_eq!(topology.slot_names(), afresh.slot_names());
        assert!(topology.primary().is_primary());
        assert_eq!(topology.by_name("nobody"), None);
    }

    #[test]
    fn a_change_is_seen_by_every_question() {
        let mut topology = notation::parse("m 1\n  a 2\n    b 3\n    c 4\n  d 5\n").unwrap();
        check(&topology);
        let id = |topology: &Topology, name: &str| topology.by_name(name).unwrap().id();
        let (a, c, d) = (id(&topology, "a"), id(&topology, "c"), id(&topology, "d"));
        let edits = [
            Edit::Attach {
                server: c,
                upstream: d,
            },
            Edit::Rename {
                server: a,
                name: ServerName::parse("z").unwrap(),
            },
            Edit::Promote { server: d },
            Edit::AddStandby {
                upstream: c,
                name: None,
                port: None,
            },
            Edit::Remove {
                server: a,
                downstreams: crate::model::topology::Downstreams::Remove,
            },
        ];
        for edit in edits {
            let before = topology.clone();
            topology.apply(&edit).unwrap();
            check(&topology);
            check(&before);
        }
        assert!(topology.by_name("a").is_none() && topology.by_name("z").is_none());
    }
}
